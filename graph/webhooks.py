"""Webhooks: to whom events are delivered, which of them, and from where on. `graph.outbox` delivers them."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from graph import events
from graph.checks import name_problems, refuse
from graph.db import Db, Row, Tx
from graph.errors import ErrorCode, Problem, Refused
from graph.model import BuyingGroupEventType, Input
from graph.queries import query
from graph.targets import Targets
from graph.vault import Vault

MAX_WEBHOOKS = 50
BOTH_SIGN = 24
"""For how many hours a secret that was replaced goes on signing beside the new one."""
_SECRET = 32  # random bytes
_UNKNOWN = "There is no webhook with this id."


@dataclass(frozen=True, slots=True)
class WebhookSpec:
    """A webhook to be made. `types`: only events of these types; all unless given. `interest_id`, `account_id`: only those of
    this interest's groups, and of this account's own."""

    name: str
    url: str
    types: Sequence[BuyingGroupEventType] | None = None
    interest_id: str | None = None
    account_id: str | None = None


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A webhook with a secret that was just made."""

    webhook_id: str
    secret: str

    def __repr__(self) -> str:
        return f"NewSecret({self.webhook_id!r})"


@dataclass(frozen=True, slots=True)
class Record:
    """What is on record of a webhook. `behind`: how many events are still to be looked at for it."""

    id: str
    name: str
    url: str
    status: str
    reason: str | None
    failing_since: datetime | None
    behind: int


async def create(db: Db, spec: WebhookSpec, targets: Targets, vault: Vault | None, *, by: str) -> NewSecret:
    """Makes a webhook for what happens from now on. Raises Refused: INVALID, NOT_FOUND, LIMIT_EXCEEDED, NOT_EDITABLE (secrets
    can't be kept).

    What a transaction returns may be stored under an idempotency key: the secret leaves it encrypted.
    """
    sealing = _needed(vault)
    stored: Input = {
        "name": spec.name,
        "url": spec.url,
        "types": spec.types,
        "interestId": spec.interest_id,
        "accountId": spec.account_id,
    }
    refuse(_problems(stored, targets))
    own = str(uuid4())

    async def work(tx: Tx) -> list[str]:
        if (await tx.run(query("webhook/hold_all")))[0]["count"] >= MAX_WEBHOOKS:
            raise Refused.of("", ErrorCode.LIMIT_EXCEEDED, f"There are {MAX_WEBHOOKS} webhooks, which is the most.")
        await _check_parts(tx, stored)
        sealed = sealing.seal(_new_secret(), own)
        await events.number_within(tx)
        await tx.run(query("webhook/create"), id=own, webhook=_kept(stored), secret=sealed, by=by)
        return [own, sealed]

    made, sealed = await db.transaction(work, name="webhook/create")
    return NewSecret(made, sealing.open(sealed, made))


async def update(db: Db, webhook_id: str, changes: Input, targets: Targets, *, by: str) -> str:
    """Changes a webhook (name, url, types, interestId, accountId: what is absent stays, None clears). Raises Refused:
    NOT_FOUND, INVALID."""
    refuse(_problems(changes, targets))

    async def work(tx: Tx) -> str:
        standing = await _lock(tx, webhook_id)
        await _check_parts(tx, changes)
        kept = _kept(changes)
        names = {"interestId": "interest_id", "accountId": "account_id"}
        if any(standing[names.get(name, name)] != value for name, value in kept.items()):
            await tx.run(query("webhook/update"), id=webhook_id, webhook=kept, by=by)
        return webhook_id

    return await db.transaction(work, name="webhook/update")


async def delete(db: Db, webhook_id: str) -> str:
    """Deletes a webhook with its log. Raises Refused: NOT_FOUND."""

    def unknown(rows: list[Row]) -> None:
        if not rows:
            raise Refused.of("id", ErrorCode.NOT_FOUND, _UNKNOWN)

    await db.write(query("webhook/delete"), unless=unknown, id=webhook_id)
    return webhook_id


async def enable(db: Db, webhook_id: str, *, by: str) -> str:
    """Switches a webhook on: it goes on where it stopped. Raises Refused: NOT_FOUND."""
    return await _switch(db, webhook_id, "ENABLED", None, by)


