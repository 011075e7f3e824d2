"""The console at `/`: a page for marketers and sellers. It asks the public API alone, and loads nothing from elsewhere."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from api.signin import Client, SignIn
from api.webfiles import ASK_AGAIN, TYPES, WebFiles

POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " + (
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""What the page may load and reach: this server, and nothing inline."""
VIEWS = ("overview", "groups", "interests", "templates", "stages", "accounts", "sign-in")
"""The first parts of the addresses that show the page. What follows one is the page's own affair."""
_FROM_JARS = ("preact/10.28.0/dist/preact.min.umd.js", "preact/10.28.0/hooks/dist/hooks.umd.js")


class Console:
    """The page, and its files under a path that changes with them."""

    def __init__(self, contents: WebFiles, client: Client | None = None) -> None:
        self.files = contents
        self._sign_in = SignIn(client)
        page = files("api.console").joinpath("page.html").read_text("utf-8")
        self._page = page.replace("/console/VERSION/", f"/console/{contents.version}/")

    @classmethod
    def load(cls, cache_dir: Path, client: Client | None = None) -> Console:
        """With a client one may sign in at its provider. Fetches the libraries' jars if they are not there. Raises JarError."""
        own = sorted(one.name for one in files("api.console").iterdir() if Path(one.name).suffix in TYPES)
        return cls(WebFiles.load("api.console", own, _FROM_JARS, cache_dir), client)

    def routes(self) -> list[BaseRoute]:
        """Where it answers."""
        return [
            Route("/", self._serve),
            *(Route(f"/{view}", self._serve) for view in VIEWS),
            *(Route(f"/{view}/{{rest:path}}", self._serve) for view in VIEWS),
            *self._sign_in.routes(),
            Route("/console/{version}/{name}", self.files.serve),
        ]

    async def _serve(self, _: Request) -> Response:
        headers = {
            "Content-Security-Policy": POLICY,
            "Cache-Control": ASK_AGAIN,
            "Referrer-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff",
        }
        return Response(self._page, media_type="text/html", headers=headers)
