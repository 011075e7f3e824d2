"""What is asked, in three languages, and how the three answers are brought to one form.

Each query stands in files beside this one: NAME.ours.graphql, NAME.peer.graphql and NAME.floor.cypher; where the floor is a
table, NAME.nested.cypher has the same as a tree.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from api import ids
from bench.beside import text
from bench.errors import BenchError
from bench.processes import Way
from bench.reads.statements import ROLE

Variables = Mapping[str, Any]
Plain = Callable[[Any], Any]
BY_HAND = ("floor", "nested")
SHUFFLES = 200  # of the groups that Q4 asks for


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the queries are asked about: ids as they are in the graph."""

    groups: Sequence[str]
    accounts: Sequence[str]
    large: Sequence[str]
    interests: Sequence[str]
    role_id: str
    outsiders: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Asked:
    """A query: its name, what it is, the variables of its requests, what each way calls them, and how each way's answer
    becomes plain. `writes`: each request changes something, once."""

    name: str
    title: str
    variables: Sequence[Variables]
    spelled: Mapping[str, Callable[[Variables], Variables]]
    plain: Mapping[str, Plain]
    writes: bool = False

    def ways(self, ways: Sequence[Way]) -> list[Way]:
        """Those that have this query."""
        return [way for way in ways if way.name in self.plain]

    def bodies(self, way: str) -> list[str]:
        """The requests' bodies."""
        return [self.body(way, number) for number in range(len(self.variables))]

    def body(self, way: str, number: int) -> str:
        """One request's body."""
        spell = self.spelled.get(way, lambda variables: variables)
        variables = spell(self.variables[number])
        if way in BY_HAND:
            return orjson.dumps(variables).decode()
        document = text("bench.reads", f"{self.name.lower()}.{way}.graphql")
        return orjson.dumps({"query": document, "variables": variables}).decode()

    def path(self, way: str) -> str:
        """Where the requests go."""
        return {"ours": "/graphql", "peer": "/"}.get(way, f"/{self.name.lower()}.{way}")

    def expect(self, way: str) -> str:
        """What stands in every right answer."""
        return "APPLIED" if self.writes and way != "peer" else "id"

    def data(self, way: str, answer: bytes) -> Any:
        """What an answer says, in a form that is the same for all ways. Raises BenchError if it says that something failed."""
        said = orjson.loads(answer)
        if way in BY_HAND:
            return self.plain[way](said)
        if said.get("errors"):
            raise BenchError(f"{self.name}, {way}: {said['errors']}")
        return self.plain[way](said["data"])


def asked(chosen: Chosen) -> list[Asked]:
    """The queries, in order."""
    return [
        _q1(chosen),
        _q2(chosen),
        _q3(chosen),
        _q4(chosen),
        _m1(chosen),
    ]


def _q1(chosen: Chosen) -> Asked:
    variables = [{"id": id} for id in chosen.groups]
    plain: dict[str, Plain] = {
        "ours": lambda data: _group(data["buyingGroup"]),
        "peer": lambda data: _group(data["buyingGroups"][0]),
        "floor": lambda rows: _group(rows[0]["group"]),
    }
    return Asked("Q1", "one group with everything", variables, {"ours": _ids(id="BuyingGroup")}, plain)


def _q2(chosen: Chosen) -> Asked:
    variables = [{"id": id} for id in chosen.accounts]
    plain: dict[str, Plain] = {
        "ours": lambda data: _account(data["account"]),
        "peer": lambda data: _account(data["accounts"][0]),
        "floor": lambda rows: _account(rows[0]["account"]),
    }
    return Asked("Q2", "an account, three levels down", variables, {"ours": _ids(id="Account")}, plain)


def _q3(chosen: Chosen) -> Asked:
    bounds = [(5.0 * step, 5.0 * step + 40.0) for step in range(12)]
    variables = [{"interest": interest, "from": low, "below": high} for low, high in bounds for interest in chosen.interests]
    plain: dict[str, Plain] = {
        "ours": lambda data: [_group(one) for one in _nodes(data["buyingGroups"])],
        "peer": lambda data: [_group(one) for one in data["buyingGroups"]],
        "floor": lambda rows: [_group(one) for one in rows],
    }
    return Asked("Q3", "a page of 50, filtered, in order", variables, {"ours": _ids(interest="SolutionInterest")}, plain)


