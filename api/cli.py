"""The command line: `buying-groups serve | import | keys | webhooks | run-jobs | doctor | backup | restore | neo4j | favourites |
model | migrate`."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import signal
import socket
import sys
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import orjson
import structlog
import typer
import uvicorn
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from api import graphiql, ids, memory
from api.console import Console as WebConsole
from api.settings import BadSettings, Settings, load
from graph import analysis, jobs, keys, webhooks
from graph import backup as backups
from graph.db import Connection, Db, connect
from graph.doctor import UNMENDED, Finding, examine, examine_one, mend, server_version
from graph.embedded import EmbeddedError, InUse, Options, PortTaken, Server, beside, embedded
from graph.errors import ErrorCode, GraphError, NotAnExport, Refused
from graph.folder import Folder
from graph.jars import JarError
from graph.mappings import SALESFORCE, read_mapping
from graph.migrations import migrate as run_migrations
from graph.migrations import pending
from graph.model import Permission

if TYPE_CHECKING:
    from api.documents import Documents
    from api.observing import Spans
    from graph.imports import ImportSummary

app = typer.Typer(
    help="Buying groups: who decides together whether to buy what you sell.", no_args_is_help=True, add_completion=False
)
keys_app = typer.Typer(help="API keys: who may call the API. See docs/security.md.", no_args_is_help=True)
app.add_typer(keys_app, name="keys")
webhooks_app = typer.Typer(help="Webhooks: who is told of events. See docs/webhooks.md.", no_args_is_help=True)
app.add_typer(webhooks_app, name="webhooks")
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

Pages = TypeVar("Pages")
FIRST_QUERY = "{ buyingGroups(first: 3) { totalCount edges { node { name completeness missingRoles { name } } } } }"
CLI = "command line"  # who does what is done here
READY_WITHIN = 60.0  # seconds for a database that is set; the embedded one has its own patience


@dataclass(frozen=True, slots=True)
class Opened:
    """A database at hand, migrated; the embedded server if it is that one."""

    db: Db
    connection: Connection
    server: Server | None


@app.command()
def serve(
    sample_market: Annotated[bool, typer.Option("--sample", help="Load a small sample market if the graph is empty.")] = False,
    with_jobs: Annotated[bool, typer.Option("--jobs/--no-jobs", help="Also work on jobs, not only queue them.")] = True,
) -> None:
    """Serve the GraphQL API (and start the embedded Neo4j unless NEO4J_URI is set)."""
    _run(_serve, sample_market, with_jobs)


@app.command(name="import")
def import_(
    folder: Annotated[Path, typer.Argument(help="A CRM export: Account.csv, Contact.csv and so on; see docs/import.md.")],
    rejects: Annotated[Path | None, typer.Option(help="Where to report what was left out.")] = None,
    mapping: Annotated[str | None, typer.Option(help="Other names of files and columns: a TOML file, or hubspot.")] = None,
) -> None:
    """Import a CRM export in Salesforce's column names, or those of a mapping. Again and again without duplicates."""
    _run(_import, folder, rejects or Path(f"{folder.resolve().name}-rejects.csv"), mapping)


@keys_app.command("create")
def create_key(
    name: Annotated[str, typer.Option(help="Whose it is. What is done with it is recorded under this name.")],
    permission: Annotated[list[Permission], typer.Option(help="What it may do; once or more. Each includes VIEW.")],
    expires: Annotated[str | None, typer.Option(help="In how many days, such as 90d, or on which day (UTC), 2027-12-31.")] = None,
    account: Annotated[str | None, typer.Option(help="Binds it to this account and all below it: an id or external id.")] = None,
) -> None:
    """Make an API key. It is shown this once."""
    _run(_create_key, name, permission, expires, account)


@keys_app.command("list")
def list_keys() -> None:
    """List the API keys, revoked ones too."""
    _run(_list_keys)


@keys_app.command("revoke")
def revoke_key(key: Annotated[str, typer.Argument(help="The key's id, as `list` tells it.")]) -> None:
    """Revoke an API key, for good. Servers refuse it within seconds."""
    _run(_revoke_key, key)


