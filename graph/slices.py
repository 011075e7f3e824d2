"""Slices of jobs, each between two bounds, mostly of ids, which instances hold and work on at the same time."""

from __future__ import annotations

from collections.abc import Sequence

from graph.db import Tx
from graph.queries import query

WHOLE = ("", "~")
"""Bounds between which all ids are."""
MOST = 16  # slices of a job at a time


def count(total: int, size: int) -> int:
    """How many slices of at least `size` so much makes; one, or none: cutting doesn't pay."""
    return min(MOST, total // size)


async def cut(tx: Tx, job_id: str, bounds: Sequence[str]) -> None:
    """Cuts a job into the slices between these bounds. Its own lease is over then, and whoever finds that no slice is left goes
    on where its cursor stands."""
    await tx.run(query("slice/cut"), id=job_id, bounds=list(bounds))


def bounds(count: int) -> list[str]:
    """Where so many slices of all ids begin, and where the last one ends. Ids are random, written in hexadecimal digits."""
    return [WHOLE[0], *(f"{place * 256 // count:02x}" for place in range(1, count)), WHOLE[1]]
