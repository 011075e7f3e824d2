"""The application: GraphQL over HTTP and WebSockets, and the jobs beside it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import time

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import Receive, Scope, Send

from api import http
from api.answers import Answers
from api.bulk import MakeContext
from api.context import Context
from api.documents import Documents
from api.export import BuyingGroupsExport
from api.graphiql import Files, page
from api.intake import Import
from api.rates import Rates
from api.schema import schema
from api.sockets import Sockets
from api.takeout import Export, Takeout
from graph.db import Db
from graph.events import Hub
from graph.folder import Folder
from graph.intake import Intake
from graph.jobs import Runner, Works
from graph.model import JobKind
from graph.paging import Cursors

MAX_IMPORT = 2**31  # bytes


class Endpoint:
    """GraphQL at one path: HTTP, and GraphiQL for web browsers if it is served."""

    def __init__(self, make_context: Callable[[], Context], graphiql: Files | None) -> None:
        self._make_context = make_context
        self._graphiql = graphiql

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        response = page() if self._graphiql and _wants_page(request) else await http.answer(request, self._make_context())
        if response:
            await response(scope, receive, send)


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
    folder: Folder | None = None,
    max_import: int = MAX_IMPORT,
    rates: Rates | None = None,
) -> Starlette:
    """The application on an open database. `secret` signs cursors; `jobs`: also work on jobs, not only queue them, and with
    `daily` queue what runs daily from that UTC time on. Without `graphiql` there is no GraphiQL; `documents` say what may be
    asked for. `answers`: queries are answered from their plans where that can be, else by the executor alone. Without `folder`,
    for their files, there are no imports of at most `max_import` bytes and no exports. `rates` count what callers ask for."""
    known = documents or Documents(schema._schema)
    cursors, hub = Cursors(secret), Hub(db)
    kept = Answers() if answers else None

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        if not jobs:
            yield
            return
        async with runner:
            yield

    def make_context() -> Context:
        """What the resolvers of a request can reach."""
        return Context(db, cursors, hub, known, kept, runner.wake, rates=rates)

    runner = Runner(db, daily, works(make_context, folder) if folder else None)
    routes: list[BaseRoute] = [
        Route("/graphql", Endpoint(make_context, graphiql)),
        Route("/export/buying-groups.csv", BuyingGroupsExport(make_context).serve),
        *(_bulk(make_context, folder, max_import) if folder else ()),
        WebSocketRoute("/graphql", Sockets(make_context, known.policy.limits.body)),
        Route("/", lambda _: RedirectResponse("/graphql")),
    ]
    if graphiql:
        routes.append(Route("/graphiql/{name}", graphiql.serve))
    return Starlette(routes=routes, lifespan=lifespan)


def works(make_context: MakeContext, folder: Folder) -> Works:
    """The kinds of jobs that have files in a folder."""
    return {JobKind.IMPORT.value: Intake(folder), JobKind.EXPORT.value: Takeout(make_context, folder)}


def works_alone(db: Db, secret: bytes, documents: Documents, folder: Folder) -> Works:
    """The same without an application, for those who only work on jobs."""
    cursors, hub, kept = Cursors(secret), Hub(db), Answers()
    return works(lambda: Context(db, cursors, hub, documents, kept), folder)


def _bulk(make_context: MakeContext, folder: Folder, max_import: int) -> list[BaseRoute]:
    taken, given = Import(make_context, folder, max_import), Export(make_context, folder)
    return [
        Route("/import", taken.post, methods=["POST"]),
        Route("/import/{job}", taken.state),
        Route("/import/{job}/rejects.jsonl", taken.rejects),
        Route("/export", given.post, methods=["POST"]),
        Route("/export/{job}.jsonl", given.file),
        Route("/export/{job}", given.state),
    ]
