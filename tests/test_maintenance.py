"""The maintenance job: what people and the rules decided, after everything around them has changed."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from deciding import Group, job, maintain
from make import BY, Api, card, completeness, live_template, members_of, plant, role_ids, rows, sell, title
from make import Person as Someone
from often import times
from plain import Decision, Role
from plain import Group as PlainGroup

from api import ids
from graph import accounts, audiences, interests, jobs, maintenance, people, slices, templates
from graph.audiences import AudienceSpec
from graph.db import Db, Tx
from graph.groups import delete as delete_groups
from graph.model import AttributeFilter, Condition, FilterOperator, HierarchyScope, Match, PersonAttribute, SellingLevel
from graph.queries import Query

CHIEF, INFLUENCER, PRACTITIONER, CHAMPION = "Decision Maker", "Influencer", "Practitioner", "Champion"
STARTS = FilterOperator.STARTS_WITH


# --- a market in plain Python ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rule:
    """A card: titles that begin with a word, of people in a scope and within a distance. No word: filled by hand."""

    role: str
    word: str | None
    scope: HierarchyScope = HierarchyScope.ACCOUNT
    within: int | None = None
    members: int = 1


RULES = [
    Rule(CHIEF, "chief", HierarchyScope.ANCESTORS),
    Rule(INFLUENCER, "head", HierarchyScope.HIERARCHY, 2, members=2),
    Rule(PRACTITIONER, "engineer", HierarchyScope.DESCENDANTS),
    Rule(CHAMPION, None),
]
SIDES = {
    HierarchyScope.ACCOUNT: (0,),
    HierarchyScope.ANCESTORS: (0, 1),
    HierarchyScope.DESCENDANTS: (0, 2),
    HierarchyScope.HIERARCHY: (0, 1, 2, 3),
}
Route = tuple[str, int]  # through which account, and how many levels away


@dataclass(slots=True)
class Market:
    """Accounts and people as they are now."""

    parents: dict[str, str | None]
    titles: dict[str, str | None] = field(default_factory=dict[str, str | None])
    jobs: dict[str, dict[str, str | None]] = field(default_factory=dict[str, dict[str, str | None]])  # person: account: title

    def up(self, account: str) -> list[str]:
        """The account and all above it, the nearest first."""
        parent = self.parents[account]
        return [account, *(self.up(parent) if parent else [])]

    def between(self, home: str, account: str) -> tuple[int, int] | None:
        """The steps between two accounts, and on which side of the first the other lies; None if nothing joins them."""
        up, own = self.up(home), self.up(account)
        shared = next((one for one in own if one in up), None)
        if shared is None:
            return None
        above, below = up.index(shared), own.index(shared)
        return above + below, 0 if above == below == 0 else 1 if below == 0 else 2 if above == 0 else 3

    def relations(self, home: str, person: str) -> Iterator[tuple[int, int, str, str]]:
        """A person's relations in the hierarchy of `home`: steps, side, account, title."""
        for account, held in self.jobs[person].items():
            if place := self.between(home, account):
                yield *place, account, held or self.titles[person] or ""

    def nearest(self, home: str, person: str) -> Route | None:
        """The account that makes a person eligible."""
        steps, _, account, _ = min(self.relations(home, person), default=(0, 0, "", ""))
        return (account, steps) if account else None

    def match(self, rules: Sequence[Rule], home: str, person: str) -> tuple[str, Route] | None:
        """The role that the rules give a person, by the first card that matches, and the nearest account by which it does."""
        for rule in rules:
            fits = [
                (steps, side, account)
                for steps, side, account, words in self.relations(home, person)
                if rule.word and words.lower().strip().startswith(rule.word)
                if side in SIDES[rule.scope] and (rule.within is None or steps <= rule.within)
            ]
            if fits:
                steps, _, account = min(fits)
                return rule.role, (account, steps)
        return None


@dataclass(slots=True)
class Follower:
    """A group, as the rules say it must be."""

    home: str
    plain: PlainGroup
    routes: dict[str, Route] = field(default_factory=dict[str, Route])

    def decide(self, market: Market, person: str, decision: Decision) -> str:
        """A person's or a journey's decision."""
        route = market.nearest(self.home, person)
        if decision.role and not route:
            return "REJECTED"
        found = self.plain.decide(person, decision)
        if found == "APPLIED" and decision.role and route:
            self.routes[person] = route
        return found

    def maintain(self, market: Market, rules: Sequence[Rule]) -> None:
        """A maintenance job: the rules decide, and those who were assigned otherwise hold through what is nearest now."""
        found = {p: match for p in market.jobs if (match := market.match(rules, self.home, p))}
        self.plain.maintain({person: role for person, (role, _) in found.items()})
        for person, (_, source) in self.plain.members().items():
            if source == "SYSTEM":
                self.routes[person] = found[person][1]
            elif route := market.nearest(self.home, person):
                self.routes[person] = route

    def members(self) -> dict[str, tuple[str, str, str, int]]:
        """As `members_of` gives them."""
        return {p: (*held, *self.routes[p]) for p, held in self.plain.members().items()}


WORDS = ["chief", "Chief of staff", " CHIEF buyer ", "Head of IT", "headhunter", "engineer", "Engineer II", "clerk", "", None]


