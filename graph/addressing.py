"""How a call says which buying group it means: by its id, or by an account and a solution interest."""

from __future__ import annotations

from dataclasses import dataclass

from graph.db import Tx
from graph.errors import ErrorCode, Refused
from graph.queries import query


@dataclass(frozen=True, slots=True)
class GroupAddress:
    """Which group is meant: exactly one of its id, and an account with an interest."""

    group_id: str | None = None
    account_id: str | None = None
    interest_id: str | None = None

    def check(self) -> None:
        """Raises Refused INVALID unless it is given in exactly one way."""
        if self.group_id is not None:
            if self.account_id is not None or self.interest_id is not None:
                words = "Give either buyingGroupId or accountId with solutionInterestId, not both."
                raise Refused.of("buyingGroupId", ErrorCode.INVALID, words)
        elif self.account_id is None and self.interest_id is None:
            raise Refused.of("", ErrorCode.INVALID, "Name the group: by buyingGroupId, or by accountId with solutionInterestId.")
        elif self.interest_id is None:
            raise Refused.of("solutionInterestId", ErrorCode.INVALID, "Together with accountId this is needed, too.")
        elif self.account_id is None:
            raise Refused.of("accountId", ErrorCode.INVALID, "Together with solutionInterestId this is needed, too.")

    async def find(self, tx: Tx) -> str:
        """The group's id, which may be unknown if it was given. Raises Refused NOT_FOUND."""
        if self.group_id is not None:
            return self.group_id
        assert self.account_id is not None
        assert self.interest_id is not None
        return await find(tx, self.account_id, self.interest_id)


async def find(tx: Tx, account_id: str, interest_id: str) -> str:
    """The id of the group that an account and an interest name. Raises Refused NOT_FOUND."""
    row = (await tx.run(query("group/find"), account_id=account_id, interest_id=interest_id))[0]
    if row["group_id"]:
        return row["group_id"]
    if not row["account"]:
        raise Refused.of("accountId", ErrorCode.NOT_FOUND, "There is no account with this id.")
    if not row["interest"]:
        raise Refused.of("solutionInterestId", ErrorCode.NOT_FOUND, "There is no solution interest with this id.")
    raise no_group_here()


def no_group_here() -> Refused:
    """What an account and an interest without a group are refused with."""
    return Refused.of("", ErrorCode.NOT_FOUND, "There is no buying group for this account and solution interest.")


def no_group() -> Refused:
    """What a group's unknown id is refused with."""
    return Refused.of("buyingGroupId", ErrorCode.NOT_FOUND, "There is no buying group with this id.")
