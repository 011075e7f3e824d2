"""Buying groups as a whole. Who is in them is decided in `graph.members`, what jobs do to them in `graph.jobs`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from graph.checks import refuse
from graph.db import Db, Tx
from graph.errors import ErrorCode, Problem, Refused
from graph.queries import query

MAX_DELETED = 50


@dataclass(frozen=True, slots=True)
class Deleted:
    """What became of a deletion: the groups that are gone, in the order given, and why others are not."""

    ids: tuple[str, ...]
    problems: tuple[Problem, ...]


async def delete(db: Db, group_ids: Sequence[str]) -> Deleted:
    """Deletes groups with all that hangs on them. Unknown ones are told, the others go.

    Raises Refused, with nothing done: INVALID (none, or one twice), LIMIT_EXCEEDED (more than 50).
    """
    _check(group_ids)

    async def work(tx: Tx) -> list[str]:
        found = [row["id"] for row in await tx.run(query("group/lock"), group_ids=sorted(group_ids))]
        await tx.run(query("group/delete"), group_ids=found)
        return found

    gone = set(await db.transaction(work, name="group/delete"))
    unknown = "There is no buying group with this id."
    problems = [Problem(("ids", str(at)), ErrorCode.NOT_FOUND, unknown) for at, own in enumerate(group_ids) if own not in gone]
    return Deleted(tuple(own for own in group_ids if own in gone), tuple(problems))


def _check(group_ids: Sequence[str]) -> None:
    if not group_ids:
        raise Refused.of("ids", ErrorCode.INVALID, "Name at least one buying group.")
    if len(group_ids) > MAX_DELETED:
        words = f"At most {MAX_DELETED} buying groups in one call, not {len(group_ids)}. Nothing was deleted."
        raise Refused.of("ids", ErrorCode.LIMIT_EXCEEDED, words)
    first: dict[str, int] = {}
    problems: list[Problem] = []
    for place, own in enumerate(group_ids):
        if own in first:
            words = f"This buying group already stands at position {first[own]}. Nothing was deleted."
            problems.append(Problem(("ids", str(place)), ErrorCode.INVALID, words))
        first.setdefault(own, place)
    refuse(problems)
