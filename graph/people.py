"""People as they come from a CRM: created or changed by external id, with their relations to accounts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from graph.db import Db, Tx
from graph.errors import ErrorCode, Problem
from graph.model import Input, PersonRelationship
from graph.queries import query
from graph.rows import Batch, UpsertResult, shortened, stored, too_long

TEXTS = (
    "firstName",
    "lastName",
    "email",
    "phone",
    "mobilePhone",
    "jobTitle",
    "department",
    "city",
    "state",
    "postalCode",
    "country",
)
FLAGS = ("emailInvalid", "emailSuspended")
MAX_RELATIONS = 1000


async def upsert(db: Db, rows: Sequence[Input], *, by: str, keep_relations: bool = False) -> UpsertResult:
    """Creates or changes people (the contract's PersonInput: an absent key stays, None clears, a list replaces).

    A row with a problem is left out, the others are done: INVALID, NOT_FOUND (an account), LIMIT_EXCEEDED (of relations).
    `keep_relations`: a row's accounts come to those it has instead of replacing them. Raises Refused LIMIT_EXCEEDED.
    """
    batch = Batch.of("people", [_without_null_flags(row) for row in rows], _problems)

    async def work(tx: Tx) -> UpsertResult:
        trial = Batch(batch.noun, dict(batch.rows), batch.size, list(batch.problems))
        await _refuse_unknown_accounts(tx, trial)
        written = await tx.run(query("person/upsert"), rows=trial.written((*TEXTS, *FLAGS)), by=by)
        lists = [{"externalId": row["externalId"], "accounts": _relations(row)} for _, row in trial.having("accounts")]
        related = await tx.run(query("person/relate"), rows=lists, keep=keep_relations, by=by) if lists else []
        return trial.result(written, related)

    return await db.transaction(work, name="person/upsert")


def _without_null_flags(row: Input) -> Input:
    return {name: False if name in FLAGS and value is None else value for name, value in row.items()}


def _problems(row: Input) -> list[Problem]:
    return [*too_long(row, TEXTS), *_relation_problems(row.get("accounts") or ())]


def _relation_problems(relations: Sequence[Mapping[str, Any]]) -> Iterator[Problem]:
    if len(relations) > MAX_RELATIONS:
        words = f"At most {MAX_RELATIONS:,} accounts, not {len(relations):,}."
        yield Problem(("accounts",), ErrorCode.LIMIT_EXCEEDED, words)
        return
    first: dict[str, int] = {}
    for place, one in enumerate(relations):
        problems = too_long(one, ("title",))
        key = one["accountExternalId"]
        if key in first:
            words = f"Account {first[key]} of this row is the same; a person relates once to each."
            problems.append(Problem(("accountExternalId",), ErrorCode.INVALID, words))
        first.setdefault(key, place)
        yield from (problem.under("accounts", place) for problem in problems)


async def _refuse_unknown_accounts(tx: Tx, batch: Batch) -> None:
    wanted = {one["accountExternalId"] for _, row in batch.having("accounts") for one in row["accounts"] or ()}
    if not wanted:
        return
    found = {row["external_id"] for row in await tx.run(query("person/known_accounts"), external_ids=sorted(wanted))}
    for place, row in batch.having("accounts"):
        batch.refuse(
            place,
            [
                Problem(
                    ("accounts", str(at), "accountExternalId"),
                    ErrorCode.NOT_FOUND,
                    f"There is no account with the external id {shortened(one['accountExternalId'])}.",
                )
                for at, one in enumerate(row["accounts"] or ())
                if one["accountExternalId"] not in found
            ],
        )


def _relations(row: Input) -> list[dict[str, Any]]:
    return [
        {
            "accountExternalId": one["accountExternalId"],
            "relationship": PersonRelationship(one.get("relationship") or PersonRelationship.EMPLOYEE).value,
            "title": stored(one.get("title")),
        }
        for one in row["accounts"] or ()
    ]
