"""Account audiences: listed or filtered, each filter against a plain reading of it, and when they can go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from make import BY, Api, card, plant, role_ids, rows, sell, title
from make import Person as Someone
from often import examples

from api import ids
from graph import accounts, jobs, products
from graph.model import FilterOperator

CHIEF, OTHER = "Decision Maker", "Other"
FIELDS = "id name description kind rule { summary json } accounts(first: 100) { totalCount edges { node { name } } }"
CREATE = f"""mutation ($input: AccountAudienceInput!) {{ createAccountAudience(input: $input) {{
  accountAudience {{ {FIELDS} }} userErrors {{ field code }} }} }}"""
UPDATE = f"""mutation ($id: ID!, $input: AccountAudienceInput!) {{ updateAccountAudience(id: $id, input: $input) {{
  accountAudience {{ {FIELDS} }} userErrors {{ field code }} }} }}"""
DELETE = "mutation ($id: ID!) { deleteAccountAudience(id: $id) { deletedId userErrors { field code } } }"
IN_USE = {"deletedId": None, "userErrors": [{"field": ["id"], "code": "IN_USE"}]}


async def _create(api: Api, **wanted: Any) -> dict[str, Any]:
    return (await api.data(CREATE, input={"name": "Audience", **wanted}))["createAccountAudience"]


async def _update(api: Api, own: str, **wanted: Any) -> dict[str, Any]:
    return (await api.data(UPDATE, id=own, input={"name": "Audience", **wanted}))["updateAccountAudience"]


async def _delete(api: Api, own: str) -> dict[str, Any]:
    return (await api.data(DELETE, id=own))["deleteAccountAudience"]


def _names(payload: Mapping[str, Any]) -> list[str]:
    assert payload["userErrors"] == [], payload
    return [edge["node"]["name"] for edge in payload["accountAudience"]["accounts"]["edges"]]


def _errors(payload: Mapping[str, Any]) -> list[tuple[str, str]]:
    assert payload["accountAudience"] is None
    return [(".".join(one["field"] or ()), one["code"]) for one in payload["userErrors"]]


# --- a market, and a filter in plain Python -------------------------------------------------------------------------

COLUMNS = ("name", "parentExternalId", "industry", "country", "type", "annualRevenue", "employeeCount", "owned")
TABLE: list[tuple[Any, ...]] = [
    ("Acme", None, "Steel", "DE", "Customer", 2e9, 10_000, {"X": 1e6, "Y": 1_000_000.0}),
    ("Acme Design", "Acme", "Retail", "DE", "Customer", 500_000.0, 250, {"Y": 1_000_000.5}),
    ("Acme Design Lab", "Acme Design", None, "FR", None, None, 10, {"Y": 2e6, "X": None}),
    ("Acme Design Lab West", "Acme Design Lab", "Steel", None, "Prospect", 0.0, 0, {"X": 2e6}),
    ("Acme France", "Acme", "Steel", "FR", "customer", 1_000_000.0, None, {"Y": None}),
    ("Börse", None, "Retail", "DE", "Prospect", 1_000_000.5, 250, {"Y": 5e6, "X": 5e6}),
    ("BÖRSE Nord", "Börse", "retail", "de", "Customer", None, None, {}),
    ("Cloud & Sons", None, None, None, None, 500_000.0, 10, {"Y": -1.0}),
    ("Delta 'quoted'", None, "Steel", "FR", "Customer", -5.0, 250, {"X": 0.0}),
    ("Echo } RETURN 1 //", "Cloud & Sons", "Retail", "FR", "Prospect", 1e6, 10_000, {"Y": 1_000_000.0}),
]
ACCOUNTS: list[dict[str, Any]] = [{"externalId": row[0], **dict(zip(COLUMNS, row, strict=True))} for row in TABLE]
NAMES = [row["name"] for row in ACCOUNTS]


@dataclass(frozen=True, slots=True)
class GroupFacts:
    """A group, as filters see it."""

    interest: str
    completeness: float
    held: Counter[str]
    status: str | None


@dataclass(slots=True)
class Market:
    """What a filter is about: global ids by key, and the groups of each account."""

    api: Api
    ids: dict[str, str]
    groups: dict[str, list[GroupFacts]] = field(default_factory=dict[str, list[GroupFacts]])

    def accounts(self, wanted: Mapping[str, Any]) -> list[str]:
        """The names of those that a filter finds, in their order, read plainly."""
        return sorted(row["name"] for row in ACCOUNTS if self.holds(wanted, row))

    def holds(self, wanted: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
        return all(self._part(name, given, row) for name, given in wanted.items() if given is not None)

    def _part(self, name: str, given: Any, row: Mapping[str, Any]) -> bool:
        match name:
            case "search":
                return given.strip().lower() in row["name"].strip().lower()
            case "industries" | "countries" | "types":
                return row[{"industries": "industry", "countries": "country", "types": "type"}[name]] in given
            case "annualRevenue" | "employeeCount":
                return within(row[name], given)
            case "depth":
                return within(len(self._above(row)), given)
            case "underAccountId":
                return given in [self.ids[key] for key in self._above(row)]
            case "ownsProduct":
                owned = {self.ids[key]: revenue for key, revenue in row["owned"].items()}
                return any(
                    own in owned and ("revenue" not in given or within(owned[own], given["revenue"]))
                    for own in given["productIds"]
                )
            case "hasBuyingGroup":
                return any(self._fits(given, group, row) for group in self.groups.get(row["name"], ()))
            case "any":
                return any(self.holds(one, row) for one in given)
            case _:
                assert name == "not"
                return not self.holds(given, row)

    def _above(self, row: Mapping[str, Any]) -> list[str]:
        parent = next((one for one in ACCOUNTS if one["name"] == row["parentExternalId"]), None)
        return [parent["name"], *self._above(parent)] if parent else []

    def _fits(self, wanted: Mapping[str, Any], group: GroupFacts, row: Mapping[str, Any]) -> bool:
        held = {self.ids[role]: count for role, count in group.held.items()}
        checks = {
            "search": lambda given: given.strip().lower() in f"{group.interest} for {row['name']}".lower(),
            "solutionInterestIds": lambda given: self.ids[group.interest] in given,
            "statuses": lambda given: group.status in given,
            "accountIds": lambda given: self.ids[row["name"]] in given,
            "industries": lambda given: row["industry"] in given,
            "regions": lambda given: row["country"] in given,  # where a region is not given, the country is
            "completeness": lambda given: within(group.completeness, given),
            "missingRoleIds": lambda given: all(held.get(own, 0) < (2 if own == self.ids[CHIEF] else 1) for own in given),
            "membersInRole": lambda given: all(held.get(one["roleId"], 0) >= one["atLeast"] for one in given),
        }
        return all(checks[name](given) for name, given in wanted.items())


def within(value: float | None, bounds: Mapping[str, float]) -> bool:
    """Nothing lies within bounds if it has no value."""
    if value is None:
        return False
    checks = {"gt": value > bounds.get("gt", 0), "gte": value >= bounds.get("gte", 0)}
    checks |= {"lt": value < bounds.get("lt", 0), "lte": value <= bounds.get("lte", 0)}
    return all(checks[name] for name in bounds)


@pytest.fixture
async def market(api: Api) -> Market:
    """Accounts that own things, and the groups of two interests."""
    made = await products.upsert(api.db, [{"externalId": key, "name": f"Product {key}"} for key in ("X", "Y")])
    batch = [{name: row[name] for name in row if name != "owned"} for row in ACCOUNTS]
    for row, account in zip(batch, ACCOUNTS, strict=True):
        row["ownedProducts"] = [{"productExternalId": key, "revenue": revenue} for key, revenue in account["owned"].items()]
    done = await accounts.upsert(api.db, batch, by=BY)
    assert not done.problems
    raw = dict(zip(NAMES, map(str, done.ids), strict=True))
    named = await role_ids(api.db)
    found = Market(api, {key: ids.encode("Account", own) for key, own in raw.items()})
    found.ids |= {key: ids.encode("Product", str(own)) for key, own in zip(("X", "Y"), made.ids, strict=True)}
    found.ids |= {role: ids.encode("Role", named[role]) for role in (CHIEF, OTHER)}
    chiefs = {"Acme": 1, "Acme Design": 2, "Cloud & Sons": 3}
    crowd = [Someone(f"chief {n} of {key}", {key: None}, "chief") for key, count in chiefs.items() for n in range(count)]
    await plant(api.db, {}, crowd)
    for interest, seats in (("Suite", NAMES[:5]), ("Cloud", NAMES[::2])):
        cards = [card(named[CHIEF], title(FilterOperator.IS, "chief"), members_required=2), card(named[OTHER])]
        sold = await sell(api.db, cards, [raw[key] for key in seats], interest)
        found.ids[interest] = ids.encode("SolutionInterest", sold.interest_id)
        for place, key in enumerate(seats):
            status = [None, "open", "won"][place % 3]
            await rows(api.db, "MATCH (g:BuyingGroup {id: $id}) SET g.status = $status", id=sold.groups[raw[key]], status=status)
            held = Counter({CHIEF: chiefs.get(key, 0)})
            found.groups.setdefault(key, []).append(GroupFacts(interest, 25.0 * min(2, held[CHIEF]), held, status))
    return found


# --- each field by its name -----------------------------------------------------------------------------------------


async def test_accounts_that_own_a_product_with_revenue_above_a_million(market: Market) -> None:
    wanted = {"ownsProduct": {"productIds": [market.ids["Y"]], "revenue": {"gt": 1_000_000}}}
    payload = await _create(market.api, filter=wanted)
    assert _names(payload) == ["Acme Design", "Acme Design Lab", "Börse"]
    assert payload["accountAudience"]["kind"] == "DYNAMIC"
    assert payload["accountAudience"]["rule"]["summary"] == "owns 'Product Y' with revenue above 1,000,000.0"


# What a filter is made of: each gives a GraphQL value, by the market's ids.
Part = Any


def _parts(market: Market) -> dict[str, list[Part]]:
    """Values for every field of AccountFilter, edges among them."""
    own = market.ids
    return {
        "search": ["acme", " ACME ", "börse", "Lab W", "'", "} RETURN", "no such", "%"],
        "industries": [["Steel"], ["Steel", "Retail"], ["steel"], []],
        "countries": [["DE"], ["DE", "FR"], ["XX"]],
        "types": [["Customer"], ["customer"], ["Prospect", "Customer"]],
        "annualRevenue": [{"gt": 1e6}, {"gte": 1e6}, {"lt": 0}, {"lte": 0}, {"gt": 0, "lte": 1e6}, {"gt": 5, "lt": 4}],
        "employeeCount": [{"gt": 10}, {"gte": 10, "lt": 10_000}, {"lte": 0}, {"gt": 9.5}],
        "depth": [{"lte": 0}, {"gt": 0}, {"gte": 2}, {"gt": 1, "lt": 3}],
        "underAccountId": [own["Acme"], own["Acme Design"], own["Acme Design Lab West"], own["Cloud & Sons"]],
        "ownsProduct": [
            {"productIds": [own["X"]]},
            {"productIds": [own["X"], own["Y"]]},
            {"productIds": [own["Y"]], "revenue": {"gt": 1e6}},
            {"productIds": [own["Y"]], "revenue": {"gte": 1e6, "lt": 2e6}},
            {"productIds": [own["X"], own["Y"]], "revenue": {"lte": 0}},
        ],
        "hasBuyingGroup": [
            {"solutionInterestIds": [own["Suite"]]},
            {"solutionInterestIds": [own["Suite"], own["Cloud"]]},
            {"completeness": {"lt": 50}},
            {"completeness": {"gte": 25, "lte": 25}},
            {"solutionInterestIds": [own["Cloud"]], "completeness": {"gt": 0}},
            {"statuses": ["open"]},
            {"statuses": ["open", "won"], "industries": ["Steel"]},
            {"regions": ["FR"]},
            {"accountIds": [own["Acme"], own["Börse"]]},
            {"search": "suite for acme"},
            {"missingRoleIds": [own[CHIEF]]},
            {"missingRoleIds": [own[CHIEF], own[OTHER]]},
            {"membersInRole": [{"roleId": own[CHIEF], "atLeast": 2}]},
            {"membersInRole": [{"roleId": own[CHIEF], "atLeast": 1}, {"roleId": own[OTHER], "atLeast": 0}]},
        ],
    }


async def _found(market: Market, wanted: Mapping[str, Any]) -> list[str]:
    """The names of the accounts that the list finds by a filter."""
    query = """query ($filter: AccountFilter) { accounts(first: 100, filter: $filter) {
      totalCount edges { node { name } } } }"""
    shown = (await market.api.data(query, filter=wanted))["accounts"]
    names = [edge["node"]["name"] for edge in shown["edges"]]
    assert shown["totalCount"] == len(names)
    return names


async def test_each_field_alone_and_turned_round_finds_what_a_plain_reading_finds(market: Market) -> None:
    seen: set[str] = set()
    for name, values in _parts(market).items():
        sizes: set[int] = set()
        for value in values:
            expected = market.accounts({name: value})
            assert await _found(market, {name: value}) == expected, (name, value)
            rest = [one for one in sorted(NAMES) if one not in expected]  # not holds for accounts without a value, too
            assert await _found(market, {"not": {name: value}}) == rest, (name, value)
            sizes.add(len(expected))
        assert sizes != {0}, name
        assert sizes != {len(NAMES)}, name
        seen.add(name)
    query = """{ __type(name: "AccountFilter") { inputFields { name } } }"""
    fields = {one["name"] for one in (await market.api.data(query))["__type"]["inputFields"]}
    assert fields == seen | {"any", "not"}


def _filters() -> st.SearchStrategy[Any]:
    """Filters in outline: a field with the place of its value; any of some, not one, or all of some within one."""
    return st.recursive(
        st.tuples(st.sampled_from(FIELD_NAMES), st.integers(0, 13)),
        lambda inner: st.one_of(
            st.tuples(st.just("any"), st.lists(inner, min_size=1, max_size=3)),
            st.tuples(st.just("not"), inner),
            st.tuples(st.just("all"), st.lists(inner, min_size=2, max_size=3)),
        ),
        max_leaves=5,
    )


FIELD_NAMES = (
    "search",
    "industries",
    "countries",
    "types",
    "annualRevenue",
    "employeeCount",
    "depth",
    "underAccountId",
    "ownsProduct",
    "hasBuyingGroup",
)


def _filter(parts: Mapping[str, Sequence[Part]], drawn: Any) -> dict[str, Any]:
    name, what = drawn
    match name:
        case "any":
            return {"any": [_filter(parts, one) for one in what]}
        case "not":
            return {"not": _filter(parts, what)}
        case "all":
            made: dict[str, Any] = {}
            for one in what:  # a field that is given twice keeps its last value
                made |= _filter(parts, one)
            return made
        case _:
            return {name: parts[name][what % len(parts[name])]}


@examples(25)
@given(drawn=_filters())
async def test_any_filter_makes_an_audience_of_what_a_plain_reading_finds(market: Market, drawn: Any) -> None:
    wanted = _filter(_parts(market), drawn)
    expected = market.accounts(wanted)
    payload = await _create(market.api, filter=wanted)
    assert _names(payload) == expected
    assert payload["accountAudience"]["accounts"]["totalCount"] == len(expected)
    await _delete(market.api, payload["accountAudience"]["id"])


async def test_a_creation_job_makes_groups_for_exactly_the_accounts_in_the_audience(market: Market) -> None:
    own = market.ids
    wanted = {
        "any": [{"industries": ["Steel"]}, {"ownsProduct": {"productIds": [own["Y"]], "revenue": {"gt": 1e6}}}],
        "not": {"hasBuyingGroup": {"solutionInterestIds": [own["Suite"]]}},
    }
    expected = market.accounts(wanted)
    assert expected == ["Börse", "Delta 'quoted'"]
    audience = (await _create(market.api, filter=wanted))["accountAudience"]["id"]
    named = await role_ids(market.api.db)
    third = await sell(market.api.db, [card(named[OTHER])], [], "Third")
    await jobs.start_creation(market.api.db, third.interest_id, ids.raw(audience, "AccountAudience"), by=BY)
    await market.api.run_jobs()
    made = "MATCH (g:BuyingGroup {interestId: $id})-[:FOR_ACCOUNT]->(a) RETURN a.name AS name ORDER BY name"
    assert [row["name"] for row in await rows(market.api.db, made, id=third.interest_id)] == expected


async def test_a_dynamic_audience_is_evaluated_when_it_is_used(market: Market) -> None:
    payload = await _create(market.api, filter={"industries": ["Mining"]})
    assert _names(payload) == []
    await accounts.upsert(market.api.db, [{"externalId": "Acme", "name": "Acme", "industry": "Mining"}], by=BY)
    query = f"query ($id: ID!) {{ accountAudience(id: $id) {{ {FIELDS} }} }}"
    shown = (await market.api.data(query, id=payload["accountAudience"]["id"]))["accountAudience"]
    assert shown["accounts"] == {"totalCount": 1, "edges": [{"node": {"name": "Acme"}}]}


async def test_an_audience_pages_like_any_list(market: Market) -> None:
    listed = [market.ids[name] for name in NAMES]
    query = """query ($id: ID!, $after: String) { accountAudience(id: $id) { accounts(first: 4, after: $after) {
      edges { node { name } } pageInfo { hasNextPage endCursor } } } }"""
    for wanted in ({"accountIds": listed}, {"filter": {"depth": {"gte": 0}}}):
        own = (await _create(market.api, **wanted))["accountAudience"]["id"]
        seen: list[str] = []
        page: dict[str, Any] = {"hasNextPage": True, "endCursor": None}
        while page["hasNextPage"]:
            shown = await market.api.data(query, id=own, after=page["endCursor"])
            seen += [edge["node"]["name"] for edge in shown["accountAudience"]["accounts"]["edges"]]
            page = shown["accountAudience"]["accounts"]["pageInfo"]
        assert seen == sorted(NAMES)


# --- what an audience says ------------------------------------------------------------------------------------------


async def test_a_static_audience_lists_accounts_each_once(market: Market) -> None:
    own = market.ids
    payload = await _create(market.api, accountIds=[own["Börse"], own["Acme"], own["Börse"]])
    assert _names(payload) == ["Acme", "Börse"]
    assert (payload["accountAudience"]["kind"], payload["accountAudience"]["rule"]) == ("STATIC", None)
    assert _names(await _create(market.api, accountIds=[])) == []


async def test_exactly_one_of_accounts_and_filter_is_given(market: Market) -> None:
    both = {"accountIds": [market.ids["Acme"]], "filter": {"search": "a"}}
    for wanted in ({}, both, {"accountIds": None, "filter": None}):
        assert _errors(await _create(market.api, **wanted)) == [("", "INVALID")]
    assert await rows(market.api.db, "MATCH (u:AccountAudience {name: 'Audience'}) RETURN u") == []


async def test_what_does_not_exist_is_named_by_its_place(market: Market) -> None:
    own = market.ids
    unknown = ids.encode("Account", "00000000-0000-0000-0000-000000000000")
    listed = [own["Acme"], unknown, "nobody", own["X"]]
    expected = [(f"accountIds.{place}", "NOT_FOUND") for place in (1, 2, 3)]
    assert _errors(await _create(market.api, accountIds=listed)) == expected
    wanted = {
        "any": [{"underAccountId": unknown}, {"ownsProduct": {"productIds": [own["X"], own["Acme"]]}}],
        "not": {"hasBuyingGroup": {"membersInRole": [{"roleId": "nobody", "atLeast": 1}], "solutionInterestIds": [own["Suite"]]}},
    }
    assert sorted(_errors(await _create(market.api, filter=wanted))) == [
        ("filter.any.0.underAccountId", "NOT_FOUND"),
        ("filter.any.1.ownsProduct.productIds.1", "NOT_FOUND"),
        ("filter.not.hasBuyingGroup.membersInRole.0.roleId", "NOT_FOUND"),
    ]


@pytest.mark.parametrize(
    ("wanted", "field", "code"),
    [
        ({}, "filter", "INVALID"),
        ({"search": None}, "filter", "INVALID"),
        ({"any": []}, "filter.any", "INVALID"),
        ({"any": [{"search": "a"}, {}]}, "filter.any.1", "INVALID"),
        ({"not": {}}, "filter.not", "INVALID"),
        ({"ownsProduct": {"productIds": []}}, "filter.ownsProduct.productIds", "INVALID"),
        ({"annualRevenue": {}}, "filter.annualRevenue", "INVALID"),
        ({"not": {"depth": {}}}, "filter.not.depth", "INVALID"),
        ({"not": {"not": {"not": {"not": {"not": {"search": "a"}}}}}}, "filter.not.not.not.not.not", "LIMIT_EXCEEDED"),
    ],
)
async def test_a_filter_that_says_nothing_or_too_much_is_refused(api: Api, wanted: Any, field: str, code: str) -> None:
    assert _errors(await _create(api, filter=wanted)) == [(field, code)]
    assert await rows(api.db, "MATCH (u:AccountAudience) RETURN u") == []


async def test_names_and_lists_have_their_limits(api: Api) -> None:
    for name in ("", " ", "x" * 256):
        assert _errors(await _create(api, name=name, accountIds=[])) == [("name", "INVALID")]
    assert _errors(await _create(api, accountIds=["nobody"] * 10_001)) == [("accountIds", "LIMIT_EXCEEDED")]
    assert await rows(api.db, "MATCH (u:AccountAudience) RETURN u") == []


async def test_an_update_replaces_what_an_audience_says_even_its_kind(market: Market) -> None:
    own = (await _create(market.api, accountIds=[market.ids["Acme"]], description="D"))["accountAudience"]["id"]
    payload = await _update(market.api, own, name="Steel", filter={"industries": ["Steel"], "depth": {"lte": 0}})
    assert _names(payload) == ["Acme", "Delta 'quoted'"]
    assert (payload["accountAudience"]["kind"], payload["accountAudience"]["description"]) == ("DYNAMIC", None)
    payload = await _update(market.api, own, accountIds=[market.ids["Börse"]])
    assert (_names(payload), payload["accountAudience"]["rule"]) == (["Börse"], None)
    before = await rows(market.api.db, "MATCH (u:AccountAudience {name: 'Audience'}) RETURN properties(u) AS stored")
    assert _names(await _update(market.api, own, accountIds=[market.ids["Börse"]])) == ["Börse"]
    assert await rows(market.api.db, "MATCH (u:AccountAudience {name: 'Audience'}) RETURN properties(u) AS stored") == before
    assert _errors(await _update(market.api, own, accountIds=["nobody"])) == [("accountIds.0", "NOT_FOUND")]
    assert _errors(await _update(market.api, "nobody", accountIds=[])) == [("id", "NOT_FOUND")]


# --- when they can go -----------------------------------------------------------------------------------------------


async def test_an_audience_is_in_use_once_a_creation_job_has_linked_it(market: Market) -> None:
    own = (await _create(market.api, accountIds=[market.ids["Acme"]]))["accountAudience"]["id"]
    interest = ids.raw(market.ids["Suite"], "SolutionInterest")
    job_id = await jobs.start_creation(market.api.db, interest, ids.raw(own, "AccountAudience"), by=BY)
    assert await _delete(market.api, own) == IN_USE  # while the job waits
    await market.api.run_jobs()
    await jobs.delete(market.api.db, job_id)
    assert await _delete(market.api, own) == IN_USE  # for daily runs follow the link
    assert _names(await _update(market.api, own, accountIds=[market.ids["Börse"]])) == ["Börse"]  # what it says may change


async def test_an_audience_that_nothing_uses_can_be_deleted_once(market: Market) -> None:
    own = (await _create(market.api, accountIds=[market.ids["Acme"]]))["accountAudience"]["id"]
    assert await _delete(market.api, own) == {"deletedId": own, "userErrors": []}
    gone = {"deletedId": None, "userErrors": [{"field": ["id"], "code": "NOT_FOUND"}]}
    for unknown in (own, "nobody", market.ids["Acme"]):
        assert await _delete(market.api, unknown) == gone
    assert (await rows(market.api.db, "MATCH (a:Account) RETURN count(a) AS n")) == [{"n": len(ACCOUNTS)}]
