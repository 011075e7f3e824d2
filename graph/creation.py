"""Making the groups that an audience's accounts lack, and filling them, a batch of accounts at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from graph import plans
from graph.db import Tx
from graph.matching import Counts, join
from graph.plans import WHOLE, Kept, Plan
from graph.queries import query
from graph.work import Claim, Step

BATCH = 50  # accounts a transaction
CUT_FROM = 1_000  # accounts for which groups are made in slices
SLICES = 16
_MADE = "made"  # all groups are, or others make them
DONE: dict[str, Any] = {_MADE: True}
"""Where a job stands whose groups others make."""


async def step(tx: Tx, claim: Claim, cursor: dict[str, Any]) -> Step:
    """Makes and fills the groups that the next accounts of the audience lack, or has it done in slices. Raises Refused."""
    if _MADE in cursor:
        return Step(None)
    plan, audience_id = await plans.of_creation(tx, claim)
    if "after" in cursor:
        return await make_missing(tx, claim, plan, audience_id, (cursor["after"], WHOLE[1]))
    # What is made from now on is as the rules want it, and maintenance need not look at it until something changes.
    await plans.keep(tx, plan.interest_id, Kept(plan.now, plan.rules), empty=True)
    total = await plans.count(tx, plan, audience_id)
    if total >= CUT_FROM:
        await tx.run(query("slice/cut"), id=claim.id, bounds=_bounds(SLICES))
        return Step(DONE, total=total, cut=True)
    return replace(await make_missing(tx, claim, plan, audience_id, WHOLE), total=total)


async def slice_step(tx: Tx, claim: Claim, bounds: tuple[str, str]) -> Step:
    """The same for the next accounts between two bounds."""
    plan, audience_id = await plans.of_creation(tx, claim)
    return await make_missing(tx, claim, plan, audience_id, bounds)


def _bounds(count: int) -> list[str]:
    """Where so many slices of all ids begin, and where the last one ends. Ids are random, written in hexadecimal digits."""
    return [WHOLE[0], *(f"{place * 256 // count:02x}" for place in range(1, count)), WHOLE[1]]


async def make_missing(
    tx: Tx, claim: Claim, plan: Plan, audience_id: str, bounds: tuple[str, str], look: int | None = None
) -> Step:
    """Makes and fills groups that accounts between two bounds lack: of the next `look` accounts, and no more than a batch."""
    after, until = bounds
    finding, params = plans.targets("job/lacking", plan.audiences[audience_id])
    page = {"audience_id": audience_id, "after": after, "until": until, "look": look or BATCH, "limit": BATCH}
    row = (await tx.run(finding, **page, interest_id=plan.interest_id, top=plan.top, **params))[0]
    entry = claim.entry_stage_id if claim.kind == "CREATE" else plan.entries[audience_id]
    made, added = await _make(tx, plan, row["seats"], entry, claim.by) if row["seats"] else (0, 0)
    more = None if row["after"] is None else {"after": row["after"]}
    return Step(more, done=row["done"], created=made, counts=Counts(added=added))


async def _make(tx: Tx, plan: Plan, account_ids: Sequence[str], entry_stage_id: str | None, by: str) -> tuple[int, int]:
    """How many groups that made, and how many members."""
    creating = {"interest_id": plan.interest_id, "version": plan.version, "entry_stage_id": entry_stage_id}
    made = [row["id"] for row in await tx.run(query("group/create"), **creating, account_ids=list(account_ids), by=by)]
    added = await join(tx, plan.matcher, made, by=by)
    if made:
        await tx.run(query("group/recount"), group_ids=made, by=by)
    return len(made), added
