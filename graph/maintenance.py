"""Maintenance: bringing an interest's groups to what the rules want now, at the price of what changed.

First come groups that are behind their template's version, or whose account joined or left the audiences. Then, if people are
to follow the rules: accounts that moved, with the groups and the people below them, and people who changed or about whom
somebody decided, since the interest was maintained last. All groups are looked at only where nothing tells what changed: after
a change of the rules, the first time, and where cards ask for engagement scores. At last the groups are made that accounts lack.

Whoever writes says so on what it changes (`_touchedAt`, `_movedAt`), when it writes; others see it when it commits. So each
look reaches back a little before the former one: looking again changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from graph import plans
from graph.creation import make_missing
from graph.db import Row, Tx
from graph.matching import Counts, apply, changes, settle, wanted
from graph.plans import Kept, Plan
from graph.queries import query
from graph.slices import WHOLE
from graph.work import Claim, Left, Step

BATCH = 50  # groups a transaction: users who wait on the same groups wait 20 ms, not half a second
LOOK = 2_000  # groups or accounts a transaction, where nothing is to be done
PEOPLE = 200  # looked up in a transaction
SETTLED = 100  # groups a transaction, in each of which little changes
OVERLAP = 60.0, 600.0  # seconds by which a look reaches back before the former, at least and at most
LATE = 600_000  # milliseconds: what changes so long after the beginning is looked at, too, for it may have changed before as well

Cursor = dict[str, Any]
"""Where a job stands: at which interest, in which phase (BEHIND if none), and there after what. `since`: what changed from this
moment on is looked at (null: everything); `until`: when it began; `rules`: the fingerprint of those of the batch before; `mixed`:
whether they changed meanwhile, so that the next maintenance must look at everything."""
BEHIND, MOVED, TOUCHED, MISSING = "behind", "moved", "touched", "missing"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where the rules want people, in the order of the groups; and where the job goes on when these have them."""

    rows: Sequence[Row]
    then: Cursor


async def step(tx: Tx, claim: Claim, cursor: Cursor, left: Left | None) -> Step:
    """A batch of an interest's maintenance; after the interest, goes on with the next."""
    interest_id = cursor.get("interest") or await _next_interest(tx, claim, None)
    if interest_id is None:
        return Step(None)
    plan = await plans.read(tx, interest_id)
    if plan is None:
        return await _onwards(tx, claim, interest_id, Step(None))
    if "phase" not in cursor:
        cursor = _begin(tx, plan)
    if plan.rules != cursor["rules"]:
        cursor, left = {**cursor, "rules": plan.rules, "mixed": True}, None
    match cursor["phase"]:
        case "behind":
            return await _behind(tx, claim, plan, cursor)
        case "moved":
            return await _moved(tx, claim, plan, cursor, left)
        case "touched":
            return await _touched(tx, claim, plan, cursor, left)
        case _:
            return await _missing(tx, claim, plan, cursor, left)


def _begin(tx: Tx, plan: Plan) -> Cursor:
    known = plan.kept is not None and plan.kept.rules == plan.rules and (plan.matcher.told or not plan.follow)
    # What was told before may have been committed after, by a transaction that was under way, or missed by one.
    overlap = 1000 * int(min(max(2 * tx.longest, OVERLAP[0]), OVERLAP[1]))
    since = plan.kept.since - overlap if plan.kept and known else None
    here = {"interest": plan.interest_id, "phase": BEHIND, "since": since, "until": plan.now}
    return {**here, "rules": plan.rules, "mixed": False}


async def _next_interest(tx: Tx, claim: Claim, after: str | None) -> str | None:
    if claim.interest_id:
        return claim.interest_id if after is None else None
    rows = await tx.run(query("job/interests"), after=after)
    return rows[0]["id"] if rows else None


async def _onwards(tx: Tx, claim: Claim, interest_id: str, step: Step) -> Step:
    following = await _next_interest(tx, claim, interest_id)
    return replace(step, cursor={"interest": following} if following else None)


