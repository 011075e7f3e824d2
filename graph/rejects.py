"""What an import left out, as a CSV file that a spreadsheet opens without running what is in it."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from graph.errors import GraphError

HEADER = ("file", "line", "column", "value", "left out", "reason")
MAX_SHOWN = 60  # characters of a value
_ACTIVE = ("=", "+", "-", "@", "\t", "\r")  # what makes a spreadsheet take a cell for a formula


@dataclass(frozen=True, slots=True, order=True)
class Report:
    """One value, or one row, that was left out, and why. `line` is the one on which the row starts."""

    file: str
    line: int
    column: str
    value: str
    row: bool  # the whole row was left out, not the value alone
    reason: str


class Rejects:
    """The file while it is written. It takes its name when all went well; with nothing to report, none is left behind."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._pending: list[Report] = []
        self._part = path.with_name(path.name + ".part")

    def __enter__(self) -> Rejects:
        try:
            self._file = self._part.open("w", encoding="utf-8", newline="")
        except OSError as error:
            raise GraphError(f"What is left out can't be reported in {self.path}: {error.strerror}.") from None
        self._writer = csv.writer(self._file)
        self._writer.writerow(HEADER)
        return self

    def add(self, report: Report) -> None:
        """Notes a report, until the next `flush`."""
        self._pending.append(report)

    def flush(self) -> None:
        """Writes the reports noted so far, by file and line."""
        for one in sorted(self._pending):
            cells = (one.file, one.line, one.column, _shown(one.value), "row" if one.row else "value", one.reason)
            self._writer.writerow([_inert(str(cell)) for cell in cells])
        self.count += len(self._pending)
        self._pending.clear()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None:
            self.flush()
        self._file.close()
        if kind is None and self.count:
            self._part.replace(self.path)
        else:
            self._part.unlink()
            if kind is None:
                self.path.unlink(missing_ok=True)


def _shown(value: str) -> str:
    return value if len(value) <= MAX_SHOWN else value[: MAX_SHOWN - 3] + "..."


def _inert(cell: str) -> str:
    return "'" + cell if cell.startswith(_ACTIVE) else cell
