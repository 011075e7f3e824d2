"""Input that nobody means well: values of every input type with one hostile place in them, and what no answer may tell."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

import httpx2
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    Undefined,
    get_named_type,
    is_list_type,
    is_non_null_type,
)
from make import Api, Person, card, plant, role_ids, rows, sell, title

from api import ids
from api.errors import Code
from graph.db import Db
from graph.model import FilterOperator

Numbered = tuple[int, tuple[str, dict[str, Any]]]
STATUSES = {200, 400, 405, 406, 413, 415}
INSIDE = re.compile(
    r"Traceback|\.py\b|0x[0-9a-f]{6}|<class|NoneType|\b(?:[A-Z][a-z]+)?(?:Value|Type|Key|Name|Attribute|Index|Unicode\w*|Recursion|Runtime|"
    r"Assertion|Cypher|Client|Driver|Decode)Error\b|Exception\b|neo4j|Neo\.|bolt:|\b(?:MATCH|MERGE|UNWIND|RETURN) ?[({$a-z]|"
    r"asyncio|strawberry|orjson|starlette|hypothesis|\bself\b"
)
MANY = 200
"""How many hostile values to send unless `--hostile` says otherwise."""


class Counts:
    """How many are sent, which `--hostile` sets before any test is collected."""

    listed = MANY
    drawn = MANY // 4


def check(answer: httpx2.Response, sent: object) -> Any:
    """What an answer says, which tells nothing of the inside, and never that something went wrong there."""
    assert answer.status_code in STATUSES, sent
    body = answer.json()
    assert body.keys() <= {"data", "errors", "extensions"}
    assert "data" in body or body["errors"]
    told = [error["message"] for error in body.get("errors", ())]
    for error in body.get("errors", ()):
        assert error["extensions"]["code"] in set(Code) - {Code.INTERNAL}, (str(sent)[:2000], error)
        assert UUID(error["extensions"]["requestId"])
    for payload in (body.get("data") or {}).values():
        if isinstance(payload, dict):
            told += [error["message"] for error in payload.get("userErrors", ())]
    if told:
        said = set(re.findall(r"[\w.-]{3,}", json.dumps(sent, ensure_ascii=False)[:20_000]))
        for words in told:
            assert len(words) < 5_000, str(sent)[:2000]
            for text in sorted(said, key=len, reverse=True):
                words = words.replace(text, "")  # what the client said itself is no secret
            assert not INSIDE.search(words), (str(sent)[:2000], words)
    return body


# --- a market -------------------------------------------------------------------------------------------------------

STAGES = """mutation {
  createStageModel(input: {name: "Stages", stages: [
    {name: "Open", isEntry: true, allowedNext: ["Won"]}, {name: "Won", outcome: SUCCESS}
  ]}) { stageModel { id stages { id } } }
  createPersona(input: {name: "Bosses", attributes: [{attribute: JOB_TITLE, values: ["boss"]}]}) { persona { id } }
  upsertProducts(input: {products: [{externalId: "product", name: "Product"}]}) { products { id } }
}"""


async def planted(api: Api) -> dict[str, str]:
    """A market with one of everything: a global id of each type."""
    found = await plant(
        api.db, {"top": None, "team": "top"}, [Person("ann", {"team": None}, "Director"), Person("bob", {"top": None})]
    )
    roles = await role_ids(api.db)
    cards = [card(roles["Decision Maker"], title(FilterOperator.IS, "Director")), card(roles["Champion"])]
    sold = await sell(api.db, cards, [found["team"]])
    made = await api.data(STAGES)
    api.asked.clear()
    models = await rows(api.db, "MATCH (m:EngagementModel) RETURN m.id AS id")
    own = {
        "Account": found["team"],
        "Person": found["ann"],
        "BuyingGroup": sold.groups[found["team"]],
        "SolutionInterest": sold.interest_id,
        "RoleTemplate": sold.template_id,
        "AccountAudience": sold.audience_id,
        "Job": sold.job_id,
        "Role": roles["Champion"],
        "EngagementModel": models[0]["id"],
    }
    model = made["createStageModel"]["stageModel"]
    return {
        **{kind: ids.encode(kind, one) for kind, one in own.items()},
        "StageModel": model["id"],
        "Stage": model["stages"][0]["id"],
        "Persona": made["createPersona"]["persona"]["id"],
        "Product": made["upsertProducts"]["products"][0]["id"],
    }


async def fingerprint(db: Db) -> int:
    """What tells one state of the graph from another: every node and relationship with all their properties, but for the answers
    that are kept for those who ask again."""
    nodes = await rows(db, "MATCH (n) WHERE NOT n:_IdempotencyKey RETURN labels(n) AS labels, properties(n) AS own")
    edges = await rows(
        db,
        """MATCH (a)-[r]->(b) RETURN type(r) AS kind, properties(r) AS own, coalesce(a.id, a.activityId, labels(a)[0]) AS here,
          coalesce(b.id, b.activityId, b.activityType, labels(b)[0]) AS there""",
    )
    return hash(frozenset(map(_told, nodes))) ^ hash(tuple(sorted(map(_told, edges))))


def _told(row: Mapping[str, Any]) -> str:
    return repr([sorted(value.items()) if isinstance(value, dict) else value for value in row.values()])


# --- hostile values -------------------------------------------------------------------------------------------------

TEXTS: list[Any] = [
    "",
    " ",
    "\t\r\n",
    "\u00a0\u2003",
    "\x00",
    "a\x00b",
    "\x01\x1b[31mred\x7f",
    "\ud800",
    "a\udfffb",
    "\u202egnp.exe",
    "\ufeffx",
    "\u2028\u2029",
    "👩‍👩‍👧‍👦" * 40,
    "e\u0301",
    "\u00e9",
    "İ",
    "ﬀ",
    "ß",
    "K",
    "x" * 255,
    "x" * 256,
    "İ" * 255,
    "🜁" * 255,
    "x" * 100_001,
    *("'}) DETACH DELETE n //", "`) MATCH (n) DETACH DELETE n //", "$p0", "{id: 1}", "\\u0027 OR 1=1 --", "*/ RETURN 1 /*"),
    *("<script>alert(1)</script>", "=cmd|' /C calc'!A0", "*)(uid=*))(|(uid=*", "${jndi:ldap://x/y}", "{{7*7}}", "%s%n%x{0}"),
    *("../../../etc/passwd", "null", "NaN", "Infinity", "-0", "true", "toString", "__proto__", "top", "ann", "Decision Maker"),
    *(5, 1.5, True, ["x"], {"x": "y"}),
]
WHOLE: list[Any] = [-1, 0, 2**31 - 1, -(2**31), 2**31, 2**63, -(2**64), 10**100, 1.5, -0.0, 1e308, "1", "", True, [1], {}]
FLOATS: list[Any] = [-1, 0, -0.0, 5e-324, 1e308, -1e308, 10**400, 2**63, float("nan"), float("inf"), "NaN", "1", True, [], {}]
DAYS: list[Any] = [
    *("0000-01-01", "0001-01-01", "9999-12-31", "10000-01-01", "-0001-01-01", "2026-02-30", "2026-11-20T00:00:00Z", "20261120"),
    *("2026-W01-1", "", " ", "\x00", "now", 5, 1e12, True, [], {}),
]
MOMENTS: list[Any] = [
    *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999-14:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"),
    *("2026-11-20T24:00:00Z", "2026-11-20T25:00:00Z", "2026-11-20T00:00:00+99:99", "2026-11-20T00:00:60Z", "2026-11-20T00:00"),
    *("1969-12-31T23:59:59.999999+00:00", "2099-01-01T00:00:00Z", "20261120T000000Z", *DAYS),
]
OBJECTS: list[Any] = [{}, {"nothing": 1}, {"__proto__": {}}, {"": None}, [], "x", 5, True]
ENUMS: list[Any] = ["NOTHING", "", "manual", "\x00", 5, True, [], {}]
DEEP = 5
"""How deep inputs nest that have themselves in them."""


def hostile_ids(market: Mapping[str, str], name: str) -> list[Any]:
    """Ids that are none, are another's, or were tampered with."""
    right = market.get(ids.type_of_argument(name) or "", market["Role"])
    prefix, own = right.split("_")
    return [
        *market.values(),
        *(
            "",
            " ",
            "x",
            own,
            f"{prefix}_",
            f"{prefix}_{own.upper()}",
            f"{prefix}_{own}\n",
            f"{prefix}_{own} ",
            f" {right}",
            f"{prefix}_{own}'",
        ),
        *(
            f"{prefix}_00000000-0000-0000-0000-000000000000",
            f"xxx_{own}",
            f"{prefix}_{'0' * 36}",
            f"{prefix}_{own[:-1]}",
            right * 2,
        ),
        *("\x00", "\ud800", "a" * 100_001, f"{prefix}_{own[:-1]}\u0660", "?" + own, 5, 2**70, 1.5, True, [right], {"id": right}),
    ]


