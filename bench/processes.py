"""The processes of a benchmark, each on a port of its own: ours, the peer, the floor, and the load generator."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psutil

from bench.client import HOST, Load
from bench.errors import BenchError
from graph.db import Connection

PEER = Path(__file__).with_name("peer")
ROOT = Path(__file__).parent.parent
FLOORS = Path(__file__).with_name("reads")
STARTS_WITHIN = 60.0  # seconds
COMMAND = (str(Path(sys.executable).with_name("buying-groups")),)


@dataclass(frozen=True, slots=True)
class Way:
    """A server that answers the benchmark's queries, by its name, and the API key that it wants."""

    name: str
    port: int
    pid: int
    key: str | None = field(default=None, repr=False)


@asynccontextmanager
async def ours(connection: Connection, key: str | None = None, *, jobs: bool = False) -> AsyncGenerator[Way]:
    """The service as users run it, with jobs if asked for: one process, one worker, callers with an API key if one is given.
    Its budget is the largest that can be set: no user asks for as much as a benchmark does."""
    port = free_port()
    settings = {"BUYING_GROUPS_PORT": str(port), "BUYING_GROUPS_GRAPHIQL": "false", "BUYING_GROUPS_RATE_COST": str(10**12)}
    command = [*COMMAND, "serve", *([] if jobs else ["--no-jobs"])]
    async with _started("ours", port, command, {**reach(connection), **settings}) as way:
        yield replace(way, key=key)


@asynccontextmanager
async def floor(connection: Connection) -> AsyncGenerator[Way]:
    """One handwritten statement a query, those beside the benchmark of reads."""
    port = free_port()
    command = [sys.executable, "-m", "bench.floor", str(FLOORS), str(port)]
    async with _started("floor", port, command, {**reach(connection), "PYTHONPATH": str(ROOT)}) as way:
        yield way


@asynccontextmanager
async def peer(connection: Connection) -> AsyncGenerator[Way]:
    """@neo4j/graphql on Apollo Server. Call `no_peer` before."""
    port = free_port()
    node = shutil.which("node")
    assert node
    settings = {"PORT": str(port), "NODE_ENV": "production"}
    async with _started("peer", port, [node, str(PEER / "server.js")], {**reach(connection), **settings}) as way:
        yield way


def no_peer(say: Callable[[str], None]) -> str | None:
    """Why there is no peer to compare with, in words; None once its packages are in place."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return "Node.js isn't there"
    lock, stamp = PEER / "package-lock.json", PEER / "node_modules" / ".package-lock.json"
    if not stamp.exists() or stamp.stat().st_mtime < lock.stat().st_mtime:
        say("Installing the peer's packages ...")
        done = subprocess.run([npm, "ci", "--ignore-scripts"], cwd=PEER, capture_output=True, text=True, check=False)
        if done.returncode:
            return f"npm ci failed: {done.stderr.strip().splitlines()[-1:]}"
        stamp.touch()
    return None


class Cpu:
    """The CPU that a process and those that it has started have used."""

    def __init__(self, pid: int) -> None:
        parent = psutil.Process(pid)
        self._processes = [parent, *parent.children(recursive=True)]

    def seconds(self) -> float:
        """Seconds since each began, user's and system's, added up."""
        return sum(sum(one.cpu_times()[:2]) for one in self._processes)


class Client:
    """The load generator's process, as seen from here."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def know(self, name: str, way: Way, path: str, bodies: Sequence[str], expect: str) -> None:
        """Tells it what to ask: the bodies for `path`, and what stands in every right answer."""
        target = {"name": name, "port": way.port, "path": path, "key": way.key}
        await self._told({**target, "bodies": list(bodies), "expect": expect})

    async def load(self, name: str, connections: int, seconds: float, requests: int | None = None, first: int = 0) -> Load:
        """Runs what is known by that name."""
        order = {"run": name, "connections": connections, "seconds": seconds, "requests": requests, "from": first}
        return Load(**await self._told(order))

    async def _told(self, order: Mapping[str, Any]) -> Mapping[str, Any]:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        await self._process.stdin.drain()
        line = await self._process.stdout.readline()
        if not line:
            raise BenchError("the load generator ended")
        return json.loads(line)


@asynccontextmanager
async def client() -> AsyncGenerator[Client]:
    """The load generator."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.client", cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        yield Client(process)
    finally:
        assert process.stdin
        process.stdin.close()
        await process.wait()


def reach(connection: Connection) -> dict[str, str]:
    """How a server reaches the graph, in the environment."""
    reach = {"NEO4J_URI": connection.uri, "NEO4J_USERNAME": connection.username, "NEO4J_PASSWORD": connection.password}
    return {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", ""), **reach}


@asynccontextmanager
async def _started(name: str, port: int, command: Sequence[str], environment: Mapping[str, str]) -> AsyncGenerator[Way]:
    """A server from its start until it is told to stop."""
    async with child(command, environment) as (process, said):
        await _answering(name, port, process, said)
        yield Way(name, port, process.pid)


@asynccontextmanager
async def child(
    command: Sequence[str], environment: Mapping[str, str]
) -> AsyncGenerator[tuple[asyncio.subprocess.Process, Callable[[], str]]]:
    """A process, told to stop at the end if it still runs, and what tells the last that it said. It has an empty folder of its
    own to stand in."""
    with tempfile.TemporaryDirectory(prefix="buying-groups-bench-") as folder, tempfile.TemporaryFile() as log:
        process = await asyncio.create_subprocess_exec(*command, cwd=folder, env=environment, stdout=log, stderr=log)
        try:
            yield process, lambda: _tail(log)
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def _answering(name: str, port: int, process: asyncio.subprocess.Process, said: Callable[[], str]) -> None:
    try:
        async with asyncio.timeout(STARTS_WITHIN):
            while process.returncode is None:
                try:
                    _, writer = await asyncio.open_connection(HOST, port)
                except OSError:
                    await asyncio.sleep(0.1)
                else:
                    writer.close()
                    return
    except TimeoutError:
        raise BenchError(f"{name} didn't answer within {STARTS_WITHIN:g} s: {said()}") from None
    raise BenchError(f"{name} ended while starting: {said()}")


def _tail(log: Any) -> str:
    log.seek(0)
    return log.read().decode("utf-8", "replace")[-1000:]


def free_port() -> int:
    """A port of loopback on which nobody listens."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]
