"""`buying-groups keys`: who may call the API."""

from __future__ import annotations

import contextlib
import re
from datetime import UTC, date, datetime, time, timedelta

from api import ids
from api.cli.frame import database_or_beside, err, minute, out
from api.settings import Settings
from graph import keys
from graph.errors import ErrorCode, Refused
from graph.model import Permission


async def create(settings: Settings, name: str, permissions: list[Permission], expires: str | None, account: str | None) -> None:
    """Makes a key and prints it alone on standard output; what it is stands on standard error."""
    moment = None if expires is None else expiry(expires)
    bound = None if account is None else _raw_account(account)
    async with database_or_beside(settings) as opened:
        others = [one.id for one in await keys.records(opened.db) if one.name == name and one.revoked_at is None]
        made = await keys.create(opened.db, keys.KeySpec(name, permissions, moment, bound))
    err.print(f"The key {made.id} for {name}. Keep it well: it is shown this once.", markup=False, soft_wrap=True)
    if made.account is not None:
        does = "sees" if permissions == [Permission.VIEW] else "sees and changes"
        err.print(f"It {does} {made.account} and what is below, nothing else.", markup=False, soft_wrap=True)
    err.print(f"It expires at {minute(moment)}." if moment else "It never expires.")
    if others:
        words = f"{name} has other keys: {', '.join(others)}. What is done with any of them is recorded under the one name."
        err.print(words, markup=False, soft_wrap=True)
    print(made.key)  # noqa: T201 - alone on standard output, for scripts


def expiry(text: str) -> datetime:
    """When a key expires: in so many days, or as a day in UTC begins. Raises Refused."""
    with contextlib.suppress(ValueError, OverflowError):
        if days := re.fullmatch(r"(\d{1,6})d", text):
            return datetime.now(UTC) + timedelta(days=int(days[1]))
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    raise Refused.of(
        "expires", ErrorCode.INVALID, f"--expires takes days, such as 90d, or a day, such as 2027-12-31, not {text!r}."
    )


def _raw_account(account: str) -> str:
    """An account's own id if this is its global one, else the text as it is."""
    try:
        return ids.raw(account, "Account")
    except ids.BadId:
        return account


async def list_all(settings: Settings) -> None:
    """Prints every key, but not what it is found by."""
    async with database_or_beside(settings) as opened:
        found = await keys.records(opened.db)
    for one in found:
        where = "the whole market" if one.root_id is None else one.account or "an account that is gone"
        moments = [f"made {minute(one.created_at)}"]
        moments.append(f"last used {minute(one.last_used_at)}" if one.last_used_at else "never used")
        moments.append(f"expires {minute(one.expires_at)}" if one.expires_at else "never expires")
        if one.revoked_at:
            moments.append(f"revoked {minute(one.revoked_at)}")
        out.print(f"{one.id}  {one.name}", style="dim" if one.revoked_at else "bold", markup=False, soft_wrap=True)
        out.print(f"    {' '.join(one.permissions)} in {where}", markup=False, soft_wrap=True)
        out.print(f"    {', '.join(moments)}", markup=False, soft_wrap=True)
    if not found:
        out.print("There are no keys.")


async def revoke(settings: Settings, key: str) -> None:
    """Revokes a key, for good."""
    async with database_or_beside(settings) as opened:
        name = await keys.revoke(opened.db, key)
    out.print(f"The key {key} of {name} is revoked. Servers refuse it within {keys.TRUSTED:g} s.", markup=False, soft_wrap=True)
