"""What is set up: roles, role templates, solution interests, account audiences."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from api import ids
from api.computed import Ref
from api.errors import UserError
from api.mutations.base import ContextInfo, Id, errors, given, mutation, plain, result
from api.types.enums import HierarchyScope, SellingLevel, Weighting
from api.types.filters import AccountFilter, ConditionInput
from api.types.interests import AccountAudience, SolutionInterest
from api.types.templates import Role, RoleTemplate
from graph import audiences, interests, roles, templates
from graph.audiences import AudienceSpec
from graph.conditions import condition_from
from graph.interests import InterestSpec
from graph.model import CardSpec, Permission
from graph.model import HierarchyScope as Scope
from graph.model import SellingLevel as Level
from graph.model import Weighting as Weight

_NAME = "Its name. At most 255 characters."
_TEXT = "At most 255 characters."


@strawberry.type(description="What became of something that was to be deleted.")
class DeletePayload:
    deleted_id: strawberry.ID | None = result("The id of what is gone.")
    user_errors: list[UserError] = errors()


# --- roles ----------------------------------------------------------------------------------------------------------


@strawberry.input(description="A custom role.")
class RoleInput:
    name: str = strawberry.field(description="Its name, unique without case. At most 255 characters.")
    description: str | None = strawberry.field(default=None, description=_TEXT)


@strawberry.type(description="What became of a role.")
class RolePayload:
    role: Role | None = result("The role; null if it was refused.")
    user_errors: list[UserError] = errors()


RoleArg = Annotated[RoleInput, strawberry.argument(description="The role.")]


@strawberry.type
class RoleMutations:
    @mutation("Makes a role beside the six defaults; at most 20 in all.", Permission.MANAGE_ROLE_TEMPLATES)
    async def create_role(self, info: ContextInfo, input: RoleArg) -> RolePayload:
        made = await roles.create(info.context.db, input.name, input.description, by=info.context.viewer)
        return RolePayload(role=_ref("Role", made))

    @mutation("Renames or describes a custom role.", Permission.MANAGE_ROLE_TEMPLATES)
    async def update_role(self, info: ContextInfo, id: Id, input: RoleArg) -> RolePayload:
        own = ids.raw_or_unknown(id, "Role")
        changed = await roles.update(info.context.db, own, input.name, input.description, by=info.context.viewer)
        return RolePayload(role=_ref("Role", changed))

    @mutation("Deletes a custom role that no template has a card for.", Permission.MANAGE_ROLE_TEMPLATES)
    async def delete_role(self, info: ContextInfo, id: Id) -> DeletePayload:
        await roles.delete(info.context.db, ids.raw_or_unknown(id, "Role"))
        return DeletePayload(deleted_id=id)


# --- role templates -------------------------------------------------------------------------------------------------


@strawberry.input(description="How a role is filled.")
class RoleCardInput:
    role_id: strawberry.ID = strawberry.field(description="The role; once per template.")
    weighting: Weighting = strawberry.field(default=Weight.NORMAL, description="How much its members' engagement counts.")
    auto_assign: bool = strawberry.field(default=False, description="Whether the condition assigns people; else only hands do.")
    required_for_completeness: bool = strawberry.field(default=True, description="Whether it counts for completeness.")
    members_required: int = strawberry.field(default=1, description="How many members fill it: at least 1.")
    scope: HierarchyScope = strawberry.field(
        default=Scope.ACCOUNT, description="Whose people are candidates, seen from the group's account."
    )
    max_distance: int | None = strawberry.field(
        default=None, description="At most how many levels away; a sister account is 2 away. No bound unless given."
    )
    condition: ConditionInput | None = strawberry.field(
        default=None, description="Whom the rule takes; with `autoAssign`, and only then."
    )


@strawberry.input(description="A role template.")
class RoleTemplateInput:
    name: str = strawberry.field(description=_NAME)
    description: str | None = strawberry.field(default=None, description=_TEXT)
    cards: list[RoleCardInput] = strawberry.field(description="In order of priority: the first card that matches wins.")


@strawberry.type(description="What became of a role template.")
class RoleTemplatePayload:
    role_template: RoleTemplate | None = result("The template; null if it was refused.")
    user_errors: list[UserError] = errors()


TemplateArg = Annotated[RoleTemplateInput, strawberry.argument(description="The template.")]


@strawberry.type
class TemplateMutations:
    @mutation("Makes a draft of a role template.", Permission.MANAGE_ROLE_TEMPLATES)
    async def create_role_template(self, info: ContextInfo, input: TemplateArg) -> RoleTemplatePayload:
        here = info.context
        made = await templates.create(here.db, input.name, input.description, cards_from(input.cards), by=here.viewer)
        return RoleTemplatePayload(role_template=_ref("RoleTemplate", made))

    @mutation(
        "Replaces what a template says. Changed cards of a LIVE one make a new version, which its groups follow at the next "
        "maintenance.",
        Permission.MANAGE_ROLE_TEMPLATES,
    )
    async def update_role_template(self, info: ContextInfo, id: Id, input: TemplateArg) -> RoleTemplatePayload:
        here, own = info.context, ids.raw_or_unknown(id, "RoleTemplate")
        changed = await templates.update(here.db, own, input.name, input.description, cards_from(input.cards), by=here.viewer)
        return RoleTemplatePayload(role_template=_ref("RoleTemplate", changed))

    @mutation("Makes a draft LIVE, so that solution interests can use it. It needs a card.", Permission.MANAGE_ROLE_TEMPLATES)
    async def publish_role_template(self, info: ContextInfo, id: Id) -> RoleTemplatePayload:
        own = ids.raw_or_unknown(id, "RoleTemplate")
        published = await templates.publish(info.context.db, own, by=info.context.viewer)
        return RoleTemplatePayload(role_template=_ref("RoleTemplate", published))

    @mutation("Deletes a template that no solution interest uses.", Permission.MANAGE_ROLE_TEMPLATES)
    async def delete_role_template(self, info: ContextInfo, id: Id) -> DeletePayload:
        await templates.delete(info.context.db, ids.raw_or_unknown(id, "RoleTemplate"))
        return DeletePayload(deleted_id=id)


def cards_from(cards: list[RoleCardInput]) -> list[CardSpec]:
    """The cards as the domain takes them."""
    return [
        CardSpec(
            ids.raw_or_unknown(card.role_id, "Role"),
            Weight(card.weighting.value),
            card.auto_assign,
            card.required_for_completeness,
            card.members_required,
            Scope(card.scope.value),
            card.max_distance,
            condition_from(plain(card.condition)) if card.condition else None,
        )
        for card in cards
    ]


# --- solution interests ---------------------------------------------------------------------------------------------


@strawberry.input(description="Something that is sold.")
class SolutionInterestInput:
    name: str = strawberry.field(description="Its name, unique without case. At most 255 characters.")
    description: str | None = strawberry.field(default=None, description=_TEXT)
    product_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="The products it sells; at most 100.")
    product_line: str | None = strawberry.field(default=None, description="The product line it sells.")
    role_template_id: strawberry.ID = strawberry.field(description="The LIVE template that forms its groups.")
    stage_model_id: strawberry.ID | None = strawberry.field(
        default=None, description="The LIVE stage model that its groups move through."
    )
    update_existing_buying_groups: bool = strawberry.field(
        default=False, description="Whether maintenance adds, moves and removes members by the rules."
    )
    selling_level: SellingLevel = strawberry.field(default=Level.AS_LISTED, description="Where its groups sit.")


@strawberry.input(description="What to change of a solution interest. An absent field stays, null clears, a list replaces.")
class SolutionInterestUpdate:
    name: str | None = given("Its name; its groups are renamed, too.")
    description: str | None = given(_TEXT)
    product_ids: list[strawberry.ID] | None = given("The products it sells; at most 100.")
    product_line: str | None = given("The product line it sells.")
    role_template_id: strawberry.ID | None = given("Its template; fixed once a job or a group exists.")
    stage_model_id: strawberry.ID | None = given("Its LIVE stage model; fixed while groups stand in its stages.")
    update_existing_buying_groups: bool | None = given("Whether maintenance adds, moves and removes members by the rules.")
    selling_level: SellingLevel | None = given("Where its groups sit; fixed once a job or a group exists.")


@strawberry.type(description="What became of a solution interest.")
class SolutionInterestPayload:
    solution_interest: SolutionInterest | None = result("The interest; null if it was refused.")
    user_errors: list[UserError] = errors()


InterestArg = Annotated[SolutionInterestInput, strawberry.argument(description="The interest.")]
InterestChanges = Annotated[SolutionInterestUpdate, strawberry.argument(description="The changes.")]


@strawberry.type
class InterestMutations:
    @mutation("Makes a solution interest.", Permission.MANAGE_SOLUTION_INTERESTS)
    async def create_solution_interest(self, info: ContextInfo, input: InterestArg) -> SolutionInterestPayload:
        wanted = plain(input)
        spec = InterestSpec(
            wanted["name"],
            wanted["roleTemplateId"],
            wanted["description"],
            wanted["productIds"] or (),
            wanted["productLine"],
            wanted["updateExistingBuyingGroups"],
            Level(wanted["sellingLevel"]),
            wanted["stageModelId"],
        )
        made = await interests.create(info.context.db, spec, by=info.context.viewer)
        return SolutionInterestPayload(solution_interest=_ref("SolutionInterest", made))

    @mutation("Changes a solution interest.", Permission.MANAGE_SOLUTION_INTERESTS)
    async def update_solution_interest(self, info: ContextInfo, id: Id, input: InterestChanges) -> SolutionInterestPayload:
        own = ids.raw_or_unknown(id, "SolutionInterest")
        changed = await interests.update(info.context.db, own, plain(input), by=info.context.viewer)
        return SolutionInterestPayload(solution_interest=_ref("SolutionInterest", changed))

    @mutation("Deletes a solution interest that has neither jobs, groups nor webhooks.", Permission.MANAGE_SOLUTION_INTERESTS)
    async def delete_solution_interest(self, info: ContextInfo, id: Id) -> DeletePayload:
        await interests.delete(info.context.db, ids.raw_or_unknown(id, "SolutionInterest"))
        return DeletePayload(deleted_id=id)


# --- account audiences ----------------------------------------------------------------------------------------------


@strawberry.input(description="An account audience: exactly one of accounts (static) and filter (dynamic).")
class AccountAudienceInput:
    name: str = strawberry.field(description=_NAME)
    description: str | None = strawberry.field(default=None, description=_TEXT)
    account_ids: list[strawberry.ID] | None = strawberry.field(default=None, description="The accounts; at most 10,000.")
    filter: AccountFilter | None = strawberry.field(default=None, description="Which accounts, evaluated when used.")


@strawberry.type(description="What became of an account audience.")
class AccountAudiencePayload:
    account_audience: AccountAudience | None = result("The audience; null if it was refused.")
    user_errors: list[UserError] = errors()


AudienceArg = Annotated[AccountAudienceInput, strawberry.argument(description="The audience.")]


@strawberry.type
class AudienceMutations:
    @mutation("Makes an account audience.", Permission.MANAGE_SOLUTION_INTERESTS)
    async def create_account_audience(self, info: ContextInfo, input: AudienceArg) -> AccountAudiencePayload:
        made = await audiences.create(info.context.db, _audience(input), by=info.context.viewer)
        return AccountAudiencePayload(account_audience=_ref("AccountAudience", made))

    @mutation("Replaces what an account audience says.", Permission.MANAGE_SOLUTION_INTERESTS)
    async def update_account_audience(self, info: ContextInfo, id: Id, input: AudienceArg) -> AccountAudiencePayload:
        own = ids.raw_or_unknown(id, "AccountAudience")
        changed = await audiences.update(info.context.db, own, _audience(input), by=info.context.viewer)
        return AccountAudiencePayload(account_audience=_ref("AccountAudience", changed))

    @mutation("Deletes an account audience that no solution interest works through.", Permission.MANAGE_SOLUTION_INTERESTS)
    async def delete_account_audience(self, info: ContextInfo, id: Id) -> DeletePayload:
        await audiences.delete(info.context.db, ids.raw_or_unknown(id, "AccountAudience"))
        return DeletePayload(deleted_id=id)


def _audience(input: AccountAudienceInput) -> AudienceSpec:
    wanted = plain(input)
    chosen = wanted["filter"]
    return AudienceSpec(wanted["name"], wanted["description"], wanted["accountIds"], chosen and _without_none(chosen))


def _without_none(value: Any) -> Any:
    """A filter as it is stored: null says nothing."""
    if isinstance(value, dict):
        return {name: _without_none(inner) for name, inner in value.items() if inner is not None}  # pyright: ignore[reportUnknownVariableType]
    return [_without_none(one) for one in value] if isinstance(value, list) else value  # pyright: ignore[reportUnknownVariableType]


def _ref(noun: str, own: str) -> Any:
    return Ref(noun, own)
