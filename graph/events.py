"""The stream of what happens to buying groups: written with each change, numbered once committed, read in that order.

A number taken within a transaction would let a reader pass an event that commits late. So events are born without one, and
whoever wants to read numbers those that are there first, under one lock: what has a number is complete up to it.
"""

from __future__ import annotations

import asyncio

import structlog

from graph.db import Db, Tx
from graph.errors import Unavailable
from graph.queries import query

BATCH = 5_000  # events numbered in a transaction
POLL = 0.25  # seconds between looks for events, while somebody waits

log = structlog.get_logger(__name__)


async def number(db: Db) -> int:
    """Numbers what has none and returns the last number given, 0 before the first."""
    row = (await db.read(query("event/head")))[0]
    head, more = row["head"], row["fresh"]
    while more:
        row = (await db.write(query("event/number"), limit=BATCH))[0]
        head, more = row["head"], row["numbered"] == BATCH
    return head


async def number_within(tx: Tx) -> None:
    """Numbers what has none. What is committed from now on has a greater number than all that was there, whenever it happened,
    for nobody else numbers before the transaction ends."""
    while (await tx.run(query("event/number"), limit=BATCH))[0]["numbered"] == BATCH:
        pass


class Hub:
    """Lets any number of subscribers of one instance wait for events at the cost of one look every quarter of a second."""

    def __init__(self, db: Db) -> None:
        self._db = db
        self._head = 0
        self._look: asyncio.Task[None] | None = None

    async def beyond(self, seq: int) -> None:
        """Returns when there is an event with a greater number than `seq`."""
        while self._head <= seq:
            if self._look is None or self._look.done():
                self._look = asyncio.create_task(self._look_once(), name="events")
            await asyncio.shield(self._look)

    async def _look_once(self) -> None:
        """Looks for all who wait, and takes its time when there is nothing new."""
        before = self._head
        try:
            self._head = await number(self._db)
        except Unavailable as error:
            log.warning("subscribers wait for the database", reason=str(error))
        except Exception:
            log.exception("events could not be looked for")
        if self._head == before:
            await asyncio.sleep(POLL)
