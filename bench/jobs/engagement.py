"""The calculation of engagement: the first, which scores everybody, and the next day's; with two slices at once, or one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from bench.jobs import stands, statements
from bench.jobs.measure import Task, timed
from bench.jobs.setup import BY, Setup
from bench.jobs.work import Took, worked
from bench.market.rows import BEGAN, DAY, HALF_A_YEAR
from graph import jobs, scoring
from graph.db import Connection, Db

LAST = datetime.fromtimestamp((BEGAN + HALF_A_YEAR - DAY // 2) / 1000, UTC)  # noon of the last day on which people did something
FIRST = LAST - timedelta(days=1)


def engagement(db: Db, connection: Connection, setup: Setup, days: int) -> list[Task]:
    """The first calculation and the next day's, over so many days of activity and the groups that stand."""
    weights = {card[0]: card[3] for card in setup.cards}

    def ours(as_of: datetime, at_once: int) -> Callable[[], Awaitable[Took]]:
        async def work() -> Took:
            return await worked(db, connection, await jobs.start_scoring(db, as_of, by=BY), at_once=at_once)

        return work

    async def by_hand(as_of: datetime) -> None:
        window = scoring.window(as_of.date())
        await db.alone(statements.one("rate_people.floor"), **window, cap=scoring.CAP, shares=setup.shares, by=BY)
        await db.alone(statements.one("rate_groups.floor"), interest=setup.interest, weights=weights, by=BY)

    async def unrated() -> None:
        await db.alone(statements.one("unrate"))

    async def rated() -> None:
        await unrated()
        await by_hand(FIRST)

    async def after() -> tuple[int, int, int, str]:
        return await stands.scores(db, setup)

    def task(name: str, as_of: datetime, before: Callable[[], Awaitable[None]]) -> Task:
        ways = {"ours": ours(as_of, 2), "one at a time": ours(as_of, 1), "floor": lambda: timed(by_hand(as_of))}
        return Task(name, "activity days", ways, before, after, lambda _: days)

    return [task("engagement, the first time", FIRST, unrated), task("engagement, the next day", LAST, rated)]
