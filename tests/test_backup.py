"""A server that dies is there again; a graph that was backed up, and lost, is there again."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import sys
from pathlib import Path
from typing import Any

import orjson
import psutil
import pytest
from make import rows, run

from graph import sample
from graph.backup import BackupError, Contents, backup, contents, restore
from graph.db import Db, connect
from graph.embedded import InUse, Options, embedded
from graph.errors import NewerGraph
from graph.migrations import all_migrations, migrate, pending

ROOT = Path(__file__).parent.parent
KILLED = """
import asyncio, os, sys
from pathlib import Path
import psutil
from make import rows
from graph.db import connect
from graph.embedded import Options, embedded

async def main():
    options = Options(Path(sys.argv[1]), Path(sys.argv[2]), bolt_port=0, browser_port=None, heap=512, page_cache=128)
    async with embedded(options) as server, connect(server.connection) as db:
        await rows(db, "MATCH (a:Account) SET a.website = 'https://written.example'")
        above = psutil.Process(server.pid)
        below = above.children(recursive=True)
        above.kill()
        for one in below:
            one.kill()
        psutil.wait_procs([above, *below])
        os._exit(0)

asyncio.run(main())
"""
"""A server that has written something, and is killed with all that would start it again."""


async def checksum(db: Db) -> str:
    """Of all that the nodes and relationships say, and of what they lie between."""
    nodes = await rows(db, "MATCH (n) RETURN labels(n) AS labels, properties(n) AS has")
    links = await rows(
        db, "MATCH (a)-[r]->(b) RETURN type(r) AS type, properties(r) AS has, properties(a) AS from, properties(b) AS to"
    )
    lines = sorted(orjson.dumps(row, default=str, option=orjson.OPT_SORT_KEYS) for row in [*nodes, *links])
    return hashlib.sha256(b"\n".join(lines)).hexdigest()


async def loaded(options: Options) -> tuple[Contents, str]:
    """Loads the sample market, by a server that dies and is started again meanwhile."""
    async with embedded(options) as server, connect(server.connection) as db:
        await migrate(db)
        await sample.load(db)
        before = await checksum(db)
        next(one for one in psutil.Process(server.pid).children(recursive=True) if "java" in one.name()).kill()
        async with asyncio.timeout(180):
            while server.starts == 1 or not await db.answers():  # noqa: ASYNC110 - nobody else tells
                await asyncio.sleep(0.1)
        assert await checksum(db) == before
        with pytest.raises(InUse):
            await backup(options, options.data_dir.parent / "while-it-runs.dump")
        return await contents(db), before


def files_of(folder: Path) -> list[tuple[Path, int]]:
    """The files that hold a graph, and when each was written."""
    return sorted((one, one.stat().st_mtime_ns) for one in (folder / "data").rglob("*"))


@pytest.mark.faults
async def test_what_was_backed_up_and_lost_is_there_again(tmp_path: Path, cache_dir: Path) -> None:
    options = Options(tmp_path / "data", cache_dir, bolt_port=0, browser_port=None, heap=512, page_cache=128)
    file = tmp_path / "market.dump"
    with pytest.raises(BackupError, match=r"the data folder .* holds no graph"):
        await backup(options, file)
    held, before = await loaded(options)
    assert held.nodes["Account"] > 0
    assert held.broken == ()
    assert await backup(options, file) == held
    with pytest.raises(BackupError, match="is there already"):
        await backup(options, file)
    with pytest.raises(BackupError, match="Say --replace to lose that"):
        await restore(options, file)
    (tmp_path / "cut.dump").write_bytes(file.read_bytes()[:20_000])
    there = files_of(options.data_dir)
    with pytest.raises(BackupError, match=r"database load failed: .* Unable to load database: \w+: Truncated source"):
        await restore(options, tmp_path / "cut.dump", replacing=True)
    assert files_of(options.data_dir) == there
    assert await restore(options, file, replacing=True) == held
    assert [one.name for one in options.data_dir.glob(".*")] == []

    shutil.rmtree(options.data_dir)
    assert await restore(options, file) == held
    async with embedded(options) as server, connect(server.connection) as db:
        assert await checksum(db) == before
        assert await pending(db) == []
        versions: list[Any] = await rows(db, "MATCH (m:_Migration) WHERE m.version > 0 RETURN count(*) AS n")
        assert versions == [{"n": len(all_migrations())}]

    await run(ROOT, sys.executable, "-c", KILLED, str(options.data_dir), str(cache_dir), PYTHONPATH=f"{ROOT}:{ROOT / 'tests'}")
    assert await backup(options, tmp_path / "killed.dump") == held


@pytest.mark.faults
async def test_what_is_no_backup_leaves_nothing(tmp_path: Path, cache_dir: Path) -> None:
    options = Options(tmp_path / "data", cache_dir, bolt_port=0, browser_port=None, heap=512, page_cache=128)
    (tmp_path / "wrong.dump").write_bytes(b"this is no dump")
    for replacing in (True, False):
        with pytest.raises(BackupError, match="database load failed"):
            await restore(options, tmp_path / "wrong.dump", replacing=replacing)
        assert [one.name for one in options.data_dir.iterdir()] == ["lock"]
    with pytest.raises(BackupError, match="isn't there"):
        await restore(options, tmp_path / "missing.dump")
    with pytest.raises(BackupError, match="is no file"):
        await restore(options, tmp_path)
    (options.data_dir / "data" / "databases" / "neo4j").mkdir(parents=True)
    with pytest.raises(BackupError, match=r"the folder /proc can't be used: No such file or directory"):
        await backup(options, Path("/proc/market.dump"))


async def test_what_a_newer_version_left_is_left_alone(db: Db) -> None:
    await rows(db, "CREATE (:_Migration {version: 9999, name: 'something_new'})")
    try:
        for refused in (migrate, pending):
            with pytest.raises(NewerGraph, match=r"step 9999 of its schema is in, and this version knows \d+\. Install that"):
                await refused(db)
    finally:
        await rows(db, "MATCH (m:_Migration {version: 9999}) DELETE m")
    assert await pending(db) == []
