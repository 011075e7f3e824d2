"""The benchmark's own statements, and how what M1 did is taken back."""

from __future__ import annotations

from collections.abc import Sequence

from bench.beside import statements
from graph.db import Db
from graph.queries import query

ROLE = "Champion"  # what M1 makes people
KEY = "benchmark"  # the name of the API key that ours is called with
ACTORS = (f"key:{KEY}", "local", "peer", "floor")  # who decides in M1, and in the benchmark of decisions
BATCH = 500  # groups in a transaction
one = statements("bench.reads")


async def undo(db: Db, pairs: Sequence[tuple[str, str]]) -> None:
    """Takes back what M1 did to these pairs of a group and a person, if anything."""
    for start in range(0, len(pairs), BATCH):
        some = [list(pair) for pair in pairs[start : start + BATCH]]
        groups = sorted({group for group, _ in some})
        await db.write(one("undo"), pairs=some)
        await db.write(query("group/recount"), group_ids=groups, by=ACTORS[0])
        await db.write(one("forget"), group_ids=groups, actors=ACTORS)
