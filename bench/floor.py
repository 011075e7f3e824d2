"""The floor: a bare ASGI application that answers by one handwritten statement through the raw driver, and JSON by orjson.

`python -m bench.floor FOLDER PORT` serves each FOLDER/NAME.WAY.cypher at /NAME.WAY: its parameters in, its records out.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import neo4j
import orjson
import uvicorn

from graph.queries import Query, parse

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
EVENT = "event"  # a parameter that gets a new id for each request, the same when the transaction is repeated
HEADERS = [(b"content-type", b"application/json")]


class Floor:
    """The application. Reads run as auto-commit transactions, which cost the driver least; writes are retried."""

    def __init__(self, folder: Path) -> None:
        files = {file.name.removesuffix(".cypher"): file for file in folder.glob("*.*.cypher")}
        self._statements: Mapping[str, Query] = {f"/{name}": parse(name, file.read_text("utf-8")) for name, file in files.items()}

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        body = b""
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        answer = orjson.dumps(await self._answer(self._statements[scope["path"]], orjson.loads(body)))
        length = (b"content-length", str(len(answer)).encode())
        await send({"type": "http.response.start", "status": 200, "headers": [*HEADERS, length]})
        await send({"type": "http.response.body", "body": answer})

    async def _answer(self, query: Query, params: Mapping[str, Any]) -> list[dict[str, Any]]:
        if query.mode == "write":
            if EVENT in query.params:
                params = {**params, EVENT: str(uuid4())}
            async with self._driver.session() as session:
                return await session.execute_write(lambda tx: _rows(tx, query, params))
        async with self._driver.session(default_access_mode=neo4j.READ_ACCESS, fetch_size=-1) as session:
            return await _rows(session, query, params)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        auth = os.environ["NEO4J_USERNAME"], os.environ["NEO4J_PASSWORD"]
        async with neo4j.AsyncGraphDatabase.driver(
            os.environ["NEO4J_URI"], auth=auth, notifications_min_severity="OFF"
        ) as driver:
            self._driver = driver
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})


async def _rows(runner: neo4j.AsyncSession | neo4j.AsyncManagedTransaction, query: Query, params: Mapping[str, Any]) -> list[Any]:
    result = await runner.run(query.text, dict(params))
    return [dict(record) async for record in result]


def main() -> None:
    """Serves until it is told to stop."""
    folder, port = sys.argv[1:]
    uvicorn.run(Floor(Path(folder)), host="127.0.0.1", port=int(port), log_config=None, access_log=False, lifespan="on")


if __name__ == "__main__":
    main()
