"""What a caller needs for each field at the root of an operation. A field that declares nothing is nobody's."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from typing import Any

import strawberry
from graphql import GraphQLError, GraphQLSchema

from api.errors import Code
from api.limits import NEEDS
from graph.model import Permission

Needs = frozenset[Permission]
"""The permissions of which a caller needs one; nothing but a valid credential where it is empty."""


def declared(*any_of: Permission) -> dict[str, Needs]:
    """The declaration of a root field's needs, as its metadata."""
    return {NEEDS: frozenset(any_of)}


def told(description: str, *any_of: Permission) -> str:
    """A description that tells what the field needs."""
    return f"{description} Needs {named(any_of)}." if any_of else f"{description} Needs no permission, only a valid credential."


def viewed(declaration: Callable[..., Any]) -> Any:
    """A root field whose value the planned read brings, for those who may VIEW: the signature and the docstring are all there
    is to it."""
    description = told(inspect.getdoc(declaration) or "", Permission.VIEW)
    return strawberry.field(resolver=declaration, description=description, metadata=declared(Permission.VIEW))


def root_field(description: str, *any_of: Permission) -> Callable[[Callable[..., Any]], Any]:
    """A root field with a resolver of its own."""

    def declare(resolver: Callable[..., Any]) -> Any:
        return strawberry.field(resolver=resolver, description=told(description, *any_of), metadata=declared(*any_of))

    return declare


def root_subscription(description: str, *any_of: Permission) -> Callable[[Callable[..., Any]], Any]:
    """A root field of subscriptions."""

    def declare(resolver: Callable[..., Any]) -> Any:
        return strawberry.subscription(resolver=resolver, description=told(description, *any_of), metadata=declared(*any_of))

    return declare


def install(schema: GraphQLSchema) -> None:
    """Puts what each root field needs where operations are measured. Raises TypeError for a field that declares nothing."""
    for kind in (schema.query_type, schema.mutation_type, schema.subscription_type):
        for name, field in kind.fields.items() if kind else ():
            needs = field.extensions["strawberry-definition"].metadata.get(NEEDS)
            if needs is None:
                raise TypeError(f"{kind}.{name} doesn't declare what it needs")
            field.extensions[NEEDS] = needs


def lacking(needs: Iterable[Needs], permissions: frozenset[Permission]) -> list[Needs]:
    """What a caller with these permissions lacks of what is needed."""
    return [one for one in needs if one and one.isdisjoint(permissions)]


def forbidden(lacks: Iterable[Needs]) -> GraphQLError:
    """The error of an operation whose caller lacks something. It tells nothing but what that is."""
    words = " and ".join(sorted(named(one) for one in lacks))
    return GraphQLError(f"This needs {words}, which this credential doesn't have.", extensions={"code": Code.FORBIDDEN})


def named(any_of: Iterable[Permission]) -> str:
    """Permissions of which one is needed, in words."""
    return " or ".join(one.value for one in Permission if one in frozenset(any_of))
