"""`python -m bench [NAME ...]` runs all benchmarks, or those that are named, each on an embedded server of its own."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

import platformdirs
from rich.console import Console

from bench import limits, reads
from graph.db import Connection, Db, connect
from graph.embedded import Options, embedded
from graph.migrations import migrate

Bench = Callable[[Db, Connection, Console], Awaitable[None]]
BENCHES: Mapping[str, Bench] = {"limits": limits.run, "reads": reads.run}


async def _run(bench: Bench, console: Console) -> None:
    cache = Path(platformdirs.user_cache_dir("buying-groups", appauthor=False))
    with tempfile.TemporaryDirectory(prefix="buying-groups-bench-", ignore_cleanup_errors=True) as folder:
        options = Options(Path(folder), cache, bolt_port=0, browser_port=None, heap=2048, page_cache=512)
        async with embedded(options) as server, connect(server.connection) as db:
            await migrate(db)
            await bench(db, server.connection, console)


def main() -> None:
    """Runs the benchmarks named on the command line."""
    names = sys.argv[1:] or list(BENCHES)
    if unknown := sorted(set(names) - set(BENCHES)):
        sys.exit(f"There is no benchmark {', '.join(unknown)}; there are {', '.join(BENCHES)}.")
    for name in names:
        asyncio.run(_run(BENCHES[name], Console()))


if __name__ == "__main__":
    main()
