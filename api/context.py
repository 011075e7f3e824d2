"""What every resolver of one request can reach."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import uuid4

from api.answers import Answers
from graph.db import Db
from graph.events import Hub
from graph.model import LOCAL
from graph.paging import Cursors


@dataclass(slots=True)
class Context:
    """One request: the graph, who asks, and what to call it in logs and errors."""

    db: Db
    cursors: Cursors
    hub: Hub
    answers: Answers | None
    wake_jobs: Callable[[], None] = field(default=lambda: None)
    viewer: str = LOCAL
    request_id: str = field(default_factory=lambda: uuid4().hex)
