"""What every resolver of one request can reach."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from uuid import uuid4

from api.answers import Answers
from api.documents import Documents
from graph.callers import LOCAL_CALLER, Actor, Caller
from graph.db import Db
from graph.events import Hub
from graph.paging import Cursors


def new_request_id() -> str:
    """What to call a request."""
    return uuid4().hex


async def _never() -> None:
    await asyncio.Event().wait()


@dataclass(slots=True)
class Context:
    """One request: the graph, who asks, and what to call it in logs and errors."""

    db: Db
    cursors: Cursors
    hub: Hub
    documents: Documents
    answers: Answers | None
    wake_jobs: Callable[[], None] = field(default=lambda: None)
    caller: Caller = LOCAL_CALLER
    request_id: str = field(default_factory=new_request_id)
    tell_cost: bool = False
    revoked: Callable[[], Awaitable[None]] = _never
    """Returns as soon as the caller's credential doesn't hold any more."""

    @property
    def viewer(self) -> str:
        """The name under which what the caller does is recorded."""
        return self.caller.subject

    @property
    def actor(self) -> Actor:
        """The caller as decisions are put on record."""
        return Actor(self.caller.subject, self.caller.credential, self.request_id)
