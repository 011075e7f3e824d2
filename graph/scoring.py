"""The calculation of engagement over the whole market, in batches that a job works through.

What everybody did is summed first and kept in chunks; once the highest sum is known, the chunks become scores. So a score is
100 for the highest, whatever is recorded meanwhile. The same again for groups, of their members' new scores.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, LiteralString

from graph.db import Tx
from graph.queries import query

LOOK_BACK = 30  # days, that of the calculation included
CAP = 20  # activities of a type that count, per person and day
SUMMED = 5000  # people or groups summed in a transaction, which locks none of them
PEOPLE_RATED = 2000  # written in a transaction
GROUPS_RATED = 100  # written in a transaction; users wait for these

Cursor = Mapping[str, Any]
"""How far a calculation is, as JSON: its phase with the last id and the highest sum so far, and the shares of activity types."""


@dataclass(frozen=True, slots=True)
class Step:
    """Where the calculation goes on; no cursor: it is done. `busy`: nothing was done, for another job calculates."""

    cursor: Cursor | None
    busy: bool = False


def window(day: date) -> dict[str, int]:
    """When activities count for a calculation on `day`, in seconds since 1970: from `since` on, before `until`."""
    until = int((datetime.combine(day, time(), UTC) + timedelta(days=1)).timestamp())
    return {"since": until - LOOK_BACK * 24 * 3600, "until": until}


async def step(tx: Tx, cursor: Cursor, *, job_id: str, as_of: datetime | None, by: str) -> Step:
    """Does the next batch of a job's calculation; an empty cursor begins it. `as_of`: now, unless given."""
    held = (await tx.run(query("score/hold"), job_id=job_id))[0]
    if held["taken"]:
        return Step({}, busy=True)
    if not cursor or not held["mine"]:
        return Step(await _begin(tx, (as_of or datetime.now(UTC)).astimezone(UTC).date()))
    match cursor["phase"]:
        case "sum people":
            params = {"cap": CAP, "shares": cursor["shares"], "chunk": PEOPLE_RATED}
            during = window(date.fromisoformat(cursor["day"]))
            return Step(await _sum(tx, cursor, "score/sum_people", "rate people", {**params, **during}))
        case "rate people":
            return Step(await _rate(tx, cursor, "score/rate_people", {"phase": "sum groups", "after": "", "top": 0.0}, by))
        case "sum groups":
            return Step(await _sum(tx, cursor, "score/sum_groups", "rate groups", {"chunk": GROUPS_RATED}))
        case _:
            return Step(await _rate(tx, cursor, "score/rate_groups", None, by))


async def _begin(tx: Tx, day: date) -> Cursor:
    await tx.run(query("score/forget"))
    rows = await tx.run(query("score/weights"), **window(day))
    largest = max((row["weight"] for row in rows), default=1.0)
    shares = {row["type"]: row["weight"] / largest for row in rows}
    return {"phase": "sum people", "day": day.isoformat(), "shares": shares, "after": "", "top": 0.0}


async def _sum(tx: Tx, cursor: Cursor, name: LiteralString, then: str, params: Mapping[str, Any]) -> Cursor:
    row = (await tx.run(query(name), after=cursor["after"], limit=SUMMED, **params))[0]
    top = max(cursor["top"], row["top"] or 0.0)
    if row["done"] == SUMMED:
        return {**cursor, "after": row["last"], "top": top}
    return {"phase": then, "top": top}


async def _rate(tx: Tx, cursor: Cursor, name: LiteralString, then: Cursor | None, by: str) -> Cursor | None:
    rated = await tx.run(query(name), top=cursor["top"], by=by)
    return cursor if rated else then
