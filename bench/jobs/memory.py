"""Peak memory: the most that a process has had resident since it began, or since its mark was taken down."""

from __future__ import annotations

import contextlib
from pathlib import Path

import psutil

from bench.errors import BenchError
from graph.embedded import Server

MEGABYTE = 1024  # kilobytes, as Linux tells sizes
_RESIDENT_ONLY = "5"  # what tells Linux to forget a peak


class Java:
    """The server's own process: the one below its supervisor that has the most memory."""

    def __init__(self, server: Server) -> None:
        parent = psutil.Process(server.pid)
        self.pid = max([parent, *parent.children(recursive=True)], key=lambda one: one.memory_info().rss).pid

    def forget(self) -> None:
        """Takes the mark down to what is resident now, where the system allows that."""
        with contextlib.suppress(OSError):
            Path(f"/proc/{self.pid}/clear_refs").write_text(_RESIDENT_ONLY)

    def peak(self) -> float:
        """Megabytes. Raises BenchError."""
        found = peak(self.pid)
        if found is None:
            raise BenchError("the database's process is gone")
        return found


def peak(pid: int) -> float | None:
    """A process's peak in megabytes (VmHWM); None if it has ended. Raises BenchError where there is no /proc."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        if not Path("/proc/self/status").exists():
            raise BenchError("this system has no /proc, and so doesn't tell peak memory") from None
        return None
    lines = (line.split() for line in status.splitlines())
    return next((int(words[1]) / MEGABYTE for words in lines if words[0] == "VmHWM:"), None)
