"""Files of JSON lines: taken in by jobs in which a bad line spoils no other, and given out by jobs that page through a list."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from graphql import GraphQLInputObjectType, get_named_type, is_list_type, is_non_null_type
from make import Api, Person, card, plant, role_ids, rows, sell, title

from api import intake as receiving
from api.answers import Answers
from api.app import create_app, works
from api.context import Context
from api.documents import Documents
from api.schema import schema
from graph import jobs, shapes
from graph.callers import Caller
from graph.db import Db, Tx
from graph.events import Hub
from graph.folder import EXPORT, IMPORT, PART, REJECTS, Folder
from graph.intake import KINDS, MAX_LINE, Intake
from graph.model import FilterOperator, Permission
from graph.paging import Cursors
from graph.work import Claim, Step

SECRET = b"a secret of the tests"
LINES = "application/jsonl"
ANN = {"externalId": "ann", "lastName": "Ann"}
BOB = {"externalId": "bob", "lastName": "Bob"}


@dataclass(slots=True)
class Bulk:
    """An application with a folder, and whoever works on its jobs. `caller` is who asks."""

    client: httpx2.AsyncClient
    db: Db
    folder: Folder
    works: jobs.Works
    caller: Caller | None = None

    async def send(self, kind: str, content: bytes | Iterable[Any], **headers: str) -> httpx2.Response:
        """What `POST /import` answers to lines."""
        if not isinstance(content, bytes):
            content = b"\n".join(json.dumps(one).encode() for one in content)
        told = {"content-type": LINES, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return await self.client.post(f"/import?kind={kind}", content=content, headers=told)

    async def run(self, answer: httpx2.Response) -> dict[str, Any]:
        """How the job that was queued has ended."""
        assert answer.status_code == 202, answer.text
        await jobs.run_all(self.db, self.works)
        return (await self.client.get(answer.headers["location"])).json()

    async def take(self, kind: str, content: bytes | Iterable[Any]) -> tuple[dict[str, int], list[dict[str, Any]]]:
        """What became of a file's lines: done, created, updated, rejected; and the rejects."""
        answer = await self.send(kind, content)
        told = await self.run(answer)
        assert (told["status"], told["error"]) == ("SUCCEEDED", None)
        return told["progress"], await self.rejects(answer)

    async def rejects(self, answer: httpx2.Response) -> list[dict[str, Any]]:
        found = await self.client.get(f"{answer.headers['location']}/rejects.jsonl")
        assert (found.status_code, found.headers["content-type"].partition(";")[0]) == (200, LINES)
        return [json.loads(line) for line in found.content.splitlines()]

    async def export(self, query: str, **more: Any) -> httpx2.Response:
        return await self.client.post("/export", json={"query": query, **more})


@pytest.fixture
async def bulk(db: Db, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Bulk]:
    folder = Folder(tmp_path / "files")
    app = create_app(db, SECRET, jobs=False, folder=folder, max_import=200_000)
    documents, kept, cursors, hub = Documents(schema._schema), Answers(), Cursors(SECRET), Hub(db)
    theirs = works(lambda caller: Context(db, cursors, hub, documents, kept, caller=caller), folder)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://localhost") as client:
        found = Bulk(client, db, folder, theirs)

        def context(*given: Any, **more: Any) -> Context:
            made = Context(*given, **more)
            made.caller = found.caller or made.caller
            return made

        monkeypatch.setattr("api.app.Context", context)
        yield found


def counts(progress: dict[str, int]) -> tuple[int, int, int, int, int]:
    return tuple(progress[f"rows{what}"] for what in ("Total", "Done", "Created", "Updated", "Rejected"))  # type: ignore[return-value]


async def names(db: Db) -> list[str]:
    return [row["name"] for row in await rows(db, "MATCH (p:Person) RETURN p.name AS name ORDER BY name")]


def files(bulk: Bulk) -> list[str]:
    return sorted(file.suffixes[0] for file in bulk.folder.path.iterdir()) if bulk.folder.path.exists() else []


# --- what is taken --------------------------------------------------------------------------------------------------


