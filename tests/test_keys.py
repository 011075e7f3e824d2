"""API keys: shown once, kept as hashes, found again at no cost to requests, and refused once they are revoked or expired."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx2
import pytest
import structlog
from listening import messages, subscribed
from make import Api, Person, bearer, card, client_over, key_for, plant, role_ids, rows, sell, serving
from structlog.testing import capture_logs
from typer.testing import CliRunner
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from api import auth, cli
from api.cli import frame
from api.cli.keys import expiry
from api.cli.serving import is_open
from api.settings import BadSettings, load
from graph import keys
from graph.callers import BadCredential, granted
from graph.db import Db
from graph.embedded import Server
from graph.errors import Refused, TooExpensive, Unavailable
from graph.keys import Keys, KeySpec
from graph.model import Permission as P

VIEWER = "{ viewer { subject } }"
WS = Subprotocol("graphql-transport-ws")
NEVER = "subscription { buyingGroupEvents { type } }"


async def ask(client: httpx2.AsyncClient, query: str = VIEWER, **headers: str) -> httpx2.Response:
    return await client.post("/graphql", json={"query": query}, headers=headers)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is known of keys is read again for each request, and open connections are looked after all the time."""
    for name in ("TRUSTED", "REREAD", "UNKNOWN"):
        monkeypatch.setattr(keys, name, 0.0)
    monkeypatch.setattr(auth, "LOOK", 0.01)


# --- what is kept ---------------------------------------------------------------------------------------------------


async def test_a_key_is_kept_as_its_hash_alone(db: Db) -> None:
    made = await keys.create(db, KeySpec(" CRM ", [P.MANAGE_DATA, P.VIEW], datetime(2100, 1, 1, tzinfo=UTC)))
    assert made.key.startswith(f"bgk_{made.id}_")
    assert len(made.key) == len("bgk_") + 16 + 1 + 43
    assert made.key not in repr(made)
    (row,) = await rows(db, "MATCH (k:_Key) RETURN properties(k) AS kept")
    kept = row["kept"]
    assert sorted(kept) == ["createdAt", "expiresAt", "hash", "id", "name", "permissions"]
    assert (kept["name"], kept["permissions"]) == ("CRM", ["VIEW", "MANAGE_DATA"])
    assert kept["hash"] == sha256(made.key.encode()).hexdigest()
    assert made.key.split("_", 2)[2] not in str(kept)


