"""Decisions that meet: eight workers on one pair, or on many groups and people at once, through the API."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from deciding import Answer, Group, State
from make import BY, Api, card, plant, role_ids, rows, sell, title
from make import Person as Someone
from often import times
from plain import Decision, Role, completeness, outcome

from api import ids
from graph import jobs, people
from graph.db import Db, Tx
from graph.model import FilterOperator, HierarchyScope
from graph.paging import Cursors
from graph.queries import Query, query
from graph.reads import Selection, compile_read

ROUNDS = times(80)
CHIEF, INFLUENCER, CHAMPION = "Decision Maker", "Influencer", "Champion"
CARDS = {CHIEF: Role(), INFLUENCER: Role(members=2), CHAMPION: Role()}
TREE = {"top": None, "home": "top", "sister": "top"}
RULED = INFLUENCER  # the role that the rules want for everybody here


async def _market(api: Api, crowd: Sequence[str], accounts: Sequence[str] = ("home",), name: str = "Interest") -> list[Group]:
    planted = await plant(api.db, TREE, [Someone(key, {"home": None, "top": None}, "influencer") for key in crowd])
    named = await role_ids(api.db)
    rule = title(FilterOperator.IS, "influencer")
    cards = [
        card(named[CHIEF]),
        card(named[INFLUENCER], rule, HierarchyScope.ANCESTORS, members_required=2),
        card(named[CHAMPION]),
    ]
    sold = await sell(api.db, cards, [planted[key] for key in accounts], name, follow=True)
    return [await Group.of(api, planted, sold, key) for key in accounts]


# --- one pair -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Done:
    """A decision that was acknowledged. A job acknowledges only what it recorded: APPLIED, OVERRULED, or nothing."""

    decision: Decision
    outcome: str | None


Worker = Callable[[Group], Awaitable[Done | str]]  # a job's worker gives the job's id


def _by_hand(role: str | None) -> Worker:
    async def decide(group: Group) -> Done:
        answer = await (group.assign({"ann": role}) if role else group.remove("ann"))
        return Done(Decision("MANUAL", role), answer.outcomes[0])

    return decide


def _by_journey(role: str | None) -> Worker:
    async def decide(group: Group) -> Done:
        answer = await (group.journey_assign(role, "ann") if role else group.journey_remove("ann"))
        return Done(Decision("JOURNEY", role), answer.outcomes[0])

    return decide


async def _by_the_rules(group: Group) -> str:
    job_id = await jobs.start_maintenance(group.api.db, group.interest_id, by=BY)
    await jobs.run_all(group.api.db)  # perhaps that of another worker, which runs this one
    return job_id


async def _acknowledged(db: Db, answer: Done | str) -> list[Done]:
    """What a worker was told: a job tells how many memberships it changed, and how many it could not. One that comes upon a
    person again, about whom somebody decided meanwhile, may tell both."""
    if isinstance(answer, Done):
        return [answer]
    told = """MATCH (j:Job {id: $id, status: 'SUCCEEDED'})
    RETURN j.membersAdded + j.rolesChanged AS applied, j.overruled AS overruled"""
    (row,) = await rows(db, told, id=answer)
    outcomes = ["APPLIED"] * row["applied"] + ["OVERRULED"] * row["overruled"]
    return [Done(Decision("SYSTEM", RULED), one) for one in outcomes or [None]]


ONE_ADD_AGAINST_LOWER = [
    _by_hand(CHIEF),
    *[_by_journey(role) for role in (CHAMPION, None, CHAMPION, None, CHIEF, None)],
    _by_the_rules,
]
ONE_REMOVAL_AGAINST_LOWER = [
    _by_hand(None),
    *[_by_journey(role) for role in (CHAMPION, CHIEF, CHAMPION, CHIEF, CHAMPION)],
    _by_the_rules,
    _by_the_rules,
]
ALL_BY_HAND = [_by_hand(role) for role in (CHIEF, None, CHAMPION, None, CHIEF, None, INFLUENCER, None)]


@pytest.mark.parametrize(
    "workers",
    [
        pytest.param(ONE_ADD_AGAINST_LOWER, id="a manual add against lower adds and removals"),
        pytest.param(ONE_REMOVAL_AGAINST_LOWER, id="a manual removal against re-adds by journeys and rules"),
        pytest.param(ALL_BY_HAND, id="all by hand"),
    ],
)
async def test_eight_workers_on_one_pair_never_break_precedence(api: Api, workers: Sequence[Worker]) -> None:
    group = replace((await _market(api, ["ann"]))[0], briefly=True)
    for turn in range(ROUNDS):
        await _start_over(group)
        shuffled = random.Random(turn).sample(workers, len(workers))
        answers = await asyncio.gather(*(decide(group) for decide in shuffled))
        done = [one for answer in answers for one in await _acknowledged(api.db, answer)]
        found = await group.state()
        assert found.edges <= 1, f"round {turn}: {found}"
        assert _explicable(done, found), f"round {turn}: {done} can't end in {found}"
        assert len(found.events) == sum(one.outcome in ("APPLIED", "OVERRULED") for one in done)
        assert found.completeness == pytest.approx(completeness(CARDS, found.held))


async def _start_over(group: Group) -> None:
    wipe = """MATCH (g:BuyingGroup {id: $id}) SET g.completeness = 0.0
    WITH g OPTIONAL MATCH (:Person)-[m:MEMBER_OF|REMOVED_FROM]->(g) DELETE m WITH DISTINCT g
    OPTIONAL MATCH (e)-[:IN]->(g) DETACH DELETE e WITH DISTINCT g
    OPTIONAL MATCH (j:Job) DETACH DELETE j WITH count(*) AS jobs
    MATCH (p:Person) SET p._touchedAt = timestamp()"""  # maintenance looks at what is told
    await rows(group.api.db, wipe, id=group.id)


def _explicable(done: Sequence[Done], found: State) -> bool:
    """Whether some order of the decisions gives each its acknowledged outcome and ends in what is found."""
    end = next((Decision(source, role) for role, source in found.members.values()), None)
    end = end or next((Decision(source, None) for source in found.removed.values()), None)
    seen: set[tuple[frozenset[int], Decision | None, bool]] = set()

    def ends_well(left: frozenset[int], stands: Decision | None, told: bool) -> bool:
        """`told`: a job has recorded already that this standing decision overrules it."""
        if not left:
            return stands == end
        if (left, stands, told) in seen:
            return False
        seen.add((left, stands, told))
        for which in left:
            one = done[which]
            comes_to = outcome([stands] if stands else [], one.decision)
            silent = one.decision.source == "SYSTEM" and (comes_to == "UNCHANGED" or (comes_to == "OVERRULED" and told))
            if one.outcome != (None if silent else comes_to):
                continue
            rest = left - {which}
            if comes_to == "APPLIED":
                after = (rest, one.decision, False)
            else:
                after = (rest, stands, told or (one.decision.source == "SYSTEM" and comes_to == "OVERRULED"))
            if ends_well(*after):
                return True
        return False

    return ends_well(frozenset(range(len(done))), None, False)


def test_what_breaks_precedence_is_not_explicable() -> None:
    manual, journey = Decision("MANUAL", CHIEF), Decision("JOURNEY", None)
    both = [Done(manual, "APPLIED"), Done(journey, "APPLIED")]
    assert _explicable(both, State({"ann": (CHIEF, "MANUAL")}, {}, 1, [], 0.0, []))
    assert not _explicable(both, State({}, {"ann": "JOURNEY"}, 1, [], 0.0, []))  # undone by a lower source
    assert not _explicable(both, State({}, {}, 0, [], 0.0, []))  # lost
    assert not _explicable([Done(manual, "OVERRULED"), both[1]], State({}, {"ann": "JOURNEY"}, 1, [], 0.0, []))


# --- many groups and people -----------------------------------------------------------------------------------------


async def test_groups_and_people_in_any_order_never_end_in_a_deadlock(api: Api) -> None:
    crowd = [f"p{n:02}" for n in range(16)]
    groups = await _market(api, crowd, ("home", "sister", "top")) + await _market(api, crowd, ("home", "top"), "Second")
    begun = Counter({group.id: len((await group.state()).events) for group in groups})

    async def work(seed: int) -> Counter[str]:
        dice, recorded = random.Random(seed), Counter[str]()
        for _ in range(12):
            group, some, role = dice.choice(groups), dice.sample(crowd, 8), dice.choice(list(CARDS))
            kind = dice.choice(["assign", "remove", "journey_assign", "journey_remove", "people", "account"])
            if kind == "people":
                await people.upsert(api.db, [{"externalId": key, "department": str(seed)} for key in some], by=BY)
            elif kind == "account":
                await _rename(api, dice.choice(list(TREE)), f"by {seed}")
            else:
                answer = await _decide(group, kind, some, role)
                recorded[group.id] += sum(one in ("APPLIED", "OVERRULED") for one in answer.outcomes)
                assert answer.errors == []
        return recorded

    recorded = sum(await asyncio.gather(*(work(seed) for seed in range(8))), begun)
    for group in groups:
        found = await group.state()
        assert len(found.events) == recorded[group.id]
        assert found.edges == len(found.members.keys() | found.removed.keys())
        assert found.completeness == pytest.approx(completeness(CARDS, found.held))


async def _decide(group: Group, kind: str, some: Sequence[str], role: str) -> Answer:
    match kind:
        case "assign":
            return await group.assign(dict.fromkeys(some, role))
        case "remove":
            return await group.remove(*some)
        case "journey_assign":
            return await group.journey_assign(role, *some)
        case _:
            return await group.journey_remove(*some)


async def _rename(api: Api, key: str, name: str) -> None:
    """Which renames the account's groups, too."""
    mutation = "mutation ($input: UpsertAccountsInput!) { upsertAccounts(input: $input) { updated userErrors { code } } }"
    wanted = {"accounts": [{"externalId": key, "name": name}]}
    assert (await api.data(mutation, input=wanted))["upsertAccounts"]["userErrors"] == []


