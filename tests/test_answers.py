"""Queries answered from their plans: byte for byte what the executor gives, when they come first and when they are known."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from typing import Any

import orjson
import pytest
from graphql import validate
from graphql.language import parse
from make import plant
from queries import Generator, ids_there

from api import ids
from api.answers import Answers, Unanswerable
from api.context import Context
from api.documents import Documents
from api.schema import schema
from graph import jobs, sample
from graph.db import Db
from graph.events import Hub
from graph.paging import Cursors

CURSORS = Cursors(b"a secret of the tests")
DOCUMENTS = Documents(schema._schema)
OPERATION = "Q"


def context(db: Db, answers: Answers | None) -> Context:
    return Context(db, CURSORS, Hub(db), DOCUMENTS, answers, request_id="the same")


def without_places(body: bytes) -> bytes:
    """A response in which errors don't tell which entry of a list is theirs: entries are computed side by side, and where one
    error takes the whole list away, the first to come is told."""
    head, told, errors = body.partition(b'"errors":')
    return head + told + re.sub(rb"(?<=[,\[])\d+(?=[,\]])", b"#", errors)


async def body(db: Db, text: str, variables: Mapping[str, Any], answers: Answers | None) -> bytes:
    """The response by way of the schema, which answers from a new plan if it may."""
    result = await schema.execute(text, dict(variables), context_value=context(db, answers), operation_name=OPERATION)
    errors = [error.formatted for error in result.errors or ()]
    return without_places(orjson.dumps({"data": result.data, **({"errors": errors} if errors else {})}))


async def known(db: Db, text: str, variables: Mapping[str, Any], answers: Answers) -> bytes | None:
    """The response from a plan that is kept; None if there is none, or it can't tell."""
    try:
        return orjson.dumps({"data": await answers.answer(db, (text, OPERATION), variables, lambda _: None)})
    except Unanswerable:
        return None


async def test_every_query_is_answered_as_the_executor_answers_it(db: Db, pytestconfig: pytest.Config) -> None:
    await sample.load(db)
    await jobs.run_all(db)
    generator = Generator(schema._schema, await ids_there(db), random.Random(11))
    answers = Answers()
    counts = dict.fromkeys(("valid", "told", "known", "known with other ids"), 0)
    for _ in range(int(pytestconfig.getoption("queries") or 0)):
        query = generator.query()
        if validate(schema._schema, parse(query.text)):
            continue
        counts["valid"] += 1
        for number, variables in enumerate((query.variables, query.variables, generator.other_ids(query.variables))):
            expected = await body(db, query.text, variables, None)
            assert b"INTERNAL" not in expected, (query.text, variables)
            kept = await known(db, query.text, variables, answers)
            if kept is not None:
                counts["known" if number == 1 else "known with other ids"] += 1
                assert kept == expected, (query.text, variables)
            assert (await body(db, query.text, variables, answers)).decode() == expected.decode(), (query.text, variables)
            counts["told"] += b'"errors"' in expected
    assert counts["known"] > counts["valid"] / 3
    assert counts["known with other ids"] > counts["valid"] / 3
    assert counts["told"] > counts["valid"] / 10


async def test_nodes_of_one_type_are_known_by_any_ids_of_it_and_others_by_theirs(db: Db) -> None:
    await sample.load(db)
    there = await ids_there(db)
    people, accounts, nobody = there["Person"], there["Account"], ids.encode("Person", "00000000-0000-4000-8000-000000000000")
    text = "query Q($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Person { name } ... on Account { name } } }"
    answers = Answers()

    async def kept(*asked: str) -> bool:
        """Whether the answer is known. It must be the executor's."""
        expected = await body(db, text, {"ids": list(asked)}, None)
        found = await known(db, text, {"ids": list(asked)}, answers)
        assert found in (None, expected)
        assert await body(db, text, {"ids": list(asked)}, answers) == expected
        return found is not None

    assert not await kept(people[0], people[1])
    assert await kept(people[1], people[2])
    assert await kept(people[3], people[3])
    assert await kept(nobody, people[0])
    assert not await kept(people[0])
    assert not await kept(accounts[0], accounts[1])
    assert not await kept(people[0], accounts[0])
    assert await kept(people[0], accounts[0])
    assert not await kept(people[1], accounts[0])
    assert not await kept(accounts[0], people[0])
    assert not await kept()
    assert not await kept(people[0], "no id")
    assert await kept(people[4], people[5])


PAGE = "totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { id name } }"
LISTS = {
    "accounts": ("AccountOrder", ("NAME", "CREATED_AT", "ANNUAL_REVENUE")),
    "buyingGroups": ("BuyingGroupOrder", ("NAME", "UPDATED_AT", "COMPLETENESS")),
    "people": ("PersonOrder", ("NAME", "CREATED_AT", "ENGAGEMENT_SCORE")),
}


