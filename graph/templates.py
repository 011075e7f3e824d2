"""Role templates: drafts that can be edited freely, live ones whose changes make a new version."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graph import conditions, personas
from graph.checks import blank_to_none, name_problems, refuse, text_problems
from graph.conditions import Personas
from graph.db import Db, Row, Tx
from graph.errors import ErrorCode, Problem, Refused
from graph.model import MAX_ROLES, WEIGHTS, CardSpec
from graph.queries import query

MAX_DISTANCE = 1000
MAX_REQUIRED = 1000


async def create(db: Db, name: str, description: str | None, cards: Sequence[CardSpec], *, by: str) -> str:
    """Makes a draft and returns its id. Raises Refused: INVALID, NOT_FOUND (a role or persona), LIMIT_EXCEEDED."""

    async def work(tx: Tx) -> str:
        refuse(_problems(name, description, cards, await _hold_personas(tx, cards)))
        await _lock_roles(tx, cards)
        rows = await tx.run(query("template/create"), name=name, description=blank_to_none(description), by=by)
        await tx.run(query("template/add_cards"), id=rows[0]["id"], cards=_stored(cards), step=0, by=by)
        return rows[0]["id"]

    return await db.transaction(work, name="template/create")


async def update(db: Db, template_id: str, name: str, description: str | None, cards: Sequence[CardSpec], *, by: str) -> str:
    """Replaces what a template says. A live one gets a new version if its cards change; its groups follow at the next
    maintenance. Raises Refused: NOT_FOUND, INVALID, LIMIT_EXCEEDED, IN_USE (a card whose role has members)."""

    async def work(tx: Tx) -> str:
        refuse(_problems(name, description, cards, await _hold_personas(tx, cards)))
        await _lock_roles(tx, cards)
        standing = await _lock(tx, template_id)
        stored = _stored(cards)
        if standing["status"] == "LIVE":
            _refuse_lost_roles(standing["cards"], cards)
        described = blank_to_none(description)
        if (standing["name"], standing["description"]) != (name, described):
            await tx.run(query("template/update"), id=template_id, name=name, description=described, by=by)
        if [_comparable(card) for card in standing["cards"]] != [_comparable(card) for card in stored]:
            await tx.run(query("template/retire_cards"), id=template_id)
            step = 1 if standing["status"] == "LIVE" else 0
            await tx.run(query("template/add_cards"), id=template_id, cards=stored, step=step, by=by)
        return template_id

    return await db.transaction(work, name="template/update")


async def publish(db: Db, template_id: str, *, by: str) -> str:
    """Makes a draft live. Raises Refused: NOT_FOUND, NOT_EDITABLE (live already), INVALID (no card)."""

    async def work(tx: Tx) -> str:
        standing = await _lock(tx, template_id)
        if standing["status"] != "DRAFT":
            raise Refused.of("id", ErrorCode.NOT_EDITABLE, f"Only a draft can be published; this one is {standing['status']}.")
        if not standing["cards"]:
            raise Refused.of("cards", ErrorCode.INVALID, "A template needs at least one card before it can be published.")
        await tx.run(query("template/publish"), id=template_id, by=by)
        return template_id

    return await db.transaction(work, name="template/publish")


async def delete(db: Db, template_id: str) -> str:
    """Deletes a template that no interest uses. Raises Refused: NOT_FOUND, IN_USE."""

    async def work(tx: Tx) -> str:
        standing = await _lock(tx, template_id)
        if standing["interests"]:
            raise Refused.of("id", ErrorCode.IN_USE, f"{standing['interests']} solution interests use this template.")
        await tx.run(query("template/delete"), id=template_id)
        return template_id

    return await db.transaction(work, name="template/delete")


async def _lock(tx: Tx, template_id: str) -> Row:
    rows = await tx.run(query("template/lock"), id=template_id)
    if not rows:
        raise Refused.of("id", ErrorCode.NOT_FOUND, "There is no role template with this id.")
    return rows[0]


async def _hold_personas(tx: Tx, cards: Sequence[CardSpec]) -> Personas:
    """The personas, none of which changes meanwhile; none if no card asks for any."""
    return await personas.hold(tx) if any(conditions.personas_of(card.condition) for card in cards) else {}


async def _lock_roles(tx: Tx, cards: Sequence[CardSpec]) -> None:
    """Holds the cards' roles, so that none is deleted meanwhile. Raises Refused for those that don't exist."""
    if not cards:
        return
    found = {row["id"] for row in await tx.run(query("template/roles"), ids=sorted(card.role_id for card in cards))}
    refuse(
        [
            Problem(("cards", str(place), "roleId"), ErrorCode.NOT_FOUND, "There is no role with this id.")
            for place, card in enumerate(cards)
            if card.role_id not in found
        ]
    )


def _refuse_lost_roles(standing: Sequence[Row], cards: Sequence[CardSpec]) -> None:
    kept = {card.role_id for card in cards}
    lost = [card for card in standing if card["roleId"] not in kept and card["members"]]
    refuse(
        [
            Problem(
                ("cards",),
                ErrorCode.IN_USE,
                f"The card for {card['role']} can't be removed: it has {_members(card['members'])} in buying groups.",
            )
            for card in lost
        ]
        + ([] if cards else [Problem(("cards",), ErrorCode.INVALID, "A live template needs at least one card.")])
    )


def _members(count: int) -> str:
    return f"{count:,} member{'s' if count > 1 else ''}"


def _stored(cards: Sequence[CardSpec]) -> list[dict[str, Any]]:
    return [
        {
            "roleId": card.role_id,
            "weighting": card.weighting.value,
            "weight": WEIGHTS[card.weighting],
            "autoAssign": card.auto_assign,
            "requiredForCompleteness": card.required_for_completeness,
            "membersRequired": card.members_required,
            "scope": card.scope.value,
            "maxDistance": card.max_distance,
            "condition": conditions.to_json(card.condition) if card.condition else None,
            "personas": conditions.personas_of(card.condition),
        }
        for card in cards
    ]


_COMPARED = (
    "roleId",
    "weighting",
    "autoAssign",
    "requiredForCompleteness",
    "membersRequired",
    "scope",
    "maxDistance",
    "condition",
)


def _comparable(card: Row) -> tuple[Any, ...]:
    return tuple(card[name] for name in _COMPARED)


# --- checks ---------------------------------------------------------------------------------------------------------


def _problems(name: str, description: str | None, cards: Sequence[CardSpec], known: Personas) -> list[Problem]:
    return [*name_problems(name), *text_problems(description, "description"), *card_problems(cards, known)]


def card_problems(cards: Sequence[CardSpec], known: Personas) -> list[Problem]:
    """What is wrong with cards, as a template or a preview takes them: paths begin with ("cards", place)."""
    if len(cards) > MAX_ROLES:
        words = f"A template has at most {MAX_ROLES} cards, not {len(cards)}."
        return [Problem(("cards",), ErrorCode.LIMIT_EXCEEDED, words)]
    problems: list[Problem] = []
    first: dict[str, int] = {}
    for place, card in enumerate(cards):
        found = _card_problems(card, known)
        if card.role_id in first:
            words = f"Card {first[card.role_id]} is for this role already; a template has one card per role."
            found.append(Problem(("roleId",), ErrorCode.INVALID, words))
        first.setdefault(card.role_id, place)
        problems += [problem.under("cards", place) for problem in found]
    return problems


def _card_problems(card: CardSpec, known: Personas) -> list[Problem]:
    problems: list[Problem] = []
    if not 1 <= card.members_required <= MAX_REQUIRED:
        words = f"Must be from 1 to {MAX_REQUIRED}, not {card.members_required}."
        problems.append(Problem(("membersRequired",), ErrorCode.INVALID, words))
    if card.max_distance is not None and not 0 <= card.max_distance <= MAX_DISTANCE:
        words = f"Must be from 0 to {MAX_DISTANCE}, not {card.max_distance}."
        problems.append(Problem(("maxDistance",), ErrorCode.INVALID, words))
    if card.auto_assign and card.condition is None:
        problems.append(Problem(("condition",), ErrorCode.INVALID, "A card with autoAssign needs a condition."))
    if not card.auto_assign and card.condition is not None:
        problems.append(Problem(("condition",), ErrorCode.INVALID, "Only a card with autoAssign takes a condition."))
    if card.condition is not None:
        problems += [problem.under("condition") for problem in conditions.validate(card.condition, known)]
    return problems
