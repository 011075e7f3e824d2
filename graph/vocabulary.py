"""The vocabulary of reads, from `cypher/vocabulary/`: for each noun its fields, its relations, and how a relation pages.

Snippets speak of `this` (the node at hand), `edge` (the relationship by which it was reached) and `home` (the node it was
reached from); a relation's also of `that` (where it leads), `via` (the relationship that leads there) and of names of its
own that begin with an underscore, which the fields of `that` may use, too. Each gets the variable of its depth in the
statement, so that snippets nest without meeting.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

_NAMES = re.compile(r"(?<![\w:$.'])(?:this|that|edge|via|home|_[a-z]\w*)\b")
Kind = Literal["one", "list", "page", "same"]


class VocabularyError(ValueError):
    """A vocabulary file says something that can't be understood."""


@dataclass(frozen=True, slots=True)
class Order:
    """A way to sort: an expression per direction, how its value leaves in a cursor (`out`) and comes back (`into`).

    A value that may be missing has a stand-in in each direction that sorts last. It is also there bare (`value`) where an
    index has it: then the rows with and without one are read apart.
    """

    ascending: str
    descending: str
    value: str | None
    out: str = "$value"
    into: str = "$value"

    @property
    def total(self) -> bool:
        """Whether the value is never missing; where it may be, each direction has a stand-in that sorts last."""
        return self.ascending == self.descending


@dataclass(frozen=True, slots=True)
class Orders:
    """The ways a page may be sorted. The tie-break makes every order total."""

    choices: Mapping[str, Order]
    default: str
    direction: Literal["ASC", "DESC"] = "ASC"
    tie: str = "that.id"


@dataclass(frozen=True, slots=True)
class Relation:
    """What a noun leads to.

    one: at most one node; list: all, in `order`; page: by key; same: the node at hand (or `variable`) seen as another noun.
    `matches` holds the clauses that find `that`, by the value of the argument `by` where the relation has forms; `then` those
    that follow once it is narrowed, to gather what was found. `keys` are sets of arguments of which one must be given.
    `starts`: clauses of the filter may stand in place of its own. `known`: fields of `that` which stand here already, so that
    nothing is looked up if no others are wanted. `again`: it leads from the root, by the clauses and the filter that have led
    to the node at hand, narrowed by `where`.
    """

    name: str
    kind: Kind
    noun: str
    matches: Mapping[str, str]
    by: str | None = None
    where: str | None = None
    when: Mapping[str, str] = ()  # type: ignore[assignment]
    filter: str | None = None
    starts: bool = False
    order: tuple[str, ...] = ()
    orders: Orders | None = None
    edge: str | None = None
    bound: str | None = None
    variable: str = "this"
    exists: str | None = None
    then: str | None = None
    keys: tuple[tuple[str, ...], ...] = ()
    known: Mapping[str, str] = ()  # type: ignore[assignment]
    again: bool = False


@dataclass(frozen=True, slots=True)
class Noun:
    """A kind of thing that can be read."""

    name: str
    label: str | None
    fields: Mapping[str, str]
    relations: Mapping[str, Relation]
    orders: Orders | None


@cache
def nouns(part: bool = False) -> Mapping[str, Noun]:
    """Every noun by its name. With `part`, as it is read for a caller bound to a part of the market: what stands under `part`
    in a noun's file replaces what stands there. Raises VocabularyError naming the file that is wrong."""
    found = {
        file.name.removesuffix(".toml"): tomllib.loads(file.read_text("utf-8"))
        for file in files("cypher").joinpath("vocabulary").joinpath("nouns").iterdir()
        if file.name.endswith(".toml")
    }
    if part:
        found = {name: _merged(table, table.get("part", {})) for name, table in found.items()}
    orders = {name: _orders(name, table.get("orders")) for name, table in found.items()}
    return {name: _noun(name, table, orders) for name, table in sorted(found.items())}


@cache
def filters(part: bool = False) -> Mapping[str, Mapping[str, Any]]:
    """Every filter's table, by the filter's name; `part` as in `nouns`."""
    table = tomllib.loads(files("cypher").joinpath("vocabulary").joinpath("filters.toml").read_text("utf-8"))
    other = table.pop("part")
    return _merged(table, other) if part else table


