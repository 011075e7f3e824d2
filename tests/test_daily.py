"""What runs daily: queued once a day whoever asks, made up for once when missed."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, time

from make import rows

from graph.db import Db
from graph.jobs import Runner, queue_daily, run_all

AT = time(2)


def on(day: int, hour: int) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=UTC)


async def queued(db: Db) -> list[str]:
    found = await rows(db, "MATCH (j:Job) RETURN j.kind AS kind, j.status AS status, j.createdBy AS by ORDER BY j.createdAt")
    return [f"{row['kind']} {row['status']} {row['by']}" for row in found]


async def test_a_day_is_queued_once_however_many_instances_ask(db: Db) -> None:
    asked = await asyncio.gather(*(queue_daily(db, AT, on(20, 3)) for _ in range(8)))
    assert sorted(asked) == [False] * 7 + [True]
    assert await queued(db) == ["MAINTAIN QUEUED schedule", "SCORE QUEUED schedule"]


async def test_before_the_hour_the_day_before_counts(db: Db) -> None:
    assert await queue_daily(db, AT, on(20, 3))
    assert not await queue_daily(db, AT, on(21, 1))
    assert await queue_daily(db, AT, on(21, 2))


async def test_missed_days_are_made_up_for_once(db: Db) -> None:
    assert await queue_daily(db, AT, on(10, 3))
    assert await queue_daily(db, AT, on(20, 3))
    assert not await queue_daily(db, AT, on(20, 4))
    assert len(await queued(db)) == 4


async def test_a_clock_that_went_back_queues_nothing_twice(db: Db) -> None:
    assert await queue_daily(db, AT, on(20, 3))
    assert not await queue_daily(db, AT, on(19, 3))


async def test_what_was_queued_is_run(db: Db) -> None:
    await queue_daily(db, AT, on(20, 3))
    assert await run_all(db) == 2
    assert await queued(db) == ["MAINTAIN SUCCEEDED schedule", "SCORE SUCCEEDED schedule"]


async def test_a_server_queues_what_is_due_and_runs_it(db: Db) -> None:
    async with asyncio.timeout(30), Runner(db, daily=time()):
        while await queued(db) != ["MAINTAIN SUCCEEDED schedule", "SCORE SUCCEEDED schedule"]:
            pass
    assert not await queue_daily(db, time())
