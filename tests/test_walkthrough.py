"""The workflow that docs/walkthrough.md leads through, done as it says, on the sample market."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from documents import blocks, follow
from make import Api

from graph import sample
from graph.db import Db

TEXT = (Path(__file__).parent.parent / "docs" / "walkthrough.md").read_text("utf-8")


async def test_the_whole_workflow_gives_the_answers_shown(db: Db, api: Api) -> None:
    await sample.load(db)
    assert await follow(api, TEXT, {"now": datetime.now(UTC).isoformat()}) == len(blocks(TEXT, "json")) == 30