# --- groups that go meanwhile ---------------------------------------------------------------------------------------

DELETE = "mutation ($ids: [ID!]!) { deleteBuyingGroups(ids: $ids) { deletedIds userErrors { field code } } }"


async def test_decisions_deletions_and_jobs_at_once_leave_nothing_half_done(api: Api) -> None:
    crowd = [f"p{n}" for n in range(6)]
    (group,) = await _market(api, crowd)
    for turn in range(25):
        now = (await rows(api.db, "MATCH (g:BuyingGroup) RETURN g.id AS id"))[0]["id"]
        here = Group(api, group.planted, group.roles, group.account, group.interest_id, now)
        dice = random.Random(turn)
        work: list[Awaitable[Any]] = [
            here.assign(dict.fromkeys(dice.sample(crowd, 5), CHAMPION)),
            here.remove(*dice.sample(crowd, 5)),
            here.journey_assign(CHIEF, *dice.sample(crowd, 5)),
            api.data(DELETE, ids=[here.global_id]),
            here.journey_remove(*dice.sample(crowd, 5)),
            jobs.start_maintenance(api.db, group.interest_id, by=BY),
            jobs.run_all(api.db),
            api.data(DELETE, ids=[here.global_id]),
        ]
        answers = await asyncio.gather(*dice.sample(work, len(work)))
        gone = [a["deleteBuyingGroups"]["deletedIds"] for a in answers if isinstance(a, dict)]
        assert sorted(gone) == [[], [here.global_id]]  # one of the two found it
        await group.maintain()
        orphans = """MATCH (e:MembershipEvent)
        RETURN count(CASE WHEN NOT (e)-[:IN]->() OR NOT (e)-[:ABOUT]->() THEN 1 END) AS orphans"""
        assert (await rows(api.db, orphans))[0]["orphans"] == 0
        (left,) = await rows(api.db, "MATCH (g:BuyingGroup) RETURN g.id AS id")
        found = await Group(api, group.planted, group.roles, group.account, group.interest_id, left["id"]).state()
        assert left["id"] != now
        assert found.completeness == pytest.approx(completeness(CARDS, found.held))


