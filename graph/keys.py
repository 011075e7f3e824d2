"""API keys: made and shown once, kept as hashes, revoked, and found again by those who present them.

A key is `bgk_<id>_<secret>`. The secret has 256 random bits, so nobody can guess it, or find it from its hash by trying
likely ones: one round of SHA-256 keeps it as safe as the slow hashes that passwords need, and costs a microsecond.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog

from graph.callers import EXPIRED, BadCredential, Caller, granted
from graph.checks import name_problems, refuse
from graph.db import Db, note_trouble
from graph.errors import ErrorCode, Problem, Refused, Unavailable
from graph.model import Permission
from graph.queries import query

PREFIX = "bgk"
TRUSTED = 5.0
"""For how many seconds an instance goes by what it read: a revoked key is refused everywhere after as many."""
REREAD = 2.0
"""After how many seconds it is read again, beside the request that finds it that old."""
UNKNOWN = 1.0
"""After how many seconds it is read again for a key that isn't in it: a new one is known after as many."""
PATIENCE = 8.0
"""For how many seconds a request waits for the reading at most."""
TOUCHED = 60.0
"""How many seconds pass at least between two notes of a key's use."""
_KEY = re.compile(rf"{PREFIX}_([0-9a-f]{{16}})_[A-Za-z0-9_-]{{43}}")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class KeySpec:
    """A key to be made. `account` binds it to a part of the market, by the account's id or external id."""

    name: str
    permissions: Sequence[Permission]
    expires_at: datetime | None = None
    account: str | None = None


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was made. `key` is nowhere else: who loses it makes another."""

    id: str
    key: str
    account: str | None

    def __repr__(self) -> str:
        return f"NewKey({self.id!r})"


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What is on record of a key. `account` is the name of the one it is bound to, None also when that is gone."""

    id: str
    name: str
    permissions: tuple[str, ...]
    root_id: str | None
    account: str | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


async def create(db: Db, spec: KeySpec) -> NewKey:
    """Makes a key. Raises Refused: INVALID, NOT_FOUND (the account)."""
    refuse(_problems(spec))
    root, account = None, None
    if spec.account is not None:
        found = await db.read(query("key/account"), account=spec.account)
        if not found:
            raise Refused.of("account", ErrorCode.NOT_FOUND, "There is no account with this id or external id.")
        root, account = found[0]["id"], found[0]["name"]
    own = secrets.token_hex(8)
    key = f"{PREFIX}_{own}_{secrets.token_urlsafe(32)}"
    permissions = [one.value for one in Permission if one in granted(spec.permissions)]
    kept: dict[str, Any] = {"id": own, "name": spec.name.strip(), "hash": _hash(key), "permissions": permissions}
    await db.write(query("key/create"), **kept, root=root, expires_at=spec.expires_at)
    return NewKey(own, key, account)


def _problems(spec: KeySpec) -> list[Problem]:
    found = name_problems(spec.name)
    if not spec.name.isprintable():
        found.append(Problem(("name",), ErrorCode.INVALID, "A name has only characters that can be printed."))
    if not spec.permissions:
        words = f"Name at least one permission of {', '.join(Permission)}."
        found.append(Problem(("permissions",), ErrorCode.INVALID, words))
    if spec.expires_at is not None and spec.expires_at <= datetime.now(UTC):
        found.append(Problem(("expires",), ErrorCode.INVALID, "A key must expire later than now."))
    return found


async def records(db: Db) -> list[KeyRecord]:
    """All keys on record, the newest first, revoked ones too."""
    return [
        KeyRecord(
            row["id"],
            row["name"],
            tuple(row["permissions"]),
            row["root_id"],
            row["account"],
            datetime.fromtimestamp(row["created_at"] / 1000, UTC),
            *(_moment(row[name]) for name in ("expires_at", "revoked_at", "last_used_at")),
        )
        for row in await db.read(query("key/list"))
    ]


def _moment(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)


async def revoke(db: Db, key_id: str) -> str:
    """Revokes a key, for good, and returns its name. Raises Refused: NOT_FOUND, NOT_EDITABLE (it is revoked already)."""
    rows = await db.write(query("key/revoke"), id=key_id)
    if not rows:
        raise Refused.of("id", ErrorCode.NOT_FOUND, "There is no key with this id. `buying-groups keys list` tells the ids.")
    if rows[0]["already"]:
        raise Refused.of("id", ErrorCode.NOT_EDITABLE, f"The key '{rows[0]['name']}' is revoked already.")
    return rows[0]["name"]