def _phase(cursor: Cursor, phase: str, **at: Any) -> Cursor:
    """The job at the beginning of a phase, or further on in it."""
    shared = {name: cursor[name] for name in ("interest", "since", "until", "rules", "mixed")}
    return {**shared, "phase": phase, **at}


# --- groups ---------------------------------------------------------------------------------------------------------


async def _behind(tx: Tx, claim: Claim, plan: Plan, cursor: Cursor) -> Step:
    """Brings the next groups up to date that are behind; all, if nothing tells what changed."""
    every = cursor["since"] is None
    finding, params = plans.of_audiences("group/behind", plan.audiences)
    page = {"after": cursor.get("after", ""), "look": BATCH if every else LOOK, "limit": BATCH}
    how = {"version": plan.version, "top": plan.top, "every": every}
    row = (await tx.run(finding, interest_id=plan.interest_id, **how, **page, **params))[0]
    counts = await _refresh(tx, claim, plan, row["groups"])
    if row["after"] is not None:
        return Step(_phase(cursor, BEHIND, after=row["after"]), counts=counts)
    if every or not plan.follow:
        return Step(await _kept(tx, plan, cursor), counts=counts)
    return Step(_phase(cursor, MOVED), counts=counts)


async def _refresh(tx: Tx, claim: Claim, plan: Plan, groups: Sequence[Row]) -> Counts:
    """Moves groups to the newest version; where the interest says so, their SYSTEM members follow the rules, and the others
    hold through the nearest account. A group that can't follow the version can't follow its rules, either."""
    if not groups:
        return Counts()
    ids = [group["id"] for group in groups]
    await tx.run(query("group/lock"), group_ids=ids)
    how = {"version": plan.version, "follow": plan.follow}
    current = [row["id"] for row in await tx.run(query("group/follow"), groups=list(groups), **how)]
    return await _match(tx, claim, plan, ids, current)


async def _match(tx: Tx, claim: Claim, plan: Plan, group_ids: Sequence[str], current: Sequence[str]) -> Counts:
    """Lets people follow the rules in locked groups, in those that are `current`."""
    counts = Counts()
    if plan.follow:
        counts = await apply(tx, await changes(tx, plan.matcher, current), by=claim.by)
        await tx.run(query("member/reroute"), group_ids=list(group_ids), person_ids=None)
    await tx.run(query("group/recount"), group_ids=list(group_ids), by=claim.by)
    return counts


async def _kept(tx: Tx, plan: Plan, cursor: Cursor) -> Cursor:
    """All groups are as the rules want them: this is remembered, unless the rules changed meanwhile. Where the job goes on."""
    if not cursor["mixed"]:
        await plans.keep(tx, plan.interest_id, Kept(cursor["until"], plan.rules))
    return _phase(cursor, MISSING, audience=min(plan.audiences, default=None), after=None)


# --- what changed ---------------------------------------------------------------------------------------------------


async def _moved(tx: Tx, claim: Claim, plan: Plan, cursor: Cursor, left: Left | None) -> Step:
    """Looks at the next groups below an account that moved, then at the next people below it; then at the next account."""
    account_id = cursor.get("account")
    if not plan.follow:  # any more
        return Step(await _kept(tx, plan, cursor))
    if account_id is None:
        since, after = cursor.get("at", cursor["since"]), cursor.get("last", "")
        rows = await tx.run(query("account/moved"), since=since, until=cursor["until"] + LATE, after=after)
        if not rows:
            return Step(_phase(cursor, TOUCHED))
        return Step(_phase(cursor, MOVED, at=rows[0]["at"], last=rows[0]["id"], account=rows[0]["id"]))
    here = {"at": cursor["at"], "last": account_id}
    if "person" in cursor:
        page = {"account_id": account_id, "after": cursor["person"], "limit": PEOPLE}
        ids = [] if left else [row["id"] for row in await tx.run(query("person/below"), **page)]
        then = _phase(cursor, MOVED, **here, account=account_id, person=ids[-1]) if ids else _phase(cursor, MOVED, **here)
        found = left if isinstance(left, Wanted) else Wanted(await _wanted(tx, plan, ids), then)
        return await _people(tx, claim, plan, cursor, found)
    page = {"account_id": account_id, "after": cursor.get("group", ""), "limit": BATCH}
    rows = await tx.run(query("group/below"), interest_id=plan.interest_id, version=plan.version, **page)
    counts = Counts()
    if rows:
        ids = [row["id"] for row in rows]
        await tx.run(query("group/lock"), group_ids=ids)
        counts = await _match(tx, claim, plan, ids, [row["id"] for row in rows if row["current"]])
    more = {"group": rows[-1]["id"]} if len(rows) == BATCH else {"person": ""}
    return Step(_phase(cursor, MOVED, **here, account=account_id, **more), counts=counts)


