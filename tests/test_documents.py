"""Documents that clients name by an id, and what the settings let them know of the schema."""

from __future__ import annotations

import json
from hashlib import md5, sha256
from pathlib import Path
from typing import Any

import pytest
from make import Api, api_over

from api.cli.frame import documents_of
from api.documents import BadDocuments, Documents, Policy, read_folder
from api.http import RESPONSE
from api.schema import schema
from api.settings import BadSettings, Settings
from graph.db import Db

VIEWER = "query Viewer { viewer { subject } }\n"
ROLES = "query Roles($name: String) { roles(search: $name) { name } }"
ADD = 'mutation Add { upsertAccounts(input: {accounts: [{externalId: "x", name: "X"}]}) { created } }'
ANSWER = {"data": {"viewer": {"subject": "local"}}}


def own(text: str) -> str:
    return "sha256:" + sha256(text.encode()).hexdigest()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A file, what relay-compiler writes and what graphql-codegen writes."""
    (tmp_path / "viewer.graphql").write_text(VIEWER)
    (tmp_path / "relay.json").write_text(json.dumps({md5(ROLES.encode()).hexdigest(): ROLES}))  # noqa: S324 - as Relay does
    (tmp_path / "persisted-documents.json").write_text(json.dumps({sha256(ADD.encode()).hexdigest(): ADD}))
    (tmp_path / "README.md").write_text("no document")
    return tmp_path


def documents(folder: Path, **policy: Any) -> Documents:
    return Documents(schema._schema, Policy(**policy), read_folder(folder))


async def test_a_registered_document_is_named_by_the_hash_of_its_text(db: Db, folder: Path) -> None:
    async with api_over(db, documents(folder)) as api:
        post, get = api.client.post, api.client.get
        assert (await post("/graphql", json={"documentId": own(VIEWER)})).json() == ANSWER
        assert (await get("/graphql", params={"documentId": own(VIEWER)})).json() == ANSWER
        found = {"documentId": own(ROLES), "variables": {"name": "champ"}, "operationName": "Roles"}
        assert (await post("/graphql", json=found)).json() == {"data": {"roles": [{"name": "Champion"}]}}
        found = {"documentId": own(ROLES), "variables": '{"name": "champ"}'}
        assert (await get("/graphql", params=found)).json() == {"data": {"roles": [{"name": "Champion"}]}}
        assert (await post("/graphql", json={"documentId": own(ADD)})).json() == {"data": {"upsertAccounts": {"created": 1}}}
        assert (await get("/graphql", params={"documentId": own(ADD)})).status_code == 405


async def test_a_manifests_own_ids_are_known_too(db: Db, folder: Path) -> None:
    async with api_over(db, documents(folder)) as api:
        for key in (md5(ROLES.encode()).hexdigest(), own(ROLES)):  # noqa: S324 - as Relay does
            answer = await api.client.post("/graphql", json={"documentId": key, "variables": {"name": "champ"}})
            assert answer.json() == {"data": {"roles": [{"name": "Champion"}]}}


@pytest.mark.parametrize("given", ["sha256:" + "0" * 64, "sha256:", "", "x", own(VIEWER).upper(), own(VIEWER)[7:], "x-y:z"])
async def test_an_id_that_names_none_is_told_so(shared_db: Db, folder: Path, given: str) -> None:
    async with api_over(shared_db, documents(folder)) as api:
        for accept, status in ((RESPONSE, 400), ("application/json", 200)):
            answer = await api.client.post("/graphql", json={"documentId": given}, headers={"accept": accept})
            assert answer.status_code == status
            (error,) = answer.json()["errors"]
            assert error["extensions"]["code"] == "PERSISTED_DOCUMENT_NOT_FOUND"
            assert error["message"].startswith("There is no document with this id. Ids look like sha256:")


async def test_both_ways_are_open_unless_only_documents_are_taken(shared_db: Db, folder: Path) -> None:
    async with api_over(shared_db, documents(folder)) as api:
        assert await api.post("{ viewer { subject } }") == ANSWER
    async with api_over(shared_db, documents(folder, documents_only=True)) as api:
        assert (await api.client.post("/graphql", json={"documentId": own(VIEWER)})).json() == ANSWER
        for query in ("{ viewer { subject } }", VIEWER, "{", "{ __schema { queryType { name } } }"):
            (error,) = await api.errors(query)
            assert error["extensions"]["code"] == "PERSISTED_DOCUMENT_REQUIRED"
            assert error["message"] == "Only registered documents are answered here: send documentId in place of query."
        assert (await api.client.get("/export/buying-groups.csv")).status_code == 200


@pytest.mark.parametrize(
    ("file", "content", "says"),
    [
        ("a.graphql", "{ nope }", "a.graphql: Cannot query field 'nope' on type 'Query'."),
        ("a.graphql", "{", "a.graphql: Syntax Error: Expected Name, found <EOF>."),
        ("a.graphql", "{" + "a{" * 200, "a.graphql: The document's brackets nest 201 deep; at most 100 are allowed."),
        ("a.graphql", b"\xff", "a.graphql: 'utf-8' codec can't decode"),
        ("a.json", "{", "a.json: "),
        ("a.json", "[]", "a.json: a manifest is an object of texts by id"),
        ("a.json", '{"a": 1}', "a.json: a: a document must be a text"),
        ("a.json", '{"a b": "{ viewer { subject } }"}', "a.json: a b: an id is sha256:<64 hexadecimal digits, lower case>, or"),
        ("a.json", '{"a": "{ nope }"}', "a.json, a: Cannot query field 'nope' on type 'Query'."),
        ("a.json", json.dumps({own("x"): "{ viewer { subject } }"}), f"a.json, {own('x')}: the hash of its text is sha256:"),
        ("a.txt", "", "{folder}: there are no documents in it, neither *.graphql nor *.json"),
    ],
)
def test_a_folder_that_is_wrong_is_refused_by_name(tmp_path: Path, file: str, content: str | bytes, says: str) -> None:
    (tmp_path / file).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(BadDocuments) as refused:
        documents(tmp_path)
    assert str(refused.value).startswith(says.replace("{folder}", str(tmp_path)))


def test_all_that_is_wrong_is_told_at_once_and_as_a_setting(tmp_path: Path) -> None:
    (tmp_path / "a.graphql").write_text("{ nope }")
    (tmp_path / "b.graphql").write_text("{ nor }")
    for folder, lines in ((tmp_path, ["a.graphql", "b.graphql"]), (tmp_path / "none", [str(tmp_path / "none")])):
        settings = Settings(_env_file=None, BUYING_GROUPS_DOCUMENTS=folder)  # pyright: ignore[reportCallIssue]
        with pytest.raises(BadSettings) as refused:
            documents_of(settings)
        told = [line.split(": ") for line in str(refused.value).splitlines()]
        assert [(words[0], words[1]) for words in told] == [("BUYING_GROUPS_DOCUMENTS", line) for line in lines]


# --- introspection and suggestions ----------------------------------------------------------------------------------


async def test_introspection_is_a_setting(shared_db: Db) -> None:
    asking = "{ __schema { queryType { name } } }"
    naming = "{ viewer { __typename } __typename }"
    async with api_over(shared_db, Documents(schema._schema, Policy(introspection=False))) as api:
        for query in (
            asking,
            '{ __type(name: "Account") { name } }',
            "{ ...f } fragment f on Query { s: __schema { __typename } }",
        ):
            error = (await api.errors(query))[0]
            assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
            assert error["message"].startswith("GraphQL introspection has been disabled")
        assert (await api.data(naming))["viewer"] == {"__typename": "Viewer"}
    async with api_over(shared_db) as api:
        assert (await api.data(asking))["__schema"] == {"queryType": {"name": "Query"}}


NEAR = [
    ("{ acounts { totalCount } }", {}),
    ("{ accounts(frist: 1) { totalCount } }", {}),
    ("{ accounts { totalCont edges { nod { id } } } }", {}),
    ("{ viewer { subjec { x } } }", {}),
    ("{ viewer }", {}),
    ("{ accounts { totalCount { x } } }", {}),
    ("{ account(externalId: 1) { name } }", {}),
    ("{ accounts(orderBy: {field: NAM, direction: ASC}) { totalCount } }", {}),
    ("{ accounts(orderBy: {direction: ASC}) { totalCount } }", {}),
    ("{ accounts(orderBy: 7) { totalCount } }", {}),
    ("{ accounts(filter: {serch: 1}) { totalCount } }", {}),
    ("{ accounts { totalCount @skp(if: true) } }", {}),
    ("{ accounts { totalCount @skip(i: true) } }", {}),
    ("{ ...f } fragment f on Acount { id }", {}),
    ("{ ...f } fragment f on AccountFilter { id }", {}),
    ("{ viewer { ...f } } fragment f on Account { id }", {}),
    ("{ viewer { ... on Account { id } } }", {}),
    ("{ node(id: 1) { name } }", {}),
    ("query($f: AcountFilter) { accounts(filter: $f) { totalCount } }", {}),
    ("query($f: String) { accounts(filter: $f) { totalCount } }", {}),
    ("query($f: Account) { accounts { totalCount } }", {}),
    ("{ a: accounts { totalCount } a: people { totalCount } }", {}),
    ("{ person { id } account { id } buyingGroup { idd } }", {}),
    ("mutation { upsertAccounts(input: {accounts: [{}]}) { created } }", {}),
    ("mutation { upsertAccounts { created } }", {}),
    ("mutation { upsertAccount(input: 1) { created } }", {}),
    ("subscription { jobProgres(id: 1) { status } }", {}),
    ("query($f: X) { accounts { totalCount } }", {}),
    ("query V($f: V!) { roles { name } } fragment V on V { v }", {}),
]
INPUT = [
    ("query($f: AccountFilter) { accounts(filter: $f) { totalCount } }", {"f": {"serch": 1}}),
    ("query($f: AccountFilter) { accounts(filter: $f) { totalCount } }", {"f": {"industries": [[1]]}}),
    ("query($f: AccountFilter) { accounts(filter: $f) { totalCount } }", {"f": 1}),
    ("query($f: AccountOrder) { accounts(orderBy: $f) { totalCount } }", {"f": {"field": "NAM", "direction": "ASC"}}),
    ("query($f: AccountOrder) { accounts(orderBy: $f) { totalCount } }", {"f": {"field": "NAME"}}),
    ("mutation($f: UpsertAccountsInput!) { upsertAccounts(input: $f) { created } }", {"f": {"accounts": [{"externalId": "x"}]}}),
    ("query($f: Int!) { accounts(first: $f) { totalCount } }", {}),
]


def schemas_names() -> set[str]:
    """Every name that the schema gives, but for those that everybody knows."""
    found: set[str] = set()
    for kind in schema._schema.type_map.values():
        found.add(kind.name)
        for name, member in {**getattr(kind, "fields", {}), **getattr(kind, "values", {})}.items():
            found |= {name, *getattr(member, "args", {})}
    return found - {"Int", "Float", "String", "Boolean", "ID"}


@pytest.mark.parametrize(("query", "variables"), NEAR + INPUT)
async def test_without_suggestions_no_error_names_what_the_client_did_not(
    api: Api, query: str, variables: dict[str, Any]
) -> None:
    import re

    async with api_over(api.db, Documents(schema._schema, Policy(suggestions=False))) as quiet:
        errors = await quiet.errors(query, **variables)
    said = re.findall(r"\w+", query + json.dumps(variables))
    for error in errors:
        assert "mean" not in error["message"]
        quoted = {name for part in re.findall(r"'[^']*'", error["message"]) for name in re.findall(r"\w+", part)}
        assert (quoted & schemas_names()) - set(said) == set(), error["message"]
        assert error["extensions"]["code"] in ("GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT")


async def test_with_suggestions_errors_help(api: Api) -> None:
    (error,) = await api.errors("{ acounts { totalCount } }")
    assert error["message"].startswith("Cannot query field 'acounts' on type 'Query'. Did you mean 'accounts'")
    async with api_over(api.db, Documents(schema._schema, Policy(suggestions=False))) as quiet:
        (error,) = await quiet.errors("{ acounts { totalCount } }")
    assert error["message"] == "Cannot query field 'acounts' on type '...'."
