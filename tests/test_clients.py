"""What Node has to say: clients and audits from npm against the served sample. Run by `make test-clients`, not by `make test`."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from documents import blocks
from make import run, serving

from api.documents import Documents, Policy, read_folder
from api.schema import SDL, schema
from graph import sample
from graph.db import Db

pytestmark = pytest.mark.clients
CLIENTS = Path(__file__).parent / "clients"
FRONTEND = (Path(__file__).parent.parent / "docs" / "frontend.md").read_text("utf-8")
PRINTED = blocks(FRONTEND, "text")[0]


@pytest.fixture
async def url(db: Db) -> AsyncGenerator[str]:
    """Where the API answers, over the sample market."""
    await sample.load(db)
    async with serving(db) as port:
        yield f"http://127.0.0.1:{port}/graphql"


async def node(script: str, *args: str) -> Any:
    """What a script prints as JSON."""
    return json.loads(await run(CLIENTS, "node", script, *args))


async def test_every_audit_of_graphql_over_http_passes(url: str) -> None:
    results = await node("audit.mjs", url)
    assert [one for one in results if one["status"] != "ok"] == []
    assert len(results) == 61


# --- the schema -----------------------------------------------------------------------------------------------------


async def broken(tmp_path: Path, before: str, after: str) -> list[str]:
    """Where a change from one SDL to another breaks clients."""
    (tmp_path / "before.graphql").write_text(before, "utf-8")
    (tmp_path / "after.graphql").write_text(after, "utf-8")
    found = await node("breaking.mjs", str(tmp_path / "before.graphql"), str(tmp_path / "after.graphql"))
    return [one["path"] for one in found]


async def test_nothing_that_clients_rely_on_is_taken_away_unless_deprecated_first() -> None:
    assert await node("breaking.mjs", "baseline.graphql", str(SDL)) == [], "deprecate it first; see docs/frontend.md"


async def test_what_is_removed_must_have_been_deprecated(tmp_path: Path) -> None:
    before = (
        "interface Node { id: ID! } type Group implements Node { id: ID!, status: String } type Query "
        "{ node(id: ID!, now: Int): Node, total(by: By, more: More): Int, members: [String!]! } enum By { NAME SCORE } "
        "input More { first: Int, last: Int } type Persona implements Node { id: ID!, name: String }"
    )
    removed = (
        "interface Node { id: ID! } type Group implements Node { id: ID! } type Query "
        "{ node(id: ID!): Node, total(by: By, more: More): Int } enum By { NAME } input More { first: Int }"
    )
    paths = ["By.SCORE", "Group.status", "More.last", "Persona", "Query.members", "Query.node.now"]
    assert sorted(await broken(tmp_path, before, removed)) == paths

    deprecated = before
    for part in ("status: String", "now: Int", "members: [String!]!", "SCORE", "last: Int"):
        deprecated = deprecated.replace(part, f"{part} @deprecated")
    assert await broken(tmp_path, before, deprecated) == []
    assert await broken(tmp_path, deprecated, removed) == ["Persona"]
    deprecated = deprecated.replace("id: ID!, name: String", "id: ID! @deprecated, name: String @deprecated")
    assert await broken(tmp_path, deprecated, removed) == []


async def test_a_field_of_the_schema_can_be_removed_only_if_deprecated(tmp_path: Path) -> None:
    baseline = (CLIENTS / "baseline.graphql").read_text("utf-8")
    field = '  """Free text, set by hand or by journeys."""\n  status: String\n'
    assert baseline.count(field) == 1
    without = baseline.replace(field, "")
    assert await broken(tmp_path, baseline, without) == ["BuyingGroup.status"]
    assert await broken(tmp_path, baseline.replace(field, field[:-1] + ' @deprecated(reason: "Use stage.")\n'), without) == []


ACCEPTED = [
    # What is told of a moment, or of a relation, has no life of its own to be fetched again.
    ("relay-edge-types", "type ActivityEdge {"),
    ("relay-edge-types", "type BuyingGroupEventEdge {"),
    ("relay-edge-types", "type MembershipEdge {"),
    ("relay-edge-types", "type MembershipEventEdge {"),
    ("relay-edge-types", "type WebhookDeliveryEdge {"),
    # The name that CRMs have for it.
    ("no-typename-prefix", "productLine: String"),
    # A log is read forward only, from a cursor that is kept: no `last` and `before`.
    ("relay-arguments", "events("),
    ("relay-arguments", "events("),
]
"""What the linter says that is meant to be as it is."""


async def test_the_schema_keeps_the_rules_of_schemas_and_of_relay() -> None:
    found = await node("lint.mjs", str(SDL))
    assert sorted((one["rule"], one["line"]) for one in found) == sorted(ACCEPTED), found


async def test_the_linter_sees_what_lacks_words_or_an_end_cursor(tmp_path: Path) -> None:
    worse = SDL.read_text("utf-8")
    for part, bad in (
        ('  """Free text, set by hand or by journeys."""\n', ""),
        ("  endCursor: String\n", "  lastCursor: String\n"),
    ):
        assert worse.count(part) == 1
        worse = worse.replace(part, bad)
    (tmp_path / "worse.graphql").write_text(worse, "utf-8")
    found = await node("lint.mjs", str(tmp_path / "worse.graphql"))
    assert {one["rule"] for one in found} == {rule for rule, _ in ACCEPTED} | {"require-description", "relay-page-info"}


# --- clients --------------------------------------------------------------------------------------------------------


def tool(name: str) -> str:
    """A program of npm's packages."""
    return str(CLIENTS / "node_modules" / ".bin" / name)


