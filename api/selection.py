"""An operation's selection becomes the neutral tree that `graph.reads` compiles.

Which fields are planned is the vocabulary's to say: what it knows of a type is read, the rest has a resolver of its own.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLID,
    GraphQLIncludeDirective,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    GraphQLSkipDirective,
    InlineFragmentNode,
    SelectionSetNode,
    get_named_type,
    get_nullable_type,
    is_list_type,
    is_object_type,
)
from graphql.execution.values import VariableValues, get_argument_values, get_directive_values

from api import ids
from graph.reads import BadSelection, Selection
from graph.vocabulary import Noun, nouns

OWN_ID = "\0id"
"""The key under which a node's own id is read for the fields that are computed from it. No client can ask for it."""
TYPE = "\0type"
"""The key of the type's name in what stands where any type may stand. No client can ask for it, either."""

Path = tuple[str | int, ...]


class BadArguments(Exception):
    """Arguments that can't be read, each with the field it belongs to, its path there and what is allowed."""

    def __init__(self, problems: Sequence[tuple[FieldNode, Path, str]]) -> None:
        super().__init__("; ".join(message for _, _, message in problems))
        self.problems = list(problems)


@dataclass(frozen=True, slots=True)
class ById:
    """What `nodes`, or `node` (`single`), asks for: types and own ids. Each type is a selection, named by `typed`."""

    single: bool
    asked: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Planned:
    """What to read for an operation's root; and its `node` and `nodes` by their response keys."""

    selections: tuple[Selection, ...]
    by_id: Mapping[str, ById]

    def assemble(self, data: dict[str, Any]) -> dict[str, Any]:
        """What was read, with everything asked for by id put in its place."""
        for key, wanted in self.by_id.items():
            found = [(typename, data[typed(key, typename)].get(own)) for typename, own in wanted.asked]
            placed = [None if one is None else {**one, TYPE: typename} for typename, one in found]
            data[key] = placed[0] if wanted.single else placed
        return data


def typed(key: str, typename: str) -> str:
    """The key of the part of a `node` or `nodes` that finds nodes of one type. No client can ask for it."""
    return f"{key}\0{typename}"


