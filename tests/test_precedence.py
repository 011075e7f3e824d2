"""Who may undo what, and what a group's completeness is: every sentence of these rules, alone and in any sequence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from deciding import Group, maintain, state
from hypothesis import given
from hypothesis import strategies as st
from make import BY, Api, card, members_of, plant, role_ids, rows, sell, title
from make import Person as Someone
from markets import NEAREST, NEIGHBORHOOD
from neo4j.exceptions import ServiceUnavailable
from often import examples
from plain import SOURCES, Decision, Role, completeness, outcome, what_stands
from plain import Group as PlainGroup

from api import ids
from graph import people, precedence, templates
from graph.db import Db
from graph.members import assign, remove
from graph.model import AssignmentSource, FilterOperator, HierarchyScope

NOBODY = "00000000-0000-4000-8000-000000000000"
TREE = {"top": None, "home": "top", "sister": "top", "far": None}
CROWD = [
    Someone("ann", {"home": None}),
    Someone("bob", {"top": None}),
    Someone("cid", {"sister": None, "home": None}),
    Someone("dee", {"home": None}),
    Someone("eve", {"home": None}),
    Someone("zoe", {"far": None}),  # of another hierarchy
]
CHIEF, INFLUENCER = "Decision Maker", "Influencer"  # filled by rules: job titles that start with chief, or influ
CHAMPION, OTHER = "Champion", "Other"  # filled by hand and by journeys
CARDS = {CHIEF: Role(), INFLUENCER: Role(members=3), CHAMPION: Role(members=2), OTHER: Role(required=False)}
TITLES = {"chief": CHIEF, "influencer": INFLUENCER}
RULES = {CHIEF: title(FilterOperator.IS, "chief"), INFLUENCER: title(FilterOperator.STARTS_WITH, "influ")}


@pytest.fixture
async def group(api: Api) -> Group:
    """The group at `home`, still empty: nobody has a title."""
    planted = await plant(api.db, TREE, CROWD)
    roles = await role_ids(api.db)
    cards = [
        card(
            roles[name],
            RULES.get(name),
            HierarchyScope.HIERARCHY,
            required_for_completeness=one.required,
            members_required=one.members,
        )
        for name, one in CARDS.items()
    ]
    return await Group.of(api, planted, await sell(api.db, cards, [planted["home"]], follow=True), "home")


async def give_title(db: Db, person: str, words: str | None) -> None:
    """What the rules judge people by."""
    await people.upsert(db, [{"externalId": person, "jobTitle": words}], by=BY)


# --- the rule itself ------------------------------------------------------------------------------------------------

roles = st.sampled_from([None, "a", "b"])
decisions = st.builds(Decision, st.sampled_from(SOURCES), roles)


@given(st.lists(decisions, max_size=12))
def test_the_last_decision_of_the_highest_source_stands(sequence: Sequence[Decision]) -> None:
    standing: precedence.Standing | None = None
    for place, one in enumerate(sequence):
        wanted = precedence.Decision(AssignmentSource(one.source), one.role)
        found = precedence.outcome(standing, wanted)
        assert found == outcome(sequence[:place], one)
        if found == "APPLIED":
            standing = precedence.Standing(wanted.source, wanted.role_id)
        expected = what_stands(sequence[: place + 1])
        assert expected is not None
        assert standing == precedence.Standing(AssignmentSource(expected.source), expected.role)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("aim", ["ASSIGN", "REMOVE"])
def test_the_table_that_statements_look_up_is_the_rule(aim: Any, source: str) -> None:
    wanted = Decision(source, "a" if aim == "ASSIGN" else None)
    expected = {"NONE": outcome([], wanted)}
    for other in SOURCES:
        expected[f"{other}:SAME"] = outcome([Decision(other, "a")], wanted)
        expected[f"{other}:OTHER"] = outcome([Decision(other, "b")], wanted)
        expected[f"{other}:REMOVED"] = outcome([Decision(other, None)], wanted)
    assert precedence.table(aim, AssignmentSource(source)) == expected


# --- any sequence of decisions, on the real graph -------------------------------------------------------------------

PEOPLE = ("ann", "bob", "cid")
some_people = st.lists(st.sampled_from([*PEOPLE, "zoe", "nobody"]), min_size=1, max_size=4, unique=True)
some_role = st.sampled_from([*CARDS, "Practitioner"])
steps = st.one_of(
    st.tuples(st.just("assign"), some_people.flatmap(lambda who: st.tuples(*[st.tuples(st.just(p), some_role) for p in who]))),
    st.tuples(st.just("remove"), some_people),
    st.tuples(st.just("journey_assign"), st.tuples(some_role, some_people)),
    st.tuples(st.just("journey_remove"), some_people),
    st.tuples(st.just("title"), st.tuples(st.sampled_from(PEOPLE), st.sampled_from([None, *TITLES]))),
    st.just(("maintain", None)),
)


@examples(20)
@given(sequence=st.lists(steps, min_size=1, max_size=10))
async def test_any_sequence_of_decisions_leaves_what_the_rules_say(group: Group, sequence: Sequence[Any]) -> None:
    await _start_over(group)
    model, titles = PlainGroup(CARDS), dict[str, str | None]()
    for kind, what in sequence:
        before = len(model.recorded)
        await _step(group, model, titles, kind, what)
        found = await group.state()
        assert found.members == model.members()
        assert found.removed == model.removed()
        assert found.edges == len(model.stands)  # one edge for each person, whichever it is
        assert Counter(found.events[before:]) == Counter(model.recorded[before:])
        assert len(found.events) == len(model.recorded)
        assert found.completeness == pytest.approx(model.completeness())
        assert found.completeness == pytest.approx(completeness(CARDS, found.held))


async def _start_over(group: Group) -> None:
    wipe = """MATCH (g:BuyingGroup {id: $id}) SET g.completeness = 0.0
    WITH g MATCH (p:Person) REMOVE p.jobTitle WITH DISTINCT g
    OPTIONAL MATCH (:Person)-[m:MEMBER_OF|REMOVED_FROM]->(g) DELETE m WITH DISTINCT g
    OPTIONAL MATCH (e)-[:IN]->(g) DETACH DELETE e"""
    await rows(group.api.db, wipe, id=group.id)


async def _step(group: Group, model: PlainGroup, titles: dict[str, str | None], kind: str, what: Any) -> None:
    if kind == "title":
        titles[what[0]] = what[1]
        await give_title(group.api.db, *what)
    elif kind == "maintain":
        await group.maintain()
        model.maintain({person: TITLES[words] for person, words in titles.items() if words})
    elif kind == "assign":
        answer = await group.assign(what)
        assert answer.outcomes == [_decide(model, person, "MANUAL", role) for person, role in what]
        assert answer.stands == [_stands(model, person) for person, _ in what]
    elif kind == "remove":
        answer = await group.remove(*what)
        assert answer.outcomes == [_decide(model, person, "MANUAL", None) for person in what]
        assert answer.stands == [_stands(model, person) for person in what]
    elif kind == "journey_assign":
        answer = await group.journey_assign(what[0], *what[1])
        expected = [_decide(model, person, "JOURNEY", what[0]) for person in what[1]]
        assert answer.outcomes == ([] if what[0] not in CARDS else expected)
        assert answer.nothing_done == (what[0] not in CARDS)
    else:
        answer = await group.journey_remove(*what)
        assert answer.outcomes == [_decide(model, person, "JOURNEY", None) for person in what]


def _decide(model: PlainGroup, person: str, source: str, role: str | None) -> str:
    """Who may not be a member may still be removed, if only there is such a person."""
    if person == "nobody" or (role and (person == "zoe" or role not in CARDS)):
        return "REJECTED"
    return model.decide(person, Decision(source, role))


def _stands(model: PlainGroup, person: str) -> tuple[str | None, str | None]:
    standing = model.stands.get(person)
    return (standing.source, standing.role) if standing and standing.role else (None, None)


# --- who may undo what ----------------------------------------------------------------------------------------------


async def test_a_manual_assignment_survives_removal_by_a_journey_and_by_the_rules(group: Group) -> None:
    assert (await group.assign({"ann": CHAMPION})).outcomes == ["APPLIED"]
    answer = await group.journey_remove("ann")
    assert (answer.outcomes, answer.stands, answer.errors) == (["OVERRULED"], [("MANUAL", CHAMPION)], [])
    await group.maintain()  # no rule matches, which would remove a SYSTEM member
    found = await group.state()
    assert (found.members, found.removed) == ({"ann": (CHAMPION, "MANUAL")}, {})
    assert found.events == [("ann", "MANUAL", "APPLIED"), ("ann", "JOURNEY", "OVERRULED")]


async def test_a_journey_assignment_survives_the_rules(group: Group) -> None:
    assert (await group.journey_assign(CHAMPION, "ann", "bob")).outcomes == ["APPLIED", "APPLIED"]
    await give_title(group.api.db, "bob", "chief")  # another role by the rules; for ann none
    await group.maintain()
    found = await group.state()
    assert found.members == {"ann": (CHAMPION, "JOURNEY"), "bob": (CHAMPION, "JOURNEY")}
    assert found.events[2:] == [("bob", "SYSTEM", "OVERRULED")]


async def test_a_manual_removal_survives_assignment_by_a_journey_and_by_the_rules(group: Group) -> None:
    await give_title(group.api.db, "ann", "chief")
    await group.maintain()
    assert (await group.state()).members == {"ann": (CHIEF, "SYSTEM")}
    assert (await group.remove("ann")).outcomes == ["APPLIED"]
    answer = await group.journey_assign(CHAMPION, "ann")
    assert (answer.outcomes, answer.stands) == (["OVERRULED"], [(None, None)])
    await group.maintain()
    found = await group.state()
    assert (found.members, found.removed) == ({}, {"ann": "MANUAL"})
    sources = [("SYSTEM", "APPLIED"), ("MANUAL", "APPLIED"), ("JOURNEY", "OVERRULED"), ("SYSTEM", "OVERRULED")]
    assert found.events == [("ann", *one) for one in sources]


async def test_a_journey_removal_survives_assignment_by_the_rules(group: Group) -> None:
    await give_title(group.api.db, "ann", "chief")
    await group.maintain()
    await group.journey_remove("ann")
    await group.maintain()
    found = await group.state()
    assert (found.members, found.removed) == ({}, {"ann": "JOURNEY"})


async def test_a_manual_change_of_role_survives_journeys_and_the_rules(group: Group) -> None:
    await give_title(group.api.db, "ann", "chief")
    await group.maintain()
    answer = await group.assign({"ann": OTHER})
    assert answer.payload["results"][0]["standing"]["action"] == "CHANGE_ROLE"
    assert (await group.journey_assign(CHAMPION, "ann")).outcomes == ["OVERRULED"]
    await group.maintain()
    assert (await group.state()).members == {"ann": (OTHER, "MANUAL")}


async def test_a_later_manual_decision_replaces_an_earlier_one(group: Group) -> None:
    assert (await group.assign({"ann": CHAMPION})).outcomes == ["APPLIED"]
    assert (await group.remove("ann")).outcomes == ["APPLIED"]
    assert (await group.assign({"ann": OTHER})).outcomes == ["APPLIED"]
    assert (await group.assign({"ann": CHIEF})).outcomes == ["APPLIED"]
    found = await group.state()
    assert (found.members, found.removed, len(found.events)) == ({"ann": (CHIEF, "MANUAL")}, {}, 4)


async def test_a_journey_replaces_what_the_rules_and_earlier_journeys_decided(group: Group) -> None:
    await give_title(group.api.db, "ann", "chief")
    await group.maintain()
    assert (await group.journey_assign(CHAMPION, "ann")).outcomes == ["APPLIED"]
    assert (await group.journey_assign(OTHER, "ann")).outcomes == ["APPLIED"]
    assert (await group.journey_remove("ann")).outcomes == ["APPLIED"]
    assert (await group.state()).removed == {"ann": "JOURNEY"}


async def test_a_manual_decision_replaces_a_journeys(group: Group) -> None:
    await group.journey_remove("ann")
    assert (await group.assign({"ann": CHAMPION})).outcomes == ["APPLIED"]
    assert (await group.state()).members == {"ann": (CHAMPION, "MANUAL")}


async def test_whoever_is_overruled_learns_what_stands_and_the_attempt_is_on_record(group: Group) -> None:
    stands = (await group.assign({"ann": CHAMPION})).payload["results"][0]["standing"]
    answer = await group.journey_assign(OTHER, "ann")
    told = answer.payload["results"][0]
    assert (told["role"]["name"], told["source"], told["standing"]) == (CHAMPION, "MANUAL", stands)
    query = """query ($id: ID!) { buyingGroup(id: $id) { history(first: 10) { totalCount edges { node {
      actor journey source action outcome person { name } role { name } } } } } }"""
    history = (await group.api.data(query, id=group.global_id))["buyingGroup"]["history"]
    assert history["totalCount"] == 2
    assert history["edges"][0]["node"] == {
        "actor": "local",
        "journey": "Spring nurture",
        "source": "JOURNEY",
        "action": "CHANGE_ROLE",
        "outcome": "OVERRULED",
        "person": {"name": "ann"},
        "role": {"name": OTHER},
    }


async def test_what_a_system_job_could_not_do_is_recorded_once_per_standing_decision_and_role(group: Group) -> None:
    await give_title(group.api.db, "ann", "chief")
    await group.remove("ann")

    async def maintained() -> tuple[int, int]:
        told = await maintain(group.api, group.interest_id)
        return told["progress"]["overruled"], len((await group.state()).events)

    assert await maintained() == (1, 2)
    assert await maintained() == (0, 2)
    await give_title(group.api.db, "ann", "influencer")  # another role
    assert await maintained() == (1, 3)
    assert await maintained() == (0, 3)
    await give_title(group.api.db, "ann", "chief")  # the first again, against the same decision
    assert await maintained() == (0, 3)
    await group.assign({"ann": CHAMPION})  # another decision
    assert await maintained() == (1, 5)
    assert await maintained() == (0, 5)


async def test_the_same_decision_again_is_unchanged_unless_the_source_is_higher(group: Group) -> None:
    await give_title(group.api.db, "ann", "chief")
    await group.maintain()
    assert (await group.journey_assign(CHIEF, "ann")).outcomes == ["APPLIED"]  # now it is the journey's
    assert (await group.journey_assign(CHIEF, "ann")).outcomes == ["UNCHANGED"]
    assert (await group.assign({"ann": CHIEF})).outcomes == ["APPLIED"]
    assert (await group.state()).members == {"ann": (CHIEF, "MANUAL")}
    assert (await group.assign({"ann": CHIEF})).outcomes == ["UNCHANGED"]
    lower = await group.journey_assign(CHIEF, "ann")
    assert (lower.outcomes, lower.stands) == (["UNCHANGED"], [("MANUAL", CHIEF)])
    await group.maintain()
    assert [source for _, source, _ in (await group.state()).events] == ["SYSTEM", "JOURNEY", "MANUAL"]


async def test_the_same_removal_again_is_unchanged_unless_the_source_is_higher(group: Group) -> None:
    await group.assign({"bob": CHAMPION})
    await group.journey_assign(CHAMPION, "ann")
    assert (await group.journey_remove("ann")).outcomes == ["APPLIED"]
    assert (await group.journey_remove("ann")).outcomes == ["UNCHANGED"]
    assert (await group.remove("ann", reason="left the project")).outcomes == ["APPLIED"]
    assert (await group.remove("ann")).outcomes == ["UNCHANGED"]
    assert (await group.journey_remove("ann")).outcomes == ["UNCHANGED"]
    found = await group.state()
    assert (found.members, found.removed) == ({"bob": (CHAMPION, "MANUAL")}, {"ann": "MANUAL"})
    assert len(found.events) == 4


async def test_removing_someone_who_is_no_member_stands_against_lower_sources(group: Group) -> None:
    assert (await group.journey_remove("ann")).outcomes == ["APPLIED"]
    assert (await group.remove("bob")).outcomes == ["APPLIED"]
    for person in ("ann", "bob"):
        await give_title(group.api.db, person, "chief")
    await group.maintain()
    assert (await group.journey_assign(CHIEF, "bob")).outcomes == ["OVERRULED"]
    found = await group.state()
    assert (found.members, found.removed) == ({}, {"ann": "JOURNEY", "bob": "MANUAL"})
    assert (await group.remove("zoe")).outcomes == ["APPLIED"]  # of no account of the hierarchy, for now


async def test_who_stops_matching_leaves_and_may_match_again(group: Group) -> None:
    for words, expected in (("chief", {"ann": (CHIEF, "SYSTEM")}), (None, {}), ("influencer", {"ann": (INFLUENCER, "SYSTEM")})):
        await give_title(group.api.db, "ann", words)
        await group.maintain()
        found = await group.state()
        assert (found.members, found.removed) == (expected, {})  # no removal by the system ever stands
    assert found.events == [("ann", "SYSTEM", "APPLIED")] * 3
    await give_title(group.api.db, "ann", None)
    await group.maintain()
    assert (await group.journey_assign(OTHER, "ann")).outcomes == ["APPLIED"]  # nothing stands against it


async def test_a_removed_person_stays_visible_as_removed_and_counts_nowhere_else(group: Group) -> None:
    await group.assign({"ann": CHIEF, "bob": CHAMPION})
    await group.remove("ann", reason="asked us to")
    query = """query ($id: ID!, $groups: BuyingGroupFilter) {
      buyingGroup(id: $id) {
        memberCount members { totalCount edges { node { name } } } roles { role { name } assigned }
        removedMembers { totalCount edges { node { name } formerRole { name } source removedAt removedBy reason } }
      }
      people(filter: { memberOf: $groups }) { edges { node { name } } }
      removed: people(filter: { removedFrom: $groups }) { edges { node { name } } }
      holding: buyingGroups(filter: { membersInRole: [{ roleId: "ROLE", atLeast: 1 }] }) { totalCount }
      missing: buyingGroups(filter: { missingRoleIds: ["ROLE"] }) { totalCount }
    }""".replace("ROLE", group.role(CHIEF))
    shown = await group.api.data(query, id=group.global_id, groups={"search": "interest"})
    found = shown["buyingGroup"]
    assert (found["memberCount"], found["members"]) == (1, {"totalCount": 1, "edges": [{"node": {"name": "bob"}}]})
    assert {one["role"]["name"]: one["assigned"] for one in found["roles"]} == {CHIEF: 0, INFLUENCER: 0, CHAMPION: 1, OTHER: 0}
    (edge,) = found["removedMembers"]["edges"]
    assert edge.pop("removedAt").endswith("Z")
    assert edge == {
        "node": {"name": "ann"},
        "formerRole": {"name": CHIEF},
        "source": "MANUAL",
        "removedBy": "local",
        "reason": "asked us to",
    }
    assert shown["people"]["edges"] == [{"node": {"name": "bob"}}]
    assert shown["removed"]["edges"] == [{"node": {"name": "ann"}}]
    assert (shown["holding"]["totalCount"], shown["missing"]["totalCount"]) == (0, 1)


# --- who may be a member, and what a call refuses -------------------------------------------------------------------


async def test_the_acting_source_follows_from_the_mutation_not_from_what_is_claimed(group: Group) -> None:
    for name, given_by_hand in (
        ("assignMembers", {"members": [{"personId": group.person("ann"), "roleId": group.role(OTHER)}]}),
        ("removeMembers", {"personIds": [group.person("ann")]}),
    ):
        wanted = {"buyingGroupId": group.global_id, **given_by_hand, "source": "MANUAL"}
        mutation = f"mutation ($input: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $input) {{ userErrors {{ code }} }} }}"
        (error,) = await group.api.errors(mutation, input=wanted)
        assert "source" in error["message"]
    assert (await group.journey_assign(OTHER, "ann")).stands == [("JOURNEY", OTHER)]
    assert (await group.assign({"bob": OTHER})).stands == [("MANUAL", OTHER)]


async def test_a_role_on_no_card_of_the_groups_template_is_invalid(group: Group) -> None:
    answer = await group.assign({"ann": CHAMPION, "bob": "Practitioner"})
    assert (answer.outcomes, answer.errors) == (["APPLIED", "REJECTED"], [("members.1.roleId", "INVALID")])
    answer = await group.journey_assign("Practitioner", "bob", "cid")
    assert (answer.nothing_done, answer.errors) == (True, [("roleId", "INVALID")])
    found = await group.state()
    assert (found.members, len(found.events)) == ({"ann": (CHAMPION, "MANUAL")}, 1)


async def test_a_role_that_the_newest_version_dropped_is_invalid_before_maintenance_already(group: Group) -> None:
    template = (await rows(group.api.db, "MATCH (t:RoleTemplate) RETURN t.id AS id"))[0]["id"]
    cards = [card(group.roles[name], RULES.get(name), members_required=2) for name in (CHIEF, INFLUENCER, CHAMPION)]
    await templates.update(group.api.db, template, "Shorter", None, cards, by=BY)
    answer = await group.assign({"ann": OTHER, "bob": CHAMPION})
    assert (answer.outcomes, answer.errors) == (["REJECTED", "APPLIED"], [("members.0.roleId", "INVALID")])


async def test_who_relates_to_no_account_of_the_hierarchy_is_refused_by_place_and_the_others_are_done(group: Group) -> None:
    answer = await group.assign({"ann": CHAMPION, "zoe": CHAMPION, "bob": CHAMPION})
    assert answer.outcomes == ["APPLIED", "REJECTED", "APPLIED"]
    assert answer.errors == [("members.1.personId", "NOT_IN_ACCOUNT")]
    assert answer.stands[1] == (None, None)
    assert answer.payload["buyingGroup"]["memberCount"] == 2
    answer = await group.journey_assign(OTHER, "zoe", "cid")
    assert (answer.outcomes, answer.errors) == (["REJECTED", "APPLIED"], [("personIds.0", "NOT_IN_ACCOUNT")])
    assert len((await group.state()).events) == 3  # the rejected are not recorded


async def test_any_account_of_the_hierarchy_makes_a_person_eligible_and_the_nearest_is_recorded(group: Group) -> None:
    await group.assign({"bob": CHAMPION, "cid": CHAMPION})
    query = """query ($id: ID!) { buyingGroup(id: $id) { members { edges { node { name } account { name } distance } } } }"""
    edges = (await group.api.data(query, id=group.global_id))["buyingGroup"]["members"]["edges"]
    assert [(e["node"]["name"], e["account"]["name"], e["distance"]) for e in edges] == [("bob", "top", 1), ("cid", "home", 0)]


@pytest.mark.parametrize(("at", "through"), NEAREST)
async def test_a_decision_holds_through_the_nearest_relation_and_goes_over_to_a_nearer_one(
    api: Api, at: tuple[str, ...], through: str
) -> None:
    planted = await plant(api.db, NEIGHBORHOOD, [Someone("all", dict.fromkeys(at)), Someone("one", {"cousin": None})])
    sold = await sell(api.db, [card((await role_ids(api.db))[OTHER])], [planted["home"]], follow=True)
    group = await Group.of(api, planted, sold, "home")
    await group.assign({"all": OTHER, "one": OTHER})
    before = await members_of(api.db, group.id)
    assert {person: account for person, (_, _, account, _) in before.items()} == {"all": through, "one": "cousin"}
    await people.upsert(api.db, [{"externalId": "one", "accounts": [{"accountExternalId": key} for key in at]}], by=BY)
    await group.maintain()
    after = await members_of(api.db, group.id)
    assert after["one"] == after["all"] == before["all"]


async def test_a_decision_its_record_and_the_recount_are_one_statement(group: Group) -> None:
    """So nobody ever sees, and no failure ever leaves, the one without the other."""
    db, ann, manual = group.api.db, group.planted["ann"], AssignmentSource.MANUAL
    db.statements = 0
    await assign(db, group.id, [(ann, group.roles[CHIEF])], source=manual, by=BY)
    assert db.statements == 1
    assert (await group.state()).completeness == pytest.approx(100 / 3)
    db.statements = 0
    await remove(db, group.id, [ann], source=manual, by=BY)
    assert db.statements == 1
    found = await group.state()
    assert (found.completeness, len(found.events)) == (0, 2)


async def test_what_the_payload_tells_of_the_group_is_read_by_the_deciding_statement(group: Group) -> None:
    mutation = """mutation ($input: AssignMembersInput!) { assignMembers(input: $input) {
      results { personId outcome } buyingGroup { completeness memberCount members(first: 5) { edges { node { externalId } } } }
      userErrors { code } } }"""
    one = {"personId": group.person("ann"), "roleId": group.role(CHAMPION)}
    group.api.db.statements = 0
    payload = (await group.api.data(mutation, input={"buyingGroupId": group.global_id, "members": [one]}))["assignMembers"]
    assert group.api.db.statements == 1
    assert payload == {
        "results": [{"personId": one["personId"], "outcome": "APPLIED"}],
        "buyingGroup": {
            "completeness": pytest.approx(100 / 6),
            "memberCount": 1,
            "members": {"edges": [{"node": {"externalId": "ann"}}]},
        },
        "userErrors": [],
    }

    unknown = await group.api.data(mutation, input={"buyingGroupId": ids.encode("BuyingGroup", NOBODY), "members": [one]})
    assert unknown["assignMembers"] == {"results": [], "buyingGroup": None, "userErrors": [{"code": "NOT_FOUND"}]}


@pytest.mark.parametrize("when", ["before it was done", "after it was done"])
async def test_a_decision_of_which_nobody_knows_how_it_ended_is_made_once(
    group: Group, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    await group.assign({"bob": CHAMPION})
    run, lost = Db._rows, 0

    async def breaking(self: Db, session: Any, query: Any, params: Any) -> Any:
        """The connection breaks, once for each decision."""
        nonlocal lost
        if query.mode == "read":
            return await run(self, session, query, params)
        lost += 1
        if when == "after it was done":
            await run(self, session, query, params)
        raise ServiceUnavailable("the connection broke")

    monkeypatch.setattr(Db, "_rows", breaking)
    done = await group.assign({"ann": CHAMPION, "bob": CHAMPION, "zoe": OTHER})
    assert done.outcomes == ["APPLIED", "UNCHANGED", "REJECTED"]
    assert (await group.remove("ann", "cid")).outcomes == ["APPLIED", "APPLIED"]
    assert lost == 2
    found = await group.state()
    assert (found.members, found.removed) == ({"bob": (CHAMPION, "MANUAL")}, {"ann": "MANUAL", "cid": "MANUAL"})
    assert Counter(found.events) == Counter(
        {("bob", "MANUAL", "APPLIED"): 1, ("ann", "MANUAL", "APPLIED"): 2, ("cid", "MANUAL", "APPLIED"): 1}
    )


async def test_more_than_50_people_in_one_call_and_nothing_is_done(group: Group) -> None:
    crowd = [Someone(f"p{n}", {"home": None}) for n in range(51)]
    group.planted.update(await plant(group.api.db, {"home": "top"}, crowd))
    keys = [one.key for one in crowd]
    for answer, field in (
        (await group.assign(dict.fromkeys(keys, OTHER)), "members"),
        (await group.remove(*keys), "personIds"),
        (await group.journey_assign(OTHER, *keys), "personIds"),
        (await group.journey_remove(*keys), "personIds"),
    ):
        assert (answer.nothing_done, answer.errors) == (True, [(field, "LIMIT_EXCEEDED")])
    assert (await group.state()).edges == 0
    assert (await group.assign(dict.fromkeys(keys[:50], OTHER))).outcomes == ["APPLIED"] * 50


async def test_a_person_twice_in_one_call_and_nothing_is_done(group: Group) -> None:
    for answer, field in (
        (await group.assign([("ann", OTHER), ("bob", OTHER), ("ann", CHAMPION)]), "members.2.personId"),
        (await group.remove("ann", "bob", "ann"), "personIds.2"),
        (await group.journey_assign(OTHER, "ann", "bob", "ann"), "personIds.2"),
        (await group.journey_remove("ann", "bob", "ann"), "personIds.2"),
    ):
        assert (answer.nothing_done, answer.errors) == (True, [(field, "INVALID")])
    assert (await group.state()).edges == 0


async def test_nobody_named_is_invalid(group: Group) -> None:
    for answer, field in (
        (await group.assign({}), "members"),
        (await group.remove(), "personIds"),
        (await group.journey_assign(OTHER), "personIds"),
        (await group.journey_remove(), "personIds"),
    ):
        assert (answer.nothing_done, answer.errors) == (True, [(field, "INVALID")])


HOSTILE = ["", " ", "nobody", "per_", "per_x' OR 1=1 //", "}) DETACH DELETE n //", "\u0000", "x" * 20_000, "per_" + "0" * 36]


async def test_people_who_do_not_exist_are_refused_by_place_and_the_others_are_done(group: Group) -> None:
    unknown = [*HOSTILE, ids.encode("Person", "00000000-0000-0000-0000-000000000000"), group.role(OTHER), group.global_id]
    answer = await group.assign([("ann", OTHER), *((one, OTHER) for one in unknown)])
    assert answer.outcomes == ["APPLIED", *["REJECTED"] * len(unknown)]
    assert answer.errors == [(f"members.{place + 1}.personId", "NOT_FOUND") for place in range(len(unknown))]
    assert [one["personId"] for one in answer.payload["results"][1:]] == unknown  # as sent
    assert [one["person"] for one in answer.payload["results"][1:]] == [None] * len(unknown)
    answer = await group.remove(*unknown)
    assert answer.errors == [(f"personIds.{place}", "NOT_FOUND") for place in range(len(unknown))]
    assert (await group.journey_remove(*unknown)).errors == answer.errors
    assert (await group.journey_assign(OTHER, *unknown)).errors == answer.errors
    assert (await group.state()).members == {"ann": (OTHER, "MANUAL")}


@pytest.mark.parametrize("unknown", [*HOSTILE, ids.encode("Person", "00000000-0000-0000-0000-000000000000")])
async def test_groups_accounts_interests_and_roles_that_do_not_exist_are_refused(group: Group, unknown: str) -> None:
    people_named = {"personIds": [group.person("ann")]}
    members = {"members": [{"personId": group.person("ann"), "roleId": group.role(OTHER)}]}
    for name, wanted in (("assignMembers", members), ("removeMembers", people_named)):
        answer = await group.send(name, {"buyingGroupId": unknown, **wanted})
        assert (answer.nothing_done, answer.errors) == (True, [("buyingGroupId", "NOT_FOUND")])
    for more, field in (({"accountId": unknown}, "accountId"), ({"solutionInterestId": unknown}, "solutionInterestId")):
        assert (await group.journey_assign(OTHER, "ann", **more)).errors == [(field, "NOT_FOUND")]
        assert (await group.journey_remove("ann", **more)).errors == [(field, "NOT_FOUND")]
    assert (await group.journey_assign(unknown, "ann")).errors == [("roleId", "INVALID")]
    assert (await group.assign({"ann": unknown})).errors == [("members.0.roleId", "INVALID")]
    assert (await group.state()).edges == 0


async def test_a_journey_names_itself_and_texts_have_their_limits(group: Group) -> None:
    for journey in ("", "  ", "x" * 256):
        for answer in (
            await group.journey_assign(OTHER, "ann", journey=journey),
            await group.journey_remove("ann", journey=journey),
        ):
            assert (answer.nothing_done, answer.errors) == (True, [("journey", "INVALID")])
    answer = await group.remove("ann", reason="x" * 256)
    assert (answer.nothing_done, answer.errors) == (True, [("reason", "INVALID")])
    assert (await group.state()).edges == 0
    assert (await group.remove("ann", reason="x" * 255)).outcomes == ["APPLIED"]
    assert (await group.journey_assign(OTHER, "bob", journey="x" * 255)).outcomes == ["APPLIED"]


# --- completeness ---------------------------------------------------------------------------------------------------


async def _group_of(api: Api, cards: Mapping[str, Role]) -> Group:
    planted = await plant(api.db, TREE, CROWD)
    roles_by_name = await role_ids(api.db)
    wanted = [
        card(roles_by_name[name], required_for_completeness=one.required, members_required=one.members)
        for name, one in cards.items()
    ]
    return await Group.of(api, planted, await sell(api.db, wanted, [planted["home"]]), "home")


async def test_four_roles_of_which_three_have_someone_make_75(api: Api) -> None:
    group = await _group_of(api, dict.fromkeys((CHIEF, INFLUENCER, CHAMPION, OTHER), Role()))
    assert (await group.state()).completeness == 0
    answer = await group.assign({"ann": CHIEF, "bob": INFLUENCER, "cid": CHAMPION})
    assert answer.payload["buyingGroup"]["completeness"] == 75
    assert (await group.assign({"dee": CHAMPION})).payload["buyingGroup"]["completeness"] == 75  # a second one adds nothing
    assert (await group.assign({"eve": OTHER})).payload["buyingGroup"]["completeness"] == 100
    assert (await group.remove("ann")).payload["buyingGroup"]["completeness"] == 75


async def test_a_role_counts_by_its_share_of_the_members_it_requires(api: Api) -> None:
    group = await _group_of(api, {CHIEF: Role(members=3)})
    shown = [(await group.assign({p: CHIEF})).payload["buyingGroup"]["completeness"] for p in ("ann", "bob", "cid", "dee")]
    assert shown == [pytest.approx(100 / 3), pytest.approx(200 / 3), 100, 100]  # unrounded; never above 100
    role = "query ($id: ID!) { buyingGroup(id: $id) { roles { assigned required completeness } } }"
    assert (await group.api.data(role, id=group.global_id))["buyingGroup"]["roles"] == [
        {"assigned": 4, "required": 3, "completeness": 100}
    ]


async def test_completeness_is_the_mean_over_the_required_roles_unrounded(api: Api) -> None:
    group = await _group_of(api, {**dict.fromkeys((CHIEF, INFLUENCER, CHAMPION), Role()), OTHER: Role(required=False)})
    answer = await group.assign({"ann": CHIEF, "bob": CHAMPION, "cid": OTHER})
    assert answer.payload["buyingGroup"]["completeness"] == pytest.approx(66.66666666666667)
    roles_shown = """query ($id: ID!) { buyingGroup(id: $id) { missingRoles { name }
      roles { role { name } assigned required completeness } } }"""
    shown = (await group.api.data(roles_shown, id=group.global_id))["buyingGroup"]
    assert shown["missingRoles"] == [{"name": INFLUENCER}]
    assert [(r["role"]["name"], r["assigned"], r["required"], r["completeness"]) for r in shown["roles"]] == [
        (CHIEF, 1, 1, 100),
        (INFLUENCER, 0, 1, 0),
        (CHAMPION, 1, 1, 100),
        (OTHER, 1, 1, 100),
    ]


async def test_no_role_required_and_completeness_is_null(api: Api) -> None:
    group = await _group_of(api, dict.fromkeys((CHIEF, OTHER), Role(required=False)))
    assert (await group.state()).completeness is None
    assert (await group.assign({"ann": CHIEF})).payload["buyingGroup"]["completeness"] is None
    assert (await group.journey_remove("ann")).payload["buyingGroup"]["completeness"] is None


async def test_a_change_of_role_moves_completeness_with_it(api: Api) -> None:
    group = await _group_of(api, {CHIEF: Role(), CHAMPION: Role(members=2)})
    assert (await group.assign({"ann": CHIEF, "bob": CHIEF})).payload["buyingGroup"]["completeness"] == 50
    assert (await group.assign({"bob": CHAMPION})).payload["buyingGroup"]["completeness"] == 75
    assert (await group.journey_assign(CHIEF, "bob")).payload["buyingGroup"]["completeness"] == 75  # overruled


async def test_creation_and_maintenance_count_too(api: Api) -> None:
    planted = await plant(api.db, TREE, [Someone("ann", {"home": None}, "chief"), Someone("bob", {"home": None}, "influencer")])
    named = await role_ids(api.db)
    cards = [card(named[CHIEF], RULES[CHIEF]), card(named[INFLUENCER], RULES[INFLUENCER], members_required=2), card(named[OTHER])]
    group = await Group.of(api, planted, await sell(api.db, cards, [planted["home"]], follow=True), "home")
    assert (await group.state()).completeness == 50
    await give_title(api.db, "bob", None)
    await group.maintain()
    assert (await group.state()).completeness == pytest.approx(100 / 3)


async def test_another_groups_members_do_not_count(api: Api) -> None:
    group = await _group_of(api, {CHIEF: Role()})
    named = await role_ids(api.db)
    second = await sell(api.db, [card(named[CHIEF])], [group.planted["home"]], "Second")
    other = await Group.of(api, group.planted, second, "home")
    await other.assign({"ann": CHIEF})
    assert (await group.remove("bob")).payload["buyingGroup"]["completeness"] == 0
    assert (await state(api.db, other.id)).completeness == 100