@webhooks_app.command("list")
def list_webhooks() -> None:
    """List the webhooks, and how each stands."""
    _run(_list_webhooks)


@webhooks_app.command("replay")
def replay_webhook(
    webhook: Annotated[str, typer.Argument(help="The webhook's id, as `list` tells it.")],
    after: Annotated[str, typer.Option(help="A time, such as 2026-11-28T06:00:00Z, in UTC unless it says otherwise.")],
) -> None:
    """Deliver again what happened after a time, and all that followed."""
    _run(_replay_webhook, webhook, after)


@webhooks_app.command("enable")
def enable_webhook(webhook: Annotated[str, typer.Argument(help="The webhook's id, as `list` tells it.")]) -> None:
    """Switch a webhook on. It goes on where it stopped."""
    _run(_switch_webhook, webhook, webhooks.enable, "on")


@webhooks_app.command("disable")
def disable_webhook(webhook: Annotated[str, typer.Argument(help="The webhook's id, as `list` tells it.")]) -> None:
    """Switch a webhook off. What happens meanwhile waits for it."""
    _run(_switch_webhook, webhook, webhooks.disable, "off")


@app.command()
def run_jobs(
    daily: Annotated[bool, typer.Option("--daily/--no-daily", help="First queue what runs daily, unless it ran today.")] = True,
    at_once: Annotated[
        int | None,
        typer.Option(min=1, max=64, help="On how many jobs, or slices of one, to work at once; else BUYING_GROUPS_JOBS_AT_ONCE."),
    ] = None,
) -> None:
    """Work on jobs until none waits, then end: for cron, where `serve --no-jobs` serves."""
    _run(_run_jobs, daily, at_once)


@app.command()
def doctor(
    mend: Annotated[bool, typer.Option("--mend", help="Also mend what can be mended, and tell what was done.")] = False,
) -> None:
    """Tell what is configured and reachable, and whether the graph keeps what it promises. Ends with 1 if it doesn't."""
    _run(_doctor, mend)


@app.command()
def backup(file: Annotated[Path, typer.Argument(help="Where the backup goes; nothing may be there yet.")]) -> None:
    """Back up the embedded Neo4j's graph, while nothing runs it, and prove the backup by loading it elsewhere."""
    _run(_backup, file)


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="A backup.")],
    replace: Annotated[bool, typer.Option("--replace", help="Lose the graph that the data folder holds.")] = False,
) -> None:
    """Load a backup into the embedded Neo4j's data folder, while nothing runs it."""
    _run(_restore, file, replace)


@app.command()
def neo4j() -> None:
    """Start the embedded Neo4j alone, for analysts."""
    _run(_neo4j)


@app.command()
def favourites(
    folder: Annotated[Path, typer.Argument(help="Where to put them.")] = Path("."),
) -> None:
    """Write queries and a style for Neo4j Browser, to be dropped onto its window. See docs/analysts.md."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in (("buying-groups.zip", analysis.archive()), ("buying-groups.grass", analysis.style().encode())):
            (folder / name).write_bytes(content)
            out.print(f"Drop {folder / name} onto Neo4j Browser's window.", markup=False, soft_wrap=True)
    except OSError as error:
        _fail(f"{folder} can't be written to: {error.strerror}.", 1)


@app.command()
def model() -> None:
    """Print what leads to what in the graph as it is, as a Mermaid diagram."""
    _run(_model)


@app.command()
def migrate() -> None:
    """Bring the graph's schema up to date."""
    _run(_migrate)


# --- the commands ---------------------------------------------------------------------------------------------------


