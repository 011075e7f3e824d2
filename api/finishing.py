"""What was read becomes a response's data, without the executor completing it field by field.

A finisher is made once for an operation's selection, and turns the answer's positional lists into exactly the data that the
executor would give, or refuses: a null where none may be, a value that its type doesn't write, a field with a resolver of
its own are the executor's, with its rules for errors and nulls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from graphql import (
    FieldNode,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
    SelectionSetNode,
    get_named_type,
    is_leaf_type,
)

from api import ids
from api.answers import Params, Root, Unanswerable
from api.making import AS_IS, CALL, ENTRY, FLOAT, ID, INT, Always, At, Finish, OfRow, Place, maker
from api.resolvers import Make, is_planned, made
from api.selection import Planned, Planner, typed
from graph.layout import ById, Edges, Fields, Info, Layout, Many, Page, Total
from graph.paging import Cursors


def finisher(
    schema: GraphQLSchema, planner: Planner, operation: SelectionSetNode, planned: Planned, layout: Fields, cursors: Cursors
) -> Root:
    """A function that turns a planned query's answer, whose layout is given, into the response's data. It raises Unanswerable,
    as this does."""
    root = schema.query_type
    assert root is not None
    finish = _Building(schema, planner, planned, cursors).root(root, operation, layout)

    def safely(values: list[Any], params: Params) -> Any:
        try:
            return finish(values, params)
        except Exception as error:  # whatever a value doesn't take is an error that the executor knows how to tell
            raise Unanswerable from error

    return safely


@dataclass(frozen=True, slots=True)
class _Building:
    schema: GraphQLSchema
    planner: Planner
    planned: Planned
    cursors: Cursors

    # --- the root -------------------------------------------------------------------------------------------------

    def root(self, kind: GraphQLObjectType, operation: SelectionSetNode, layout: Fields) -> Root:
        """Makes the whole."""
        places = {key: place for place, (key, _) in enumerate(layout.places)}
        parts: list[tuple[str, Root]] = []
        for key, fields in self.planner.collect(kind, [operation]).items():
            if key in self.planned.by_id:
                parts.append((key, self._by_id(key, fields, layout, places)))
            elif fields[0].name.value == "__typename":
                parts.append((key, _always(kind.name)))
            elif key in places:
                place = self._place(kind, fields, layout.places[places[key]][1])
                parts.append((key, _alone(places[key], maker(1, {key: At(0, place)}), key)))
            else:
                raise Unanswerable
        return lambda values, params: {key: part(values, params) for key, part in parts}

    def _by_id(self, key: str, fields: Sequence[FieldNode], layout: Fields, places: Mapping[str, int]) -> Root:
        wanted, sets = self.planned.by_id[key], _sets(fields)
        kinds: dict[str, tuple[int, Finish]] = {}
        asked = ""
        for typename in dict.fromkeys(typename for typename, _ in wanted.asked):
            place = places[typed(key, typename)]
            rows, kind = layout.places[place][1], self.schema.type_map[typename]
            assert isinstance(rows, ById)
            assert isinstance(kind, GraphQLObjectType)
            kinds[typename], asked = (place, self.object(kind, sets, rows.of)), rows.ids
        if len(kinds) != 1:
            return _of_several_types(wanted.asked, kinds)
        ((place, one),) = kinds.values()
        if wanted.single:
            return lambda values, _: one(values[place][0][1]) if values[place] else None
        return _of_one_type(place, one, asked)

    # --- objects and pages ----------------------------------------------------------------------------------------

    def object(
        self,
        kind: GraphQLObjectType,
        sets: Iterable[SelectionSetNode],
        layout: Fields,
        also: Mapping[str, OfRow] | None = None,
    ) -> Callable[..., dict[str, Any]]:
        """Makes objects of the type. `also`: fields that are made of the row, by their keys."""
        places = {key: (index, inner) for index, (key, inner) in enumerate(layout.places)}
        wanted: dict[str, At | Always | OfRow] = {}
        for key, fields in self.planner.collect(kind, sets).items():
            name = fields[0].name.value
            if also and key in also:
                wanted[key] = also[key]
            elif name == "__typename":
                wanted[key] = Always(kind.name)
            elif name.startswith("__") or not is_planned(kind.name, name):
                raise Unanswerable
            else:
                index, inner = places[key]
                wanted[key] = At(index, self._place(kind, fields, inner))
        return maker(len(layout.places), wanted)

    def _page(self, kind: GraphQLObjectType, sets: Sequence[SelectionSetNode], layout: Page) -> Finish:
        parts = {part.key: part for part in layout.parts}
        wanted = self.planner.collect(kind, sets)
        edges = {key: self._edge(kind, wanted[key], layout, part) for key, part in parts.items() if isinstance(part, Edges)}
        infos = {key: self._info(wanted[key], layout, part) for key, part in parts.items() if isinstance(part, Info)}

        def finish(values: list[Any]) -> dict[str, Any]:
            cut = layout.cut(values)
            answer: dict[str, Any] = {}
            for key in wanted:
                part = parts.get(key)
                match part:
                    case Edges():
                        make, place = edges[key], part.place
                        answer[key] = [make(row[place], row) for row in cut.rows]
                    case Info():
                        answer[key] = infos[key](cut)
                    case Total():
                        answer[key] = _int(values[part.place])
                    case None:
                        answer[key] = kind.name
            return answer

        return finish

    def _edge(
        self, connection: GraphQLObjectType, fields: Sequence[FieldNode], layout: Page, part: Edges
    ) -> Callable[..., dict[str, Any]]:
        kind = get_named_type(connection.fields[fields[0].name.value].type)
        assert isinstance(kind, GraphQLObjectType)
        of_row = OfRow(partial(layout.cursor, cursors=self.cursors))
        return self.object(kind, _sets(fields), part.fields, dict.fromkeys(part.cursors, of_row))

    def _info(self, fields: Sequence[FieldNode], layout: Page, part: Info) -> Finish:
        kind = self.schema.type_map["PageInfo"]
        assert isinstance(kind, GraphQLObjectType)
        names = {key: own[0].name.value for key, own in self.planner.collect(kind, _sets(fields)).items()}
        typenames = {key: kind.name for key, name in names.items() if name == "__typename"}

        def finish(cut: Any) -> dict[str, Any]:
            info = {**layout.info(part, cut, self.cursors), **typenames}
            return {key: info[key] for key in names}

        return finish

    # --- values ---------------------------------------------------------------------------------------------------

    def _place(self, parent: GraphQLObjectType, fields: Sequence[FieldNode], layout: Layout | None) -> Place:
        name = fields[0].name.value
        kind = parent.fields[name].type
        make = made(parent.name, name)
        nullable = not isinstance(kind, GraphQLNonNull)
        kind = kind if nullable else kind.of_type
        if name == "id" and parent.name in ids.PREFIXES:  # what `ids.encode` does, which is most of what is done here
            return Place(nullable, ID, f"{ids.PREFIXES[parent.name]}_", str)
        if layout is not None:
            return Place(nullable, CALL, self._nested(get_named_type(kind), _sets(fields), layout), list)
        if make is None and kind in _PLAIN:
            return Place(nullable, *_PLAIN[kind])
        if make is None and isinstance(kind, GraphQLEnumType):
            return Place(nullable, ENTRY, _Names(kind), str)
        return Place(nullable, CALL, self._leaf(kind, make))

    def _nested(self, kind: Any, sets: Sequence[SelectionSetNode], layout: Layout) -> Finish:
        match layout:
            case Fields():
                return self.object(kind, sets, layout)
            case Many():
                one = self.object(kind, sets, layout.of)
                return lambda rows: [one(row) for row in rows]
            case Page():
                return self._page(kind, sets, layout)
            case ById():
                raise Unanswerable

    def _leaf(self, kind: Any, make: Make | None) -> Finish:
        if is_leaf_type(kind):
            write = _written(kind)
            return write if make is None else lambda value: write(make(value, self.cursors))
        if make or not isinstance(kind, GraphQLList):
            raise Unanswerable
        nullable = not isinstance(kind.of_type, GraphQLNonNull)
        inner = self._leaf(kind.of_type if nullable else kind.of_type.of_type, None)
        return partial(_list_with_nulls if nullable else _list, inner)


def _sets(fields: Sequence[FieldNode]) -> list[SelectionSetNode]:
    return [node.selection_set for node in fields if node.selection_set]


def _always(value: Any) -> Root:
    return lambda _values, _params: value


def _alone(place: int, make: Finish, key: str) -> Root:
    return lambda values, _: make([values[place]])[key]


def _of_one_type(place: int, one: Finish, ids_asked: str) -> Root:
    def found(values: list[Any], params: Params) -> list[Any]:
        by_id = {own: one(value) for own, value in values[place]}
        return [by_id.get(own) for own in params[ids_asked]]

    return found


def _of_several_types(asked: Sequence[tuple[str, str]], kinds: Mapping[str, tuple[int, Finish]]) -> Root:
    def found(values: list[Any], _: Params) -> list[Any]:
        by_id = {(kind, own): one(value) for kind, (place, one) in kinds.items() for own, value in values[place]}
        return [by_id.get(each) for each in asked]

    return found


# --- leaves ---------------------------------------------------------------------------------------------------------


def _written(kind: Any) -> Finish:
    """How the executor writes a leaf."""
    write = kind.coerce_output_value

    def leaf(value: Any) -> Any:
        written = write(value)
        if written is None:
            raise Unanswerable
        return written

    return leaf


_int = _written(GraphQLInt)
_PLAIN: Mapping[Any, tuple[str, Any, type | None]] = {
    GraphQLString: (AS_IS, None, str),
    GraphQLID: (AS_IS, None, str),
    GraphQLBoolean: (AS_IS, None, bool),
    GraphQLFloat: (FLOAT, _written(GraphQLFloat), None),
    GraphQLInt: (INT, _int, None),
}


class _Names(dict[str, str]):
    """What an enumeration's values are called, as they are met."""

    def __init__(self, kind: GraphQLEnumType) -> None:
        super().__init__()
        self._write = _written(kind)

    def __missing__(self, value: str) -> str:
        name = self[value] = self._write(value)  # as many as the enumeration has
        return name


def _list(finish: Finish, values: Any) -> list[Any]:
    if type(values) is not list or None in values:
        raise Unanswerable
    return [finish(value) for value in values]


def _list_with_nulls(finish: Finish, values: Any) -> list[Any]:
    if type(values) is not list:
        raise Unanswerable
    return [None if value is None else finish(value) for value in values]
