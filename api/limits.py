"""What an operation may ask for, and what it asks for: told from its document before anything is validated or executed.

Depth, aliases, root fields and directives follow from the document alone; the cost also from the variables that size
lists. Each fragment is looked at once, however often it is spread, so what nested fragments multiply is multiplied here,
not walked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Any

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_list_type,
    value_from_ast_untyped,
)

from graph.paging import PAGE_DEFAULT, PAGE_MAX

MAX_DIGITS = 100
"""How long a number in a document is at most; none that a field takes is longer."""
CAP = 10**12
"""What numbers grow to at most: nested fragments can say more than there are atoms."""
MAX_NESTING = 100
"""How deep the brackets of a document nest at most: the parser descends into each."""
MAX_CHARACTERS = 100_000
"""How long a document, or any text in variables, is at most."""
UNPAGED = 10
"""How many entries a list that isn't paged is taken to have."""
_INTROSPECTED = 3
WORK: Mapping[tuple[str, str], int] = {
    ("Query", "previewMembership"): 10_000,
    ("BuyingGroup", "gaps"): 500,
    ("BuyingGroup", "why"): 200,
    ("AccountAudience", "accounts"): 100,
}
"""What the fields cost that are computed by statements of their own, beside the values that they give."""

NEEDS = "needs"
"""The extension in which a root field of the schema has the permissions of which a caller needs one."""
_NOBODYS: frozenset[Any] = frozenset({None})

Variables = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that a request may ask for."""

    depth: int = 20
    cost: int = 2_500_000
    aliases: int = 100
    root_fields: int = 20
    directives: int = 100
    fragments: int = 100
    tokens: int = 3_000
    body: int = 2**21  # bytes
    seconds: float = 30.0


class TooComplex(Exception):
    """A request asks for more than a limit allows."""

    def __init__(self, limit: str, value: int, allowed: int, message: str) -> None:
        super().__init__(message)
        self.limit, self.value, self.allowed = limit, value, allowed


# --- text -----------------------------------------------------------------------------------------------------------

_TOKEN = re.compile(
    r"""[_A-Za-z][_0-9A-Za-z]*+                                        # a name
    |\#[^\n\r]*+                                                       # a comment
    |[{}()\[\]!$&:=@|]|\.\.\.                                          # a punctuator
    |-?[0-9]++(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?                      # a number
    |\"{3}(?:[^"\\]++|\\"{3}|\\|"(?!""))*+(?:"{3})?                    # a block string
    |"(?:[^"\\\n\r]++|\\.)*+"?                                         # a string""",
    re.VERBOSE,
)


def check_text(text: str, limits: Limits) -> None:
    """Whether a document may be parsed. Raises TooComplex.

    Counts as the parser does, but for texts that the parser refuses.
    """
    if len(text) <= min(limits.tokens, MAX_NESTING):
        return
    if len(text) > MAX_CHARACTERS:
        raise _excess("characters", len(text), MAX_CHARACTERS, "The document has {} characters; at most {} are allowed.")
    tokens = [token for token in _TOKEN.findall(text) if token[0] != "#"]
    if len(tokens) > limits.tokens:
        raise _excess("tokens", len(tokens), limits.tokens, "The document has {} tokens; at most {} are allowed.")
    digits = max((len(one) for one in tokens if one[0] in "-0123456789"), default=0)
    if digits > MAX_DIGITS:
        raise _excess("digits", digits, MAX_DIGITS, "A number in the document has {} digits; at most {} are allowed.")
    nesting = deepest = 0
    for one in tokens:
        if one in "{[(":
            nesting += 1
            deepest = max(deepest, nesting)
        elif one in "}])":
            nesting -= 1
    if deepest > MAX_NESTING:
        raise _excess("nesting", deepest, MAX_NESTING, "The document's brackets nest {} deep; at most {} are allowed.")


