"""The import of a file of JSON lines as a job: each line a row, taken through the same doors as the API's upserts.

A batch of lines is one transaction, and so is what the job's cursor says of it: where in the files the next batch begins. A
job that dies is taken up at that line, and what it had written of other files beyond is overwritten.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, BinaryIO

import orjson

from graph import accounts, activities, people, products
from graph.activities import RecordResult
from graph.db import Db, Tx
from graph.errors import ErrorCode, Problem, Refused
from graph.folder import IMPORT, LATER, PART, REJECTS, Folder
from graph.model import MAX_ROWS_PER_CALL, Change, Input
from graph.rows import UpsertResult
from graph.shapes import ACCOUNT, ACTIVITY, PERSON, PRODUCT, Shape, row_of
from graph.work import Claim, RowCounts, Step

MAX_LINE = 2**20
"""How many bytes a line has at most."""
MAX_BATCH = 2**22
"""With how many bytes a batch is full, however few its lines are."""
PARENT = "parentExternalId"
_MARK = b"\xef\xbb\xbf"  # with which some programs begin a file in UTF-8

Result = UpsertResult | RecordResult
Write = Callable[[Sequence[Input], str], Callable[[Tx], Awaitable[Result]]]


@dataclass(frozen=True, slots=True)
class Rows:
    """What the rows of a file are, by what they go, and how a batch of at most `size` is written."""

    shape: Shape
    key: str
    size: int
    write: Write


KINDS: dict[str, Rows] = {
    "accounts": Rows(ACCOUNT, "externalId", MAX_ROWS_PER_CALL, lambda rows, by: accounts.upserting(rows, by=by)),
    "people": Rows(PERSON, "externalId", MAX_ROWS_PER_CALL, lambda rows, by: people.upserting(rows, by=by)),
    "products": Rows(PRODUCT, "externalId", MAX_ROWS_PER_CALL, lambda rows, _: products.upserting(rows)),
    "activities": Rows(ACTIVITY, "activityId", 2 * MAX_ROWS_PER_CALL, lambda rows, _: activities.recording(rows)),
}
"""What can be imported, in the order in which one refers to the other."""


@dataclass(frozen=True, slots=True)
class _Place:
    """How far an import is: where its next batch begins, behind how many lines, and where its other files end. `again`: it
    goes through what it has put off."""

    offset: int = 0
    line: int = 0
    rejects: int = 0
    later: int = 0
    again: bool = False


@dataclass(slots=True)
class _Batch:
    """Lines that were read: the rows that may be taken, with the lines on which they stand, and what is wrong with others."""

    offset: int
    line: int
    rows: list[Input] = field(default_factory=list[Input])
    lines: list[int] = field(default_factory=list[int])
    rejects: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    rejected: int = 0
    more: bool = True

    def reject(self, line: int, key: Any, problems: Sequence[Problem], left_out: str = "ROW") -> None:
        self.rejects += [
            {
                "line": line,
                "key": key if isinstance(key, str) else None,
                "leftOut": left_out,
                "field": list(problem.field),
                "code": problem.code,
                "message": problem.message,
            }
            for problem in problems
        ]
        self.rejected += left_out == "ROW"


class Intake:
    """Works on imports whose files are in a folder."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder

    def here(self) -> list[str]:
        return self._folder.ids(IMPORT)

    async def tend(self, db: Db) -> None:
        await self._folder.tend(db, (PART, IMPORT, LATER, REJECTS))

    async def step(self, tx: Tx, claim: Claim, cursor: dict[str, Any]) -> Step:
        wanted, place = json.loads(claim.input or "{}"), _Place(**cursor)
        kind = KINDS[wanted["kind"]]
        try:
            if place.again:
                return await self._move(tx, claim, place)
            batch = await asyncio.to_thread(self._read, claim.id, place, kind)
        except FileNotFoundError:
            raise Refused.of("", ErrorCode.NOT_FOUND, "The job's file is gone. Send it again.") from None
        later: list[dict[str, Any]] = []
        rows = [{k: v for k, v in row.items() if k != PARENT} for row in batch.rows] if kind.shape is ACCOUNT else batch.rows
        done = await kind.write(rows, claim.by)(tx)
        refused = _refuse(batch, kind, done)
        changes: Sequence[Change | None] = done.changes if isinstance(done, UpsertResult) else ()
        if kind.shape is ACCOUNT:
            later = [
                {"line": line, "key": row["externalId"], "parent": row[PARENT], "told": changes[at] is not None}
                for at, (row, line) in enumerate(zip(batch.rows, batch.lines, strict=True))
                if PARENT in row and at not in refused
            ]
        return await self._written(claim, place, batch, later, _counts(done, batch, place))

    async def _written(
        self, claim: Claim, place: _Place, batch: _Batch, later: Sequence[dict[str, Any]], counts: RowCounts
    ) -> Step:
        put = self._folder.put
        rejects = await asyncio.to_thread(put, claim.id, REJECTS, place.rejects, _lines(batch.rejects))
        put_off = place.later if place.again else await asyncio.to_thread(put, claim.id, LATER, place.later, _lines(later))
        after = replace(place, offset=batch.offset, line=batch.line, rejects=rejects, later=put_off)
        if not batch.more and put_off and not place.again:
            after = _Place(rejects=rejects, later=put_off, again=True)
        elif not batch.more:
            return Step(None, rows=counts)
        return Step(asdict(after), rows=counts)

    async def _move(self, tx: Tx, claim: Claim, place: _Place) -> Step:
        """Puts accounts under their parents, when all accounts are there."""
        batch, parents = await asyncio.to_thread(self._read_later, claim.id, place)
        lines = {one["key"]: one for one in parents}
        moved, refused = await accounts.moving(tx, {key: one["parent"] for key, one in lines.items()}, by=claim.by)
        for key, problem in refused.items():
            batch.reject(lines[key]["line"], key, [problem], "FIELD")
        batch.rejects.sort(key=lambda one: one["line"])
        counts = RowCounts(updated=sum(not lines[key]["told"] for key in moved))
        return await self._written(claim, place, batch, [], counts)

    # --- reading files

    def _read(self, job_id: str, place: _Place, kind: Rows) -> _Batch:
        batch, keys = _Batch(place.offset, place.line), set[str]()
        with self._folder.file(job_id, IMPORT).open("rb") as file:
            file.seek(place.offset)
            while len(batch.rows) < kind.size and batch.offset - place.offset < MAX_BATCH and batch.rejected < kind.size:
                line, whole = _line(file)
                if not line:
                    batch.more = False
                    break
                row, problems = _row(line, whole, kind.shape, first=not batch.offset)
                key = row.get(kind.key)
                if key in keys and kind.shape is not ACTIVITY:
                    break  # the row says something else about the same, and comes after it
                batch.offset, batch.line = file.tell(), batch.line + 1
                if problems:
                    batch.reject(batch.line, key, problems)
                elif row:
                    keys.add(row[kind.key])
                    batch.rows.append(row)
                    batch.lines.append(batch.line)
        return batch

    def _read_later(self, job_id: str, place: _Place) -> tuple[_Batch, list[dict[str, Any]]]:
        batch, found, keys = _Batch(place.offset, place.line), list[dict[str, Any]](), set[str]()
        with self._folder.file(job_id, LATER).open("rb") as file:
            file.seek(place.offset)
            while len(found) < MAX_ROWS_PER_CALL:
                line = file.readline() if batch.offset < place.later else b""
                if not line:
                    batch.more = False
                    break
                one = orjson.loads(line)
                if one["key"] in keys:
                    break
                keys.add(one["key"])
                found.append(one)
                batch.offset = file.tell()
        return batch, found


