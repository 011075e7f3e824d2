"""Files for web browsers, served from memory: a package's own, and libraries out of locked jars. Nothing comes from elsewhere."""

from __future__ import annotations

import gzip
import hashlib
import zipfile
from collections.abc import Iterable, Mapping
from importlib.resources import files
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from graph import jars

TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
"""What kinds of files there are, by suffix."""
FOREVER, ASK_AGAIN = "public, max-age=31536000, immutable", "no-cache"


class WebFiles:
    """Files by name, as they are and compressed. `version` changes with any of them."""

    def __init__(self, contents: Mapping[str, bytes], own: Iterable[str]) -> None:
        self._plain = contents
        self._packed = {name: gzip.compress(content, 9, mtime=0) for name, content in contents.items()}
        self._own = frozenset(own)
        joined = b"".join(name.encode() + hashlib.sha256(content).digest() for name, content in sorted(contents.items()))
        self.version = hashlib.sha256(joined).hexdigest()[:16]

    @classmethod
    def load(cls, package: str, own: Iterable[str], from_jars: Iterable[str], cache_dir: Path) -> WebFiles:
        """The package's files named `own`, and those of webjars, by their last name. Fetches jars that are not there. Raises
        JarError."""
        contents = {name: files(package).joinpath(name).read_bytes() for name in own}
        inside = {f"META-INF/resources/webjars/{one}": one.rsplit("/", 1)[1] for one in from_jars}
        for path in jars.fetch(jars.locked().web, cache_dir):
            with zipfile.ZipFile(path) as jar:
                contents |= {inside[one]: jar.read(one) for one in inside.keys() & set(jar.namelist())}
        return cls(contents, own)

    async def serve(self, request: Request) -> Response:
        """One of the files. Under a path with a version it is that version's, and may be kept for good; so may libraries."""
        name: str = request.path_params["name"]
        version = request.path_params.get("version")
        if name not in self._plain or version not in (None, self.version):
            return PlainTextResponse("There is no such file.", 404, {"X-Content-Type-Options": "nosniff"})
        packed = "gzip" in request.headers.get("accept-encoding", "")
        headers = {
            "Cache-Control": ASK_AGAIN if version is None and name in self._own else FOREVER,
            "Vary": "Accept-Encoding",
            "X-Content-Type-Options": "nosniff",
        }
        if packed:
            headers["Content-Encoding"] = "gzip"
        return Response((self._packed if packed else self._plain)[name], media_type=TYPES[Path(name).suffix], headers=headers)
