"""Files of rows: CSV, as it is or in gzip, and Parquet. Each gives its columns, and its rows as texts, in batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import polars as pl

from graph.csvfiles import LINE, Batch, open_csv
from graph.errors import NotAnExport
from graph.salesforce import ENDINGS

_OTHERS = (".csv.zst", ".csv.bz2", ".csv.xz", ".csv.zip", ".zip", ".xlsx", ".xls", ".parquet.gz")
_PLAIN = "texts, numbers, true or false, days or times"
_AT_ONCE = 50_000  # rows of a Parquet file that are held
_WHOLE = 1e15  # up to which a float shows each of its whole numbers
_TIME = "%Y-%m-%dT%H:%M:%S%.6f"


class Table(Protocol):
    """A file whose columns have names. `named_by` is how a sentence about its columns begins."""

    @property
    def path(self) -> Path: ...
    @property
    def columns(self) -> tuple[str, ...]: ...
    @property
    def name(self) -> str: ...
    @property
    def named_by(self) -> str: ...

    def check(self, names: Sequence[str]) -> None:
        """Raises NotAnExport if the columns of these names can't be read, unless `batches` tells it of any column."""
        ...

    def batches(self, size: int, names: Sequence[str]) -> Iterator[Batch]:
        """The rows, with the columns of these names, as texts. Raises NotAnExport."""
        ...


def find_table(folder: Path, stem: str) -> Path | None:
    """The file of this name, whatever its ending is. Raises NotAnExport if there are several, or only one that can't be read."""
    there = [path for ending in ENDINGS if (path := folder / f"{stem}{ending}").is_file()]
    if len(there) > 1:
        names = " and ".join(path.name for path in there)
        raise NotAnExport(f"{folder} holds {names}; only one of them can be meant.")
    if there:
        return there[0]
    for ending in _OTHERS:
        if (other := folder / f"{stem}{ending}").is_file():
            raise NotAnExport(
                f"{other.name} can't be read. Unpack or save it as one of {', '.join(stem + one for one in ENDINGS)}."
            )
    return None


def open_table(path: Path) -> Table:
    """The file, its columns read. Raises NotAnExport."""
    return _open_parquet(path) if path.suffix == ".parquet" else open_csv(path)


# --- Parquet --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ParquetFile:
    """A Parquet file. Its rows are numbered from 1; a null is an empty text."""

    path: Path
    schema: pl.Schema
    named_by: str = "Its columns are"

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(self.schema.names())

    def check(self, names: Sequence[str]) -> None:
        wrong = [f"{name!r} ({self.schema[name]})" for name in names if _texts(name, self.schema[name]) is None]
        if wrong:
            raise NotAnExport(f"{self.name}: columns must hold {_PLAIN}, unlike {', '.join(wrong)}.")
        for _ in self.batches(10_000, names):
            pass

    def batches(self, size: int, names: Sequence[str]) -> Iterator[Batch]:
        texts = [text for name in names if (text := _texts(name, self.schema[name])) is not None]
        done = 0
        try:
            # A part at a time by place: batches that are collected as they come pile up when their reader is slow.
            while len(chunk := pl.scan_parquet(self.path).select(texts).slice(done, _AT_ONCE).collect()):
                for part in chunk.iter_slices(size):
                    lines = pl.int_range(done + 1, done + 1 + len(part), dtype=pl.Int64, eager=True).alias(LINE)
                    done += len(part)
                    yield Batch(part.with_columns(lines), ())
        except (pl.exceptions.PolarsError, OSError) as error:
            raise NotAnExport(_broken(self.path, error)) from None


def _open_parquet(path: Path) -> ParquetFile:
    try:
        return ParquetFile(path, pl.scan_parquet(path).collect_schema())
    except (pl.exceptions.PolarsError, OSError) as error:
        raise NotAnExport(_broken(path, error)) from None


def _broken(path: Path, error: Exception) -> str:
    return f"{path.name} can't be read as Parquet: {str(error).splitlines()[0]}"


def _texts(name: str, kind: pl.DataType) -> pl.Expr | None:
    """A column's values as a CSV file would have them; None for values that it couldn't have. A whole number in a column of
    floats, which is what becomes of whole numbers beside missing ones, is written without a point."""
    column = pl.col(name)
    if kind.is_float():
        whole = column.round().eq(column) & column.abs().lt(_WHOLE)
        column = (
            pl.when(whole)
            .then(column.cast(pl.Int64, strict=False).cast(pl.String))
            .otherwise(column.fill_nan(None).cast(pl.String))
        )
    elif isinstance(kind, pl.Datetime):
        column = column.dt.convert_time_zone("UTC").dt.strftime(_TIME + "Z") if kind.time_zone else column.dt.strftime(_TIME)
    elif (
        kind.is_integer()
        or kind.is_decimal()
        or isinstance(kind, pl.String | pl.Categorical | pl.Enum | pl.Boolean | pl.Date | pl.Null)
    ):
        column = column.cast(pl.String)
    else:
        return None
    return column.fill_null("").alias(name)
