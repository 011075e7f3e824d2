"""The import of a CRM export: files in Salesforce's column names, or in those that a mapping gives, become accounts, people,
products and activities.

First every file is read through: what can't be understood as a whole is refused before anything is written. Then each is
read again in batches that go through the same doors as the API's upserts, so the rules are theirs. A value that a rule
refuses is left out and its row is taken without it (what the graph has stays); what a row can't be without rejects it.
Everything left out is reported by file, line, column, value and reason. docs/import.md says more.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from fractions import Fraction
from heapq import merge
from itertools import groupby
from pathlib import Path
from typing import Any

from graph import accounts, activities, people, products
from graph.activities import MAX_ACTIVITIES_PER_CALL
from graph.db import Db
from graph.errors import NotAnExport, Problem
from graph.mappings import SALESFORCE, Mapped
from graph.model import MAX_ROWS_PER_CALL, Change, Input, PersonRelationship
from graph.people import Relations
from graph.rejects import Rejects, Report
from graph.rows import LinkResult, UpsertResult, chunks
from graph.salesforce import ENDINGS, Column, Kind
from graph.spool import Kept, Spool
from graph.tables import Table, find_table, open_table

SCANNED = 1000  # rows in a batch that is only looked at
Progress = Callable[[str, int, int], None]
Link = tuple[str, str]


@dataclass(slots=True)
class FileSummary:
    """What became of a file's rows. `left_out` counts the values that were left out of rows that were taken."""

    name: str
    rows: int
    ignored_columns: tuple[str, ...]
    created: int = 0
    updated: int = 0
    rejected: int = 0
    left_out: int = 0

    @property
    def unchanged(self) -> int:
        """Rows that say what the graph says already."""
        return self.rows - self.created - self.updated - self.rejected


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """What became of an export: its files in the order of their import, and where `reports` of what was left out stand."""

    files: tuple[FileSummary, ...]
    ignored_files: tuple[str, ...]
    reports: int
    rejects: Path | None
    seconds: float


async def import_folder(
    db: Db, folder: Path, *, by: str, progress: Progress | None = None, rejects: Path, mapped: Mapped = SALESFORCE
) -> ImportSummary:
    """Imports the files that are there of an export, by what `mapped` calls them; a second time changes nothing.

    `progress` is told a file's name, how many of its rows are done, and of how many. `rejects` is where the reports go; it
    is deleted if there are none. Raises NotAnExport, with nothing written, and GraphError if `rejects` can't be written.
    """
    began = time.monotonic()
    sources = _sources(folder, mapped)
    _refuse_overwriting(sources, rejects)
    with Rejects(rejects) as reports:
        await _Import(db, by, sources, reports, progress or (lambda _file, _done, _total: None)).run()
    return ImportSummary(
        tuple(source.summary for source in sources),
        _ignored_files(folder, sources, rejects),
        reports.count,
        rejects if reports.count else None,
        time.monotonic() - began,
    )


def _refuse_overwriting(sources: Sequence[_Source], rejects: Path) -> None:
    if rejects.resolve() in [source.file.path.resolve() for source in sources]:
        raise NotAnExport(f"{rejects} is a file of the export; what is left out must be reported in another.")


def _ignored_files(folder: Path, sources: Sequence[_Source], rejects: Path) -> tuple[str, ...]:
    known = {rejects.name, *(source.file.name for source in sources)}
    return tuple(sorted(path.name for path in folder.iterdir() if path.name.endswith(ENDINGS) and path.name not in known))


# --- the first reading: is it an export? ----------------------------------------------------------------------------


@dataclass(slots=True)
class _Source:
    """A file that is there. `repeated` maps the lines of rows whose id stood before to the line where it stood first."""

    kind: Kind
    file: Table
    summary: FileSummary
    repeated: Mapping[int, int]
    done: int = 0

    @property
    def columns(self) -> list[Column]:
        """The columns that are read, as far as the file has them."""
        return [column for column in self.kind.columns if column.name in self.file.columns]

    def has(self, field: str) -> bool:
        return any(column.field == field for column in self.columns)


