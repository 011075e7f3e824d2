"""The guide that Neo4j Browser opens: what it offers is had from any origin, and its queries are those that are checked."""

from __future__ import annotations

import html
import re

import httpx2
import pytest
from starlette.applications import Starlette

from api import guide
from api.cli import serving
from api.settings import load
from graph import analysis

BROWSER = "http://127.0.0.1:7474"


async def ask(method: str, path: str, **headers: str) -> httpx2.Response:
    transport = httpx2.ASGITransport(app=Starlette(routes=guide.routes()))
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost:8000") as client:
        return await client.request(method, path, headers={"origin": BROWSER, **headers})


@pytest.mark.parametrize("path", [guide.GUIDE, guide.STYLE])
async def test_any_origin_may_have_it_as_browser_asks_for_it(path: str) -> None:
    wanted = {"access-control-request-method": "GET", "access-control-request-headers": "cache-control,pragma,sentry-trace"}
    for method, headers in (("OPTIONS", wanted), ("GET", {})):
        answer = await ask(method, path, **headers)
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["access-control-allow-headers"] == "*"
    assert (await ask("POST", path)).status_code == 405


async def test_the_style_is_had_from_where_the_guide_came_from() -> None:
    page = (await ask("GET", guide.GUIDE)).text
    (style,) = re.findall(r'data-exec="style ([^"]+)"', page)
    assert style == f"http://localhost:8000{guide.STYLE}"
    assert (await ask("GET", guide.STYLE)).text == analysis.style()
    assert "<i>" not in (await ask("GET", guide.GUIDE, host='x"><i>')).text


async def test_every_favourite_has_a_slide() -> None:
    page = (await ask("GET", guide.GUIDE)).text
    assert page.count("<slide>") == len(analysis.favourites()) + 2
    for one in analysis.favourites():
        told = analysis.told(one)
        assert html.unescape(page).count(f"<h3>{told.title}</h3>") == 1
        assert html.unescape(page).count(f">{told.statement}</pre>") == 1
        assert (told.params is not None) == bool(one.params)
        assert all(f"{name}: '" in (told.params or "") for name in one.params)
        assert "//" not in told.statement


def test_browser_is_told_of_the_guide_only_where_this_machine_is_served() -> None:
    for host, there in (("127.0.0.1", True), ("::1", True), ("0.0.0.0", True), ("192.0.2.7", False)):  # noqa: S104 - compared
        settings = load(None).model_copy(update={"host": host})
        assert serving._guide(settings, 8000) == (f"http://localhost:8000{guide.GUIDE}" if there else None)
