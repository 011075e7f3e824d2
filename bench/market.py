"""A market to measure on: account trees of four levels, people at every account, a buying group for each."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from graph import accounts, audiences, interests, jobs, people, templates
from graph.audiences import AudienceSpec
from graph.db import Db
from graph.interests import InterestSpec
from graph.model import AttributeFilter, CardSpec, Condition, FilterOperator, HierarchyScope, Match, PersonAttribute
from graph.paging import Cursors
from graph.reads import Selection, read

T = TypeVar("T")
BY = "bench"
BATCH = 1000
TITLES = ("Chief Information Officer", "Director of Security", "Director, Platform", "Engineer", "Analyst", "Buyer")
INDUSTRIES = ("Energy", "Finance", "Health", "Retail", None)


@dataclass(frozen=True, slots=True)
class Shape:
    """How large the market is: trees, how many children an account has on each level, people per account."""

    trees: int
    widths: Sequence[int] = (4, 5, 4)
    people: int = 10
    seed: int = 7


async def make(db: Db, shape: Shape) -> str:
    """Fills an empty graph and returns the id of the solution interest whose groups every account has."""
    chance = random.Random(shape.seed)  # noqa: S311
    tree = list(_accounts(shape, chance))
    for some in _batches(tree):
        made = await accounts.upsert(db, some, by=BY)
        assert not made.problems, made.problems[:3]
    for some in _batches(_people(tree, shape, chance)):
        joined = await people.upsert(db, some, by=BY)
        assert not joined.problems, joined.problems[:3]
    return await _groups(db)


def _accounts(shape: Shape, chance: random.Random) -> Iterator[Mapping[str, Any]]:
    """The accounts, parents first."""
    above: list[str | None] = [None]
    for level, width in enumerate((shape.trees, *shape.widths)):
        below: list[str | None] = []
        for parent, number in itertools.product(above, range(width)):
            key = f"{parent}-{number}" if parent else f"T{number}"
            below.append(key)
            yield {
                "externalId": key,
                "name": f"{('Corporation', 'Division', 'Department', 'Team')[level]} {key}",
                "parentExternalId": parent,
                "industry": chance.choice(INDUSTRIES),
                "annualRevenue": round(chance.lognormvariate(14, 2), 2),
                "employeeCount": chance.randrange(5, 5000),
            }
        above = below


def _people(tree: Sequence[Mapping[str, Any]], shape: Shape, chance: random.Random) -> Iterator[Mapping[str, Any]]:
    for account, number in itertools.product(tree, range(shape.people)):
        key = f"{account['externalId']}p{number}"
        yield {
            "externalId": key,
            "firstName": f"First {number}",
            "lastName": f"Last {key}",
            "email": f"{key}@example.com".lower(),
            "jobTitle": chance.choice(TITLES),
            "accounts": [{"accountExternalId": account["externalId"]}],
        }


async def _groups(db: Db) -> str:
    roles: Mapping[str, str] = {
        row["name"]: row["id"] for row in (await read(db, [Selection("roles", "roles", {}, _NAMED)], Cursors(b"bench")))["roles"]
    }
    cards = [
        _card(roles["Decision Maker"], "chief", HierarchyScope.ANCESTORS),
        _card(roles["Influencer"], "director", HierarchyScope.ACCOUNT),
        _card(roles["Practitioner"], "engineer", HierarchyScope.ACCOUNT),
        CardSpec(roles["Champion"]),
    ]
    template = await templates.publish(db, await templates.create(db, "Bench", None, cards, by=BY), by=BY)
    interest = await interests.create(db, InterestSpec("Bench", template), by=BY)
    everything = AudienceSpec("Everybody", filter={"depth": {"gte": 0}})
    await jobs.start_creation(db, interest, await audiences.create(db, everything, by=BY), by=BY)
    await jobs.run_all(db)
    return interest


_NAMED = (Selection("name", "name"), Selection("id", "id"))


def _card(role: str, title: str, scope: HierarchyScope) -> CardSpec:
    starts = AttributeFilter(PersonAttribute.JOB_TITLE, FilterOperator.STARTS_WITH, (title,))
    return CardSpec(role, auto_assign=True, condition=Condition(Match.ALL, (starts,)), scope=scope)


def _batches(rows: Iterable[T]) -> Iterator[list[T]]:
    found = iter(rows)
    while some := list(itertools.islice(found, BATCH)):
        yield some
