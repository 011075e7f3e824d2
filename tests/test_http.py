"""GraphQL over HTTP as a client's bytes meet it: whatever comes, an answer that says what is wrong, and never a 500."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx2
import pytest
from make import Api, api_over, client_over, rows, serving
from neo4j import AsyncSession

from api import patience
from api.app import create_app
from api.documents import Documents, Policy
from api.http import JSON, MAX_ENTRIES, MAX_NESTING, RESPONSE, accepted
from api.limits import MAX_CHARACTERS, Limits
from api.schema import schema
from graph import db as db_module
from graph.db import Connection, Db, Trouble, connect, noting
from graph.errors import Unavailable
from graph.keys import Keys
from graph.queries import Query

VIEWER = "{ viewer { subject } }"
ANSWER = {"data": {"viewer": {"subject": "local"}}}


@pytest.fixture
async def http(shared_db: Db) -> AsyncGenerator[httpx2.AsyncClient]:
    """The application for requests that never reach the graph."""
    async with api_over(shared_db) as api:
        yield api.client


async def send(client: httpx2.AsyncClient, body: bytes | str, **headers: str) -> httpx2.Response:
    given = {"content-type": JSON} | {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.post("/graphql", content=body, headers=given)


def told(answer: httpx2.Response, status: int, code: str) -> str:
    """The message of the one error of an answer, which has this status and code, and its request's id."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == f"{JSON}; charset=utf-8"
    body = answer.json()
    assert list(body) == ["errors"]
    (error,) = body["errors"]
    assert error["extensions"].keys() >= {"code", "requestId"}
    assert error["extensions"]["code"] == code
    assert UUID(error["extensions"]["requestId"])
    return error["message"]


# --- bodies ---------------------------------------------------------------------------------------------------------

NEITHER = "The request needs query (a GraphQL document) or documentId (a registered document's id)."
MALFORMED: list[tuple[str, bytes, str]] = [
    ("null", b"null", "The request must be a JSON object with query or documentId."),
    ("number", b"123", "The request must be a JSON object with query or documentId."),
    ("boolean", b"true", "The request must be a JSON object with query or documentId."),
    ("string", b'"abc"', "The request must be a JSON object with query or documentId."),
    ("array", b"[]", "Batches are not supported: send one request for each operation."),
    ("batch", b'[{"query": "{ __typename }"}]', "Batches are not supported: send one request for each operation."),
    ("empty", b"", "The body must be JSON: Input is a zero-length, empty document"),
    ("blank", b"  \n", "The body must be JSON: "),
    ("words", b"NONSENSE", "The body must be JSON: unexpected character"),
    ("cut off", b'{"query": "{ __ty', "The body must be JSON: "),
    ("two", b'{"query": "{ __typename }"} {}', "The body must be JSON: "),
    ("NaN", b'{"query": "{ __typename }", "variables": {"a": NaN}}', "The body must be JSON: "),
    ("broken UTF-8", b'{"query": "\xff"}', "The body must be JSON: it is not valid UTF-8."),
    ("UTF-16", VIEWER.encode("utf-16"), "The body must be JSON: it is not valid UTF-8."),
    ("100,000 deep", b'{"variables": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "The body must be JSON: depth limit exceeded"),
    ("5,000 digits", b'{"query": "{ __typename }", "variables": {"n": ' + b"9" * 5_000 + b"}}", "The body must be JSON: number"),
    (
        "half a surrogate pair",
        b'{"query": "\\ud83d"}',
        "The body must be JSON: a text holds half of a surrogate pair, which is no",
    ),
    (
        "in variables",
        b'{"query": "{ a }", "variables": {"s": "a\\udc00b"}}',
        "The body must be JSON: a text holds half of a surrog",
    ),
    (
        "in a key",
        b'{"query": "{ a }", "variables": {"\\ud83d": 1}}',
        "The body must be JSON: a text holds half of a surrogate pair",
    ),
    ("nothing asked", b"{}", NEITHER),
    ("misspelt", b'{"qeury": "{ __typename }"}', NEITHER),
    ("null query", b'{"query": null}', NEITHER),
    ("query number", b'{"query": 1}', "query must be a string, not a number."),
    ("query array", b'{"query": ["a"]}', "query must be a string, not an array."),
    ("query object", b'{"query": {}}', "query must be a string, not an object."),
    ("query boolean", b'{"query": false}', "query must be a string, not a boolean."),
    ("id number", b'{"documentId": 1}', "documentId must be a string, not a number."),
    ("both", b'{"documentId": "a", "query": "{ a }"}', "The request has both query and documentId: send one of them."),
    ("name", b'{"query": "{ a }", "operationName": {}}', "operationName must be a string, not an object."),
    ("variables array", b'{"query": "{ a }", "variables": []}', "variables must be an object, not an array."),
    ("variables string", b'{"query": "{ a }", "variables": "{}"}', "variables must be an object, not a string."),
    ("variables number", b'{"query": "{ a }", "variables": 0}', "variables must be an object, not a number."),
    ("variables false", b'{"query": "{ a }", "variables": false}', "variables must be an object, not a boolean."),
    ("extensions", b'{"query": "{ a }", "extensions": "x"}', "extensions must be an object, not a string."),
]


@pytest.mark.parametrize(("body", "message"), [case[1:] for case in MALFORMED], ids=[case[0] for case in MALFORMED])
async def test_a_malformed_body_is_refused_in_words(http: httpx2.AsyncClient, body: bytes, message: str) -> None:
    assert told(await send(http, body), 400, "BAD_REQUEST").startswith(message)


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"variables": None, "operationName": None, "extensions": None, "documentId": None},
        {"variables": {}, "operationName": "", "extensions": {"cost": "maybe", "more": [1]}},
        {"unknown": [None], "id": 7, "variables": {"unused": {"deep": [[]]}}},
    ],
)
async def test_what_need_not_be_there_may_be_null_and_what_is_unknown_is_left_alone(
    http: httpx2.AsyncClient, members: dict[str, Any]
) -> None:
    answer = await send(http, json.dumps({"query": VIEWER, **members}))
    assert (answer.status_code, answer.json()) == (200, ANSWER)


