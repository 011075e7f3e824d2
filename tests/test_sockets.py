"""GraphQL over WebSockets: the protocol's rules, and the same limits as over HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any

import pytest
from make import serving
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from api.documents import Documents, Policy, Registered
from api.limits import Limits
from api.schema import schema
from api.sockets import MAX_OPERATIONS
from graph import events
from graph.db import Db

WS = Subprotocol("graphql-transport-ws")
VIEWER = "{ viewer { subject } }"
NEVER = "subscription { buyingGroupEvents { type } }"
OPEN = Policy()
OWN = "sha256:" + sha256(VIEWER.encode()).hexdigest()


@asynccontextmanager
async def socket(db: Db, policy: Policy = OPEN, *, hello: bool = True) -> AsyncGenerator[ClientConnection]:
    documents = Documents(schema._schema, policy, Registered({OWN: VIEWER}, {VIEWER: "viewer"}))
    async with (
        serving(db, documents, jobs=False) as port,
        connect(f"ws://127.0.0.1:{port}/graphql", subprotocols=[WS], max_size=None) as opened,
    ):
        if hello:
            await opened.send('{"type": "connection_init"}')
            assert json.loads(await opened.recv()) == {"type": "connection_ack"}
        yield opened


async def ask(opened: ClientConnection, payload: Any, name: str = "1") -> None:
    await opened.send(json.dumps({"id": name, "type": "subscribe", "payload": payload}))


async def heard(opened: ClientConnection) -> dict[str, Any]:
    return json.loads(await opened.recv())


async def test_queries_are_answered_each_in_a_context_of_its_own(db: Db) -> None:
    async with socket(db) as opened:
        for payload in ({"query": VIEWER}, {"query": VIEWER, "variables": None, "extensions": {}}, {"documentId": OWN}):
            await ask(opened, payload)
            answer = {"id": "1", "type": "next", "payload": {"data": {"viewer": {"subject": "local"}}}}
            assert [await heard(opened), await heard(opened)] == [answer, {"id": "1", "type": "complete"}]
        ids: set[str] = set()
        for number in range(2):
            await ask(opened, {"query": "{ nope }"}, str(number))
            ids.add((await heard(opened))["payload"][0]["extensions"]["requestId"])
        assert len(ids) == 2


BAD: list[tuple[Any, str, str]] = [
    ({"query": "{"}, "GRAPHQL_PARSE_FAILED", "Syntax Error"),
    ({"query": "{ nope }"}, "GRAPHQL_VALIDATION_FAILED", "Cannot query field 'nope'"),
    ({"query": "{" + " viewer { subject }" * 21 + "}"}, "TOO_COMPLEX", "The operation has 21 fields at its root"),
    ({"query": "subscription {" + " jobProgress(id: 1) { status }" * 21 + "}"}, "TOO_COMPLEX", "The operation has 21 fields"),
    (
        {"query": "query($n: Int) { a: accounts(first: $n) { edges { cursor } } }", "variables": {"n": 100}},
        "TOO_COMPLEX",
        "The op",
    ),
    ({"query": "query A { roles { name } } query B { roles { name } }"}, "BAD_USER_INPUT", "operationName must name one"),
    ({"documentId": "nope"}, "PERSISTED_DOCUMENT_NOT_FOUND", "There is no document with this id."),
    ({"query": 1}, "BAD_REQUEST", "query must be a string, not a number."),
    ({"query": VIEWER, "variables": []}, "BAD_REQUEST", "variables must be an object, not an array."),
    ({}, "BAD_REQUEST", "The request needs query"),
    ([], "BAD_REQUEST", "Batches are not supported"),
    (None, "BAD_REQUEST", "The request must be a JSON object"),
    ("x", "BAD_REQUEST", "The request must be a JSON object"),
]


async def test_what_may_not_be_executed_is_an_error_of_its_operation_and_the_socket_lives(db: Db) -> None:
    async with socket(db, Policy(Limits(cost=150))) as opened:
        for payload, code, message in BAD:
            await ask(opened, payload)
            found = await heard(opened)
            assert (found["id"], found["type"]) == ("1", "error")
            (error,) = found["payload"]
            assert (error["extensions"]["code"], error["message"][: len(message)]) == (code, message)
            assert error["extensions"]["requestId"]
        await ask(opened, {"query": VIEWER})
        assert (await heard(opened))["type"] == "next"


async def test_only_registered_documents_if_so_set(db: Db) -> None:
    async with socket(db, Policy(documents_only=True)) as opened:
        await ask(opened, {"query": NEVER})
        assert (await heard(opened))["payload"][0]["extensions"]["code"] == "PERSISTED_DOCUMENT_REQUIRED"
        await ask(opened, {"documentId": OWN})
        assert (await heard(opened))["type"] == "next"


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Subscriptions to events wait without asking the graph."""

    async def wait(_: Db) -> int:
        await asyncio.Event().wait()
        return 0

    monkeypatch.setattr(events, "number", wait)


