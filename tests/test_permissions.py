"""Who may ask for what: every root field of the schema with every kind of caller, against the rules written down here."""

from __future__ import annotations

import base64
import hmac
import time
from collections.abc import AsyncGenerator
from typing import Any

import httpx2
import orjson
import pytest
import strawberry
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    is_composite_type,
    is_required_argument,
    is_required_input_field,
)
from graphql import get_named_type as named_type
from issuing import KEYS, Issuer, issuing, part
from joserfc.jwk import RSAKey
from make import bearer, client_over, key_for, rows

from api import permissions
from api.limits import NEEDS
from api.schema import schema
from graph import keys
from graph.db import Db
from graph.keys import KeySpec
from graph.model import Permission as P

# --- the rules ------------------------------------------------------------------------------------------------------

RULES: dict[tuple[P, ...], str] = {
    (): "viewer",
    (P.VIEW,): """node nodes account accounts person people product products buyingGroup buyingGroups personas solutionInterest
        solutionInterests roles roleTemplate roleTemplates stageModel stageModels engagementModels accountAudience
        accountAudiences job jobs events dashboard roleInsights previewMembership buyingGroupEvents jobProgress""",
    (P.MANAGE_BUYING_GROUPS,): """assignMembers removeMembers deleteBuyingGroups createBuyingGroups maintainBuyingGroups cancelJob
        deleteJob""",
    (P.RUN_JOURNEY_ACTIONS,): "journeyAssign journeyRemove",
    (P.MANAGE_BUYING_GROUPS, P.RUN_JOURNEY_ACTIONS): "moveToStage setStatus",
    (P.MANAGE_SOLUTION_INTERESTS,): """createSolutionInterest updateSolutionInterest deleteSolutionInterest
        createAccountAudience updateAccountAudience deleteAccountAudience""",
    (P.MANAGE_ROLE_TEMPLATES,): """createRole updateRole deleteRole createPersona updatePersona deletePersona createRoleTemplate
        updateRoleTemplate publishRoleTemplate deleteRoleTemplate""",
    (P.MANAGE_STAGES,): "createStageModel updateStageModel publishStageModel deleteStageModel",
    (P.MANAGE_DATA,): "upsertAccounts upsertPeople upsertProducts recordActivities",
    (P.ADMINISTER,): """duplicateEngagementModel updateEngagementModel activateEngagementModel recalculateEngagement
        webhooks webhook createWebhook updateWebhook deleteWebhook enableWebhook disableWebhook rotateWebhookSecret
        replayWebhook""",
}
NEEDED = {name: frozenset(any_of) for any_of, names in RULES.items() for name in names.split()}
ROOTS = [
    (kind.name.lower(), name, field)
    for kind in (schema._schema.query_type, schema._schema.mutation_type, schema._schema.subscription_type)
    if kind
    for name, field in kind.fields.items()
]
CALLERS: dict[str, frozenset[P] | None] = {
    "no credentials": None,
    "unknown key": None,
    "expired key": None,
    "revoked key": None,
    "tampered key": None,
    "not a bearer": None,
    "wrong issuer": None,
    "wrong audience": None,
    "alg none": None,
    "HS256 with the public key": None,
    "tampered signature": None,
    "tampered claims": None,
    "expired token": None,
    "foreign key": None,
    "no permission": frozenset(),
    "viewer": frozenset({P.VIEW}),
    "seller": frozenset({P.VIEW, P.MANAGE_BUYING_GROUPS}),
    "journey": frozenset({P.VIEW, P.RUN_JOURNEY_ACTIONS}),
    "data": frozenset({P.VIEW, P.MANAGE_DATA}),
    "interests": frozenset({P.VIEW, P.MANAGE_SOLUTION_INTERESTS}),
    "templates": frozenset({P.VIEW, P.MANAGE_ROLE_TEMPLATES}),
    "stages": frozenset({P.VIEW, P.MANAGE_STAGES}),
    "administrator": frozenset({P.VIEW, P.ADMINISTER}),
    "everything": frozenset(P),
    "token of a seller": frozenset({P.VIEW, P.MANAGE_BUYING_GROUPS}),
}
"""What each may do; None for those who are nobody."""