async def _touched(tx: Tx, claim: Claim, plan: Plan, cursor: Cursor, left: Left | None) -> Step:
    """Looks at the next people who changed, or about whom somebody decided."""
    if not plan.follow:  # any more
        return Step(await _kept(tx, plan, cursor))
    if not isinstance(left, Wanted):
        page = {"since": cursor.get("at", cursor["since"]), "after": cursor.get("last", "")}
        rows = await tx.run(query("person/touched"), **page, until=cursor["until"] + LATE, limit=PEOPLE)
        if not rows:
            return Step(await _kept(tx, plan, cursor))
        found = await _wanted(tx, plan, [row["id"] for row in rows])
        left = Wanted(found, _phase(cursor, TOUCHED, at=rows[-1]["at"], last=rows[-1]["id"]))
    return await _people(tx, claim, plan, cursor, left)


async def _wanted(tx: Tx, plan: Plan, person_ids: Sequence[str]) -> list[Row]:
    return await wanted(tx, plan.matcher, plan.interest_id, plan.version, person_ids) if person_ids else []


async def _people(tx: Tx, claim: Claim, plan: Plan, cursor: Cursor, left: Wanted) -> Step:
    """Settles what was found of people, in the next groups of these, and leaves the other groups to the next batch."""
    some, others = _first_groups(left.rows)
    counts = Counts()
    if some:
        there = {row["id"] for row in await tx.run(query("group/lock"), group_ids=_groups(some))}
        some = [row for row in some if row["group_id"] in there]
        changed = await settle(tx, plan.matcher, some)
        counts = await apply(tx, changed, by=claim.by)
        if decided := [row for row in some if row["decided"]]:
            people = sorted({row["person_id"] for row in decided})
            await tx.run(query("member/reroute"), group_ids=_groups(decided), person_ids=people)
        if changed:
            await tx.run(query("group/recount"), group_ids=_groups(changed), by=claim.by)
    if others:
        return Step(cursor, counts=counts, left=replace(left, rows=others))
    return Step(left.then, counts=counts)


def _groups(rows: Sequence[Row]) -> list[str]:
    return sorted({row["group_id"] for row in rows})


def _first_groups(rows: Sequence[Row]) -> tuple[Sequence[Row], Sequence[Row]]:
    """The rows, which are in the order of their groups, cut after so many groups as a batch settles."""
    seen: set[str] = set()
    for place, row in enumerate(rows):
        seen.add(row["group_id"])
        if len(seen) > SETTLED:
            return rows[:place], rows[place:]
    return rows, []


# --- groups that are lacking ----------------------------------------------------------------------------------------


async def _missing(tx: Tx, claim: Claim, plan: Plan, cursor: Cursor, left: Left | None) -> Step:
    """Makes the next groups that accounts of an audience lack; after its audiences, goes on with the next interest."""
    audience_id = cursor["audience"]
    step = Step(None)
    if audience_id in plan.audiences:
        after = cursor["after"]
        step = await make_missing(tx, claim, plan, audience_id, (after or WHOLE[0], WHOLE[1]), left, LOOK)
        if after is None:
            step = replace(step, total=await plans.count(tx, plan, audience_id))
    if step.cursor:
        return replace(step, cursor=_phase(cursor, MISSING, audience=audience_id, after=step.cursor["after"]))
    following = min((other for other in plan.audiences if audience_id and other > audience_id), default=None)
    if following:
        return replace(step, cursor=_phase(cursor, MISSING, audience=following, after=None))
    return await _onwards(tx, claim, plan.interest_id, step)
