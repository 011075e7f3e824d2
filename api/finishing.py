"""What was read becomes a response's data, without the executor completing it field by field.

A finisher is made once for an operation's selection and gives exactly what the executor would, or refuses: a null where
none may be, a value that its type doesn't write, a field with a resolver of its own are the executor's, with its rules for
errors and nulls.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from math import isfinite
from typing import Any

from graphql import (
    GRAPHQL_MAX_INT,
    GRAPHQL_MIN_INT,
    FieldNode,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
    SelectionSetNode,
    is_leaf_type,
)

from api import ids
from api.answers import Finish, Unanswerable
from api.resolvers import Make, is_planned, made
from api.selection import TYPE, Planner
from graph.paging import Cursors

MAX_SHAPES = 1000
"""How many combinations of types an object's values may come in before they are checked one by one."""


def finisher(schema: GraphQLSchema, planner: Planner, operation: SelectionSetNode, cursors: Cursors) -> Finish:
    """A function that turns what a query's planned read brought, put in its places, into the response's data. It may change
    what it is given, and raises Unanswerable as this does."""
    root = schema.query_type
    assert root is not None
    finish = _Building(schema, planner, cursors).object(root, [operation], mixed=True)

    def safely(data: Any) -> Any:
        try:
            return finish(data)
        except Exception as error:  # whatever a value doesn't take is an error that the executor knows how to tell
            raise Unanswerable from error

    return safely


class _Building:
    def __init__(self, schema: GraphQLSchema, planner: Planner, cursors: Cursors) -> None:
        self._schema = schema
        self._planner = planner
        self._cursors = cursors

    def object(self, kind: GraphQLObjectType, sets: Iterable[SelectionSetNode], mixed: bool = False) -> _Object:
        """Finishes an object of the type; `mixed`: it may hold more than what is selected, and in another order."""
        places: dict[str, _Place] = {}
        order: list[tuple[str, str | None]] = []
        for key, fields in self._planner.collect(kind, sets).items():
            name = fields[0].name.value
            if name == "__typename":
                order.append((key, kind.name))
                mixed = True
            elif name.startswith("__") or not is_planned(kind.name, name):
                raise Unanswerable
            else:
                places[key] = self._place(kind, name, fields)
                order.append((key, None))
                mixed = mixed or name == "cursor"  # it is added last, wherever it was asked for
        return _Object(places, tuple(order) if mixed else ())

    def _place(self, parent: GraphQLObjectType, name: str, fields: Sequence[FieldNode]) -> _Place:
        kind = parent.fields[name].type
        make = made(parent.name, name)
        nullable = not isinstance(kind, GraphQLNonNull)
        kind = kind if nullable else kind.of_type
        sets = [node.selection_set for node in fields if node.selection_set]
        if make is None and kind in _AS_THEY_ARE:
            return _Place(nullable, _AS_THEY_ARE[kind], None)
        if name == "id" and parent.name in ids.PREFIXES:  # what `ids.encode` does, which is most of what is done here
            return _Place(nullable, None, f"{ids.PREFIXES[parent.name]}_".__add__)
        return _Place(nullable, None, self._finish(kind, sets, make))

    def _finish(self, kind: Any, sets: Sequence[SelectionSetNode], make: Make | None = None) -> Finish:
        if is_leaf_type(kind):
            write = _written(kind)
            return write if make is None else lambda value: write(make(value, self._cursors))
        if make:
            raise Unanswerable
        if isinstance(kind, GraphQLList):
            nullable = not isinstance(kind.of_type, GraphQLNonNull)
            inner = self._finish(kind.of_type if nullable else kind.of_type.of_type, sets)
            return partial(_list_with_nulls if nullable else _list, inner)
        if isinstance(kind, GraphQLInterfaceType):
            return self._any_of(kind, sets)
        return self.object(kind, sets)

    def _any_of(self, kind: GraphQLInterfaceType, sets: Sequence[SelectionSetNode]) -> Finish:
        finishes: dict[str, Finish] = {}

        def finish(value: dict[str, Any]) -> Any:
            typename = value.pop(TYPE)
            if typename not in finishes:
                finishes[typename] = self.object(self._schema.type_map[typename], sets)  # type: ignore[arg-type]
            return finishes[typename](value)

        return finish


class _Place:
    """What may stand in an object's place: null or not, values of one type that are written as they are, or any that
    `finish` takes."""

    __slots__ = ("as_is", "finish", "nullable")

    def __init__(self, nullable: bool, as_is: type | None, finish: Finish | None) -> None:
        self.nullable = nullable
        self.as_is = as_is
        self.finish = finish

    def check(self, kind: type) -> None:
        if kind is type(None):
            if not self.nullable:
                raise Unanswerable
        elif self.as_is is not None and kind is not self.as_is:
            raise Unanswerable


class _Object:
    """Finishes objects of one selection. The types of an object's values are checked once for every combination of them."""

    __slots__ = ("_finishes", "_order", "_places", "_shapes")

    def __init__(self, places: Mapping[str, _Place], order: Sequence[tuple[str, str | None]]) -> None:
        self._places = places
        self._order = order
        self._finishes = tuple((key, place.finish) for key, place in places.items() if place.finish)
        self._shapes: set[tuple[type, ...]] = set()

    def __call__(self, value: dict[str, Any]) -> dict[str, Any]:
        shape = tuple(map(type, value.values()))
        if shape not in self._shapes:
            for key, place in self._places.items():
                place.check(type(value[key]))
            if len(self._shapes) < MAX_SHAPES:
                self._shapes.add(shape)
        for key, finish in self._finishes:
            given = value[key]
            if given is not None:
                value[key] = finish(given)
        if self._order:
            return {key: value[key] if typename is None else typename for key, typename in self._order}
        return value


_AS_THEY_ARE: Mapping[Any, type] = {GraphQLString: str, GraphQLID: str, GraphQLBoolean: bool}


def _written(kind: Any) -> Finish:
    """How the executor writes a leaf."""
    write = kind.coerce_output_value
    if kind is GraphQLFloat:
        return lambda value: value if type(value) is float and isfinite(value) else _leaf(write, value)
    if kind is GraphQLInt:
        return lambda value: value if type(value) is int and GRAPHQL_MIN_INT <= value <= GRAPHQL_MAX_INT else _leaf(write, value)
    if not isinstance(kind, GraphQLEnumType):
        return partial(_leaf, write)
    names: dict[str, str] = {}

    def name(value: Any) -> str:
        if value not in names:
            names[value] = _leaf(write, value)  # as many as the enumeration has
        return names[value]

    return name


def _leaf(write: Finish, value: Any) -> Any:
    written = write(value)
    if written is None:
        raise Unanswerable
    return written


def _list(finish: Finish, values: Any) -> list[Any]:
    if type(values) is not list or None in values:
        raise Unanswerable
    return [finish(value) for value in values]


def _list_with_nulls(finish: Finish, values: Any) -> list[Any]:
    if type(values) is not list:
        raise Unanswerable
    return [None if value is None else finish(value) for value in values]
