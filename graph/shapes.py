"""Rows as JSON has them, such as lines of a file: which fields there are, of which types, and the values they stand for.

The shapes are those of the API's inputs, to the field; what a value may be beyond its type is for the nouns to say.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from graph.errors import ErrorCode, Problem
from graph.model import Input, PersonRelationship
from graph.people import TEXTS
from graph.rows import shortened

MAX_NUMBER = 2**31
Read = Callable[[Any], Any]


class _Unfit(Exception):
    """A value is not of its type; the message says what it must be."""


@dataclass(frozen=True, slots=True)
class Field:
    """What may stand under a name: `read` gives the value, of a list's entries one by one with `rows`."""

    read: Read | None
    needed: bool = False
    nullable: bool = True
    rows: Shape | None = None


Shape = Mapping[str, Field]


def _text(value: Any) -> str:
    if type(value) is not str:
        raise _Unfit("must be a text")
    return value


def _flag(value: Any) -> bool:
    if type(value) is not bool:
        raise _Unfit("must be true or false")
    return value


def _number(value: Any) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):
        raise _Unfit("must be a number")
    return float(value)


def _whole(value: Any) -> int:
    if type(value) not in (int, float) or value != value // 1 or not -MAX_NUMBER <= value < MAX_NUMBER:
        raise _Unfit("must be a whole number of at most 32 bits")
    return int(value)


def _day(value: Any) -> date:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise _Unfit("must be a day such as 2026-11-20") from None


def _moment(value: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
        moment = moment.astimezone(UTC) if moment.tzinfo else None
    except (TypeError, ValueError, OverflowError):
        moment = None
    if moment is None:
        raise _Unfit("must be a date and time with an offset, such as 2026-11-20T08:30:00Z")
    return moment


def _relationship(value: Any) -> str:
    if type(value) is not str or value not in PersonRelationship.__members__:
        raise _Unfit(f"must be one of {', '.join(PersonRelationship)}")
    return value


def _key() -> Field:
    return Field(_text, needed=True, nullable=False)


PRODUCT: Shape = {"externalId": _key(), "name": _key(), "productLine": Field(_text)}
OWNED: Shape = {"productExternalId": _key(), "revenue": Field(_number), "since": Field(_day)}
ACCOUNT: Shape = {
    "externalId": _key(),
    "name": _key(),
    **{name: Field(_text) for name in ("parentExternalId", "type", "industry", "city", "state", "country", "region", "website")},
    "annualRevenue": Field(_number),
    "employeeCount": Field(_whole),
    "ownedProducts": Field(None, rows=OWNED),
}
RELATION: Shape = {
    "accountExternalId": _key(),
    "relationship": Field(_relationship, nullable=False),
    "title": Field(_text),
}
PERSON: Shape = {
    "externalId": _key(),
    **{name: Field(_text) for name in TEXTS},
    "emailInvalid": Field(_flag),
    "emailSuspended": Field(_flag),
    "accounts": Field(None, rows=RELATION),
}
ACTIVITY: Shape = {
    "activityId": _key(),
    "personExternalId": _key(),
    "type": _key(),
    "occurredAt": Field(_moment, needed=True, nullable=False),
}


def row_of(value: Any, shape: Shape) -> tuple[Input, list[Problem]]:
    """The row that a value of JSON stands for, and what is wrong with it; the row is of no use then."""
    if type(value) is not dict:
        return {}, [Problem((), ErrorCode.INVALID, f"A row must be an object, not {_kind(value)}.")]
    row: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, given in value.items():
        field = shape.get(name)
        if field is None:
            words = f"There is no field {shortened(name)}. There are {', '.join(shape)}."
            problems.append(Problem((name[:60],), ErrorCode.INVALID, words))
        elif given is None and field.nullable:
            row[name] = None
        elif field.rows is not None:
            row[name], wrong = _rows_of(given, field.rows)
            problems += [problem.under(name) for problem in wrong]
        elif field.read is not None:
            try:
                row[name] = field.read(given)
            except _Unfit as error:
                problems.append(Problem((name,), ErrorCode.INVALID, f"{name} {error}, not {_shown(given)}."))
    problems += [
        Problem((name,), ErrorCode.INVALID, f"{name} is needed.")
        for name, field in shape.items()
        if field.needed and name not in value
    ]
    return row, problems


def _rows_of(value: Any, shape: Shape) -> tuple[list[Input], list[Problem]]:
    if type(value) is not list:
        return [], [Problem((), ErrorCode.INVALID, f"Must be a list of objects, not {_kind(value)}.")]
    rows: list[Input] = []
    problems: list[Problem] = []
    for place, given in enumerate(value):
        row, wrong = row_of(given, shape)
        rows.append(row)
        problems += [problem.under(place) for problem in wrong]
    return rows, problems


def _kind(value: Any) -> str:
    kinds = {str: "a text", list: "a list", dict: "an object", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "a number")


def _shown(value: Any) -> str:
    """A value in a message."""
    if type(value) is str:
        return shortened(value)
    return str(value).lower() if type(value) in (bool, int, float) else _kind(value)
