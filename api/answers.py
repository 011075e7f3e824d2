"""Answers known queries straight from their plans: neither parsed, validated, planned nor completed again.

A plan is kept for a document, its operation and its variables. Variables that only select (an id, ids of one type, a CRM's
key, a text to search for, a cursor) are left open: the statement's text doesn't depend on them, and each is one of its
parameters, or several. That is not taken for granted but tried, with another value in the variable's place. All other variables
are part of what a plan is kept for.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import orjson
from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    OperationDefinitionNode,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    print_ast,
    visit,
)

from api import ids
from graph.collation import is_plain
from graph.db import Db
from graph.paging import BadCursor, Cursors
from graph.reads import Plan

MAX_WEIGHT = 64 * 2**20
"""About how many bytes the plans may take in all; the one that was used least lately goes first."""
_PER_CHARACTER, _PER_PLAN = 24, 4096
"""What plans were found to take for each character of their documents and statements, and beside: they are mostly functions."""

Params = Mapping[str, Any]
Root = Callable[[list[Any], Params], Any]
"""Makes the response's data, or a part of it, of the values that a statement brings and of its parameters."""
Key = tuple[str, str | None]
"""A document and the operation's name in the request."""
Asked = tuple[str, str | None, bool]
"""The same, and whether the caller is bound to a part of the market: statements differ by that, and not by which part it is."""
Shape = tuple[Any, ...]
Variables = Mapping[str, Any]


class Unanswerable(Exception):
    """The executor has to answer."""


@dataclass(frozen=True, slots=True)
class Answerable:
    """A query that was planned: its statement, and how to make the response's data of what it brings."""

    plan: Plan
    finish: Root

    async def answer(self, db: Db, params: Params) -> Any:
        """The response's data. Raises Unanswerable, and what reading raises."""
        rows = await db.read(self.plan.query, **params)
        return self.finish(rows[0]["answer"], params)


class _Text:
    """A variable that is a text."""

    def shape(self, value: Any) -> Hashable:
        """What else a plan depends on. Raises Unanswerable for a value that the variable's type may not take."""
        if type(value) is not str:
            raise Unanswerable
        return "text"

    def varies(self, value: Any) -> bool:
        """Whether there are other values of the same shape."""
        return True

    def own(self, value: Any) -> Any:
        """What the statement gets of it."""
        return value

    def another(self, value: Any) -> Any:
        """Another value of the same shape."""
        return uuid4().hex


class _Id(_Text):
    """A variable that is a global id. A plan depends on the type that it is of."""

    def shape(self, value: Any) -> Hashable:
        return _type_of(value)

    def own(self, value: Any) -> Any:
        return ids.decode(value)[1]

    def another(self, value: Any) -> Any:
        return ids.encode(_type_of(value), str(uuid4()))


class _Ids(_Id):
    """A variable that is a list of global ids. If they are of one type, a plan depends on that and, for what it costs, on how
    many they are; else on the ids."""

    def shape(self, value: Any) -> Hashable:
        if type(value) is not list:
            raise Unanswerable
        return (len(value), _type_of(value[0])) if self.varies(value) else tuple(value)

    def varies(self, value: Any) -> bool:
        return len({_type_of(one) for one in value}) == 1

    def own(self, value: Any) -> Any:
        return [super(_Ids, self).own(one) for one in value]

    def another(self, value: Any) -> Any:
        return [super(_Ids, self).another(one) for one in value]


class _Cursor(_Text):
    """A variable that is a cursor. A plan depends on what kinds of keys it has."""

    def shape(self, value: Any) -> Hashable:
        keys = Cursors.claimed(value) if type(value) is str else None
        if keys is None:
            raise Unanswerable
        return tuple((type(key), isinstance(key, str) and is_plain(key)) for key in keys)


@dataclass(frozen=True, slots=True)
class _Key(_Text):
    """A cursor's key, by its place among them, in the list that `purpose` names."""

    cursors: Cursors
    purpose: str
    place: int

    def own(self, value: Any) -> Any:
        try:
            return self.cursors.decode(self.purpose, value)[self.place]
        except BadCursor:
            raise Unanswerable from None  # the executor tells what is wrong with it


