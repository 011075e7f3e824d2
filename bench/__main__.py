"""`make bench`: every benchmark on one embedded server with a generated market; prints a table."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

import platformdirs
from rich.console import Console
from rich.table import Table

from bench.market import Shape, make
from bench.nested import measure
from graph.db import connect
from graph.embedded import Options, embedded
from graph.migrations import migrate

SHAPE = Shape(trees=5)


async def main() -> None:
    """Makes the market, measures, prints."""
    out = Console()
    cache = Path(platformdirs.user_cache_dir("buying-groups", appauthor=False))
    with tempfile.TemporaryDirectory(prefix="buying-groups-bench-") as folder:
        options = Options(Path(folder), cache, bolt_port=0, browser_port=None, heap=1024, page_cache=512)
        async with embedded(options) as server, connect(server.connection) as db:
            await migrate(db)
            began = time.perf_counter()
            await make(db, SHAPE)
            out.print(f"The market was made in {time.perf_counter() - began:.1f} s.")
            found = await measure(db, server.connection, "T0")
    table = Table("nested read", "median ms", "ratio", title=f"{found.objects:,} objects, {found.answer_bytes:,} bytes")
    table.add_row("API, HTTP included", f"{found.api:.1f}", f"{found.api / found.by_hand:.2f}")
    table.add_row("one handwritten Cypher, raw driver, orjson", f"{found.by_hand:.1f}", "1.00")
    out.print(table)
    out.print(f"{found.statements} statement for the API's answer.")


asyncio.run(main())
