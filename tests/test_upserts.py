"""What comes from a CRM and from marketing systems over the API: each row on its own, no circle, nothing counted twice."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from make import BY, Api, Person, card, completeness, members_of, plant, role_ids, rows, sell, title

from graph import accounts
from graph.db import Db
from graph.model import MAX_ROWS_PER_CALL, FilterOperator

ACCOUNTS = """mutation ($rows: [AccountInput!]!) { done: upsertAccounts(input: { accounts: $rows }) {
  rows: accounts { externalId name parent { externalId } } created updated userErrors { field code message } } }"""
PEOPLE = """mutation ($rows: [PersonInput!]!) { done: upsertPeople(input: { people: $rows }) {
  rows: people { externalId name email reachable } created updated userErrors { field code message } } }"""
PRODUCTS = """mutation ($rows: [ProductInput!]!) { done: upsertProducts(input: { products: $rows }) {
  rows: products { externalId name productLine } created updated userErrors { field code message } } }"""
ACTIVITIES = """mutation ($rows: [ActivityInput!]!) { done: recordActivities(input: { activities: $rows }) {
  recorded duplicates userErrors { field code message } } }"""


async def send(api: Api, mutation: str, *batch: dict[str, Any]) -> dict[str, Any]:
    return (await api.data(mutation, rows=batch))["done"]


def errors(payload: dict[str, Any]) -> list[tuple[str, str]]:
    return [(".".join(one["field"]), one["code"]) for one in payload["userErrors"]]


async def parents(db: Db) -> dict[str, list[str]]:
    """The parents of every account."""
    found = await rows(
        db, "MATCH (a:Account) RETURN a.externalId AS key, [(a)-[:CHILD_OF]->(b:Account) | b.externalId] AS parents"
    )
    return {row["key"]: row["parents"] for row in found}


def account(key: str, parent: str | None = None, **more: Any) -> dict[str, Any]:
    return {"externalId": key, "name": key, "parentExternalId": parent, **more}


# --- the hierarchy --------------------------------------------------------------------------------------------------


async def test_an_account_has_one_parent_at_most(api: Api) -> None:
    await send(api, ACCOUNTS, account("a"), account("b"), account("c", "a"))
    moved = await send(api, ACCOUNTS, account("c", "b"))
    assert (moved["rows"], moved["updated"]) == ([{"externalId": "c", "name": "c", "parent": {"externalId": "b"}}], 1)
    assert await parents(api.db) == {"a": [], "b": [], "c": ["b"]}
    await send(api, ACCOUNTS, account("c"))
    assert await parents(api.db) == {"a": [], "b": [], "c": []}


@pytest.mark.parametrize(
    ("wanted", "refused"),
    [
        ({"a": "a"}, [0]),
        ({"a": "b"}, [0]),
        ({"a": "d"}, [0]),
        ({"x": "y", "y": "x", "z": "a"}, [0, 1]),
        ({"x": "y", "y": "z", "z": "x"}, [0, 1, 2]),
        ({"e": "d", "a": "e"}, [0, 1]),  # each alone would do
        ({"a": "c", "c": None}, []),  # what is moved away is no circle
    ],
)
async def test_a_circle_is_refused_and_what_stands_in_none_is_done(
    api: Api, wanted: dict[str, str | None], refused: Sequence[int]
) -> None:
    before = {"a": [], "b": ["a"], "c": ["b"], "d": ["c"], "e": []}
    await plant(api.db, {"a": None, "b": "a", "c": "b", "d": "c", "e": None})
    payload = await send(api, ACCOUNTS, *(account(key, parent) for key, parent in wanted.items()))
    assert errors(payload) == [(f"accounts.{place}.parentExternalId", "CYCLE") for place in refused]
    assert [row is None for row in payload["rows"]] == [place in refused for place in range(len(wanted))]
    done = {key: [parent] if parent else [] for place, (key, parent) in enumerate(wanted.items()) if place not in refused}
    assert await parents(api.db) == {**before, **done}


async def test_moves_at_once_close_no_circle(db: Db) -> None:
    keys = "abcd"
    await plant(db, dict.fromkeys(keys))
    ring = list(zip(keys, keys[1:] + keys[:1], strict=True))  # each wants to stand under the next
    for turn in range(25):
        moves = (accounts.upsert(db, [account(child, parent)], by=BY) for child, parent in ring)
        done = await asyncio.gather(*moves)
        assert sorted(len(one.problems) for one in done) == [0, 0, 0, 1], f"round {turn}"
        assert [one for one in await parents(db) if await _below_itself(db, one)] == []
        await accounts.upsert(db, [account(key) for key in keys], by=BY)


async def _below_itself(db: Db, key: str) -> bool:
    return bool(await rows(db, "MATCH (a:Account {externalId: $key})-[:CHILD_OF]->+(a) RETURN 1 LIMIT 1", key=key))


async def test_the_region_is_the_accounts_own_else_its_country(api: Api) -> None:
    await send(api, ACCOUNTS, account("a", region="DACH", country="DE"), account("b", country="DE"), account("c"))
    found = (await api.data("{ accounts { edges { node { externalId region } } } }"))["accounts"]["edges"]
    assert [(edge["node"]["externalId"], edge["node"]["region"]) for edge in found] == [("a", "DACH"), ("b", "DE"), ("c", None)]


# --- rows -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("mutation", "noun"), [(ACCOUNTS, "accounts"), (PRODUCTS, "products")])
async def test_a_name_is_needed_and_has_at_most_255_characters(api: Api, mutation: str, noun: str) -> None:
    names = ["", " ", "x" * 256, "x" * 255]
    payload = await send(api, mutation, *({"externalId": f"k{place}", "name": name} for place, name in enumerate(names)))
    assert errors(payload) == [(f"{noun}.{place}.name", "INVALID") for place in range(3)]
    assert [row and row["externalId"] for row in payload["rows"]] == [None, None, None, "k3"]
    assert len(await rows(api.db, "MATCH (n:Account|Product) RETURN n")) == 1


async def test_the_external_id_tells_who_is_who_within_a_kind(api: Api) -> None:
    """The same key may stand for an account and a person; a key that comes again is the same one, not another."""
    await send(api, ACCOUNTS, account("k"))
    await send(api, PEOPLE, {"externalId": "k", "lastName": "First"})
    again = await send(api, PEOPLE, {"externalId": "k", "lastName": "Second"})
    assert (again["created"], again["updated"], again["rows"][0]["name"]) == (0, 1, "Second")
    twice = await send(api, PEOPLE, {"externalId": "p"}, {"externalId": "p"})
    assert (twice["created"], errors(twice)) == (1, [("people.1.externalId", "INVALID")])
    for blank in ("", " "):
        assert errors(await send(api, PEOPLE, {"externalId": blank})) == [("people.0.externalId", "INVALID")]
    found = await rows(api.db, "MATCH (n:Account|Person) RETURN labels(n)[0] AS kind, n.externalId AS key ORDER BY kind, key")
    assert [(row["kind"], row["key"]) for row in found] == [("Account", "k"), ("Person", "k"), ("Person", "p")]


@pytest.mark.parametrize(("mutation", "noun"), [(ACCOUNTS, "accounts"), (PEOPLE, "people"), (PRODUCTS, "products")])
async def test_more_rows_than_a_call_takes_and_nothing_is_done(api: Api, mutation: str, noun: str) -> None:
    batch = [{"externalId": f"k{n}"} | ({"name": "n"} if noun != "people" else {}) for n in range(MAX_ROWS_PER_CALL + 1)]
    payload = await send(api, mutation, *batch)
    assert (MAX_ROWS_PER_CALL, errors(payload)) == (1000, [(noun, "LIMIT_EXCEEDED")])
    assert await rows(api.db, "MATCH (n:Account|Person|Product) RETURN n") == []


# --- people and their accounts --------------------------------------------------------------------------------------


async def test_a_person_relates_once_to_each_account(api: Api) -> None:
    await plant(api.db, {"a": None, "b": None})
    at = [{"accountExternalId": key, "title": word} for key, word in (("a", "Boss"), ("b", "Aide"), ("a", "Clerk"))]
    payload = await send(api, PEOPLE, {"externalId": "p", "accounts": at}, {"externalId": "q", "accounts": at[:2]})
    assert errors(payload) == [("people.0.accounts.2.accountExternalId", "INVALID")]
    await send(api, PEOPLE, {"externalId": "q", "accounts": [at[1], at[0]]})
    found = await rows(api.db, "MATCH (p:Person)-[:WORKS_FOR]->(a) RETURN p.externalId AS p, a.externalId AS a ORDER BY a")
    assert [(row["p"], row["a"]) for row in found] == [("q", "a"), ("q", "b")]


async def test_a_consultant_is_a_contact_of_both_firms_with_a_title_in_each(api: Api) -> None:
    await plant(api.db, {"firm": None, "client": None})
    at = [
        {"accountExternalId": "firm"},
        {"accountExternalId": "client", "relationship": "PARTNER", "title": "Adviser"},
    ]
    await send(api, PEOPLE, {"externalId": "p", "jobTitle": "Consultant", "accounts": at})
    query = """query ($key: String!) { account(externalId: $key) { people { edges {
      title relationship node { externalId } } } } }"""
    for key, word, relationship in (("firm", "Consultant", "EMPLOYEE"), ("client", "Adviser", "PARTNER")):
        edges = (await api.data(query, key=key))["account"]["people"]["edges"]
        assert edges == [{"title": word, "relationship": relationship, "node": {"externalId": "p"}}]


async def test_a_members_title_is_the_one_held_at_the_account_that_counts(api: Api) -> None:
    crowd = [Person("own", {"a": "Head"}, "Clerk"), Person("general", {"a": None}, "Head")]
    known = await plant(api.db, {"a": None}, crowd)
    sold = await sell(api.db, [card((await role_ids(api.db))["Other"], title(FilterOperator.IS, "head"))], [known["a"]])
    query = "query ($id: ID!) { buyingGroup(id: $id) { members { edges { title node { externalId jobTitle } } } } }"
    edges = (await api.data(query, id=f"grp_{sold.groups[known['a']]}"))["buyingGroup"]["members"]["edges"]
    assert edges == [
        {"title": "Head", "node": {"externalId": "general", "jobTitle": "Head"}},
        {"title": "Head", "node": {"externalId": "own", "jobTitle": "Clerk"}},
    ]


async def test_a_person_without_an_address_counts_as_a_member_and_shows_as_not_reachable(api: Api) -> None:
    known = await plant(api.db, {"a": None})
    at = [{"accountExternalId": "a"}]
    cases: dict[str, tuple[dict[str, Any], bool]] = {
        "none": ({}, False),
        "blank": ({"email": " "}, False),
        "fine": ({"email": "x@y.example"}, True),
        "bounced": ({"email": "x@y.example", "emailInvalid": True}, False),
        "opted out": ({"email": "x@y.example", "emailSuspended": True}, False),
    }
    people = [{"externalId": key, "jobTitle": "Boss", "accounts": at, **more} for key, (more, _) in cases.items()]
    payload = await send(api, PEOPLE, *people)
    assert (payload["created"], payload["userErrors"]) == (5, [])
    assert {row["externalId"]: row["reachable"] for row in payload["rows"]} == {key: yes for key, (_, yes) in cases.items()}
    role = (await role_ids(api.db))["Other"]
    sold = await sell(api.db, [card(role, title(FilterOperator.IS, "boss"), members_required=5)], [known["a"]])
    group = sold.groups[known["a"]]
    assert (await members_of(api.db, group)).keys() == cases.keys()
    assert await completeness(api.db, group) == 100


# --- activities -----------------------------------------------------------------------------------------------------


def did(key: str, person: str = "p", kind: str = "Page Views", at: str = "2026-10-15T08:00:00Z") -> dict[str, Any]:
    return {"activityId": key, "personExternalId": person, "type": kind, "occurredAt": at}


async def test_an_activity_counts_once_however_often_it_is_told(api: Api) -> None:
    await plant(api.db, {}, [Person("p", {}), Person("q", {})])
    first = await send(api, ACTIVITIES, did("1"), did("2"), did("1"), did("3", kind="Email Opened"))
    assert first == {"recorded": 3, "duplicates": 1, "userErrors": []}
    again = await send(api, ACTIVITIES, did("2", person="q", kind="Email Opened"), did("4"))
    assert again == {"recorded": 1, "duplicates": 1, "userErrors": []}
    found = await rows(
        api.db, "MATCH (p:Person)-[:HAD_ACTIVITY]->(x:Activity) RETURN x.activityId AS key, p.externalId AS p, x.type AS type"
    )
    assert sorted((row["key"], row["p"], row["type"]) for row in found) == [
        ("1", "p", "Page Views"),
        ("2", "p", "Page Views"),
        ("3", "p", "Email Opened"),
        ("4", "p", "Page Views"),
    ]


async def test_a_bad_activity_is_refused_alone_and_more_than_5000_whole(api: Api) -> None:
    await plant(api.db, {}, [Person("p", {})])
    batch = [did("1", person="nobody"), did(" "), did("2", kind=""), did("3")]
    payload = await send(api, ACTIVITIES, *batch)
    assert (payload["recorded"], errors(payload)) == (
        1,
        [
            ("activities.0.personExternalId", "NOT_FOUND"),
            ("activities.1.activityId", "INVALID"),
            ("activities.2.type", "INVALID"),
        ],
    )
    payload = await send(api, ACTIVITIES, *(did(f"x{n}") for n in range(5001)))
    assert (payload["recorded"], errors(payload)) == (0, [("activities", "LIMIT_EXCEEDED")])
    assert len(await rows(api.db, "MATCH (x:Activity) RETURN x")) == 1
