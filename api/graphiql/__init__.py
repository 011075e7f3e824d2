"""GraphiQL, served from this package and from locked jars: it works offline, and loads nothing from elsewhere."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from starlette.responses import Response

from api.webfiles import ASK_AGAIN, WebFiles

POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; frame-ancestors 'none'"
)
"""What the page may load. Its editor sets inline styles; scripts come from here alone."""
_FROM_JARS = (
    "graphiql/2.4.7/graphiql.min.js",
    "graphiql/2.4.7/graphiql.min.css",
    "react/18.3.1/umd/react.production.min.js",
    "react-dom/18.3.1/umd/react-dom.production.min.js",
)
_OWN = ("page.js", "page.css")


def load(cache_dir: Path) -> WebFiles:
    """The page's files: 1.6 MB. Fetches the jars if they are not there. Raises JarError."""
    return WebFiles.load("api.graphiql", _OWN, _FROM_JARS, cache_dir)


def page() -> Response:
    """The page itself."""
    html = files("api.graphiql").joinpath("page.html").read_text("utf-8")
    return Response(html, media_type="text/html", headers={"Content-Security-Policy": POLICY, "Cache-Control": ASK_AGAIN})
