"""GraphiQL, and the analysts' favourites in Neo4j Browser, in a web browser that reaches nothing but the server. Run by
`make test-browser`, not by `make test`."""

from __future__ import annotations

import json
import shutil
import socket
from pathlib import Path

import pytest
import uvicorn
from documents import blocks
from make import answering, run, serving
from starlette.applications import Starlette

from api import graphiql, guide
from graph import analysis
from graph.db import Db
from graph.embedded import Server

pytestmark = pytest.mark.browser
CLIENTS = Path(__file__).parent / "clients"
GUIDE = Path(__file__).parent.parent / "docs" / "analysts.md"


async def test_graphiql_opens_with_queries_that_run_and_asks_nobody_else(
    sample_db: Db, cache_dir: Path, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    browser = shutil.which("chromium")
    assert browser, "chromium is needed"
    picture = tmp_path / "graphiql.png"
    async with serving(sample_db, graphiql=graphiql.load(cache_dir)) as port:
        url = f"http://127.0.0.1:{port}/graphql"
        seen = json.loads(await run(CLIENTS, "node", "graphiql.mjs", url, browser, str(picture)))
    assert seen["outside"] == seen["complaints"] == []
    assert seen["names"] == ["Groups", "Hierarchies", "Decisions", "Events"]

    answers = {name: answer["data"] for name, answer in seen["answers"].items() if answer.keys() == {"data"}}
    assert answers.keys() == {"Groups", "Hierarchies", "Decisions"}
    groups = answers["Groups"]["buyingGroups"]
    assert groups["totalCount"] == 13
    assert [len(edge["node"]["members"]["edges"]) for edge in groups["edges"]] == [5] * 10
    assert all(edge["node"]["people"]["totalCount"] for edge in answers["Hierarchies"]["accounts"]["edges"])
    assert all(edge["node"]["history"]["edges"] for edge in answers["Decisions"]["buyingGroups"]["edges"])

    assert picture.read_bytes().startswith(b"\x89PNG")
    if kept := pytestconfig.getoption("--screenshot"):
        shutil.copy(picture, kept)


# The names of the pictures that docs/analysts.md shows, and what stands in each.
SEEN = {
    "group_history": ["at", "what", "person", "previous", "current", "actor", '"Vera Quillan"', "20 records"],
    "how_a_member": ["overruledBy", '"MANUAL"', '"OVERRULED"', "4 records"],
    "stuck_groups": ["lacks", '"Harbor Journeys rollout for Lumehaven Clinics"', "10 records"],
    "white_space": ["hierarchy", "branch", '"Pellimore Dairy"', "7 records"],
    "who_blocks": ["removedBy", '"Wouter Marchetti"', "2 records"],
    "who_overlaps": ["roles", '"Anouk Brandvik"', "50 records"],
    "who_decides": ["BuyingGroup (1)", "Account (3)", "Person (9)", "MEMBER_OF (9)"],
}


@pytest.mark.usefixtures("sample_db")
async def test_the_favourites_answer_in_neo4j_browser(
    server: Server, guide_at: socket.socket, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    browser = shutil.which("chromium")
    assert browser, "chromium is needed"
    given = {"person": "Wanda Vandermeer", "group": "Harbor Journeys rollout for Tessarine Campaign Department"}
    asked = [
        {"name": one.name.removeprefix("analysis/"), "text": one.text, "params": {name: given[name] for name in one.params}}
        for one in analysis.favourites()
    ]
    (decides,) = [text for text in blocks(GUIDE.read_text("utf-8"), "cypher") if "group agreement" in text]
    asked.append({"name": "who_decides", "text": decides, "params": {}})
    file = tmp_path / "asked.json"
    at, url = server.connection, server.browser_url
    assert url, "Neo4j Browser is served where `-m browser` alone is given"
    given = {"password": at.password, "style": analysis.style(), "asked": asked, "guide": guide_at.getsockname()[1]}
    file.write_text(json.dumps(given))
    async with answering(uvicorn.Config(Starlette(routes=guide.routes()), log_config=None), guide_at):
        seen = json.loads(await run(CLIENTS, "node", "analysts.mjs", url, at.uri, browser, str(tmp_path), str(file)))
    # The guide opened by itself, its style by a click; another click put a query into the editor, where it ran.
    guided = seen.pop("guide")
    guided["typed"] = guided["typed"].split()  # for the editor breaks lines
    assert guided == {
        "titles": [
            "Buying groups in the graph",
            *(analysis.told(one).title for one in analysis.favourites()),
            "Look around",
        ],
        "colours": sorted(analysis.colours()[label] for label in ("Account", "BuyingGroup", "Person")),
        "typed": analysis.told(analysis.favourites()[-1]).statement.split(),
    }
    assert {name: [one for one in SEEN[name] if one not in text] for name, text in seen.items()} == {name: [] for name in SEEN}
    for name in [*SEEN, "guide"]:
        picture = tmp_path / f"{name}.png"
        assert picture.read_bytes().startswith(b"\x89PNG")
        if kept := pytestconfig.getoption("--favourites"):
            shutil.copy(picture, kept)