def _sources(folder: Path, mapped: Mapped) -> list[_Source]:
    """The files that are there, all of them understood. Raises NotAnExport that names whatever is wrong."""
    expected = ", ".join(kind.file for kind in mapped.kinds)
    if not folder.is_dir():
        raise NotAnExport(f"{folder} is not a folder. A CRM export is a folder with one or more of {expected}.")
    sources: list[_Source] = []
    wrong: list[str] = []
    for kind in mapped.kinds:
        try:
            if path := find_table(folder, kind.stem):
                sources.append(_scanned(kind, path))
        except NotAnExport as error:
            wrong.append(str(error))
    if wrong:
        raise NotAnExport("\n".join([*wrong, "Nothing was imported."]))
    if not sources:
        raise NotAnExport(f"{folder} holds no CRM export. Expected are one or more of {expected}.")
    return sources


def _scanned(kind: Kind, path: Path) -> _Source:
    file = open_table(path)
    kind = _as_there(kind, file)
    _refuse_columns(kind, file)
    file.check([column.name for column in kind.columns if column.name in file.columns])
    known = {column.name for column in kind.columns}
    ignored = tuple(name or "(unnamed)" for name in file.columns if name not in known)
    summary = FileSummary(file.name, 0, ignored)
    with Spool(_ids(kind, file, summary)) as ids:
        return _Source(kind, file, summary, ids.repeated())


def _ids(kind: Kind, file: Table, summary: FileSummary) -> Iterator[Kept]:
    """The ids of a file's rows, each with its line, less those that are missing. Counts the rows."""
    for batch in file.batches(SCANNED, [kind.key]):
        summary.rows += len(batch)
        yield from (Kept(line, texts[kind.key]) for line, texts in batch.rows if texts[kind.key].strip())


def _as_there(kind: Kind, file: Table) -> Kind:
    """The kind with each column called as the file calls it, where that is one of its other names."""
    names: dict[str, str] = {}
    for column in kind.columns:
        there = next((name for name in (column.name, *column.others) if name in file.columns), column.names)
        names[column.name] = there
    return kind.named(names)


def _refuse_columns(kind: Kind, file: Table) -> None:
    missing = [name for name in kind.needed if name not in file.columns]
    if kind.some and not any(name in file.columns for name in kind.some):
        missing.append(" or ".join(kind.some))
    if missing:
        found = ", ".join(repr(name) for name in file.columns)
        words = f"{file.name} has no column {', '.join(missing)}. {file.named_by} {found}."
        alone = len(file.columns) == 1 and any(mark in file.columns[0] for mark in ";\t|")
        raise NotAnExport(words + (" Fields must be separated by commas." if alone else ""))
    twice = [column.name for column in kind.columns if file.columns.count(column.name) > 1]
    if twice:
        raise NotAnExport(f"{file.name} has more than one column {', '.join(twice)}.")


# --- the second reading ---------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Row:
    """A row that may be taken: its texts by column, its values by field, those that are links apart. A value that was left
    out is in neither."""

    line: int
    texts: Mapping[str, str]
    values: dict[str, Any] = field(default_factory=dict[str, Any])
    links: dict[str, str | None] = field(default_factory=dict[str, str | None])


