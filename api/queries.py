"""The root of queries. Everything here but `viewer` and `previewMembership` is answered by the operation's one planned read."""

from __future__ import annotations

from typing import Annotated

import strawberry
from strawberry import Info

from api.computed import events_page, one_webhook, preview_membership, webhooks_by_name
from api.context import Context
from api.mutations.base import plain
from api.mutations.configuration import RoleCardInput, cards_from
from api.permissions import root_field, viewed
from api.types.accounts import Account, Product
from api.types.base import After, Before, Connection, First, Last, Node
from api.types.engagement import EngagementModel
from api.types.enums import BuyingGroupEventType, LifecycleStatus, Permission
from api.types.events import BuyingGroupEventConnection
from api.types.filters import (
    AccountFilter,
    AccountOrder,
    BuyingGroupFilter,
    BuyingGroupOrder,
    DashboardFilter,
    JobFilter,
    PersonFilter,
    PersonOrder,
    RoleInsightsFilter,
    RoleTemplateOrder,
    SolutionInterestOrder,
)
from api.types.groups import BuyingGroup
from api.types.interests import AccountAudience, SolutionInterest
from api.types.jobs import Job
from api.types.people import Person
from api.types.preview import MembershipPreview
from api.types.stages import StageModel
from api.types.templates import Persona, Role, RoleTemplate
from api.types.views import Dashboard, RoleInsights
from api.types.webhooks import Webhook
from graph.preview import PreviewSpec

Id = Annotated[strawberry.ID, strawberry.argument(description="Its global id.")]
MaybeId = Annotated[strawberry.ID | None, strawberry.argument(description="By its global id.")]
ExternalId = Annotated[str | None, strawberry.argument(description="By the CRM's key.")]
OfInterest = Annotated[strawberry.ID | None, strawberry.argument(description="Only of this interest's groups.")]
AtAccount = Annotated[strawberry.ID | None, strawberry.argument(description="Only of this account's own groups.")]
OfTypes = Annotated[list[BuyingGroupEventType] | None, strawberry.argument(description="Only of these types.")]
Search = Annotated[str | None, strawberry.argument(description="Part of the name, without case.")]


@strawberry.type(description="Who is asking.")
class Viewer:
    subject: str = strawberry.field(description="The name under which decisions are recorded.")
    permissions: list[Permission] = strawberry.field(
        description="What the caller may do: each permission includes VIEW. Whoever has none may ask for nothing but this."
    )


@strawberry.input(
    description="Which rules to try on which groups. Rules: `cards`, else the template's, else those that the interest uses. "
    "Groups: the interest's, and those that accounts of its audiences lack; with `accountAudienceId` too, only the groups at "
    "that audience's accounts. Without an interest, the groups that the audience would be given."
)
class PreviewMembershipInput:
    solution_interest_id: strawberry.ID | None = strawberry.field(
        default=None, description="The interest whose groups to try the rules on; needed unless there is an audience."
    )
    role_template_id: strawberry.ID | None = strawberry.field(
        default=None, description="The template to try, a DRAFT one too. Not together with `cards`."
    )
    account_audience_id: strawberry.ID | None = strawberry.field(
        default=None, description="The audience to try the rules on; needed unless there is an interest."
    )
    cards: list[RoleCardInput] | None = strawberry.field(
        default=None, description="The cards to try, in order of priority. They need not be saved anywhere."
    )
    first: int | None = strawberry.field(
        default=None, description="How many changes of each kind to list: 1 to 100, 20 unless given. All are counted."
    )