@pytest.mark.parametrize(
    ("spec", "field", "code"),
    [
        (KeySpec(" ", [P.VIEW]), "name", "INVALID"),
        (KeySpec("x" * 256, [P.VIEW]), "name", "INVALID"),
        (KeySpec("a\nb", [P.VIEW]), "name", "INVALID"),
        (KeySpec("a", []), "permissions", "INVALID"),
        (KeySpec("a", [P.VIEW], datetime.now(UTC) - timedelta(seconds=1)), "expires", "INVALID"),
        (KeySpec("a", [P.VIEW], account="nobody"), "account", "NOT_FOUND"),
    ],
)
async def test_what_no_key_can_be_is_refused_and_none_is_made(db: Db, spec: KeySpec, field: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        await keys.create(db, spec)
    assert [(problem.field, problem.code) for problem in refused.value.problems] == [((field,), code)]
    assert not await keys.exist(db)


async def test_a_key_is_bound_to_an_account_by_either_of_its_ids(db: Db) -> None:
    known = await plant(db, {"a": None})
    for account in ("a", known["a"]):
        made = await keys.create(db, KeySpec("bound", [P.VIEW], account=account))
        assert made.account == "a"
        assert (await Keys(db).find(made.key)).root == known["a"]
    assert (await Keys(db).find(await key_for(db, P.VIEW))).root is None


async def test_what_is_on_record_of_keys(db: Db) -> None:
    await plant(db, {"a": None})
    first = await keys.create(db, KeySpec("first", [P.VIEW], account="a"))
    second = await keys.create(db, KeySpec("second", [P.ADMINISTER], datetime(2100, 1, 1, tzinfo=UTC)))
    assert await keys.revoke(db, first.id) == "first"
    found = await keys.records(db)
    assert [(one.id, one.name, one.permissions, one.account) for one in found] == [
        (second.id, "second", ("VIEW", "ADMINISTER"), None),
        (first.id, "first", ("VIEW",), "a"),
    ]
    assert [one.revoked_at is not None for one in found] == [False, True]
    assert [one.expires_at for one in found] == [datetime(2100, 1, 1, tzinfo=UTC), None]
    for own, code in ((first.id, "NOT_EDITABLE"), ("nobody", "NOT_FOUND")):
        with pytest.raises(Refused) as refused:
            await keys.revoke(db, own)
        assert [problem.code for problem in refused.value.problems] == [code]


def test_every_permission_includes_view_and_unknown_ones_none() -> None:
    assert granted(["MANAGE_DATA", "FLY", 7, None]) == {P.VIEW, P.MANAGE_DATA}
    assert granted(["FLY"]) == granted([]) == frozenset()


# --- who presents it ------------------------------------------------------------------------------------------------


async def test_a_key_costs_no_statement_and_is_read_again_beside_requests(db: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    known = Keys(db)
    key = await key_for(db, P.VIEW)
    await known.find(key)
    await known.settle()
    before = known._db.statements
    for _ in range(100):
        assert (await known.find(key)).subject == "key:a key"
        with pytest.raises(BadCredential):
            await known.find("bgk_" + "0" * 16 + "_" + "A" * 43)
    assert known._db.statements == before
    monkeypatch.setattr(keys, "REREAD", 0.0)
    await known.find(key)
    assert known._db.statements == before, "the reading has only begun"
    await known.settle()
    assert known._db.statements == before + 1


@pytest.mark.usefixtures("hasty")
async def test_a_revoked_key_is_refused_by_every_instance(db: Db) -> None:
    made = await keys.create(db, KeySpec("soon gone", [P.VIEW]))
    async with client_over(db, credential=made.key) as one, client_over(db, credential=made.key) as other:
        for client in (one, other):
            assert (await ask(client)).json() == {"data": {"viewer": {"subject": "key:soon gone"}}}
        await keys.revoke(db, made.id)
        for client in (one, other):
            refused = await ask(client)
            assert (refused.status_code, refused.headers["www-authenticate"]) == (401, 'Bearer error="invalid_token"')
            assert "expired" not in refused.text


async def test_what_was_read_is_trusted_for_as_long_as_is_promised_and_no_longer(db: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    made = await keys.create(db, KeySpec("soon gone", [P.VIEW]))
    now = [1_000.0]
    monkeypatch.setattr(keys.time, "monotonic", lambda: now[0])
    known = Keys(db)
    await known.find(made.key)
    await keys.revoke(db, made.id)
    now[0] += keys.REREAD - 0.1
    await known.find(made.key)
    now[0] = 1_000.0 + keys.TRUSTED
    with pytest.raises(BadCredential):
        await known.find(made.key)


async def test_only_of_a_key_that_was_right_is_told_that_it_expired(db: Db) -> None:
    key = await key_for(db, P.VIEW)
    await rows(db, "MATCH (k:_Key) SET k.expiresAt = datetime() - duration('PT1S')")
    async with client_over(db) as client:
        expired = await ask(client, **bearer(key))
        wrong = await ask(client, **bearer(key[:-1] + ("A" if key[-1] != "A" else "B")))
    assert expired.json()["errors"][0]["message"].startswith("This credential has expired.")
    assert wrong.json()["errors"][0]["message"].startswith("Send a valid credential")
    assert (expired.status_code, wrong.status_code) == (401, 401)


async def test_the_last_use_is_noted_once_a_minute_and_never_in_the_way(db: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    key = await key_for(db, P.VIEW)
    known = Keys(db)
    for _ in range(10):
        await known.find(key)
    await known.settle()
    (used,) = [one.last_used_at for one in await keys.records(db)]
    assert used is not None
    assert datetime.now(UTC) - used < timedelta(minutes=5)
    other = Keys(db)  # another instance, within the minute
    await other.find(key)
    await other.settle()
    assert [one.last_used_at for one in await keys.records(db)] == [used]

    async def broken(*_: object, **__: object) -> Any:
        raise Unavailable("the database is gone")

    third = Keys(db)
    monkeypatch.setattr(third._db, "write", broken)
    with capture_logs() as logs:
        assert (await third.find(key)).subject == "key:a key"
        await third.settle()
    assert [(one["event"], one["reason"]) for one in logs] == [("a key's use was not noted", "Unavailable")]


@pytest.mark.parametrize(
    ("raised", "status", "code"),
    [
        (Unavailable("it is gone"), 503, "UNAVAILABLE"),
        (TooExpensive("gone"), 503, "UNAVAILABLE"),
        (KeyError("gone"), 500, "INTERNAL"),
    ],
)
async def test_without_the_database_nobody_is_let_in_and_nobody_is_called_wrong(
    db: Db, monkeypatch: pytest.MonkeyPatch, raised: Exception, status: int, code: str
) -> None:
    key = await key_for(db, P.VIEW)

    async def broken(*_: object, **__: object) -> Any:
        raise raised

    monkeypatch.setattr(Db, "read", broken)
    async with client_over(db) as client:
        for headers in ({}, bearer(key)):
            refused = await ask(client, **headers)
            assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (status, code)
            assert "gone" not in refused.text


# --- without credentials --------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("hasty")
async def test_the_first_key_closes_a_running_server_and_revoking_it_does_not_open_it(db: Db) -> None:
    async with client_over(db) as client:
        assert (await ask(client)).json() == {"data": {"viewer": {"subject": "local"}}}
        made = await keys.create(db, KeySpec("first", [P.VIEW]))
        refused = await ask(client)
        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
        await keys.revoke(db, made.id)
        assert (await ask(client)).status_code == 401
        assert (await ask(client, **bearer(made.key))).status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "evil.example:8000"},
        {"host": "localhost.evil.example"},
        {"host": "127.0.0.1.evil.example"},
        {"host": "evil.example#localhost"},
        {"host": "localhost@evil.example"},
        {"host": ""},
        {"host": "10.0.0.1"},
        {"origin": "https://evil.example"},
        {"origin": "http://localhost.evil.example"},
        {"origin": "null"},
    ],
)
async def test_without_credentials_no_other_machine_nor_its_pages_are_answered(db: Db, headers: dict[str, str]) -> None:
    async with client_over(db) as client:
        for path in ("/graphql?query={viewer{subject}}", "/export/buying-groups.csv"):
            refused = await client.get(path, headers=headers)
            assert refused.status_code == 403, refused.text
            assert "local" not in refused.json().get("data", {})
            assert refused.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
        assert (await ask(client, 'mutation { createRole(input: {name: "x"}) { role { id } } }', **headers)).status_code == 403
    assert await rows(db, "MATCH (r:Role {name: 'x'}) RETURN r.id AS id") == []


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "localhost"},
        {"host": "LOCALHOST:8000"},
        {"host": "127.0.0.1:8000"},
        {"host": "[::1]:8000"},
        {"origin": "http://localhost:3000"},
        {"origin": "http://[::1]"},
    ],
)
async def test_without_credentials_this_machine_is_answered(db: Db, headers: dict[str, str]) -> None:
    async with client_over(db) as client:
        assert (await ask(client, **headers)).json() == {"data": {"viewer": {"subject": "local"}}}


