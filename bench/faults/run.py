"""Tries each fault under load, and looks afterwards for what was lost or done twice."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
from rich.console import Console
from rich.table import Table

from bench.errors import BenchError
from bench.faults.clients import Client, Tally, found
from bench.faults.faults import FAULTS, Fault
from bench.faults.world import World, is_ready, version, world
from graph import doctor

CLIENTS = 8
BEFORE = 3.0  # seconds of undisturbed work
MENDED_WITHIN = 240.0  # seconds
MOST = 10.0  # seconds that a client may wait
MAINTAIN = (
    "mutation ($key: String!) { maintainBuyingGroups(input: {}, idempotencyKey: $key) { job { id } userErrors { message } } }"
)
_UNDER_WAY = ("QUEUED", "RUNNING")
STATE = "query ($id: ID!) { job(id: $id) { status error } }"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one fault; `skipped` tells why it could not be tried. Seconds."""

    name: str
    asked: int = 0
    acknowledged: int = 0
    refused: int = 0
    lost: int = 0
    doubled: int = 0
    longest: float = 0.0
    recovered: float = 0.0
    turned_red: bool = False
    skipped: str | None = None

    @property
    def held(self) -> bool:
        return self.skipped is not None or (self.lost == self.doubled == 0 and self.longest <= MOST)


async def run(console: Console, only: str | None) -> list[Outcome]:
    """All faults, or those whose name has a text in it. Raises BenchError."""
    outcomes: list[Outcome] = []
    async with world(CLIENTS) as made:
        console.print(f"Neo4j {await version(made.db)}, two instances, {CLIENTS} clients.")
        clients = [Client(made, number) for number in range(CLIENTS)]
        for fault in FAULTS:
            if only is None or only in fault.name:
                try:
                    outcomes.append(await _tried(made, fault, clients))
                except ExceptionGroup as several:
                    raise several.exceptions[0] from several
                console.print(_row(outcomes[-1]))
        broken = [f"{one.check}: {one.shown}" async for one in doctor.examine(made.db) if one.broken]
        if broken:
            raise BenchError("the doctor finds what the faults left behind: " + "; ".join(broken))
    return outcomes


async def _tried(made: World, fault: Fault, clients: list[Client]) -> Outcome:
    if why := fault.needs(made):
        return Outcome(fault.name, skipped=why)
    tally, reds = Tally(), [False]
    async with _watched(made, reds), asyncio.TaskGroup() as group:
        for client in clients:
            client.stopped = False
            group.create_task(client.run(tally))
        await asyncio.sleep(BEFORE)
        job = await _maintenance(made, f"{fault.name} {time.time()}")
        await fault.happens(made)
        tally.lifted = time.monotonic()
        async with asyncio.timeout(MENDED_WITHIN):
            while len(tally.since) < len(clients):  # noqa: ASYNC110 - what clients come to is all that tells
                await asyncio.sleep(0.1)
            await made.ready()
            await _done(made, job)
        for client in clients:
            client.stopped = True
    if fault.red and not reds[0]:
        raise BenchError(f"{fault.name}: no instance said that it wasn't ready")
    lost, doubled = await found(made, clients)
    told = tally.asked, tally.acknowledged, tally.refused, lost, doubled, tally.longest, tally.recovered, reds[0]
    return Outcome(fault.name, *told)


@asynccontextmanager
async def _watched(made: World, reds: list[bool]) -> AsyncGenerator[None]:
    """Notes whether an instance says meanwhile that it isn't ready."""

    async def watch() -> None:
        async with httpx2.AsyncClient(timeout=15) as client:
            while True:
                for one in made.instances:
                    reds[0] = reds[0] or not await is_ready(client, one)
                await asyncio.sleep(0.2)

    task = asyncio.create_task(watch())
    try:
        yield
    finally:
        task.cancel()


async def _maintenance(made: World, key: str) -> str:
    """Queues a job that has to come to its end whatever happens, and returns its id."""
    payload = (await _data(made, MAINTAIN, {"key": key}))["maintainBuyingGroups"]
    return payload["job"]["id"]


async def _done(made: World, job: str) -> None:
    """Returns once the job has ended well. Raises BenchError if it hasn't."""
    while (state := (await _data(made, STATE, {"id": job}))["job"])["status"] in _UNDER_WAY:  # noqa: ASYNC110 - as partners do
        await asyncio.sleep(0.5)
    if state["status"] != "SUCCEEDED":
        raise BenchError(f"the job ended as {state['status']}: {state['error']}")


async def _data(made: World, query: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    async with httpx2.AsyncClient(timeout=15) as client:
        while True:
            answer = (await client.post(f"{made.instances[0].url}/graphql", json={"query": query, "variables": variables})).json()
            if "errors" not in answer:
                return answer["data"]
            await asyncio.sleep(0.5)


def _row(one: Outcome) -> str:
    if one.skipped:
        return f"{one.name}: not tried, for {one.skipped}"
    return (
        f"{one.name}: {one.acknowledged} of {one.asked} acknowledged, {one.refused} answered: not now, {one.lost} lost, "
        f"{one.doubled} doubled, longest wait {one.longest:.1f} s, recovered after {one.recovered:.1f} s"
    )


def show(console: Console, outcomes: list[Outcome]) -> None:
    """The table."""
    table = Table(box=None, padding=(0, 1, 0, 0))
    for heading in ("", "requests", "acknowledged", "not now", "lost", "doubled", "longest wait", "time to recover"):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    for one in outcomes:
        if one.skipped:
            table.add_row(one.name, f"not tried: {one.skipped}")
            continue
        counts = (one.asked, one.acknowledged, one.refused, one.lost, one.doubled)
        table.add_row(one.name, *(f"{count:,}" for count in counts), f"{one.longest:.1f} s", f"{one.recovered:.1f} s")
    console.print(table)
