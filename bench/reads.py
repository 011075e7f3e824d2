"""One deep query against the API, beside the same data fetched by one handwritten statement through the raw driver."""

from __future__ import annotations

import statistics
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, LiteralString, cast

import httpx2
import neo4j
from graphql import OperationDefinitionNode, parse
from graphql.execution.values import VariableValues, get_variable_values
from rich.console import Console
from rich.table import Table

from api.app import create_app
from api.schema import schema
from api.selection import Planner
from bench.market import Shape, make
from graph.db import Connection, Db
from graph.paging import Cursors
from graph.reads import Selection, read

SHAPE = Shape(trees=10, widths=(4, 4, 4))
TOP = "T3"
WARM_UP = 30
ROUNDS = 100

QUERY = """query($key: String) { account(externalId: $key) { name descendants(first: 100, maxDepth: 3) { edges { node {
  name buyingGroups { edges { node { name completeness roles {
    role { name } assigned members { edges { source node { name jobTitle } } }
  } } } }
} } } } }"""
BY_HAND = cast(LiteralString, Path(__file__).with_name("subtree.cypher").read_text("utf-8"))

BY_DRIVER = "handwritten statement, raw driver"
BY_HTTP = "GraphQL over HTTP, in process"

Way = Callable[[], Awaitable[Any]]


async def run(db: Db, connection: Connection, console: Console) -> None:
    """Fills the empty graph, measures and prints."""
    console.print("Making a market ...")
    await make(db, SHAPE)
    async with _ways(db, connection) as ways:
        by_hand, by_api = await ways[BY_DRIVER](), await ways[BY_HTTP]()
        assert _plain(by_api["data"]["account"]) == by_hand, "the two must fetch the same"
        db.statements = 0
        await ways[BY_HTTP]()
        assert db.statements == 1
        times = await _measured(ways)
    _print(console, by_hand, times)


@asynccontextmanager
async def _ways(db: Db, connection: Connection) -> AsyncGenerator[Mapping[str, Way]]:
    """The ways to the same data, by their names; the first is what the others are compared with."""
    transport = httpx2.ASGITransport(app=create_app(db, b"bench", jobs=False))
    auth = (connection.username, connection.password)
    async with (
        neo4j.AsyncGraphDatabase.driver(connection.uri, auth=auth, notifications_min_severity="OFF") as driver,
        httpx2.AsyncClient(transport=transport, base_url="http://bench") as client,
    ):

        async def by_hand() -> Any:
            async with driver.session() as session:
                record = await (await session.run(BY_HAND, {"key": TOP})).single(strict=True)
                return record["answer"]

        async def by_api() -> Any:
            return (await client.post("/graphql", json={"query": QUERY, "variables": {"key": TOP}})).json()

        planned, cursors = _planned(), Cursors(b"bench")

        async def by_plan() -> Any:
            return await read(db, planned, cursors)

        yield {BY_DRIVER: by_hand, "planned read, without GraphQL": by_plan, BY_HTTP: by_api}


def _planned() -> tuple[Selection, ...]:
    """What the query comes to before it is compiled."""
    document = parse(QUERY)
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    variables = get_variable_values(schema._schema, operation.variable_definitions or (), {"key": TOP})
    assert isinstance(variables, VariableValues)
    query = schema._schema.query_type
    assert query is not None
    return Planner(schema._schema, {}, variables).root(query, operation.selection_set).selections


async def _measured(ways: Mapping[str, Way]) -> Mapping[str, list[float]]:
    """Milliseconds of each way, taken in turns."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(WARM_UP + ROUNDS):
        for name, way in ways.items():
            start = time.perf_counter()
            await way()
            if number >= WARM_UP:
                times[name].append(1000 * (time.perf_counter() - start))
    return times


def _plain(account: Mapping[str, Any]) -> list[Any]:
    """The API's answer as the handwritten statement returns it."""
    return [account["name"], [[one["name"], _groups(one)] for one in _nodes(account["descendants"])]]


def _groups(account: Mapping[str, Any]) -> list[Any]:
    return [
        [group["name"], group["completeness"], [_role(role) for role in group["roles"]]]
        for group in _nodes(account["buyingGroups"])
    ]


def _role(role: Mapping[str, Any]) -> list[Any]:
    members = [[edge["source"], edge["node"]["name"], edge["node"]["jobTitle"]] for edge in role["members"]["edges"]]
    return [role["role"]["name"], role["assigned"], members]


def _nodes(page: Mapping[str, Any]) -> list[Any]:
    return [edge["node"] for edge in page["edges"]]


def _print(console: Console, fetched: Any, times: Mapping[str, list[float]]) -> None:
    groups = [group for account in fetched[1] for group in account[1]]
    members = sum(len(role[2]) for group in groups for role in group[2])
    counts = (
        f"{len(fetched[1])} accounts, {len(groups)} groups, {sum(len(group[2]) for group in groups)} roles, {members} members"
    )
    table = Table("", "median ms", "p95 ms", "ratio", title=f"An account three levels down: {counts}; {ROUNDS} rounds in turns")
    base = statistics.median(next(iter(times.values())))
    for name, taken in times.items():
        median = statistics.median(taken)
        table.add_row(name, f"{median:.1f}", f"{statistics.quantiles(taken, n=20)[-1]:.1f}", f"{median / base:.2f}")
    console.print(table)
