"""Personas: kinds of people that the conditions of cards and filters ask for by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from graph.checks import blank_to_none, name_problems, refuse, text_problems
from graph.conditions import (
    Persona,
    Personas,
    attributes_from_json,
    attributes_to_json,
    from_json,
    to_json,
    validate_filter,
    with_persona_renamed,
)
from graph.db import Constraint, Db, Row, Tx
from graph.errors import ErrorCode, Problem, Refused
from graph.model import (
    MAX_ATTRIBUTES_OF_PERSONAS,
    MAX_PERSONA_ATTRIBUTES,
    MAX_PERSONAS,
    AttributeFilter,
    PersonAttribute,
)
from graph.queries import query


@dataclass(frozen=True, slots=True)
class PersonaSpec:
    """A persona as somebody wants it: who has, for every attribute, one of its values."""

    name: str
    description: str | None = None
    attributes: Sequence[AttributeFilter] = field(default=())


async def known(reader: Db | Tx) -> Personas:
    """Every persona, by folded name."""
    rows = await (reader.read if isinstance(reader, Db) else reader.run)(query("persona/known"))
    return {row["key"]: Persona(row["name"], attributes_from_json(row["attributes"])) for row in rows}


async def hold(tx: Tx) -> Personas:
    """Every persona, none of which changes before the transaction ends."""
    await tx.run(query("persona/lock"))
    return await known(tx)


async def create(db: Db, spec: PersonaSpec, *, by: str) -> str:
    """Makes a persona and returns its id. Raises Refused: INVALID, TAKEN, LIMIT_EXCEEDED."""
    refuse(_problems(spec))

    async def work(tx: Tx) -> str:
        refuse(_too_many(spec, await _all(tx)))
        return (await tx.run(query("persona/create"), persona=_stored(spec), by=by))[0]["id"]

    try:
        return await db.transaction(work, name="persona/create")
    except Constraint:
        raise _taken(spec.name) from None


async def update(db: Db, persona_id: str, spec: PersonaSpec, *, by: str) -> str:
    """Replaces what a persona says; the cards that ask for it follow its name. Raises Refused: NOT_FOUND, INVALID, TAKEN,
    LIMIT_EXCEEDED."""
    refuse(_problems(spec))

    async def work(tx: Tx) -> str:
        rows = await _all(tx)
        standing = next((row for row in rows if row["id"] == persona_id), None)
        if standing is None:
            raise _unknown()
        refuse(_too_many(spec, [row for row in rows if row is not standing]))
        stored = _stored(spec)
        if any(standing[name] != stored[name] for name in stored):
            await tx.run(query("persona/update"), id=persona_id, persona=stored, by=by)
        if standing["name"] != spec.name:
            await _rewrite_cards(tx, persona_id, standing["key"], spec.name)
        return persona_id

    try:
        return await db.transaction(work, name="persona/update")
    except Constraint:
        raise _taken(spec.name) from None


async def delete(db: Db, persona_id: str) -> str:
    """Deletes a persona that no card asks for, nor one of an older version that groups still follow. Raises Refused:
    NOT_FOUND, IN_USE."""

    async def work(tx: Tx) -> str:
        await tx.run(query("persona/lock"))
        rows = await tx.run(query("persona/delete"), id=persona_id)
        if not rows:
            raise _unknown()
        if rows[0]["cards"]:
            words = "A role card asks" if rows[0]["cards"] == 1 else f"{rows[0]['cards']} role cards ask"
            raise Refused.of("id", ErrorCode.IN_USE, f"{words} for this persona.")
        return persona_id

    return await db.transaction(work, name="persona/delete")


async def _all(tx: Tx) -> list[Row]:
    await tx.run(query("persona/lock"))
    return await tx.run(query("persona/known"))


async def _rewrite_cards(tx: Tx, persona_id: str, key: str, name: str) -> None:
    rewritten: list[dict[str, str]] = []
    for row in await tx.run(query("persona/cards"), id=persona_id):
        condition = from_json(row["condition"])
        assert condition is not None
        rewritten.append({"id": row["id"], "condition": to_json(with_persona_renamed(condition, key, name))})
    await tx.run(query("persona/rewrite_cards"), cards=rewritten)


def _stored(spec: PersonaSpec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "description": blank_to_none(spec.description),
        "attributes": attributes_to_json(spec.attributes),
    }


# --- checks ---------------------------------------------------------------------------------------------------------


def _problems(spec: PersonaSpec) -> list[Problem]:
    problems = [*name_problems(spec.name), *text_problems(spec.description, "description")]
    if not spec.attributes:
        problems.append(Problem(("attributes",), ErrorCode.INVALID, "A persona needs at least one attribute."))
    if len(spec.attributes) > MAX_PERSONA_ATTRIBUTES:
        words = f"A persona has at most {MAX_PERSONA_ATTRIBUTES} attributes, not {len(spec.attributes)}."
        return [*problems, Problem(("attributes",), ErrorCode.LIMIT_EXCEEDED, words)]
    first: dict[PersonAttribute, int] = {}
    for place, one in enumerate(spec.attributes):
        found = _attribute_problems(one)
        if one.attribute in first:
            words = f"Attribute {first[one.attribute]} is {one.attribute} already; give all its values there."
            found.append(Problem(("attribute",), ErrorCode.INVALID, words))
        first.setdefault(one.attribute, place)
        problems += [problem.under("attributes", place) for problem in found]
    return problems


def _attribute_problems(one: AttributeFilter) -> list[Problem]:
    if one.attribute is PersonAttribute.PERSONA:
        return [Problem(("attribute",), ErrorCode.INVALID, "A persona can't be made of personas.")]
    return validate_filter(one, {})


def _too_many(spec: PersonaSpec, others: Sequence[Row]) -> list[Problem]:
    if len(others) >= MAX_PERSONAS:
        words = f"There are {len(others)} personas; {MAX_PERSONAS} is the most."
        return [Problem((), ErrorCode.LIMIT_EXCEEDED, words)]
    wanted = {one.attribute for one in spec.attributes}
    taken = {one.attribute for row in others for one in attributes_from_json(row["attributes"])}
    if len(wanted | taken) > MAX_ATTRIBUTES_OF_PERSONAS:
        words = (
            f"All personas together use at most {MAX_ATTRIBUTES_OF_PERSONAS} different attributes, not {len(wanted | taken)}; "
            f"the others use {', '.join(sorted(taken))}."
        )
        return [Problem(("attributes",), ErrorCode.LIMIT_EXCEEDED, words)]
    return []


def _taken(name: str) -> Refused:
    return Refused.of("name", ErrorCode.TAKEN, f"There is a persona named {name!r} already.")


def _unknown() -> Refused:
    return Refused.of("id", ErrorCode.NOT_FOUND, "There is no persona with this id.")
