"""Measures pieces of work, every way in turns, and compares what each leaves behind."""

from __future__ import annotations

import statistics
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.errors import BenchError
from bench.jobs.memory import Java
from bench.jobs.work import Took


@dataclass(frozen=True, slots=True)
class Task:
    """A piece of work: its name, what a row of it is and how many rows what stands afterwards are; the ways to do it, ours
    first; how the graph becomes as it was before; and what stands afterwards, the same for all ways."""

    name: str
    unit: str
    ways: Mapping[str, Callable[[], Awaitable[Took]]]
    before: Callable[[], Awaitable[None]]
    after: Callable[[], Awaitable[Any]]
    rows: Callable[[Any], int]


@dataclass(frozen=True, slots=True)
class Run:
    """One turn of one way: seconds, rows, peak megabytes of Neo4j and of the process that did the work, if it was another."""

    seconds: float
    rows: int
    neo4j: float
    process: float | None


@dataclass(frozen=True, slots=True)
class Measured:
    """What a task came to: the runs of each way."""

    task: Task
    runs: Mapping[str, Sequence[Run]]


async def measured(task: Task, java: Java, rounds: int, warm_ups: int) -> Measured:
    """Does the work so often in every way; another begins in each round. Raises BenchError if two ways leave different things."""
    runs: dict[str, list[Run]] = {way: [] for way in task.ways}
    for number in range(-warm_ups, rounds):
        stands: dict[str, Any] = {}
        for place in range(len(task.ways)):
            way = list(task.ways)[(number + place) % len(task.ways)]
            await task.before()
            java.forget()
            took = await task.ways[way]()
            peak = java.peak()
            stands[way] = await task.after()
            if number >= 0:
                runs[way].append(Run(took.seconds, task.rows(stands[way]), peak, took.process))
        first = next(iter(stands))
        for way, found in stands.items():
            if found != stands[first]:
                raise BenchError(f"{task.name}: {first} leaves {stands[first]}, {way} leaves {found}")
    return Measured(task, runs)


async def timed(work: Awaitable[Any]) -> Took:
    """How long work that this process does takes."""
    began = time.perf_counter()
    await work
    return Took(time.perf_counter() - began)


def median(runs: Sequence[Run]) -> Run:
    """The middle of some runs by their seconds, with the highest peaks of all."""
    seconds = statistics.median(run.seconds for run in runs)
    peaks = [run.process for run in runs if run.process is not None]
    return Run(seconds, runs[0].rows, max(run.neo4j for run in runs), max(peaks, default=None))