async def _serve(settings: Settings, sample_market: bool, with_jobs: bool) -> None:
    from api.app import create_app
    from api.observing import Metrics
    from api.rates import Rates

    documents = _documents(settings)
    listener = _listen(settings)
    with contextlib.closing(listener), contextlib.ExitStack() as stack:
        async with _database(settings) as opened:
            if sample_market:
                await _load_sample(opened.db)
            is_open = await _is_open(settings, opened.db)
            secret = settings.secret(opened.connection.password)
            ide = await _loaded("GraphiQL", graphiql.load, settings.cache_dir) if settings.graphiql else None
            console = await _loaded("console", _console(settings), settings.cache_dir) if settings.console else None
            spans = stack.enter_context(_spans(settings))
            application = create_app(
                opened.db,
                secret,
                jobs=settings.jobs_at_once if with_jobs else 0,
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
            _say_where(settings, opened, listener.getsockname()[1], ide is not None, console is not None)
            _say_who(is_open)
            async with memory.kept():
                await _Uvicorn(_serving(settings, application)).serve(sockets=[listener])


async def _load_sample(db: Db) -> None:
    from graph import sample  # what reads files takes 30 MB, which no server needs that was not just made

    with err.status("Loading the sample market, if the graph is empty ..."):
        loaded = await sample.load(db)
    if loaded:
        out.print(f"Loaded the sample market: {loaded}.")


def _spans(settings: Settings) -> contextlib.AbstractContextManager[Spans | None]:
    """Who takes spans down, if they are wanted; OpenTelemetry's packages are loaded only then."""
    if settings.traces == "none":
        return contextlib.nullcontext()
    from api.tracing import over_otlp

    return over_otlp()


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


async def _import(settings: Settings, folder: Path, rejects: Path, mapping: str | None) -> None:
    from graph.imports import import_folder

    mapped = read_mapping(mapping) if mapping else SALESFORCE
    async with _database_or_beside(settings) as opened:
        with _progress() as progress:
            tasks: dict[str, Any] = {}

            def told(file: str, done: int, total: int) -> None:
                if file not in tasks:
                    tasks[file] = progress.add_task(file, total=total)
                progress.update(tasks[file], completed=done, total=total)

            summary = await import_folder(opened.db, folder, by="import", progress=told, rejects=rejects, mapped=mapped)
    _say_imported(summary)


async def _create_key(
    settings: Settings, name: str, permissions: list[Permission], expires: str | None, account: str | None
) -> None:
    moment = None if expires is None else _expiry(expires)
    bound = None if account is None else _raw_account(account)
    async with _database_or_beside(settings) as opened:
        made = await keys.create(opened.db, keys.KeySpec(name, permissions, moment, bound))
    err.print(f"The key {made.id} for {name}. Keep it well: it is shown this once.", markup=False, soft_wrap=True)
    if made.account is not None:
        does = "sees" if permissions == [Permission.VIEW] else "sees and changes"
        err.print(f"It {does} {made.account} and what is below, nothing else.", markup=False, soft_wrap=True)
    err.print(f"It expires at {_minute(moment)}." if moment else "It never expires.")
    print(made.key)  # noqa: T201 - alone on standard output, for scripts


def _expiry(text: str) -> datetime:
    """When a key expires: in so many days, or as a day in UTC begins. Raises Refused."""
    with contextlib.suppress(ValueError, OverflowError):
        if days := re.fullmatch(r"(\d{1,6})d", text):
            return datetime.now(UTC) + timedelta(days=int(days[1]))
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    raise Refused.of(
        "expires", ErrorCode.INVALID, f"--expires takes days, such as 90d, or a day, such as 2027-12-31, not {text!r}."
    )


def _raw_account(account: str) -> str:
    """An account's own id if this is its global one, else the text as it is."""
    try:
        return ids.raw(account, "Account")
    except ids.BadId:
        return account


async def _list_keys(settings: Settings) -> None:
    async with _database_or_beside(settings) as opened:
        found = await keys.records(opened.db)
    for one in found:
        where = "the whole market" if one.root_id is None else one.account or "an account that is gone"
        moments = [f"made {_minute(one.created_at)}"]
        moments.append(f"last used {_minute(one.last_used_at)}" if one.last_used_at else "never used")
        moments.append(f"expires {_minute(one.expires_at)}" if one.expires_at else "never expires")
        if one.revoked_at:
            moments.append(f"revoked {_minute(one.revoked_at)}")
        out.print(f"{one.id}  {one.name}", style="dim" if one.revoked_at else "bold", markup=False, soft_wrap=True)
        out.print(f"    {' '.join(one.permissions)} in {where}", markup=False, soft_wrap=True)
        out.print(f"    {', '.join(moments)}", markup=False, soft_wrap=True)
    if not found:
        out.print("There are no keys.")


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


async def _revoke_key(settings: Settings, key: str) -> None:
    async with _database_or_beside(settings) as opened:
        name = await keys.revoke(opened.db, key)
    out.print(f"The key {key} of {name} is revoked. Servers refuse it within {keys.TRUSTED:g} s.", markup=False, soft_wrap=True)


async def _list_webhooks(settings: Settings) -> None:
    async with _database_or_beside(settings) as opened:
        found = await webhooks.records(opened.db)
    for one in found:
        off = one.status != "ENABLED"
        out.print(f"{ids.encode('Webhook', one.id)}  {one.name}", style="dim" if off else "bold", markup=False, soft_wrap=True)
        out.print(f"    {one.url}", markup=False, soft_wrap=True)
        fails = f" fails since {_minute(one.failing_since)}," if one.failing_since else ""
        out.print(
            f"    {f'off: {one.reason}' if off else f'on,{fails}'} {_plural(one.behind, 'event')} to look at",
            markup=False,
            soft_wrap=True,
        )
    if not found:
        out.print("There are no webhooks.")


async def _replay_webhook(settings: Settings, webhook: str, after: str) -> None:
    try:
        moment = datetime.fromisoformat(after)
    except ValueError:
        words = f"--after takes a time, such as 2026-11-28T06:00:00Z, not {after!r}."
        raise Refused.of("after", ErrorCode.INVALID, words) from None
    moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    async with _database_or_beside(settings) as opened:
        await webhooks.replay(opened.db, ids.raw_or_unknown(webhook, "Webhook"), moment, by=CLI)
    out.print(f"{webhook} gets what happened after {moment:%Y-%m-%d %H:%M:%S} UTC again.", markup=False, soft_wrap=True)


async def _switch_webhook(settings: Settings, webhook: str, switch: Any, words: str) -> None:
    async with _database_or_beside(settings) as opened:
        await switch(opened.db, ids.raw_or_unknown(webhook, "Webhook"), by=CLI)
    out.print(f"{webhook} is switched {words}.", markup=False, soft_wrap=True)


async def _run_jobs(settings: Settings, daily: bool, at_once: int | None) -> None:
    from api.app import works_alone
    from api.observing import Metrics

    async with _database_or_beside(settings) as opened:
        if daily:
            await jobs.queue_daily(opened.db, settings.daily_at)
        works = works_alone(opened.db, settings.secret(opened.connection.password), _documents(settings), Folder(settings.files))
        with _spans(settings) as spans, Metrics(settings.slow, spans).beside():
            count = await jobs.run_all(opened.db, works, at_once=at_once or settings.jobs_at_once)
    out.print(f"{count} job{'' if count == 1 else 's'} done.")


async def _doctor(settings: Settings, mending: bool) -> None:
    for name, value in settings.shown():
        out.print(f"{name} = {value}", markup=False, soft_wrap=True)
    async with _database_or_beside(settings, migrated=False) as opened:
        out.print(
            f"\nThe database at {opened.connection.uri} answers: {await server_version(opened.db)}.", markup=False, soft_wrap=True
        )
        if missing := await pending(opened.db):
            raise GraphError(f"{len(missing)} migrations are not in. Run buying-groups migrate.")
        broken = 0
        async for finding in examine(opened.db):
            _say_found(finding)
            if finding.broken and mending:
                finding = await _mended(opened.db, finding)
            broken += finding.broken
    if broken:
        raise GraphError(f"{_plural(broken, 'place')} {'breaks' if broken == 1 else 'break'} what the graph promises.")
    out.print("The graph keeps what it promises.")


def _say_found(finding: Finding) -> None:
    out.print(f"{finding.broken or 'ok':>6}  {finding.title}", markup=False, soft_wrap=True)
    for place in finding.shown:
        out.print(f"          {place}", markup=False, soft_wrap=True)


async def _mended(db: Db, finding: Finding) -> Finding:
    """Mends what can be mended of a finding, says what was done, and why the rest was not; returns what is left."""
    done = await mend(db, finding.check)
    for words in done:
        out.print(f"  mended  {words}", markup=False, soft_wrap=True)
    left = await examine_one(db, finding.check) if done else finding
    if left.broken:
        out.print(f"    left  {left.broken}: {UNMENDED[finding.check]}", markup=False, soft_wrap=True)
    return left


async def _backup(settings: Settings, file: Path) -> None:
    _say_held("The backup holds", await backups.backup(_own(settings), file, _step))
    out.print(f"It is in {file}.", markup=False, soft_wrap=True)


async def _restore(settings: Settings, file: Path, replacing: bool) -> None:
    _say_held("The graph holds", await backups.restore(_own(settings), file, _step, replacing=replacing))


def _step(words: str) -> None:
    err.print(f"{words} ...", markup=False, soft_wrap=True)


def _own(settings: Settings) -> Options:
    """The embedded server's options. Raises GraphError if another one is set."""
    if settings.connection:
        raise GraphError("NEO4J_URI is set. How to back up a server of your own is told in docs/operation.md.")
    return settings.embedded


def _say_held(words: str, held: backups.Contents) -> None:
    out.print(f"{words} {held}.", soft_wrap=True)
    for one in held.broken:
        out.print(f"The doctor finds: {one}", markup=False, soft_wrap=True)
    if not held.broken:
        out.print("The graph keeps what it promises.")


async def _neo4j(settings: Settings) -> None:
    if settings.connection:
        raise typer.BadParameter("NEO4J_URI is set, so there is no embedded Neo4j to start.")
    async with _database(settings) as opened:
        _say_browser(opened)
        out.print("Ctrl-C stops it.")
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await stop.wait()


async def _model(settings: Settings) -> None:
    async with _database_or_beside(settings) as opened:
        print(await analysis.model(opened.db), end="")  # noqa: T201 - alone on standard output, for a file


async def _migrate(settings: Settings) -> None:
    async with _database(settings, migrated=False) as opened:
        applied = await run_migrations(opened.db)
    for step in applied:
        out.print(f"applied V{step.version:04} {step.name.replace('_', ' ')}")
    out.print("The schema is up to date.")


# --- what they share ------------------------------------------------------------------------------------------------


def _run(command: Any, *args: Any) -> None:
    """Runs a command on the settings in force; what is expected to go wrong is told in words, without a traceback."""
    try:
        settings = load()
        _log(settings)
        work: Coroutine[Any, Any, None] = command(settings, *args)
        with asyncio.Runner(loop_factory=_new_loop) as runner:
            runner.run(work)
    except BadSettings as error:
        _fail("These settings are wrong:\n" + str(error), 2)
    except NotAnExport as error:
        _fail(str(error), 2)
    except Refused as error:
        _fail("\n".join(problem.message for problem in error.problems), 1)
    except PortTaken as error:
        _fail(f"{error}. Set BUYING_GROUPS_{error.what.upper()}_PORT to another, or to 0 for any that is free.", 1)
    except (EmbeddedError, GraphError) as error:
        _fail(str(error), 1)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:  # there is none for Windows
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def _fail(words: str, code: int) -> None:
    err.print(words, style="red", markup=False, soft_wrap=True)
    raise typer.Exit(code)


def _log(settings: Settings) -> None:
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
async def _database(settings: Settings, *, migrated: bool = True) -> AsyncGenerator[Opened]:
    """The database that is set, else the embedded one; ready, and migrated unless told otherwise."""
    async with contextlib.AsyncExitStack() as stack:
        connection, server = settings.connection, None
        if connection is None:
            server = await stack.enter_async_context(_embedded(settings))
            connection = server.connection
        db = await stack.enter_async_context(connect(connection))
        await db.ready(READY_WITHIN)
        if migrated:
            await run_migrations(db)
        yield Opened(db, connection, server)


@asynccontextmanager
async def _database_or_beside(settings: Settings, *, migrated: bool = True) -> AsyncGenerator[Opened]:
    """The database, also while a server in another process runs the embedded one."""
    async with contextlib.AsyncExitStack() as stack:
        try:
            opened = await stack.enter_async_context(_database(settings, migrated=migrated))
        except InUse:
            connection = beside(settings.embedded)
            if connection is None:
                raise
            db = await stack.enter_async_context(connect(connection))
            await db.ready(READY_WITHIN)
            opened = Opened(db, connection, None)
        yield opened


@asynccontextmanager
async def _embedded(settings: Settings) -> AsyncGenerator[Server]:
    progress = _progress(err)  # what a command prints may be meant for another one
    task = progress.add_task("Neo4j's jars", total=None)
    status = err.status("Starting Neo4j ...")
    if not settings.embedded.holds_a_graph:
        folder = settings.embedded.data_dir.absolute()
        words = f"There is no graph in {folder} yet, so an empty one is made there (BUYING_GROUPS_DATA_DIR)."
        err.print(words, markup=False, soft_wrap=True)

    def fetched(done: int, total: int) -> None:
        progress.start()
        progress.update(task, completed=done, total=total)

    def starting() -> None:
        progress.stop()
        status.start()

    try:
        async with embedded(settings.embedded, fetched, starting) as server:
            status.stop()
            yield server
    finally:
        status.stop()
        progress.stop()


def _progress(console: Console = out) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console)


