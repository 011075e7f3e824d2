"""Reads as a client sees them: one statement whatever is asked, GraphQL's rules kept, errors that tell without leaking."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

import pytest
from graphql import GraphQLEnumType, GraphQLObjectType, get_named_type, is_non_null_type
from hypothesis import given
from hypothesis import strategies as st
from make import Api, Person, api_over, card, plant, role_ids, rows, sell, title
from often import examples

from api import ids
from api.documents import Documents, Policy
from api.http import RESPONSE
from api.limits import Limits
from api.schema import schema
from graph.db import Db
from graph.errors import TooExpensive, Unavailable
from graph.model import FilterOperator, HierarchyScope
from graph.queries import Query

TYPES = schema._schema.type_map


@pytest.fixture
async def market(api: Api) -> dict[str, str]:
    """A little market; global ids by the keys of its accounts and people, of `group`, `interest` and the like."""
    crowd = [
        Person("ann", {"top": None, "team": "Lead"}, "Director", {"email": "ann@example.com"}),
        Person("bob", {"team": None}, "Engineer"),
    ]
    found = await plant(api.db, {"top": None, "east": "top", "team": "east", "other": None}, crowd)
    roles = await role_ids(api.db)
    cards = [
        card(roles["Decision Maker"], title(FilterOperator.IS, "Director"), HierarchyScope.ANCESTORS),
        card(roles["Practitioner"], title(FilterOperator.IS, "Engineer"), members_required=2),
    ]
    sold = await sell(api.db, cards, [found["team"], found["other"]], name="Cloud")
    await rows(
        api.db,
        """MATCH (p:Person {externalId: 'ann'}), (a:Account {externalId: 'top'}) CREATE (x:Product {id: $id, name: 'X'})
        CREATE (a)-[:OWNS {revenue: 1.5, since: date('2026-01-31')}]->(x)
        CREATE (v:Activity {activityId: '1', type: 'Page Views', occurredAt: datetime('2026-01-31T10:00Z')})
        CREATE (p)-[:HAD_ACTIVITY]->(v)""",
        id=str(uuid4()),
    )
    typed = {key: ids.encode("Person" if key in ("ann", "bob") else "Account", own) for key, own in found.items()}
    return typed | {
        "group": ids.encode("BuyingGroup", sold.groups[found["team"]]),
        "interest": ids.encode("SolutionInterest", sold.interest_id),
        "template": ids.encode("RoleTemplate", sold.template_id),
        "audience": ids.encode("AccountAudience", sold.audience_id),
        "job": ids.encode("Job", sold.job_id),
        "role": ids.encode("Role", roles["Practitioner"]),
    }


# --- one operation, one statement -----------------------------------------------------------------------------------

EVERYTHING = """
query($group: ID!, $top: ID!, $team: ID!, $ann: ID!, $no: Boolean = false, $few: Int = 5) {
  node(id: $group) { __typename ... on BuyingGroup { ...group } ... on Account { name } }
  nodes(ids: [$top, $group, $ann]) {
    id __typename ... on Auditable { createdBy } ... on Person { name memberships { totalCount } }
  }
  account(id: $top) {
    name
    descendants(first: $few, maxDepth: 3) { edges { node {
      ...account
      first: buyingGroups(first: 1) { edges { cursor node { ...group } } pageInfo { hasNextPage endCursor } totalCount }
      again: buyingGroups(last: 2, scope: HIERARCHY) { edges { node { name } } }
    } } }
    rollup { members } contactCoverage { people role { name } }
  }
  other: account(externalId: "other") { ...account hidden: name @include(if: $no) shown: name @skip(if: $no) }
  groups: buyingGroups(filter: {completeness: {lt: 100}}, orderBy: {field: COMPLETENESS, direction: DESC}) {
    edges { node { ...group } }
  }
  people(filter: {accountId: $team, scope: HIERARCHY}) { edges { node { name accounts { account { name } } } } }
  solutionInterests { edges { node { name roleTemplate { cards { role { name } condition { match } } } jobs { totalCount } } } }
  roles { name } dashboard { buyingGroups byStage { count } } roleInsights { acquisitions { count } }
}
fragment account on Account { id name depth parent { name } ultimateParent { name } ancestors { name } people { totalCount } }
fragment group on BuyingGroup {
  name account { ...account } missingRoles { name }
  roles { role { name } members { edges { role { name } node { name } } } }
  members(first: 3) { edges { node { name } source account { name } } } history { edges { node { action person { name } } } }
}
"""


async def test_an_operation_is_one_statement_whatever_it_asks(api: Api, market: dict[str, str]) -> None:
    api.db.statements = 0
    found = await api.data(EVERYTHING, **{key: market[key] for key in ("group", "top", "team", "ann")})
    assert api.db.statements == 1
    assert found["node"]["__typename"] == "BuyingGroup"
    assert [one["__typename"] for one in found["nodes"]] == ["Account", "BuyingGroup", "Person"]
    assert found["nodes"][2]["memberships"] == {"totalCount": 1}
    assert found["other"]["shown"] == "other"
    assert "hidden" not in found["other"]
    assert [edge["node"]["name"] for edge in found["account"]["descendants"]["edges"]] == ["east", "team"]
    team = found["account"]["descendants"]["edges"][1]["node"]
    assert team["first"]["edges"][0]["node"]["name"] == "Cloud for team"
    assert [one["name"] for one in team["ancestors"]] == ["east", "top"]


@pytest.mark.parametrize("query", ["{ viewer { subject } }", "{ __typename }", "{ __schema { queryType { name } } }"])
async def test_what_needs_no_graph_asks_none(api: Api, query: str) -> None:
    api.db.statements = 0
    await api.data(query)
    assert api.db.statements == 0


COMPUTED = {
    ("Query", "events"),
    ("Query", "previewMembership"),
    ("Query", "webhook"),
    ("Query", "webhooks"),
    ("BuyingGroup", "why"),
    ("BuyingGroup", "gaps"),
    ("AccountAudience", "accounts"),
}
ARGUMENTS: Mapping[str, list[str]] = {
    "first": ["1", "3", "100"],
    "maxDepth": ["1", "2"],
    "scope": ["ACCOUNT", "ANCESTORS", "DESCENDANTS", "HIERARCHY"],
    "search": ['""', '"o"'],
    "externalId": ['"top"', '"nobody"'],
    "sources": ["[]", "[SYSTEM]", "[MANUAL, JOURNEY]"],
    "status": ["LIVE", "DRAFT"],
    "filter": ["{}"],
}


@st.composite
def selections(draw: st.DrawFn, kind: GraphQLObjectType, depth: int, keys: Mapping[str, str]) -> str:
    """A selection set of `kind`, any fields in any order, through aliases, fragments and directives."""
    names = [
        name
        for name, field in kind.fields.items()
        if (kind.name, name) not in COMPUTED and (depth > 0 or not isinstance(get_named_type(field.type), GraphQLObjectType))
    ]
    if not names:
        return "{ __typename }"
    parts = ["__typename"] if draw(st.booleans()) else []
    for place, name in enumerate(draw(st.lists(st.sampled_from(names), min_size=1, max_size=4))):
        field = kind.fields[name]
        inner = get_named_type(field.type)
        text = f"{name}{_arguments(draw, kind.name, name, keys)}"
        if isinstance(inner, GraphQLObjectType):
            text += draw(selections(inner, depth - 1, keys))
        elif name == "node" and kind.name == "Query":
            text += "{ id }"
        elif name == "nodes" and kind.name == "Query":
            text += "{ __typename ... on Auditable { createdBy } }"
        text = f"x{depth}{place}: {text}"
        wraps = [
            "{}",
            "... {{ {} }}",
            f"... on {kind.name} {{{{ {{}} }}}}",
            "... @include(if: true) {{ {} }}",
            "... @skip(if: true) {{ {} }}",
        ]
        parts.append(draw(st.sampled_from(wraps)).format(text))
    return f"{{ {' '.join(parts)} }}"


def _arguments(draw: st.DrawFn, parent: str, name: str, keys: Mapping[str, str]) -> str:
    field = TYPES[parent].fields[name]  # type: ignore[union-attr]
    given: dict[str, str] = {}
    wanted = {"account": ["id"], "person": ["id"], "product": ["externalId"], "buyingGroup": ["id"]}.get(name)
    for argument, spec in field.args.items():
        if parent == "Query" and wanted is not None:
            choose = argument in wanted
        else:
            choose = is_non_null_type(spec.type) or (argument in (*ARGUMENTS, "orderBy") and draw(st.booleans()))
        if choose:
            given[argument] = _value(draw, name, argument, spec.type, keys)
    return f"({', '.join(f'{key}: {value}' for key, value in given.items())})" if given else ""


def _value(draw: st.DrawFn, field: str, argument: str, kind: Any, keys: Mapping[str, str]) -> str:
    if argument == "orderBy":
        order = get_named_type(get_named_type(kind).fields["field"].type)
        assert isinstance(order, GraphQLEnumType)
        return f"{{field: {draw(st.sampled_from(sorted(order.values)))}, direction: {draw(st.sampled_from(['ASC', 'DESC']))}}}"
    if argument in ARGUMENTS:
        return draw(st.sampled_from(ARGUMENTS[argument]))
    if argument == "ids":
        return json.dumps(draw(st.lists(st.sampled_from(sorted(keys.values())), max_size=3)))
    prefix = {"account": "acc", "person": "per", "buyingGroup": "grp", "solutionInterest": "int", "roleTemplate": "tpl"}
    prefix |= {"accountAudience": "aud", "job": "job", "stageModel": "smo"}
    choices = [key for key in keys.values() if key.startswith(prefix.get(field, ""))]
    if not choices:
        choices = [f"{ids.PREFIXES[get_named_type(TYPES['Query'].fields[field].type).name]}_{UUID(int=0)}"]  # type: ignore[union-attr]
    return json.dumps(draw(st.sampled_from(sorted(choices))))


UNLIMITED = Documents(schema._schema, Policy(Limits(*[10**9] * 7)))


@examples(20)
@given(data=st.data())
async def test_any_selection_is_answered_by_one_statement(api: Api, market: dict[str, str], data: st.DataObject) -> None:
    query = TYPES["Query"]
    assert isinstance(query, GraphQLObjectType)
    text = data.draw(selections(query, 5, market))
    async with api_over(api.db, UNLIMITED) as wide:
        api.db.statements = 0
        await wide.data(text)
        assert api.db.statements <= 1


# --- the hierarchy --------------------------------------------------------------------------------------------------


async def test_the_hierarchy_both_ways(api: Api, market: dict[str, str]) -> None:
    query = """query($key: String) { account(externalId: $key) {
      depth parent { name } ultimateParent { name } ancestors { name } children { edges { node { name } } }
      all: descendants { edges { node { name } } totalCount } near: descendants(maxDepth: 1) { totalCount } } }"""
    expected = {
        "top": (0, None, "top", [], ["east"], ["east", "team"], 1),
        "east": (1, "top", "top", ["top"], ["team"], ["team"], 1),
        "team": (2, "east", "top", ["east", "top"], [], [], 0),
        "other": (0, None, "other", [], [], [], 0),
    }
    for key, (depth, parent, top, above, children, below, near) in expected.items():
        found = (await api.data(query, key=key))["account"]
        assert found == {
            "depth": depth,
            "parent": parent and {"name": parent},
            "ultimateParent": {"name": top},
            "ancestors": [{"name": name} for name in above],
            "children": {"edges": [{"node": {"name": name}} for name in children]},
            "all": {"edges": [{"node": {"name": name}} for name in below], "totalCount": len(below)},
            "near": {"totalCount": near},
        }


async def test_people_in_scope_stand_once_by_their_nearest_relation(api: Api) -> None:
    """At equal distance the account above, then below, then across, then by external id."""
    tree = {"top": None, "a": "top", "b": "top", "c": "top", "a1": "a", "a2": "a", "b1": "b", "else": None}
    crowd = [
        Person("own", {"a": "At a", "top": None, "a1": None}),
        Person("above", {"a1": None, "top": "At top"}),
        Person("below", {"a2": "At a2", "a1": "At a1", "b": None, "c": None}),
        Person("across", {"c": "At c", "b": "At b", "b1": None}),
        Person("far", {"b1": "At b1"}, relationship="PARTNER"),
        Person("outside", {"else": None}),
    ]
    await plant(api.db, tree, crowd)
    query = """query($scope: HierarchyScope) { account(externalId: "a") { people(scope: $scope) {
      edges { node { externalId } account { externalId } title relationship } totalCount } } }"""
    nearest = {"own": "a", "above": "top", "below": "a1", "across": "b", "far": "b1"}
    expected = {
        "ACCOUNT": {"own": "a"},
        "ANCESTORS": {"own": "a", "above": "top"},
        "DESCENDANTS": {"own": "a", "above": "a1", "below": "a1"},
        "HIERARCHY": nearest,
    }
    titles: dict[str, Any] = {}
    for scope, people in expected.items():
        page = (await api.data(query, scope=scope))["account"]["people"]
        found = {edge["node"]["externalId"]: edge["account"]["externalId"] for edge in page["edges"]}
        assert (found, page["totalCount"], len(page["edges"])) == (people, len(people), len(people))
        titles = {edge["node"]["externalId"]: (edge["title"], edge["relationship"]) for edge in page["edges"]}
    assert titles["below"] == ("At a1", "EMPLOYEE")
    assert titles["far"] == ("At b1", "PARTNER")


async def test_groups_in_scope(api: Api) -> None:
    found = await plant(api.db, {"top": None, "a": "top", "b": "top", "a1": "a", "else": None})
    roles = await role_ids(api.db)
    await sell(api.db, [card(roles["Champion"])], list(found.values()), name="X")
    query = """query($scope: HierarchyScope, $filter: BuyingGroupFilter) { account(externalId: "a") {
      buyingGroups(scope: $scope, filter: $filter) { edges { node { account { name } } } totalCount } } }"""
    expected = {
        None: ["a"],
        "ACCOUNT": ["a"],
        "ANCESTORS": ["a", "top"],
        "DESCENDANTS": ["a", "a1"],
        "HIERARCHY": ["a", "a1", "b", "top"],
    }
    for scope, names in expected.items():
        page = (await api.data(query, **({"scope": scope} if scope else {})))["account"]["buyingGroups"]
        assert [edge["node"]["account"]["name"] for edge in page["edges"]] == names
        assert page["totalCount"] == len(names)
    page = (await api.data(query, scope="HIERARCHY", filter={"search": "for A"}))["account"]["buyingGroups"]
    assert [edge["node"]["account"]["name"] for edge in page["edges"]] == ["a", "a1"]


# --- by id ----------------------------------------------------------------------------------------------------------


async def test_node_finds_every_type_and_nodes_keep_their_places(api: Api, market: dict[str, str]) -> None:
    nobody = f"acc_{uuid4()}"
    given = [nobody, *market.values(), market["ann"]]
    for own in market.values():
        assert (await api.data("query($id: ID!) { node(id: $id) { id __typename } }", id=own))["node"]["id"] == own
    found = (await api.data("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=given))["nodes"]
    assert found == [None, *({"id": own} for own in market.values()), {"id": market["ann"]}]
    assert (await api.data("query($id: ID!) { node(id: $id) { id } }", id=nobody))["node"] is None
    assert (await api.data("{ nodes(ids: []) { id } }"))["nodes"] == []


async def test_a_node_is_what_its_type_says_whatever_its_fields_are_called(api: Api, market: dict[str, str]) -> None:
    query = "query($id: ID!) { node(id: $id) { __typename: id kind: __typename ... on Person { name } ... on Account { id } } }"
    assert (await api.data(query, id=market["ann"]))["node"] == {"__typename": market["ann"], "kind": "Person", "name": "ann"}


async def test_a_node_of_which_nothing_is_asked_is_there_all_the_same(api: Api, market: dict[str, str]) -> None:
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Auditable { createdBy } ... on Person { name } } }"
    assert (await api.data(query, ids=[market["job"], market["ann"]]))["nodes"] == [{}, {"createdBy": "tests", "name": "ann"}]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("x", "'x' is no id of this service; ids look like acc_<uuid> and come from it"),
        ("", "'' is no id of this service; ids look like acc_<uuid> and come from it"),
        (f"xyz_{UUID(int=1)}", f"'xyz_{UUID(int=1)}' is no id of this service; ids look like acc_<uuid> and come from it"),
        (f"acc_{UUID(int=1)}\n", f"'acc_{UUID(int=1)}\\n' is no id of this service; ids look like acc_<uuid> and come from it"),
        ("acc_" + "x" * 100, f"'acc_{'x' * 53}...' is no id of this service; ids look like acc_<uuid> and come from it"),
        (f"evt_{UUID(int=1)}", f"'evt_{UUID(int=1)}' is the id of a MembershipEvent, which is no Node"),
    ],
)
async def test_ids_that_are_none_are_refused_in_words(api: Api, given: str, message: str) -> None:
    (error,) = await api.errors("query($id: ID!) { node(id: $id) { id } }", id=given)
    assert (error["message"], error["path"], error["extensions"]["code"]) == (f"id: {message}", ["node"], "BAD_USER_INPUT")
    (error,) = await api.errors("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=[f"acc_{uuid4()}", given])
    assert error["message"] == f"ids[1]: {message}"


async def test_at_most_a_hundred_nodes(api: Api) -> None:
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    assert len((await api.data(query, ids=[f"acc_{uuid4()}"] * 100))["nodes"]) == 100
    (error,) = await api.errors(query, ids=[f"acc_{uuid4()}"] * 101)
    assert error["message"] == "ids: at most 100, not 101"


async def test_ids_of_another_type_are_refused_where_they_stand(api: Api, market: dict[str, str]) -> None:
    errors = await api.errors(
        """query($a: ID!, $p: ID!) { person(id: $a) { id }
        x: buyingGroups(filter: {missingRoleIds: [$p], accountIds: [$p]}) { totalCount } }""",
        a=market["top"],
        p=market["ann"],
    )
    assert [(error["path"], error["message"]) for error in errors] == [
        (["person"], f"id: '{market['top']}' is the id of an Account; a Person's is wanted"),
        (["x"], f"filter.accountIds[0]: '{market['ann']}' is the id of a Person; an Account's is wanted"),
        (["x"], f"filter.missingRoleIds[0]: '{market['ann']}' is the id of a Person; a Role's is wanted"),
    ]


@pytest.mark.parametrize(
    ("name", "keys"),
    [("account", "id or externalId"), ("person", "id or externalId"), ("product", "id or externalId")],
)
async def test_exactly_one_key_finds_one(api: Api, name: str, keys: str) -> None:
    own = f"{ids.PREFIXES[name.title()]}_{uuid4()}"
    for keyed in ("", "(id: null)", f'(id: "{own}", externalId: "top")'):
        (error,) = await api.errors(f"{{ x: {name}{keyed} {{ id }} }}")
        assert (error["message"], error["path"]) == (f"id: give either {keys}", ["x"])
    assert (await api.data(f'{{ {name}(id: "{own}", externalId: null) {{ id }} }}')) == {name: None}


async def test_a_group_is_found_by_its_id_or_by_account_and_interest(api: Api, market: dict[str, str]) -> None:
    both = {"account": market["team"], "interest": market["interest"]}
    query = """query($id: ID, $account: ID, $interest: ID) {
      buyingGroup(id: $id, accountId: $account, solutionInterestId: $interest) { id } }"""
    assert (await api.data(query, **both))["buyingGroup"] == {"id": market["group"]}
    assert (await api.data(query, id=market["group"]))["buyingGroup"] == {"id": market["group"]}
    assert (await api.data(query, **both | {"account": market["top"]}))["buyingGroup"] is None
    for keyed in ({}, {"account": market["team"]}, {"interest": market["interest"]}, {"id": market["group"], **both}):
        (error,) = await api.errors(query, **keyed)
        assert error["message"] == "id: give either id or accountId and solutionInterestId"


# --- GraphQL's own rules --------------------------------------------------------------------------------------------


async def test_equal_response_keys_merge(api: Api, market: dict[str, str]) -> None:
    query = """query($id: ID!) {
      a: account(externalId: "top") { children { edges { node { name } } } ...more } a: account(externalId: "top") { name }
      node(id: $id) { id } node(id: $id) { ... on Account { name } } }
    fragment more on Account { children { totalCount edges { cursor node { ... on Node { id } } } } }"""
    found = await api.data(query, id=market["top"])
    (edge,) = found["a"]["children"].pop("edges")
    assert edge.pop("cursor")
    assert edge == {"node": {"name": "east", "id": market["east"]}}
    assert found == {"a": {"children": {"totalCount": 1}, "name": "top"}, "node": {"id": market["top"], "name": "top"}}


async def test_directives_decide_by_variables(api: Api, market: dict[str, str]) -> None:
    query = """query($yes: Boolean!) { account(externalId: "top") { name @skip(if: $yes) type @include(if: $yes)
      ... @include(if: $yes) { depth } ...more @skip(if: $yes) id @skip(if: true) @include(if: true) } }
    fragment more on Account { industry }"""
    assert (await api.data(query, yes=True))["account"] == {"type": None, "depth": 0}
    assert (await api.data(query, yes=False))["account"] == {"name": "top", "industry": None}


async def test_what_is_missing_is_null_and_lists_are_empty(api: Api, market: dict[str, str]) -> None:
    query = """{ account(externalId: "other") { parent { name } type annualRevenue ancestors { name } ownedProducts { revenue }
      people { edges { title } } } person(externalId: "nobody") { name accounts { title } } }"""
    assert await api.data(query) == {
        "account": {
            "parent": None,
            "type": None,
            "annualRevenue": None,
            "ancestors": [],
            "ownedProducts": [],
            "people": {"edges": []},
        },
        "person": None,
    }


async def test_the_operation_that_is_named_runs(api: Api) -> None:
    document = "query A { viewer { subject } } query B { roles { isDefault } }"
    for name, key in (("A", "viewer"), ("B", "roles")):
        answer = await api.client.post("/graphql", json={"query": document, "operationName": name})
        assert list(answer.json()["data"]) == [key]
    for more in ({}, {"operationName": None}, {"operationName": "C"}):
        answer = (await api.client.post("/graphql", json={"query": document, **more})).json()
        assert "data" not in answer
        assert answer["errors"][0]["message"] == "operationName must name one of the document's operations"
        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_introspection_tells_every_type_and_describes_it(api: Api) -> None:
    query = "{ __schema { types { name description fields { name description args { name description } } } } }"
    types = (await api.data(query))["__schema"]["types"]
    ours = [one for one in types if not one["name"].startswith("__")]
    assert {"Account", "BuyingGroup", "Dashboard", "RoleInsights"} <= {one["name"] for one in ours}
    for one in ours:
        assert one["description"], one["name"]
        for field in one["fields"] or ():
            assert field["description"], (one["name"], field["name"])
            assert all(argument["description"] for argument in field["args"]), (one["name"], field["name"])


# --- errors ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "variables", "code", "message"),
    [
        ("{", {}, "GRAPHQL_PARSE_FAILED", "Syntax Error: Expected Name, found <EOF>."),
        (
            "{ nope }",
            {},
            "GRAPHQL_VALIDATION_FAILED",
            "Cannot query field 'nope' on type 'Query'. Did you mean 'node' or 'nodes'?",
        ),
        (
            '{ accounts(first: "x") { totalCount } }',
            {},
            "GRAPHQL_VALIDATION_FAILED",
            'Int cannot represent non-integer value: "x"',
        ),
        (
            '{ roleInsights(filter: {from: "x"}) { engagement { count } } }',
            {},
            "GRAPHQL_VALIDATION_FAILED",
            "Date must be a day such as 2026-11-20, not 'x'",
        ),
        (
            "query($n: Int!) { accounts(first: $n) { totalCount } }",
            {},
            "BAD_USER_INPUT",
            "Variable '$n' has invalid value: Expected a value of non-null type 'Int!' to be provided.",
        ),
        (
            "query($f: RoleInsightsFilter) { roleInsights(filter: $f) { engagement { count } } }",
            {"f": {"from": "x"}},
            "BAD_USER_INPUT",
            "Variable '$f' has invalid value at .from: Date must be a day such as 2026-11-20, not 'x'",
        ),
        (
            "mutation($i: RecordActivitiesInput!) { recordActivities(input: $i) { recorded } }",
            {"i": {"activities": [{"activityId": "1", "personExternalId": "1", "type": "x", "occurredAt": "2026-11-20"}]}},
            "BAD_USER_INPUT",
            "Variable '$i' has invalid value at .activities[0].occurredAt: DateTime must be a date and time with an offset,"
            " such as 2026-11-20T08:30:00Z, not '2026-11-20'",
        ),
        (
            "mutation($t: DateTime) { recalculateEngagement(asOf: $t) { job { id } } }",
            {"t": "0001-01-01T00:00:00+14:00"},
            "BAD_USER_INPUT",
            "Variable '$t' has invalid value: DateTime must be a date and time with an offset, such as 2026-11-20T08:30:00Z,"
            " not '0001-01-01T00:00:00+14:00'",
        ),
        (
            '{ account(externalId: "x") { children(first: 0) { totalCount } } }',
            {},
            "BAD_USER_INPUT",
            "first: must be from 1 to 100, not 0",
        ),
        (
            '{ account(externalId: "x") { descendants(maxDepth: 1001) { totalCount } } }',
            {},
            "BAD_USER_INPUT",
            "maxDepth: must be from 1 to 1000, not 1001",
        ),
        (
            "{ people(filter: {condition: {match: ANY}}) { totalCount } }",
            {},
            "BAD_USER_INPUT",
            "filter.condition: A condition needs at least one filter or nested group.",
        ),
    ],
)
async def test_every_error_has_its_code(api: Api, query: str, variables: dict[str, Any], code: str, message: str) -> None:
    api.db.statements = 0
    answer = await api.post(query, variables)
    assert answer.get("data") is None
    (error,) = answer["errors"]
    assert (error["message"], error["extensions"]["code"]) == (message, code)
    assert UUID(error["extensions"]["requestId"])
    assert api.db.statements == 0


async def test_every_wrong_argument_is_told_with_its_place(api: Api) -> None:
    errors = await api.errors(
        '{ a: account(externalId: "x") { kids: children(first: 0) { totalCount } people(last: 0) { totalCount } } }'
    )
    assert [(error["path"], error["locations"]) for error in errors] == [
        (["a", "kids"], [{"line": 1, "column": 33}]),
        (["a", "people"], [{"line": 1, "column": 73}]),
    ]


async def test_wrong_arguments_below_a_computed_field_are_told_with_their_place(api: Api, market: dict[str, str]) -> None:
    audience = "{ accountAudiences { edges { node { accounts(first: 0) { totalCount } } } } }"
    (error,) = await api.errors(audience)
    assert error["message"] == "first: must be from 1 to 100, not 0"
    assert error["path"] == ["accountAudiences", "edges", 0, "node", "accounts"]
    why = """query($g: ID!, $p: ID!) { g: buyingGroup(id: $g) { w: why(personId: $p) { a: account {
      children(after: "x") { totalCount } } } } }"""
    (error,) = await api.errors(why, g=market["group"], p=market["ann"])
    assert error["message"] == "after: it is no cursor of this service"
    assert error["path"] == ["g", "w", "a", "children"]


async def test_a_payload_that_cannot_be_read_is_refused_before_anything_is_written(api: Api) -> None:
    for wrong in (
        "children(first: 0) { totalCount }",
        'children(after: "x") { totalCount }',
        "buyingGroups(filter: {accountIds: [1]}) { totalCount }",
    ):
        mutation = f"""mutation {{ m: upsertAccounts(input: {{accounts: [{{externalId: "x", name: "X"}}]}}) {{
          created accounts {{ {wrong} }} }} }}"""
        (error,) = await api.errors(mutation)
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert error["path"][:2] == ["m", "accounts"]
    assert await rows(api.db, "MATCH (a:Account) RETURN a.name AS name") == []


SECRET = "MATCH (n:Person {password: 'hunter2'}) at /srv/app/graph/db.py"


@pytest.mark.parametrize(
    ("raised", "code", "message"),
    [
        (RuntimeError(SECRET), "INTERNAL", "Something went wrong on our side. Tell us the requestId."),
        (KeyError(SECRET), "INTERNAL", "Something went wrong on our side. Tell us the requestId."),
        (Unavailable(SECRET), "UNAVAILABLE", "The database can't answer now. The same request may succeed later."),
        (TooExpensive(SECRET), "TOO_EXPENSIVE", "This took too long or too much memory and was ended. Ask for less."),
    ],
)
async def test_nothing_of_the_inside_reaches_clients(
    api: Api, monkeypatch: pytest.MonkeyPatch, raised: Exception, code: str, message: str
) -> None:
    read = Db.read

    async def fail(*_: Any, **__: Any) -> None:
        raise raised

    async def fail_but_for_keys(self: Db, query: Query, **params: Any) -> Any:
        return await (read(self, query, **params) if query.name == "key/known" else fail())

    monkeypatch.setattr(Db, "read", fail_but_for_keys)
    monkeypatch.setattr(Db, "transaction", fail)
    for query in (
        "{ roles { name } }",
        'mutation { upsertAccounts(input: {accounts: [{externalId: "x", name: "X"}]}) { created } }',
    ):
        answer = await api.client.post("/graphql", json={"query": query})
        assert "hunter2" not in answer.text
        assert "graph" not in answer.text
        (error,) = answer.json()["errors"]
        assert (error["message"], error["extensions"]["code"]) == (message, code)
        assert UUID(error["extensions"]["requestId"])
        answer = await api.client.post("/graphql", json={"query": query}, headers={"accept": RESPONSE})
        away = code == "UNAVAILABLE"
        assert (answer.status_code, answer.headers.get("retry-after")) == ((503, "5") if away else (200, None))
    table = await api.client.get("/export/buying-groups.csv")
    assert (table.status_code, "hunter2" in table.text) == (503 if code == "UNAVAILABLE" else 400, False)


@pytest.mark.parametrize(
    ("raised", "status", "code"), [(RuntimeError(SECRET), 500, "INTERNAL"), (Unavailable(SECRET), 503, "UNAVAILABLE")]
)
async def test_nothing_of_the_inside_is_told_when_credentials_cannot_be_verified(
    api: Api, monkeypatch: pytest.MonkeyPatch, raised: Exception, status: int, code: str
) -> None:
    async def fail(*_: Any, **__: Any) -> None:
        raise raised

    monkeypatch.setattr(Db, "read", fail)
    answer = await api.client.post("/graphql", json={"query": "{ roles { name } }"})
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["extensions"]["code"], "hunter2" in answer.text) == (status, code, False)
