"""Where each thing that was asked for stands in a read's answer, which is one value of nested positional lists."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from graph.paging import Cursors

Decode = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Fields:
    """An object: its values by their keys, in the list's order. A place without a layout holds a plain value. A list that is
    missing is an object that is."""

    places: tuple[tuple[str, Layout | None], ...]


@dataclass(frozen=True, slots=True)
class Many:
    """A list of objects."""

    of: Fields


@dataclass(frozen=True, slots=True)
class ById:
    """Rows of an id and the object that has it, in any order; the ids that were asked for are the parameter `ids`."""

    of: Fields
    ids: str


@dataclass(frozen=True, slots=True)
class Edges:
    """A page's edges under a key: the place in each row, the fields, and the keys under which the edge's cursor is wanted."""

    key: str
    place: int
    fields: Fields
    cursors: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Total:
    """A page's totalCount under a key: its place in the list."""

    key: str
    place: int


@dataclass(frozen=True, slots=True)
class Info:
    """A page's pageInfo under a key: its fields, by their keys."""

    key: str
    fields: tuple[tuple[str, str], ...]


class Cut(NamedTuple):
    """A page's rows, each with its cursor's keys first, and whether there are more on either side."""

    rows: Sequence[list[Any]]
    has_previous: bool
    has_next: bool


@dataclass(frozen=True, slots=True)
class Page:
    """A page: what is wanted of it in order, and where the list has the rows (one more than the page's size, if there are
    more) and whether rows stand outside of the cursors."""

    parts: tuple[Edges | Total | Info, ...]
    purpose: str
    size: int
    backward: bool
    rows: int | None
    outside: int | None

    def cut(self, values: Sequence[Any]) -> Cut:
        """The page in an answer."""
        found: list[list[Any]] = values[self.rows] if self.rows is not None else []
        more = len(found) > self.size
        found = found[: self.size]
        before, after = values[self.outside] if self.outside is not None else (False, False)
        if self.backward:
            return Cut(found[::-1], more or before, after)
        return Cut(found, before, more or after)

    def info(self, wanted: Info, cut: Cut, cursors: Cursors) -> dict[str, Any]:
        """The pageInfo of a page."""
        return {key: self._info(name, cut, cursors) for key, name in wanted.fields}

    def _info(self, name: str, cut: Cut, cursors: Cursors) -> Any:
        match name:
            case "hasNextPage":
                return cut.has_next
            case "hasPreviousPage":
                return cut.has_previous
            case "startCursor":
                return self.cursor(cut.rows[0], cursors) if cut.rows else None
            case _:
                return self.cursor(cut.rows[-1], cursors) if cut.rows else None

    def cursor(self, row: Sequence[Any], cursors: Cursors) -> str:
        """The cursor of a row."""
        return cursors.encode(self.purpose, row[0])


Layout = Fields | Many | ById | Page


def decoder(layout: Layout, cursors: Cursors) -> Decode:
    """What makes an answer's lists into dicts, by the keys."""
    match layout:
        case Fields():
            return _object(layout, cursors)
        case Many():
            one = _object(layout.of, cursors)
            return lambda rows: [one(row) for row in rows]
        case ById():
            one = _object(layout.of, cursors)
            return lambda rows: {own: one(values) for own, values in rows}
        case Page():
            return _page(layout, cursors)


def _object(layout: Fields, cursors: Cursors) -> Decode:
    keys = [key for key, _ in layout.places]
    decoders = [(place, decoder(inner, cursors)) for place, (_, inner) in enumerate(layout.places) if inner]

    def decode(values: list[Any] | None) -> dict[str, Any] | None:
        if values is None:
            return None
        for place, inner in decoders:
            values[place] = inner(values[place])
        return dict(zip(keys, values, strict=True))

    return decode


def _page(layout: Page, cursors: Cursors) -> Decode:
    edges = {part.key: _object(part.fields, cursors) for part in layout.parts if isinstance(part, Edges)}

    def decode(values: list[Any]) -> dict[str, Any]:
        cut = layout.cut(values)
        answer: dict[str, Any] = {}
        for part in layout.parts:
            match part:
                case Total():
                    answer[part.key] = values[part.place]
                case Info():
                    answer[part.key] = layout.info(part, cut, cursors)
                case Edges():
                    one = edges[part.key]
                    answer[part.key] = [_with_cursors(part, one(row[part.place]), layout, row, cursors) for row in cut.rows]
        return answer

    return decode


def _with_cursors(part: Edges, edge: dict[str, Any], page: Page, row: Sequence[Any], cursors: Cursors) -> dict[str, Any]:
    for key in part.cursors:
        edge[key] = page.cursor(row, cursors)
    return edge
