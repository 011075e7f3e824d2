"""Why someone is, or is not, a member: what stands, the cards' verdicts, and the words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from make import BY, Api, Person, Sold, card, plant, role_ids, rows, sell, title
from markets import NEAREST, NEIGHBORHOOD, PERSONAS, Market, cards, markets, settle
from often import examples
from plainrules import Relation, Somebody, holds, match_of, seats_in_scope

from graph import jobs, templates
from graph.db import Db
from graph.members import assign, journey_assign, journey_remove, remove
from graph.model import (
    AssignmentSource,
    AttributeFilter,
    CardSpec,
    Condition,
    FilterOperator,
    HierarchyScope,
    Match,
    PersonAttribute,
)
from graph.why import Explanation, explain

IS = FilterOperator.IS
ROLES = ("Decision Maker", "Influencer", "Practitioner", "Champion")
DAY = re.compile(r"\d{4}-\d\d-\d\d")


# --- the cards' verdicts --------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("scores_stand")
@examples(6)
@given(market=markets(), wanted=cards(ROLES))
async def test_each_card_judges_as_the_plain_rules_do(db: Db, market: Market, wanted: list[CardSpec]) -> None:
    ids = await settle(db, market)
    roles = await role_ids(db)
    placed = [replace(one, role_id=roles[one.role_id]) for one in wanted]
    home = next(iter(market.tree))
    sold = await sell(db, placed, [ids[home]])
    keys = {own: key for key, own in ids.items()}
    for who in market.crowd:
        found = await explain(db, sold.groups[ids[home]], ids[who.key])
        matched = match_of(market.tree, home, placed, who, PERSONAS)
        first = next((one.role_id for one in found.cards if one.matched), None)
        assert first == (matched and matched[0])
        assert (found.is_member, found.role_id) == (matched is not None, matched and matched[0])
        assert (keys.get(found.account_id or ""), found.distance) == (
            (matched[1].account, matched[1].distance) if matched else (None, None)
        )
        for one, judged in zip(placed, found.cards, strict=True):
            seats = seats_in_scope(market.tree, home, one, who)
            held = [seat for seat in seats if one.condition and holds(one.condition, who, seat[1], PERSONAS)]
            assert judged.role_id == one.role_id
            assert judged.in_scope is bool(seats)
            assert judged.matched is bool(held)
            assert keys.get(judged.account_id or "") == ((held or seats)[0][0].account if seats else None)
            assert (judged.condition is not None) is (one.condition is not None and bool(seats))


@pytest.mark.parametrize(("at", "through"), NEAREST)
async def test_a_card_judges_by_the_nearest_relation(db: Db, at: tuple[str, ...], through: str) -> None:
    who = Somebody("p", {"jobTitle": "CTO"}, None, tuple(Relation(account) for account in at))
    ids = await settle(db, Market(NEIGHBORHOOD, (who,)))
    sold = await sell(db, [card((await role_ids(db))["Other"], title(IS, "CTO"), HierarchyScope.HIERARCHY)], [ids["home"]])
    found = await explain(db, sold.groups[ids["home"]], ids["p"])
    assert found.cards[0].account_id == ids[through]


WHY = """query($group: ID!, $person: ID!) { node(id: $group) { ... on BuyingGroup { why(personId: $person) {
isMember summary role { name } account { externalId } distance
standing { action source outcome actor journey reason role { name } }
cards { card { priority role { name } version: membersRequired } inScope matched account { externalId }
condition { match matched filters { filter { attribute operator values } actual matched } groups { match matched filters {
filter { attribute } actual matched } } } } } } } }"""


async def why(api: Api, group: str, person: str) -> dict[str, Any]:
    found = (await api.data(WHY, group=f"grp_{group}", person=f"per_{person}"))["node"]["why"]
    return {**found, "summary": DAY.sub("<day>", found["summary"])}


class Case:
    """A group at `home`, below `top`, with a card by rule over ANCESTORS and one without; and people around it."""

    def __init__(self, api: Api, ids: Mapping[str, str], roles: Mapping[str, str], sold: Sold) -> None:
        self.api, self.ids, self.roles, self.sold = api, ids, roles, sold
        self.group = sold.groups[ids["home"]]

    async def why(self, key: str) -> dict[str, Any]:
        return await why(self.api, self.group, self.ids[key])


CROWD = [
    Person("cto", {"home": None}, "CTO"),
    Person("lawyer", {"top": "CTO", "home": "Lawyer"}),
    Person("ceo", {"home": None}, "CEO"),
    Person("blank", {"home": None}),
    Person("sister", {"sister": None}, "CTO"),
    Person("stranger", {"elsewhere": None}, "CTO"),
]


@pytest.fixture
async def case(api: Api) -> Case:
    ids = await plant(api.db, {"top": None, "home": "top", "sister": "top", "elsewhere": None}, CROWD)
    roles = await role_ids(api.db)
    wanted = [card(roles["Decision Maker"], title(IS, "CTO"), HierarchyScope.ANCESTORS), card(roles["Champion"])]
    return Case(api, ids, roles, await sell(api.db, wanted, [ids["home"]]))


async def test_a_member_by_the_rules(case: Case) -> None:
    found = await case.why("lawyer")
    filters = [
        {"filter": {"attribute": "JOB_TITLE", "operator": "IS", "values": ["CTO"]}, "actual": "CTO", "matched": True},
    ]
    assert found == {
        "isMember": True,
        "summary": "lawyer is a member of Interest for home as Decision Maker: assigned by the rules on <day> (by tests), "
        "through top, 1 level away.",
        "role": {"name": "Decision Maker"},
        "account": {"externalId": "top"},
        "distance": 1,
        "standing": {
            "action": "ASSIGN",
            "source": "SYSTEM",
            "outcome": "APPLIED",
            "actor": BY,
            "journey": None,
            "reason": None,
            "role": {"name": "Decision Maker"},
        },
        "cards": [
            {
                "card": {"priority": 1, "role": {"name": "Decision Maker"}, "version": 1},
                "inScope": True,
                "matched": True,
                "account": {"externalId": "top"},  # nearer ones are in scope, but it is this relation that matches
                "condition": {"match": "ALL", "matched": True, "filters": filters, "groups": []},
            },
            {
                "card": {"priority": 2, "role": {"name": "Champion"}, "version": 1},
                "inScope": True,  # a card without a rule has a scope, too
                "matched": False,
                "account": {"externalId": "home"},
                "condition": None,
            },
        ],
    }


NO_MEMBER = [
    ("ceo", "no card matches; the nearest, Decision Maker, lacks job title is 'CTO' (it is 'CEO')", [True, True]),
    ("blank", "no card matches; the nearest, Decision Maker, lacks job title is 'CTO' (it is nothing)", [True, True]),
    ("sister", "no card with a rule looks as far as this person's accounts", [False, False]),
    ("stranger", "no relation to any account of the group's hierarchy", [False, False]),
]


@pytest.mark.parametrize(("key", "reason", "in_scope"), NO_MEMBER)
async def test_nobody_decided_anything(case: Case, key: str, reason: str, in_scope: list[bool]) -> None:
    found = await case.why(key)
    assert found["summary"] == f"{key} is not a member of Interest for home: {reason}."
    assert [found[name] for name in ("isMember", "role", "account", "distance", "standing")] == [False, None, None, None, None]
    assert [one["inScope"] for one in found["cards"]] == in_scope
    assert [one["matched"] for one in found["cards"]] == [False, False]
    assert [one["account"] and one["account"]["externalId"] for one in found["cards"]] == [
        "home" if scoped else None for scoped in in_scope
    ]


async def test_a_match_that_no_job_has_applied(case: Case) -> None:
    await rows(case.api.db, "MATCH (p:Person {externalId: 'ceo'}) SET p.jobTitle = 'cto'")
    found = await case.why("ceo")
    assert (found["isMember"], found["cards"][0]["matched"], found["standing"]) == (False, True, None)
    assert found["summary"] == (
        "ceo is not a member of Interest for home: the card for Decision Maker matches, but no job has applied it yet."
    )


async def test_a_member_by_hand_whom_no_card_matches(case: Case) -> None:
    await assign(
        case.api.db, case.group, [(case.ids["sister"], case.roles["Champion"])], source=AssignmentSource.MANUAL, by="Ann"
    )
    found = await case.why("sister")
    assert found["summary"] == (
        "sister is a member of Interest for home as Champion: assigned by hand on <day> (by Ann), through sister, 2 levels away."
    )
    assert (found["role"], found["account"], found["distance"]) == ({"name": "Champion"}, {"externalId": "sister"}, 2)
    assert (found["standing"]["source"], found["standing"]["actor"]) == ("MANUAL", "Ann")
    assert [one["inScope"] for one in found["cards"]] == [False, False]


async def test_a_member_by_a_journey_in_another_role_than_the_rules_give(case: Case) -> None:
    here = (case.ids["home"], case.sold.interest_id, [case.ids["cto"]])
    await journey_assign(case.api.db, *here, case.roles["Champion"], journey="Welcome", by="marketing")
    found = await case.why("cto")
    assert found["summary"] == (
        "cto is a member of Interest for home as Champion: assigned by a journey on <day> (by marketing), "
        "through home, the group's own account."
    )
    assert (found["standing"]["source"], found["standing"]["journey"]) == ("JOURNEY", "Welcome")
    assert found["standing"]["action"] == "CHANGE_ROLE"
    assert [one["matched"] for one in found["cards"]] == [True, False]


async def test_removed_by_hand_although_a_card_matches(case: Case) -> None:
    await remove(case.api.db, case.group, [case.ids["cto"]], source=AssignmentSource.MANUAL, by="Ann", reason="left the project")
    found = await case.why("cto")
    assert found["summary"] == (
        "cto is not a member of Interest for home: removed by hand on <day> (by Ann), because: left the project."
    )
    assert (found["isMember"], found["role"], found["account"]) == (False, None, None)
    assert found["standing"] == {
        "action": "REMOVE",
        "source": "MANUAL",
        "outcome": "APPLIED",
        "actor": "Ann",
        "journey": None,
        "reason": "left the project",
        "role": {"name": "Decision Maker"},
    }
    assert [one["matched"] for one in found["cards"]] == [True, False]


async def test_removed_by_a_journey(case: Case) -> None:
    await journey_remove(
        case.api.db, case.ids["home"], case.sold.interest_id, [case.ids["ceo"]], journey="Farewell", by="marketing"
    )
    found = await case.why("ceo")
    assert found["summary"] == "ceo is not a member of Interest for home: removed by a journey on <day> (by marketing)."
    assert (found["standing"]["source"], found["standing"]["journey"], found["standing"]["role"]) == ("JOURNEY", "Farewell", None)


async def test_what_was_overruled_does_not_stand(case: Case) -> None:
    await remove(case.api.db, case.group, [case.ids["cto"]], source=AssignmentSource.MANUAL, by="Ann")
    here = (case.ids["home"], case.sold.interest_id, [case.ids["cto"]])
    await journey_assign(case.api.db, *here, case.roles["Champion"], journey="Welcome", by="marketing")
    found = await case.why("cto")
    assert (found["isMember"], found["standing"]["actor"], found["standing"]["outcome"]) == (False, "Ann", "APPLIED")


async def test_the_cards_are_those_of_the_version_that_the_group_follows(case: Case) -> None:
    db, template = case.api.db, case.sold.template_id
    wanted = [card(case.roles["Decision Maker"], title(IS, "CEO"), members_required=7), card(case.roles["Champion"])]
    await templates.update(db, template, "T", None, wanted, by=BY)
    before = await case.why("ceo")
    assert [(one["card"]["version"], one["matched"]) for one in before["cards"]] == [(1, False), (1, False)]
    await jobs.start_maintenance(db, by=BY)
    await jobs.run_all(db)
    after = await case.why("ceo")
    assert [(one["card"]["version"], one["matched"]) for one in after["cards"]] == [(7, True), (1, False)]


async def test_nested_conditions_are_traced_part_by_part(api: Api) -> None:
    ids = await plant(api.db, {"a": None}, [Person("p", {"a": None}, "CTO", {"city": "Bonn"}, "PARTNER")])

    def one(attribute: PersonAttribute, *values: str) -> AttributeFilter:
        return AttributeFilter(attribute, IS, values)

    inner = Condition(Match.ANY, (one(PersonAttribute.CITY, "Rome", "Oslo"), one(PersonAttribute.COUNTRY, "Chad")))
    condition = Condition(
        Match.ALL, (one(PersonAttribute.JOB_TITLE, "cto"), one(PersonAttribute.RELATIONSHIP, "EMPLOYEE")), (inner,)
    )
    sold = await sell(api.db, [card((await role_ids(api.db))["Other"], condition)], [ids["a"]])
    found = await why(api, sold.groups[ids["a"]], ids["p"])
    trace = found["cards"][0]["condition"]
    assert (trace["match"], trace["matched"]) == ("ALL", False)
    assert [(part["actual"], part["matched"]) for part in trace["filters"]] == [("CTO", True), ("PARTNER", False)]
    (group,) = trace["groups"]
    assert (group["match"], group["matched"]) == ("ANY", False)
    assert [(part["actual"], part["matched"]) for part in group["filters"]] == [("Bonn", False), (None, False)]
    assert found["summary"] == (
        "p is not a member of Interest for a: no card matches; the nearest, Other, lacks relationship is 'EMPLOYEE' "
        "(it is 'PARTNER') and city is 'Rome' or 'Oslo' (it is 'Bonn')."
    )


async def test_an_account_that_is_gone_is_named_as_such(case: Case) -> None:
    await rows(case.api.db, "MATCH (:Person {externalId: 'cto'})-[m:MEMBER_OF]->() SET m.accountId = 'gone'")
    found = await case.why("cto")
    assert found["account"] is None
    assert "through an account that is gone, the group's own account" in found["summary"]


@pytest.mark.parametrize(
    ("person", "message"),
    [
        ("per_00000000-0000-0000-0000-000000000000", "personId: There is no person with this id."),
        ("nonsense", "'nonsense' is no id of this service; ids look like acc_<uuid> and come from it"),
    ],
)
async def test_unknown_people(case: Case, person: str, message: str) -> None:
    (error,) = await case.api.errors(WHY, group=f"grp_{case.group}", person=person)
    assert (error["message"], error["extensions"]["code"]) == (message, "BAD_USER_INPUT")


def roles_matched(found: Explanation) -> Sequence[str]:
    return [one.role for one in found.cards if one.matched]


async def test_every_card_is_judged_also_those_behind_the_first_that_matches(db: Db) -> None:
    ids = await plant(db, {"a": None}, [Person("p", {"a": None}, "CTO")])
    roles = await role_ids(db)
    sold = await sell(db, [card(roles[name], title(IS, "CTO")) for name in ("Other", "Champion")], [ids["a"]])
    found = await explain(db, sold.groups[ids["a"]], ids["p"])
    assert (found.role_id, roles_matched(found)) == (roles["Other"], ["Other", "Champion"])
