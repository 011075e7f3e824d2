"""The rules of matching in plain Python, for the tests to compare with: no Cypher, none of the product's code but its words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graph.model import AttributeFilter, CardSpec, Condition, FilterOperator, HierarchyScope, Match, PersonAttribute

Tree = Mapping[str, str | None]
Kinds = Mapping[str, Mapping[PersonAttribute, Sequence[str]]]
"""Personas by name: the values of each attribute."""

NUMBERS = (PersonAttribute.ENGAGEMENT_SCORE,)
FLAGS = {PersonAttribute.EMAIL_INVALID: "emailInvalid", PersonAttribute.EMAIL_SUSPENDED: "emailSuspended"}
FIELDS = {
    PersonAttribute.DEPARTMENT: "department",
    PersonAttribute.FIRST_NAME: "firstName",
    PersonAttribute.LAST_NAME: "lastName",
    PersonAttribute.EMAIL: "email",
    PersonAttribute.PHONE: "phone",
    PersonAttribute.MOBILE_PHONE: "mobilePhone",
    PersonAttribute.CITY: "city",
    PersonAttribute.STATE: "state",
    PersonAttribute.POSTAL_CODE: "postalCode",
    PersonAttribute.COUNTRY: "country",
}
OPPOSITES = {
    FilterOperator.IS_NOT: FilterOperator.IS,
    FilterOperator.NOT_STARTS_WITH: FilterOperator.STARTS_WITH,
    FilterOperator.NOT_CONTAINS: FilterOperator.CONTAINS,
    FilterOperator.IS_NOT_EMPTY: FilterOperator.IS_EMPTY,
}


@dataclass(frozen=True, slots=True)
class Relation:
    """A person's relation to an account."""

    account: str
    title: str | None = None
    relationship: str = "EMPLOYEE"


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person: the upsert's own fields, the score that a job would have calculated, and the relations."""

    key: str
    more: Mapping[str, Any] = field(default_factory=dict[str, Any])
    score: float | None = None
    relations: tuple[Relation, ...] = ()


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a relation stands, seen from a group's account: least is nearest."""

    distance: int
    side: int  # 0 own, 1 above, 2 below, 3 across
    account: str

    @property
    def order(self) -> tuple[int, int, str]:
        return self.distance, self.side, self.account


# --- text -----------------------------------------------------------------------------------------------------------


def folded(text: str) -> str:
    """As text compares: without case, and without the white space around it. A no-break space is none."""
    kept = list(text)
    while kept and kept[0].isspace() and kept[0] not in "\u00a0\u2007\u202f\u0085":
        kept.pop(0)
    while kept and kept[-1].isspace() and kept[-1] not in "\u00a0\u2007\u202f\u0085":
        kept.pop()
    return "".join(kept).lower()


def present(text: str | None) -> str | None:
    """A text as it is known: blank text is absent."""
    return None if text is None or not text.strip() else text


# --- conditions -----------------------------------------------------------------------------------------------------


def holds(condition: Condition, who: Somebody, relation: Relation, kinds: Kinds) -> bool:
    """Whether a condition holds for a person in one of their relations."""
    parts = [filter_holds(one, who, relation, kinds) for one in condition.filters]
    parts += [holds(group, who, relation, kinds) for group in condition.groups]
    return all(parts) if condition.match is Match.ALL else any(parts)


def filter_holds(one: AttributeFilter, who: Somebody, relation: Relation, kinds: Kinds) -> bool:
    """Whether one comparison holds."""
    if one.operator in OPPOSITES:
        return not filter_holds(AttributeFilter(one.attribute, OPPOSITES[one.operator], one.values), who, relation, kinds)
    if one.attribute is PersonAttribute.PERSONA:
        return any(is_kind(name, who, relation, kinds) for name in one.values)
    if one.attribute in NUMBERS:
        return number_holds(one, who.score)
    if one.attribute in FLAGS:
        return any(folded(value) == str(bool(who.more.get(FLAGS[one.attribute]))).lower() for value in one.values)
    if one.attribute is PersonAttribute.RELATIONSHIP:
        return any(folded(value) == relation.relationship.lower() for value in one.values)
    if one.attribute is PersonAttribute.JOB_TITLE:
        return text_holds(one, present(relation.title) or present(who.more.get("jobTitle")))
    return text_holds(one, present(who.more.get(FIELDS[one.attribute])))


