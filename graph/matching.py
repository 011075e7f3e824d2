"""Whom the rules put into groups: a template's cards, compiled into one statement that runs in Neo4j for a batch of groups.

`join` fills groups just made; `changes` tells what would change in standing groups, and `apply` writes it. The three
share the statement of matches, so a dry run and the real one can't differ.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, LiteralString, cast

from graph.conditions import Personas, compile_condition, from_json
from graph.db import Row, Tx
from graph.model import AssignmentSource, Condition, HierarchyScope
from graph.params import Params
from graph.precedence import table
from graph.queries import Query, query

ANY_DISTANCE = 1_000_000
# Sides of the group's account: its own 0, above 1, below 2, across 3.
SIDES = {
    HierarchyScope.ACCOUNT: [0],
    HierarchyScope.ANCESTORS: [0, 1],
    HierarchyScope.DESCENDANTS: [0, 2],
    HierarchyScope.HIERARCHY: [0, 1, 2, 3],
}


@dataclass(frozen=True, slots=True)
class Card:
    """A card that the rules fill, in order of priority among its sisters."""

    role_id: str
    role: str
    scope: HierarchyScope
    max_distance: int | None
    condition: Condition


@dataclass(frozen=True, slots=True)
class Matcher:
    """A template's rules, compiled. Good for any groups that follow that version of it."""

    matches: str
    params: dict[str, Any]
    cards: list[list[str]]

    @property
    def empty(self) -> bool:
        """Whether no card is filled by rules."""
        return not self.cards


@dataclass(frozen=True, slots=True)
class Counts:
    """How many memberships a batch changed."""

    added: int = 0
    removed: int = 0
    moved: int = 0
    overruled: int = 0


def card_from(row: Row) -> Card | None:
    """A stored card (with roleId and role), or None if no rule fills it."""
    condition = from_json(row["condition"]) if row["autoAssign"] else None
    if condition is None:
        return None
    return Card(row["roleId"], row["role"], HierarchyScope(row["scope"]), row["maxDistance"], condition)


def compile_cards(cards: Sequence[Card], personas: Personas | None = None) -> Matcher:
    """The matcher of cards in order of priority."""
    params = Params()
    hits = [compile_condition(c.condition, person="p", relation="w", params=params, personas=personas) for c in cards]
    text = query("matching/matches").text
    text = re.sub(r"/\*hits\*/.*?/\*hits\*/", lambda _: ", ".join(hits), text, flags=re.DOTALL)
    for leg, bound in _legs(cards).items():
        if bound == 0:
            text = re.sub(rf"/\*{leg}\*/.*?/\*{leg}\*/\n?", "", text, flags=re.DOTALL)
        elif bound is not None:
            text = text.replace(f"/*{leg}_bound*/", str(int(bound)))
    reach = [[SIDES[card.scope], ANY_DISTANCE if card.max_distance is None else card.max_distance] for card in cards]
    return Matcher(text, {**params.values, "reach": reach}, [[card.role_id, card.role] for card in cards])


def _legs(cards: Sequence[Card]) -> dict[str, int | None]:
    """How far to walk up, down and across: None without bound, 0 not at all."""

    def furthest(*scopes: HierarchyScope) -> int | None:
        distances = [card.max_distance for card in cards if card.scope in scopes]
        return None if None in distances else max((d for d in distances if d is not None), default=0)

    across = furthest(HierarchyScope.HIERARCHY)
    return {
        "up": furthest(HierarchyScope.ANCESTORS, HierarchyScope.HIERARCHY),
        "down": furthest(HierarchyScope.DESCENDANTS, HierarchyScope.HIERARCHY),
        # A walk across goes up and down at least once, so each half has at most all but one of the steps.
        "across": None if across is None else max(across - 1, 0),
    }


def _with_matches(name: LiteralString, matcher: Matcher) -> Query:
    outer = query(name)
    text = re.sub(r"/\*matches\*/.*?/\*matches\*/", lambda _: matcher.matches, outer.text, flags=re.DOTALL)
    # Both texts are files of this package, and what fills them comes from the closed vocabulary of conditions.
    return Query(name, cast(LiteralString, text), outer.mode, outer.params, outer.returns)


async def join(tx: Tx, matcher: Matcher, group_ids: Sequence[str], *, by: str) -> int:
    """Fills groups that this transaction made; returns how many memberships that are."""
    if matcher.empty or not group_ids:
        return 0
    params = {"group_ids": list(group_ids), "cards": matcher.cards, "by": by, **matcher.params}
    rows = await tx.run(_with_matches("matching/join", matcher), **params)
    return rows[0]["added"]


async def changes(tx: Tx, matcher: Matcher, group_ids: Sequence[str], *, repeat: bool = False) -> list[Row]:
    """What the rules would change in groups: the rows of changes.cypher. `repeat`: also overruled matches on record."""
    params = {"group_ids": list(group_ids), "cards": matcher.cards, "repeat": repeat, **matcher.params}
    rules = table("ASSIGN", AssignmentSource.SYSTEM)
    return await tx.run(_with_matches("matching/changes", matcher), rules=rules, **params)


async def apply(tx: Tx, rows: Sequence[Row], *, by: str) -> Counts:
    """Writes what `changes` told, in groups whose locks the transaction holds."""
    if not rows:
        return Counts()
    return Counts(**(await tx.run(query("matching/apply"), changes=list(rows), by=by))[0])
