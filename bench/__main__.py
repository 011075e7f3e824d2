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
from bench.decisions import run as decisions
from bench.decisions.table import show as show_decisions
from bench.errors import BenchError
from bench.faults import run as faults
from bench.jobs import run as jobs
from bench.jobs.kept import Kept
from bench.jobs.table import show, show_growth
from bench.market import FULL, SMALL, Shape
from bench.soak import run as soak
from graph.db import connect
from graph.embedded import Options, embedded
from graph.errors import GraphError

SMALLEST = 10_000  # people
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
        measure_jobs()
        measure_decisions()


@app.command("reads")
def measure_reads(
    full: Annotated[bool, typer.Option("--full", help=f"On {FULL}; else on {SMALL}.")] = False,
    data: Annotated[Path | None, typer.Option(help="A folder in which the loaded market is kept for the next run.")] = None,
    out: Annotated[Path | None, typer.Option("--json", help="Where to write the figures, too.")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="How often each way has its turn.")] = 5,
    seconds: Annotated[float, typer.Option(min=0.1, help="How long a turn is.")] = 0.8,
) -> None:
    """Nested reads and a write: ours, @neo4j/graphql, and handwritten Cypher through the raw driver."""
    console = _console()
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
    console = _console()
    try:
        asyncio.run(_on_market(FULL if full else SMALL, data, console, rates.run, rounds=rounds, seconds=seconds))
    except (BenchError, GraphError) as error:
        sys.exit(str(error))


@app.command("jobs")
def measure_jobs(
    size: Annotated[list[int] | None, typer.Option(min=1000, help="How many people; may be given several times.")] = None,
    only: Annotated[list[jobs.Part] | None, typer.Option(help="Only this; may be given several times.")] = None,
    data: Annotated[Path | None, typer.Option(help="A folder in which the markets stay for the next run.")] = None,
    out: Annotated[
        Path | None,
        typer.Option("--json", help="A folder for the figures, a file for each size. What isn't measured stays there."),
    ] = None,
) -> None:
    """Creation, maintenance, engagement, export and import, each beside the same by hand."""
    console = _console()
    results: list[Mapping[str, Any]] = []
    for people in sorted(set(size or [SMALLEST])):
        kept = Kept(out and out / f"jobs-{people}.json")
        try:
            asyncio.run(jobs.run(people, console, only or list(jobs.Part), data and data / str(people), kept.keep))
        except (BenchError, GraphError) as error:
            sys.exit(str(error))
        show(console, kept.figures)
        results.append(kept.figures)
    show_growth(console, results)


@app.command("growth")
def growth(files: Annotated[list[Path], typer.Argument(help="Figures that `jobs --json` wrote, one file a size.")]) -> None:
    """How the times of jobs grow over sizes that were measured one by one."""
    show_growth(_console(), [json.loads(file.read_text("utf-8")) for file in files])


@app.command("decisions")
def measure_decisions(
    size: Annotated[int, typer.Option(min=10_000, help="How many people.")] = SMALLEST,
    out: Annotated[Path | None, typer.Option("--json", help="Where to write the figures, too.")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="How often each way has its turn.")] = 3,
    seconds: Annotated[float, typer.Option(min=0.1, help="How long a turn is.")] = 1.0,
) -> None:
    """Decisions from sixteen clients, alone and beside jobs: ours, @neo4j/graphql, and one handwritten transaction."""
    console = _console()
    try:
        result = asyncio.run(decisions.run(size, console, rounds=rounds, seconds=seconds))
    except (BenchError, GraphError) as error:
        sys.exit(str(error))
    show_decisions(console, result)
    if out:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(result, indent=2) + "\n", "utf-8")


@app.command("faults")
def try_faults(only: Annotated[str | None, typer.Option(help="Only those faults whose name has this in it.")] = None) -> None:
    """What is lost, what is done twice, and how long clients wait, when something breaks. Ends with 1 if anything is."""
    console = _console()
    try:
        outcomes = asyncio.run(faults.run(console, only))
    except (BenchError, GraphError) as error:
        sys.exit(str(error))
    faults.show(console, outcomes)
    if failed := [one.name for one in outcomes if not one.held]:
        sys.exit(f"Something was lost or doubled, or somebody waited longer than {faults.MOST:g} s: {', '.join(failed)}")


@app.command("soak")
def use_all_at_once(
    minutes: Annotated[float, typer.Option(min=1.0, help="For how long.")] = 60.0,
    out: Annotated[Path | None, typer.Option("--json", help="Where to write the figures, too.")] = None,
) -> None:
    """Reads, decisions, imports, exports, jobs and subscriptions at once: memory must stay flat, and all connections come back.
    Ends with 1 if they don't."""
    console = _console()
    try:
        result = asyncio.run(soak.run(console, minutes=minutes))
    except (BenchError, GraphError) as error:
        sys.exit(str(error))
    if out:
        out.write_text(json.dumps(result, indent=2) + "\n", "utf-8")
    if not result["held"]:
        sys.exit("Memory grew, or something was not given back.")


@app.command("limits")
def measure_limits() -> None:
    """How soon a request that asks for too much is refused."""
    asyncio.run(_limits(Console(highlight=False)))


def _console() -> Console:
    logging.getLogger("neo4j").setLevel(logging.ERROR)  # transactions are retried; that is no news
    console = Console(highlight=False)
    console.width = max(console.width, WIDTH)
    return console


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
