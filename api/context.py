"""What every resolver of one request can reach."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import uuid4

from api.answers import Answers
from api.documents import Documents
from api.rates import RateLimited, Rates, RateState
from graph.callers import LOCAL_CALLER, Caller
from graph.db import Db
from graph.events import Hub
from graph.paging import Cursors


def new_request_id() -> str:
    """What to call a request."""
    return uuid4().hex


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
    rates: Rates | None = None
    cost: int = 0  # of the operation, once it is known
    rate: RateState | None = None  # the caller's budget, once the cost is taken off
    limited: RateLimited | None = None  # why it was not answered

    def charge(self, cost: int) -> None:
        """Takes an operation's cost off the caller's budget. Raises RateLimited."""
        self.cost = cost
        if self.rates is not None:
            self.rate = self.rates.charge(self.caller, cost)

    @property
    def viewer(self) -> str:
        """The name under which what the caller does is recorded."""
        return self.caller.subject
