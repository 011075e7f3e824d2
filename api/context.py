"""What every resolver of one request can reach."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from api.answers import Answers
from api.documents import Documents
from api.observing import new_request_id
from api.rates import RateLimited, Rates, RateState
from graph.callers import LOCAL_CALLER, Actor, Caller
from graph.db import Db, Trouble
from graph.events import Hub
from graph.outbox import Pace
from graph.paging import Cursors
from graph.sight import Sight
from graph.targets import Targets
from graph.vault import Vault


async def _never() -> None:
    await asyncio.Event().wait()


@dataclass(frozen=True, slots=True)
class Hooks:
    """What webhooks need: where they may deliver to, what keeps their secrets (without that none can be made), and how deliveries
    are tried."""

    targets: Targets = field(default_factory=Targets)
    vault: Vault | None = None
    pace: Pace = field(default_factory=Pace)


NO_HOOKS = Hooks()


@dataclass(slots=True)
class Context:
    """One request: the graph, who asks, and what to call it in logs and errors."""

    market: Db
    cursors: Cursors
    hub: Hub
    documents: Documents
    answers: Answers | None
    wake_jobs: Callable[[], None] = field(default=lambda: None)
    caller: Caller = LOCAL_CALLER
    request_id: str = field(default_factory=new_request_id)
    tell_cost: bool = False
    waited: float = 0.0  # seconds of the request's time that the look at its credential has taken
    trouble: Trouble = field(default_factory=Trouble)  # whether the database failed to answer the request
    revoked: Callable[[], Awaitable[None]] = _never
    """Returns as soon as the caller's credential doesn't hold any more."""
    rates: Rates | None = None
    cost: int = 0  # of the operation, once it is known
    rate: RateState | None = None  # the caller's budget, once the cost is taken off
    limited: RateLimited | None = None  # why it was not answered
    hooks: Hooks = NO_HOOKS

    @property
    def sight(self) -> Sight | None:
        """The part of the market that the caller is bound to; None if it is the whole."""
        return Sight(self.caller.root, self.caller.subject) if self.caller.root is not None else None

    @property
    def db(self) -> Db:
        """The graph as the caller sees it."""
        sight = self.sight
        return self.market if self.market.sight == sight or sight is None else self.market.seeing(sight)

    @db.setter
    def db(self, db: Db) -> None:
        self.market = db

    def charge(self, cost: int) -> None:
        """Takes an operation's cost off the caller's budget. Raises RateLimited."""
        self.cost = cost
        if self.rates is not None:
            self.rate = self.rates.charge(self.caller, cost)

    @property
    def viewer(self) -> str:
        """The name under which what the caller does is recorded."""
        return self.caller.subject

    @property
    def actor(self) -> Actor:
        """The caller as decisions are put on record."""
        return Actor(self.caller.subject, self.caller.credential, self.request_id)