@pytest.mark.parametrize("field", LISTS)
async def test_pages_are_answered_by_one_plan_whatever_their_cursors(db: Db, field: str) -> None:
    await sample.load(db)
    order, choices = LISTS[field]
    text = f"""query Q($first: Int, $last: Int, $after: String, $before: String, $by: {order}) {{
      {field}(first: $first, last: $last, after: $after, before: $before, orderBy: $by) {{ {PAGE} }}
    }}"""
    for by in ({"field": choice, "direction": direction} for choice in choices for direction in ("ASC", "DESC")):
        answers = Answers()
        for size, bound, end in (("first", "after", "endCursor"), ("last", "before", "startCursor")):
            variables: dict[str, Any] = {size: 3, "by": by}
            pages, known_pages = 0, 0
            while True:
                expected = await body(db, text, variables, None)
                kept = await known(db, text, variables, answers)
                assert kept in (None, expected)
                assert await body(db, text, variables, answers) == expected
                pages, known_pages = pages + 1, known_pages + (kept is not None)
                found = orjson.loads(expected)["data"][field]
                if len(found["edges"]) < 3:
                    break
                variables = {**variables, bound: found["pageInfo"][end]}
            assert pages > 4
            # The first page is planned, the second as well, and one more where rows without a key begin.
            assert pages - known_pages <= 3, by
        assert len(answers._kept) <= 6, by


async def test_cursors_of_other_lists_and_wide_texts_are_left_to_the_executor(db: Db) -> None:
    await plant(db, dict.fromkeys(("a", "b", "c", "d", "😀", "😀 and more")))
    text = f"""query Q($after: String, $by: AccountOrder) {{ accounts(first: 1, after: $after, orderBy: $by) {{ {PAGE} }} }}"""
    answers, cursors = Answers(), list[str]()
    by, other = {"field": "NAME", "direction": "ASC"}, {"field": "NAME", "direction": "DESC"}
    for _ in range(6):
        variables = {"by": by, "after": cursors[-1] if cursors else None}
        expected = await body(db, text, variables, None)
        assert await known(db, text, variables, answers) in (None, expected)
        assert await body(db, text, variables, answers) == expected
        cursors.append(orjson.loads(expected)["data"]["accounts"]["pageInfo"]["endCursor"])
    assert await known(db, text, {"by": by, "after": cursors[0]}, answers) is not None
    others = CURSORS.encode("Query.accounts NAME DESC", ["b", "an id"])
    assert b'"errors"' not in await body(db, text, {"by": other, "after": others}, answers)
    assert await known(db, text, {"by": other, "after": others}, answers) is not None
    kept = len(answers._kept)
    forged = ("A" if cursors[0][0] != "A" else "B") + cursors[0][1:]
    for variables in (
        {"by": other, "after": cursors[0]},
        {"by": by, "after": others},
        {"by": by, "after": forged},
        {"by": by, "after": "no cursor"},
        {"by": by, "after": ""},
        {"by": by, "after": cursors[4]},
    ):
        expected = await body(db, text, variables, None)
        assert (b'"errors"' in expected) == (variables["after"] != cursors[4])
        assert await known(db, text, variables, answers) is None
        assert await body(db, text, variables, answers) == expected
    assert len(answers._kept) == kept


async def test_pages_of_events_leave_nothing_behind(db: Db) -> None:
    await sample.load(db)
    text = "query Q($after: String) { events(first: 2, after: $after) { pageInfo { endCursor } edges { cursor } } }"
    answers, after = Answers(), None
    for _ in range(5):
        expected = await body(db, text, {"after": after}, None)
        assert await body(db, text, {"after": after}, answers) == expected
        after = orjson.loads(expected)["data"]["events"]["pageInfo"]["endCursor"]
    assert len(answers._kept) <= 1


async def test_the_plan_used_least_lately_goes_first(db: Db) -> None:
    text = "query Q($filter: AccountFilter) { accounts(filter: $filter) { totalCount } }"
    answers = Answers(max_weight=40_000)

    def asked(name: str) -> dict[str, Any]:
        return {"filter": {"search": name}}

    await body(db, text, asked("first"), answers)
    each = answers._weight
    fit = 40_000 // each
    assert fit > 2
    for number in range(2 * fit):
        assert await known(db, text, asked("first"), answers) is not None
        await body(db, text, asked(f"other {number}"), answers)
        assert (len(answers._kept), answers._weight) == (min(number + 2, fit), each * min(number + 2, fit))
    assert await known(db, text, asked("other 0"), answers) is None
    assert await known(db, text, asked(f"other {2 * fit - 1}"), answers) is not None
    await body(db, text + " #" + "x" * 2000, asked("first"), answers)  # more than all may
    assert (len(answers._kept), answers._weight, answers._operations) == (0, 0, {})
