"""Random queries of a schema: aliases, fragments of every kind, directives, variables, and arguments that mostly make sense."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
)
from make import rows

from api import ids
from graph.db import Db

WORDS = ("", "a", "corp", "VP", "Zürich", "\U0001f600", "2026-01-01", "'; --")
SIZES = (1, 2, 3, 5)


async def ids_there(db: Db) -> dict[str, list[str]]:
    """Some ids that exist, by type."""
    found = await rows(db, "MATCH (n) WHERE n.id IS NOT NULL UNWIND labels(n) AS label RETURN label, collect(n.id)[..40] AS ids")
    return {row["label"]: [ids.encode(row["label"], own) for own in row["ids"]] for row in found if row["label"] in ids.PREFIXES}


@dataclass(slots=True)
class Generated:
    """A query and the variables to send with it."""

    text: str
    variables: dict[str, Any]


@dataclass(slots=True)
class Generator:
    """Makes queries of a schema. `pool` has ids that exist, by type."""

    schema: GraphQLSchema
    pool: Mapping[str, Sequence[str]]
    chance: random.Random
    _declared: list[str] = field(default_factory=list[str])
    _variables: dict[str, Any] = field(default_factory=dict[str, Any])
    _fragments: list[str] = field(default_factory=list[str])
    _keys: int = 0

    def query(self) -> Generated:
        """Another query."""
        self._declared, self._variables, self._fragments, self._keys = [], {}, [], 0
        root = self.schema.query_type
        assert root is not None
        body = self._object(root, self.chance.choice((2, 3, 3, 4)), 1, 2)
        head = f"query Q({', '.join(self._declared)})" if self._declared else "query Q"
        return Generated("\n".join([f"{head} {body}", *self._fragments]), dict(self._variables))

    def other_ids(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The variables with other ids of the same types, or now and then ids of nobody, of other types, or no ids."""
        return {name: self._other(value) for name, value in variables.items()}

    def _other(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._other(one) for one in value]
        try:
            return self._id(ids.decode(value)[0]) if isinstance(value, str) else value
        except ids.BadId:
            return value

    # --- selections -------------------------------------------------------------------------------------------

    def _object(self, kind: Any, depth: int, at_least: int = 1, at_most: int = 6) -> str:
        parts: list[str] = []
        names = [name for name, one in kind.fields.items() if depth > 0 or is_leaf_type(get_named_type(one.type))]
        for name in self.chance.sample(names, min(len(names), self.chance.randint(at_least, at_most))):
            parts.append(self._field(name, kind.fields[name], depth))
        if self.chance.random() < 0.3 or not parts:
            parts.append(self.chance.choice(("__typename", "kind: __typename")))
        if isinstance(kind, GraphQLInterfaceType) and depth > 0:
            for one in self.chance.sample(list(self.schema.get_possible_types(kind)), 3):
                parts.append(f"... on {one.name} {self._object(one, depth - 1)}")
        if self.chance.random() < 0.15:
            parts.append(self._spread(kind, depth))
        if self.chance.random() < 0.1:
            parts.append(self.chance.choice(parts))
        self.chance.shuffle(parts)
        return "{ " + " ".join(parts) + " }"

    def _field(self, name: str, one: GraphQLField, depth: int) -> str:
        named = get_named_type(one.type)
        arguments = self._arguments(one.args, named.name)
        leaf = is_leaf_type(named)
        # A key of its own wherever another field's selection might not merge with this one.
        alias = f"k{self._next()}: " if not leaf or arguments or self.chance.random() < 0.1 else ""
        connection = named.name.endswith("Connection") or named.name in ("PageInfo",) or named.name.endswith("Edge")
        below = "" if leaf else f" {self._object(named, depth - (not connection), 2 if connection else 1)}"
        return f"{alias}{name}{arguments}{self._directive()}{below}"

    def _spread(self, kind: Any, depth: int) -> str:
        body = self._object(kind, min(depth, 1))
        if self.chance.random() < 0.5:
            condition = f" on {kind.name}" if self.chance.random() < 0.5 else ""
            return f"...{condition}{self._directive()} {body}"
        name = f"F{self._next()}"
        self._fragments.append(f"fragment {name} on {kind.name} {body}")
        return f"...{name}{self._directive()}"

    def _directive(self) -> str:
        if self.chance.random() > 0.08:
            return ""
        value = self.chance.random() < 0.5
        given = self._variable("Boolean!", value) if self.chance.random() < 0.5 else str(value).lower()
        return f" @{self.chance.choice(('skip', 'include'))}(if: {given})"

    # --- arguments --------------------------------------------------------------------------------------------

    def _arguments(self, args: Mapping[str, GraphQLArgument], typename: str) -> str:
        given = [name for name, one in args.items() if isinstance(one.type, GraphQLNonNull) or self.chance.random() < 0.3]
        keys = [name for name in args if name in ("id", "externalId")]
        if len(keys) == 2:  # one of them is wanted
            given = [self.chance.choice(("id", "id", "externalId"))]
        needed = {name for name, one in args.items() if isinstance(one.type, GraphQLNonNull)}
        given = [name for name in given if name in needed or name not in ("after", "before") or self.chance.random() < 0.1]
        if "first" in given and "last" in given:
            given.remove("last")
        if "first" in args and "first" not in given and "last" not in given:
            given.append("first")
        # An id alone is that of the type which the field gives.
        written = [f"{name}: {self._argument(typename + 'Id' if name == 'id' else name, args[name].type)}" for name in given]
        return f"({', '.join(written)})" if written else ""

    def _argument(self, name: str, kind: Any) -> str:
        value = self._value(name, kind, 2)
        if self.chance.random() < 0.4:
            return self._variable(str(kind), value)
        return _literal(value)

    def _variable(self, kind: str, value: Any) -> str:
        name = f"v{self._next()}"
        self._declared.append(f"${name}: {kind}")
        self._variables[name] = _plain(value)
        return f"${name}"

    def _value(self, name: str, kind: Any, depth: int) -> Any:
        if isinstance(kind, GraphQLNonNull):
            return self._value(name, kind.of_type, depth)
        if name == "ids" and isinstance(kind, GraphQLList) and self.chance.random() < 0.7:
            typename = self.chance.choice(list(self.pool))  # as those who ask for the nodes of a list do
            return [self._id(typename) for _ in range(self.chance.randint(1, 4))]
        if isinstance(kind, GraphQLList):
            most = 2 if depth >= 0 else 0  # inputs that have lists of themselves end somewhere
            return [self._value(name, kind.of_type, depth) for _ in range(self.chance.randint(0, most))]
        if isinstance(kind, GraphQLEnumType):
            return _Enum(self.chance.choice(list(kind.values)))
        if isinstance(kind, GraphQLInputObjectType):
            return self._input(kind, depth)
        match kind.name:
            case "ID":
                typename = ids.type_of_argument(name)
                return self._id(typename or self.chance.choice(list(self.pool)))
            case "Int":
                return self.chance.choice(SIZES)
            case "Float":
                return self.chance.choice((0.0, 33.3, 50.0, 1e6))
            case "Boolean":
                return self.chance.random() < 0.5
            case "Date":
                return self.chance.choice(("2026-01-01", "2025-12-31"))
            case "DateTime":
                return self.chance.choice(("2026-01-01T00:00:00Z", "2026-10-01T12:00:00+02:00"))
            case _:
                return self.chance.choice(WORDS)

    def _input(self, kind: GraphQLInputObjectType, depth: int) -> dict[str, Any]:
        given: dict[str, Any] = {}
        for name, one in kind.fields.items():
            needed = isinstance(one.type, GraphQLNonNull)
            nested = isinstance(get_named_type(one.type), GraphQLInputObjectType)
            if needed or (self.chance.random() < 0.25 and (depth > 0 or not nested)):
                given[name] = self._value(name, one.type, depth - 1)
        return given

    def _id(self, typename: str) -> str:
        luck = self.chance.random()
        if luck < 0.03 or not self.pool.get(typename):
            return ids.encode(typename, "00000000-0000-4000-8000-000000000000")
        if luck < 0.05:
            return "no id"
        return self.chance.choice(self.pool[typename])

    def _next(self) -> int:
        self._keys += 1
        return self._keys


class _Enum(str):
    """A value that is written without quotes."""

    __slots__ = ()


def _literal(value: Any) -> str:
    if isinstance(value, _Enum):
        return str(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + value.replace('"', '\\"') + '"'
    if isinstance(value, list):
        return f"[{', '.join(_literal(one) for one in value)}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_literal(one)}" for name, one in value.items()) + "}"
    return str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return str(value) if isinstance(value, str) else value