class _Import:
    """One import under way."""

    def __init__(self, db: Db, by: str, sources: Sequence[_Source], rejects: Rejects, progress: Progress) -> None:
        self._db = db
        self._by = by
        self._sources = {source.kind.noun: source for source in sources}
        self._rejects = rejects
        self._progress = progress

    async def run(self) -> None:
        """Products and accounts before what links to them."""
        for source in self._sources.values():
            self._progress(source.file.name, 0, source.summary.rows)
        for step in (self._products, self._accounts, self._people, self._activities):
            await step()
            self._rejects.flush()

    # --- rows, and what is left out of them

    def _read(self, source: _Source, size: int) -> Iterator[list[_Row]]:
        """A file's rows in batches, less those that are rejected by themselves. A batch is done when the next is asked for."""
        columns = source.columns
        for batch in source.file.batches(size, [column.name for column in columns]):
            for one in batch.ragged:
                words = f"The row has {one.fields} fields, the first line {len(source.file.columns)}."
                self._reject(source, one.line, "", "", words)
            yield [row for line, texts in batch.rows if (row := self._row(source, columns, line, texts))]
            source.done += len(batch)
            self._progress(source.file.name, source.done, source.summary.rows)

    def _row(self, source: _Source, columns: Sequence[Column], line: int, texts: Mapping[str, str]) -> _Row | None:
        row = _Row(line, texts)
        unfit = _unfit(source, row)
        if unfit:
            self._reject(source, row.line, *unfit)
            return None
        for column in columns:
            value = texts[column.name]
            try:
                (row.links if column.link else row.values)[column.field] = column.read(value) if value.strip() else None
            except ValueError as error:
                if column.name in source.kind.needed:
                    self._reject(source, row.line, column.name, value, str(error))
                    return None
                self._leave_out(source, row.line, column.name, value, str(error))
        return row

    def _reject(self, source: _Source, line: int, column: str, value: str, reason: str) -> None:
        self._rejects.add(Report(source.file.name, line, column, value, True, reason))
        source.summary.rejected += 1

    def _leave_out(self, source: _Source, line: int, column: str, value: str, reason: str) -> None:
        self._rejects.add(Report(source.file.name, line, column, value, False, reason))
        source.summary.left_out += 1

    async def _upsert(
        self, source: _Source, rows: list[_Row], write: Callable[[list[Input]], Awaitable[UpsertResult]]
    ) -> list[tuple[_Row, Change | None]]:
        """Writes the rows; those that a rule refuses again, without the values that it refuses. Returns those taken."""
        taken: list[tuple[_Row, Change | None]] = []
        while rows:
            done = await write([row.values for row in rows])
            wrong: defaultdict[int, list[Problem]] = defaultdict(list)
            for problem in done.problems:
                wrong[int(problem.field[1])].append(problem)
            taken += [(row, done.changes[place]) for place, row in enumerate(rows) if place not in wrong]
            rows = [rows[place] for place in sorted(wrong) if self._mended(source, rows[place], wrong[place])]
        return taken

    def _mended(self, source: _Source, row: _Row, problems: Sequence[Problem]) -> bool:
        """Takes out of a row what it was refused for. False if it can't be without."""
        refused = {source.kind.column(problem.field[2]): problem for problem in problems}
        for column, problem in refused.items():
            if column in source.kind.needed:
                self._reject(source, row.line, column, row.texts[column], problem.message)
                return False
        for column, problem in refused.items():
            self._leave_out(source, row.line, column, row.texts[column], problem.message)
            del row.values[problem.field[2]]
        return True

    def _count_links(self, source: _Source, lines: Mapping[Link, Sequence[int]], done: LinkResult, ends: Link) -> None:
        """Counts the rows that stand for links. `ends` are the columns that name the two ends."""
        for link, rows in lines.items():
            if problem := done.problems.get(link):
                end = 0 if problem.field[0] == "externalId" else 1
                for line in rows:
                    self._reject(source, line, ends[end], link[end], problem.message)
            source.summary.created += len(rows) if link in done.added else 0
            source.summary.updated += len(rows) if link in done.changed else 0

    # --- products, accounts and what they own

    async def _products(self) -> None:
        source = self._sources.get("products")
        if source is None:
            return
        for rows in self._read(source, MAX_ROWS_PER_CALL):
            taken = await self._upsert(source, rows, lambda batch: products.upsert(self._db, batch))
            _count(source, (change for _, change in taken))

    async def _accounts(self) -> None:
        """Accounts first, then their parents, for these may stand anywhere; then what they own."""
        source, assets = self._sources.get("accounts"), self._sources.get("assets")
        changed: set[str] = set()  # of those that the graph said the same of
        with Spool() as listed:
            if source:
                for rows in self._read(source, MAX_ROWS_PER_CALL):
                    taken = await self._upsert(source, rows, lambda batch: accounts.upsert(self._db, batch, by=self._by))
                    _count(source, (change for _, change in taken))
                    listed.add(_listed_account(row, change) for row, change in taken)
                if source.has("parent"):
                    changed.update(await self._move(source, listed))
            if assets:
                changed.update(await self._own(assets, listed))
        if source:
            source.summary.updated += len(changed)

    async def _move(self, source: _Source, listed: Spool) -> list[str]:
        """Puts accounts under their parents. Returns who stood elsewhere, of those that were the same."""
        moved, refused = await accounts.move(self._db, _Parents(listed), by=self._by)
        for row in listed.of(refused):
            self._leave_out(source, row.line, source.kind.column("parent"), row.other, refused[row.owner].message)
        return [key for some in chunks(moved, MAX_ROWS_PER_CALL) for key in _same(listed, some)]

    async def _own(self, source: _Source, listed: Spool) -> list[str]:
        """Makes what accounts own as the assets say: nothing for a listed account without any. Returns whose list changed, of
        those that were the same."""
        given = [column.field for column in source.columns if column.field in accounts.OWNED]
        changed: list[str] = []
        with Spool(self._links(source, "account", "product", lambda _row: True)) as assets:
            owners = (key for key, _ in groupby(merge(listed.owners(), assets.owners())))
            for keys in chunks(owners, MAX_ROWS_PER_CALL):
                rows: defaultdict[Link, list[Kept]] = defaultdict(list)
                for row in assets.of(keys):
                    rows[row.owner, row.other].append(row)
                lists: dict[str, list[Input]] = {key: [] for key in keys}
                for (account, product), several in rows.items():
                    owned = {"revenue": _revenue(several), "since": _since(several)}
                    lists[account].append({"productExternalId": product, **{name: owned[name] for name in given}})
                done = await accounts.own(self._db, lists, by=self._by)
                changed += _same(listed, done.touched)
                lines = {link: [row.line for row in several] for link, several in rows.items()}
                self._count_links(source, lines, done, (source.kind.column("account"), source.kind.column("product")))
        return changed

    def _links(self, source: _Source, owner: str, other: str, holds: Callable[[_Row], bool]) -> Iterator[Kept]:
        """The rows of a file of links that hold. Days become texts."""
        for rows in self._read(source, SCANNED):
            for row in filter(holds, rows):
                rest = {name: value.isoformat() if isinstance(value, date) else value for name, value in row.values.items()}
                yield Kept(row.line, rest.pop(owner), rest.pop(other), rest)

    # --- people and their relations

    async def _people(self) -> None:
        contacts, source = self._sources.get("people"), self._sources.get("relations")
        with self._relations(source) if source else Spool() as relations:
            if contacts:
                for rows in self._read(contacts, MAX_ROWS_PER_CALL):
                    taken = await self._upsert(contacts, rows, lambda batch: people.upsert(self._db, batch, by=self._by))
                    own = relations.of(row.values["externalId"] for row, _ in taken)
                    touched = await self._relate([row for row, _ in taken], own)
                    changed = (c or (Change.UPDATED if row.values["externalId"] in touched else None) for row, c in taken)
                    _count(contacts, changed)
            for keys in chunks(relations.owners(left=True), MAX_ROWS_PER_CALL):
                await self._relate([], relations.of(keys))

    def _relations(self, source: _Source) -> Spool:
        """The relations that hold, each person once at each account; those of one person may stand anywhere in the file."""
        today = datetime.now(UTC).date()
        active, ended = source.kind.column("active"), source.kind.column("end")

        def holds(row: _Row) -> bool:
            end = row.values.get("end")
            if row.values.get("active") is False:
                self._reject(source, row.line, active, row.texts[active], "The relation is not active.")
            elif end and end < today:
                self._reject(source, row.line, ended, row.texts[ended], "The relation has ended.")
            else:
                return True
            return False

        found = Spool(self._links(source, "person", "account", holds))
        for line, first in found.repeated().items():
            words = f"Line {first} relates this person to this account; a person relates once to each."
            self._reject(source, line, source.kind.column("account"), found.take(line).other, words)
        return found

    async def _relate(self, contacts: Sequence[_Row], relations: Sequence[Kept]) -> set[str]:
        """Makes people's relations as their AccountId (as EMPLOYEE) and the relations' Roles say. What the export doesn't
        tell stays: without AccountId the employees, without the other file the others. Returns whose relations changed."""
        source = self._sources.get("relations")
        wanted: defaultdict[str, dict[str, str | None]] = defaultdict(dict)
        keep: dict[str, list[PersonRelationship]] = {}
        direct: dict[Link, _Row] = {}
        for row in contacts:
            person = row.values["externalId"]
            keep[person] = [] if source else [PersonRelationship.CONTRACTOR, PersonRelationship.PARTNER]
            if "account" not in row.links:
                keep[person].append(PersonRelationship.EMPLOYEE)
            for account in _several(self._sources["people"], row.links.get("account")):
                wanted[person][account] = PersonRelationship.EMPLOYEE
                direct[person, account] = row
        lines: dict[Link, list[int]] = {}
        for one in relations:
            person, account = one.owner, one.other
            keep.setdefault(person, [PersonRelationship.EMPLOYEE])
            told = PersonRelationship.EMPLOYEE if source and source.has("relationship") else None
            wanted[person][account] = one.rest.get("relationship") or wanted[person].get(account) or told
            lines[person, account] = [one.line]
        done = await people.relate(self._db, {person: _listed(wanted[person], keep[person]) for person in keep}, by=self._by)
        for (person, account), row in direct.items():
            if problem := done.problems.get((person, account)):
                own = self._sources["people"]
                self._leave_out(own, row.line, own.kind.column("account"), account, problem.message)
        if source:
            self._count_links(source, lines, done, (source.kind.column("person"), source.kind.column("account")))
        return set(done.touched)

    # --- what people did

    async def _activities(self) -> None:
        source = self._sources.get("activities")
        if source is None:
            return
        for rows in self._read(source, MAX_ACTIVITIES_PER_CALL):
            done = await activities.record(self._db, [row.values for row in rows])
            for place, problem in {int(problem.field[1]): problem for problem in done.problems}.items():
                column = source.kind.column(problem.field[2])
                self._reject(source, rows[place].line, column, rows[place].texts[column], problem.message)
            source.summary.created += done.recorded
            self._rejects.flush()


