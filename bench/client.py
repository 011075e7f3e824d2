"""The load generator, a process of its own: keep-alive connections that each send the next request once they have an answer.

It takes one JSON object a line and answers with one. First what to ask: {"name", "port", "path", "key", "bodies": [...],
"expect"}, where the key is an API key or null; then how: {"run": NAME, "connections", "seconds", "requests", "from"}. A run ends
after so many seconds, or requests if that comes first; requests go through the bodies in order, from number `from` on, and begin
anew at the end.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Any, cast

import httptools
import uvloop

HOST = "127.0.0.1"
TIMEOUT = 60.0  # seconds for an answer


@dataclass(frozen=True, slots=True)
class Load:
    """What one run came to: answers that were right, wrong ones, and how long the right ones took, in seconds."""

    answers: int
    errors: int
    seconds: float
    p50: float
    p95: float
    p99: float
    size: float  # bytes of an answer, on average
    wrong: str  # the beginning of one wrong answer

    @property
    def rate(self) -> float:
        return self.answers / self.seconds


@dataclass(frozen=True, slots=True)
class _Target:
    port: int
    requests: Sequence[bytes]
    expect: bytes

    @classmethod
    def of(cls, order: Mapping[str, Any]) -> _Target:
        key = f"Authorization: Bearer {order['key']}\r\n" if order["key"] else ""
        requests = [_request(order["port"], order["path"], key, body.encode()) for body in order["bodies"]]
        return cls(order["port"], requests, order["expect"].encode())


def _request(port: int, path: str, key: str, body: bytes) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: {HOST}:{port}\r\nContent-Type: application/json\r\nAccept: application/json\r\n"
    return f"{head}{key}Content-Length: {len(body)}\r\n\r\n".encode() + body


class _Connection(asyncio.Protocol):
    """One keep-alive connection, one request at a time."""

    def __init__(self) -> None:
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def ask(self, request: bytes) -> asyncio.Future[tuple[int, bytes]]:
        self._answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return self._answer

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        status, body = self._parser.get_status_code(), b"".join(self._body)
        self._body.clear()
        self._parser = httptools.HttpResponseParser(self)
        if self._answer and not self._answer.done():
            self._answer.set_result((status, body))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer and not self._answer.done():
            self._answer.set_exception(exc or ConnectionResetError("the server closed the connection"))


async def _load(target: _Target, order: Mapping[str, Any]) -> Load:
    count, first = order.get("requests"), order.get("from", 0)
    numbers = iter(range(first, first + count if count is not None else sys.maxsize))
    times: list[float] = []
    sizes: list[int] = []
    wrong: list[str] = []
    async with _connections(target.port, order["connections"]) as connections:
        start = time.perf_counter()
        end = start + order["seconds"]
        await asyncio.gather(*(_worker(one, target, numbers, end, times, sizes, wrong) for one in connections))
        seconds = time.perf_counter() - start
    p50, p95, p99 = _quantiles(times)
    return Load(len(times), len(wrong), seconds, p50, p95, p99, statistics.fmean(sizes or [0]), wrong[0] if wrong else "")


async def _worker(
    connection: _Connection,
    target: _Target,
    numbers: Iterator[int],
    end: float,
    times: list[float],
    sizes: list[int],
    wrong: list[str],
) -> None:
    requests, expect = target.requests, target.expect
    for number in numbers:
        start = time.perf_counter()
        if start > end:
            return
        async with asyncio.timeout(TIMEOUT):
            status, body = await connection.ask(requests[number % len(requests)])
        if status != 200 or b'"errors":' in body or expect not in body:
            wrong.append(f"{status} {body[:300]!r}")
        else:
            times.append(time.perf_counter() - start)
            sizes.append(len(body))


@asynccontextmanager
async def _connections(port: int, count: int) -> AsyncGenerator[list[_Connection]]:
    loop = asyncio.get_running_loop()
    made = [(await loop.create_connection(_Connection, HOST, port))[1] for _ in range(count)]
    try:
        yield made
    finally:
        for one in made:
            one.transport.close()


def _quantiles(times: Sequence[float]) -> tuple[float, float, float]:
    """p50, p95 and p99."""
    if len(times) < 2:
        only = times[0] if times else 0.0
        return only, only, only
    hundredths = statistics.quantiles(times, n=100)
    return statistics.median(times), hundredths[94], hundredths[98]


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    targets: dict[str, _Target] = {}
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        order = json.loads(line)
        if "name" in order:
            targets[order["name"]] = _Target.of(order)
            answer: Mapping[str, Any] = {}
        else:
            answer = asdict(await _load(targets[order["run"]], order))
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    uvloop.run(_serve())