def _line(file: BinaryIO) -> tuple[bytes, bool]:
    """The next line, and whether it is whole: of one that is too long, the beginning. Nothing at the end."""
    line = file.readline(MAX_LINE + 1)
    rest = line
    while len(rest) == MAX_LINE + 1 and not rest.endswith(b"\n"):
        rest = file.readline(MAX_LINE + 1)
    return line, len(line.rstrip(b"\r\n")) <= MAX_LINE and (rest is line)


def _row(line: bytes, whole: bool, shape: Shape, *, first: bool) -> tuple[Input, list[Problem]]:
    """The row of a line; nothing for a blank one."""
    if not whole:
        return {}, [Problem((), ErrorCode.LIMIT_EXCEEDED, f"A line has at most {MAX_LINE:,} bytes.")]
    text = (line.removeprefix(_MARK) if first else line).strip()
    if not text:
        return {}, []
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return {}, [Problem((), ErrorCode.INVALID, f"The line must be JSON: {_reason(error)}.")]
    return row_of(value, shape)


def _reason(error: orjson.JSONDecodeError) -> str:
    words = str(error)
    if "UTF-8" in words:
        return "it is not valid UTF-8"
    return f"a text holds half of a surrogate pair, which is no character ({words})" if "surrogate" in words else words


def _refuse(batch: _Batch, kind: Rows, done: Result) -> set[int]:
    """Notes the rows that the domain refused. Returns their places in the batch."""
    wrong: dict[int, list[Problem]] = {}
    for problem in done.problems:
        own = Problem(problem.field[2:], problem.code, problem.message)
        wrong.setdefault(int(problem.field[1]), []).append(own)
    for at, problems in wrong.items():
        batch.reject(batch.lines[at], batch.rows[at][kind.key], problems)
    batch.rejects.sort(key=lambda one: one["line"])
    return set(wrong)


def _counts(done: Result, batch: _Batch, place: _Place) -> RowCounts:
    created, updated = (done.recorded, 0) if isinstance(done, RecordResult) else (done.created, done.updated)
    return RowCounts(batch.line - place.line, created, updated, batch.rejected)


def _lines(rows: Sequence[dict[str, Any]]) -> bytes:
    return b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)
