"""Every command and every query that the README shows."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, LiteralString, cast

import pytest
from make import Api, rows
from typer.main import get_command

from api.cli import app
from graph import sample
from graph.db import Db

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
ANY = "..."  # what an answer shows in place of a text that differs from run to run


def blocks(language: str, text: str = README) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def found(answer: Any, into: dict[str, Any]) -> dict[str, Any]:
    """Every aliased id in an answer, by its alias; of several the one beside the name that the README speaks of."""
    if isinstance(answer, list):
        for one in answer:
            found(one, into)
    elif isinstance(answer, dict):
        for key, value in answer.items():
            if not key.endswith("Id"):
                found(value, into)
            elif key != "roleId" or answer["name"] == "Champion":
                into[key] = value
    return into


def alike(shown: Any, real: Any) -> bool:
    if shown == ANY:
        return isinstance(real, str) and real != ""
    if isinstance(shown, dict) and isinstance(real, dict):
        return shown.keys() == real.keys() and all(alike(value, real[key]) for key, value in shown.items())
    if isinstance(shown, list) and isinstance(real, list):
        return len(shown) == len(real) and all(alike(one, two) for one, two in zip(shown, real, strict=True))
    return shown == real


async def test_queries_give_the_answers_shown(db: Db, api: Api) -> None:
    await sample.load(db)
    known: dict[str, Any] = {}
    pairs = re.findall(r"```graphql\n(.*?)```(?:\s*```json\n(.*?)```)?", README, re.DOTALL)
    assert len(pairs) == 4
    for query, shown in pairs:
        variables = {name: known[name] for name in re.findall(r"\$(\w+): ID!", query)}
        answer = await api.data(query, **variables)
        if shown:
            assert alike(json.loads(shown), answer), json.dumps(answer, indent=2)
        found(answer, known)


async def test_statements_for_the_browser_run(db: Db) -> None:
    await sample.load(db)
    statements = blocks("cypher")
    assert len(statements) == 1
    for statement in statements:
        assert await rows(db, cast(LiteralString, statement))


def test_every_command_exists() -> None:
    commands = get_command(app).commands  # type: ignore[attr-defined]
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    shown: set[str] = set()
    for line in "".join(blocks("sh")).splitlines():
        words = [word for word in line.split("#")[0].split() if "=" not in word]
        shown.add(" ".join(words[:2]))
        if words[0] == "make":
            assert words[1] in targets, line
        else:
            assert words[0] == "buying-groups", line
            options = {option for param in commands[words[1]].params for option in [*param.opts, *param.secondary_opts]}
            assert all(word in options for word in words[2:] if word.startswith("--")), line
    assert {f"buying-groups {name}" for name in commands} <= shown
    assert {"make run", "make test", "make lint", "make schema", "make bench"} <= shown


def test_every_setting_is_told() -> None:
    from api.settings import names

    assert [name for name in names() if f"`{name}`" not in README] == []


@pytest.mark.parametrize("link", re.findall(r"\]\((?!http)([^)#]+)\)", README))
def test_links_lead_somewhere(link: str) -> None:
    assert (ROOT / link).exists()
