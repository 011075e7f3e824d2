"""The server checks every statement: its columns, its mode and its parameters are the header's, and it knows every name."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import LiteralString, cast

import pytest

from graph.db import Db
from graph.migrations import all_migrations
from graph.queries import HeaderError, parse, query

# Unknown label, relationship type, property; status 01N60 lists parameters that were not given.
TYPOS = ("01N50", "01N51", "01N52")
MODES = {"r": "read", "w": "write", "rw": "write", "s": "schema"}
ROOT = files("cypher")


def statement_names() -> list[str]:
    return sorted(
        f"{folder.name}/{file.name.removesuffix('.cypher')}"
        for folder in ROOT.iterdir()
        if folder.is_dir() and folder.name not in ("schema", "vocabulary", "__pycache__")
        for file in folder.iterdir()
        if file.name.endswith(".cypher")
    )


@pytest.mark.parametrize("name", statement_names())
async def test_header_is_what_the_server_says(shared_db: Db, name: str) -> None:
    statement = query(cast(LiteralString, name))
    plan = await shared_db.explain(statement.text)
    assert plan.columns == statement.returns
    assert MODES[plan.mode] == statement.mode
    assert not [notice for notice in plan.notices if notice.startswith(TYPOS)]
    assert set(re.findall(r"\$(\w+)", _code(statement.text))) == set(statement.params)


def _code(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("//"))


def test_header_errors_name_the_file_and_the_fault() -> None:
    with pytest.raises(HeaderError, match=r"cypher/x/y\.cypher: 'mode' must be read, write or schema, not None"):
        parse("x/y", "// Says.\nRETURN 1")
    with pytest.raises(HeaderError, match=r"'mode' stands twice"):
        parse("x/y", "// Says.\n// mode: read\n// mode: write\nRETURN 1")
    with pytest.raises(HeaderError, match=r"doesn't say what the statement answers"):
        parse("x/y", "// mode: read\nRETURN 1")


def test_migrations_are_numbered_without_gaps() -> None:
    assert [step.version for step in all_migrations()] == list(range(1, len(all_migrations()) + 1))
