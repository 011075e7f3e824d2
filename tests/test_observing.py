"""What operators see: probes, metrics, and the log."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import httpx2
import pytest
from make import BY, Person, bearer, card, key_for, plant, role_ids, rows, sell, title
from prometheus_client.parser import text_string_to_metric_families
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from api import ids
from api.app import create_app
from api.observing import Metrics
from graph import jobs
from graph.db import Connection, Db, connect
from graph.model import FilterOperator, Permission

NAME = "Nobody logs this name"
PEOPLE = "query ($name: String) { people(filter: { search: $name }) { edges { node { name } } } }"
SLOW = 0.0  # seconds: everything is


@asynccontextmanager
async def client(db: Db, metrics: Metrics | None = None, credential: str | None = None) -> AsyncGenerator[httpx2.AsyncClient]:
    app = create_app(db, b"a secret of the tests", jobs=False, metrics=metrics)
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost", headers=bearer(credential)) as one:
        yield one


async def scraped(one: httpx2.AsyncClient) -> dict[str, float]:
    """What Prometheus would read, by name and labels as they are written."""
    answer = await one.get("/metrics")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}"] = sample.value
    return found


async def test_jobs_learn_whether_clients_ask_for_something(db: Db) -> None:
    metrics = Metrics()
    async with client(db, metrics) as one:
        assert not metrics.asked_within(60)
        await one.get("/health/ready")
        assert not metrics.asked_within(60)
        await one.post("/graphql", json={"query": "{ __typename }"})
        assert metrics.asked_within(60)
        assert not metrics.asked_within(0)


async def test_metrics_count_what_happens(db: Db) -> None:
    async with client(db) as one:
        for _ in range(3):
            await one.post("/graphql", json={"query": PEOPLE, "variables": {"name": NAME}})
        wrong = await one.post("/graphql", json={"query": "{ nothing }"})
        await one.get("/import/job_1")
        await one.get("/no/such/path")
        found = await scraped(one)
    assert found["buying_groups_http_request_seconds_count{route=/graphql,status=200}"] == 4
    assert found["buying_groups_http_request_seconds_count{route=other,status=404}"] == 2  # there is no folder for imports here
    assert found["buying_groups_statement_seconds_count{statement=read}"] == 3
    assert found["buying_groups_statement_seconds_sum{statement=read}"] > 0
    assert found["buying_groups_errors_total{code=GRAPHQL_VALIDATION_FAILED}"] == 1
    assert wrong.json()["errors"][0]["extensions"]["requestId"] == wrong.headers["x-request-id"]
    assert found["buying_groups_pool_connections{state=used}"] == 0
    assert found["buying_groups_pool_connections{state=free}"] == 100
    assert found["buying_groups_database_up{}"] == 1
    assert NAME not in str(found)


async def test_metrics_tell_what_waits(db: Db) -> None:
    roles = await role_ids(db)
    known = await plant(db, {"a": None}, [Person("boss", {"a": None}, "Director")])
    cards = [card(roles["Decision Maker"], title(FilterOperator.IS, "director"))]
    made: str = (await rows(db, "CREATE (w:Webhook {id: randomUUID(), status: 'ENABLED', cursor: 0}) RETURN w.id AS id"))[0]["id"]
    sold = await sell(db, cards, [known["a"]])
    await jobs.start_maintenance(db, sold.interest_id, by=BY)
    await rows(db, "MATCH (e:BuyingGroupEvent {seq: 1}) SET e.at = datetime.realtime() - duration('PT1H')")
    await rows(db, "CREATE (:_New)")
    numbered = (await rows(db, "MATCH (e:BuyingGroupEvent) RETURN count(e) AS n"))[0]["n"]
    async with client(db) as one:
        found = await scraped(one)
    assert {name: value for name, value in found.items() if name.startswith("buying_groups_jobs")} == {
        "buying_groups_jobs{kind=CREATE,status=SUCCEEDED}": 1,
        "buying_groups_jobs{kind=MAINTAIN,status=QUEUED}": 1,
    }
    hook = ids.encode("Webhook", made)
    assert found[f"buying_groups_webhook_events{{webhook={hook}}}"] == numbered > 0
    assert 3600 <= found[f"buying_groups_webhook_lag_seconds{{webhook={hook}}}"] < 3660
    assert found["buying_groups_events_unnumbered{}"] == 1


async def test_metrics_are_for_those_who_see_the_whole_market(db: Db) -> None:
    await plant(db, {"a": None})
    whole, part = await key_for(db, Permission.VIEW), await key_for(db, Permission.VIEW, account="a")
    for credential, status in ((whole, 200), (part, 403), (None, 401)):
        async with client(db, credential=credential) as one:
            assert (await one.get("/metrics")).status_code == status
            assert (await one.get("/health/ready")).json() == {"status": "ready"}
            assert (await one.get("/health/live")).json() == {"status": "live"}


async def test_without_a_database_it_lives_but_is_not_ready_and_tells_what_it_can() -> None:
    async with connect(Connection("bolt://127.0.0.1:9", "neo4j", "none")) as gone, client(gone) as one:
        live, ready = await one.get("/health/live"), await one.get("/health/ready")
        assert (live.status_code, ready.status_code, ready.json()) == (200, 503, {"status": "unavailable"})


async def test_the_log_names_statements_and_never_what_they_came_with(db: Db) -> None:
    async with client(db, Metrics(SLOW)) as one:
        with capture_logs(processors=[merge_contextvars]) as logs:
            answer = await one.post("/graphql", json={"query": PEOPLE, "variables": {"name": NAME}})
    request_id = answer.headers["x-request-id"]
    slow = [line for line in logs if line["event"] == "slow statement"]
    assert [(line["statement"], line["request_id"], line["log_level"]) for line in slow] == [
        ("key/known", request_id, "warning"),
        ("read", request_id, "warning"),
    ]
    (line,) = [line for line in logs if line["event"] == "request"]
    assert (line["route"], line["status"], line["request_id"]) == ("/graphql", 200, request_id)
    assert {name: told["count"] for name, told in line["statements"].items()} == {"key/known": 1, "read": 1}
    assert NAME not in json.dumps(logs)
    assert "people(" not in json.dumps(logs)


@pytest.mark.parametrize(("slow", "level"), [(SLOW, "info"), (60.0, "debug")])
async def test_ordinary_requests_are_for_the_curious(db: Db, slow: float, level: str) -> None:
    async with client(db, Metrics(slow)) as one:
        with capture_logs() as logs:
            await one.post("/graphql", json={"query": PEOPLE})
    assert [line["log_level"] for line in logs if line["event"] == "request"] == [level]
