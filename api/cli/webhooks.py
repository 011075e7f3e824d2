"""`buying-groups webhooks`: who is told of events."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from api import ids
from api.cli.frame import database_or_beside, minute, out, plural
from api.settings import Settings
from graph import webhooks
from graph.errors import ErrorCode, Refused

CLI = "command line"  # who does what is done here


async def list_all(settings: Settings) -> None:
    """Prints every webhook and how it stands."""
    async with database_or_beside(settings) as opened:
        found = await webhooks.records(opened.db)
    for one in found:
        off = one.status != "ENABLED"
        out.print(f"{ids.encode('Webhook', one.id)}  {one.name}", style="dim" if off else "bold", markup=False, soft_wrap=True)
        out.print(f"    {one.url}", markup=False, soft_wrap=True)
        fails = f" fails since {minute(one.failing_since)}," if one.failing_since else ""
        out.print(
            f"    {f'off: {one.reason}' if off else f'on,{fails}'} {plural(one.behind, 'event')} to look at",
            markup=False,
            soft_wrap=True,
        )
    if not found:
        out.print("There are no webhooks.")


async def replay(settings: Settings, webhook: str, after: str) -> None:
    """Has a webhook told again what happened after a time."""
    try:
        moment = datetime.fromisoformat(after)
    except ValueError:
        words = f"--after takes a time, such as 2026-11-28T06:00:00Z, not {after!r}."
        raise Refused.of("after", ErrorCode.INVALID, words) from None
    moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    async with database_or_beside(settings) as opened:
        await webhooks.replay(opened.db, ids.raw_or_unknown(webhook, "Webhook"), moment, by=CLI)
    out.print(f"{webhook} gets what happened after {moment:%Y-%m-%d %H:%M:%S} UTC again.", markup=False, soft_wrap=True)


async def switch(settings: Settings, webhook: str, switch: Any, words: str) -> None:
    """Switches a webhook on or off."""
    async with database_or_beside(settings) as opened:
        await switch(opened.db, ids.raw_or_unknown(webhook, "Webhook"), by=CLI)
    out.print(f"{webhook} is switched {words}.", markup=False, soft_wrap=True)
