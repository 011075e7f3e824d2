"""A caller bound to a part of the market sees and changes that part, and can't tell whether there is anything else."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import orjson
import parts
import pytest
from graphql import validate
from graphql.language import parse
from make import rows
from queries import Generated, Generator, ids_there

from api.answers import Answers
from api.context import Context
from api.documents import Documents
from api.schema import schema
from graph.callers import EVERYTHING, Caller
from graph.db import Db
from graph.events import Hub
from graph.paging import Cursors

CURSORS = Cursors(b"a secret of the tests")
DOCUMENTS = Documents(schema._schema)


class Prying(Generator):
    """Makes queries that ask for what is there by its names, too, wherever it is."""

    names: tuple[str, ...] = ()

    def _value(self, name: str, kind: Any, depth: int) -> Any:
        if name in ("externalId", "search") and self.chance.random() < 0.7:
            return self.chance.choice(self.names)
        return super()._value(name, kind, depth)


def context(db: Db, root: str | None, answers: Answers | None = None) -> Context:
    caller = Caller(parts.PARTNER, EVERYTHING, "key", root)
    return Context(db, CURSORS, Hub(db), DOCUMENTS, answers, caller=caller, request_id="the same")


async def told(here: Context, text: str, variables: Mapping[str, Any]) -> bytes:
    """The answer; of errors what they say, in whatever order they came."""
    result = await schema.execute(text, dict(variables), context_value=here, operation_name="Q")
    errors = sorted([error.message, str((error.extensions or {}).get("code"))] for error in result.errors or ())
    return orjson.dumps({"data": result.data, "errors": errors})


async def test_the_market_seen_in_part_is_the_market_without_the_rest(db: Db, pytestconfig: pytest.Config) -> None:
    part = await parts.settle(db)
    names = await rows(db, "MATCH (n) WHERE n:Account OR n:Person RETURN [n.name, n.externalId] AS both ORDER BY n.id")
    generator = Prying(schema._schema, await ids_there(db), random.Random(5))
    generator.names = tuple(name for row in names for name in row["both"])
    answers = Answers()
    asked: list[tuple[Generated, bytes]] = []
    for _ in range(int(pytestconfig.getoption("queries") or 0)):
        query = generator.query()
        if validate(schema._schema, parse(query.text)):
            continue
        seen = await told(context(db, part.root), query.text, query.variables)
        for _ in range(2):  # from a new plan, and from one that is kept
            assert await told(context(db, part.root, answers), query.text, query.variables) == seen
        given = query.text + orjson.dumps(query.variables).decode()
        leaks = [secret for secret in part.secrets if secret in seen.decode() and secret not in given]
        assert leaks == [], (query, seen)
        asked.append((query, seen))
    await parts.leave_only(db, part.root)
    differing = 0
    for query, seen in asked:
        assert seen.decode() == (await told(context(db, None), query.text, query.variables)).decode(), query
        differing += len(seen) > 60
    assert differing > len(asked) / 3
