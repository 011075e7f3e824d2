"""What waits to be done, for those who watch over it."""

from __future__ import annotations

from dataclasses import dataclass

from graph.db import Db
from graph.queries import query


@dataclass(frozen=True, slots=True)
class Lag:
    """How far a webhook that is on is behind: in events that are to be looked at, and by the oldest one's age in seconds."""

    webhook_id: str
    events: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Backlog:
    """Jobs by kind and status, events that have no number yet, and how far each webhook that is on is behind."""

    jobs: dict[tuple[str, str], int]
    fresh: int
    webhooks: tuple[Lag, ...]


async def backlog(db: Db) -> Backlog:
    """What waits now."""
    row = (await db.read(query("server/backlog")))[0]
    jobs = {(kind, status): count for kind, status, count in row["jobs"]}
    return Backlog(jobs, row["fresh"], tuple(Lag(*one) for one in row["webhooks"]))
