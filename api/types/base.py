"""What every noun's types are made of."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Annotated, Any, Generic, NewType, TypeVar

import strawberry
from graphql import GraphQLError

T = TypeVar("T")


def field(description: str) -> Any:
    """A field whose value the planned read brings."""
    return strawberry.field(description=description)


def planned(declaration: Callable[..., Any]) -> Any:
    """A field with arguments whose value the planned read brings: the signature and the docstring are all there is to it."""
    return strawberry.field(resolver=declaration, description=inspect.getdoc(declaration))


# --- scalars --------------------------------------------------------------------------------------------------------

DateTime = NewType("DateTime", str)
Date = NewType("Date", str)


def write_datetime(value: int | str | datetime) -> str:
    """RFC 3339 in UTC with milliseconds. Reads bring milliseconds since 1970, which cost the driver least."""
    if isinstance(value, str):
        return value
    moment = datetime.fromtimestamp(value / 1000, UTC) if isinstance(value, int) else value.astimezone(UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_datetime(value: Any) -> datetime:
    """A moment with its offset from UTC. Raises GraphQLError with what is allowed."""
    try:
        moment = datetime.fromisoformat(value)
        moment = moment.astimezone(UTC) if moment.tzinfo else None
    except (TypeError, ValueError, OverflowError):
        moment = None
    if moment is None:
        raise GraphQLError(f"DateTime must be a date and time with an offset, such as 2026-11-20T08:30:00Z, not {value!r}")
    return moment


def read_date(value: Any) -> date:
    """A day. Raises GraphQLError with what is allowed."""
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise GraphQLError(f"Date must be a day such as 2026-11-20, not {value!r}") from None


SCALARS: dict[object, Any] = {
    DateTime: strawberry.scalar(
        name="DateTime",
        description="A moment in UTC after RFC 3339, such as `2026-11-20T08:30:00.000Z`. Input may have any offset.",
        serialize=write_datetime,
        parse_value=read_datetime,
    ),
    Date: strawberry.scalar(name="Date", description="A day, such as `2026-11-20`.", serialize=str, parse_value=read_date),
}

# --- interfaces -----------------------------------------------------------------------------------------------------


@strawberry.interface(description="Anything with a global id, which `node` and `nodes` find again.")
class Node:
    id: strawberry.ID = field("The global id: opaque, stable, and unique over all types.")


@strawberry.interface(description="What is kept of who made and last changed something.")
class Auditable:
    created_at: DateTime = field("When it was made.")
    created_by: str = field("Who made it: a person's or a credential's name, or `system`.")
    updated_at: DateTime = field("When it last changed. A write that changes nothing leaves it alone.")
    updated_by: str = field("Who changed it last.")


# --- pages ----------------------------------------------------------------------------------------------------------

First = Annotated[int | None, strawberry.argument(description="How many, from the start: 1 to 100, 20 unless given.")]
After = Annotated[str | None, strawberry.argument(description="Only what stands after this cursor.")]
Last = Annotated[int | None, strawberry.argument(description="How many, from the end: 1 to 100. Not together with `first`.")]
Before = Annotated[str | None, strawberry.argument(description="Only what stands before this cursor.")]


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    has_next_page: bool = field("Whether something follows this page.")
    has_previous_page: bool = field("Whether something precedes this page.")
    start_cursor: str | None = field("The cursor of the first edge; null on an empty page.")
    end_cursor: str | None = field("The cursor of the last edge: `after` takes it for the next page.")


@strawberry.type(description="One place in a list.")
class Edge(Generic[T]):
    cursor: str = field("This place, for `after` and `before` of the same list in the same order.")
    node: T = field("What stands there.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    edges: list[Edge[T]] = field("The page's places, in the list's order.")
    page_info: PageInfo = field("Where the page stands in its list.")
    total_count: int = field("How many the whole list has. Counted only when asked for.")
