"""A caller bound to a part of the market sees and changes that part, and can't tell whether there is anything else."""

from __future__ import annotations

import asyncio
import base64
import json
import random
import re
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson
import parts
import pytest
from graphql import ExecutionResult, validate
from graphql.language import parse
from make import Api, Person, Sold, api_over, card, members_of, plant, role_ids, rows, sell, title
from queries import Generated, Generator, ids_there

from api.answers import Answers
from api.context import Context
from api.documents import Documents
from api.schema import schema
from graph import audiences, members
from graph.audiences import AudienceSpec
from graph.callers import EVERYTHING, Caller
from graph.db import Db
from graph.events import Hub
from graph.model import AssignmentSource, FilterOperator, HierarchyScope
from graph.paging import Cursors
from graph.queries import query
from graph.sight import Sight, narrow
from graph.vocabulary import VocabularyError

CURSORS = Cursors(b"a secret of the tests")
DOCUMENTS = Documents(schema._schema)


class Prying(Generator):
    """Makes queries that ask for what is there by its names, too, wherever it is."""

    names: tuple[str, ...] = ()

    def _value(self, name: str, kind: Any, depth: int) -> Any:
        if name in ("externalId", "search") and self.chance.random() < 0.7:
            return self.chance.choice(self.names)
        return super()._value(name, kind, depth)


def context(db: Db, root: str | None, answers: Answers | None = None) -> Context:
    caller = Caller(parts.PARTNER, EVERYTHING, "key", root)
    return Context(db, CURSORS, Hub(db), DOCUMENTS, answers, caller=caller, request_id="the same")


async def told(here: Context, text: str, variables: Mapping[str, Any]) -> bytes:
    """The answer; of errors what they say, in whatever order they came."""
    result = await schema.execute(text, dict(variables), context_value=here, operation_name="Q")
    errors = sorted([error.message, str((error.extensions or {}).get("code"))] for error in result.errors or ())
    return orjson.dumps({"data": result.data, "errors": errors})


async def test_the_market_seen_in_part_is_the_market_without_the_rest(db: Db, pytestconfig: pytest.Config) -> None:
    part = await parts.settle(db)
    names = await rows(db, "MATCH (n) WHERE n:Account OR n:Person RETURN [n.name, n.externalId] AS both ORDER BY n.id")
    generator = Prying(schema._schema, await ids_there(db), random.Random(5))
    generator.names = tuple(name for row in names for name in row["both"])
    answers = Answers()
    asked: list[tuple[Generated, bytes]] = []
    for _ in range(int(pytestconfig.getoption("queries") or 0)):
        query = generator.query()
        if validate(schema._schema, parse(query.text)) or "webhook" in query.text:  # those are about the whole market
            continue
        seen = await told(context(db, part.root), query.text, query.variables)
        for _ in range(2):  # from a new plan, and from one that is kept
            assert await told(context(db, part.root, answers), query.text, query.variables) == seen
        given = query.text + orjson.dumps(query.variables).decode()
        leaks = [secret for secret in part.secrets if secret in seen.decode() and secret not in given]
        assert leaks == [], (query, seen)
        asked.append((query, seen))
    await parts.leave_only(db, part.root)
    differing = 0
    for query, seen in asked:
        assert seen.decode() == (await told(context(db, None), query.text, query.variables)).decode(), query
        differing += len(seen) > 60
    assert differing > len(asked) / 3


# --- a small market, case by case -----------------------------------------------------------------------------------

#        top
#     part    sister
#     low
TREE = {"top": None, "part": "top", "low": "part", "sister": "top"}
CROWD = [
    Person("inner", {"part": None}, "Director"),
    Person("lower", {"low": None}, "Director"),
    Person("between", {"low": "Secret clerk", "top": "Secret counsel"}, "Clerk"),
    Person("counsel", {"top": None}, "Counsel"),
    Person("sisterly", {"sister": None}, "Director"),
]
OUTSIDE = ("top", "sister", "counsel", "sisterly", "Secret counsel")
NOBODY = "00000000-0000-4000-8000-000000000000"
ERRORS = "userErrors { field code message }"
ASSIGN = f"""mutation($g: ID!, $p: ID!, $r: ID!) {{
  assignMembers(input: {{ buyingGroupId: $g, members: [{{ personId: $p, roleId: $r }}] }}) {{ PAYLOAD {ERRORS} }} }}"""


