"""Measures the queries: every way the same requests, one connection at a time and sixteen, in turns."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.client import Load
from bench.errors import BenchError
from bench.processes import Client, Cpu, Way
from bench.reads import statements
from bench.reads.queries import Asked, Chosen
from graph.db import Db

CONNECTIONS = (1, 16)
WARM_UP = 2  # times as long as a turn
STEP = 37  # requests by which a round's first one lies behind the last round's


@dataclass(frozen=True, slots=True)
class Run:
    """What one turn came to, with the seconds of CPU that an answer took: of the server, and of Neo4j."""

    load: Load
    server: float
    neo4j: float


@dataclass(slots=True)
class Measuring:
    """What is measured, with what, and what each query, way and number of connections came to so far, round by round."""

    db: Db
    client: Client
    neo4j: Cpu
    chosen: Chosen
    ways: Sequence[Way]
    queries: Sequence[Asked]
    seconds: float
    runs: dict[tuple[str, str, int], list[Run]] = field(default_factory=dict[tuple[str, str, int], list[Run]])

    async def warm_up(self) -> None:
        """Tells the load generator what to ask, and asks everything for a while. Raises BenchError."""
        for one in self.queries:
            for way in one.ways(self.ways):
                await self.client.know(
                    f"{one.name} {way.name}", way, one.path(way.name), one.bodies(way.name), one.expect(way.name)
                )
                await self._turn(one, way, max(CONNECTIONS), WARM_UP * self.seconds, 0)

    async def round(self, number: int) -> None:
        """All queries, all ways, in turns; another way begins in each round. Raises BenchError."""
        for one, connections in itertools.product(self.queries, CONNECTIONS):
            ways = one.ways(self.ways)
            for place in range(len(ways)):
                way = ways[(number + place) % len(ways)]
                run = await self._turn(one, way, connections, self.seconds, number)
                self.runs.setdefault((one.name, way.name, connections), []).append(run)

    async def _turn(self, one: Asked, way: Way, connections: int, seconds: float, number: int) -> Run:
        """One query, one way, for some seconds. A write is asked for once, and taken back at the end."""
        requests, first = (len(one.variables), 0) if one.writes else (None, STEP * number)
        server = Cpu(way.pid)
        before = server.seconds(), self.neo4j.seconds()
        load = await self.client.load(f"{one.name} {way.name}", connections, seconds, requests, first)
        after = server.seconds(), self.neo4j.seconds()
        if one.writes:
            await statements.undo(self.db, self.chosen.outsiders[: load.answers + load.errors])
        if load.errors or not load.answers:
            asked = load.answers + load.errors
            raise BenchError(f"{one.name}, {way.name}: {load.errors} of {asked} answers are wrong: {load.wrong}")
        return Run(load, (after[0] - before[0]) / load.answers, (after[1] - before[1]) / load.answers)
