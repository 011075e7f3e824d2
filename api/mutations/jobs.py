"""Jobs: asking for them, ending them."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from api import ids
from api.computed import Ref
from api.errors import UserError
from api.mutations.base import ContextInfo, Id, errors, mutation, plain, result
from api.mutations.configuration import DeletePayload
from api.types.jobs import Job
from graph import jobs
from graph.model import Permission


@strawberry.input(description="For which interest, and for which audience, to make groups.")
class CreateBuyingGroupsInput:
    solution_interest_id: strawberry.ID = strawberry.field(description="What is sold.")
    account_audience_id: strawberry.ID = strawberry.field(description="To whom.")
    entry_stage_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="The stage that new groups are given: an entry of the interest's stage model. Those that daily runs make "
        "for the same audience are given it, too.",
    )


@strawberry.input(description="What to bring up to date.")
class MaintainBuyingGroupsInput:
    solution_interest_id: strawberry.ID | None = strawberry.field(
        default=None, description="Only this interest's groups; all groups unless given."
    )


@strawberry.type(description="What became of a job.")
class JobPayload:
    job: Job | None = result("The job; null if it was refused.")
    user_errors: list[UserError] = errors()


CreateArg = Annotated[CreateBuyingGroupsInput, strawberry.argument(description="For what and for whom.")]
MaintainArg = Annotated[MaintainBuyingGroupsInput, strawberry.argument(description="Which groups.")]


@strawberry.type
class JobMutations:
    @mutation(
        "Queues a job that makes the groups an audience lacks, and fills them. Running it again changes nothing.",
        Permission.MANAGE_BUYING_GROUPS,
    )
    async def create_buying_groups(self, info: ContextInfo, input: CreateArg) -> JobPayload:
        wanted, here = plain(input), info.context
        sold = wanted["solutionInterestId"], wanted["accountAudienceId"], wanted["entryStageId"]
        return queued(info, await jobs.start_creation(here.db, *sold, by=here.viewer))

    @mutation(
        "Queues a job that brings groups up to date with their templates, audiences and rules.", Permission.MANAGE_BUYING_GROUPS
    )
    async def maintain_buying_groups(self, info: ContextInfo, input: MaintainArg) -> JobPayload:
        interest = plain(input)["solutionInterestId"]
        return queued(info, await jobs.start_maintenance(info.context.db, interest, by=info.context.viewer))

    @mutation("Ends a job after the batch at hand. What it did stays.", Permission.MANAGE_BUYING_GROUPS, in_part=True)
    async def cancel_job(self, info: ContextInfo, id: Id) -> JobPayload:
        return JobPayload(job=_ref(await jobs.cancel(info.context.db, ids.raw_or_unknown(id, "Job"))))

    @mutation("Deletes the record of a job that has ended. Its groups stay.", Permission.MANAGE_BUYING_GROUPS, in_part=True)
    async def delete_job(self, info: ContextInfo, id: Id) -> DeletePayload:
        await jobs.delete(info.context.db, ids.raw_or_unknown(id, "Job"))
        return DeletePayload(deleted_id=id)


def queued(info: ContextInfo, job_id: str) -> JobPayload:
    """The payload of a job that was just queued, which the runner is told of."""
    info.context.wake_jobs()
    return JobPayload(job=_ref(job_id))


def _ref(job_id: str) -> Any:
    return Ref("Job", job_id)