@dataclass(frozen=True, slots=True)
class Small:
    """The small market, its ids by key and its groups by account, and the API as a caller bound to `part` has it."""

    api: Api
    db: Db
    known: Mapping[str, str]
    roles: Mapping[str, str]
    sold: Sold

    def group(self, account: str) -> str:
        return parts.gid("BuyingGroup", self.sold.groups[self.known[account]])

    def account(self, key: str) -> str:
        return parts.gid("Account", self.known[key])

    def person(self, key: str) -> str:
        return parts.gid("Person", self.known[key])

    def role(self, name: str) -> str:
        return parts.gid("Role", self.roles[name])

    async def answers_alike(self, query: str, outside: Mapping[str, Any], unknown: Mapping[str, Any]) -> dict[str, Any]:
        """The answer about what is outside, which is to the letter that about what doesn't exist; and nothing was changed."""
        before = await whole_graph(self.db)
        one, other = await self.api.post(query, outside), await self.api.post(query, unknown)
        assert _masked(one, outside) == _masked(other, unknown)
        assert await whole_graph(self.db) == before
        return other


def _masked(answer: Any, variables: Mapping[str, Any]) -> str:
    text = re.sub(r'"requestId": "\w+"', "", json.dumps(answer))
    for sent in re.findall(r"[a-z]{3}_[0-9a-f-]{36}", json.dumps(variables)):
        text = text.replace(sent, "?")
    return text


async def whole_graph(db: Db) -> list[str]:
    """All that is stored."""
    nodes = await rows(db, "MATCH (n) RETURN labels(n) AS labels, n {.*} AS own")
    edges = await rows(db, "MATCH (n)-[r]->(m) RETURN n.id AS from, type(r) AS type, r {.*} AS own, m.id AS to")
    return sorted(json.dumps(row, sort_keys=True, default=str) for row in (*nodes, *edges))


@pytest.fixture
async def small(db: Db) -> AsyncGenerator[Small]:
    roles = await role_ids(db)
    known = await plant(db, TREE, CROWD)
    cards = [
        card(roles["Decision Maker"], title(FilterOperator.IS, "director")),
        card(roles["Champion"], title(FilterOperator.ENDS_WITH, "counsel"), scope=HierarchyScope.HIERARCHY),
    ]
    sold = await sell(db, cards, [known[key] for key in TREE])
    caller = Caller(parts.PARTNER, EVERYTHING, "key", known["part"])
    async with api_over(db, caller=caller) as api:
        yield Small(api, db, known, roles, sold)


async def test_what_is_outside_does_not_exist(small: Small) -> None:
    found = await small.api.data(
        "{ accounts { totalCount edges { node { name depth parent { name } ultimateParent { name } } } } }"
    )
    nodes = [edge["node"] for edge in found["accounts"]["edges"]]
    assert found["accounts"]["totalCount"] == 2
    assert nodes == [
        {"name": "low", "depth": 1, "parent": {"name": "part"}, "ultimateParent": {"name": "part"}},
        {"name": "part", "depth": 0, "parent": None, "ultimateParent": {"name": "part"}},
    ]
    assert (await small.api.data("{ people { edges { node { name } } } }"))["people"]["edges"] == [
        {"node": {"name": name}} for name in ("between", "inner", "lower")
    ]
    outside = [small.account("top"), small.person("counsel"), small.group("sister"), parts.gid("Job", small.sold.job_id)]
    for one in outside:
        unknown = f"{one[:4]}{NOBODY}"
        query = "query($id: ID!) { node(id: $id) { id } nodes(ids: [$id]) { id } }"
        answer = await small.answers_alike(query, {"id": one}, {"id": unknown})
        assert answer["data"] == {"node": None, "nodes": [None]}
    by_key = "query($key: String!) { account(externalId: $key) { id } person(externalId: $key) { id } }"
    for key in OUTSIDE:
        assert await small.api.data(by_key, key=key) == {"account": None, "person": None}
    under = "query($id: ID!) { accounts(filter: { underAccountId: $id }) { totalCount } }"
    assert (await small.api.data(under, id=small.account("top")))["accounts"]["totalCount"] == 0
    at = "query($id: ID!) { people(filter: { accountId: $id, scope: HIERARCHY }) { totalCount } }"
    assert (await small.api.data(at, id=small.account("part")))["people"]["totalCount"] == 3