# --- documents ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cost:
    """How many values an answer may hold at most: a number, and parts that lists whose length variables say repeat."""

    fixed: int = 0
    parts: tuple[tuple[Callable[[Variables], int], Cost], ...] = ()

    def value(self, variables: Variables) -> int:
        """The cost with the operation's variables, defaults among them."""
        return self._value(variables, {}) if self.parts else self.fixed

    def _value(self, variables: Variables, known: dict[int, int]) -> int:
        found = known.get(id(self))
        if found is None:
            found = self.fixed + sum(size(variables) * cost._value(variables, known) for size, cost in self.parts)
            known[id(self)] = found = min(found, CAP)
        return found


@dataclass(frozen=True, slots=True)
class Asked:
    """What an operation asks for. `name` is None if it has none."""

    name: str | None
    kind: OperationType
    depth: int
    aliases: int
    root_fields: int
    directives: int
    priced: Cost
    defaults: Variables
    needs: frozenset[frozenset[Any]] = frozenset()  # of permissions: one of each set

    def cost(self, variables: Variables) -> int:
        """How many values the answer may hold at most; each field that is computed counts more (`WORK`)."""
        return self.priced.value({**self.defaults, **variables} if self.defaults else variables)

    def check(self, limits: Limits) -> None:
        """Whether it may be validated. Raises TooComplex."""
        which = f"The operation {self.name}" if self.name else "The operation"
        for limit, value, allowed, words in (
            ("depth", self.depth, limits.depth, "is {} fields deep; at most {} are allowed."),
            ("aliases", self.aliases, limits.aliases, "has {} aliases; at most {} are allowed."),
            ("rootFields", self.root_fields, limits.root_fields, "has {} fields at its root; at most {} are allowed."),
            ("directives", self.directives, limits.directives, "has {} directives; at most {} are allowed."),
        ):
            if value > allowed:
                raise _excess(limit, value, allowed, f"{which} {words}")

    def check_cost(self, limits: Limits, variables: Variables) -> int:
        """Its cost, if it may be executed with these variables, coerced or not. Raises TooComplex."""
        cost = self.cost(variables)
        if cost > limits.cost:
            which = f"The operation {self.name}" if self.name else "The operation"
            words = "may answer with {} values; at most {} are allowed. Ask for shorter pages or fewer fields."
            raise _excess("cost", cost, limits.cost, f"{which} {words}")
        return cost


def _excess(limit: str, value: int, allowed: int, words: str) -> TooComplex:
    shown = f"{value:,}" if value < CAP else f"{CAP:,} or more"
    return TooComplex(limit, value, allowed, words.format(shown, f"{allowed:,}"))


def measure(schema: GraphQLSchema, document: DocumentNode, limits: Limits) -> tuple[Asked, ...] | None:
    """What each operation of a document asks for, valid or not; None if its fragments spread each other in a circle.

    Raises TooComplex if an operation asks for more than its document alone may.
    """
    fragments = {one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)}
    if len(fragments) > limits.fragments:
        words = "The document has {} fragments; at most {} are allowed."
        raise _excess("fragments", len(fragments), limits.fragments, words)
    spreads = {name: _spreads(one) & fragments.keys() for name, one in fragments.items()}
    reader = _Reader(schema)
    try:
        for name in TopologicalSorter(spreads).static_order():
            reader.fragment(fragments[name])
    except CycleError:
        return None
    found = tuple(reader.operation(one) for one in document.definitions if isinstance(one, OperationDefinitionNode))
    for asked in found:
        asked.check(limits)
    return found


def _spreads(fragment: FragmentDefinitionNode) -> set[str]:
    """The fragments that are spread in one."""
    found: set[str] = set()
    sets = [fragment.selection_set]
    while sets:
        for node in sets.pop().selections:
            if isinstance(node, FragmentSpreadNode):
                found.add(node.name.value)
            elif isinstance(node, FieldNode | InlineFragmentNode) and node.selection_set:
                sets.append(node.selection_set)
    return found


