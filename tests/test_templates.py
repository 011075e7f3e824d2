"""Role templates through the API: what is valid, and how a draft and a live one may change."""

from __future__ import annotations

from typing import Any

import pytest
from make import Api, Person, plant, role_ids, rows

CREATE = """mutation($input: RoleTemplateInput!) { createRoleTemplate(input: $input) { roleTemplate { ...All } userErrors {
field code } } }"""
UPDATE = """mutation($id: ID!, $input: RoleTemplateInput!) { updateRoleTemplate(id: $id, input: $input) { roleTemplate { ...All }
userErrors { field code message } } }"""
ALL = """fragment All on RoleTemplate { id name description status version updatedAt publishedBy cards { id role { id name }
weighting priority autoAssign requiredForCompleteness membersRequired scope maxDistance
condition { match filters { attribute operator values } groups { match } } } }"""
PUBLISH = "mutation($id: ID!) { publishRoleTemplate(id: $id) { roleTemplate { ...All } userErrors { field code } } }"
DELETE = "mutation($id: ID!) { deleteRoleTemplate(id: $id) { deletedId userErrors { field code } } }"
READ = "query($id: ID!) { roleTemplate(id: $id) { ...All } }"
CTO = {"match": "ALL", "filters": [{"attribute": "JOB_TITLE", "operator": "IS", "values": ["CTO"]}]}


async def roles_of(api: Api) -> dict[str, str]:
    return {name: f"rol_{own}" for name, own in (await role_ids(api.db)).items()}


async def create(api: Api, cards: list[dict[str, Any]], name: str = "Template") -> dict[str, Any]:
    return (await api.data(CREATE + ALL, input={"name": name, "cards": cards}))["createRoleTemplate"]


async def update(api: Api, id: str, cards: list[dict[str, Any]], name: str = "Template") -> dict[str, Any]:
    return (await api.data(UPDATE + ALL, id=id, input={"name": name, "cards": cards}))["updateRoleTemplate"]


async def publish(api: Api, id: str) -> dict[str, Any]:
    return (await api.data(PUBLISH + ALL, id=id))["publishRoleTemplate"]


async def live(api: Api, cards: list[dict[str, Any]]) -> str:
    made = (await create(api, cards))["roleTemplate"]["id"]
    assert (await publish(api, made))["userErrors"] == []
    return made


def errors(payload: dict[str, Any]) -> list[tuple[Any, str]]:
    return [(error["field"], error["code"]) for error in payload["userErrors"]]


# --- what is valid --------------------------------------------------------------------------------------------------


def filter_of(attribute: str, operator: str, *values: str) -> dict[str, Any]:
    return {"match": "ALL", "filters": [{"attribute": attribute, "operator": operator, "values": list(values)}]}


def ruled(condition: dict[str, Any] | None) -> dict[str, Any]:
    return {"autoAssign": True, "condition": condition}