async def test_members_from_outside_are_not_seen_and_the_scores_are_the_groups(small: Small) -> None:
    query = """query($id: ID!) { node(id: $id) { ... on BuyingGroup { completeness memberCount missingRoles { name }
      roles { role { name } assigned members { totalCount } } history { totalCount }
      members { totalCount edges { account { name } distance title node { name accounts { account { name } } } } } } } }"""
    group = (await small.api.data(query, id=small.group("part")))["node"]
    assert group["completeness"] == 100.0  # the counsel at the top counts
    assert group["missingRoles"] == []
    assert group["memberCount"] == 2
    assert [(one["role"]["name"], one["assigned"], one["members"]["totalCount"]) for one in group["roles"]] == [
        ("Decision Maker", 1, 1),
        ("Champion", 1, 1),
    ]
    assert group["history"]["totalCount"] == 2
    assert group["members"]["edges"] == [
        {
            "account": {"name": "low"},  # it holds through the top, as near as this one
            "distance": 1,
            "title": "Secret clerk",
            "node": {"name": "between", "accounts": [{"account": {"name": "low"}}]},
        },
        {
            "account": {"name": "part"},
            "distance": 0,
            "title": "Director",
            "node": {"name": "inner", "accounts": [{"account": {"name": "part"}}]},
        },
    ]
    stored = await rows(
        small.db,
        "MATCH (:Person {externalId: 'between'})-[m:MEMBER_OF]->(g:BuyingGroup {accountId: $id}) RETURN m.accountId AS a",
        id=small.known["part"],
    )
    assert stored == [{"a": small.known["top"]}]
    missing = "query($role: ID!) { buyingGroups(filter: { missingRoleIds: [$role] }) { totalCount } }"
    await rows(small.db, "MATCH (p:Person {externalId: 'between'})-[m:MEMBER_OF]->() DELETE m")
    assert (await small.api.data(query, id=small.group("part")))["node"]["missingRoles"] == []
    assert (await small.api.data(missing, role=small.role("Champion")))["buyingGroups"]["totalCount"] == 0


async def test_why_gaps_and_previews_name_nobody_outside(small: Small) -> None:
    why = """query($g: ID!, $p: ID!) { node(id: $g) { ... on BuyingGroup {
      why(personId: $p) { isMember summary distance account { name } } } } }"""
    unknown = {"g": small.group("part"), "p": parts.gid("Person", NOBODY)}
    answer = await small.answers_alike(why, {"g": small.group("part"), "p": small.person("counsel")}, unknown)
    assert answer["errors"][0]["message"] == "personId: There is no person with this id."
    told = (await small.api.data(why, g=small.group("part"), p=small.person("between")))["node"]["why"]
    assert (told["isMember"], told["distance"], told["account"]) == (True, 1, {"name": "low"})
    assert "through low, 1 level away." in told["summary"]
    await rows(small.db, "MATCH (:Person)-[m:MEMBER_OF {role: 'Champion'}]->() DELETE m")
    gaps = (
        "query($g: ID!) { node(id: $g) { ... on BuyingGroup { gaps { role { name } missing candidates { person { name } } } } } }"
    )
    found = (await small.api.data(gaps, g=small.group("part")))["node"]["gaps"]
    assert [(one["role"]["name"], one["missing"]) for one in found] == [("Champion", 1)]
    assert {one["person"]["name"] for one in found[0]["candidates"]} == {"between", "inner", "lower"}
    preview = """query($i: ID!) { previewMembership(input: { solutionInterestId: $i }) {
      buyingGroups newBuyingGroups joinsTotal leavesTotal joins { person { name } account { name } } } }"""
    tried = (await small.api.data(preview, i=parts.gid("SolutionInterest", small.sold.interest_id)))["previewMembership"]
    assert tried == {"buyingGroups": 2, "newBuyingGroups": 0, "joinsTotal": 0, "leavesTotal": 0, "joins": []}


