"""The folder of files that jobs are made of: what an import brings and rejects, what an export gives.

It is a disk of this machine's, so the jobs are worked on where they were asked for, or wherever the same folder is. Only
the owner reads what is in it.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from graph import jobs
from graph.db import Db

PART = ".part"  # what is being received
IMPORT = ".import.jsonl"  # what an import brings
LATER = ".later.jsonl"  # what it has put off
REJECTS = ".rejects.jsonl"
EXPORT = ".export.jsonl"
DAY = 86_400  # seconds
HOUR = 3_600
KEPT = {IMPORT: 0, LATER: 0, REJECTS: DAY, EXPORT: DAY}
"""For how many seconds after its job's end a file is kept."""


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder, made when it is needed."""

    path: Path

    def file(self, job_id: str, suffix: str) -> Path:
        """Where a file of a job is."""
        return self.path / f"{job_id}{suffix}"

    def ids(self, suffix: str) -> list[str]:
        """The jobs that have such a file here."""
        try:
            return sorted(name.removesuffix(suffix) for name in os.listdir(self.path) if name.endswith(suffix))
        except FileNotFoundError:
            return []

    def create(self, job_id: str, suffix: str) -> BinaryIO:
        """A new file, open for writing."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.fdopen(os.open(self.file(job_id, suffix), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")

    def rename(self, job_id: str, suffix: str, to: str) -> None:
        """Gives a file another suffix."""
        self.file(job_id, suffix).replace(self.file(job_id, to))

    def delete(self, job_id: str, *suffixes: str) -> None:
        """Deletes files of a job, if they are there."""
        for suffix in suffixes:
            self.file(job_id, suffix).unlink(missing_ok=True)

    def put(self, job_id: str, suffix: str, at: int, content: bytes) -> int:
        """Writes at a place of a file, where it ends then, whatever stood there. Returns where that is."""
        if not content and not at:
            return 0
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(self.file(job_id, suffix), os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
            file.truncate(at)
            file.seek(at)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        return at + len(content)

    async def tend(self, db: Db, suffixes: Sequence[str]) -> None:
        """Deletes the files of these kinds whose time is over: their jobs have ended, or never came to be."""
        for suffix in suffixes:
            found = self.ids(suffix)
            known = await jobs.file_jobs(db, found) if found and suffix != PART else {}
            for own in found:
                job = known.get(own)
                if job is None:
                    over = self._age(own, suffix) > HOUR
                else:
                    over = job.ended_for is not None and job.ended_for >= KEPT[suffix]
                if over:
                    await asyncio.to_thread(self.delete, own, suffix)

    def _age(self, job_id: str, suffix: str) -> float:
        try:
            return time.time() - self.file(job_id, suffix).stat().st_mtime
        except FileNotFoundError:
            return 0.0
