"""Whatever a client sends, the answer is GraphQL: coded, with the request's id, never a 500, and nothing of the inside."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote_from_bytes, urlencode

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    get_nullable_type,
    is_list_type,
    is_non_null_type,
)
from hostile import Counts, calls, check, document, fingerprint, planted, selection, spread
from hypothesis import given, settings
from hypothesis import strategies as st
from make import Api, Person, card, plant, reset, role_ids, sell, title
from often import examples

from api import ids
from api.http import EVENTS, JSON, RESPONSE
from api.schema import schema
from graph.doctor import examine
from graph.model import FilterOperator


@pytest.fixture
async def market(api: Api) -> list[str]:
    """Ids of what is there."""
    found = await plant(api.db, {"top": None, "team": "top"}, [Person("ann", {"team": None}, "Director")])
    roles = await role_ids(api.db)
    cards = [card(roles["Decision Maker"], title(FilterOperator.IS, "Director"))]
    sold = await sell(api.db, cards, [found["team"]])
    return [
        ids.encode("Account", found["top"]),
        ids.encode("Person", found["ann"]),
        ids.encode("BuyingGroup", sold.groups[found["team"]]),
        ids.encode("SolutionInterest", sold.interest_id),
        ids.encode("RoleTemplate", sold.template_id),
        ids.encode("AccountAudience", sold.audience_id),
        ids.encode("Job", sold.job_id),
        ids.encode("Role", roles["Champion"]),
    ]


TEXTS = st.text(max_size=12) | st.sampled_from(
    ["", "\x00", "\u2028", "é" * 300, "a" * 5_000, "2026-11-20", "../../x", "' OR 1=1", "$x", "{"]
)
NUMBERS = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
ANY = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=8,
)
REQUESTS = st.fixed_dictionaries(
    {},
    optional={
        "query": st.sampled_from(["{ viewer { subject } }", "{", "query A { roles { name } } query B { roles { name } }"]) | ANY,
        "variables": ANY,
        "operationName": st.sampled_from(["A", "B", ""]) | ANY,
        "extensions": ANY,
        "documentId": TEXTS | ANY,
    },
)
KINDS = st.sampled_from([JSON, "application/json; charset=utf-8", "text/plain", "", "application/json; charset=\x80"])
TAKES = st.sampled_from([JSON, RESPONSE, "*/*", EVENTS + ", " + JSON, "text/html;q=x", "", "\x80", ",;,=;q=1"])


@examples(50)
@given(
    body=st.binary(max_size=60) | ANY.map(json.dumps).map(str.encode) | REQUESTS.map(json.dumps).map(str.encode),
    kind=KINDS,
    accept=TAKES,
    method=st.sampled_from(["POST", "POST", "POST", "PUT", "GET"]),
)
async def test_any_bytes(api: Api, body: bytes, kind: str, accept: str, method: str) -> None:
    headers = [(b"content-type", kind.encode("latin-1")), (b"accept", accept.encode("latin-1"))]
    check(await api.client.request(method, "/graphql", content=body, headers=headers), body.decode(errors="replace"))


@examples(20)
@given(
    params=st.binary(max_size=60) | st.dictionaries(st.sampled_from(["query", "variables", "documentId", "operationName"]), TEXTS)
)
async def test_any_parameters(api: Api, params: bytes | dict[str, str]) -> None:
    query = quote_from_bytes(params, "=&?%") if isinstance(params, bytes) else urlencode(params, errors="surrogatepass")
    check(await api.client.get(f"/graphql?{query}"), str(params))


TOKENS = [
    *"{}()[]:!$@=|&,",
    *(
        "...",
        "query",
        "mutation",
        "subscription",
        "fragment",
        "on",
        "accounts",
        "people",
        "node",
        "nodes",
        "viewer",
        "roles",
        "name",
    ),
    *("id", "edges", "totalCount", "first", "last", "filter", "orderBy", "$n", "$v", "__typename", "__schema", "types", "fields"),
    *("@include(if: true)", "@skip(if: $n)", "1", "-1", "1.5", '"x"', "null", "true", "X", '"""b"""'),
]
VALID = [
    "query A($n: Int = 3) { accounts(first: $n) { edges { cursor node { id name } } totalCount } }",
    '{ a: node(id: "x") { id ... on Account { name } ...f } } fragment f on Node { __typename id }',
    'mutation { upsertAccounts(input: {accounts: [{externalId: "x", name: "X"}]}) { created userErrors { message } } }',
]


@st.composite
def documents(draw: st.DrawFn) -> str:
    """Soups of tokens, and valid documents with something wrong in them."""
    if draw(st.booleans()):
        return " ".join(draw(st.lists(st.sampled_from(TOKENS), max_size=30)))
    text = draw(st.sampled_from(VALID))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 6)))
        text = text[:start] + draw(st.sampled_from(["", *TOKENS]) | st.text(max_size=3)) + text[end:]
    return text


@examples(50)
@given(query=documents(), variables=st.dictionaries(st.sampled_from(["n", "v"]), ANY))
async def test_any_document(api: Api, query: str, variables: dict[str, Any]) -> None:
    try:
        content = json.dumps({"query": query, "variables": variables}, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        content = json.dumps({"query": query, "variables": variables}).encode()
    answer = await api.client.post("/graphql", content=content, headers={"content-type": JSON, "accept": f"{JSON}, {EVENTS}"})
    if not answer.headers["content-type"].startswith(EVENTS):
        check(answer, [query, variables])


# --- valid documents with hostile values ----------------------------------------------------------------------------

FIELDS = [
    (kind, name, field)
    for kind, root in (("query", schema._schema.query_type), ("mutation", schema._schema.mutation_type))
    if root is not None
    for name, field in root.fields.items()
]


def values(kind: Any, market: list[str], depth: int = 0) -> st.SearchStrategy[Any]:
    """Values of an input type, as JSON: right in shape, hostile in everything else."""
    if not is_non_null_type(kind):
        return st.none() | _values(kind, market, depth) if depth < 3 else st.none()
    return _values(get_nullable_type(kind), market, depth)


def _values(kind: Any, market: list[str], depth: int) -> st.SearchStrategy[Any]:
    if is_list_type(kind):
        return st.lists(values(kind.of_type, market, depth + 1), max_size=3) if depth < 4 else st.just([])
    if isinstance(kind, GraphQLEnumType):
        return st.sampled_from(sorted(kind.values))
    if isinstance(kind, GraphQLInputObjectType):
        needed = {name: values(one.type, market, depth + 1) for name, one in kind.fields.items() if is_non_null_type(one.type)}
        free = {name: values(one.type, market, depth + 1) for name, one in kind.fields.items() if not is_non_null_type(one.type)}
        return st.fixed_dictionaries(needed, optional=free)
    return {
        "Int": st.integers(-(2**31), 2**31 - 1) | st.integers(0, 3),
        "Float": st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**18), 10**18),
        "Boolean": st.booleans(),
        "ID": st.sampled_from(market) | TEXTS,
        "DateTime": st.datetimes().map(lambda moment: f"{moment.isoformat()}Z") | st.just("0001-01-01T00:00:00+14:00"),
        "Date": st.dates().map(str),
    }.get(kind.name, TEXTS)


@examples(75)
@given(data=st.data())
async def test_any_values_of_valid_documents(api: Api, market: list[str], data: st.DataObject) -> None:
    kind, name, field = data.draw(st.sampled_from(FIELDS))
    variables = {
        argument: data.draw(values(spec.type, market))
        for argument, spec in field.args.items()
        if is_non_null_type(spec.type) or data.draw(st.booleans())
    }
    defined = ", ".join(f"${argument}: {field.args[argument].type}" for argument in variables)
    given = ", ".join(f"{argument}: ${argument}" for argument in variables)
    head = f"{kind}({defined}) {{ {name}({given})" if variables else f"{kind} {{ {name}"
    query = f"{head}{selection(field)} }}"
    check(await api.client.post("/graphql", json={"query": query, "variables": variables}), [query, variables])


# --- mutations ------------------------------------------------------------------------------------------------------

MUTATIONS = {name: field for kind, name, field in FIELDS if kind == "mutation"}
IN_ROUND = 250
"""How many calls one market stands."""
ROW_BY_ROW = ("upsertAccounts", "upsertPeople", "upsertProducts", "recordActivities", "deleteBuyingGroups")
"""Where what is refused is a row, and the others are done."""
DONE = ("created", "updated", "recorded", "deletedIds")


async def test_a_hostile_value_in_any_place_of_any_mutation_is_refused_whole_or_taken(api: Api) -> None:
    """Every mutation, with a hostile value in one place of its input: no answer tells of the inside, what is refused has
    changed nothing, and the graph keeps what it promises."""
    market = await planted(api)
    every = spread(enumerate(calls(MUTATIONS, market)), Counts.listed)
    assert {name for _, (name, _) in every} == set(MUTATIONS)
    refused, wrong = 0, list[object]()
    for start in range(0, len(every), IN_ROUND):
        await reset(api.db)
        market = await planted(api)
        wanted = {place for place, _ in every[start : start + IN_ROUND]}
        now = await fingerprint(api.db)
        for place, (name, variables) in enumerate(calls(MUTATIONS, market)):
            if place in wanted:
                before = now
                try:
                    nothing_done, now = await _called(api, name, variables)
                except AssertionError as error:
                    wrong.append(error)
                    continue
                refused += nothing_done
                if nothing_done and now != before:
                    wrong.append((name, str(variables)[:2000]))
        wrong += [finding async for finding in examine(api.db) if finding.broken]
    assert wrong == []
    assert 0 < refused < len(every)  # some are taken: the values around the hostile one are good


async def _called(api: Api, name: str, variables: dict[str, Any]) -> tuple[bool, int]:
    """Whether the call promises to have done nothing, and the graph's fingerprint after it."""
    sent = [document(name, MUTATIONS[name], variables), variables]
    content = json.dumps({"query": sent[0], "variables": variables}).encode()
    body = check(await api.client.post("/graphql", content=content, headers={"content-type": JSON}), sent)
    payload = (body.get("data") or {}).get(name)
    nothing = bool(body.get("errors"))
    if payload and payload["userErrors"]:
        outcomes = {one["outcome"] for one in payload.get("results", ())}
        nothing = not any(payload.get(what) for what in DONE) and outcomes <= {"REJECTED", "UNCHANGED"}
        assert nothing or name in ROW_BY_ROW or outcomes, sent
    return nothing, await fingerprint(api.db)


@settings(max_examples=Counts.drawn)
@given(data=st.data())
async def test_any_values_of_any_mutation(api: Api, market: list[str], data: st.DataObject) -> None:
    """The same with values that are hostile in all places."""
    name = data.draw(st.sampled_from(sorted(MUTATIONS)))
    arguments = MUTATIONS[name].args.items()
    variables = {key: data.draw(values(one.type, market)) for key, one in arguments if is_non_null_type(one.type)}
    before = await fingerprint(api.db)
    nothing, after = await _called(api, name, variables)
    assert not nothing or after == before
    assert [finding async for finding in examine(api.db) if finding.broken] == []
