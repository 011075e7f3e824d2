"""What the overview shows: the market's groups counted, and what happens in roles."""

from __future__ import annotations

import strawberry

from api.types.base import Date, field
from api.types.groups import BuyingGroup
from api.types.interests import SolutionInterest
from api.types.stages import Stage
from api.types.templates import Role


@strawberry.type(description="How many groups have a score within bounds, both included. Scores are rounded half up for it.")
class Band:
    from_: int = strawberry.field(name="from", description="The lowest rounded score in it.")
    to: int = field("The highest rounded score in it.")
    count: int = field("How many groups have such a score.")


@strawberry.type(description="How many groups a solution interest has.")
class InterestCount:
    solution_interest: SolutionInterest = field("The interest.")
    count: int = field("Its groups.")


@strawberry.type(description="How many groups stand at a stage.")
class StageCount:
    stage: Stage | None = field("The stage; null for the groups without one.")
    count: int = field("The groups at it.")


@strawberry.type(description="The buying groups that a filter lets through, counted.")
class Dashboard:
    buying_groups: int = field("All of them.")
    completeness_bands: list[Band] = field(
        "The groups by completeness: 0 to 25, 26 to 50, 51 to 75, 76 to 100. Groups without required roles are in no band."
    )
    engagement_bands: list[Band] = field(
        "The groups by engagement: 0 to 25, 26 to 50, 51 to 75, 76 to 100. Groups never calculated are in no band."
    )
    by_solution_interest: list[InterestCount] = field("The groups by interest, the most groups first.")
    by_stage: list[StageCount] = field("The groups by stage, in the order of their model; last those without a stage.")
    most_engaged: list[BuyingGroup] = field("The ten most engaged, the highest first; those without engagement left out.")


@strawberry.type(description="A role in a month.")
class RoleMonth:
    role: Role = field("The role.")
    month: Date = field("The month's first day, in UTC.")
    count: int = field("How many; a month without any is left out.")


@strawberry.type(description="A role in the whole period.")
class RoleTotal:
    role: Role = field("The role.")
    count: int = field("How many; a role without any is left out.")


@strawberry.type(description="What happened in roles within a period.")
class RoleInsights:
    acquisitions: list[RoleMonth] = field(
        "The people who joined groups per role and month: assigned, or moved to the role from another. Who joined several groups"
        " in a role counts once in that month; who has left since counts, too."
    )
    engagement: list[RoleTotal] = field(
        "The activities of the people who hold each role now, the most first. An activity counts once per role, however many"
        " groups the person holds it in."
    )
    engagement_over_time: list[RoleMonth] = field("The same activities per month.")
