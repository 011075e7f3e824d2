"""Whether a decision leaves the same behind, whoever makes it. Nothing is measured before."""

from __future__ import annotations

import urllib.request
from collections.abc import Sequence
from typing import Any

from bench.beside import statements
from bench.client import HOST
from bench.decisions.loads import ROLES, Load, path
from bench.errors import BenchError
from bench.processes import Way
from bench.reads.statements import ACTORS, undo
from graph.db import Db

own = statements("bench.decisions")


async def compared(db: Db, load: Load, ways: Sequence[Way]) -> None:
    """Lets all ways make one person a member, then give them another role, and compares what stands and what is on record.
    Raises BenchError. The peer keeps neither a record nor completeness, and leaves an edge for each."""
    pair = load.pairs[0]
    stands: dict[str, list[Any]] = {way.name: [] for way in ways}
    for way in ways:
        for place in range(len(ROLES)):
            said = _answer(load, way, place)
            if load.expect(way.name) not in said:
                raise BenchError(f"{load.name}: {way.name} says {said}")
            row = (await db.read(own("stands"), group=pair[0], person=pair[1], actors=ACTORS))[0]
            stands[way.name].append(row)
        await undo(db, [pair])
    if stands["ours"] != stands["floor"]:
        raise BenchError(f"{load.name}: we leave {stands['ours']}, the floor leaves {stands['floor']}")
    if "peer" in stands and stands["peer"][0]["decision"][:2] != stands["floor"][0]["decision"][:2]:
        raise BenchError(f"{load.name}: the peer leaves {stands['peer'][0]}, the floor leaves {stands['floor'][0]}")


def _answer(load: Load, way: Way, place: int) -> str:
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    body = load.body(way.name, load.pairs[0], place).encode()
    request = urllib.request.Request(f"http://{HOST}:{way.port}{path(way.name)}", body, headers)
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - our own servers
        return answer.read().decode("utf-8")
