"""Decisions of people and journeys about who is a member, in one statement each. With `graph.matching`, the only writer of
MEMBER_OF and REMOVED_FROM."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import uuid4

from graph.addressing import find, no_group, no_group_here
from graph.callers import By, on_record
from graph.db import Db, Row, Tx
from graph.errors import ErrorCode, Problem, Refused
from graph.model import MAX_MEMBERS_PER_CALL, MAX_TEXT, AssignmentOutcome, AssignmentSource
from graph.precedence import table
from graph.queries import Query, query
from graph.reads import Afterwards


@dataclass(frozen=True, slots=True)
class MemberResult:
    """What became of one person: the outcome, and what stands afterwards (no role and source once removed)."""

    person_id: str
    outcome: AssignmentOutcome
    role_id: str | None
    source: AssignmentSource | None
    standing_event_id: str | None


@dataclass(frozen=True, slots=True)
class MembersResult:
    """What became of one call: a result per person in their order, and why some were rejected."""

    group_id: str
    results: tuple[MemberResult, ...]
    problems: tuple[Problem, ...]


async def assign(
    db: Db,
    group_id: str,
    members: Sequence[tuple[str, str]],
    *,
    source: AssignmentSource,
    by: By,
    afterwards: Afterwards | None = None,
) -> MembersResult:
    """Makes each (person, role) a member of the group. `afterwards` is read by the same statement if that can be. Raises
    Refused if nobody can be taken: an unknown group, more than 50 people, none, or one twice."""
    _check("members", [person for person, _ in members], inner=("personId",))
    params = {"group_id": group_id, "wanted": _assigned(members), **_deciding("ASSIGN", source, by, None)}
    rows = await _decide(db, query("member/assign"), params, afterwards)
    return _result(group_id, rows, {"INVALID": ("roleId",)}, "members", ("personId",))


async def remove(
    db: Db,
    group_id: str,
    person_ids: Sequence[str],
    *,
    source: AssignmentSource,
    by: By,
    reason: str | None = None,
    afterwards: Afterwards | None = None,
) -> MembersResult:
    """Takes people out of the group, and keeps lower sources from putting them back. `afterwards` is read by the same
    statement if that can be. Raises Refused as `assign` does."""
    _check("personIds", person_ids)
    reason = _text("reason", reason)
    params = {"group_id": group_id, "wanted": _removed(person_ids), "reason": reason, **_deciding("REMOVE", source, by, None)}
    rows = await _decide(db, query("member/remove"), params, afterwards)
    return _result(group_id, rows, {}, "personIds", ())


async def journey_assign(
    db: Db, account_id: str, interest_id: str, person_ids: Sequence[str], role_id: str, *, journey: str, by: By
) -> MembersResult:
    """Makes people members, in one role, of the group that an account and an interest name. Raises Refused."""
    _check("personIds", person_ids)
    name = _journey(journey)

    async def work(tx: Tx) -> tuple[str, list[Row]]:
        group_id = await find(tx, account_id, interest_id)
        wanted = _assigned([(person, role_id) for person in person_ids])
        params = {"group_id": group_id, "wanted": wanted, **_deciding("ASSIGN", AssignmentSource.JOURNEY, by, name)}
        rows = await tx.run(query("member/assign"), **params)
        if not rows:
            raise no_group_here()
        if any(row["refused"] == "INVALID" for row in rows):
            raise Refused.of("roleId", ErrorCode.INVALID, _REFUSALS["INVALID"])
        return group_id, rows

    group_id, rows = await db.transaction(work, name="member/journey_assign")
    return _result(group_id, rows, {}, "personIds", ())


async def journey_remove(
    db: Db, account_id: str, interest_id: str, person_ids: Sequence[str], *, journey: str, by: By
) -> MembersResult:
    """Takes people out of the group that an account and an interest name. Raises Refused."""
    _check("personIds", person_ids)
    name = _journey(journey)

    async def work(tx: Tx) -> tuple[str, list[Row]]:
        group_id = await find(tx, account_id, interest_id)
        deciding = _deciding("REMOVE", AssignmentSource.JOURNEY, by, name)
        rows = await tx.run(query("member/remove"), group_id=group_id, wanted=_removed(person_ids), reason=None, **deciding)
        if not rows:
            raise no_group_here()
        return group_id, rows

    group_id, rows = await db.transaction(work, name="member/journey_remove")
    return _result(group_id, rows, {}, "personIds", ())


async def _decide(db: Db, statement: Query, params: Mapping[str, Any], afterwards: Afterwards | None) -> list[Row]:
    """The rows of a decision. It brings its events' ids along, so that it can tell whether it was made before. Decisions that
    come at the same time are made one after the other in one transaction, by the order of their groups."""
    assert afterwards is None or db.sight is None, "what is read behind a write is not narrowed"
    write = partial(db.write_together, lock=params["group_id"], weight=len(params["wanted"]))
    if afterwards is None or db.gated:  # a gate keeps what it answers, and would answer what was read for long
        rows = await write(statement, params, {})
    else:
        own, shared = afterwards.params()
        rows = afterwards.taken(await write(afterwards.joined(statement), {**params, **own}, shared))
    if not rows:
        raise no_group()
    return rows


# --- what goes in ---------------------------------------------------------------------------------------------------


def _assigned(members: Sequence[tuple[str, str]]) -> list[Row]:
    return [{"personId": person, "roleId": role, "eventId": str(uuid4())} for person, role in members]


def _removed(person_ids: Sequence[str]) -> list[Row]:
    return [{"personId": person, "eventId": str(uuid4())} for person in person_ids]


def _deciding(aim: Any, source: AssignmentSource, by: By, journey: str | None) -> dict[str, Any]:
    return {"rules": table(aim, source), "source": source.value, **on_record(by), "journey": journey}


def _check(field: str, people: Sequence[str], inner: tuple[str, ...] = ()) -> None:
    if not people:
        raise Refused.of(field, ErrorCode.INVALID, "Name at least one person.")
    if len(people) > MAX_MEMBERS_PER_CALL:
        words = f"At most {MAX_MEMBERS_PER_CALL} people in one call, not {len(people)}. Nothing was done."
        raise Refused.of(field, ErrorCode.LIMIT_EXCEEDED, words)
    seen: dict[str, int] = {}
    problems: list[Problem] = []
    for place, person in enumerate(people):
        if person in seen:
            words = f"This person already stands at position {seen[person]}. Nothing was done."
            problems.append(Problem((field, str(place), *inner), ErrorCode.INVALID, words))
        seen.setdefault(person, place)
    if problems:
        raise Refused(*problems)


def _text(field: str, value: str | None) -> str | None:
    if value is not None and len(value) > MAX_TEXT:
        raise Refused.of(field, ErrorCode.INVALID, f"At most {MAX_TEXT} characters, not {len(value)}.")
    return value if value and value.strip() else None


def _journey(journey: str) -> str:
    name = _text("journey", journey)
    if name is None:
        raise Refused.of("journey", ErrorCode.INVALID, "Name the journey that decides this.")
    return name


# --- what comes out -------------------------------------------------------------------------------------------------

_REFUSALS: Mapping[str, str] = {
    "NOT_FOUND": "There is no person with this id.",
    "NOT_IN_ACCOUNT": "This person has no relation to any account of the group's hierarchy.",
    "INVALID": "This is no role of the group: its `roles` list those that have a card in its template.",
}


def _result(
    group_id: str, rows: Sequence[Row], inner: Mapping[str, tuple[str, ...]], field: str, default: tuple[str, ...]
) -> MembersResult:
    results = tuple(
        MemberResult(
            row["person_id"],
            AssignmentOutcome(row["outcome"]),
            row["role_id"],
            AssignmentSource(row["source"]) if row["source"] else None,
            row["event_id"],
        )
        for row in rows
    )
    problems = tuple(
        Problem(
            (field, str(row["place"]), *inner.get(row["refused"], default)),
            ErrorCode(row["refused"]),
            _REFUSALS[row["refused"]],
        )
        for row in rows
        if row["refused"]
    )
    return MembersResult(group_id, results, problems)
