"""Maintenance: bringing an interest's groups to what the rules want now, at the price of what changed.

First come groups that are behind their template's version, or whose account joined or left the audiences. Then, if people are
to follow the rules: accounts that moved, with the groups and the people below them, and people who changed or about whom
somebody decided, since the interest was maintained last. All groups are looked at only where nothing tells what changed: after
a change of the rules, the first time, and where cards ask for engagement scores. At last the groups are made that accounts lack.

Groups can't be behind or lacking, and are not looked at, while the template and the audiences stay as they were, no group is
deleted, none was left behind, and, where audiences have rules or groups sit at tops, no account changed.

Whoever writes says so on what it changes (`_touchedAt`, `_movedAt`), when it writes; others see it when it commits. So each
look reaches back a little before the former one: looking again changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from graph import plans, slices
from graph.creation import make_missing
from graph.db import Row, Tx
from graph.matching import Counts, apply, changes, settle, wanted
from graph.plans import Kept, Plan
from graph.queries import query
from graph.slices import WHOLE
from graph.work import Claim, Left, Step

BATCH = 50  # groups a transaction: users who wait on the same groups wait 20 ms, not half a second
LOOK = 2_000  # groups or accounts a transaction, where nothing is to be done
PEOPLE, GENTLE = 1_000, 100  # looked up in a transaction, and beside requests: the more, the fewer groups are met again
SLICE = 1_000  # people who changed in a slice, at least
SETTLED = 200  # places of people in groups a transaction, if one group has no more
OVERLAP = 60.0, 600.0  # seconds by which a look reaches back before the former, at least and at most
LATE = 600_000  # milliseconds: what changes so long after the beginning is looked at, too, for it may have changed before as well

Cursor = dict[str, Any]
"""Where a job stands: at which interest, in which phase (BEHIND if none), and there after what. `since`: what changed from this
moment on is looked at (null: everything); `until`: when it began; `rules`: the fingerprint of those of the batch before; `mixed`:
whether they changed meanwhile, so that the next maintenance must look at everything; `placed`: whether no group can be behind or
lacking; `places`: the fingerprint of where groups were to be when it began, if the next one may rely on it; `cut`: the phase is
in slices."""
BEHIND, MOVED, TOUCHED, MISSING = "behind", "moved", "touched", "missing"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where the rules want people: groups of wanted.cypher, in the order of their ids; where the job goes on when they have them;
    and the fingerprint of those rules."""

    groups: Sequence[Row]
    then: Cursor
    rules: str


async def step(tx: Tx, claim: Claim, cursor: Cursor, left: Left | None) -> Step:
    """A batch of an interest's maintenance; after the interest, goes on with the next."""
    interest_id = cursor.get("interest") or await _next_interest(tx, claim, None)
    if interest_id is None:
        return Step(None)
    plan = await plans.read(tx, interest_id)
    if plan is None:
        return await _onwards(tx, claim, interest_id, Step(None))
    if "phase" not in cursor:
        cursor = await _begin(tx, plan)
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


async def _begin(tx: Tx, plan: Plan) -> Cursor:
    known = plan.kept is not None and plan.kept.rules == plan.rules and (plan.matcher.told or not plan.follow)
    # What was told before may have been committed after, by a transaction that was under way, or missed by one.
    overlap = 1000 * int(min(max(2 * tx.longest, OVERLAP[0]), OVERLAP[1]))
    since = plan.kept.since - overlap if plan.kept and known else None
    placed = since is not None and plan.kept is not None and plan.places is not None and plan.kept.places == plan.places
    if placed and plan.drifts:
        placed = not (await tx.run(query("account/changed"), since=since))[0]["changed"]
    here = {"interest": plan.interest_id, "phase": BEHIND, "since": since, "until": plan.now}
    return {**here, "rules": plan.rules, "mixed": False, "placed": placed, "places": plan.places}


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
    shared = {name: cursor[name] for name in ("interest", "since", "until", "rules", "mixed", "placed", "places")}
    return {**shared, "phase": phase, **at}


# --- groups ---------------------------------------------------------------------------------------------------------


async def _behind(tx: Tx, claim: Claim, plan: Plan, cursor: Cursor) -> Step:
    """Brings the next groups up to date that are behind; all, if nothing tells what changed."""
    every = cursor["since"] is None
    if cursor["placed"]:
        return Step(_phase(cursor, MOVED) if plan.follow else await _kept(tx, plan, cursor))
    finding, params = plans.of_audiences("group/behind", plan.audiences)
    page = {"after": cursor.get("after", ""), "look": BATCH if every else LOOK, "limit": BATCH}
    how = {"version": plan.version, "top": plan.top, "every": every}
    row = (await tx.run(finding, interest_id=plan.interest_id, **how, **page, **params))[0]
    counts, kept_up = await _refresh(tx, claim, plan, row["groups"])
    if not kept_up:  # the next maintenance tries them again
        cursor = {**cursor, "places": None}
    if row["after"] is not None:
        return Step(_phase(cursor, BEHIND, after=row["after"]), counts=counts)
    if every or not plan.follow:
        return Step(await _kept(tx, plan, cursor), counts=counts)
    return Step(_phase(cursor, MOVED), counts=counts)


