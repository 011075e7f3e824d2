"""A guide for Neo4j Browser, which takes it from here by `:guide` and its address, and with it the style of the graph.

Browser asks from another origin, so every origin may have it: it holds nothing of the graph.
"""

from __future__ import annotations

import html
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from graph import analysis

GUIDE, STYLE = "/neo4j-browser/guide.html", "/neo4j-browser/buying-groups.grass"
_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "*",  # Browser sends several of its own
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}


def routes() -> list[BaseRoute]:
    """Where the guide and the style are had."""
    return [Route(path, answer, methods=["GET", "OPTIONS"]) for path, answer in ((GUIDE, _guide), (STYLE, _style))]


def address(port: int) -> str:
    """Where Neo4j Browser on this machine finds the guide of a server on it. Of names, it takes `localhost` alone."""
    return f"http://localhost:{port}{GUIDE}"


async def _guide(request: Request) -> Response:
    style = str(request.url.replace(path=STYLE, query="", fragment=""))
    return Response(slides(style), media_type="text/html", headers=_HEADERS)


async def _style(_: Request) -> Response:
    return Response(analysis.style(), media_type="text/plain", headers=_HEADERS)


def slides(style: str) -> str:
    """The guide, with the address of the style: each favourite has a slide, where a click puts it into Browser's editor."""
    text = files("api.guide").joinpath("slides.html").read_text("utf-8")
    return text.replace("FAVOURITES", "\n".join(_slide(analysis.told(one)) for one in analysis.favourites())).replace(
        "STYLE", html.escape(style)
    )


def _slide(told: analysis.Told) -> str:
    lines = [f"<h3>{html.escape(told.title)}</h3>", f"<p>{html.escape(told.about[:1].upper() + told.about[1:])}.</p>"]
    if told.params:
        given = html.escape(told.params, quote=False)
        lines += ["<p>Tell first about which, in names of this graph:</p>", f'<pre class="code runnable">{given}</pre>']
    lines.append(f'<pre class="pre-scrollable code runnable">{html.escape(told.statement, quote=False)}</pre>')
    return "\n".join(["<slide>", *lines, "</slide>"])
