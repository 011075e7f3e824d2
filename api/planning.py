"""Fills the schema's types: one statement for all that an operation reads, one for all that a payload refers to.

Planned objects are dicts keyed by response key, so a field's resolver is a look-up. What is computed (payloads,
explanations) is made of the schema's own types, whose places for nodes hold a `Ref` until `hydrate` has read them.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from keyword import iskeyword
from typing import Any

from graphql import (
    ExecutionResult,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    get_named_type,
    get_operation_ast,
)
from graphql.execution.values import VariableValues, get_variable_values
from strawberry import Info
from strawberry.extensions import SchemaExtension
from strawberry.types import ExecutionContext

from api import ids
from api.context import Context
from api.errors import BadVariables, Code, bad_arguments, which_operation
from api.selection import OWN_ID, TYPE, BadArguments, Planner
from graph import audiences, conditions, events, gaps, jobs, preview, stage_rules, why
from graph.errors import Refused
from graph.paging import PAGE_MAX, BadCursor
from graph.preview import PreviewSpec
from graph.reads import BadSelection, Selection, compile_read, read
from graph.vocabulary import nouns


@dataclass(frozen=True, slots=True)
class Ref:
    """A node that a computed value speaks of, not yet read."""

    noun: str
    id: str


# --- operations -----------------------------------------------------------------------------------------------------


class PlannedReads(SchemaExtension):
    """Before the executor starts: reads everything a query's planned fields want with one statement, and refuses a mutation
    whose payload can't be read as it is asked for, for nothing is written yet."""

    async def on_execute(self) -> AsyncIterator[None]:
        running = self.execution_context
        try:
            running.root_value = await _prepare(running)
        except BadArguments as error:
            running.result = ExecutionResult(data=None, errors=bad_arguments(error))
        except BadVariables as error:
            running.result = ExecutionResult(data=None, errors=error.errors)
        except GraphQLError as error:
            running.result = ExecutionResult(data=None, errors=[error])
        except Exception as error:
            running.result = ExecutionResult(data=None, errors=[_wrapped(error)])
        yield


async def _prepare(running: ExecutionContext) -> dict[str, Any] | None:
    """What the operation's root resolvers look things up in."""
    document = running.graphql_document
    schema: GraphQLSchema = running.schema._schema
    assert document is not None
    operations = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    if running._provided_operation_name is None and len(operations) > 1:
        raise which_operation()  # the framework would run the first
    operation = get_operation_ast(document, running.operation_name)
    assert operation is not None, "the schema refuses an operationName that names none"
    variables = get_variable_values(schema, operation.variable_definitions or (), running.variables or {})
    if not isinstance(variables, VariableValues):
        raise BadVariables(variables)
    fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
    planner = Planner(schema, fragments, variables)
    context: Context = running.context
    root = schema.get_root_type(operation.operation)
    assert root is not None
    try:
        if operation.operation is OperationType.MUTATION:
            compile_read(planner.payloads(root, operation.selection_set), context.cursors)
        if operation.operation is OperationType.QUERY:
            planned = planner.root(root, operation.selection_set)
            found = await read(context.db, planned.selections, context.cursors) if planned.selections else {}
            return planned.assemble(found)
    except BadSelection as error:
        raise planner.located(error) from error
    return None


def _wrapped(error: Exception) -> GraphQLError:
    return GraphQLError(str(error), original_error=error)


# --- computed values ------------------------------------------------------------------------------------------------


async def hydrate(info: Info[Context, Any], value: Any) -> Any:
    """`value`, made of the schema's types and Refs, as the executor wants it: everything the selection asks of the Refs
    is read with one statement. Raises GraphQLError for arguments that can't be read."""
    raw = info._raw_info
    planner = Planner.within(raw)
    walk = _Hydration(planner)
    kind = get_named_type(raw.return_type)
    assert isinstance(kind, GraphQLObjectType)
    with _told(planner):
        finished = walk.value(kind, raw.field_nodes, value)
        planner.check()
        if walk.selections:
            walk.data = await read(info.context.db, walk.selections, info.context.cursors)
    return finished()


