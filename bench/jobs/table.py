"""The figures of runs, and how they are shown: a table for each size, and how the times grow over the sizes."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.jobs.measure import Measured, median

Row = Mapping[str, Any]
Figures = Mapping[str, Any]


def machine() -> dict[str, Any]:
    """How busy the machine is."""
    return {"cores": os.cpu_count(), "load": round(os.getloadavg()[1], 1)}


def figures(done: Sequence[Measured]) -> list[Row]:
    """A row per piece of work and way: the middle of its turns, in seconds, and peaks in megabytes."""
    rows: list[Row] = []
    for one in done:
        for way, runs in one.runs.items():
            run = median(runs)
            own = {"seconds": run.seconds, "rows": run.rows, "unit": one.task.unit, "neo4j": run.neo4j, "process": run.process}
            rows.append({"task": one.task.name, "way": way, **own, "all": [turn.seconds for turn in runs]})
    return rows


def show(console: Console, result: Figures) -> None:
    """Prints one size."""
    rows: Sequence[Row] = result["rows"]
    busy = f"{result['cores']} cores, load {result['load']} over five minutes"
    title = f"{result['market']}; the middle of {result['turns']} in turns; {busy}"
    table = Table("", "", "seconds", "rows", "rows/s", "to floor", "Neo4j MB", "process MB", title=title)
    for row, after in zip(rows, [*rows[1:], None], strict=True):
        first = row["way"] == "ours"
        process = "" if row["process"] is None else f"{row['process']:.0f}"
        numbers = [
            f"{row['seconds']:.2f}",
            f"{row['rows']:,} {row['unit']}",
            f"{row['rows'] / row['seconds']:,.0f}",
            _ratio(rows, row),
        ]
        last = after is None or after["task"] != row["task"]
        table.add_row(row["task"] if first else "", row["way"], *numbers, f"{row['neo4j']:.0f}", process, end_section=last)
    console.print(table)
    made, kept = (_seconds(rows, task) for task in ("creation", "maintenance"))
    if made and kept:
        console.print(f"Maintenance after one in a hundred people changed takes {kept / made:.1%} of creation's time.")
    console.print("to floor: how many times its seconds. Peaks are resident memory; a floor's own process is this benchmark.")


def show_growth(console: Console, results: Sequence[Figures]) -> None:
    """Prints how the times grow: the exponents that fit them best, 1 where twice the people, or twice the rows, take twice as
    long. Rows are the work: larger markets have larger hierarchies, in which each person is wanted by more groups."""
    if len({result["people"] for result in results}) < 2:
        console.print("Growth shows with two sizes or more.")
        return
    ordered = sorted(results, key=lambda result: result["people"])
    sizes = [f"{result['people']:,}" for result in ordered]
    table = Table("seconds at", "", *sizes, "by people", "by rows", title="Growth, and its exponents")
    for row in ordered[0]["rows"]:
        found = [(result["people"], _row(result["rows"], row["task"], row["way"])) for result in ordered]
        cells = [f"{one['seconds']:.2f}" if one else "" for _, one in found]
        by_people = exponent([(people, one["seconds"]) for people, one in found if one])
        by_rows = exponent([(one["rows"], one["seconds"]) for _, one in found if one])
        table.add_row(row["task"], row["way"], *cells, f"{by_people:.2f}", f"{by_rows:.2f}")
    console.print(table)


def exponent(points: Sequence[tuple[float, float]]) -> float:
    """The slope of the line through the logarithms of (size, seconds), by least squares."""
    logs = [(math.log(size), math.log(seconds)) for size, seconds in points]
    x, y = (sum(one[axis] for one in logs) / len(logs) for axis in (0, 1))
    return sum((a - x) * (b - y) for a, b in logs) / sum((a - x) ** 2 for a, _ in logs)


def _ratio(rows: Sequence[Row], row: Row) -> str:
    floor = _seconds(rows, row["task"], "floor")
    return "" if row["way"] == "floor" or not floor else f"{row['seconds'] / floor:.2f}"


def _row(rows: Sequence[Row], task: str, way: str) -> Row | None:
    return next((row for row in rows if (row["task"], row["way"]) == (task, way)), None)


def _seconds(rows: Sequence[Row], task: str, way: str = "ours") -> float | None:
    found = _row(rows, task, way)
    return found["seconds"] if found else None
