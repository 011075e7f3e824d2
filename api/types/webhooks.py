"""Who is told of events, and what became of that."""

from __future__ import annotations

import strawberry

from api.types.accounts import Account
from api.types.base import After, Auditable, Before, Connection, DateTime, First, Last, field, planned
from api.types.enums import BuyingGroupEventType, WebhookStatus
from api.types.interests import SolutionInterest


@strawberry.type(description="One attempt to deliver an event.")
class WebhookDelivery:
    message_id: str = field("The `webhook-id` that the receiver got: the same at each attempt.")
    event_id: strawberry.ID = field("The event's id, as `events` has it.")
    event_type: BuyingGroupEventType = field("What happened.")
    at: DateTime = field("When the attempt ended.")
    attempt: int = field("Which attempt it was since the group got through, or an instance took the webhook up.")
    status: int | None = field("The HTTP status that the receiver answered with; null if it didn't.")
    milliseconds: int = field("How long it took.")
    error: str | None = field("Why it counts as not delivered; null if it was.")


@strawberry.type(
    description="Someone who is told of events by HTTP: signed, at least once, and in order for each group. See docs/webhooks.md."
)
class Webhook(Auditable):
    id: strawberry.ID = field("Its global id. `node` doesn't find it.")
    name: str = field("What it is called.")
    url: str = field("Where events are delivered.")
    status: WebhookStatus = field("Whether it is on.")
    disabled_reason: str | None = field("Why it is off.")
    types: list[BuyingGroupEventType] | None = field("Only events of these types; null for all.")
    solution_interest: SolutionInterest | None = field("Only of this interest's groups.")
    account: Account | None = field("Only of this account's own groups.")
    failing_since: DateTime | None = field("Since when an event can't be delivered; null if none is held up.")

    @planned
    def deliveries(
        self, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[WebhookDelivery]:
        """The latest 200 attempts, newest first."""
        ...
