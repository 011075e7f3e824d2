"""Filters of accounts, people and buying groups, whatever they combine, against a plain evaluation in Python."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from make import rows
from often import examples

from graph.conditions import fold
from graph.db import Db
from graph.filters import problems_of
from graph.paging import Cursors
from graph.reads import BadSelection, Selection, compile_read, read

CURSORS = Cursors(b"tests")
Filter = Mapping[str, Any]

# --- a market, plain ------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Thing:
    """A node of the market: its properties under their names, its links as ids."""

    own: dict[str, Any]
    links: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def id(self) -> str:
        return self.own["id"]


INTERESTS = ("i1", "i2")
ROLES = ("r1", "r2", "r3")
PRODUCTS = ("p1", "p2")
STAGES = ("s1", "s2")
# Per interest its template, and per role of its cards [required for completeness, members required].
TEMPLATES = {"i1": "t1", "i2": "t2"}
CARDS = {"i1": {"r1": (True, 1), "r2": (True, 2), "r3": (False, 1)}, "i2": {"r1": (True, 1), "r2": (False, 1)}}
INDUSTRIES = ("Energy", "Retail", None)
REGIONS = ("North", "South", None)
COUNTRIES = ("DE", "South", None)
STATUSES = ("Hot", "hot", None)
TITLES = ("Director of IT", " director", "Engineer", None)
SCORES = (None, 0.0, 49.99999, 50.0, 66.66666666666667, 100.0)


class Market:
    """Trees of accounts, people who relate to them, groups with members and removed members."""

    def __init__(self) -> None:
        chance = random.Random(3)
        pick = chance.choice
        self.accounts = [
            Thing(
                {
                    "id": f"a{n}",
                    "name": pick(["Alpha", "beta GmbH", "Ålpha "]) + str(n),
                    "industry": pick(INDUSTRIES),
                    "country": pick(COUNTRIES),
                    "region": pick(REGIONS),
                    "type": pick(["Customer", None]),
                    "annualRevenue": pick([None, 0.0, 1e6, 1e6 + 0.01, 5e9]),
                    "employeeCount": pick([None, 0, 10, 1000]),
                },
                {
                    "parent": f"a{(n - 3) // 2}" if n > 2 else None,  # three trees
                    "owns": {product: pick([None, 5e5, 1e6, 2e6]) for product in PRODUCTS if chance.random() < 0.5},
                },
            )
            for n in range(16)
        ]
        self.groups = [
            Thing(
                {
                    "id": f"g{account.id}{interest}",
                    "name": f"{interest} for {account.own['name']}",
                    "accountId": account.id,
                    "interestId": interest,
                    "status": pick(STATUSES),
                    "completeness": pick(SCORES),
                    "engagementScore": pick(SCORES),
                },
                {"stage": pick([*STAGES, None])},
            )
            for account in self.accounts
            for interest in INTERESTS
            if chance.random() < 0.6
        ]
        self.people = [
            Thing(
                {"id": f"h{n}", "name": pick(["Ann", "Bob Ö", "cid"]) + str(n), "jobTitle": pick(TITLES)},
                {
                    "accounts": {pick(self.accounts).id: pick(TITLES) for _ in range(pick([0, 1, 1, 2, 3]))},
                    "groups": {},
                    "removed": set(),
                },
            )
            for n in range(40)
        ]
        for person in self.people:
            for group in chance.sample(self.groups, 4):
                if chance.random() < 0.6:
                    person.links["groups"][group.id] = pick(list(CARDS[group.own["interestId"]]))
                elif chance.random() < 0.5:
                    person.links["removed"].add(group.id)
        self.account = {one.id: one for one in self.accounts}
        self.group = {one.id: one for one in self.groups}

    def above(self, account: str) -> list[str]:
        """An account and everything above it."""
        found = [account]
        while parent := self.account[found[-1]].links["parent"]:
            found.append(parent)
        return found

    def scope(self, account: str, scope: str) -> set[str]:
        if account not in self.account:
            return set()
        top = self.above(account)[-1]
        return {
            "ACCOUNT": {account},
            "ANCESTORS": set(self.above(account)),
            "DESCENDANTS": {one for one in self.account if account in self.above(one)},
            "HIERARCHY": {one for one in self.account if top in self.above(one)},
        }[scope]

    def holding(self, group: Thing, role: str) -> int:
        return sum(person.links["groups"].get(group.id) == role for person in self.people)

    def title(self, person: Thing, account: str) -> str | None:
        return person.links["accounts"][account] or person.own["jobTitle"]


MARKET = Market()
PLANT = """
UNWIND $roles AS id MERGE (:Role {id: id})
WITH count(*) AS _ UNWIND $products AS id MERGE (:Product {id: id})
WITH count(*) AS _ UNWIND $stages AS id MERGE (:Stage {id: id})
WITH count(*) AS _ UNWIND $cards AS c
MERGE (i:SolutionInterest {id: c.interest}) MERGE (t:RoleTemplate {id: c.template}) MERGE (i)-[:USES]->(t)
WITH c, t MATCH (r:Role {id: c.role})
CREATE (t)-[:HAS_CARD {version: 3}]->(:RoleCard {requiredForCompleteness: c.required, membersRequired: c.count})-[:FOR_ROLE]->(r)
CREATE (t)-[:HAD_CARD {version: 2}]->(:RoleCard {requiredForCompleteness: true, membersRequired: 100})-[:FOR_ROLE]->(r)
WITH count(*) AS _ UNWIND $accounts AS a CREATE (n:Account) SET n = a.own, n.nameKey = toLower(trim(n.name))
WITH count(*) AS _ UNWIND $accounts AS a MATCH (n:Account {id: a.own.id})
FOREACH (o IN a.owns | MERGE (p:Product {id: o[0]}) CREATE (n)-[:OWNS {revenue: o[1]}]->(p))
WITH n, a MATCH (up:Account {id: a.parent}) CREATE (n)-[:CHILD_OF]->(up)
WITH count(*) AS _ UNWIND $groups AS g MATCH (a:Account {id: g.own.accountId}), (i:SolutionInterest {id: g.own.interestId})
CREATE (n:BuyingGroup {templateVersion: 3}) SET n += g.own, n.nameKey = toLower(trim(n.name))
CREATE (n)-[:FOR_ACCOUNT]->(a), (n)-[:FOR_INTEREST]->(i)
FOREACH (stage IN g.stages | MERGE (s:Stage {id: stage}) SET n.stageId = stage CREATE (n)-[:AT_STAGE]->(s))
WITH count(*) AS _ UNWIND $people AS p CREATE (n:Person) SET n = p.own, n.nameKey = toLower(trim(n.name))
FOREACH (w IN p.accounts | MERGE (a:Account {id: w[0]}) CREATE (n)-[:WORKS_FOR {title: w[1]}]->(a))
FOREACH (m IN p.groups | MERGE (g:BuyingGroup {id: m[0]}) CREATE (n)-[:MEMBER_OF {roleId: m[1]}]->(g))
FOREACH (id IN p.removed | MERGE (g:BuyingGroup {id: id}) CREATE (n)-[:REMOVED_FROM]->(g))
"""


def known(values: Sequence[str | None]) -> list[str]:
    return [value for value in values if value]


async def plant(db: Db) -> None:
    await rows(
        db,
        PLANT,
        roles=list(ROLES),
        products=list(PRODUCTS),
        stages=list(STAGES),
        cards=[
            {"interest": interest, "template": TEMPLATES[interest], "role": role, "required": required, "count": count}
            for interest, cards in CARDS.items()
            for role, (required, count) in cards.items()
        ],
        accounts=[
            {"own": a.own, "parent": a.links["parent"], "owns": [list(pair) for pair in a.links["owns"].items()]}
            for a in MARKET.accounts
        ],
        groups=[{"own": g.own, "stages": known([g.links["stage"]])} for g in MARKET.groups],
        people=[
            {
                "own": p.own,
                "accounts": [list(pair) for pair in p.links["accounts"].items()],
                "groups": [list(pair) for pair in p.links["groups"].items()],
                "removed": sorted(p.links["removed"]),
            }
            for p in MARKET.people
        ],
    )


# --- the filters, plain ---------------------------------------------------------------------------------------------


def within(value: float | None, bounds: Filter) -> bool:
    compared: Mapping[str, Callable[[float, float], bool]] = {
        "gt": lambda a, b: a > b,
        "gte": lambda a, b: a >= b,
        "lt": lambda a, b: a < b,
        "lte": lambda a, b: a <= b,
    }
    given = {bound: limit for bound, limit in bounds.items() if limit is not None}
    return not given or (value is not None and all(compared[bound](value, limit) for bound, limit in given.items()))


def found(name: str, search: str) -> bool:
    return fold(search) in fold(name)


def group_fits(group: Thing, wanted: Filter) -> bool:
    account, interest = MARKET.account[group.own["accountId"]], group.own["interestId"]
    cards = CARDS[interest]
    holds: Mapping[str, Callable[[Any], bool]] = {
        "search": lambda text: found(group.own["name"], text),
        "solutionInterestIds": lambda ids: interest in ids,
        "roleTemplateIds": lambda ids: TEMPLATES[interest] in ids,
        "stageIds": lambda ids: group.links["stage"] in ids,
        "statuses": lambda texts: group.own["status"] in texts,
        "accountIds": lambda ids: account.id in ids,
        "industries": lambda texts: account.own["industry"] in texts,
        "regions": lambda texts: (account.own["region"] or account.own["country"]) in texts,
        "completeness": lambda bounds: within(group.own["completeness"], bounds),
        "engagementScore": lambda bounds: within(group.own["engagementScore"], bounds),
        "missingRoleIds": lambda ids: all(
            cards.get(role, (False, 0))[0] and MARKET.holding(group, role) < cards[role][1] for role in ids
        ),
        "membersInRole": lambda depths: all(MARKET.holding(group, one["roleId"]) >= one["atLeast"] for one in depths),
    }
    return all(holds[name](value) for name, value in wanted.items() if value is not None)


def account_fits(account: Thing, wanted: Filter) -> bool:
    own = account.own
    holds: Mapping[str, Callable[[Any], bool]] = {
        "search": lambda text: found(own["name"], text),
        "industries": lambda texts: own["industry"] in texts,
        "countries": lambda texts: own["country"] in texts,
        "types": lambda texts: own["type"] in texts,
        "annualRevenue": lambda bounds: within(own["annualRevenue"], bounds),
        "employeeCount": lambda bounds: within(own["employeeCount"], bounds),
        "depth": lambda bounds: within(len(MARKET.above(account.id)) - 1, bounds),
        "underAccountId": lambda own_id: own_id in MARKET.above(account.id)[1:],
        "ownsProduct": lambda owned: any(
            within(revenue, owned.get("revenue") or {})
            for product, revenue in account.links["owns"].items()
            if product in owned["productIds"]
        ),
        "hasBuyingGroup": lambda inner: any(
            group_fits(group, inner) for group in MARKET.groups if group.own["accountId"] == account.id
        ),
        "any": lambda choices: any(account_fits(account, one) for one in choices),
        "not": lambda inner: not account_fits(account, inner),
    }
    return all(holds[name](value) for name, value in wanted.items() if value is not None)


def person_fits(person: Thing, wanted: Filter) -> bool:
    related: Sequence[str] = list(person.links["accounts"])
    if wanted.get("accountId"):
        scope = MARKET.scope(wanted["accountId"], wanted.get("scope") or "ACCOUNT")
        related = [account for account in related if account in scope]
        if not related:
            return False
    holds: Mapping[str, Callable[[Any], bool]] = {
        "search": lambda text: found(person.own["name"], text),
        "condition": lambda one: any(title_fits(MARKET.title(person, account), one["filters"][0]) for account in related),
        "memberOf": lambda inner: any(group_fits(MARKET.group[group], inner) for group in person.links["groups"]),
        "removedFrom": lambda inner: any(group_fits(MARKET.group[group], inner) for group in person.links["removed"]),
    }
    return all(holds[name](value) for name, value in wanted.items() if value is not None and name in holds)


def title_fits(title: str | None, one: Filter) -> bool:
    actual, values = fold(title or ""), [fold(value) for value in one["values"]]
    return {
        "IS": actual in values,
        "STARTS_WITH": bool(actual) and any(actual.startswith(value) for value in values),
        "NOT_CONTAINS": not actual or not any(value in actual for value in values),
        "IS_EMPTY": not actual,
    }[one["operator"]]


# --- any filter -----------------------------------------------------------------------------------------------------


def some(values: Sequence[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from([*values, "nobody's"]), max_size=3)


def bounds(*limits: float) -> st.SearchStrategy[dict[str, float]]:
    return st.fixed_dictionaries({}, optional=dict.fromkeys(("gt", "gte", "lt", "lte"), st.sampled_from(limits)))


def few(optional: Mapping[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Filters of one to three fields: more of them let hardly anything through."""
    names = st.lists(st.sampled_from(sorted(optional)), min_size=1, max_size=3, unique=True)
    return names.flatmap(lambda chosen: st.fixed_dictionaries({name: st.none() | optional[name] for name in chosen}))


