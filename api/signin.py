"""Signing in to the console at an OpenID Connect provider: authorization code flow with PKCE, for a public client.

The browser goes to the provider, but never asks it: this server reads the provider's configuration and passes the code on. So the
page's policy stays `connect-src 'self'` whoever the provider is, a script that got in has no second origin to send a token to,
and the provider needs no CORS. For it this server asks one address that only the provider's own configuration can name; it keeps
neither codes nor tokens, and has no secret: a code is of no use without the verifier, which the browser made.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import orjson
import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from api.provider import Provider, is_safe
from api.tokens import MAX_TOKEN, REFETCH, UNKNOWN, discover, fetch, reason

PATH = "/console/sign-in"
FIELDS: Mapping[str, int] = {"code": 4_096, "verifier": 128, "redirectUri": 2_048}
"""What comes with an exchange, and of how many characters at most."""
MAX_BODY = 16_384  # bytes
AT_ONCE = 8
"""How many exchanges run at once; nobody needs a credential to ask for one."""
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Client:
    """What the console is to the provider: a public client, and the scopes that it asks for."""

    provider: Provider
    id: str
    scopes: str = "openid"


class SignIn:
    """What the console needs to know of the provider, and the exchange of a code for tokens. Without a client, nothing."""

    def __init__(self, client: Client | None) -> None:
        self._client = client
        self._said: Mapping[str, Any] = {}
        self._asked_at = float("-inf")
        self._asking = asyncio.Lock()
        self._running = 0

    def routes(self) -> list[BaseRoute]:
        """Where it answers."""
        return [Route(PATH, self.offer), *([Route(PATH, self.exchange, methods=["POST"])] if self._client else ())]

    async def offer(self, _: Request) -> Response:
        """Where the browser goes to sign in, if it may."""
        if self._client is None:
            return _json({"provider": None})
        try:
            endpoint = await self._endpoint(self._client, "authorization_endpoint")
        except Exception as error:
            return _unreachable(error)
        provider = self._client.provider
        found = {"issuer": provider.issuer, "audience": provider.audience, "authorizationEndpoint": endpoint}
        return _json({"provider": {**found, "clientId": self._client.id, "scopes": self._client.scopes}})

    async def exchange(self, request: Request) -> Response:
        """The tokens for a code."""
        assert self._client
        given = await _given(request)
        if isinstance(given, str):
            return _json({"error": "INVALID", "message": given}, 400)
        if self._running >= AT_ONCE:
            return _json({"error": "BUSY", "message": "Too many sign in at once; try again."}, 503)
        self._running += 1
        try:
            status, said = await self._asked(self._client, given)
        except Exception as error:
            return _unreachable(error)
        finally:
            self._running -= 1
        if status != 200:
            # What a provider says at length is for its administrators; its code is of a closed set, but its own.
            log.info("the provider refused a code", issuer=self._client.provider.issuer, status=status)
            return _json({"error": "REFUSED", "message": "The provider refused the code."}, 400)
        return _json({"accessToken": said["access_token"], "idToken": said["id_token"]})

    async def _asked(self, client: Client, given: Mapping[str, str]) -> tuple[int, Mapping[str, str]]:
        """What the provider answers to a code. Raises ValueError if it is no answer, and what asking raises."""
        form = {
            "grant_type": "authorization_code",
            "client_id": client.id,
            "code": given["code"],
            "code_verifier": given["verifier"],
            "redirect_uri": given["redirectUri"],
        }
        status, said = await fetch(await self._endpoint(client, "token_endpoint"), form)
        if status in (400, 401):
            return status, {}
        tokens = (said.get("access_token"), said.get("id_token")) if isinstance(said, dict) else (None, None)
        if status != 200 or not all(isinstance(one, str) and len(one) <= MAX_TOKEN for one in tokens):
            raise ValueError("the token endpoint answers with no access token and ID token")
        return status, said

    async def _endpoint(self, client: Client, name: str) -> str:
        """An address of the provider's configuration, which is kept for a while. Raises ValueError, and what asking raises."""
        async with self._asking:
            if time.monotonic() - self._asked_at >= (REFETCH if self._said else UNKNOWN):
                self._asked_at = time.monotonic()
                self._said = await discover(client.provider)
        url = self._said.get(name)
        if not isinstance(url, str) or not is_safe(url):
            raise ValueError(f"the issuer's configuration names no {name} that begins with https://")
        return url


async def _given(request: Request) -> Mapping[str, str] | str:
    """The fields of an exchange, or what is wrong with them."""
    # Pages of other origins can't send this type unasked, and are never answered when they ask.
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
        return "The body must be application/json."
    body = bytearray()
    try:
        async with asyncio.timeout(10):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MAX_BODY:
                    return f"The body must have at most {MAX_BODY} bytes."
        said = orjson.loads(bytes(body))
    except (ValueError, TimeoutError, ClientDisconnect):
        return "The body must be JSON."
    if not isinstance(said, dict):
        return "The body must be an object."
    for name, most in FIELDS.items():
        value = said.get(name)
        if not isinstance(value, str) or not 0 < len(value) <= most:
            return f"{name} must be a text of 1 to {most} characters."
    return cast(Mapping[str, str], said)


def _unreachable(error: Exception) -> Response:
    log.warning("the provider can't be asked for a sign-in", reason=reason(error))
    return _json({"error": "UNREACHABLE", "message": "The provider can't be reached, or is not set up as it must be."}, 502)


def _json(content: Mapping[str, Any], status: int = 200) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json", headers=HEADERS)
