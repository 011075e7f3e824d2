"""Clients as partners write them: each change has an idempotency key, and is asked for again, at either instance, until it is
acknowledged."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2

from bench.errors import BenchError
from bench.faults.world import World, statement

ACCEPT = "application/graphql-response+json"
AGAIN = 0.2  # seconds before a change is asked for again
HANG = 30.0  # seconds after which a client gives up waiting, which is three times too late
MAKE = """mutation ($name: String!, $key: String!) {
  createAccountAudience(input: { name: $name, filter: { depth: { gte: 0 } } }, idempotencyKey: $key) {
    userErrors { message } accountAudience { id } } }"""
ASSIGN = """mutation ($group: ID!, $person: ID!, $role: ID!, $key: String!) {
  assignMembers(input: { buyingGroupId: $group, members: [{ personId: $person, roleId: $role }] }, idempotencyKey: $key) {
    userErrors { message } results { outcome } } }"""


@dataclass(slots=True)
class Tally:
    """What clients came to while one fault was tried."""

    asked: int = 0  # requests
    acknowledged: int = 0  # changes
    refused: int = 0  # requests that were answered, in time, with: not now
    broken: int = 0  # requests whose connection broke
    longest: float = 0.0  # seconds that a client waited for an answer, or for the end of its connection
    lifted: float | None = None  # when the fault was over
    since: dict[int, float] = field(
        default_factory=dict[int, float]
    )  # when each client's first change after that was acknowledged

    @property
    def recovered(self) -> float:
        """Seconds from the fault's end until every client had a change acknowledged that it asked for after it."""
        return max(self.since.values()) - (self.lifted or 0.0)


class Client:
    """One client. It makes audiences, and moves its person between two roles, one change after the other."""

    def __init__(self, world: World, number: int) -> None:
        self._world, self._number = world, number
        self.audiences = self.decisions = 0
        self.stopped = False

    async def run(self, tally: Tally) -> None:
        """Changes until it is stopped; then what is under way is still seen through."""
        market, n = self._world.market, self._number
        async with httpx2.AsyncClient(timeout=HANG, headers={"accept": ACCEPT}) as http:
            while not self.stopped:
                began = time.monotonic()
                if self.audiences <= self.decisions:
                    name = f"fault {n} {self.audiences}"
                    await self._until_done(http, tally, MAKE, {"name": name, "key": name})
                    self.audiences += 1
                else:
                    role = market["roles"][self.decisions % 2]
                    given = {"group": market["groups"][n], "person": market["people"][n], "role": role}
                    await self._until_done(http, tally, ASSIGN, {**given, "key": f"decision {n} {self.decisions}"})
                    self.decisions += 1
                tally.acknowledged += 1
                if tally.lifted is not None and began >= tally.lifted and n not in tally.since:
                    tally.since[n] = time.monotonic()

    async def _until_done(self, http: httpx2.AsyncClient, tally: Tally, query: str, variables: Mapping[str, Any]) -> None:
        for turn in range(self._number, self._number + 10_000):
            instance = self._world.instances[turn % 2]
            tally.asked += 1
            began = time.monotonic()
            try:
                answer = await http.post(f"{instance.url}/graphql", json={"query": query, "variables": dict(variables)})
            except httpx2.TransportError:
                tally.broken += 1
                answer = None
            tally.longest = max(tally.longest, time.monotonic() - began)
            if answer is not None:
                if _is_done(answer):
                    return
                tally.refused += 1
            await asyncio.sleep(AGAIN)
        raise BenchError("a change was never acknowledged")


def _is_done(answer: httpx2.Response) -> bool:
    """Whether a change is acknowledged; else the same request may succeed later. Raises BenchError for any other answer."""
    told = answer.json()
    codes = {error["extensions"]["code"] for error in told.get("errors", ())}
    if codes and codes <= {"UNAVAILABLE", "TOO_EXPENSIVE"}:
        return False
    if codes or answer.status_code != 200 or next(iter(told["data"].values()))["userErrors"]:
        raise BenchError(f"a client got {answer.status_code}: {answer.text[:300]}")
    return True


async def found(world: World, clients: list[Client]) -> tuple[int, int]:
    """How many acknowledged changes are not in the graph, and how many are there once too often."""
    row = (await world.db.read(statement("counts")))[0]
    made, decided = dict(row["audiences"]), dict(row["decisions"])
    lost = doubled = 0
    for n, client in enumerate(clients):
        for number in range(client.audiences):
            times = made.pop(f"fault {n} {number}", 0)
            lost, doubled = lost + (times == 0), doubled + max(0, times - 1)
        roles = decided.get(f"client{n}", [])
        wanted = [("Champion", "Influencer")[number % 2] for number in range(client.decisions)]
        lost, doubled = lost + max(0, len(wanted) - len(roles)), doubled + max(0, len(roles) - len(wanted))
        lost += sum(one != other for one, other in zip(wanted, roles, strict=False))
    return lost, doubled + len(made)
