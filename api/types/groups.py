"""Buying groups: who is in them, why, and what was decided."""

from __future__ import annotations

from typing import Annotated

import strawberry

from api.types.accounts import Account
from api.types.base import After, Auditable, Before, Connection, DateTime, First, Last, Node, PageInfo, field, planned
from api.types.enums import AssignmentOutcome, AssignmentSource, Match, MembershipAction
from api.types.filters import MemberOrder
from api.types.interests import SolutionInterest
from api.types.people import Person
from api.types.stages import Stage, StageChange
from api.types.templates import AttributeFilter, Role, RoleCard, RoleTemplate


@strawberry.type(description="One member of a group.")
class MemberEdge:
    cursor: str = field("This place, for `after` and `before` of the same list in the same order.")
    node: Person = field("The person.")
    role: Role = field("The role held in the group: one per person.")
    source: AssignmentSource = field("Who decided it.")
    assigned_at: DateTime = field("Since when it stands.")
    assigned_by: str = field("Who assigned it.")
    title: str | None = field("The title held at `account`; without one, the person's job title.")
    account: Account = field("The account through which the membership holds.")
    distance: int = field("How many levels lie between that account and the group's; 0 is its own.")


@strawberry.type(description="A page of members.")
class MemberConnection:
    edges: list[MemberEdge] = field("The page's members, in the list's order.")
    page_info: PageInfo = field("Where the page stands in its list.")
    total_count: int = field("How many the whole list has. Counted only when asked for.")


@strawberry.type(description="Someone who was removed from a group by a person or a journey.")
class RemovedMemberEdge:
    cursor: str = field("This place, for `after` and `before` of the same list in the same order.")
    node: Person = field("The person.")
    former_role: Role | None = field("The role held before; null if they were no member.")
    source: AssignmentSource = field("Who decided it.")
    removed_at: DateTime = field("Since when it stands.")
    removed_by: str = field("Who removed them.")
    reason: str | None = field("Why, in words.")


@strawberry.type(description="A page of removed members.")
class RemovedMemberConnection:
    edges: list[RemovedMemberEdge] = field("The page's removed members, by name.")
    page_info: PageInfo = field("Where the page stands in its list.")
    total_count: int = field("How many the whole list has. Counted only when asked for.")


@strawberry.type(description="A decision about a person's membership.")
class MembershipEvent:
    id: strawberry.ID = field("The event's id.")
    at: DateTime = field("When it was decided.")
    actor: str = field("Who decided it.")
    credential: str | None = field(
        "By which credential that was proven: `key:` and a key's id, or `oidc:`, the issuer and the subject."
    )
    request_id: str | None = field("In which request it was decided.")
    journey: str | None = field("The journey that decided it.")
    source: AssignmentSource = field("With which precedence.")
    action: MembershipAction = field("What was decided.")
    person: Person = field("About whom.")
    role: Role | None = field("The role that was given, or lost.")
    outcome: AssignmentOutcome = field("Whether it took effect.")
    reason: str | None = field("Why, in words.")


@strawberry.type(description="A role of the group's template, and how the group fills it.")
class BuyingGroupRole:
    role: Role = field("The role.")
    card: RoleCard = field("The card that says how it is filled.")
    assigned: int = field("How many members hold it.")
    required: int = field("How many members fill it.")
    completeness: float = field("How full it is: 0 to 100, unrounded.")

    @planned
    def members(self, first: First = None, after: After = None, last: Last = None, before: Before = None) -> MemberConnection:
        """Who holds it, by name."""
        ...


@strawberry.type(description="A filter, what it was compared with, and whether it held.")
class FilterTrace:
    filter: AttributeFilter = field("The comparison.")
    actual: str | None = field("The value it was compared with; null when the attribute is absent.")
    matched: bool = field("Whether it held.")


@strawberry.type(description="A condition, and what became of each of its parts.")
class ConditionTrace:
    match: Match = field("Whether all parts must hold, or one suffices.")
    matched: bool = field("Whether it held.")
    filters: list[FilterTrace] = field("Its comparisons.")
    groups: list[ConditionTrace] = field("Its nested conditions.")


