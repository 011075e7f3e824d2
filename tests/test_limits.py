"""Limits: what an operation asks for is told before it is validated, exactly, and whatever its fragments multiply."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from graphql import GraphQLSyntaxError, Lexer, Source, TokenKind, get_introspection_query, parse
from hypothesis import given
from hypothesis import strategies as st
from make import Api, api_over
from often import examples

from api.documents import MAX_ERRORS, Documents, Policy
from api.limits import CAP, MAX_CHARACTERS, MAX_DIGITS, MAX_NESTING, Asked, Limits, TooComplex, check_text, measure
from api.schema import schema
from graph.db import Db

NO_LIMITS = Limits(*[CAP * 10] * 7)
TWENTY = """name firstName lastName email jobTitle: id department: id seniority: id phone: id city: id country: id x1: id x2: id
  x3: id x4: id x5: id x6: id x7: id x8: id x9: id x10: id"""


def asked(query: str, name: str | None = None) -> Asked:
    found = measure(schema._schema, parse(query), NO_LIMITS)
    assert found is not None
    return next(one for one in found if one.name == name)


def cost(query: str, **variables: Any) -> int:
    return asked(query).cost(variables)


# --- each limit at n and n + 1 --------------------------------------------------------------------------------------


def deep(levels: int) -> str:
    return "{ account(id: 1) " + "{ parent " * (levels - 2) + "{ name" + " }" * levels


CASES: list[tuple[str, str, Callable[[int], str], str]] = [
    ("depth", "depth", deep, "The operation is {} fields deep; at most {} are allowed."),
    (
        "aliases",
        "aliases",
        lambda n: "{ viewer {" + "".join(f" a{i}: subject" for i in range(n)) + " } }",
        "The operation has {} aliases; at most {} are allowed.",
    ),
    (
        "root_fields",
        "rootFields",
        lambda n: "query Q {" + " viewer { subject }" * n + " }",
        "The operation Q has {} fields at its root; at most {} are allowed.",
    ),
    (
        "directives",
        "directives",
        lambda n: "{ viewer {" + " subject @include(if: true)" * n + " } }",
        "The operation has {} directives; at most {} are allowed.",
    ),
    (
        "fragments",
        "fragments",
        lambda n: "{ viewer {" + "".join(f" ...f{i}" for i in range(n)) + " } }"
        + "".join(f" fragment f{i} on Viewer {{ subject }}" for i in range(n)),
        "The document has {} fragments; at most {} are allowed.",
    ),
    (
        "tokens",
        "tokens",
        lambda n: "{ nodes(ids: [" + " 1" * (n - 12) + "]) { id } }",
        "The document has {} tokens; at most {} are allowed.",
    ),
    (
        "cost",
        "cost",
        lambda n: "query($n: Int) { accounts(first: $n) {" + " totalCount" * (n - 1) + " } }",
        "The operation may answer with {} values; at most {} are allowed. Ask for shorter pages or fewer fields.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("setting", "limit", "document", "words"), CASES, ids=[case[0] for case in CASES])
@pytest.mark.parametrize("most", [None, 15])
async def test_as_much_as_a_limit_allows_is_accepted_and_one_more_is_refused(
    db: Db, setting: str, limit: str, document: Callable[[int], str], words: str, most: int | None
) -> None:
    limits = Limits() if most is None else replace(NO_LIMITS, seconds=30.0, body=10**7, **{setting: most})
    allowed: int = getattr(limits, setting)
    if setting == "cost" and most is None:
        limits = replace(limits, cost=(allowed := 100))  # the default would take a long document
    async with api_over(db, Documents(schema._schema, Policy(limits))) as api:
        answer = await api.post(document(allowed))
        assert "TOO_COMPLEX" not in [error["extensions"]["code"] for error in answer.get("errors", ())]
        answer = await api.post(document(allowed + 1))
    assert "data" not in answer
    (error,) = answer["errors"]
    assert error["message"] == words.format(f"{allowed + 1:,}", f"{allowed:,}")
    assert error["extensions"].pop("requestId")
    assert error["extensions"] == {"code": "TOO_COMPLEX", "limit": limit, "value": allowed + 1, "allowed": allowed}


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        (lambda n: "{ a" + "[" * (n - 1), "nesting"),
        (lambda n: "{ a(" + "{(" * ((n - 2) // 2) + "(" * (n % 2) + ")" * 500, "nesting"),
        (lambda n: f"{{ a(b: {'7' * n}) }}" + " " * 100, "digits"),
        (lambda n: f"{{ a(b: -{'7' * (n - 1)}) }}" + " " * 100, "digits"),
        (lambda n: "{ a }" + " " * (n - 5), "characters"),
    ],
)
def test_texts_have_bounds_of_their_own(text: Callable[[int], str], limit: str) -> None:
    most = {"nesting": MAX_NESTING, "digits": MAX_DIGITS, "characters": MAX_CHARACTERS}[limit]
    check_text(text(most), Limits())
    with pytest.raises(TooComplex) as refused:
        check_text(text(most + 1), Limits())
    assert (refused.value.limit, refused.value.value, refused.value.allowed) == (limit, most + 1, most)


# --- tokens ---------------------------------------------------------------------------------------------------------

PIECES = [
    "{", "}", "(", ")", "[", "]", ":", "=", "!", "|", "&", "$", "@", "...", "name", "_x9", "query", "0", "-1", "12.5", "1e3",
    "-1.5E-7", '""', '"a b"', '"\\""', '"\\\\"', '"#"', '""""""', '"""a"b""c"""', '"""\n#{\\""""""', '"""\\"""', "# comment {\n",
    "#\r", ",", " ", "\t", "\ufeff", "\n", "\\", ".", "..", "é", "\x00", '"', "-", "1.", "?",
]  # fmt: skip


@examples(120)
@given(st.lists(st.sampled_from(PIECES), max_size=25).map(" ".join) | st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_tokens_are_counted_as_the_parser_counts_them(inner: str) -> None:
    text = f"query {{ a(b: [{inner}]) }}" + " " * 100
    try:
        parse(text)
    except GraphQLSyntaxError:
        check_text(text, NO_LIMITS)  # whatever it is, it is told by the parser
        return
    lexer, count = Lexer(Source(text)), 0
    while lexer.advance().kind is not TokenKind.EOF:
        count += 1
    check_text(text, Limits(tokens=count))
    with pytest.raises(TooComplex):
        check_text(text, Limits(tokens=count - 1))


# --- what is asked --------------------------------------------------------------------------------------------------


def test_fragments_count_as_often_as_they_are_spread() -> None:
    query = """query Q @include(if: true) { ...root account(id: 1) { ...a b: parent { ...a @skip(if: false) } } }
    fragment root on Query { x: viewer { subject } ... { viewer { subject } } }
    fragment a on Account { y: name parent { parent { z: id } } }"""
    found = asked(query, "Q")
    assert (found.depth, found.aliases, found.root_fields, found.directives) == (5, 1 + 1 + 2 * 2, 3, 2)
    assert found.cost({}) == (2 + 2) + 1 + 4 + (1 + 4)


BOMBS = {
    "spreads": "{ ...f0 }" + "".join(f" fragment f{i} on Query {{ ...f{i + 1} ...f{i + 1} }}" for i in range(90))
    + " fragment f90 on Query { viewer { subject } }",
    "fields": "{ ...f0 }" + "".join(f" fragment f{i} on Account {{ parent {{ ...f{i + 1} }} }}" for i in range(90))
    + " fragment f90 on Account { name }",
    "aliases": "{ node(id: 1) { ...f0 } }"
    + "".join(f" fragment f{i} on Account {{ a: parent {{ ...f{i + 1} }} b: parent {{ ...f{i + 1} }} }}" for i in range(15))
    + " fragment f15 on Account { name }",
    "pages": "query($n: Int) { accounts(first: $n) { ...f0 } }"
    + "".join(f" fragment f{i} on AccountConnection {{ edges {{ node {{ children(first: 100) {{ ...f{i + 1} }} }} }} }}"
              for i in range(5))
    + " fragment f5 on AccountConnection { totalCount }",
}  # fmt: skip


@pytest.mark.parametrize(
    ("bomb", "limit", "value"),
    [("spreads", "rootFields", CAP), ("fields", "depth", 91), ("aliases", "aliases", 2**16 - 2), ("pages", "cost", 4 * 10**10)],
)
async def test_a_bomb_of_fragments_is_refused(db: Db, bomb: str, limit: str, value: int) -> None:
    async with api_over(db) as api:
        (error,) = await api.errors(BOMBS[bomb], n=100)
    assert error["extensions"]["limit"] == limit
    assert value <= error["extensions"]["value"] < 2 * value


async def test_a_document_that_validates_too_slowly_is_refused(db: Db) -> None:
    repeated = "{ account(id: 1) {" + (" parent {" + " parent { name }" * 22 + " }") * 22 + " } }"
    fragments = "{ roles {" + "".join(f" ...f{i}" for i in range(100)) + " } }"
    fragments += "".join(f" fragment f{i} on Role {{{' name description' * 9} }}" for i in range(100))
    async with api_over(db) as api:
        for query in (repeated, fragments, "{ viewer {" + " subject" * 2_900 + " } }"):
            (error,) = await api.errors(query)
            assert error["message"] == "The document takes more than 50,000 comparisons to validate: it repeats fields too often."
            assert error["extensions"]["limit"] == "comparisons"


async def test_so_many_errors_of_a_document_are_told_and_no_more(db: Db) -> None:
    async with api_over(db) as api:
        errors = await api.errors("{ viewer {" + "".join(f" nope{i}" for i in range(100)) + " } }")
    assert len(errors) == MAX_ERRORS + 1
    assert errors[-1]["message"] == "Too many validation errors, error limit reached. Validation aborted."
    assert {error["extensions"]["code"] for error in errors} == {"GRAPHQL_VALIDATION_FAILED"}


async def test_fragments_in_a_circle_are_told_by_validation(db: Db) -> None:
    async with api_over(db) as api:
        for circle in ("fragment a on Query { ...a }", "fragment a on Query { ...b } fragment b on Query { ... { ...a } }"):
            errors = await api.errors("{ ...a } " + circle)
            assert errors[0]["message"].startswith("Cannot spread fragment 'a' within itself")


@pytest.mark.parametrize(
    ("query", "variables", "expected"),
    [
        ("{ viewer { subject } }", {}, 2),
        ("{ accounts { totalCount } }", {}, 2),
        ("{ accounts { edges { cursor } pageInfo { endCursor } } }", {}, 1 + 20 * 2 + 2),
        ("{ accounts(first: 7) { edges { node { name } } } }", {}, 1 + 7 * 3),
        ("{ accounts(last: 7) { edges { node { name } } } }", {}, 1 + 7 * 3),
        ("{ accounts(first: null, last: 7) { edges { cursor } } }", {}, 1 + 7 * 2),
        ("{ accounts(first: 0) { edges { cursor } } }", {}, 1),
        ("{ accounts(first: 1000000000000) { edges { cursor } } }", {}, 1 + 100 * 2),
        ("{ accounts(first: -3) { edges { cursor } } }", {}, 1),
        ("query($n: Int) { accounts(first: $n) { edges { cursor } } }", {}, 1 + 20 * 2),
        ("query($n: Int) { accounts(first: $n) { edges { cursor } } }", {"n": 3}, 1 + 3 * 2),
        ("query($n: Int) { accounts(first: $n) { edges { cursor } } }", {"n": None}, 1 + 20 * 2),
        ("query($n: Int) { accounts(first: $n) { edges { cursor } } }", {"n": "many"}, 1 + 100 * 2),
        ("query($n: Int = 5) { accounts(first: $n) { edges { cursor } } }", {}, 1 + 5 * 2),
        ("query($n: Int = 5) { accounts(first: $n) { edges { cursor } } }", {"n": 6}, 1 + 6 * 2),
        ("query($n: Int, $m: Int) { accounts(first: $n, last: $m) { edges { cursor } } }", {"n": None, "m": 4}, 1 + 4 * 2),
        (
            "query($n: Int) { accounts(first: 2) { edges { node { people(first: $n) { edges { node { id } } } } } } }",
            {"n": 10},
            1 + 2 * (2 + 1 + 10 * 3),
        ),
        ("{ accounts { ...c } } fragment c on AccountConnection { edges { ...e } } fragment e on AccountEdge { cursor }", {}, 41),
        ("{ roles { name } }", {}, 10 * 2),
        ("{ account(id: 1) { ancestors { ancestors { id } } } }", {}, 1 + 10 * (1 + 10 * 2)),
        ('{ nodes(ids: ["a", "b", "c"]) { id } }', {}, 3 * 2),
        ("query($i: [ID!]!) { nodes(ids: $i) { id } }", {"i": ["a"] * 9}, 9 * 2),
        ('query($i: ID!) { nodes(ids: ["a", $i]) { id } }', {"i": "x"}, 2 * 2),
        ("{ previewMembership(input: {first: 3}) { joins { reason } joinsTotal } }", {}, 10_001 + 3 * 2 + 1),
        ("query($i: X) { previewMembership(input: $i) { joins { reason } } }", {"i": {"first": 4}}, 10_001 + 4 * 2),
        ("query($i: X) { previewMembership(input: $i) { joins { reason } } }", {}, 10_001 + 20 * 2),
        ("query($i: X) { previewMembership(input: $i) { joins { reason } } }", {"i": 7}, 10_001 + 20 * 2),
        ("{ buyingGroup { gaps { missing } why(personId: 1) { isMember } } }", {}, 1 + 500 + 10 * 2 + 202),
        ("mutation { upsertAccounts(input: {accounts: []}) { accounts { id } created } }", {}, 1 + 10 * 2 + 1),
        ("mutation($i: X!) { upsertAccounts(input: $i) { accounts { id } } }", {"i": {"accounts": [{}] * 700}}, 1 + 700 * 2),
        ("mutation($i: X!) { upsertAccounts(input: {accounts: $i}) { accounts { id } } }", {"i": [{"a": [1] * 30}]}, 1 + 30 * 2),
        ("{ nope { nope { nope } } }", {}, 3),
        ("{ account(id: 1) { ...on Nope { id } ...nope } }", {}, 2),
    ],
)  # fmt: skip
def test_the_cost_is_the_most_values_that_the_answer_may_hold(query: str, variables: Mapping[str, Any], expected: int) -> None:
    assert asked(query).cost(variables) == expected


PAGE = f"""query Page {{ buyingGroups(first: 50, orderBy: {{field: COMPLETENESS, direction: DESC}}) {{
  totalCount pageInfo {{ hasNextPage endCursor }}
  edges {{ node {{ id name completeness status account {{ id name }} stage {{ name }} missingRoles {{ name }}
    members(first: 100) {{ totalCount edges {{ source distance role {{ name }} account {{ name }} node {{ {TWENTY} }} }} }}
  }} }}
}} }}"""
SQUARE = """query Square { buyingGroups(first: 50) { edges { node { members(first: 100) { edges { node { memberships(first: 50) {
  edges { node { buyingGroup { members(first: 100) { edges { node { name } } } } } } } } } } } } } }"""


async def test_a_page_of_groups_with_their_members_passes_and_its_square_does_not(api: Api) -> None:
    answer = await api.post(PAGE.replace("jobTitle: id", "jobTitle"))
    assert answer["data"]["buyingGroups"]["edges"] == []
    assert 50 * 100 * 20 < asked(PAGE, "Page").cost({}) < Limits().cost / 10
    (error,) = await api.errors(SQUARE)
    assert (error["extensions"]["code"], error["extensions"]["limit"]) == ("TOO_COMPLEX", "cost")
    assert error["extensions"]["value"] > 50 * 100 * 50 * 100


async def test_the_introspection_of_tools_passes(api: Api) -> None:
    query = get_introspection_query(True, True, True, True, True, one_of=True)
    assert (await api.data(query))["__schema"]["queryType"] == {"name": "Query", "kind": "OBJECT"}


def values(answer: Any) -> int:
    """How many values an answer holds."""
    if isinstance(answer, list):
        return sum(values(one) for one in answer)
    return 1 + (sum(values(one) for one in answer.values()) if isinstance(answer, dict) else 0)


async def test_an_answer_holds_no_more_than_its_cost(api: Api, db: Db) -> None:
    from graph import sample

    await sample.load(db)
    query = """query($n: Int) { accounts(first: $n) { totalCount edges { node { name ancestors { name } descendants(first: 3) {
      edges { node { name buyingGroups(last: 5) { edges { node { name missingRoles { name }
        members(first: 4) { edges { source node { name } } } } } } } } } } } } }"""
    for first in (1, 2, 20):
        answer = await api.client.post("/graphql", json={"query": query, "variables": {"n": first}, "extensions": {"cost": True}})
        told = answer.json()["extensions"]["cost"]
        assert told == {"value": cost(query, n=first), "limit": 2_500_000}
        held = sum(values(one) for one in answer.json()["data"].values())
        assert first * 4 < held <= told["value"]


# --- telling the cost -----------------------------------------------------------------------------------------------


async def test_the_cost_is_told_to_those_who_ask(api: Api) -> None:
    body = {"query": "{ roles { name } }"}
    told = {"cost": {"value": 20, "limit": 2_500_000}}
    assert "extensions" not in (await api.client.post("/graphql", json=body)).json()
    assert (await api.client.post("/graphql", json=body, headers={"x-graphql-cost": "1"})).json()["extensions"] == told
    assert (await api.client.post("/graphql", json={**body, "extensions": {"cost": True}})).json()["extensions"] == told
    params = {**body, "extensions": json.dumps({"cost": True})}
    assert (await api.client.get("/graphql", params=params)).json()["extensions"] == told
    answer = (await api.client.post("/graphql", json={"query": SQUARE, "extensions": {"cost": True}})).json()
    assert answer["extensions"]["cost"]["value"] == answer["errors"][0]["extensions"]["value"]
    assert "extensions" not in (await api.client.post("/graphql", json={"query": "{", "extensions": {"cost": True}})).json()


# --- documents that are known ---------------------------------------------------------------------------------------


def test_a_document_is_read_once() -> None:
    documents = Documents(schema._schema)
    first = documents.prepare("{ viewer { subject } }")
    assert documents.prepare("{ viewer { " + "subject } }") is first
    wrong = documents.prepare("{ nope }")
    assert documents.prepare("{ nope }") is wrong


def test_what_is_kept_has_a_bound_and_what_is_used_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    bound = 30_000  # a smaller one, for time's sake
    monkeypatch.setattr("api.documents.MAX_KNOWN_TOKENS", bound)
    documents = Documents(schema._schema)
    used = documents.prepare("{ viewer { subject } }")
    big = " ".join(["subject"] * 2_900)
    for number in range(2 * bound // 2_900):
        documents.prepare(f"query Q{number} {{ viewer {{ {big} }} }}")
        assert documents.prepare("{ viewer { subject } }") is used
        assert documents._tokens <= bound
    assert len(documents._known) < bound // 2_900 + 2
