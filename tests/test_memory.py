"""How a serving process keeps its memory. How much that is after an hour, `python -m bench soak` tells."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Generator

import pytest

from api import memory


class _Knot:
    """Something that leads to itself, as what a cancelled request leaves does."""

    def __init__(self) -> None:
        self.own = self


@pytest.fixture
def _collector() -> Generator[None]:
    """The collector as it was."""
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


@pytest.mark.usefixtures("_collector")
async def test_cycles_that_have_lived_long_are_collected_while_it_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "COLLECT", 0.01)
    async with memory.kept():
        knot = _Knot()
        gc.collect()
        gc.collect()  # it has lived through two
        there = weakref.ref(knot)
        del knot
        assert there() is not None
        async with asyncio.timeout(10):
            while there() is not None:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.01)
    assert "cycles" not in {task.get_name() for task in asyncio.all_tasks() if not task.cancelling()}