async def disable(db: Db, webhook_id: str, *, by: str) -> str:
    """Switches a webhook off: what happens waits for it. Raises Refused: NOT_FOUND."""
    return await _switch(db, webhook_id, "DISABLED", f"Switched off by {by}.", by)


async def _switch(db: Db, webhook_id: str, status: str, reason: str | None, by: str) -> str:
    async def work(tx: Tx) -> str:
        standing = await _lock(tx, webhook_id)
        if standing["status"] != status:
            changes = {"status": status, "disabledReason": reason, "failingSince": None, "failingSeq": None}
            await tx.run(query("webhook/update"), id=webhook_id, webhook=changes, by=by)
        return webhook_id

    return await db.transaction(work, name="webhook/switch")


async def rotate(db: Db, webhook_id: str, vault: Vault | None, *, by: str) -> NewSecret:
    """Gives a webhook another secret; for 24 hours the former one signs, too. Raises Refused: NOT_FOUND, NOT_EDITABLE (secrets
    can't be kept)."""
    sealing = _needed(vault)

    async def work(tx: Tx) -> list[str]:
        await _lock(tx, webhook_id)
        sealed = sealing.seal(_new_secret(), webhook_id)
        await tx.run(query("webhook/rotate"), id=webhook_id, secret=sealed, hours=BOTH_SIGN, by=by)
        return [webhook_id, sealed]

    made, sealed = await db.transaction(work, name="webhook/rotate")
    return NewSecret(made, sealing.open(sealed, made))


async def replay(db: Db, webhook_id: str, after: datetime, *, by: str) -> str:
    """Lets a webhook have again what happened after a time, and all that followed. It never goes forward: nothing is left out.
    Raises Refused: NOT_FOUND, INVALID (a time to come)."""
    if after > datetime.now(UTC):
        raise Refused.of("after", ErrorCode.INVALID, "Must be a time that is over: what is to come will be delivered anyway.")

    def unknown(rows: list[Row]) -> None:
        if not rows:
            raise Refused.of("id", ErrorCode.NOT_FOUND, _UNKNOWN)

    await db.write(query("webhook/replay"), unless=unknown, id=webhook_id, after=after, by=by)
    return webhook_id


async def records(db: Db) -> list[Record]:
    """All webhooks, by name."""
    found: list[Record] = []
    for row in await db.read(query("webhook/list")):
        since = row.pop("failing_since")
        found.append(Record(**row, failing_since=None if since is None else datetime.fromtimestamp(since / 1000, UTC)))
    return found


async def _lock(tx: Tx, webhook_id: str) -> Row:
    rows = await tx.run(query("webhook/lock"), id=webhook_id)
    if not rows:
        raise Refused.of("id", ErrorCode.NOT_FOUND, _UNKNOWN)
    return rows[0]


def _needed(vault: Vault | None) -> Vault:
    if vault is None:
        words = "Webhooks have secrets, and nothing is set under which to keep them: set BUYING_GROUPS_SECRET_KEY first."
        raise Refused.of("", ErrorCode.NOT_EDITABLE, words)
    return vault


def _new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET)).decode()


def _problems(changes: Input, targets: Targets) -> list[Problem]:
    found: list[Problem] = []
    if "name" in changes:
        found += name_problems(changes["name"])
    if "url" in changes:
        found += targets.problems(changes["url"] or "")
    if changes.get("types") is not None and not changes["types"]:
        found.append(Problem(("types",), ErrorCode.INVALID, "Name at least one type, or none at all for events of all types."))
    return found


async def _check_parts(tx: Tx, changes: Input) -> None:
    wanted = {"interest_id": changes.get("interestId"), "account_id": changes.get("accountId")}
    known = (await tx.run(query("webhook/known"), **wanted))[0]
    found: list[Problem] = []
    if known["interest"] is False:
        found.append(Problem(("solutionInterestId",), ErrorCode.NOT_FOUND, "There is no solution interest with this id."))
    if known["account"] is False:
        found.append(Problem(("accountId",), ErrorCode.NOT_FOUND, "There is no account with this id."))
    refuse(found)


def _kept(changes: Input) -> Mapping[str, Any]:
    """What is changed, as it is stored: types once each and in their order."""
    if changes.get("types") is None:
        return changes
    return {**changes, "types": [one.value for one in BuyingGroupEventType if one in changes["types"]]}
