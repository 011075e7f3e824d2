"""Files of rows: CSV, as it is or in gzip, and Parquet. Each gives its columns, and its rows as texts, in batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from graph.csvfiles import Batch, open_csv
from graph.errors import NotAnExport
from graph.salesforce import ENDINGS

_OTHERS = (".csv.zst", ".csv.bz2", ".csv.xz", ".csv.zip", ".zip", ".xlsx", ".xls", ".parquet.gz")


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
    if path.suffix != ".parquet":
        return open_csv(path)
    from graph.parquet import open_parquet  # Polars, which takes 50 MB of memory, for those alone who have such a file

    return open_parquet(path)