def _other_key(key: Any) -> Any:
    """Another key of the same kind."""
    match key:
        case None:
            return None
        case bool():
            return not key
        case int() | float():
            return key + 1
        case str():
            return uuid4().hex
        case _:
            raise Unanswerable


def _type_of(value: Any) -> str:
    if type(value) is not str:
        raise Unanswerable
    try:
        return ids.decode(value)[0]
    except ids.BadId:
        raise Unanswerable from None


@dataclass(frozen=True, slots=True)
class _Slot:
    """A parameter that is an open variable's value, or a part of it, bare or in a list of its own."""

    param: str
    variable: str
    kind: _Text
    listed: bool

    def fill(self, variables: Variables) -> Any:
        own = self.kind.own(variables[self.variable])
        return [own] if self.listed else own


@dataclass(frozen=True, slots=True)
class _Kept:
    query: Answerable
    slots: tuple[_Slot, ...]
    weight: int
    cost: int


class _Operation:
    """An operation with plans: which of its variables are open (and of what kind), and how many plans it has."""

    def __init__(self, document: DocumentNode, operation: OperationDefinitionNode) -> None:
        self.declared = frozenset(one.variable.name.value for one in operation.variable_definitions or ())
        self.open = _perhaps_open(document, operation)
        self.plans = 0

    def shape(self, variables: Variables) -> Shape:
        """What a plan depends on. Raises Unanswerable for a value that its variable's type may not take."""
        fixed = {name: value for name, value in variables.items() if name in self.declared and name not in self.open}
        opened = [self._shape(kind, name, variables) for name, kind in self.open.items()]
        return orjson.dumps(fixed, option=orjson.OPT_SORT_KEYS), *opened

    def _shape(self, kind: _Text, name: str, variables: Variables) -> Hashable:
        value = variables.get(name)
        if value is None:
            return "null" if name in variables else None
        return kind.shape(value)


class Answers:
    """The plans of an application's queries."""

    def __init__(self, max_weight: int = MAX_WEIGHT) -> None:
        self._max_weight = max_weight
        self._weight = 0
        self._operations: dict[Asked, _Operation] = {}
        self._kept: OrderedDict[tuple[Asked, Shape], _Kept] = OrderedDict()

    async def answer(self, db: Db, key: Key, variables: Variables, charge: Callable[[int], None]) -> Any:
        """The data of a query whose plan is kept. `charge` is told its cost. Raises Unanswerable, and what these raise."""
        asked = *key, db.sight is not None
        operation = self._operations.get(asked)
        if operation is None:
            raise Unanswerable
        place = asked, operation.shape(variables)
        kept = self._kept.get(place)
        if kept is None:
            raise Unanswerable
        self._kept.move_to_end(place)
        charge(kept.cost)
        params = {**kept.query.plan.params, **{slot.param: slot.fill(variables) for slot in kept.slots}}
        return await kept.query.answer(db, params)

    def keep(
        self,
        key: Key,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        variables: Variables,
        query: Answerable,
        replan: Callable[[Variables], Plan],
        cursors: Cursors,
        *,
        cost: int,
        part: bool = False,
    ) -> None:
        """Keeps a query that was answered; `part`: for callers bound to a part of the market. `replan` gives the plan that it
        has with other variables, or raises."""
        asked = *key, part
        known = self._operations.get(asked) or _Operation(document, operation)
        try:
            known.shape(variables)  # is anything here that no variable may be?
            slots = self._slots(asked, known, variables, query.plan, replan, cursors)
            place = asked, known.shape(variables)
        except (Unanswerable, TypeError):  # a value that JSON has no form for came by another way than HTTP
            return
        if place in self._kept:
            return
        weight = _PER_CHARACTER * (len(key[0]) + len(query.plan.query.text)) + _PER_PLAN
        self._operations[asked] = known
        self._kept[place] = _Kept(query, slots, weight, cost)
        known.plans += 1
        self._weight += weight
        while self._weight > self._max_weight:
            self._forget(next(iter(self._kept)))

    def _slots(
        self,
        asked: Asked,
        known: _Operation,
        variables: Variables,
        plan: Plan,
        replan: Callable[[Variables], Plan],
        cursors: Cursors,
    ) -> tuple[_Slot, ...]:
        """Where the open variables stand in the plan. One that stands elsewhere, too, is open no more; but a plan that is for one
        cursor alone isn't kept, for nobody asks for a page that often. Raises Unanswerable."""
        slots: list[_Slot] = []
        for name, kind in list(known.open.items()):
            if (value := variables.get(name)) is None or not kind.varies(value):
                continue
            if isinstance(kind, _Cursor):
                parts, other = _keys_of(value, plan, cursors)
            else:
                parts, other = [kind], kind.another(value)
            found = _slots_of(name, parts, other, variables, plan, replan)
            if found is None and isinstance(kind, _Cursor):
                raise Unanswerable
            if found is None:
                del known.open[name]
                for place in [place for place in self._kept if place[0] == asked]:
                    self._forget(place)
            else:
                slots += found
        return tuple(slots)

    def _forget(self, place: tuple[Asked, Shape]) -> None:
        self._weight -= self._kept.pop(place).weight
        operation = self._operations[place[0]]
        operation.plans -= 1
        if not operation.plans:
            del self._operations[place[0]]


