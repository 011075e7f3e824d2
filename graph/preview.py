"""Dry runs: who would join, leave or change role if other rules held, by the very statements that jobs work with."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graph.checks import refuse
from graph.conditions import Personas, from_json, personas_of, to_json
from graph.db import Db, Row
from graph.errors import ErrorCode, Problem
from graph.matching import Matcher, card_from, changes_params, changes_query, compile_cards, filled
from graph.model import CardSpec
from graph.personas import known
from graph.plans import targets
from graph.queries import query
from graph.slices import WHOLE
from graph.templates import card_problems
from graph.why import Verdict, judge, why, why_not

BATCH = 500  # groups or accounts a statement: nobody waits for a read
LISTED_DEFAULT = 20
LISTED_MAX = 100


@dataclass(frozen=True, slots=True)
class PreviewSpec:
    """What to try. Rules: `cards`, else the template's, else those that the interest uses. Groups: the interest's and those
    its audiences lack; with an audience, those at its accounts alone; without an interest, groups yet to be made."""

    interest_id: str | None = None
    template_id: str | None = None
    audience_id: str | None = None
    cards: Sequence[CardSpec] | None = None
    first: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What would become of one person: from no role they join, to no role they leave. No group: it would be made."""

    group_id: str | None
    home_id: str
    person_id: str
    from_role_id: str | None
    to_role_id: str | None
    through_id: str | None
    distance: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class RoleInUse:
    """A role that has members, and a card in the live template that the interest uses, but none among those tried."""

    role_id: str
    members: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What would change: the first of each kind, and how many of each; and what keeps the cards from being the template's."""

    joins: tuple[Change, ...]
    joins_total: int
    leaves: tuple[Change, ...]
    leaves_total: int
    role_changes: tuple[Change, ...]
    role_changes_total: int
    overruled: int
    groups: int
    new_groups: int
    roles_in_use: tuple[RoleInUse, ...]


async def preview(db: Db, spec: PreviewSpec) -> Preview:
    """What maintenance and the making of missing groups would change if they followed these rules now. Writes nothing.

    Raises Refused: INVALID, NOT_FOUND, LIMIT_EXCEEDED.
    """
    most = LISTED_DEFAULT if spec.first is None else spec.first
    refuse(_problems(spec))
    frame = await _frame(db, spec)
    tally = _Tally(most)
    if spec.interest_id and not spec.audience_id:
        async for group_ids in _standing(db, spec.interest_id):
            await _change(db, frame, group_ids, tally)
    async for account_ids in _seats(db, frame):
        groups = await _groups_at(db, spec.interest_id, account_ids)
        if spec.audience_id:
            await _change(db, frame, sorted(groups.values()), tally)
        await _fill(db, frame, [account for account in account_ids if account not in groups], tally)
    return await _told(db, frame, tally)


# --- whom, by which rules -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Frame:
    """The rules to try, and the accounts to try them at."""

    cards: Sequence[Row]
    personas: Personas
    matcher: Matcher
    top: bool
    audiences: Mapping[str, Mapping[str, Any] | None]
    in_use: Sequence[tuple[str, int]]


async def _frame(db: Db, spec: PreviewSpec) -> _Frame:
    row = (
        await db.read(
            query("preview/frame"),
            interest_id=spec.interest_id,
            template_id=spec.template_id,
            audience_id=spec.audience_id,
            role_ids=[card.role_id for card in spec.cards or ()],
        )
    )[0]
    refuse(_unknown(spec, row))
    cards: Sequence[Row] = row["cards"]
    conditions = [card.condition for card in spec.cards or ()] or [from_json(card["condition"]) for card in cards]
    personas = await known(db) if any(personas_of(condition) for condition in conditions) else {}
    if spec.cards is not None:
        names = dict(row["roles"])
        unknown = "There is no role with this id."
        missing = [place for place, card in enumerate(spec.cards) if card.role_id not in names]
        problems = [Problem(("cards", str(place), "roleId"), ErrorCode.NOT_FOUND, unknown) for place in missing]
        refuse([*card_problems(spec.cards, personas), *problems])
        cards = [_as_stored(card, names[card.role_id]) for card in spec.cards]
    matcher = compile_cards([card for stored in cards if (card := card_from(stored))], personas)
    audiences = {u["id"]: json.loads(u["rule"]) if u["rule"] else None for u in row["audiences"]}
    return _Frame(cards, personas, matcher, row["selling_level"] == "TOP", audiences, row["in_use"])


def _as_stored(card: CardSpec, role: str) -> Row:
    return {
        "id": None,
        "roleId": card.role_id,
        "role": role,
        "autoAssign": card.auto_assign,
        "scope": card.scope.value,
        "maxDistance": card.max_distance,
        "condition": to_json(card.condition) if card.condition else None,
    }


def _problems(spec: PreviewSpec) -> list[Problem]:
    problems: list[Problem] = []
    if not spec.interest_id and not spec.audience_id:
        words = "Name a solution interest, or an account audience to try a template or cards on."
        problems.append(Problem((), ErrorCode.INVALID, words))
    if not spec.interest_id and not spec.template_id and spec.cards is None:
        words = "Without a solution interest, give the rules to try: roleTemplateId or cards."
        problems.append(Problem((), ErrorCode.INVALID, words))
    if spec.template_id and spec.cards is not None:
        problems.append(Problem(("cards",), ErrorCode.INVALID, "Give either roleTemplateId or cards."))
    if spec.cards is not None and not spec.cards:
        problems.append(Problem(("cards",), ErrorCode.INVALID, "Give at least one card."))
    if spec.first is not None and not 1 <= spec.first <= LISTED_MAX:
        problems.append(Problem(("first",), ErrorCode.INVALID, f"Must be from 1 to {LISTED_MAX}, not {spec.first}."))
    return problems


