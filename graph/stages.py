"""Stage models, where groups stand in them, and the groups' status."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from graph.addressing import GroupAddress, no_group
from graph.callers import By, on_record
from graph.checks import blank_to_none, name_problems, refuse, text_problems
from graph.db import Db, Row, Tx
from graph.errors import ErrorCode, Problem, Refused
from graph.model import MAX_STATUS, StageOutcome
from graph.queries import query
from graph.stage_rules import listed, problems, ruled

MAX_STAGES = 100


@dataclass(frozen=True, slots=True)
class StageSpec:
    """A stage as somebody wants it. `id`: the saved stage that it is, under whatever name; `allowed_next`: by name."""

    name: str
    description: str | None = None
    is_entry: bool = False
    outcome: StageOutcome | None = None
    allowed_next: Sequence[str] = ()
    id: str | None = None


@dataclass(frozen=True, slots=True)
class StageModelSpec:
    """A stage model as somebody wants it, its stages in order."""

    name: str
    description: str | None = None
    stages: Sequence[StageSpec] = ()


# --- models ---------------------------------------------------------------------------------------------------------


async def create(db: Db, spec: StageModelSpec, *, by: str) -> str:
    """Makes a draft and returns its id. Raises Refused: INVALID, LIMIT_EXCEEDED, NOT_FOUND (a saved stage; it has none)."""
    refuse([*_problems(spec), *_strangers(spec, set())])
    stages = _stored(spec)

    async def work(tx: Tx) -> str:
        own: str = (await tx.run(query("stage/create_model"), by=by))[0]["id"]
        await _write(tx, own, spec, stages, by)
        return own

    return await db.transaction(work, name="stage/create_model")


async def update(db: Db, model_id: str, spec: StageModelSpec, *, by: str) -> str:
    """Replaces what a draft says; its saved stages stay, told apart by id. Raises Refused: NOT_FOUND, INVALID,
    LIMIT_EXCEEDED, NOT_EDITABLE (the model isn't a draft, or a saved stage is missing)."""
    refuse(_problems(spec))
    stages = _stored(spec)

    async def work(tx: Tx) -> str:
        standing = await _lock(tx, model_id)
        _refuse_unless_draft(standing, "changed")
        refuse(_strangers(spec, {stage["id"] for stage in standing["stages"]}))
        kept = {stage.id for stage in spec.stages}
        if lost := [stage["name"] for stage in standing["stages"] if stage["id"] not in kept]:
            words = f"Saved stages can't be removed, only renamed; keep {listed(lost)} under their ids."
            raise Refused.of("stages", ErrorCode.NOT_EDITABLE, words)
        former = {key: standing[key] for key in ("name", "description", "stages")}
        if former != {"name": spec.name, "description": blank_to_none(spec.description), "stages": stages}:
            await _write(tx, model_id, spec, stages, by)
        return model_id

    return await db.transaction(work, name="stage/update_model")


async def publish(db: Db, model_id: str, *, by: str) -> str:
    """Makes a draft live. Raises Refused: NOT_FOUND, NOT_EDITABLE (live already), INVALID (each of its problems)."""

    async def work(tx: Tx) -> str:
        standing = await _lock(tx, model_id)
        _refuse_unless_draft(standing, "published")
        names = {stage["id"]: stage["name"] for stage in standing["stages"]}
        stages = ruled(
            (stage["name"], stage["isEntry"], stage["outcome"], [names[own] for own in stage["allowedNext"]])
            for stage in standing["stages"]
        )
        refuse([Problem(("stages",), ErrorCode.INVALID, words) for words in problems(stages)])
        await tx.run(query("stage/publish_model"), id=model_id, by=by)
        return model_id

    return await db.transaction(work, name="stage/publish_model")


async def delete(db: Db, model_id: str) -> str:
    """Deletes a stage model that no interest uses. Raises Refused: NOT_FOUND, IN_USE."""

    async def work(tx: Tx) -> str:
        standing = await _lock(tx, model_id)
        if standing["interests"]:
            raise Refused.of("id", ErrorCode.IN_USE, f"{standing['interests']} solution interests use this stage model.")
        await tx.run(query("stage/delete_model"), id=model_id)
        return model_id

    return await db.transaction(work, name="stage/delete_model")


async def _lock(tx: Tx, model_id: str) -> Row:
    rows = await tx.run(query("stage/lock_model"), id=model_id)
    if not rows:
        raise Refused.of("id", ErrorCode.NOT_FOUND, "There is no stage model with this id.")
    return rows[0]


async def _write(tx: Tx, model_id: str, spec: StageModelSpec, stages: Sequence[dict[str, Any]], by: str) -> None:
    described = blank_to_none(spec.description)
    await tx.run(query("stage/write_model"), id=model_id, name=spec.name, description=described, stages=stages, by=by)


def _refuse_unless_draft(standing: Row, done: str) -> None:
    if standing["status"] != "DRAFT":
        words = f"Only a draft can be {done}; this stage model is {standing['status']}."
        raise Refused.of("id", ErrorCode.NOT_EDITABLE, words)


def _stored(spec: StageModelSpec) -> list[dict[str, Any]]:
    """The stages as they are stored, with their ids; what may follow each in the model's order."""
    own = [stage.id or str(uuid4()) for stage in spec.stages]
    places = {_key(stage.name): place for place, stage in enumerate(spec.stages)}
    return [
        {
            "id": own[place],
            "name": stage.name,
            "description": blank_to_none(stage.description),
            "isEntry": stage.is_entry,
            "outcome": stage.outcome.value if stage.outcome else None,
            "allowedNext": [own[following] for following in sorted(places[_key(name)] for name in stage.allowed_next)],
        }
        for place, stage in enumerate(spec.stages)
    ]


def _key(name: str) -> str:
    return name.strip().lower()


def _problems(spec: StageModelSpec) -> list[Problem]:
    found = [*name_problems(spec.name), *text_problems(spec.description, "description")]
    if len(spec.stages) > MAX_STAGES:
        words = f"A stage model has at most {MAX_STAGES} stages, not {len(spec.stages)}."
        return [*found, Problem(("stages",), ErrorCode.LIMIT_EXCEEDED, words)]
    named: dict[str, int] = {}
    saved: dict[str, int] = {}
    known = {_key(stage.name) for stage in spec.stages}
    for place, stage in enumerate(spec.stages):
        own = [*name_problems(stage.name), *text_problems(stage.description, "description")]
        if named.setdefault(_key(stage.name), place) != place:
            own.append(Problem(("name",), ErrorCode.INVALID, f"Stage {named[_key(stage.name)]} has this name already."))
        if stage.id is not None and saved.setdefault(stage.id, place) != place:
            own.append(Problem(("id",), ErrorCode.INVALID, f"Stage {saved[stage.id]} has this id already."))
        own += _next_problems(stage, known)
        found += [problem.under("stages", place) for problem in own]
    return found


def _next_problems(stage: StageSpec, known: set[str]) -> list[Problem]:
    found: list[Problem] = []
    first: dict[str, int] = {}
    for place, name in enumerate(stage.allowed_next):
        path = ("allowedNext", str(place))
        if _key(name) not in known:
            found.append(Problem(path, ErrorCode.INVALID, "No stage of this model has this name."))
        elif first.setdefault(_key(name), place) != place:
            found.append(Problem(path, ErrorCode.INVALID, f"This stage stands at position {first[_key(name)]} already."))
    return found


def _strangers(spec: StageModelSpec, own: set[str]) -> list[Problem]:
    words = "This model has no saved stage with this id. A new stage has none."
    return [
        Problem(("stages", str(place), "id"), ErrorCode.NOT_FOUND, words)
        for place, stage in enumerate(spec.stages)
        if stage.id is not None and stage.id not in own
    ]


# --- groups ---------------------------------------------------------------------------------------------------------


async def move(db: Db, group: GroupAddress, stage_id: str, *, by: By, journey: str | None = None) -> str:
    """Moves a group to a stage and returns the group's id; to the stage it stands in, nothing happens. Raises Refused:
    INVALID (also another model's stage), NOT_FOUND, TRANSITION_NOT_ALLOWED."""
    group.check()
    refuse(text_problems(journey, "journey"))

    async def work(tx: Tx) -> str:
        group_id = await group.find(tx)
        params = {"group_id": group_id, "stage_id": stage_id, **on_record(by), "journey": blank_to_none(journey)}
        rows = await tx.run(query("stage/move"), **params)
        if not rows:
            raise no_group()
        if rows[0]["outcome"] not in ("MOVED", "UNCHANGED"):
            raise Refused.of("stageId", ErrorCode(rows[0]["outcome"]), _refusal(rows[0]))
        return group_id

    return await db.transaction(work, name="stage/move")


async def set_status(db: Db, group: GroupAddress, status: str, *, by: By, journey: str | None = None) -> str:
    """Sets a group's status and returns the group's id; blank text clears it. Raises Refused: INVALID, NOT_FOUND."""
    group.check()
    refuse(text_problems(journey, "journey"))
    if len(status) > MAX_STATUS:
        raise Refused.of("status", ErrorCode.INVALID, f"At most {MAX_STATUS} characters, not {len(status)}.")

    async def work(tx: Tx) -> str:
        group_id = await group.find(tx)
        params = {"group_id": group_id, "status": blank_to_none(status), **on_record(by), "journey": blank_to_none(journey)}
        if not await tx.run(query("group/set_status"), **params):
            raise no_group()
        return group_id

    return await db.transaction(work, name="group/set_status")


def _refusal(row: Row) -> str:
    match row["outcome"]:
        case "NOT_FOUND":
            return "There is no stage with this id."
        case "INVALID":
            return foreign_stage(row["stage"], row["model"])
        case _:
            return _not_allowed(row)


def foreign_stage(stage: str, model: str | None) -> str:
    """Why a stage can't be used for an interest that tracks `model`, or none."""
    if model is None:
        return "The solution interest has no stage model."
    return f"'{stage}' is no stage of '{model}', the stage model of the solution interest."


def not_an_entry(stage: str, entries: Sequence[str]) -> str:
    """Why a group without a stage can't begin at this one."""
    return f"A group without a stage may enter only at {listed(entries, 'or')}, not at '{stage}'."


def _not_allowed(row: Row) -> str:
    if row["former"] is None:
        return not_an_entry(row["stage"], row["allowed"])
    if not row["allowed"]:
        return f"The group stands in '{row['former']}', from which no stage may follow."
    return f"From '{row['former']}' the group may go only to {listed(row['allowed'], 'or')}, not to '{row['stage']}'."
