"""For how long a request may go on: as its settings say, and not longer than clients wait when the database doesn't answer."""

from __future__ import annotations

import asyncio
from types import TracebackType

from graph.db import Trouble, noting
from graph.errors import Unavailable

ANSWER_WITHIN = 9.0
"""Seconds after which a request is answered which the database has failed to answer at some time."""
ASK_AGAIN = 0.5  # seconds


class Patience:
    """Ends what happens while it is entered: raises TimeoutError after `seconds`, and Unavailable after ANSWER_WITHIN seconds if
    the database failed to answer it before, for then several waits may have come together, or doesn't tell whether it answers
    at all. `waited`, `trouble`: the seconds of the request that are over already, which count, and what the database did in them.
    """

    __slots__ = ("_began", "_look_again", "_loop", "_noting", "_seconds", "_timeout", "_told", "_trouble", "_waited")

    def __init__(self, seconds: float, waited: float, trouble: Trouble) -> None:
        self._seconds, self._waited, self._trouble = seconds, waited, trouble
        self._noting = noting(trouble)
        self._told = False

    async def __aenter__(self) -> None:
        self._noting.__enter__()
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time() - self._waited
        self._timeout = asyncio.timeout_at(self._began + self._seconds)
        await self._timeout.__aenter__()
        self._look_again = self._loop.call_at(self._began + ANSWER_WITHIN, self._look)

    def _look(self) -> None:
        self._told = self._trouble.stands
        if self._told:
            self._timeout.reschedule(self._loop.time())
        else:
            self._look_again = self._loop.call_later(ASK_AGAIN, self._look)

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._noting.__exit__(None, None, None)
        self._look_again.cancel()
        try:
            await self._timeout.__aexit__(kind, error, trace)
        except TimeoutError:
            if self._told:
                raise Unavailable("the database didn't answer in time") from None
            raise