@strawberry.type(description="How one card judges a person.")
class CardTrace:
    card: RoleCard = field("The card.")
    in_scope: bool = field("Whether a relation of the person lies within the card's scope, also of a card without a rule.")
    matched: bool = field("Whether the card's condition held on such a relation. Never for a card without a rule.")
    account: Account | None = field(
        "The account by whose relation it was judged: the nearest that matches, else the nearest in scope."
    )
    condition: ConditionTrace | None = field("The condition, part by part; null without a rule, or without a relation in scope.")


@strawberry.type(description="Why someone is, or is not, a member.")
class Explanation:
    is_member: bool = field("Whether the person is a member now.")
    summary: str = field("The answer in words.")
    role: Role | None = field("The role held.")
    account: Account | None = field("The account through which the membership holds.")
    distance: int | None = field("How many levels lie between that account and the group's.")
    standing: MembershipEvent | None = field("The decision that stands.")
    cards: list[CardTrace] = field("How each card judges the person, in order of priority.")


@strawberry.type(description="Someone who might fill a role.")
class GapCandidate:
    person: Person = field("The person; they may hold another role of the group.")
    account: Account = field("The account, within the card's scope, by whose relation they were judged.")
    distance: int = field("How many levels lie between that account and the group's; 0 is its own.")
    unmet: list[FilterTrace] = field(
        "The comparisons that would have to hold, and don't; of alternatives the fewest. Empty for somebody whom an earlier card "
        "took, or whom no job has assigned yet."
    )


@strawberry.type(description="A required role that too few members hold, and who might fill it.")
class RoleGap:
    role: Role = field("The role.")
    missing: int = field("How many members it lacks.")
    candidates: list[GapCandidate] = field(
        "The five people in the card's scope who come nearest: those who lack the fewest comparisons, then the nearest by "
        "distance. Nobody who holds the role, and nobody whose removal stands. Empty for a card without a rule."
    )


@strawberry.type(description="The people of an account, or around it, who decide together whether to buy a solution.")
class BuyingGroup(Node, Auditable):
    name: str = field("`<interest> for <account>`; it follows both.")
    account: Account = field("The account it sits at.")
    solution_interest: SolutionInterest = field("What it is to buy.")
    role_template: RoleTemplate = field("The template that forms it.")
    template_version: int = field("The version of the template that it follows; maintenance moves it to the newest.")
    in_audience: bool = field("Whether its account is still in an audience of the interest.")
    status: str | None = field("Free text, set by hand or by journeys.")
    stage: Stage | None = field("The stage of its interest's stage model where it stands; null until it enters one.")
    stage_history: list[StageChange] = field("Its moves from stage to stage, oldest first.")
    completeness: float | None = field("0 to 100, unrounded: the mean over the required roles; null when none is required.")
    engagement_score: float | None = field("0 to 100, unrounded; the most engaged group has 100. Null until first calculated.")
    roles: list[BuyingGroupRole] = field("Every role of its template, in order of priority.")
    missing_roles: list[Role] = field("The required roles that too few members hold, in order of priority.")
    member_count: int = field("How many members it has.")

    @planned
    def members(
        self,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        role_ids: Annotated[list[strawberry.ID] | None, strawberry.argument(description="In any of these roles.")] = None,
        sources: Annotated[list[AssignmentSource] | None, strawberry.argument(description="Decided by any of these.")] = None,
        order_by: Annotated[MemberOrder | None, strawberry.argument(description="By name unless given.")] = None,
    ) -> MemberConnection:
        """Its members, each once."""
        ...

    @planned
    def removed_members(
        self, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> RemovedMemberConnection:
        """Those whose removal by a person or a journey stands, by name."""
        ...

    @planned
    def history(
        self, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[MembershipEvent]:
        """Every decision, newest first, also those overruled."""
        ...

    @strawberry.field(description="Why this person is, or is not, a member: the rules' verdict down to the compared values.")
    async def why(
        self,
        info: strawberry.Info,
        person_id: Annotated[strawberry.ID, strawberry.argument(description="The person.")],
    ) -> Explanation:
        from api.computed import explain_membership

        return await explain_membership(self, info, person_id)  # type: ignore[return-value]

    @strawberry.field(
        description="The required roles that too few members hold, in order of priority, each with the people who come nearest "
        "and what they lack."
    )
    async def gaps(self, info: strawberry.Info) -> list[RoleGap]:
        from api.computed import role_gaps

        return await role_gaps(self, info)  # type: ignore[return-value]
