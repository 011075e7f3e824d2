"""Writes a market in bulk: what is configured by the service itself, the rest by statements that write the same graph."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from importlib.resources import files
from typing import Any

from bench.beside import statements
from bench.market import words
from bench.market.rows import Market, Row, Setup, product_key
from bench.market.shape import Shape
from graph import audiences, interests, jobs, products, stages, templates
from graph.audiences import AudienceSpec
from graph.db import Db
from graph.interests import InterestSpec
from graph.model import AttributeFilter, CardSpec, Condition, FilterOperator, HierarchyScope, Match, PersonAttribute, StageOutcome
from graph.paging import Cursors
from graph.reads import Selection, read
from graph.stages import StageModelSpec, StageSpec

BY = "bench"
ROWS = 2000  # accounts or people in a transaction
MEMBERS = 5000  # in a transaction
ACTIVITIES = 5000  # in a transaction
WRITERS = 2  # transactions at a time
INTERESTS = ("Ledger rollout", "Beacon renewal", "Harbor agreement", "Mosaic pilot")
STEPS = ("Aware", "Interested", "Evaluating", "Negotiating")
SUCCESS, FAILURE = "Won", "Lost"

Progress = Callable[[str], None]
statement = statements("bench.market")


def described(shape: Shape) -> str:
    """A market in words that differ when its making does: its shape, and a hash of the files of this package."""
    made_by = sorted((file.name, file.read_bytes()) for file in files("bench.market").iterdir() if file.is_file())
    return f"{shape!r} {hashlib.sha256(repr(made_by).encode()).hexdigest()[:12]}"


async def make(db: Db, shape: Shape, progress: Progress = lambda _: None) -> None:
    """Fills an empty, migrated graph with a market."""
    progress("what is sold, and by which rules")
    setup = await _configure(db, shape)
    market = Market(shape)
    progress("accounts")
    rows = list(market.account_rows())
    await _write(db, "accounts", rows, by=BY)
    await _write(db, "parents", (row for row in rows if row["parent"]))
    progress("people")
    await _write(db, "people", market.person_rows(), by=BY)
    if shape.days:
        progress("what people did")
        batches = _weighed(market.activity_rows(), ACTIVITIES, lambda row: len(row["done"]))
        await _in_parallel(db.write(statement("activities"), rows=some) for some in batches)
    if shape.interests:
        progress("groups")
        await _write_groups(db, market, setup)
    await db.write(statement("numbered"), last=market.events)
    await db.alone(statement("replan"))


async def _write_groups(db: Db, market: Market, setup: Setup) -> None:
    async def some(rows: list[Row]) -> None:
        for name in ("groups", "members", "removals"):
            await db.write(statement(name), rows=rows, by=BY)

    batches = _weighed(market.group_rows(setup), MEMBERS, lambda row: len(row["members"]) + 5)
    await _in_parallel(some(rows) for rows in batches)


async def _write(db: Db, name: str, rows: Iterable[Row], **params: Any) -> None:
    await _in_parallel(db.write(statement(name), rows=some, **params) for some in _batches(rows, ROWS))


async def _in_parallel(work: Iterable[Awaitable[Any]]) -> None:
    """Does the work, some at a time; it is made only when its turn has come."""
    waiting = iter(work)

    async def worker() -> None:
        for one in waiting:
            await one

    async with asyncio.TaskGroup() as group:
        for _ in range(WRITERS):
            group.create_task(worker())


def _batches(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    found = iter(rows)
    while some := list(itertools.islice(found, size)):
        yield some


def _weighed(rows: Iterable[Row], most: int, weigh: Callable[[Row], int]) -> Iterator[list[Row]]:
    """Rows in batches of about so much weight."""
    some: list[Row] = []
    weight = 0
    for row in rows:
        some.append(row)
        weight += weigh(row)
        if weight >= most:
            yield some
            some, weight = [], 0
    if some:
        yield some


# --- what is configured ---------------------------------------------------------------------------------------------


async def _configure(db: Db, shape: Shape) -> Setup:
    """Products, a stage model, a template, interests and their audience, made by the service."""
    sold = [
        {"externalId": product_key(number), "name": name, "productLine": "Core"} for number, name in enumerate(words.PRODUCTS)
    ]
    await products.upsert(db, sold)
    model = await stages.create(db, _stage_model(), by=BY)
    await stages.publish(db, model, by=BY)
    role_ids = await roles(db)
    cards = _cards(role_ids)
    template = await templates.create(db, "Enterprise software", None, cards, by=BY)
    await templates.publish(db, template, by=BY)
    everybody = await audiences.create(db, AudienceSpec("Everybody", filter={"depth": {"gte": 0}}), by=BY)
    made: list[str] = []
    for name in INTERESTS[: shape.interests]:
        made.append(await interests.create(db, InterestSpec(name, template, stage_model_id=model), by=BY))
        await jobs.start_creation(db, made[-1], everybody, by=BY)
    await jobs.run_all(db)  # there are no accounts yet; it leaves the interests' audience and the jobs' records
    required = {card.role_id: card.members_required for card in cards}
    carded = {name: (role, required[role]) for name, role in role_ids.items() if role in required}
    return Setup(made, carded, await _steps(db, model))


def _stage_model() -> StageModelSpec:
    following = zip(STEPS, [*STEPS[1:], SUCCESS], strict=True)
    steps = [StageSpec(name, is_entry=name == STEPS[0], allowed_next=(after, FAILURE)) for name, after in following]
    ends = [StageSpec(SUCCESS, outcome=StageOutcome.SUCCESS), StageSpec(FAILURE, outcome=StageOutcome.FAILURE)]
    return StageModelSpec("Enterprise sale", stages=[*steps, *ends])


async def _steps(db: Db, model: str) -> list[str]:
    """The ids of a model's stages from entry to success."""
    named = dict((await db.read(statement("stages"), model_id=model))[0]["stages"])
    return [named[name] for name in (*STEPS, SUCCESS)]