def condition(depth: int) -> dict[str, Any]:
    """A condition that nests so deep."""
    inner: dict[str, Any] = {"match": "ANY", "filters": [{"attribute": "JOB_TITLE", "operator": "IS", "values": ["x"]}]}
    for _ in range(depth):
        inner = {"match": "ALL", "groups": [inner]}
    return inner


class Mutants:
    """Values of input types in which exactly one place is hostile, around it nothing but what is needed."""

    def __init__(self, market: Mapping[str, str]) -> None:
        self._market = market
        self._count = 0

    def of(self, kind: Any, name: str, depth: int = 0) -> Iterator[Any]:
        """All of a type."""
        if is_non_null_type(kind):
            yield None
            kind = kind.of_type
        if is_list_type(kind):
            yield from self._lists(kind.of_type, name)
            yield from ([one] for one in self.of(kind.of_type, name, depth))
        elif isinstance(kind, GraphQLInputObjectType):
            yield from OBJECTS
            if kind.name == "ConditionInput":
                yield from (condition(depth) for depth in (1, 4, 5, 9, 14, 15, 16, 40, 2_000))
            if depth < DEEP:
                for field, spec in kind.fields.items():
                    yield from ({**self.needed(kind, but=field), field: one} for one in self.of(spec.type, field, depth + 1))
        elif isinstance(kind, GraphQLEnumType):
            yield from (*kind.values, *ENUMS)
        elif kind.name == "ID":
            yield from hostile_ids(self._market, name)
        else:
            yield from {"Int": WHOLE, "Float": FLOATS, "Boolean": ENUMS, "Date": DAYS, "DateTime": MOMENTS}.get(kind.name, TEXTS)

    def _lists(self, kind: Any, name: str) -> Iterator[Any]:
        yield from ([], [None], [[]], "x", {}, 5)
        one = self.valid(kind, name)
        yield [one, one]
        yield [one] * 101
        yield [self.valid(kind, name) for _ in range(51)]
        yield [one] * 20_001

    def needed(self, kind: GraphQLInputObjectType, but: str | None = None) -> dict[str, Any]:
        """The fields of an input object that must be given."""
        wanted = {name: spec for name, spec in kind.fields.items() if name != but and is_non_null_type(spec.type)}
        return {name: self.valid(spec.type, name) for name, spec in wanted.items() if not _has_default(kind, name)}

    def valid(self, kind: Any, name: str) -> Any:
        """A value that may well be taken."""
        if is_non_null_type(kind):
            kind = kind.of_type
        if is_list_type(kind):
            return [self.valid(kind.of_type, name)]
        if isinstance(kind, GraphQLInputObjectType):
            return self.needed(kind)
        if isinstance(kind, GraphQLEnumType):
            return next(iter(kind.values))
        self._count += 1
        known = {
            "accountExternalId": "team",
            "personExternalId": "ann",
            "productExternalId": "product",
            "parentExternalId": "top",
        }
        if kind.name == "ID":
            return self._market.get(ids.type_of_argument(name) or "", self._market["Role"])
        texts = {"Int": 1, "Float": 1.5, "Boolean": True, "Date": "2026-11-20", "DateTime": "2026-11-20T08:30:00Z"}
        return texts.get(kind.name, known.get(name, f"text {self._count}"))


