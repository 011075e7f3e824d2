"""Delivers events to webhooks: at least once, each group's in their order, by whichever instance holds a webhook's lease.

A webhook's cursor is the number up to which everything was acknowledged; what was acknowledged beyond it, past a group that is
held back, is kept beside it. An event is sent only when its group's former one is acknowledged and that is kept. So whoever
takes over sends again at most the last event of each group, and nothing of a group overtakes anything.

How an event is sent is the caller's to say: this knows neither HTTP nor what a payload looks like.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any
from uuid import UUID, uuid4, uuid5

import structlog

from graph import events
from graph.db import Db, Row, unit
from graph.errors import Unavailable
from graph.queries import query

KEEP = 200
"""How many attempts a webhook's log has, the latest ones."""
GONE = 410

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """How deliveries are tried. Times are seconds."""

    at_once: int = 8  # groups to which events are delivered at the same time
    window: int = 1_000  # events that are looked at before the first of them is acknowledged
    first: float = 2.0  # until an event that failed is tried again; after each further failure twice as long
    longest: float = 3_600.0
    jitter: float = 0.2  # the part by which waits differ at random, so that receivers aren't asked in step
    trip: int = 8  # failures in a row, of any groups, after which a receiver counts as down: it is tried with one event at a time
    probe: float = 300.0  # the longest wait between those
    give_up: float = 5 * 86_400.0  # of failures of one event, after which the webhook is switched off
    lease: float = 30.0  # without a sign of life after which another instance takes over; longer than two beats and an attempt
    beat: float = 5.0  # between signs of life
    poll: float = 0.5  # between looks for events

    def wait(self, failures: int, longest: float) -> float:
        """How long to wait after so many failures."""
        spread = random.uniform(1 - self.jitter, 1 + self.jitter)  # noqa: S311 - nobody gains by guessing it
        return min(self.first * 2 ** min(failures - 1, 40), longest) * spread


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook as its deliveries need it. Secrets are encrypted; `former_until` is in milliseconds since 1970."""

    id: str
    url: str = field(repr=False)
    secret: str = field(repr=False)
    former_secret: str | None = field(repr=False)
    former_until: int | None


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to a group; `at` is in milliseconds since 1970."""

    seq: int
    id: str
    type: str
    at: int
    group_id: str
    account_id: str
    interest_id: str
    person_id: str | None
    role_id: str | None
    role: str | None
    source: str | None
    previous: str | None
    current: str | None

    def message_id(self, hook: Hook) -> str:
        """What the event is called at a webhook: the same at each attempt, after a restart and in a replay."""
        return f"msg_{uuid5(UUID(hook.id), self.id)}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an attempt: delivered if there is no error. `retry_after`: for how many seconds the receiver wants
    nothing."""

    status: int | None
    error: str | None = None
    retry_after: float | None = None


Send = Callable[[Hook, Event], Awaitable[Outcome]]


@dataclass(slots=True)
class _Lane:
    """A group's events in their order, the first of which is under way or due."""

    queue: deque[Event] = field(default_factory=deque[Event])
    busy: bool = False
    failures: int = 0
    since: int | None = None  # when the first event failed first, in milliseconds since 1970
    due: float = 0.0