# --- small things ---------------------------------------------------------------------------------------------------


class _Parents(Mapping[str, str | None]):
    """The parent of each listed account, by the children's ids, in their order."""

    def __init__(self, listed: Spool) -> None:
        self._listed = listed

    def __getitem__(self, child: str) -> str | None:
        for row in self._listed.of([child]):
            return row.other or None
        raise KeyError(child)

    def __iter__(self) -> Iterator[str]:
        return self._listed.owners()

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _listed_account(row: _Row, change: Change | None) -> Kept:
    return Kept(row.line, row.values["externalId"], row.links.get("parent") or "", {"same": change is None})


def _same(listed: Spool, keys: Iterable[str]) -> list[str]:
    """Those of some accounts of whom the file says what the graph said before."""
    return [row.owner for row in listed.of(keys) if row.rest["same"]]


def _unfit(source: _Source, row: _Row) -> tuple[str, str, str] | None:
    """Why a row can't be taken, as column, value and reason: what it can't be without is blank, or its id stood before."""
    kind, texts = source.kind, row.texts
    for name in kind.needed:
        if not texts[name].strip():
            return name, texts[name], f"{name} is needed; it can't be blank."
    if kind.some and not any(texts.get(name, "").strip() for name in kind.some):
        name = next(name for name in kind.some if name in texts)
        return name, texts[name], f"{' or '.join(kind.some)} is needed; they can't all be blank."
    if row.line in source.repeated:
        words = f"The row on line {source.repeated[row.line]} has this {kind.key} already; the first one counts."
        return kind.key, texts[kind.key], words
    return None


