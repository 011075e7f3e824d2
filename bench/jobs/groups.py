"""Creation, by one process and by two, and maintenance after one in a hundred people changed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.errors import BenchError
from bench.jobs import stands, statements
from bench.jobs.measure import Task, timed
from bench.jobs.setup import BY, Setup
from bench.jobs.work import Took, worked
from bench.market import words
from graph import jobs, people
from graph.db import Connection, Db

CHUNK = 1000  # accounts in a transaction of the floor
PEOPLE = 100  # in a transaction of the floor
CHANGED = 0.01  # of the people, in a day
BATCH = 1000  # people in a call


def creation(db: Db, connection: Connection, setup: Setup) -> Task:
    """Groups for all accounts, and their members: by one process with two slices at once, or one, and by two processes. The time
    is that of making and filling them; a job then goes on to calculate engagement, which is measured by itself."""

    async def ours(workers: int, at_once: int) -> Took:
        job = await jobs.start_creation(db, setup.interest, setup.audience, by=BY)
        return await worked(db, connection, job, workers=workers, at_once=at_once, grouped=True)

    async def floor() -> Took:
        wanted = {"interest": setup.interest, "roles": setup.cards, "by": BY, "chunk": CHUNK}
        return await timed(db.alone(statements.one("create.floor"), **wanted))

    async def before() -> None:
        await db.alone(statements.one("unmake"))

    async def after() -> tuple[int, int, str]:
        return await stands.groups(db, setup)

    ways = {"ours": lambda: ours(1, 2), "one at a time": lambda: ours(1, 1), "two processes": lambda: ours(2, 1), "floor": floor}
    return Task("creation", "members", ways, before, after, lambda found: found[1])


@dataclass(slots=True)
class _Changes:
    """People who get other titles, one in a hundred at a time, never the same ones twice in a row."""

    db: Db
    chance: random.Random = field(default_factory=lambda: random.Random(11))  # noqa: S311
    keys: Sequence[str] = ()

    async def make(self) -> None:
        every = (await self.db.read(statements.one("people")))[0]["people"]
        former = sorted(self.chance.sample(every, k=max(1, int(CHANGED * len(every)))))
        self.keys = [key for key, _ in former]
        titles = [title for _, title, often in words.TITLES for _ in range(often)]
        rows = [{"externalId": key, "jobTitle": self._other(titles, than=title)} for key, title in former]
        for start in range(0, len(rows), BATCH):
            done = await people.upsert(self.db, rows[start : start + BATCH], by=BY)
            if done.problems:
                raise BenchError(f"people can't be changed: {done.problems[0].message}")

    def _other(self, titles: Sequence[str], than: str | None) -> str:
        while (title := self.chance.choice(titles)) == than:
            pass
        return title


def maintenance(db: Db, connection: Connection, setup: Setup) -> Task:
    """Maintenance of the groups that `creation` made, by one process with two slices at once, or one. Each turn has changes of
    its own; what stands then is held against what the rules want. The floor is told who changed."""
    changes = _Changes(db)

    async def ours(at_once: int) -> Took:
        took = await worked(db, connection, await jobs.start_maintenance(db, setup.interest, by=BY), at_once=at_once)
        if not took.changed:
            raise BenchError("maintenance changed no members")
        return took

    async def floor() -> Took:
        wanted = {"interest": setup.interest, "roles": setup.cards, "by": BY, "chunk": PEOPLE, "changed": changes.keys}
        return await timed(db.alone(statements.one("maintain.floor"), **wanted))

    async def after() -> str:
        await stands.as_wanted(db, setup)
        return "what the rules want"

    ways = {"ours": lambda: ours(2), "one at a time": lambda: ours(1), "floor": floor}
    return Task("maintenance", "people", ways, changes.make, after, lambda _: len(changes.keys))
