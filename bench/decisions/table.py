"""The figures of a run, and how they are shown."""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.client import Load as Answered
from bench.decisions.measure import CONNECTIONS, Measuring

Row = Mapping[str, Any]
MILLISECONDS = ("p50", "p95", "p99")


def figures(measuring: Measuring) -> dict[str, Any]:
    """A row per load and way: medians over the rounds, times in milliseconds, alone and beside jobs."""
    rows: list[Row] = []
    for load in measuring.loads:
        for way in measuring.ways:
            alone, beside = (_figures(measuring.runs[load.name, way.name, busy]) for busy in (False, True))
            rows.append({"load": load.name, "way": way.name, "alone": alone, "beside": beside})
    return {"cores": os.cpu_count(), "load": round(os.getloadavg()[1], 1), "rows": rows}


def _figures(runs: Sequence[Answered]) -> dict[str, float]:
    def middle(of: Callable[[Answered], float]) -> float:
        return statistics.median(of(run) for run in runs)

    times = {name: 1000 * middle(lambda run, name=name: getattr(run, name)) for name in MILLISECONDS}
    return {"rate": middle(lambda run: run.rate), **times}


def show(console: Console, result: Mapping[str, Any]) -> None:
    """Prints figures and ratios."""
    rows: Sequence[Row] = result["rows"]
    busy = f"{result['cores']} cores, load {result['load']} over five minutes"
    table = Table(
        *("", "", "per s", "p50 ms", "p95 ms", "p99 ms", "to floor", "to peer", "beside jobs", "p50", "p95", "p99", "p99 grows"),
        title=f"{result['market']}; decisions from {CONNECTIONS} clients, {result['rounds']} rounds in turns; {busy}",
    )
    for row, after in zip(rows, [*rows[1:], None], strict=True):
        first = row["way"] == "ours"
        ratios = [_ratio(rows, row, way) for way in ("floor", "peer")] if first else ["", ""]
        grows = f"{row['beside']['p99'] / row['alone']['p99']:.2f}"
        last = after is None or after["load"] != row["load"]
        name = row["load"] if first else ""
        table.add_row(name, row["way"], *_shown(row["alone"]), *ratios, *_shown(row["beside"]), grows, end_section=last)
    console.print(table)
    console.print(
        "to floor, to peer: how many times its decisions a second, alone. beside jobs: per s while groups are being made."
    )


def _shown(one: Mapping[str, float]) -> list[str]:
    return [f"{one['rate']:.0f}", *(f"{one[name]:.1f}" for name in MILLISECONDS)]


def _ratio(rows: Sequence[Row], row: Row, way: str) -> str:
    other = next((one for one in rows if (one["load"], one["way"]) == (row["load"], way)), None)
    return f"{row['alone']['rate'] / other['alone']['rate']:.2f}" if other else ""