async def test_with_a_credential_host_and_origin_are_anybodys(db: Db) -> None:
    async with client_over(db, credential=await key_for(db, P.VIEW)) as client:
        assert (await ask(client, host="api.example", origin="https://app.example")).status_code == 200


async def test_a_request_that_a_proxy_here_passed_on_is_not_from_here(db: Db) -> None:
    scope: dict[str, Any] = {"headers": [(b"host", b"localhost")], "client": ("127.0.0.1", 1)}
    assert auth.is_here(scope)
    assert not auth.is_here({**scope, "client": ("192.0.2.7", 1)})
    assert not auth.is_here({**scope, "headers": [(b"host", b"localhost"), (b"host", b"evil.example")]})
    assert not auth.is_here({**scope, "headers": []})


async def test_a_server_for_other_machines_never_answers_without_credentials(db: Db) -> None:
    async with client_over(db, local=False) as client:
        assert (await ask(client)).status_code == 401
    config = {"BUYING_GROUPS_HOST": "0.0.0.0"}  # noqa: S104 - that it is refused
    settings = load(None).model_copy(update={"host": config["BUYING_GROUPS_HOST"]})
    with pytest.raises(BadSettings, match=r"^BUYING_GROUPS_HOST: '0\.0\.0\.0' is wrong: as long as no credentials"):
        await is_open(settings, db)
    assert await is_open(load(None), db)
    made = await keys.create(db, KeySpec("first", [P.VIEW]))
    await keys.revoke(db, made.id)
    assert not await is_open(settings, db)


