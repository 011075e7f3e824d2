"""Whom the rules put into groups: a template's cards, compiled into one statement that runs in Neo4j for a batch of groups, and
one for a batch of people.

`members_at` finds who belongs into groups that are to be made; `changes` tells what would change in standing groups, and
`apply` writes it. They and the dry run (graph/preview.py) share the statement of matches, so what it tells and what is done
can't differ. `wanted` goes the other way, from people who changed to the groups where they may count; `settle` does what that
changes.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, LiteralString, cast

from graph.conditions import Personas, compile_condition, from_json, personas_of
from graph.db import Db, Row, Tx
from graph.model import AssignmentSource, Condition, HierarchyScope
from graph.params import Params
from graph.personas import known
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

    @property
    def reach(self) -> tuple[list[int], int]:
        """The sides it looks to, and its greatest distance."""
        return reach(self.scope, self.max_distance)


@dataclass(frozen=True, slots=True)
class Matcher:
    """A template's rules, compiled: the statement for groups, for accounts where groups are missing, and for people. Good for
    any groups that follow that version of the template."""

    standing: str
    missing: str
    people: str
    params: dict[str, Any]
    cards: list[list[str]]

    @property
    def empty(self) -> bool:
        """Whether no card is filled by rules."""
        return not self.cards

    @property
    def told(self) -> bool:
        """Whether a person, an account or a decision says when it changes what the rules want. Scores change daily, for all."""
        return "engagementScore" not in self.standing

    @property
    def fingerprint(self) -> str:
        """Tells other rules apart."""
        text = json.dumps([self.standing, self.params, self.cards], sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Counts:
    """How many memberships a batch changed."""

    added: int = 0
    removed: int = 0
    moved: int = 0
    overruled: int = 0


def reach(scope: HierarchyScope, max_distance: int | None) -> tuple[list[int], int]:
    """The sides that a scope looks to, and how far."""
    return SIDES[scope], ANY_DISTANCE if max_distance is None else max_distance


def card_from(row: Row) -> Card | None:
    """A stored card (with roleId and role), or None if no rule fills it."""
    condition = from_json(row["condition"]) if row["autoAssign"] else None
    if condition is None:
        return None
    return Card(row["roleId"], row["role"], HierarchyScope(row["scope"]), row["maxDistance"], condition)


async def personas_for(reader: Db | Tx, cards: Iterable[Card]) -> Personas:
    """The personas, if any card asks for one."""
    return await known(reader) if any(personas_of(card.condition) for card in cards) else {}


def compile_cards(cards: Sequence[Card], personas: Personas | None = None) -> Matcher:
    """The matcher of cards in order of priority."""
    params = Params()
    hits = [compile_condition(c.condition, person="p", relation="w", params=params, personas=personas) for c in cards]
    text = fill(query("matching/matches").text, "hits", ", ".join(hits))
    standing = fill(text, "walk", walk(cards))
    missing = fill(text, "walk", walk(cards, missing=True))
    people = fill(fill(query("matching/wanted").text, "hits", ", ".join(hits)), "legs", _ways(cards))
    known = {**params.values, "reach": [c.reach for c in cards]}
    return Matcher(standing, missing, people, known, [[c.role_id, c.role] for c in cards])


def walk(cards: Sequence[Card], *, missing: bool = False) -> str:
    """The statement that finds the accounts in the cards' scopes, around groups or (`missing`) where they would sit."""
    text = _without(query("matching/walk").text, "standing" if missing else "missing")
    for leg, bound in _legs(cards).items():
        if bound == 0:
            text = _without(text, leg)
        elif bound is not None:
            text = text.replace(f"/*{leg}_bound*/", str(int(bound)))
    return text


def fill(text: str, name: str, filling: str) -> str:
    """A statement's text with `filling` in place of what stands between the comments /*name*/."""
    return re.sub(rf"/\*{name}\*/.*?/\*{name}\*/", lambda _: filling, text, flags=re.DOTALL)


def _without(text: str, name: str) -> str:
    return re.sub(rf"/\*{name}\*/.*?/\*{name}\*/\n?", "", text, flags=re.DOTALL)


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