ACCOUNT_IDS = [account.id for account in MARKET.accounts]
group_filters = few(
    {
        "search": st.sampled_from(["", " ALPHA", "for beta", "å", "i1", "%"]),
        "solutionInterestIds": some(INTERESTS),
        "roleTemplateIds": some(list(TEMPLATES.values())),
        "stageIds": some(STAGES),
        "statuses": some(known(STATUSES)),
        "accountIds": some(ACCOUNT_IDS),
        "industries": some(known(INDUSTRIES)),
        "regions": some([*known(REGIONS), "DE"]),
        "completeness": bounds(0.0, 50.0, 66.66666666666667, 100.0),
        "engagementScore": bounds(0.0, 50.0, 66.66666666666667, 100.0),
        "missingRoleIds": some(ROLES),
        "membersInRole": st.lists(
            st.fixed_dictionaries({"roleId": st.sampled_from(ROLES), "atLeast": st.integers(-1, 3)}), max_size=2
        ),
    }
)
account_fields = {
    "search": st.sampled_from(["", "ALPHA", "beta ", "å", "1"]),
    "industries": some(known(INDUSTRIES)),
    "countries": some(known(COUNTRIES)),
    "types": some(["Customer"]),
    "annualRevenue": bounds(0.0, 1e6, 5e9),
    "employeeCount": bounds(0.0, 10.0, 10.5),
    "depth": bounds(0.0, 1.0, 2.0),
    "underAccountId": st.sampled_from([*ACCOUNT_IDS, "nobody's"]),
    "ownsProduct": st.fixed_dictionaries({"productIds": some(PRODUCTS)}, optional={"revenue": st.none() | bounds(5e5, 1e6)}),
    "hasBuyingGroup": group_filters,
}
account_filters = st.recursive(
    few(account_fields), lambda inner: few({**account_fields, "any": st.lists(inner, max_size=2), "not": inner}), max_leaves=4
)
person_filters = few(
    {
        "search": st.sampled_from(["", "ANN", "b Ö", "1"]),
        "accountId": st.sampled_from([*ACCOUNT_IDS, "nobody's"]),
        "scope": st.sampled_from(["ACCOUNT", "ANCESTORS", "DESCENDANTS", "HIERARCHY"]),
        "condition": st.builds(
            lambda operator, values: {
                "match": "ALL",
                "filters": [{"attribute": "JOB_TITLE", "operator": operator, "values": [] if operator == "IS_EMPTY" else values}],
            },
            st.sampled_from(["IS", "STARTS_WITH", "NOT_CONTAINS", "IS_EMPTY"]),
            st.lists(st.sampled_from(["Director", "engineer ", "IT"]), min_size=1, max_size=2),
        ),
        "memberOf": group_filters,
        "removedFrom": group_filters,
    }
)


