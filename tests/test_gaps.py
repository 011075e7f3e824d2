"""Gaps: the missing roles of a group, and the people who come nearest to filling them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from make import BY, Api, Person, card, members_of, plant, role_ids, sell, title
from markets import PERSONAS, Market, cards, markets, settle
from often import examples
from plainrules import Relation, Somebody, filter_holds, holds, seats_in_scope

from graph import templates
from graph.db import Db
from graph.gaps import MAX_CANDIDATES, gaps
from graph.members import assign, journey_remove, remove
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

IS = FilterOperator.IS
ROLES = ("Decision Maker", "Influencer", "Practitioner", "Champion")
GAPS = """query($id: ID!) { node(id: $id) { ... on BuyingGroup { missingRoles { name } gaps { role { name } missing candidates {
person { externalId } account { externalId } distance unmet { filter { attribute operator values } actual matched } } } } } }"""


def lacking(condition: Condition, who: Somebody, relation: Relation) -> int:
    """How many comparisons would have to hold, and don't: of alternatives the least."""
    parts = [0 if filter_holds(one, who, relation, PERSONAS) else 1 for one in condition.filters]
    parts += [lacking(group, who, relation) for group in condition.groups]
    return sum(parts) if condition.match is Match.ALL else min(parts)


def nearest(market: Market, home: str, one: CardSpec, holders: set[str]) -> list[tuple[int, int, int, str, str]]:
    """Who comes nearest to a card, by the plain rules: (lacking, distance, side, person, account)."""
    found: list[tuple[int, int, int, str, str]] = []
    assert one.condition is not None
    for who in market.crowd:
        seats = seats_in_scope(market.tree, home, one, who)
        if who.key not in holders and seats:
            best = min((lacking(one.condition, who, relation), seat.order) for seat, relation in seats)
            found.append((best[0], best[1][0], best[1][1], who.key, best[1][2]))
    return sorted(found)[:MAX_CANDIDATES]


@pytest.mark.usefixtures("scores_stand")
@examples(6)
@given(market=markets(), wanted=cards(ROLES))
async def test_candidates_are_those_whom_the_plain_rules_find_nearest(db: Db, market: Market, wanted: list[CardSpec]) -> None:
    ids = await settle(db, market)
    roles = await role_ids(db)
    placed = [replace(one, role_id=roles[one.role_id], members_required=5) for one in wanted]
    home = next(iter(market.tree))
    sold = await sell(db, placed, [ids[home]])
    group, keys, crowd = sold.groups[ids[home]], {own: key for key, own in ids.items()}, {w.key: w for w in market.crowd}
    members = await members_of(db, group)
    found = {gap.role_id: gap for gap in await gaps(db, group)}
    for one, drawn in zip(placed, wanted, strict=True):
        holders = {key for key, (role, *_) in members.items() if role == drawn.role_id}
        if len(holders) >= 5:
            assert one.role_id not in found
            continue
        gap = found[one.role_id]
        assert gap.missing == 5 - len(holders)
        expected = nearest(market, home, one, holders) if one.condition else []
        shown = [(len(c.unmet), c.distance, keys[c.person_id], keys[c.account_id]) for c in gap.candidates]
        assert shown == [(lacks, distance, key, account) for lacks, distance, _, key, account in expected]
        for candidate in gap.candidates:
            who = crowd[keys[candidate.person_id]]
            relation = next(at for at in who.relations if at.account == keys[candidate.account_id])
            assert all(not filter_holds(part.filter, who, relation, PERSONAS) for part in candidate.unmet)
            assert one.condition is not None
            assert (not candidate.unmet) is holds(one.condition, who, relation, PERSONAS)


async def of(api: Api, group: str) -> list[dict[str, Any]]:
    found = (await api.data(GAPS, id=f"grp_{group}"))["node"]
    assert [gap["role"] for gap in found["gaps"]] == found["missingRoles"]
    return found["gaps"]


def names(gap: dict[str, Any]) -> list[str]:
    return [one["person"]["externalId"] for one in gap["candidates"]]


async def test_what_a_gap_says(api: Api) -> None:
    """Missing roles in order of priority, each with who lacks least; a card without a rule has no candidates."""
    crowd = [
        Person("cto", {"home": None}, "CTO", {"city": "Bonn", "country": "DE"}),
        Person("ceo", {"home": "CEO", "top": "CTO"}, None, {"country": "DE"}),
        Person("none", {"home": None}),
    ]
    ids = await plant(api.db, {"top": None, "home": "top"}, crowd)
    roles = await role_ids(api.db)
    rule = Condition(
        Match.ALL,
        (AttributeFilter(PersonAttribute.JOB_TITLE, IS, ("CTO", "CIO")), AttributeFilter(PersonAttribute.CITY, IS, ("Bonn",))),
        (Condition(Match.ANY, (AttributeFilter(PersonAttribute.COUNTRY, IS, ("DE",)),)),),
    )
    wanted = [
        card(roles["Champion"]),
        card(roles["Decision Maker"], rule, HierarchyScope.ANCESTORS, members_required=3),
        card(roles["Influencer"], title(IS, "nobody"), required_for_completeness=False),
        card(roles["Practitioner"], title(IS, "CEO")),
    ]
    sold = await sell(api.db, wanted, [ids["home"]])

    def unmet(attribute: str, actual: str | None, *values: str) -> dict[str, Any]:
        return {"filter": {"attribute": attribute, "operator": "IS", "values": list(values)}, "actual": actual, "matched": False}

    def candidate(key: str, account: str, distance: int, *lacks: dict[str, Any]) -> dict[str, Any]:
        return {
            "person": {"externalId": key},
            "account": {"externalId": account},
            "distance": distance,
            "unmet": list(lacks),
        }

    # cto is Decision Maker, ceo is Practitioner: one who holds another role may still fill this one.
    assert await of(api, sold.groups[ids["home"]]) == [
        {"role": {"name": "Champion"}, "missing": 1, "candidates": []},
        {
            "role": {"name": "Decision Maker"},
            "missing": 2,
            "candidates": [
                candidate("ceo", "top", 1, unmet("CITY", None, "Bonn")),
                candidate(
                    "none", "home", 0,
                    unmet("JOB_TITLE", None, "CTO", "CIO"), unmet("CITY", None, "Bonn"), unmet("COUNTRY", None, "DE"),
                ),
            ],
        },
    ]  # fmt: skip