def _random_market(dice: random.Random) -> Market:
    parents: dict[str, str | None] = {}
    for n in range(40):
        parents[f"a{n:02}"] = dice.choice(list(parents)) if n >= 5 and dice.random() < 0.85 else None
    market = Market(parents)
    for n in range(160):
        _hire(market, dice, f"p{n:03}")
    return market


def _hire(market: Market, dice: random.Random, person: str) -> None:
    market.titles[person] = dice.choice(WORDS)
    some = dice.sample(list(market.parents), dice.choice([1, 1, 1, 2, 3]))
    market.jobs[person] = {account: dice.choice([None, None, *WORDS]) for account in some}


def _change(market: Market, dice: random.Random) -> set[str]:
    """Something happens to somebody; returns to whom, or to which account."""
    person = dice.choice(list(market.jobs))
    kind = dice.choice(["title", "title", "held", "leaves", "comes", "moves", "hired", "account"])
    if kind == "title":
        market.titles[person] = dice.choice(WORDS)
    elif kind == "held" and market.jobs[person]:
        market.jobs[person][dice.choice(list(market.jobs[person]))] = dice.choice(WORDS)
    elif kind == "leaves":
        market.jobs[person].clear()
    elif kind == "comes":
        market.jobs[person][dice.choice(list(market.parents))] = dice.choice(WORDS)
    elif kind == "moves":
        market.jobs[person] = {dice.choice(list(market.parents)): dice.choice(WORDS)}
    elif kind == "hired":
        person = f"p{len(market.jobs):03}"
        _hire(market, dice, person)
    elif kind == "account":
        account = dice.choice(list(market.parents))
        market.parents[account] = dice.choice([None, *(a for a in market.parents if account not in market.up(a))])
        return {account}
    return {person}


async def _write(db: Db, market: Market, changed: set[str]) -> None:
    """Brings the graph to what the market is, for the people and accounts that changed."""
    moved = [{"externalId": a, "name": a, "parentExternalId": market.parents[a]} for a in sorted(changed & market.parents.keys())]
    assert not moved or not (await accounts.upsert(db, moved, by=BY)).problems
    batch = [
        {
            "externalId": person,
            "lastName": person,
            "jobTitle": market.titles[person],
            "accounts": [{"accountExternalId": a, "title": held} for a, held in market.jobs[person].items()],
        }
        for person in sorted(changed & market.jobs.keys())
    ]
    assert not batch or not (await people.upsert(db, batch, by=BY)).problems


# --- the whole of it ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sliced", [False, True])
@pytest.mark.parametrize("seed", range(1, times(1) + 1))
async def test_after_500_changes_and_300_decisions_groups_are_exactly_what_the_rules_give(
    api: Api, seed: int, sliced: bool, looks: Looks, monkeypatch: pytest.MonkeyPatch
) -> None:
    if sliced:
        _cut_small(monkeypatch)
    monkeypatch.setattr(maintenance, "OVERLAP", (0.0, 0.0))  # so that what isn't told is missed
    monkeypatch.setattr(maintenance, "BATCH", 5)
    monkeypatch.setattr(maintenance, "SETTLED", 5)
    dice = random.Random(seed)
    market = _random_market(dice)
    await _write(api.db, market, market.parents.keys() | market.jobs.keys())
    planted = {
        row["key"]: row["id"]
        for row in await rows(api.db, "MATCH (n) WHERE n.externalId IS NOT NULL RETURN n.externalId AS key, n.id AS id")
    }
    homes = dice.sample(list(market.parents), 12)
    cards = await _cards(api.db, RULES)
    following = await sell(api.db, cards, [planted[a] for a in homes], "Following", follow=True)
    resting = await sell(api.db, cards, [planted[a] for a in homes[:4]], "Resting")
    groups = {home: await Group.of(api, planted, following, home) for home in homes}
    rests = {home: await Group.of(api, planted, resting, home) for home in homes[:4]}
    models, at_rest = _made(market, homes), _made(market, homes[:4])
    await _compare(api.db, groups, models)

    for _ in range(2):
        moved = set[str]()
        for _ in range(10):
            changed = set[str]().union(*(_change(market, dice) for _ in range(25)))
            moved |= changed & market.parents.keys()
            await _write(api.db, market, changed)
            planted.update(
                {row["key"]: row["id"] for row in await rows(api.db, "MATCH (p:Person) RETURN p.externalId AS key, p.id AS id")}
            )
            for _ in range(15):
                home = dice.choice(homes)
                both = [(groups[home], models[home])]
                both += [(rests[home], at_rest[home])] if home in rests else []
                await _decide(market, both, dice)
        told = await maintain(api)
        assert (told["status"], told["error"]) == ("SUCCEEDED", None)
        assert looks.groups <= {groups[home].id for home in homes if moved & set(market.up(home))}
        assert looks.people
        for model in models.values():
            model.maintain(market, RULES)
        await _compare(api.db, groups, models)
        await _compare(api.db, rests, at_rest)  # its interest doesn't follow: people stay as they were decided

        before = await _everything(api.db)
        looks.forget()
        told = await maintain(api)
        assert told["status"] == "SUCCEEDED"
        assert {name for name, count in told["progress"].items() if count} <= {"accountsTotal", "accountsDone"}
        assert (looks.groups, looks.people) == (set(), set())
        assert await _everything(api.db) == before


