"""Personas: what they are made of, their limits, and how conditions ask for them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from make import Api, Person, card, members_of, plant, role_ids, rows, sell

from graph import jobs, templates
from graph.conditions import from_json
from graph.errors import Refused
from graph.model import AttributeFilter, CardSpec, Condition, FilterOperator, HierarchyScope, Match, PersonAttribute
from graph.why import explain

CREATE = """mutation($input: PersonaInput!) { createPersona(input: $input) { persona { ...All } userErrors {
field code message } } }"""
UPDATE = """mutation($id: ID!, $input: PersonaInput!) { updatePersona(id: $id, input: $input) { persona { ...All }
userErrors { field code } } }"""
ALL = " fragment All on Persona { id name description attributes { attribute values } createdBy updatedBy updatedAt }"
DELETE = "mutation($id: ID!) { deletePersona(id: $id) { deletedId userErrors { field code message } } }"
CTO = [{"attribute": "JOB_TITLE", "values": ["CTO", "Chief Technology Officer"]}]


async def create(api: Api, name: str = "Tech lead", attributes: Any = CTO, **more: Any) -> dict[str, Any]:
    return (await api.data(CREATE + ALL, input={"name": name, "attributes": attributes, **more}))["createPersona"]


async def update(api: Api, id: str, name: str, attributes: Any = CTO, **more: Any) -> dict[str, Any]:
    return (await api.data(UPDATE + ALL, id=id, input={"name": name, "attributes": attributes, **more}))["updatePersona"]


async def delete(api: Api, id: str) -> dict[str, Any]:
    return (await api.data(DELETE, id=id))["deletePersona"]


async def names(api: Api, search: str | None = None) -> list[str]:
    found = await api.data("query($search: String) { personas(search: $search) { name } }", search=search)
    return [one["name"] for one in found["personas"]]


def errors(payload: dict[str, Any]) -> list[tuple[Any, str]]:
    return [(error["field"], error["code"]) for error in payload["userErrors"]]


def attribute(name: str, *values: str) -> dict[str, Any]:
    return {"attribute": name, "values": list(values) or ["x"]}


def asks(*names: str, operator: FilterOperator = FilterOperator.IS) -> Condition:
    return Condition(Match.ALL, (AttributeFilter(PersonAttribute.PERSONA, operator, names),))


# --- what a persona is ----------------------------------------------------------------------------------------------


async def test_a_persona_comes_back_as_it_was_made(api: Api) -> None:
    attributes = [
        attribute("JOB_TITLE", "CTO", " cto "),
        attribute("EMAIL_INVALID", "false"),
        attribute("RELATIONSHIP", "partner"),
    ]
    made = await create(api, "Tech lead", attributes, description="Decides on tools.")
    assert made["userErrors"] == []
    assert {name: value for name, value in made["persona"].items() if name not in ("id", "updatedAt")} == {
        "name": "Tech lead",
        "description": "Decides on tools.",
        "attributes": attributes,
        "createdBy": "local",
        "updatedBy": "local",
    }
    read = "query($id: ID!) { node(id: $id) { ... on Persona { ...All } } personas { ...All } }" + ALL
    assert await api.data(read, id=made["persona"]["id"]) == {"node": made["persona"], "personas": [made["persona"]]}


async def test_the_list_searches_and_comes_last_update_first(api: Api) -> None:
    made = [(await create(api, name))["persona"]["id"] for name in ("Tech lead", "Buyer", "LEADER")]
    assert await names(api) == ["LEADER", "Buyer", "Tech lead"]
    assert await names(api, " Lead") == ["LEADER", "Tech lead"]
    assert await names(api, "nobody") == []
    await update(api, made[0], "Tech lead", description="Leads.")
    assert await names(api) == ["Tech lead", "LEADER", "Buyer"]
    before = (await api.data("{ personas { updatedAt } }"))["personas"]
    assert (await update(api, made[1], "Buyer"))["userErrors"] == []  # which changes nothing
    assert (await api.data("{ personas { updatedAt } }"))["personas"] == before


@pytest.mark.parametrize(
    ("given", "field", "code"),
    [
        ({"name": " "}, ["name"], "INVALID"),
        ({"name": "x" * 256}, ["name"], "INVALID"),
        ({"description": "x" * 256}, ["description"], "INVALID"),
        ({"attributes": []}, ["attributes"], "INVALID"),
        ({"attributes": [attribute(a) for a in ("CITY", "STATE", "EMAIL", "PHONE", "COUNTRY", "JOB_TITLE")]},
         ["attributes"], "LIMIT_EXCEEDED"),
        ({"attributes": [attribute("CITY"), attribute("PERSONA", "Buyer")]}, ["attributes", "1", "attribute"], "INVALID"),
        ({"attributes": [attribute("CITY"), attribute("STATE"), attribute("CITY")]}, ["attributes", "2", "attribute"], "INVALID"),
        ({"attributes": [{"attribute": "CITY", "values": []}]}, ["attributes", "0", "values"], "INVALID"),
        ({"attributes": [attribute("CITY", "x", " ")]}, ["attributes", "0", "values", "1"], "INVALID"),
        ({"attributes": [attribute("CITY", "x" * 256)]}, ["attributes", "0", "values", "0"], "INVALID"),
        ({"attributes": [attribute("CITY", *["x"] * 101)]}, ["attributes", "0", "values"], "LIMIT_EXCEEDED"),
        ({"attributes": [attribute("ENGAGEMENT_SCORE", "high")]}, ["attributes", "0", "values", "0"], "INVALID"),
        ({"attributes": [attribute("EMAIL_INVALID", "no")]}, ["attributes", "0", "values", "0"], "INVALID"),
        ({"attributes": [attribute("RELATIONSHIP", "OWNER")]}, ["attributes", "0", "values", "0"], "INVALID"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_told_by_its_place(api: Api, given: dict[str, Any], field: list[str], code: str) -> None:
    wanted: dict[str, Any] = {"name": "Buyer", "attributes": CTO, **given}
    refused = await create(api, **wanted)
    assert (refused["persona"], errors(refused)) == (None, [(field, code)])
    assert await names(api) == []
    made = (await create(api, "Tech lead"))["persona"]
    assert errors(await update(api, made["id"], **wanted)) == [(field, code)]
    assert (await api.data("{ personas { ...All } }" + ALL))["personas"] == [made]


async def test_five_attributes_are_not_too_many(api: Api) -> None:
    five = [attribute(name) for name in ("CITY", "STATE", "EMAIL", "PHONE", "COUNTRY")]
    assert (await create(api, "Five", five))["userErrors"] == []


@pytest.mark.parametrize("name", ["Tech lead", " TECH LEAD ", "tech Lead"])
async def test_names_are_unique_without_case(api: Api, name: str) -> None:
    await create(api)
    assert errors(await create(api, name)) == [(["name"], "TAKEN")]
    other = (await create(api, "Buyer"))["persona"]["id"]
    assert errors(await update(api, other, name)) == [(["name"], "TAKEN")]
    assert await names(api) == ["Buyer", "Tech lead"]


async def test_twenty_personas_at_most(api: Api) -> None:
    made = [await create(api, f"Persona {number}") for number in range(20)]
    assert [errors(one) for one in made] == [[]] * 20
    refused = await create(api, "One more")
    assert refused["userErrors"] == [
        {"field": None, "code": "LIMIT_EXCEEDED", "message": "There are 20 personas; 20 is the most."}
    ]
    assert errors(await update(api, made[0]["persona"]["id"], "Renamed")) == []
    await delete(api, made[1]["persona"]["id"])
    assert errors(await create(api, "One more")) == []


async def test_limits_hold_when_many_create_at_once(api: Api) -> None:
    """Also for those who ask for a persona while another deletes it: either is refused, or there is nothing to refuse."""
    made = await asyncio.gather(*(create(api, f"Persona {number}") for number in range(25)))
    assert sorted(code for one in made for _, code in errors(one)) == ["LIMIT_EXCEEDED"] * 5
    kept = [one["persona"] for one in made if one["persona"]]
    role = (await role_ids(api.db))["Other"]

    async def ask(number: int) -> str:
        try:
            wanted = [card(role, asks(kept[number]["name"]))]
            await templates.create(api.db, f"T {number}", None, wanted, by="tests")
        except Refused as error:
            return error.problems[0].code
        return "MADE"

    asked = [ask(number) for number in range(8)]
    deleted = [delete(api, one["id"]) for one in kept[:8]]
    done = await asyncio.gather(*(one for pair in zip(asked, deleted, strict=True) for one in pair))
    for outcome, payload in zip(done[::2], done[1::2], strict=True):
        assert isinstance(payload, dict)
        assert (outcome, errors(payload)) in (("MADE", [(["id"], "IN_USE")]), ("NOT_FOUND", []))
    links = await rows(api.db, "MATCH (:RoleCard)-[:ASKS_FOR]->(x:Persona) RETURN count(x) AS n")
    assert links == [{"n": done[::2].count("MADE")}]


async def test_ten_different_attributes_at_most_over_all(api: Api) -> None:
    first = (await create(api, "A", [attribute(name) for name in ("CITY", "STATE", "EMAIL", "PHONE", "COUNTRY")]))["persona"][
        "id"
    ]
    await create(api, "B", [attribute(name) for name in ("CITY", "JOB_TITLE", "DEPARTMENT", "LAST_NAME", "POSTAL_CODE")])
    tenth = await create(api, "C", [attribute("FIRST_NAME"), attribute("CITY")])
    assert errors(tenth) == []
    refused = await create(api, "D", [attribute("RELATIONSHIP", "EMPLOYEE")])
    assert errors(refused) == [(["attributes"], "LIMIT_EXCEEDED")]
    assert refused["userErrors"][0]["message"].startswith("All personas together use at most 10 different attributes, not 11;")
    assert errors(await update(api, tenth["persona"]["id"], "C", [attribute("MOBILE_PHONE")])) == []  # in place of its own
    assert errors(await create(api, "D", [attribute("RELATIONSHIP", "EMPLOYEE")])) == [(["attributes"], "LIMIT_EXCEEDED")]
    assert errors(await update(api, first, "A", [attribute("CITY")])) == []  # the other four are free
    assert errors(await create(api, "D", [attribute("RELATIONSHIP", "EMPLOYEE")])) == []


@pytest.mark.parametrize("id", ["psn_00000000-0000-0000-0000-000000000000", "nonsense"])
async def test_unknown_personas(api: Api, id: str) -> None:
    assert errors(await update(api, id, "Buyer")) == [(["id"], "NOT_FOUND")]
    assert errors(await delete(api, id)) == [(["id"], "NOT_FOUND")]


# --- who asks for it ------------------------------------------------------------------------------------------------

CROWD = [
    Person("cto", {"a": None}, "cto "),
    Person("suspended", {"a": None}, "CTO", {"emailSuspended": True}),
    Person("ceo", {"a": "Chief technology officer", "b": "CEO"}, "CEO"),
    Person("none", {"a": None}),
]
REACHABLE_CTO = [*CTO, attribute("EMAIL_SUSPENDED", "false")]


async def test_a_card_asks_for_a_persona_in_the_relation_at_hand(api: Api) -> None:
    """All attributes must hold, each by one of its values; IS takes one of several personas, IS_NOT none of them."""
    await create(api, "Tech Lead", REACHABLE_CTO)
    await create(api, "Suspended", [attribute("EMAIL_SUSPENDED", "true")])
    roles, ids = await role_ids(api.db), await plant(api.db, {"a": None, "b": "a"}, CROWD)
    everywhere = HierarchyScope.DESCENDANTS
    wanted = [
        card(roles["Champion"], asks(" tech lead "), everywhere),
        card(roles["Other"], asks("Suspended", "TECH LEAD", operator=FilterOperator.IS_NOT), everywhere),
    ]
    sold = await sell(api.db, wanted, [ids["a"], ids["b"]])
    found = {key: role for key, (role, *_) in (await members_of(api.db, sold.groups[ids["a"]])).items()}
    assert found == {"cto": "Champion", "ceo": "Champion", "none": "Other"}
    below = {key: role for key, (role, *_) in (await members_of(api.db, sold.groups[ids["b"]])).items()}
    assert below == {"ceo": "Other"}  # there the title is CEO


async def test_a_changed_persona_holds_from_the_next_job_on(api: Api) -> None:
    persona = (await create(api))["persona"]["id"]
    roles, ids = await role_ids(api.db), await plant(api.db, {"a": None, "b": "a"}, CROWD)
    sold = await sell(api.db, [card(roles["Champion"], asks("Tech lead"))], [ids["a"]], follow=True)
    group = sold.groups[ids["a"]]
    assert set(await members_of(api.db, group)) == {"cto", "suspended", "ceo"}
    await update(api, persona, "Tech lead", REACHABLE_CTO)
    assert set(await members_of(api.db, group)) == {"cto", "suspended", "ceo"}
    await jobs.start_maintenance(api.db, by="tests")
    await api.run_jobs()
    assert set(await members_of(api.db, group)) == {"cto", "ceo"}


async def test_people_are_filtered_by_personas(api: Api) -> None:
    await create(api, "Tech lead", REACHABLE_CTO)
    await plant(api.db, {"a": None, "b": "a"}, CROWD)
    query = "query($filter: PersonFilter) { people(filter: $filter) { totalCount edges { node { externalId } } } }"

    async def found(operator: str, *names: str) -> list[str]:
        filters = [{"attribute": "PERSONA", "operator": operator, "values": list(names)}]
        answer = (await api.data(query, filter={"condition": {"match": "ALL", "filters": filters}}))["people"]
        keys = [edge["node"]["externalId"] for edge in answer["edges"]]
        assert answer["totalCount"] == len(keys)
        return keys

    assert await found("IS", "TECH lead") == ["ceo", "cto"]
    assert await found("IS_NOT", "Tech lead") == ["ceo", "none", "suspended"]  # one relation of ceo's is another's


async def test_why_shows_the_personas_that_somebody_has(api: Api) -> None:
    await create(api, "Tech lead")
    await create(api, "Suspended", [attribute("EMAIL_SUSPENDED", "true")])
    roles, ids = await role_ids(api.db), await plant(api.db, {"a": None, "b": "a"}, CROWD)
    sold = await sell(api.db, [card(roles["Champion"], asks("Suspended"))], [ids["a"]])
    shown: dict[str, tuple[str | None, bool]] = {}
    for key in ("cto", "suspended", "none"):
        trace = (await explain(api.db, sold.groups[ids["a"]], ids[key])).cards[0].condition
        assert trace is not None
        shown[key] = (trace.filters[0].actual, trace.filters[0].matched)
    assert shown == {"cto": ("Tech lead", False), "suspended": ("Suspended, Tech lead", True), "none": (None, False)}


# --- in use ---------------------------------------------------------------------------------------------------------


async def stored(api: Api) -> list[Condition | None]:
    return [from_json(row["text"]) for row in await rows(api.db, "MATCH (c:RoleCard) RETURN c.condition AS text")]


async def test_a_persona_that_a_draft_asks_for_cannot_be_deleted(api: Api) -> None:
    persona = (await create(api))["persona"]["id"]
    role = (await role_ids(api.db))["Other"]
    nested = Condition(Match.ANY, groups=(Condition(Match.ALL, groups=(asks("TECH LEAD"),)),))
    draft = await templates.create(api.db, "T", None, [card(role, nested)], by="tests")
    refused = await delete(api, persona)
    assert refused["userErrors"] == [{"field": ["id"], "code": "IN_USE", "message": "A role card asks for this persona."}]
    assert await names(api) == ["Tech lead"]
    await templates.update(api.db, draft, "T", None, [card(role)], by="tests")
    assert await delete(api, persona) == {"deletedId": persona, "userErrors": []}
    assert await names(api) == []


async def test_a_persona_of_an_older_version_is_in_use_while_groups_follow_it(api: Api) -> None:
    persona = (await create(api))["persona"]["id"]
    roles, ids = await role_ids(api.db), await plant(api.db, {"a": None})
    sold = await sell(api.db, [card(roles["Other"], asks("Tech lead"))], [ids["a"]])
    await templates.update(api.db, sold.template_id, "T", None, [card(roles["Other"])], by="tests")
    assert errors(await delete(api, persona)) == [(["id"], "IN_USE")]
    await jobs.start_maintenance(api.db, by="tests")
    await api.run_jobs()
    assert errors(await delete(api, persona)) == []


async def test_conditions_follow_a_renamed_persona(api: Api) -> None:
    """Cards keep asking for it: those of drafts, those in use, and those of older versions."""
    persona = (await create(api))["persona"]["id"]
    await create(api, "Buyer", [attribute("DEPARTMENT", "Purchasing")])
    roles, ids = await role_ids(api.db), await plant(api.db, {"a": None, "b": "a"}, CROWD)

    def wanted(name: str) -> list[CardSpec]:
        both = AttributeFilter(PersonAttribute.PERSONA, FilterOperator.IS, ("Buyer", name))
        title = AttributeFilter(PersonAttribute.JOB_TITLE, FilterOperator.IS_NOT, ("tech lead",))
        return [card(roles["Other"], Condition(Match.ALL, (both,), (Condition(Match.ANY, (title,)),)))]

    sold = await sell(api.db, wanted("Tech lead"), [ids["a"]], follow=True)
    await templates.update(api.db, sold.template_id, "T", None, [*wanted("tech LEAD"), card(roles["Champion"])], by="tests")
    assert errors(await update(api, persona, "Technologist")) == []
    expected = wanted("Technologist")[0].condition
    assert [condition for condition in await stored(api) if condition] == [expected, expected]
    assert errors(await create(api, "Tech lead", [attribute("CITY", "Nowhere")])) == []  # the old name is free, and another's
    await jobs.start_maintenance(api.db, by="tests")
    await api.run_jobs()
    assert set(await members_of(api.db, sold.groups[ids["a"]])) == {"cto", "suspended", "ceo"}
    assert errors(await delete(api, persona)) == [(["id"], "IN_USE")]


async def test_a_card_asks_for_personas_that_exist(api: Api) -> None:
    role = (await role_ids(api.db))["Other"]
    create_template = """mutation($input: RoleTemplateInput!) { createRoleTemplate(input: $input) { roleTemplate { id }
    userErrors { field code message } } }"""
    filters = [{"attribute": "PERSONA", "operator": "IS", "values": ["Tech lead", "Boss"]}]
    wanted = {"roleId": f"rol_{role}", "autoAssign": True, "condition": {"match": "ALL", "filters": filters}}
    await create(api)
    refused = (await api.data(create_template, input={"name": "T", "cards": [wanted]}))["createRoleTemplate"]
    assert refused["userErrors"] == [
        {
            "field": ["cards", "0", "condition", "filters", "0", "values", "1"],
            "code": "NOT_FOUND",
            "message": "There is no persona named 'Boss'.",
        }
    ]
    await create(api, "boss")
    made = (await api.data(create_template, input={"name": "T", "cards": [wanted]}))["createRoleTemplate"]
    assert made["userErrors"] == []
    linked = await rows(api.db, "MATCH (:RoleCard)-[:ASKS_FOR]->(x:Persona) RETURN x.name AS name ORDER BY name")
    assert [row["name"] for row in linked] == ["Tech lead", "boss"]