class Held:
    """A transaction that holds what a statement locks, until what waits for it has begun to wait; then it deletes that."""

    def __init__(self, db: Db, lock: Query, delete: Query, **params: Any) -> None:
        self._db, self._lock, self._delete, self._params = db, lock, delete, params

    async def against(self, *waiting: Awaitable[Any]) -> list[Any]:
        """The answers of those who waited, or what they raised."""
        locked, go = asyncio.Event(), asyncio.Event()

        async def work(tx: Tx) -> None:
            await tx.run(self._lock, **self._params)
            locked.set()
            await go.wait()
            await tx.run(self._delete, **self._params)

        holding = asyncio.create_task(self._db.transaction(work))
        await locked.wait()
        tasks = [asyncio.ensure_future(one) for one in waiting]
        show = Query("tests/blocked", "SHOW TRANSACTIONS YIELD status WHERE status STARTS WITH 'Blocked' RETURN status", "read")
        while len(await self._db.alone(show)) < len(tasks):
            assert not any(task.done() for task in tasks), "it didn't wait"
        go.set()
        await holding
        return await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_decision_that_waited_while_its_group_was_deleted_finds_no_group(api: Api) -> None:
    (group,) = await _market(api, ["ann"])
    held = Held(api.db, query("group/lock"), query("group/delete"), group_ids=[group.id])
    answers = await held.against(
        group.assign({"ann": CHIEF}), group.remove("ann"), group.journey_assign(CHIEF, "ann"), group.journey_remove("ann")
    )
    assert [answer.errors for answer in answers] == [[("buyingGroupId", "NOT_FOUND")]] * 2 + [[("", "NOT_FOUND")]] * 2
    assert all(answer.nothing_done for answer in answers)
    assert await rows(api.db, "MATCH (e:MembershipEvent) RETURN e") == []


