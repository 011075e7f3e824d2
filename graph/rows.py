"""What upserts share: rows that name themselves by external id, each checked on its own, so that a bad one spoils no other."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from graph.checks import blank_to_none, text_problems
from graph.db import Row
from graph.errors import ErrorCode, Problem, Refused
from graph.model import MAX_ROWS_PER_CALL, Change, Input

MAX_COUNT = 2**31 - 1  # what GraphQL's Int can show
Check = Callable[[Input], list[Problem]]


@dataclass(frozen=True, slots=True)
class UpsertResult:
    """What became of a batch of rows. `ids` and `changes` keep the rows' order, None where a row was refused; a change is
    None, too, where the row says nothing new."""

    ids: tuple[str | None, ...]
    changes: tuple[Change | None, ...]
    problems: tuple[Problem, ...]

    @property
    def created(self) -> int:
        return self.changes.count(Change.CREATED)

    @property
    def updated(self) -> int:
        return self.changes.count(Change.UPDATED)


@dataclass(slots=True)
class Batch:
    """The rows of one call by their places, less those refused so far, and the problems of these."""

    noun: str
    rows: dict[int, Input]
    size: int
    problems: list[Problem] = field(default_factory=list[Problem])

    @classmethod
    def of(cls, noun: str, rows: Sequence[Input], check: Check) -> Batch:
        """The rows that pass `check` and name themselves once. Raises Refused LIMIT_EXCEEDED; nothing is done then."""
        if len(rows) > MAX_ROWS_PER_CALL:
            words = f"At most {MAX_ROWS_PER_CALL:,} rows in one call, not {len(rows):,}. Nothing was done."
            raise Refused.of(noun, ErrorCode.LIMIT_EXCEEDED, words)
        batch = cls(noun, dict(enumerate(rows)), len(rows))
        first: dict[str, int] = {}
        for place, row in enumerate(rows):
            key = row["externalId"]
            problems = [*key_problems(key), *check(row)]
            if key in first:
                problems.append(Problem(("externalId",), ErrorCode.INVALID, f"Row {first[key]} has this external id already."))
            first.setdefault(key, place)
            batch.refuse(place, problems)
        return batch

    def refuse(self, place: int, problems: Sequence[Problem]) -> None:
        """Takes a row out, if there are problems with it."""
        if problems:
            self.rows.pop(place, None)
            self.problems += [problem.under(self.noun, place) for problem in problems]

    def items(self) -> list[tuple[int, Input]]:
        """The rows that stand, with their places, by external id: the order in which everybody locks."""
        return sorted(self.rows.items(), key=lambda item: item[1]["externalId"])

    def having(self, name: str) -> Iterator[tuple[int, Input]]:
        """The rows that stand and give `name`, even if null."""
        return ((place, row) for place, row in self.items() if name in row)

    def written(self, names: Sequence[str]) -> list[dict[str, Any]]:
        """The rows as the statements take them: the key, and the properties that are given."""
        return [
            {"externalId": row["externalId"], "properties": {n: stored(row[n]) for n in names if n in row}}
            for _, row in self.items()
        ]

    def result(self, rows: Sequence[Row], *changed: Sequence[Row]) -> UpsertResult:
        """What became of the call: `rows` as written, and those whose links changed."""
        touched = {row["external_id"] for more in changed for row in more}
        by_key = {row["external_id"]: row for row in rows}
        ids: list[str | None] = [None] * self.size
        changes: list[Change | None] = [None] * self.size
        for place, row in self.rows.items():
            key = row["externalId"]
            own = by_key[key]["change"] or (Change.UPDATED if key in touched else None)
            ids[place], changes[place] = by_key[key]["id"], own and Change(own)
        problems = tuple(sorted(self.problems, key=lambda problem: int(problem.field[1])))
        return UpsertResult(tuple(ids), tuple(changes), problems)


@dataclass(frozen=True, slots=True)
class LinkResult:
    """What became of lists of links, each link (owner, target) by external ids: the new ones, those whose properties
    changed, why others can't be; and the owners whose list differs from before."""

    added: frozenset[tuple[str, str]]
    changed: frozenset[tuple[str, str]]
    touched: frozenset[str]
    problems: Mapping[tuple[str, str], Problem]

    @classmethod
    def of(cls, rows: Sequence[Row], problems: Mapping[tuple[str, str], Problem]) -> LinkResult:
        """The result of a statement that tells, for each owner, what it `added` and `changed`."""
        return cls(
            frozenset((row["external_id"], target) for row in rows for target in row["added"]),
            frozenset((row["external_id"], target) for row in rows for target in row["changed"]),
            frozenset(row["external_id"] for row in rows),
            problems,
        )


def chunks(keys: Iterable[str], size: int) -> Iterator[list[str]]:
    """So many at a time."""
    remaining = iter(keys)
    while chunk := list(islice(remaining, size)):
        yield chunk


def stored(value: Any) -> Any:
    """A value as it is stored: blank text is no text."""
    return blank_to_none(value) if isinstance(value, str) else value


def key_problems(value: Any, name: str = "externalId") -> list[Problem]:
    """What is wrong with an external id: it must be there, and not too long."""
    if blank_to_none(value) is None:
        return [Problem((name,), ErrorCode.INVALID, "An external id is needed; it can't be blank.")]
    return text_problems(value, name)


def too_long(row: Input, names: Sequence[str]) -> list[Problem]:
    """What is wrong with a row's texts."""
    return [problem for name in names for problem in text_problems(row.get(name), name)]


def not_finite(row: Mapping[str, Any], names: Sequence[str]) -> list[Problem]:
    """What is wrong with a row's amounts."""
    return [
        Problem((name,), ErrorCode.INVALID, f"Must be a finite number, not {row[name]}.")
        for name in names
        if row.get(name) is not None and not math.isfinite(row[name])
    ]


def not_a_count(row: Mapping[str, Any], name: str) -> list[Problem]:
    """What is wrong with a row's count of something."""
    value = row.get(name)
    if value is None or 0 <= value <= MAX_COUNT:
        return []
    return [Problem((name,), ErrorCode.INVALID, f"Must be from 0 to {MAX_COUNT}, not {value}.")]


def not_there(noun: str, key: str, field: str) -> Problem:
    """What is wrong with an external id that names nothing."""
    return Problem((field,), ErrorCode.NOT_FOUND, f"There is no {noun} with the external id {shortened(key)}.")


def shortened(value: str) -> str:
    """A text as it is quoted in a message."""
    return repr(value if len(value) <= 60 else value[:57] + "...")
