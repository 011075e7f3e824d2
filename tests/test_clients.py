"""What Node has to say: clients and audits from npm against the served sample. Run by `make test-clients`, not by `make test`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from make import serving

from graph import sample
from graph.db import Db

pytestmark = pytest.mark.clients
CLIENTS = Path(__file__).parent / "clients"


@pytest.fixture
async def url(db: Db) -> AsyncGenerator[str]:
    """Where the API answers, over the sample market."""
    await sample.load(db)
    async with serving(db) as port:
        yield f"http://127.0.0.1:{port}/graphql"


async def node(script: str, *args: str) -> Any:
    """What a script prints as JSON."""
    running = await asyncio.create_subprocess_exec("node", script, *args, cwd=CLIENTS, stdout=asyncio.subprocess.PIPE)
    printed, _ = await running.communicate()
    assert running.returncode == 0
    return json.loads(printed)


async def test_every_audit_of_graphql_over_http_passes(url: str) -> None:
    results = await node("audit.mjs", url)
    assert [one for one in results if one["status"] != "ok"] == []
    assert len(results) == 61
