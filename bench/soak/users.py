"""Those who use the service all at once: each goes on until it is stopped, and pauses between what it does."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import random
import statistics
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from bench.errors import BenchError
from bench.market import words
from bench.processes import HOST

ANSWERS = "application/graphql-response+json"
WAIT = 60.0  # seconds for an answer
GIVES_UP = 0.004  # seconds after which an impatient reader is gone
IMPATIENT = 20  # of so many requests a reader gives up one
KEPT = 50  # requests on a connection before it is made anew
ROWS = 500  # people in an import
DONE_WITHIN = 900.0  # seconds for a job
WS = Subprotocol("graphql-transport-ws")
EVENTS = "subscription { buyingGroupEvents { id type } }"
MAINTAIN = "mutation { maintainBuyingGroups(input: {}) { job { id } userErrors { message } } }"
STATE = "query ($id: ID!) { job(id: $id) { status error } }"
EXPORT = "{ buyingGroups { edges { node { id name completeness } } } }"


class _NotNow(Exception):
    """What is asked for may succeed later."""


@dataclass(slots=True)
class Tally:
    """How often each thing was done, and how many seconds it took."""

    times: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    heard: int = 0  # events
    given_up: int = 0  # requests whose client went before the answer
    refused: int = 0  # requests that were answered, in time, with: not now

    @asynccontextmanager
    async def timed(self, name: str) -> AsyncGenerator[None]:
        """Counts what is done inside, if it is done: the service may say that it can't now."""
        began = time.perf_counter()
        try:
            yield
        except _NotNow:
            self.refused += 1
        else:
            self.times.setdefault(name, []).append(time.perf_counter() - began)

    def figures(self) -> Iterator[tuple[str, int, float, float]]:
        """By name how often, and p50 and p99 in seconds."""
        for name, times in sorted(self.times.items()):
            some = [*times, times[0]]  # quantiles want two
            yield name, len(times), statistics.median(times), statistics.quantiles(some, n=100, method="inclusive")[98]


@dataclass(frozen=True, slots=True)
class Users:
    """All of them. `reads` and `decisions` are requests' bodies; `people` the external ids and last names of those who are
    imported again and again, with other titles."""

    port: int
    reads: Sequence[str]
    decisions: Sequence[str]
    people: Sequence[tuple[str, str]]
    tally: Tally

    def all(self) -> list[Callable[[asyncio.Event], Awaitable[None]]]:
        """Each wants to know when it is to stop."""
        readers = [lambda stop, n=n: self._reader(stop, n) for n in range(3)]
        listeners = [lambda stop, n=n: self._listener(stop, n) for n in range(6)]
        return [*readers, *listeners, self._streaming, self._decider, self._importer, self._keeper, self._exporter]

    async def _reader(self, stop: asyncio.Event, number: int) -> None:
        """Queries of all kinds; now and then it is gone before the answer, and comes back on another connection."""
        chance = random.Random(number)  # noqa: S311
        while not stop.is_set():
            async with self._http() as http:
                for turn in range(KEPT):
                    body = chance.choice(self.reads)
                    if turn % IMPATIENT == IMPATIENT - 1:
                        await self._given_up(http, body)
                    else:
                        async with self.tally.timed("query"):
                            await _asked(http, body)
                    if await _paused(stop, 0.25):
                        return

    async def _given_up(self, http: httpx2.AsyncClient, body: str) -> None:
        try:
            async with asyncio.timeout(GIVES_UP):
                await _asked(http, body)
        except TimeoutError:
            self.tally.given_up += 1
        except _NotNow:
            self.tally.refused += 1

    async def _decider(self, stop: asyncio.Event) -> None:
        """One assignment after the other."""
        async with self._http() as http:
            for body in itertools.cycle(self.decisions):
                async with self.tally.timed("decision"):
                    await _asked(http, body)
                if await _paused(stop, 0.2):
                    return

    async def _importer(self, stop: asyncio.Event) -> None:
        """People whose titles have changed, as files."""
        titles = [title for _, title, _ in words.TITLES]
        async with self._http() as http:
            for turn in itertools.count():
                start = turn * ROWS % len(self.people)
                rows = [
                    {"externalId": key, "lastName": name, "jobTitle": titles[(turn + place) % len(titles)]}
                    for place, (key, name) in enumerate(self.people[start : start + ROWS])
                ]
                async with self.tally.timed(f"import of {ROWS} people"):
                    lines = "\n".join(json.dumps(row) for row in rows)
                    head = {"content-type": "application/jsonl"}
                    told = _checked(await http.post("/import?kind=people", content=lines, headers=head), 202)
                    state = await _until(http, f"/import/{told['job']}")
                    if state["progress"]["rowsRejected"]:
                        raise BenchError(f"an import left rows out: {state}")
                if await _paused(stop, 15):
                    return

    async def _keeper(self, stop: asyncio.Event) -> None:
        """Has groups follow what changed."""
        async with self._http() as http:
            while not await _paused(stop, 20):
                async with self.tally.timed("maintenance"):
                    made = (await _asked(http, json.dumps({"query": MAINTAIN})))["maintainBuyingGroups"]
                    body = json.dumps({"query": STATE, "variables": {"id": made["job"]["id"]}})
                    await _ended(lambda body=body: _state(http, body))

    async def _exporter(self, stop: asyncio.Event) -> None:
        """Takes all groups out."""
        async with self._http() as http:
            while not await _paused(stop, 30):
                async with self.tally.timed("export of all groups"):
                    told = _checked(await http.post("/export", json={"query": EXPORT}), 202)
                    await _until(http, f"/export/{told['job']}")
                    file = await http.get(f"/export/{told['job']}.jsonl")
                    if file.status_code != 200 or not file.content:
                        raise BenchError(f"an export gave {file.status_code}: {file.text[:200]}")

    async def _listener(self, stop: asyncio.Event, number: int) -> None:
        """Hears events on a socket for a while, and leaves; half of them without a word."""
        chance = random.Random(100 + number)  # noqa: S311
        while not stop.is_set():
            socket = await connect(f"ws://{HOST}:{self.port}/graphql", subprotocols=[WS], max_size=None)
            await socket.send('{"type": "connection_init"}')
            await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": EVENTS}}))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(chance.uniform(5, 40)):
                    async for text in socket:
                        self._hear(json.loads(text))
            if number % 2:
                socket.transport.abort()
            await socket.close()
            self.tally.times.setdefault("socket", []).append(0.0)

    def _hear(self, message: Mapping[str, Any]) -> None:
        if message["type"] == "next" and "errors" not in message["payload"]:
            self.tally.heard += 1
        elif message["type"] not in ("connection_ack", "ping"):
            raise BenchError(f"a socket heard {message}")

    async def _streaming(self, stop: asyncio.Event) -> None:
        """Hears events as server-sent ones, and leaves in the middle."""
        while not await _paused(stop, 1):
            async with self._http() as http:
                head = {"accept": "text/event-stream"}
                async with http.stream("POST", "/graphql", json={"query": EVENTS}, headers=head) as answer:
                    if answer.status_code != 200:
                        raise BenchError(f"a stream began with {answer.status_code}")
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(10):
                            async for _ in answer.aiter_lines():
                                pass
            self.tally.times.setdefault("stream", []).append(0.0)

    def _http(self) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(base_url=f"http://{HOST}:{self.port}", timeout=WAIT, headers={"accept": ANSWERS})


