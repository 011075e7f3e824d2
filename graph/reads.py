"""Planned reads: a tree of what is wanted becomes one Cypher statement, whatever its depth and width.

The statement returns one record of nested positional lists, which costs the driver and the wire least; the plan's layout
tells what stands where, by the keys of the tree's selections. Texts come from the vocabulary alone, values travel as parameters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, LiteralString, cast

from graph import collation
from graph.conditions import Personas
from graph.db import Db
from graph.errors import GraphError
from graph.filters import asks_for_personas as filter_asks
from graph.filters import leading, predicate, problems_of, start
from graph.layout import ById, Edges, Fields, Info, Layout, Many, Page, Total, decoder
from graph.paging import PAGE_DEFAULT, PAGE_MAX, BadCursor, Cursors
from graph.params import Params
from graph.personas import known
from graph.queries import Query
from graph.vocabulary import Noun, Order, Relation, Scope, nouns

MAX_BOUND = 1000
_KEY, _TIE = "_key", "_tie"  # a row's sort keys, in the vocabulary's words


@dataclass(frozen=True, slots=True)
class Selection:
    """Something wanted of a noun: a field, or a relation with what is wanted of that. `key` is its place in the answer.

    A page's children are named edges, pageInfo and totalCount; those of edges are cursor, node and the edge's own fields.
    At the root, `nodes` with the argument `ids` finds the nodes of `noun`, in any order, as {id: answer}.
    """

    key: str
    name: str
    args: Mapping[str, Any] = field(default_factory=dict[str, Any])
    children: tuple[Selection, ...] = ()
    noun: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A compiled read: its statement, whose one value has the layout; and what each of its cursors is for."""

    query: Query
    params: Mapping[str, Any]
    layout: Fields
    purposes: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class BadArgument:
    """An argument that can't be read: the path of keys to its selection, its name, and what is allowed."""

    path: tuple[str, ...]
    argument: str
    message: str


class BadSelection(GraphError):
    """One or more arguments of a read are wrong. Nothing was read."""

    def __init__(self, problems: Sequence[BadArgument]) -> None:
        super().__init__("; ".join(f"{'.'.join(p.path)}({p.argument}): {p.message}" for p in problems))
        self.problems = tuple(problems)


async def read(db: Db, selections: Sequence[Selection], cursors: Cursors) -> dict[str, Any]:
    """The answers to `selections`, by their keys, with one statement (and one for the personas, if a filter asks for one).
    Raises BadSelection."""
    personas = await known(db) if asks_for_personas(selections) else None
    plan = compile_read(selections, cursors, personas, part=db.sight is not None)
    rows = await db.read(plan.query, **plan.params)
    return decoder(plan.layout, cursors)(rows[0]["answer"])


