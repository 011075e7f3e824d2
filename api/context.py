"""What every resolver of one request can reach."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import uuid4

from api.answers import Answers
from api.documents import Documents
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

    @property
    def viewer(self) -> str:
        """The name under which what the caller does is recorded."""
        return self.caller.subject
