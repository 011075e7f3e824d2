"""The maintenance job: what people and the rules decided, after everything around them has changed."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from deciding import Group, job, maintain
from make import BY, Api, card, completeness, live_template, members_of, plant, role_ids, rows, sell, title
from make import Person as Someone
from plain import Decision, Role
from plain import Group as PlainGroup

from api import ids
from graph import accounts, audiences, interests, jobs, people, templates
from graph.audiences import AudienceSpec
from graph.db import Db
from graph.model import FilterOperator, HierarchyScope, SellingLevel

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


@pytest.mark.parametrize("seed", [1, 2])
async def test_after_500_changes_and_300_decisions_groups_are_exactly_what_the_rules_give(api: Api, seed: int) -> None:
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
        for _ in range(10):
            changed = [_change(market, dice) for _ in range(25)]
            await _write(api.db, market, set().union(*changed))
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
        for model in models.values():
            model.maintain(market, RULES)
        await _compare(api.db, groups, models)
        await _compare(api.db, rests, at_rest)  # its interest doesn't follow: people stay as they were decided

        before = await _everything(api.db)
        told = await maintain(api)
        assert told["status"] == "SUCCEEDED"
        assert {name for name, count in told["progress"].items() if count} <= {"accountsTotal", "accountsDone"}
        assert await _everything(api.db) == before


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
    """The graph without the records of jobs, to the last property."""
    everything = """MATCH (n) WHERE NOT n:Job
    RETURN labels(n) AS labels, properties(n) AS properties,
      COLLECT { MATCH (n)-[r]->(m) WITH r, m ORDER BY type(r), m.id RETURN [type(r), properties(r), m.id] } AS out
    ORDER BY labels, n.id, n.name"""
    return [(row["labels"], row["properties"], row["out"]) for row in await rows(db, everything)]