async def test_decisions_about_what_is_outside_are_refused_as_if_it_did_not_exist(small: Small) -> None:
    role, interest = small.role("Champion"), parts.gid("SolutionInterest", small.sold.interest_id)
    inside, outside, nowhere = small.group("part"), small.group("sister"), parts.gid("BuyingGroup", NOBODY)
    person, stranger, nobody = small.person("inner"), small.person("counsel"), parts.gid("Person", NOBODY)
    assign = ASSIGN.replace("PAYLOAD", "buyingGroup { id } results { outcome person { id } }")
    answer = await small.answers_alike(assign, {"g": outside, "p": person, "r": role}, {"g": nowhere, "p": person, "r": role})
    assert answer["data"]["assignMembers"]["userErrors"][0]["code"] == "NOT_FOUND"
    answer = await small.answers_alike(assign, {"g": inside, "p": stranger, "r": role}, {"g": inside, "p": nobody, "r": role})
    assert answer["data"]["assignMembers"]["userErrors"][0]["code"] == "NOT_FOUND"
    remove = f"""mutation($g: ID!, $p: ID!) {{ removeMembers(input: {{ buyingGroupId: $g, personIds: [$p] }}) {{
      results {{ outcome standing {{ id }} }} {ERRORS} }} }}"""
    await small.answers_alike(remove, {"g": outside, "p": person}, {"g": nowhere, "p": person})
    await small.answers_alike(remove, {"g": inside, "p": stranger}, {"g": inside, "p": nobody})
    named = "accountId: $a, solutionInterestId: $i"
    journeys = {
        "journeyAssign": f'personIds: [$p], roleId: $r, journey: "j", {named}',
        "journeyRemove": f'personIds: [$p], journey: "j", {named}',
    }
    for name, given in journeys.items():
        role_too = ", $r: ID!" if "$r" in given else ""
        query = f"mutation($a: ID!, $i: ID!, $p: ID!{role_too}) {{ {name}(input: {{ {given} }}) {{ {ERRORS} }} }}"
        with_ = {"i": interest, "r": role}
        here, there, void = small.account("part"), small.account("sister"), parts.gid("Account", NOBODY)
        answer = await small.answers_alike(query, {**with_, "a": there, "p": person}, {**with_, "a": void, "p": person})
        assert answer["data"][name]["userErrors"][0]["code"] == "NOT_FOUND"
        await small.answers_alike(query, {**with_, "a": here, "p": stranger}, {**with_, "a": here, "p": nobody})
    status = f'mutation($g: ID!) {{ setStatus(input: {{ buyingGroupId: $g, status: "x" }}) {{ buyingGroup {{ id }} {ERRORS} }} }}'
    await small.answers_alike(status, {"g": outside}, {"g": nowhere})
    to_stage = "moveToStage(input: { buyingGroupId: $g, stageId: $s })"
    move = f"mutation($g: ID!, $s: ID!) {{ {to_stage} {{ buyingGroup {{ id }} {ERRORS} }} }}"
    stage = parts.gid("Stage", NOBODY)
    await small.answers_alike(move, {"g": outside, "s": stage}, {"g": nowhere, "s": stage})
    delete = f"mutation($g: ID!) {{ deleteBuyingGroups(ids: [$g]) {{ deletedIds {ERRORS} }} }}"
    await small.answers_alike(delete, {"g": outside}, {"g": nowhere})
    for name in ("cancelJob", "deleteJob"):
        query = f"mutation($j: ID!) {{ {name}(id: $j) {{ {ERRORS} }} }}"
        await small.answers_alike(query, {"j": parts.gid("Job", small.sold.job_id)}, {"j": parts.gid("Job", NOBODY)})


async def test_decisions_within_the_part_are_done(small: Small) -> None:
    query = ASSIGN.replace("PAYLOAD", "buyingGroup { completeness } results { outcome }")
    done = await small.api.data(query, g=small.group("part"), p=small.person("lower"), r=small.role("Champion"))
    assert done["assignMembers"] == {
        "buyingGroup": {"completeness": 100.0},
        "results": [{"outcome": "APPLIED"}],
        "userErrors": [],
    }
    assert (await members_of(small.db, small.sold.groups[small.known["part"]]))["lower"] == ("Champion", "MANUAL", "low", 1)
    delete = f"mutation($g: ID!) {{ deleteBuyingGroups(ids: [$g]) {{ deletedIds {ERRORS} }} }}"
    assert (await small.api.data(delete, g=small.group("low")))["deleteBuyingGroups"]["deletedIds"] == [small.group("low")]


IN_PART = {
    "upsertAccounts", "upsertPeople", "recordActivities", "assignMembers", "removeMembers", "journeyAssign", "journeyRemove",
    "moveToStage", "setStatus", "deleteBuyingGroups", "cancelJob", "deleteJob",
}  # fmt: skip


