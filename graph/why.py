"""Why someone is, or is not, a member of a group: the rules' verdict down to the compared values, and what stands.

The traces are compiled from the same vocabulary as the matching, and judged by the same order of relations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graph.conditions import Personas, compile_trace, from_json, personas_of
from graph.db import Db, Row
from graph.errors import ErrorCode, Refused
from graph.matching import filled, reach
from graph.model import AssignmentSource, AttributeFilter, Condition, FilterOperator, HierarchyScope, Match
from graph.params import Params
from graph.personas import known
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
    """How a card judges a person: by the nearest relation that matches, else the nearest in scope. A card without a rule
    has no condition and matches nobody."""

    card_id: str | None
    role_id: str
    role: str
    in_scope: bool
    matched: bool
    account_id: str | None
    account: str | None
    distance: int | None
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
    judged = await judge(db, standing["cards"], [(standing["home_id"], person_id)])
    member, removal = standing["member"], standing["removal"]
    if db.sight and member and member["account"] is None and judged[0].nearest:
        member |= judged[0].nearest  # it holds through an account that the caller doesn't see
    stands = member or removal
    return Explanation(
        member is not None,
        _summary(standing, judged[0]),
        member["roleId"] if member else None,
        member["accountId"] if member else None,
        member["distance"] if member else None,
        stands["eventId"] if stands else None,
        judged[0].cards,
    )


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the cards judge a person, in order of priority, and the person's nearest relation to the hierarchy (accountId,
    account, distance); None without any."""

    nearest: Mapping[str, Any] | None
    cards: tuple[CardTrace, ...]

    @property
    def related(self) -> bool:
        """Whether the person relates to the hierarchy at all."""
        return self.nearest is not None

    @property
    def first(self) -> CardTrace | None:
        """The card that decides."""
        return next((card for card in self.cards if card.matched), None)


async def judge(
    db: Db, cards: Sequence[Row], pairs: Sequence[tuple[str, str]], personas: Personas | None = None
) -> list[Verdict]:
    """How cards (stored ones, with roleId and role) judge each pair of a group's account and a person."""
    conditions = [from_json(card["condition"]) if card["autoAssign"] else None for card in cards]
    if personas is None:
        personas = await known(db) if any(personas_of(one) for one in conditions) else {}
    params = Params()
    traces = [compile_trace(c, person="p", relation="w", params=params, personas=personas) if c else "null" for c in conditions]
    statement = filled("why/relations", traces=", ".join(traces))
    found: dict[int, list[Row]] = {place: [] for place in range(len(pairs))}
    for row in await db.read(statement, pairs=[list(pair) for pair in pairs], **params.values):
        found[row["place"]].append(row)
    return [
        Verdict(_nearest(rows), tuple(_judge(card, conditions[place], place, rows) for place, card in enumerate(cards)))
        for rows in found.values()
    ]


def _nearest(relations: Sequence[Row]) -> Mapping[str, Any] | None:
    found = relations[0] if relations else None
    return found and {"accountId": found["account_id"], "account": found["account"], "distance": found["distance"]}


def _judge(card: Row, condition: Condition | None, place: int, relations: Sequence[Row]) -> CardTrace:
    sides, furthest = reach(HierarchyScope(card["scope"]), card["maxDistance"])
    seen = [row for row in relations if row["side"] in sides and row["distance"] <= furthest]
    if not seen:
        return CardTrace(card["id"], card["roleId"], card["role"], False, False, None, None, None, None)
    judged = next((row for row in seen if condition and row["traces"][place][0]), seen[0])
    trace = read_trace(condition, judged["traces"][place]) if condition else None
    return CardTrace(
        card["id"],
        card["roleId"],
        card["role"],
        True,
        trace is not None and trace.matched,
        judged["account_id"],
        judged["account"],
        judged["distance"],
        trace,
    )


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


def _summary(standing: Row, judged: Verdict) -> str:
    person, group, member, removal = standing["person"], standing["group"], standing["member"], standing["removal"]
    if member:
        through = f"through {member['account'] or 'an account that is gone'}, {away(member['distance'])}"
        if not judged.related:
            through += "; no relation to the group's hierarchy is left"
        by = f"assigned {_BY[member['source']]} on {member['on']} (by {member['assignedBy']})"
        return f"{person} is a member of {group} as {member['role']}: {by}, {through}."
    if removal:
        because = f", because: {removal['reason']}" if removal["reason"] else ""
        by = f"removed {_BY[removal['source']]} on {removal['on']} (by {removal['removedBy']})"
        return f"{person} is not a member of {group}: {by}{because}."
    if first := judged.first:
        return f"{person} is not a member of {group}: the card for {first.role} matches, but no job has applied it yet."
    return f"{person} is not a member of {group}: {why_not(judged)}."


def why_not(judged: Verdict, held_role_id: str | None = None) -> str:
    """Why no card matches: what the card of the role that is held lacks, if there is such a card, else the nearest."""
    if not judged.related:
        return "no relation to any account of the group's hierarchy"
    lacking = [(card, unmet) for card in judged.cards if card.condition and (unmet := unmet_of(card.condition))]
    if not lacking:
        return "no card with a rule looks as far as this person's accounts"
    card, unmet = min(lacking, key=lambda found: (found[0].role_id != held_role_id, len(found[1])))
    which = f"the one for {card.role}" if card.role_id == held_role_id else f"the nearest, {card.role},"
    return f"no card matches; {which} lacks {' and '.join(in_words_with_actual(one) for one in unmet)}"


def why(card: CardTrace) -> str:
    """Why a card that matches does: what held, and through which account."""
    assert card.condition is not None
    assert card.distance is not None
    held = " and ".join(in_words_with_actual(one) for one in met_of(card.condition))
    return f"{held}, through {card.account}, {away(card.distance)}"


def unmet_of(trace: ConditionTrace) -> list[FilterTrace]:
    """The comparisons that would have to hold, and don't, for the condition to hold; of alternatives the shortest list."""
    if trace.matched:
        return []
    alternatives = [[one] for one in trace.filters if not one.matched]
    alternatives += [unmet_of(group) for group in trace.groups if not group.matched]
    if trace.match is Match.ANY:
        return min(alternatives, key=len, default=[])
    return [one for found in alternatives for one in found]


def met_of(trace: ConditionTrace) -> list[FilterTrace]:
    """The comparisons by which a condition holds; of alternatives the shortest list."""
    if not trace.matched:
        return []
    alternatives = [[one] for one in trace.filters if one.matched]
    alternatives += [met_of(group) for group in trace.groups if group.matched]
    if trace.match is Match.ANY:
        return min(alternatives, key=len, default=[])
    return [one for found in alternatives for one in found]


def in_words_with_actual(one: FilterTrace) -> str:
    """A comparison and the value it met."""
    actual = "nothing" if one.actual is None else repr(one.actual)
    return f"{in_words(one.filter)} (it is {actual})"


def in_words(one: AttributeFilter) -> str:
    """A comparison as a person would say it: job title starts with 'Director' or 'Head'."""
    attribute = one.attribute.replace("_", " ").lower()
    operator = one.operator.replace("NOT_", "DOES_NOT_", 1) if one.operator.startswith("NOT_") else one.operator
    joined = " and " if one.operator is FilterOperator.BETWEEN else " or "
    values = joined.join(repr(value) for value in one.values)
    return f"{attribute} {operator.replace('_', ' ').lower()} {values}".rstrip()


def away(distance: int) -> str:
    """How far an account is from the group's, in words."""
    if distance == 0:
        return "the group's own account"
    return f"{distance} level{'s' if distance > 1 else ''} away"
