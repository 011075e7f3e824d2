"""Dry runs: they tell exactly what the change and maintenance then do, in words, and write nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from make import BY, Api, Person, Sold, card, live_template, members_of, plant, role_ids, rows, sell, title
from markets import PERSONAS, Market, bring, cards, markets, people, settle
from often import examples
from plainrules import Somebody, matches

from graph import audiences, jobs, templates
from graph.audiences import AudienceSpec
from graph.db import Db
from graph.errors import Refused
from graph.members import assign, journey_assign, journey_remove, remove
from graph.model import AssignmentSource, CardSpec, FilterOperator, HierarchyScope, SellingLevel
from graph.preview import Change, PreviewSpec, preview

IS = FilterOperator.IS
ROLES = ("Decision Maker", "Influencer", "Practitioner", "Champion")


async def everything(db: Db) -> list[Any]:
    """All that the graph holds."""
    nodes = await rows(db, "MATCH (n) RETURN elementId(n) AS id, labels(n) AS kind, properties(n) AS has ORDER BY id")
    edges = await rows(db, "MATCH ()-[r]->() RETURN elementId(r) AS id, type(r) AS kind, properties(r) AS has ORDER BY id")
    return nodes + edges


# --- what is told is what is done -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Story:
    """A market, the rules it starts with, what people and journeys decide, what changes, and the rules that come."""

    market: Market
    listed: int
    first: list[CardSpec]
    decisions: list[tuple[str, str, str, int]]
    changed: tuple[Somebody, ...]
    then: list[CardSpec]


@st.composite
def stories(draw: st.DrawFn) -> Story:
    market = draw(markets())
    accounts = list(market.tree)
    first = draw(cards(ROLES))
    names = [one.role_id for one in first]
    decision = st.tuples(
        st.sampled_from(("assign", "remove", "journey_assign", "journey_remove")),
        st.sampled_from(accounts),
        st.sampled_from([who.key for who in market.crowd]),
        st.integers(0, len(names) - 1),
    )
    keys = st.lists(st.sampled_from([who.key for who in market.crowd]), unique=True, max_size=4)
    changed = tuple(draw(people(key, accounts)) for key in draw(keys))
    # Cards of roles that have members stay, in any order and with other rules; others may come.
    others = [name for name in ROLES if name not in names]
    rules = draw(cards(draw(st.permutations([*names, *others[:1]])), least=4))
    roles = draw(st.permutations([*names, *others[:1]]))
    then = [replace(rules[place % len(rules)], role_id=role) for place, role in enumerate(roles)]
    return Story(market, draw(st.integers(1, len(accounts))), first, draw(st.lists(decision, max_size=8)), changed, then)


async def decide(db: Db, ids: Mapping[str, str], sold: Sold, story: Story, roles: Mapping[str, str]) -> None:
    """What people and journeys decide; what isn't allowed is rejected, as it would be."""
    for kind, home, key, place in story.decisions:
        group = sold.groups.get(ids[home])
        role = roles[story.first[place].role_id]
        if group is None:
            continue
        if kind == "assign":
            await assign(db, group, [(ids[key], role)], source=AssignmentSource.MANUAL, by=BY)
        elif kind == "remove":
            await remove(db, group, [ids[key]], source=AssignmentSource.MANUAL, by=BY)
        elif kind == "journey_assign":
            await journey_assign(db, ids[home], sold.interest_id, [ids[key]], role, journey="J", by=BY)
        else:
            await journey_remove(db, ids[home], sold.interest_id, [ids[key]], journey="J", by=BY)


State = dict[tuple[str, str], tuple[str, str, str, int]]


async def state(db: Db, accounts: Sequence[str], interest_id: str) -> State:
    """Every member by (group's account, person): (role, source, account, distance)."""
    found: State = {}
    for row in await rows(db, "MATCH (g:BuyingGroup {interestId: $id}) RETURN g.id AS id, g.accountId AS home", id=interest_id):
        for key, member in (await members_of(db, row["id"])).items():
            found[row["home"], key] = member
    return found


async def removed(db: Db, interest_id: str) -> set[tuple[str, str]]:
    found = await rows(
        db,
        """MATCH (p:Person)-[:REMOVED_FROM]->(g:BuyingGroup {interestId: $id}) RETURN g.accountId AS home, p.externalId AS p""",
        id=interest_id,
    )
    return {(row["home"], row["p"]) for row in found}


