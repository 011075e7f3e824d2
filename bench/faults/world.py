"""What faults happen to: an embedded Neo4j, two instances of the service on it, a small market, and a clock that can be moved."""

from __future__ import annotations

import asyncio
import os
import shutil
import struct
import subprocess
import tempfile
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import platformdirs
import psutil

from api import ids
from bench.beside import statements
from bench.errors import BenchError
from bench.processes import COMMAND, HOST, free_port, reach
from graph import accounts, audiences, interests, jobs, people, templates
from graph.audiences import AudienceSpec
from graph.db import Db, connect
from graph.embedded import Options, Server, embedded
from graph.interests import InterestSpec
from graph.migrations import migrate
from graph.model import CardSpec
from graph.queries import query

BY = "faults"
HEAP, PAGE_CACHE = 1024, 64  # megabytes
DISK = 900  # megabytes of the small file system
POOL = 6  # connections of an instance
ANSWERS_WITHIN = 180.0  # seconds
statement = statements("bench.faults")


class Clock:
    """The wall clock of those processes that were started with its environment; none if there is no C compiler."""

    def __init__(self, folder: Path) -> None:
        self._file, library = folder / "clock", folder / "clock.so"
        self._file.write_bytes(struct.pack("l", 0))
        compiler = shutil.which("cc")
        source = str(Path(__file__).with_name("clock.c"))
        self.works = (
            compiler is not None
            and not subprocess.run(
                [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), source, "-ldl"], check=False
            ).returncode
        )
        self.environment = {"LD_PRELOAD": str(library), "FAULTS_CLOCK": str(self._file)} if self.works else {}

    def move(self, seconds: int) -> None:
        """Moves it to so many seconds after the true time."""
        with self._file.open("r+b") as out:
            out.write(struct.pack("l", seconds))


@dataclass(slots=True)
class Instance:
    """A process of `buying-groups serve`."""

    port: int
    environment: Mapping[str, str]
    log: Path
    process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    async def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *COMMAND, "serve", env=self.environment, cwd=self.log.parent, stdout=log, stderr=log
            )

    async def kill(self) -> None:
        assert self.process
        self.process.kill()
        await self.process.wait()

    async def stop(self) -> None:
        if self.process and self.process.returncode is None:
            self.process.terminate()
            await self.process.wait()


@dataclass(slots=True)
class World:
    """All of it. `small`: the data lie on a small file system of their own."""

    folder: Path
    small: bool
    clock: Clock
    server: Server
    db: Db
    instances: tuple[Instance, Instance]
    market: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def java(self) -> psutil.Process:
        """Neo4j's process."""
        return next(one for one in psutil.Process(self.server.pid).children(recursive=True) if "java" in one.name())

    async def ready(self) -> None:
        """Returns once both instances say that they are. Raises BenchError."""
        try:
            async with asyncio.timeout(ANSWERS_WITHIN), httpx2.AsyncClient(timeout=15) as client:
                for one in self.instances:
                    while not await is_ready(client, one):  # noqa: ASYNC110 - a probe is there to be asked
                        await asyncio.sleep(0.1)
        except TimeoutError:
            raise BenchError(f"an instance is not ready after {ANSWERS_WITHIN:g} s; its log is in {self.folder}") from None


async def is_ready(client: httpx2.AsyncClient, instance: Instance) -> bool:
    """What its probe says."""
    try:
        return (await client.get(f"{instance.url}/health/ready")).status_code == 200
    except httpx2.TransportError:
        return False


@asynccontextmanager
async def world(clients: int) -> AsyncGenerator[World]:
    """Makes it, with a market for so many clients. Raises BenchError, EmbeddedError."""
    async with AsyncExitStack() as stack:
        folder = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="buying-groups-faults-", ignore_cleanup_errors=True))
        )
        small = stack.enter_context(_small_disk(folder / "data"))
        clock = Clock(folder)
        with _within(clock.environment):  # so that Neo4j goes by that clock
            options = Options(folder / "data", _cache(), bolt_port=0, browser_port=None, heap=HEAP, page_cache=PAGE_CACHE)
            server = await stack.enter_async_context(embedded(options))
        db = await stack.enter_async_context(connect(server.connection))
        await migrate(db)
        market = await _market(db, clients)
        settings = {**reach(server.connection), "BUYING_GROUPS_POOL_SIZE": str(POOL), "BUYING_GROUPS_GRAPHIQL": "false"}
        instances: list[Instance] = []
        for number, moved in enumerate((clock.environment, {})):  # the clock of one of them moves, too
            port = free_port()
            environment = {**settings, **moved, "BUYING_GROUPS_PORT": str(port)}
            one = Instance(port, environment, folder / f"instance{number}.log")
            await one.start()
            stack.push_async_callback(one.stop)
            instances.append(one)
        made = World(folder, small, clock, server, db, (instances[0], instances[1]), market)
        await made.ready()
        yield made


def _cache() -> Path:
    return Path(platformdirs.user_cache_dir("buying-groups", appauthor=False))


@contextmanager
def _small_disk(folder: Path) -> Generator[bool]:
    """A file system of its own for a folder, where this process may make one."""
    folder.mkdir()
    tool = shutil.which("mount")
    command = [str(tool), "-t", "tmpfs", "-o", f"size={DISK}m", "tmpfs", str(folder)]
    small = tool is not None and not subprocess.run(command, capture_output=True, check=False).returncode
    try:
        yield small
    finally:
        if small:
            subprocess.run(["umount", "--lazy", str(folder)], check=False)  # noqa: S607


@contextmanager
def _within(environment: Mapping[str, str]) -> Generator[None]:
    os.environ.update(environment)
    try:
        yield
    finally:
        for name in environment:
            del os.environ[name]


async def _market(db: Db, clients: int) -> Mapping[str, Any]:
    """For each client an account with its group and one person; and the two roles between which the person is moved."""
    keys = [f"client{n}" for n in range(clients)]
    made = await accounts.upsert(db, [{"externalId": key, "name": key} for key in keys], by=BY)
    crowd = [{"externalId": key, "lastName": key, "accounts": [{"accountExternalId": key}]} for key in keys]
    persons = await people.upsert(db, crowd, by=BY)
    roles = {row["name"]: row["id"] for row in await db.read(statement("roles"))}
    two = [roles["Champion"], roles["Influencer"]]
    template = await templates.publish(
        db, await templates.create(db, "Template", None, [CardSpec(role, auto_assign=False) for role in two], by=BY), by=BY
    )
    interest = await interests.create(db, InterestSpec("Interest", template, update_existing_buying_groups=True), by=BY)
    audience = await audiences.create(db, AudienceSpec("Everybody", account_ids=[own for own in made.ids if own]), by=BY)
    await jobs.start_creation(db, interest, audience, by=BY)
    await jobs.run_all(db)
    groups = {row["account"]: row["id"] for row in await db.read(statement("groups"))}
    return {
        "interest": ids.encode("SolutionInterest", interest),
        "roles": [ids.encode("Role", role) for role in two],
        "groups": [ids.encode("BuyingGroup", groups[key]) for key in keys],
        "people": [ids.encode("Person", own or "") for own in persons.ids],
    }


async def version(db: Db) -> str:
    """What the server is."""
    return (await db.read(query("server/version")))[0]["version"]
