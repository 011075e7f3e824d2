"""Runs the benchmark of decisions: starts the servers, compares what they do, measures alone and beside jobs."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from rich.console import Console

from bench import processes
from bench.decisions.busy import creating
from bench.decisions.compare import compared
from bench.decisions.loads import loads
from bench.decisions.measure import Measuring
from bench.decisions.table import figures
from bench.market import Shape
from bench.market.kept import standing
from bench.processes import Way
from graph.db import Connection


async def run(people: int, console: Console, *, rounds: int, seconds: float) -> Mapping[str, Any]:
    """Compares and measures on a market of so many people with groups; returns the figures. Raises BenchError."""
    shape = Shape(accounts=people // 10, people=people)
    with tempfile.TemporaryDirectory(prefix="buying-groups-bench-", ignore_cleanup_errors=True) as folder:
        async with (
            standing(shape, Path(folder), console.print) as (db, server),
            _ways(server.connection, console) as ways,
            processes.client() as client,
        ):
            wanted = await loads(db)
            console.print("Comparing what is left behind ...")
            for load in wanted:
                await compared(db, load, ways)
            measuring = Measuring(db, client, ways, wanted, seconds)
            await measuring.warm_up()
            console.print(f"Measuring alone, {rounds} rounds ...")
            for number in range(rounds):
                await measuring.round(number)
            console.print(f"Measuring beside creation jobs, {rounds} rounds ...")
            async with creating(db, server.connection) as busy:
                for number in range(rounds):
                    await measuring.round(number, busy=busy)
    return {"market": str(shape), "rounds": rounds, "seconds": seconds, **figures(measuring)}


@asynccontextmanager
async def _ways(connection: Connection, console: Console) -> AsyncGenerator[list[Way]]:
    """The servers, started."""
    async with AsyncExitStack() as stack:
        ways = [await stack.enter_async_context(processes.ours(connection))]
        if why := processes.no_peer(console.print):
            console.print(f"Without the peer, for {why}.", style="bold")
        else:
            ways.append(await stack.enter_async_context(processes.peer(connection)))
        ways.append(await stack.enter_async_context(processes.floor(connection)))
        yield ways
