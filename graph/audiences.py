"""Account audiences: static ones list accounts, dynamic ones keep a filter that is evaluated when used."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graph.checks import blank_to_none, name_problems, refuse, text_problems
from graph.db import Db, Row, Tx
from graph.errors import ErrorCode, Problem, Refused
from graph.filters import Filter, summarise_account_filter, validate_account_filter
from graph.model import AudienceKind
from graph.queries import query

MAX_LISTED = 10_000


@dataclass(frozen=True, slots=True)
class AudienceSpec:
    """An audience as somebody wants it: exactly one of accounts and filter."""

    name: str
    description: str | None = None
    account_ids: Sequence[str] | None = None
    filter: Filter | None = None


async def create(db: Db, spec: AudienceSpec, *, by: str) -> str:
    """Makes an audience and returns its id. Raises Refused: INVALID, NOT_FOUND (an account), LIMIT_EXCEEDED."""
    refuse(_problems(spec))

    async def work(tx: Tx) -> str:
        stored = await _stored(tx, spec)
        audience_id = (await tx.run(query("audience/create"), audience=stored, by=by))[0]["id"]
        if spec.account_ids is not None:
            await tx.run(query("audience/list_accounts"), id=audience_id, account_ids=list(spec.account_ids))
        return audience_id

    return await db.transaction(work, name="audience/create")


async def update(db: Db, audience_id: str, spec: AudienceSpec, *, by: str) -> str:
    """Replaces what an audience says; its kind may change, too. Raises Refused: NOT_FOUND, INVALID, LIMIT_EXCEEDED."""
    refuse(_problems(spec))

    async def work(tx: Tx) -> str:
        standing = await _lock(tx, audience_id)
        stored = await _stored(tx, spec)
        accounts = sorted(set(spec.account_ids or ()))
        if standing["audience"] == stored and standing["account_ids"] == accounts:
            return audience_id
        await tx.run(query("audience/update"), id=audience_id, audience=stored, by=by)
        await tx.run(query("audience/list_accounts"), id=audience_id, account_ids=accounts)
        return audience_id

    return await db.transaction(work, name="audience/update")


async def delete(db: Db, audience_id: str) -> str:
    """Deletes an audience that no interest works through. Raises Refused: NOT_FOUND, IN_USE."""

    async def work(tx: Tx) -> str:
        if (await _lock(tx, audience_id))["interests"]:
            words = "Solution interests or jobs work through this audience."
            raise Refused.of("id", ErrorCode.IN_USE, words)
        await tx.run(query("audience/delete"), id=audience_id)
        return audience_id

    return await db.transaction(work, name="audience/delete")


async def rule(db: Db, audience_id: str) -> Filter | None:
    """The filter of a dynamic audience; None for a static one, and for none at all."""
    rows = await db.read(query("audience/rule"), id=audience_id)
    return json.loads(rows[0]["rule"]) if rows and rows[0]["rule"] else None


async def _lock(tx: Tx, audience_id: str) -> Row:
    rows = await tx.run(query("audience/lock"), id=audience_id)
    if not rows:
        raise Refused.of("id", ErrorCode.NOT_FOUND, "There is no account audience with this id.")
    return rows[0]


async def _stored(tx: Tx, spec: AudienceSpec) -> dict[str, Any]:
    stored: dict[str, Any] = {"name": spec.name, "description": blank_to_none(spec.description)}
    if spec.filter is not None:
        named = list(_ids(spec.filter, ("filter",)))
        rows = await tx.run(query("audience/names"), ids=sorted({own for _, own in named}))
        names: Mapping[str, str] = {row["id"]: row["name"] for row in rows}
        unknown = "There is nothing of this kind with this id."
        refuse([Problem(path, ErrorCode.NOT_FOUND, unknown) for path, own in named if own not in names])
        rule = json.dumps(spec.filter, ensure_ascii=False, sort_keys=True)
        return stored | {
            "kind": AudienceKind.DYNAMIC.value,
            "rule": rule,
            "ruleSummary": summarise_account_filter(spec.filter, names),
        }
    wanted = list(spec.account_ids or ())
    known = {row["id"] for row in await tx.run(query("audience/known"), ids=wanted)}
    refuse(
        [
            Problem(("accountIds", str(place)), ErrorCode.NOT_FOUND, "There is no account with this id.")
            for place, account in enumerate(wanted)
            if account not in known
        ]
    )
    return stored | {"kind": AudienceKind.STATIC.value, "rule": None, "ruleSummary": None}


def _ids(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every id that a filter names, with its place."""
    inner = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for place, one in inner:
        here = (*path, str(place))
        if isinstance(one, str) and _NAMES_SOMETHING.search(".".join(here)):
            yield here, one
        else:
            yield from _ids(one, here)


_NAMES_SOMETHING = re.compile(r"Id$|Ids\.\d+$")


def _problems(spec: AudienceSpec) -> list[Problem]:
    problems = [*name_problems(spec.name), *text_problems(spec.description, "description")]
    if (spec.account_ids is None) == (spec.filter is None):
        words = "Give exactly one of accountIds (a static audience) and filter (a dynamic one)."
        problems.append(Problem((), ErrorCode.INVALID, words))
    if spec.account_ids is not None and len(spec.account_ids) > MAX_LISTED:
        words = f"An audience lists at most {MAX_LISTED:,} accounts, not {len(spec.account_ids):,}. Use a filter."
        problems.append(Problem(("accountIds",), ErrorCode.LIMIT_EXCEEDED, words))
    if spec.filter is not None:
        problems += [problem.under("filter") for problem in validate_account_filter(spec.filter)]
    return problems