async def test_what_waited_while_an_interest_was_deleted_finds_no_interest(api: Api) -> None:
    (group,) = await _market(api, ["ann"])
    audience = ids.encode("AccountAudience", (await rows(api.db, "MATCH (u:AccountAudience) RETURN u.id AS id"))[0]["id"])
    interest = ids.encode("SolutionInterest", group.interest_id)
    await api.data(DELETE, ids=[group.global_id])
    await rows(api.db, "MATCH (j:Job) DETACH DELETE j")
    codes = "userErrors { field code }"
    create = f"mutation ($input: CreateBuyingGroupsInput!) {{ createBuyingGroups(input: $input) {{ {codes} }} }}"
    maintain = f"mutation ($input: MaintainBuyingGroupsInput!) {{ maintainBuyingGroups(input: $input) {{ {codes} }} }}"
    update = f'mutation ($id: ID!) {{ updateSolutionInterest(id: $id, input: {{ name: "Other" }}) {{ {codes} }} }}'
    delete = f"mutation ($id: ID!) {{ deleteSolutionInterest(id: $id) {{ {codes} }} }}"
    held = Held(api.db, query("interest/lock"), query("interest/delete"), id=group.interest_id)
    answers = await held.against(
        api.data(create, input={"solutionInterestId": interest, "accountAudienceId": audience}),
        api.data(maintain, input={"solutionInterestId": interest}),
        api.data(update, id=interest),
        api.data(delete, id=interest),
    )
    fields = ["solutionInterestId", "solutionInterestId", "id", "id"]
    expected = [{"userErrors": [{"field": [field], "code": "NOT_FOUND"}]} for field in fields]
    assert [payload for answer in answers for payload in answer.values()] == expected
    assert await rows(api.db, "MATCH (j:Job) RETURN j") == []


