"""A client of subscriptions over a socket, as graphql-transport-ws has it."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

WS = Subprotocol("graphql-transport-ws")


@asynccontextmanager
async def subscribed(url: str, query: str, _credential: str | None = None, **variables: Any) -> AsyncGenerator[ClientConnection]:
    """A connection to `ws://.../graphql` with one subscription."""
    async with connect(url, subprotocols=[WS]) as socket:
        shown = {} if _credential is None else {"payload": {"authorization": f"Bearer {_credential}"}}
        await socket.send(json.dumps({"type": "connection_init", **shown}))
        assert json.loads(await socket.recv())["type"] == "connection_ack"
        payload = {"query": query, "variables": variables}
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
        yield socket


async def messages(socket: ClientConnection) -> AsyncGenerator[dict[str, Any]]:
    """What the subscription brings, until the server completes it."""
    async for text in socket:
        message = json.loads(text)
        if message["type"] == "complete":
            return
        assert message["type"] == "next", message
        yield message["payload"]