class _Work:
    """One instance's work on one webhook, from claiming it until there is nothing left or it is somebody else's."""

    def __init__(self, db: Db, row: Row, webhook_id: str, lease: str, send: Send, pace: Pace) -> None:
        self._db, self._send, self._pace, self._lease = db, send, pace, lease
        self._hook = Hook(webhook_id, row["url"], row["secret"], row["former_secret"], row["former_until"])
        self._wanted = {name: row[name] for name in ("types", "interest_id", "account_id")}
        self._revision: int = row["revision"]
        self._failing: tuple[int | None, int | None] = row["failing_since"], row["failing_seq"]
        self._cursor = self._through = row["cursor"]  # `through`: up to where events were read
        self._ahead: set[int] = set(row["acknowledged"])  # acknowledged beyond the cursor
        self._pending: dict[int, Event] = {}  # by number, in order
        self._lanes: dict[str, _Lane] = {}
        self._sending: dict[asyncio.Task[tuple[Outcome, float]], _Lane] = {}
        self._settled: list[tuple[str, _Lane]] = []  # lanes whose acknowledgement isn't kept yet
        self._tries: list[dict[str, Any]] = []
        self._reason: str | None = None
        self._streak = self._rounds = 0  # failures in a row; probes of a receiver that is down
        self._paused = self._looked = float("-inf")
        self._kept_at = time.monotonic()

    async def run(self) -> None:
        """Works until nothing is left, or the webhook is another's, changed or switched off."""
        try:
            while await self._kept():
                await self._read()
                self._start()
                if not self._pending and not self._settled and not self._tries:
                    return
                await self._wait()
        finally:
            await self._leave()

    async def _leave(self) -> None:
        for task in [task for task in self._sending if task.done()]:
            self._hear(self._sending.pop(task), *task.result())
        for task in self._sending:
            task.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)
        if self._settled or self._tries:
            with contextlib.suppress(Unavailable):
                await self._keep()

    # --- what is kept -------------------------------------------------------------------------------------------------

    async def _kept(self) -> bool:
        """Keeps what is new, and gives a sign of life now and then. False when there is nothing to do here any more."""
        fresh = self._settled or self._tries or self._reason
        if not fresh and time.monotonic() - self._kept_at < self._pace.beat:
            return True
        return await self._keep() and self._reason is None

    async def _keep(self) -> bool:
        settled, tries, self._settled, self._tries = self._settled, self._tries, [], []
        self._cursor = next(iter(self._pending)) - 1 if self._pending else self._through
        self._ahead = {seq for seq in self._ahead if seq > self._cursor}
        failing = [(lane.since, lane.queue[0].seq) for lane in self._lanes.values() if lane.since is not None and lane.queue]
        since, seq = min(failing) if failing else (None, None)
        rows = await self._db.write(
            query("webhook/advance"),
            id=self._hook.id,
            lease=self._lease,
            revision=self._revision,
            seconds=self._pace.lease,
            cursor=self._cursor,
            acknowledged=sorted(self._ahead),
            failing_since=since,
            failing_seq=seq,
            tries=tries[-KEEP:],
            keep=KEEP,
            reason=self._reason,
        )
        self._kept_at = time.monotonic()
        for group_id, lane in settled:
            lane.busy = False
            if not lane.queue:
                del self._lanes[group_id]
        return bool(rows)

    # --- what is next -------------------------------------------------------------------------------------------------

    async def _read(self) -> None:
        """Reads on if there is room, and some time has passed or nothing else is left to do."""
        room = self._pace.window - len(self._pending) - len(self._ahead)
        now = time.monotonic()
        if room <= 0 or (self._pending and now - self._looked < self._pace.poll):
            return
        self._looked = now
        head = await events.number(self._db)
        if head <= self._through:
            return
        rows = await self._db.read(query("webhook/events"), after=self._through, head=head, limit=room, **self._wanted)
        self._through = head if len(rows) < room else rows[-1]["seq"]
        for event in (Event(**row) for row in rows):
            if event.seq not in self._ahead:
                self._pending[event.seq] = event
                self._lanes.setdefault(event.group_id, _Lane()).queue.append(event)
        if not self._pending:  # nothing of that was wanted: that is progress, too
            await self._keep()

    @property
    def _is_down(self) -> bool:
        return self._streak >= self._pace.trip

    def _start(self) -> None:
        """Sends the first events of groups whose turn it is."""
        now = time.monotonic()
        free = (1 if self._is_down else self._pace.at_once) - len(self._sending)
        if now < self._paused or free <= 0 or now - self._kept_at > 2 * self._pace.beat:  # else the lease may be over meanwhile
            return
        idle = [lane for lane in self._lanes.values() if lane.queue and not lane.busy]
        if self._is_down:  # one that didn't fail yet, else what failed least: it may be one event alone that can't be delivered
            ready = heapq.nsmallest(free, idle, key=lambda lane: (lane.failures, lane.queue[0].seq))
        else:
            ready = heapq.nsmallest(free, (lane for lane in idle if lane.due <= now), key=lambda lane: lane.queue[0].seq)
        for lane in ready:
            lane.busy = True
            task = asyncio.create_task(self._attempt(lane.queue[0]), name="webhook")
            self._sending[task] = lane

    async def _attempt(self, event: Event) -> tuple[Outcome, float]:
        began = time.monotonic()
        with unit("webhook/delivery") as tell:
            try:
                outcome = await self._send(self._hook, event)
            except Exception:
                log.exception("a delivery failed", webhook=self._hook.id, event=event.id)
                outcome = Outcome(None, "Something went wrong on our side.")
            status = {} if outcome.status is None else {"status": outcome.status}
            tell({"event": event.type, **status}, failed=outcome.error is not None)
        return outcome, time.monotonic() - began

    async def _wait(self) -> None:
        """Waits until an attempt has ended, or it is time for something else; and hears of what has ended."""
        now = time.monotonic()
        until = min(self._next(now), self._kept_at + self._pace.beat)
        if len(self._pending) + len(self._ahead) < self._pace.window:
            until = min(until, self._looked + self._pace.poll)
        if not self._sending:
            await asyncio.sleep(max(until - now, 0))
            return
        done, _ = await asyncio.wait(self._sending, timeout=max(until - now, 0), return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            self._hear(self._sending.pop(task), *task.result())

    def _next(self, now: float) -> float:
        """When the next attempt is due."""
        if self._is_down or now < self._paused:
            return self._paused if now < self._paused or not self._sending else float("inf")
        if len(self._sending) >= self._pace.at_once:
            return float("inf")
        return min((lane.due for lane in self._lanes.values() if lane.queue and not lane.busy), default=float("inf"))

    # --- what came of it ----------------------------------------------------------------------------------------------

    def _hear(self, lane: _Lane, outcome: Outcome, seconds: float) -> None:
        event = lane.queue[0]
        self._tries.append(
            {
                "at": int(time.time() * 1000),
                "message_id": event.message_id(self._hook),
                "event_id": event.id,
                "event_type": event.type,
                "attempt": lane.failures + 1,
                "status": outcome.status,
                "milliseconds": round(seconds * 1000),
                "error": outcome.error,
            }
        )
        if outcome.error is None:
            self._delivered(lane)
        else:
            self._failed(lane, outcome)

    def _delivered(self, lane: _Lane) -> None:
        event = lane.queue.popleft()
        del self._pending[event.seq]
        self._ahead.add(event.seq)
        self._settled.append((event.group_id, lane))
        lane.failures, lane.since, lane.due = 0, None, 0.0
        if self._is_down:  # it is up again: what waited for that may go
            self._paused = float("-inf")
            for other in self._lanes.values():
                other.due = 0.0
        self._streak = self._rounds = 0

    def _failed(self, lane: _Lane, outcome: Outcome) -> None:
        now, clock, pace = time.monotonic(), int(time.time() * 1000), self._pace
        event = lane.queue[0]
        lane.busy = False
        lane.failures += 1
        if lane.since is None:
            since, seq = self._failing
            lane.since = since if since is not None and seq == event.seq else clock
        lane.due = now + pace.wait(lane.failures, pace.longest)
        self._streak += 1
        if self._is_down and now >= self._paused:
            self._rounds += 1
            self._paused = now + pace.wait(self._rounds, pace.probe)
        if outcome.retry_after is not None:
            self._paused = max(self._paused, now + min(outcome.retry_after, pace.longest))
        if outcome.status == GONE:
            self._reason = f"The receiver answered {GONE}: it wants no more events."
        elif clock - lane.since >= pace.give_up * 1000:
            days = pace.give_up / 86_400
            self._reason = f"An event could not be delivered for {days:g} days. The last attempt: {outcome.error}"


class Deliverer:
    """Delivers to webhooks beside a server's requests: `async with Deliverer(db, send)`. Any number of instances may."""

    def __init__(self, db: Db, send: Send, pace: Pace | None = None) -> None:
        self._db, self._send, self._pace = db.aside(), send, pace or Pace()
        self._working: dict[str, asyncio.Task[None]] = {}
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Deliverer:
        self._task = asyncio.create_task(self._run(), name="webhooks")
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        tasks = [*([self._task] if self._task else []), *self._working.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                await self._look()
            except Unavailable as error:
                log.warning("webhooks wait for the database", reason=str(error))
            except Exception:
                log.exception("webhooks could not be looked after")
            await asyncio.sleep(self._pace.poll)

    async def _look(self) -> None:
        """Takes up the webhooks for which there is something and on which nobody works."""
        waiting = await self._db.read(query("webhook/waiting"))
        head = await events.number(self._db) if waiting else 0
        for row in waiting:
            own = row["id"]
            if row["free"] and row["cursor"] < head and own not in self._working:
                task = self._working[own] = asyncio.create_task(self._work(own), name="webhook")
                task.add_done_callback(lambda _, own=own: self._working.pop(own, None))

    async def _work(self, webhook_id: str) -> None:
        lease = uuid4().hex
        try:
            rows = await self._db.write(query("webhook/claim"), id=webhook_id, lease=lease, seconds=self._pace.lease)
            if not rows:
                return
            try:
                await _Work(self._db, rows[0], webhook_id, lease, self._send, self._pace).run()
            finally:
                await asyncio.shield(self._db.write(query("webhook/release"), id=webhook_id, lease=lease))
        except Unavailable as error:  # the lease runs out, and some instance goes on
            log.warning("a webhook waits for the database", webhook=webhook_id, reason=str(error))
        except Exception:
            log.exception("work on a webhook ended", webhook=webhook_id)
