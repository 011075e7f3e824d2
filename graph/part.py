"""What a caller who is bound to a part of the market may write: what stays within it. The whole market is nobody's to change
then, and what is outside is answered for as if it weren't there."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from graph.db import Db, Row, Tx
from graph.errors import ErrorCode, Problem, Refused
from graph.queries import query
from graph.rows import Batch

_NEEDS_PARENT = "Name a parent: an account of the part of the market that these credentials are bound to."
_NEEDS_ACCOUNT = "Name at least one account of the part of the market that these credentials are bound to."


async def unseen(db: Db, ids: Collection[str]) -> frozenset[str]:
    """Which of these ids of accounts, people, buying groups and jobs name nothing that `db` shows."""
    seen = {row["id"] for row in await db.read(query("part/seen"), ids=sorted(ids))} if ids else set[str]()
    return frozenset(ids) - seen


async def keep_accounts(tx: Tx, batch: Batch) -> set[str]:
    """Takes out the rows by which an account would come to stand, or stay, outside. The external ids of the rows that are to
    make accounts are returned."""
    assert tx.sight
    keys = sorted(row["externalId"] for row in batch.rows.values())
    seen = {row["external_id"]: row["id"] for row in await tx.run(query("part/accounts"), external_ids=keys)}
    for place, row in batch.items():
        own = seen.get(row["externalId"])
        if row.get("parentExternalId") is not None or (own and "parentExternalId" not in row):
            continue
        if own == tx.sight.root:  # as far as the caller sees, it stands at the top
            batch.rows[place] = {name: value for name, value in row.items() if name != "parentExternalId"}
        else:
            batch.refuse(place, [Problem(("parentExternalId",), ErrorCode.FORBIDDEN, _NEEDS_PARENT)])
    return set(keys) - set(seen)


async def keep_people(tx: Tx, batch: Batch) -> set[str]:
    """Takes out the rows that would leave a person without an account. The external ids of the rows that are to make people
    are returned."""
    keys = sorted(row["externalId"] for row in batch.rows.values())
    seen = set((await tx.run(query("person/known"), external_ids=keys))[0]["known"])
    for place, row in batch.items():
        if not row.get("accounts") and ("accounts" in row or row["externalId"] not in seen):
            batch.refuse(place, [Problem(("accounts",), ErrorCode.FORBIDDEN, _NEEDS_ACCOUNT)])
    return set(keys) - seen


async def refuse_taken(tx: Tx, batch: Batch, fresh: set[str]) -> bool:
    """Takes out the rows that are to make what is there already, unseen; whether there were any."""
    keys = sorted(row["externalId"] for row in batch.rows.values() if row["externalId"] in fresh)
    named = {"accounts": [], "people": []} | {batch.noun: keys}
    taken = set((await tx.run(query("part/taken"), **named))[0][batch.noun])
    for place, row in batch.items():
        if row["externalId"] in taken:
            batch.refuse(place, [Problem(("externalId",), ErrorCode.TAKEN, "This external id can't be used.")])
    return bool(taken)


def refuse_lost_race(noun: str, written: Sequence[Row], fresh: set[str]) -> None:
    """Raises Refused if what was to be made had come to be there meanwhile."""
    if any(row["external_id"] in fresh and row["change"] != "CREATED" for row in written):
        raise Refused.of(noun, ErrorCode.CONFLICT, "Somebody else was faster. Nothing was done; try again.")
