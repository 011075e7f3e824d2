"""How much a credential may ask for: a budget of cost a minute, so many requests at once, and turns that are fair to others.

All of it is counted in this process alone: with several instances, each gives what is set here.
"""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from graph.callers import Caller

MINUTE = 60.0
RUNNING = 64
"""How many operations run at the same time at most; others wait for their turn."""
ACTIVE = 1.0  # seconds after its last operation in which a credential still counts as active
SAVED = 0.25  # seconds of work that a credential may do at once beyond its share, when it has done less before
FORGOTTEN = 10.0  # seconds in which whoever rests has saved all that can be saved, and need not be remembered
ABREAST = 2  # operations of one credential that run at the same time while others are active


class RateLimited(Exception):
    """A caller asks for more than it may now. `state` is that of its budget, if that is what is spent."""

    def __init__(self, message: str, retry_after: float, state: RateState | None = None) -> None:
        super().__init__(message)
        self.retry_after = max(1, math.ceil(retry_after))
        self.state = state


@dataclass(frozen=True, slots=True)
class RateState:
    """A credential's budget: the cost that it may have in a minute, what is left of it, and in how many seconds that is all."""

    limit: int
    remaining: int
    reset: float

    def told(self) -> dict[str, object]:
        """As an answer's extensions tell it."""
        at = datetime.fromtimestamp(time.time() + self.reset, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        return {"limit": self.limit, "remaining": self.remaining, "resetAt": at}

    def headers(self) -> dict[str, str]:
        """As a response's headers tell it."""
        reset = str(math.ceil(self.reset))
        return {"RateLimit-Limit": str(self.limit), "RateLimit-Remaining": str(self.remaining), "RateLimit-Reset": reset}


@dataclass(frozen=True, slots=True)
class RateLimits:
    """What a credential may have: `cost` a minute (None: any), `concurrent` requests at once; `total` is for all together."""

    cost: int | None = None
    concurrent: int = 32
    total: int = 1_000


class Rates:
    """Counts what callers ask for. Those who did not have to sign in are all the same one, so they have no budget and no
    limit of their own."""

    def __init__(self, limits: RateLimits = RateLimits()) -> None:
        self._limits = limits
        self._budget = Budget(limits.cost) if limits.cost else None
        self._turns = Turns(limits.concurrent, limits.total)

    def charge(self, caller: Caller, cost: int) -> RateState | None:
        """Takes an operation's cost from its caller's budget. Returns the budget's state. Raises RateLimited."""
        if self._budget is None or caller.credential is None:
            return None
        return self._budget.charge(caller.credential, cost)

    def turn(self, caller: Caller) -> Turn:
        """While it is entered, an operation runs: it waits for its turn. Raises RateLimited on entering."""
        return Turn(self._turns, caller.credential or caller.subject, bounded=caller.credential is not None)


class _Counters(MemoryStorage):
    """Counts in memory. Left to itself the storage starts a thread after every request, to forget what is over: that takes
    longer than the rest of it. Here that is forgotten once a minute, by whoever comes then."""

    def __init__(self) -> None:
        super().__init__()
        self.timer.join()
        self.timer = _NoTimer(0.0, self.forget)
        self._forgot = time.time()

    def forget(self) -> None:
        """Forgets the counts of minutes that are over, if that wasn't done within the last one."""
        now = time.time()
        if now - self._forgot < MINUTE:
            return
        self._forgot = now
        for key in [key for key, over in self.expirations.items() if over <= now]:
            self.clear(key)


class _NoTimer(threading.Timer):
    """Takes itself for running, and never does."""

    def is_alive(self) -> bool:
        return True


class Budget:
    """A cost a minute for each credential, counted in a sliding window."""

    def __init__(self, cost: int) -> None:
        self._item = RateLimitItemPerMinute(cost)
        self._storage = _Counters()
        self._limiter = SlidingWindowCounterRateLimiter(self._storage)

    def charge(self, credential: str, cost: int) -> RateState:
        """Takes a cost off; one above the whole budget takes all of it. Raises RateLimited, and takes nothing off then."""
        self._storage.forget()
        cost = min(max(cost, 1), self._item.amount)
        done = self._limiter.hit(self._item, credential, cost=cost)
        previous, ends, current, _ = self._storage.get_sliding_window(self._item.key_for(credential), int(MINUTE))
        left = max(0, self._item.amount - math.floor(previous * ends / MINUTE + current))
        over = MINUTE - time.time() % MINUTE
        state = RateState(self._item.amount, left, over + MINUTE if current else over)
        if not done:
            words = f"The budget of {self._item.amount:,} points a minute is spent: {left:,} are left, and this costs {cost:,}."
            raise RateLimited(words, self._wait(cost, previous, current, over), state)
        return state

    def _wait(self, cost: int, previous: int, current: int, over: float) -> float:
        """In how many seconds a cost will be affordable, if nothing else is asked for; `over` is how long the minute lasts."""
        room = self._item.amount - cost
        if current <= room and previous:  # what was asked for in the minute before counts less and less
            return over - (room - current) * MINUTE / previous
        return over + max(0.0, MINUTE - room * MINUTE / max(current, 1))


# --- turns ----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Client:
    """What runs and waits of one credential, and how many seconds of work it may still do before it must rest."""

    name: str
    running: int = 0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque[asyncio.Future[None]])
    saved: float = SAVED
    seen: float = 0.0  # when it was last active
    saved_at: float = 0.0


