"""Brings the graph's schema forward: the files of `cypher/schema/`, in order, each once, by exactly one instance."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files
from typing import LiteralString, cast

from graph.db import Db, Tx
from graph.errors import NewerGraph
from graph.queries import Query, parse, query

_FILE = re.compile(r"V(\d{4})__(\w+)\.cypher$")


@dataclass(frozen=True, slots=True)
class Migration:
    """One step: its number, its name, and its statements."""

    version: int
    name: str
    statements: tuple[Query, ...]


def all_migrations() -> list[Migration]:
    """Every step this package knows, in order. Raises ValueError for a file whose name is no migration's."""
    steps: list[Migration] = []
    for file in sorted(files("cypher").joinpath("schema").iterdir(), key=lambda f: f.name):
        found = _FILE.match(file.name)
        if not found:
            raise ValueError(f"cypher/schema/{file.name}: a migration is named V0001__what_it_does.cypher")
        name = file.name.removesuffix(".cypher")
        head = parse(f"schema/{name}", file.read_text("utf-8"))
        body = re.sub(r"(?m)^//.*\n?", "", head.text)
        parts = tuple(
            Query(head.name, cast(LiteralString, part.strip().rstrip(";")), head.mode)
            for part in body.split(";\n")
            if part.strip(" ;\n")
        )
        steps.append(Migration(int(found[1]), found[2], parts))
    return steps


async def applied(db: Db) -> set[int]:
    """The numbers of the steps that are in."""
    return {row["version"] for row in await db.read(query("migrations/list"))}


async def pending(db: Db) -> list[Migration]:
    """The steps that the graph lacks. Raises NewerGraph."""
    return _lacking(await applied(db))


def _lacking(done: set[int]) -> list[Migration]:
    known = all_migrations()
    if newest := max(done - {step.version for step in known}, default=0):
        raise NewerGraph(
            f"the graph was brought forward by a newer version of Buying Groups: step {newest} of its schema is in, and this "
            f"version knows {known[-1].version}. Install that version, or restore a backup from before."
        )
    return [step for step in known if step.version not in done]


async def migrate(db: Db) -> list[Migration]:
    """Applies what is missing and returns it. Several instances may call it at once: one works, the others wait. Raises
    NewerGraph.

    Schema statements can't share a transaction with data, so they run beside one that holds the lock and records the
    steps. If the process dies, that transaction ends with it, and the next one repeats the statements, which are idempotent.
    """
    await db.alone(query("migrations/prepare"))

    async def work(tx: Tx) -> list[Migration]:
        pending = _lacking({row["version"] for row in await tx.run(query("migrations/lock"))})
        for step in pending:
            for statement in step.statements:
                await db.alone(statement)
            await tx.run(query("migrations/record"), version=step.version, name=step.name)
        if pending:
            await db.alone(query("migrations/await_indexes"))
        return pending

    return await db.transaction(work, name="migrations", bounded=False)
