"""What jobs are made of: a claim, what a batch did, and kinds of jobs whose files lie where they were asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from graph.db import Db, Tx
from graph.matching import Counts

Pace = Callable[[], float]
"""Which part of the time jobs may work now: above 0, at most 1. The rest is left to requests."""
Left = object
"""What a batch found and left to the next ones of this instance, which need not look for it again; only who left it looks into
it. The job's record still says where it was found, for an instance that dies with it."""


def at_full() -> float:
    """The pace of those who leave nothing to others."""
    return 1.0


@dataclass(frozen=True, slots=True)
class Claim:
    """A job that this instance holds, or a slice of one. `input` is what a job with files was asked for, as JSON."""

    id: str
    kind: str
    by: str
    interest_id: str | None
    audience_id: str | None
    entry_stage_id: str | None
    as_of: datetime | None
    lease: str
    input: str | None = None
    slice: str | None = None
    pace: Pace = at_full


@dataclass(frozen=True, slots=True)
class RowCounts:
    """What became of the rows of a file: those done are created, updated, rejected, or say nothing new."""

    done: int = 0
    created: int = 0
    updated: int = 0
    rejected: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """What a batch did, and where the job goes on; no cursor: it is done. `busy`: the batch waits for another job;
    `help`: which has slices to share. `cut`: the job goes on in slices."""

    cursor: dict[str, Any] | None
    total: int = 0
    done: int = 0
    created: int = 0
    counts: Counts = field(default_factory=Counts)
    rows: RowCounts | None = None
    busy: bool = False
    help: bool = False
    cut: bool = False
    left: Left | None = None


class Work(Protocol):
    """A kind of job with files of its own. Whoever has the files can work on it, and nobody else."""

    def here(self) -> Sequence[str]:
        """The ids of the jobs of this kind whose files are here."""
        ...

    async def step(self, tx: Tx, claim: Claim, cursor: dict[str, Any]) -> Step:
        """The job's next batch, in its transaction: what it does to files must be safe to repeat. Raises Refused."""
        ...

    async def tend(self, db: Db) -> None:
        """Now and then, and when a job has ended: deletes the files that nobody needs any more."""
        ...
