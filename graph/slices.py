"""Slices of jobs, each between two bounds of ids, which instances hold and work on at the same time."""

from __future__ import annotations

from graph.db import Tx
from graph.queries import query

WHOLE = ("", "~")
"""Bounds between which all ids are."""
MOST = 16  # slices of a job at a time


async def cut(tx: Tx, job_id: str, total: int, size: int) -> bool:
    """Cuts a job that has so much to do into slices of at least `size`, if that makes two. Whether it did: then the job's own
    lease is over, and whoever finds that no slice is left goes on where its cursor stands."""
    count = min(MOST, total // size)
    if count < 2:
        return False
    await tx.run(query("slice/cut"), id=job_id, bounds=bounds(count))
    return True


def bounds(count: int) -> list[str]:
    """Where so many slices of all ids begin, and where the last one ends. Ids are random, written in hexadecimal digits."""
    return [WHOLE[0], *(f"{place * 256 // count:02x}" for place in range(1, count)), WHOLE[1]]