def _ways(cards: Sequence[Card]) -> str:
    """The legs of the walk from a person's account to where the groups may sit: for each distance once, for those who fulfil a
    card that looks so far, but none that looks farther."""
    whole = _part("leg", "matching/leg")
    ways: list[str] = []
    for side, leg in enumerate(_LEGS, start=1):
        farther: list[int] = []
        bounds = {place: _bound(card, side) for place, card in enumerate(cards) if side in card.reach[0]}
        for bound in sorted({b for b in bounds.values() if b}, reverse=True):
            here = [place for place, own in bounds.items() if own == bound]
            text = whole
            for other in _LEGS:
                text = text.replace(f"  /*{other}*/\n", "") if other == leg else _without(text, other)
            text = text.replace("/*bound*/", "" if bound == ANY_DISTANCE else str(bound))
            ways.append(fill(text, "hit", _any(here) + (f" AND NOT {_any(farther)}" if farther else "")))
            farther += here
    return "".join(ways)


def _part(name: str, of: LiteralString) -> str:
    """What a statement has between the comments /*name*/."""
    found = re.search(rf"/\*{name}\*/\n(.*)/\*{name}\*/", query(of).text, re.DOTALL)
    assert found, f"{of} marks no {name}"
    return found[1]


_LEGS = ("up", "down", "across")


def _any(places: Sequence[int]) -> str:
    return "(" + " OR ".join(f"hits[{place}]" for place in places) + ")"


def _bound(card: Card, side: int) -> int:
    """How far a leg of the walk goes for a card. One across goes up and down at least once: each half has all but one step."""
    distance = card.reach[1]
    return distance if side < len(_LEGS) or distance == ANY_DISTANCE else distance - 1


def filled(name: LiteralString, **fillings: str) -> Query:
    """A statement with texts in place of what its comments mark. The texts must be files of this package, or compiled from
    the closed vocabulary of conditions."""
    statement = query(name)
    text = statement.text
    for mark, filling in fillings.items():
        text = fill(text, mark, filling)
    return replace(statement, text=cast(LiteralString, text))


async def members_at(tx: Tx, matcher: Matcher, account_ids: Sequence[str]) -> dict[str, list[Any]]:
    """Whom the rules would put into groups at accounts, by account: rows of [person id, card, distance, account id]."""
    if matcher.empty or not account_ids:
        return {}
    rows = await tx.run(filled("matching/seats", matches=matcher.missing), seats=list(account_ids), **matcher.params)
    return dict(rows[0]["seats"])


async def changes(tx: Tx, matcher: Matcher, group_ids: Sequence[str]) -> list[Row]:
    """What the rules would change in groups: the rows of changes.cypher."""
    return await tx.run(changes_query(matcher), **changes_params(matcher, group_ids, repeat=False))


async def wanted(tx: Tx, matcher: Matcher, interest_id: str, version: int, person_ids: Sequence[str]) -> list[Row]:
    """Where the rules may want something else for people than what stands: the groups of wanted.cypher, in the order of ids."""
    statement = replace(query("matching/wanted"), text=cast(LiteralString, matcher.people))
    where = {"person_ids": list(person_ids), "interest_id": interest_id, "version": version}
    return (await tx.run(statement, **where, cards=matcher.cards, **matcher.params))[0]["groups"]


async def settle(tx: Tx, matcher: Matcher, found: Sequence[Row], *, by: str) -> tuple[Counts, list[str]]:
    """Locks groups of `wanted`, and changes there what the rules want, as it stands now. Returns the ids of those in
    which that changed who is a member, or in which role, too."""
    parts = {"change": _part("change", "matching/change"), "write": _part("write", "matching/apply")}
    statement = filled("matching/settle", **parts)
    row = (await tx.run(statement, wanted=list(found), by=by, **_change_params(matcher, repeat=False)))[0]
    group_ids: list[str] = row.pop("group_ids")
    return Counts(**row), group_ids


def changes_query(matcher: Matcher) -> Query:
    """The statement of `changes`, for those who ask more of its rows."""
    return filled("matching/changes", matches=matcher.standing, **_change_parts())


def changes_params(matcher: Matcher, group_ids: Sequence[str], *, repeat: bool) -> dict[str, Any]:
    """The parameters of `changes_query`."""
    where = {"group_ids": list(group_ids), "seats": list(group_ids)}
    return {**where, **_change_params(matcher, repeat=repeat), **matcher.params}


def _change_parts() -> dict[str, str]:
    return {name: _part(name, "matching/change") for name in ("change", "told")}


def _change_params(matcher: Matcher, *, repeat: bool) -> dict[str, Any]:
    return {"cards": matcher.cards, "rules": table("ASSIGN", AssignmentSource.SYSTEM), "repeat": repeat}


async def apply(tx: Tx, rows: Sequence[Row], *, by: str) -> Counts:
    """Writes what `changes` told, in groups whose locks the transaction holds."""
    if not rows:
        return Counts()
    return Counts(**(await tx.run(query("matching/apply"), changes=list(rows), by=by))[0])