def _q4(chosen: Chosen) -> Asked:
    chance = random.Random(4)  # noqa: S311
    variables = [{"ids": chance.sample(list(chosen.large), k=10)} for _ in range(SHUFFLES)]
    plain: dict[str, Plain] = {
        "ours": lambda data: _by_id(_group(one) for one in data["nodes"]),
        "peer": lambda data: _by_id(_group(one) for one in data["buyingGroups"]),
        "floor": lambda rows: _by_id(_table(rows)),
        "nested": lambda rows: _by_id(_group(one) for one in rows),
    }
    return Asked("Q4", "ten groups of 100 members", variables, {"ours": _ids(ids="BuyingGroup")}, plain)


def _m1(chosen: Chosen) -> Asked:
    variables = [{"group": group, "person": person, "role": chosen.role_id} for group, person in chosen.outsiders]
    spelled: dict[str, Callable[[Variables], Variables]] = {
        "ours": _ids(group="BuyingGroup", person="Person", role="Role"),
        "peer": lambda one: {
            "group": one["group"],
            "person": one["person"],
            "roleId": one["role"],
            "role": ROLE,
            "at": "2026-11-20T08:00:00Z",
        },
    }
    plain: dict[str, Plain] = {
        "ours": lambda data: data["assignMembers"]["buyingGroup"]["completeness"],
        "peer": lambda data: None,  # it keeps no completeness
        "floor": lambda rows: rows[0]["completeness"],
    }
    return Asked("M1", "one assignment", variables, spelled, plain, writes=True)


def _ids(**types: str) -> Callable[[Variables], Variables]:
    """Spells the ids among the variables as the service does; each with the type that it is of."""

    def spell(variables: Variables) -> Variables:
        return {name: _global(types[name], value) if name in types else value for name, value in variables.items()}

    return spell


def _global(typename: str, value: Any) -> Any:
    return [ids.encode(typename, one) for one in value] if isinstance(value, list) else ids.encode(typename, value)


# --- the plain form -------------------------------------------------------------------------------------------------


def _group(group: Mapping[str, Any]) -> dict[str, Any]:
    """A group: what is one object here and a list of one there, or a node's own fields and its edge's, is the same."""
    plain = {name: value for name, value in group.items() if name not in ("members", "membersConnection", "roles")}
    for name in ("account", "solutionInterest", "interest", "stage"):
        if name in plain:
            plain["interest" if name == "solutionInterest" else name] = _one(plain.pop(name))
    if "roles" in group:
        plain["roles"] = [[_name(role), role["assigned"], role["required"]] for role in group["roles"]]
    if "members" in group or "membersConnection" in group:
        plain["members"] = [_member(one) for one in _edges(group.get("membersConnection") or group["members"])]
    return _cleaned(plain)


def _table(rows: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """The groups of a table of their members."""
    for (group_id, name), members in itertools.groupby(rows, lambda row: (row["groupId"], row["group"])):
        own = [{key: value for key, value in row.items() if key not in ("groupId", "group")} for row in members]
        yield _group({"id": group_id, "name": name, "members": own})


def _account(account: Mapping[str, Any]) -> dict[str, Any]:
    groups = account.get("groups") or account.get("buyingGroups") or []
    plain = {name: account[name] for name in ("id", "name", "industry")}
    plain["groups"] = [_group(one) for one in _nodes(groups)]
    plain["children"] = [_account(one) for one in _nodes(account.get("children") or [])]
    return _cleaned(plain)


def _member(edge: Mapping[str, Any]) -> dict[str, Any]:
    plain = {**edge, **edge.get("properties", {}), **edge.get("node", {})}
    role = plain["role"]
    plain["role"] = role if isinstance(role, str) else role["name"]
    return _cleaned({name: value for name, value in plain.items() if name not in ("node", "properties")})


def _one(value: Any) -> Any:
    """A related object, by its fields; of one field the value alone."""
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, dict):
        value = _cleaned(value)
        return next(iter(value.values())) if len(value) == 1 else value
    return value


def _name(role: Mapping[str, Any]) -> str:
    return role["name"] if "name" in role else role["role"]["name"]


def _edges(page: Any) -> Sequence[Mapping[str, Any]]:
    return page["edges"] if isinstance(page, dict) else page


def _nodes(page: Any) -> Iterator[Mapping[str, Any]]:
    return (one.get("node", one) for one in _edges(page))


def _by_id(groups: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(groups, key=lambda group: group["id"])


def _cleaned(plain: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _cleaned_value(name, value) for name, value in plain.items()}


def _cleaned_value(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name == "id" and "_" in value:
        return ids.decode(value)[1]
    if name.endswith("At") and isinstance(value, str):
        return round(datetime.fromisoformat(value).timestamp() * 1000)
    return value


def objects(data: Any) -> int:
    """How many objects are in a plain answer."""
    inner = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    return isinstance(data, dict) + sum(objects(one) for one in inner)
