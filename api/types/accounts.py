"""Accounts, the people and products around them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import strawberry

from api.types.base import After, Auditable, Before, Connection, Date, First, Last, Node, PageInfo, field, planned
from api.types.enums import HierarchyScope, PersonRelationship
from api.types.filters import BuyingGroupFilter

if TYPE_CHECKING:
    from api.types.groups import BuyingGroup
    from api.types.interests import SolutionInterest
    from api.types.people import Person
    from api.types.templates import Role

LazyPerson = Annotated["Person", strawberry.lazy("api.types.people")]
LazyGroup = Annotated["BuyingGroup", strawberry.lazy("api.types.groups")]
LazyInterest = Annotated["SolutionInterest", strawberry.lazy("api.types.interests")]
LazyRole = Annotated["Role", strawberry.lazy("api.types.templates")]
Scope = Annotated[HierarchyScope | None, strawberry.argument(description="How far from the account to look.")]


@strawberry.type(description="A product that is sold.")
class Product(Node):
    external_id: str | None = field("The CRM's key.")
    name: str = field("Its name.")
    product_line: str | None = field("The line it belongs to.")


@strawberry.type(description="A product that an account owns.")
class OwnedProduct:
    product: Product = field("The product.")
    revenue: float | None = field("The revenue from it.")
    since: Date | None = field("Owned since this day.")


@strawberry.type(description="One person among an account's people.")
class AccountPersonEdge:
    cursor: str = field("This place, for `after` and `before` of the same list in the same order.")
    node: LazyPerson = field("The person. Nobody shows twice, however many relations they have.")
    relationship: PersonRelationship = field("How they relate to `account`.")
    title: str | None = field("Their title in that relation; without one, their job title.")
    account: Account = field("The account they relate to: the nearest in scope.")


@strawberry.type(description="A page of an account's people.")
class AccountPersonConnection:
    edges: list[AccountPersonEdge] = field("The page's people, by name.")
    page_info: PageInfo = field("Where the page stands in its list.")
    total_count: int = field("How many the whole list has. Counted only when asked for.")


@strawberry.type(description="An account and everything below it, added up. Nobody and nothing counts twice.")
class HierarchyRollup:
    accounts: int = field("The account itself and those below it.")
    people: int = field("The people who relate to any of them.")
    buying_groups: int = field("Their buying groups.")
    members: int = field("The people who are members of any of these groups.")
    mean_completeness: float | None = field(
        "The mean of their groups' completeness, unrounded; groups without required roles left out. Null when none is left."
    )
    mean_engagement: float | None = field(
        "The mean of their groups' engagement, unrounded; groups never calculated left out. Null when none is left."
    )


@strawberry.type(description="How well a role is covered in the buying groups of a solution interest.")
class CoverageCell:
    role: LazyRole = field("A role of the interest's template.")
    solution_interest: LazyInterest = field("The interest.")
    people: int = field("The people who hold the role in the interest's groups at the account and below it; 0 is a gap.")


@strawberry.type(description="A company, or a division or department of one.")
class Account(Node, Auditable):
    external_id: str | None = field("The CRM's key.")
    name: str = field("Its name.")
    type: str | None = field("Such as `Customer` or `Prospect`.")
    industry: str | None = field("Its industry.")
    city: str | None = field("City.")
    state: str | None = field("State or province.")
    country: str | None = field("Country.")
    region: str | None = field("Its sales region; without one, its country.")
    website: str | None = field("Its website.")
    annual_revenue: float | None = field("Its revenue of a year.")
    employee_count: int | None = field("How many work there.")
    parent: Account | None = field("The account right above; null at the top.")
    ultimate_parent: Account = field("The top of its hierarchy; itself when it stands there.")
    depth: int = field("How many levels stand above it: 0 at the top.")
    ancestors: list[Account] = field("Everything above it, the nearest first.")
    owned_products: list[OwnedProduct] = field("What it owns, by name.")
    rollup: HierarchyRollup = field("The account and everything below it, added up.")

    @planned
    def children(self, first: First = None, after: After = None, last: Last = None, before: Before = None) -> Connection[Account]:
        """The accounts right below it, by name."""
        ...

    @planned
    def descendants(
        self,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        max_depth: Annotated[int | None, strawberry.argument(description="At most this many levels down.")] = None,
    ) -> Connection[Account]:
        """Everything below it, by name."""
        ...

    @planned
    def people(
        self,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        scope: Scope = HierarchyScope.ACCOUNT,
    ) -> AccountPersonConnection:
        """The people who relate to it or to the accounts in scope, each once, by name."""
        ...

    @planned
    def buying_groups(
        self,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[BuyingGroupFilter | None, strawberry.argument(description="Which groups.")] = None,
        scope: Scope = HierarchyScope.ACCOUNT,
    ) -> Connection[LazyGroup]:
        """The buying groups at it or at the accounts in scope, by name."""
        ...

    @planned
    def contact_coverage(
        self,
        solution_interest_ids: Annotated[
            list[strawberry.ID] | None, strawberry.argument(description="Only these interests; all unless given.")
        ] = None,
    ) -> list[CoverageCell]:
        """Who covers which role: for each interest with groups at the account or below it, by name, every role of its
        template, in order of priority."""
        ...

    @planned
    def contact_overlap(
        self, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[LazyPerson]:
        """The people who are members of more than one of the buying groups at the account and below it, each once, by name."""
        ...
