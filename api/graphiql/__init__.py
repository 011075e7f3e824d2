"""GraphiQL, served from this package and from locked jars: it works offline, and loads nothing from elsewhere."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from graph import jars

POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; frame-ancestors 'none'"
)
"""What the page may load. Its editor sets inline styles; scripts come from here alone."""
_TYPES = {".js": "text/javascript", ".css": "text/css"}
_FROM_JARS = (
    "graphiql/2.4.7/graphiql.min.js",
    "graphiql/2.4.7/graphiql.min.css",
    "react/18.3.1/umd/react.production.min.js",
    "react-dom/18.3.1/umd/react-dom.production.min.js",
)
_OWN = ("page.js", "page.css")


class Files:
    """The page's files by name, in memory: 1.6 MB."""

    def __init__(self, contents: Mapping[str, bytes]) -> None:
        self._contents = contents

    @classmethod
    def load(cls, cache_dir: Path) -> Files:
        """Fetches the jars if they are not there. Raises JarError."""
        contents = {name: files("api.graphiql").joinpath(name).read_bytes() for name in _OWN}
        for path in jars.fetch(jars.locked().web, cache_dir):
            with zipfile.ZipFile(path) as jar:
                for wanted in _FROM_JARS:
                    if (inside := f"META-INF/resources/webjars/{wanted}") in jar.namelist():
                        contents[wanted.rsplit("/", 1)[1]] = jar.read(inside)
        return cls(contents)

    async def serve(self, request: Request) -> Response:
        """One of the files."""
        name: str = request.path_params["name"]
        if name not in self._contents:
            return PlainTextResponse("There is no such file.", 404)
        age = "no-cache" if name in _OWN else "public, max-age=31536000, immutable"
        return Response(
            self._contents[name],
            media_type=_TYPES[Path(name).suffix],
            headers={"Cache-Control": age, "X-Content-Type-Options": "nosniff"},
        )


def page() -> Response:
    """The page itself."""
    html = files("api.graphiql").joinpath("page.html").read_text("utf-8")
    return Response(html, media_type="text/html", headers={"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"})
