"""What jobs leave behind, in forms that can be compared, whoever left it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from bench.errors import BenchError
from bench.jobs import statements
from bench.jobs.setup import Setup
from graph.db import Db
from graph.queries import query

CHUNK = 500  # accounts in a look


async def groups(db: Db, setup: Setup) -> tuple[int, int, str]:
    """The interest's groups: how many, how many members they have, and a hash of all that is in them."""
    count = members = 0
    found = hashlib.sha256()
    async for accounts in _chunks(db):
        for row in await db.read(statements.one("standing"), interest=setup.interest, accounts=accounts):
            count += 1
            members += len(row["members"])
            found.update(json.dumps(row).encode())
    return count, members, found.hexdigest()[:12]


async def as_wanted(db: Db, setup: Setup) -> int:
    """How many members the rules want in the groups. Raises BenchError if others stand in one, or its completeness is wrong."""
    total = 0
    async for accounts in _chunks(db):
        wanted = await db.read(statements.one("wanted"), interest=setup.interest, roles=setup.cards, accounts=accounts)
        members = {row["account"]: row["members"] for row in wanted}
        for row in await db.read(statements.one("standing"), interest=setup.interest, accounts=accounts):
            _compare(row["account"], members.get(row["account"], []), [_place(one) for one in row["members"]])
            total += len(row["members"])
    if wrong := await db.read(query("doctor/wrong_completeness")):
        raise BenchError(f"{len(wrong)} groups have a wrong completeness: {wrong[0]['what']}")
    return total


def _compare(account: str, wanted: Sequence[Any], standing: Sequence[Any]) -> None:
    if wanted != standing:
        odd, missing = [one for one in standing if one not in wanted], [one for one in wanted if one not in standing]
        raise BenchError(f"in the group at {account} there stand {odd[:3]} wrongly, and {missing[:3]} are missing")


def _place(member: Sequence[Any]) -> list[Any]:
    person, role, _, through, distance, _ = member
    return [person, role, through, distance]


async def _chunks(db: Db) -> AsyncGenerator[list[str]]:
    ids = (await db.read(statements.one("accounts")))[0]["ids"]
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]


async def scores(db: Db, setup: Setup) -> tuple[int, int, int, str]:
    """Scores: how many people and groups have one, how many events tell of groups', and a hash of all."""
    row = (await db.read(statements.one("scores"), interest=setup.interest))[0]
    scored = [sum(score is not None for _, score in row[name]) for name in ("people", "groups")]
    text = json.dumps([[[key, score and f"{score:.7g}"] for key, score in row[name]] for name in ("people", "groups")])
    return scored[0], scored[1], row["events"], hashlib.sha256(text.encode()).hexdigest()[:12]
