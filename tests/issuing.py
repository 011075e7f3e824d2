"""A provider of tokens on loopback: its configuration, its keys, tokens signed with them, and sign-ins."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
from make import answering
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from api.provider import Provider

AUDIENCE = "buying-groups"
CLIENT = "console"
KEYS: dict[str, Key] = {
    "RS256": RSAKey.generate_key(2048, {"kid": "rsa"}),
    "ES256": ECKey.generate_key("P-256", {"kid": "ec"}),
    "Ed25519": OKPKey.generate_key("Ed25519", {"kid": "okp"}),
}


@dataclass(slots=True)
class Issuer:
    """What the provider answers now, and how often it was asked for its keys."""

    url: str = ""
    keys: list[Key] = field(default_factory=lambda: list(KEYS.values()))
    status: int = 200
    body: bytes | None = None
    asked: int = 0
    lets_in: bool = True  # whoever asks is let in, or refused
    knows: bool = False  # has let someone in before, and does so again without asking
    codes: dict[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])  # what was asked, by code
    wrong: dict[str, Any] = field(default_factory=dict[str, Any])  # claims of ID tokens that aren't as they must be
    audience: str = AUDIENCE  # of access tokens
    broken: bool = False

    def provider(self, **more: str) -> Provider:
        return Provider(self.url, AUDIENCE, **more)

    def claims(self, **more: Any) -> dict[str, Any]:
        """The claims of a valid token; None leaves one out."""
        now = int(time.time())
        found = {"iss": self.url, "aud": AUDIENCE, "sub": "ada", "exp": now + 300, "iat": now, **more}
        return {name: value for name, value in found.items() if value is not None}

    def token(self, key: Key = KEYS["RS256"], alg: str = "RS256", header: Mapping[str, Any] | None = None, **more: Any) -> str:
        """A token signed with a key."""
        head = {"alg": alg, "kid": key.kid, **(header or {})}
        return jwt.encode({name: value for name, value in head.items() if value is not None}, self.claims(**more), key, [alg])

    async def configuration(self, _: Request) -> Response:
        paths = {"jwks_uri": "keys", "authorization_endpoint": "authorize", "token_endpoint": "token"}
        return JSONResponse({"issuer": self.url, **{name: f"{self.url}/{path}" for name, path in paths.items()}})

    async def authorize(self, request: Request) -> Response:
        """Lets someone in who has to be asked for nothing, and sends them back with a code."""
        asked = dict(request.query_params)
        assert (asked["client_id"], asked["response_type"], asked["code_challenge_method"]) == (CLIENT, "code", "S256")
        if not self.lets_in or ("prompt" in asked and not self.knows):
            said = {"error": "access_denied" if "prompt" not in asked else "login_required"}
        else:
            self.knows = True
            said = {"code": secrets.token_urlsafe()}
            self.codes[said["code"]] = asked
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode({**said, 'state': asked['state']})}")

    async def exchange(self, request: Request) -> Response:
        """The tokens for a code, once, for whoever asked for it."""
        given = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        asked = self.codes.pop(given.get("code", ""), None)
        if self.broken:
            return JSONResponse({"token_type": "Bearer"})
        challenge = base64.urlsafe_b64encode(hashlib.sha256(given["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        if asked is None or (challenge, given["redirect_uri"], given["client_id"], given["grant_type"]) != (
            *(asked[name] for name in ("code_challenge", "redirect_uri", "client_id")),
            "authorization_code",
        ):
            return JSONResponse({"error": "invalid_grant"}, 400)
        claims: dict[str, Any] = {"aud": CLIENT, "nonce": asked["nonce"], **self.wrong}
        identity = self.token(KEYS["RS256"], "RS256", None, **claims)
        return JSONResponse({"access_token": self.token(aud=self.audience, permissions="VIEW"), "id_token": identity})

    async def teach(self, request: Request) -> Response:
        """Changes what it does, for tests that run elsewhere."""
        for name, value in (await request.json()).items():
            setattr(self, name, value)
        return Response()

    async def jwks(self, _: Request) -> Response:
        self.asked += 1
        said = json.dumps({"keys": [key.as_dict(private=False) for key in self.keys]}).encode()
        return Response(said if self.body is None else self.body, self.status, media_type="application/json")


def part(value: Any) -> str:
    """A part of a token, as it is written."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@asynccontextmanager
async def issuing() -> AsyncGenerator[Issuer]:
    """A provider that answers."""
    issuer = Issuer()
    routes = [
        Route("/.well-known/openid-configuration", issuer.configuration),
        Route("/keys", issuer.jwks),
        Route("/authorize", issuer.authorize),
        Route("/token", issuer.exchange, methods=["POST"]),
        Route("/teach", issuer.teach, methods=["POST"]),
    ]
    async with answering(uvicorn.Config(Starlette(routes=routes), port=0, log_config=None)) as port:
        issuer.url = f"http://127.0.0.1:{port}"
        yield issuer