class Turns:
    """Who runs next. Alone, a credential runs what it likes. While others are active, each runs few operations at a time, and
    one that always has more waiting rests between them, so that n active ones take at most 1 / (n + 1) of the time each.
    Those who wait take turns."""

    def __init__(self, concurrent: int, total: int, running: int = RUNNING) -> None:
        self._concurrent, self._total, self._most = concurrent, total, running
        self._clients: OrderedDict[str, _Client] = OrderedDict()
        self._running = self._waiting = 0
        self._timer: asyncio.TimerHandle | None = None

    async def enter(self, name: str, *, bounded: bool) -> None:
        """Returns when it is an operation's turn. Raises RateLimited if there are too many."""
        client = self._client(name)
        self._clients.move_to_end(name)
        here = client.running + len(client.waiting)
        if bounded and here >= self._concurrent:
            raise RateLimited(f"{self._concurrent} requests of this credential are being answered already.", 1)
        if self._running + self._waiting >= self._total:
            raise RateLimited(f"{self._total:,} requests are being answered already.", 1)
        now = time.monotonic()
        client.seen = now
        if not client.waiting and self._running < self._most and self._may_run(client, now, others=here):
            client.running += 1
            self._running += 1
            return
        await self._wait(client)

    async def _wait(self, client: _Client) -> None:
        turn = asyncio.get_running_loop().create_future()
        client.waiting.append(turn)
        self._waiting += 1
        self._go_on()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # it was given its turn just before
                self.leave(client.name, 0.0)
            else:
                client.waiting.remove(turn)
                self._waiting -= 1
                self._go_on()
            raise

    def leave(self, name: str, seconds: float) -> None:
        """An operation has ended that ran so long."""
        client = self._clients[name]
        client.running -= 1
        self._running -= 1
        client.seen = now = time.monotonic()
        if client.running or client.waiting:  # who asks for one thing after the other never rests
            self._refill(client, now)
            client.saved -= seconds
        if self._waiting:
            self._go_on()
        self._forget(now)

    # --- who may run

    def _client(self, name: str) -> _Client:
        found = self._clients.get(name)
        if found is None:
            found = self._clients[name] = _Client(name)
        return found

    def _active(self, now: float) -> int:
        return sum(1 for one in self._clients.values() if one.running or one.waiting or now - one.seen < ACTIVE)

    def _refill(self, client: _Client, now: float) -> None:
        share = 1 / (self._active(now) + 1)
        client.saved = min(SAVED, client.saved + (now - client.saved_at) * share)
        client.saved_at = now

    def _may_run(self, client: _Client, now: float, *, others: int) -> bool:
        """Whether one of a credential's operations may run, beside how many others of it that run or wait."""
        if len(self._clients) == 1 or self._active(now) <= 1:
            return True
        self._refill(client, now)
        return client.running < ABREAST and (client.saved > 0 or not others)

    def _go_on(self) -> None:
        """Gives turns to those who wait, one to each credential in a round, and comes back when somebody has rested."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        now, given = time.monotonic(), True
        while given and self._waiting and self._running < self._most:
            given = False
            for client in [one for one in self._clients.values() if one.waiting]:
                others = client.running + len(client.waiting) - 1
                if self._running < self._most and self._may_run(client, now, others=others):
                    self._clients.move_to_end(client.name)
                    given = self._give(client) or given
        resting = [one for one in self._clients.values() if one.waiting and one.saved <= 0 and one.running < ABREAST]
        if resting and self._running < self._most:
            soon = min(-one.saved for one in resting) * (self._active(now) + 1)
            self._timer = asyncio.get_running_loop().call_later(min(max(soon, 0.001), ACTIVE), self._go_on)

    def _give(self, client: _Client) -> bool:
        turn = client.waiting.popleft()
        self._waiting -= 1
        if turn.done():  # cancelled, and about to take itself out
            self._waiting += 1
            client.waiting.appendleft(turn)
            return False
        client.running += 1
        self._running += 1
        turn.set_result(None)
        return True

    def _forget(self, now: float) -> None:
        """Forgets those who have not been active for long."""
        while len(self._clients) > 1:
            oldest = next(iter(self._clients.values()))
            if oldest.running or oldest.waiting or now - oldest.seen < FORGOTTEN:
                return
            del self._clients[oldest.name]


class Turn:
    """An operation's turn."""

    __slots__ = ("_began", "_bounded", "_name", "_turns")

    def __init__(self, turns: Turns, name: str, *, bounded: bool) -> None:
        self._turns, self._name, self._bounded = turns, name, bounded

    async def __aenter__(self) -> None:
        await self._turns.enter(self._name, bounded=self._bounded)
        self._began = time.monotonic()

    async def __aexit__(self, *_: object) -> None:
        self._turns.leave(self._name, time.monotonic() - self._began)
