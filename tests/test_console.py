"""The console: what is served, to whom, and how long it may be kept; and a marketer's whole workflow in a web browser."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from urllib.parse import parse_qs

import httpx2
import pytest
from graphql import GraphQLEnumType, parse, validate
from make import key_for, role_ids, rows, run, serving

from api import ids
from api.app import create_app
from api.console import VIEWS, Console
from api.schema import schema
from graph import sample
from graph.db import Db
from graph.model import Permission

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "api" / "console"
SCRIPTS = {file.name: file.read_text("utf-8") for file in sorted(FOLDER.glob("*.js"))}
CLIENTS = Path(__file__).parent / "clients"


@pytest.fixture(scope="module")
def console(cache_dir: Path) -> Console:
    return Console.load(cache_dir)


async def get(db: Db, console: Console | None, path: str, **headers: str) -> httpx2.Response:
    transport = httpx2.ASGITransport(app=create_app(db, b"a secret of the tests", jobs=False, console=console))
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
        return await client.get(path, headers=headers)


async def test_every_address_of_a_view_shows_the_page_under_a_strict_policy(shared_db: Db, console: Console) -> None:
    home = await get(shared_db, console, "/")
    assert home.status_code == 200
    assert home.headers["content-type"] == "text/html; charset=utf-8"
    assert home.headers["cache-control"] == "no-cache"
    assert dict(part.split(" ", 1) for part in home.headers["content-security-policy"].split("; ")) == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self'",
        "connect-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    for view in VIEWS:
        for path in (f"/{view}", f"/{view}/grp_1", f"/{view}/graph?kind=person&id=x"):
            assert (await get(shared_db, console, path)).text == home.text
    assert (await get(shared_db, console, "/settings")).status_code == 404


async def test_the_page_names_only_files_that_are_served_here_for_good(shared_db: Db, console: Console) -> None:
    page = (await get(shared_db, console, "/")).text
    named = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(named) == 10
    assert "<style" not in page
    assert not re.search(r"<script(?![^>]*src=)|\son\w+=|style=", page)
    for name in named:
        assert name.startswith(f"/console/{console.files.version}/")
        answer = await get(shared_db, console, name)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-encoding"] == "gzip"
        plain = await get(shared_db, console, name, **{"accept-encoding": "identity"})
        assert "content-encoding" not in plain.headers
        assert plain.content == answer.content


async def test_what_is_no_file_of_this_version_is_not_found(shared_db: Db, console: Console) -> None:
    for path in (f"{console.files.version}/page.html", f"{console.files.version}/__init__.py", "0123456789abcdef/main.js"):
        assert (await get(shared_db, console, f"/console/{path}")).status_code == 404


async def test_without_it_the_root_leads_to_the_api(shared_db: Db) -> None:
    answer = await get(shared_db, None, "/")
    assert (answer.status_code, answer.headers["location"]) == (307, "/graphql")
    assert (await get(shared_db, None, "/overview")).status_code == 404


async def test_the_page_is_the_same_for_strangers_and_tells_them_nothing(db: Db, console: Console) -> None:
    before = (await get(db, console, "/groups")).text
    await sample.load(db)
    await key_for(db, Permission.VIEW)
    assert (await get(db, console, "/groups")).text == before
    assert (await get(db, console, "/export/buying-groups.csv")).status_code == 401
    assert (await get(db, console, "/graphql?query={viewer{subject}}", accept="application/json")).status_code == 401


def test_every_document_is_valid() -> None:
    documents = [text for script in SCRIPTS.values() for text in re.findall(r"gql`([^`]*)`", script)]
    assert len(documents) == 49
    for document in documents:
        assert "${" not in document
        assert validate(schema._schema, parse(document)) == [], document


def test_nothing_is_made_of_markup_or_comes_from_elsewhere() -> None:
    for name, script in SCRIPTS.items():
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|eval\(|document\.write", script), (
            name
        )
        assert not re.search(r"https?://", script), name


def spoken() -> set[str]:
    """Every text that the console may translate: where it is written out, and the enums' values in words."""
    texts: set[str] = set()
    for name, script in SCRIPTS.items():
        if name != "de.js":
            texts |= set(re.findall(r'\bt\(\s*"([^"]+)"', script))
            pairs = re.findall(r'\bcount\([^"]*?"([^"]+)",\s*"([^"]+)"|\bone(?::| =) "([^"]+)", many(?::| =) "([^"]+)"', script)
            texts |= {text for pair in pairs for text in pair if text}
    own = dict(re.findall(r'^  ([A-Z_]+): "([^"]+)",$', SCRIPTS["messages.js"], re.MULTILINE))
    enums = (
        "Weighting HierarchyScope PersonAttribute FilterOperator Match AssignmentSource MembershipAction AssignmentOutcome "
        "JobKind JobStatus LifecycleStatus SellingLevel StageOutcome AudienceKind PersonRelationship"
    )
    for enum in enums.split():
        kind = schema._schema.type_map[enum]
        assert isinstance(kind, GraphQLEnumType)
        texts |= {own.get(value, value.replace("_", " ").capitalize()) for value in kind.values}
    return texts


