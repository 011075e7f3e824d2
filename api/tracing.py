"""Spans for OpenTelemetry: requests, operations, statements by name, batches of jobs and deliveries to webhooks.

Imported only where spans are wanted, for its packages are an extra. What a span tells is of closed sets, or a count: no document,
variable, parameter, id, address or credential. The one word that clients choose is an operation's name, cut off after NAME
characters.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from importlib.metadata import version

import structlog
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import Span, SpanKind, StatusCode, get_current_span, use_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import AttributeValue
from starlette.types import Scope

from graph.db import Tell

NAME = 100
"""How many characters of an operation's name are told."""
SERVICE = "buying-groups"
_METHODS = ("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE")
_UNNAMED = "unknown_service"  # what the SDK calls a service for which nobody has set a name
_OURS = ("UNAVAILABLE", "TOO_EXPENSIVE", "INTERNAL")
"""The codes of errors that are no fault of the caller's."""
_CARRIED = (b"traceparent", b"tracestate")


class Tracing:
    """Writes spans with a provider's tracer."""

    def __init__(self, provider: TracerProvider) -> None:
        self._tracer = provider.get_tracer(SERVICE)
        self._propagator = TraceContextTextMapPropagator()

    @contextmanager
    def request(self, scope: Scope, route: str) -> Generator[Callable[[int], None]]:
        """A request, under the caller's span if it names one by a `traceparent` header. The log's lines have its trace's id."""
        carried = {name.decode(): value.decode("latin-1") for name, value in scope["headers"] if name in _CARRIED}
        method = scope["method"] if scope["method"] in _METHODS else "_OTHER"
        known: dict[str, AttributeValue] = {"http.request.method": method}
        if route != "other":
            known["http.route"] = route
        name = " ".join([method if method != "_OTHER" else "HTTP", *([route] if route != "other" else ())])
        span = self._tracer.start_span(name, self._propagator.extract(carried), SpanKind.SERVER, known)

        def told(status: int) -> None:
            span.set_attribute("http.response.status_code", status)
            if status >= 500:
                span.set_status(StatusCode.ERROR)

        trace = f"{span.get_span_context().trace_id:032x}"
        with structlog.contextvars.bound_contextvars(trace_id=trace), _within(span):
            yield told

    @contextmanager
    def operation(self, kind: str | None, name: str | None) -> Generator[None]:
        """An operation, called by its kind, for names are the clients'."""
        known: dict[str, AttributeValue] = {}
        if kind:
            known["graphql.operation.type"] = kind
        if name:
            known["graphql.operation.name"] = name[:NAME]
        with _within(self._tracer.start_span(kind or "GraphQL", attributes=known)):
            yield

    def statement(self, name: str, seconds: float, failed: bool, rows: int) -> None:
        """A statement of what is under way. What looks for work all the time is under nothing, and has no span."""
        if not get_current_span().is_recording():
            return
        end = time.time_ns()
        known = {"db.system.name": "neo4j", "db.query.summary": name, "db.response.returned_rows": rows}
        span = self._tracer.start_span(name, None, SpanKind.CLIENT, known, start_time=end - int(seconds * 1e9))
        if failed:
            span.set_status(StatusCode.ERROR)
        span.end(end)

    @contextmanager
    def unit(self, name: str) -> Generator[Tell]:
        """A unit of work, such as a job's batch: a trace of its own, unless it is part of one."""
        away = name.startswith("webhook/")
        span = self._tracer.start_span(name, kind=SpanKind.CLIENT if away else SpanKind.INTERNAL)

        def tell(known: Mapping[str, int | str], *, failed: bool = False) -> None:
            for key, value in known.items():
                span.set_attribute(f"buying_groups.{key}", value)
            if failed:
                span.set_status(StatusCode.ERROR)

        with _within(span):
            yield tell

    def error(self, code: str) -> None:
        """The operation that is under way, or the request, leads to an error of this code."""
        span = get_current_span()
        span.set_attribute("error.type", code)
        if code in _OURS:
            span.set_status(StatusCode.ERROR)


@contextmanager
def _within(span: Span) -> Generator[None]:
    """What is done inside is under the span. It ends with it, in error if an exception comes, whose words stay where they are."""
    with use_span(span, end_on_exit=True, record_exception=False, set_status_on_exception=False):
        try:
            yield
        except Exception:
            span.set_status(StatusCode.ERROR)
            raise


def provider(exporter: SpanExporter) -> TracerProvider:
    """A provider that hands spans to an exporter in batches, beside the work. What the SDK's own variables say holds."""
    resource = Resource.create({SERVICE_VERSION: version(SERVICE)})
    if str(resource.attributes[SERVICE_NAME]).startswith(_UNNAMED):
        resource = resource.merge(Resource({SERVICE_NAME: SERVICE}))
    made = TracerProvider(resource=resource, shutdown_on_exit=False)
    made.add_span_processor(BatchSpanProcessor(exporter))
    return made


@contextmanager
def over_otlp() -> Generator[Tracing]:
    """Spans go to a collector by OTLP over HTTP; what is left when this ends goes before it does."""
    made = provider(OTLPSpanExporter())
    try:
        yield Tracing(made)
    finally:
        made.shutdown()
