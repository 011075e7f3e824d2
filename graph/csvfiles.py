"""CSV files, as they are or in gzip, read strictly, in batches, each row with the physical line on which it starts.

Readers of CSV, Python's and Polars's among them, mend in silence what is not well-formed, and can't tell a row's line when fields
hold line breaks. So rows are cut out here, and must follow the grammar of RFC 4180.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO, TextIO, cast

from graph.errors import NotAnExport

MAX_ROW = 10_000_000  # characters; a quote that is never closed would make the rest of the file one row
_FIELD = re.compile(r',("[^"]*+(?:""[^"]*+)*+"|[^",\r\n]*+)')  # with the comma before it


@dataclass(frozen=True, slots=True)
class Ragged:
    """A row with too few or too many fields."""

    line: int
    fields: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows: of each the line on which it starts, and its text by column, empty if there is none. `ragged` are those that
    have no such."""

    rows: Sequence[tuple[int, Mapping[str, str]]]
    ragged: Sequence[Ragged] = ()

    def __len__(self) -> int:
        return len(self.rows) + len(self.ragged)


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A file whose first row names its columns."""

    path: Path
    columns: tuple[str, ...]
    named_by: str = "Its first line names"

    @property
    def name(self) -> str:
        return self.path.name

    def check(self, names: Sequence[str]) -> None:
        """Nothing: `batches` reads every field of a row, whichever columns are asked for."""

    def batches(self, size: int, names: Sequence[str]) -> Iterator[Batch]:
        """The rows, with the columns of these names, blank lines left out. Raises NotAnExport."""
        rows = _rows(self.path)
        next(rows)
        while taken := list(islice(rows, size)):
            yield self._batch(taken, names)

    def _batch(self, taken: Sequence[tuple[int, str]], names: Sequence[str]) -> Batch:
        places = [(name, self.columns.index(name)) for name in names]
        rows: list[tuple[int, Mapping[str, str]]] = []
        ragged: list[Ragged] = []
        for line, text in taken:
            fields = _fields(self.path, line, text)
            if len(fields) == len(self.columns):
                rows.append((line, {name: fields[place] for name, place in places}))
            else:
                ragged.append(Ragged(line, len(fields)))
        return Batch(rows, ragged)


def open_csv(path: Path) -> CsvFile:
    """The file, its columns read. Raises NotAnExport."""
    header = next(_rows(path), None)
    if header is None:
        raise NotAnExport(f"{path.name} is empty; its first line must name its columns.")
    return CsvFile(path, tuple(_fields(path, *header)))


def _fields(path: Path, line: int, text: str) -> list[str]:
    """The fields of a row. Raises NotAnExport if its quotes are out of place: then the fields that there are don't fill it."""
    if '"' not in text:
        return text.split(",")
    fields = _FIELD.findall("," + text)
    if sum(map(len, fields)) + len(fields) != len(text) + 1:
        raise NotAnExport(_misquoted(path, line))
    return [one[1:-1].replace('""', '"') if one.startswith('"') else one for one in fields]


def _rows(path: Path) -> Iterator[tuple[int, str]]:
    """Each row that isn't blank, with the line on which it starts: a row ends with the line that closes its quotes."""
    try:
        with _text(path) as file:
            for line, text in _joined(path, file):
                if row := text.rstrip("\r\n"):
                    yield line, row
    except UnicodeDecodeError:
        raise NotAnExport(_encoding(path)) from None
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise NotAnExport(f"{path.name} can't be unpacked: it isn't gzip, or not all of it.") from None
    except OSError as error:
        raise NotAnExport(f"{path.name} can't be read: {error.strerror}.") from None


def _text(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return cast(TextIO, gzip.open(path, "rt", encoding="utf-8-sig", newline=""))
    return path.open(encoding="utf-8-sig", newline="")


def _bytes(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")


def _joined(path: Path, lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    start, parts, size, closed = 1, list[str](), 0, True
    for number, text in enumerate(lines, 1):
        if closed:
            start, parts, size = number, [], 0
        parts.append(text)
        size += len(text)
        closed ^= text.count('"') % 2 == 1
        if closed:
            yield start, "".join(parts)
        elif size > MAX_ROW:
            break
    if not closed:
        raise NotAnExport(f"{path.name}, the row that starts on line {start}: a quote is opened and never closed.")


def _misquoted(path: Path, line: int) -> str:
    return (
        f"{path.name}, the row that starts on line {line}: its quotes are out of place. A field that holds a quote, a comma or "
        "a line break must stand in quotes, with each quote inside it doubled."
    )


def _encoding(path: Path) -> str:
    """What to say of a file that isn't UTF-8."""
    with _bytes(path) as file:
        for number, line in enumerate(file, 1):
            if number == 1 and line.startswith((b"\xff\xfe", b"\xfe\xff")):
                break
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                byte = line[error.start]
                return f"{path.name} isn't UTF-8: on line {number} stands the byte 0x{byte:02x}. Save it as UTF-8."
    return f"{path.name} isn't UTF-8 but UTF-16. Save it as UTF-8."
