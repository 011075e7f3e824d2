"""A server with a market on it; the market stays in its folder, and is loaded again only if it isn't there."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import platformdirs

from bench.errors import BenchError
from bench.market.load import described, make
from bench.market.shape import Shape
from graph.db import Db, connect
from graph.embedded import Options, Server, embedded
from graph.migrations import all_migrations, migrate
from graph.queries import query

HEAP, PAGE_CACHE = 2048, 2048  # megabytes
STATEMENT = 900.0  # seconds, for floors are one statement


@asynccontextmanager
async def standing(shape: Shape, folder: Path, say: Callable[[str], None]) -> AsyncGenerator[tuple[Db, Server]]:
    """A market of that shape. Raises BenchError, EmbeddedError."""
    stamp = folder / "market.txt"
    wanted, kept = described(shape), _kept(stamp)
    if kept not in (None, wanted):
        raise BenchError(f"{folder} holds another market, or one of another making: {kept}. Choose another folder, or delete it.")
    async with empty(folder) as (db, server):
        if kept:
            await _renew_schema(db)
        else:
            start = time.perf_counter()
            await make(db, shape, lambda part: say(f"Loading {part} ..."))
            _keep(stamp, wanted)
            say(f"Loaded {shape} in {time.perf_counter() - start:.0f} s.")
        yield db, server


@asynccontextmanager
async def empty(folder: Path) -> AsyncGenerator[tuple[Db, Server]]:
    """A server on a folder, migrated. Its statements may take long. Raises EmbeddedError."""
    cache = Path(platformdirs.user_cache_dir("buying-groups", appauthor=False))
    options = Options(
        folder, cache, bolt_port=0, browser_port=None, heap=HEAP, page_cache=PAGE_CACHE, statement_timeout=STATEMENT
    )
    async with embedded(options) as server, connect(replace(server.connection, statement_timeout=STATEMENT)) as db:
        await migrate(db)
        yield db, server


async def _renew_schema(db: Db) -> None:
    """Gives a kept market the indexes that the schema has gained meanwhile."""
    for step in all_migrations():
        for statement in step.statements:
            if statement.mode == "schema":
                await db.alone(statement)
    await db.alone(query("migrations/await_indexes"))


def _kept(stamp: Path) -> str | None:
    return stamp.read_text("utf-8") if stamp.exists() else None


def _keep(stamp: Path, market: str) -> None:
    stamp.write_text(market, "utf-8")
