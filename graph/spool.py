"""Rows put aside in a temporary database on disk, so that those of any file are looked through in a few MB of memory.

SQLite keeps it: a database without a name stands in a file that is in no folder, and goes with its connection.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any, NamedTuple

from graph.errors import GraphError

_MADE = """
PRAGMA cache_size = -4000;
PRAGMA temp_store = FILE;
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE rows (line INTEGER PRIMARY KEY, owner TEXT, other TEXT, rest TEXT);
BEGIN;
"""  # 4 MB may stand in memory; one transaction for all, for else each statement waits for the disk
_REPEATED = """
SELECT line, first FROM (SELECT line, first_value(line) OVER (PARTITION BY owner, other ORDER BY line) AS first FROM rows)
WHERE line <> first
"""


class Kept(NamedTuple):
    """A row: the line on which it starts, whose it is, what it links that to, and what else it says (as JSON has it)."""

    line: int
    owner: str
    other: str = ""
    rest: Mapping[str, Any] = {}


class Spool:
    """Rows that are put aside. Raises GraphError if the disk has no room for them."""

    def __init__(self, rows: Iterable[Kept] = ()) -> None:
        self._asked = bytearray()  # by lines
        with _told():
            self._db = sqlite3.connect("", isolation_level=None)
            self._db.executescript(_MADE)
        self.add(rows)

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._db.close()

    def add(self, rows: Iterable[Kept]) -> None:
        """Puts rows aside."""
        with _told():
            self._db.executemany("INSERT INTO rows VALUES (?, ?, ?, ?)", ((*row[:3], json.dumps(row.rest)) for row in rows))

    def repeated(self) -> dict[int, int]:
        """The lines of rows whose owner was linked to the same before, each with the line where it first was."""
        with self._looked() as db:
            return dict(db.execute(_REPEATED))

    def take(self, line: int) -> Kept:
        """Takes out the row that starts on a line."""
        with _told():
            found = self._db.execute("SELECT * FROM rows WHERE line = ?", (line,)).fetchone()
            self._db.execute("DELETE FROM rows WHERE line = ?", (line,))
        return _row(found)

    def of(self, owners: Iterable[str]) -> list[Kept]:
        """The rows of some, those of each in the order of the file."""
        wanted = "SELECT * FROM rows WHERE owner = ? ORDER BY line"
        with self._looked() as db:
            found = [_row(row) for owner in owners for row in db.execute(wanted, (owner,))]
        for row in found:
            self._asked.extend(bytes(max(row.line + 1 - len(self._asked), 0)))
            self._asked[row.line] = True
        return found

    def owners(self, *, left: bool = False) -> Iterator[str]:
        """Whose rows they are, in order; with `left`, of those alone whom nobody has asked for."""
        with self._looked() as db:
            for owner, line in db.execute("SELECT owner, min(line) FROM rows GROUP BY owner ORDER BY owner"):
                if not (left and line < len(self._asked) and self._asked[line]):
                    yield owner

    @contextmanager
    def _looked(self) -> Generator[sqlite3.Connection]:
        """The database with its index, which is made when it is looked at first: quicker than row by row."""
        with _told():
            self._db.execute("CREATE INDEX IF NOT EXISTS by_owner ON rows (owner, other)")
            yield self._db


def _row(row: tuple[int, str, str, str]) -> Kept:
    return Kept(*row[:3], json.loads(row[3]))


@contextmanager
def _told() -> Generator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise GraphError(f"Rows of the files can't be put aside in a temporary file: {error}.") from None
