"""How the server runs the statements of lists: by an index, and no more of it than the page is long."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any, LiteralString

import pytest
from make import rows

from graph.db import Db
from graph.paging import Cursors
from graph.queries import query
from graph.reads import Selection, compile_read, read
from graph.vocabulary import nouns

CURSORS = Cursors(b"a secret of the tests")
COUNT = 3000
FEW = 300  # hits of the store, for a page of ten
LISTS = ("accounts", "people", "products", "buyingGroups", "jobs")
SCANS = {"NodeByLabelScan", "AllNodesScan", "UnionNodeByLabelsScan"}

# As many of everything as a list would hurt to be read whole.
PLANT = """
UNWIND range(1, $count) AS n
WITH n, toString(n) AS key, datetime('2026-01-01T00:00:00Z') + duration({seconds: n}) AS at
CREATE (a:Account {id: key, externalId: key, name: key, nameKey: key, createdAt: at, updatedAt: at, annualRevenue: 1.0 * n,
  employeeCount: n, industry: 'Industry ' + n % 50, country: 'Country ' + n % 50, type: 'Type ' + n % 50})
CREATE (:Person {id: key, externalId: key, name: key, nameKey: key, createdAt: at, updatedAt: at, engagementScore: n / 100.0})
  -[:WORKS_FOR {relationship: 'EMPLOYEE'}]->(a)
CREATE (:Product {id: key, externalId: key, name: key, nameKey: key})
CREATE (:BuyingGroup {id: key, name: key, nameKey: key, accountId: key, interestId: 'interest ' + n % 50,
  stageId: 'stage ' + n % 50, createdAt: at, updatedAt: at, completeness: n / 100.0, engagementScore: n / 100.0,
  status: CASE WHEN n % 50 = 0 THEN 'WON' ELSE 'ACTIVE' END})
  -[:FOR_ACCOUNT]->(a)
CREATE (:Job {id: key, kind: 'CREATE', status: CASE WHEN n % 50 = 0 THEN 'QUEUED' ELSE 'SUCCEEDED' END, createdAt: at})
"""
PAGE = (
    Selection("edges", "edges", {}, (Selection("cursor", "cursor"), Selection("node", "node", {}, (Selection("id", "id"),)))),
    Selection("pageInfo", "pageInfo", {}, (Selection("hasNextPage", "hasNextPage"),)),
)
FILTERS: Mapping[str, list[Mapping[str, Any]]] = {
    "accounts": [
        {"search": "2999"},
        {"industries": ["Industry 7"]},
        {"industries": ["Industry 7", "Industry 8"]},
        {"countries": ["Country 7"]},
        {"types": ["Type 7"]},
        {"annualRevenue": {"gte": 2990.0}},
        {"employeeCount": {"lt": 10}},
        {"underAccountId": "7"},
    ],
    "people": [{"search": "2999"}, {"accountId": "7"}, {"accountId": "7", "scope": "HIERARCHY"}],
    "buyingGroups": [
        {"search": "2999"},
        {"solutionInterestIds": ["interest 7"]},
        {"solutionInterestIds": ["interest 7", "interest 8"]},
        {"solutionInterestIds": ["interest 7"], "completeness": {"lt": 20.0}},
        {"statuses": ["WON"]},
        {"stageIds": ["stage 7"]},
        {"accountIds": ["7"]},
        {"completeness": {"lt": 1.0}},
        {"engagementScore": {"gte": 29.5}},
    ],
}


@pytest.fixture
async def market(db: Db) -> Db:
    await rows(db, PLANT, count=COUNT)
    await rows(db, "CALL db.resampleOutdatedIndexes()")
    await rows(db, "CALL db.awaitIndexes()")
    return db


async def plan_of(db: Db, relation: str, **args: Any) -> tuple[tuple[str, ...], int]:
    plan = compile_read([Selection("found", relation, args, PAGE)], CURSORS)
    told = await db.profile(plan.query, **plan.params)
    return told.operators, told.hits


async def test_every_order_is_an_index_s(market: Db) -> None:
    for relation in LISTS:
        orders = nouns()["Query"].relations[relation].orders
        assert orders is not None
        for order, direction, size in itertools.product(orders.choices, ("ASC", "DESC"), ("first", "last")):
            by = {"field": order, "direction": direction}
            found = await read_page(market, relation, {size: 10, "orderBy": by})
            after = {"after" if size == "first" else "before": found}
            for cursor in ({}, after):
                operators, hits = await plan_of(market, relation, **{size: 10, "orderBy": by, **cursor})
                assert not SCANS & set(operators), (relation, order, direction, size, cursor)
                # Values that may be missing stand last; whether there are any takes a walk through the ids.
                if not (size == "last" and orders.choices[order].value and not cursor):
                    assert hits < FEW, (relation, order, direction, size, cursor)


@pytest.mark.parametrize(("order", "name"), [("COMPLETENESS", "completeness"), ("ENGAGEMENT_SCORE", "engagementScore")])
@pytest.mark.parametrize("direction", ["ASC", "DESC"])
async def test_the_weakest_of_one_interest_s_groups_are_the_first_rows_of_an_index(
    market: Db, order: str, name: str, direction: str
) -> None:
    await rows(market, "MATCH (g:BuyingGroup) SET g.interestId = 'one'")
    by = {"field": order, "direction": direction}
    args = {"first": 10, "orderBy": by, "filter": {"solutionInterestIds": ["one"], name: {"lt": 20.0}}}
    for more in ({}, {"after": await read_page(market, "buyingGroups", args)}):
        operators, hits = await plan_of(market, "buyingGroups", **args, **more)
        assert hits < FEW, operators


async def read_page(db: Db, relation: str, args: Mapping[str, Any]) -> str:
    """The cursor from which to go on."""
    edges = (await read(db, [Selection("found", relation, args, PAGE)], CURSORS))["found"]["edges"]
    return edges[-1 if "first" in args else 0]["cursor"]


@pytest.mark.parametrize(("relation", "given"), [(name, one) for name, ones in FILTERS.items() for one in ones])
async def test_every_selective_filter_is_an_index_s(market: Db, relation: str, given: Mapping[str, Any]) -> None:
    operators, hits = await plan_of(market, relation, first=10, filter=given)
    assert not SCANS & set(operators), operators
    # How many rows a bound lets through isn't known when the statement is planned: the order's index may be walked instead.
    if not any(isinstance(value, dict) for value in given.values()):
        assert hits < COUNT, operators


@pytest.mark.parametrize(
    "name",
    [
        "account/moved",
        "account/changed",
        "account/upsert",
        "group/next",
        "interest/keep",
        "job/claim",
        "job/give_up",
        "person/count_touched",
        "person/touched",
        "person/touched_at",
        "score/sum_people",
    ],
)
async def test_what_is_next_to_do_is_found_by_an_index(market: Db, name: LiteralString) -> None:
    statement = query(name)
    plan = await market.explain(statement.text, dict.fromkeys(statement.params))
    assert plan.operators
    assert not SCANS & set(plan.operators), plan.operators
