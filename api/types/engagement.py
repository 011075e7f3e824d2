"""How much what people do counts."""

from __future__ import annotations

import strawberry

from api.types.base import Auditable, Node, field
from api.types.enums import LifecycleStatus


@strawberry.type(description="How much activities of a type count.")
class ActivityWeight:
    activity_type: str = field("The activities' type, spelled as they are recorded.")
    weight: float = field("How much one counts beside those of other types; 0 leaves them out.")


@strawberry.type(description="How much each type of activity counts for engagement.")
class EngagementModel(Node, Auditable):
    name: str = field("Its name.")
    status: LifecycleStatus = field("Exactly one model is LIVE. A DRAFT can be changed; an ARCHIVED one was LIVE.")
    weights: list[ActivityWeight] = field("The types that count, in the order given. Activities of other types are left out.")
