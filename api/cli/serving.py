"""`buying-groups serve`, and `neo4j` for the embedded server alone."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, TypeVar

import typer
import uvicorn
from starlette.applications import Starlette

from api import graphiql, guide, memory
from api.cli.frame import Opened, database, documents_of, err, out, spans_wanted
from api.console import Console
from api.settings import BadSettings, Settings
from graph import keys
from graph.db import Db
from graph.errors import GraphError
from graph.folder import Folder
from graph.jars import JarError

Pages = TypeVar("Pages")
FIRST_QUERY = "{ buyingGroups(first: 3) { totalCount edges { node { name completeness missingRoles { name } } } } }"


async def serve(settings: Settings, sample_market: bool, with_jobs: bool) -> None:
    """Serves until it is told to stop."""
    from api.app import create_app
    from api.observing import Metrics
    from api.rates import Rates

    documents = documents_of(settings)
    listener = _listen(settings)
    with contextlib.closing(listener), contextlib.ExitStack() as stack:
        port = listener.getsockname()[1]
        async with database(settings, guide=_guide(settings, port)) as opened:
            if sample_market:
                await _load_sample(opened.db)
            anybody = await is_open(settings, opened.db)
            secret = settings.secret(opened.connection.password)
            ide = await _loaded("GraphiQL", graphiql.load, settings.cache_dir) if settings.graphiql else None
            console = await _loaded("console", _console(settings), settings.cache_dir) if settings.console else None
            spans = stack.enter_context(spans_wanted(settings))
            application = create_app(
                opened.db,
                secret,
                jobs=settings.jobs_at_once if with_jobs else 0,
                share=settings.jobs_share,
                daily=settings.daily_at,
                graphiql=ide,
                console=console,
                documents=documents,
                provider=settings.provider,
                local=settings.is_local,
                folder=Folder(settings.files),
                max_import=settings.max_import,
                rates=Rates(settings.rates),
                hooks=settings.hooks,
                metrics=Metrics(settings.slow, spans),
            )
            _say_where(settings, opened, port, ide is not None, console is not None)
            _say_who(anybody)
            async with memory.kept():
                await _Uvicorn(_serving(settings, application)).serve(sockets=[listener])


def _guide(settings: Settings, port: int) -> str | None:
    """Where Neo4j Browser, which runs on this machine, finds the guide; None if this machine is not served."""
    return guide.address(port) if settings.is_local or settings.host in ("0.0.0.0", "::") else None  # noqa: S104 - compared


async def _load_sample(db: Db) -> None:
    from graph import sample  # what reads files takes 30 MB, which no server needs that was not just made

    with err.status("Loading the sample market, if the graph is empty ..."):
        loaded = await sample.load(db)
    if loaded:
        out.print(f"Loaded the sample market: {loaded}.")


def _serving(settings: Settings, application: Any) -> uvicorn.Config:
    """How HTTP is served."""
    return uvicorn.Config(
        application,
        log_config=None,
        lifespan="on",
        access_log=False,
        ws_max_size=settings.max_body,
        timeout_graceful_shutdown=settings.shutdown_timeout,
    )


async def _loaded(what: str, load: Callable[[Path], Pages], cache_dir: Path) -> Pages | None:
    """A page's files, if they can be had: the API is served without them, too."""
    try:
        return await asyncio.to_thread(load, cache_dir)
    except JarError as error:
        err.print(f"There is no {what}: {error}", style="yellow", markup=False)
        return None


def _console(settings: Settings) -> Callable[[Path], Console]:
    return lambda cache_dir: Console.load(cache_dir, settings.client)


def _listen(settings: Settings) -> socket.socket:
    """The socket that the API will answer on, taken before anything else starts. Raises GraphError in words."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # Told the protocol, asyncio turns Nagle's algorithm off, which held every second packet of an answer back for 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        words = f"Port {settings.port} on {settings.host} can't be used: {error.strerror}. Set BUYING_GROUPS_PORT to another."
        raise GraphError(words) from None
    return listener


class _Uvicorn(uvicorn.Server):
    """Ends on SIGINT and SIGTERM without raising them again, so that the database beside it is stopped in order, too."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        loop = asyncio.get_running_loop()
        numbers = (signal.SIGINT, signal.SIGTERM)
        for number in numbers:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in numbers:
                loop.remove_signal_handler(number)


def _say_where(settings: Settings, opened: Opened, port: int, ide: bool, console: bool) -> None:
    url = f"http://{settings.host}:{port}/graphql"
    out.print()
    if console:
        out.print(f"Console        http://{settings.host}:{port}/ in a web browser")
    out.print(f"GraphQL        {url}")
    if ide:
        out.print(f"GraphiQL       {url} in a web browser")
    _say_browser(opened)
    out.print(f"\nA first query to try:\n{FIRST_QUERY}\n", markup=False, soft_wrap=True)
    out.print("Ctrl-C stops the server.")


def _say_who(anybody: bool) -> None:
    if anybody:
        words = "NOBODY HAS TO SIGN IN: there are no credentials, so everybody on this machine may do everything."
        own = sys.argv[0] if Path(sys.argv[0]).name == "buying-groups" else "buying-groups"  # as this one was called
        err.print(
            words,
            f"Make the first with: {own} keys create --name NAME --permission ADMINISTER",
            style="bold yellow",
            soft_wrap=True,
        )
    else:
        out.print("Requests need a credential: Authorization: Bearer <API key or token>.")


async def is_open(settings: Settings, db: Db) -> bool:
    """Whether callers need no credential, for none is configured. Raises BadSettings if others than this machine could call."""
    if settings.provider or await keys.exist(db):
        return False
    if not settings.is_local:
        raise BadSettings(
            f"BUYING_GROUPS_HOST: {settings.host!r} is wrong: as long as no credentials are configured, it must be a loopback "
            "address (127.0.0.1, ::1 or localhost). Make an API key with buying-groups keys create, or set "
            "BUYING_GROUPS_OIDC_ISSUER."
        )
    return True


async def neo4j(settings: Settings) -> None:
    """Runs the embedded server until it is told to stop, and beside it what Neo4j Browser opens as its guide."""
    if settings.connection:
        raise typer.BadParameter("NEO4J_URI is set, so there is no embedded Neo4j to start.")
    listener = _listen(settings.model_copy(update={"host": "127.0.0.1", "port": 0}))
    with contextlib.closing(listener):
        async with database(settings, guide=guide.address(listener.getsockname()[1])) as opened:
            _say_browser(opened)
            out.print("Ctrl-C stops it.")
            await _Uvicorn(_serving(settings, Starlette(routes=guide.routes()))).serve(sockets=[listener])


def _say_browser(opened: Opened) -> None:
    connection, server = opened.connection, opened.server
    if server is None:
        out.print(f"Neo4j          {connection.uri}", markup=False)
        return
    out.print(f"Neo4j Browser  {server.browser_url}", markup=False)
    out.print(f"               connect to {connection.uri} as {connection.username}", markup=False)
    out.print(f"               with the password in {server.password_file}", markup=False, soft_wrap=True)