@contextmanager
def _told(planner: Planner) -> Generator[None]:
    """Turns what is wrong with a computed field's arguments into the GraphQL error that tells it."""
    try:
        yield
    except BadArguments as error:
        raise bad_arguments(error)[0] from error
    except BadSelection as error:
        raise bad_arguments(planner.located(error))[0] from error
    except ids.BadId as error:
        raise _bad_input(str(error)) from error
    except Refused as error:
        raise _bad_input("; ".join(f"{'.'.join(p.field)}: {p.message}" for p in error.problems)) from error


def _bad_input(message: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": Code.BAD_USER_INPUT})


async def audience_accounts(source: Mapping[str, Any], info: Info[Context, Any]) -> Any:
    """The page of accounts in the audience `source`: those it lists, or those its rule finds."""
    raw = info._raw_info
    planner = Planner.within(raw)
    with _told(planner):
        args, wanted = planner.page("page", raw.parent_type.fields[raw.field_name], raw.field_nodes)
        rule = await audiences.rule(info.context.db, source[OWN_ID])
        if rule is None:
            selection = Selection("page", "listedAccounts", {**args, "audienceId": source[OWN_ID]}, wanted)
        else:
            selection = Selection("page", "accounts", {**args, "filter": rule}, wanted)
        return (await read(info.context.db, [selection], info.context.cursors))["page"]


EVENTS = "Query.groupEvents SEQ ASC"
"""What the cursors of events are made for: one stream, whatever part of it a reader wants."""


async def events_page(info: Info[Context, Any]) -> Any:
    """A page of the stream of events, everything that is committed included."""
    raw = info._raw_info
    planner = Planner.within(raw)
    with _told(planner):
        args, wanted = planner.page("page", raw.parent_type.fields[raw.field_name], raw.field_nodes)
        await events.number(info.context.db)
        selection = Selection("page", "groupEvents", args, wanted)
        return (await read(info.context.db, [selection], info.context.cursors))["page"]


async def follow_events(info: Info[Context, Any]) -> AsyncGenerator[Any]:
    """The events after a cursor, or from now on, one by one as they are committed. Never ends by itself."""
    raw, here = info._raw_info, info.context
    planner = Planner.within(raw)
    field = raw.parent_type.fields[raw.field_name]
    with _told(planner):
        args = planner.arguments(field, raw.field_nodes[0])
        kind = get_named_type(field.type)
        node = Selection("node", "node", {}, planner.nodes("page", kind, raw.field_nodes, kind.name).children)
        planner.check()
        wanted = (Selection("edges", "edges", {}, (Selection("cursor", "cursor"), node)),)
        seq = _seen(here, args) if args.get("after") else await events.number(here.db)
        cursor = args.get("after") or here.cursors.encode(EVENTS, [seq, ""])
    while True:
        await here.hub.beyond(seq)
        head = await events.number(here.db)
        page = Selection("page", "groupEvents", {**args, "after": cursor, "first": PAGE_MAX}, wanted)
        edges = (await read(here.db, [page], here.cursors))["page"]["edges"]
        for edge in edges:
            cursor = edge["cursor"]
            yield edge["node"]
        # A short page had everything up to the head, of which a filter may have let nothing through.
        seq = head if len(edges) < PAGE_MAX else here.cursors.decode(EVENTS, cursor)[0]


def _seen(here: Context, args: Mapping[str, Any]) -> int:
    try:
        return here.cursors.decode(EVENTS, args["after"])[0]
    except BadCursor as error:
        raise _bad_input(f"after: {error}") from error


async def follow_job(info: Info[Context, Any], job_id: str) -> AsyncGenerator[Any]:
    """A job whenever it has moved on, the last time when it has ended."""
    raw, here = info._raw_info, info.context
    planner = Planner.within(raw)
    kind = get_named_type(raw.parent_type.fields[raw.field_name].type)
    with _told(planner):
        own = ids.raw(job_id, "Job")
        wanted = planner.nodes("job", kind, raw.field_nodes, "Job")
        wanted.args["ids"].append(own)
        planner.check()
        async for _ in jobs.follow(here.db, own):
            found = (await read(here.db, [wanted], here.cursors))["job"]
            if own in found:
                yield found[own]


async def explain_membership(source: Mapping[str, Any], info: Info[Context, Any], person_id: str) -> Any:
    """Why a person is, or is not, a member of the group `source`."""
    with _told(Planner.within(info._raw_info)):
        found = await why.explain(info.context.db, source[OWN_ID], ids.raw(person_id, "Person"))
    return await hydrate(info, _Explained(found))


async def role_gaps(source: Mapping[str, Any], info: Info[Context, Any]) -> Any:
    """The missing roles of the group `source`, with the people who come nearest."""
    return await hydrate(info, [_Gap(one) for one in await gaps.gaps(info.context.db, source[OWN_ID])])


async def preview_membership(info: Info[Context, Any], spec: PreviewSpec) -> Any:
    """What would change if the rules of `spec` held."""
    with _told(Planner.within(info._raw_info)):
        try:
            found = await preview.preview(info.context.db, spec)
        except Refused as error:
            raise Refused(*(problem.under("input") for problem in error.problems)) from error
    return await hydrate(info, _Previewed(found))


class _Explained:
    """An explanation as the schema names its parts, with Refs for what it speaks of."""

    def __init__(self, found: why.Explanation) -> None:
        self.is_member, self.summary, self.distance = found.is_member, found.summary, found.distance
        self.role = _ref("Role", found.role_id)
        self.account = _ref("Account", found.account_id)
        self.standing = _ref("MembershipEvent", found.standing_event_id)
        self.cards = [_Judged(card) for card in found.cards]


class _Judged:
    def __init__(self, card: why.CardTrace) -> None:
        self.in_scope, self.matched, self.condition = card.in_scope, card.matched, card.condition
        self.card = _ref("RoleCard", card.card_id)
        self.account = _ref("Account", card.account_id)


class _Gap:
    def __init__(self, gap: gaps.RoleGap) -> None:
        self.role, self.missing = Ref("Role", gap.role_id), gap.missing
        self.candidates = [_Candidate(one) for one in gap.candidates]


class _Candidate:
    def __init__(self, one: gaps.GapCandidate) -> None:
        self.person, self.account = Ref("Person", one.person_id), Ref("Account", one.account_id)
        self.distance, self.unmet = one.distance, one.unmet


class _Previewed:
    """A preview as the schema names its parts, with Refs for what it speaks of."""

    def __init__(self, found: preview.Preview) -> None:
        self.joins, self.joins_total = [_Changed(one) for one in found.joins], found.joins_total
        self.leaves, self.leaves_total = [_Changed(one) for one in found.leaves], found.leaves_total
        self.role_changes, self.role_changes_total = [_Changed(one) for one in found.role_changes], found.role_changes_total
        self.overruled, self.buying_groups, self.new_buying_groups = found.overruled, found.groups, found.new_groups


class _Changed:
    def __init__(self, change: preview.Change) -> None:
        self.buying_group, self.account = _ref("BuyingGroup", change.group_id), Ref("Account", change.home_id)
        self.person, self.through = Ref("Person", change.person_id), _ref("Account", change.through_id)
        self.from_, self.to = _ref("Role", change.from_role_id), _ref("Role", change.to_role_id)
        self.distance, self.reason = change.distance, change.reason


def _ref(noun: str, own: str | None) -> Ref | None:
    return Ref(noun, own) if own else None


class _Hydration:
    """Walks a value and what is selected of it, collecting what to read; then puts the answers in their places."""

    def __init__(self, planner: Planner) -> None:
        self._planner = planner
        self._wanted: dict[tuple[int, ...], Selection] = {}
        self.data: dict[str, Any] = {}

    @property
    def selections(self) -> list[Selection]:
        return list(self._wanted.values())

    def value(self, kind: Any, fields: Sequence[FieldNode], value: Any) -> Any:
        """A function that gives the finished value once `data` is there."""
        if value is None:
            return lambda: None
        if isinstance(value, list | tuple):
            parts = [self.value(kind, fields, one) for one in value]
            return lambda: [part() for part in parts]
        if isinstance(value, Ref):
            return self._ref(kind, fields, value)
        if not isinstance(kind, GraphQLObjectType) or isinstance(value, dict):
            return lambda: value
        return self._object(kind, fields, value)

    def _object(self, kind: GraphQLObjectType, fields: Sequence[FieldNode], value: Any) -> Any:
        sets = [node.selection_set for node in fields if node.selection_set]
        parts: dict[str, Any] = {}
        for key, own in self._planner.collect(kind, sets).items():
            if not own[0].name.value.startswith("__"):
                inner = get_named_type(kind.fields[own[0].name.value].type)
                with self._planner.at(key, own[0]):
                    parts[key] = self.value(inner, own, getattr(value, python_name(own[0])))
        return lambda: {key: part() for key, part in parts.items()}

    def _ref(self, kind: GraphQLObjectType, fields: Sequence[FieldNode], ref: Ref) -> Any:
        place = tuple(id(node) for node in fields)
        wanted = self._wanted.get(place)
        if wanted is None:
            wanted = self._wanted[place] = self._planner.nodes(f"{len(self._wanted)}", kind, fields, ref.noun)
        wanted.args["ids"].append(ref.id)
        return lambda: self.data[wanted.key].get(ref.id)


# --- the schema -----------------------------------------------------------------------------------------------------


def install(schema: GraphQLSchema) -> None:
    """Gives the schema's planned fields their resolvers: a look-up each, without the framework's layers in between."""
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLInterfaceType):
            kind.resolve_type = lambda value, *_: value[TYPE]
        if not isinstance(kind, GraphQLObjectType) or kind.name.startswith("__"):
            continue
        kind.is_type_of = None
        for name, field in kind.fields.items():
            if _has_resolver_of_its_own(kind, name):
                continue
            field.resolve = _resolver(kind.name, name)