async def _loaded(what: str, load: Callable[[Path], Pages], cache_dir: Path) -> Pages | None:
    """A page's files, if they can be had: the API is served without them, too."""
    try:
        return await asyncio.to_thread(load, cache_dir)
    except JarError as error:
        err.print(f"There is no {what}: {error}", style="yellow", markup=False)
        return None


def _console(settings: Settings) -> Callable[[Path], WebConsole]:
    return lambda cache_dir: WebConsole.load(cache_dir, settings.client)


def _documents(settings: Settings) -> Documents:
    """The documents that clients may name, and what else they may ask for. Raises BadSettings."""
    from api.documents import BadDocuments, Documents, Policy, Registered, read_folder
    from api.schema import schema

    policy = Policy(settings.limits, settings.introspection, settings.suggestions, settings.documents_only)
    try:
        registered = read_folder(settings.documents) if settings.documents else Registered({}, {})
        return Documents(schema._schema, policy, registered)
    except BadDocuments as error:
        raise BadSettings("\n".join(f"BUYING_GROUPS_DOCUMENTS: {line}" for line in str(error).splitlines())) from None


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


def _say_who(is_open: bool) -> None:
    if is_open:
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


async def _is_open(settings: Settings, db: Db) -> bool:
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


def _say_browser(opened: Opened) -> None:
    connection, server = opened.connection, opened.server
    if server is None:
        out.print(f"Neo4j          {connection.uri}", markup=False)
        return
    out.print(f"Neo4j Browser  {server.browser_url}", markup=False)
    out.print(f"               connect to {connection.uri} as {connection.username}", markup=False)
    out.print(f"               with the password in {server.password_file}", markup=False, soft_wrap=True)


