"""What is computed rather than planned: explanations, gaps, previews, audiences, events, and the payloads of mutations.

Computed values are made of the schema's own types, or of objects named alike, whose places for nodes hold a `Ref` until
`hydrate` has read them all with one statement.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from keyword import iskeyword
from typing import Any

from graphql import FieldNode, GraphQLError, GraphQLObjectType, get_named_type
from strawberry import Info

from api import ids
from api.context import Context
from api.errors import Code, bad_arguments
from api.selection import OWN_ID, BadArguments, Planner
from graph import audiences, events, gaps, jobs, preview, webhooks, why
from graph.errors import Refused
from graph.paging import EVENTS, PAGE_MAX, BadCursor
from graph.preview import PreviewSpec
from graph.reads import Afterwards, BadSelection, Selection, asks_for_personas, compile_read, read


@dataclass(frozen=True, slots=True)
class Ref:
    """A node that a computed value speaks of, not yet read."""

    noun: str
    id: str


async def hydrate(info: Info[Context, Any], value: Any, known: Afterwards | None = None) -> Any:
    """`value`, made of the schema's types and Refs, as the executor wants it: everything the selection asks of the Refs
    is read with one statement, unless it is `known`. Raises GraphQLError for arguments that can't be read."""
    planner = Planner.within(info._raw_info)
    with _told(planner):
        walk, finished = _walked(planner, info, value)
        cursors = info.context.cursors
        found = known.decoded(cursors) if known and known.selections == walk.selections else None
        if walk.selections:
            walk.data = found or await read(info.context.db, walk.selections, cursors)
    return finished()


def afterwards(info: Info[Context, Any], value: Any) -> Afterwards | None:
    """What `hydrate` will read if a mutation's payload comes to `value`, for the statement that writes to read it, too; None if
    that can't be told. Raises GraphQLError for arguments that can't be read."""
    if info.context.sight is not None:
        return None  # what such a caller reads is narrowed, and what writes is not
    planner = Planner.within(info._raw_info)
    with _told(planner):
        wanted = _walked(planner, info, value)[0].selections
        if not wanted or asks_for_personas(wanted):
            return None
        return Afterwards(wanted, compile_read(wanted, info.context.cursors))


def _walked(planner: Planner, info: Info[Context, Any], value: Any) -> tuple[_Hydration, Callable[[], Any]]:
    raw = info._raw_info
    kind = get_named_type(raw.return_type)
    assert isinstance(kind, GraphQLObjectType)
    walk = _Hydration(planner)
    finished = walk.value(kind, raw.field_nodes, value)
    planner.check()
    return walk, finished


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
        cursor = args.get("after") or here.cursors.encode(EVENTS, [seq + 1, ""])  # before what comes next, after what was
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


async def webhooks_by_name(info: Info[Context, Any]) -> Any:
    """The webhooks. Raises GraphQLError: FORBIDDEN."""
    _of_the_whole_market(info)
    return await hydrate(info, [Ref("Webhook", one.id) for one in await webhooks.records(info.context.db)])


async def one_webhook(info: Info[Context, Any], webhook_id: str) -> Any:
    """A webhook, None if there is none. Raises GraphQLError: FORBIDDEN, and for the id of something else."""
    _of_the_whole_market(info)
    with _told(Planner.within(info._raw_info)):
        own = ids.raw(webhook_id, "Webhook")
    return await hydrate(info, Ref("Webhook", own))


def _of_the_whole_market(info: Info[Context, Any]) -> None:
    """Webhooks tell of the whole market, and so do their logs."""
    if info.context.caller.root is not None:
        words = "This is about the whole market, and these credentials are bound to a part of it."
        raise GraphQLError(words, extensions={"code": Code.FORBIDDEN})


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
        self.roles_in_use = [_InUse(one) for one in found.roles_in_use]


class _InUse:
    def __init__(self, one: preview.RoleInUse) -> None:
        self.role, self.member_count = Ref("Role", one.role_id), one.members


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
                    parts[key] = self.value(inner, own, getattr(value, snake(own[0].name.value)))
        return lambda: {key: part() for key, part in parts.items()}

    def _ref(self, kind: GraphQLObjectType, fields: Sequence[FieldNode], ref: Ref) -> Any:
        place = tuple(id(node) for node in fields)
        wanted = self._wanted.get(place)
        if wanted is None:
            wanted = self._wanted[place] = self._planner.nodes(f"{len(self._wanted)}", kind, fields, ref.noun)
        wanted.args["ids"].append(ref.id)
        return lambda: self.data[wanted.key].get(ref.id)


_CAPITAL = re.compile(r"(?<=[a-z0-9])([A-Z])")


@cache
def snake(name: str) -> str:
    """A field's name in the types that declare it."""
    spelled = _CAPITAL.sub(r"_\1", name).lower()
    return f"{spelled}_" if iskeyword(spelled) else spelled
