"""Nothing twice: the same idempotency key is done once, whoever asks how often."""

from __future__ import annotations

import asyncio
from typing import Any

from make import Api, Person, card, plant, role_ids, rows, sell, title

from api.schema import schema
from graph.db import Db
from graph.model import FilterOperator
from graph.once import forget

CREATE = """mutation($key: String, $name: String!) {
  createRole(input: {name: $name}, idempotencyKey: $key) { role { id name } userErrors { field code message } }
}"""
UPSERT = """mutation($key: String, $rows: [AccountInput!]!) {
  upsertAccounts(input: {accounts: $rows}, idempotencyKey: $key) {
    accounts { id name } created updated userErrors { field code message }
  }
}"""
ASSIGN = """mutation($key: String, $group: ID!, $person: ID!, $role: ID!) {
  assignMembers(input: {buyingGroupId: $group, members: [{personId: $person, roleId: $role}]}, idempotencyKey: $key) {
    results { personId outcome role { name } source } userErrors { code }
  }
}"""


def test_every_mutation_takes_a_key() -> None:
    mutation = schema._schema.mutation_type
    assert mutation is not None
    assert [name for name, field in mutation.fields.items() if "idempotencyKey" not in field.args] == []


async def test_the_same_key_and_input_give_the_same_answer(api: Api) -> None:
    first = await api.data(CREATE, key="k1", name="Sponsor")
    assert await api.data(CREATE, key="k1", name="Sponsor") == first
    without = (await api.data(CREATE, name="Sponsor"))["createRole"]["userErrors"]
    assert [error["code"] for error in without] == ["TAKEN"]
    assert "Sponsor" in [role["name"] for role in (await api.data("{ roles { name } }"))["roles"]]


async def test_another_input_is_a_conflict_and_nothing_is_done(api: Api, db: Db) -> None:
    await api.data(CREATE, key="k1", name="Sponsor")
    again = (await api.data(CREATE, key="k1", name="Blocker"))["createRole"]
    assert again["role"] is None
    assert [(error["field"], error["code"]) for error in again["userErrors"]] == [(["idempotencyKey"], "CONFLICT")]
    assert await rows(db, "MATCH (r:Role {name: 'Blocker'}) RETURN r.id AS id") == []


async def test_a_key_belongs_to_its_mutation(api: Api) -> None:
    await api.data(CREATE, key="k1", name="Sponsor")
    done = await api.data(UPSERT, key="k1", rows=[{"externalId": "a", "name": "A"}])
    assert done["upsertAccounts"]["created"] == 1


async def test_partial_results_are_answered_alike_with_their_errors(api: Api) -> None:
    batch = [{"externalId": "a", "name": "A"}, {"externalId": "b", "name": ""}]
    first = (await api.data(UPSERT, key="k", rows=batch))["upsertAccounts"]
    assert (first["created"], len(first["userErrors"])) == (1, 1)
    assert (await api.data(UPSERT, key="k", rows=batch))["upsertAccounts"] == first


async def test_a_refused_call_is_judged_anew(api: Api, db: Db) -> None:
    await api.data(CREATE, name="Sponsor")
    refused = (await api.data(CREATE, key="k", name="Sponsor"))["createRole"]
    assert refused["role"] is None
    await rows(db, "MATCH (r:Role {name: 'Sponsor'}) DELETE r")
    assert (await api.data(CREATE, key="k", name="Sponsor"))["createRole"]["role"]["name"] == "Sponsor"


async def test_a_refusal_leaves_nothing_under_its_key(api: Api, db: Db) -> None:
    roles = await role_ids(db)
    known = await plant(db, {"a": None})
    sold = await sell(db, [card(roles["Champion"])], [known["a"]])
    delete = 'mutation($id: ID!) { deleteJob(id: $id, idempotencyKey: "k") { deletedId userErrors { code } } }'
    own = f"job_{sold.job_id}"
    await rows(db, "MATCH (j:Job) SET j.status = 'RUNNING'")
    assert (await api.data(delete, id=own))["deleteJob"] == {"deletedId": None, "userErrors": [{"code": "IN_USE"}]}
    await rows(db, "MATCH (j:Job) SET j.status = 'SUCCEEDED'")
    assert (await api.data(delete, id=own))["deleteJob"] == {"deletedId": own, "userErrors": []}


async def test_blank_and_endless_keys_are_refused(api: Api) -> None:
    for key in ("", "  ", "x" * 256):
        refused = (await api.data(CREATE, key=key, name="Sponsor"))["createRole"]
        assert [(error["field"], error["code"]) for error in refused["userErrors"]] == [(["idempotencyKey"], "INVALID")]


async def test_decisions_repeated_with_a_key_are_taken_once(api: Api, db: Db) -> None:
    roles = await role_ids(db)
    known = await plant(db, {"a": None}, [Person("p", {"a": None}, "Director")])
    sold = await sell(db, [card(roles["Champion"]), card(roles["Influencer"], title(FilterOperator.IS, "x"))], [known["a"]])
    given: dict[str, Any] = {
        "group": f"grp_{sold.groups[known['a']]}",
        "person": f"per_{known['p']}",
        "role": f"rol_{roles['Champion']}",
    }
    first = await api.data(ASSIGN, key="k", **given)
    assert first["assignMembers"]["results"][0]["outcome"] == "APPLIED"
    assert await api.data(ASSIGN, key="k", **given) == first
    assert (await api.data(ASSIGN, **given))["assignMembers"]["results"][0]["outcome"] == "UNCHANGED"
    assert len(await rows(db, "MATCH (e:MembershipEvent) RETURN e.id AS id")) == 1


async def test_many_calls_with_few_keys_have_few_effects(api: Api, db: Db) -> None:
    async def call(n: int) -> str:
        done = await api.data(UPSERT, key=f"k{n % 20}", rows=[{"externalId": f"a{n % 20}", "name": f"A{n % 20}"}])
        return f"{done['upsertAccounts']['created']} {done['upsertAccounts']['accounts'][0]['name']}"

    answers = await asyncio.gather(*(call(n) for n in range(160)))
    assert sorted(answers) == sorted([f"1 A{n % 20}" for n in range(160)])
    assert len(await rows(db, "MATCH (a:Account) RETURN a.id AS id")) == 20


async def test_keys_are_forgotten_after_a_day(api: Api, db: Db) -> None:
    first = (await api.data(CREATE, key="k", name="Sponsor"))["createRole"]
    await rows(db, "MATCH (k:_IdempotencyKey) SET k.at = datetime() - duration('PT24H1S')")
    assert (await api.data(CREATE, key="k", name="Blocker"))["createRole"]["role"]["id"] != first["role"]["id"]
    await rows(db, "MATCH (k:_IdempotencyKey) SET k.at = datetime() - duration('PT24H1S')")
    await forget(db)
    assert await rows(db, "MATCH (k:_IdempotencyKey) RETURN k.id AS id") == []
