"""Roles through the API: the six defaults, and custom ones beside them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from make import Api, Person, card, live_template, members_of, plant, rows, sell, title

from graph import templates
from graph.members import assign
from graph.model import AssignmentSource, FilterOperator

DEFAULTS = ["Champion", "Decision Maker", "Executive Steering Committee", "Influencer", "Other", "Practitioner"]
CREATE = """mutation($input: RoleInput!) { createRole(input: $input) { role { id name description isDefault } userErrors {
field code message } } }"""
UPDATE = """mutation($id: ID!, $input: RoleInput!) { updateRole(id: $id, input: $input) { role { id name description }
userErrors { field code } } }"""
DELETE = "mutation($id: ID!) { deleteRole(id: $id) { deletedId userErrors { field code message } } }"
ROLES = "{ roles { id name isDefault createdBy } }"


async def create(api: Api, name: str, description: str | None = None) -> dict[str, Any]:
    return (await api.data(CREATE, input={"name": name, "description": description}))["createRole"]


async def names(api: Api) -> list[str]:
    return [role["name"] for role in (await api.data(ROLES))["roles"]]


async def test_custom_roles_come_before_the_six_defaults(api: Api) -> None:
    await create(api, "Aide")
    found = (await api.data(ROLES))["roles"]
    assert [(role["name"], role["isDefault"], role["createdBy"]) for role in found] == [
        ("Aide", False, "local"),
        *((name, True, "system") for name in DEFAULTS),
    ]


@pytest.mark.parametrize("name", DEFAULTS)
async def test_defaults_stay_as_they_are(api: Api, name: str) -> None:
    found = {role["name"]: role["id"] for role in (await api.data(ROLES))["roles"]}
    changed = (await api.data(UPDATE, id=found[name], input={"name": "Mine"}))["updateRole"]
    assert changed == {"role": None, "userErrors": [{"field": ["id"], "code": "NOT_EDITABLE"}]}
    gone = (await api.data(DELETE, id=found[name]))["deleteRole"]
    assert [(error["field"], error["code"]) for error in gone["userErrors"]] == [(["id"], "NOT_EDITABLE")]
    assert await names(api) == DEFAULTS


async def test_twenty_roles_at_most(api: Api) -> None:
    tried = await asyncio.gather(*(create(api, f"Role {number}") for number in range(16)))  # nor when many come at once
    made = [one for one in tried if not one["userErrors"]]
    assert len(made) == 14
    refused = await create(api, "One more")
    assert refused["userErrors"] == [{"field": None, "code": "LIMIT_EXCEEDED", "message": "There are 20 roles; 20 is the most."}]
    assert len(await names(api)) == 20
    await api.data(DELETE, id=made[0]["role"]["id"])
    assert (await create(api, "One more"))["userErrors"] == []


@pytest.mark.parametrize("name", ["Buyer", " buyer ", "BUYER", "decision maker", "Champion "])
async def test_names_are_unique_without_case(api: Api, name: str) -> None:
    await create(api, "Buyer")
    refused = await create(api, name)
    assert (refused["role"], [(e["field"], e["code"]) for e in refused["userErrors"]]) == (None, [(["name"], "TAKEN")])
    other = (await create(api, "Seller"))["role"]["id"]
    renamed = (await api.data(UPDATE, id=other, input={"name": name}))["updateRole"]
    assert renamed["userErrors"] == [{"field": ["name"], "code": "TAKEN"}]
    assert await names(api) == ["Seller", "Buyer", *DEFAULTS]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"name": "x", "description": "y" * 256}, "description"),
    ],
)
async def test_invalid_texts(api: Api, given: dict[str, str], field: str) -> None:
    refused = (await api.data(CREATE, input=given))["createRole"]
    assert [(e["field"], e["code"]) for e in refused["userErrors"]] == [([field], "INVALID")]
    assert await names(api) == DEFAULTS


async def test_a_role_in_use_can_be_renamed_but_not_deleted(api: Api) -> None:
    role = (await create(api, "Byer", "Signs."))["role"]["id"]
    raw = role.removeprefix("rol_")
    ids = await plant(api.db, {"a": None}, [Person("p", {"a": None})])
    draft = await templates.create(api.db, "Draft", None, [card(raw)], by="tests")
    gone = (await api.data(DELETE, id=role))["deleteRole"]
    assert [(e["field"], e["code"]) for e in gone["userErrors"]] == [(["id"], "IN_USE")]
    await templates.delete(api.db, draft)
    sold = await sell(api.db, [card(raw)], [ids["a"]])
    group = sold.groups[ids["a"]]
    await assign(api.db, group, [(ids["p"], raw)], source=AssignmentSource.MANUAL, by="tests")
    renamed = (await api.data(UPDATE, id=role, input={"name": "Buyer"}))["updateRole"]
    assert renamed == {"role": {"id": role, "name": "Buyer", "description": None}, "userErrors": []}
    assert {found[0] for found in (await members_of(api.db, group)).values()} == {"Buyer"}
    assert [e["code"] for e in (await api.data(DELETE, id=role))["deleteRole"]["userErrors"]] == ["IN_USE"]


async def test_a_role_of_a_retired_card_is_in_use(api: Api) -> None:
    kept, lost = [(await create(api, name))["role"]["id"] for name in ("Kept", "Lost")]
    cards = [card(one.removeprefix("rol_"), title(FilterOperator.IS, "x")) for one in (kept, lost)]
    template = await live_template(api.db, cards)
    await templates.update(api.db, template, "Template", None, cards[:1], by="tests")
    assert [e["code"] for e in (await api.data(DELETE, id=lost))["deleteRole"]["userErrors"]] == ["IN_USE"]
    await templates.delete(api.db, template)
    assert (await api.data(DELETE, id=lost))["deleteRole"] == {"deletedId": lost, "userErrors": []}
    assert await names(api) == ["Kept", *DEFAULTS]


async def test_an_update_that_changes_nothing_leaves_no_trace(api: Api) -> None:
    role = (await create(api, "Buyer", "Signs."))["role"]["id"]
    before = await rows(api.db, "MATCH (r:Role {name: 'Buyer'}) RETURN r.updatedAt AS at")
    again = (await api.data(UPDATE, id=role, input={"name": "Buyer", "description": "Signs."}))["updateRole"]
    assert again == {"role": {"id": role, "name": "Buyer", "description": "Signs."}, "userErrors": []}
    assert await rows(api.db, "MATCH (r:Role {name: 'Buyer'}) RETURN r.updatedAt AS at") == before


@pytest.mark.parametrize(
    "id", ["rol_00000000-0000-0000-0000-000000000000", "nonsense", "acc_00000000-0000-0000-0000-000000000000"]
)
async def test_unknown_roles(api: Api, id: str) -> None:
    assert (await api.data(UPDATE, id=id, input={"name": "x"}))["updateRole"]["userErrors"] == [
        {"field": ["id"], "code": "NOT_FOUND"}
    ]
    assert [e["code"] for e in (await api.data(DELETE, id=id))["deleteRole"]["userErrors"]] == ["NOT_FOUND"]
