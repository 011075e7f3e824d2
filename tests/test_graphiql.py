"""GraphiQL is served from here, and loads nothing from elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import httpx2
import pytest

from api import graphiql
from api.app import create_app
from api.webfiles import WebFiles
from graph.db import Db


@pytest.fixture(scope="module")
def served(cache_dir: Path) -> WebFiles:
    return graphiql.load(cache_dir)


async def get(db: Db, files: WebFiles | None, path: str) -> httpx2.Response:
    transport = httpx2.ASGITransport(app=create_app(db, b"a secret of the tests", jobs=False, graphiql=files))
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
        return await client.get(path, headers={"accept": "text/html,*/*"})


async def test_the_page_names_only_files_that_are_served_here(shared_db: Db, served: WebFiles) -> None:
    page = await get(shared_db, served, "/graphql")
    assert page.status_code == 200
    assert page.headers["content-security-policy"].startswith("default-src 'self';")
    named = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert "//" not in "".join(named)
    files = [name for name in named if name.startswith("/")]
    assert len(files) == 6
    for name in files:
        answer = await get(shared_db, served, name)
        assert answer.status_code == 200, name
        assert answer.headers["content-type"].split(";")[0] in ("text/javascript", "text/css")


async def test_the_queries_it_opens_with_are_valid() -> None:
    from graphql import parse, validate

    from api.schema import schema

    script = (Path(__file__).parent.parent / "api" / "graphiql" / "page.js").read_text("utf-8")
    queries = re.search(r"const QUERIES = `(.*?)`;", script, re.DOTALL)
    assert queries is not None
    assert validate(schema._schema, parse(queries[1])) == []


async def test_without_it_a_browser_is_told_what_is_here(shared_db: Db) -> None:
    answer = await get(shared_db, None, "/graphql")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["message"].startswith("The request needs query (a GraphQL document)")
    assert (await get(shared_db, None, "/graphiql/page.js")).status_code == 404
