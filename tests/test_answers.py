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
