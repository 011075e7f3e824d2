"""How a serving process keeps its memory: what is collected when, and which blocks go back to the system at once."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
from collections.abc import AsyncGenerator

APART = 64 * 1024
"""Bytes from which a block of memory has pages of its own, which go back to the system with it."""
COLLECT = 20.0  # seconds between two looks for cycles
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of malloc.h


@contextlib.asynccontextmanager
async def kept() -> AsyncGenerator[None]:
    """While it is entered, memory is kept as suits a server. What is there by now is taken to stay for good."""
    _keep_large_blocks_apart()
    _spare_the_collector()
    task = asyncio.create_task(_collect(), name="cycles")
    try:
        yield
    finally:
        task.cancel()


def _spare_the_collector() -> None:
    """Leaves what serving needs for good out of garbage collection, and collects less often while an answer is made: answers are
    many small lists, all without cycles, and going through them took up to half of a large answer's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 10)


async def _collect() -> None:
    """Now and then collects all: what an executor, a cancelled request or a lost connection leaves has cycles, a connection's
    buffers among them, and where it lived through two collections it would wait for long."""
    while True:
        await asyncio.sleep(COLLECT)
        gc.collect()


def _keep_large_blocks_apart() -> None:
    """The C library raises the size of what it keeps apart to that of the largest block that was freed. Answers then lie between
    small things that stay, and what they leave is of no use for the next: memory grew by a third within an hour."""
    with contextlib.suppress(AttributeError, OSError):  # there is no mallopt but in glibc
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_MMAP_THRESHOLD, APART)
        mallopt(_M_TRIM_THRESHOLD, 4 * APART)
