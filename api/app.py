"""The application: GraphQL over HTTP and WebSockets, and the jobs beside it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from datetime import time

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import Receive, Scope, Send

from api import guide, http
from api.answers import Answers
from api.auth import Entrance, NotLetIn, refused
from api.bulk import MakeContext
from api.console import Console
from api.context import NO_HOOKS, Context, Hooks
from api.documents import Documents
from api.export import BuyingGroupsExport
from api.graphiql import page
from api.health import Health, Scrape
from api.intake import Import
from api.observing import Metrics, Observed
from api.provider import Provider
from api.rates import Rates
from api.schema import schema
from api.sending import Sender
from api.sockets import Sockets
from api.takeout import Export, Takeout
from api.tokens import Tokens
from api.webfiles import WebFiles
from graph.callers import LOCAL_CALLER, Caller
from graph.db import Db
from graph.events import Hub
from graph.folder import Folder
from graph.intake import Intake
from graph.jobs import Runner, Works
from graph.model import JobKind
from graph.outbox import Deliverer
from graph.paging import Cursors
from graph.work import Pace

MAX_IMPORT = 2**31  # bytes
RECENT = 0.25  # seconds since a request within which jobs leave time to others


class Endpoint:
    """GraphQL at one path: HTTP, and GraphiQL for web browsers if it is served."""

    def __init__(self, entrance: Entrance, graphiql: WebFiles | None) -> None:
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
    jobs: int = 1,
    share: float = 1.0,
    daily: time | None = None,
    graphiql: WebFiles | None = None,
    console: Console | None = None,
    documents: Documents | None = None,
    answers: bool = True,
    provider: Provider | None = None,
    local: bool = True,
    caller: Caller = LOCAL_CALLER,
    folder: Folder | None = None,
    max_import: int = MAX_IMPORT,
    rates: Rates | None = None,
    hooks: Hooks = NO_HOOKS,
    metrics: Metrics | None = None,
) -> Starlette:
    """The application on an open database. `secret` signs cursors; `jobs`: on how many jobs, or slices of one, to work at once,
    in which `share` of the time while clients ask for something, and with `daily` to queue what runs daily from that UTC time
    on. Without `graphiql` there is no GraphiQL, without `console` no console; `documents` say what may be asked for. `answers`:
    queries are answered from their plans where that can be, else by the executor alone. Tokens of a `provider` are taken beside
    API keys. `local`: as long as neither is configured, this machine is answered without, as `caller`. Without `folder`, for
    their files, there are no imports of at most `max_import` bytes and no exports. `rates` count what callers ask for. `hooks`:
    with a vault for their secrets, webhooks can be made, and are delivered with the jobs. `metrics` is told what happens."""
    known, counted = documents or Documents(schema._schema), metrics or Metrics()
    cursors, hub, kept = Cursors(secret), Hub(db), Answers() if answers else None

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncGenerator[None]:
        async with _beside(entrance, _working(db, runner, hooks) if jobs else nullcontext(), counted):
            yield

    def make_context(caller: Caller) -> Context:
        """What the resolvers of a request can reach."""
        return Context(db, cursors, hub, known, kept, runner.wake, caller, rates=rates, hooks=hooks)

    runner = Runner(db, daily, works(make_context, folder) if folder else None, jobs, _pace(share, counted))
    entrance = Entrance(db, make_context, Tokens(provider, db) if provider else None, caller if local else None)
    routes: list[BaseRoute] = [
        Route("/graphql", Endpoint(entrance, graphiql)),
        Route("/export/buying-groups.csv", BuyingGroupsExport(entrance).serve),
        *(_bulk(entrance, folder, max_import) if folder else ()),
        WebSocketRoute("/graphql", Sockets(entrance, known.policy.limits.body)),
        *_pages(console, graphiql),
        *_probes(entrance, db, counted),
    ]
    return Starlette(routes=routes, lifespan=lifespan, middleware=[Middleware(Observed, metrics=counted, routes=routes)])


def _pace(share: float, metrics: Metrics) -> Pace:
    """This part of the time while clients ask for something, else all of it."""
    return lambda: share if metrics.asked_within(RECENT) else 1.0


@asynccontextmanager
async def _beside(entrance: Entrance, working: AbstractAsyncContextManager[None], metrics: Metrics) -> AsyncGenerator[None]:
    async with AsyncExitStack() as stack:
        stack.push_async_callback(entrance.keys.settle)
        with metrics.beside():
            await stack.enter_async_context(working)
        yield


@asynccontextmanager
async def _working(db: Db, runner: Runner, hooks: Hooks) -> AsyncGenerator[None]:
    """What is done beside requests: jobs, and deliveries to webhooks if their secrets can be read."""
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(runner)
        if hooks.vault:
            send = await stack.enter_async_context(Sender(hooks.vault, hooks.targets))
            await stack.enter_async_context(Deliverer(db, send, hooks.pace))
        yield


def _pages(console: Console | None, graphiql: WebFiles | None) -> list[BaseRoute]:
    """What web browsers are shown, and load for it."""
    home = console.routes() if console else [Route("/", lambda _: RedirectResponse("/graphql"))]
    return [*home, *([Route("/graphiql/{name}", graphiql.serve)] if graphiql else ()), *guide.routes()]


def works(make_context: MakeContext, folder: Folder) -> Works:
    """The kinds of jobs that have files in a folder."""
    return {JobKind.IMPORT.value: Intake(folder), JobKind.EXPORT.value: Takeout(make_context, folder)}


def works_alone(db: Db, secret: bytes, documents: Documents, folder: Folder) -> Works:
    """The same without an application, for those who only work on jobs."""
    cursors, hub, kept = Cursors(secret), Hub(db), Answers()
    return works(lambda caller: Context(db, cursors, hub, documents, kept, caller=caller), folder)


def _probes(entrance: Entrance, db: Db, metrics: Metrics) -> list[BaseRoute]:
    health = Health(db)
    return [
        Route("/health/live", health.live),
        Route("/health/ready", health.ready),
        Route("/metrics", Scrape(entrance, db, metrics).serve),
    ]


def _bulk(entrance: Entrance, folder: Folder, max_import: int) -> list[BaseRoute]:
    taken, given = Import(entrance, folder, max_import), Export(entrance, folder)
    return [
        Route("/import", taken.post, methods=["POST"]),
        Route("/import/{job}", taken.state),
        Route("/import/{job}/rejects.jsonl", taken.rejects),
        Route("/export", given.post, methods=["POST"]),
        Route("/export/{job}.jsonl", given.file),
        Route("/export/{job}", given.state),
    ]
