"""The root of mutations, one module a noun."""

from __future__ import annotations

import strawberry

from api.mutations.configuration import AudienceMutations, InterestMutations, RoleMutations, TemplateMutations
from api.mutations.data import DataMutations
from api.mutations.engagement import EngagementMutations
from api.mutations.groups import GroupMutations
from api.mutations.jobs import JobMutations
from api.mutations.members import MemberMutations
from api.mutations.personas import PersonaMutations
from api.mutations.stages import StageMutations
from api.mutations.webhooks import WebhookMutations


@strawberry.type(
    description="Where writing starts. Each mutation is one transaction; a rule of the domain that says no is a userError."
)
class Mutation(
    DataMutations,
    MemberMutations,
    GroupMutations,
    StageMutations,
    RoleMutations,
    PersonaMutations,
    TemplateMutations,
    InterestMutations,
    AudienceMutations,
    EngagementMutations,
    JobMutations,
    WebhookMutations,
):
    pass
