"""What people did, as marketing systems tell it: each activity counts once, however often it is told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from graph.checks import name_problems
from graph.db import Db, Tx
from graph.errors import ErrorCode, Problem, Refused
from graph.model import Input
from graph.queries import query
from graph.rows import key_problems, not_there

MAX_ACTIVITIES_PER_CALL = 5000


@dataclass(frozen=True, slots=True)
class RecordResult:
    """What became of a batch of activities."""

    recorded: int
    duplicates: int
    problems: tuple[Problem, ...]


async def record(db: Db, activities: Sequence[Input]) -> RecordResult:
    """Records activities (the contract's ActivityInput). One with a problem is left out: INVALID, NOT_FOUND (the person).
    Raises Refused LIMIT_EXCEEDED."""
    return await db.transaction(recording(activities), name="activity/record")


def recording(activities: Sequence[Input]) -> Callable[[Tx], Awaitable[RecordResult]]:
    """The same as the work of a transaction. Raises Refused LIMIT_EXCEEDED."""
    if len(activities) > MAX_ACTIVITIES_PER_CALL:
        words = f"At most {MAX_ACTIVITIES_PER_CALL:,} activities in one call, not {len(activities):,}. Nothing was done."
        raise Refused.of("activities", ErrorCode.LIMIT_EXCEEDED, words)
    problems: list[Problem] = []
    places: dict[str, int] = {}
    duplicates = 0
    for place, one in enumerate(activities):
        found = [*key_problems(one["activityId"], "activityId"), *name_problems(one["type"], "type")]
        problems += [problem.under("activities", place) for problem in found]
        if not found and one["activityId"] in places:
            duplicates += 1
        elif not found:
            places[one["activityId"]] = place
    told = (activities[place] for place in places.values())
    rows = [dict(one) | {"occurredAt": one["occurredAt"].isoformat()} for one in told]
    # By person first, for two calls that touch the same people must lock them in the same order.
    rows.sort(key=lambda one: (one["personExternalId"], one["activityId"]))

    async def work(tx: Tx) -> RecordResult:
        if not rows:
            return RecordResult(0, duplicates, tuple(problems))
        done = (await tx.run(query("activity/record"), rows=rows))[0]
        unknown = [_unknown(activities, places[key]) for key in done["unknown"]]
        all_problems = sorted((*problems, *unknown), key=lambda problem: int(problem.field[1]))
        return RecordResult(done["recorded"], duplicates + done["duplicates"], tuple(all_problems))

    return work


def _unknown(activities: Sequence[Input], place: int) -> Problem:
    return not_there("person", activities[place]["personExternalId"], "personExternalId").under("activities", place)
