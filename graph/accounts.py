"""Accounts as they come from a CRM: created or changed by external id, moved in their hierarchy, with what they own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Container, Iterable, Iterator, Mapping, Sequence
from typing import Any

from graph.checks import name_problems
from graph.db import Db, Tx
from graph.errors import ErrorCode, Problem
from graph.model import MAX_ROWS_PER_CALL, Input
from graph.part import keep_accounts, refuse_lost_race, refuse_taken
from graph.queries import query
from graph.rows import Batch, LinkResult, UpsertResult, chunks, key_problems, not_a_count, not_finite, not_there, too_long

TEXTS = ("type", "industry", "city", "state", "country", "region", "website")
PROPERTIES = ("name", *TEXTS, "annualRevenue", "employeeCount")
OWNED = ("revenue", "since")
MAX_OWNED = 1000
MAX_SAFE = 20_000  # accounts that are kept in mind as being in no circle


async def upsert(db: Db, rows: Sequence[Input], *, by: str) -> UpsertResult:
    """Creates or changes accounts (the contract's AccountInput: an absent key stays, None clears, a list replaces).

    A row with a problem is left out, the others are done: INVALID, NOT_FOUND (a parent or product), CYCLE; of a caller bound
    to a part of the market, FORBIDDEN (it would leave an account outside), TAKEN. Rows may stand in any order, a child before
    its parent. Raises Refused LIMIT_EXCEEDED, CONFLICT.
    """
    return await db.transaction(upserting(rows, by=by), name="account/upsert")


def upserting(rows: Sequence[Input], *, by: str) -> Callable[[Tx], Awaitable[UpsertResult]]:
    """The same as the work of a transaction. Raises Refused LIMIT_EXCEEDED."""
    batch = Batch.of("accounts", rows, _problems)

    async def work(tx: Tx) -> UpsertResult:
        trial = Batch(batch.noun, dict(batch.rows), batch.size, list(batch.problems))
        moving = any("parentExternalId" in row for row in trial.rows.values())
        if moving or tx.sight:
            await tx.run(query("account/lock_hierarchy"))
        fresh = await keep_accounts(tx, trial) if tx.sight else set[str]()
        await _refuse_links(tx, trial)
        if tx.sight and await refuse_taken(tx, trial, fresh):
            await _refuse_links(tx, trial)
        written = await tx.run(query("account/upsert"), rows=trial.written(PROPERTIES), by=by)
        refuse_lost_race("accounts", written, fresh)
        moves = [
            {"externalId": row["externalId"], "parentExternalId": row["parentExternalId"]}
            for _, row in trial.having("parentExternalId")
        ]
        moved = await tx.run(query("account/move"), rows=moves, by=by) if moves else []
        lists = [
            {"externalId": row["externalId"], "keep": False, "owned": [_owned(one, OWNED) for one in row["ownedProducts"] or ()]}
            for _, row in trial.having("ownedProducts")
        ]
        owning = await tx.run(query("account/own"), rows=lists, by=by) if lists else []
        return trial.result(written, moved, owning)

    return work


async def move(db: Db, parents: Mapping[str, str | None], *, by: str) -> tuple[list[str], dict[str, Problem]]:
    """Puts known accounts under parents, both by external id, or with None at the top. Returns which stood elsewhere
    before, and for those that could not be moved, and so stay, why: NOT_FOUND (no such parent), CYCLE (each edge of it)."""
    return await db.transaction(lambda tx: moving(tx, parents, by=by), name="account/move", bounded=False)


async def moving(tx: Tx, parents: Mapping[str, str | None], *, by: str) -> tuple[list[str], dict[str, Problem]]:
    """The same within a transaction."""
    await tx.run(query("account/lock_hierarchy"))
    refused = await _refused_parents(tx, parents)
    moved: list[str] = []
    for some in chunks((child for child in parents if child not in refused), MAX_ROWS_PER_CALL):
        rows = [{"externalId": child, "parentExternalId": parents[child]} for child in sorted(some)]
        moved += [row["external_id"] for row in await tx.run(query("account/move"), rows=rows, by=by)]
        rows.clear()  # the driver keeps parameters until the transaction ends
    return moved, refused


async def own(db: Db, lists: Mapping[str, Sequence[Input]], *, by: str) -> LinkResult:
    """Replaces what accounts own: by the accounts' external ids, products of the contract's OwnedProductInput (an absent
    key stays, None clears). A link to nothing is left out, NOT_FOUND; its account then keeps what it has beside the rest."""

    async def work(tx: Tx) -> LinkResult:
        products = {one["productExternalId"] for owned in lists.values() for one in owned}
        keys = {"external_ids": sorted(lists), "product_external_ids": sorted(products)}
        standing = (await tx.run(query("account/chains"), **keys))[0]
        known, sold = set(standing["known"]), set(standing["products"])
        problems: dict[tuple[str, str], Problem] = {}
        for account, product in ((account, one["productExternalId"]) for account, owned in lists.items() for one in owned):
            if account not in known:
                problems[account, product] = not_there("account", account, "externalId")
            elif product not in sold:
                problems[account, product] = not_there("product", product, "productExternalId")
        astray = {account for account, _ in problems}
        rows = [
            {
                "externalId": account,
                "keep": account in astray,
                "owned": [
                    _owned(one, [name for name in OWNED if name in one])
                    for one in lists[account]
                    if (account, one["productExternalId"]) not in problems
                ],
            }
            for account in sorted(lists)
        ]
        return LinkResult.of(await tx.run(query("account/own"), rows=rows, by=by), problems)

    return await db.transaction(work, name="account/own")


# --- checks of a row ------------------------------------------------------------------------------------------------


def _problems(row: Input) -> list[Problem]:
    return [
        *name_problems(row.get("name")),
        *too_long(row, TEXTS),
        *not_finite(row, ("annualRevenue",)),
        *not_a_count(row, "employeeCount"),
        *(key_problems(row["parentExternalId"], "parentExternalId") if row.get("parentExternalId") is not None else []),
        *_owned_problems(row.get("ownedProducts") or ()),
    ]


def _owned_problems(owned: Sequence[Mapping[str, Any]]) -> Iterator[Problem]:
    if len(owned) > MAX_OWNED:
        words = f"At most {MAX_OWNED:,} products, not {len(owned):,}."
        yield Problem(("ownedProducts",), ErrorCode.LIMIT_EXCEEDED, words)
        return
    first: dict[str, int] = {}
    for place, one in enumerate(owned):
        key = one["productExternalId"]
        problems = not_finite(one, ("revenue",))
        if key in first:
            words = f"Product {first[key]} of this row is the same."
            problems.append(Problem(("productExternalId",), ErrorCode.INVALID, words))
        first.setdefault(key, place)
        yield from (problem.under("ownedProducts", place) for problem in problems)


def _owned(one: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {"productExternalId": one["productExternalId"], "properties": {name: one.get(name) for name in names}}


# --- links to what must exist, without circles ----------------------------------------------------------------------


async def _refuse_links(tx: Tx, batch: Batch) -> None:
    """Takes out the rows whose parents or products can't be had. A row that goes may take others' parents with it."""
    products = {one["productExternalId"] for _, row in batch.having("ownedProducts") for one in row["ownedProducts"] or ()}
    parents = {row["parentExternalId"] for _, row in batch.having("parentExternalId") if row["parentExternalId"]}
    if not products and not parents:
        return
    keys = sorted(parents | {row["externalId"] for row in batch.rows.values()})
    standing = (await tx.run(query("account/chains"), external_ids=keys, product_external_ids=sorted(products)))[0]
    known, former = set(standing["known"]), dict(standing["parents"])
    for place, row in batch.having("ownedProducts"):
        batch.refuse(place, _unknown_products(row, set(standing["products"])))
    while refused := _refused(batch, known, former):
        for place, problem in refused.items():
            batch.refuse(place, [problem])


def _unknown_products(row: Input, known: set[str]) -> list[Problem]:
    return [
        not_there("product", one["productExternalId"], "productExternalId").under("ownedProducts", place)
        for place, one in enumerate(row["ownedProducts"] or ())
        if one["productExternalId"] not in known
    ]


def _refused(batch: Batch, known: set[str], former: Mapping[str, str]) -> dict[int, Problem]:
    places = {row["externalId"]: place for place, row in batch.having("parentExternalId")}
    wanted = {row["externalId"]: row["parentExternalId"] for _, row in batch.having("parentExternalId")}
    missing = {parent for parent in wanted.values() if parent} - known - {row["externalId"] for row in batch.rows.values()}
    return {places[child]: problem for child, problem in parent_problems(wanted, former, missing).items()}


async def _refused_parents(tx: Tx, wanted: Mapping[str, str | None]) -> dict[str, Problem]:
    """Why some can't be moved. `wanted` may be large, and stand on a disk: it is gone through, never copied."""
    missing: set[str] = set()
    former: dict[str, str] = {}
    refused: dict[str, Problem] = {}

    async def look(keys: Iterable[str]) -> None:
        for some in chunks(keys, MAX_ROWS_PER_CALL):
            standing = (await tx.run(query("account/chains"), external_ids=some, product_external_ids=[]))[0]
            missing.update({*some} - {*standing["known"]})
            former.update((child, parent) for child, parent in standing["parents"] if child not in wanted or child in refused)
            some.clear()  # the driver keeps parameters until the transaction ends

    await look(wanted)
    await look(parent for parent in wanted.values() if parent and parent not in wanted)
    while problems := parent_problems(wanted, former, missing, refused):
        refused |= problems
        await look(problems)  # they stay where they stand
    return refused


def parent_problems(
    wanted: Mapping[str, str | None], former: Mapping[str, str], missing: Container[str], refused: Container[str] = ()
) -> dict[str, Problem]:
    """Which of the wanted parents can't be had, by child, beside those that are refused already: missing ones, and every edge
    of a circle that the wanted parents would close, with each other or with the former ones that stay."""
    problems: dict[str, Problem] = {}
    safe: set[str] = set()

    def above(child: str) -> str | None:
        return former.get(child) if child in refused or child not in wanted else wanted[child]

    for child, parent in wanted.items():
        if child in refused:
            continue
        if parent is not None and parent in missing:
            problems[child] = not_there("account", parent, "parentExternalId")
        elif child not in safe and child not in problems:
            if len(safe) > MAX_SAFE:
                safe.clear()
            circle = _circle(child, above, safe)
            for one in circle:
                if one in wanted and one not in refused:
                    problems[one] = _closes_circle(circle, one)
    return problems


def _circle(child: str, above: Callable[[str], str | None], safe: set[str]) -> list[str]:
    """The accounts of the circle that the way up from `child` runs into, if it does; marks a way that doesn't as safe."""
    way: dict[str, int] = {}
    at: str | None = child
    while at is not None and at not in safe:
        if at in way:
            found = list(way)
            safe.update(found[: way[at]])
            return found[way[at] :]
        way[at] = len(way)
        at = above(at)
    safe.update(way)
    return []


def _closes_circle(circle: Sequence[str], child: str) -> Problem:
    if len(circle) == 1:
        words = "An account can't be its own parent."
    else:
        at = circle.index(child)
        shown = [*circle[at:], *circle[:at], child]
        way = " -> ".join(shown if len(shown) <= 6 else [*shown[:5], "...", child])
        words = f"This parent closes a circle: {way}."
    return Problem(("parentExternalId",), ErrorCode.CYCLE, words)