# --- sockets and streams --------------------------------------------------------------------------------------------


@pytest.fixture
async def port(db: Db) -> AsyncGenerator[int]:
    async with serving(db, jobs=False) as port:
        yield port


@pytest.mark.parametrize(
    ("payload", "headers", "code"),
    [
        (None, {}, 4401),
        ({}, {}, 4401),
        ({"authorization": "KEY"}, {}, 4401),
        ({"authorization": 7}, {}, 4401),
        ({"authorization": "Bearer nobody's"}, {}, 4401),
        ({"authorization": "Bearer nobody's"}, {"authorization": "Bearer KEY"}, 4401),
        ({"authorization": "Bearer KEY"}, {}, None),
        ({"Authorization": "bearer KEY"}, {}, None),
        (None, {"authorization": "Bearer KEY"}, None),
    ],
)
async def test_a_socket_shows_its_credential_first(
    db: Db, port: int, payload: Any, headers: dict[str, str], code: int | None
) -> None:
    key = await key_for(db, P.VIEW)
    hello = json.dumps({"type": "connection_init", **({} if payload is None else {"payload": payload})}).replace("KEY", key)
    sent = {name: value.replace("KEY", key) for name, value in headers.items()}
    async with connect(f"ws://127.0.0.1:{port}/graphql", subprotocols=[WS], additional_headers=sent) as socket:
        await socket.send(hello)
        if code is not None:
            with pytest.raises(ConnectionClosed):
                await socket.recv()
            assert socket.close_code == code
            return
        assert json.loads(await socket.recv()) == {"type": "connection_ack"}
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": VIEWER}}))
        assert json.loads(await socket.recv())["payload"] == {"data": {"viewer": {"subject": "key:a key"}}}


async def test_without_credentials_a_page_of_another_server_gets_no_socket(db: Db, port: int) -> None:
    origin = {"origin": "https://evil.example"}
    async with connect(f"ws://127.0.0.1:{port}/graphql", subprotocols=[WS], additional_headers=origin) as socket:
        await socket.send('{"type": "connection_init"}')
        with pytest.raises(ConnectionClosed):
            await socket.recv()
        assert socket.close_code == 4403


async def test_pages_of_any_server_get_a_socket_with_a_credential(db: Db, port: int) -> None:
    shown = {"authorization": f"Bearer {await key_for(db, P.VIEW)}"}
    origin = {"origin": "https://app.example"}
    async with connect(f"ws://127.0.0.1:{port}/graphql", subprotocols=[WS], additional_headers=origin) as socket:
        await socket.send(json.dumps({"type": "connection_init", "payload": shown}))
        assert json.loads(await socket.recv()) == {"type": "connection_ack"}


async def test_operations_on_a_socket_need_what_they_need_elsewhere(db: Db, port: int) -> None:
    url = f"ws://127.0.0.1:{port}/graphql"
    await key_for(db, P.VIEW)
    made = await keys.create(db, KeySpec("nothing", [P.VIEW]))
    await rows(db, "MATCH (k:_Key {name: 'nothing'}) SET k.permissions = []")
    for query in (NEVER, "{ roles { name } }", 'mutation { createRole(input: {name: "x"}) { role { id } } }'):
        async with subscribed(url, query, made.key) as socket:
            found = json.loads(await socket.recv())
            assert (found["type"], found["payload"][0]["extensions"]["code"]) == ("error", "FORBIDDEN")
    assert await rows(db, "MATCH (r:Role {name: 'x'}) RETURN r.id AS id") == []


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("how", ["revoked", "expired"])
async def test_a_socket_ends_with_its_credential(db: Db, port: int, how: str) -> None:
    made = await keys.create(db, KeySpec("soon gone", [P.VIEW]))
    async with subscribed(f"ws://127.0.0.1:{port}/graphql", NEVER, made.key) as socket:
        waiting = asyncio.ensure_future(socket.recv())
        if how == "revoked":
            await keys.revoke(db, made.id)
        else:
            await rows(db, "MATCH (k:_Key) SET k.expiresAt = datetime() - duration('PT1S')")
        async with asyncio.timeout(30):
            with pytest.raises(ConnectionClosed):
                await waiting
        assert (socket.close_code, socket.close_reason) == (4401, "The credential doesn't hold any more")


