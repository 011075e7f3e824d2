"""Buying groups as a whole: their names, how journeys find them, and what goes with them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from deciding import Answer, Group
from make import BY, Api, card, plant, role_ids, rows, sell, title
from make import Person as Someone

from api import ids
from graph import accounts, audiences, interests, jobs
from graph.audiences import AudienceSpec
from graph.model import FilterOperator, SellingLevel

CHIEF, OTHER = "Decision Maker", "Other"
TREE = {"top": None, "home": "top", "below": "home", "sister": "top", "far": None}
CROWD = [Someone("ann", {"home": None}, "chief"), Someone("bob", {"top": None}), Someone("cid", {"sister": None})]
DELETE = "mutation ($ids: [ID!]!) { deleteBuyingGroups(ids: $ids) { deletedIds userErrors { field code message } } }"


async def _sold(
    api: Api, listed: Sequence[str], level: SellingLevel = SellingLevel.AS_LISTED, name: str = "Interest"
) -> dict[str, Group]:
    """The groups of an interest, by the accounts that they sit at."""
    planted = await plant(api.db, TREE, CROWD)
    named = await role_ids(api.db)
    cards = [card(named[CHIEF], title(FilterOperator.IS, "chief")), card(named[OTHER])]
    sold = await sell(api.db, cards, [planted[key] for key in listed], name, level)
    return {key: await Group.of(api, planted, sold, key) for key in TREE if planted[key] in sold.groups}


async def _deleted(api: Api, *sent: str) -> tuple[list[str], list[tuple[str, str]]]:
    payload = (await api.data(DELETE, ids=sent))["deleteBuyingGroups"]
    return payload["deletedIds"], [(".".join(e["field"]), e["code"]) for e in payload["userErrors"]]


# --- names ----------------------------------------------------------------------------------------------------------


async def test_a_groups_name_follows_its_interest_and_its_account(api: Api) -> None:
    group = (await _sold(api, ["home"]))["home"]
    query = "query ($id: ID!) { buyingGroup(id: $id) { name } found: buyingGroups(filter: { search: $search }) { totalCount } }"

    async def name(search: str) -> tuple[str, int]:
        shown = await api.data(query.replace("$search", f'"{search}"'), id=group.global_id)
        return shown["buyingGroup"]["name"], shown["found"]["totalCount"]

    assert await name("interest FOR home") == ("Interest for home", 1)
    await interests.update(api.db, group.interest_id, {"name": "Analytics"}, by=BY)
    assert await name("analytics") == ("Analytics for home", 1)
    await accounts.upsert(api.db, [{"externalId": "home", "name": "Acme"}], by=BY)
    assert await name("acme") == ("Analytics for Acme", 1)
    assert await name("home") == ("Analytics for Acme", 0)


async def test_one_group_per_account_and_interest(api: Api) -> None:
    first = await _sold(api, ["home", "home", "sister"])
    assert first.keys() == {"home", "sister"}
    second = (await _sold(api, ["home"], name="Second"))["home"]
    assert second.id != first["home"].id
    assert (await rows(api.db, "MATCH (g:BuyingGroup) RETURN count(g) AS n"))[0]["n"] == 3


# --- how journeys find them -----------------------------------------------------------------------------------------


def _gone(answer: Answer) -> bool:
    return answer.nothing_done and answer.errors == [("", "NOT_FOUND")]


async def test_a_journey_names_the_account_that_the_group_sits_at(api: Api) -> None:
    group = (await _sold(api, ["home"]))["home"]
    assert (await group.journey_assign(OTHER, "bob")).payload["buyingGroup"]["id"] == group.global_id
    for account in ("top", "below", "sister", "far"):
        assert _gone(await group.journey_assign(CHIEF, "bob", account=account))
        assert _gone(await group.journey_remove("bob", account=account))
    assert (await group.state()).members == {"ann": (CHIEF, "SYSTEM"), "bob": (OTHER, "JOURNEY")}


async def test_sold_to_the_top_any_account_of_the_hierarchy_names_the_group(api: Api) -> None:
    groups = await _sold(api, ["below"], SellingLevel.TOP)
    assert groups.keys() == {"top"}
    group = groups["top"]
    for account in ("top", "home", "below", "sister"):
        assert (await group.journey_assign(OTHER, "bob", account=account)).payload["buyingGroup"]["id"] == group.global_id
        answer = await group.journey_remove("bob", account=account)
        assert (answer.payload["buyingGroup"]["id"], answer.outcomes) == (group.global_id, ["APPLIED"])
    assert _gone(await group.journey_assign(OTHER, "bob", account="far"))
    assert _gone(await group.journey_remove("bob", account="far"))


async def test_without_a_group_a_journey_is_told_so(api: Api) -> None:
    group = (await _sold(api, ["home"]))["home"]
    await _deleted(api, group.global_id)
    assert _gone(await group.journey_assign(OTHER, "bob"))
    assert _gone(await group.journey_remove("bob"))


async def test_under_a_new_top_journeys_find_the_group_nearest_to_it(api: Api) -> None:
    group = (await _sold(api, ["home"], SellingLevel.TOP))["top"]
    await accounts.upsert(api.db, [{"externalId": "top", "name": "top", "parentExternalId": "far"}], by=BY)
    for account in ("top", "below"):  # the new top has no group yet
        assert (await group.journey_assign(OTHER, "bob", account=account)).payload["buyingGroup"]["id"] == group.global_id
    assert _gone(await group.journey_assign(OTHER, "bob", account="far"))
    await group.maintain()
    (made,) = await rows(api.db, "MATCH (g:BuyingGroup)-[:FOR_ACCOUNT]->({externalId: 'far'}) RETURN g.id AS id")
    for account in ("far", "top", "below"):
        answer = await group.journey_assign(OTHER, "bob", account=account)
        assert answer.payload["buyingGroup"]["id"] == ids.encode("BuyingGroup", made["id"])


# --- deleting them --------------------------------------------------------------------------------------------------


async def test_a_group_goes_with_all_that_hangs_on_it_and_nothing_else(api: Api) -> None:
    groups = await _sold(api, ["home", "sister"])
    for group in groups.values():
        await group.assign({"bob": OTHER})
        await group.remove("cid")
        await group.journey_assign(OTHER, "cid")  # overruled
    kept = await groups["sister"].state()
    labels = """MATCH (n) WHERE NOT n:MembershipEvent AND NOT n:BuyingGroupEvent
    RETURN labels(n)[0] AS label, count(n) AS n ORDER BY label"""
    before = {row["label"]: row["n"] for row in await rows(api.db, labels)}
    assert await _deleted(api, groups["home"].global_id) == ([groups["home"].global_id], [])
    after = {row["label"]: row["n"] for row in await rows(api.db, labels)}
    assert after == {**before, "BuyingGroup": 1}
    assert await groups["sister"].state() == kept
    lost = "MATCH (e:MembershipEvent) WHERE NOT (e)-[:IN]->(:BuyingGroup) RETURN e"
    assert await rows(api.db, lost) == []
    shown = """query ($id: ID!) { buyingGroup(id: $id) { id } person(externalId: "bob") { memberships { totalCount } }
      buyingGroups { totalCount } }"""
    assert await api.data(shown, id=groups["home"].global_id) == {
        "buyingGroup": None,
        "person": {"memberships": {"totalCount": 1}},
        "buyingGroups": {"totalCount": 1},
    }


async def test_unknown_groups_are_told_by_place_and_the_others_go(api: Api) -> None:
    groups = await _sold(api, ["home", "sister"])
    home, sister = groups["home"].global_id, groups["sister"].global_id
    none = ids.encode("BuyingGroup", "00000000-0000-0000-0000-000000000000")
    sent = [sister, none, home, "", "grp_}) DETACH DELETE n //", groups["home"].person("ann")]
    errors = [(f"ids.{place}", "NOT_FOUND") for place in (1, 3, 4, 5)]
    assert await _deleted(api, *sent) == ([sister, home], errors)
    assert await _deleted(api, home) == ([], [("ids.0", "NOT_FOUND")])
    assert (await rows(api.db, "MATCH (p:Person) RETURN count(p) AS n"))[0]["n"] == len(CROWD)


@pytest.mark.parametrize(
    ("count", "twice", "field", "code"),
    [(0, 0, "ids", "INVALID"), (51, 0, "ids", "LIMIT_EXCEEDED"), (3, 1, "ids.3", "INVALID"), (50, 1, "ids", "LIMIT_EXCEEDED")],
)
async def test_none_too_many_or_one_twice_and_nothing_is_deleted(api: Api, count: int, twice: int, field: str, code: str) -> None:
    group = (await _sold(api, ["home"]))["home"]
    sent = [ids.encode("BuyingGroup", f"00000000-0000-0000-0000-{n:012}") for n in range(count)]
    if count:
        sent[0] = group.global_id
    assert await _deleted(api, *sent, *sent[:twice]) == ([], [(field, code)])
    assert list((await group.state()).members) == ["ann"]


async def test_50_groups_go_in_one_call(api: Api) -> None:
    keys = [f"a{n:02}" for n in range(50)]
    planted = await plant(api.db, dict.fromkeys(keys))
    named = await role_ids(api.db)
    sold = await sell(api.db, [card(named[OTHER])], [planted[key] for key in keys])
    sent = [ids.encode("BuyingGroup", own) for own in sold.groups.values()]
    assert await _deleted(api, *sent) == (sent, [])
    assert await rows(api.db, "MATCH (g:BuyingGroup) RETURN g") == []


async def test_a_job_makes_a_deleted_group_again_without_what_was_decided_in_it(api: Api) -> None:
    group = (await _sold(api, ["home"]))["home"]
    await group.remove("ann")
    await _deleted(api, group.global_id)
    await group.maintain()
    (made,) = await rows(api.db, "MATCH (g:BuyingGroup) RETURN g.id AS id")
    assert made["id"] != group.id
    again = Group(api, group.planted, group.roles, "home", group.interest_id, made["id"])
    assert (await again.state()).members == {"ann": (CHIEF, "SYSTEM")}


async def test_without_its_groups_and_jobs_an_interest_can_be_deleted(api: Api) -> None:
    groups = await _sold(api, ["home", "sister"])
    interest = ids.encode("SolutionInterest", groups["home"].interest_id)
    delete = "mutation ($id: ID!) { deleteSolutionInterest(id: $id) { deletedId userErrors { field code } } }"
    refused = {"deleteSolutionInterest": {"deletedId": None, "userErrors": [{"field": ["id"], "code": "IN_USE"}]}}
    assert await api.data(delete, id=interest) == refused
    await _deleted(api, *(group.global_id for group in groups.values()))
    assert await api.data(delete, id=interest) == refused  # its creation job is on record
    for row in await rows(api.db, "MATCH (j:Job) RETURN j.id AS id"):
        await jobs.delete(api.db, row["id"])
    assert await api.data(delete, id=interest) == {"deleteSolutionInterest": {"deletedId": interest, "userErrors": []}}
    audience = (await rows(api.db, "MATCH (u:AccountAudience) RETURN u.id AS id"))[0]["id"]
    assert await audiences.delete(api.db, audience) == audience  # and with it goes the link that held the audience
    spec = AudienceSpec("Again", account_ids=[groups["home"].planted["home"]])
    assert await audiences.create(api.db, spec, by=BY)