@pytest.mark.usefixtures("scores_stand")
@examples(5)
@given(story=stories())
async def test_maintenance_does_what_the_preview_told(db: Db, story: Story) -> None:
    ids = await settle(db, story.market)
    roles = await role_ids(db)
    names = {own: name for name, own in roles.items()}
    keys = {own: key for key, own in ids.items()}
    placed = [replace(one, role_id=roles[one.role_id]) for one in story.first]
    then = [replace(one, role_id=roles[one.role_id]) for one in story.then]
    accounts = [ids[key] for key in story.market.tree]
    sold = await sell(db, placed, accounts[: story.listed], follow=True)
    await decide(db, ids, sold, story, roles)
    await bring(db, story.changed)
    await audiences.update(db, sold.audience_id, AudienceSpec("Interest audience", account_ids=accounts), by=BY)

    before, untouched = await state(db, accounts, sold.interest_id), await everything(db)
    told = await preview(db, PreviewSpec(interest_id=sold.interest_id, cards=then, first=100))
    assert await everything(db) == untouched

    await templates.update(db, sold.template_id, "Interest template", None, then, by=BY)
    assert await preview(db, PreviewSpec(interest_id=sold.interest_id, first=100)) == told  # the same, as it stands now
    gone = await removed(db, sold.interest_id)
    job = await jobs.start_maintenance(db, sold.interest_id, by=BY)
    await jobs.run_all(db)
    after = await state(db, accounts, sold.interest_id)

    def named(changes: Sequence[Change]) -> dict[tuple[str, str], tuple[str | None, str | None, str | None, int | None]]:
        found = {
            (one.home_id, keys[one.person_id]): (
                one.from_role_id and names[one.from_role_id],
                one.to_role_id and names[one.to_role_id],
                one.through_id and keys[one.through_id],
                one.distance,
            )
            for one in changes
        }
        assert len(found) == len(changes)
        return found

    assert named(told.joins) == {pair: (None, m[0], m[2], m[3]) for pair, m in after.items() if pair not in before}
    assert named(told.leaves) == {pair: (m[0], None, None, None) for pair, m in before.items() if pair not in after}
    assert named(told.role_changes) == {
        pair: (before[pair][0], m[0], m[2], m[3]) for pair, m in after.items() if pair in before and before[pair][0] != m[0]
    }
    assert (told.joins_total, told.leaves_total, told.role_changes_total) == (
        len(told.joins),
        len(told.leaves),
        len(told.role_changes),
    )
    assert (told.groups, told.new_groups) == (story.listed, len(accounts) - story.listed)
    assert all((one.group_id is None) is (one.home_id not in sold.groups) for one in told.joins)
    crowd = [next((new for new in story.changed if new.key == who.key), who) for who in story.market.crowd]
    assert told.overruled == sum(
        (ids[home], key) in gone
        or (before.get((ids[home], key), ("", ""))[1] in ("MANUAL", "JOURNEY") and before[ids[home], key][0] != role)
        for home in list(story.market.tree)[: story.listed]
        for key, (role, *_) in matches(story.market.tree, home, story.then, crowd, PERSONAS).items()
    )
    (done,) = await rows(
        db, "MATCH (j:Job {id: $id}) RETURN j.membersAdded AS a, j.membersRemoved AS r, j.rolesChanged AS c", id=job
    )
    assert done == {"a": told.joins_total, "r": told.leaves_total, "c": told.role_changes_total}

    nothing = await preview(db, PreviewSpec(interest_id=sold.interest_id))
    assert (nothing.joins_total, nothing.leaves_total, nothing.role_changes_total, nothing.new_groups) == (0, 0, 0, 0)


# --- through the API ------------------------------------------------------------------------------------------------

PREVIEW = """query($input: PreviewMembershipInput!) { previewMembership(input: $input) {
joins { ...All } joinsTotal leaves { ...All } leavesTotal roleChanges { ...All } roleChangesTotal overruled buyingGroups
newBuyingGroups rolesInUse { role { name } memberCount } } }
fragment All on PreviewChange { buyingGroup { name } account { externalId } person { externalId }
from { name } to { name } through { externalId } distance reason }"""
NOBODY = "00000000-0000-0000-0000-000000000000"


async def tell(api: Api, **given: Any) -> dict[str, Any]:
    return (await api.data(PREVIEW, input=given))["previewMembership"]