async def test_five_candidates_the_fewest_unmet_first_then_the_nearest(api: Api) -> None:
    tree = {"top": None, "home": "top", "low": "home", "sister": "top"}
    crowd = [Person(f"{place} {n}", {place: None}, "CEO") for n in (1, 2) for place in ("sister", "low", "top", "home")]
    ids = await plant(api.db, tree, [*crowd, Person("suspended", {"sister": None}, "CTO", {"emailSuspended": True})])
    rule = Condition(
        Match.ALL,
        (
            AttributeFilter(PersonAttribute.JOB_TITLE, IS, ("CTO",)),
            AttributeFilter(PersonAttribute.DEPARTMENT, IS, ("IT",)),
        ),
    )
    wanted = [card((await role_ids(api.db))["Other"], rule, HierarchyScope.HIERARCHY)]
    sold = await sell(api.db, wanted, [ids["home"]])
    (gap,) = await of(api, sold.groups[ids["home"]])
    assert names(gap) == ["suspended", "home 1", "home 2", "top 1", "top 2"]
    assert [one["distance"] for one in gap["candidates"]] == [2, 0, 0, 1, 1]


async def test_nobody_who_was_removed_and_nobody_beyond_the_scope(api: Api) -> None:
    crowd = [Person(key, {"home": None}, "CEO") for key in ("stays", "removed", "left")] + [Person("far", {"top": None}, "CTO")]
    ids = await plant(api.db, {"top": None, "home": "top"}, crowd)
    roles = await role_ids(api.db)
    sold = await sell(api.db, [card(roles["Other"], title(IS, "CTO"))], [ids["home"]])
    group = sold.groups[ids["home"]]
    assert [names(gap) for gap in await of(api, group)] == [["left", "removed", "stays"]]
    await remove(api.db, group, [ids["removed"]], source=AssignmentSource.MANUAL, by=BY)
    await journey_remove(api.db, ids["home"], sold.interest_id, [ids["left"]], journey="J", by=BY)
    assert [names(gap) for gap in await of(api, group)] == [["stays"]]
    await assign(api.db, group, [(ids["stays"], roles["Other"])], source=AssignmentSource.MANUAL, by=BY)
    assert await of(api, group) == []


async def test_somebody_who_lacks_nothing_comes_first(api: Api) -> None:
    """An earlier card took them, or no job has assigned them yet."""
    ids = await plant(api.db, {"a": None}, [Person("both", {"a": None}, "CTO"), Person("ceo", {"a": None}, "CEO")])
    roles = await role_ids(api.db)
    wanted = [card(roles["Decision Maker"], title(IS, "CTO")), card(roles["Influencer"], title(IS, "cto"), members_required=2)]
    sold = await sell(api.db, wanted, [ids["a"]])
    await plant(api.db, {}, [Person("new", {"a": None}, "CTO")])
    (gap,) = await of(api, sold.groups[ids["a"]])
    assert (gap["role"]["name"], gap["missing"]) == ("Influencer", 2)
    assert [(one["person"]["externalId"], len(one["unmet"])) for one in gap["candidates"]] == [
        ("both", 0),
        ("new", 0),
        ("ceo", 1),
    ]


async def test_gaps_are_those_of_the_version_that_the_group_follows(api: Api) -> None:
    ids = await plant(api.db, {"a": None}, [Person("p", {"a": None}, "CEO")])
    roles = await role_ids(api.db)
    sold = await sell(api.db, [card(roles["Other"], title(IS, "CTO"))], [ids["a"]])
    wanted = [card(roles["Other"]), card(roles["Champion"], title(IS, "x"))]
    await templates.update(api.db, sold.template_id, "T", None, wanted, by=BY)
    (gap,) = await of(api, sold.groups[ids["a"]])
    assert (gap["role"], names(gap)) == ({"name": "Other"}, ["p"])


async def test_every_group_of_a_page_has_its_own(api: Api) -> None:
    ids = await plant(api.db, {"a": None, "b": None}, [Person("p", {"a": None}, "CEO"), Person("q", {"b": None}, "CTO")])
    await sell(api.db, [card((await role_ids(api.db))["Other"], title(IS, "CTO"))], [ids["a"], ids["b"]])
    query = "{ buyingGroups { edges { node { name gaps { missing candidates { person { externalId } } } } } } }"
    found = (await api.data(query))["buyingGroups"]["edges"]
    assert [(edge["node"]["name"], [names(gap) for gap in edge["node"]["gaps"]]) for edge in found] == [
        ("Interest for a", [["p"]]),
        ("Interest for b", []),
    ]
