"""The resolvers of what is read: each looks its value up in what the operation's planned read brought.

Planned objects are dicts keyed by response key. Computed ones are objects whose attributes are named as the schema's fields.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLResolveInfo, GraphQLSchema

from api import ids
from api.computed import snake
from api.selection import TYPE
from graph import conditions, stage_rules
from graph.paging import EVENTS, Cursors
from graph.vocabulary import nouns

Make = Callable[[Any, Cursors], Any]


def install(schema: GraphQLSchema) -> None:
    """Gives the schema's planned fields their resolvers: a look-up each, without the framework's layers in between."""
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLInterfaceType):
            kind.resolve_type = lambda value, *_: value[TYPE]
        if not isinstance(kind, GraphQLObjectType) or kind.name.startswith("__"):
            continue
        kind.is_type_of = None
        for name, field in kind.fields.items():
            if is_planned(kind.name, name):
                make = made(kind.name, name)
                field.resolve = partial(_make, make) if make else look_up


def is_planned(typename: str, name: str) -> bool:
    """Whether the operation's planned read, or its parent, brings the field; else it has a resolver of its own."""
    if typename in ("Mutation", "Subscription"):
        return False
    noun = nouns().get(typename)
    if noun is None:
        return True
    by_id = typename == "Query" and name in ("node", "nodes")
    return name in noun.fields or name in noun.relations or by_id or name in ("cursor", "node")


def made(typename: str, name: str) -> Make | None:
    """How the field's value is made of what is read; None where it is that."""
    if name == "id" and typename in ids.PREFIXES:
        return lambda value, _: ids.encode(typename, value)
    return _MADE.get((typename, name))


_MADE: dict[tuple[str, str], Make] = {
    ("BuyingGroupEvent", "cursor"): lambda value, cursors: cursors.encode(EVENTS, value),
    ("RoleCard", "condition"): lambda value, _: conditions.from_json(value),
    ("StageModel", "problems"): lambda value, _: stage_rules.problems(stage_rules.ruled(value)),
    ("WebhookDelivery", "eventId"): lambda value, _: ids.encode("BuyingGroupEvent", value),
    ("Persona", "attributes"): lambda value, _: conditions.attributes_from_json(value),
}


def look_up(source: Any, info: GraphQLResolveInfo[Any], **_: Any) -> Any:
    """What stands in a planned or hydrated object under the field's response key, or in another under its name."""
    if type(source) is dict:
        return source[info.path.key]
    return getattr(source, snake(info.field_name))


def _make(make: Make, source: Any, info: GraphQLResolveInfo[Any], **_: Any) -> Any:
    return make(look_up(source, info), info.context.cursors)
