"""What the service's process holds while it is used: memory, open files, connections."""

from __future__ import annotations

import re
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import httpx2
import psutil

from bench.processes import HOST

MEGABYTE = 1024 * 1024  # bytes
PARTS = 10  # of the time
FLAT = 0.10
_METRIC = re.compile(r"^(buying_groups_\w+)(?:\{(.*)\})? ([0-9.e+-]+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Look:
    """One look: megabytes resident of the service and of the database, and the service's open files."""

    service: float
    database: float
    files: int


@dataclass(frozen=True, slots=True)
class Held:
    """What is held once nobody asks for anything: clients' connections, in whatever state, open sockets, connections to the
    database that are in use, and open files."""

    clients: int
    sockets: int
    used: int
    files: int

    @property
    def nothing(self) -> bool:
        return self.clients == self.sockets == self.used == 0


def look(service: int, database: int) -> Look:
    """Looks at both processes."""
    own = psutil.Process(service)
    resident = psutil.Process(database).memory_info().rss
    return Look(own.memory_info().rss / MEGABYTE, resident / MEGABYTE, own.num_fds())


async def held(service: int, port: int) -> Held:
    """What the process holds, by its own metrics and by what the system tells of it."""
    async with httpx2.AsyncClient(timeout=30) as http:
        told = _metrics((await http.get(f"http://{HOST}:{port}/metrics")).text)
    own = psutil.Process(service)
    open_ = [one for one in own.net_connections("tcp") if one.laddr and one.laddr.port == port and one.status != "LISTEN"]
    used = told[("buying_groups_pool_connections", 'state="used"')]
    # The connection that asked for the metrics is closing, and may be there still.
    return Held(len(open_), int(told[("buying_groups_sockets", "")]), int(used), own.num_fds())


def _metrics(text: str) -> Mapping[tuple[str, str], float]:
    return {(name, labels): float(value) for name, labels, value in _METRIC.findall(text)}


def parts(values: Sequence[float]) -> list[float]:
    """The median of each tenth of the time."""
    size = len(values) / PARTS
    return [statistics.median(values[int(n * size) : max(int((n + 1) * size), int(n * size) + 1)]) for n in range(PARTS)]


def growth(medians: Sequence[float]) -> float:
    """How far the largest tenth lies above the smallest of those after the first, which is for warming up."""
    later = medians[1:]
    return max(later) / min(later) - 1
