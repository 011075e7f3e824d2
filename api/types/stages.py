"""How far a purchase is: stage models, and the stages that groups move through."""

from __future__ import annotations

import strawberry

from api.types.base import Auditable, DateTime, Node, field
from api.types.enums import LifecycleStatus, StageOutcome


@strawberry.type(description="A step of a stage model, at which buying groups stand.")
class Stage(Node):
    name: str = field("Its name, unique within its model.")
    description: str | None = field("What it means.")
    is_entry: bool = field("Whether a group without a stage may enter here.")
    outcome: StageOutcome | None = field("How it ended for groups that stand here; null while it goes on.")
    allowed_next: list[Stage] = field("Where groups may go from here, in the model's order.")
    buying_groups: int = field("How many groups stand here.")


@strawberry.type(description="The stages that buying groups move through, and which moves are allowed.")
class StageModel(Node, Auditable):
    name: str = field("Its name.")
    description: str | None = field("What it is for.")
    status: LifecycleStatus = field("DRAFT while being written, LIVE once published; it can't be changed any more then.")
    stages: list[Stage] = field("Its stages, in order.")
    problems: list[str] = field("What keeps it from being published, each in a sentence. Empty when nothing does.")
    published_at: DateTime | None = field("When it was published.")
    published_by: str | None = field("Who published it.")


@strawberry.type(description="A buying group's move to a stage.")
class StageChange:
    from_: Stage | None = strawberry.field(name="from", description="The stage it left; null when it entered its first.")
    to: Stage = field("The stage it went to.")
    at: DateTime = field("When.")
    by: str = field("Who moved it.")
    credential: str | None = field("By which credential that was proven, as in `MembershipEvent`.")
    request_id: str | None = field("In which request it was moved.")
    journey: str | None = field("The journey that moved it.")
