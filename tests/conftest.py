"""The server that all tests share, the clean graph that each one gets, and the API over it."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from typing import cast

import platformdirs
import pytest
from hostile import MANY, Counts
from hypothesis import HealthCheck, settings
from make import Api, api_over, reset
from often import Thorough

from api import guide
from graph import sample, scoring
from graph.db import Db, connect
from graph.embedded import Options, Server, embedded
from graph.migrations import migrate

# Examples share the one graph of their test and take as long as the machine needs.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
settings.load_profile("house")

# Nearly all that Neo4j does here is planning statements that are met once: what it compiles thoroughly, or plans again because
# a test's graph has grown, doesn't pay. The launcher of Java reads the variable, for the servers of tests' own processes, too.
os.environ.setdefault(
    "JDK_JAVA_OPTIONS",
    "-XX:MaxInlineLevel=9 -XX:FreqInlineSize=160 -XX:InlineSmallCode=1300 "
    "-XX:Tier4InvocationThreshold=10000 -XX:Tier4MinInvocationThreshold=1200 -XX:Tier4CompileThreshold=30000",
)
PLANNED_ONCE = {"dbms.cypher.min_replan_interval": "10h"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--thorough", type=float, default=1.0, help="how many times as many examples to draw at random")
    parser.addoption("--queries", type=int, default=60, help="how many random queries to answer in every way")
    parser.addoption("--hostile", type=int, default=MANY, help="how many hostile values to send to mutations")
    parser.addoption(
        "--screenshot", type=Path, help="where `-m browser` leaves its picture of GraphiQL, such as docs/graphiql.png"
    )
    parser.addoption("--pictures", type=Path, help="where `-m browser` leaves its pictures of the console, such as docs/console")
    parser.addoption("--export", type=Path, help="a CRM export for `-m browser` to go through the console with, not the sample")
    parser.addoption(
        "--favourites", type=Path, help="where `-m browser` leaves its pictures of the analysts' favourites, such as docs/browser"
    )


def pytest_configure(config: pytest.Config) -> None:
    Thorough.factor = cast("float", config.getoption("--thorough"))
    Counts.listed = cast("int", config.getoption("--hostile"))
    Counts.drawn = Counts.listed // 4


@pytest.fixture(scope="session")
def data_dir() -> Generator[Path]:
    """A folder for the server's data, gone after the run. Tests wipe this server and no other."""
    folder = Path(tempfile.mkdtemp(prefix="buying-groups-tests-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def cache_dir() -> Path:
    """Where the jars are, or come to be."""
    return Path(os.environ.get("BUYING_GROUPS_CACHE_DIR") or platformdirs.user_cache_dir("buying-groups", appauthor=False))


@pytest.fixture(scope="session")
def guide_at() -> Generator[socket.socket]:
    """Where the guide is served that Neo4j Browser opens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


@pytest.fixture(scope="session")
async def server(data_dir: Path, cache_dir: Path, guide_at: socket.socket, pytestconfig: pytest.Config) -> AsyncGenerator[Server]:
    """The embedded Neo4j of this run, migrated; with its Browser, if that is looked at."""
    browser_port = 0 if pytestconfig.getoption("-m") == "browser" else None
    there = guide.address(guide_at.getsockname()[1])
    options = Options(data_dir, cache_dir, 0, browser_port, heap=1536, page_cache=256, guide=there, more=PLANNED_ONCE)
    async with embedded(options) as running, connect(running.connection) as db:
        await migrate(db)
        yield running


@pytest.fixture(scope="session")
async def shared_db(server: Server) -> AsyncGenerator[Db]:
    async with connect(server.connection) as db:
        yield db


@pytest.fixture(scope="session")
async def sample_db(shared_db: Db) -> Db:
    """The sample market, loaded once for all who look at it in a web browser. Only the last of them changes it."""
    await reset(shared_db)
    await sample.load(shared_db)
    return shared_db


@pytest.fixture
async def db(shared_db: Db) -> Db:
    """The graph as migrations leave it: empty but for the default roles and the default engagement model."""
    await reset(shared_db)
    shared_db.statements = 0
    return shared_db


@pytest.fixture
async def api(db: Db) -> AsyncGenerator[Api]:
    """The API over the clean graph, as a client sees it: HTTP in, JSON out. Jobs run when a test says so."""
    async with api_over(db) as client:
        yield client


@pytest.fixture
def scores_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs that make groups calculate no engagement, so that people keep the scores that a test gave them."""

    async def nothing(*_given: object, **_more: object) -> scoring.Step:
        return scoring.Step(None)

    monkeypatch.setattr(scoring, "step", nothing)