@pytest.mark.usefixtures("hasty")
async def test_a_stream_ends_with_its_credential(db: Db, port: int) -> None:
    made = await keys.create(db, KeySpec("soon gone", [P.VIEW]))
    headers = {**bearer(made.key), "accept": "text/event-stream"}
    async with (
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=30) as client,
        client.stream("POST", "/graphql", json={"query": NEVER}) as answer,
    ):
        assert answer.status_code == 200
        await keys.revoke(db, made.id)
        text = "".join([part async for part in answer.aiter_text()])
    assert '"code":"UNAUTHENTICATED"' in text
    assert "event: complete" in text.partition('"code":"UNAUTHENTICATED"')[2]


async def test_a_credential_that_holds_is_heard_until_the_end(api: Api, db: Db, port: int) -> None:
    roles, known = await role_ids(db), await plant(db, {"a": None})
    sold = await sell(db, [card(roles["Champion"])], [known["a"]])
    key = await key_for(db, P.VIEW)
    query = "subscription($id: ID!) { jobProgress(id: $id) { status } }"
    async with subscribed(f"ws://127.0.0.1:{port}/graphql", query, key, id=f"job_{sold.job_id}") as socket:
        heard = [message async for message in messages(socket)]
    assert heard == [{"data": {"jobProgress": {"status": "SUCCEEDED"}}}]


# --- on record ------------------------------------------------------------------------------------------------------

ASSIGN = """mutation($group: ID!, $person: ID!, $role: ID!, $key: String) {
  assignMembers(input: {buyingGroupId: $group, members: [{personId: $person, roleId: $role}]}, idempotencyKey: $key) {
    results { outcome standing { actor credential requestId } } userErrors { code }
  }
}"""


async def test_a_decision_is_on_record_with_its_credential_and_request(db: Db) -> None:
    roles = await role_ids(db)
    known = await plant(db, {"a": None}, [Person("p", {"a": None}, "Director")])
    sold = await sell(db, [card(roles["Champion"])], [known["a"]])
    made = await keys.create(db, KeySpec("Ada", [P.MANAGE_BUYING_GROUPS]))
    group = sold.groups[known["a"]]
    given = {"group": f"grp_{group}", "person": f"per_{known['p']}", "role": f"rol_{roles['Champion']}"}
    status = 'mutation($id: ID!) { setStatus(input: {buyingGroupId: $id, status: "x"}) { userErrors { code } } }'
    async with client_over(db, credential=made.key) as client:
        done = await client.post("/graphql", json={"query": ASSIGN, "variables": given})
        await client.post("/graphql", json={"query": status, "variables": {"id": given["group"]}})
    (result,) = done.json()["data"]["assignMembers"]["results"]
    assert result["outcome"] == "APPLIED"
    standing = result["standing"]
    assert (standing["actor"], standing["credential"]) == ("key:Ada", f"key:{made.id}")
    assert len(standing["requestId"]) == 32
    kept = await rows(
        db,
        """MATCH (e:MembershipEvent)-[:ABOUT]->(p:Person)-[m:MEMBER_OF {eventId: e.id}]->()
        RETURN e.actor AS actor, [e.credential, m.credential] AS credentials, [e.requestId, m.requestId] AS requests""",
    )
    credentials, requests = [f"key:{made.id}"] * 2, [standing["requestId"]] * 2
    assert kept == [{"actor": "key:Ada", "credentials": credentials, "requests": requests}]
    events = await rows(
        db, "MATCH (e:BuyingGroupEvent {type: 'STATUS_CHANGED'}) RETURN e.actor AS a, e.credential AS c, e.requestId AS r"
    )
    assert [(one["a"], one["c"], one["r"] not in (None, standing["requestId"])) for one in events] == [
        ("key:Ada", f"key:{made.id}", True)
    ]


async def test_where_nobody_signs_in_there_is_a_request_and_no_credential(api: Api, db: Db) -> None:
    roles = await role_ids(db)
    known = await plant(db, {"a": None}, [Person("p", {"a": None}, "Director")])
    sold = await sell(db, [card(roles["Champion"])], [known["a"]])
    given = {
        "group": f"grp_{sold.groups[known['a']]}",
        "person": f"per_{known['p']}",
        "role": f"rol_{roles['Champion']}",
    }
    standing = (await api.data(ASSIGN, **given))["assignMembers"]["results"][0]["standing"]
    assert (standing["actor"], standing["credential"], len(standing["requestId"])) == ("local", None, 32)