async def test_what_changes_the_whole_market_is_forbidden(small: Small) -> None:
    mutations = schema._schema.mutation_type
    assert mutations is not None
    generator = Generator(schema._schema, await ids_there(small.db), random.Random(3))
    before = await whole_graph(small.db)
    asked = 0
    for name, one in mutations.fields.items():
        if name in IN_PART:
            continue
        generator._declared, generator._variables = [], {}
        given = generator._arguments({key: arg for key, arg in one.args.items() if key != "idempotencyKey"}, "Role")
        head = f"mutation({', '.join(generator._declared)})" if generator._declared else "mutation"
        answer = await small.api.post(f"{head} {{ {name}{given} {{ userErrors {{ field code }} }} }}", generator._variables)
        assert answer.get("data") == {name: {"userErrors": [{"field": None, "code": "FORBIDDEN"}]}}, answer
        asked += 1
    assert asked > 15
    assert await whole_graph(small.db) == before


# --- data -----------------------------------------------------------------------------------------------------------

ACCOUNTS = f"""mutation($rows: [AccountInput!]!) {{ upsertAccounts(input: {{ accounts: $rows }}) {{
  created updated accounts {{ name parent {{ name }} }} {ERRORS} }} }}"""
PEOPLE = f"""mutation($rows: [PersonInput!]!) {{ upsertPeople(input: {{ people: $rows }}) {{
  created updated people {{ name }} {ERRORS} }} }}"""


async def refusals(small: Small, query: str, *given: Mapping[str, Any]) -> list[tuple[list[str], str]]:
    answer = next(iter((await small.api.data(query, rows=list(given))).values()))
    return [(one["field"][2:], one["code"]) for one in answer["userErrors"]]


async def parents(db: Db) -> dict[str, str | None]:
    found = await rows(db, "MATCH (a:Account) OPTIONAL MATCH (a)-[:CHILD_OF]->(b) RETURN a.externalId AS a, b.externalId AS b")
    return {row["a"]: row["b"] for row in found}


async def test_accounts_stay_within_the_part(small: Small) -> None:
    before = await whole_graph(small.db)
    no_parent = (["parentExternalId"], "FORBIDDEN")
    for row, problem in (
        ({"externalId": "new", "name": "n"}, no_parent),
        ({"externalId": "sister", "name": "n"}, no_parent),  # as if it were new
        ({"externalId": "new", "name": "n", "parentExternalId": "top"}, (["parentExternalId"], "NOT_FOUND")),
        ({"externalId": "low", "name": "low", "parentExternalId": "sister"}, (["parentExternalId"], "NOT_FOUND")),
        ({"externalId": "low", "name": "low", "parentExternalId": None}, no_parent),
        ({"externalId": "part", "name": "part", "parentExternalId": "low"}, (["parentExternalId"], "CYCLE")),
        ({"externalId": "sister", "name": "taken over", "parentExternalId": "part"}, (["externalId"], "TAKEN")),
        ({"externalId": "top", "name": "taken over", "parentExternalId": "part"}, (["externalId"], "TAKEN")),
    ):
        assert await refusals(small, ACCOUNTS, row) == [problem], row
    orphaned = (
        {"externalId": "orphan", "name": "o", "parentExternalId": "sister"},
        {"externalId": "sister", "name": "s", "parentExternalId": "part"},
    )
    assert await refusals(small, ACCOUNTS, *orphaned) == [(["parentExternalId"], "NOT_FOUND"), (["externalId"], "TAKEN")]
    assert await whole_graph(small.db) == before
    given = [
        {"externalId": "new", "name": "new", "parentExternalId": "low"},
        {"externalId": "newer", "name": "newer", "parentExternalId": "new"},
        {"externalId": "part", "name": "renamed", "parentExternalId": None},
    ]
    done = (await small.api.data(ACCOUNTS, rows=given))["upsertAccounts"]
    assert (done["created"], done["updated"], done["userErrors"]) == (2, 1, [])
    assert done["accounts"][2] == {"name": "renamed", "parent": None}
    assert await parents(small.db) == TREE | {"new": "low", "newer": "new"}