async def ids(db: Db, relation: str, wanted: Filter) -> list[str]:
    """What the filter finds, with its totalCount checked."""
    edges = Selection("edges", "edges", {}, (Selection("node", "node", {}, (Selection("id", "id"),)),))
    selection = Selection("found", relation, {"filter": wanted, "first": 100}, (edges, Selection("total", "totalCount")))
    page = (await read(db, [selection], CURSORS))["found"]
    assert page["total"] == len(page["edges"])
    return sorted(edge["node"]["id"] for edge in page["edges"])


@pytest.fixture
async def planted(db: Db) -> Db:
    """The market, one for all the examples of a test."""
    await plant(db)
    return db


@examples(30)
@given(wanted=group_filters)
async def test_any_filter_of_groups(planted: Db, wanted: Filter) -> None:
    assert await ids(planted, "buyingGroups", wanted) == sorted(one.id for one in MARKET.groups if group_fits(one, wanted))


@examples(30)
@given(wanted=account_filters)
async def test_any_filter_of_accounts(planted: Db, wanted: Filter) -> None:
    assert await ids(planted, "accounts", wanted) == sorted(one.id for one in MARKET.accounts if account_fits(one, wanted))


@examples(30)
@given(wanted=person_filters)
async def test_any_filter_of_people(planted: Db, wanted: Filter) -> None:
    assert await ids(planted, "people", wanted) == sorted(one.id for one in MARKET.people if person_fits(one, wanted))


