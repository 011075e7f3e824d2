"""People as they come from a CRM: created or changed by external id, with their relations to accounts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graph.db import Db, Tx
from graph.errors import ErrorCode, Problem
from graph.model import Input, PersonRelationship
from graph.part import keep_people, refuse_lost_race, refuse_taken
from graph.queries import query
from graph.rows import Batch, LinkResult, UpsertResult, not_there, stored, too_long

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
RELATION = ("relationship", "title")
MAX_RELATIONS = 1000


@dataclass(frozen=True, slots=True)
class Relations:
    """A person's relations to accounts (the contract's PersonAccountInput: an absent title stays, None clears it). Those
    that are not listed end, but for the relationships to `keep`."""

    accounts: Sequence[Input]
    keep: Collection[PersonRelationship] = ()


async def upsert(db: Db, rows: Sequence[Input], *, by: str) -> UpsertResult:
    """Creates or changes people (the contract's PersonInput: an absent key stays, None clears, a list replaces).

    A row with a problem is left out, the others are done: INVALID, NOT_FOUND (an account), LIMIT_EXCEEDED (of relations); of a
    caller bound to a part of the market, FORBIDDEN (it would leave somebody without an account there), TAKEN; relations to
    accounts elsewhere stay. Raises Refused LIMIT_EXCEEDED, CONFLICT.
    """
    return await db.transaction(upserting(rows, by=by), name="person/upsert")


def upserting(rows: Sequence[Input], *, by: str) -> Callable[[Tx], Awaitable[UpsertResult]]:
    """The same as the work of a transaction. Raises Refused LIMIT_EXCEEDED."""
    batch = Batch.of("people", [_without_null_flags(row) for row in rows], _problems)

    async def work(tx: Tx) -> UpsertResult:
        trial = Batch(batch.noun, dict(batch.rows), batch.size, list(batch.problems))
        fresh = await keep_people(tx, trial) if tx.sight else set[str]()
        await _refuse_unknown_accounts(tx, trial)
        if tx.sight:
            await refuse_taken(tx, trial, fresh)
        written = await tx.run(query("person/upsert"), rows=trial.written((*TEXTS, *FLAGS)), by=by)
        refuse_lost_race("people", written, fresh)
        lists = [
            {"externalId": row["externalId"], "keep": [], "accounts": [_relation(one, RELATION) for one in row["accounts"] or ()]}
            for _, row in trial.having("accounts")
        ]
        related = await tx.run(query("person/relate"), rows=lists, by=by) if lists else []
        return trial.result(written, related)

    return work


async def relate(db: Db, lists: Mapping[str, Relations], *, by: str) -> LinkResult:
    """Replaces people's relations to accounts, by the people's external ids. A link to nothing is left out, NOT_FOUND; its
    person then keeps every relation beside the rest."""

    async def work(tx: Tx) -> LinkResult:
        wanted = sorted({one["accountExternalId"] for relations in lists.values() for one in relations.accounts})
        accounts = set((await tx.run(query("person/known_accounts"), external_ids=wanted))[0]["known"])
        people = set((await tx.run(query("person/known"), external_ids=sorted(lists)))[0]["known"])
        problems: dict[tuple[str, str], Problem] = {}
        for person, account in ((p, one["accountExternalId"]) for p, relations in lists.items() for one in relations.accounts):
            if person not in people:
                problems[person, account] = not_there("person", person, "externalId")
            elif account not in accounts:
                problems[person, account] = not_there("account", account, "accountExternalId")
        astray = {person for person, _ in problems}
        rows = [
            {
                "externalId": person,
                "keep": [one.value for one in (PersonRelationship if person in astray else lists[person].keep)],
                "accounts": [
                    _relation(one, [name for name in RELATION if name in one])
                    for one in lists[person].accounts
                    if (person, one["accountExternalId"]) not in problems
                ],
            }
            for person in sorted(lists)
        ]
        return LinkResult.of(await tx.run(query("person/relate"), rows=rows, by=by), problems)

    return await db.transaction(work, name="person/relate")


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
    found = set((await tx.run(query("person/known_accounts"), external_ids=sorted(wanted)))[0]["known"])
    for place, row in batch.having("accounts"):
        batch.refuse(
            place,
            [
                not_there("account", one["accountExternalId"], "accountExternalId").under("accounts", at)
                for at, one in enumerate(row["accounts"] or ())
                if one["accountExternalId"] not in found
            ],
        )


def _relation(one: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    given = {**one, "relationship": PersonRelationship(one.get("relationship") or PersonRelationship.EMPLOYEE).value}
    return {"accountExternalId": one["accountExternalId"], "properties": {name: stored(given.get(name)) for name in names}}
