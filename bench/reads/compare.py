"""Whether all ways say, and do, the same. Nothing is measured before."""

from __future__ import annotations

import urllib.request
from collections.abc import Sequence
from typing import Any

from bench.client import HOST
from bench.errors import BenchError
from bench.processes import Way
from bench.reads import statements
from bench.reads.queries import Asked, Chosen, objects
from graph.db import Db

COMPARED = 20  # requests of each query


def compared(one: Asked, ways: Sequence[Way]) -> tuple[int, int]:
    """Asks all ways for some of the same; returns how many objects the smallest and the largest answer have. Raises
    BenchError."""
    counts: list[int] = []
    for number in range(0, len(one.variables), max(1, len(one.variables) // COMPARED)):
        said = {way.name: one.data(way.name, _answer(one, way, number)) for way in ways}
        for name, data in said.items():
            if data != said["floor"]:
                raise BenchError(f"{one.name} {dict(one.variables[number])}: {name} says {data}, the floor says {said['floor']}")
        counts.append(objects(said["floor"]))
    return min(counts), max(counts)


async def compared_writes(db: Db, one: Asked, ways: Sequence[Way], chosen: Chosen) -> None:
    """Lets all ways do the same, one after the other, and compares what stands then. Raises BenchError."""
    group, person = chosen.outsiders[0]
    stands: dict[str, Any] = {}
    for way in ways:
        said = one.data(way.name, _answer(one, way, 0))
        row = (await db.read(statements.one("stands"), group=group, person=person))[0]
        stands[way.name] = [row["role_id"], row["source"], *([] if way.name == "peer" else [row["completeness"], said])]
        await statements.undo(db, [(group, person)])
    for name, standing in stands.items():
        if standing != stands["floor"][: len(standing)]:
            raise BenchError(f"{one.name}: after {name} there stands {standing}, after the floor {stands['floor']}")


def _answer(one: Asked, way: Way, number: int) -> bytes:
    url = f"http://{HOST}:{way.port}{one.path(way.name)}"
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if way.key:
        headers["Authorization"] = f"Bearer {way.key}"
    request = urllib.request.Request(url, one.body(way.name, number).encode(), headers)
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - our own servers
        return answer.read()