# --- single rules, by name ------------------------------------------------------------------------------------------


async def test_decision_maker_missing_and_completeness_below_50_is_one_filter_and_one_statement(planted: Db) -> None:
    wanted = {"missingRoleIds": ["r1"], "completeness": {"lt": 50.0}}
    planted.statements = 0
    found = await ids(planted, "buyingGroups", wanted)
    assert planted.statements == 1
    expected = [
        one.id
        for one in MARKET.groups
        if MARKET.holding(one, "r1") < 1 and one.own["completeness"] is not None and one.own["completeness"] < 50
    ]
    assert 0 < len(expected) < len(MARKET.groups)
    assert found == sorted(expected)


async def test_lists_mean_any_but_missing_roles_and_depths_mean_all(planted: Db) -> None:
    everything = sorted(one.id for one in MARKET.groups)
    assert await ids(planted, "buyingGroups", {"solutionInterestIds": ["i1", "i2"]}) == everything
    for name in ("solutionInterestIds", "roleTemplateIds", "stageIds", "statuses", "accountIds", "industries", "regions"):
        assert await ids(planted, "buyingGroups", {name: []}) == []
    for name in ("missingRoleIds", "membersInRole"):
        assert await ids(planted, "buyingGroups", {name: []}) == everything
    both = await ids(planted, "buyingGroups", {"missingRoleIds": ["r1", "r2"]})
    each = [set(await ids(planted, "buyingGroups", {"missingRoleIds": [role]})) for role in ("r1", "r2")]
    assert both == sorted(each[0] & each[1])
    assert both != sorted(each[0])
    assert await ids(planted, "accounts", {"any": []}) == []


