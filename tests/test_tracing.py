"""Spans: which there are and under which other, and that they tell nothing of what was asked for."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from make import BY, Person, bearer, card, key_for, plant, role_ids, rows, sell, title
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from receiving import delivering, hooked, receiving
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from api import settings, tracing
from api.app import create_app
from api.observing import Metrics
from graph import audiences, jobs
from graph.audiences import AudienceSpec
from graph.db import Connection, Db, connect
from graph.model import FilterOperator, Permission

ROOT = Path(__file__).parent.parent
NAME = "Nobody traces this name"
PEOPLE = "query Search($name: String) { people(filter: { search: $name }) { edges { node { name } } } }"
CREATE = "mutation { createRole(input: { name: %s }) { role { id } userErrors { code } } }"
TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


class Traced:
    """Metrics that write spans to memory."""

    def __init__(self) -> None:
        self._memory = InMemorySpanExporter()
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self._memory))
        self.metrics = Metrics(spans=tracing.Tracing(provider))

    def spans(self) -> tuple[ReadableSpan, ...]:
        """Those that have ended, since this was asked last."""
        found = self._memory.get_finished_spans()
        self._memory.clear()
        return found


@pytest.fixture
def traced() -> Traced:
    return Traced()


@asynccontextmanager
async def client(db: Db, traced: Traced, credential: str | None = None) -> AsyncGenerator[httpx2.AsyncClient]:
    app = create_app(db, b"a secret of the tests", jobs=False, metrics=traced.metrics)
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost", headers=bearer(credential)) as one:
        yield one


def tree(spans: tuple[ReadableSpan, ...]) -> list[tuple[str, str | None, dict[str, Any]]]:
    """Names, the names of what each is under, and what each tells, in the order of their beginnings."""
    names = {span.context.span_id: span.name for span in spans if span.context}
    ordered = sorted(spans, key=lambda span: span.start_time or 0)
    return [
        (
            span.name,
            names.get(span.parent.span_id, f"{span.parent.span_id:016x}") if span.parent else None,
            dict(span.attributes or {}),
        )
        for span in ordered
    ]


def request(status: int, method: str = "POST", route: str = "/graphql") -> dict[str, Any]:
    return {"http.request.method": method, "http.route": route, "http.response.status_code": status}


def statement(name: str, count: int) -> dict[str, Any]:
    return {"db.system.name": "neo4j", "db.query.summary": name, "db.response.returned_rows": count}


async def test_a_request_its_operation_and_the_statements_are_under_the_callers_span(db: Db, traced: Traced) -> None:
    credential = await key_for(db, Permission.MANAGE_ROLE_TEMPLATES)
    headers = {"traceparent": f"00-{TRACE}-{CALLER}-01", "tracestate": "vendor=1"}
    async with client(db, traced, credential) as one:
        with capture_logs(processors=[merge_contextvars]) as logs:
            for _ in range(2):  # the second one is answered from the plan that the first one left
                await one.post("/graphql", json={"query": PEOPLE, "variables": {"name": NAME}}, headers=headers)
                spans = traced.spans()
                query = {"graphql.operation.type": "query", "graphql.operation.name": "Search"}
                credentials = [one for one in tree(spans) if one[0].startswith("key/")]  # looked up now and then
                assert [one for one in tree(spans) if one not in credentials] == [
                    ("POST /graphql", CALLER, request(200)),
                    ("query", "POST /graphql", query),
                    ("read", "query", statement("read", 1)),
                ]
                assert {parent for _, parent, _ in credentials} <= {"POST /graphql"}
                assert {f"{span.context.trace_id:032x}" for span in spans if span.context} == {TRACE}
                assert {span.name: span.kind for span in spans if not span.name.startswith("key/")} == {
                    "POST /graphql": SpanKind.SERVER,
                    "query": SpanKind.INTERNAL,
                    "read": SpanKind.CLIENT,
                }
    assert [line["trace_id"] for line in logs if line["event"] == "request"] == [TRACE, TRACE]


async def test_what_goes_wrong_is_told_by_its_code(db: Db, traced: Traced) -> None:
    async with client(db, traced) as one:
        await one.post("/graphql", json={"query": CREATE % f'"{NAME}"'})
        operation, *statements = [one for one in tree(traced.spans()) if one[1] and not one[0].startswith("key/")]
        assert operation == ("mutation", "POST /graphql", {"graphql.operation.type": "mutation"})
        assert {(name, parent) for name, parent, _ in statements} == {("role/create", "mutation"), ("read", "mutation")}

        await one.post("/graphql", json={"query": "{ nothing }"})
        wrong = traced.spans()
        known = {"graphql.operation.type": "query", "error.type": "GRAPHQL_VALIDATION_FAILED"}
        assert tree(wrong)[-1] == ("query", "POST /graphql", known)
        await one.post("/graphql", json={"query": "{ no"})
        assert tree(traced.spans())[-1] == ("GraphQL", "POST /graphql", {"error.type": "GRAPHQL_PARSE_FAILED"})
        assert {span.status.status_code for span in wrong} == {StatusCode.UNSET}

        await one.request("BREW", f"/{NAME}", headers={"traceparent": "nonsense"})
        assert tree(traced.spans()) == [("HTTP", None, {"http.request.method": "_OTHER", "http.response.status_code": 404})]
        for path in ("/health/live", "/health/ready", "/metrics"):
            await one.get(path)
        assert traced.spans() == ()
    async with connect(Connection("bolt://127.0.0.1:9", "neo4j", "none", retry_for=0.1)) as gone, client(gone, traced) as one:
        await one.post("/graphql", json={"query": PEOPLE}, headers=bearer(None))
        away = traced.spans()
    assert StatusCode.ERROR in {span.status.status_code for span in away}
    assert all(not span.events and span.status.description is None for span in (*wrong, *away))


async def test_nothing_of_what_is_asked_for_is_told(db: Db, traced: Traced) -> None:
    credential = await key_for(db, Permission.VIEW)
    async with client(db, traced, credential) as one:
        for query in (
            PEOPLE,
            PEOPLE.replace("Search", "S" * 500),
            f'{{ people(filter: {{ search: "{NAME}" }}) {{ totalCount }} }}',
        ):
            await one.post(f"/graphql?{NAME}", json={"query": query, "variables": {"name": NAME}})
    spans = traced.spans()
    told = "".join(span.to_json() for span in spans)
    assert len(spans) >= 9
    for secret in (NAME, "people(", credential, credential.split("_")[-1], "S" * 101, *await keys_and_names(db)):
        assert secret not in told


async def keys_and_names(db: Db) -> list[str]:
    found = await rows(db, "MATCH (n) WHERE NOT n:_Migration|_Lock UNWIND [n.id, n.name, n.externalId] AS it RETURN DISTINCT it")
    return [row["it"] for row in found if row["it"]]


async def test_a_jobs_batch_is_a_trace_of_its_own(db: Db, traced: Traced) -> None:
    roles = await role_ids(db)
    known = await plant(db, {"a": None, "b": None}, [Person("boss", {"a": None}, "Director")])
    sold = await sell(db, [card(roles["Decision Maker"], title(FilterOperator.IS, "director"))], [known["a"]])
    audience = await audiences.create(db, AudienceSpec("more", account_ids=[known["b"]]), by=BY)
    await jobs.start_creation(db, sold.interest_id, audience, by=BY)
    with traced.metrics.beside():
        await jobs.run_all(db)
    spans = traced.spans()
    batches = [(name, told) for name, parent, told in tree(spans) if parent is None]
    assert {name for name, _ in batches} == {"job/create_batch"}
    nothing = dict.fromkeys((f"buying_groups.{one}" for one in ("added", "removed", "moved", "overruled", "done", "created")), 0)
    assert batches[0] == ("job/create_batch", nothing | {"buying_groups.done": 1, "buying_groups.created": 1})
    under = Counter(name for name, parent, _ in tree(spans) if parent == "job/create_batch")
    assert under["job/hold"] == under["job/advance"] == len(batches)
    assert under["group/create"] == under["job/finish"] == 1
    assert {parent for _, parent, _ in tree(spans)} == {None, "job/create_batch"}
    told = "".join(span.to_json() for span in spans)
    assert [one for one in await keys_and_names(db) if len(one) > 4 and one in told] == []


async def test_a_delivery_to_a_webhook_has_a_span(db: Db, traced: Traced) -> None:
    role = (await role_ids(db))["Champion"]
    known = await plant(db, {"a": None})
    async with receiving() as receiver:
        made = await hooked(db, receiver)
        await sell(db, [card(role)], [known["a"]])
        answers = iter((500,))

        async def answer(_: object) -> int:
            return next(answers, 200)

        receiver.answer = answer
        with traced.metrics.beside():
            async with delivering(db):
                await receiver.until(lambda one: len(one.took) >= 1)
    spans = [span for span in traced.spans() if span.name == "webhook/delivery"]
    assert [(span.parent, span.kind) for span in spans] == [(None, SpanKind.CLIENT)] * len(spans)
    assert [(dict(span.attributes or {}), span.status.status_code) for span in spans][:1] == [
        (
            {"buying_groups.event": receiver.got[0].event["type"].upper().replace(".", "_"), "buying_groups.status": 500},
            StatusCode.ERROR,
        )
    ]
    told = "".join(span.to_json() for span in spans)
    assert receiver.url not in told
    assert made.webhook_id not in told


def test_the_resource_is_called_by_what_the_sdks_variables_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OTEL_SERVICE_NAME", raising=False)
    monkeypatch.delenv("OTEL_RESOURCE_ATTRIBUTES", raising=False)
    made = tracing.provider(InMemorySpanExporter())
    assert made.resource.attributes["service.name"] == "buying-groups"
    made.shutdown()
    monkeypatch.setenv("OTEL_SERVICE_NAME", "another")
    made = tracing.provider(InMemorySpanExporter())
    assert made.resource.attributes["service.name"] == "another"
    made.shutdown()


def test_without_its_packages_it_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "otlp")
    assert settings.load(None).traces == "otlp"
    monkeypatch.setattr(settings, "find_spec", lambda _: None)
    with pytest.raises(
        settings.BadSettings, match=r"^OTEL_TRACES_EXPORTER: 'otlp' is wrong: needs .* pip install 'buying-groups\[otel\]'$"
    ):
        settings.load(None)
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "none")
    assert settings.load(None).traces == "none"


def test_nobody_loads_opentelemetry_who_does_not_want_it() -> None:
    for file in (ROOT / "api").rglob("*.py"):
        tops = [node for node in ast.parse(file.read_text("utf-8")).body if isinstance(node, ast.Import | ast.ImportFrom)]
        named = {node.module or "" for node in tops if isinstance(node, ast.ImportFrom)}
        named |= {alias.name for node in tops for alias in node.names}
        if file.name != "tracing.py":
            assert not {one for one in named if one.startswith(("opentelemetry", "api.tracing"))}, file
    assert "opentelemetry" not in "".join(file.read_text("utf-8") for file in (ROOT / "graph").glob("*.py"))
