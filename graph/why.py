"""Why someone is, or is not, a member of a group: the rules' verdict down to the compared values, and what stands.

The traces are compiled from the same vocabulary as the matching, and judged by the same order of relations.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, LiteralString, cast

from graph.conditions import compile_trace, from_json
from graph.db import Db, Row
from graph.errors import ErrorCode, Refused
from graph.matching import ANY_DISTANCE, SIDES
from graph.model import AssignmentSource, AttributeFilter, Condition, FilterOperator, HierarchyScope, Match
from graph.params import Params
from graph.queries import query


@dataclass(frozen=True, slots=True)
class FilterTrace:
    """A comparison, the value it met (None when absent), and whether it held."""

    filter: AttributeFilter
    actual: str | None
    matched: bool


@dataclass(frozen=True, slots=True)
class ConditionTrace:
    """A condition and what became of its parts."""

    match: Match
    matched: bool
    filters: tuple[FilterTrace, ...]
    groups: tuple[ConditionTrace, ...]


@dataclass(frozen=True, slots=True)
class CardTrace:
    """How a card judges a person, by the nearest relation that matches, else the nearest in scope."""

    card_id: str
    role: str
    in_scope: bool
    matched: bool
    account_id: str | None
    condition: ConditionTrace | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Whether a person is a member, why, and how each card judges them, in order of priority."""

    is_member: bool
    summary: str
    role_id: str | None
    account_id: str | None
    distance: int | None
    standing_event_id: str | None
    cards: tuple[CardTrace, ...]


async def explain(db: Db, group_id: str, person_id: str) -> Explanation:
    """Why the person is, or is not, a member of the group. Raises Refused: NOT_FOUND."""
    standing = (await db.read(query("why/situation"), group_id=group_id, person_id=person_id))[0]
    if standing["group"] is None:
        raise Refused.of("buyingGroupId", ErrorCode.NOT_FOUND, "There is no buying group with this id.")
    if standing["person"] is None:
        raise Refused.of("personId", ErrorCode.NOT_FOUND, "There is no person with this id.")
    ruled = [(card, from_json(card["condition"]) if card["autoAssign"] else None) for card in standing["cards"]]
    relations = await _relations(db, group_id, person_id, [condition for _, condition in ruled if condition])
    places = count()
    cards = tuple(_judge(card, condition, relations, next(places)) if condition else _unruled(card) for card, condition in ruled)
    member, removal = standing["member"], standing["removal"]
    stands = member or removal
    return Explanation(
        member is not None,
        _summary(standing, cards, relations),
        member["roleId"] if member else None,
        member["accountId"] if member else None,
        member["distance"] if member else None,
        stands["eventId"] if stands else None,
        cards,
    )


async def _relations(db: Db, group_id: str, person_id: str, conditions: Sequence[Condition]) -> list[Row]:
    params = Params()
    traces = ", ".join(compile_trace(c, person="p", relation="w", params=params) for c in conditions)
    statement = query("why/relations")
    text = re.sub(r"/\*traces\*/.*?/\*traces\*/", lambda _: traces, statement.text, flags=re.DOTALL)
    compiled = replace(statement, text=cast(LiteralString, text))
    return await db.read(compiled, group_id=group_id, person_id=person_id, **params.values)


def _judge(card: Row, condition: Condition, relations: Sequence[Row], place: int) -> CardTrace:
    furthest = ANY_DISTANCE if card["maxDistance"] is None else card["maxDistance"]
    sides = SIDES[HierarchyScope(card["scope"])]
    seen = [row for row in relations if row["side"] in sides and row["distance"] <= furthest]
    if not seen:
        return CardTrace(card["id"], card["role"], False, False, None, None)
    judged = next((row for row in seen if row["traces"][place][0]), seen[0])
    trace = read_trace(condition, judged["traces"][place])
    return CardTrace(card["id"], card["role"], True, trace.matched, judged["account_id"], trace)


def _unruled(card: Row) -> CardTrace:
    return CardTrace(card["id"], card["role"], False, False, None, None)


def read_trace(condition: Condition, trace: Any) -> ConditionTrace:
    """The condition with the values that `compile_trace`'s expression gave."""
    held, filters, groups = trace
    return ConditionTrace(
        condition.match,
        held,
        tuple(FilterTrace(one, actual, ok) for one, (actual, ok) in zip(condition.filters, filters, strict=True)),
        tuple(read_trace(inner, part) for inner, part in zip(condition.groups, groups, strict=True)),
    )


# --- in words -------------------------------------------------------------------------------------------------------

_BY = {AssignmentSource.MANUAL: "by hand", AssignmentSource.JOURNEY: "by a journey", AssignmentSource.SYSTEM: "by the rules"}


def _summary(standing: Row, cards: Sequence[CardTrace], relations: Sequence[Row]) -> str:
    person, group, member, removal = standing["person"], standing["group"], standing["member"], standing["removal"]
    if member:
        through = f"through {member['account'] or 'an account that is gone'}, {_away(member['distance'])}"
        if not relations:
            through += "; no relation to the group's hierarchy is left"
        by = f"assigned {_BY[member['source']]} on {member['on']} (by {member['assignedBy']})"
        return f"{person} is a member of {group} as {member['role']}: {by}, {through}."
    if removal:
        because = f", because: {removal['reason']}" if removal["reason"] else ""
        by = f"removed {_BY[removal['source']]} on {removal['on']} (by {removal['removedBy']})"
        return f"{person} is not a member of {group}: {by}{because}."
    return f"{person} is not a member of {group}: {_reason(cards, relations)}."


def _reason(cards: Sequence[CardTrace], relations: Sequence[Row]) -> str:
    if not relations:
        return "no relation to any account of the group's hierarchy"
    if matched := next((card for card in cards if card.matched), None):
        return f"the card for {matched.role} matches, but no job has applied it yet"
    lacking = [(len(unmet), card.role, unmet) for card in cards if card.condition and (unmet := unmet_of(card.condition))]
    if not lacking:
        return "no card with a rule looks as far as this person's accounts"
    _, role, unmet = min(lacking, key=lambda found: found[0])
    return f"no card matches; the nearest, {role}, lacks {' and '.join(_lack(one) for one in unmet)}"


def unmet_of(trace: ConditionTrace) -> list[FilterTrace]:
    """The comparisons that would have to hold, and don't, for the condition to hold; of alternatives the shortest list."""
    if trace.matched:
        return []
    alternatives = [[one] for one in trace.filters if not one.matched]
    alternatives += [unmet_of(group) for group in trace.groups if not group.matched]
    if trace.match is Match.ANY:
        return min(alternatives, key=len, default=[])
    return [one for found in alternatives for one in found]


def _lack(one: FilterTrace) -> str:
    actual = "nothing" if one.actual is None else repr(one.actual)
    return f"{in_words(one.filter)} (it is {actual})"


def in_words(one: AttributeFilter) -> str:
    """A comparison as a person would say it: job title starts with 'Director' or 'Head'."""
    attribute = one.attribute.replace("_", " ").lower()
    operator = one.operator.replace("NOT_", "DOES_NOT_", 1) if one.operator.startswith("NOT_") else one.operator
    joined = " and " if one.operator is FilterOperator.BETWEEN else " or "
    values = joined.join(repr(value) for value in one.values)
    return f"{attribute} {operator.replace('_', ' ').lower()} {values}".rstrip()


def _away(distance: int) -> str:
    if distance == 0:
        return "the group's own account"
    return f"{distance} level{'s' if distance > 1 else ''} away"