def _several(source: _Source, text: str | None) -> list[str]:
    """The accounts that a contact's column names: one, or several if it has a separator."""
    separator = next((column.separator for column in source.columns if column.field == "account"), None)
    found = (text or "").split(separator) if separator else [text or ""]
    return [one.strip() if separator else one for one in found if one.strip()]


def _listed(accounts_of: Mapping[str, str | None], keep: Sequence[PersonRelationship]) -> Relations:
    relations = [
        {"accountExternalId": account, **({"relationship": relationship} if relationship else {})}
        for account, relationship in accounts_of.items()
    ]
    return Relations(relations, keep)


def _revenue(assets: Sequence[Kept]) -> float | None:
    """The sum of an account's assets of one product, exact in decimals, so the same in whatever order they stand."""
    prices = [Fraction(repr(price)) for one in assets if (price := one.rest.get("revenue")) is not None]
    return float(sum(prices)) if prices else None


def _since(assets: Sequence[Kept]) -> date | None:
    """The day on which an account came to own a product first."""
    return min((date.fromisoformat(day) for one in assets if (day := one.rest.get("since"))), default=None)


def _count(source: _Source, changes: Iterable[Change | None]) -> None:
    for change in changes:
        source.summary.created += change is Change.CREATED
        source.summary.updated += change is Change.UPDATED
