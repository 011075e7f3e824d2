"""The console: what is served, to whom, and how long it may be kept; and a marketer's whole workflow in a web browser."""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import re
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs

import httpx2
import pytest
from graphql import GraphQLEnumType, parse, validate
from issuing import AUDIENCE, CLIENT, Issuer, issuing
from make import key_for, role_ids, rows, run, serving
from walking import market

from api import ids
from api.app import create_app
from api.console import POLICY, VIEWS, Console
from api.limits import Limits, measure
from api.provider import Provider
from api.schema import schema
from api.signin import Client
from api.webfiles import WebFiles
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
    assert len(named) == 12
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


def test_every_document_may_be_asked_within_the_limits() -> None:
    pages = {"first": 50, "last": 50}
    for script in SCRIPTS.values():
        for text in re.findall(r"gql`([^`]*)`", script):
            measured = measure(schema._schema, parse(text), Limits())
            assert measured
            measured[0].check(Limits())
            assert measured[0].check_cost(Limits(), pages) > 0


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


@asynccontextmanager
async def signing_in(files: WebFiles) -> AsyncGenerator[tuple[Issuer, Console]]:
    async with issuing() as issuer:
        yield issuer, Console(files, Client(issuer.provider(), CLIENT, "openid profile"))


async def test_the_page_learns_where_to_sign_in_and_its_policy_stays(shared_db: Db, console: Console) -> None:
    assert (await get(shared_db, console, "/console/sign-in")).json() == {"provider": None}
    async with signing_in(console.files) as (issuer, offering):
        answer = await get(shared_db, offering, "/console/sign-in")
        assert answer.headers["cache-control"] == "no-store"
        assert answer.json() == {
            "provider": {
                "issuer": issuer.url,
                "audience": AUDIENCE,
                "authorizationEndpoint": f"{issuer.url}/authorize",
                "clientId": "console",
                "scopes": "openid profile",
            }
        }
        page = await get(shared_db, offering, "/sign-in?code=x&state=y")
        assert page.text == (await get(shared_db, console, "/")).text
        assert page.headers["content-security-policy"] == POLICY
        assert "connect-src 'self'; " in POLICY


async def test_a_code_is_exchanged_at_the_provider_alone(shared_db: Db, console: Console) -> None:
    async def post(made: Console, body: str, kind: str = "application/json") -> tuple[int, dict[str, str]]:
        transport = httpx2.ASGITransport(app=create_app(shared_db, b"a secret of the tests", jobs=False, console=made))
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
            answer = await client.post("/console/sign-in", content=body, headers={"content-type": kind})
            return answer.status_code, answer.json() if answer.headers["content-type"] == "application/json" else {}

    verifier, back = "v" * 43, "http://localhost/sign-in"
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    given = {"code": "one", "verifier": verifier, "redirectUri": back}
    assert (await post(console, json.dumps(given)))[0] == 405
    refused = (400, {"error": "REFUSED", "message": "The provider refused the code."})
    gone = (502, {"error": "UNREACHABLE", "message": "The provider can't be reached, or is not set up as it must be."})
    async with signing_in(console.files) as (issuer, offering):
        asked = {"code_challenge": challenge, "redirect_uri": back, "client_id": CLIENT, "nonce": "n"}
        issuer.codes = {"one": asked, "two": asked}
        status, said = await post(offering, json.dumps(given))
        assert (status, sorted(said)) == (200, ["accessToken", "idToken"])
        assert await post(offering, json.dumps(given)) == refused  # it counted once
        assert await post(offering, json.dumps({**given, "code": "two", "verifier": "w" * 43})) == refused
        for body, kind, words in (
            (json.dumps(given), "text/plain", "The body must be application/json."),
            ("{", "application/json", "The body must be JSON."),
            ("[]", "application/json", "The body must be an object."),
            ("{}", "application/json", "code must be a text of 1 to 4096 characters."),
            (json.dumps({**given, "verifier": "v" * 129}), "application/json", "verifier must be a text of 1 to 128 characters."),
            (" " * 20_000, "application/json", "The body must have at most 16384 bytes."),
        ):
            assert await post(offering, body, kind) == (400, {"error": "INVALID", "message": words})
        issuer.broken = True
        assert await post(offering, json.dumps(given)) == gone
        stranger = Console(console.files, Client(Provider(f"{issuer.url}/", AUDIENCE), CLIENT))
        assert await post(stranger, json.dumps(given)) == gone  # the configuration is of another issuer


