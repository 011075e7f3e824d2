"""Whether the graph keeps what it promises: one statement per invariant, each telling what breaks it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from importlib.resources import files
from typing import LiteralString, cast

from graph.db import Db
from graph.queries import query

SHOWN = 5  # of what breaks an invariant


@dataclass(frozen=True, slots=True)
class Finding:
    """An invariant, how often it is broken, and the first few places in words."""

    check: str
    title: str
    broken: int
    shown: tuple[str, ...]


def checks() -> list[str]:
    """The names of all checks: the files of `cypher/doctor/`."""
    names = (file.name for file in files("cypher").joinpath("doctor").iterdir())
    return sorted(name.removesuffix(".cypher") for name in names if name.endswith(".cypher"))


async def examine(db: Db) -> AsyncGenerator[Finding]:
    """Every invariant in turn; it only reads."""
    for check in checks():
        statement = query(cast(LiteralString, f"doctor/{check}"))
        found = [row["what"] for row in await db.read(statement)]
        yield Finding(check, statement.answers, len(found), tuple(found[:SHOWN]))


async def server_version(db: Db) -> str:
    """What the server is, such as `Neo4j Kernel 2026.09.0 community`."""
    row = (await db.read(query("server/version")))[0]
    return f"{row['name']} {row['version']} {row['edition']}"
