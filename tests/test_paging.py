"""Pages by key: every order of every list, from both ends, against a plain sort; and what a cursor must not do."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import random
from collections.abc import Mapping, Sequence
from typing import Any, LiteralString, NamedTuple, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from make import rows

from graph.collation import beyond
from graph.db import Db
from graph.paging import Cursors
from graph.params import Params
from graph.reads import BadSelection, Selection, compile_read, read
from graph.vocabulary import nouns

CURSORS = Cursors(b"a secret of the tests")

# A market in which every list has ties and missing values: names, times and scores come from small pools. Times differ by
# a nanosecond, so that a cursor that rounds loses rows.
PLANT = """
WITH datetime('2026-01-01T00:00:00Z') AS t0
CREATE (top:Account {id: 'top', externalId: 'top', name: 'Top', createdAt: t0, updatedAt: t0})
CREATE (i:SolutionInterest {id: 'i', name: 'I', nameKey: 'i', createdAt: t0, updatedAt: t0})
CREATE (hub:BuyingGroup {id: 'hub', name: 'Hub', createdAt: t0, updatedAt: t0})-[:FOR_ACCOUNT]->(top)
CREATE (them:Person {id: 'them', externalId: 'them', name: 'Them', createdAt: t0, updatedAt: t0})-[:WORKS_FOR]->(top)
CREATE (t:RoleTemplate {id: 't', name: 'T', nameKey: 't', version: 1, createdAt: t0, updatedAt: t0}), (i)-[:USES]->(t),
  (hub)-[:FOR_INTEREST]->(i), (t)-[:HAS_CARD {version: 1}]->(:RoleCard {id: 'c', priority: 1})-[:FOR_ROLE]->(r:Role {id: 'r'})
SET hub.templateVersion = 1
CREATE (u:AccountAudience {id: 'u', name: 'U', createdAt: t0, updatedAt: t0})
WITH * UNWIND $rows AS row
WITH *, t0 + duration({nanoseconds: row.made}) AS made, t0 + duration({nanoseconds: row.changed}) AS changed
CREATE (a:Account {id: row.id, externalId: row.id, name: row.name, createdAt: made, updatedAt: changed,
  annualRevenue: row.score, employeeCount: row.count})-[:CHILD_OF]->(top), (u)-[:LISTS]->(a)
CREATE (p:Person {id: row.id, externalId: row.id, name: row.name, createdAt: made, updatedAt: changed,
  engagementScore: row.score})-[:WORKS_FOR {relationship: 'EMPLOYEE'}]->(a), (p)-[:WORKS_FOR {relationship: 'PARTNER'}]->(top),
  (p)-[:MEMBER_OF {roleId: 'r', role: row.name, assignedAt: made}]->(hub), (p)-[:REMOVED_FROM {removedAt: made}]->(hub)
CREATE (g:BuyingGroup {id: row.id, name: row.name, nameKey: row.name, accountId: row.id, interestId: 'i', createdAt: made,
  updatedAt: changed, completeness: row.score, engagementScore: row.score})-[:FOR_ACCOUNT]->(a), (g)-[:FOR_INTEREST]->(i),
  (them)-[:MEMBER_OF {roleId: 'r', role: 'x', assignedAt: made}]->(g)