async def test_of_a_member_that_stands_twice_the_last_counts(http: httpx2.AsyncClient) -> None:
    answer = await send(http, f'{{"query": "{{ nope }}", "query": "{VIEWER}"}}')
    assert answer.json() == ANSWER


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/graphql", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
             "application/json; charset=latin-1", "application/jsonx", "application/json; charset=utf-16"],
)  # fmt: skip
async def test_another_content_type_is_415(http: httpx2.AsyncClient, kind: str) -> None:
    answer = await send(http, json.dumps({"query": VIEWER}), content_type=kind)
    assert told(answer, 415, "UNSUPPORTED_MEDIA_TYPE") == "The content type must be application/json, in UTF-8."
    assert answer.headers["accept-post"] == JSON


@pytest.mark.parametrize("kind", ["application/json;charset=utf-8", 'Application/JSON; charset="UTF-8"', "application/json; x=y"])
async def test_json_is_json_however_it_is_written(http: httpx2.AsyncClient, kind: str) -> None:
    assert (await send(http, json.dumps({"query": VIEWER}), content_type=kind)).json() == ANSWER


# --- sizes ----------------------------------------------------------------------------------------------------------

QUERY = "query($v: AccountFilter) { accounts(filter: $v) { totalCount } }"


def asked(variables: Any) -> bytes:
    return json.dumps({"query": QUERY, "variables": {"v": variables}}).encode()


async def test_a_body_of_as_many_bytes_as_are_allowed_passes_and_of_one_more_does_not(shared_db: Db) -> None:
    body = json.dumps({"query": VIEWER})
    documents = Documents(schema._schema, Policy(Limits(body=len(body) + 10)))
    async with api_over(shared_db, documents) as api:
        assert (await send(api.client, body + " " * 10)).json() == ANSWER
        for content in (body + " " * 11, iter_of(body + " " * 11), b"x" * 100_000):
            answer = await api.client.post("/graphql", content=content, headers={"content-type": JSON})
            assert told(answer, 413, "REQUEST_TOO_LARGE") == f"The body may have at most {len(body) + 10} bytes."


async def iter_of(text: str) -> AsyncGenerator[bytes]:
    """A body whose length nobody tells beforehand."""
    for character in text:
        yield character.encode()


async def test_variables_nest_as_deep_as_is_allowed_and_no_deeper(http: httpx2.AsyncClient) -> None:
    deep: Any = {}
    for _ in range(MAX_NESTING - 2):  # the variables themselves are a level, too
        deep = {"x": deep}
    assert told_of(await send(http, asked(deep))) == "BAD_USER_INPUT"  # there is no such field
    assert told(await send(http, asked({"x": deep})), 400, "BAD_REQUEST") == "The variables nest deeper than 32 levels."


