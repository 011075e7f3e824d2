"""Jobs as users run them: `buying-groups run-jobs` in processes of their own, timed and weighed from outside."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import processes
from bench.errors import BenchError
from bench.jobs import statements
from bench.jobs.memory import peak
from graph import jobs
from graph.db import Connection, Db
from graph.errors import Refused

LOOK = 0.02  # seconds between looks at a job and at memory
COMMAND = str(Path(sys.executable).with_name("buying-groups"))


@dataclass(frozen=True, slots=True)
class Took:
    """What a piece of work took: seconds, megabytes of the process that did it (None: this one) at its peak, and, of a job,
    how many changes of members it told."""

    seconds: float
    process: float | None = None
    changed: int = 0


class Weighed:
    """A child process while it runs, with its peak."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.peak = 0.0

    async def watch(self) -> None:
        """Looks until it has ended."""
        while self.process.returncode is None and (found := peak(self.process.pid)) is not None:
            self.peak = max(self.peak, found)
            await asyncio.sleep(LOOK)
        await self.process.wait()


@asynccontextmanager
async def started(connection: Connection, *arguments: str) -> AsyncGenerator[Weighed]:
    """`buying-groups` with these arguments. Raises BenchError if it fails."""
    async with processes.child([COMMAND, *arguments], processes.reach(connection)) as (process, said):
        weighed = Weighed(process)
        watching = asyncio.create_task(weighed.watch())
        try:
            yield weighed
            await watching
        finally:
            watching.cancel()
        if process.returncode:
            raise BenchError(f"buying-groups {arguments[0]} ended with {process.returncode}: {said()}")


async def worked(db: Db, connection: Connection, job: str, *, workers: int = 1, at_once: int = 1, grouped: bool = False) -> Took:
    """A job's time, done by so many processes with so many slices at once each, by its own record: from when it was taken up to
    its end; and the largest worker's memory. `grouped`: until its groups are made and filled; before it goes on to engagement it
    is cancelled. Raises BenchError if the job fails."""
    made: float | None = None
    async with AsyncExitStack() as stack:
        some = [
            await stack.enter_async_context(started(connection, "run-jobs", "--no-daily", "--at-once", str(at_once)))
            for _ in range(workers)
        ]
        while True:
            row = (await db.read(statements.one("watch"), id=job))[0]
            if made is None and row["grouped"]:
                made = 1000 * time.time()
                if grouped and row["ended"] is None:
                    await _cancel(db, job)
            if row["status"] not in ("QUEUED", "RUNNING"):
                break
            if all(one.process.returncode is not None for one in some):
                raise BenchError("the job's workers ended, and the job didn't")
            await asyncio.sleep(LOOK)
    if row["status"] not in ("SUCCEEDED", "CANCELLED" if grouped else "") or made is None:
        raise BenchError(f"the job ended {row['status']}: {row['error']}")
    ended = made if grouped else row["ended"]
    return Took((ended - row["started"]) / 1000, _largest(some), row["changed"])


async def _cancel(db: Db, job: str) -> None:
    with contextlib.suppress(Refused):  # it has ended
        await jobs.cancel(db, job)


def _largest(some: Sequence[Weighed]) -> float:
    return max(one.peak for one in some)