async def exist(db: Db) -> bool:
    """Whether there are keys on record, be they usable or not."""
    return (await db.read(query("key/known")))[0]["exist"]


async def account_id(db: Db, account: str) -> str | None:
    """The id of the account that a credential is bound to by its id or external id; None if there is none."""
    found = await db.read(query("key/account"), account=account)
    return found[0]["id"] if found else None


# --- who presents them ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Known:
    id: str
    hash: str
    expires: int | None  # milliseconds since 1970
    caller: Caller


class Keys:
    """What one instance knows of the keys. It is read again every few seconds, never for a request alone: what is presented
    costs no statement, and what nobody made costs as little as what somebody did."""

    def __init__(self, db: Db) -> None:
        self._db = db.aside()
        self._known: Mapping[str, _Known] = {}
        self._exist = True
        self._read_at = float("-inf")
        self._reading: asyncio.Task[None] | None = None
        self._touched: dict[str, float] = {}
        self._touches: set[asyncio.Task[None]] = set()

    async def exist(self) -> bool:
        """Whether there are keys on record, be they usable or not. Raises Unavailable."""
        await self._fresh(TRUSTED)
        return self._exist

    async def find(self, key: str) -> Caller:
        """Who presents this key. Raises BadCredential, and Unavailable."""
        form = _KEY.fullmatch(key)
        if not form:
            raise BadCredential("malformed")
        await self._fresh(TRUSTED)
        if form[1] not in self._known:
            await self._fresh(UNKNOWN)
        known = self._known.get(form[1])
        if known is None or not hmac.compare_digest(known.hash, _hash(key)):
            raise BadCredential("unknown key")
        if known.expires is not None and known.expires <= time.time() * 1000:
            raise BadCredential(EXPIRED)
        self._touch(known.id)
        return known.caller

    async def settle(self) -> None:
        """Waits for what is under way."""
        pending = [*self._touches, *([self._reading] if self._reading else [])]
        if pending:
            await asyncio.wait(pending)

    async def _fresh(self, trusted: float) -> None:
        """Lets what is known be at most so many seconds old."""
        age = time.monotonic() - self._read_at
        if age < min(trusted, REREAD):
            return
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read(), name="keys")
            self._reading.add_done_callback(_heard)
        if age >= trusted:
            since = time.monotonic()
            try:
                async with asyncio.timeout(PATIENCE):
                    await asyncio.shield(self._reading)
            except TimeoutError:
                raise Unavailable(f"the keys weren't read within {PATIENCE:g} s") from None
            finally:
                note_trouble(since)

    async def _read(self) -> None:
        began = time.monotonic()
        row = (await self._db.read(query("key/known")))[0]
        self._known = {one["id"]: _known(one) for one in row["keys"]}
        self._exist, self._read_at = row["exist"], began
        self._touched = {own: at for own, at in self._touched.items() if own in self._known}

    def _touch(self, own: str) -> None:
        """Notes that a key was used, beside the request and at most once a minute."""
        now = time.monotonic()
        if now - self._touched.get(own, float("-inf")) < TOUCHED:
            return
        self._touched[own] = now
        task = asyncio.create_task(self._written(own), name="key used")
        self._touches.add(task)
        task.add_done_callback(self._touches.discard)

    async def _written(self, own: str) -> None:
        try:
            await self._db.write(query("key/touch"), id=own)
        except Exception as error:  # a note that is missing harms nobody
            log.warning("a key's use was not noted", key=own, reason=type(error).__name__)


def _known(row: Mapping[str, Any]) -> _Known:
    # With "key:" before its name, no key can pass for `local`, for a job, or for somebody with a token.
    caller = Caller(f"key:{row['name']}", granted(row["permissions"]), f"key:{row['id']}", row["root"])
    return _Known(row["id"], row["hash"], row["expires"], caller)


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _heard(task: asyncio.Task[None]) -> None:
    """Those who wait for the reading hear of its failure; if nobody waits, the next one will try again."""
    if not task.cancelled():
        task.exception()
