"""The embedded server: loopback only, a password, one owner per folder, and gone when its parent is."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from make import rows

from graph import jars
from graph.db import Connection, connect
from graph.embedded import EmbeddedError, Options, Server, default_heap, default_page_cache, embedded
from graph.errors import Unavailable
from graph.jars import Jar, JarError

# Starts a server in the folder it is told, says so, and waits to be killed.
PARENT = """
import asyncio, sys
from pathlib import Path
from graph.embedded import Options, embedded
async def main():
    options = Options(Path(sys.argv[1]), Path(sys.argv[2]), bolt_port=0, browser_port=None, heap=512, page_cache=128)
    async with embedded(options) as server:
        print(server.pid, server.connection.uri, flush=True)
        await asyncio.sleep(600)
asyncio.run(main())
"""


def small(folder: Path, cache: Path, **more: int) -> Options:
    return Options(folder, cache, bolt_port=more.get("bolt_port", 0), browser_port=None, heap=512, page_cache=128)


def java_below(pid: int) -> psutil.Process:
    return next(child for child in psutil.Process(pid).children(recursive=True) if "java" in child.name())


async def test_it_listens_on_loopback_alone_and_wants_its_password(server: Server) -> None:
    listening = [one.laddr.ip for one in java_below(server.pid).net_connections("tcp") if one.status == psutil.CONN_LISTEN]
    assert set(listening) <= {"127.0.0.1", "::ffff:127.0.0.1"}
    assert listening
    assert stat.S_IMODE(server.password_file.stat().st_mode) == 0o600
    wrong = type(server.connection)(server.connection.uri, "neo4j", "wrong")
    async with connect(wrong) as db:
        with pytest.raises(Unavailable, match="refuses the user name or password"):
            await db.ready(5)


async def test_a_folder_in_use_is_refused_with_words(server: Server, data_dir: Path, cache_dir: Path) -> None:
    with pytest.raises(EmbeddedError, match=rf"the data folder .* is in use by process {os.getpid()}"):
        async with embedded(small(data_dir, cache_dir)):
            pass


async def test_a_port_in_use_is_refused_with_words(tmp_path: Path, cache_dir: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(EmbeddedError, match=rf"the Bolt port {port} can't be used: Address already in use"):
            async with embedded(small(tmp_path / "data", cache_dir, bolt_port=port)):
                pass


async def test_a_folder_that_cant_be_made_is_refused_with_words(tmp_path: Path, cache_dir: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EmbeddedError, match=r"the data folder .* can't be used: Not a directory"):
        async with embedded(small(tmp_path / "file" / "data", cache_dir)):
            pass


async def test_a_killed_parent_leaves_no_server_and_the_data_stays(tmp_path: Path, cache_dir: Path) -> None:
    folder = tmp_path / "data"
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, str(folder), str(cache_dir), stdout=subprocess.PIPE, cwd=Path(__file__).parent.parent
    )
    assert parent.stdout is not None
    pid, uri = (await asyncio.wait_for(parent.stdout.readline(), 120)).decode().split()
    async with connect(Connection(uri, "neo4j", (folder / "neo4j-password").read_text("utf-8").strip())) as db:
        await rows(db, "CREATE (:Kept {name: 'across starts'})")
    java, supervisor = java_below(int(pid)), psutil.Process(int(pid))
    parent.send_signal(signal.SIGKILL)
    await parent.wait()
    _, alive = await asyncio.to_thread(psutil.wait_procs, [java, supervisor], 30)
    assert alive == []

    async with embedded(small(folder, cache_dir)) as again, connect(again.connection) as db:
        assert await rows(db, "MATCH (k:Kept) RETURN k.name AS name") == [{"name": "across starts"}]


def test_memory_follows_the_machine() -> None:
    total = psutil.virtual_memory().total // 2**20
    assert default_heap() == max(512, min(4096, total // 4))
    assert default_page_cache() == max(128, min(2048, total // 8))


def test_a_jar_with_another_content_is_refused(cache_dir: Path, tmp_path: Path) -> None:
    first = jars.locked().server[0]
    wrong = Jar(first.coordinates, "0" * 64)
    with pytest.raises(JarError, match=rf"{first.coordinates} should have the SHA-256 0+, but what came has {first.sha256}"):
        jars.fetch([wrong], tmp_path)


def test_a_jar_that_was_tampered_with_is_fetched_anew(tmp_path: Path) -> None:
    react = jars.locked().web[1]
    (path,) = jars.fetch([react], tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + b"x")
    assert jars.fetch([react], tmp_path) == [path]
    assert path.read_bytes() == whole


def test_every_jar_is_pinned_to_a_version_and_a_hash() -> None:
    lock = jars.locked()
    for jar in (*lock.server, *lock.web):
        assert len(jar.coordinates.split(":")) in (3, 4)
        assert len(jar.sha256) == 64
    assert any(jar.coordinates == f"org.neo4j:neo4j:{lock.version}" for jar in lock.server)
