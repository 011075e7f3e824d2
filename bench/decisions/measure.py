"""Measures the loads: every way the same decisions, from sixteen connections, in turns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bench.client import Load as Answered
from bench.decisions.loads import Load, path
from bench.errors import BenchError
from bench.processes import Client, Way
from bench.reads.statements import undo
from graph.db import Db

CONNECTIONS = 16
Key = tuple[str, str, bool]


@dataclass(slots=True)
class Measuring:
    """What is measured, with what, and what each load and way came to so far, alone and (True) beside jobs, round by round."""

    db: Db
    client: Client
    ways: Sequence[Way]
    loads: Sequence[Load]
    seconds: float
    runs: dict[Key, list[Answered]] = field(default_factory=dict[Key, list[Answered]])

    async def warm_up(self) -> None:
        """Tells the load generator what to ask, and asks everything for a while. Raises BenchError."""
        for load in self.loads:
            for way in self.ways:
                name = way.name
                await self.client.know(f"{load.name} {name}", way, path(name), load.bodies(name), load.expect(name))
                await self._turn(load, way)

    async def round(self, number: int, *, busy: Callable[[], None] | None = None) -> None:
        """All loads, all ways, in turns; another way begins in each round. `busy` raises BenchError unless jobs run beside it."""
        for load in self.loads:
            for place in range(len(self.ways)):
                way = self.ways[(number + place) % len(self.ways)]
                answered = await self._turn(load, way)
                if busy:
                    busy()
                self.runs.setdefault((load.name, way.name, busy is not None), []).append(answered)

    async def _turn(self, load: Load, way: Way) -> Answered:
        """One load, one way, for some seconds; then it is taken back."""
        answered = await self.client.load(f"{load.name} {way.name}", CONNECTIONS, self.seconds)
        await undo(self.db, load.pairs[: answered.answers + answered.errors])
        if answered.errors or not answered.answers:
            asked = answered.answers + answered.errors
            raise BenchError(f"{load.name}, {way.name}: {answered.errors} of {asked} answers are wrong: {answered.wrong}")
        return answered
