"""Parquet files, read by Polars: their values as the texts that a CSV file would have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from graph.csvfiles import Batch
from graph.errors import NotAnExport

_PLAIN = "texts, numbers, true or false, days or times"
_AT_ONCE = 50_000  # rows that are held
_WHOLE = 1e15  # up to which a float shows each of its whole numbers
_TIME = "%Y-%m-%dT%H:%M:%S%.6f"


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
                    yield Batch(list(enumerate(part.iter_rows(named=True), done + 1)))
                    done += len(part)
        except (pl.exceptions.PolarsError, OSError) as error:
            raise NotAnExport(_broken(self.path, error)) from None


def open_parquet(path: Path) -> ParquetFile:
    """The file, its columns read. Raises NotAnExport."""
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
