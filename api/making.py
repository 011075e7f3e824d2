"""Functions that make an object of a list of values, written as Python source once for each way objects can look.

Most of what it takes to answer a known query is to make its objects, thousands of them. A function that has an object's
keys and conversions spelled out does that several times faster than one that looks them up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType
from typing import Any

from graphql import GRAPHQL_MAX_INT, GRAPHQL_MIN_INT

Finish = Callable[[Any], Any]
MAX_SHAPES = 1000
"""How many combinations of types an object's values may come in before they are checked one by one."""

AS_IS = "{v}"
ID = "{f} + {v}"
FLOAT = "{v} if type({v}) is float and {v} - {v} == 0 else {f}({v})"  # neither an infinity nor no number
INT = f"{{v}} if type({{v}}) is int and {GRAPHQL_MIN_INT} <= {{v}} <= {GRAPHQL_MAX_INT} else {{f}}({{v}})"
ENTRY = "{f}[{v}]"
CALL = "{f}({v})"


class Unmakeable(Exception):
    """A value that may not stand in its place."""


@dataclass(frozen=True, slots=True)
class Place:
    """How a value becomes a field's: null or not; `how` it is written with the help of `by`; the one type it may have, if only
    one."""

    nullable: bool
    how: str
    by: Any = None
    only: type | None = None

    def check(self, kind: type) -> None:
        """Raises Unmakeable if values of that type may not stand here."""
        if kind is type(None):
            if not self.nullable:
                raise Unmakeable
        elif self.only is not None and kind is not self.only:
            raise Unmakeable

    def source(self, value: str, helper: str) -> str:
        """The expression that gives the field's value."""
        text = self.how.format(v=value, f=helper)
        return f"None if {value} is None else ({text})" if self.nullable and self.how != AS_IS else text


@dataclass(frozen=True, slots=True)
class At:
    """A field that is made of the value at an index."""

    index: int
    place: Place


@dataclass(frozen=True, slots=True)
class Always:
    """A field that is the same in all objects."""

    value: str


@dataclass(frozen=True, slots=True)
class OfRow:
    """A field that is made of the row in which the object's values stand."""

    finish: Finish


def maker(size: int, wanted: Mapping[str, At | Always | OfRow]) -> Callable[..., dict[str, Any]]:
    """A function of a list of `size` values (and, if a field needs it, of the row where that stands) that gives an object.

    It raises whatever a wrong value makes it raise.
    """
    checks = {one.index: one.place for one in wanted.values() if isinstance(one, At)}
    shapes: set[tuple[type, ...]] = set()

    def check(values: list[Any]) -> None:
        for index, place in checks.items():
            place.check(type(values[index]))
        if len(shapes) < MAX_SHAPES:
            shapes.add(tuple(map(type, values)))

    names: dict[str, Any] = {"shapes": shapes, "check": check}
    fields: list[str] = []
    for number, (key, one) in enumerate(wanted.items()):
        helper = f"f{number}"
        match one:
            case At(index, place):
                names[helper] = place.by
                text = place.source(f"v{index}", helper)
            case Always(value):
                text = repr(value)
            case OfRow(finish):
                names[helper] = finish
                text = f"{helper}(row)"
        fields.append(f"{key!r}: {text}")
    unpacked = "".join(f"v{index}, " for index in range(size))
    lines = [
        "def make(values, row=None):",
        "    if tuple(map(type, values)) not in shapes: check(values)",
        f"    {unpacked}= values" if size else "",
        f"    return {{{', '.join(fields)}}}",
    ]
    # The text holds response keys and type names, quoted, which GraphQL has found to be names; nothing else comes from outside.
    exec(_code("\n".join(lines)), names)  # noqa: S102
    return names["make"]


@lru_cache(maxsize=2000)
def _code(source: str) -> CodeType:
    return compile(source, "<maker>", "exec")
