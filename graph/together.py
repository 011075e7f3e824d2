"""Writes that come at the same time are made together: by one statement, in one transaction, each as if it were alone.

A commit waits for the disk, and a transaction costs the driver and the server more than most of the writes it holds. A call that
finds nobody under way goes by itself and waits for nobody; those that come meanwhile gather, and go next, as one. They go in the
order of what they lock first, as all do who lock several of that; should a circle come of what they lock then, the server ends
one of its transactions, which is made again.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import Context
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from typing import Any, LiteralString, cast

from graph.errors import Unavailable
from graph.queries import Query

Row = dict[str, Any]
Write = Callable[[Query, Mapping[str, Any]], Awaitable[list[Row] | None]]
LANES = 2
"""How many transactions of one statement are under way at once; more would only wait for the same cores."""
SLOW = 0.1
"""Seconds after which one that is under way seems to wait for somebody's lock; others don't wait for it any longer."""
MOST = 6
"""How many people, or what else calls weigh, are written together. With more, this process would wait while the server writes
them all, and the server while this process answers them all."""
CALLS, PLACE, _ONE = "calls", "_place", "_call"
_PARAM = re.compile(r"\$(\w+)")
_NESTED = re.compile(r"\bCALL \((\s*\w)?")


@dataclass(eq=False, slots=True)
class _Call:
    """A call, and its turn: that comes to its rows, or to None where it is to be made alone."""

    params: Mapping[str, Any]
    lock: str
    weight: int
    turn: asyncio.Future[list[Row] | None]


@dataclass(eq=False, slots=True)
class _Going:
    """A transaction that is under way, since when by the loop's clock, and for whose calls; without a task for one alone."""

    calls: list[_Call]
    since: float
    task: asyncio.Task[None] | None = None


@dataclass(eq=False, slots=True)
class _Lane:
    """Calls of one statement, with the parameters that they share."""

    key: tuple[Any, ...]
    query: Query
    shared: Mapping[str, Any]
    waiting: list[_Call] = field(default_factory=list[_Call])
    going: list[_Going] = field(default_factory=list[_Going])
    timer: asyncio.TimerHandle | None = None

    @property
    def is_idle(self) -> bool:
        return not self.waiting and not self.going

    def next(self) -> list[_Call]:
        """Those who go together now, in the order of their locks; they don't wait any more."""
        held = {call.lock for one in self.going for call in one.calls}
        chosen: list[_Call] = []
        weight = 0
        for call in self.waiting:
            if call.lock in held:
                continue
            if chosen and weight + call.weight > MOST:
                break
            chosen.append(call)
            weight += call.weight
        self.waiting = [call for call in self.waiting if call not in chosen]
        return sorted(chosen, key=lambda call: call.lock)


class Gathering:
    """Where the calls of one process gather. `write` runs a statement that, run again, does nothing more and answers alike; it
    comes to its rows, or to None if the server refuses it, or raises Unavailable."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._lanes: dict[tuple[Any, ...], _Lane] = {}

    @contextmanager
    def place(
        self, query: Query, own: Mapping[str, Any], shared: Mapping[str, Any], lock: str, weight: int
    ) -> Generator[asyncio.Future[list[Row] | None]]:
        """A place among the calls of the statement, as long as it is entered. What is yielded comes to the call's rows, or to
        None: then the call is to be made alone before it is left; or it raises Unavailable.

        `shared`: parameters that calls made together have in common, others go by themselves; the rest are the call's `own`.
        `lock`: what the statement locks first. Whose lock another call holds isn't sent, for it would only wait there.
        """
        key = (query.text, *shared.items())
        lane = self._lanes.setdefault(key, _Lane(key, query, shared))
        call = _Call(own, lock, weight, asyncio.get_running_loop().create_future())
        lane.waiting.append(call)
        self._start(lane)
        try:
            yield call.turn
        finally:
            self._leave(lane, call)

    def _start(self, lane: _Lane) -> None:
        """Starts what need not wait any longer."""
        loop = asyncio.get_running_loop()
        while lane.waiting:
            now = loop.time()
            brisk = [one.since for one in lane.going if now - one.since < SLOW]
            if len(brisk) >= LANES:
                lane.timer = lane.timer or loop.call_at(brisk[0] + SLOW, self._look_again, lane)
                return
            calls = lane.next()
            if not calls:
                return  # each wants a lock of what is under way, and goes when that has ended
            going = _Going(calls, now)
            lane.going.append(going)
            if len(calls) == 1:
                calls[0].turn.set_result(None)
            else:  # in a context of its own: what happens is told to each of them
                going.task = loop.create_task(self._together(lane, list(calls)), name="writes together", context=Context())
                going.task.add_done_callback(partial(self._done, lane, going))

    def _look_again(self, lane: _Lane) -> None:
        lane.timer = None
        self._start(lane)

    async def _together(self, lane: _Lane, calls: Sequence[_Call]) -> None:
        params = {CALLS: [call.params for call in calls], **lane.shared}
        try:
            rows = await self._write(together(lane.query, frozenset(lane.shared)), params)
        except Unavailable as error:
            for call in calls:
                if not call.turn.done():
                    call.turn.set_exception(Unavailable(str(error)))
            return
        if rows is None:
            return  # one of them may be to blame: each is made alone, and hears of its own
        answers: list[list[Row]] = [[] for _ in calls]
        for row in rows:
            answers[row.pop(PLACE)].append(row)
        for call, answer in zip(calls, answers, strict=True):
            if not call.turn.done():
                call.turn.set_result(answer)

    def _done(self, lane: _Lane, going: _Going, task: asyncio.Task[None]) -> None:
        for call in going.calls:
            if not call.turn.done():
                call.turn.set_result(None)
        self._ended(lane, going)
        if not task.cancelled():
            task.result()

    def _leave(self, lane: _Lane, call: _Call) -> None:
        """The call has its answer, or its caller has gone."""
        if call in lane.waiting:
            lane.waiting.remove(call)  # while others are under way: the lane is needed still
            return
        for going in lane.going:
            if call in going.calls:
                going.calls.remove(call)
                if going.calls:
                    return
                if going.task:
                    going.task.cancel()  # nobody waits for it
                else:
                    self._ended(lane, going)
                return

    def _ended(self, lane: _Lane, going: _Going) -> None:
        lane.going.remove(going)
        self._start(lane)
        if lane.is_idle:
            del self._lanes[lane.key]


@lru_cache(maxsize=256)
def together(query: Query, shared: frozenset[str]) -> Query:
    """The statement that does for each of `calls`, in their order, what the given one does for one, and answers with its rows,
    each with its call's `place` before them; `shared` names the parameters that are the same for all."""
    body = _PARAM.sub(lambda found: found[0] if found[1] in shared else f"{_ONE}.{found[1]}", query.text)
    body = _NESTED.sub(lambda found: f"CALL ({_ONE}" + (f", {found[1].strip()}" if found[1] else ""), body)
    head = f"UNWIND range(0, size(${CALLS}) - 1) AS {PLACE}\nWITH {PLACE}, ${CALLS}[{PLACE}] AS {_ONE}\nCALL ({_ONE}) {{\n"
    text = f"{head}{body}\n}}\nRETURN {PLACE}, {', '.join(query.returns)}"
    # A statement of this package, and names of its own.
    return replace(query, text=cast(LiteralString, text), params=(CALLS, *sorted(shared)), returns=(PLACE, *query.returns))
