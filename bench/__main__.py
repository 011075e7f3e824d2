"""`python -m bench` runs all benchmarks at their small size, `python -m bench NAME` one of them."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import platformdirs
import typer
from rich.console import Console

from bench import limits, market, rates, reads
from bench.errors import BenchError
from bench.market import FULL, SMALL, Shape
from graph.db import connect
from graph.embedded import Options, embedded
from graph.errors import GraphError

WIDTH = 110  # characters, for the tables
app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.callback(invoke_without_command=True)
def everything(context: typer.Context) -> None:
    """Benchmarks. Without a name, all of them at their small size."""
    if context.invoked_subcommand is None:
        measure_limits()
        with tempfile.TemporaryDirectory(prefix="buying-groups-bench-", ignore_cleanup_errors=True) as folder:
            measure_rates(data=Path(folder))
            measure_reads(data=Path(folder))


@app.command("reads")
def measure_reads(
    full: Annotated[bool, typer.Option("--full", help=f"On {FULL}; else on {SMALL}.")] = False,
    data: Annotated[Path | None, typer.Option(help="A folder in which the loaded market is kept for the next run.")] = None,
    out: Annotated[Path | None, typer.Option("--json", help="Where to write the figures, too.")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="How often each way has its turn.")] = 5,
    seconds: Annotated[float, typer.Option(min=0.1, help="How long a turn is.")] = 0.8,
) -> None:
    """Nested reads and a write: ours, @neo4j/graphql, and handwritten Cypher through the raw driver."""
    logging.getLogger("neo4j").setLevel(logging.ERROR)  # transactions are retried; that is no news
    console = Console(highlight=False)
    console.width = max(console.width, WIDTH)
    try:
        figures = asyncio.run(_on_market(FULL if full else SMALL, data, console, reads.run, rounds=rounds, seconds=seconds))
    except (BenchError, GraphError) as error:
        sys.exit(str(error))
    if out:
        out.write_text(json.dumps(figures, indent=2) + "\n", "utf-8")


@app.command("rates")
def measure_rates(
    full: Annotated[bool, typer.Option("--full", help=f"On {FULL}; else on {SMALL}.")] = False,
    data: Annotated[Path | None, typer.Option(help="A folder in which the loaded market is kept for the next run.")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="How often each has its turn.")] = 5,
    seconds: Annotated[float, typer.Option(min=0.1, help="How long a turn is.")] = 3.0,
) -> None:
    """How much one greedy credential slows others."""
    logging.getLogger("neo4j").setLevel(logging.ERROR)
    console = Console(highlight=False)
    try:
        asyncio.run(_on_market(FULL if full else SMALL, data, console, rates.run, rounds=rounds, seconds=seconds))
    except (BenchError, GraphError) as error:
        sys.exit(str(error))


@app.command("limits")
def measure_limits() -> None:
    """How soon a request that asks for too much is refused."""
    asyncio.run(_limits(Console(highlight=False)))


async def _limits(console: Console) -> None:
    cache = Path(platformdirs.user_cache_dir("buying-groups", appauthor=False))
    with tempfile.TemporaryDirectory(prefix="buying-groups-bench-", ignore_cleanup_errors=True) as folder:
        options = Options(Path(folder), cache, bolt_port=0, browser_port=None)
        async with embedded(options) as server, connect(server.connection) as db:
            await limits.run(db, console)


async def _on_market(
    shape: Shape, data: Path | None, console: Console, measure: Callable[..., Awaitable[Mapping[str, Any]]], **more: Any
) -> Mapping[str, Any]:
    with tempfile.TemporaryDirectory(prefix="buying-groups-bench-", ignore_cleanup_errors=True) as temporary:
        async with market.standing(shape, data or Path(temporary), console.print) as (db, server):
            return {"market": str(shape), **await measure(db, server, console, **more)}


if __name__ == "__main__":
    app()