async def test_an_idempotency_key_is_its_credentials_alone(db: Db) -> None:
    create = (
        'mutation($name: String!) { createRole(input: {name: $name}, idempotencyKey: "k") { role { name } userErrors { code } } }'
    )
    async with client_over(db) as client:
        found: list[Any] = []
        same_name = [await key_for(db, P.MANAGE_ROLE_TEMPLATES, name="twin") for _ in range(2)]
        for key, name in zip((*same_name, same_name[0]), ("A", "B", "A"), strict=True):
            body = {"query": create, "variables": {"name": name}}
            answer = await client.post("/graphql", json=body, headers=bearer(key))
            found.append(answer.json()["data"]["createRole"])
        body = {"query": create, "variables": {"name": "C"}}
        other_input = (await client.post("/graphql", json=body, headers=bearer(same_name[1]))).json()["data"]["createRole"]
    assert found == [{"role": {"name": name}, "userErrors": []} for name in ("A", "B", "A")]
    assert other_input == {"role": None, "userErrors": [{"code": "CONFLICT"}]}


# --- nothing leaks --------------------------------------------------------------------------------------------------


async def test_credentials_are_in_no_log_and_no_answer(
    db: Db, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.WARNING)  # the lowest at which `serve` lets libraries speak
    key = await key_for(db, P.VIEW)
    secret = key.split("_", 2)[2]  # which may have underscores, too
    shown = [
        f"Bearer {key}",
        f"Bearer {key[:-1]}{'A' if key[-1] != 'A' else 'B'}",
        f"Bearer {key}x",
        f"Bearer {key[:-1]}",
        f"Basic {key}",
        key,
        f"Bearer  {key} {key}",
        f"Bearer {secret}",
        f"Bearer {'x' * 30_000}{secret}",
        f"bearer\t{key}",
        f"Bearer bgk_{secret}_{secret}",
        f"Bearer eyJhbGciOiJub25lIn0.{secret}.{secret}",
    ]
    texts: list[str] = []
    with capture_logs() as logs:
        async with serving(db, jobs=False) as port:
            async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
                for authorization in shown:
                    for query in (VIEWER, "{ nope }", 'mutation { deleteRole(id: "x") { deletedId } }'):
                        answer = await ask(client, query, authorization=authorization)
                        texts += [answer.text, str(answer.headers)]
            for authorization in shown[:8]:
                async with connect(f"ws://127.0.0.1:{port}/graphql", subprotocols=[WS]) as socket:
                    await socket.send(json.dumps({"type": "connection_init", "payload": {"authorization": authorization}}))
                    try:
                        texts.append(str(await socket.recv()))
                    except ConnectionClosed:
                        texts.append(str(socket.close_reason))
    assert all(len(log["request_id"]) == 32 for log in logs if log["event"] == "not let in")
    assert {log["reason"] for log in logs if log["event"] == "not let in"} == {"malformed", "unknown key"}
    captured = capsys.readouterr()
    said = [record.getMessage() for record in caplog.records]
    everything = "\n".join([*texts, *map(str, logs), *said, captured.out, captured.err])
    assert secret not in everything
    assert secret[:-1] not in everything
    kept = await rows(db, "MATCH (n) UNWIND keys(n) AS name RETURN collect(toString(toStringOrNull(n[name]))) AS texts")
    assert secret not in str(kept)


@pytest.mark.parametrize("level", ["debug", "error"])
def test_libraries_that_log_whole_requests_are_never_let_to(monkeypatch: pytest.MonkeyPatch, level: str) -> None:
    chosen: dict[str, Any] = {}
    monkeypatch.setattr(logging, "basicConfig", chosen.update)
    monkeypatch.setattr(structlog, "configure", lambda **_: None)
    monkeypatch.setenv("BUYING_GROUPS_LOG_LEVEL", level)
    frame.set_up_log(load(None))
    assert chosen["level"] == {"debug": logging.WARNING, "error": logging.ERROR}[level]


