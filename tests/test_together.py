"""Decisions that come at the same time are made together, each as if it were alone."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from make import BY, card, members_of, plant, role_ids, rows, sell
from make import Person as Someone

from graph import together
from graph.db import Db, Tx
from graph.errors import ErrorCode, Refused, UnreadableText
from graph.members import MembersResult, assign, remove
from graph.model import AssignmentOutcome, AssignmentSource
from graph.paging import Cursors
from graph.queries import Query, query
from graph.reads import Afterwards, Selection, compile_read
from graph.together import LANES, MOST

MANUAL, JOURNEY, SYSTEM = AssignmentSource.MANUAL, AssignmentSource.JOURNEY, AssignmentSource.SYSTEM
APPLIED, OVERRULED, UNCHANGED = AssignmentOutcome.APPLIED, AssignmentOutcome.OVERRULED, AssignmentOutcome.UNCHANGED
CHIEF, CHAMPION = "Decision Maker", "Champion"
SCANS = {"NodeByLabelScan", "AllNodesScan", "UnionNodeByLabelsScan"}
CURSORS = Cursors(b"a secret of the tests")


@dataclass(frozen=True, slots=True)
class Market:
    """Accounts a0, a1, ... with a group and a person each, by their numbers; everybody relates to a0, too."""

    db: Db
    groups: Sequence[str]
    people: Sequence[str]
    roles: dict[str, str]

    @classmethod
    async def of(cls, db: Db, count: int) -> Market:
        keys = [f"a{n}" for n in range(count)]
        crowd = [Someone(f"p{n}", {key: None, "a0": None}, "x") for n, key in enumerate(keys)]
        planted = await plant(db, dict.fromkeys(keys), crowd)
        roles = await role_ids(db)
        cards = [card(roles[CHIEF], members_required=1), card(roles[CHAMPION], members_required=2)]
        sold = await sell(db, cards, [planted[key] for key in keys])
        groups = [sold.groups[planted[key]] for key in keys]
        return cls(db, groups, [planted[f"p{n}"] for n in range(count)], roles)

    async def assign(
        self, group: int, person: int, role: str = CHAMPION, source: AssignmentSource = MANUAL, by: str = BY
    ) -> MembersResult:
        pair = (self.people[person], self.roles[role])
        return await assign(self.db, self.groups[group], [pair], source=source, by=by)


@pytest.fixture
def transactions(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """For how many calls each decision was sent to the server, in the order in which they were sent."""
    sent: list[int] = []
    send = Db._rows

    async def noted(self: Db, session: Any, query: Query, params: Mapping[str, Any]) -> Any:
        if query.name.startswith("member/"):
            sent.append(len(params.get("calls", [None])))
        return await send(self, session, query, params)

    monkeypatch.setattr(Db, "_rows", noted)
    return sent


async def test_what_comes_at_once_goes_in_few_transactions(db: Db, transactions: list[int]) -> None:
    market = await Market.of(db, 12)
    statements = db.statements
    done = await asyncio.gather(*(market.assign(n, n) for n in range(12)))
    assert [one.results[0].outcome for one in done] == [APPLIED] * 12
    assert [one.results[0].person_id for one in done] == list(market.people)  # each got its own
    assert transactions == [1] * LANES + [MOST, 12 - LANES - MOST]
    assert db.statements - statements == 12  # what each caller asked for
    for n in range(12):
        assert await members_of(db, market.groups[n]) == {f"p{n}": (CHAMPION, "MANUAL", f"a{n}", 0)}
    events = (
        "MATCH (p)<-[:ABOUT]-(e:MembershipEvent)-[:IN]->(g) RETURN count(DISTINCT e.id) AS events, count(DISTINCT p) AS people"
    )
    assert await rows(db, events) == [{"events": 12, "people": 12}]
    assert await rows(db, "MATCH (g:BuyingGroup) RETURN collect(DISTINCT g.completeness) AS c") == [{"c": [25.0]}]


async def test_of_one_pair_the_last_that_came_stands(db: Db, transactions: list[int]) -> None:
    market = await Market.of(db, 1)
    wanted = [CHIEF if n % 2 else CHAMPION for n in range(8)]
    done = await asyncio.gather(*(market.assign(0, 0, role) for role in wanted))
    assert [one.results[0].role_id for one in done] == [market.roles[role] for role in wanted]
    found = "MATCH (e:MembershipEvent) RETURN e.id AS id, e.action AS action, e.role AS role ORDER BY e.at"
    record = await rows(db, found)
    assert [row["id"] for row in record] == [one.results[0].standing_event_id for one in done]
    assert [row["action"] for row in record] == ["ASSIGN", *["CHANGE_ROLE"] * 7]
    assert [row["role"] for row in record] == wanted
    assert await members_of(db, market.groups[0]) == {"p0": (CHIEF, "MANUAL", "a0", 0)}
    assert transactions == [1, MOST, 8 - 1 - MOST]


async def test_each_is_judged_by_what_stands(db: Db, transactions: list[int]) -> None:
    market = await Market.of(db, 6)
    await market.assign(0, 1, CHIEF, MANUAL)
    await market.assign(0, 2, CHIEF, JOURNEY)
    for person, source in ((3, MANUAL), (4, JOURNEY)):
        await remove(db, market.groups[0], [market.people[person]], source=source, by=BY)
    done = await asyncio.gather(
        market.assign(0, 0, CHIEF),  # alone, and the others wait for its group
        market.assign(0, 1, CHAMPION, JOURNEY),
        market.assign(0, 2, CHIEF, JOURNEY),
        market.assign(0, 3, CHAMPION, JOURNEY),
        market.assign(0, 4, CHAMPION, JOURNEY),
        market.assign(0, 5, CHAMPION, JOURNEY),
    )
    outcomes = [one.results[0].outcome for one in done]
    assert outcomes == [APPLIED, OVERRULED, UNCHANGED, OVERRULED, APPLIED, APPLIED]
    assert await members_of(db, market.groups[0]) == {
        "p0": (CHIEF, "MANUAL", "a0", 0),
        "p1": (CHIEF, "MANUAL", "a0", 0),
        "p2": (CHIEF, "JOURNEY", "a0", 0),
        "p4": (CHAMPION, "JOURNEY", "a0", 0),
        "p5": (CHAMPION, "JOURNEY", "a0", 0),
    }
    assert transactions == [1, 1, 1, 1, 1, 5]  # four before, one alone, the others together


async def test_what_is_wrong_with_one_is_told_to_that_one_alone(db: Db, transactions: list[int]) -> None:
    market = await Market.of(db, 9)
    other = Market(db, [*market.groups[:8], "no group"], [*market.people[:7], "nobody", market.people[8]], market.roles)
    done = await asyncio.gather(*(other.assign(n, n) for n in range(9)), return_exceptions=True)
    assert [one.results[0].outcome for one in done[:7] if isinstance(one, MembersResult)] == [APPLIED] * 7
    assert isinstance(done[7], MembersResult)
    assert [(problem.field, problem.code) for problem in done[7].problems] == [
        (("members", "0", "personId"), ErrorCode.NOT_FOUND)
    ]
    assert isinstance(done[8], Refused)
    assert [(problem.field, problem.code) for problem in done[8].problems] == [(("buyingGroupId",), ErrorCode.NOT_FOUND)]
    assert transactions == [1, 1, MOST, 9 - 2 - MOST]


async def test_what_can_t_even_be_sent_hinders_nobody(db: Db, transactions: list[int]) -> None:
    market = await Market.of(db, 6)
    work = [market.assign(n, n, by="\ud800" if n == 4 else BY) for n in range(6)]
    done = await asyncio.gather(*work, return_exceptions=True)
    assert isinstance(done[4], UnreadableText)
    assert [isinstance(one, MembersResult) for one in done] == [True, True, True, True, False, True]
    assert transactions == [1, 1, 4, 1, 1, 1, 1]  # each of the four again, alone
    assert await members_of(db, market.groups[4]) == {}


async def test_who_has_gone_is_not_waited_for_and_nothing_is_decided_for_them(db: Db, transactions: list[int]) -> None:
    market = await Market.of(db, 6)
    tasks = [asyncio.create_task(market.assign(n, n)) for n in range(6)]
    await asyncio.sleep(0)  # two are under way, four wait
    tasks[3].cancel()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(one, MembersResult) for one in done] == [True, True, True, False, True, True]
    assert await members_of(db, market.groups[3]) == {}
    assert transactions == [1, 1, 3]
    assert db._gathering._lanes == {}  # nothing is left of what has ended


async def test_who_waits_for_a_lock_holds_up_no_other_group(db: Db) -> None:
    market = await Market.of(db, 8)
    locked, go = asyncio.Event(), asyncio.Event()

    async def work(tx: Tx) -> None:
        await tx.run(query("group/lock"), group_ids=list(market.groups[:LANES]))
        locked.set()
        await go.wait()

    holding = asyncio.create_task(db.transaction(work))
    await locked.wait()
    stuck = [asyncio.create_task(market.assign(n, n)) for n in range(LANES)]  # as many as may be under way
    await asyncio.sleep(0)
    more = asyncio.create_task(market.assign(0, 7))  # waits with its group, not in the server
    await asyncio.wait_for(asyncio.gather(*(market.assign(n, n) for n in range(LANES, 8))), 20)
    assert not any(task.done() for task in [*stuck, more])
    assert await members_of(db, market.groups[7]) == {"p7": (CHAMPION, "MANUAL", "a7", 0)}
    go.set()
    await holding
    await asyncio.gather(*stuck, more)
    assert await members_of(db, market.groups[0]) == {
        "p0": (CHAMPION, "MANUAL", "a0", 0),
        "p7": (CHAMPION, "MANUAL", "a0", 0),
    }


async def test_each_reads_what_it_left_behind(db: Db, transactions: list[int]) -> None:
    market = await Market.of(db, 8)

    async def decide(n: int) -> dict[str, Any] | None:
        members = Selection("members", "members", {"first": 1}, (Selection("totalCount", "totalCount"),))
        wanted = (Selection("completeness", "completeness"), members)
        selections = [Selection("0", "nodes", {"ids": [market.groups[0]]}, wanted, "BuyingGroup")]
        known = Afterwards(selections, compile_read(selections, CURSORS))
        pair = (market.people[n], market.roles[CHAMPION])
        await assign(db, market.groups[0], [pair], source=MANUAL, by=BY, afterwards=known)
        return known.decoded(CURSORS)

    found = await asyncio.gather(*(decide(n) for n in range(8)))
    left = [one and one["0"][market.groups[0]] for one in found]
    # In the order in which they came, though seven of them went together: each sees what it left, and nothing later.
    assert [one and one["members"]["totalCount"] for one in left] == list(range(1, 9))
    assert [one and one["completeness"] for one in left] == [25.0, *[50.0] * 7]
    assert transactions == [1, MOST, 8 - 1 - MOST]


@pytest.mark.parametrize("name", ["member/assign", "member/remove"])
async def test_together_everything_is_found_by_an_index(db: Db, name: Any) -> None:
    statement = together.together(query(name), frozenset())
    plan = await db.explain(statement.text, {"calls": []})
    assert plan.columns == statement.returns
    assert not SCANS & set(plan.operators), plan.operators
    assert plan.notices == (await db.explain(query(name).text, dict.fromkeys(query(name).params))).notices
