"""Whether the graph keeps what it promises: one statement per invariant, each telling what breaks it; and for those that can be
mended without guessing what somebody wanted, one that does, and tells what it did."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, LiteralString, cast

from graph.db import Db
from graph.queries import query

SHOWN = 5  # of what breaks an invariant
BATCH = 500  # places mended in a transaction
BY = "doctor"  # who has changed what was mended

UNMENDED = {
    "circles": "only the CRM knows which of these accounts is above the other: import them with the right parents",
    "double_decisions": "none of the decisions is the one that the last event tells of: decide anew by hand",
    "double_groups": "decisions about members would be lost with either: delete the one that nobody uses",
    "double_parents": "only the CRM knows which parent is right: import the account with it",
    "foreign_roles": "a person may have decided it: move the members to a role on a card; maintenance does so for those of rules",
    "foreign_stages": "the group's history doesn't end in a stage where it stands and that its model has: move it by hand",
    "misplaced_groups": "what the group says and where it hangs differ, either may be right: delete it, and have it made again",
    "silent_changes": "nobody knows who decided this: an event would be made up. Decide anew by hand, which is put on record",
    "silent_moves": "nobody knows whether the stage or the history is right: move the group by hand, which is put on record",
    "unlive_engagement": "there is no engagement model that was ever LIVE: activate one",
    "unlive_templates": "the interest uses several templates, or none that has cards: give it one that is LIVE",
}
"""Why what a check finds can't be mended, or not all of it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """An invariant, how often it is broken, and the first few places in words."""

    check: str
    title: str
    broken: int
    shown: tuple[str, ...]


def checks() -> list[str]:
    """The names of all checks: the files of `cypher/doctor/`."""
    return _names("doctor")


def mendable() -> list[str]:
    """The names of the checks whose findings can be mended: the files of `cypher/mend/`."""
    return _names("mend")


def _names(folder: str) -> list[str]:
    names = (file.name for file in files("cypher").joinpath(folder).iterdir())
    return sorted(name.removesuffix(".cypher") for name in names if name.endswith(".cypher"))


async def examine(db: Db) -> AsyncGenerator[Finding]:
    """Every invariant in turn; it only reads."""
    for check in checks():
        yield await examine_one(db, check)


async def examine_one(db: Db, check: str) -> Finding:
    """One invariant."""
    statement = query(cast(LiteralString, f"doctor/{check}"))
    found = [row["what"] for row in await db.read(statement)]
    return Finding(check, statement.answers, len(found), tuple(found[:SHOWN]))


async def mend(db: Db, check: str) -> list[str]:
    """Mends what can be mended of what a check finds. Returns what was done, a line for each place."""
    if check not in mendable():
        return []
    statement = query(cast(LiteralString, f"mend/{check}"))
    given: dict[str, Any] = {"by": BY, "limit": BATCH}
    done: list[str] = []
    while rows := await db.write(statement, **{name: given[name] for name in statement.params}):
        done += [row["what"] for row in rows]
        if len(rows) < BATCH:
            break
    return done


async def server_version(db: Db) -> str:
    """What the server is, such as `Neo4j Kernel 2026.09.0 community`."""
    row = (await db.read(query("server/version")))[0]
    return f"{row['name']} {row['version']} {row['edition']}"