def lends_packages(folder: Path) -> Path:
    """A folder of a client, with npm's packages in it."""
    (folder / "node_modules").symlink_to(CLIENTS / "node_modules")
    return folder


async def test_relay_compiles_against_the_schema_and_the_server_takes_what_comes_out(tmp_path: Path) -> None:
    for file in ("groups.ts", "relay.config.json"):
        shutil.copy(CLIENTS / "relay" / file, tmp_path)
    shutil.copy(SDL, tmp_path)
    (tmp_path / "generated").mkdir()
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "relay.json").write_text("{}", "utf-8")
    await run(lends_packages(tmp_path), tool("relay-compiler"), "relay.config.json")
    made = {file.name.removesuffix(".graphql.ts") for file in (tmp_path / "generated").iterdir()}
    queries = {f"groups{name}Query" for name in ("Page", "One", "ListPagination", "MembersPagination")}
    assert made == queries | {"groups_list", "groups_group", "groups_person"} | {
        "groupsAssignMutation",
        "groupsHappenedSubscription",
    }
    registered = read_folder(tmp_path / "documents")
    assert len(registered.places) == 6
    Documents(schema._schema, registered=registered)  # raises if one is not valid


def files_of(text: str) -> dict[str, str]:
    """The files that a document shows: blocks of code whose first line is a comment with the name."""
    return dict(re.findall(r"```\w+\n// (\S+)\n(.*?)```", text, re.DOTALL))


@pytest.fixture(scope="module")
async def client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The client that docs/frontend.md shows, its types generated from the schema, compiled."""
    folder = tmp_path_factory.mktemp("client")
    shown = files_of(FRONTEND)
    assert set(shown) == {"codegen.ts", "tsconfig.json", *(f"src/{name}.ts" for name in ("client", "documents", "main"))}
    (folder / "src").mkdir()
    for name, text in shown.items():
        (folder / name).write_text(text, "utf-8")
    (package,) = re.findall("^npm init .+$", FRONTEND, re.MULTILINE)
    await run(folder, "sh", "-c", package)
    await run(lends_packages(folder), tool("graphql-codegen"), BUYING_GROUPS_SCHEMA=str(SDL))
    await run(folder, tool("tsc"))
    return folder


async def test_the_typed_client_prints_what_is_shown(url: str, client: Path) -> None:
    assert await run(client, "node", "dist/main.js", BUYING_GROUPS_URL=url) == PRINTED


async def test_the_typed_client_does_the_same_by_ids_of_documents(db: Db, client: Path) -> None:
    registered = read_folder(client / "src" / "gql")
    assert len(registered.places) == 4
    await sample.load(db)
    async with serving(db, Documents(schema._schema, Policy(documents_only=True), registered)) as port:
        url = f"http://127.0.0.1:{port}/graphql"
        assert await run(client, "node", "dist/main.js", BUYING_GROUPS_URL=url, BY_ID="1") == PRINTED


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("personId, roleId }]", "personId, role: roleId }]", "Property 'roleId' is missing in type"),
        ("node.completeness", "node.completenes", "Property 'completenes' does not exist on type"),
        ("completeness?.toFixed", "completeness.toFixed", "'completeness' is possibly 'null'"),
    ],
)
async def test_what_does_not_fit_the_schema_does_not_compile(client: Path, right: str, wrong: str, told: str) -> None:
    main = client / "src" / "main.ts"
    text = main.read_text("utf-8")
    assert text.count(right) == 1
    main.write_text(text.replace(right, wrong), "utf-8")
    try:
        with pytest.raises(AssertionError, match=re.escape(told)):
            await run(client, tool("tsc"), "--noEmit")
    finally:
        main.write_text(text, "utf-8")
