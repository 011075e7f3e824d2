"""What is decided in each load, and how each way is asked for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from api import ids
from bench.beside import statements, text
from bench.errors import BenchError
from bench.market import words
from graph.db import Db

GROUPS, EACH = 5000, 5  # groups that the uniform load decides about, and people of each
PEOPLE = 100  # whom the load on one group decides about
ROLES = (words.CHAMPION, words.PRACTISES)
AT = "2026-11-20T08:00:00Z"  # when, as the peer is told
own = statements("bench.decisions")

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Load:
    """Decisions to make: each pair of a group and a person first in one role, then in the other, and again. `certain`: the ways
    of which each decision finds the other role, so that each applies. On a hot group that can't be said: what waits there, or
    what the database has ended and the driver does again, may be overtaken by the next round."""

    name: str
    pairs: Sequence[Pair]
    role_ids: Sequence[str]
    certain: Sequence[str]

    def bodies(self, way: str) -> list[str]:
        """The requests' bodies, in order."""
        return [self.body(way, pair, place) for place in range(len(ROLES)) for pair in self.pairs]

    def body(self, way: str, pair: Pair, place: int) -> str:
        """The request for one decision, the role given by its place."""
        group, person = pair
        role_id = self.role_ids[place]
        if way == "floor":
            return orjson.dumps({"group": group, "person": person, "role": role_id}).decode()
        variables: dict[str, Any] = {"group": group, "person": person}
        if way == "ours":
            variables = {"group": ids.encode("BuyingGroup", group), "person": ids.encode("Person", person)}
            variables["role"] = ids.encode("Role", role_id)
        else:
            variables |= {"roleId": role_id, "role": ROLES[place], "at": AT}
        return orjson.dumps({"query": text("bench.reads", f"m1.{way}.graphql"), "variables": variables}).decode()

    def expect(self, way: str) -> str:
        """What stands in every right answer."""
        if way == "peer":
            return '"id":"'
        return '"outcome":"APPLIED"' if way in self.certain else '"outcome":"'


def path(way: str) -> str:
    """Where requests go."""
    return {"ours": "/graphql", "peer": "/"}.get(way, f"/m1.{way}")


async def loads(db: Db) -> list[Load]:
    """The loads. Raises BenchError if the market is too small for them."""
    wanted = {"groups": GROUPS, "each": EACH, "people": PEOPLE, "roles": list(ROLES)}
    row = (await db.read(own("choose"), **wanted))[0]
    pairs: list[Pair] = [(group, person) for group, person in row["pairs"]]
    around: list[Pair] = [(group, person) for group, person in row["around"]]
    if len(pairs) < PEOPLE or len(around) < PEOPLE // 2:
        raise BenchError(f"the market has too few people beside its groups: {len(pairs)} and {len(around)}")
    return [
        Load("uniform", pairs, row["role_ids"], ("ours", "floor")),
        Load("hot group", around, row["role_ids"], ()),
        Load("hot pair", around[:1], row["role_ids"], ()),
    ]
