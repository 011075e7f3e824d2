"""Every command and every query that the README shows."""

from __future__ import annotations

import re
import shlex
from dataclasses import fields
from pathlib import Path
from typing import Any, LiteralString, cast

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
from graph.model import Permission

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


def test_every_command_exists() -> None:
    commands = get_command(app).commands  # type: ignore[attr-defined]
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    shown: set[str] = set()
    for line in "".join(blocks(README, "sh")).splitlines():
        words = [word for word in shlex.split(line, comments=True) if "=" not in word]
        shown.add(" ".join(words[:2]))
        if words[0] == "make":
            assert words[1] in targets, line
        else:
            assert words[0] == "buying-groups", line
            check_options(commands[words[1]], words[2:])
    assert {f"buying-groups {name}" for name in commands} <= shown
    assert {"make run", "make test", "make lint", "make schema", "make bench"} <= shown


def check_options(command: Any, words: list[str]) -> None:
    """Whether a command, or the one of its commands that is named, has the options that are given."""
    if hasattr(command, "commands"):
        command, words = command.commands[words[0]], words[1:]
    options = {option for param in command.params for option in [*param.opts, *param.secondary_opts]}
    assert [word for word in words if word.startswith("--") and word not in options] == []


async def test_what_the_page_on_security_shows_exists(db: Db) -> None:
    from api.settings import names

    page = (ROOT / "docs" / "security.md").read_text("utf-8")
    lines = "".join(blocks(page, "sh")).splitlines()
    commands = get_command(app).commands  # type: ignore[attr-defined]
    shown = [shlex.split(line, comments=True) for line in lines if line.startswith("buying-groups ")]
    assert [words[2] for words in shown] == ["create", "create", "list", "revoke"]
    for words in shown:
        check_options(commands[words[1]], words[2:])
    assert set(re.findall(r"BUYING_GROUPS_\w+", page)) <= {*names()}
    assert re.findall(r"^\| `([A-Z_]+)` \|", page, re.MULTILINE) == sorted(Permission, key=lambda one: page.index(f"| `{one}` |"))
    assert set(re.findall(r"^\| `([A-Z_]+)` \|", page, re.MULTILINE)) == set(Permission)
    (statement,) = blocks(page, "cypher")
    await rows(db, cast(LiteralString, statement))


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
