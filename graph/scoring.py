"""The calculation of engagement over the whole market, in phases that a job works through in batches, large ones in slices.

What everybody did is summed first and kept in chunks; once the highest sum is known, the chunks become scores. So a score is
100 for the highest, whatever is recorded meanwhile. The same again for groups, of their members' new scores.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, LiteralString

from graph import slices
from graph.db import Tx
from graph.queries import query
from graph.slices import WHOLE

LOOK_BACK = 30  # days, that of the calculation included
CAP = 20  # activities of a type that count, per person and day
SUMMED = 5000  # people or groups summed in a transaction, which locks none of them
PEOPLE_RATED = 2000  # written in a transaction
GROUPS_RATED = 250  # written in a transaction; users wait for these
PEOPLE_SLICE, GROUPS_SLICE = 10_000, 1_000  # in a slice, at least

Cursor = Mapping[str, Any]
"""How far a calculation is, as JSON: its phase with the last id, or that it was cut into slices, the highest sum, once it is
known, and the shares of activity types."""


@dataclass(frozen=True, slots=True)
class Step:
    """Where the calculation goes on; no cursor: it is done. `busy`: nothing was done, for another job calculates; `help`: which
    has slices to share. `cut`: the phase is done in slices."""

    cursor: Cursor | None
    busy: bool = False
    help: bool = False
    cut: bool = False


@dataclass(frozen=True, slots=True)
class _Phase:
    """What is done in batches: of how many (the column of score/size), in slices of how many at least, and what comes then."""

    name: LiteralString
    of: str
    slice: int
    then: str | None


def _phases() -> Mapping[str, _Phase]:
    return {
        "sum people": _Phase("score/sum_people", "people", PEOPLE_SLICE, "rate people"),
        "rate people": _Phase("score/rate_people", "people", PEOPLE_SLICE, "sum groups"),
        "sum groups": _Phase("score/sum_groups", "groups", GROUPS_SLICE, "rate groups"),
        "rate groups": _Phase("score/rate_groups", "groups", GROUPS_SLICE, None),
    }


def window(day: date) -> dict[str, int]:
    """When activities count for a calculation on `day`, in seconds since 1970: from `since` on, before `until`."""
    until = int((datetime.combine(day, time(), UTC) + timedelta(days=1)).timestamp())
    return {"since": until - LOOK_BACK * 24 * 3600, "until": until}


async def step(tx: Tx, cursor: Cursor, *, job_id: str, as_of: datetime | None, by: str) -> Step:
    """Does the next batch of a job's calculation, or has its phase done in slices; an empty cursor begins it. `as_of`: now,
    unless given."""
    held = (await tx.run(query("score/hold"), job_id=job_id))[0]
    if held["taken"]:
        return Step({}, busy=True, help=held["sliced"])
    if not cursor or not held["mine"]:
        return Step(await _begin(tx, (as_of or datetime.now(UTC)).astimezone(UTC).date()))
    if cursor.get("cut"):  # and no slice of it is left
        return Step(_then(cursor))
    if "after" not in cursor:
        size = (await tx.run(query("score/size")))[0]
        phase = _phases()[cursor["phase"]]
        cursor = {**cursor, "top": size["top"]}
        if (count := slices.count(size[phase.of], phase.slice)) > 1:
            await slices.cut(tx, job_id, slices.bounds(count))
            return Step({**cursor, "cut": True}, cut=True)
        cursor = {**cursor, "after": WHOLE[0]}
    after = await slice_step(tx, cursor, (cursor["after"], WHOLE[1]), by)
    return Step(_then(cursor) if after is None else {**cursor, "after": after})


async def slice_step(tx: Tx, cursor: Cursor, bounds: tuple[str, str], by: str) -> str | None:
    """Does the next batch of the cursor's phase between two bounds; returns the last id of it, unless it was the last one."""
    phase = _phases()[cursor["phase"]]
    page = dict(zip(("after", "before"), bounds, strict=True))
    match cursor["phase"]:
        case "sum people":
            counting = {"cap": CAP, "shares": cursor["shares"], **window(date.fromisoformat(cursor["day"]))}
            rows = await tx.run(query(phase.name), limit=SUMMED, chunk=PEOPLE_RATED, **page, **counting)
            return rows[0]["last"] if rows[0]["done"] == SUMMED else None
        case "sum groups":
            rows = await tx.run(query(phase.name), limit=SUMMED, chunk=GROUPS_RATED, **page)
            return rows[0]["last"] if rows[0]["done"] == SUMMED else None
        case _:
            rows = await tx.run(query(phase.name), top=cursor["top"], by=by, **page)
            return rows[0]["last"] if rows else None


async def _begin(tx: Tx, day: date) -> Cursor:
    await tx.run(query("score/forget"))
    rows = await tx.run(query("score/weights"), **window(day))
    largest = max((row["weight"] for row in rows), default=1.0)
    shares = {row["type"]: row["weight"] / largest for row in rows}
    return {"phase": "sum people", "day": day.isoformat(), "shares": shares}


def _then(cursor: Cursor) -> Cursor | None:
    """Where the phase after that of the cursor begins; None after the last."""
    then = _phases()[cursor["phase"]].then
    return None if then is None else {"phase": then, "day": cursor["day"], "shares": cursor["shares"]}