@pytest.mark.browser
async def test_one_signs_in_at_a_provider_and_hears_why_not(sample_db: Db, console: Console) -> None:
    browser = shutil.which("chromium")
    assert browser, "chromium is needed"
    async with (
        signing_in(console.files) as (issuer, offering),
        serving(sample_db, console=offering, provider=issuer.provider()) as port,
    ):
        seen = json.loads(await run(CLIENTS, "node", "signin.mjs", f"http://127.0.0.1:{port}", browser, issuer.url))
    view = "/groups?search=Insights"
    assert seen["comesIn"] == {
        "words": f"Sign in with {issuer.url.removeprefix('http://')}",
        "violations": [],
        "place": view,
        "kept": [["buying-groups-credential", "buying-groups-signed-in"], []],
        "subject": "oidc:ada",
    }
    assert seen["leavesNoTrace"] == []
    assert seen["staysAfterReload"] == view
    assert seen["renewsUnasked"] == {"place": f"{view}&completeness=-49", "silent": 1}
    assert seen["asksWhenItMust"] == ["/sign-in", None, f"{view}&completeness=-49"]
    assert seen["signsOut"] == {"kept": [], "asked": []}
    for refusal in ("isDenied", "refusesAnotherState", "refusesALateAnswer", "refusesAnotherNonce", "refusesATokenForOthers"):
        assert seen[refusal] == ["/sign-in", None], refusal
    assert seen["outside"] == []
    assert [one for one in seen["complaints"] if not re.search("status of 40[01]", one)] == []


@pytest.mark.browser
async def test_a_marketer_does_the_whole_workflow_by_clicking(
    shared_db: Db, console: Console, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    db, wanted, export = shared_db, pytestconfig.getoption("--pictures"), pytestconfig.getoption("--export")
    names = await market(db, export, tmp_path / "rejects.csv")
    key, looker = await key_for(db, *Permission, name="Ada"), await key_for(db, Permission.VIEW, name="Lee")
    browser = shutil.which("chromium")
    assert browser, "chromium is needed"
    async with serving(db, console=console) as port:
        args = (f"http://127.0.0.1:{port}", browser, key, looker, str(tmp_path), names.told(), *(["pictures"] if wanted else []))
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
    assert seen["groups"]["made"].startswith(f"{names.accounts} groups made · ")
    assert seen["groups"]["words"].startswith(f"{names.accounts} groups would be made, ")
    made = numbers(seen["groups"]["made"])[1]
    assert numbers(seen["groups"]["words"])[1] == made
    assert seen["browse"]["rows"]
    assert all(name.startswith(f"{names.interest} for ") for name in seen["browse"]["rows"])
    roles = await role_ids(db)
    missing = ids.encode("Role", roles["Decision Maker"])
    assert parse_qs(seen["browse"]["address"][1:]) == {"search": [names.interest], "completeness": ["-49"], "missing": [missing]}
    assert seen["decide"]["stood"][:2] == [names.person, "Champion"]
    assert seen["decide"]["stood"][3] == "By hand"
    assert [numbers(words) for words in seen["dryRun"]["without"]] == [[0], [made], [0]]  # all whom the one card had found leave
    assert seen["dryRun"]["broader"][1] == "Leave (0)"
    assert seen["dryRun"]["notice"] == "Saved as a new version. Maintenance moves groups to it."
    if export is None:
        assert seen["browse"]["rows"] == [f"{names.interest} for {name}" for name in ("Lumehaven Clinics", "Quorrin Textiles")]
        assert seen["dryRun"]["broader"] == ["Join (11)", "Leave (0)", "Move (0)"]
    with (tmp_path / "buying-groups.csv").open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == names.accounts
    assert seen["hostile"] == dict.fromkeys(map(str, range(6)), 0)
    assert seen["scrolling"] == {
        "rows": "121",
        "start": [2, True],
        "end": [121, True],
        "first": f"{names.interest} for Far 100",
    }
    assert seen["looking"] == {"groups": ["Accounts", "CSV"], "interests": [], "templates": [], "stages": []}
    assert seen["german"] == "de"
    decided = await rows(
        db,
        "MATCH (p:Person)-[r:REMOVED_FROM]->(g:BuyingGroup)-[:FOR_INTEREST]->(i:SolutionInterest) "
        "WHERE i.name = $interest "
        "RETURN p.name AS name, r.source AS source, r.reason AS reason, r.removedBy AS by",
        interest=names.interest,
    )
    assert decided == [{"name": names.person, "source": "MANUAL", "reason": "Left the company", "by": "key:Ada"}]
    keep(tmp_path, wanted)


def numbers(words: str) -> list[int]:
    return [int(one.replace(",", "")) for one in re.findall(r"\d[\d,]*", words)]


def keep(pictures: Path, folder: Path | None) -> None:
    """Copies the pictures to where they are wanted."""
    if folder:
        for picture in pictures.glob("*.png"):
            shutil.copy(picture, folder)
