"""What lists take: filters (all given fields must hold) and orders."""

from __future__ import annotations

import strawberry

from api.types.base import Date
from api.types.enums import (
    AccountOrderField,
    BuyingGroupOrderField,
    ConfigurationOrderField,
    FilterOperator,
    HierarchyScope,
    JobKind,
    JobStatus,
    Match,
    MemberOrderField,
    OrderDirection,
    PersonAttribute,
    PersonOrderField,
)


def given(description: str) -> None:
    """An optional field: absent unless given."""
    return strawberry.field(default=None, description=description)  # type: ignore[return-value]


@strawberry.input(description="Bounds of a number. All given ones must hold; nothing lies within bounds if it has no value.")
class FloatRange:
    gt: float | None = given("Above this.")
    gte: float | None = given("At least this.")
    lt: float | None = given("Below this.")
    lte: float | None = given("At most this.")


@strawberry.input(description="A role and how many members must hold it.")
class RoleDepth:
    role_id: strawberry.ID = strawberry.field(description="The role.")
    at_least: int = strawberry.field(description="The least number of members in it.")


@strawberry.input(description="One comparison of a person's attribute.")
class AttributeFilterInput:
    attribute: PersonAttribute = strawberry.field(description="What to compare.")
    operator: FilterOperator = strawberry.field(description="How to compare it.")
    values: list[str] = strawberry.field(
        default_factory=list, description="What to compare it with; several mean any of them. At most 255 characters each."
    )


@strawberry.input(description="All or any of the filters, and of the nested groups.")
class ConditionInput:
    match: Match = strawberry.field(description="Whether all parts must hold, or one suffices.")
    filters: list[AttributeFilterInput] = strawberry.field(default_factory=list, description="Comparisons.")
    groups: list[ConditionInput] = strawberry.field(default_factory=list, description="Conditions within this one.")


@strawberry.input(description="Which buying groups. A list means any of it, but `missingRoleIds` and `membersInRole` mean all.")
class BuyingGroupFilter:
    search: str | None = given("Part of the name, without case.")
    solution_interest_ids: list[strawberry.ID] | None = given("Groups of any of these interests.")
    role_template_ids: list[strawberry.ID] | None = given("Groups whose interest uses any of these templates.")
    stage_ids: list[strawberry.ID] | None = given("Groups that stand in any of these stages.")
    statuses: list[str] | None = given("Groups in any of these statuses.")
    account_ids: list[strawberry.ID] | None = given("Groups at any of these accounts themselves.")
    industries: list[str] | None = given("Groups whose account is in any of these industries.")
    regions: list[str] | None = given("Groups whose account is in any of these regions.")
    completeness: FloatRange | None = given("Bounds of the unrounded completeness, from 0 to 100.")
    engagement_score: FloatRange | None = given("Bounds of the unrounded engagement, from 0 to 100.")
    missing_role_ids: list[strawberry.ID] | None = given("Groups in which every one of these roles is required and not filled.")
    members_in_role: list[RoleDepth] | None = given("Groups in which every one of these roles has that many members.")


@strawberry.input(description="Accounts that own a product.")
class OwnsProduct:
    product_ids: list[strawberry.ID] = strawberry.field(description="Any of these products.")
    revenue: FloatRange | None = given("Bounds of the revenue from that product.")


@strawberry.input(description="Which accounts.")
class AccountFilter:
    search: str | None = given("Part of the name, without case.")
    industries: list[str] | None = given("In any of these industries.")
    countries: list[str] | None = given("In any of these countries.")
    types: list[str] | None = given("Of any of these types.")
    annual_revenue: FloatRange | None = given("Bounds of the annual revenue.")
    employee_count: FloatRange | None = given("Bounds of the number of employees.")
    owns_product: OwnsProduct | None = given("Those that own a product, with bounds of its revenue.")
    under_account_id: strawberry.ID | None = given("Those below this account, however far.")
    depth: FloatRange | None = given("Bounds of the levels above: 0 is the top of a hierarchy.")
    has_buying_group: BuyingGroupFilter | None = given("Those with a buying group that fits.")
    any: list[AccountFilter] | None = given("At least one of these filters must hold.")
    not_: AccountFilter | None = strawberry.field(name="not", default=None, description="This filter must not hold.")


@strawberry.input(description="Which people.")
class PersonFilter:
    search: str | None = given("Part of the name, without case.")
    account_id: strawberry.ID | None = given("Those who relate to this account.")
    scope: HierarchyScope | None = given("With `accountId`: how far from it to look. ACCOUNT unless given.")
    condition: ConditionInput | None = given(
        "Those for whom this holds in one of their relations to an account; with `accountId`, in one of those in scope."
    )
    member_of: BuyingGroupFilter | None = given("Members of a group that fits.")
    removed_from: BuyingGroupFilter | None = given("Those whose removal from a group that fits stands.")


@strawberry.input(description="Which jobs.")
class JobFilter:
    kinds: list[JobKind] | None = given("Of any of these kinds.")
    statuses: list[JobStatus] | None = given("In any of these statuses.")
    solution_interest_id: strawberry.ID | None = given("Of this interest.")


@strawberry.input(description="Which buying groups a dashboard counts. A list means any of it.")
class DashboardFilter:
    stage_ids: list[strawberry.ID] | None = given("Groups at any of these stages.")
    industries: list[str] | None = given("Groups whose account is in any of these industries.")
    regions: list[str] | None = given("Groups whose account is in any of these regions.")
    solution_interest_ids: list[strawberry.ID] | None = given("Groups of any of these interests.")


@strawberry.input(description="Which roles to look into, in which buying groups, and when.")
class RoleInsightsFilter:
    role_ids: list[strawberry.ID] | None = given("Any of these roles.")
    solution_interest_ids: list[strawberry.ID] | None = given("In groups of any of these interests.")
    from_: Date | None = strawberry.field(  # type: ignore[assignment]
        name="from", default=None, description="The first day, in UTC; a year before the last unless given."
    )
    to: Date | None = given("The last day, in UTC; today unless given.")


@strawberry.input(description="How to sort accounts.")
class AccountOrder:
    field: AccountOrderField = strawberry.field(description="What to sort by.")
    direction: OrderDirection = strawberry.field(description="Which way.")


@strawberry.input(description="How to sort people.")
class PersonOrder:
    field: PersonOrderField = strawberry.field(description="What to sort by.")
    direction: OrderDirection = strawberry.field(description="Which way.")


@strawberry.input(description="How to sort buying groups.")
class BuyingGroupOrder:
    field: BuyingGroupOrderField = strawberry.field(description="What to sort by.")
    direction: OrderDirection = strawberry.field(description="Which way.")


@strawberry.input(description="How to sort members.")
class MemberOrder:
    field: MemberOrderField = strawberry.field(description="What to sort by.")
    direction: OrderDirection = strawberry.field(description="Which way.")


@strawberry.input(description="How to sort solution interests.")
class SolutionInterestOrder:
    field: ConfigurationOrderField = strawberry.field(description="What to sort by.")
    direction: OrderDirection = strawberry.field(description="Which way.")


@strawberry.input(description="How to sort role templates.")
class RoleTemplateOrder:
    field: ConfigurationOrderField = strawberry.field(description="What to sort by.")
    direction: OrderDirection = strawberry.field(description="Which way.")