def _has_default(kind: GraphQLInputObjectType, name: str) -> bool:
    return kind.fields[name].default_value is not Undefined


def calls(mutations: Mapping[str, GraphQLField], market: Mapping[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every mutation with variables in which one place is hostile: name and variables, one mutation after the other."""
    mutants = Mutants(market)
    for name, field in mutations.items():
        for argument, spec in field.args.items():
            others = {other: one for other, one in field.args.items() if other != argument and is_non_null_type(one.type)}
            # an `id` alone is of the type that the mutation's name ends with
            wanted = f"{name}Id" if argument in ("id", "ids") else argument
            for one in mutants.of(spec.type, wanted):
                more = {
                    other: mutants.valid(kind.type, f"{name}Id" if other == "id" else other) for other, kind in others.items()
                }
                yield name, {argument: one, **more}


def spread(every: Iterable[Numbered], count: int) -> list[Numbered]:
    """So many of all calls, from as many of each mutation's as it has, but no more of one than of the others."""
    by_name: dict[str, list[Numbered]] = {}
    for one in every:
        by_name.setdefault(one[1][0], []).append(one)
    found: list[Numbered] = []
    for done, own in enumerate(sorted(by_name.values(), key=len)):
        share = min(len(own), (count - len(found)) // (len(by_name) - done))
        found += (own[place * len(own) // share] for place in range(share))
    return sorted(found, key=lambda one: one[0])


def document(name: str, field: GraphQLField, variables: Mapping[str, Any]) -> str:
    """A mutation's document for variables."""
    defined = ", ".join(f"${argument}: {field.args[argument].type}" for argument in variables)
    given = ", ".join(f"{argument}: ${argument}" for argument in variables)
    return f"mutation ({defined}) {{ {name}({given}){selection(field)} }}"


def selection(field: GraphQLField, depth: int = 0) -> str:
    """A few fields of what a field gives, pages and payloads among them."""
    kind = get_named_type(field.type)
    if isinstance(kind, GraphQLInterfaceType):
        return " { __typename }"
    if not isinstance(kind, GraphQLObjectType):
        return ""
    inner = [
        name + selection(one, depth + 1)
        for name, one in kind.fields.items()
        if not any(is_non_null_type(argument.type) for argument in one.args.values())
        and (depth < 2 or not isinstance(get_named_type(one.type), GraphQLObjectType))
    ]
    return " { " + " ".join(["__typename", *inner]) + " }"