async def test_nothing_lies_within_bounds_without_a_value(planted: Db) -> None:
    unknown = {one.id for one in MARKET.groups if one.own["completeness"] is None}
    assert unknown
    assert not unknown & set(await ids(planted, "buyingGroups", {"completeness": {"gte": 0.0}}))
    assert unknown <= set(await ids(planted, "buyingGroups", {"completeness": {"gte": None}}))


async def test_not_lets_through_what_has_no_value(planted: Db) -> None:
    wanted = {"not": {"industries": ["Energy"]}}
    assert await ids(planted, "accounts", wanted) == sorted(o.id for o in MARKET.accounts if o.own["industry"] != "Energy")
    assert await ids(planted, "accounts", {"not": wanted}) == sorted(
        one.id for one in MARKET.accounts if one.own["industry"] == "Energy"
    )


async def test_removed_people_never_count_unless_asked_for(planted: Db) -> None:
    inside = {one.id for one in MARKET.people if one.links["groups"]}
    removed = {one.id for one in MARKET.people if one.links["removed"]}
    assert removed - inside
    assert set(await ids(planted, "people", {"memberOf": {}})) == inside
    assert set(await ids(planted, "people", {"removedFrom": {}})) == removed
    assert set(await ids(planted, "people", {"memberOf": {}, "removedFrom": {}})) == inside & removed