class Planner:
    """Reads selections of one operation of a schema, with its fragments and coerced variables."""

    def __init__(self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode], variables: VariableValues) -> None:
        self._schema = schema
        self._fragments = fragments
        self._variables = variables
        self._path: list[str | int] = []
        self._problems: list[tuple[FieldNode, Path, str]] = []
        self._nodes: dict[Path, FieldNode] = {}
        self._places: dict[str, Path] = {}

    @classmethod
    def within(cls, info: GraphQLResolveInfo[Any]) -> Planner:
        """A planner for what is selected of the field that is being resolved."""
        values: Any = info.variable_values  # strawberry shows resolvers the plain values
        variables = values if isinstance(values, VariableValues) else VariableValues({}, dict(values))
        planner = cls(info.schema, info.fragments, variables)
        planner._path = list(info.path.as_list())
        planner._nodes[tuple(planner._path)] = info.field_nodes[0]
        return planner

    def root(self, parent: GraphQLObjectType, selection: SelectionSetNode) -> Planned:
        """What the planned fields at a query's root need. Raises BadArguments."""
        selections: list[Selection] = []
        by_id: dict[str, ById] = {}
        for key, fields in self.collect(parent, [selection]).items():
            name = fields[0].name.value
            if name in ("node", "nodes"):
                with self.at(key, fields[0]):
                    by_id[key] = self._asked(parent.fields[name], fields)
                    selections += self._by_id(key, by_id[key].asked, fields)
            elif name in nouns()["Query"].relations and name in parent.fields:
                self._places[key] = (key,)
                selections.append(self._selection(nouns()["Query"], parent, key, fields))
        self.check()
        return Planned(tuple(selections), by_id)

    def payloads(self, parent: GraphQLObjectType, selection: SelectionSetNode) -> list[Selection]:
        """What a mutation's payloads will read of nodes yet unknown. Raises BadArguments."""
        found: list[Selection] = []
        self._payload(parent, [selection], found)
        self.check()
        return found

    def nodes(self, key: str, parent: GraphQLObjectType, fields: Sequence[FieldNode], noun: str) -> Selection:
        """The selection, named `key`, of nodes of type `parent` whose ids are to be added. Problems are noted."""
        self._places[key] = tuple(self._path)
        return Selection(key, "nodes", {"ids": []}, self._object(parent, self._sets(fields)), noun)

    def page(self, key: str, field: GraphQLField, fields: Sequence[FieldNode]) -> tuple[dict[str, Any], tuple[Selection, ...]]:
        """The arguments of the field at hand, which gives a connection, and what is wanted of its pages; the selection made
        of them is to be named `key`. Raises BadArguments."""
        self._places[key] = tuple(self._path)
        args = self.arguments(field, fields[0])
        wanted = self._page(_object_type(field), self._sets(fields))
        self.check()
        return args, wanted

    @contextmanager
    def at(self, key: str, node: FieldNode) -> Generator[None]:
        """One step further down the operation."""
        self._path.append(key)
        self._nodes[tuple(self._path)] = node
        yield
        self._path.pop()

    def check(self) -> None:
        """Raises BadArguments if problems were noted."""
        if self._problems:
            raise BadArguments(self._problems)

    def located(self, error: BadSelection) -> BadArguments:
        """What is wrong with this planner's selections, told by the operation's fields."""
        found: list[tuple[FieldNode, Path, str]] = []
        for problem in error.problems:
            path = (*self._places[problem.path[0]], *problem.path[1:])
            found.append((self._nodes[path], path, f"{problem.argument}: {problem.message}"))
        return BadArguments(found)

    def collect(self, parent: GraphQLObjectType, sets: Iterable[SelectionSetNode]) -> dict[str, list[FieldNode]]:
        """The fields selected of `parent`, by response key, fragments and directives applied."""
        found: dict[str, list[FieldNode]] = {}
        seen: set[str] = set()
        for selection in sets:
            self._collect(parent, selection, found, seen)
        return found

    def arguments(self, field: GraphQLField, node: FieldNode) -> dict[str, Any]:
        """The field's arguments, coerced, with raw ids. What can't be read is noted as a problem."""
        given = get_argument_values(field, node, self._variables)
        return {name: self._value(name, field.args[name].type, value, name, node) for name, value in given.items()}

    def _payload(self, parent: GraphQLObjectType, sets: Sequence[SelectionSetNode], found: list[Selection]) -> None:
        for key, fields in self.collect(parent, sets).items():
            field = parent.fields.get(fields[0].name.value)
            kind = get_named_type(field.type) if field else None
            if not isinstance(kind, GraphQLObjectType):
                continue
            with self.at(key, fields[0]):
                if kind.name in nouns() and nouns()[kind.name].label:
                    found.append(self.nodes(str(len(found)), kind, fields, kind.name))
                else:
                    self._payload(kind, self._sets(fields), found)

    # --- objects and pages ------------------------------------------------------------------------------------

    def _object(self, parent: GraphQLObjectType, sets: Sequence[SelectionSetNode]) -> tuple[Selection, ...]:
        noun = nouns()[parent.name]
        wanted: list[Selection] = []
        computed = False
        for key, fields in self.collect(parent, sets).items():
            name = fields[0].name.value
            if name in noun.fields or name in noun.relations:
                wanted.append(self._selection(noun, parent, key, fields))
            elif not name.startswith("__"):
                computed = True
        if computed:
            wanted.append(Selection(OWN_ID, "id"))
        return tuple(wanted)

    def _selection(self, noun: Noun, parent: GraphQLObjectType, key: str, fields: Sequence[FieldNode]) -> Selection:
        node, field = fields[0], parent.fields[fields[0].name.value]
        relation = noun.relations.get(node.name.value)
        children: tuple[Selection, ...] = ()
        with self.at(key, node):
            args = self.arguments(field, node)
            if relation:
                below = self._page if relation.kind == "page" else self._object
                children = below(_object_type(field), self._sets(fields))
        return Selection(key, node.name.value, args, children)

    def _page(self, connection: GraphQLObjectType, sets: Sequence[SelectionSetNode]) -> tuple[Selection, ...]:
        wanted: list[Selection] = []
        for key, fields in self.collect(connection, sets).items():
            name = fields[0].name.value
            if name.startswith("__"):
                continue
            inner = get_named_type(connection.fields[name].type)
            children: tuple[Selection, ...] = ()
            with self.at(key, fields[0]):
                if name == "edges":
                    assert isinstance(inner, GraphQLObjectType)
                    children = self._edge(inner, self._sets(fields))
                elif name == "pageInfo":
                    assert isinstance(inner, GraphQLObjectType)
                    children = tuple(Selection(k, f[0].name.value) for k, f in self.collect(inner, self._sets(fields)).items())
            wanted.append(Selection(key, name, {}, children))
        return tuple(wanted)

    def _edge(self, edge: GraphQLObjectType, sets: Sequence[SelectionSetNode]) -> tuple[Selection, ...]:
        wanted: list[Selection] = []
        for key, fields in self.collect(edge, sets).items():
            name = fields[0].name.value
            if name.startswith("__"):
                continue
            if name in ("cursor", "node"):
                with self.at(key, fields[0]):
                    children = self._object(_object_type(edge.fields[name]), self._sets(fields)) if name == "node" else ()
                wanted.append(Selection(key, name, {}, children))
            else:
                wanted.append(self._selection(nouns()[edge.name], edge, key, fields))
        return tuple(wanted)

    def _asked(self, field: GraphQLField, fields: Sequence[FieldNode]) -> ById:
        """What `node` or `nodes` asks for. What is no id is noted as a problem."""
        args = get_argument_values(field, fields[0], self._variables)
        single = "id" in args
        wanted = [args["id"]] if single else args["ids"]
        asked: list[tuple[str, str]] = []
        if len(wanted) > MAX_NODES:
            self._wrong(fields[0], f"ids: at most {MAX_NODES}, not {len(wanted)}")
        for place, one in enumerate(wanted[:MAX_NODES]):
            try:
                typename, own = ids.decode(one)
                if typename not in ids.NODES:
                    raise ids.BadId(f"{ids.shown(one)} is the id of {ids.named(typename)}, which is no Node")
                asked.append((typename, own))
            except ids.BadId as error:
                self._wrong(fields[0], f"{'id' if single else f'ids[{place}]'}: {error}")
        return ById(single, asked)

    def _by_id(self, key: str, asked: Sequence[tuple[str, str]], fields: Sequence[FieldNode]) -> list[Selection]:
        """The nodes of each type in a part of the statement of its own."""
        selections: list[Selection] = []
        for typename in dict.fromkeys(name for name, _ in asked):
            parent = self._schema.type_map[typename]
            assert isinstance(parent, GraphQLObjectType)
            selection = self.nodes(typed(key, typename), parent, fields, typename)
            selection.args["ids"].extend(own for name, own in asked if name == typename)
            selections.append(selection)
        return selections

    # --- fields, arguments ------------------------------------------------------------------------------------

    def _collect(
        self, parent: GraphQLObjectType, sets: SelectionSetNode, found: dict[str, list[FieldNode]], seen: set[str]
    ) -> None:
        for node in sets.selections:
            if not self._included(node):
                continue
            if isinstance(node, FieldNode):
                found.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
            elif isinstance(node, InlineFragmentNode):
                if node.type_condition is None or self._applies(parent, node.type_condition.name.value):
                    self._collect(parent, node.selection_set, found, seen)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                seen.add(node.name.value)
                fragment = self._fragments[node.name.value]
                if self._applies(parent, fragment.type_condition.name.value):
                    self._collect(parent, fragment.selection_set, found, seen)

    def _included(self, node: Any) -> bool:
        if not node.directives:
            return True
        skip = get_directive_values(GraphQLSkipDirective, node, self._variables)
        include = get_directive_values(GraphQLIncludeDirective, node, self._variables)
        return not (skip and skip["if"]) and not (include and not include["if"])

    def _applies(self, parent: GraphQLObjectType, condition: str) -> bool:
        if parent.name == condition:
            return True
        wanted = self._schema.type_map.get(condition)
        return isinstance(wanted, GraphQLInterfaceType) and self._schema.is_sub_type(wanted, parent)

    def _value(self, name: str, kind: Any, value: Any, path: str, node: FieldNode) -> Any:
        """A coerced value with raw ids in place of global ones, and plain values in place of enumeration members."""
        if value is None:
            return None
        kind = get_nullable_type(kind)
        if is_list_type(kind):
            return [self._value(name, kind.of_type, v, f"{path}[{place}]", node) for place, v in enumerate(value)]
        if isinstance(kind, GraphQLInputObjectType):
            return {n: self._value(n, kind.fields[n].type, v, f"{path}.{n}", node) for n, v in value.items()}
        if kind is GraphQLID or getattr(kind, "name", None) == "ID":
            return self._id(name, value, path, node)
        return getattr(value, "value", value)

    def _id(self, name: str, value: str, path: str, node: FieldNode) -> str:
        typename = ids.type_of_argument(name) or _ROOT_IDS.get(node.name.value)
        assert typename, f"{node.name.value}({path}) takes ids of no known type"
        try:
            return ids.raw(value, typename)
        except ids.BadId as error:
            self._wrong(node, f"{path}: {error}")
            return value

    def _sets(self, fields: Sequence[FieldNode]) -> list[SelectionSetNode]:
        return [node.selection_set for node in fields if node.selection_set]

    def _wrong(self, node: FieldNode, message: str) -> None:
        self._problems.append((node, tuple(self._path), message))


MAX_NODES = 100
_ROOT_IDS = {name: relation.noun for name, relation in nouns()["Query"].relations.items() if relation.kind == "one"}


def _object_type(field: GraphQLField) -> GraphQLObjectType:
    named = get_named_type(field.type)
    assert is_object_type(named)
    return named