def test_a_line_has_the_fields_of_the_inputs() -> None:
    """The shapes of rows are the schema's inputs: the same names, the same types, needed and nullable alike."""
    read = {"String": "_text", "Float": "_number", "Int": "_whole", "Boolean": "_flag", "Date": "_day", "DateTime": "_moment"}

    def compared(shape: shapes.Shape, kind: Any) -> None:
        assert isinstance(kind, GraphQLInputObjectType)
        assert list(shape) == list(kind.fields)
        for name, field in shape.items():
            theirs = kind.fields[name]
            given = theirs.type.of_type if is_non_null_type(theirs.type) else theirs.type
            has_default = theirs.default_value is not None and name == "relationship"
            assert field.nullable != is_non_null_type(theirs.type), name
            assert field.needed == (is_non_null_type(theirs.type) and not has_default), name
            if is_list_type(given):
                assert field.rows is not None
                compared(field.rows, get_named_type(given))
            else:
                assert field.read is not None
                assert field.read.__name__ == read.get(given.name, "_relationship"), name

    types = schema._schema.type_map
    for kind, name in (("accounts", "Account"), ("people", "Person"), ("products", "Product"), ("activities", "Activity")):
        compared(KINDS[kind].shape, types[f"{name}Input"])


async def test_every_kind_is_taken_in(bulk: Bulk) -> None:
    product = {"externalId": "p", "name": "Press", "productLine": "Machines"}
    owned = [{"productExternalId": "p", "revenue": 5, "since": "2026-01-02"}]
    account = {"externalId": "a", "name": "Acme", "employeeCount": 7, "annualRevenue": 1.5, "ownedProducts": owned}
    person = {**ANN, "emailInvalid": True, "accounts": [{"accountExternalId": "a", "relationship": "PARTNER", "title": "Chief"}]}
    did = {"activityId": "1", "personExternalId": "ann", "type": "Page Views", "occurredAt": "2026-11-20T10:00:00+02:00"}
    for kind, row in (("products", product), ("accounts", account), ("people", person), ("activities", did)):
        told, rejects = await bulk.take(kind, [row])
        assert (counts(told), rejects) == ((1, 1, 1, 0, 0), [])
        told, rejects = await bulk.take(kind, [row])  # again: nothing new
        assert (counts(told), rejects) == ((1, 1, 0, 0, 0), [])
    found = await rows(
        bulk.db,
        """MATCH (x:Activity)<-[:HAD_ACTIVITY]-(p:Person)-[w:WORKS_FOR]->(a:Account)-[o:OWNS]->(d:Product)
        RETURN toString(x.occurredAt) AS at, p.emailInvalid AS invalid, p.createdBy AS by, w.title AS title,
          w.relationship AS relation, a.employeeCount AS count,
          o.revenue AS revenue, toString(o.since) AS since, d.productLine AS line""",
    )
    assert found == [
        {
            "at": "2026-11-20T08:00:00Z",
            "invalid": True,
            "by": "local",
            "title": "Chief",
            "relation": "PARTNER",
            "count": 7,
            "revenue": 5.0,
            "since": "2026-01-02",
            "line": "Machines",
        }
    ]


