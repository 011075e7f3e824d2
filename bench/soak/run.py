"""Runs the soak: a market, one instance with its jobs, all its users at once, and looks at what it holds."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import platformdirs
from rich.console import Console
from rich.table import Table

from bench import processes
from bench.decisions.loads import loads
from bench.errors import BenchError
from bench.jobs.memory import Java
from bench.jobs.setup import BY, set_up
from bench.market import Shape
from bench.market.load import make
from bench.market.rows import Market
from bench.reads import statements
from bench.reads.queries import Chosen, asked
from bench.reads.run import CHOSEN
from bench.soak.looks import FLAT, PARTS, Held, Look, growth, held, look, parts
from bench.soak.users import Tally, Users
from graph import doctor, jobs
from graph.db import Db, connect
from graph.embedded import Options, embedded
from graph.migrations import migrate

SHAPE = Shape(accounts=1_000, people=10_000, days=1.0)
HEAP, PAGE_CACHE = 1024, 256  # megabytes
EVERY = 5.0  # seconds between looks
QUIET_WITHIN = 30.0  # seconds in which everything must be given back
SPARE = 20  # files: kept connections to the database, and what the loop opens for itself
IMPORTED = 5_000  # people


async def run(console: Console, *, minutes: float) -> Mapping[str, Any]:
    """Runs for so long; returns the figures. Raises BenchError if an answer is wrong, and if afterwards the doctor finds
    something."""
    cache = Path(platformdirs.user_cache_dir("buying-groups", appauthor=False))
    with tempfile.TemporaryDirectory(prefix="buying-groups-soak-", ignore_cleanup_errors=True) as folder:
        options = Options(Path(folder), cache, bolt_port=0, browser_port=None, heap=HEAP, page_cache=PAGE_CACHE)
        async with embedded(options) as server, connect(server.connection) as db:
            await migrate(db)
            await make(db, SHAPE, lambda part: console.print(f"Loading {part} ..."))
            requests = await _requests(db)  # before there are groups of another template, which has not the roles of decisions
            console.print("Making groups ...")
            await _groups(db)
            async with processes.ours(server.connection, jobs=True) as way:
                before = await held(way.pid, way.port)
                users = Users(way.port, *requests, Tally())
                console.print(f"{len(users.all())} users for {minutes:g} minutes ...")
                seen = await _used(users, way.pid, Java(server).pid, 60 * minutes)
                after = await _quiet(way.pid, way.port)
            if broken := [f"{one.check}: {one.shown}" async for one in doctor.examine(db) if one.broken]:
                raise BenchError("the doctor finds: " + "; ".join(broken))
    return _shown(console, users.tally, seen, before, after, minutes)


async def _groups(db: Db) -> None:
    setup = await set_up(db)
    await jobs.start_creation(db, setup.interest, setup.audience, by=BY)
    await jobs.run_all(db)


async def _requests(db: Db) -> tuple[list[str], list[str], list[tuple[str, str]]]:
    """The bodies of queries and of decisions; and who is imported."""
    wanted = {"count": CHOSEN, "pairs": 1, "role": statements.ROLE}
    chosen = Chosen(**(await db.read(statements.one("choose"), **wanted))[0])
    queries = [body for one in asked(chosen) if not one.writes for body in one.bodies("ours")[:50]]
    decisions = [body for load in await loads(db) for body in load.bodies("ours")]
    people = [row["properties"] for row in Market(SHAPE).person_rows()][:IMPORTED]
    return queries, decisions, [(one["externalId"], one["lastName"]) for one in people]


async def _used(users: Users, service: int, database: int, seconds: float) -> list[Look]:
    """Looks while they are at it. Raises BenchError if one of them fails."""
    stop, seen, end = asyncio.Event(), list[Look](), time.monotonic() + seconds
    try:
        async with asyncio.TaskGroup() as group:
            for one in users.all():
                group.create_task(one(stop))  # pyright: ignore[reportArgumentType] - each is a coroutine function
            while time.monotonic() < end:
                await asyncio.sleep(EVERY)
                seen.append(look(service, database))
            stop.set()
    except ExceptionGroup as several:
        raise several.exceptions[0] from several
    return seen


async def _quiet(service: int, port: int) -> Held:
    """What is held once all have left: nothing of theirs, or what is left of it after a while."""
    end = time.monotonic() + QUIET_WITHIN
    while not (now := await held(service, port)).nothing and time.monotonic() < end:  # noqa: ASYNC110 - a metric is there to be asked
        await asyncio.sleep(1)
    return now


def _shown(console: Console, tally: Tally, seen: list[Look], before: Held, after: Held, minutes: float) -> Mapping[str, Any]:
    table = Table("", "times", "p50 ms", "p99 ms", title=f"{minutes:g} minutes on {SHAPE}", box=None)
    for name, count, p50, p99 in tally.figures():
        table.add_row(name, f"{count:,}", *([f"{1000 * p50:.1f}", f"{1000 * p99:.1f}"] if p99 else ["", ""]))
    console.print(table)
    console.print(f"{tally.heard:,} events heard; of the requests {tally.given_up:,} given up, {tally.refused:,} told: not now.")
    memory = {name: parts([getattr(one, name) for one in seen]) for name in ("service", "database", "files")}
    for name, values in memory.items():
        unit = "open files" if name == "files" else f"megabytes of the {name}"
        console.print(f"{unit}, the medians of {PARTS} parts of the time: {' '.join(f'{one:.0f}' for one in values)}")
    grown = growth(memory["service"])
    console.print(f"After the first tenth the service's memory differed by {grown:.1%} (at most {FLAT:.0%}).")
    console.print(f"Left: {after.clients} of clients' connections, {after.sockets} sockets, {after.used} connections in use.")
    console.print(f"Open files before: {before.files}, after: {after.files}.")
    kept = after.nothing and after.files <= before.files + SPARE
    return {
        "minutes": minutes,
        "refused": tally.refused,
        "done": {name: count for name, count, _, _ in tally.figures()},
        "medians": memory,
        "grown": grown,
        "before": asdict(before),
        "after": asdict(after),
        "held": kept and grown <= FLAT,
    }
