"""The notebook: every cell of it runs on the sample market. Run by `make docs`, which installs what it needs."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from graph import sample
from graph.db import Db
from graph.embedded import Server

NOTEBOOK = Path(__file__).parent.parent / "docs" / "notebooks" / "hierarchy.ipynb"


def cells() -> list[dict[str, Any]]:
    return [cell for cell in json.loads(NOTEBOOK.read_text("utf-8"))["cells"] if cell["cell_type"] == "code"]


@pytest.mark.docs
@pytest.mark.filterwarnings("default")  # of what notebooks stand on
async def test_every_cell_runs_on_the_sample_market(db: Db, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    await sample.load(db)
    for name, value in (
        ("URI", server.connection.uri),
        ("USERNAME", server.connection.username),
        ("PASSWORD", server.connection.password),
    ):
        monkeypatch.setenv(f"NEO4J_{name}", value)
    shown: list[str] = []
    monkeypatch.setattr("IPython.display.display", lambda table: shown.append(table.data))
    known: dict[str, Any] = {}

    def run() -> None:
        for cell in cells():
            exec(compile("".join(cell["source"]), str(NOTEBOOK), "exec"), known)  # noqa: S102 - our own

    await asyncio.to_thread(run)
    picture = known["picture"]
    labels = {label for node in picture.nodes for label in node.properties["labels"]}
    assert labels == {"Account", "BuyingGroup", "Person"}
    assert {link.properties["type"] for link in picture.relationships} == {"CHILD_OF", "FOR_ACCOUNT", "MEMBER_OF", "WORKS_FOR"}
    assert "Tessarine Bank" in {node.caption for node in picture.nodes}
    white, member = shown
    assert white.splitlines()[:3] == [
        "| hierarchy | branch | accounts | people |",
        "| --- | --- | --- | --- |",
        "| Pellimore Foods | Pellimore Dairy | 2 | 9 |",
    ]
    assert member.count("OVERRULED") == 2


def test_it_is_kept_without_outputs() -> None:
    assert [cell["outputs"] for cell in cells()] == [[]] * len(cells())
    assert [cell["execution_count"] for cell in cells()] == [None] * len(cells())
