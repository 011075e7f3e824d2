"""Whom the rules put into groups, and through which account: the jobs against the plain rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from make import card, members_of, role_ids, sell, title
from markets import NEAREST, NEIGHBORHOOD, PERSONAS, Market, cards, markets, settle
from often import examples
from plainrules import Relation, Somebody, matches

from graph.db import Db
from graph.model import AttributeFilter, CardSpec, Condition, FilterOperator, HierarchyScope, Match, PersonAttribute

IS = FilterOperator.IS
ACCOUNT, ANCESTORS, DESCENDANTS, HIERARCHY = HierarchyScope
ROLES = ("Decision Maker", "Influencer", "Practitioner", "Champion")


def placed(wanted: Sequence[CardSpec], roles: Mapping[str, str]) -> list[CardSpec]:
    """Cards drawn for role names, with the roles' ids."""
    return [replace(one, role_id=roles[one.role_id]) for one in wanted]


@examples(12)
@given(market=markets(), wanted=cards(ROLES))
async def test_a_creation_job_fills_groups_as_the_plain_rules_do(db: Db, market: Market, wanted: list[CardSpec]) -> None:
    ids = await settle(db, market)
    sold = await sell(db, placed(wanted, await role_ids(db)), [ids[key] for key in market.tree])
    for home in market.tree:
        expected = {
            key: (role, "SYSTEM", account, distance)
            for key, (role, account, distance) in matches(market.tree, home, wanted, market.crowd, PERSONAS).items()
        }
        assert await members_of(db, sold.groups[ids[home]]) == expected, home


# --- scope and distance, case by case -------------------------------------------------------------------------------


async def fill(db: Db, wanted: Sequence[CardSpec], crowd: Sequence[Somebody]) -> dict[str, tuple[str, str, int]]:
    """Who is in the group at "home", by (role's name, account, distance)."""
    ids = await settle(db, Market(NEIGHBORHOOD, tuple(crowd)))
    sold = await sell(db, wanted, [ids["home"]])
    found = await members_of(db, sold.groups[ids["home"]])
    return {key: (role, account, distance) for key, (role, _, account, distance) in found.items()}


def everywhere() -> list[Somebody]:
    """One CTO per account."""
    return [Somebody(f"at {account}", {"jobTitle": "CTO"}, None, (Relation(account),)) for account in NEIGHBORHOOD]


REACHED = [
    (ACCOUNT, None, {"home": 0}),
    (ACCOUNT, 0, {"home": 0}),
    (ANCESTORS, None, {"home": 0, "left": 1, "top": 2}),
    (ANCESTORS, 1, {"home": 0, "left": 1}),
    (ANCESTORS, 0, {"home": 0}),
    (DESCENDANTS, None, {"home": 0, "low": 1, "lowest": 2}),
    (DESCENDANTS, 1, {"home": 0, "low": 1}),
    (HIERARCHY, None, {"home": 0, "left": 1, "low": 1, "top": 2, "lowest": 2, "brother": 2, "right": 3, "cousin": 4}),
    (HIERARCHY, 3, {"home": 0, "left": 1, "low": 1, "top": 2, "lowest": 2, "brother": 2, "right": 3}),
    (HIERARCHY, 2, {"home": 0, "left": 1, "low": 1, "top": 2, "lowest": 2, "brother": 2}),
    (HIERARCHY, 1, {"home": 0, "left": 1, "low": 1}),
    (HIERARCHY, 0, {"home": 0}),
]


@pytest.mark.parametrize(("scope", "max_distance", "reached"), REACHED)
async def test_scope_and_distance(db: Db, scope: HierarchyScope, max_distance: int | None, reached: dict[str, int]) -> None:
    roles = await role_ids(db)
    found = await fill(db, [card(roles["Other"], title(IS, "cto"), scope, max_distance)], everywhere())
    assert found == {f"at {key}": ("Other", key, distance) for key, distance in reached.items()}