def _has_resolver_of_its_own(kind: GraphQLObjectType, name: str) -> bool:
    if kind.name in ("Mutation", "Subscription"):
        return True
    noun = nouns().get(kind.name)
    if noun is None:
        return False
    planned = name in noun.fields or name in noun.relations or (kind.name == "Query" and name in ("node", "nodes"))
    return not planned and name not in ("cursor", "node")


def _resolver(typename: str, name: str) -> Any:
    if name == "id" and typename in ids.PREFIXES:
        return lambda source, info, **_: ids.encode(typename, look_up(source, info))
    if (typename, name) == ("BuyingGroupEvent", "cursor"):
        return lambda source, info, **_: info.context.cursors.encode(EVENTS, look_up(source, info))
    if (typename, name) == ("RoleCard", "condition"):
        return lambda source, info, **_: conditions.from_json(look_up(source, info))
    if (typename, name) == ("StageModel", "problems"):
        return lambda source, info, **_: stage_rules.problems(stage_rules.ruled(look_up(source, info)))
    if (typename, name) == ("Persona", "attributes"):
        return lambda source, info, **_: conditions.attributes_from_json(look_up(source, info))
    return look_up


def look_up(source: Any, info: GraphQLResolveInfo[Any], **_: Any) -> Any:
    """What stands in a planned or hydrated object under the field's response key, or in another under its name."""
    if type(source) is dict:
        return source[info.path.key]
    return getattr(source, _snake(info.field_name))


def python_name(node: FieldNode) -> str:
    """The name of a field in the types that declare it."""
    return _snake(node.name.value)


_CAPITAL = re.compile(r"(?<=[a-z0-9])([A-Z])")


def _snake(name: str) -> str:
    snake = _CAPITAL.sub(r"_\1", name).lower()
    return f"{snake}_" if iskeyword(snake) else snake
