"""Decisions about members over the API, by the keys under which a test planted people, accounts and roles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from make import Api, Sold, role_ids, rows

from api import ids
from graph.db import Db

_ANSWER = """
fragment answer on MembersPayload {
  buyingGroup { id completeness memberCount }
  results { personId outcome person { id name } role { name } source
    standing { id source action outcome person { name } role { name } } }
  userErrors { field code message }
}"""
_BRIEFLY = "fragment answer on MembersPayload { results { outcome } userErrors { field code } }"
JOURNEY = "Spring nurture"


@dataclass(frozen=True, slots=True)
class Answer:
    """A payload, by the test's keys."""

    payload: dict[str, Any]
    outcomes: list[str]
    errors: list[tuple[str, str]]  # (dotted path, code)

    @property
    def stands(self) -> list[tuple[str | None, str | None]]:
        """What stands for each person: the source, and the role's name."""
        return [(one["source"], one["role"] and one["role"]["name"]) for one in self.payload["results"]]

    @property
    def nothing_done(self) -> bool:
        """Whether the whole call was refused."""
        return self.payload["buyingGroup"] is None and not self.outcomes and bool(self.errors)


@dataclass(frozen=True, slots=True)
class Group:
    """One group and all who decide about it. People and accounts by their external ids, roles by their names; a key that
    was not planted is sent as it is."""

    api: Api
    planted: dict[str, str]
    roles: Mapping[str, str]
    account: str
    interest_id: str
    id: str
    briefly: bool = False  # ask for outcomes and errors alone

    @classmethod
    async def of(cls, api: Api, planted: dict[str, str], sold: Sold, account: str) -> Group:
        """The group that was made at an account."""
        own = planted[account]
        return cls(api, planted, await role_ids(api.db), account, sold.interest_id, sold.groups[own])

    # --- decisions ---

    async def assign(self, members: Mapping[str, str] | Sequence[tuple[str, str]]) -> Answer:
        """By hand: each person in a role."""
        pairs = list(members.items()) if isinstance(members, Mapping) else members
        wanted = [{"personId": self.person(p), "roleId": self.role(r)} for p, r in pairs]
        return await self.send("assignMembers", {"buyingGroupId": self.global_id, "members": wanted})

    async def remove(self, *people: str, reason: str | None = None) -> Answer:
        """By hand."""
        wanted = {"buyingGroupId": self.global_id, "personIds": self._people(people), "reason": reason}
        return await self.send("removeMembers", wanted)

    async def journey_assign(self, role: str, *people: str, account: str | None = None, **more: Any) -> Answer:
        """By a journey, which addresses the group by its account unless another is named."""
        wanted = {**self._addressed(account), "personIds": self._people(people), "roleId": self.role(role), "journey": JOURNEY}
        return await self.send("journeyAssign", {**wanted, **more})

    async def journey_remove(self, *people: str, account: str | None = None, **more: Any) -> Answer:
        """By a journey."""
        wanted = {**self._addressed(account), "personIds": self._people(people), "journey": JOURNEY}
        return await self.send("journeyRemove", {**wanted, **more})

    async def maintain(self) -> None:
        """By the rules: a maintenance job of the interest, run to its end."""
        await maintain(self.api, self.interest_id)

    async def send(self, name: str, given: Mapping[str, Any]) -> Answer:
        """One of the four mutations with any input."""
        answer = _BRIEFLY if self.briefly else _ANSWER
        mutation = f"mutation ($input: {name[0].upper()}{name[1:]}Input!) {{ {name}(input: $input) {{ ...answer }} }} {answer}"
        payload = (await self.api.data(mutation, input=given))[name]
        return Answer(
            payload,
            [one["outcome"] for one in payload["results"]],
            [(".".join(one["field"] or ()), one["code"]) for one in payload["userErrors"]],
        )

    # --- ids as clients send them ---

    @property
    def global_id(self) -> str:
        return ids.encode("BuyingGroup", self.id)

    def person(self, key: str) -> str:
        return ids.encode("Person", self.planted[key]) if key in self.planted else key

    def role(self, name: str) -> str:
        return ids.encode("Role", self.roles[name]) if name in self.roles else name

    def _people(self, keys: Sequence[str]) -> list[str]:
        return [self.person(key) for key in keys]

    def _addressed(self, account: str | None) -> dict[str, str]:
        key = self.account if account is None else account
        own = ids.encode("Account", self.planted[key]) if key in self.planted else key
        return {"accountId": own, "solutionInterestId": ids.encode("SolutionInterest", self.interest_id)}

    # --- what came of it ---

    async def state(self) -> State:
        """The group as it is stored."""
        return await state(self.api.db, self.id)


async def maintain(api: Api, interest_id: str | None = None) -> dict[str, Any]:
    """Maintenance of one interest's groups, or of all, asked for and run; returns the job as the API shows it."""
    wanted = {"solutionInterestId": ids.encode("SolutionInterest", interest_id) if interest_id else None}
    mutation = (
        "mutation ($input: MaintainBuyingGroupsInput!) { maintainBuyingGroups(input: $input) { job { id } userErrors { code } } }"
    )
    payload = (await api.data(mutation, input=wanted))["maintainBuyingGroups"]
    assert payload["userErrors"] == []
    await api.run_jobs()
    return await job(api, payload["job"]["id"])


async def job(api: Api, job_id: str) -> dict[str, Any]:
    """A job as the API shows it."""
    fields = "accountsTotal accountsDone groupsCreated membersAdded membersRemoved rolesChanged overruled"
    query = f"query ($id: ID!) {{ node(id: $id) {{ ... on Job {{ id kind status error progress {{ {fields} }} }} }} }}"
    return (await api.data(query, id=job_id))["node"]


@dataclass(frozen=True, slots=True)
class State:
    """A group as it is stored, people by external id."""

    members: dict[str, tuple[str, str]]  # role's name, source
    removed: dict[str, str]  # source
    edges: int
    events: list[tuple[str, str, str]]  # person, source, outcome: in the order of their recording
    completeness: float | None
    held: list[str]  # the role of every member


async def state(db: Db, group_id: str) -> State:
    """A group as it is stored."""
    row = (
        await rows(
            db,
            """MATCH (g:BuyingGroup {id: $id}) RETURN g.completeness AS completeness,
            COLLECT { MATCH (p:Person)-[m:MEMBER_OF]->(g) RETURN [p.externalId, m.role, m.source] } AS members,
            COLLECT { MATCH (p:Person)-[x:REMOVED_FROM]->(g) RETURN [p.externalId, x.source] } AS removed,
            COLLECT { MATCH (p:Person)<-[:ABOUT]-(e:MembershipEvent)-[:IN]->(g) WITH p, e ORDER BY e.at
              RETURN [p.externalId, e.source, e.outcome] } AS events""",
            id=group_id,
        )
    )[0]
    return State(
        {person: (role, source) for person, role, source in row["members"]},
        dict(row["removed"]),
        len(row["members"]) + len(row["removed"]),
        [tuple(event) for event in row["events"]],
        row["completeness"],
        [role for _, role, _ in row["members"]],
    )