async def _paused(stop: asyncio.Event, seconds: float) -> bool:
    """Waits for so long; whether it is to stop meanwhile."""
    try:
        async with asyncio.timeout(seconds):
            return await stop.wait()
    except TimeoutError:
        return False


async def _asked(http: httpx2.AsyncClient, body: str) -> dict[str, Any]:
    answer = await http.post("/graphql", content=body, headers={"content-type": "application/json"})
    told = _checked(answer, 200)
    data: dict[str, Any] = told.get("data") or {}
    if "errors" in told or any(isinstance(one, dict) and one.get("userErrors") for one in data.values()):
        raise BenchError(f"a query was answered: {answer.text[:300]}")
    return data


def _checked(answer: httpx2.Response, status: int) -> dict[str, Any]:
    codes = [error.get("extensions", {}).get("code") for error in answer.json().get("errors", ())]
    if codes and set(codes) <= {"UNAVAILABLE", "TOO_EXPENSIVE"}:
        raise _NotNow
    if answer.status_code != status:
        raise BenchError(f"a request was answered {answer.status_code}: {answer.text[:300]}")
    return answer.json()


async def _until(http: httpx2.AsyncClient, path: str) -> Mapping[str, Any]:
    return await _ended(lambda: _looked(http, path))


async def _looked(http: httpx2.AsyncClient, path: str) -> Mapping[str, Any]:
    return _checked(await http.get(path), 200)


async def _state(http: httpx2.AsyncClient, body: str) -> Mapping[str, Any]:
    return (await _asked(http, body))["job"]


async def _ended(look: Callable[[], Awaitable[Mapping[str, Any]]]) -> Mapping[str, Any]:
    """How a job stands once it has ended well. Raises BenchError otherwise."""
    async with asyncio.timeout(DONE_WITHIN):
        while (state := await look())["status"] in ("QUEUED", "RUNNING"):  # noqa: ASYNC110 - as partners do
            await asyncio.sleep(0.5)
    if state["status"] != "SUCCEEDED":
        raise BenchError(f"a job ended: {dict(state)}")
    return state