async def test_cards_of_one_template_each_keep_their_own_scope_and_distance(db: Db) -> None:
    """The walk is shared by the cards, as far as the farthest looks."""
    roles = await role_ids(db)
    cto = title(IS, "CTO")
    wanted = [
        card(roles["Decision Maker"], cto, ANCESTORS, 1),
        card(roles["Influencer"], cto, DESCENDANTS),
        card(roles["Practitioner"], cto, HIERARCHY, 2),
    ]
    assert await fill(db, wanted, everywhere()) == {
        "at home": ("Decision Maker", "home", 0),
        "at left": ("Decision Maker", "left", 1),
        "at low": ("Influencer", "low", 1),
        "at lowest": ("Influencer", "lowest", 2),
        "at top": ("Practitioner", "top", 2),
        "at brother": ("Practitioner", "brother", 2),
    }


@pytest.mark.parametrize(("at", "through"), NEAREST)
async def test_the_nearest_relation_holds_the_membership(db: Db, at: tuple[str, ...], through: str) -> None:
    roles = await role_ids(db)
    who = Somebody("p", {"jobTitle": "CTO"}, None, tuple(Relation(account) for account in at))
    found = await fill(db, [card(roles["Other"], title(IS, "CTO"), HIERARCHY)], [who])
    assert {key: account for key, (_, account, _) in found.items()} == {"p": through}


async def test_at_equal_distance_and_side_the_external_id_decides(db: Db) -> None:
    roles = await role_ids(db)
    tree = {"top": None, "b": "top", "Z": "top", "a": "top"}
    who = Somebody("p", {"jobTitle": "CTO"}, None, (Relation("b"), Relation("a"), Relation("Z")))
    ids = await settle(db, Market(tree, (who,)))
    sold = await sell(db, [card(roles["Other"], title(IS, "CTO"), DESCENDANTS)], [ids["top"]])
    assert await members_of(db, sold.groups[ids["top"]]) == {"p": ("Other", "SYSTEM", "Z", 1)}


async def test_a_nearer_relation_that_does_not_match_is_passed_over(db: Db) -> None:
    """Title and relationship are those of the relation at hand, and must hold on one and the same."""
    roles = await role_ids(db)
    both = Condition(
        Match.ALL,
        (
            AttributeFilter(PersonAttribute.JOB_TITLE, IS, ("CTO",)),
            AttributeFilter(PersonAttribute.RELATIONSHIP, IS, ("PARTNER",)),
        ),
    )
    crowd = [
        Somebody("split", {}, None, (Relation("home", "CTO", "EMPLOYEE"), Relation("left", "CEO", "PARTNER"))),
        Somebody("far", {}, None, (Relation("home", "CTO", "EMPLOYEE"), Relation("top", "CTO", "PARTNER"))),
        Somebody("own", {"jobTitle": "CTO"}, None, (Relation("home", "CEO", "PARTNER"), Relation("brother", None, "PARTNER"))),
    ]
    assert await fill(db, [card(roles["Other"], both, HIERARCHY)], crowd) == {
        "far": ("Other", "top", 2),
        "own": ("Other", "brother", 2),
    }


async def test_the_first_card_decides_even_where_a_later_one_is_nearer(db: Db) -> None:
    roles = await role_ids(db)
    who = Somebody("p", {}, None, (Relation("home", "Engineer"), Relation("top", "CTO")))
    first, later = card(roles["Decision Maker"], title(IS, "CTO"), ANCESTORS), card(roles["Influencer"], title(IS, "Engineer"))
    assert await fill(db, [first, later], [who]) == {"p": ("Decision Maker", "top", 2)}
    assert await fill(db, [later, first], [who]) == {"p": ("Influencer", "home", 0)}


async def test_a_card_without_a_rule_is_filled_by_nobody(db: Db) -> None:
    roles = await role_ids(db)
    assert await fill(db, [card(roles["Champion"])], everywhere()) == {}
