"""Creation jobs, one after the other, while decisions are made."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager

from bench import processes
from bench.beside import statements
from bench.errors import BenchError
from bench.jobs import statements as of_jobs
from bench.jobs.setup import BY, set_up
from bench.jobs.work import COMMAND
from graph import jobs
from graph.db import Connection, Db
from graph.errors import Refused

own = statements("bench.decisions")
SHARE = "0.5"  # of the time that jobs take, as in a server that is asked for something
JOBS = 12  # creations that wait; they must not come to an end before the decisions do
PREFIX = "Job "  # of the interests that groups are made for
LOOK = 0.1  # seconds


@asynccontextmanager
async def creating(db: Db, connection: Connection) -> AsyncGenerator[Callable[[], None]]:
    """While `buying-groups run-jobs` makes groups of other interests for all accounts. What is yielded raises BenchError once
    nothing is left to make. All that was made is taken back."""
    waiting: list[str] = []
    for number in range(JOBS):
        setup = await set_up(db, f"{PREFIX}{number}")
        waiting.append(await jobs.start_creation(db, setup.interest, setup.audience, by=BY))
    queued = list(waiting)
    async with processes.child([COMMAND, "run-jobs", "--no-daily", "--share", SHARE], processes.reach(connection)) as (
        process,
        said,
    ):
        await _begun(db, queued[0], process, said)
        keeping = asyncio.create_task(_only_creation(db, waiting))

        def check() -> None:
            if not waiting or process.returncode is not None:
                raise BenchError("the creation jobs ended before the decisions did")

        try:
            yield check
        finally:
            keeping.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeping
            await _cancel(db, queued)
    await db.alone(own("unmake"), prefix=PREFIX)


async def _begun(db: Db, job: str, process: asyncio.subprocess.Process, said: Callable[[], str]) -> None:
    while not (await db.read(of_jobs.one("watch"), id=job))[0]["started"]:
        if process.returncode is not None:
            raise BenchError(f"the jobs' process ended: {said()}")
        await asyncio.sleep(LOOK)


async def _only_creation(db: Db, waiting: list[str]) -> None:
    """Ends each job when its groups are made, before it goes on to engagement, so that the next one makes some."""
    while waiting:
        if (await db.read(of_jobs.one("watch"), id=waiting[0]))[0]["grouped"]:
            await _cancel(db, waiting[:1])
            del waiting[0]
        await asyncio.sleep(LOOK)


async def _cancel(db: Db, some: Sequence[str]) -> None:
    for job in some:
        with contextlib.suppress(Refused):  # it has ended
            await jobs.cancel(db, job)