CREATE (:MembershipEvent {id: row.id, at: made})-[:IN]->(hub)
CREATE (them)-[:HAD_ACTIVITY]->(:Activity {activityId: row.id, type: row.name, occurredAt: made})
CREATE (:Product {id: row.id, externalId: row.id, name: row.name})
CREATE (:SolutionInterest {id: row.id, name: row.name, nameKey: row.id, createdAt: made, updatedAt: changed})
CREATE (:RoleTemplate {id: row.id, name: row.name, nameKey: row.id, createdAt: made, updatedAt: changed})
CREATE (:AccountAudience {id: row.id, name: row.name, createdAt: made, updatedAt: changed})
CREATE (j:Job {id: row.id, kind: 'CREATE', status: 'QUEUED', createdAt: made})-[:FOR_INTEREST]->(i)
"""
# Per list: where it hangs, its arguments, and what it holds besides the planted rows.
LISTS: Mapping[str, tuple[tuple[str, str] | None, str, Mapping[str, Any], Sequence[str]]] = {
    "accounts": (None, "accounts", {}, ["top"]),
    "people": (None, "people", {}, ["them"]),
    "products": (None, "products", {}, []),
    "buying groups": (None, "buyingGroups", {}, ["hub"]),
    "buying groups with a score": (None, "buyingGroups", {"filter": {"completeness": {"gte": 0.0}}}, []),
    "solution interests": (None, "solutionInterests", {}, ["i"]),
    "role templates": (None, "roleTemplates", {}, ["t"]),
    "account audiences": (None, "accountAudiences", {}, ["u"]),
    "an audience's accounts": (None, "listedAccounts", {"audienceId": "u"}, []),
    "jobs": (None, "jobs", {}, []),
    "children": (("Account", "top"), "children", {}, []),
    "descendants": (("Account", "top"), "descendants", {"maxDepth": 3}, []),
    "an account's people": (("Account", "top"), "people", {}, ["them"]),
    "a hierarchy's people": (("Account", "top"), "people", {"scope": "HIERARCHY"}, ["them"]),
    "groups below an account": (("Account", "top"), "buyingGroups", {"scope": "DESCENDANTS"}, ["hub"]),
    "an interest's groups": (("SolutionInterest", "i"), "buyingGroups", {}, ["hub"]),
    "an interest's jobs": (("SolutionInterest", "i"), "jobs", {}, []),
    "members": (("BuyingGroup", "hub"), "members", {}, []),
    "members of a role": (("BuyingGroup", "hub"), "members", {"roleIds": ["r"]}, []),
    "removed members": (("BuyingGroup", "hub"), "removedMembers", {}, []),
    "history": (("BuyingGroup", "hub"), "history", {}, []),
    "memberships": (("Person", "them"), "memberships", {}, []),
    "activities": (("Person", "them"), "activities", {}, []),
}
SORTED_BY = {
    "NAME": "name",
    "ROLE": "name",
    "CREATED_AT": "made",
    "ASSIGNED_AT": "made",
    "AT": "made",
    "OCCURRED_AT": "made",
    "UPDATED_AT": "changed",
    "ANNUAL_REVENUE": "score",
    "COMPLETENESS": "score",
    "ENGAGEMENT_SCORE": "score",
    "EMPLOYEE_COUNT": "count",
}
# The last ones sort otherwise by UTF-16 than by code points.
NAMES = ["Ann", "Bo", "bo", "", "Äb", "'; --", "\uffee", "\U0001f600", "Bo\ud7ff\ue000", "Bo\ud7ff\U0001f600\n", "Bo\U0010ffff"]
ALONE = [
    {"id": own, "name": name, "made": 0, "changed": 0, "score": None, "count": None}
    for own, name in {"top": "Top", "i": "I", "hub": "Hub", "them": "Them", "t": "T", "u": "U"}.items()
]


def some_rows(count: int) -> list[dict[str, Any]]:
    chance = random.Random(5)
    return [
        {
            "id": f"{chance.randrange(10**9):09}",
            "name": chance.choice(NAMES),
            "made": chance.choice([0, 1, 2, 3, 10**9]),
            "changed": chance.choice([0, 1, 2, 3, 10**9]),
            "score": chance.choice([None, None, 0.0, 0.1 + 0.2, 99.99999999999999, 100.0, 5e-324]),
            "count": chance.choice([None, None, 0, 1, 2**31 - 1]),
        }
        for _ in range(count)
    ]


async def plant(db: Db, count: int = 23) -> list[dict[str, Any]]:
    found = some_rows(count)
    await rows(db, PLANT, rows=found)
    return found


def plain_sort(found: Sequence[dict[str, Any]], key: str, direction: str) -> list[str]:
    """The ids by the key (text by code points), ties by id, all turned around for DESC, missing values last either way."""
    known = sorted((row for row in found if row[key] is not None), key=lambda row: (row[key], row["id"]))
    missing = sorted((row for row in found if row[key] is None), key=lambda row: row["id"])
    if direction == "DESC":
        known, missing = known[::-1], missing[::-1]
    return [row["id"] for row in [*known, *missing]]


class List:
    """A list of the planted market."""

    def __init__(self, db: Db, name: str) -> None:
        self.db = db
        self.home, self.relation, self.args, self.more = LISTS[name]

        orders = nouns()[self.home[0] if self.home else "Query"].relations[self.relation].orders
        assert orders
        self.orders = list(orders.choices)

    def purpose(self, order: str, direction: str) -> str:
        return f"{self.home[0] if self.home else 'Query'}.{self.relation} {order} {direction}"

    async def page(self, order: str, direction: str, **args: Any) -> Page:
        given = {**self.args, "orderBy": {"field": order, "direction": direction}, **args}
        wanted = Selection("found", self.relation, given, PAGE)
        if self.home:
            wanted = Selection("home", "nodes", {"ids": [self.home[1]]}, (wanted,), self.home[0])
        answer = await read(self.db, [wanted], CURSORS)
        found = answer["home"][self.home[1]]["found"] if self.home else answer["found"]
        cursors = [edge["cursor"] for edge in found["edges"]]
        assert found["pageInfo"]["startCursor"] == (cursors[0] if cursors else None)
        assert found["pageInfo"]["endCursor"] == (cursors[-1] if cursors else None)
        ids = [CURSORS.decode(self.purpose(order, direction), cursor)[1] for cursor in cursors]
        return Page(ids, cursors, found["pageInfo"]["hasPreviousPage"], found["pageInfo"]["hasNextPage"], found["totalCount"])


class Page(NamedTuple):
    ids: list[str]
    cursors: list[str]
    has_previous: bool
    has_next: bool
    total: int


PAGE = (
    Selection("edges", "edges", {}, (Selection("cursor", "cursor"),)),
    Selection(
        "pageInfo",
        "pageInfo",
        {},
        tuple(Selection(name, name) for name in ("hasNextPage", "hasPreviousPage", "startCursor", "endCursor")),
    ),
    Selection("totalCount", "totalCount"),
)


@pytest.mark.parametrize("name", LISTS)
async def test_every_order_pages_both_ways_as_a_plain_sort_does(db: Db, name: str) -> None:
    found = await plant(db)
    one = List(db, name)
    there = [*found, *(row for row in ALONE if row["id"] in one.more)]
    if name == "buying groups with a score":
        there = [row for row in there if row["score"] is not None]
    ways = itertools.product(("ASC", "DESC"), (True, False)) if name == "accounts" else (("ASC", True), ("DESC", False))
    for order, (direction, forward) in itertools.product(one.orders, tuple(ways)):
        expected = plain_sort(there, SORTED_BY[order], direction)
        size, side = ("first", "after") if forward else ("last", "before")
        seen: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            page = await one.page(order, direction, **{size: 9}, **cursor)
            seen = seen + page.ids if forward else page.ids + seen
            assert page.total == len(expected)
            assert page.has_previous == (len(seen) > len(page.ids) if forward else len(seen) < len(expected))
            assert page.has_next == (len(seen) < len(expected) if forward else len(seen) > len(page.ids))
            if not (page.has_next if forward else page.has_previous):
                break
            cursor = {side: page.cursors[-1 if forward else 0]}
        assert seen == expected, (order, direction, size)


@pytest.mark.parametrize("label", ["Product", "Persona"])  # the names of the first have an index
async def test_text_stands_on_its_side_of_any_other_by_code_points(db: Db, label: str) -> None:
    chance = random.Random(7)
    texts = {
        "".join(chance.choices("\0\nB\\].z\ud7ff\ue000\uffee\uffff\U00010000\U0010ffff", k=chance.randrange(5)))
        for _ in range(300)
    }
    texts |= {"\uffee" * 255, "\uffee" * 254 + "\U00010000", "\U0001f600" * 100}
    planting = cast(LiteralString, f"UNWIND $texts AS text CREATE (:{label} {{id: randomUUID(), name: text, nameKey: text}})")
    await rows(db, planting, texts=sorted(texts))
    for text, sign in itertools.product(sorted(texts), "<>"):
        params = Params()
        predicate = beyond("n.name", sign, text, params)
        reading = cast(LiteralString, f"MATCH (n:{label}) WHERE n.id IS NOT NULL AND {predicate} RETURN n.name AS name")
        found = await rows(db, reading, **params.values)
        expected = {one for one in texts if one == text or (one < text if sign == "<" else one > text)}
        assert {row["name"] for row in found} == expected, (text, sign)
        assert len(found) == len(expected)


async def test_pages_between_cursors(db: Db) -> None:
    await plant(db, 11)
    one = List(db, "accounts")
    whole = await one.page("ANNUAL_REVENUE", "DESC", first=100)
    count = len(whole.ids)
    for after, before in itertools.product((None, 0, 4, 8, count - 1), (None, 0, 4, 5, 9, count - 1)):
        cursors = {side: whole.cursors[place] for side, place in (("after", after), ("before", before)) if place is not None}
        low, high = 0 if after is None else after + 1, count if before is None else before
        window = whole.ids[low:high]
        forward = await one.page("ANNUAL_REVENUE", "DESC", first=3, **cursors)
        assert (forward.ids, forward.has_previous, forward.has_next) == (window[:3], low > 0, high < count or len(window) > 3)
        backward = await one.page("ANNUAL_REVENUE", "DESC", last=3, **cursors)
        assert (backward.ids, backward.has_previous, backward.has_next) == (window[-3:], low > 0 or len(window) > 3, high < count)


async def test_the_row_of_a_cursor_may_go(db: Db) -> None:
    await plant(db, 11)
    one = List(db, "accounts")
    whole = await one.page("NAME", "ASC", first=100)
    await rows(db, "MATCH (a:Account {id: $id}) DETACH DELETE a", id=whole.ids[4])
    assert (await one.page("NAME", "ASC", first=100, after=whole.cursors[4])).ids == whole.ids[5:]
    assert (await one.page("NAME", "ASC", last=100, before=whole.cursors[4])).ids == whole.ids[:4]


async def test_moments_in_other_zones_are_neither_lost_nor_repeated(db: Db) -> None:
    zones = ["Z", "+01:00", "-05:30", "Europe/London", "UTC", "America/New_York"]
    await rows(
        db,
        """CREATE (p:Person {id: 'them', name: 'Them'}) WITH p UNWIND $zones AS zone UNWIND range(1, 3) AS n
        WITH p, zone, n,
          datetime({datetime: datetime('2026-01-01T12:00:00.123456789Z'), timezone: zone}) AS at
        CREATE (p)-[:HAD_ACTIVITY]->(:Activity {activityId: zone + n, type: 'x', occurredAt: at})""",
        zones=zones,
    )
    one = List(db, "activities")
    whole = await one.page("OCCURRED_AT", "DESC", first=100)
    assert len(set(whole.ids)) == 18
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while page := (await one.page("OCCURRED_AT", "DESC", first=1, **cursor)):
        seen += page.ids
        if not page.has_next:
            break
        cursor = {"after": page.cursors[0]}
    assert seen == whole.ids


# --- sizes ----------------------------------------------------------------------------------------------------------


async def test_a_page_holds_twenty_unless_told_and_a_hundred_at_most(db: Db) -> None:
    await plant(db, 120)
    one = List(db, "products")
    assert len((await one.page("NAME", "ASC")).ids) == 20
    for size in (1, 100):
        assert len((await one.page("NAME", "ASC", first=size)).ids) == size
        assert len((await one.page("NAME", "ASC", last=size)).ids) == size


@pytest.mark.parametrize(
    ("args", "argument", "words"),
    [
        ({"first": 0}, "first", "must be from 1 to 100, not 0"),
        ({"first": 101}, "first", "must be from 1 to 100, not 101"),
        ({"last": -1}, "last", "must be from 1 to 100, not -1"),
        ({"last": 2**31 - 1}, "last", "must be from 1 to 100, not 2147483647"),
        ({"first": 1, "last": 1}, "last", "can't be given together with first"),
    ],
)
def test_sizes_out_of_bounds_are_refused(args: dict[str, int], argument: str, words: str) -> None:
    assert wrong({"accounts": args}) == [(("accounts",), argument, words)]


def test_every_wrong_argument_is_told() -> None:
    assert [(path, argument) for path, argument, _ in wrong({"accounts": {"first": 0}, "people": {"last": 0, "after": "x"}})] == [
        (("accounts",), "first"),
        (("people",), "last"),
        (("people",), "after"),
    ]


def wrong(lists: Mapping[str, Mapping[str, Any]]) -> list[tuple[tuple[str, ...], str, str]]:
    with pytest.raises(BadSelection) as caught:
        compile_read([Selection(name, name, args, PAGE) for name, args in lists.items()], CURSORS)
    return [(problem.path, problem.argument, problem.message) for problem in caught.value.problems]


# --- cursors --------------------------------------------------------------------------------------------------------

GOOD = CURSORS.encode("Query.accounts NAME ASC", ["Ann", "1"])
NO_CURSOR = "it is no cursor of this service"
OTHER = "it is no cursor of this list in this order; take cursors from pageInfo or edges as they are"


def test_a_cursor_of_this_list_and_order_is_taken() -> None:
    compile_read([Selection("accounts", "accounts", {"after": GOOD, "before": GOOD}, PAGE)], CURSORS)


@pytest.mark.parametrize(
    ("cursor", "words"),
    [
        ("", OTHER),
        ("!", NO_CURSOR),
        ("ä", NO_CURSOR),
        ("a", NO_CURSOR),
        (GOOD[:-4], OTHER),
        ("A" + GOOD[1:] if GOOD[0] != "A" else "B" + GOOD[1:], OTHER),
        (base64.urlsafe_b64encode(json.dumps(["Ann", "1"]).encode()).decode(), OTHER),
        (CURSORS.encode("Query.accounts NAME DESC", ["Ann", "1"]), OTHER),
        (CURSORS.encode("Query.accounts CREATED_AT ASC", ["2026-01-01T00:00:00Z", "1"]), OTHER),
        (CURSORS.encode("Query.people NAME ASC", ["Ann", "1"]), OTHER),
        (Cursors(b"another secret").encode("Query.accounts NAME ASC", ["Ann", "1"]), OTHER),
    ],
)
def test_other_cursors_are_refused(cursor: str, words: str) -> None:
    for side in ("after", "before"):
        assert wrong({"accounts": {side: cursor}}) == [(("accounts",), side, words)]


@given(st.lists(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text()), max_size=3))
def test_cursors_come_back_as_they_went(keys: list[Any]) -> None:
    assert CURSORS.decode("x", CURSORS.encode("x", keys)) == keys


MOVING = """
UNWIND range(1, $count) AS n
CREATE (:BuyingGroup {id: toString(n), name: 'Group ' + n, completeness: CASE n % 7 WHEN 0 THEN null ELSE 1.0 * (n % 50) END,
  accountId: toString(n), interestId: 'i', moves: n % 3 = 0})
