"""The export of all groups as CSV, over HTTP, beside one statement through the driver whose rows are written as they come."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
import math
import time
import urllib.request
from datetime import UTC, datetime

from bench import processes
from bench.client import HOST
from bench.errors import BenchError
from bench.jobs import statements
from bench.jobs.measure import Task
from bench.jobs.memory import peak
from bench.jobs.work import Took
from graph.db import Connection, Db

WITHIN = 900  # seconds


class Export:
    """The task, and the file that came out last: its lines, and a hash of it."""

    def __init__(self, db: Db, connection: Connection) -> None:
        self._db = db
        self._connection = connection
        self._found = (0, "")

    def task(self) -> Task:
        """The work."""

        async def before() -> None:
            self._found = (0, "")

        async def after() -> tuple[int, str]:
            return self._found

        return Task("export", "groups", {"ours": self._ours, "floor": self._floor}, before, after, lambda found: found[0])

    async def _ours(self) -> Took:
        async with processes.ours(self._connection) as way:
            began = time.perf_counter()
            text = await asyncio.to_thread(_fetched, way.port)
            seconds = time.perf_counter() - began
            self._found = _told(text)
            return Took(seconds, peak(way.pid))

    async def _floor(self) -> Took:
        began = time.perf_counter()
        rows = await self._db.read(statements.one("export.floor"))
        out = io.StringIO()
        writer = csv.writer(out)
        for row in rows:
            scores = [None if row[name] is None else math.floor(row[name] + 0.5) for name in ("completeness", "score")]
            names = [
                row[name] for name in ("name", "interest", "account", "account_key", "status", "stage", "template", "version")
            ]
            created = datetime.fromtimestamp(row["created"] / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            writer.writerow([*names, *scores, row["members"], ", ".join(row["missing"]), created])
        seconds = time.perf_counter() - began
        self._found = _told("header\r\n" + out.getvalue())
        return Took(seconds)


def _told(text: str) -> tuple[int, str]:
    """How many lines a file has without its header, and a hash of them."""
    _, _, lines = text.partition("\r\n")
    return lines.count("\r\n"), hashlib.sha256(lines.encode()).hexdigest()[:12]


def _fetched(port: int) -> str:
    url = f"http://{HOST}:{port}/export/buying-groups.csv"
    with urllib.request.urlopen(url, timeout=WITHIN) as answer:
        if answer.status != 200:
            raise BenchError(f"the export answers {answer.status}")
        return answer.read().decode("utf-8")
