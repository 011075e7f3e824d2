"""Buying groups as a whole."""

from __future__ import annotations

from typing import Annotated

import strawberry

from api import ids
from api.errors import UserError
from api.mutations.base import ContextInfo, errors, mutation
from graph import groups
from graph.model import Permission


@strawberry.type(description="What became of things that were to be deleted.")
class DeleteManyPayload:
    deleted_ids: list[strawberry.ID] = strawberry.field(default_factory=list, description="The ids of what is gone.")
    user_errors: list[UserError] = errors()


GroupIds = Annotated[list[strawberry.ID], strawberry.argument(description="The groups: at most 50, each once.")]


@strawberry.type
class GroupMutations:
    @mutation(
        "Deletes groups with all that hangs on them: members, removals, decisions, history. Unknown ones are told, the others "
        "go. One transaction. A job may make a group for the same account and interest again.",
        Permission.MANAGE_BUYING_GROUPS,
        in_part=True,
    )
    async def delete_buying_groups(self, info: ContextInfo, ids: GroupIds) -> DeleteManyPayload:
        sent = {_raw(one): one for one in ids}
        done = await groups.delete(info.context.db, [_raw(one) for one in ids])
        return DeleteManyPayload(deleted_ids=[sent[own] for own in done.ids], user_errors=UserError.all(done.problems))


def _raw(sent: strawberry.ID) -> str:
    return ids.raw_or_unknown(sent, "BuyingGroup")
