"""Work that takes longer than a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import strawberry

from api.types.base import DateTime, Node, field
from api.types.enums import JobKind, JobStatus

if TYPE_CHECKING:
    from api.types.interests import AccountAudience, SolutionInterest

LazyInterest = Annotated["SolutionInterest", strawberry.lazy("api.types.interests")]
LazyAudience = Annotated["AccountAudience", strawberry.lazy("api.types.interests")]


@strawberry.type(description="How far a job is.")
class JobProgress:
    accounts_total: int = field("How many accounts it will look at, as far as is known.")
    accounts_done: int = field("How many it has looked at.")
    groups_created: int = field("Groups it made.")
    members_added: int = field("Members it added.")
    members_removed: int = field("Members it removed, for they no longer match.")
    roles_changed: int = field("Members it moved to another role.")
    overruled: int = field("Matches that changed nothing, for a person's or a journey's decision stands.")
    rows_total: int = field("How many lines the file of an import has.")
    rows_done: int = field("How many lines of its file an import has gone through; how many rows an export has written.")
    rows_created: int = field("Rows of an import that made something new.")
    rows_updated: int = field("Rows of an import that changed something.")
    rows_rejected: int = field("Rows of an import that were refused; its file of rejects tells why.")


@strawberry.type(description="A piece of work that goes on after the request that started it.")
class Job(Node):
    kind: JobKind = field("What it does.")
    status: JobStatus = field("How it stands.")
    solution_interest: LazyInterest | None = field("The interest it works for.")
    account_audience: LazyAudience | None = field("The audience it works through.")
    progress: JobProgress = field("How far it is.")
    as_of: DateTime | None = field("The time as of which it calculates engagement; null for when it runs, and for other jobs.")
    created_at: DateTime = field("When it was asked for.")
    created_by: str = field("Who asked for it.")
    started_at: DateTime | None = field("When it began.")
    finished_at: DateTime | None = field("When it ended.")
    error: str | None = field("Why it failed.")