def expected(may: frozenset[P] | None, name: str) -> str:
    """What becomes of a field, by the rules."""
    if may is None:
        return "UNAUTHENTICATED"
    return "answered" if not NEEDED[name] or NEEDED[name] & may else "FORBIDDEN"


# --- the callers ----------------------------------------------------------------------------------------------------


async def key_of(db: Db, who: str) -> str:
    """The API key of one of the callers."""
    if who == "tampered key":
        key = await key_for(db, *P)
        return key[:-1] + ("A" if key[-1] != "A" else "B")
    if who == "unknown key":
        return "bgk_" + "0" * 16 + "_" + "A" * 43
    may = CALLERS[who]
    assert may or who in ("expired key", "revoked key", "no permission")
    made = await keys.create(db, KeySpec(who, sorted(may or P)))
    if who == "revoked key":
        await keys.revoke(db, made.id)
    if who == "expired key":
        await rows(db, "MATCH (k:_Key {id: $id}) SET k.expiresAt = datetime() - duration('PT1S')", id=made.id)
    if who == "no permission":
        await rows(db, "MATCH (k:_Key {id: $id}) SET k.permissions = []", id=made.id)
    return made.key


def token_of(issuer: Issuer, who: str) -> str:
    """The token of one of the callers."""
    everything = list(P)
    match who:
        case "wrong issuer":
            return issuer.token(iss="https://elsewhere.example", permissions=everything)
        case "wrong audience":
            return issuer.token(aud=["another"], permissions=everything)
        case "alg none":
            return f"{part({'alg': 'none', 'kid': 'rsa'})}.{part(issuer.claims(permissions=everything))}."
        case "HS256 with the public key":
            rsa = KEYS["RS256"]
            assert isinstance(rsa, RSAKey)
            signed = f"{part({'alg': 'HS256', 'kid': 'rsa'})}.{part(issuer.claims(permissions=everything))}"
            digest = hmac.digest(rsa.as_pem(private=False), signed.encode(), "sha256")
            return f"{signed}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"
        case "tampered signature":
            head, claims, signature = issuer.token(permissions=everything).split(".")
            return f"{head}.{claims}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"
        case "tampered claims":
            head, _, signature = issuer.token(permissions=["VIEW"]).split(".")
            return f"{head}.{part(issuer.claims(permissions=everything))}.{signature}"
        case "expired token":
            return issuer.token(exp=int(time.time()) - 1, permissions=everything)
        case "foreign key":
            return issuer.token(RSAKey.generate_key(2048, {"kid": "rsa"}), permissions=everything)
        case _:
            return issuer.token(permissions=["MANAGE_BUYING_GROUPS", "FLY", 7, None])


async def header_of(db: Db, issuer: Issuer, who: str) -> dict[str, str]:
    """The headers with which one of the callers comes."""
    if who == "no credentials":
        return {}
    if who == "not a bearer":
        return {"authorization": f"Basic {await key_for(db, *P)}"}
    if ("key" in who and who not in ("foreign key", "HS256 with the public key")) or (
        CALLERS[who] is not None and "token" not in who
    ):
        return bearer(await key_of(db, who))
    return bearer(token_of(issuer, who))


# --- a document for each field --------------------------------------------------------------------------------------

SCALARS = {
    "ID": '"x"',
    "String": '"x"',
    "Int": "1",
    "Float": "1.0",
    "Boolean": "true",
    "DateTime": '"2026-01-01T00:00:00Z"',
    "Date": '"2026-01-01"',
}
MORE = {"buyingGroupEvents": '(after: "x")'}  # else it would wait for an event


def value_of(kind: Any) -> str:
    """Some value of an input type."""
    if isinstance(kind, GraphQLNonNull):
        return value_of(kind.of_type)
    if isinstance(kind, GraphQLList):
        return f"[{value_of(kind.of_type)}]"
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    if isinstance(kind, GraphQLInputObjectType):
        given = {name: field for name, field in kind.fields.items() if is_required_input_field(field)}
        return "{" + ", ".join(f"{name}: {value_of(field.type)}" for name, field in given.items()) + "}"
    return SCALARS[kind.name]