def _unknown(spec: PreviewSpec, row: Row) -> list[Problem]:
    named = (
        (spec.interest_id, row["interest"], "solutionInterestId", "solution interest"),
        (spec.template_id, row["template"], "roleTemplateId", "role template"),
        (spec.audience_id, row["audience"], "accountAudienceId", "account audience"),
    )
    return [
        Problem((field,), ErrorCode.NOT_FOUND, f"There is no {kind} with this id.")
        for given, found, field, kind in named
        if given and not found
    ]


# --- batches --------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Tally:
    """What was found so far: how many changes of each kind, and the first of them."""

    most: int
    groups: int = 0
    new_groups: int = 0
    totals: dict[str, int] = field(default_factory=dict[str, int])
    listed: dict[str, list[Row]] = field(default_factory=dict[str, list[Row]])

    def add(self, kind: str, total: int, first: Sequence[Row]) -> None:
        self.totals[kind] = self.totals.get(kind, 0) + total
        listed = self.listed.setdefault(kind, [])
        listed += first[: self.most - len(listed)]


async def _standing(db: Db, interest_id: str) -> AsyncIterator[list[str]]:
    """The groups of an interest, in batches."""
    after = ""
    while rows := await db.read(query("group/next"), interest_id=interest_id, after=after, limit=BATCH):
        yield [row["id"] for row in rows]
        after = rows[-1]["id"]


async def _seats(db: Db, frame: _Frame) -> AsyncIterator[list[str]]:
    """The accounts at which groups for the audiences sit, each once, in batches."""
    seen: set[str] = set()
    for audience_id, rule in frame.audiences.items():
        finding, params = targets("job/targets", rule)
        after, until = WHOLE
        while rows := await db.read(
            finding, audience_id=audience_id, after=after, until=until, limit=BATCH, top=frame.top, **params
        ):
            seats = sorted({row["seat_id"] for row in rows} - seen)
            seen.update(seats)
            if seats:
                yield seats
            after = rows[-1]["account_id"]


async def _groups_at(db: Db, interest_id: str | None, account_ids: Sequence[str]) -> dict[str, str]:
    """The interest's groups at accounts, by account."""
    if not interest_id:
        return {}
    rows = await db.read(query("preview/seats"), interest_id=interest_id, account_ids=list(account_ids))
    return {row["account_id"]: row["group_id"] for row in rows}


async def _change(db: Db, frame: _Frame, group_ids: Sequence[str], tally: _Tally) -> None:
    """What would change in standing groups."""
    if not group_ids:
        return
    tally.groups += len(group_ids)
    statement = filled("preview/changes", changes=changes_query(frame.matcher).text)
    params = changes_params(frame.matcher, group_ids, repeat=True)
    for row in await db.read(statement, most=tally.most, **params):
        tally.add(row["change"], row["total"], row["first"])


async def _fill(db: Db, frame: _Frame, account_ids: Sequence[str], tally: _Tally) -> None:
    """Who would join groups that accounts lack."""
    tally.new_groups += len(account_ids)
    if not account_ids or frame.matcher.empty:
        return
    statement = filled("preview/joins", matches=frame.matcher.missing)
    params = {"seats": list(account_ids), "cards": frame.matcher.cards, "most": tally.most, **frame.matcher.params}
    row = (await db.read(statement, **params))[0]
    tally.add("JOIN", row["total"], row["first"])


# --- in words -------------------------------------------------------------------------------------------------------


async def _told(db: Db, frame: _Frame, tally: _Tally) -> Preview:
    kinds = ("JOIN", "LEAVE", "MOVE")
    rows = [row for kind in kinds for row in tally.listed.get(kind, ())]
    verdicts = await judge(db, frame.cards, [(row["homeId"], row["personId"]) for row in rows], frame.personas) if rows else []
    told: dict[str, list[Change]] = {kind: [] for kind in kinds}
    for row, verdict in zip(rows, verdicts, strict=True):
        kind = "JOIN" if row["fromRoleId"] is None else "LEAVE" if row["toRoleId"] is None else "MOVE"
        told[kind].append(_change_from(row, verdict))
    totals = tally.totals
    return Preview(
        tuple(told["JOIN"]),
        totals.get("JOIN", 0),
        tuple(told["LEAVE"]),
        totals.get("LEAVE", 0),
        tuple(told["MOVE"]),
        totals.get("MOVE", 0),
        totals.get("OVERRULED", 0),
        tally.groups,
        tally.new_groups,
        tuple(RoleInUse(role, members) for role, members in frame.in_use),
    )


def _change_from(row: Row, verdict: Verdict) -> Change:
    leaves = row["toRoleId"] is None
    return Change(
        row["groupId"],
        row["homeId"],
        row["personId"],
        row["fromRoleId"],
        row["toRoleId"],
        None if leaves else row["throughId"],
        None if leaves else row["distance"],
        _reason(row, verdict),
    )


def _reason(row: Row, verdict: Verdict) -> str:
    first = verdict.first
    if row["toRoleId"] is None or first is None:
        words = why_not(verdict, held_role_id=row["fromRoleId"])
        return f"{words[0].upper()}{words[1:]}."
    former = next((card for card in verdict.cards if card.role_id == row["fromRoleId"]), None)
    if former is None:
        return f"The card for {first.role} matches: {why(first)}."
    also = "comes first" if former.matched else f"matches, and the one for {former.role} no longer does"
    return f"The card for {first.role} {also}: {why(first)}."