@dataclass(slots=True)
class Looks:
    """Whom maintenance looks at: groups as wholes, and people."""

    groups: set[str] = field(default_factory=set[str])
    people: set[str] = field(default_factory=set[str])

    def forget(self) -> None:
        self.groups.clear()
        self.people.clear()


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Looks:
    """What maintenance looks at from now on."""
    seen, changes, wanted = Looks(), maintenance.changes, maintenance.wanted

    async def whole(tx: Any, matcher: Any, group_ids: Sequence[str]) -> Any:
        seen.groups.update(group_ids)
        return await changes(tx, matcher, group_ids)

    async def some(tx: Any, matcher: Any, interest_id: str, version: int, person_ids: Sequence[str]) -> Any:
        seen.people.update(person_ids)
        return await wanted(tx, matcher, interest_id, version, person_ids)

    monkeypatch.setattr(maintenance, "changes", whole)
    monkeypatch.setattr(maintenance, "wanted", some)
    return seen


async def _cards(db: Db, rules: Sequence[Rule]) -> list[Any]:
    named = await role_ids(db)
    return [
        card(named[r.role], title(STARTS, r.word) if r.word else None, r.scope, r.within, members_required=r.members)
        for r in rules
    ]


def _made(market: Market, homes: Sequence[str]) -> dict[str, Follower]:
    """The groups as a creation job must make them."""
    made = {home: Follower(home, PlainGroup({r.role: Role(members=r.members) for r in RULES})) for home in homes}
    for model in made.values():
        model.maintain(market, RULES)
    return made


async def _decide(market: Market, both: Sequence[tuple[Group, Follower]], dice: random.Random) -> None:
    some, role = dice.sample(list(market.jobs), 2), dice.choice([r.role for r in RULES])
    source, aim = dice.choice(["MANUAL", "JOURNEY"]), dice.choice([role, None])
    for group, model in both:
        if source == "MANUAL":
            answer = await (group.assign(dict.fromkeys(some, role)) if aim else group.remove(*some))
        else:
            answer = await (group.journey_assign(role, *some) if aim else group.journey_remove(*some))
        assert answer.outcomes == [model.decide(market, person, Decision(source, aim)) for person in some]


async def _compare(db: Db, groups: Mapping[str, Group], models: Mapping[str, Follower]) -> None:
    for home, model in models.items():
        assert await members_of(db, groups[home].id) == model.members(), home
        found = await groups[home].state()
        assert found.removed == model.plain.removed(), home
        assert Counter(found.events) == Counter(model.plain.recorded), home
        assert found.completeness == pytest.approx(model.plain.completeness()), home


async def _everything(db: Db) -> list[Any]:
    """The graph without the records of jobs, to the last property but for when an interest was maintained."""
    everything = """MATCH (n) WHERE NOT n:Job
    RETURN labels(n) AS labels, n {.*, _keptSince: null, _keptPlaces: null} AS properties,
      COLLECT { MATCH (n)-[r]->(m) WITH r, m ORDER BY type(r), m.id RETURN [type(r), properties(r), m.id] } AS out
    ORDER BY labels, n.id, n.name"""
    return [(row["labels"], row["properties"], row["out"]) for row in await rows(db, everything)]


def _cut_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has few changed people maintained in slices, by two at once."""
    monkeypatch.setattr(maintenance, "SLICE", 2)
    monkeypatch.setattr(maintenance, "PEOPLE", 3)
    monkeypatch.setattr(slices, "MOST", 4)
    monkeypatch.setattr(jobs, "run_all", partial(jobs.run_all, at_once=2))


# --- one rule at a time ---------------------------------------------------------------------------------------------

TREE = {"top": None, "home": "top", "sister": "top", "below": "home", "far": None}


@dataclass(frozen=True, slots=True)
class Small:
    """A small market with one interest."""

    api: Api
    planted: dict[str, str]
    group: Group

    async def title(self, person: str, words: str | None) -> None:
        await people.upsert(self.api.db, [{"externalId": person, "jobTitle": words}], by=BY)

    async def works_at(self, person: str, *keys: str) -> None:
        wanted = [{"accountExternalId": key} for key in keys]
        await people.upsert(self.api.db, [{"externalId": person, "accounts": wanted}], by=BY)

    async def move(self, account: str, parent: str | None) -> None:
        row = {"externalId": account, "name": account, "parentExternalId": parent}
        await accounts.upsert(self.api.db, [row], by=BY)

    async def maintain(self) -> dict[str, int]:
        """What the job says it did, without what it didn't."""
        told = await maintain(self.api, self.group.interest_id)
        assert told["status"] == "SUCCEEDED"
        counted = ("groupsCreated", "membersAdded", "membersRemoved", "rolesChanged", "overruled")
        return {name: count for name, count in told["progress"].items() if count and name in counted}

    async def members(self) -> dict[str, tuple[str, str, str, int]]:
        return await members_of(self.api.db, self.group.id)

    async def why(self, person: str) -> dict[str, Any]:
        query = """query ($id: ID!, $person: ID!) { buyingGroup(id: $id) { why(personId: $person) {
          isMember summary distance account { name } standing { source action } } } }"""
        return (await self.api.data(query, id=self.group.global_id, person=self.group.person(person)))["buyingGroup"]["why"]