@pytest.mark.usefixtures("silent")
async def test_as_many_operations_run_at_the_same_time_as_are_allowed_and_no_more(db: Db) -> None:
    async with socket(db) as opened:
        for number in range(MAX_OPERATIONS):
            await ask(opened, {"query": NEVER}, f"n{number}")
        await ask(opened, {"query": VIEWER}, "more")
        found = await heard(opened)
        assert (found["id"], found["payload"][0]["extensions"]["code"]) == ("more", "TOO_COMPLEX")
        await opened.send('{"id": "n0", "type": "complete"}')
        await ask(opened, {"query": VIEWER}, "more")
        assert (await heard(opened))["type"] == "next"


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("null", 4400),
        ("[]", 4400),
        ("7", 4400),
        ("{", 4400),
        ("", 4400),
        ("[" * 100_000, 4400),
        ('"\\ud800"', 4400),
        ("{}", 4400),
        ('{"type": 1}', 4400),
        ('{"type": []}', 4400),
        ('{"type": "' + "x" * 500 + '"}', 4400),
        ('{"type": "subscribe"}', 4400),
        ('{"type": "subscribe", "id": 7}', 4400),
        ('{"type": "complete", "id": []}', 4400),
        ('{"type": "connection_init", "payload": []}', 4400),
        ('{"type": "connection_init"}', 4429),
        (b"\x00", 4400),
    ],
)
async def test_a_message_that_is_none_closes_the_socket(db: Db, message: str | bytes, code: int) -> None:
    async with socket(db) as opened:
        await opened.send(message)
        with pytest.raises(ConnectionClosed):
            await opened.recv()
        assert opened.close_code == code


@pytest.mark.usefixtures("silent")
async def test_an_operations_name_is_taken_once_and_none_starts_unannounced(db: Db) -> None:
    async with socket(db) as opened:
        for _ in range(2):
            await ask(opened, {"query": NEVER}, "é" * 300)
        with pytest.raises(ConnectionClosed):
            await opened.recv()
        assert opened.close_code == 4409
    async with socket(db, hello=False) as opened:
        await ask(opened, {"query": VIEWER})
        with pytest.raises(ConnectionClosed):
            await opened.recv()
        assert opened.close_code == 4401


async def test_a_message_is_as_large_as_is_allowed_and_no_larger(db: Db) -> None:
    most = 1_000
    async with socket(db, Policy(Limits(body=most))) as opened:
        message = json.dumps({"id": "1", "type": "subscribe", "payload": {"query": VIEWER}})
        await opened.send(message + " " * (most - len(message)))
        assert (await heard(opened))["type"] == "next"
        assert (await heard(opened))["type"] == "complete"
        await opened.send(message + " " * (most - len(message) + 1))
        with pytest.raises(ConnectionClosed):
            await opened.recv()
        assert (opened.close_code, opened.close_reason) == (1009, "A message may have at most 1,000 bytes")