def _keys_of(cursor: str, plan: Plan, cursors: Cursors) -> tuple[list[_Text], str]:
    """The keys of a cursor, and another cursor of the same list. Raises Unanswerable if the plan doesn't read it."""
    purpose = plan.purposes.get(cursor)
    if purpose is None:
        raise Unanswerable
    keys = cursors.decode(purpose, cursor)
    return [_Key(cursors, purpose, place) for place in range(len(keys))], cursors.encode(purpose, list(map(_other_key, keys)))


def _slots_of(
    name: str, parts: list[_Text], other: Any, variables: Variables, plan: Plan, replan: Callable[[Variables], Plan]
) -> list[_Slot] | None:
    """The parameters that are the variable's value, or parts of it; None if the plan depends on it in any other way. `other` is
    another value."""
    value = variables[name]
    try:
        another = replan({**variables, name: other})
    except Exception:  # whatever it is that another value does, this one is not open
        return None
    if another.query.text != plan.query.text or another.params.keys() != plan.params.keys():
        return None
    owns = [(part, before, after) for part in parts if (before := part.own(value)) != (after := part.own(other))]
    slots: list[_Slot] = []
    for param, was in plan.params.items():
        now = another.params[param]
        for part, before, after in owns:
            if (was, now) == (before, after) or (was, now) == ([before], [after]):
                slots.append(_Slot(param, name, part, now == [after]))
                break
        else:
            if was != now:
                return None
    return slots


def _perhaps_open(document: DocumentNode, operation: OperationDefinitionNode) -> dict[str, _Text]:
    """The variables that stand alone as fields' arguments and are of a type that only selects."""
    uses = _Uses()
    visit(document, uses)
    found: dict[str, _Text] = {}
    for definition in operation.variable_definitions or ():
        name, kind = definition.variable.name.value, _KINDS.get(print_ast(definition.type).replace("!", ""))
        if kind and name not in uses.elsewhere:
            found[name] = _Cursor() if name in uses.bounds else kind
    return found


_KINDS: Mapping[str, _Text] = {"String": _Text(), "ID": _Id(), "[ID]": _Ids()}


class _Uses(Visitor):
    """Notes the variables that stand anywhere but alone as a field's argument, and those that stand for a page's bounds."""

    def __init__(self) -> None:
        super().__init__()
        self.elsewhere: set[str] = set()
        self.bounds: set[str] = set()

    def enter_variable(self, node: VariableNode, _key: Any, parent: Any, _path: Any, ancestors: list[Any]) -> None:
        alone = isinstance(parent, ArgumentNode) and isinstance(ancestors[-2], FieldNode)  # ancestors[-1] are the arguments
        if not alone and not isinstance(parent, VariableDefinitionNode):
            self.elsewhere.add(node.name.value)
        if isinstance(parent, ArgumentNode) and parent.name.value in ("after", "before"):
            self.bounds.add(node.name.value)