# --- the command line -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2100-01-31", datetime(2100, 1, 31, tzinfo=UTC)), ("soon", None), ("d", None), ("-3d", None), ("9999999d", None)],
)
def test_an_expiry_is_a_day_or_so_many_days(text: str, expected: datetime | None) -> None:
    if expected:
        assert expiry(text) == expected
        return
    with pytest.raises(Refused, match="--expires takes days"):
        expiry(text)


def test_an_expiry_in_days_counts_from_now() -> None:
    before = datetime.now(UTC)
    assert before + timedelta(days=90) <= expiry("90d") <= datetime.now(UTC) + timedelta(days=90)


def test_a_permission_that_is_none_is_refused_with_those_that_are() -> None:
    result = CliRunner().invoke(cli.app, ["keys", "create", "--name", "x", "--permission", "FLY"])
    assert result.exit_code == 2
    assert "ADMINISTER" in result.output


async def program(server: Server, tmp_path: Path, *args: str, **environment: str) -> tuple[int | None, str, str]:
    """How `buying-groups` ends on the database of the tests, unless a data folder is named, and what it prints."""
    at = server.connection
    reach = {} if "BUYING_GROUPS_DATA_DIR" in environment else {"NEO4J_URI": at.uri, "NEO4J_PASSWORD": at.password}
    running = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("buying-groups")),
        *args,
        cwd=tmp_path,
        env=os.environ | reach | environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    printed, said = await running.communicate()
    return running.returncode, printed.decode(), said.decode()


async def test_keys_are_made_listed_and_revoked_on_the_command_line(db: Db, server: Server, tmp_path: Path) -> None:
    await plant(db, {"0011": None})
    options = ("--name", "CRM sync", "--permission", "MANAGE_DATA", "--expires", "90d", "--account", "0011")
    code, key, said = await program(server, tmp_path, "keys", "create", *options)
    assert code == 0, said
    caller = await Keys(db).find(key.removesuffix("\n"))
    assert (caller.subject, caller.permissions) == ("key:CRM sync", {P.VIEW, P.MANAGE_DATA})
    assert "It sees and changes 0011 and what is below, nothing else." in said
    assert key.strip() not in said
    assert "has other keys" not in said
    (record,) = await keys.records(db)
    _, other, said = await program(server, tmp_path, "keys", "create", "--name", "CRM sync", "--permission", "VIEW")
    assert f"CRM sync has other keys: {record.id}. What is done with any of them is recorded under the one name." in said
    await keys.revoke(db, other.split("_")[1])
    _, listed, _ = await program(server, tmp_path, "keys", "list")
    assert f"{record.id}  CRM sync\n    VIEW MANAGE_DATA in 0011\n" in listed
    assert key.rpartition("_")[2].strip() not in listed
    code, said, _ = await program(server, tmp_path, "keys", "revoke", record.id)
    assert (code, said) == (0, f"The key {record.id} of CRM sync is revoked. Servers refuse it within 5 s.\n")
    with pytest.raises(BadCredential):
        await Keys(db).find(key.strip())
    code, _, said = await program(server, tmp_path, "keys", "revoke", record.id)
    assert (code, said) == (1, "The key 'CRM sync' is revoked already.\n")


async def test_a_command_says_when_its_data_folder_holds_no_graph(server: Server, tmp_path: Path) -> None:
    other, port = tmp_path / "other", server.connection.uri.rpartition(":")[2]  # a port that is taken, so that nothing starts
    where = {"BUYING_GROUPS_DATA_DIR": str(other), "BUYING_GROUPS_BOLT_PORT": port}
    code, _, said = await program(server, tmp_path, "keys", "list", **where)
    words = f"There is no graph in {other} yet, so an empty one is made there (BUYING_GROUPS_DATA_DIR)."
    assert (code, said.splitlines()[0]) == (1, words)


async def test_without_credentials_a_server_for_other_machines_does_not_start(db: Db, server: Server, tmp_path: Path) -> None:
    host, port = "0.0.0.0", "0"  # noqa: S104 - that it is refused
    code, _, said = await program(server, tmp_path, "serve", BUYING_GROUPS_HOST=host, BUYING_GROUPS_PORT=port)
    assert code == 2
    assert "BUYING_GROUPS_HOST: '0.0.0.0' is wrong: as long as no credentials are configured" in " ".join(said.split())