INVALID = [
    # auto-assign without a filter
    (ruled(None), ["condition"], "INVALID"),
    ({"autoAssign": True}, ["condition"], "INVALID"),
    (ruled({"match": "ALL"}), ["condition"], "INVALID"),
    # an empty group
    (ruled({**CTO, "groups": [{"match": "ANY"}]}), ["condition", "groups", "0"], "INVALID"),
    (ruled({"match": "ALL", "groups": [CTO, {"match": "ALL", "groups": [{"match": "ANY"}]}]}),
     ["condition", "groups", "1", "groups", "0"], "INVALID"),
    # no values, but for IS_EMPTY and IS_NOT_EMPTY
    (ruled(filter_of("JOB_TITLE", "STARTS_WITH")), ["condition", "filters", "0", "values"], "INVALID"),
    (ruled(filter_of("PERSONA", "IS")), ["condition", "filters", "0", "values"], "INVALID"),
    (ruled(filter_of("ENGAGEMENT_SCORE", "GREATER_THAN")), ["condition", "filters", "0", "values"], "INVALID"),
    # an operator foreign to the attribute's type
    (ruled(filter_of("JOB_TITLE", "GREATER_THAN", "1")), ["condition", "filters", "0", "operator"], "INVALID"),
    (ruled(filter_of("ENGAGEMENT_SCORE", "CONTAINS", "1")), ["condition", "filters", "0", "operator"], "INVALID"),
    (ruled(filter_of("EMAIL_INVALID", "IS_EMPTY")), ["condition", "filters", "0", "operator"], "INVALID"),
    (ruled(filter_of("RELATIONSHIP", "STARTS_WITH", "E")), ["condition", "filters", "0", "operator"], "INVALID"),
    (ruled(filter_of("PERSONA", "CONTAINS", "x")), ["condition", "filters", "0", "operator"], "INVALID"),
    # and what the other rules of cards forbid
    (ruled(filter_of("ENGAGEMENT_SCORE", "BETWEEN", "1")), ["condition", "filters", "0", "values"], "INVALID"),
    (ruled(filter_of("ENGAGEMENT_SCORE", "IS", "many")), ["condition", "filters", "0", "values", "0"], "INVALID"),
    (ruled(filter_of("PERSONA", "IS", "Nobody")), ["condition", "filters", "0", "values", "0"], "NOT_FOUND"),
    ({"condition": CTO}, ["condition"], "INVALID"),
    ({"membersRequired": 0}, ["membersRequired"], "INVALID"),
    ({"membersRequired": -1}, ["membersRequired"], "INVALID"),
    ({"maxDistance": -1}, ["maxDistance"], "INVALID"),
    ({"roleId": "rol_00000000-0000-0000-0000-000000000000"}, ["roleId"], "NOT_FOUND"),
    ({"roleId": "nonsense"}, ["roleId"], "NOT_FOUND"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "field", "code"), INVALID)
async def test_a_wrong_card_is_refused_by_its_place(api: Api, given: dict[str, Any], field: list[str], code: str) -> None:
    roles = await roles_of(api)
    refused = await create(api, [{"roleId": roles["Other"]}, {"roleId": roles["Champion"], **given}])
    assert refused["roleTemplate"] is None
    assert errors(refused) == [(["cards", "1", *field], code)]
    assert (await rows(api.db, "MATCH (n:RoleTemplate|RoleCard) RETURN count(n) AS n")) == [{"n": 0}]
    # A template that exists is no better off.
    made = (await create(api, [{"roleId": roles["Other"]}]))["roleTemplate"]
    again = await update(api, made["id"], [{"roleId": roles["Other"]}, {"roleId": roles["Champion"], **given}])
    assert errors(again) == [(["cards", "1", *field], code)]
    assert (await api.data(READ + ALL, id=made["id"]))["roleTemplate"] == made


async def test_all_that_is_wrong_is_told_at_once(api: Api) -> None:
    role = (await roles_of(api))["Other"]
    refused = (
        await api.data(
            CREATE + ALL,
            input={
                "name": " ",
                "description": "x" * 256,
                "cards": [{"roleId": role, "membersRequired": 0, "maxDistance": -1}, {"roleId": role, "autoAssign": True}],
            },
        )
    )["createRoleTemplate"]
    assert errors(refused) == [
        (["name"], "INVALID"),
        (["description"], "INVALID"),
        (["cards", "0", "membersRequired"], "INVALID"),
        (["cards", "0", "maxDistance"], "INVALID"),
        (["cards", "1", "condition"], "INVALID"),
        (["cards", "1", "roleId"], "INVALID"),  # the role stands on card 0
    ]


async def test_more_cards_than_there_may_be_roles(api: Api) -> None:
    role = (await roles_of(api))["Other"]
    assert errors(await create(api, [{"roleId": role}] * 21)) == [(["cards"], "LIMIT_EXCEEDED")]