async def refusals(api: Api, **given: Any) -> list[tuple[str, str]]:
    found = await api.errors(PREVIEW, input=given)
    return [(error["message"], error["extensions"]["code"]) for error in found]


def pairs(changes: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    return [(one["account"]["externalId"], one["person"]["externalId"]) for one in changes]


def rule(role_id: str, *titles: str, **more: Any) -> dict[str, Any]:
    filters = [{"attribute": "JOB_TITLE", "operator": "IS", "values": list(titles)}]
    return {"roleId": f"rol_{role_id}", "autoAssign": True, "condition": {"match": "ALL", "filters": filters}, **more}


TREE = {"top": None, "home": "top", "sister": "top"}
CROWD = [
    Person("cto", {"home": None}, "CTO"),
    Person("lawyer", {"top": None}, "Lawyer"),
    Person("ceo", {"home": None}, "CEO"),
    Person("far", {"sister": None}, "CTO"),
]


async def test_each_change_is_told_with_its_reason(api: Api) -> None:
    roles, ids = await role_ids(api.db), await plant(api.db, TREE, CROWD)
    first = [
        card(roles["Decision Maker"], title(IS, "CTO"), HierarchyScope.ANCESTORS),
        card(roles["Champion"], title(IS, "CEO", "Lawyer"), HierarchyScope.ANCESTORS),
    ]
    sold = await sell(api.db, first, [ids["home"]], follow=False)
    wanted = [
        rule(roles["Champion"], "CTO", "CEO"),
        rule(roles["Decision Maker"], "CTO", scope="HIERARCHY"),
    ]
    told = await tell(api, solutionInterestId=f"int_{sold.interest_id}", cards=wanted)
    here = {"buyingGroup": {"name": "Interest for home"}, "account": {"externalId": "home"}}
    assert told == {
        "joins": [
            {
                **here,
                "person": {"externalId": "far"},
                "from": None,
                "to": {"name": "Decision Maker"},
                "through": {"externalId": "sister"},
                "distance": 2,
                "reason": "The card for Decision Maker matches: job title is 'CTO' (it is 'CTO'), through sister, 2 levels away.",
            }
        ],
        "joinsTotal": 1,
        "leaves": [
            {
                **here,
                "person": {"externalId": "lawyer"},
                "from": {"name": "Champion"},
                "to": None,
                "through": None,
                "distance": None,
                "reason": "No card matches; the nearest, Decision Maker, lacks job title is 'CTO' (it is 'Lawyer').",
            }
        ],
        "leavesTotal": 1,
        "roleChanges": [
            {
                **here,
                "person": {"externalId": "cto"},
                "from": {"name": "Decision Maker"},
                "to": {"name": "Champion"},
                "through": {"externalId": "home"},
                "distance": 0,
                "reason": "The card for Champion comes first: job title is 'CTO' or 'CEO' (it is 'CTO'), through home, "
                "the group's own account.",
            }
        ],
        "roleChangesTotal": 1,
        "overruled": 0,
        "buyingGroups": 1,
        "newBuyingGroups": 0,
        "rolesInUse": [],
    }


async def test_other_reasons(api: Api) -> None:
    roles, ids = await role_ids(api.db), await plant(api.db, TREE, CROWD)
    first = [card(roles["Decision Maker"], title(IS, "CTO", "Lawyer", "CEO"), HierarchyScope.HIERARCHY), card(roles["Champion"])]
    sold = await sell(api.db, first, [ids["home"]])
    await rows(api.db, "MATCH (:Person {externalId: 'lawyer'})-[w:WORKS_FOR]->() DELETE w")
    wanted = [rule(roles["Decision Maker"], "CEO"), rule(roles["Champion"], "CTO")]
    told = await tell(api, solutionInterestId=f"int_{sold.interest_id}", cards=wanted)
    assert {one["person"]["externalId"]: one["reason"] for one in (*told["leaves"], *told["roleChanges"])} == {
        "far": "No card with a rule looks as far as this person's accounts.",
        "lawyer": "No relation to any account of the group's hierarchy.",
        "cto": "The card for Champion matches, and the one for Decision Maker no longer does: job title is 'CTO' (it is 'CTO'), "
        "through home, the group's own account.",
    }


async def test_who_leaves_is_told_what_the_card_of_their_role_wants(api: Api) -> None:
    """Though another card lacks no more."""
    roles, ids = await role_ids(api.db), await plant(api.db, TREE, CROWD)
    first = [card(roles["Decision Maker"], title(IS, "CTO")), card(roles["Champion"], title(IS, "CEO"))]
    sold = await sell(api.db, first, [ids["home"]])
    wanted = [rule(roles["Decision Maker"], "CTO"), rule(roles["Champion"], "Chief")]
    (told,) = (await tell(api, solutionInterestId=f"int_{sold.interest_id}", cards=wanted))["leaves"]
    assert told["reason"] == "No card matches; the one for Champion lacks job title is 'Chief' (it is 'CEO')."


async def test_cards_that_cannot_be_saved_are_told(api: Api) -> None:
    """By the roles that people hold, however they came by them, as saving them would."""
    roles, ids = await role_ids(api.db), await plant(api.db, TREE, CROWD)
    names = {"Decision Maker": "CTO", "Champion": "CEO", "Influencer": "Nobody"}
    cards = {name: card(roles[name], title(IS, wanted)) for name, wanted in names.items()}
    sold = await sell(api.db, list(cards.values()), [ids["home"], ids["sister"]])
    interest = f"int_{sold.interest_id}"

    told = await tell(api, solutionInterestId=interest, cards=[rule(roles["Champion"], "CEO")])
    assert told["rolesInUse"] == [{"role": {"name": "Decision Maker"}, "memberCount": 2}]
    with pytest.raises(Refused, match="The card for Decision Maker can't be removed: it has 2 members in buying groups"):
        await templates.update(api.db, sold.template_id, "T", None, [cards["Champion"]], by=BY)

    kept = [rule(roles["Decision Maker"], "Lawyer"), rule(roles["Champion"], "CEO")]
    assert (await tell(api, solutionInterestId=interest, cards=kept))["rolesInUse"] == []
    await templates.update(api.db, sold.template_id, "T", None, [cards["Decision Maker"], cards["Champion"]], by=BY)
    assert (await tell(api, solutionInterestId=interest))["rolesInUse"] == []  # the template's own


async def test_the_interest_as_it_stands(api: Api) -> None:
    """What maintenance would do now, if the interest let it: with the template's newest version, for its audiences' accounts."""
    roles, ids = await role_ids(api.db), await plant(api.db, TREE, CROWD)
    sold = await sell(api.db, [card(roles["Champion"], title(IS, "CTO"))], [ids["home"]], follow=False)
    interest = f"int_{sold.interest_id}"
    nothing = await tell(api, solutionInterestId=interest)
    assert (nothing["joinsTotal"], nothing["leavesTotal"], nothing["roleChangesTotal"]) == (0, 0, 0)
    assert (nothing["buyingGroups"], nothing["newBuyingGroups"]) == (1, 0)
    await templates.update(api.db, sold.template_id, "T", None, [card(roles["Champion"], title(IS, "CEO"))], by=BY)
    spec = AudienceSpec("A", account_ids=[ids["home"], ids["sister"], ids["top"]])
    await audiences.update(api.db, sold.audience_id, spec, by=BY)
    await plant(api.db, {}, [Person("new", {"sister": None}, "CEO")])
    told = await tell(api, solutionInterestId=interest)
    assert pairs(told["joins"]) == [("home", "ceo"), ("sister", "new")]
    assert [one["buyingGroup"] for one in told["joins"]] == [{"name": "Interest for home"}, None]
    assert pairs(told["leaves"]) == [("home", "cto")]
    assert (told["buyingGroups"], told["newBuyingGroups"]) == (1, 2)


async def test_who_keeps_the_role_through_another_account_is_no_change(api: Api) -> None:
    roles = await role_ids(api.db)
    ids = await plant(api.db, TREE, [Person("p", {"home": "CTO", "top": "CTO"})])
    sold = await sell(api.db, [card(roles["Champion"], title(IS, "CTO"), HierarchyScope.ANCESTORS)], [ids["home"]])
    await rows(api.db, "MATCH (:Person)-[w:WORKS_FOR]->(:Account {externalId: 'home'}) DELETE w")
    told = await tell(api, solutionInterestId=f"int_{sold.interest_id}")
    assert (told["joinsTotal"], told["leavesTotal"], told["roleChangesTotal"], told["overruled"]) == (0, 0, 0, 0)


async def test_what_people_and_journeys_decided_stands(api: Api) -> None:
    roles = await role_ids(api.db)
    crowd = [Person(key, {"home": None}, "CTO") for key in ("moved", "removed", "left", "kept")]
    ids = await plant(api.db, TREE, [*crowd, Person("added", {"home": None}, "CEO")])
    sold = await sell(api.db, [card(roles["Champion"], title(IS, "CTO")), card(roles["Other"])], [ids["home"]], follow=True)
    group = sold.groups[ids["home"]]
    by_hand: list[tuple[str, str]] = [
        (ids["moved"], roles["Other"]),
        (ids["kept"], roles["Champion"]),
        (ids["added"], roles["Other"]),
    ]
    await assign(api.db, group, by_hand, source=AssignmentSource.MANUAL, by=BY)
    await remove(api.db, group, [ids["removed"]], source=AssignmentSource.MANUAL, by=BY)
    await journey_remove(api.db, ids["home"], sold.interest_id, [ids["left"]], journey="J", by=BY)
    for _ in range(2):  # a preview tells it each time, on record or not
        told = await tell(api, solutionInterestId=f"int_{sold.interest_id}")
        assert (told["joinsTotal"], told["leavesTotal"], told["roleChangesTotal"], told["overruled"]) == (0, 0, 0, 3)
        await jobs.start_maintenance(api.db, by=BY)
        await api.run_jobs()


async def test_rules_that_fill_nothing_empty_the_groups(api: Api) -> None:
    roles, ids = await role_ids(api.db), await plant(api.db, TREE, CROWD)
    sold = await sell(api.db, [card(roles["Champion"], title(IS, "CTO"))], [ids["home"], ids["sister"]])
    told = await tell(api, solutionInterestId=f"int_{sold.interest_id}", cards=[{"roleId": f"rol_{roles['Other']}"}])
    assert sorted(pairs(told["leaves"])) == [("home", "cto"), ("sister", "far")]
    assert {one["reason"] for one in told["leaves"]} == {"No card with a rule looks as far as this person's accounts."}


# --- templates and cards for an audience ----------------------------------------------------------------------------


async def audience(api: Api, *accounts: str, **more: Any) -> str:
    spec = AudienceSpec("Audience", account_ids=accounts or None, filter=more or None)
    return await audiences.create(api.db, spec, by=BY)


async def test_a_draft_for_an_audience(api: Api) -> None:
    roles, ids = await role_ids(api.db), await plant(api.db, TREE, CROWD)
    draft = await templates.create(api.db, "Draft", None, [card(roles["Champion"], title(IS, "CTO", "CEO"))], by=BY)
    to = await audience(api, ids["home"], ids["sister"], ids["top"])
    told = await tell(api, roleTemplateId=f"tpl_{draft}", accountAudienceId=f"aud_{to}")
    assert sorted(pairs(told["joins"])) == [("home", "ceo"), ("home", "cto"), ("sister", "far")]
    assert {one["buyingGroup"] for one in told["joins"]} == {None}
    assert (told["joinsTotal"], told["buyingGroups"], told["newBuyingGroups"]) == (3, 0, 3)
    assert [one["reason"] for one in told["joins"] if one["person"]["externalId"] == "far"] == [
        "The card for Champion matches: job title is 'CTO' or 'CEO' (it is 'CTO'), through sister, the group's own account."
    ]


async def test_cards_for_a_dynamic_audience(api: Api) -> None:
    roles = await role_ids(api.db)
    await plant(api.db, TREE, CROWD)
    await rows(api.db, "MATCH (a:Account) WHERE a.externalId IN ['home', 'top'] SET a.industry = 'Steel'")
    to = await audience(api, industries=["Steel"])
    told = await tell(api, cards=[rule(roles["Other"], "CTO", "Lawyer")], accountAudienceId=f"aud_{to}")
    assert sorted(pairs(told["joins"])) == [("home", "cto"), ("top", "lawyer")]
    assert told["newBuyingGroups"] == 2


async def test_an_interest_for_one_audience(api: Api) -> None:
    """What a creation job would make, and what would change in the audience's groups; other groups are left alone."""
    roles, ids = await role_ids(api.db), await plant(api.db, TREE, CROWD)
    sold = await sell(api.db, [card(roles["Champion"], title(IS, "CTO"))], [ids["home"], ids["top"]])
    to = await audience(api, ids["home"], ids["sister"])
    wanted = [rule(roles["Champion"], "CTO", "CEO", "Lawyer")]
    told = await tell(api, solutionInterestId=f"int_{sold.interest_id}", accountAudienceId=f"aud_{to}", cards=wanted)
    assert sorted(pairs(told["joins"])) == [("home", "ceo"), ("sister", "far")]
    assert (told["buyingGroups"], told["newBuyingGroups"]) == (1, 1)


async def test_another_template_for_an_interest(api: Api) -> None:
    roles, ids = await role_ids(api.db), await plant(api.db, TREE, CROWD)
    sold = await sell(api.db, [card(roles["Champion"], title(IS, "CTO"))], [ids["home"]])
    other = await live_template(api.db, [card(roles["Champion"], title(IS, "CEO"))], "Other")
    told = await tell(api, solutionInterestId=f"int_{sold.interest_id}", roleTemplateId=f"tpl_{other}")
    assert (pairs(told["joins"]), pairs(told["leaves"])) == ([("home", "ceo")], [("home", "cto")])


async def test_groups_at_the_top_are_told_once_each(api: Api) -> None:
    roles = await role_ids(api.db)
    ids = await plant(api.db, {**TREE, "alone": None}, [*CROWD, Person("other", {"alone": None}, "CTO")])
    wanted = [card(roles["Champion"], title(IS, "CTO"), HierarchyScope.DESCENDANTS)]
    sold = await sell(api.db, wanted, [ids["alone"]], level=SellingLevel.TOP)
    everywhere = AudienceSpec("A", account_ids=[ids[key] for key in (*TREE, "alone")])
    await audiences.update(api.db, sold.audience_id, everywhere, by=BY)
    told = await tell(api, solutionInterestId=f"int_{sold.interest_id}")
    assert sorted(pairs(told["joins"])) == [("top", "cto"), ("top", "far")]
    assert (told["buyingGroups"], told["newBuyingGroups"]) == (1, 1)


async def test_personas_are_known_to_cards_and_templates(api: Api) -> None:
    roles, ids = await role_ids(api.db), await plant(api.db, TREE, CROWD)
    create = "mutation($input: PersonaInput!) { createPersona(input: $input) { userErrors { code } } }"
    await api.data(create, input={"name": "Chief", "attributes": [{"attribute": "JOB_TITLE", "values": ["CTO", "CEO"]}]})
    filters = [{"attribute": "PERSONA", "operator": "IS", "values": ["chief"]}]
    cards = [{**rule(roles["Other"], "x"), "condition": {"match": "ALL", "filters": filters}}]
    to = f"aud_{await audience(api, ids['home'])}"
    told = await tell(api, cards=cards, accountAudienceId=to)
    assert sorted(pairs(told["joins"])) == [("home", "ceo"), ("home", "cto")]
    made = await api.data(
        "mutation($input: RoleTemplateInput!) { createRoleTemplate(input: $input) { roleTemplate { id } } }",
        input={"name": "T", "cards": cards},
    )
    template = made["createRoleTemplate"]["roleTemplate"]["id"]
    assert await tell(api, roleTemplateId=template, accountAudienceId=to) == told
    assert told["joins"][0]["reason"].startswith("The card for Other matches: persona is 'chief' (it is 'Chief'), through home")


# --- large ones -----------------------------------------------------------------------------------------------------


async def test_batches_add_up(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every group and account counts once, however they fall into batches; `first` lists as many of each kind."""
    roles = await role_ids(api.db)
    tree: dict[str, str | None] = {f"a{number}": None for number in range(7)}
    ids = await plant(api.db, tree, [Person(f"{t} {a}", {a: None}, t) for a in tree for t in ("CTO", "CEO", "Lawyer")])
    first = [card(roles["Champion"], title(IS, "CTO")), card(roles["Other"], title(IS, "Lawyer"))]
    sold = await sell(api.db, first, [ids[key] for key in list(tree)[:5]])
    await audiences.update(api.db, sold.audience_id, AudienceSpec("A", account_ids=[ids[key] for key in tree]), by=BY)
    again = await audience(api, *[ids[key] for key in tree])
    await jobs.start_creation(api.db, sold.interest_id, again, by=BY)  # two audiences with the same accounts; not run
    wanted = [rule(roles["Other"], "CEO", "CTO")]
    given = {"solutionInterestId": f"int_{sold.interest_id}", "cards": wanted}
    whole = await tell(api, **given, first=100)
    assert (whole["joinsTotal"], whole["leavesTotal"], whole["roleChangesTotal"]) == (5 + 2 * 2, 5, 5)
    assert (len(whole["joins"]), len(whole["leaves"]), len(whole["roleChanges"])) == (9, 5, 5)
    assert (whole["buyingGroups"], whole["newBuyingGroups"]) == (5, 2)
    monkeypatch.setattr("graph.preview.BATCH", 2)
    assert await tell(api, **given, first=100) == whole
    few = await tell(api, **given, first=3)
    assert few == {
        **whole,
        "joins": whole["joins"][:3],
        "leaves": whole["leaves"][:3],
        "roleChanges": whole["roleChanges"][:3],
    }


async def test_twenty_are_listed_unless_asked(api: Api) -> None:
    roles = await role_ids(api.db)
    ids = await plant(api.db, {"a": None}, [Person(f"p{number}", {"a": None}, "CTO") for number in range(25)])
    to = await audience(api, ids["a"])
    told = await tell(api, cards=[rule(roles["Other"], "CTO")], accountAudienceId=f"aud_{to}")
    assert (len(told["joins"]), told["joinsTotal"]) == (20, 25)


# --- what is refused ------------------------------------------------------------------------------------------------


async def test_what_is_missing_or_too_much(api: Api) -> None:
    role = (await role_ids(api.db))["Other"]
    some = [rule(role, "x")]
    nothing = "input: Name a solution interest, or an account audience to try a template or cards on."
    no_rules = "input: Without a solution interest, give the rules to try: roleTemplateId or cards."
    ids = await plant(api.db, {"a": None})
    to = f"aud_{await audience(api, ids['a'])}"
    bad = "BAD_USER_INPUT"
    assert await refusals(api) == [(f"{nothing}; {no_rules}", bad)]
    assert await refusals(api, cards=some) == [(nothing, bad)]
    assert await refusals(api, accountAudienceId=to) == [(no_rules, bad)]
    assert await refusals(api, accountAudienceId=to, cards=[]) == [("input.cards: Give at least one card.", bad)]
    both = {"cards": some, "roleTemplateId": f"tpl_{NOBODY}"}
    assert await refusals(api, accountAudienceId=to, **both) == [("input.cards: Give either roleTemplateId or cards.", bad)]
    for first in (0, 101, -1):
        wrong = f"input.first: Must be from 1 to 100, not {first}."
        assert await refusals(api, accountAudienceId=to, cards=some, first=first) == [(wrong, bad)]


@pytest.mark.parametrize(
    ("name", "id", "kind"),
    [
        ("solutionInterestId", f"int_{NOBODY}", "solution interest"),
        ("solutionInterestId", "nonsense", "solution interest"),
        ("roleTemplateId", f"tpl_{NOBODY}", "role template"),
        ("accountAudienceId", f"aud_{NOBODY}", "account audience"),
        ("accountAudienceId", f"tpl_{NOBODY}", "account audience"),
    ],
)
async def test_what_does_not_exist(api: Api, name: str, id: str, kind: str) -> None:
    roles, ids = await role_ids(api.db), await plant(api.db, {"a": None})
    sold = await sell(api.db, [card(roles["Other"])], [ids["a"]])
    given = {"solutionInterestId": f"int_{sold.interest_id}", name: id}
    assert await refusals(api, **given) == [(f"input.{name}: There is no {kind} with this id.", "BAD_USER_INPUT")]


async def test_wrong_cards_are_told_by_their_place(api: Api) -> None:
    role = (await role_ids(api.db))["Other"]
    ids = await plant(api.db, {"a": None})
    to = f"aud_{await audience(api, ids['a'])}"
    wanted = [rule(role, "x"), {"roleId": f"rol_{NOBODY}", "autoAssign": True, "maxDistance": -1}]
    assert await refusals(api, accountAudienceId=to, cards=wanted) == [
        (
            "input.cards.1.maxDistance: Must be from 0 to 1000, not -1.; "
            "input.cards.1.condition: A card with autoAssign needs a condition.; "
            "input.cards.1.roleId: There is no role with this id.",
            "BAD_USER_INPUT",
        )
    ]
    filters = [{"attribute": "PERSONA", "operator": "IS", "values": ["Boss"]}]
    asking = [{**rule(role, "x"), "condition": {"match": "ALL", "filters": filters}}]
    assert await refusals(api, accountAudienceId=to, cards=asking) == [
        ("input.cards.0.condition.filters.0.values.0: There is no persona named 'Boss'.", "BAD_USER_INPUT")
    ]
