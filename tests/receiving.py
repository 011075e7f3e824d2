"""A receiver of webhooks on a port of loopback, and what delivers to it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any

import uvicorn
from make import BY, answering
from standardwebhooks import Webhook as Verifier
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.context import Hooks
from api.sending import Sender
from graph import webhooks
from graph.db import Db
from graph.outbox import Deliverer, Pace
from graph.targets import Targets
from graph.vault import Vault
from graph.webhooks import NewSecret, WebhookSpec

VAULT = Vault(b"a key of the tests that is long enough")
LOOPBACK = Targets((ip_network("127.0.0.0/8"), ip_network("::1/128")))
PACE = Pace(first=0.02, longest=0.1, probe=0.1, beat=0.2, lease=15.0, poll=0.02)
HOOKS = Hooks(LOOPBACK, VAULT, PACE)


@dataclass(frozen=True, slots=True)
class Got:
    """A request as it came."""

    body: bytes
    headers: Mapping[str, str]

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def event(self) -> dict[str, Any]:
        return json.loads(self.body)

    @property
    def group(self) -> str:
        return self.event["data"]["buyingGroupId"]


async def takes(_: Got) -> int:
    """Takes everything."""
    return 200


@dataclass(slots=True)
class Receiver:
    """Keeps what it got and what it took: `answer` says with which status, or a whole response, each is answered."""

    port: int = 0
    answer: Callable[[Got], Awaitable[int | Response]] = takes
    got: list[Got] = field(default_factory=list[Got])
    took: list[Got] = field(default_factory=list[Got])
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    async def take(self, request: Request) -> Response:
        one = Got(await request.body(), dict(request.headers))
        await self._note(self.got, one)
        answer = await self.answer(one)
        response = answer if isinstance(answer, Response) else Response(status_code=answer)
        if 200 <= response.status_code < 300:
            await self._note(self.took, one)
        return response

    async def _note(self, where: list[Got], one: Got) -> None:
        async with self.changed:
            where.append(one)
            self.changed.notify_all()

    async def until(self, holds: Callable[[Receiver], bool]) -> None:
        """Returns as soon as this holds."""
        async with asyncio.timeout(60), self.changed:
            await self.changed.wait_for(lambda: holds(self))

    def verified(self, secret: str) -> list[Got]:
        """What was got, every signature checked as receivers do."""
        for one in self.got:
            Verifier(secret).verify(one.body, dict(one.headers))
        return self.got


@asynccontextmanager
async def receiving() -> AsyncGenerator[Receiver]:
    """A receiver that takes everything unless told otherwise."""
    receiver = Receiver()
    app = Starlette(routes=[Route("/hook", receiver.take, methods=["POST"])])
    async with answering(uvicorn.Config(app, port=0, log_config=None, timeout_graceful_shutdown=1)) as port:
        receiver.port = port
        yield receiver


@asynccontextmanager
async def delivering(db: Db, pace: Pace = PACE, *, seconds: float = 15.0, vault: Vault = VAULT) -> AsyncGenerator[None]:
    """An instance that delivers to loopback."""
    async with Sender(vault, LOOPBACK, seconds=seconds) as send, Deliverer(db, send, pace):
        yield


async def hooked(db: Db, receiver: Receiver, **more: Any) -> NewSecret:
    """A webhook for the receiver."""
    return await webhooks.create(db, WebhookSpec("receiver", receiver.url, **more), LOOPBACK, VAULT, by=BY)


def first_seen(got: list[Got]) -> list[str]:
    """The ids in the order in which they came first."""
    return list(dict.fromkeys(one.id for one in got))


def per_group(got: list[Got]) -> dict[str, list[str]]:
    """For each group its events' ids in the order in which they came. What came again at once stands there once."""
    found: dict[str, list[str]] = {}
    for one in got:
        seen = found.setdefault(one.group, [])
        if seen[-1:] != [one.event["data"]["id"]]:
            seen.append(one.event["data"]["id"])
    return found