@dataclass(slots=True)
class _Bill:
    """A cost that is being added up."""

    fixed: int = 0
    parts: list[tuple[Callable[[Variables], int], Cost]] = field(default_factory=list[Any])

    def add(self, cost: Cost, times: Callable[[Variables], int] | int = 1) -> None:
        if isinstance(times, int) and not cost.parts:
            self.fixed = min(CAP, self.fixed + times * cost.fixed)
        elif cost.parts or cost.fixed:
            self.parts.append((_always(times) if isinstance(times, int) else times, cost))

    def total(self) -> Cost:
        return Cost(self.fixed, tuple(self.parts))


def _always(size: int) -> Callable[[Variables], int]:
    return lambda _: size


@dataclass(slots=True)
class _Part:
    """What a selection asks for of one object, and of each entry of the lists that stand in it."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0
    once: _Bill = field(default_factory=_Bill)
    listed: _Bill = field(default_factory=_Bill)
    needs: set[frozenset[Any]] = field(default_factory=set[Any])

    def add(self, other: _Part) -> None:
        """What is below a field: nothing of its depth, fields and costs, which the field itself tells."""
        self.aliases = min(CAP, self.aliases + other.aliases)
        self.directives = min(CAP, self.directives + other.directives)

    def join(self, other: _Part) -> None:
        """What is spread here."""
        self.add(other)
        self.depth = max(self.depth, other.depth)
        self.fields = min(CAP, self.fields + other.fields)
        self.once.add(other.once.total())
        self.listed.add(other.listed.total())
        self.needs |= other.needs


Kind = GraphQLNamedType | None


class _Reader:
    """Reads selections by a schema; what the schema doesn't know counts as a plain field."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._types = schema.type_map
        self._roots = (schema.query_type, schema.mutation_type, schema.subscription_type)
        self._fragments: dict[str, _Part] = {}

    def fragment(self, node: FragmentDefinitionNode) -> None:
        """Reads a fragment whose own spreads have been read."""
        part = _Part(directives=len(node.directives or ()))
        self._selections(self._types.get(node.type_condition.name.value), node.selection_set.selections, part)
        self._fragments[node.name.value] = part

    def operation(self, node: OperationDefinitionNode) -> Asked:
        """Reads an operation when all fragments have been read."""
        part = _Part(directives=len(node.directives or ()))
        self._selections(self._schema.get_root_type(node.operation), node.selection_set.selections, part)
        part.once.add(part.listed.total(), UNPAGED)
        definitions = node.variable_definitions or ()
        return Asked(
            node.name.value if node.name else None,
            node.operation,
            part.depth,
            part.aliases,
            part.fields,
            part.directives + sum(len(one.directives or ()) for one in definitions),
            part.once.total(),
            {one.variable.name.value: value_from_ast_untyped(one.default_value) for one in definitions if one.default_value},
            frozenset(part.needs),
        )

    def _selections(self, parent: Kind, nodes: Iterable[SelectionNode], part: _Part) -> None:
        for node in nodes:
            part.directives += len(node.directives or ())
            if isinstance(node, FieldNode):
                self._field(parent, node, part)
            elif isinstance(node, InlineFragmentNode):
                kind = self._types.get(node.type_condition.name.value) if node.type_condition else parent
                self._selections(kind, node.selection_set.selections, part)
            elif isinstance(node, FragmentSpreadNode) and node.name.value in self._fragments:
                part.join(self._fragments[node.name.value])

    def _field(self, parent: Kind, node: FieldNode, part: _Part) -> None:
        name = node.name.value
        below = _Part()
        kind, listed = self._kind(parent, name)
        if node.selection_set:
            self._selections(kind, node.selection_set.selections, below)
        cost = _Bill(1)
        cost.add(below.once.total())
        cost.add(below.listed.total(), self._room(parent, node))
        part.add(below)
        part.depth = max(part.depth, 1 + below.depth)
        part.fields += 1
        part.aliases += node.alias is not None
        part.once.fixed += WORK.get((parent.name if parent else "", name), 0)
        if isinstance(parent, GraphQLObjectType) and parent in self._roots and name in parent.fields:
            part.needs.add(parent.fields[name].extensions.get(NEEDS, _NOBODYS))
        own = next((one.value for one in node.arguments or () if one.name.value == "ids"), None)
        if not listed:
            part.once.add(cost.total())
        elif own:
            part.once.add(cost.total(), _length([own], 0))
        else:
            part.listed.add(cost.total())

    def _kind(self, parent: Kind, name: str) -> tuple[Kind, bool]:
        """A field's named type, and whether it gives a list."""
        if name == "__schema":
            return self._types["__Schema"], False
        if name == "__type":
            return self._types["__Type"], False
        found = parent.fields.get(name) if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) else None
        return (get_named_type(found.type), is_list_type(get_nullable_type(found.type))) if found else (None, False)

    def _room(self, parent: Kind, node: FieldNode) -> Callable[[Variables], int] | int:
        """How many entries the lists have that stand directly in what a field gives."""
        if node.name.value == "__schema":
            return len(self._types)
        if parent and parent.name.startswith("__"):
            return _INTROSPECTED
        arguments = node.arguments or ()
        if parent and parent is self._schema.mutation_type:
            return _length([one.value for one in arguments], UNPAGED)
        found = parent.fields.get(node.name.value) if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) else None
        if found and "first" in found.args:
            return _page([one.value for one in arguments if one.name.value in ("first", "last")])
        if node.name.value == "previewMembership":
            return _page_of_input(arguments)
        return UNPAGED


