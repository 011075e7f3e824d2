"""Products as they come from a CRM: created or changed by external id."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from graph.checks import name_problems
from graph.db import Db, Tx
from graph.errors import Problem
from graph.model import Input
from graph.queries import query
from graph.rows import Batch, UpsertResult, too_long


async def upsert(db: Db, rows: Sequence[Input]) -> UpsertResult:
    """Creates or changes products (the contract's ProductInput). A row with a problem is left out, the others are done.
    Raises Refused LIMIT_EXCEEDED."""
    return await db.transaction(upserting(rows), name="product/upsert")


def upserting(rows: Sequence[Input]) -> Callable[[Tx], Awaitable[UpsertResult]]:
    """The same as the work of a transaction. Raises Refused LIMIT_EXCEEDED."""
    batch = Batch.of("products", rows, _problems)

    async def work(tx: Tx) -> UpsertResult:
        return batch.result(await tx.run(query("product/upsert"), rows=batch.written(("name", "productLine"))))

    return work


def _problems(row: Input) -> list[Problem]:
    return [*name_problems(row.get("name")), *too_long(row, ("productLine",))]