async def test_what_waited_while_an_audience_was_deleted_finds_no_audience(api: Api) -> None:
    (group,) = await _market(api, ["ann"])
    make = """mutation ($ids: [ID!]!) { createAccountAudience(input: { name: "Spare", accountIds: $ids }) {
      accountAudience { id } } }"""
    account = ids.encode("Account", group.planted["home"])
    audience = (await api.data(make, ids=[account]))["createAccountAudience"]["accountAudience"]["id"]
    codes = "userErrors { field code }"
    create = f"mutation ($input: CreateBuyingGroupsInput!) {{ createBuyingGroups(input: $input) {{ {codes} }} }}"
    update = f"""mutation ($id: ID!, $ids: [ID!]!) {{
      updateAccountAudience(id: $id, input: {{ name: "Other", accountIds: $ids }}) {{ {codes} }} }}"""
    delete = f"mutation ($id: ID!) {{ deleteAccountAudience(id: $id) {{ {codes} }} }}"
    held = Held(api.db, query("audience/lock"), query("audience/delete"), id=ids.raw(audience, "AccountAudience"))
    interest = ids.encode("SolutionInterest", group.interest_id)
    answers = await held.against(
        api.data(create, input={"solutionInterestId": interest, "accountAudienceId": audience}),
        api.data(update, id=audience, ids=[account]),
        api.data(delete, id=audience),
    )
    expected = [{"userErrors": [{"field": [f], "code": "NOT_FOUND"}]} for f in ("accountAudienceId", "id", "id")]
    assert [payload for answer in answers for payload in answer.values()] == expected


async def test_what_waited_while_a_job_was_deleted_finds_no_job(api: Api) -> None:
    await _market(api, ["ann"])
    own = (await rows(api.db, "MATCH (j:Job) RETURN j.id AS id"))[0]["id"]
    held = Held(api.db, query("job/hold"), query("job/delete"), id=own, lease="", seconds=1)
    cancel = "mutation ($id: ID!) { cancelJob(id: $id) { userErrors { field code } } }"
    delete = "mutation ($id: ID!) { deleteJob(id: $id) { userErrors { field code } } }"
    global_id = ids.encode("Job", own)
    answers = await held.against(api.data(cancel, id=global_id), api.data(delete, id=global_id))
    expected = {"userErrors": [{"field": ["id"], "code": "NOT_FOUND"}]}
    assert [payload for answer in answers for payload in answer.values()] == [expected, expected]


async def test_what_is_deleted_while_it_is_read_is_not_found(db: Db) -> None:
    """A node that another transaction deletes loses its properties under who reads them, and is told whole or not at all."""
    planted = await plant(db, {"home": None})
    wanted = Selection("found", "nodes", {"ids": list(planted.values())}, (Selection("name", "name"),), "Account")
    plan = compile_read([wanted], Cursors(b"a secret of the tests"))
    slowly = "COUNT { UNWIND range(1, 6000000) AS x WITH x WHERE x % 2 = 0 RETURN x }"
    text = plan.query.text.replace("[n1.name] AS _found", f"[{slowly}, n1.name] AS _found")
    assert slowly in text
    reading = asyncio.create_task(db.read(replace(plan.query, name="tests/slow", text=text), **plan.params))
    running = """SHOW TRANSACTIONS YIELD metaData, currentQueryStatus
    WHERE metaData.statement = 'tests/slow' AND currentQueryStatus = 'running' RETURN 1 AS one"""
    while not await db.alone(Query("tests/running", running, "read")):
        assert not reading.done()
    await asyncio.sleep(0.1)  # it counts; the account is found
    await rows(db, "MATCH (a:Account) DETACH DELETE a")
    assert not reading.done(), "it was read before it was deleted"
    assert await reading == [{"answer": [[]]}]