def _say_imported(summary: ImportSummary) -> None:
    table = Table(box=None, padding=(0, 1, 0, 0))
    table.add_column("imported", no_wrap=True)
    for heading in ("rows", "new", "changed", "unchanged", "rejected", "left out"):
        table.add_column(heading, justify="right", no_wrap=True)
    for file in summary.files:
        cells = (file.rows, file.created, file.updated, file.unchanged, file.rejected, file.left_out)
        table.add_row(file.name.partition(".")[0], *(f"{cell:,}" for cell in cells))
    out.print(table)
    for file in summary.files:
        if file.ignored_columns:
            out.print(f"Not read of {file.name}: {', '.join(file.ignored_columns)}.", markup=False)
    if summary.ignored_files:
        out.print(f"Not read: {', '.join(summary.ignored_files)}.", markup=False)
    if summary.rejects:
        rows, values = (sum(getattr(file, what) for file in summary.files) for what in ("rejected", "left_out"))
        out.print(
            f"{_plural(rows, 'row')} and {_plural(values, 'value')} were left out: {summary.rejects} tells which and why.",
            markup=False,
            soft_wrap=True,
        )
    out.print(f"{summary.seconds:.1f} s")


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def main() -> None:
    """The entry point."""
    app()


if __name__ == "__main__":
    main()
