"""What operators see: counts and times for Prometheus, a line in the log for requests that failed or were slow, and spans for
OpenTelemetry if these are wanted (`api.tracing`).

Nothing here has a document, a variable, a parameter of a statement or a credential: statements go by the names of their files,
routes by their patterns, errors by their codes.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import uuid4

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, Summary
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from graph.db import Tell, untold, watching

SLOW = 1.0
"""Seconds from which a statement, or a request, is slow."""
QUIET = ("/health/live", "/health/ready", "/metrics")
"""Routes that are asked all the time: what comes of them is no news."""
_BUCKETS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

log = structlog.get_logger(__name__)


class Spans(Protocol):
    """Takes down what happens as spans, where each began under which other."""

    def request(self, scope: Scope, route: str) -> AbstractContextManager[Callable[[int], None]]:
        """An HTTP request, while it is entered; it yields what takes the answer's status."""
        ...

    def operation(self, kind: str | None, name: str | None) -> AbstractContextManager[None]:
        """A GraphQL operation, while it is entered."""
        ...

    def statement(self, name: str, seconds: float, failed: bool, rows: int) -> None:
        """A statement that has ended."""
        ...

    def unit(self, name: str) -> AbstractContextManager[Tell]:
        """A unit of work beside requests, while it is entered."""
        ...

    def error(self, code: str) -> None:
        """What is under way leads to an error."""
        ...


