"""Runs the benchmark of jobs on a market of one size."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

from rich.console import Console

from bench.errors import BenchError
from bench.jobs import statements
from bench.jobs.engagement import engagement
from bench.jobs.groups import creation, maintenance
from bench.jobs.intake import importing, write_export
from bench.jobs.measure import Measured, Task, measured
from bench.jobs.memory import Java
from bench.jobs.setup import set_up
from bench.jobs.table import figures, machine
from bench.jobs.takeout import Export
from bench.market import ungrouped
from bench.market.kept import empty, standing
from graph.db import Db
from graph.embedded import Server

TURNS = {10_000: (1, 1)}
"""By the size of the market, how often each way has its turn, and how often before that counts. Larger ones run once."""


class Part(StrEnum):
    """What can be measured by itself; each finds what those before it left in the market's folder."""

    CREATION = "creation"
    MAINTENANCE = "maintenance"
    ENGAGEMENT = "engagement"
    EXPORT = "export"
    IMPORT = "import"


async def run(
    people: int, console: Console, parts: Collection[Part], data: Path | None, keep: Callable[[Mapping[str, Any]], None]
) -> None:
    """Measures on a market of so many people; `keep` is called with the figures so far whenever a piece is done. `data`: where
    the market stays for other parts. Raises BenchError."""
    shape = ungrouped(people)
    turns = TURNS.get(people, (1, 0))
    done: list[Measured] = []

    async def measure(task: Task, server: Server, turns: tuple[int, int]) -> None:
        console.print(f"Measuring {task.name} ...")
        done.append(await measured(task, Java(server), *turns))
        keep({"people": people, "market": str(shape), **machine(), "turns": turns[0], "rows": figures(done)})

    with tempfile.TemporaryDirectory(prefix="buying-groups-bench-", ignore_cleanup_errors=True) as folder:
        if standing_parts := [part for part in parts if part is not Part.IMPORT]:
            async with standing(shape, data or Path(folder), console.print) as (db, server):
                for task in await _tasks(db, server, standing_parts):
                    daily = task.name == Part.MAINTENANCE  # a server has done it the day before, so that no first turn counts
                    await measure(task, server, (turns[0], 1) if daily else turns)
    with tempfile.TemporaryDirectory(prefix="buying-groups-bench-", ignore_cleanup_errors=True) as folder:
        if Part.IMPORT in parts:
            rows = write_export(shape, Path(folder))
            async with empty(Path(folder) / "data") as (db, server):
                task = importing(db, server.connection, Path(folder), rows)
                await measure(task, server, (1, 0))  # it is long, and into a new graph for users, too


async def _tasks(db: Db, server: Server, parts: Collection[Part]) -> Sequence[Task]:
    """The work on a market that stands, in this order: each finds what those before left. Raises BenchError."""
    setup = await set_up(db)
    if Part.CREATION not in parts and not setup.grouped:
        raise BenchError("The market has no groups: let creation be measured first, or too.")
    days = (await db.read(statements.one("activity_days")))[0]["days"]
    tasks: Mapping[Part, Sequence[Task]] = {
        Part.CREATION: [creation(db, server.connection, setup)],
        Part.MAINTENANCE: [maintenance(db, server.connection, setup)],
        Part.ENGAGEMENT: engagement(db, server.connection, setup, days),
        Part.EXPORT: [Export(db, server.connection).task()],
    }
    return [task for part, some in tasks.items() if part in parts for task in some]