def _merged(table: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    both = {name: _merged(table[name], given) for name, given in other.items() if isinstance(table.get(name), dict)}
    return {**table, **other, **both}


@cache
def inside() -> Mapping[str, str]:
    """For each label of which a caller bound to a part of the market sees but some nodes: the predicate of those, on `this`."""
    return tomllib.loads(files("cypher").joinpath("vocabulary").joinpath("sight.toml").read_text("utf-8"))["inside"]


def _noun(name: str, table: Mapping[str, Any], orders: Mapping[str, Orders | None]) -> Noun:
    relations: dict[str, Relation] = {}
    kinds: Iterable[Kind] = ("one", "list", "page", "same")
    for kind in kinds:
        for relation, spec in table.get(kind, {}).items():
            if spec.get("noun") not in orders:
                raise VocabularyError(f"vocabulary/nouns/{name}.toml: {kind}.{relation}: no noun {spec.get('noun')!r}")
            relations[relation] = _relation(name, relation, kind, spec, orders)
    return Noun(name, table.get("label"), table.get("fields", {}), relations, orders[name])


def _relation(home: str, name: str, kind: Kind, spec: Mapping[str, Any], orders: Mapping[str, Orders | None]) -> Relation:
    match = spec.get("match", "")
    own = _orders(f"{home}.{name}", spec.get("orders")) or orders[spec["noun"]]
    if kind == "page" and own is None:
        raise VocabularyError(f"vocabulary/nouns/{home}.toml: page.{name} has no orders, nor has its noun")
    if kind == "page" and "then" in spec:
        raise VocabularyError(f"vocabulary/nouns/{home}.toml: page.{name} can't have `then`, for a page is narrowed last")
    if spec.get("again") and "match" in spec:
        raise VocabularyError(f"vocabulary/nouns/{home}.toml: {kind}.{name} is found `again`, which leaves no room for a `match`")
    return Relation(
        name,
        kind,
        spec["noun"],
        match if isinstance(match, dict) else {"": match},
        by=spec.get("by"),
        where=spec.get("where"),
        when=spec.get("when", {}),
        filter=spec.get("filter"),
        starts=spec.get("starts", False),
        order=tuple(spec.get("order", ())),
        orders=own if kind == "page" else None,
        edge=spec.get("edge"),
        bound=spec.get("bound"),
        variable=spec.get("variable", "this"),
        exists=spec.get("exists"),
        then=spec.get("then"),
        keys=tuple(tuple(key) for key in spec.get("keys", ())),
        known=spec.get("known", {}),
        again=spec.get("again", False),
    )


def _orders(where: str, table: Mapping[str, Any] | None) -> Orders | None:
    if not table:
        return None
    choices = {
        name: Order(
            spec.get("ascending") or spec["key"],
            spec.get("descending") or spec["key"],
            spec.get("value"),
            spec.get("out", "$value"),
            spec.get("in", "$value"),
        )
        for name, spec in table.items()
        if isinstance(spec, dict)
    }
    if table.get("default") not in choices:
        raise VocabularyError(f"vocabulary: the orders of {where} need a default among {sorted(choices)}")
    return Orders(choices, table["default"], table.get("direction", "ASC"), table.get("tie", "that.id"))


@dataclass(frozen=True, slots=True)
class Scope:
    """Which variables a snippet's names stand for, `depth` relations below the root."""

    depth: int = 0
    this: str = "n0"
    home: str = "n0"

    def below(self) -> Scope:
        """The scope of what a relation leads to."""
        return Scope(self.depth + 1, f"n{self.depth + 1}", self.this)

    def seen_as(self, variable: str) -> Scope:
        """The same place, with another of its variables as `this`."""
        return Scope(self.depth, self.field(variable), self.home)

    def field(self, snippet: str) -> str:
        """A field's snippet about `this`; own names are those of the relation that led here."""
        return _NAMES.sub(lambda found: self._variable(found[0], self.depth), snippet)

    def relation(self, snippet: str) -> str:
        """A relation's snippet, seen from `this`."""
        return _NAMES.sub(lambda found: self._variable(found[0], self.depth + 1), snippet)

    def _variable(self, name: str, own: int) -> str:
        match name:
            case "this":
                return self.this
            case "home":
                return self.home
            case "edge":
                return f"e{self.depth}"
            case "that":
                return f"n{self.depth + 1}"
            case "via":
                return f"e{self.depth + 1}"
            case _:
                return f"{name[1:]}{own}_"


def bind_filter(snippet: str, this: str, number: int) -> str:
    """A filter's snippet about the node in the variable `this`; `number` keeps its own names apart from other filters'."""
    fixed = {"this": this, "that": f"f{number}"}
    return _NAMES.sub(lambda found: fixed.get(found[0], f"{found[0][1:]}_f{number}"), snippet)
