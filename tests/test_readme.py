"""Every command and every query that the README shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, LiteralString, cast

import pytest
from documents import blocks, follow
from make import Api, rows
from typer.main import get_command

from api import http
from api.cli import app
from api.documents import MAX_COMPARISONS
from api.errors import Code
from api.limits import MAX_CHARACTERS, MAX_DIGITS, MAX_NESTING, WORK, Limits
from api.sockets import MAX_OPERATIONS
from graph import sample
from graph.db import Db

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


async def test_queries_give_the_answers_shown(db: Db, api: Api) -> None:
    await sample.load(db)
    assert await follow(api, README) == 4


async def test_statements_for_the_browser_run(db: Db) -> None:
    await sample.load(db)
    statements = blocks(README, "cypher")
    assert len(statements) == 1
    for statement in statements:
        assert await rows(db, cast(LiteralString, statement))


def _commands(group: Any, *before: str) -> Iterator[tuple[str, Any]]:
    """Every command by its words."""
    for name, one in group.commands.items():
        if hasattr(one, "commands"):
            yield from _commands(one, *before, name)
        else:
            yield " ".join((*before, name)), one


def test_every_command_exists() -> None:
    commands = dict(_commands(get_command(app)))
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    shown: set[str] = set()
    for line in "".join(blocks(README, "sh")).splitlines():
        words = [word for word in line.split("#")[0].split() if "=" not in word]
        shown.add(" ".join(words[:2]))
        if words[0] == "make":
            assert words[1] in targets, line
        else:
            assert words[0] == "buying-groups", line
            name = next(one for one in (" ".join(words[1:3]), words[1]) if one in commands)
            shown.add(f"buying-groups {name}")
            options = {option for param in commands[name].params for option in [*param.opts, *param.secondary_opts]}
            assert all(word in options for word in words[2:] if word.startswith("--")), line
    assert {f"buying-groups {name}" for name in commands} - shown == set()
    assert {"make run", "make test", "make lint", "make schema", "make bench"} <= shown


def test_every_setting_is_told() -> None:
    from api.settings import names

    assert [name for name in names() if f"`{name}`" not in README] == []


def test_the_reference_tells_every_code_limit_and_price() -> None:
    reference = (ROOT / "docs" / "http.md").read_text("utf-8")
    assert sorted(re.findall(r"^\| `([A-Z_]+)` \|", reference, re.MULTILINE)) == sorted(Code)
    told = dict(re.findall(r"^\| `\w+` \| `(BUYING_GROUPS_MAX_\w+)` \| ([\d,]+) \|", reference, re.MULTILINE))
    limits = {f"BUYING_GROUPS_MAX_{one.name.upper()}": f"{one.default:,}" for one in fields(Limits)}
    assert told == {name: value for name, value in limits.items() if not name.endswith(("BODY", "SECONDS"))}
    for name, value in (
        ("characters", MAX_CHARACTERS),
        ("nesting", MAX_NESTING),
        ("digits", MAX_DIGITS),
        ("comparisons", MAX_COMPARISONS),
        ("operations", MAX_OPERATIONS),
    ):
        assert f"| `{name}` | | {value:,} |" in reference
    assert f"nest at most {http.MAX_NESTING}\ndeep; a list in them has at most {http.MAX_ENTRIES:,} entries" in reference
    assert f"(`{Limits().body:,}`)".replace("`", "") in reference
    prices = {
        tuple(field.split(".")): int(price.replace(",", ""))
        for field, price in re.findall(r"^\| `(\w+\.\w+)` \| ([\d,]+) \|", reference, re.MULTILINE)
    }
    assert prices == WORK


@pytest.mark.parametrize("link", re.findall(r"\]\((?!http)([^)#]+)\)", README))
def test_links_lead_somewhere(link: str) -> None:
    assert (ROOT / link).exists()
