"""What upserts share: rows that name themselves by external id, each checked on its own, so that a bad one spoils no other."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graph.checks import blank_to_none, text_problems
from graph.db import Row
from graph.errors import ErrorCode, Problem, Refused
from graph.model import MAX_ROWS_PER_CALL, Input

MAX_COUNT = 2**31 - 1  # what GraphQL's Int can show
Check = Callable[[Input], list[Problem]]


@dataclass(frozen=True, slots=True)
class UpsertResult:
    """What became of a batch of rows. `ids` keeps the rows' order, None where a row was refused."""

    ids: tuple[str | None, ...]
    created: int
    updated: int
    problems: tuple[Problem, ...]


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
        by_key = {row["external_id"]: row for row in rows}
        touched = {row["external_id"] for more in changed for row in more}
        touched |= {key for key, row in by_key.items() if row["change"] == "UPDATED"}
        created = {key for key, row in by_key.items() if row["change"] == "CREATED"}
        ids = [by_key[self.rows[p]["externalId"]]["id"] if p in self.rows else None for p in range(self.size)]
        problems = tuple(sorted(self.problems, key=lambda problem: int(problem.field[1])))
        return UpsertResult(tuple(ids), len(created), len(touched - created), problems)


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


def shortened(value: str) -> str:
    """A text as it is quoted in a message."""
    return repr(value if len(value) <= 60 else value[:57] + "...")
