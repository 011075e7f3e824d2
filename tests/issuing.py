"""A provider of tokens on loopback: its configuration, its keys, and tokens signed with them."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from joserfc import jwt
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
from make import answering
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api.provider import Provider

AUDIENCE = "buying-groups"
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
        return JSONResponse({"issuer": self.url, "jwks_uri": f"{self.url}/keys"})

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
    routes = [Route("/.well-known/openid-configuration", issuer.configuration), Route("/keys", issuer.jwks)]
    async with answering(uvicorn.Config(Starlette(routes=routes), port=0, log_config=None)) as port:
        issuer.url = f"http://127.0.0.1:{port}"
        yield issuer