async def test_cards_come_back_in_order_with_their_defaults(api: Api) -> None:
    roles = await roles_of(api)
    made = await create(
        api,
        [
            {"roleId": roles["Practitioner"]},
            {
                "roleId": roles["Champion"],
                "weighting": "VITAL",
                "requiredForCompleteness": False,
                "membersRequired": 3,
                "scope": "HIERARCHY",
                "maxDistance": 0,
                **ruled({**CTO, "groups": [{"match": "ANY", "filters": CTO["filters"]}]}),
            },
        ],
    )
    assert made["userErrors"] == []
    template = made["roleTemplate"]
    assert (template["status"], template["version"], template["publishedBy"]) == ("DRAFT", 1, None)
    assert [{name: value for name, value in card.items() if name != "id"} for card in template["cards"]] == [
        {
            "role": {"id": roles["Practitioner"], "name": "Practitioner"},
            "weighting": "NORMAL",
            "priority": 1,
            "autoAssign": False,
            "requiredForCompleteness": True,
            "membersRequired": 1,
            "scope": "ACCOUNT",
            "maxDistance": None,
            "condition": None,
        },
        {
            "role": {"id": roles["Champion"], "name": "Champion"},
            "weighting": "VITAL",
            "priority": 2,
            "autoAssign": True,
            "requiredForCompleteness": False,
            "membersRequired": 3,
            "scope": "HIERARCHY",
            "maxDistance": 0,
            "condition": {"match": "ALL", "filters": CTO["filters"], "groups": [{"match": "ANY"}]},
        },
    ]


async def test_weightings_weigh(api: Api) -> None:
    roles = list((await roles_of(api)).values())
    names = ["TRIVIAL", "MINOR", "NORMAL", "IMPORTANT", "VITAL"]
    await create(api, [{"roleId": role, "weighting": name} for role, name in zip(roles, names, strict=False)])
    found = await rows(api.db, "MATCH (c:RoleCard) RETURN c.weighting AS name, c.weight AS weight ORDER BY c.priority")
    assert [(row["name"], row["weight"]) for row in found] == list(zip(names, (20, 40, 60, 80, 100), strict=True))


# --- drafts ---------------------------------------------------------------------------------------------------------


async def test_of_a_draft_everything_may_change(api: Api) -> None:
    roles = await roles_of(api)
    made = (await create(api, [{"roleId": roles["Other"]}, {"roleId": roles["Champion"]}]))["roleTemplate"]
    changed = await update(api, made["id"], [{"roleId": roles["Practitioner"], "membersRequired": 2}], "Another")
    assert changed["userErrors"] == []
    assert changed["roleTemplate"]["version"] == 1
    assert changed["roleTemplate"]["name"] == "Another"
    assert [(c["role"]["name"], c["membersRequired"]) for c in changed["roleTemplate"]["cards"]] == [("Practitioner", 2)]
    assert await rows(api.db, "MATCH (c:RoleCard) RETURN count(c) AS n") == [{"n": 1}]  # nothing of the former is left
    emptied = await update(api, made["id"], [])
    assert (emptied["userErrors"], emptied["roleTemplate"]["cards"]) == ([], [])


async def test_a_draft_can_be_deleted(api: Api) -> None:
    made = (await create(api, [{"roleId": (await roles_of(api))["Other"]}]))["roleTemplate"]["id"]
    assert (await api.data(DELETE, id=made))["deleteRoleTemplate"] == {"deletedId": made, "userErrors": []}
    assert await rows(api.db, "MATCH (n:RoleTemplate|RoleCard) RETURN count(n) AS n") == [{"n": 0}]


async def test_publishing_needs_a_card_and_happens_once(api: Api) -> None:
    roles = await roles_of(api)
    made = (await create(api, []))["roleTemplate"]["id"]
    assert errors(await publish(api, made)) == [(["cards"], "INVALID")]
    assert (await api.data(READ + ALL, id=made))["roleTemplate"]["status"] == "DRAFT"
    await update(api, made, [{"roleId": roles["Other"]}])
    published = (await publish(api, made))["roleTemplate"]
    assert (published["status"], published["version"], published["publishedBy"]) == ("LIVE", 1, "local")
    assert errors(await publish(api, made)) == [(["id"], "NOT_EDITABLE")]


