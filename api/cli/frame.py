"""What all commands share: the settings in force, the database at hand, and how they talk."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson
import structlog
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from api.settings import BadSettings, Settings, load
from graph.db import Connection, Db, connect
from graph.embedded import EmbeddedError, InUse, Options, PortTaken, Server, beside, embedded
from graph.errors import GraphError, NotAnExport, Refused
from graph.migrations import migrate

if TYPE_CHECKING:
    from api.documents import Documents
    from api.observing import Spans

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)
READY_WITHIN = 60.0  # seconds for a database that is set; the embedded one has its own patience


@dataclass(frozen=True, slots=True)
class Opened:
    """A database at hand, migrated; the embedded server if it is that one."""

    db: Db
    connection: Connection
    server: Server | None


def run(command: Any, *args: Any) -> None:
    """Runs a command on the settings in force; what is expected to go wrong is told in words, without a traceback."""
    try:
        settings = load()
        set_up_log(settings)
        work: Coroutine[Any, Any, None] = command(settings, *args)
        with asyncio.Runner(loop_factory=_new_loop) as runner:
            runner.run(work)
    except BadSettings as error:
        fail("These settings are wrong:\n" + str(error), 2)
    except NotAnExport as error:
        fail(str(error), 2)
    except Refused as error:
        fail("\n".join(problem.message for problem in error.problems), 1)
    except PortTaken as error:
        fail(f"{error}. Set BUYING_GROUPS_{error.what.upper()}_PORT to another, or to 0 for any that is free.", 1)
    except (EmbeddedError, GraphError) as error:
        fail(str(error), 1)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:  # there is none for Windows
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def fail(words: str, code: int) -> None:
    """Ends the command with words on standard error."""
    err.print(words, style="red", markup=False, soft_wrap=True)
    raise typer.Exit(code)


def set_up_log(settings: Settings) -> None:
    """Sets up the log as the settings say."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    machines = settings.log_format == "json" or (settings.log_format == "auto" and not sys.stderr.isatty())
    handler = logging.StreamHandler()
    handler.setFormatter(_Lines() if machines else logging.Formatter("%(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=max(level, logging.WARNING), handlers=[handler])
    logging.getLogger("neo4j").setLevel(logging.ERROR)
    text = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)  # locals may hold secrets
    json = structlog.processors.JSONRenderer(serializer=lambda line, **_: orjson.dumps(line, default=str).decode())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            *([structlog.processors.format_exc_info, json] if machines else [text]),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


class _Lines(logging.Formatter):
    """What libraries log as lines of JSON, like our own."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat().replace("+00:00", "Z")
        line = {"event": record.getMessage(), "level": record.levelname.lower(), "timestamp": at, "logger": record.name}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line).decode()


@asynccontextmanager
async def database(settings: Settings, *, migrated: bool = True, guide: str | None = None) -> AsyncGenerator[Opened]:
    """The database that is set, else the embedded one; ready, and migrated unless told otherwise. Its Browser opens the guide."""
    async with contextlib.AsyncExitStack() as stack:
        connection, server = settings.connection, None
        if connection is None:
            server = await stack.enter_async_context(_embedded(replace(settings.embedded, guide=guide)))
            connection = server.connection
        db = await stack.enter_async_context(connect(connection))
        await db.ready(READY_WITHIN)
        if migrated:
            await migrate(db)
        yield Opened(db, connection, server)


@asynccontextmanager
async def database_or_beside(settings: Settings, *, migrated: bool = True) -> AsyncGenerator[Opened]:
    """The database, also while a server in another process runs the embedded one."""
    async with contextlib.AsyncExitStack() as stack:
        try:
            opened = await stack.enter_async_context(database(settings, migrated=migrated))
        except InUse:
            connection = beside(settings.embedded)
            if connection is None:
                raise
            db = await stack.enter_async_context(connect(connection))
            await db.ready(READY_WITHIN)
            opened = Opened(db, connection, None)
        yield opened


@asynccontextmanager
async def _embedded(options: Options) -> AsyncGenerator[Server]:
    progress = progress_bar(err)  # what a command prints may be meant for another one
    task = progress.add_task("Neo4j's jars", total=None)
    status = err.status("Starting Neo4j ...")
    if not options.holds_a_graph:
        folder = options.data_dir.absolute()
        words = f"There is no graph in {folder} yet, so an empty one is made there (BUYING_GROUPS_DATA_DIR)."
        err.print(words, markup=False, soft_wrap=True)

    def fetched(done: int, total: int) -> None:
        progress.start()
        progress.update(task, completed=done, total=total)

    def starting() -> None:
        progress.stop()
        status.start()

    try:
        async with embedded(options, fetched, starting) as server:
            status.stop()
            yield server
    finally:
        status.stop()
        progress.stop()


def progress_bar(console: Console = out) -> Progress:
    """A bar for what is counted."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console)


def plural(count: int, noun: str) -> str:
    """A count with its noun."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def minute(moment: datetime) -> str:
    """A time to the minute, in UTC."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def spans_wanted(settings: Settings) -> contextlib.AbstractContextManager[Spans | None]:
    """Who takes spans down, if they are wanted; OpenTelemetry's packages are loaded only then."""
    if settings.traces == "none":
        return contextlib.nullcontext()
    from api.tracing import over_otlp

    return over_otlp()


def documents_of(settings: Settings) -> Documents:
    """The documents that clients may name, and what else they may ask for. Raises BadSettings."""
    from api.documents import BadDocuments, Documents, Policy, Registered, read_folder
    from api.schema import schema

    policy = Policy(settings.limits, settings.introspection, settings.suggestions, settings.documents_only)
    try:
        registered = read_folder(settings.documents) if settings.documents else Registered({}, {})
        return Documents(schema._schema, policy, registered)
    except BadDocuments as error:
        raise BadSettings("\n".join(f"BUYING_GROUPS_DOCUMENTS: {line}" for line in str(error).splitlines())) from None
