"""Cursors: a row's sort keys and id, opaque to clients and signed, so that one made up or edited is refused.

Those of events are encrypted, too: an event's number would tell how many there were before it, wherever in the market.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Any, cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from graph.errors import GraphError

PAGE_DEFAULT = 20
PAGE_MAX = 100
EVENTS = "Query.groupEvents SEQ ASC"
"""What the cursors of events are made for: one stream, whatever part of it a reader wants."""
_SEALED = (EVENTS,)
_BLOCK = 64  # bytes: a sealed body is filled up with spaces, for its length would tell how long the number is
_SIGNATURE = 9  # bytes: forging one takes 2^71 tries against the server


_FOREIGN = "it is no cursor of this list in this order; take cursors from pageInfo or edges as they are"


class BadCursor(GraphError):
    """A cursor that this service didn't make, or made for another list or order."""


class Cursors:
    """Makes and reads cursors. Instances with the same secret read each other's."""

    def __init__(self, secret: bytes) -> None:
        self._key = hashlib.blake2b(secret, digest_size=32, person=b"bg-cursor").digest()
        self._seal = AESSIV(hashlib.blake2b(secret, digest_size=64, person=b"bg-sealed-cursor").digest())

    def encode(self, purpose: str, keys: Sequence[Any]) -> str:
        """The cursor of a row. `purpose` names the list and the order it belongs to."""
        body = json.dumps(list(keys), ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
        if purpose in _SEALED:
            raw = self._seal.encrypt(body.ljust(-(-len(body) // _BLOCK) * _BLOCK), [purpose.encode()])
        else:
            raw = self._sign(purpose, body) + body
        return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")

    def decode(self, purpose: str, cursor: str) -> list[Any]:
        """The keys of a cursor. Raises BadCursor."""
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise BadCursor("it is no cursor of this service") from None
        if purpose in _SEALED:
            return self._opened(purpose, raw)
        signature, body = raw[:_SIGNATURE], raw[_SIGNATURE:]
        if not hmac.compare_digest(signature, self._sign(purpose, body)):
            raise BadCursor(_FOREIGN)
        return json.loads(body)

    @staticmethod
    def claimed(cursor: str) -> list[Any] | None:
        """The keys that a cursor says it has, whoever made it; None if it says none, as those that are encrypted do."""
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
            keys = json.loads(raw[_SIGNATURE:])
        except ValueError:
            return None
        return cast(list[Any], keys) if isinstance(keys, list) else None

    def _opened(self, purpose: str, raw: bytes) -> list[Any]:
        try:
            return json.loads(self._seal.decrypt(raw, [purpose.encode()]))
        except (InvalidTag, ValueError):
            raise BadCursor(_FOREIGN) from None

    def _sign(self, purpose: str, body: bytes) -> bytes:
        return hashlib.blake2b(purpose.encode() + b"\0" + body, key=self._key, digest_size=_SIGNATURE).digest()