def told_of(answer: httpx2.Response) -> str:
    return answer.json()["errors"][0]["extensions"]["code"]


async def test_a_list_has_as_many_entries_as_are_allowed_and_no_more(http: httpx2.AsyncClient) -> None:
    assert told_of(await send(http, asked({"industries": [1] * MAX_ENTRIES}))) == "BAD_USER_INPUT"  # those are no texts
    for many in ([1] * (MAX_ENTRIES + 1), {str(n): n for n in range(MAX_ENTRIES + 1)}):
        message = told(await send(http, asked({"industries": many})), 400, "BAD_REQUEST")
        assert message == "A list in the variables has 20,001 entries; at most 20,000 are allowed."


async def test_a_text_is_as_long_as_is_allowed_and_no_longer(api: Api) -> None:
    search = "query($v: String) { people(filter: {search: $v}) { totalCount } }"
    for length in (MAX_CHARACTERS, MAX_CHARACTERS + 1):
        answer = await send(api.client, json.dumps({"query": search, "variables": {"v": "x" * length}}))
        if length == MAX_CHARACTERS:
            assert answer.json() == {"data": {"people": {"totalCount": 0}}}
        else:
            message = told(answer, 400, "BAD_REQUEST")
            assert message == "A text in the variables has 100,001 characters; at most 100,000 are allowed."


# --- methods and parameters -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"])
async def test_other_methods_are_405(http: httpx2.AsyncClient, method: str) -> None:
    answer = await http.request(method, "/graphql", content=b"{}", headers={"content-type": JSON})
    assert told(answer, 405, "METHOD_NOT_ALLOWED") == "Send GET or POST."
    assert answer.headers["allow"] == "GET, POST"


async def test_a_query_may_come_by_get(http: httpx2.AsyncClient) -> None:
    query = "query A($n: String!) { __type(name: $n) { name } } query B { viewer { subject } }"
    params = {"query": query, "operationName": "A", "variables": '{"n": "Account"}', "extensions": '{"cost": true}'}
    answer = (await http.get("/graphql", params=params)).json()
    assert answer["data"] == {"__type": {"name": "Account"}}
    assert answer["extensions"]["cost"]["value"] == 2
    assert (await http.get("/graphql", params={"query": VIEWER, "variables": "", "operationName": ""})).json() == ANSWER


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", NEITHER),
        ("?query", "Syntax Error: Unexpected <EOF>."),
        ("?variables={}", NEITHER),
        ("?query={a}&variables={", "The parameter variables must be JSON: "),
        ("?query={a}&variables=[]", "variables must be an object, not an array."),
        ("?query={a}&variables=1", "variables must be an object, not a number."),
        ('?query={a}&variables="x"', "variables must be an object, not a string."),
        ("?query={a}&extensions=nope", "The parameter extensions must be JSON: "),
        ('?query={a}&variables={"a":"%5Cud800"}', "The parameter variables must be JSON: a text holds half of a surrogate pair"),
        ("?query=%FF", "The URL's parameters must be UTF-8."),
        ("?query={a}&" + "a=1&" * 60, "The URL has too many parameters."),
    ],
)
async def test_malformed_parameters_are_refused_in_words(http: httpx2.AsyncClient, url: str, message: str) -> None:
    answer = await http.get(f"/graphql{quote(url, safe='?=&%')}", headers={"accept": RESPONSE})
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert error["message"].startswith(message)
    assert error["extensions"]["code"] == ("GRAPHQL_PARSE_FAILED" if url == "?query" else "BAD_REQUEST")


async def test_a_mutation_by_get_is_405_and_nothing_is_done(api: Api) -> None:
    mutation = 'mutation { upsertAccounts(input: {accounts: [{externalId: "x", name: "X"}]}) { created } }'
    for accept in (JSON, RESPONSE, "text/event-stream"):
        answer = await api.client.get("/graphql", params={"query": f"{VIEWER[:0]}{mutation}"}, headers={"accept": accept})
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
        assert answer.json()["errors"][0]["message"] == "Send mutations by POST."
    assert await rows(api.db, "MATCH (a:Account) RETURN a.name AS name") == []
    both = {"query": mutation.replace("mutation", "mutation M") + " query Q { viewer { subject } }"}
    assert (await api.client.get("/graphql", params=both | {"operationName": "M"})).status_code == 405
    assert (await api.client.get("/graphql", params=both | {"operationName": "Q"})).json() == ANSWER