BAD = {
    b"{": ([], "INVALID", "The line must be JSON: unexpected end of data: line 1 column 2 (char 1)."),
    b"[]": ([], "INVALID", "A row must be an object, not a list."),
    b'{"externalId": "x", "name": "X"}': (["name"], "INVALID", "There is no field 'name'. There are externalId, firstName,"),
    b'{"lastName": "X"}': (["externalId"], "INVALID", "externalId is needed."),
    b'{"externalId": null}': (["externalId"], "INVALID", "externalId must be a text, not null."),
    b'{"externalId": " "}': (["externalId"], "INVALID", "An external id is needed; it can't be blank."),
    b'{"externalId": "x", "city": 5}': (["city"], "INVALID", "city must be a text, not 5."),
    b'{"externalId": "x", "emailInvalid": "yes"}': (
        ["emailInvalid"],
        "INVALID",
        "emailInvalid must be true or false, not 'yes'.",
    ),
    b'{"externalId": "x", "accounts": 1}': (["accounts"], "INVALID", "Must be a list of objects, not a number."),
    b'{"externalId": "x", "accounts": [{"accountExternalId": "a", "relationship": ["PARTNER"]}]}': (
        ["accounts", "0", "relationship"],
        "INVALID",
        "relationship must be one of EMPLOYEE, CONTRACTOR, PARTNER, not a list.",
    ),
    b'{"externalId": "x", "accounts": [{"accountExternalId": "nowhere"}]}': (
        ["accounts", "0", "accountExternalId"],
        "NOT_FOUND",
        "There is no account with the external id 'nowhere'.",
    ),
    b'{"externalId": "' + b"x" * 256 + b'"}': (["externalId"], "INVALID", "At most 255 characters, not 256."),
    b'{"externalId": "\\ud800"}': ([], "INVALID", "The line must be JSON: a text holds half of a surrogate pair"),
    b'{"externalId": "\xff"}': ([], "INVALID", "The line must be JSON: it is not valid UTF-8."),
    b"[" * 5_000: ([], "INVALID", "The line must be JSON: "),
}


@pytest.mark.parametrize("bad", BAD, ids=range(len(BAD)))
async def test_a_bad_line_is_told_and_spoils_no_other(bulk: Bulk, bad: bytes) -> None:
    content = b"\xef\xbb\xbf" + json.dumps(ANN).encode() + b"\r\n\n" + bad + b"\n" + json.dumps(BOB).encode()
    told, rejects = await bulk.take("people", content)
    assert counts(told) == (4, 4, 2, 0, 1)
    field, code, words = BAD[bad]
    (reject,) = rejects
    assert (reject["line"], reject["field"], reject["code"], reject["leftOut"]) == (3, field, code, "ROW")
    assert reject["message"].startswith(words)
    assert await names(bulk.db) == ["Ann", "Bob"]


