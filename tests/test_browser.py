"""GraphiQL in a web browser that reaches nothing but the server. Run by `make test-browser`, not by `make test`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from make import run, serving

from api import graphiql
from graph import sample
from graph.db import Db

pytestmark = pytest.mark.browser
CLIENTS = Path(__file__).parent / "clients"


async def test_graphiql_opens_with_queries_that_run_and_asks_nobody_else(
    db: Db, cache_dir: Path, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    await sample.load(db)
    browser = shutil.which("chromium")
    assert browser, "chromium is needed"
    picture = tmp_path / "graphiql.png"
    async with serving(db, graphiql=graphiql.load(cache_dir)) as port:
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