def test_german_has_all_that_english_says() -> None:
    catalogue = dict(re.findall(r'^  "([^"]+)": "([^"]+)",$', SCRIPTS["de.js"], re.MULTILINE))
    assert spoken() - catalogue.keys() == set()
    for english, german in catalogue.items():
        assert set(re.findall(r"\{\w+\}", english)) == set(re.findall(r"\{\w+\}", german)), english


@pytest.mark.browser
async def test_a_marketer_does_the_whole_workflow_by_clicking(
    db: Db, console: Console, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    await sample.load(db)
    key, looker = await key_for(db, *Permission, name="Ada"), await key_for(db, Permission.VIEW, name="Lee")
    browser = shutil.which("chromium")
    assert browser, "chromium is needed"
    async with serving(db, console=console) as port:
        args = (f"http://127.0.0.1:{port}", browser, key, looker, str(tmp_path))
        seen = json.loads(await run(CLIENTS, "node", "console.mjs", *args))
    assert seen["outside"] == seen["wider"] == []
    assert max(seen["bytes"].values()) < 100_000
    # The browser itself says so when a sign-in is refused.
    assert [one for one in seen["complaints"] if "401" not in one] == []
    assert {name: found for name, found in seen["violations"].items() if found} == {}
    assert seen["violations"].keys() >= {"sign-in", "overview", "groups", "interests", "templates", "stages", "group", "why"}

    assert seen["withoutMouse"] == "Skip to content"
    assert seen["stages"] == [
        "'Identified' leads nowhere; only a stage with an outcome may.",
        "'Won' can't be reached from an entry.",
    ]
    assert seen["groups"]["made"].startswith("9 groups made · ")
    assert seen["groups"]["words"].startswith("9 groups would be made, ")
    assert re.findall(r"\d+", seen["groups"]["made"])[1] == re.findall(r"\d+", seen["groups"]["words"])[1]
    assert seen["browse"]["rows"] == [f"Harbor Insights rollout for {name}" for name in ("Lumehaven Clinics", "Quorrin Textiles")]
    roles = await role_ids(db)
    missing = ids.encode("Role", roles["Decision Maker"])
    assert parse_qs(seen["browse"]["address"][1:]) == {"search": ["Insights"], "completeness": ["-49"], "missing": [missing]}
    assert seen["decide"]["stood"][:2] == ["Tamar Holmquist", "Champion"]
    assert seen["decide"]["stood"][3] == "By hand"
    assert seen["dryRun"][0] == "Join (0)"
    assert seen["hostile"] == dict.fromkeys(map(str, range(6)), 0)
    assert seen["looking"] == {"groups": ["Accounts", "CSV"], "interests": [], "templates": [], "stages": []}
    assert seen["german"] == "de"
    decided = await rows(
        db,
        "MATCH (p:Person)-[r:REMOVED_FROM]->(g:BuyingGroup)-[:FOR_INTEREST]->(i:SolutionInterest) "
        "WHERE i.name = 'Harbor Insights rollout' "
        "RETURN p.name AS name, r.source AS source, r.reason AS reason, r.removedBy AS by",
    )
    assert decided == [{"name": "Tamar Holmquist", "source": "MANUAL", "reason": "Left the company", "by": "key:Ada"}]
    keep(tmp_path, pytestconfig.getoption("--pictures"))


def keep(pictures: Path, folder: Path | None) -> None:
    """Copies the pictures to where they are wanted."""
    if folder:
        for picture in pictures.glob("*.png"):
            shutil.copy(picture, folder)
