"""The application: GraphQL over HTTP, and the jobs beside it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import time

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.subscriptions import GRAPHQL_SSE_PROTOCOL, GRAPHQL_TRANSPORT_WS_PROTOCOL

from api.answers import Answers
from api.context import Context
from api.export import BuyingGroupsExport
from api.graphiql import Files, page
from api.schema import schema
from graph.db import Db
from graph.events import Hub
from graph.jobs import Runner
from graph.paging import Cursors


class GraphQLEndpoint(GraphQL[Context, None]):
    """Strawberry's endpoint with this service's context."""

    def __init__(self, db: Db, cursors: Cursors, wake_jobs: Callable[[], None], graphiql: Files | None) -> None:
        super().__init__(
            schema,
            graphql_ide="graphiql" if graphiql else None,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL, GRAPHQL_SSE_PROTOCOL),
        )
        self._db = db
        self._cursors = cursors
        self._hub = Hub(db)
        self._answers = Answers()
        self._wake_jobs = wake_jobs

    async def render_graphql_ide(self, request: Request) -> Response:
        return page()

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:
        return self.context(request)

    def context(self, request: Request | WebSocket) -> Context:
        """What the resolvers of a request can reach."""
        return Context(self._db, self._cursors, self._hub, self._answers, self._wake_jobs)


def create_app(
    db: Db, secret: bytes, *, jobs: bool = True, daily: time | None = None, graphiql: Files | None = None
) -> Starlette:
    """The application on an open database. `secret` signs cursors; `jobs`: also work on jobs, not only queue them, and with
    `daily` queue what runs daily from that UTC time on. Without `graphiql` there is no GraphiQL."""
    runner = Runner(db, daily)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        if not jobs:
            yield
            return
        async with runner:
            yield

    endpoint = GraphQLEndpoint(db, Cursors(secret), runner.wake, graphiql)
    routes: list[BaseRoute] = [
        Route("/graphql", endpoint),
        Route("/export/buying-groups.csv", BuyingGroupsExport(endpoint.context).serve),
        WebSocketRoute("/graphql", endpoint),
        Route("/", lambda _: RedirectResponse("/graphql")),
    ]
    if graphiql:
        routes.append(Route("/graphiql/{name}", graphiql.serve))
    return Starlette(routes=routes, lifespan=lifespan)