async def works_for(db: Db, key: str) -> list[str]:
    found = await rows(db, "MATCH (:Person {externalId: $key})-[:WORKS_FOR]->(a) RETURN a.externalId AS a ORDER BY a", key=key)
    return [row["a"] for row in found]


async def test_people_stay_within_the_part_and_keep_what_they_are_elsewhere(small: Small) -> None:
    before = await whole_graph(small.db)
    at_part, at_top = [{"accountExternalId": "part"}], [{"accountExternalId": "top"}]
    for row, problem in (
        ({"externalId": "new", "lastName": "n"}, (["accounts"], "FORBIDDEN")),
        ({"externalId": "counsel", "lastName": "n"}, (["accounts"], "FORBIDDEN")),  # as if they were new
        ({"externalId": "new", "lastName": "n", "accounts": at_top}, (["accounts", "0", "accountExternalId"], "NOT_FOUND")),
        ({"externalId": "counsel", "lastName": "n", "accounts": at_top}, (["accounts", "0", "accountExternalId"], "NOT_FOUND")),
        ({"externalId": "counsel", "lastName": "n", "accounts": at_part}, (["externalId"], "TAKEN")),
        ({"externalId": "inner", "accounts": []}, (["accounts"], "FORBIDDEN")),
    ):
        assert await refusals(small, PEOPLE, row) == [problem], row
    assert await whole_graph(small.db) == before
    given = [
        {"externalId": "new", "lastName": "new", "accounts": at_part},
        {"externalId": "between", "lastName": "between", "accounts": at_part},
    ]
    done = (await small.api.data(PEOPLE, rows=given))["upsertPeople"]
    assert done == {"created": 1, "updated": 1, "people": [{"name": "new"}, {"name": "between"}], "userErrors": []}
    assert await works_for(small.db, "new") == ["part"]
    assert await works_for(small.db, "between") == ["part", "top"]


async def test_activities_are_those_of_people_within(small: Small) -> None:
    query = f"""mutation($p: String!) {{ recordActivities(input: {{ activities: [
      {{ activityId: $p, personExternalId: $p, type: "t", occurredAt: "2026-01-01T00:00:00Z" }}] }}) {{
      recorded duplicates {ERRORS} }} }}"""
    refused = (await small.api.data(query, p="counsel"))["recordActivities"]
    assert [one["code"] for one in refused["userErrors"]] == ["NOT_FOUND"]
    assert await rows(small.db, "MATCH (x:Activity) RETURN x") == []
    assert (await small.api.data(query, p="inner"))["recordActivities"] == {"recorded": 1, "duplicates": 0, "userErrors": []}


# --- events, files, plans -------------------------------------------------------------------------------------------

EVENTS = """query($after: String) { events(first: 100, after: $after) {
  edges { cursor node { type person { name } buyingGroup { account { name } } } } } }"""


async def test_events_are_those_within_and_their_cursors_tell_no_number(small: Small) -> None:
    edges = (await small.api.data(EVENTS))["events"]["edges"]
    told = {
        (one["node"]["type"], (one["node"]["person"] or {}).get("name"), one["node"]["buyingGroup"]["account"]["name"])
        for one in edges
    }
    assert {one for one in told if one[0] == "MEMBER_ASSIGNED"} == {
        ("MEMBER_ASSIGNED", "inner", "part"),
        ("MEMBER_ASSIGNED", "between", "part"),
        ("MEMBER_ASSIGNED", "lower", "low"),
        ("MEMBER_ASSIGNED", "between", "low"),
    }
    assert {account for _, _, account in told} == {"part", "low"}
    ids = [row["id"] for row in await rows(small.db, "MATCH (e:BuyingGroupEvent) RETURN e.id AS id")]
    for one in edges:
        raw = base64.b64decode(one["cursor"] + "=" * (-len(one["cursor"]) % 4), altchars=b"-_")
        assert not [own for own in ids if own.encode() in raw]
    assert len({len(one["cursor"]) for one in edges}) == 1
    rest = (await small.api.data(EVENTS, after=edges[2]["cursor"]))["events"]["edges"]
    assert rest == edges[3:]


FOLLOW = "subscription { buyingGroupEvents { type person { name } buyingGroup { account { name } } } }"


