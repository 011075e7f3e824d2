"""Engagement models, and the calculation by them."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from api import ids
from api.computed import Ref
from api.errors import UserError
from api.mutations.base import ContextInfo, Id, errors, given, mutation, plain, result
from api.mutations.jobs import JobPayload, queued
from api.types.base import DateTime
from api.types.engagement import EngagementModel
from graph import engagement, jobs
from graph.model import Permission


@strawberry.input(description="How much activities of a type count.")
class ActivityWeightInput:
    activity_type: str = strawberry.field(description="The type, spelled as its activities are recorded; once per model.")
    weight: float = strawberry.field(description="From 0, which leaves the type out.")


@strawberry.input(description="What to change of an engagement model. An absent field stays, null clears, a list replaces.")
class EngagementModelInput:
    name: str | None = given("Its name. At most 255 characters.")
    weights: list[ActivityWeightInput] | None = given("All its weights; at most 100. Types that are not listed don't count.")


@strawberry.type(description="What became of an engagement model.")
class EngagementModelPayload:
    engagement_model: EngagementModel | None = result("The model; null if it was refused.")
    user_errors: list[UserError] = errors()


NameArg = Annotated[str, strawberry.argument(description="The name of the copy. At most 255 characters.")]
ModelArg = Annotated[EngagementModelInput, strawberry.argument(description="The changes.")]
AsOfArg = Annotated[
    DateTime | None,
    strawberry.argument(description="Its UTC day and the 29 before it count; now unless given, and never later than now."),
]


@strawberry.type
class EngagementMutations:
    @mutation("Makes a draft with the weights of another engagement model.", Permission.ADMINISTER)
    async def duplicate_engagement_model(self, info: ContextInfo, id: Id, name: NameArg) -> EngagementModelPayload:
        own = ids.raw_or_unknown(id, "EngagementModel")
        return _model(await engagement.duplicate(info.context.db, own, name, by=info.context.viewer))

    @mutation("Changes a draft of an engagement model.", Permission.ADMINISTER)
    async def update_engagement_model(self, info: ContextInfo, id: Id, input: ModelArg) -> EngagementModelPayload:
        own = ids.raw_or_unknown(id, "EngagementModel")
        return _model(await engagement.update(info.context.db, own, plain(input), by=info.context.viewer))

    @mutation("Makes a draft LIVE and archives the model that was. Scores follow at the next calculation.", Permission.ADMINISTER)
    async def activate_engagement_model(self, info: ContextInfo, id: Id) -> EngagementModelPayload:
        own = ids.raw_or_unknown(id, "EngagementModel")
        return _model(await engagement.activate(info.context.db, own, by=info.context.viewer))

    @mutation(
        "Queues a job that calculates the engagement of everybody and of every buying group, as also happens daily.",
        Permission.ADMINISTER,
    )
    async def recalculate_engagement(self, info: ContextInfo, as_of: AsOfArg = None) -> JobPayload:
        moment: Any = as_of  # the scalar has read it
        return queued(info, await jobs.start_scoring(info.context.db, moment, by=info.context.viewer))


def _model(own: str) -> EngagementModelPayload:
    found: Any = Ref("EngagementModel", own)
    return EngagementModelPayload(engagement_model=found)