async def roles(db: Db) -> Mapping[str, str]:
    """The roles' ids by their names."""
    wanted = [Selection("roles", "roles", {}, (Selection("name", "name"), Selection("id", "id")))]
    return {row["name"]: row["id"] for row in (await read(db, wanted, Cursors(b"bench")))["roles"]}


def _cards(role_ids: Mapping[str, str]) -> list[CardSpec]:
    """Four cards that the rules fill, in every scope, and one that they don't."""
    chiefs = _any(
        _title(FilterOperator.STARTS_WITH, "Chief", "VP", "Vice President", "Directeur"),
        _title(FilterOperator.IS, "CIO", "Geschäftsführer"),
    )
    boards = _all(
        _title(FilterOperator.CONTAINS, "Board", "Vorstand", "conseil"),
        AttributeFilter(PersonAttribute.RELATIONSHIP, FilterOperator.IS, ("EMPLOYEE",)),
    )
    advisers = _any(
        _title(FilterOperator.STARTS_WITH, "Director", "Head of", "Leiter", "Responsable"),
        _title(FilterOperator.CONTAINS, "Architect"),
    )
    hands = _any(
        _title(FilterOperator.CONTAINS, "Engineer", "Ingénieur", "Ingeniero", "entwickler"),
        _title(FilterOperator.CONTAINS, "Administrator", "Analyst"),
    )

    def ruled(role: str, required: int, scope: HierarchyScope, condition: Condition, within: int | None = None) -> CardSpec:
        return CardSpec(
            role_ids[role], auto_assign=True, members_required=required, scope=scope, max_distance=within, condition=condition
        )

    return [
        ruled(words.DECIDES, 2, HierarchyScope.ANCESTORS, chiefs),
        ruled(words.STEERS, 2, HierarchyScope.DESCENDANTS, boards),
        ruled(words.INFLUENCES, 4, HierarchyScope.ACCOUNT, advisers),
        ruled(words.PRACTISES, 8, HierarchyScope.HIERARCHY, hands, within=2),
        CardSpec(role_ids[words.CHAMPION]),
    ]


def _title(operator: FilterOperator, *values: str) -> AttributeFilter:
    return AttributeFilter(PersonAttribute.JOB_TITLE, operator, values)


def _any(*filters: AttributeFilter) -> Condition:
    return Condition(Match.ANY, filters)


def _all(*filters: AttributeFilter) -> Condition:
    return Condition(Match.ALL, filters)