async def test_a_subscription_brings_what_happens_within(small: Small) -> None:
    caller = Caller(parts.PARTNER, EVERYTHING, "key", small.known["part"])
    here = Context(small.db, CURSORS, Hub(small.db), DOCUMENTS, None, caller=caller)
    results = await schema.subscribe(FOLLOW, context_value=here)
    assert not isinstance(results, ExecutionResult)
    first = asyncio.ensure_future(anext(results))
    await asyncio.sleep(0)
    assign = partial(members.assign, small.db, source=AssignmentSource.MANUAL, by="x")
    remove = partial(members.remove, small.db, source=AssignmentSource.MANUAL, by="x")
    champion, groups, known = small.roles["Champion"], small.sold.groups, small.known
    while not first.done():  # until it follows, which nothing tells
        await assign(groups[known["sister"]], [(known["sisterly"], champion)])
        await remove(groups[known["part"]], [known["counsel"]])
        await assign(groups[known["part"]], [(known["lower"], champion)])
        await remove(groups[known["part"]], [known["lower"]])
        await asyncio.wait([first], timeout=0.3)
    brought = (await first).data
    assert brought is not None
    event = brought["buyingGroupEvents"]
    assert event["buyingGroup"] == {"account": {"name": "part"}}
    assert event["person"] in (None, {"name": "lower"})
    await results.aclose()


async def test_a_job_outside_is_followed_no_more_than_one_that_does_not_exist(small: Small) -> None:
    caller = Caller(parts.PARTNER, EVERYTHING, "key", small.known["part"])
    here = Context(small.db, CURSORS, Hub(small.db), DOCUMENTS, None, caller=caller)
    said: list[Any] = []
    for own in (small.sold.job_id, NOBODY):
        results = await schema.subscribe(
            f'subscription {{ jobProgress(id: "{parts.gid("Job", own)}") {{ id }} }}', context_value=here
        )
        assert not isinstance(results, ExecutionResult)
        said.append([(one.data, [error.message for error in one.errors or ()]) async for one in results])
    assert said[0] == said[1]
    assert said[0][0][1]


async def test_the_file_has_the_groups_within(small: Small) -> None:
    text = (await small.api.client.get("/export/buying-groups.csv")).text
    lines = text.splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == ["Interest for low", "Interest for part"]
    assert not [secret for secret in OUTSIDE if secret in text]


async def test_a_rule_that_names_accounts_is_not_shown(small: Small) -> None:
    for name, rule in (("names", {"underAccountId": small.known["top"]}), ("doesn't", {"search": "o"})):
        await audiences.create(small.db, AudienceSpec(name, filter=rule), by="x")
    found = await small.api.data(
        "{ accountAudiences { edges { node { name rule { summary } accounts { totalCount edges { node { name } } } } } } }"
    )
    shown = {edge["node"]["name"]: edge["node"] for edge in found["accountAudiences"]["edges"]}
    assert shown["names"]["rule"] is None
    assert shown["doesn't"]["rule"] == {"summary": "name contains 'o'"}
    assert shown["doesn't"]["accounts"] == {"totalCount": 1, "edges": [{"node": {"name": "low"}}]}
    assert shown["Interest audience"]["accounts"]["totalCount"] == 2


async def test_a_plan_kept_for_one_answers_others_by_their_own_sight(small: Small) -> None:
    answers = Answers()
    query = "query Q { accounts { totalCount } }"
    roots = (None, small.known["part"], small.known["low"], None, small.known["part"], small.known["top"])
    counts = [(await told(context(small.db, root, answers), query, {})).decode() for root in roots]
    assert [json.loads(one)["data"]["accounts"]["totalCount"] for one in counts] == [4, 2, 1, 4, 2, 4]
    for root, count in ((small.known["low"], 1), (None, 4)):
        kept = await answers.answer(context(small.db, root).db, (query, "Q"), {}, lambda _: None)
        assert kept == {"accounts": {"totalCount": count}}


def test_statements_of_those_who_see_everything_are_as_they_are_written() -> None:
    statement = query("account/chains")
    assert "sight_root" not in statement.text
    narrowed, params = Sight("r", "s").narrowed(statement, {"a": 1})
    assert narrowed.text.count("$sight_root") == 4
    assert params == {"a": 1, "sight_root": "r", "sight_subject": "s"}
    assert Sight("r", "s").narrowed(query("part/taken"), {}) == (query("part/taken"), {})
    with pytest.raises(VocabularyError, match="can't be narrowed"):
        narrow("MATCH (a:Product|Account) RETURN a")
