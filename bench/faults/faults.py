"""What breaks, one after the other. Each returns when it is over, or at once if it is up to the service to mend it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from bench.errors import BenchError
from bench.faults.world import World, statement
from graph.db import Tx
from graph.errors import GraphError, TooExpensive

LASTS = 12.0  # seconds
HELD = 7.0  # seconds; less than the time after which the database gives up waiting for a lock
FULL_FOR = 20.0  # seconds
HOUR = 3600
BLOB = "x" * 4_000_000


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens, and whether the probe must have turned red meanwhile. `needs` tells why it can't be tried, if so."""

    name: str
    happens: Callable[[World], Awaitable[None]]
    red: bool
    needs: Callable[[World], str | None] = lambda _: None


async def _killed(world: World) -> None:
    world.java().kill()


async def _restarted(world: World) -> None:
    world.java().terminate()


async def _frozen(world: World) -> None:
    java = world.java()
    java.suspend()
    try:
        await asyncio.sleep(LASTS)
    finally:
        java.resume()


async def _slow(world: World) -> None:
    """It runs a tenth of the time."""
    java = world.java()
    try:
        for _ in range(int(LASTS / 0.5)):
            java.suspend()
            await asyncio.sleep(0.45)
            java.resume()
            await asyncio.sleep(0.05)
    finally:
        java.resume()


async def _out_of_connections(world: World) -> None:
    """Whoever decides about a group waits for its lock, and holds a connection meanwhile."""

    async def hold(tx: Tx) -> None:
        await tx.run(statement("hold"))
        await asyncio.sleep(HELD)

    await world.db.transaction(hold, bounded=False)


async def _out_of_memory(world: World) -> None:
    """A transaction takes too much, again and again; it is refused once each time, and nobody else is."""
    for _ in range(3):
        before = world.db.statements
        try:
            await world.db.read(statement("hungry"))
        except TooExpensive:
            if world.db.statements != before + 1:
                raise BenchError("a statement that took too much memory was run again") from None
        else:
            raise BenchError("a statement got all the memory that it wanted")


async def _api_killed(world: World) -> None:
    """An instance is killed, and started again by whoever watches over it; then the other one."""
    for one in world.instances:
        await one.kill()
        await one.start()
        await world.ready()


async def _clock(world: World) -> None:
    """The database's clock, and that of one of two instances, jump an hour ahead and back."""
    for moved in (HOUR, 0, -HOUR, 0):
        world.clock.move(moved)
        await asyncio.sleep(3)


async def _disk_full(world: World) -> None:
    """The disk is filled to the last; after a while there is room again."""
    ballast = world.folder / "data" / "ballast"
    free = os.statvfs(ballast.parent)
    with ballast.open("wb") as out:
        os.posix_fallocate(out.fileno(), 0, free.f_bavail * free.f_frsize - 2**20)
    with suppress(GraphError):
        while True:
            await world.db.write(statement("blob"), text=BLOB)
    await asyncio.sleep(FULL_FOR)
    ballast.unlink()


FAULTS = (
    Fault("a transaction takes too much memory", _out_of_memory, red=False),
    Fault("no connection is free", _out_of_connections, red=False),
    Fault("Neo4j is slow", _slow, red=False),
    Fault("Neo4j is frozen", _frozen, red=True),
    Fault("Neo4j is stopped and started", _restarted, red=True),
    Fault("Neo4j is killed", _killed, red=True),
    Fault("an instance is killed, then the other", _api_killed, red=True),
    Fault("the clock jumps", _clock, red=False, needs=lambda world: None if world.clock.works else "there is no C compiler"),
    Fault("the disk is full", _disk_full, red=True, needs=lambda world: None if world.small else "no file system can be mounted"),
)