def is_kind(name: str, who: Somebody, relation: Relation, kinds: Kinds) -> bool:
    """Whether a person has the persona of this name."""
    found = next((attributes for kind, attributes in kinds.items() if folded(kind) == folded(name)), None)
    return found is not None and all(
        filter_holds(AttributeFilter(attribute, FilterOperator.IS, tuple(values)), who, relation, kinds)
        for attribute, values in found.items()
    )


def text_holds(one: AttributeFilter, actual: str | None) -> bool:
    if one.operator is FilterOperator.IS_EMPTY:
        return actual is None
    if actual is None:
        return False
    compared, values = folded(actual), [folded(value) for value in one.values]
    match one.operator:
        case FilterOperator.IS:
            return compared in values
        case FilterOperator.STARTS_WITH:
            return any(compared.startswith(value) for value in values)
        case FilterOperator.ENDS_WITH:
            return any(compared.endswith(value) for value in values)
        case FilterOperator.CONTAINS:
            return any(value in compared for value in values)
        case other:
            raise AssertionError(other)


def number_holds(one: AttributeFilter, actual: float | None) -> bool:
    if one.operator is FilterOperator.IS_EMPTY:
        return actual is None
    if actual is None:
        return False
    values = [float(value) for value in one.values]
    match one.operator:
        case FilterOperator.IS:
            return actual in values
        case FilterOperator.GREATER_THAN:
            return any(actual > value for value in values)
        case FilterOperator.LESS_THAN:
            return any(actual < value for value in values)
        case FilterOperator.BETWEEN:
            return values[0] <= actual <= values[1]
        case other:
            raise AssertionError(other)


# --- the hierarchy --------------------------------------------------------------------------------------------------


def line(tree: Tree, account: str) -> list[str]:
    """An account and everything above it, the nearest first."""
    found = [account]
    while (parent := tree[found[-1]]) is not None:
        found.append(parent)
    return found


def seat(tree: Tree, home: str, account: str) -> Seat | None:
    """Where an account stands, seen from another; nowhere in another hierarchy."""
    up, own = line(tree, home), line(tree, account)
    meeting = next((one for one in up if one in own), None)
    if meeting is None:
        return None
    above, below = up.index(meeting), own.index(meeting)
    side = 0 if above == below == 0 else 1 if below == 0 else 2 if above == 0 else 3
    return Seat(above + below, side, account)


def in_scope(card: CardSpec, found: Seat | None) -> bool:
    """Whether a card looks at what stands there."""
    sides = {
        HierarchyScope.ACCOUNT: {0},
        HierarchyScope.ANCESTORS: {0, 1},
        HierarchyScope.DESCENDANTS: {0, 2},
        HierarchyScope.HIERARCHY: {0, 1, 2, 3},
    }[card.scope]
    return found is not None and found.side in sides and (card.max_distance is None or found.distance <= card.max_distance)


# --- who gets which role --------------------------------------------------------------------------------------------


def seats_in_scope(tree: Tree, home: str, card: CardSpec, who: Somebody) -> list[tuple[Seat, Relation]]:
    """A person's relations in a card's scope, the nearest first."""
    found = [(where, relation) for relation in who.relations if (where := seat(tree, home, relation.account))]
    return sorted((one for one in found if in_scope(card, one[0])), key=lambda one: one[0].order)


def match_of(tree: Tree, home: str, cards: Sequence[CardSpec], who: Somebody, kinds: Kinds) -> tuple[str, Seat] | None:
    """The role that the rules give a person in the group at `home`, and through which account."""
    for card in cards:
        if not card.auto_assign or card.condition is None:
            continue
        for where, relation in seats_in_scope(tree, home, card, who):
            if holds(card.condition, who, relation, kinds):
                return card.role_id, where
    return None


def matches(
    tree: Tree, home: str, cards: Sequence[CardSpec], crowd: Sequence[Somebody], kinds: Kinds
) -> dict[str, tuple[str, str, int]]:
    """Whom the rules put into the group at `home`: by key the role's id, the account, the distance."""
    found = {who.key: match for who in crowd if (match := match_of(tree, home, cards, who, kinds))}
    return {key: (role, where.account, where.distance) for key, (role, where) in found.items()}
