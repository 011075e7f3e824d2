"""A nested read: an account, three levels down, their groups with roles and members, beside one handwritten statement."""

from __future__ import annotations

import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx2
import neo4j
import orjson

from api.app import create_app
from graph.db import Connection, Db

ROUNDS = 25
QUERY = """query Nested($account: String!) {
  account(externalId: $account) {
    name
    descendants(first: 100, maxDepth: 3) {
      edges { node {
        name
        depth
        buyingGroups(first: 5) { edges { node {
          name
          completeness
          roles { role { name } assigned required }
          members(first: 10) { edges { node { name email } role { name } source distance } }
        } } }
      } }
    }
  }
}"""
BY_HAND = """MATCH (a:Account {externalId: $account})
RETURN {name: a.name, descendants: COLLECT {
  MATCH (a)<-[:CHILD_OF]-{1,3}(d:Account) WITH d ORDER BY d.name, d.id LIMIT 100
  RETURN {name: d.name, depth: COUNT { (d)-[:CHILD_OF]->+(:Account) }, buyingGroups: COLLECT {
    MATCH (d)<-[:FOR_ACCOUNT]-(g:BuyingGroup) WITH g ORDER BY g.name, g.id LIMIT 5
    RETURN {name: g.name, completeness: g.completeness, roles: COLLECT {
      MATCH (g)-[:FOR_INTEREST]->(:SolutionInterest)-[:USES]->(:RoleTemplate)
        -[:HAS_CARD|HAD_CARD {version: g.templateVersion}]->(c)-[:FOR_ROLE]->(r:Role)
      WITH c, r ORDER BY c.priority
      RETURN {role: r.name, required: c.membersRequired, assigned: COUNT { (g)<-[m:MEMBER_OF]-() WHERE m.roleId = r.id }}
    }, members: COLLECT {
      MATCH (p:Person)-[m:MEMBER_OF]->(g) WITH p, m ORDER BY p.name, p.id LIMIT 10
      RETURN {name: p.name, email: p.email, role: m.role, source: m.source, distance: m.distance}
    }}
  }}
}} AS account"""


@dataclass(frozen=True, slots=True)
class Nested:
    """Medians in milliseconds of the two ways, interleaved in one run; statements and bytes of the API's answer."""

    api: float
    by_hand: float
    statements: int
    answer_bytes: int
    objects: int


async def measure(db: Db, connection: Connection, account: str) -> Nested:
    """Both ways in turns, after a warm-up of three rounds."""
    transport = httpx2.ASGITransport(app=create_app(db, b"a secret of the benchmark", jobs=False))
    driver = neo4j.AsyncGraphDatabase.driver(connection.uri, auth=(connection.username, connection.password))
    async with httpx2.AsyncClient(transport=transport, base_url="http://bench") as client, driver, driver.session() as session:

        async def ask() -> bytes:
            body = {"query": QUERY, "variables": {"account": account}}
            return (await client.post("/graphql", json=body)).content

        async def ask_by_hand() -> bytes:
            result = await session.run(neo4j.Query(BY_HAND), account=account)
            return orjson.dumps((await result.single(strict=True))["account"])

        ways: dict[str, list[float]] = {"api": [], "hand": []}
        for number in range(ROUNDS + 3):
            for name, way in (("api", ask), ("hand", ask_by_hand)):
                took = await _timed(way)
                if number >= 3:
                    ways[name].append(took)
        before = db.statements
        answer = await ask()
        statements = db.statements - before
    found: Any = orjson.loads(answer)
    assert "errors" not in found, found["errors"]
    return Nested(
        statistics.median(ways["api"]), statistics.median(ways["hand"]), statements, len(answer), _objects(found["data"])
    )


async def _timed(way: Callable[[], Awaitable[bytes]]) -> float:
    began = time.perf_counter()
    await way()
    return (time.perf_counter() - began) * 1000


def _objects(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + sum(map(_objects, value.values()))
    return sum(map(_objects, value)) if isinstance(value, list) else 0
