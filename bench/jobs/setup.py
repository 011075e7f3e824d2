"""What the jobs work by: a template of four cards with ten filters in all, an interest, an audience of all accounts.

create.floor.cypher has the cards' rules by hand: whoever changes one must change the other, and the benchmark tells if not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.jobs import statements
from bench.market import words
from bench.market.load import roles
from graph import audiences, interests, templates
from graph.audiences import AudienceSpec
from graph.db import Db
from graph.interests import InterestSpec
from graph.model import AttributeFilter, CardSpec, Condition, FilterOperator, HierarchyScope, Match, PersonAttribute

BY = "bench"
NAME = "Quarry launch"
EVERYBODY = ": everybody"  # after an interest's name, the audience's


@dataclass(frozen=True, slots=True)
class Setup:
    """The ids of the interest and its audience; the cards in order, each [role id, role, members required, weight]; and the
    shares of activity types; and whether groups stood when that was looked up."""

    interest: str
    audience: str
    cards: Sequence[Sequence[Any]]
    shares: Mapping[str, float]
    grouped: bool


async def set_up(db: Db, name: str = NAME) -> Setup:
    """Makes what jobs work by, unless it is there. Interests with other names are filled alike."""
    if known := await db.read(statements.one("known"), name=name, audience=name + EVERYBODY):
        return await _setup(db, known[0]["interest"], known[0]["audience"])
    template = await templates.create(db, name, None, _cards(await roles(db)), by=BY)
    await templates.publish(db, template, by=BY)
    audience = await audiences.create(db, AudienceSpec(f"{name}{EVERYBODY}", filter={"depth": {"gte": 0}}), by=BY)
    interest = await interests.create(db, InterestSpec(name, template, update_existing_buying_groups=True), by=BY)
    return await _setup(db, interest, audience)


async def _setup(db: Db, interest: str, audience: str) -> Setup:
    row = (await db.read(statements.one("setup"), interest=interest))[0]
    return Setup(interest, audience, row["cards"], dict(row["shares"]), row["grouped"])


def _cards(role_ids: Mapping[str, str]) -> list[CardSpec]:
    chiefs = Condition(
        Match.ANY,
        (
            _title(FilterOperator.STARTS_WITH, "Chief", "VP", "Vice President"),
            _title(FilterOperator.IS, "CIO", "Geschäftsführer"),
            _title(FilterOperator.STARTS_WITH, "Directeur"),
        ),
    )
    boards = Condition(
        Match.ALL,
        (
            _title(FilterOperator.CONTAINS, "Board", "Vorstand", "conseil"),
            AttributeFilter(PersonAttribute.RELATIONSHIP, FilterOperator.IS, ("EMPLOYEE",)),
            AttributeFilter(PersonAttribute.DEPARTMENT, FilterOperator.IS_NOT, ("Legal",)),
        ),
    )
    advisers = Condition(
        Match.ANY,
        (
            _title(FilterOperator.STARTS_WITH, "Director", "Head of", "Leiter", "Responsable"),
            _title(FilterOperator.CONTAINS, "Architect"),
        ),
    )
    hands = Condition(
        Match.ALL,
        (
            _title(FilterOperator.CONTAINS, "Engineer", "Ingénieur", "Ingeniero", "entwickler", "Administrator", "Analyst"),
            AttributeFilter(PersonAttribute.DEPARTMENT, FilterOperator.IS, ("IT", "Security")),
        ),
    )
    return [
        _card(role_ids[words.DECIDES], 2, chiefs, HierarchyScope.ANCESTORS),
        _card(role_ids[words.STEERS], 2, boards, HierarchyScope.DESCENDANTS),
        _card(role_ids[words.INFLUENCES], 2, advisers, HierarchyScope.ACCOUNT),
        _card(role_ids[words.PRACTISES], 4, hands, HierarchyScope.HIERARCHY, within=2),
    ]


def _card(role_id: str, required: int, condition: Condition, scope: HierarchyScope, within: int | None = None) -> CardSpec:
    return CardSpec(role_id, auto_assign=True, members_required=required, scope=scope, max_distance=within, condition=condition)


def _title(operator: FilterOperator, *values: str) -> AttributeFilter:
    return AttributeFilter(PersonAttribute.JOB_TITLE, operator, values)