async def test_a_condition_holds_on_one_relation_in_scope(db: Db) -> None:
    await rows(
        db,
        """CREATE (a:Account {id: 'a', externalId: 'a', name: 'A'}), (b:Account {id: 'b', externalId: 'b', name: 'B'}),
        (p:Person {id: 'p', name: 'P'})-[:WORKS_FOR {title: 'Director'}]->(a), (p)-[:WORKS_FOR {title: 'Adviser'}]->(b)""",
    )
    director = {"match": "ALL", "filters": [{"attribute": "JOB_TITLE", "operator": "IS", "values": ["director"]}]}
    assert await ids(db, "people", {"condition": director}) == ["p"]
    assert await ids(db, "people", {"condition": director, "accountId": "a"}) == ["p"]
    assert await ids(db, "people", {"condition": director, "accountId": "b"}) == []


# --- filters that can't be used -------------------------------------------------------------------------------------

BLANK: Filter = {"match": "ALL", "filters": [], "groups": []}


def condition(attribute: str, operator: str, *values: str) -> Filter:
    return {"match": "ALL", "filters": [{"attribute": attribute, "operator": operator, "values": list(values)}]}


@pytest.mark.parametrize(
    ("wanted", "argument", "words"),
    [
        (BLANK, "filter.condition", "A condition needs at least one filter or nested group."),
        ({**BLANK, "groups": [BLANK]}, "filter.condition.groups[0]", "A condition needs at least one filter or nested group."),
        (condition("JOB_TITLE", "IS"), "filter.condition.filters[0].values", "IS needs at least one value."),
        (
            condition("EMAIL_INVALID", "CONTAINS", "true"),
            "filter.condition.filters[0].operator",
            "EMAIL_INVALID takes IS, IS_NOT, not CONTAINS.",
        ),
        (
            condition("ENGAGEMENT_SCORE", "IS", "high"),
            "filter.condition.filters[0].values[0]",
            "ENGAGEMENT_SCORE compares with numbers, not 'high'.",
        ),
    ],
)
def test_a_wrong_condition_is_refused_where_it_is_wrong(wanted: Filter, argument: str, words: str) -> None:
    for more in ({}, {"accountId": "a"}):
        with pytest.raises(BadSelection) as caught:
            compile_read([Selection("people", "people", {"filter": {"condition": wanted, **more}})], CURSORS)
        assert [(p.argument, p.message) for p in caught.value.problems] == [(argument, words)]


def test_filters_nest_five_deep() -> None:
    assert problems_of("AccountFilter", {"not": {"not": {"not": {"not": {"search": "x"}}}}}) == []
    deep = {"any": [{"not": {"any": [{"not": {"any": [{"search": "x"}]}}]}}]}
    (problem,) = problems_of("AccountFilter", deep)
    assert problem.field == ("any", "0", "not", "any", "0", "not", "any", "0")
    assert problem.message == "Filters nest at most 5 deep."
