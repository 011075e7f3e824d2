"""Cursors: a row's sort keys and id, opaque to clients and signed, so that one made up or edited is refused."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Any

from graph.errors import GraphError

PAGE_DEFAULT = 20
PAGE_MAX = 100
_SIGNATURE = 9  # bytes: forging one takes 2^71 tries against the server


class BadCursor(GraphError):
    """A cursor that this service didn't make, or made for another list or order."""


class Cursors:
    """Makes and reads cursors. Instances with the same secret read each other's."""

    def __init__(self, secret: bytes) -> None:
        self._key = hashlib.blake2b(secret, digest_size=32, person=b"bg-cursor").digest()

    def encode(self, purpose: str, keys: Sequence[Any]) -> str:
        """The cursor of a row. `purpose` names the list and the order it belongs to."""
        body = json.dumps(list(keys), ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
        return base64.urlsafe_b64encode(self._sign(purpose, body) + body).decode("ascii").rstrip("=")

    def decode(self, purpose: str, cursor: str) -> list[Any]:
        """The keys of a cursor. Raises BadCursor."""
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise BadCursor("it is no cursor of this service") from None
        signature, body = raw[:_SIGNATURE], raw[_SIGNATURE:]
        if not hmac.compare_digest(signature, self._sign(purpose, body)):
            raise BadCursor("it is no cursor of this list in this order; take cursors from pageInfo or edges as they are")
        return json.loads(body)

    def _sign(self, purpose: str, body: bytes) -> bytes:
        return hashlib.blake2b(purpose.encode() + b"\0" + body, key=self._key, digest_size=_SIGNATURE).digest()
