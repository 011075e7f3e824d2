"""What is sold, and to whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import strawberry

from api.types.accounts import Account, Product
from api.types.base import After, Auditable, Before, Connection, First, Last, Node, field, planned
from api.types.enums import AudienceKind, SellingLevel
from api.types.filters import BuyingGroupFilter, BuyingGroupOrder
from api.types.jobs import Job
from api.types.stages import StageModel
from api.types.templates import RoleTemplate

if TYPE_CHECKING:
    from api.types.groups import BuyingGroup

LazyGroup = Annotated["BuyingGroup", strawberry.lazy("api.types.groups")]


@strawberry.type(description="The stored filter of a dynamic audience.")
class AudienceRule:
    summary: str = field("The filter in words.")
    json: str = field("The filter as JSON, with the fields of `AccountFilter` and the ids as stored.")


@strawberry.type(description="The accounts that something is sold to.")
class AccountAudience(Node, Auditable):
    name: str = field("Its name.")
    description: str | None = field("What it is for.")
    kind: AudienceKind = field("Whether it lists accounts or filters them.")
    rule: AudienceRule | None = field("The filter of a dynamic audience; null for a static one.")

    @strawberry.field(description="The accounts in it now, by name.")
    async def accounts(
        self,
        info: strawberry.Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Account]:
        from api.computed import audience_accounts

        return await audience_accounts(self, info)  # type: ignore[return-value]


@strawberry.type(description="Something that is sold, to whom, and by which rules its buying groups are formed.")
class SolutionInterest(Node, Auditable):
    name: str = field("Its name, unique without case.")
    description: str | None = field("What it is.")
    products: list[Product] = field("The products it sells, by name.")
    product_line: str | None = field("The product line it sells.")
    role_template: RoleTemplate = field("The template that forms its groups.")
    stage_model: StageModel | None = field("The stages that its groups move through.")
    update_existing_buying_groups: bool = field("Whether maintenance adds, moves and removes members by the rules.")
    selling_level: SellingLevel = field("Where its groups sit.")
    account_audiences: list[AccountAudience] = field("The audiences its creation jobs worked through, by name.")

    @planned
    def buying_groups(
        self,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[BuyingGroupFilter | None, strawberry.argument(description="Which groups.")] = None,
        order_by: Annotated[BuyingGroupOrder | None, strawberry.argument(description="By name unless given.")] = None,
    ) -> Connection[LazyGroup]:
        """Its buying groups."""
        ...

    @planned
    def jobs(self, first: First = None, after: After = None, last: Last = None, before: Before = None) -> Connection[Job]:
        """The jobs that worked for it, newest first."""
        ...