# --- media types ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accept", "single"),
    [
        (None, JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (JSON, JSON),
        (RESPONSE, RESPONSE),
        (f"{RESPONSE}; charset=utf-8, {JSON}; q=0.9", RESPONSE),
        (f"{JSON};q=0.5, {RESPONSE};q=0.8", RESPONSE),
        (f"{JSON}, {RESPONSE}", JSON),
        (f"text/html, {RESPONSE}", RESPONSE),
        (f"{RESPONSE};q=0, */*;q=0.1", JSON),
        ("text/html", None),
        (f"{JSON};q=0", None),
        (f"{JSON};q=much", None),
        ("", None),
    ],
)
def test_the_best_media_type_that_both_know(accept: str | None, single: str | None) -> None:
    assert accepted(accept).single == single


async def test_what_nobody_can_read_is_406(http: httpx2.AsyncClient) -> None:
    answer = await send(http, json.dumps({"query": VIEWER}), accept="text/html")
    assert told(answer, 406, "NOT_ACCEPTABLE").startswith("The answer can be application/graphql-response+json, application/json")
    answer = await send(http, json.dumps({"query": 'subscription { jobProgress(id: "x") { status } }'}))
    assert told(answer, 406, "NOT_ACCEPTABLE").startswith("Subscriptions are answered as text/event-stream, or over a WebSocket")


@pytest.mark.parametrize(
    ("query", "variables", "status", "code"),
    [
        ("{", {}, 400, "GRAPHQL_PARSE_FAILED"),
        ("", {}, 400, "GRAPHQL_PARSE_FAILED"),
        ("{ nope }", {}, 400, "GRAPHQL_VALIDATION_FAILED"),
        ("query A { viewer { subject } } query B { viewer { subject } }", {}, 400, "BAD_USER_INPUT"),
        ("fragment a on Query { viewer { subject } }", {}, 400, "GRAPHQL_VALIDATION_FAILED"),
        ("query($n: Int!) { accounts(first: $n) { totalCount } }", {}, 400, "BAD_USER_INPUT"),
        ("query($n: Int!) { accounts(first: $n) { totalCount } }", {"n": 1e30}, 400, "BAD_USER_INPUT"),
        ("{" + "a:viewer{subject}" * 101 + "}", {}, 400, "TOO_COMPLEX"),
        ('{ node(id: "x") { id } }', {}, 200, "BAD_USER_INPUT"),  # an error of a field
    ],
)
async def test_what_was_not_executed_has_no_data_and_400_for_those_who_take_it(
    http: httpx2.AsyncClient, query: str, variables: dict[str, Any], status: int, code: str
) -> None:
    body = json.dumps({"query": query, "variables": variables})
    fine, legacy = await send(http, body, accept=RESPONSE), await send(http, body, accept=JSON)
    assert (fine.status_code, legacy.status_code) == (status, 200)
    assert fine.headers["content-type"] == f"{RESPONSE}; charset=utf-8"
    for answer in (fine, legacy):
        assert answer.json()["errors"][0]["extensions"]["code"] == code
        assert ("data" in answer.json()) == (status == 200)


async def test_a_number_of_5000_digits_in_a_document_is_refused(http: httpx2.AsyncClient) -> None:
    for query in (f"{{ accounts(first: {'9' * 5_000}) {{ totalCount }} }}", f"{{ node(id: {'9' * 5_000}) {{ id }} }}"):
        error = (await send(http, json.dumps({"query": query}))).json()["errors"][0]
        assert error["extensions"]["code"] == "TOO_COMPLEX"
        assert error["message"] == "A number in the document has 5,000 digits; at most 100 are allowed."


# --- what takes too long, and who doesn't wait ----------------------------------------------------------------------

