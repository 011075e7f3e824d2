"""How much one greedy credential slows others: two partners who ask for one group after the other, alone and beside a third who
asks for ten large groups 32 times at once. In turns, each partner with a load generator of its own."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import processes
from bench.client import Load
from bench.errors import BenchError
from bench.processes import Client, Way
from bench.reads import statements
from bench.reads.queries import Asked, Chosen, asked
from bench.reads.run import CHOSEN
from graph import keys
from graph.db import Db
from graph.embedded import Server
from graph.keys import KeySpec
from graph.model import Permission

PARTNERS = 2
BESIDE = "beside a greedy one"
AT_ONCE = 32  # what a credential may ask for at the same time unless it is set otherwise


async def run(db: Db, server: Server, console: Console, *, rounds: int, seconds: float) -> Mapping[str, Any]:
    """Measures and prints; returns what it came to. Raises BenchError."""
    chosen = Chosen(**(await db.read(statements.one("choose"), count=CHOSEN, pairs=1, role=statements.ROLE))[0])
    by_name = {one.name: one for one in asked(chosen)}
    alone: list[Load] = []
    beside: list[Load] = []
    crowds: list[Load] = []
    async with _clients(db, server, by_name["Q1"], by_name["Q4"]) as (partners, greedy):
        await _turn(partners, None, seconds)  # warms up
        await _turn(partners, greedy, seconds)
        for number in range(rounds):
            for crowded in (False, True) if number % 2 else (True, False):
                loads, crowd = await _turn(partners, greedy if crowded else None, seconds)
                (beside if crowded else alone).extend(loads)
                crowds += crowd
    return _shown(console, {"alone": alone, BESIDE: beside, "the greedy one": crowds}, rounds)


async def _turn(partners: Sequence[Client], greedy: Client | None, seconds: float) -> tuple[list[Load], list[Load]]:
    """What the turn came to, for the partners and for the greedy one, which begins before it and ends after it."""
    crowd = asyncio.create_task(greedy.load("greedy", AT_ONCE, seconds + 1.0)) if greedy else None
    if crowd:
        await asyncio.sleep(0.5)
    loads = await asyncio.gather(*(one.load("partner", 1, seconds) for one in partners))
    greed = [await crowd] if crowd else []
    for load in [*loads, *greed]:
        if load.errors or not load.answers:
            raise BenchError(f"{load.errors} of {load.answers + load.errors} answers are wrong: {load.wrong}")
    return loads, greed


@asynccontextmanager
async def _clients(db: Db, server: Server, small: Asked, large: Asked) -> AsyncGenerator[tuple[list[Client], Client]]:
    """Load generators, each with a key of its own: the partners', and the greedy one's."""
    async with AsyncExitStack() as stack:
        made = [await keys.create(db, KeySpec(f"partner {n}", [Permission.VIEW])) for n in range(PARTNERS + 1)]
        for one in made:
            stack.push_async_callback(keys.revoke, db, one.id)
        way = await stack.enter_async_context(processes.ours(server.connection, made[0].key))
        clients = [await stack.enter_async_context(processes.client()) for _ in made]
        for one, own in zip(clients[:-1], made, strict=False):
            await _know(one, "partner", replace(way, key=own.key), small)
        await _know(clients[-1], "greedy", replace(way, key=made[-1].key), large)
        yield clients[:-1], clients[-1]


async def _know(client: Client, name: str, way: Way, one: Asked) -> None:
    await client.know(name, way, one.path(way.name), one.bodies(way.name), one.expect(way.name))


def _shown(console: Console, found: Mapping[str, Sequence[Load]], rounds: int) -> Mapping[str, Any]:
    result: dict[str, Any] = {"rounds": rounds}
    table = Table(
        "", "answers/s", "p50 ms", "p95 ms", title=f"A partner's one request after the other, {PARTNERS} at once, {rounds} rounds"
    )
    for name, loads in found.items():
        figures = [statistics.median(value) for value in zip(*((one.rate, one.p50, one.p95) for one in loads), strict=True)]
        result[name] = dict(zip(("rate", "p50", "p95"), figures, strict=True))
        table.add_row(name, f"{figures[0]:.0f}", *(f"{1000 * one:.2f}" for one in figures[1:]))
    console.print(table)
    left = result[BESIDE]["rate"] / result["alone"]["rate"]
    console.print(f"Beside it a partner has {left:.2f} of the answers that it has without it.")
    return {**result, "left": left}
