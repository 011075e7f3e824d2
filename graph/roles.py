"""Roles: the six defaults, and custom ones beside them."""

from __future__ import annotations

from graph.checks import blank_to_none, name_problems, refuse, text_problems
from graph.db import Constraint, Db, Row
from graph.errors import ErrorCode, Refused
from graph.model import MAX_ROLES
from graph.queries import query


async def create(db: Db, name: str, description: str | None, *, by: str) -> str:
    """Makes a custom role and returns its id. Raises Refused: INVALID, TAKEN, LIMIT_EXCEEDED."""
    refuse([*name_problems(name), *text_problems(description, "description")])

    def full(rows: list[Row]) -> None:
        if rows[0]["id"] is None:
            raise Refused.of("", ErrorCode.LIMIT_EXCEEDED, f"There are {rows[0]['total']} roles; {MAX_ROLES} is the most.")

    params = {"name": name, "description": blank_to_none(description), "limit": MAX_ROLES, "by": by}
    try:
        return (await db.write(query("role/create"), unless=full, **params))[0]["id"]
    except Constraint:
        raise _taken(name) from None


async def update(db: Db, role_id: str, name: str, description: str | None, *, by: str) -> str:
    """Renames or describes a custom role. Raises Refused: NOT_FOUND, NOT_EDITABLE, INVALID, TAKEN."""
    refuse([*name_problems(name), *text_problems(description, "description")])

    def fixed(rows: list[Row]) -> None:
        if not rows:
            raise _unknown()
        if rows[0]["isDefault"]:
            raise Refused.of("id", ErrorCode.NOT_EDITABLE, "Default roles can't be changed.")

    params = {"id": role_id, "name": name, "description": blank_to_none(description), "by": by}
    try:
        await db.write(query("role/update"), unless=fixed, **params)
    except Constraint:
        raise _taken(name) from None
    return role_id


async def delete(db: Db, role_id: str) -> str:
    """Deletes a custom role. Raises Refused: NOT_FOUND, NOT_EDITABLE, IN_USE."""

    def needed(rows: list[Row]) -> None:
        if not rows:
            raise _unknown()
        if rows[0]["isDefault"]:
            raise Refused.of("id", ErrorCode.NOT_EDITABLE, "Default roles can't be deleted.")
        if rows[0]["used"]:
            raise Refused.of("id", ErrorCode.IN_USE, "A role template has a card for this role.")

    await db.write(query("role/delete"), unless=needed, id=role_id)
    return role_id


def _taken(name: str) -> Refused:
    return Refused.of("name", ErrorCode.TAKEN, f"There is a role named {name!r} already.")


def _unknown() -> Refused:
    return Refused.of("id", ErrorCode.NOT_FOUND, "There is no role with this id.")
