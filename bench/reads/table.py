"""The figures of a run, and how they are shown."""

from __future__ import annotations

import os
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.reads.measure import CONNECTIONS, Measuring

Row = Mapping[str, Any]
COMPARED = ("peer", "floor")


def figures(measuring: Measuring, sizes: Mapping[str, tuple[int, int]]) -> dict[str, Any]:
    """A row per query and way: medians over the rounds, times in milliseconds; and how busy the machine was."""
    rows: list[Row] = []
    for one in measuring.queries:
        for way in one.ways(measuring.ways):
            alone, crowd = (measuring.runs[one.name, way.name, connections] for connections in CONNECTIONS)
            rows.append(
                {
                    "query": one.name,
                    "title": one.title,
                    "objects": sizes.get(one.name),
                    "way": way.name,
                    "p50": 1000 * _median(run.load.p50 for run in alone),
                    "p95": 1000 * _median(run.load.p95 for run in alone),
                    "rate": _median(run.load.answers / run.load.seconds for run in crowd),
                    "server_cpu": 1000 * _median(run.server for run in crowd),
                    "neo4j_cpu": 1000 * _median(run.neo4j for run in crowd),
                    "bytes": round(_median(run.load.size for run in crowd)),
                }
            )
    return {"cores": os.cpu_count(), "load": round(os.getloadavg()[1], 1), "rows": rows}


def show(console: Console, result: Mapping[str, Any]) -> None:
    """Prints figures and ratios."""
    rows: Sequence[Row] = result["rows"]
    busy = f"{result['cores']} cores, load {result['load']} over five minutes"
    table = Table(
        *("", "", "p50 ms", "p95 ms", "req/s", "server ms", "Neo4j ms", "kB", "to peer", "to floor"),
        title=f"One worker each, {result['rounds']} rounds in turns; {busy}",
    )
    for row, after in zip(rows, [*rows[1:], None], strict=True):
        first = row["way"] == "ours"
        numbers = [f"{row[name]:.2f}" for name in ("p50", "p95", "rate", "server_cpu", "neo4j_cpu")]
        ratios = [_ratio(row, _row(rows, row["query"], way)) for way in COMPARED] if first else []
        last = after is None or after["query"] != row["query"]
        name = row["query"] if first else ""
        table.add_row(name, row["way"], *numbers, f"{row['bytes'] / 1000:.1f}", *ratios, end_section=last)
    console.print(table)
    for row in rows:
        if row["way"] == "ours":
            sizes = f", {row['objects'][0]:,} to {row['objects'][1]:,} objects" if row["objects"] else ""
            console.print(f"{row['query']}: {row['title']}{sizes}")
    console.print(
        f"p50 and p95 with one connection, req/s with {CONNECTIONS[-1]}; server and Neo4j ms: CPU an answer takes then."
    )
    console.print("to peer, to floor: how many times its requests per second; in brackets how many times faster the p50 is.")


def _ratio(row: Row, other: Row | None) -> str:
    return f"{row['rate'] / other['rate']:.2f} ({other['p50'] / row['p50']:.2f})" if other else ""


def _row(rows: Sequence[Row], query: str, way: str) -> Row | None:
    return next((row for row in rows if (row["query"], row["way"]) == (query, way)), None)


def _median(values: Iterable[float]) -> float:
    return statistics.median(values)
