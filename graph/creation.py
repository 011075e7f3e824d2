"""Making the groups that an audience's accounts lack, and filling them, a batch of accounts at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from graph import plans, slices
from graph.db import Row, Tx
from graph.matching import Counts, members_at
from graph.plans import Kept, Plan
from graph.queries import query
from graph.slices import WHOLE
from graph.work import Claim, Left, Step

BATCH = 50  # groups made in a transaction: users who wait for the same people wait 50 ms, not half a second
LOOK = 500  # accounts looked at in a transaction
GENTLE_LOOK = 20  # beside requests, which share the cores of the database with this and with making as many groups
SLICE = 500  # accounts in a slice, at least
_MADE = "made"  # all groups are, in slices; with `places`, where they are if the interest had none before


@dataclass(frozen=True, slots=True)
class Lacking:
    """Groups that accounts lack, by rules of this fingerprint, in the order of these accounts: each with who is to be in it, the
    place of its last account among those looked at, and that account's id, behind which the job goes on.

    `before`: the place of the last account that has its group; `done`: how many accounts were looked at; `after`: the last of
    them, if there are more.
    """

    groups: Sequence[Row]
    rules: str
    done: int
    after: str | None
    before: int = 0


async def step(tx: Tx, claim: Claim, cursor: dict[str, Any], left: Left | None) -> Step:
    """Makes and fills the groups that the next accounts of the audience lack, or has it done in slices. Raises Refused."""
    if _MADE in cursor:
        plan = await plans.read(tx, claim.interest_id) if claim.interest_id and cursor.get("places") else None
        if plan and plan.places == cursor["places"]:
            await plans.place(tx, plan)
        return Step(None)
    plan, audience_id = await plans.of_creation(tx, claim)
    if "after" in cursor:
        return await make_missing(tx, claim, plan, audience_id, (cursor["after"], WHOLE[1]), left, LOOK)
    # What is made from now on is as the rules want it, and maintenance need not look at it until something changes.
    first = await plans.keep(tx, plan.interest_id, Kept(plan.now, plan.rules), empty=True)
    places = plan.places if first and list(plan.audiences) == [audience_id] else None
    total = await plans.count(tx, plan, audience_id)
    if (count := slices.count(total, SLICE)) > 1:
        await slices.cut(tx, claim.id, slices.bounds(count))
        return Step({_MADE: True, "places": places}, total=total, cut=True)
    return replace(await make_missing(tx, claim, plan, audience_id, WHOLE, None, LOOK), total=total)


async def slice_step(tx: Tx, claim: Claim, bounds: tuple[str, str], left: Left | None) -> Step:
    """The same for the next accounts between two bounds."""
    plan, audience_id = await plans.of_creation(tx, claim)
    return await make_missing(tx, claim, plan, audience_id, bounds, left, LOOK)


async def make_missing(
    tx: Tx, claim: Claim, plan: Plan, audience_id: str, bounds: tuple[str, str], left: Left | None, look: int
) -> Step:
    """Makes and fills a batch of the groups that accounts between two bounds lack. Among the next `look` accounts, it looks once
    for those without a group and for whom the rules put there, and leaves what it doesn't make to the next batches."""
    if isinstance(left, Lacking) and left.rules == plan.rules:
        found = left
    else:
        found = await _look(tx, plan, audience_id, bounds, look if claim.pace() == 1 else min(look, GENTLE_LOOK))
    some, others = found.groups[:BATCH], found.groups[BATCH:]
    entry = claim.entry_stage_id if claim.kind == "CREATE" else plan.entries[audience_id]
    made, added = await _make(tx, plan, some, entry, claim.by) if some else (0, 0)
    counts = Counts(added=added)
    if others:
        last = some[-1]
        rest = replace(found, groups=others, before=last["place"])
        return Step({"after": last["last"]}, done=last["place"] - found.before, created=made, counts=counts, left=rest)
    more = None if found.after is None else {"after": found.after}
    return Step(more, done=found.done - found.before, created=made, counts=counts)


async def _look(tx: Tx, plan: Plan, audience_id: str, bounds: tuple[str, str], look: int) -> Lacking:
    """The groups that the next accounts lack."""
    after, until = bounds
    finding, params = plans.targets("job/lacking", plan.audiences[audience_id])
    page = {"audience_id": audience_id, "after": after, "until": until, "look": look, "limit": LOOK}
    row = (await tx.run(finding, **page, interest_id=plan.interest_id, top=plan.top, **params))[0]
    seats: dict[str, Row] = {}
    for account_id, seat, place in row["lacking"]:
        if seat not in seats:  # where several lack the same group, the first one's batch makes it
            seats[seat] = {"account_id": seat, "last": account_id, "place": place, "members": []}
    for seat, members in (await members_at(tx, plan.matcher, list(seats))).items():
        seats[seat]["members"] = members
    return Lacking(list(seats.values()), plan.rules, row["done"], row["after"])


async def _make(tx: Tx, plan: Plan, groups: Sequence[Row], entry_stage_id: str | None, by: str) -> tuple[int, int]:
    """How many groups that made, and how many members."""
    groups = [{"account_id": one["account_id"], "members": one["members"]} for one in groups]
    how = {"interest_id": plan.interest_id, "version": plan.version, "entry_stage_id": entry_stage_id, "by": by}
    rows = await tx.run(query("group/create"), **how, groups=groups, cards=plan.matcher.cards, required=plan.required)
    return (rows[0]["created"], rows[0]["added"]) if rows else (0, 0)
