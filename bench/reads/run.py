"""Runs the benchmark of reads: starts the servers, compares what they say, measures, prints."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

from rich.console import Console

from bench import processes
from bench.processes import Cpu, Way
from bench.reads import statements
from bench.reads.compare import compared, compared_writes
from bench.reads.measure import Measuring
from bench.reads.queries import BY_HAND, Chosen, asked
from bench.reads.table import figures, show
from graph import keys
from graph.db import Db
from graph.embedded import Server
from graph.keys import KeySpec
from graph.model import Permission

CHOSEN = 1000  # groups and accounts that are asked about
PAIRS = 5000  # groups that M1 assigns somebody to


async def run(db: Db, server: Server, console: Console, *, rounds: int, seconds: float) -> Mapping[str, Any]:
    """Compares, measures and prints; returns what it came to. Raises BenchError."""
    chosen = Chosen(**(await db.read(statements.one("choose"), count=CHOSEN, pairs=PAIRS, role=statements.ROLE))[0])
    await statements.undo(db, chosen.outsiders)
    queries = asked(chosen)
    async with _ways(db, server, console) as ways, processes.client() as client:
        console.print("Comparing the answers ...")
        sizes = {one.name: compared(one, one.ways(ways)) for one in queries if not one.writes}
        for one in queries:
            if one.writes:
                await compared_writes(db, one, one.ways(ways), chosen)
        console.print(f"Measuring, {rounds} rounds ...")
        measuring = Measuring(db, client, Cpu(server.pid), chosen, ways, queries, seconds)
        await measuring.warm_up()
        for number in range(rounds):
            await measuring.round(number)
    result = {"rounds": rounds, "seconds": seconds, **figures(measuring, sizes)}
    show(console, result)
    return result


@asynccontextmanager
async def _ways(db: Db, server: Server, console: Console) -> AsyncGenerator[list[Way]]:
    """The servers, started; ours lets nobody in without a key."""
    connection = server.connection
    async with AsyncExitStack() as stack:
        made = await keys.create(db, KeySpec(statements.KEY, [Permission.MANAGE_BUYING_GROUPS]))
        stack.push_async_callback(keys.revoke, db, made.id)
        ways = [await stack.enter_async_context(processes.ours(connection, made.key))]
        if why := processes.no_peer(console.print):
            console.print(f"Without the peer, for {why}.", style="bold")
        else:
            ways.append(await stack.enter_async_context(processes.peer(connection)))
        floor = await stack.enter_async_context(processes.floor(connection))
        yield [*ways, *(replace(floor, name=name) for name in BY_HAND)]
