"""Engagement models: how much each type of activity counts. Exactly one is LIVE."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from graph.checks import name_problems, refuse
from graph.db import Db, Row, Tx
from graph.errors import ErrorCode, Problem, Refused
from graph.model import Input
from graph.queries import query

MAX_WEIGHTS = 100


async def duplicate(db: Db, model_id: str, name: str, *, by: str) -> str:
    """Makes a draft with the weights of another model and returns its id. Raises Refused: NOT_FOUND, INVALID."""
    refuse(name_problems(name))

    async def work(tx: Tx) -> str:
        weights = (await _lock(tx, model_id))["weights"]
        own: str = (await tx.run(query("engagement/create"), by=by))[0]["id"]
        await tx.run(query("engagement/write"), id=own, name=name, weights=weights, by=by)
        return own

    return await db.transaction(work, name="engagement/duplicate")


async def update(db: Db, model_id: str, changes: Input, *, by: str) -> str:
    """Changes a draft's name and weights (the contract's EngagementModelInput: what is absent stays, a list replaces, None
    clears). Raises Refused: NOT_FOUND, NOT_EDITABLE (not a draft), INVALID, LIMIT_EXCEEDED."""
    refuse(_problems(changes))

    async def work(tx: Tx) -> str:
        standing = await _lock(tx, model_id)
        if standing["status"] != "DRAFT":
            words = f"Only a draft can be changed; this one is {standing['status']}. Duplicate it, and change the copy."
            raise Refused.of("id", ErrorCode.NOT_EDITABLE, words)
        wanted: dict[str, Any] = {"name": standing["name"], "weights": standing["weights"], **changes}
        wanted["weights"] = wanted["weights"] or []
        if wanted != {"name": standing["name"], "weights": standing["weights"]}:
            await tx.run(query("engagement/write"), id=model_id, name=wanted["name"], weights=wanted["weights"], by=by)
        return model_id

    return await db.transaction(work, name="engagement/update")


async def activate(db: Db, model_id: str, *, by: str) -> str:
    """Makes a draft LIVE, which archives the one that was. Raises Refused: NOT_FOUND, NOT_EDITABLE (not a draft)."""

    async def work(tx: Tx) -> str:
        await tx.run(query("engagement/lock_live"))
        standing = await _lock(tx, model_id)
        if standing["status"] != "DRAFT":
            words = f"Only a draft can be activated; this one is {standing['status']}. Duplicate it, and activate the copy."
            raise Refused.of("id", ErrorCode.NOT_EDITABLE, words)
        await tx.run(query("engagement/activate"), id=model_id, by=by)
        return model_id

    return await db.transaction(work, name="engagement/activate")


async def _lock(tx: Tx, model_id: str) -> Row:
    rows = await tx.run(query("engagement/lock"), id=model_id)
    if not rows:
        raise Refused.of("id", ErrorCode.NOT_FOUND, "There is no engagement model with this id.")
    return rows[0]


def _problems(changes: Input) -> list[Problem]:
    found = name_problems(changes["name"]) if "name" in changes else []
    weights: Sequence[Mapping[str, Any]] = changes.get("weights") or ()
    if len(weights) > MAX_WEIGHTS:
        words = f"An engagement model has at most {MAX_WEIGHTS} weights, not {len(weights)}."
        return [*found, Problem(("weights",), ErrorCode.LIMIT_EXCEEDED, words)]
    first: dict[str, int] = {}
    for place, one in enumerate(weights):
        own = name_problems(one["activityType"], "activityType")
        if first.setdefault(one["activityType"], place) != place:
            words = f"Weight {first[one['activityType']]} is for this type already."
            own.append(Problem(("activityType",), ErrorCode.INVALID, words))
        if not (math.isfinite(one["weight"]) and one["weight"] >= 0):
            words = f"Must be a number from 0, not {one['weight']}. 0 leaves the type out."
            own.append(Problem(("weight",), ErrorCode.INVALID, words))
        found += [problem.under("weights", place) for problem in own]
    return found
