"""People, what they relate to and what they did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import strawberry

from api.types.base import After, Auditable, Before, Connection, DateTime, First, Last, Node, field, planned
from api.types.enums import AssignmentSource, PersonRelationship

if TYPE_CHECKING:
    from api.types.accounts import Account
    from api.types.groups import BuyingGroup
    from api.types.templates import Role

LazyAccount = Annotated["Account", strawberry.lazy("api.types.accounts")]
LazyGroup = Annotated["BuyingGroup", strawberry.lazy("api.types.groups")]
LazyRole = Annotated["Role", strawberry.lazy("api.types.templates")]


@strawberry.type(description="A person's relation to an account.")
class PersonAccount:
    account: LazyAccount = field("The account.")
    relationship: PersonRelationship = field("How the person relates to it.")
    title: str | None = field("The title in this relation, where it differs from the person's job title.")


@strawberry.type(description="A person's place in a buying group.")
class Membership:
    buying_group: LazyGroup = field("The group.")
    role: LazyRole = field("The role held in it.")
    source: AssignmentSource = field("Who decided it.")
    assigned_at: DateTime = field("Since when it stands.")
    assigned_by: str = field("Who assigned it.")


@strawberry.type(description="Something a person did.")
class Activity:
    type: str = field("Such as `Page Views` or `Attend Event`.")
    occurred_at: DateTime = field("When.")


@strawberry.type(description="Someone who works for an account, or with it.")
class Person(Node, Auditable):
    external_id: str | None = field("The CRM's key.")
    first_name: str | None = field("First name.")
    last_name: str | None = field("Last name.")
    name: str = field("First and last name; without them the e-mail address, else the CRM's key.")
    email: str | None = field("E-mail address.")
    phone: str | None = field("Phone.")
    mobile_phone: str | None = field("Mobile phone.")
    job_title: str | None = field("Job title, unless a relation to an account says otherwise.")
    department: str | None = field("Department.")
    city: str | None = field("City.")
    state: str | None = field("State or province.")
    postal_code: str | None = field("Postal code.")
    country: str | None = field("Country.")
    email_invalid: bool = field("Whether mail to the address bounced.")
    email_suspended: bool = field("Whether the person opted out of mail.")
    reachable: bool = field("Whether there is an e-mail address, neither invalid nor suspended.")
    engagement_score: float | None = field("0 to 100, unrounded; the most active person has 100. Null until first calculated.")
    accounts: list[PersonAccount] = field("The accounts the person relates to, by name.")

    @planned
    def memberships(
        self, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Membership]:
        """The groups the person is a member of, by the group's name."""
        ...

    @planned
    def activities(
        self, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Activity]:
        """What the person did, newest first."""
        ...