def document(kind: str, name: str, field: GraphQLField) -> str:
    """The least that can be asked of a root field."""
    needed = {one: argument for one, argument in field.args.items() if is_required_argument(argument)}
    given = ", ".join(f"{one}: {value_of(argument.type)}" for one, argument in needed.items())
    selected = " { __typename }" if is_composite_type(named_type(field.type)) else ""
    return f"{kind} {{ {name}{f'({given})' if given else MORE.get(name, '')}{selected} }}"


async def outcome(client: httpx2.AsyncClient, kind: str, text: str, headers: dict[str, str]) -> str:
    """What becomes of a document: UNAUTHENTICATED, FORBIDDEN, or that it was answered, in whatever way."""
    takes = "text/event-stream" if kind == "subscription" else "application/json"
    found = await client.post("/graphql", json={"query": text}, headers={**headers, "accept": takes})
    body = found.text
    if found.status_code == 401:
        assert found.headers["www-authenticate"].startswith("Bearer")
        assert orjson.loads(body)["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        return "UNAUTHENTICATED"
    assert found.status_code == 200, body
    assert "UNAUTHENTICATED" not in body
    assert '"INTERNAL"' not in body, body
    if '"FORBIDDEN"' not in body:
        return "answered"
    assert '"data":{' not in body, "nothing of it is answered"
    return "FORBIDDEN"


async def everything_in(db: Db) -> tuple[int, int]:
    """How many nodes and relationships there are."""
    row = (await rows(db, "RETURN COUNT { (n) WHERE NOT n:_Lock } AS nodes, COUNT { ()-->() } AS edges"))[0]
    return row["nodes"], row["edges"]


@pytest.fixture(scope="module")
async def issuer() -> AsyncGenerator[Issuer]:
    async with issuing() as running:
        yield running


def test_the_rules_speak_of_every_root_field_and_of_no_other() -> None:
    assert sorted(NEEDED) == sorted(name for _, name, _ in ROOTS)


def test_every_root_field_declares_what_it_needs_and_says_so() -> None:
    for _, name, field in ROOTS:
        assert field.extensions[NEEDS] == NEEDED[name], name
        ordered = [one.value for one in P if one in NEEDED[name]]
        says = f"Needs {' or '.join(ordered)}." if ordered else "Needs no permission, only a valid credential."
        assert (field.description or "").endswith(says), name


def test_a_root_field_that_declares_nothing_keeps_the_schema_from_being_made() -> None:
    @strawberry.type
    class Query:
        @strawberry.field
        def secret(self) -> str:
            return "told"

    with pytest.raises(TypeError, match=r"Query\.secret doesn't declare what it needs"):
        permissions.install(strawberry.Schema(query=Query)._schema)


@pytest.mark.parametrize("who", CALLERS)
async def test_every_caller_gets_what_the_rules_allow_and_nothing_else(db: Db, issuer: Issuer, who: str) -> None:
    headers = await header_of(db, issuer, who)
    await key_for(db, P.VIEW, name="there are credentials")
    may = CALLERS[who]
    async with client_over(db, provider=issuer.provider()) as client:
        before = await everything_in(db)
        found: dict[str, str] = {}
        refused_first = sorted(ROOTS, key=lambda root: expected(may, root[1]) == "answered")
        for kind, name, field in refused_first:
            if expected(may, name) == "answered" and before is not None:
                assert await everything_in(db) == before, "what is refused writes nothing"
                before = None
            found[name] = await outcome(client, kind, document(kind, name, field), headers)
        if before is not None:
            assert await everything_in(db) == before, "what is refused writes nothing"
        assert found == {name: expected(may, name) for _, name, _ in ROOTS}
        table = await client.get("/export/buying-groups.csv", headers=headers)
        assert table.status_code == (401 if may is None else 200 if P.VIEW in may else 403)
        asked = await outcome(client, "query", "{ __typename __schema { queryType { name } } }", headers)
        assert asked == ("UNAUTHENTICATED" if may is None else "answered")
        if may is not None:
            answer = await client.post("/graphql", json={"query": "{ viewer { subject permissions } }"}, headers=headers)
            subject = "oidc:ada" if "token" in who else f"key:{who}"
            assert answer.json()["data"]["viewer"] == {"subject": subject, "permissions": [one for one in P if one in may]}


# --- how it is checked ----------------------------------------------------------------------------------------------

FORBIDDEN_WAYS = [
    "{ roles { name } }",
    "{ viewer { subject } roles { name } }",
    "{ ...F } fragment F on Query { roles { name } }",
    "{ ... on Query { ... { x: roles { name } } } }",
    "query A { viewer { subject } } query B { ...G } fragment G on Query { ...F } fragment F on Query { roles { name } }",
    "query($s: Boolean = true) { roles @skip(if: $s) { name } }",
    '{ node(id: "acc_00000000-0000-0000-0000-000000000000") { id } }',
    'mutation { __typename createRole(input: {name: "x"}) { role { id } } }',
]


@pytest.mark.parametrize("text", FORBIDDEN_WAYS)
async def test_there_is_no_way_around_a_need(db: Db, text: str) -> None:
    key = await key_of(db, "no permission")
    async with client_over(db, credential=key) as client:
        body = {"query": text, "operationName": "B" if "query B" in text else None}
        refused = await client.post("/graphql", json=body)
    (error,) = refused.json()["errors"]
    needed = "MANAGE_ROLE_TEMPLATES" if "mutation" in text else "VIEW"
    assert error["message"] == f"This needs {needed}, which this credential doesn't have."
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert set(refused.json()) == {"errors"}
    assert await rows(db, "MATCH (r:Role {name: 'x'}) RETURN r.id AS id") == []


async def test_only_the_operation_that_is_asked_for_counts(db: Db) -> None:
    async with client_over(db, credential=await key_of(db, "no permission")) as client:
        text = "query A { viewer { subject } } query B { roles { name } }"
        answer = await client.post("/graphql", json={"query": text, "operationName": "A"})
    assert answer.json() == {"data": {"viewer": {"subject": "key:no permission"}}}


async def test_a_plan_that_is_kept_is_for_those_who_may(db: Db) -> None:
    may, may_not = await key_for(db, P.VIEW), await key_of(db, "no permission")
    async with client_over(db) as client:
        body = {"query": "{ roles { name } }"}
        for _ in range(3):
            assert len((await client.post("/graphql", json=body, headers=bearer(may))).json()["data"]["roles"]) == 6
            refused = await client.post("/graphql", json=body, headers=bearer(may_not))
            assert [error["extensions"]["code"] for error in refused.json()["errors"]] == ["FORBIDDEN"]


async def test_an_operation_with_one_field_too_many_is_refused_whole(db: Db) -> None:
    key = await key_for(db, P.MANAGE_DATA)
    text = """mutation {
      upsertProducts(input: {products: [{externalId: "p", name: "P"}]}) { created }
      createRole(input: {name: "x"}) { role { id } }
      setStatus(input: {status: "x"}) { userErrors { code } }
    }"""
    takes = {"accept": "application/graphql-response+json"}
    async with client_over(db, credential=key) as client:
        refused = await client.post("/graphql", json={"query": text}, headers=takes)
    assert refused.status_code == 403
    (error,) = refused.json()["errors"]
    needed = "MANAGE_BUYING_GROUPS or RUN_JOURNEY_ACTIONS and MANAGE_ROLE_TEMPLATES"
    assert error["message"] == f"This needs {needed}, which this credential doesn't have."
    assert await rows(db, "MATCH (p:Product) RETURN p.id AS id") == []


async def test_whether_an_id_exists_is_told_to_nobody_who_may_not_view(db: Db) -> None:
    there = (await rows(db, "MATCH (r:Role {name: 'Champion'}) RETURN r.id AS id"))[0]["id"]
    async with client_over(db, credential=await key_of(db, "no permission")) as client:
        bodies: set[str] = set()
        for own in (there, "00000000-0000-0000-0000-000000000000"):
            text = f'mutation {{ deleteRole(id: "rol_{own}") {{ deletedId userErrors {{ code }} }} }}'
            answer = (await client.post("/graphql", json={"query": text})).json()
            answer["errors"][0]["extensions"].pop("requestId")
            bodies.add(orjson.dumps(answer).decode())
    assert len(bodies) == 1