@pytest.mark.parametrize("id", ["tpl_00000000-0000-0000-0000-000000000000", "nonsense"])
async def test_unknown_templates(api: Api, id: str) -> None:
    assert errors(await update(api, id, [])) == [(["id"], "NOT_FOUND")]
    assert errors(await publish(api, id)) == [(["id"], "NOT_FOUND")]
    assert errors((await api.data(DELETE, id=id))["deleteRoleTemplate"]) == [(["id"], "NOT_FOUND")]


# --- live ones ------------------------------------------------------------------------------------------------------

INTEREST = """mutation($input: SolutionInterestInput!) { createSolutionInterest(input: $input) { solutionInterest { id }
userErrors { field code } } }"""
AUDIENCE = """mutation($input: AccountAudienceInput!) { createAccountAudience(input: $input) { accountAudience { id }
userErrors { code } } }"""
GROUPS = "mutation($input: CreateBuyingGroupsInput!) { createBuyingGroups(input: $input) { userErrors { code } } }"
MAINTAIN = "mutation { maintainBuyingGroups(input: {}) { userErrors { code } } }"
MADE = """{ buyingGroups { edges { node { id templateVersion completeness roles { role { name } card { membersRequired } }
members { edges { node { externalId } role { name } } } } } } }"""


async def interest(api: Api, template: str, name: str = "Interest", follow: bool = False) -> dict[str, Any]:
    wanted = {"name": name, "roleTemplateId": template, "updateExistingBuyingGroups": follow}
    return (await api.data(INTEREST, input=wanted))["createSolutionInterest"]


async def sell(api: Api, template: str, account: str, follow: bool = False) -> str:
    sold = (await interest(api, template, follow=follow))["solutionInterest"]["id"]
    audience = await api.data(AUDIENCE, input={"name": "Audience", "accountIds": [f"acc_{account}"]})
    to = audience["createAccountAudience"]["accountAudience"]["id"]
    await api.data(GROUPS, input={"solutionInterestId": sold, "accountAudienceId": to})
    await api.run_jobs()
    return sold


async def group(api: Api) -> dict[str, Any]:
    (edge,) = (await api.data(MADE))["buyingGroups"]["edges"]
    return edge["node"]


async def test_only_a_live_template_can_be_used(api: Api) -> None:
    made = (await create(api, [{"roleId": (await roles_of(api))["Other"]}]))["roleTemplate"]["id"]
    assert errors(await interest(api, made)) == [(["roleTemplateId"], "NOT_LIVE")]
    assert await rows(api.db, "MATCH (i:SolutionInterest) RETURN count(i) AS n") == [{"n": 0}]
    await publish(api, made)
    assert errors(await interest(api, made)) == []
    assert errors(await interest(api, "tpl_00000000-0000-0000-0000-000000000000", "B")) == [(["roleTemplateId"], "NOT_FOUND")]


async def test_a_live_template_in_use_cannot_be_deleted(api: Api) -> None:
    made = await live(api, [{"roleId": (await roles_of(api))["Other"]}])
    sold = (await interest(api, made))["solutionInterest"]["id"]
    assert errors((await api.data(DELETE, id=made))["deleteRoleTemplate"]) == [(["id"], "IN_USE")]
    assert (await api.data(READ + ALL, id=made))["roleTemplate"]["status"] == "LIVE"
    await api.data("mutation($id: ID!) { deleteSolutionInterest(id: $id) { deletedId } }", id=sold)
    assert errors((await api.data(DELETE, id=made))["deleteRoleTemplate"]) == []
    assert await rows(api.db, "MATCH (n:RoleTemplate|RoleCard) RETURN count(n) AS n") == [{"n": 0}]


CHANGES = [
    ("thresholds", {"membersRequired": 2}, True),
    ("weighting", {"weighting": "TRIVIAL"}, True),
    ("required", {"requiredForCompleteness": False}, True),
    ("condition", ruled(filter_of("JOB_TITLE", "IS", "CEO")), True),
    ("nesting", ruled({"match": "ALL", "groups": [CTO]}), True),
    ("scope", {"scope": "ANCESTORS"}, True),
    ("distance", {"maxDistance": 1}, True),
    ("no rule", {"autoAssign": False, "condition": None}, True),
    ("nothing", {}, False),
]