async def _small(api: Api, crowd: Sequence[Someone], *, follow: bool = True, rules: Sequence[Rule] = RULES) -> Small:
    planted = await plant(api.db, TREE, crowd)
    sold = await sell(api.db, await _cards(api.db, rules), [planted["home"]], follow=follow)
    return Small(api, planted, await Group.of(api, planted, sold, "home"))


async def test_a_member_by_the_rules_moves_to_the_first_matching_card_higher_or_lower(api: Api) -> None:
    here = await _small(api, [Someone("ann", {"home": None}, "head of it")])
    assert await here.members() == {"ann": (INFLUENCER, "SYSTEM", "home", 0)}
    await here.title("ann", "chief")
    assert await here.maintain() == {"rolesChanged": 1}
    assert await here.members() == {"ann": (CHIEF, "SYSTEM", "home", 0)}
    await here.title("ann", "engineer")
    assert await here.maintain() == {"rolesChanged": 1}
    assert await here.members() == {"ann": (PRACTITIONER, "SYSTEM", "home", 0)}
    await here.title("ann", "clerk")
    assert await here.maintain() == {"membersRemoved": 1}
    assert await here.members() == {}


async def test_maintenance_looks_at_what_changed_alone(api: Api, looks: Looks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maintenance, "OVERLAP", (0.0, 0.0))
    crowd = [Someone("chief", {"home": None}, "chief"), Someone("clerk", {"home": None}), Someone("other", {"below": None})]
    small = await _small(api, [*crowd, Someone("far", {"far": None}, "engineer")])
    assert await small.maintain() == {}
    assert (looks.groups, looks.people) == (set(), set())

    await small.title("clerk", "engineer")
    await small.title("chief", "chief")  # as it was
    await small.works_at("other", "sister")
    await small.group.remove("far")
    assert await small.maintain() == {"membersAdded": 1}
    assert looks.people == {small.planted[one] for one in ("clerk", "other", "far")}
    looks.forget()
    assert await small.maintain() == {}
    assert (looks.groups, looks.people) == (set(), set())

    await small.move("far", "home")  # with the engineer who was removed, and with a group of nobody
    assert await small.maintain() == {"overruled": 1}
    assert (looks.groups, looks.people) == (set(), {small.planted["far"]})
    looks.forget()
    await small.move("home", "sister")
    await small.maintain()
    assert looks.groups == {small.group.id}
    assert looks.people == {small.planted[one] for one in ("chief", "clerk", "far")}


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often maintenance looks for groups that are behind, and accounts that lack one."""
    found, run = Counter[str](), Tx.run

    async def counted(self: Tx, statement: Query, **params: Any) -> Any:
        if statement.name in ("group/behind", "job/lacking"):
            found[statement.name] += 1
        return await run(self, statement, **params)

    monkeypatch.setattr(Tx, "run", counted)
    return found


BOTH = {"group/behind": 1, "job/lacking": 1}


async def _listed(db: Db, audience_id: str, *account_ids: str) -> None:
    await audiences.update(db, audience_id, AudienceSpec("Interest audience", account_ids=account_ids), by=BY)


async def test_groups_and_accounts_are_looked_at_when_some_may_be_behind_or_lacking_alone(
    api: Api, looked: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance, "OVERLAP", (0.0, 0.0))
    planted = await plant(api.db, TREE, [Someone("ann", {"home": None}, "chief")])
    sold = await sell(api.db, await _cards(api.db, RULES), [planted["home"]], follow=True)
    small = Small(api, planted, await Group.of(api, planted, sold, "home"))

    async def again() -> dict[str, int]:
        """What maintenance does once more, and how often it looks."""
        looked.clear()
        return await small.maintain() | looked

    assert await again() == BOTH  # the first time
    assert await again() == {}
    await small.title("ann", "head")
    await small.move("far", "home")  # the audience lists the same ones
    assert await again() == {"rolesChanged": 1}
    await _listed(api.db, sold.audience_id, planted["home"], planted["far"])
    assert await again() == {"groupsCreated": 1, "membersAdded": 1, **BOTH}
    assert await again() == {}
    await delete_groups(api.db, [small.group.id])
    assert await again() == {"groupsCreated": 1, "membersAdded": 1, **BOTH}
    assert await again() == {}
    await _listed(api.db, sold.audience_id, planted["home"])
    assert await again() == BOTH
    assert await rows(api.db, "MATCH (g:BuyingGroup) WHERE NOT g.inAudience RETURN g.accountId AS at") == [{"at": planted["far"]}]
    await templates.update(api.db, sold.template_id, "Interest template", None, await _cards(api.db, RULES[:2]), by=BY)
    assert await again() == BOTH
    assert await again() == {}


async def test_where_audiences_have_rules_groups_are_looked_at_when_accounts_changed(
    api: Api, looked: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance, "OVERLAP", (0.0, 0.0))
    small = await _small(api, [Someone("ann", {"home": None}, "chief")])
    audience_id = (await rows(api.db, "MATCH (u:AccountAudience) RETURN u.id AS id"))[0]["id"]
    tops = AudienceSpec("Interest audience", filter={"depth": {"lte": 0}})
    for told in (tops, AudienceSpec("Interest audience", filter={"hasBuyingGroup": {}, "depth": {"lte": 0}})):
        await audiences.update(api.db, audience_id, told, by=BY)
        await rows(api.db, "MATCH (a:Account) SET a.updatedAt = datetime() - duration('PT1H')")
        await small.maintain()
        looked.clear()
        await small.title("ann", None)
        await small.maintain()
        assert looked == ({} if told is tops else BOTH)  # nothing tells when another group comes to be
        looked.clear()
        await small.move("below", None)
        assert (await small.maintain()).get("groupsCreated", 0) == (1 if told is tops else 0)
        assert looked == BOTH


async def test_a_group_that_was_left_behind_is_tried_again(api: Api, looked: Counter[str]) -> None:
    here = await _small(api, [Someone("ann", {"home": None})])
    await here.group.assign({"ann": CHAMPION})
    await rows(api.db, "MATCH (:Person)-[m:MEMBER_OF]->() SET m.roleId = 'elsewhere, while the template is changed'")
    template = (await rows(api.db, "MATCH (t:RoleTemplate) RETURN t.id AS id"))[0]["id"]
    await templates.update(api.db, template, "Interest template", None, await _cards(api.db, RULES[:2]), by=BY)
    await rows(api.db, "MATCH (:Person)-[m:MEMBER_OF]->() SET m.roleId = $id", id=here.group.roles[CHAMPION])
    for version in (1, 1, 2):
        if version == 2:
            await here.group.remove("ann")
        looked.clear()
        await here.maintain()
        assert looked == BOTH
        assert await rows(api.db, "MATCH (g:BuyingGroup) RETURN g.templateVersion AS v") == [{"v": version}]


async def test_people_told_of_shortly_before_the_former_maintenance_are_looked_at_again(api: Api, looks: Looks) -> None:
    small = await _small(api, [Someone("chief", {"home": None}, "chief")])
    await small.maintain()
    await rows(api.db, "MATCH (a:Account) REMOVE a._movedAt")
    looks.forget()
    late = """MATCH (p:Person), (i:SolutionInterest) SET p.jobTitle = 'clerk', p._touchedAt = i._keptSince - $ago"""
    await api.db.alone(Query("late", late, "write"), ago=3_600_000)
    assert await small.maintain() == {}
    await api.db.alone(Query("late", late, "write"), ago=50_000)  # told in a transaction that was committed late
    assert await small.maintain() == {"membersRemoved": 1}
    assert (looks.groups, looks.people) == (set(), {small.planted["chief"]})


async def test_what_changes_for_many_groups_is_written_in_several_transactions(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maintenance, "BATCH", 2)
    monkeypatch.setattr(maintenance, "SETTLED", 4)
    tree = {"top": None, **dict.fromkeys([f"a{n}" for n in range(7)], "top")}
    planted = await plant(api.db, tree, [Someone("boss", {"top": None}), Someone("vice", {"top": None}, "chief")])
    sold = await sell(api.db, await _cards(api.db, RULES), [planted[a] for a in tree], follow=True)
    await people.upsert(api.db, [{"externalId": "boss", "jobTitle": "chief"}, {"externalId": "vice", "jobTitle": ""}], by=BY)
    real, batches = maintenance.settle, list[int]()

    async def settle(tx: Any, matcher: Any, found: Any, *, by: str) -> Any:
        batches.append(sum(len(row["people"]) for row in found))
        return await real(tx, matcher, found, by=by)

    monkeypatch.setattr(maintenance, "settle", settle)
    told = await maintain(api, sold.interest_id)
    assert (told["progress"]["membersAdded"], told["progress"]["membersRemoved"]) == (8, 8)
    assert batches == [4, 4, 4, 4]
    assert {await completeness(api.db, group) for group in sold.groups.values()} == {25.0}


async def test_changed_rules_and_cards_that_ask_for_scores_have_all_groups_looked_at(
    api: Api, looks: Looks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance, "OVERLAP", (0.0, 0.0))
    small = await _small(api, [Someone("chief", {"home": None}, "chief")])
    for change in ({"updateExistingBuyingGroups": False}, {"updateExistingBuyingGroups": True}):
        await interests.update(api.db, small.group.interest_id, change, by=BY)
    await small.maintain()
    assert looks.groups == set()  # the flag is as it was when the groups were made
    await interests.update(api.db, small.group.interest_id, {"updateExistingBuyingGroups": False}, by=BY)
    await small.maintain()
    await interests.update(api.db, small.group.interest_id, {"updateExistingBuyingGroups": True}, by=BY)
    await small.maintain()
    assert looks.groups == {small.group.id}
    looks.forget()
    await small.maintain()
    assert looks.groups == set()

    active = Condition(Match.ALL, (AttributeFilter(PersonAttribute.ENGAGEMENT_SCORE, FilterOperator.GREATER_THAN, ("50",)),))
    cards = [card((await role_ids(api.db))[CHIEF], active)]
    scored = await sell(api.db, cards, [small.planted["home"]], "Scored", follow=True)
    await rows(api.db, "MATCH (p:Person) SET p.engagementScore = 80.0")  # as a calculation does
    told = await maintain(api, scored.interest_id)
    assert told["progress"]["membersAdded"] == 1
    assert looks.groups == set(scored.groups.values())


async def test_a_slice_that_met_other_rules_has_all_groups_looked_at_the_next_time(
    api: Api, looks: Looks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintenance, "OVERLAP", (0.0, 0.0))
    _cut_small(monkeypatch)
    crowd = [Someone(f"p{n}", {"home": None}) for n in range(6)]
    small = await _small(api, crowd)
    await small.maintain()
    await people.upsert(api.db, [{"externalId": one.key, "jobTitle": "chief"} for one in crowd], by=BY)
    own = await jobs.start_maintenance(api.db, small.group.interest_id, by=BY)
    await jobs.run_next(api.db)  # cuts
    await interests.update(api.db, small.group.interest_id, {"updateExistingBuyingGroups": False}, by=BY)
    await jobs.run_next(api.db)  # a slice, in which nobody is to follow
    await interests.update(api.db, small.group.interest_id, {"updateExistingBuyingGroups": True}, by=BY)
    await api.run_jobs()
    told = await job(api, ids.encode("Job", own))
    assert (told["status"], told["progress"]["membersAdded"], looks.groups) == ("SUCCEEDED", 4, set())
    assert await small.maintain() == {"membersAdded": 2}
    assert looks.groups == {small.group.id}


async def test_people_follow_only_where_the_interest_says_so(api: Api) -> None:
    here = await _small(api, [Someone("ann", {"home": None}, "chief"), Someone("bob", {"home": None})], follow=False)
    await here.title("ann", None)
    await here.title("bob", "chief")
    assert await here.maintain() == {}
    assert await here.members() == {"ann": (CHIEF, "SYSTEM", "home", 0)}
    await interests.update(api.db, here.group.interest_id, {"updateExistingBuyingGroups": True}, by=BY)
    assert await here.maintain() == {"membersAdded": 1, "membersRemoved": 1}
    assert await here.members() == {"bob": (CHIEF, "SYSTEM", "home", 0)}


async def test_holding_through_another_account_is_no_event(api: Api) -> None:
    here = await _small(api, [Someone("ann", {"home": None, "top": None}, "chief")])
    before = await here.group.state()
    await here.works_at("ann", "top")
    assert await here.maintain() == {}
    assert await here.members() == {"ann": (CHIEF, "SYSTEM", "top", 1)}
    assert await here.group.state() == before  # the membership, its source and its events are what they were


async def test_a_members_decision_by_hand_holds_through_the_nearest_account_that_is_left(api: Api) -> None:
    here = await _small(api, [Someone("ann", {"home": None, "sister": None}), Someone("bob", {"below": None})])
    await here.group.assign({"ann": CHAMPION})
    await here.group.journey_assign(CHAMPION, "bob")
    before = await here.group.state()
    await here.works_at("ann", "sister", "far")
    await here.move("below", "sister")
    assert await here.maintain() == {}
    assert await here.members() == {"ann": (CHAMPION, "MANUAL", "sister", 2), "bob": (CHAMPION, "JOURNEY", "below", 3)}
    assert await here.group.state() == before


async def test_a_decision_by_hand_stands_when_the_person_has_left_and_why_still_answers(api: Api) -> None:
    here = await _small(api, [Someone("ann", {"home": None}), Someone("bob", {"below": None}), Someone("cid", {"home": None})])
    await here.group.assign({"ann": CHAMPION})
    await here.group.journey_assign(CHAMPION, "bob")
    await here.works_at("ann", "far")
    await here.move("below", None)
    assert await here.maintain() == {}
    assert await here.members() == {"ann": (CHAMPION, "MANUAL", "home", 0), "bob": (CHAMPION, "JOURNEY", "below", 1)}
    for person, account, source in (("ann", "home", "MANUAL"), ("bob", "below", "JOURNEY")):
        told = await here.why(person)
        assert (told["isMember"], told["account"], told["standing"]["source"]) == (True, {"name": account}, source)
        assert "no relation to the group's hierarchy is left" in told["summary"]
    assert "is left" not in (await here.why("cid"))["summary"]
    answer = await here.group.assign({"ann": CHIEF})  # no new decision makes a member of who is none of theirs
    assert (answer.outcomes, answer.errors) == (["REJECTED"], [("members.0.personId", "NOT_IN_ACCOUNT")])
    assert (await here.group.remove("ann")).outcomes == ["APPLIED"]


async def test_a_group_moves_to_its_templates_newest_version_and_recounts_even_where_people_rest(api: Api) -> None:
    here = await _small(api, [Someone("ann", {"home": None}, "chief"), Someone("bob", {"home": None}, "boss")], follow=False)
    assert await completeness(api.db, here.group.id) == 25
    template = (await rows(api.db, "MATCH (t:RoleTemplate) RETURN t.id AS id"))[0]["id"]
    changed = [Rule(CHIEF, "boss", members=4), Rule(PRACTITIONER, "engineer")]
    await templates.update(api.db, template, "Interest template", None, await _cards(api.db, changed), by=BY)
    shown = "query ($id: ID!) { buyingGroup(id: $id) { templateVersion completeness roles { role { name } required } } }"
    before = (await api.data(shown, id=here.group.global_id))["buyingGroup"]
    assert (before["templateVersion"], before["completeness"], len(before["roles"])) == (1, 25, 4)
    assert await here.maintain() == {}
    after = (await api.data(shown, id=here.group.global_id))["buyingGroup"]
    assert after == {
        "templateVersion": 2,
        "completeness": 12.5,
        "roles": [{"role": {"name": CHIEF}, "required": 4}, {"role": {"name": PRACTITIONER}, "required": 1}],
    }
    assert await here.members() == {"ann": (CHIEF, "SYSTEM", "home", 0)}  # whom the new version wouldn't take
    await interests.update(api.db, here.group.interest_id, {"updateExistingBuyingGroups": True}, by=BY)
    assert await here.maintain() == {"membersAdded": 1, "membersRemoved": 1}
    assert await here.members() == {"bob": (CHIEF, "SYSTEM", "home", 0)}


async def test_a_group_waits_with_a_version_that_has_no_card_for_a_role_that_a_person_decided(api: Api) -> None:
    """A template loses only cards whose roles nobody holds, but somebody may be decided into one at that moment."""
    here = await _small(api, [Someone("ann", {"home": None}), Someone("bob", {"home": None}, "engineer")])
    await here.group.assign({"ann": CHAMPION})
    template = (await rows(api.db, "MATCH (t:RoleTemplate) RETURN t.id AS id"))[0]["id"]
    lost = "MATCH (:Person)-[m:MEMBER_OF {role: $role}]->() SET m.roleId = $id"
    await rows(api.db, lost, role=CHAMPION, id="elsewhere, while the template is changed")
    shorter = [Rule(CHIEF, "engineer"), Rule(PRACTITIONER, "nobody")]
    await templates.update(api.db, template, "Interest template", None, await _cards(api.db, shorter), by=BY)
    await rows(api.db, lost, role=CHAMPION, id=here.group.roles[CHAMPION])
    version = "MATCH (g:BuyingGroup) RETURN g.templateVersion AS version"
    assert await here.maintain() == {}
    assert (await rows(api.db, version)) == [{"version": 1}]
    assert await here.members() == {"ann": (CHAMPION, "MANUAL", "home", 0), "bob": (PRACTITIONER, "SYSTEM", "home", 0)}
    await here.group.remove("ann")
    assert await here.maintain() == {"rolesChanged": 1}
    assert (await rows(api.db, version)) == [{"version": 2}]
    assert await here.members() == {"bob": (CHIEF, "SYSTEM", "home", 0)}


async def test_members_by_the_rules_in_a_role_without_a_card_leave_with_the_new_version(api: Api) -> None:
    here = await _small(api, [Someone("bob", {"home": None}, "engineer")])
    template = (await rows(api.db, "MATCH (t:RoleTemplate) RETURN t.id AS id"))[0]["id"]
    lost = "MATCH (:Person)-[m:MEMBER_OF]->() SET m.roleId = $id"
    await rows(api.db, lost, id="elsewhere, while the template is changed")
    await templates.update(api.db, template, "Interest template", None, await _cards(api.db, RULES[:2]), by=BY)
    await rows(api.db, lost, id=here.group.roles[PRACTITIONER])
    assert await here.maintain() == {"membersRemoved": 1}
    assert (await rows(api.db, "MATCH (g:BuyingGroup) RETURN g.templateVersion AS version")) == [{"version": 2}]


# --- audiences change -----------------------------------------------------------------------------------------------


async def _in_audience(db: Db) -> dict[str, bool]:
    found = await rows(db, "MATCH (g:BuyingGroup)-[:FOR_ACCOUNT]->(a) RETURN a.name AS a, g.inAudience AS marked")
    return {row["a"]: row["marked"] for row in found}


@pytest.mark.parametrize("follow", [False, True])
async def test_an_account_that_leaves_keeps_its_group_marked_and_is_unmarked_when_it_comes_back(api: Api, follow: bool) -> None:
    planted = await plant(api.db, TREE, [Someone("ann", {"home": None}, "chief")])
    sold = await sell(api.db, await _cards(api.db, RULES), [planted["home"], planted["sister"]], follow=follow)
    assert await _in_audience(api.db) == {"home": True, "sister": True}
    for listed, expected in (
        (["sister"], {"home": False, "sister": True}),
        (["sister", "home"], {"home": True, "sister": True}),
        (["sister", "home", "far"], {"home": True, "sister": True, "far": True}),  # and a group is made
        ([], {"home": False, "sister": False, "far": False}),
    ):
        spec = AudienceSpec("Interest audience", account_ids=[planted[key] for key in listed])
        await audiences.update(api.db, sold.audience_id, spec, by=BY)
        told = await maintain(api)
        assert told["progress"]["groupsCreated"] == (1 if "far" in listed else 0)
        assert await _in_audience(api.db) == expected
    assert await members_of(api.db, sold.groups[planted["home"]]) == {"ann": (CHIEF, "SYSTEM", "home", 0)}


async def test_groups_that_maintenance_makes_are_filled_and_counted(api: Api) -> None:
    planted = await plant(api.db, TREE, [Someone("ann", {"far": None}, "chief"), Someone("bob", {"far": None}, "engineer")])
    sold = await sell(api.db, await _cards(api.db, RULES), [planted["home"]])
    listed = AudienceSpec("Interest audience", account_ids=[planted["home"], planted["far"]])
    await audiences.update(api.db, sold.audience_id, listed, by=BY)
    told = await maintain(api, sold.interest_id)
    assert told["progress"] == {
        "accountsTotal": 2,
        "accountsDone": 2,
        "groupsCreated": 1,
        "membersAdded": 2,
        "membersRemoved": 0,
        "rolesChanged": 0,
        "overruled": 0,
    }
    made = (await rows(api.db, "MATCH (g:BuyingGroup {accountId: $id}) RETURN g.id AS id", id=planted["far"]))[0]["id"]
    assert await members_of(api.db, made) == {"ann": (CHIEF, "SYSTEM", "far", 0), "bob": (PRACTITIONER, "SYSTEM", "far", 0)}
    assert await completeness(api.db, made) == 50


async def test_a_dynamic_audience_is_evaluated_at_each_maintenance(api: Api) -> None:
    planted = await plant(api.db, TREE)
    sold = await sell(api.db, await _cards(api.db, RULES), [planted["far"]])
    spec = AudienceSpec("Steel", filter={"industries": ["Steel"]})
    found = await audiences.create(api.db, spec, by=BY)
    await jobs.start_creation(api.db, sold.interest_id, found, by=BY)
    await jobs.run_all(api.db)
    assert await _in_audience(api.db) == {"far": True}

    async def industry(key: str, value: str | None) -> None:
        await accounts.upsert(api.db, [{"externalId": key, "name": key, "industry": value}], by=BY)

    await industry("home", "Steel")
    await maintain(api)
    assert await _in_audience(api.db) == {"far": True, "home": True}
    await industry("home", None)
    await maintain(api)
    assert await _in_audience(api.db) == {"far": True, "home": False}
    await industry("home", "Steel")
    await maintain(api)
    assert await _in_audience(api.db) == {"far": True, "home": True}


async def test_an_account_is_in_the_audience_if_it_is_in_one_of_several(api: Api) -> None:
    planted = await plant(api.db, TREE)
    sold = await sell(api.db, await _cards(api.db, RULES), [planted["home"]])
    second = await audiences.create(api.db, AudienceSpec("Second", account_ids=[planted["home"], planted["far"]]), by=BY)
    await jobs.start_creation(api.db, sold.interest_id, second, by=BY)
    await jobs.run_all(api.db)
    await audiences.update(api.db, sold.audience_id, AudienceSpec("Interest audience", account_ids=[]), by=BY)
    await maintain(api)
    assert await _in_audience(api.db) == {"home": True, "far": True}
    await audiences.update(api.db, second, AudienceSpec("Second", account_ids=[planted["far"]]), by=BY)
    await maintain(api)
    assert await _in_audience(api.db) == {"home": False, "far": True}


async def test_a_group_at_the_top_is_in_the_audience_while_any_account_below_it_is(api: Api) -> None:
    planted = await plant(api.db, TREE)
    listed = [planted[key] for key in ("below", "sister")]
    sold = await sell(api.db, await _cards(api.db, RULES), listed, level=SellingLevel.TOP)
    assert await _in_audience(api.db) == {"top": True}  # one for both

    async def listing(*keys: str) -> dict[str, bool]:
        spec = AudienceSpec("Interest audience", account_ids=[planted[key] for key in keys])
        await audiences.update(api.db, sold.audience_id, spec, by=BY)
        await maintain(api)
        return await _in_audience(api.db)

    assert await listing("sister") == {"top": True}
    assert await listing("far") == {"top": False, "far": True}
    assert await listing("top") == {"top": True, "far": False}
    # An account that came under another is no top any more: its group stays, marked, and the new top has its own.
    await accounts.upsert(api.db, [{"externalId": "top", "name": "top", "parentExternalId": "far"}], by=BY)
    await maintain(api)
    assert await _in_audience(api.db) == {"top": False, "far": True}


async def test_maintenance_of_one_interest_leaves_the_others_alone_and_of_all_reaches_each(api: Api) -> None:
    planted = await plant(api.db, TREE, [Someone("ann", {"home": None})])
    cards = await _cards(api.db, RULES)
    first = await sell(api.db, cards, [planted["home"]], "First", follow=True)
    second = await sell(api.db, cards, [planted["home"]], "Second", follow=True)
    await people.upsert(api.db, [{"externalId": "ann", "jobTitle": "chief"}], by=BY)
    told = await maintain(api, first.interest_id)
    assert told["progress"]["membersAdded"] == 1
    assert list(await members_of(api.db, first.groups[planted["home"]])) == ["ann"]
    assert await members_of(api.db, second.groups[planted["home"]]) == {}
    assert (await maintain(api))["progress"]["membersAdded"] == 1
    assert list(await members_of(api.db, second.groups[planted["home"]])) == ["ann"]


async def test_maintenance_of_an_unknown_interest_is_refused(api: Api) -> None:
    mutation = """mutation ($input: MaintainBuyingGroupsInput!) {
      maintainBuyingGroups(input: $input) { job { id } userErrors { field code } } }"""
    for unknown in ("nobody", ids.encode("SolutionInterest", "00000000-0000-0000-0000-000000000000")):
        payload = (await api.data(mutation, input={"solutionInterestId": unknown}))["maintainBuyingGroups"]
        assert payload == {"job": None, "userErrors": [{"field": ["solutionInterestId"], "code": "NOT_FOUND"}]}
    assert await rows(api.db, "MATCH (j:Job) RETURN j") == []


async def test_maintenance_with_nothing_to_maintain_succeeds(api: Api) -> None:
    told = await maintain(api)
    assert (told["kind"], told["status"]) == ("MAINTAIN", "SUCCEEDED")
    named = await role_ids(api.db)
    template = await live_template(api.db, [card(named[CHIEF])])
    await interests.create(api.db, interests.InterestSpec("Never sold", template), by=BY)
    told = await maintain(api)
    assert (await job(api, told["id"]))["status"] == "SUCCEEDED"
