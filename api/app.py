"""The application: GraphQL over HTTP and WebSockets, and the jobs beside it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import time

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import Receive, Scope, Send

from api import http
from api.answers import Answers
from api.auth import Entrance, NotLetIn, refused
from api.context import Context
from api.documents import Documents
from api.export import BuyingGroupsExport
from api.graphiql import Files, page
from api.provider import Provider
from api.schema import schema
from api.sockets import Sockets
from api.tokens import Tokens
from graph.callers import Caller
from graph.db import Db
from graph.events import Hub
from graph.jobs import Runner
from graph.paging import Cursors


class Endpoint:
    """GraphQL at one path: HTTP, and GraphiQL for web browsers if it is served."""

    def __init__(self, entrance: Entrance, graphiql: Files | None) -> None:
        self._entrance = entrance
        self._graphiql = graphiql

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        response = page() if self._graphiql and _wants_page(request) else await self._answer(request)
        if response:
            await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response | None:
        try:
            context = await self._entrance.context(request)
        except NotLetIn as refusal:
            return refused(refusal, request)
        return await http.answer(request, context)


def _wants_page(request: Request) -> bool:
    asks = "query" in request.query_params or "documentId" in request.query_params
    return request.method == "GET" and http.accepted(request.headers.get("accept")).page and not asks


def create_app(
    db: Db,
    secret: bytes,
    *,
    jobs: bool = True,
    daily: time | None = None,
    graphiql: Files | None = None,
    documents: Documents | None = None,
    answers: bool = True,
    provider: Provider | None = None,
    local: bool = True,
) -> Starlette:
    """The application on an open database. `secret` signs cursors; `jobs`: also work on jobs, not only queue them, and with
    `daily` queue what runs daily from that UTC time on. Without `graphiql` there is no GraphiQL; `documents` say what may be
    asked for. `answers`: queries are answered from their plans where that can be, else by the executor alone. Tokens of a
    `provider` are taken beside API keys. `local`: as long as neither is configured, this machine is answered without."""
    runner = Runner(db, daily)
    known = documents or Documents(schema._schema)
    cursors, hub = Cursors(secret), Hub(db)
    kept = Answers() if answers else None

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(entrance.keys.settle)
            if jobs:
                await stack.enter_async_context(runner)
            yield

    def make_context(caller: Caller) -> Context:
        """What the resolvers of a request can reach."""
        return Context(db, cursors, hub, known, kept, runner.wake, caller)

    entrance = Entrance(db, make_context, Tokens(provider, db) if provider else None, local=local)
    routes: list[BaseRoute] = [
        Route("/graphql", Endpoint(entrance, graphiql)),
        Route("/export/buying-groups.csv", BuyingGroupsExport(entrance).serve),
        WebSocketRoute("/graphql", Sockets(entrance, known.policy.limits.body)),
        Route("/", lambda _: RedirectResponse("/graphql")),
    ]
    if graphiql:
        routes.append(Route("/graphiql/{name}", graphiql.serve))
    return Starlette(routes=routes, lifespan=lifespan)
