"""Runs the benchmark of jobs on a market of one size."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

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


async def run(people: int, console: Console) -> Mapping[str, Any]:
    """Measures on a market of so many people; returns the figures. Raises BenchError."""
    shape = ungrouped(people)
    turns = TURNS.get(people, (1, 0))
    done: list[Measured] = []
    with tempfile.TemporaryDirectory(prefix="buying-groups-bench-", ignore_cleanup_errors=True) as folder:
        async with standing(shape, Path(folder), console.print) as (db, server):
            for task in await _tasks(db, server):
                done.append(await _measured(task, server, console, turns))
    with tempfile.TemporaryDirectory(prefix="buying-groups-bench-", ignore_cleanup_errors=True) as folder:
        rows = write_export(shape, Path(folder))
        async with empty(Path(folder) / "data") as (db, server):
            task = importing(db, server.connection, Path(folder), rows)
            done.append(await _measured(task, server, console, (1, 0)))  # it is long, and into a new graph for users, too
    return {"people": people, "market": str(shape), **machine(), "turns": turns[0], "rows": figures(done)}


async def _measured(task: Task, server: Server, console: Console, turns: tuple[int, int]) -> Measured:
    console.print(f"Measuring {task.name} ...")
    return await measured(task, Java(server), *turns)


async def _tasks(db: Db, server: Server) -> list[Task]:
    """The work on a market that stands, in this order: each finds what those before left."""
    setup = await set_up(db)
    days = (await db.read(statements.one("activity_days")))[0]["days"]
    return [
        creation(db, server.connection, setup),
        maintenance(db, server.connection, setup),
        *engagement(db, server.connection, setup, days),
        Export(db, server.connection).task(),
    ]