async def _refresh(tx: Tx, claim: Claim, plan: Plan, groups: Sequence[Row]) -> tuple[Counts, bool]:
    """Moves groups to the newest version; where the interest says so, their SYSTEM members follow the rules, and the others
    hold through the nearest account. A group that can't follow the version can't follow its rules, either. Whether all could."""
    if not groups:
        return Counts(), True
    ids = [group["id"] for group in groups]
    await tx.run(query("group/lock"), group_ids=ids)
    how = {"version": plan.version, "follow": plan.follow}
    current = [row["id"] for row in await tx.run(query("group/follow"), groups=list(groups), **how)]
    return await _match(tx, claim, plan, ids, current), len(current) == len(ids)


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
        await plans.keep(tx, plan.interest_id, Kept(cursor["until"], plan.rules), placed=cursor["placed"])
    audience_id = None if cursor["placed"] else min(plan.audiences, default=None)
    return _phase(cursor, MISSING, audience=audience_id, after=None)


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
        page = {"account_id": account_id, "after": cursor["person"], "limit": _people_at_once(claim)}
        ids = [] if left else [row["id"] for row in await tx.run(query("person/below"), **page)]
        then = _phase(cursor, MOVED, **here, account=account_id, person=ids[-1]) if ids else _phase(cursor, MOVED, **here)
        found = left if isinstance(left, Wanted) else Wanted(await _wanted(tx, plan, ids), then, plan.rules)
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
    """Looks at the people who changed, or about whom somebody decided, or has it done in slices."""
    if not plan.follow:  # any more
        return Step(await _kept(tx, plan, cursor))
    if cursor.get("cut"):  # and no slice is left; one that met other rules forgot since when all was as these want it
        return Step(await _kept(tx, plan, {**cursor, "mixed": cursor["mixed"] or plan.kept is None}))
    bounds = _mark(cursor["since"]), _mark(cursor["until"] + LATE)
    if "after" not in cursor and left is None and (cuts := await _cuts(tx, cursor)):
        await slices.cut(tx, claim.id, [bounds[0], *cuts, bounds[1]])
        return Step({**cursor, "cut": True}, cut=True)
    step = await _next_touched(tx, claim, plan, (cursor.get("after", bounds[0]), bounds[1]), left)
    then = await _kept(tx, plan, cursor) if step.cursor is None else _phase(cursor, TOUCHED, **step.cursor)
    return replace(step, cursor=then)


async def slice_step(tx: Tx, claim: Claim, cursor: Cursor, bounds: tuple[str, str], left: Left | None) -> Step:
    """Looks at the next people between two bounds, each a moment and an id."""
    plan = await plans.read(tx, cursor["interest"])
    if plan is None:
        return Step(None)
    step = await _next_touched(tx, claim, plan, bounds, left) if plan.follow else Step(None)
    if plan.rules != cursor["rules"]:
        await plans.forget(tx, plan.interest_id)
    return step


async def _cuts(tx: Tx, cursor: Cursor) -> list[str]:
    """Where slices of those who changed end and the next ones begin; none, if that doesn't pay."""
    some = {"since": cursor["since"], "until": cursor["until"] + LATE}
    total = (await tx.run(query("person/count_touched"), **some))[0]["total"]
    count = slices.count(total, SLICE)
    places = [place * total // count - 1 for place in range(1, count)]
    found = [await tx.run(query("person/touched_at"), **some, skip=place) for place in places]
    return [_mark(**rows[0]) for rows in found if rows]


async def _next_touched(tx: Tx, claim: Claim, plan: Plan, bounds: tuple[str, str], left: Left | None) -> Step:
    """Looks at the next people who changed, behind one and up to another. The step's cursor has `after`."""
    if not (isinstance(left, Wanted) and left.rules == plan.rules):
        (since, after), (until, last) = _place(bounds[0]), _place(bounds[1])
        page = {"since": since, "after": after, "until": until, "last": last, "limit": _people_at_once(claim)}
        row = (await tx.run(query("person/touched"), **page))[0]
        if not row["ids"]:
            return Step(None)
        left = Wanted(await _wanted(tx, plan, row["ids"]), {"after": _mark(row["at"], row["last_id"])}, plan.rules)
    return await _people(tx, claim, plan, {"after": bounds[0]}, left)


def _mark(at: int, id: str = "") -> str:
    """A place among those who changed, as a text."""
    return f"{at} {id}"


def _place(mark: str) -> tuple[int, str]:
    at, _, person_id = mark.partition(" ")
    return int(at), person_id


def _people_at_once(claim: Claim) -> int:
    return PEOPLE if claim.pace() == 1 else GENTLE


async def _wanted(tx: Tx, plan: Plan, person_ids: Sequence[str]) -> list[Row]:
    return await wanted(tx, plan.matcher, plan.interest_id, plan.version, person_ids) if person_ids else []


async def _people(tx: Tx, claim: Claim, plan: Plan, cursor: Cursor, left: Wanted) -> Step:
    """Settles what was found of people, in the next groups of these, and leaves the other groups to the next batch."""
    some, others = _first(left.groups)
    counts = Counts()
    if some:
        counts, changed = await settle(tx, plan.matcher, some, by=claim.by)
        if decided := [(group["id"], person[0]) for group in some for person in group["people"] if person[_DECIDED]]:
            groups, people = (sorted(set(ids)) for ids in zip(*decided, strict=True))
            await tx.run(query("member/reroute"), group_ids=groups, person_ids=people)
        if changed:
            await tx.run(query("group/recount"), group_ids=changed, by=claim.by)
    if others:
        return Step(cursor, counts=counts, left=replace(left, groups=others))
    return Step(left.then, counts=counts)


_DECIDED = 4  # the place in what wanted.cypher tells of a person


def _first(groups: Sequence[Row]) -> tuple[Sequence[Row], Sequence[Row]]:
    """The groups, cut after so many people as a batch settles."""
    people = 0
    for place, group in enumerate(groups):
        people += len(group["people"])
        if place and people > SETTLED:
            return groups[:place], groups[place:]
    return groups, []


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
    if not cursor["placed"] and cursor["places"] and plan.places == cursor["places"]:
        await plans.place(tx, plan)
    return await _onwards(tx, claim, plan.interest_id, step)
