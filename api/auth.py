"""Who may come in: by an API key, by a token, or, as long as there is neither, from this machine alone.

Nothing here keeps, logs or tells a credential. Callers learn that one is not valid, and that it has expired if it is
otherwise valid, but no other reason; the log has that.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, MutableMapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import structlog
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from api import http
from api.context import Context
from api.errors import MASKED, Code
from api.http import Refusal
from api.observing import new_request_id
from api.permissions import lacking, named
from api.provider import is_loopback
from api.tokens import NoKeys, Tokens
from graph.callers import EXPIRED, BadCredential, Caller
from graph.db import Db, Trouble, noting
from graph.errors import GraphError
from graph.keys import PREFIX, Keys
from graph.model import Permission

LOOK = 2.0
"""Every how many seconds the credential of a socket, or of a stream, is looked at again."""
MAX_CREDENTIAL = 20_000  # characters
_WORDS = "Send a valid credential, an API key or a token, as `Authorization: Bearer <credential>`."
_NOT_HERE = (
    "As long as no credentials are configured, only this machine is answered: the Host header, and the Origin if there is one, "
    "must name localhost, 127.0.0.1 or [::1]."
)

Scope = MutableMapping[str, Any]
log = structlog.get_logger(__name__)


class NotLetIn(Refusal):
    """A caller is refused; the reason is for the log alone."""

    def __init__(self, status: int, code: Code, words: str, reason: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, code, words, headers)
        self.reason = reason

    def note(self, request_id: str) -> None:
        """Puts it into the log."""
        log.info("not let in", reason=self.reason, request_id=request_id)


class Entrance:
    """Makes the context of each request whose caller may come in.

    `local`: who is answered without any credential, on this machine alone, as long as none is configured.
    """

    def __init__(self, db: Db, make_context: Callable[[Caller], Context], tokens: Tokens | None, local: Caller | None) -> None:
        self._make_context = make_context
        self._tokens = tokens
        self._local = local if tokens is None else None
        self.keys = Keys(db)

    async def context(self, request: HTTPConnection) -> Context:
        """The context of a request. Raises NotLetIn: 401, 403, 500, 503."""
        began, authorization, trouble = time.monotonic(), sent(request.scope), Trouble()
        with noting(trouble):
            caller = await self.caller(request.scope, authorization)
        context = self._make_context(caller)
        context.waited, context.trouble = time.monotonic() - began, trouble
        context.revoked = lambda: self.revoked(request.scope, authorization)
        return context

    def stranger(self) -> Context:
        """The context of a socket on which nobody has shown a credential yet: it may do nothing."""
        return self._make_context(NOBODY)

    async def caller(self, scope: Scope, authorization: str | None) -> Caller:
        """Who is there. Raises NotLetIn."""
        try:
            if authorization is not None:
                return await self._proven(authorization)
            if self._local is None or await self.keys.exist():
                raise BadCredential("missing")
        except BadCredential as bad:
            raise _unauthenticated(bad, authorization is not None) from None
        except NoKeys:
            words = "Tokens can't be verified now, for the issuer's keys can't be had. The same request may succeed later."
            raise NotLetIn(503, Code.UNAVAILABLE, words, "no keys of the issuer", http.LATER) from None
        except GraphError as error:
            words = "The database can't answer now. The same request may succeed later."
            raise NotLetIn(503, Code.UNAVAILABLE, words, str(error), http.LATER) from None
        except Exception as error:
            log.error("credentials can't be verified", exc_info=error)
            raise NotLetIn(500, Code.INTERNAL, MASKED, type(error).__name__) from None
        if not is_here(scope):
            raise NotLetIn(403, Code.FORBIDDEN, _NOT_HERE, "not from this machine")
        return self._local

    async def revoked(self, scope: Scope, authorization: str | None) -> None:
        """Returns as soon as a credential that was good is not any more."""
        while True:
            await asyncio.sleep(LOOK)
            try:
                await self.caller(scope, authorization)
            except NotLetIn as refusal:
                if refusal.status < 500:
                    return

    async def _proven(self, authorization: str) -> Caller:
        """Who presents this. Raises BadCredential, NoKeys, Unavailable."""
        scheme, _, credential = authorization.partition(" ")
        credential = credential.strip()
        if scheme.lower() != "bearer" or not credential or len(credential) > MAX_CREDENTIAL or not credential.isascii():
            raise BadCredential("malformed")
        if self._tokens is None or credential.startswith(f"{PREFIX}_"):
            return await self.keys.find(credential)
        return await self._tokens.find(credential)


def _unauthenticated(bad: BadCredential, was_sent: bool) -> NotLetIn:
    words = f"This credential has expired. {_WORDS}" if bad.reason == EXPIRED else _WORDS
    challenge = 'Bearer error="invalid_token"' if was_sent else "Bearer"
    return NotLetIn(401, Code.UNAUTHENTICATED, words, bad.reason, {"WWW-Authenticate": challenge})


NOBODY = Caller("", frozenset())


def require(context: Context, *any_of: Permission) -> None:
    """Whether a route's caller has one of these permissions. Raises Refusal: 403."""
    if lacking([frozenset(any_of)], context.caller.permissions):
        raise Refusal(403, Code.FORBIDDEN, f"This needs {named(any_of)}, which this credential doesn't have.")


def refused(refusal: NotLetIn, request: Request) -> Response:
    """The response to a request that has no context, for its caller was not let in."""
    media_type = http.accepted(request.headers.get("accept")).single or http.JSON
    request_id = new_request_id()
    refusal.note(request_id)
    return http.refused(refusal, request_id, media_type)


def sent(scope: Scope) -> str | None:
    """The Authorization header of a request; of several none is right."""
    found = [value for name, value in scope["headers"] if name == b"authorization"]
    return None if not found else found[0].decode("latin-1") if len(found) == 1 else ""


def sent_on_socket(scope: Scope, payload: Mapping[str, Any]) -> str | None:
    """The authorization in the payload of `connection_init`, else in the header of the handshake."""
    for name, value in payload.items():
        if name.lower() == "authorization":
            return value if isinstance(value, str) else ""
    return sent(scope)


def is_here(scope: Scope) -> bool:
    """Whether a request came from this machine, and not from a page that some other server sent to a browser here: its Host
    is what the page's address names, however that resolves, and its Origin is where the page came from."""
    client = scope.get("client")
    if client and not is_loopback(client[0]):
        return False
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    hosts = [value for name, value in headers if name == b"host"]
    origins = [value for name, value in headers if name == b"origin"]
    return len(hosts) == 1 and _names_here(b"//" + hosts[0]) and all(_names_here(one) for one in origins)


@lru_cache(maxsize=256)
def _names_here(address: bytes) -> bool:
    try:
        host = urlsplit(address.decode("ascii")).hostname
    except ValueError:
        return False
    return host is not None and is_loopback(host)
