"""Dry runs of the rules."""

from __future__ import annotations

import strawberry

from api.types.accounts import Account
from api.types.base import field
from api.types.groups import BuyingGroup
from api.types.people import Person
from api.types.templates import Role


@strawberry.type(description="What would become of one person in one group.")
class PreviewChange:
    buying_group: BuyingGroup | None = field("The group; null for one that would be made.")
    account: Account = field("The account at which the group sits, or would sit.")
    person: Person = field("The person.")
    from_: Role | None = strawberry.field(name="from", description="The role held now; null for those who join.")
    to: Role | None = field("The role they would hold; null for those who leave.")
    through: Account | None = field("The account that would make them eligible; null for those who leave.")
    distance: int | None = field("How many levels lie between that account and the group's; null for those who leave.")
    reason: str = field("Why, in words, down to the compared values.")


@strawberry.type(
    description="A role that people hold, and that has no card among those tried. Its card can't be removed from the template."
)
class RoleInUse:
    role: Role = field("The role.")
    member_count: int = field("How many members hold it, in the groups of all interests that use the template.")


@strawberry.type(
    description="What would change if the given rules held and maintenance applied them. Nothing is written. Decisions of people "
    "and journeys stand, as they do in a job; somebody who would keep their role through another account is no change."
)
class MembershipPreview:
    joins: list[PreviewChange] = field("The first of those who would join, group by group.")
    joins_total: int = field("How many would join in all.")
    leaves: list[PreviewChange] = field("The first of those who would leave, group by group.")
    leaves_total: int = field("How many would leave in all.")
    role_changes: list[PreviewChange] = field("The first of those who would change role, group by group.")
    role_changes_total: int = field("How many would change role in all.")
    overruled: int = field("How many more the rules would put in or move, if a person's or a journey's decision didn't stand.")
    buying_groups: int = field("How many groups that exist were looked at.")
    new_buying_groups: int = field("How many groups would be made besides.")
    roles_in_use: list[RoleInUse] = field(
        "What keeps the tried cards from being saved as those of the live template that the interest uses, in its cards' order."
    )