"""
STIR = """
MATCH (g:BuyingGroup {moves: true}) WITH g ORDER BY rand() LIMIT 40
SET g.completeness = CASE WHEN rand() < 0.2 THEN null ELSE 50 * rand() END
WITH count(*) AS _ MATCH (g:BuyingGroup {moves: true}) WITH g ORDER BY rand() LIMIT 10 DETACH DELETE g
WITH count(*) AS _ UNWIND range(1, 10) AS n
CREATE (:BuyingGroup {id: randomUUID(), name: 'New', accountId: randomUUID(), interestId: 'i', moves: true,
  completeness: 50 * rand()})
"""


@pytest.mark.parametrize(("direction", "size"), [("ASC", "first"), ("DESC", "first"), ("ASC", "last")])
async def test_what_stands_still_is_seen_once_while_others_move(db: Db, direction: str, size: str) -> None:
    await rows(db, MOVING, count=1500)
    still = [str(n) for n in range(1, 1501) if n % 3]
    one = List(db, "buying groups")
    last = -1.0 if direction == "DESC" else 51.0
    done = asyncio.Event()

    def place(keys: list[Any]) -> tuple[float, str]:
        return last if keys[0] is None else keys[0], keys[1]

    async def stir() -> None:
        while not done.is_set():
            await rows(db, STIR)

    stirring = [asyncio.create_task(stir()) for _ in range(4)]
    try:
        seen: list[str] = []
        cursor: dict[str, str] = {}
        forward = size == "first"
        while True:
            page = await one.page("COMPLETENESS", direction, **{size: 23}, **cursor)
            seen += page.ids
            # Also a row that moves or goes while it is read has a cursor of where it was found.
            found = [CURSORS.decode(one.purpose("COMPLETENESS", direction), cursor) for cursor in page.cursors]
            assert found == sorted(found, key=place, reverse=direction == "DESC")
            if not (page.has_next if forward else page.has_previous):
                break
            cursor = {"after" if forward else "before": page.cursors[-1 if forward else 0]}
    finally:
        done.set()
        await asyncio.gather(*stirring)
    assert sorted(own for own in seen if own in set(still)) == sorted(still)