class Metrics:
    """What one application has counted since it started, and the spans that it writes, if any."""

    def __init__(self, slow: float = SLOW, spans: Spans | None = None) -> None:
        self.slow, self.spans = slow, spans
        self._asked = -math.inf
        self.registry = CollectorRegistry()
        ProcessCollector(namespace="buying_groups", registry=self.registry)
        self._requests = Histogram(
            "buying_groups_http_request_seconds",
            "Requests by the route's pattern and the answer's status: how many, and how long each took.",
            ("route", "status"),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._errors = Counter(
            "buying_groups_errors", "GraphQL errors and refused requests, by their code.", ("code",), registry=self.registry
        )
        self._statements = Summary(
            "buying_groups_statement_seconds",
            "Statements by name: how many, and how long each took.",
            ("statement",),
            registry=self.registry,
        )
        self._failed = Counter(
            "buying_groups_statements_failed",
            "Statements by name that failed, those included that were cancelled, or done again and well.",
            ("statement",),
            registry=self.registry,
        )
        self.sockets = Gauge("buying_groups_sockets", "WebSockets that are open.", registry=self.registry)
        self._known: dict[str, Summary] = {}  # finding it by its label takes as long as all the rest

    def statement(self, name: str, seconds: float, failed: bool, rows: int) -> None:
        """A statement has ended."""
        if self.spans:
            self.spans.statement(name, seconds, failed, rows)
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = self._statements.labels(name)
        known.observe(seconds)
        if failed:
            self._failed.labels(name).inc()
        if seconds >= self.slow:
            log.warning("slow statement", statement=name, seconds=round(seconds, 3), failed=failed)

    def unit(self, name: str) -> AbstractContextManager[Tell]:
        """A unit of work goes on while this is entered."""
        return self.spans.unit(name) if self.spans else nullcontext(untold)

    def error(self, code: str) -> None:
        """A client is told of an error."""
        self._errors.labels(code).inc()
        if self.spans:
            self.spans.error(code)

    def request(self, route: str, status: int, seconds: float) -> None:
        """A request was answered."""
        self._requests.labels(route, str(status)).observe(seconds)

    def asked(self, moment: float) -> None:
        """A client asks for something, at a moment of the performance counter."""
        self._asked = moment

    def asked_within(self, seconds: float) -> bool:
        """Whether a client has asked for something in the last seconds."""
        return time.perf_counter() - self._asked <= seconds

    @contextmanager
    def beside(self) -> Generator[None]:
        """Counts the statements of what is started inside, which belongs to no request."""
        token = watching.set(self)
        try:
            yield
        finally:
            watching.reset(token)


@dataclass(slots=True)
class Seen:
    """What one request, or one socket, has come to so far."""

    metrics: Metrics
    id: str | None
    statements: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    codes: list[str] = field(default_factory=list[str])

    def statement(self, name: str, seconds: float, failed: bool, rows: int) -> None:
        """A statement of it has ended."""
        self.metrics.statement(name, seconds, failed, rows)
        if self.id is not None:
            self.statements.setdefault(name, []).append(seconds)

    def unit(self, name: str) -> AbstractContextManager[Tell]:
        """A unit of work of it."""
        return self.metrics.unit(name)

    def error(self, code: str) -> None:
        """Its client is told of an error."""
        self.metrics.error(code)
        if self.id is not None:
            self.codes.append(code)

    def told(self) -> dict[str, Any]:
        """Its statements for the log: by name how many, and how many milliseconds they took in all."""
        return {name: {"count": len(took), "ms": round(sum(took) * 1000, 1)} for name, took in self.statements.items()}


_seen: ContextVar[Seen | None] = ContextVar("seen", default=None)


def new_request_id() -> str:
    """What to call a request: as the log and the header of its answer do, or something new where there is no such request."""
    seen = _seen.get()
    return (seen.id if seen else None) or uuid4().hex


def count_error(code: str) -> None:
    """Counts an error that a client is told of."""
    seen = _seen.get()
    if seen:
        seen.error(code)


def spans_here() -> Spans | None:
    """Who takes down what happens in this request, or on this socket, if anybody does."""
    seen = _seen.get()
    return seen.metrics.spans if seen else None


class Observed:
    """The application, watched: each request has an id, which its answer's header tells, and is counted."""

    def __init__(self, app: ASGIApp, metrics: Metrics, routes: Sequence[BaseRoute]) -> None:
        self._app, self._metrics = app, metrics
        paths = [path for route in routes if (path := getattr(route, "path", None))]
        self._exact = {path for path in paths if "{" not in path}
        self._begins = sorted(((path.split("{")[0], path) for path in paths if "{" in path), reverse=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._request(scope, receive, send)
        elif scope["type"] == "websocket":
            with self._watched(Seen(self._metrics, None)), self._metrics.sockets.track_inprogress():
                await self._app(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        seen, began, status = Seen(self._metrics, uuid4().hex), time.perf_counter(), 499  # nobody was there for an answer

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", (seen.id or "").encode())]
            await send(message)

        route = self.route(scope["path"])
        if route not in QUIET:
            self._metrics.asked(began)
        with self._watched(seen), structlog.contextvars.bound_contextvars(request_id=seen.id), self._span(scope, route) as tell:
            try:
                await self._app(scope, receive, answer)
            except Exception:
                status = 500
                raise
            finally:
                tell(status)
                self._ended(seen, route, status, time.perf_counter() - began)

    def _span(self, scope: Scope, route: str) -> AbstractContextManager[Callable[[int], None]]:
        spans = self._metrics.spans
        return spans.request(scope, route) if spans and route not in QUIET else nullcontext(lambda _: None)

    def _ended(self, seen: Seen, route: str, status: int, seconds: float) -> None:
        self._metrics.request(route, status, seconds)
        news = (status >= 500 or seconds >= self._metrics.slow or bool(seen.codes)) and route not in QUIET
        say: Callable[..., None] = log.info if news else log.debug
        told = {"statements": seen.told()} | ({"codes": seen.codes} if seen.codes else {})
        say("request", route=route, status=status, ms=round(seconds * 1000, 1), **told)

    def route(self, path: str) -> str:
        """The pattern of the route that a path is of; what clients make up is all the same."""
        if path in self._exact:
            return path
        return next((pattern for begin, pattern in self._begins if path.startswith(begin)), "other")

    @contextmanager
    def _watched(self, seen: Seen) -> Generator[None]:
        here, watch = _seen.set(seen), watching.set(seen)
        try:
            yield
        finally:
            _seen.reset(here)
            watching.reset(watch)