@dataclass(slots=True)
class Afterwards:
    """A read of what a writing statement leaves, done by that statement itself. Both must be one row's whole answer."""

    selections: Sequence[Selection]
    plan: Plan
    answer: list[Any] | None = None

    def joined(self, write: Query) -> Query:
        """The writing statement with the read behind it."""
        row = ", ".join(f"{name}: {name}" for name in write.returns)
        reading = self.plan.query.text.replace("RETURN ", "RETURN rows, ", 1)
        # Two statements of this package, and words of their headers.
        text = cast(LiteralString, f"{write.text}\nNEXT\nWITH collect({{{row}}}) AS rows\n{reading}")
        return replace(write, text=text, returns=("rows", "answer"))

    def params(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The read's parameters: lists and the like, such as the ids that are read; and all else, of which some must be the same
        for a whole statement, such as limits."""
        lists = {name: value for name, value in self.plan.params.items() if isinstance(value, list | dict)}
        return lists, {name: value for name, value in self.plan.params.items() if name not in lists}

    def taken(self, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """The rows of the writing statement; what was read is kept."""
        self.answer = rows[0]["answer"]
        return rows[0]["rows"]

    def decoded(self, cursors: Cursors) -> dict[str, Any] | None:
        """What was read, by the selections' keys; None if nothing was."""
        return None if self.answer is None else decoder(self.plan.layout, cursors)(self.answer)


def asks_for_personas(selections: Sequence[Selection]) -> bool:
    """Whether a filter in them asks for a persona, so that the personas must be read first."""
    return any(filter_asks(one.args.get("filter") or {}) or asks_for_personas(one.children) for one in selections)


def compile_read(
    selections: Sequence[Selection], cursors: Cursors, personas: Personas | None = None, *, part: bool = False
) -> Plan:
    """The one statement that answers all of `selections`, which stand at the root; with `part` in the words for a caller bound
    to a part of the market, whose database narrows it. Raises BadSelection."""
    compiler = _Compiler(cursors, personas, part)
    text, layout = compiler.object(nouns(part)["Query"], selections, Scope())
    if compiler.problems:
        raise BadSelection(compiler.problems)
    # Compiled from the closed vocabulary in cypher/ alone; every value is in params.
    query = Query("read", cast(LiteralString, f"RETURN {text} AS answer"), "read", returns=("answer",))
    return Plan(query, compiler.params.values, layout, compiler.purposes)


class _Compiler:
    def __init__(self, cursors: Cursors, personas: Personas | None, part: bool) -> None:
        self.params = Params(part)
        self._nouns = nouns(part)
        self.problems: list[BadArgument] = []
        self.purposes: dict[str, str] = {}
        self._cursors = cursors
        self._personas = personas
        self._path: list[str] = []
        self._led: list[tuple[Relation, Selection]] = []  # by what the nodes at hand were found

    def object(self, noun: Noun, wanted: Sequence[Selection], scope: Scope) -> tuple[str, Fields]:
        """A list with what is wanted of the node in `scope`, in order."""
        texts: list[str] = []
        places: list[tuple[str, Layout | None]] = []
        for selection in wanted:
            self._path.append(selection.key)
            text, layout = self._value(noun, selection, scope)
            self._path.pop()
            texts.append(text)
            places.append((selection.key, layout))
        return f"[{', '.join(texts)}]", Fields(tuple(places))

    def _value(self, noun: Noun, wanted: Selection, scope: Scope) -> tuple[str, Layout | None]:
        if wanted.name == "nodes" and wanted.noun:
            return self._nodes(self._nouns[wanted.noun], wanted, scope)
        if wanted.name in noun.fields:
            return scope.field(noun.fields[wanted.name]), None
        relation = noun.relations[wanted.name]
        if not self._readable(relation, wanted):
            return "null", None
        match relation.kind:
            case "same":
                return self._same(relation, wanted, scope)
            case "one":
                return self._one(relation, wanted, scope)
            case "list":
                return self._list(relation, wanted, scope)
            case "page":
                return self._page(noun, relation, wanted, scope)

    def _readable(self, relation: Relation, wanted: Selection) -> bool:
        """Notes what is wrong with a relation's keys and filter. Nothing can be compiled of what is wrong."""
        noted = len(self.problems)
        if relation.keys:
            given = [name for name in relation.when if wanted.args.get(name) is not None]
            if not any(sorted(given) == sorted(key) for key in relation.keys):
                self._wrong(relation.keys[0][0], f"give either {' or '.join(' and '.join(key) for key in relation.keys)}")
        if relation.filter and wanted.args.get("filter"):
            for problem in problems_of(relation.filter, wanted.args["filter"], self._personas):
                self._wrong(_dotted("filter", problem.field), problem.message)
        return len(self.problems) == noted

    def _nodes(self, noun: Noun, wanted: Selection, scope: Scope) -> tuple[str, Layout]:
        inner = scope.below()
        text, layout = self.object(noun, wanted.children, inner)
        ids = self.params.add(list(wanted.args["ids"]))
        node = f"{inner.this}:{noun.label}"
        # What another transaction deletes while it is read has lost some of its properties, or all: it isn't found.
        alive = f"WITH id, {inner.this}, {text} AS _found WHERE EXISTS {{ ({node}) }}"
        found = f"COLLECT {{ UNWIND {ids} AS id MATCH ({node} {{id: id}}) {alive} RETURN [id, _found] }}"
        return found, ById(layout, ids.removeprefix("$"))

    def _same(self, relation: Relation, wanted: Selection, scope: Scope) -> tuple[str, Layout]:
        text, layout = self.object(self._nouns[relation.noun], wanted.children, scope.seen_as(relation.variable))
        if relation.exists:
            text = f"CASE WHEN {scope.field(relation.exists)} THEN {text} END"
        return text, layout

    def _one(self, relation: Relation, wanted: Selection, scope: Scope) -> tuple[str, Layout]:
        if relation.known and all(child.name in relation.known for child in wanted.children):
            texts = [scope.field(relation.known[child.name]) for child in wanted.children]
            return f"[{', '.join(texts)}]", Fields(tuple((child.key, None) for child in wanted.children))
        found = self._found(relation, wanted, scope)
        self._led.append((relation, wanted))
        text, layout = self.object(self._nouns[relation.noun], wanted.children, scope.below())
        self._led.pop()
        return f"head(COLLECT {{ {found} RETURN {text} LIMIT 1 }})", layout

    def _list(self, relation: Relation, wanted: Selection, scope: Scope) -> tuple[str, Layout]:
        found = self._found(relation, wanted, scope)
        text, layout = self.object(self._nouns[relation.noun], wanted.children, scope.below())
        order = ", ".join(scope.relation(key) for key in relation.order)
        return f"COLLECT {{ {found} WITH * ORDER BY {order} RETURN {text} }}", Many(layout)

    def _found(self, relation: Relation, wanted: Selection, scope: Scope, *more: str) -> str:
        """The clauses that bind what the relation leads to, narrowed by its arguments."""
        if relation.again:
            above, wanted = self._led[-1]
            relation = replace(above, where=relation.where, then=relation.then)
        form = wanted.args.get(relation.by) if relation.by else None
        clauses = relation.matches[form or next(iter(relation.matches))].strip()
        filter_ = wanted.args.get("filter") or {}
        if relation.starts and filter_ and (begun := start(relation.filter or "", filter_, self.params, self._personas)):
            clauses, filter_ = begun
        if relation.bound:
            clauses = clauses.replace("bound", self._bound(relation.bound, wanted))
        if "$filter" in clauses:
            clauses = clauses.replace("$filter", self.params.add(dict(filter_)))
        conditions = [relation.where.strip()] if relation.where else []
        for name, snippet in relation.when.items():
            if wanted.args.get(name) is not None:
                conditions.append(snippet.replace("$value", self.params.add(wanted.args[name])))
        narrowed = [f"({scope.relation(condition)})" for condition in conditions]
        if relation.filter and filter_:
            narrowed.append(predicate(relation.filter, filter_, scope.below().this, self.params, self._personas))
        narrowed += more
        found = scope.relation(clauses) + (f" WHERE {' AND '.join(narrowed)}" if narrowed else "")
        return f"{found} {scope.relation(relation.then.strip())}" if relation.then else found

    def _bound(self, argument: str, wanted: Selection) -> str:
        """The upper bound of a quantified path, which Cypher takes as a literal only."""
        bound = wanted.args.get(argument)
        if bound is None:
            return ""
        if not 1 <= bound <= MAX_BOUND:
            self._wrong(argument, f"must be from 1 to {MAX_BOUND}, not {bound}")
            return ""
        return str(int(bound))

    # --- pages ------------------------------------------------------------------------------------------------

    def _page(self, noun: Noun, relation: Relation, wanted: Selection, scope: Scope) -> tuple[str, Layout]:
        page = self._paging(noun.name, relation, wanted)
        texts: list[str] = []
        rows = outside = None
        if any(child.name == "totalCount" for child in wanted.children):
            texts.append(f"COUNT {{ {self._found(relation, wanted, scope)} RETURN 1 AS one }}")
        views = [child for child in wanted.children if child.name == "edges"]
        info = any(child.name == "pageInfo" for child in wanted.children)
        edges: dict[str, Edges] = {}
        if views or info:
            rows = len(texts)
            text, edges = self._rows(relation, wanted, scope, page, views)
            texts.append(text)
        if info and (page.after or page.before):
            outside = len(texts)
            texts.append(self._outside(relation, wanted, scope, page))
        parts = tuple(edges.get(child.key) or _part(child) for child in wanted.children)
        return f"[{', '.join(texts)}]", Page(parts, page.purpose, page.size, page.backward, rows, outside)

    def _rows(
        self, relation: Relation, wanted: Selection, scope: Scope, page: _Paging, views: Sequence[Selection]
    ) -> tuple[str, dict[str, Edges]]:
        texts = [f"[{', '.join(page.out(scope))}]"]
        edges: dict[str, Edges] = {}
        for view in views:
            self._path.append(view.key)
            text, fields = self._edge(relation, view, scope.below())
            self._path.pop()
            cursors = tuple(child.key for child in view.children if child.name == "cursor")
            edges[view.key] = Edges(view.key, len(texts), fields, cursors)
            texts.append(text)
        cut = self._cut(relation, wanted, scope, page)
        return f"COLLECT {{ {cut} RETURN [{', '.join(texts)}] }}" if cut else "[]", edges

    def _cut(self, relation: Relation, wanted: Selection, scope: Scope, page: _Paging) -> str | None:
        """The clauses that bind the page's rows, and one more if there is one; None if there can be none."""
        limit = self.params.add(page.size + 1)
        leads = leading(relation.filter, wanted.args.get("filter") or {}, scope.below().this) if relation.filter else []
        parts = [
            f"{self._found(relation, wanted, scope, *section.narrowed)} WITH *, {section.kept} "
            f"ORDER BY {', '.join(f'{one} {page.direction}' for one in (*leads, *section.sorting))} LIMIT {limit}"
            for section in page.sections(self.params, scope)
        ]
        if len(parts) < 2:  # none: the cursors stand in the wrong order, with nothing between them
            return parts[0] if parts else None
        # The second part is looked at only if the first doesn't fill the page: rows come one by one, in the parts' order.
        found = scope.relation(f"that, {_KEY}, {_TIE}")
        return f"CALL () {{ {' UNION ALL '.join(f'{part} RETURN {found}' for part in parts)} }} WITH * LIMIT {limit}"

    def _edge(self, relation: Relation, view: Selection, scope: Scope) -> tuple[str, Fields]:
        node, own = self._nouns[relation.noun], self._nouns[relation.edge] if relation.edge else None
        texts: list[str] = []
        places: list[tuple[str, Layout | None]] = []
        for child in view.children:
            if child.name == "cursor":
                continue
            self._path.append(child.key)
            if child.name == "node":
                text, layout = self.object(node, child.children, scope)
            else:
                assert own is not None, f"{relation.name} has no edge fields"
                text, layout = self._value(own, child, scope)
            self._path.pop()
            texts.append(text)
            places.append((child.key, layout))
        return f"[{', '.join(texts)}]", Fields(tuple(places))

    def _outside(self, relation: Relation, wanted: Selection, scope: Scope, page: _Paging) -> str:
        """Whether rows stand on the other side of the cursors: [before `after`, after `before`]."""
        sides = [
            " OR ".join(f"EXISTS {{ {self._found(relation, wanted, scope, *one)} RETURN 1 AS one }}" for one in beyond) or "false"
            for beyond in page.beyond(self.params, scope)
        ]
        return f"[{', '.join(sides)}]"

    def _paging(self, home: str, relation: Relation, wanted: Selection) -> _Paging:
        orders = relation.orders
        assert orders is not None
        first, last = wanted.args.get("first"), wanted.args.get("last")
        if first is not None and last is not None:
            self._wrong("last", "can't be given together with first")
        for name, size in (("first", first), ("last", last)):
            if size is not None and not 1 <= size <= PAGE_MAX:
                self._wrong(name, f"must be from 1 to {PAGE_MAX}, not {size}")
        given = wanted.args.get("orderBy") or {}
        name = given.get("field") or orders.default
        direction = given.get("direction") or (orders.direction if not given else "ASC")
        purpose = f"{home}.{relation.name} {name} {direction}"
        bounds = {side: self._cursor(side, purpose, wanted.args.get(side)) for side in ("after", "before")}
        size = first if first is not None else last if last is not None else PAGE_DEFAULT
        order = orders.choices[name]
        apart = order.value if home == "Query" else None
        key = apart or (order.ascending if direction == "ASC" else order.descending)
        return _Paging(
            purpose,
            order,
            key,
            apart is not None,
            orders.tie,
            direction == "ASC",
            last is not None,
            size,
            bounds["after"],
            bounds["before"],
        )

    def _cursor(self, side: str, purpose: str, cursor: str | None) -> list[Any] | None:
        if cursor is None:
            return None
        self.purposes[cursor] = purpose
        try:
            return self._cursors.decode(purpose, cursor)
        except BadCursor as error:
            self._wrong(side, str(error))
            return None

    def _wrong(self, argument: str, message: str) -> None:
        self.problems.append(BadArgument(tuple(self._path), argument, message))


@dataclass(frozen=True, slots=True)
class _Section:
    """A part of a list: the predicates that keep what stands between the cursors, in words that let an index of both keys
    give the order; the sort keys; and how they are kept for the cursors."""

    narrowed: Sequence[str]
    sorting: Sequence[str]
    kept: str


@dataclass(frozen=True, slots=True)
class _Paging:
    """How a page is cut: which order, from which end, how many, and between which rows."""

    purpose: str
    order: Order
    key: str
    apart: bool  # rows without a key follow those with one
    tie: str
    ascending: bool
    backward: bool
    size: int
    after: list[Any] | None
    before: list[Any] | None

    def out(self, scope: Scope) -> tuple[str, str]:
        """The keys as a cursor carries them: those that the row was sorted by, for they may be others by now."""
        return scope.relation(self.order.out.replace("$value", _KEY)), scope.relation(_TIE)

    @property
    def direction(self) -> str:
        """Which way the rows are read."""
        return "ASC" if self.ascending != self.backward else "DESC"

    def sections(self, params: Params, scope: Scope) -> list[_Section]:
        """The parts of the list that the page is cut from, in its order."""
        key, tie = scope.relation(self.key), scope.relation(self.tie)
        kept_tie = f"{tie} AS {scope.relation(_TIE)}"
        found: list[_Section] = []
        if not (self.apart and self.after and self.after[0] is None):
            before = None if self.apart and self.before and self.before[0] is None else self.before
            between = self._between(self.after, before, params, scope)
            kept = f"{key} AS {scope.relation(_KEY)}, {kept_tie}"
            found.append(_Section([*self._present(scope), *between], [key, tie], kept))
        if self.apart and not (self.before and self.before[0] is not None):
            after = None if self.after and self.after[0] is not None else self.after
            between = self._between(after, self.before, params, scope)
            kept = f"null AS {scope.relation(_KEY)}, {kept_tie}"
            found.append(_Section([*self._missing(scope), *between], [tie], kept))
        return found[::-1] if self.backward else found

    def _present(self, scope: Scope) -> list[str]:
        """What holds of the rows with a key. It is said for the index, which has no others."""
        known = [f"{scope.relation(self.tie)} IS NOT NULL"]
        return [*known, f"{scope.relation(self.key)} IS NOT NULL"] if self.order.total or self.apart else known

    def _missing(self, scope: Scope) -> list[str]:
        return [f"{scope.relation(self.tie)} IS NOT NULL", f"{scope.relation(self.key)} IS NULL"]

    def _between(self, after: list[Any] | None, before: list[Any] | None, params: Params, scope: Scope) -> list[str]:
        ahead, back = (">", "<") if self.ascending else ("<", ">")
        sides = [self._side(ahead, after, params, scope)] if after else []
        return [*sides, self._side(back, before, params, scope)] if before else sides

    def beyond(self, params: Params, scope: Scope) -> tuple[list[list[str]], list[list[str]]]:
        """The predicates that keep what stands up to `after`, and from `before` on, each with the cursor's own row: choices
        of what must hold."""
        up: list[list[str]] = []
        on: list[list[str]] = []
        if self.after:
            own = self._side("<" if self.ascending else ">", self.after, params, scope, "=")
            found = self._present(scope)
            up = [[*found, own]] if self.after[0] is not None else [found, [*self._missing(scope), own]]
        if self.before:
            own = self._side(">" if self.ascending else "<", self.before, params, scope, "=")
            if self.before[0] is None:
                on = [[*self._missing(scope), own]]
            else:
                on = [[*self._present(scope), own], *([self._missing(scope)] if self.apart else [])]
        return up, on

    def _side(self, sign: str, keys: list[Any], params: Params, scope: Scope, equal: str = "") -> str:
        key, tie = scope.relation(self.key), scope.relation(self.tie)
        if keys[0] is None:
            return f"{tie} {sign}{equal} {params.add(keys[1])}"
        own = params.add(keys[1])
        if isinstance(keys[0], str) and self.order.into == "$value" and not collation.is_plain(keys[0]):
            beyond, value = collation.beyond(key, sign, keys[0], params), params.add(keys[0])
            return f"({beyond} AND ({key} <> {value} OR {tie} {sign}{equal} {own}))"
        value = self.order.into.replace("$value", params.add(keys[0]))
        # The first comparison is what an index seeks; the second settles ties, in words that leave the index's order alone.
        return f"({key} {sign}= {value} AND [{key}, {tie}] {sign}{equal} [{value}, {own}])"


def _part(wanted: Selection) -> Total | Info:
    if wanted.name == "totalCount":
        return Total(wanted.key, 0)  # which the count, if it is wanted, always is
    return Info(wanted.key, tuple((child.key, child.name) for child in wanted.children if not child.name.startswith("__")))


def _dotted(argument: str, field: Sequence[str]) -> str:
    """A place in an argument as clients write it: filter.condition.filters[0].values."""
    return argument + "".join(f"[{name}]" if name.isdigit() else f".{name}" for name in field)
