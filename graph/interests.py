"""Solution interests: what is sold, by which template, tracked through which stages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from graph.checks import blank_to_none, name_problems, refuse, text_problems
from graph.db import Constraint, Db, Row, Tx
from graph.errors import ErrorCode, Problem, Refused
from graph.model import Input, SellingLevel
from graph.queries import query

MAX_PRODUCTS = 100


@dataclass(frozen=True, slots=True)
class InterestSpec:
    """A solution interest as somebody wants it."""

    name: str
    role_template_id: str
    description: str | None = None
    product_ids: Sequence[str] = field(default=())
    product_line: str | None = None
    update_existing_buying_groups: bool = False
    selling_level: SellingLevel = SellingLevel.AS_LISTED
    stage_model_id: str | None = None


async def create(db: Db, spec: InterestSpec, *, by: str) -> str:
    """Makes an interest and returns its id. Raises Refused: INVALID, TAKEN, NOT_FOUND, NOT_LIVE, LIMIT_EXCEEDED."""
    refuse(_problems(spec))

    async def work(tx: Tx) -> str:
        await _lock_parts(tx, spec)
        interest_id: str = (await tx.run(query("interest/create"), **_stored(spec), by=by))[0]["id"]
        await tx.run(query("interest/track"), id=interest_id, stage_model_id=spec.stage_model_id)
        return interest_id

    try:
        return await db.transaction(work, name="interest/create")
    except Constraint:
        raise _taken(spec.name) from None


async def update(db: Db, interest_id: str, changes: Input, *, by: str) -> str:
    """Changes what is given (the contract's SolutionInterestUpdate: an absent key stays, None clears, a list replaces).

    Raises Refused: NOT_FOUND, INVALID, TAKEN, NOT_LIVE, NOT_EDITABLE for the template and the selling level once a job or
    a group exists, and IN_USE for a stage model in whose stages groups stand.
    """

    async def work(tx: Tx) -> str:
        standing = await _lock(tx, interest_id)
        spec = _changed(standing, changes)
        refuse(_problems(spec))
        if standing["groups"] or standing["jobs"]:
            refuse(_fixed(standing, spec))
        if replace(spec, product_ids=sorted(set(spec.product_ids))) == _changed(standing, {}):
            return interest_id
        await _lock_parts(tx, spec)
        if spec.stage_model_id != standing["stage_model_id"]:
            if standing["stage_model_id"] is not None:
                await _leave_stages(tx, interest_id, standing)
            await tx.run(query("interest/track"), id=interest_id, stage_model_id=spec.stage_model_id)
        await tx.run(query("interest/update"), id=interest_id, **_stored(spec), by=by)
        if spec.name != standing["interest"]["name"]:
            await tx.run(query("interest/rename_groups"), id=interest_id, by=by)
        return interest_id

    try:
        return await db.transaction(work, name="interest/update")
    except Constraint:
        raise _taken(str(changes.get("name"))) from None


async def delete(db: Db, interest_id: str) -> str:
    """Deletes an interest without jobs, groups and webhooks. Raises Refused: NOT_FOUND, IN_USE."""

    async def work(tx: Tx) -> str:
        standing = await _lock(tx, interest_id)
        used = [standing[what] for what in ("groups", "jobs", "webhooks")]
        if any(used):
            words = "{} buying groups, {} jobs and {} webhooks belong to this solution interest.".format(*used)
            raise Refused.of("id", ErrorCode.IN_USE, words)
        await tx.run(query("interest/delete"), id=interest_id)
        return interest_id

    return await db.transaction(work, name="interest/delete")


async def _lock(tx: Tx, interest_id: str) -> Row:
    rows = await tx.run(query("interest/lock"), id=interest_id)
    if not rows:
        raise Refused.of("id", ErrorCode.NOT_FOUND, "There is no solution interest with this id.")
    return rows[0]


async def _leave_stages(tx: Tx, interest_id: str, standing: Row) -> None:
    """Raises Refused IN_USE unless the interest may leave its stage model. Holds the interest's groups, for a group that
    enters a stage takes no other lock."""
    if standing["entering"]:
        words = f"{standing['entering']} jobs that have not ended give new groups a stage of the model."
        raise Refused.of("stageModelId", ErrorCode.IN_USE, words)
    if staged := (await tx.run(query("interest/staged_groups"), id=interest_id))[0]["staged"]:
        raise Refused.of("stageModelId", ErrorCode.IN_USE, f"{staged} buying groups stand in stages of the model.")


async def _lock_parts(tx: Tx, spec: InterestSpec) -> None:
    ids = list(dict.fromkeys(spec.product_ids))
    parts = {"template_id": spec.role_template_id, "stage_model_id": spec.stage_model_id, "product_ids": ids}
    row = (await tx.run(query("interest/lock_parts"), **parts))[0]
    problems = [
        Problem(("productIds", str(place)), ErrorCode.NOT_FOUND, "There is no product with this id.")
        for place, product in enumerate(spec.product_ids)
        if product not in row["products"]
    ]
    problems += _unusable("roleTemplateId", "role template", row["template_status"])
    if spec.stage_model_id is not None:
        problems += _unusable("stageModelId", "stage model", row["stage_model_status"])
    refuse(problems)


def _unusable(name: str, noun: str, status: str | None) -> list[Problem]:
    if status is None:
        return [Problem((name,), ErrorCode.NOT_FOUND, f"There is no {noun} with this id.")]
    if status != "LIVE":
        words = f"Only a LIVE {noun} can be used; this one is {status}. Publish it first."
        return [Problem((name,), ErrorCode.NOT_LIVE, words)]
    return []


def _problems(spec: InterestSpec) -> list[Problem]:
    problems = [
        *name_problems(spec.name),
        *text_problems(spec.description, "description"),
        *text_problems(spec.product_line, "productLine"),
    ]
    if len(spec.product_ids) > MAX_PRODUCTS:
        words = f"At most {MAX_PRODUCTS} products, not {len(spec.product_ids)}."
        problems.append(Problem(("productIds",), ErrorCode.LIMIT_EXCEEDED, words))
    return problems


def _fixed(standing: Row, spec: InterestSpec) -> list[Problem]:
    words = "It can't be changed once a job or a buying group of this solution interest exists."
    problems: list[Problem] = []
    if spec.role_template_id != standing["template_id"]:
        problems.append(Problem(("roleTemplateId",), ErrorCode.NOT_EDITABLE, words))
    if spec.selling_level != standing["interest"]["sellingLevel"]:
        problems.append(Problem(("sellingLevel",), ErrorCode.NOT_EDITABLE, words))
    return problems


def _changed(standing: Row, changes: Input) -> InterestSpec:
    """The interest as it would be. What can't be null keeps its value if null is given for it."""
    now = {
        **standing["interest"],
        "roleTemplateId": standing["template_id"],
        "stageModelId": standing["stage_model_id"],
        "productIds": standing["product_ids"],
    }
    required = ("name", "roleTemplateId", "updateExistingBuyingGroups", "sellingLevel")
    refuse(
        [
            Problem((name,), ErrorCode.INVALID, "This can't be cleared.")
            for name in required
            if name in changes and changes[name] is None
        ]
    )
    wanted = {**now, **changes}
    return InterestSpec(
        wanted["name"],
        wanted["roleTemplateId"],
        blank_to_none(wanted.get("description")),
        sorted(set(wanted.get("productIds") or ())) if "productIds" not in changes else list(changes["productIds"] or ()),
        blank_to_none(wanted.get("productLine")),
        wanted["updateExistingBuyingGroups"],
        SellingLevel(wanted["sellingLevel"]),
        wanted["stageModelId"],
    )


def _stored(spec: InterestSpec) -> dict[str, Any]:
    interest = {
        "name": spec.name,
        "description": blank_to_none(spec.description),
        "productLine": blank_to_none(spec.product_line),
        "updateExistingBuyingGroups": spec.update_existing_buying_groups,
        "sellingLevel": spec.selling_level.value,
    }
    return {
        "interest": interest,
        "template_id": spec.role_template_id,
        "product_ids": list(dict.fromkeys(spec.product_ids)),
    }


def _taken(name: str) -> Refused:
    return Refused.of("name", ErrorCode.TAKEN, f"There is a solution interest named {name!r} already.")