@strawberry.type(description="Where reading starts. An operation is answered by one statement, however deep and wide it is.")
class Query:
    @viewed
    def node(self, id: Id) -> Node | None:
        """Anything by its global id; null if it doesn't exist."""
        ...

    @viewed
    def nodes(
        self, ids: Annotated[list[strawberry.ID], strawberry.argument(description="At most 100 global ids.")]
    ) -> list[Node | None]:
        """Several things by their global ids, in the order of the ids; null for what doesn't exist."""
        ...

    @viewed
    def account(self, id: MaybeId = None, external_id: ExternalId = None) -> Account | None:
        """One account, by exactly one of its keys."""
        ...

    @viewed
    def accounts(
        self,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[AccountFilter | None, strawberry.argument(description="Which accounts.")] = None,
        order_by: Annotated[AccountOrder | None, strawberry.argument(description="By name unless given.")] = None,
    ) -> Connection[Account]:
        """The accounts of the market."""
        ...

    @viewed
    def person(self, id: MaybeId = None, external_id: ExternalId = None) -> Person | None:
        """One person, by exactly one of their keys."""
        ...

    @viewed
    def people(
        self,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[PersonFilter | None, strawberry.argument(description="Which people.")] = None,
        order_by: Annotated[PersonOrder | None, strawberry.argument(description="By name unless given.")] = None,
    ) -> Connection[Person]:
        """The people of the market."""
        ...

    @viewed
    def product(self, id: MaybeId = None, external_id: ExternalId = None) -> Product | None:
        """One product, by exactly one of its keys."""
        ...

    @viewed
    def products(self, first: First = None, after: After = None, last: Last = None, before: Before = None) -> Connection[Product]:
        """What is sold, by name."""
        ...

    @viewed
    def buying_group(
        self,
        id: MaybeId = None,
        account_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="With `solutionInterestId`: the account.")
        ] = None,
        solution_interest_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="With `accountId`: the interest.")
        ] = None,
    ) -> BuyingGroup | None:
        """One group, by its id or by its account and interest."""
        ...

    @viewed
    def buying_groups(
        self,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[BuyingGroupFilter | None, strawberry.argument(description="Which groups.")] = None,
        order_by: Annotated[BuyingGroupOrder | None, strawberry.argument(description="By name unless given.")] = None,
    ) -> Connection[BuyingGroup]:
        """The buying groups of the market."""
        ...

    @viewed
    def personas(self, search: Search = None) -> list[Persona]:
        """The personas, last update first."""
        ...

    @viewed
    def solution_interest(self, id: Id) -> SolutionInterest | None:
        """One solution interest."""
        ...

    @viewed
    def solution_interests(
        self,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        search: Search = None,
        order_by: Annotated[
            SolutionInterestOrder | None, strawberry.argument(description="Last update first unless given.")
        ] = None,
    ) -> Connection[SolutionInterest]:
        """What is sold, to whom, by which rules."""
        ...

    @viewed
    def roles(self, search: Search = None) -> list[Role]:
        """The roles, last update first: custom ones before the six defaults, which are by name."""
        ...

    @viewed
    def role_template(self, id: Id) -> RoleTemplate | None:
        """One role template."""
        ...

    @viewed
    def role_templates(
        self,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        search: Search = None,
        status: Annotated[LifecycleStatus | None, strawberry.argument(description="Only those in this status.")] = None,
        order_by: Annotated[RoleTemplateOrder | None, strawberry.argument(description="Last update first unless given.")] = None,
    ) -> Connection[RoleTemplate]:
        """The role templates."""
        ...

    @viewed
    def stage_model(self, id: Id) -> StageModel | None:
        """One stage model."""
        ...

    @viewed
    def stage_models(self, search: Search = None) -> list[StageModel]:
        """The stage models, last update first."""
        ...

    @viewed
    def engagement_models(self, search: Search = None) -> list[EngagementModel]:
        """The engagement models, last update first; exactly one is LIVE."""
        ...

    @viewed
    def account_audience(self, id: Id) -> AccountAudience | None:
        """One account audience."""
        ...

    @viewed
    def account_audiences(
        self, first: First = None, after: After = None, last: Last = None, before: Before = None, search: Search = None
    ) -> Connection[AccountAudience]:
        """The account audiences, last update first."""
        ...

    @viewed
    def job(self, id: Id) -> Job | None:
        """One job: ask again to follow its progress."""
        ...

    @viewed
    def jobs(
        self,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Annotated[JobFilter | None, strawberry.argument(description="Which jobs.")] = None,
    ) -> Connection[Job]:
        """The jobs, newest first."""
        ...

    @root_field("What happened to buying groups, oldest first: for those who would rather pull than subscribe.", Permission.VIEW)
    async def events(
        self,
        info: Info[Context, None],
        after: After = None,
        first: First = None,
        solution_interest_id: OfInterest = None,
        account_id: AtAccount = None,
        types: OfTypes = None,
    ) -> BuyingGroupEventConnection:
        return await events_page(info)

    @viewed
    def dashboard(
        self,
        filter: Annotated[DashboardFilter | None, strawberry.argument(description="Which groups; all unless given.")] = None,
    ) -> Dashboard:
        """The buying groups at a glance."""
        ...

    @viewed
    def role_insights(
        self,
        filter: Annotated[
            RoleInsightsFilter | None, strawberry.argument(description="All roles in the past year unless given.")
        ] = None,
    ) -> RoleInsights:
        """Who joined in which roles, and what those who hold them do."""
        ...

    @root_field(
        "A dry run: who would join, leave or change role if these rules held and maintenance applied them now, "
        "whether or not the interest lets maintenance change members (`updateExistingBuyingGroups`). Writes nothing.",
        Permission.VIEW,
    )
    async def preview_membership(
        self,
        info: Info[Context, None],
        input: Annotated[PreviewMembershipInput, strawberry.argument(description="What to try.")],
    ) -> MembershipPreview:
        wanted = plain(input)
        spec = PreviewSpec(
            wanted["solutionInterestId"],
            wanted["roleTemplateId"],
            wanted["accountAudienceId"],
            None if input.cards is None else cards_from(input.cards),
            input.first,
        )
        return await preview_membership(info, spec)

    @root_field("The webhooks, by name. Not for credentials that are bound to a part of the market.", Permission.ADMINISTER)
    async def webhooks(self, info: Info[Context, None]) -> list[Webhook]:
        return await webhooks_by_name(info)

    @root_field("One webhook. Not for credentials that are bound to a part of the market.", Permission.ADMINISTER)
    async def webhook(self, info: Info[Context, None], id: Id) -> Webhook | None:
        return await one_webhook(info, id)

    @root_field("Who is asking.")
    async def viewer(self, info: Info[Context, None]) -> Viewer:
        caller = info.context.caller
        return Viewer(subject=caller.subject, permissions=[one for one in Permission if one in caller.permissions])