async def test_a_line_that_is_too_long_is_told_and_passed_over(db: Db, tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    long = json.dumps({**ANN, "city": "x" * MAX_LINE}).encode()
    with folder.create("j", IMPORT) as file:
        file.write(long + b"\n" + json.dumps(BOB).encode() + b"\n" + long)
    claim = Claim("j", "IMPORT", "tests", None, None, None, None, "", json.dumps({"kind": "people"}))
    step = await db.transaction(lambda tx: Intake(folder).step(tx, claim, {}))
    assert step.cursor is None
    assert step.rows is not None
    assert (step.rows.done, step.rows.created, step.rows.rejected) == (3, 1, 2)
    told = [json.loads(line) for line in folder.file("j", REJECTS).read_bytes().splitlines()]
    assert [(one["line"], one["code"], one["message"]) for one in told] == [
        (1, "LIMIT_EXCEEDED", "A line has at most 1,048,576 bytes."),
        (3, "LIMIT_EXCEEDED", "A line has at most 1,048,576 bytes."),
    ]
    assert await names(db) == ["Bob"]


async def test_lines_about_the_same_are_taken_in_their_order(bulk: Bulk) -> None:
    told, rejects = await bulk.take("people", [ANN, BOB, {**ANN, "lastName": "Anna"}, {"externalId": "ann", "city": "Bath"}])
    assert (counts(told), rejects) == ((4, 4, 2, 2, 0), [])
    assert await rows(bulk.db, "MATCH (p:Person {externalId: 'ann'}) RETURN p.name AS name, p.city AS city") == [
        {"name": "Anna", "city": "Bath"}
    ]


async def test_parents_may_stand_anywhere_in_the_file(bulk: Bulk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KINDS, "accounts", KINDS["accounts"].__class__(shapes.ACCOUNT, "externalId", 2, KINDS["accounts"].write))
    tree = {"c": "b", "b": "a", "d": "c", "a": None, "e": "nobody", "x": "y", "y": "x"}
    found = [{"externalId": key, "name": key, "parentExternalId": parent} for key, parent in tree.items()]
    told, rejects = await bulk.take("accounts", [*found, {"externalId": "free", "name": "free"}])
    assert counts(told) == (8, 8, 8, 0, 0)
    assert [(one["line"], one["key"], one["leftOut"], one["code"]) for one in rejects] == [
        (5, "e", "FIELD", "NOT_FOUND"),
        (6, "x", "FIELD", "CYCLE"),
        (7, "y", "FIELD", "CYCLE"),
    ]
    edges = await rows(
        bulk.db, "MATCH (a:Account)-[:CHILD_OF]->(b) RETURN a.externalId AS child, b.externalId AS parent ORDER BY child"
    )
    assert [(row["child"], row["parent"]) for row in edges] == [("b", "a"), ("c", "b"), ("d", "c")]
    told, _ = await bulk.take("accounts", [{"externalId": "d", "name": "d", "parentExternalId": None}, *found[:2]])
    assert counts(told) == (3, 3, 0, 1, 0)


async def test_gzip_is_unpacked(bulk: Bulk) -> None:
    content = gzip.compress(json.dumps(ANN).encode() + b"\n") + gzip.compress(json.dumps(BOB).encode() + b"\n")
    answer = await bulk.send("people", content, content_encoding="gzip")
    assert answer.json()["lines"] == 2
    assert counts((await bulk.run(answer))["progress"]) == (2, 2, 2, 0, 0)
    assert await names(bulk.db) == ["Ann", "Bob"]


# --- what is refused ------------------------------------------------------------------------------------------------

REFUSED: dict[str, tuple[str, bytes, dict[str, str], int, str]] = {
    "kind": ("persons", b"", {}, 400, "The parameter kind, and no other, must be one of accounts, people, products, activities."),
    "type": ("people", b"{}", {"content-type": "application/json"}, 415, "The content type must be application/jsonl or "),
    "encoding": ("people", b"{}", {"content-encoding": "br"}, 415, "The content encoding can be gzip, or none."),
    "size": ("people", b" " * 200_001, {}, 413, "The file may have at most 200,000 bytes, unpacked."),
    "bomb": ("people", gzip.compress(bytes(50_000_000)), {"content-encoding": "gzip"}, 413, "The file may have at most 200,000"),
    "no gzip": ("people", b"{}", {"content-encoding": "gzip"}, 400, "The body must be gzip, as Content-Encoding says."),
    "half": ("people", gzip.compress(b"{}")[:-9], {"content-encoding": "gzip"}, 400, "The body ends before its gzip does."),
    "key": ("people", b"{}", {"idempotency-key": "x" * 256}, 400, "Idempotency-Key: Must have from 1 to 255 characters."),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_can_not_be_received_leaves_nothing(bulk: Bulk, case: str) -> None:
    kind, content, headers, status, words = REFUSED[case]
    told = {"content-type": LINES, **headers}
    answer = await bulk.client.post(f"/import?kind={kind}", content=content, headers=told)
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["message"][: len(words)]) == (status, words)
    assert error["extensions"]["requestId"]
    assert files(bulk) == []
    assert await rows(bulk.db, "MATCH (j:Job) RETURN j") == []


async def test_a_file_sent_in_chunks_is_refused_as_soon_as_it_is_too_large(bulk: Bulk) -> None:
    sent = 0

    async def chunks() -> AsyncGenerator[bytes]:
        nonlocal sent
        for _ in range(100):
            sent += 1
            yield b" " * 50_000

    answer = await bulk.client.post("/import?kind=people", content=chunks(), headers={"content-type": LINES})
    assert (answer.status_code, files(bulk)) == (413, [])


async def test_a_client_that_goes_away_leaves_nothing(bulk: Bulk) -> None:
    async def broken() -> AsyncGenerator[bytes]:
        yield b"{"
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await bulk.client.post("/import?kind=people", content=broken(), headers={"content-type": LINES})
    assert files(bulk) == []


async def test_a_body_that_stops_coming_is_given_up(bulk: Bulk, monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    monkeypatch.setattr(receiving, "_PATIENCE", 0.05)

    async def stuck() -> AsyncGenerator[bytes]:
        yield b"{"
        await asyncio.Event().wait()

    answer = await bulk.client.post("/import?kind=people", content=stuck(), headers={"content-type": LINES})
    assert (answer.status_code, files(bulk)) == (408, [])


async def test_only_so_many_files_wait(bulk: Bulk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "MAX_WAITING", 1)
    assert (await bulk.send("people", [ANN])).status_code == 202
    answer = await bulk.send("people", [BOB])
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "60")
    assert files(bulk) == [".import"]


# --- who, and how often ---------------------------------------------------------------------------------------------

VIEWER = Caller("vera", frozenset({Permission.VIEW}), "key-1")
LOADER = Caller("lou", frozenset({Permission.VIEW, Permission.MANAGE_DATA}), "key-2")
BOUND = Caller("bo", frozenset(Permission), "key-3", root="somewhere")
CHIEF = Caller("chris", frozenset(Permission), "key-4")
PEOPLE = "{ people { edges { node { name } } } }"


async def test_an_import_needs_its_permission_and_the_whole_market(bulk: Bulk) -> None:
    for caller, words in (
        (VIEWER, "This needs MANAGE_DATA, which this credential doesn't have."),
        (BOUND, "A credential that is bound to a part of the market can't import files; it can send their rows by mutations."),
    ):
        bulk.caller = caller
        answer = await bulk.send("people", [ANN])
        assert (answer.status_code, answer.json()["errors"][0]["message"]) == (403, words)
        assert answer.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert files(bulk) == []


async def test_a_bound_caller_exports_what_it_sees(bulk: Bulk) -> None:
    known = await plant(bulk.db, {"here": None, "there": None}, [Person("ann", {"here": None}), Person("bob", {"there": None})])
    whole = await bulk.export(PEOPLE)
    assert (await bulk.run(whole))["progress"]["rowsDone"] == 2
    bulk.caller = replace(BOUND, root=known["here"])
    told = await bulk.run(answer := await bulk.export("{ people { edges { node { externalId } } } }"))
    assert (told["status"], told["createdBy"], told["progress"]["rowsDone"]) == ("SUCCEEDED", "bo", 1)
    assert (await bulk.client.get(f"{answer.headers['location']}.jsonl")).text == '{"externalId":"ann"}\n'
    bulk.caller = replace(BOUND, root=known["there"], credential="key-5")
    assert (await bulk.client.get(answer.headers["location"])).status_code == 404


async def test_jobs_are_seen_by_those_who_asked_and_by_administrators(bulk: Bulk) -> None:
    bulk.caller = LOADER
    taken, given = await bulk.send("people", [ANN]), await bulk.export(PEOPLE)
    await bulk.run(taken)
    paths = (
        taken.headers["location"],
        taken.headers["location"] + "/rejects.jsonl",
        given.headers["location"],
        given.headers["location"] + ".jsonl",
    )
    for caller, status in ((LOADER, 200), (CHIEF, 200), (Caller("mo", LOADER.permissions, "key-5"), 404)):
        bulk.caller = caller
        assert [(await bulk.client.get(path)).status_code for path in paths] == [status] * 4
    bulk.caller = CHIEF
    for wrong in (given.headers["location"].replace("/export", "/import"), "/import/job_x", "/export/job_x.jsonl"):
        assert (await bulk.client.get(wrong)).status_code == 404
    created = await rows(bulk.db, "MATCH (p:Person) RETURN p.createdBy AS by")
    assert created == [{"by": "lou"}]


async def test_a_file_sent_again_under_its_key_is_taken_in_once(bulk: Bulk) -> None:
    first = await bulk.send("people", [ANN], idempotency_key="k")
    again = await bulk.send("people", [ANN], idempotency_key="k")
    assert first.status_code == again.status_code == 202
    assert first.json() == again.json()
    other = await bulk.send("people", [BOB], idempotency_key="k")
    assert (other.status_code, other.json()["errors"][0]["extensions"]["code"]) == (409, "CONFLICT")
    assert files(bulk) == [".import"]
    assert counts((await bulk.run(first))["progress"]) == (1, 1, 1, 0, 0)
    later = await bulk.send("people", [ANN], idempotency_key="k")
    assert later.json() == first.json()
    exports = [await bulk.client.post("/export", json={"query": PEOPLE}, headers={"idempotency-key": "k"}) for _ in range(2)]
    assert exports[0].json() == exports[1].json()
    assert await rows(bulk.db, "MATCH (j:Job) RETURN j.kind AS kind ORDER BY kind") == [{"kind": "EXPORT"}, {"kind": "IMPORT"}]


# --- jobs that die, and those of others -----------------------------------------------------------------------------


async def test_an_import_that_dies_between_batches_goes_on_at_the_line(bulk: Bulk, monkeypatch: pytest.MonkeyPatch) -> None:
    await dies(bulk, monkeypatch, "before")


async def test_an_import_that_dies_before_its_commit_repeats_the_batch(bulk: Bulk, monkeypatch: pytest.MonkeyPatch) -> None:
    await dies(bulk, monkeypatch, "after")


async def dies(bulk: Bulk, monkeypatch: pytest.MonkeyPatch, when: str) -> None:
    """The third batch breaks off: before it begins, or when it has written its files, but not committed."""
    sized = KINDS["people"].__class__(shapes.PERSON, "externalId", 2, KINDS["people"].write)
    monkeypatch.setitem(KINDS, "people", sized)
    lines = [{"externalId": f"p{n}"} if n % 3 else {"externalId": f"p{n}", "city": n} for n in range(9)]
    answer = await bulk.send("people", lines)
    real, calls = Intake.step, 0

    async def step(self: Intake, tx: Tx, claim: Claim, cursor: dict[str, Any]) -> Step:
        nonlocal calls
        calls += 1
        if calls == 3 and when == "before":
            raise KeyboardInterrupt
        done = await real(self, tx, claim, cursor)
        if calls == 3:
            raise KeyboardInterrupt
        return done

    monkeypatch.setattr(Intake, "step", step)
    with pytest.raises(KeyboardInterrupt):
        await jobs.run_all(bulk.db, bulk.works)
    await rows(bulk.db, "MATCH (j:Job) SET j._leasedUntil = datetime() - duration('PT1S')")
    told = await bulk.run(answer)
    assert counts(told["progress"]) == (9, 9, 6, 0, 3)
    assert [one["line"] for one in await bulk.rejects(answer)] == [1, 4, 7]
    assert [row["key"] for row in await rows(bulk.db, "MATCH (p:Person) RETURN p.externalId AS key ORDER BY key")] == [
        f"p{n}" for n in range(9) if n % 3
    ]
    assert files(bulk) == [".rejects"]


async def test_jobs_are_left_to_those_who_have_their_files(bulk: Bulk, tmp_path: Path) -> None:
    answer = await bulk.send("people", [ANN])
    elsewhere = works(lambda _: pytest.fail("nobody asks"), Folder(tmp_path / "another"))
    assert await jobs.run_all(bulk.db, elsewhere) == 0
    assert await jobs.run_all(bulk.db) == 0
    assert (await bulk.run(answer))["status"] == "SUCCEEDED"


async def test_a_job_whose_file_is_gone_fails_in_words(bulk: Bulk) -> None:
    answer = await bulk.send("people", [ANN])
    real = bulk.works["IMPORT"].here
    own = list(real())
    bulk.folder.delete(own[0], IMPORT)

    class Forgetful(Intake):
        def here(self) -> list[str]:
            return own

    bulk.works = {**bulk.works, "IMPORT": Forgetful(bulk.folder)}
    told = await bulk.run(answer)
    assert (told["status"], told["error"]) == ("FAILED", "The job's file is gone. Send it again.")


async def test_a_job_that_nobody_can_work_on_is_given_up_after_a_day(bulk: Bulk) -> None:
    answer = await bulk.send("people", [ANN])
    await jobs.give_up(bulk.db)
    assert (await bulk.client.get(answer.headers["location"])).json()["status"] == "QUEUED"
    await rows(bulk.db, "MATCH (j:Job) SET j.createdAt = datetime() - duration('P1DT1S')")
    await jobs.give_up(bulk.db)
    told = (await bulk.client.get(answer.headers["location"])).json()
    assert (told["status"], told["error"]) == ("FAILED", "The server that had its file is gone. Send it again.")


async def test_files_go_when_their_time_is_over(bulk: Bulk) -> None:
    import os
    import time

    taken, given = await bulk.send("people", [{"city": 1}]), await bulk.export(PEOPLE)
    await bulk.run(taken)
    for suffix in (PART, IMPORT, EXPORT):
        bulk.folder.create("astray", suffix).close()
    for work in bulk.works.values():
        await work.tend(bulk.db)
    assert files(bulk) == [".export", ".export", ".import", ".part", ".rejects"]
    before = time.time() - 3_700
    for suffix in (PART, IMPORT, EXPORT):
        os.utime(bulk.folder.file("astray", suffix), (before, before))
    for work in bulk.works.values():
        await work.tend(bulk.db)
    assert files(bulk) == [".export", ".rejects"]
    await rows(bulk.db, "MATCH (j:Job) SET j.finishedAt = datetime() - duration('P1D')")
    for work in bulk.works.values():
        await work.tend(bulk.db)
    assert files(bulk) == []
    gone = await bulk.client.get(given.headers["location"] + ".jsonl")
    assert gone.status_code == 404


async def test_a_cancelled_import_leaves_its_file_to_nobody(bulk: Bulk) -> None:
    answer = await bulk.send("people", [ANN])
    cancel = {"query": "mutation ($id: ID!) { cancelJob(id: $id) { job { status } } }", "variables": {"id": answer.json()["job"]}}
    assert (await bulk.client.post("/graphql", json=cancel)).json()["data"]["cancelJob"] == {"job": {"status": "CANCELLED"}}
    assert (await bulk.run(answer))["status"] == "CANCELLED"
    await bulk.works["IMPORT"].tend(bulk.db)
    assert (files(bulk), await names(bulk.db)) == ([], [])


# --- exports --------------------------------------------------------------------------------------------------------


async def market(db: Db, count: int) -> Any:
    roles = await role_ids(db)
    known = await plant(db, {f"a{n:03}": None for n in range(count)}, [Person("ann", {"a000": None}, "Director")])
    cards = [card(roles["Decision Maker"], title(FilterOperator.IS, "director")), card(roles["Champion"])]
    return await sell(db, cards, [own for key, own in known.items() if key != "ann"])


GROUPS = """query Groups($filter: BuyingGroupFilter) {
  found: buyingGroups(filter: $filter, orderBy: {field: NAME, direction: DESC}) { e: edges { n: node { ...named } } }
}
fragment named on BuyingGroup { id title: name completeness members(first: 2) { totalCount edges { node { name } } } }"""


async def lines(bulk: Bulk, answer: httpx2.Response) -> list[Any]:
    told = await bulk.run(answer)
    assert (told["status"], told["error"]) == ("SUCCEEDED", None)
    found = await bulk.client.get(answer.headers["location"] + ".jsonl")
    assert (found.status_code, found.headers["content-type"].partition(";")[0]) == (200, LINES)
    result = [json.loads(line) for line in found.content.splitlines()]
    assert told["progress"]["rowsDone"] == len(result)
    return result


async def everything(bulk: Bulk, **variables: Any) -> list[Any]:
    """The same nodes as GraphQL answers them."""
    query = GROUPS.replace("buyingGroups(", "buyingGroups(first: 100, after: $after, ").replace("($f", "($after: String, $f")
    query = query.replace("{ e: edges", "{ pageInfo { hasNextPage endCursor } e: edges")
    api, found, after = Api(bulk.client, bulk.db), list[Any](), None
    while True:
        page = (await api.data(query, after=after, **variables))["found"]
        found += [edge["n"] for edge in page["e"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return found


async def test_an_export_has_every_node_as_graphql_answers_it(bulk: Bulk) -> None:
    await market(bulk.db, 205)
    found = await lines(bulk, await bulk.export(GROUPS))
    assert len(found) == 205
    assert found == await everything(bulk)
    some = {"filter": {"completeness": {"gt": 0}}}
    found = await lines(bulk, await bulk.export(GROUPS, variables=some, operationName="Groups"))
    assert [one["title"] for one in found] == ["Interest for a000"]
    assert found == await everything(bulk, **some)


async def test_an_export_that_dies_goes_on_at_its_cursor(bulk: Bulk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.takeout._BATCH", 1)
    await market(bulk.db, 205)
    answer = await bulk.export(GROUPS)
    real, calls = type(bulk.works["EXPORT"]).step, 0

    async def step(self: Any, tx: Tx, claim: Claim, cursor: dict[str, Any]) -> Step:
        nonlocal calls
        calls += 1
        done = await real(self, tx, claim, cursor)
        if calls == 2:  # it has written its file, but not committed
            raise KeyboardInterrupt
        return done

    monkeypatch.setattr(type(bulk.works["EXPORT"]), "step", step)
    with pytest.raises(KeyboardInterrupt):
        await jobs.run_all(bulk.db, bulk.works)
    early = await bulk.client.get(answer.headers["location"] + ".jsonl")
    assert (early.status_code, early.json()["errors"][0]["extensions"]["code"]) == (409, "CONFLICT")
    await rows(bulk.db, "MATCH (j:Job) SET j._leasedUntil = datetime() - duration('PT1S')")
    assert await lines(bulk, answer) == await everything(bulk)


UNFIT = {
    "{": "GRAPHQL_PARSE_FAILED",
    "{ nothing { edges { node { name } } } }": "GRAPHQL_VALIDATION_FAILED",
    "{ people(first: 5) { edges { node { name } } } }": "Everything is exported: people takes no first here",
    "{ people { totalCount } }": "people must have the field edges and nothing else",
    "{ people { edges { cursor node { name } } } }": "edges must have the field node and nothing else",
    "{ people { edges { node { name } } } roles { name } }": "its root must have the field of the list and nothing else",
    "{ roles { name } }": "roles is not a list with pages",
    "{ viewer { subject } }": "viewer is not a list with pages",
    "{ __schema { types { name } } }": "__schema is not a list with pages",
    "query ($exportAfter: String) { people(filter: {search: $exportAfter}) { edges { node { name } } } }": "A variable can't be",
    "mutation { deleteJob(id: \"x\") { deletedId } }": "Only queries can be exported",
    "{ people(filter: {accountId: \"x\"}) { edges { node { name } } } }": "BAD_USER_INPUT",
    "query ($n: Int!) { people { edges { node { memberships(first: $n) { totalCount } } } } }": "BAD_USER_INPUT",
}  # fmt: skip


@pytest.mark.parametrize("query", UNFIT)
async def test_what_can_not_be_exported_is_told_at_once(bulk: Bulk, query: str) -> None:
    answer = await bulk.export(query)
    assert answer.status_code == 400
    error = answer.json()["errors"][0]
    words = UNFIT[query]
    assert words == error["extensions"]["code"] or error["message"].startswith(words), error
    assert files(bulk) == []
    assert await rows(bulk.db, "MATCH (j:Job) RETURN j") == []


async def test_an_export_that_fails_midway_says_why(bulk: Bulk, monkeypatch: pytest.MonkeyPatch) -> None:
    await market(bulk.db, 3)
    answer = await bulk.export(GROUPS)

    async def broken(*_: Any, **more: Any) -> Any:
        raise RuntimeError("the password is swordfish")

    with monkeypatch.context() as patch:
        patch.setattr("graph.db.Db.read", broken)
        await jobs.run_all(bulk.db, bulk.works)
    told = (await bulk.client.get(answer.headers["location"])).json()
    assert (told["status"], told["error"]) == (
        "FAILED",
        "Something went wrong on our side; the log tells what, under the job's id.",
    )
    assert (await bulk.client.get(answer.headers["location"] + ".jsonl")).status_code == 404
