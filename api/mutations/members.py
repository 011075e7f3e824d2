"""Decisions about who is a member: by hand, and by journeys."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from api import ids
from api.computed import Ref, afterwards
from api.errors import UserError
from api.mutations.base import ContextInfo, errors, mutation, plain, result
from api.types.enums import AssignmentOutcome, AssignmentSource
from api.types.groups import BuyingGroup, MembershipEvent
from api.types.people import Person
from api.types.templates import Role
from graph import members
from graph.members import MembersResult
from graph.model import Permission
from graph.reads import Afterwards

_PEOPLE = "At most 50, each once."


@strawberry.input(description="A person and the role to give them.")
class MemberInput:
    person_id: strawberry.ID = strawberry.field(description="The person, who relates to an account of the group's hierarchy.")
    role_id: strawberry.ID = strawberry.field(description="The role: one on a card of the group's template.")


@strawberry.input(description="People to make members of a group, by hand.")
class AssignMembersInput:
    buying_group_id: strawberry.ID = strawberry.field(description="The group.")
    members: list[MemberInput] = strawberry.field(description=_PEOPLE)


@strawberry.input(description="People to take out of a group, by hand.")
class RemoveMembersInput:
    buying_group_id: strawberry.ID = strawberry.field(description="The group.")
    person_ids: list[strawberry.ID] = strawberry.field(description=_PEOPLE)
    reason: str | None = strawberry.field(default=None, description="Why, in words. At most 255 characters.")


@strawberry.input(description="People whom a journey makes members of the group that an account and an interest name.")
class JourneyAssignInput:
    account_id: strawberry.ID = strawberry.field(
        description="The account; where the interest is sold to the top, any account of the hierarchy names the same group."
    )
    solution_interest_id: strawberry.ID = strawberry.field(description="The interest.")
    person_ids: list[strawberry.ID] = strawberry.field(description=_PEOPLE)
    role_id: strawberry.ID = strawberry.field(description="The role they get.")
    journey: str = strawberry.field(description="The journey's name. At most 255 characters.")


@strawberry.input(description="People whom a journey takes out of the group that an account and an interest name.")
class JourneyRemoveInput:
    account_id: strawberry.ID = strawberry.field(
        description="The account; where the interest is sold to the top, any account of the hierarchy names the same group."
    )
    solution_interest_id: strawberry.ID = strawberry.field(description="The interest.")
    person_ids: list[strawberry.ID] = strawberry.field(description=_PEOPLE)
    journey: str = strawberry.field(description="The journey's name. At most 255 characters.")


@strawberry.type(description="What became of one person.")
class MemberResult:
    person_id: strawberry.ID = strawberry.field(description="The id as it was sent.")
    outcome: AssignmentOutcome = strawberry.field(description="Whether the decision took effect.")
    person: Person | None = strawberry.field(description="The person; null if there is none.")
    role: Role | None = strawberry.field(description="The role that stands after the call; null once removed.")
    source: AssignmentSource | None = strawberry.field(description="Whose decision stands after the call.")
    standing: MembershipEvent | None = strawberry.field(description="The decision that stands after the call.")


@strawberry.type(description="What became of a decision about members.")
class MembersPayload:
    buying_group: BuyingGroup | None = result("The group, as it stands after the call.")
    results: list[MemberResult] = strawberry.field(default_factory=list, description="One per person, in their order.")
    user_errors: list[UserError] = errors()
    known: strawberry.Private[Afterwards | None] = None


AssignArg = Annotated[AssignMembersInput, strawberry.argument(description="Whom, and into which roles.")]
RemoveArg = Annotated[RemoveMembersInput, strawberry.argument(description="Whom.")]
JourneyAssignArg = Annotated[JourneyAssignInput, strawberry.argument(description="Whom, and into which role.")]
JourneyRemoveArg = Annotated[JourneyRemoveInput, strawberry.argument(description="Whom.")]


@strawberry.type
class MemberMutations:
    @mutation(
        "Makes people members, by hand: no rule and no journey will undo it. One transaction.",
        Permission.MANAGE_BUYING_GROUPS,
        in_part=True,
    )
    async def assign_members(self, info: ContextInfo, input: AssignArg) -> MembersPayload:
        wanted = plain(input)
        pairs = [(one["personId"], one["roleId"]) for one in wanted["members"]]
        group_id, here, known = wanted["buyingGroupId"], info.context, _known(info, wanted)
        done = await members.assign(here.db, group_id, pairs, source=AssignmentSource.MANUAL, by=here.actor, afterwards=known)
        return _payload(done, [one.person_id for one in input.members], known)

    @mutation(
        "Takes people out, by hand: no rule and no journey will put them back. One transaction.",
        Permission.MANAGE_BUYING_GROUPS,
        in_part=True,
    )
    async def remove_members(self, info: ContextInfo, input: RemoveArg) -> MembersPayload:
        wanted, here = plain(input), info.context
        known = _known(info, wanted)
        done = await members.remove(
            here.db,
            wanted["buyingGroupId"],
            wanted["personIds"],
            source=AssignmentSource.MANUAL,
            by=here.actor,
            reason=wanted["reason"],
            afterwards=known,
        )
        return _payload(done, input.person_ids, known)

    @mutation(
        "A journey makes people members. It overrules the rules, but nobody's decision by hand. One transaction.",
        Permission.RUN_JOURNEY_ACTIONS,
        in_part=True,
    )
    async def journey_assign(self, info: ContextInfo, input: JourneyAssignArg) -> MembersPayload:
        wanted, here = plain(input), info.context
        done = await members.journey_assign(
            here.db,
            wanted["accountId"],
            wanted["solutionInterestId"],
            wanted["personIds"],
            wanted["roleId"],
            journey=wanted["journey"],
            by=here.actor,
        )
        return _payload(done, input.person_ids)

    @mutation(
        "A journey takes people out. It overrules the rules, but nobody's decision by hand. One transaction.",
        Permission.RUN_JOURNEY_ACTIONS,
        in_part=True,
    )
    async def journey_remove(self, info: ContextInfo, input: JourneyRemoveArg) -> MembersPayload:
        wanted, here = plain(input), info.context
        done = await members.journey_remove(
            here.db,
            wanted["accountId"],
            wanted["solutionInterestId"],
            wanted["personIds"],
            journey=wanted["journey"],
            by=here.actor,
        )
        return _payload(done, input.person_ids)


def _known(info: ContextInfo, wanted: dict[str, Any]) -> Afterwards | None:
    """What the payload will tell of the group, if it is to tell of nothing else in the graph."""
    group: Any = Ref("BuyingGroup", wanted["buyingGroupId"])
    return afterwards(info, MembersPayload(buying_group=group))


def _payload(done: MembersResult, sent: list[strawberry.ID], known: Afterwards | None = None) -> MembersPayload:
    group: Any = Ref("BuyingGroup", done.group_id)
    results = [_result(one, sent[place]) for place, one in enumerate(done.results)]
    return MembersPayload(buying_group=group, results=results, user_errors=UserError.all(done.problems), known=known)


def _result(one: members.MemberResult, sent: strawberry.ID) -> MemberResult:
    person: Any = Ref("Person", ids.raw_or_unknown(sent, "Person"))
    role: Any = one.role_id and Ref("Role", one.role_id)
    standing: Any = one.standing_event_id and Ref("MembershipEvent", one.standing_event_id)
    return MemberResult(person_id=sent, outcome=one.outcome, person=person, role=role, source=one.source, standing=standing)