@pytest.mark.parametrize(("change", "made_new"), [change[1:] for change in CHANGES], ids=[change[0] for change in CHANGES])
async def test_changed_cards_of_a_live_template_make_a_version(api: Api, change: dict[str, Any], made_new: bool) -> None:
    roles = await roles_of(api)
    first = [{"roleId": roles["Champion"], **ruled(CTO)}, {"roleId": roles["Other"], **ruled(CTO)}]
    made = await live(api, first)
    before = (await api.data(READ + ALL, id=made))["roleTemplate"]
    changed = await update(api, made, [{**first[0], **change}, first[1]])
    assert changed["userErrors"] == []
    assert changed["roleTemplate"]["status"] == "LIVE"
    assert changed["roleTemplate"]["version"] == (2 if made_new else 1)
    if not made_new:
        assert changed["roleTemplate"] == before


async def test_order_makes_a_version_and_a_name_does_not(api: Api) -> None:
    roles = await roles_of(api)
    cards = [{"roleId": roles["Other"]}, {"roleId": roles["Champion"]}, {"roleId": roles["Practitioner"]}]
    made = await live(api, cards)
    renamed = (await update(api, made, cards, "New name"))["roleTemplate"]
    assert (renamed["name"], renamed["version"]) == ("New name", 1)
    turned = (await update(api, made, cards[::-1], "New name"))["roleTemplate"]
    assert turned["version"] == 2
    assert [card["role"]["name"] for card in turned["cards"]] == ["Practitioner", "Champion", "Other"]


async def test_groups_follow_a_new_version_at_the_next_maintenance(api: Api) -> None:
    roles = await roles_of(api)
    ids = await plant(api.db, {"a": None}, [Person("p", {"a": None}, "CTO")])
    first = [{"roleId": roles["Champion"], **ruled(CTO)}]
    made = await live(api, first)
    await sell(api, made, ids["a"])
    second = [{**first[0], "membersRequired": 2}, {"roleId": roles["Other"]}]
    assert (await update(api, made, second))["userErrors"] == []
    before = await group(api)
    assert (before["templateVersion"], before["completeness"]) == (1, 100.0)
    assert before["roles"] == [{"role": {"name": "Champion"}, "card": {"membersRequired": 1}}]
    await api.data(MAINTAIN)
    await api.run_jobs()
    after = await group(api)
    assert (after["templateVersion"], after["completeness"]) == (2, 25.0)
    assert after["roles"] == [
        {"role": {"name": "Champion"}, "card": {"membersRequired": 2}},
        {"role": {"name": "Other"}, "card": {"membersRequired": 1}},
    ]
    assert after["members"]["edges"] == [{"node": {"externalId": "p"}, "role": {"name": "Champion"}}]


async def test_cards_of_roles_that_have_members_stay(api: Api) -> None:
    roles = await roles_of(api)
    ids = await plant(api.db, {"a": None}, [Person("p", {"a": None}, "CTO")])
    cards = [{"roleId": roles["Champion"], **ruled(CTO)}, {"roleId": roles["Other"]}]
    made = await live(api, cards)
    await sell(api, made, ids["a"])
    refused = await update(api, made, cards[1:])
    assert refused["userErrors"] == [
        {
            "field": ["cards"],
            "code": "IN_USE",
            "message": "The card for Champion can't be removed: it has 1 member in buying groups.",
        }
    ]
    assert (await api.data(READ + ALL, id=made))["roleTemplate"]["version"] == 1
    freed = await update(api, made, cards[:1])  # nobody is Other
    assert (freed["userErrors"], freed["roleTemplate"]["version"]) == ([], 2)


async def test_a_live_template_keeps_a_card(api: Api) -> None:
    made = await live(api, [{"roleId": (await roles_of(api))["Other"]}])
    assert errors(await update(api, made, [])) == [(["cards"], "INVALID")]
    assert len((await api.data(READ + ALL, id=made))["roleTemplate"]["cards"]) == 1
