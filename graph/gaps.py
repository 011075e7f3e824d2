"""Gaps: the roles that too few members of a group hold, and the people who come nearest to filling them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from graph.conditions import compile_lacking, compile_trace
from graph.db import Db
from graph.matching import Card, card_from, filled, personas_for, walk
from graph.params import Params
from graph.queries import query
from graph.why import FilterTrace, read_trace, unmet_of

MAX_CANDIDATES = 5


@dataclass(frozen=True, slots=True)
class GapCandidate:
    """Someone who might fill a role: the account that puts them in the card's scope, and what they lack (nothing, if an
    earlier card took them, or no job has applied this one yet)."""

    person_id: str
    account_id: str
    distance: int
    unmet: tuple[FilterTrace, ...]


@dataclass(frozen=True, slots=True)
class RoleGap:
    """A role, how many members it lacks, and who comes nearest. Nobody comes near a card without a rule."""

    role_id: str
    missing: int
    candidates: tuple[GapCandidate, ...]


async def gaps(db: Db, group_id: str) -> list[RoleGap]:
    """The gaps of a group, in order of priority; none for a group that doesn't exist."""
    rows = await db.read(query("gap/cards"), group_id=group_id)
    ruled = [card for row in rows if (card := card_from(row["card"]))]
    found = await _candidates(db, group_id, ruled) if ruled else {}
    return [RoleGap(row["role_id"], row["missing"], tuple(found.get(row["role_id"], ()))) for row in rows]


async def _candidates(db: Db, group_id: str, cards: Sequence[Card]) -> dict[str, list[GapCandidate]]:
    params = Params()
    seen: dict[str, Any] = {"person": "p", "relation": "w", "params": params, "personas": await personas_for(db, cards)}
    statement = filled(
        "gap/candidates",
        walk=walk(cards),
        lacking=", ".join(compile_lacking(card.condition, **seen) for card in cards),
        traces=", ".join(compile_trace(card.condition, **seen) for card in cards),
    )
    rows = await db.read(
        statement,
        group_id=group_id,
        seats=[group_id],
        reach=[card.reach for card in cards],
        role_ids=[card.role_id for card in cards],
        most=MAX_CANDIDATES,
        **params.values,
    )
    found: dict[str, list[GapCandidate]] = {}
    for row in rows:
        card = cards[row["card"]]
        unmet = tuple(unmet_of(read_trace(card.condition, row["trace"])))
        found.setdefault(card.role_id, []).append(GapCandidate(row["person_id"], row["account_id"], row["distance"], unmet))
    return found