# --- the lengths of lists -------------------------------------------------------------------------------------------


def _page(values: Sequence[ValueNode]) -> Callable[[Variables], int] | int:
    """The length of a page by its `first` or `last`. What is out of bounds is refused elsewhere, in better words."""
    names = [value.name.value for value in values if isinstance(value, VariableNode)]
    fixed = [int(value.value[:9]) for value in values if isinstance(value, IntValueNode)]
    if not names:
        return _bounded(fixed)
    return lambda variables: _bounded([*fixed, *(variables.get(name) for name in names)])


def _page_of_input(arguments: Sequence[ArgumentNode]) -> Callable[[Variables], int] | int:
    """The length that the `first` of an input object gives."""
    for one in arguments:
        if isinstance(one.value, ObjectValueNode):
            return _page([inner.value for inner in one.value.fields if inner.name.value == "first"])
        if isinstance(one.value, VariableNode):
            name = one.value.name.value
            return lambda variables: _bounded([given.get("first") if isinstance(given := variables.get(name), dict) else None])
    return PAGE_DEFAULT


def _bounded(sizes: Sequence[Any]) -> int:
    given = [size for size in sizes if size is not None]
    if not given:
        return PAGE_DEFAULT
    return max(min(max(size, 0), PAGE_MAX) if isinstance(size, int) else PAGE_MAX for size in given)


def _length(values: Sequence[ValueNode], least: int) -> Callable[[Variables], int] | int:
    """The length of the longest list in arguments."""
    names: list[str] = []
    fixed = least
    inner = list(values)
    while inner:
        value = inner.pop()
        if isinstance(value, VariableNode):
            names.append(value.name.value)
        elif isinstance(value, ListValueNode):
            fixed = max(fixed, len(value.values))
            inner += value.values
        elif isinstance(value, ObjectValueNode):
            inner += [one.value for one in value.fields]
    if not names:
        return fixed
    return lambda variables: max(fixed, *(_longest(variables.get(name)) for name in names))


def _longest(value: Any) -> int:
    longest = 0
    inner = [value]
    while inner:
        one = inner.pop()
        if isinstance(one, list):
            longest = max(longest, len(one))
            inner += one
        elif isinstance(one, dict):
            inner += one.values()
    return longest
