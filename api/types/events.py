"""What happens to buying groups, for those who follow it."""

from __future__ import annotations

import strawberry

from api.types.base import DateTime, PageInfo, field
from api.types.enums import BuyingGroupEventType
from api.types.groups import BuyingGroup
from api.types.people import Person
from api.types.templates import Role


@strawberry.type(description="Something that happened to a buying group, written in the transaction that changed it.")
class BuyingGroupEvent:
    id: strawberry.ID = field("The event's id, the same for every reader.")
    cursor: str = field("Its place in the stream: `after` of `events` and of the subscription takes it.")
    type: BuyingGroupEventType = field("What happened.")
    at: DateTime = field("When.")
    buying_group: BuyingGroup = field("To which group.")
    person: Person | None = field("Whom it concerns, where it concerns one.")
    role: Role | None = field("The role that was given or lost.")
    previous: str | None = field("What stood before: a role's or stage's name, a status, a score.")
    current: str | None = field("What stands now.")


@strawberry.type(description="One place in the stream.")
class BuyingGroupEventEdge:
    cursor: str = field("This place, for `after`.")
    node: BuyingGroupEvent = field("The event.")


@strawberry.type(description="A page of the stream, oldest first. It has no total, for it has no end.")
class BuyingGroupEventConnection:
    edges: list[BuyingGroupEventEdge] = field("The page's events.")
    page_info: PageInfo = field("Where the page stands in the stream.")
