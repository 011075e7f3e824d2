"""The root of subscriptions, over graphql-transport-ws and server-sent events."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Annotated

import strawberry
from strawberry import Info

from api.computed import follow_events, follow_job
from api.context import Context
from api.permissions import root_subscription
from api.queries import AtAccount, OfInterest, OfTypes
from api.types.events import BuyingGroupEvent
from api.types.jobs import Job
from graph.model import Permission

Since = Annotated[
    str | None,
    strawberry.argument(
        description="The cursor of the last event that was seen: nothing after it is missed. From now on unless given."
    ),
]


@strawberry.type(description="Where following starts.")
class Subscription:
    @root_subscription("What happens to buying groups, in order and each event once, on every instance.", Permission.VIEW)
    async def buying_group_events(
        self,
        info: Info[Context, None],
        after: Since = None,
        solution_interest_id: OfInterest = None,
        account_id: AtAccount = None,
        types: OfTypes = None,
    ) -> AsyncGenerator[BuyingGroupEvent]:
        async for event in follow_events(info):
            yield event

    @root_subscription("A job whenever it has moved on. Completes when the job has ended.", Permission.VIEW)
    async def job_progress(
        self, info: Info[Context, None], id: Annotated[strawberry.ID, strawberry.argument(description="The job.")]
    ) -> AsyncGenerator[Job]:
        async for job in follow_job(info, id):
            yield job
