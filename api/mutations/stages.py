"""Stage models, and moving buying groups: their stage, their status."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from api import ids
from api.computed import Ref
from api.errors import UserError
from api.mutations.base import ContextInfo, Id, errors, mutation, plain, result
from api.mutations.configuration import DeletePayload
from api.types.enums import StageOutcome
from api.types.groups import BuyingGroup
from api.types.stages import StageModel
from graph import stages
from graph.addressing import GroupAddress
from graph.model import Permission
from graph.model import StageOutcome as Outcome
from graph.stages import StageModelSpec, StageSpec

_TEXT = "At most 255 characters."
_GROUP = "The group, unless `accountId` and `solutionInterestId` name it."
_ACCOUNT = (
    "With `solutionInterestId`: the account. Where the interest is sold to the top, any account of the hierarchy names the "
    "same group."
)
_INTEREST = "With `accountId`: the interest."
_JOURNEY = "The journey that does this, if it is one. At most 255 characters."


@strawberry.input(description="A stage of a model.")
class StageInput:
    id: strawberry.ID | None = strawberry.field(
        default=None, description="The saved stage that this is, under whatever name; absent for a new one."
    )
    name: str = strawberry.field(description="Its name, unique within the model without case. At most 255 characters.")
    description: str | None = strawberry.field(default=None, description=_TEXT)
    is_entry: bool = strawberry.field(default=False, description="Whether a group without a stage may enter here.")
    outcome: StageOutcome | None = strawberry.field(
        default=None, description="How it ended for groups that stand here; absent while it goes on."
    )
    allowed_next: list[str] = strawberry.field(
        default_factory=list, description="Where groups may go from here: names of stages of this input, without case."
    )


@strawberry.input(description="A stage model.")
class StageModelInput:
    name: str = strawberry.field(description="Its name. At most 255 characters.")
    description: str | None = strawberry.field(default=None, description=_TEXT)
    stages: list[StageInput] = strawberry.field(description="Its stages, in order; at most 100.")


@strawberry.input(description="Which group to move, and where to.")
class MoveToStageInput:
    buying_group_id: strawberry.ID | None = strawberry.field(default=None, description=_GROUP)
    account_id: strawberry.ID | None = strawberry.field(default=None, description=_ACCOUNT)
    solution_interest_id: strawberry.ID | None = strawberry.field(default=None, description=_INTEREST)
    stage_id: strawberry.ID = strawberry.field(description="A stage of the interest's stage model.")
    journey: str | None = strawberry.field(default=None, description=_JOURNEY)


@strawberry.input(description="Which group's status to set.")
class SetStatusInput:
    buying_group_id: strawberry.ID | None = strawberry.field(default=None, description=_GROUP)
    account_id: strawberry.ID | None = strawberry.field(default=None, description=_ACCOUNT)
    solution_interest_id: strawberry.ID | None = strawberry.field(default=None, description=_INTEREST)
    status: str = strawberry.field(description="Free text of at most 50 characters; blank text clears the status.")
    journey: str | None = strawberry.field(default=None, description=_JOURNEY)


@strawberry.type(description="What became of a stage model.")
class StageModelPayload:
    stage_model: StageModel | None = result("The model; null if it was refused.")
    user_errors: list[UserError] = errors()


@strawberry.type(description="What became of a group.")
class BuyingGroupPayload:
    buying_group: BuyingGroup | None = result("The group, as it stands after the call; null if it was refused.")
    user_errors: list[UserError] = errors()


ModelArg = Annotated[StageModelInput, strawberry.argument(description="The model.")]
MoveArg = Annotated[MoveToStageInput, strawberry.argument(description="Which group, and where to.")]
MOVERS = (Permission.MANAGE_BUYING_GROUPS, Permission.RUN_JOURNEY_ACTIONS)
StatusArg = Annotated[SetStatusInput, strawberry.argument(description="Which group, and the status.")]


@strawberry.type
class StageMutations:
    @mutation(
        "Makes a draft of a stage model. What still keeps it from being published is in its `problems`.", Permission.MANAGE_STAGES
    )
    async def create_stage_model(self, info: ContextInfo, input: ModelArg) -> StageModelPayload:
        return _model(await stages.create(info.context.db, _spec(input), by=info.context.viewer))

    @mutation(
        "Replaces what a draft says. Its saved stages, told apart by `id`, can be renamed, but not left out.",
        Permission.MANAGE_STAGES,
    )
    async def update_stage_model(self, info: ContextInfo, id: Id, input: ModelArg) -> StageModelPayload:
        own = ids.raw_or_unknown(id, "StageModel")
        return _model(await stages.update(info.context.db, own, _spec(input), by=info.context.viewer))

    @mutation(
        "Makes a draft without `problems` LIVE, so that solution interests can use it. Nobody can change it then.",
        Permission.MANAGE_STAGES,
    )
    async def publish_stage_model(self, info: ContextInfo, id: Id) -> StageModelPayload:
        own = ids.raw_or_unknown(id, "StageModel")
        return _model(await stages.publish(info.context.db, own, by=info.context.viewer))

    @mutation("Deletes a stage model that no solution interest uses.", Permission.MANAGE_STAGES)
    async def delete_stage_model(self, info: ContextInfo, id: Id) -> DeletePayload:
        await stages.delete(info.context.db, ids.raw_or_unknown(id, "StageModel"))
        return DeletePayload(deleted_id=id)

    @mutation(
        "Moves a group to a stage. Without a stage it may enter only at an entry, else only go where its stage allows. To the "
        "stage it stands in, nothing happens.",
        *MOVERS,
        in_part=True,
    )
    async def move_to_stage(self, info: ContextInfo, input: MoveArg) -> BuyingGroupPayload:
        wanted, here = plain(input), info.context
        moved = await stages.move(here.db, _address(wanted), wanted["stageId"], by=here.actor, journey=wanted["journey"])
        return _group(moved)

    @mutation(
        "Sets a group's status: free text of at most 50 characters. It has nothing to do with its stage.", *MOVERS, in_part=True
    )
    async def set_status(self, info: ContextInfo, input: StatusArg) -> BuyingGroupPayload:
        wanted, here = plain(input), info.context
        done = await stages.set_status(here.db, _address(wanted), wanted["status"], by=here.actor, journey=wanted["journey"])
        return _group(done)


def _spec(input: StageModelInput) -> StageModelSpec:
    found = [
        StageSpec(
            stage.name,
            stage.description,
            stage.is_entry,
            Outcome(stage.outcome.value) if stage.outcome else None,
            stage.allowed_next,
            ids.raw_or_unknown(stage.id, "Stage") if stage.id is not None else None,
        )
        for stage in input.stages
    ]
    return StageModelSpec(input.name, input.description, found)


def _address(wanted: Any) -> GroupAddress:
    return GroupAddress(wanted["buyingGroupId"], wanted["accountId"], wanted["solutionInterestId"])


def _model(own: str) -> StageModelPayload:
    found: Any = Ref("StageModel", own)
    return StageModelPayload(stage_model=found)


def _group(own: str) -> BuyingGroupPayload:
    found: Any = Ref("BuyingGroup", own)
    return BuyingGroupPayload(buying_group=found)