SLOW = Query("tests/slow", "UNWIND range(1, 100000) AS a UNWIND range(1, 100000) AS b RETURN count(a + b) AS n", "read")
RUNNING = "SHOW TRANSACTIONS YIELD metaData WHERE metaData.statement = 'tests/slow' RETURN count(*) AS n"


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is read takes very long, but for what authentication reads."""
    real = Db.read

    async def read(self: Db, query: Query, **params: Any) -> Any:
        return await (real(self, query, **params) if query.name.startswith("key/") else real(self, SLOW))

    monkeypatch.setattr(Db, "read", read)


async def running(db: Db, count: int) -> None:
    """Returns when as many of the slow statements run."""
    async with asyncio.timeout(20):
        while (await db.alone(Query("tests/running", RUNNING, "read")))[0]["n"] != count:  # noqa: ASYNC110 - the server's
            await asyncio.sleep(0.02)


@pytest.mark.usefixtures("slow")
async def test_what_takes_too_long_is_ended_in_the_database_too(shared_db: Db) -> None:
    documents = Documents(schema._schema, Policy(Limits(seconds=1.5)))
    await running(shared_db, 0)  # so that looking is fast when it counts
    async with api_over(shared_db, documents) as api:
        asking = asyncio.create_task(api.post("{ roles { name } }"))
        await running(shared_db, 1)
        answer = await asking
    assert answer["data"] is None
    (error,) = answer["errors"]
    assert error["message"] == "This took longer than 1.5 s and was ended. Ask for less."
    assert error["extensions"]["code"] == "TOO_EXPENSIVE"
    await running(shared_db, 0)


@pytest.mark.usefixtures("slow")
async def test_who_goes_away_takes_their_statement_along(shared_db: Db) -> None:
    async with serving(shared_db, jobs=False) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        body = json.dumps({"query": "{ roles { name } }"}).encode()
        head = f"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: {JSON}\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        await running(shared_db, 1)
        writer.close()
        await running(shared_db, 0)
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            assert (await send(client, json.dumps({"query": VIEWER}))).json() == ANSWER


async def test_a_write_that_was_cut_off_says_that_it_may_have_been_done(db: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: Any, **__: Any) -> Any:
        await asyncio.Event().wait()

    monkeypatch.setattr(Db, "transaction", never)
    async with api_over(db, Documents(schema._schema, Policy(Limits(seconds=0.05)))) as api:
        (error,) = await api.errors('mutation { upsertAccounts(input: {accounts: [{externalId: "x", name: "X"}]}) { created } }')
    assert error["extensions"]["code"] == "TOO_EXPENSIVE"
    assert error["message"].endswith("look, or repeat it with the same idempotencyKey.")
    monkeypatch.undo()
    assert await rows(db, "MATCH (a:Account) RETURN a.name AS name") == []


async def test_the_look_at_a_credential_takes_of_the_request_s_time(db: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    async def exist(_: Keys) -> bool:
        await asyncio.sleep(1.1)
        return False

    monkeypatch.setattr(Keys, "exist", exist)
    upsert = 'mutation { upsertAccounts(input: {accounts: [{externalId: "x", name: "X"}]}) { created } }'
    async with api_over(db, Documents(schema._schema, Policy(Limits(seconds=1.0)))) as api:
        for operation in ("{ roles { name } }", upsert):
            (error,) = await api.errors(operation)
            assert error["extensions"]["code"] == "TOO_EXPENSIVE"
            assert error["message"].startswith("This took longer than 1 s and was ended.")
    assert await rows(db, "MATCH (a:Account) RETURN a.name AS name") == []


AWAY = Connection("bolt://127.0.0.1:1", "neo4j", "none", retry_for=0.2)
ONE = Query("tests/one", "RETURN 1 AS one", "read")


@pytest.fixture
async def stuck(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[list[asyncio.Event]]:
    """Whatever is asked of the database waits, and once its event is set, a part of it finds the database away. Requests of
    which that is known are ended after 0.3 s."""
    monkeypatch.setattr(patience, "ANSWER_WITHIN", 0.3)
    monkeypatch.setattr(patience, "ASK_AGAIN", 0.05)
    real = Db.read
    gone: list[asyncio.Event] = []

    async def asked(*_: Any, **__: Any) -> Any:
        gone.append(asyncio.Event())
        await gone[-1].wait()
        with pytest.raises(Unavailable):
            await real(away, ONE)
        await asyncio.Event().wait()

    async def read(self: Db, query: Query, **params: Any) -> Any:
        return await (real(self, query, **params) if query.name.startswith("key/") else asked())

    monkeypatch.setattr(Db, "read", read)
    monkeypatch.setattr(Db, "transaction", asked)
    async with connect(AWAY) as away:
        yield gone


@pytest.mark.parametrize(
    "operation",
    ["{ roles { name } }", 'mutation { upsertAccounts(input: {accounts: [{externalId: "x", name: "X"}]}) { created } }'],
)
async def test_who_waits_for_a_database_that_was_away_is_told_before_clients_lose_patience(
    shared_db: Db, stuck: list[asyncio.Event], operation: str
) -> None:
    async with client_over(shared_db) as client:
        first, other = (asyncio.create_task(client.post("/graphql", json={"query": operation})) for _ in range(2))
        done, _ = await asyncio.wait([first, other], timeout=0.6)
        assert not done  # the database answers: it may take its time
        stuck[0].set()
        (error,) = (await first).json()["errors"]
        assert error["extensions"]["code"] == "UNAVAILABLE"
        done, _ = await asyncio.wait([other], timeout=0.6)
        assert not done  # what became of one tells nothing of the other
        other.cancel()


@pytest.mark.usefixtures("stuck")
async def test_a_database_that_was_away_when_the_credential_was_looked_at_counts(
    shared_db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def exist(_: Keys) -> bool:
        with pytest.raises(Unavailable):
            await away.read(replace(ONE, name="key/one"))
        return False

    monkeypatch.setattr(Keys, "exist", exist)
    async with connect(AWAY) as away, client_over(shared_db) as client:
        answer = await client.post("/graphql", json={"query": "{ roles { name } }"})
        assert answer.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"


@pytest.mark.usefixtures("slow")
async def test_who_waits_for_a_database_that_stops_answering_is_told_before_clients_lose_patience(
    shared_db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    beats = [True, True, False]  # it answers at first, and at last it doesn't say whether it does

    async def pulse(_: object) -> bool:
        return beats.pop(0) or await asyncio.Event().wait()

    for of, name, seconds in [(db_module, "PATIENCE", 0.2), (db_module, "DOUBT", 0.05), (patience, "ANSWER_WITHIN", 0.3)]:
        monkeypatch.setattr(of, name, seconds)
    monkeypatch.setattr(patience, "ASK_AGAIN", 0.05)
    monkeypatch.setattr(db_module._Pulse, "beats", pulse)
    async with client_over(shared_db) as client:
        (error,) = (await client.post("/graphql", json={"query": "{ roles { name } }"})).json()["errors"]
        assert error["extensions"]["code"] == "UNAVAILABLE"
    assert beats == []
    await running(shared_db, 0)


async def test_that_a_database_was_away_is_noted_for_who_asked(db: Db) -> None:
    here, there = Trouble(), Trouble()
    async with connect(AWAY) as away:
        with noting(here):
            assert await db.read(ONE) == [{"one": 1}]
            with noting(there), pytest.raises(Unavailable):
                await away.read(ONE)
    assert (here.met, there.met) == (False, True)


async def test_a_database_that_was_long_in_coming_is_noted_though_it_answers(db: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    real = AsyncSession.execute_write
    late = [0.0, 0.3]

    async def execute_write(self: AsyncSession, *given: Any, **more: Any) -> Any:
        await asyncio.sleep(late.pop(0))  # as if it could be reached only now
        return await real(self, *given, **more)

    monkeypatch.setattr(AsyncSession, "execute_write", execute_write)
    monkeypatch.setattr(db_module, "DOUBT", 0.2)
    noted: list[bool] = []
    for _ in range(2):
        with noting(trouble := Trouble()):
            assert await db.write(ONE) == [{"one": 1}]
        noted.append(trouble.met)
    assert noted == [False, True]


async def test_who_waited_long_for_the_keys_to_be_read_takes_the_database_for_one_in_trouble(
    db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Db.read

    async def read(self: Db, query: Query, **params: Any) -> Any:
        await asyncio.sleep(0.3)
        return await real(self, query, **params)

    monkeypatch.setattr(Db, "read", read)
    monkeypatch.setattr(db_module, "DOUBT", 0.2)
    keys, own = Keys(db), Trouble()
    reading = asyncio.create_task(keys.exist())  # another request, which has them read
    await asyncio.sleep(0)
    with noting(own):
        assert await keys.exist() is False
    assert own.met
    assert await reading is False


async def test_the_path_of_graphql_is_one(shared_db: Db) -> None:
    transport = httpx2.ASGITransport(app=create_app(shared_db, b"a secret of the tests", jobs=False))
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
        assert (await client.post("/graphql/x", json={"query": VIEWER})).status_code == 404
