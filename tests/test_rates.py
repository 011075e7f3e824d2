"""Budgets, limits and turns: what a credential spends, when it is told to wait, and that others don't wait with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from make import plant

from api import rates as rated
from api.app import create_app
from api.context import Context
from api.documents import Documents
from api.rates import ABREAST, Budget, RateLimited, RateLimits, Rates, Turns
from api.schema import schema
from graph.callers import EVERYTHING, LOCAL_CALLER, Caller
from graph.db import Db
from graph.events import Hub
from graph.paging import Cursors
from graph.queries import Query

ANN, BEN = Caller("ann", EVERYTHING, "key-ann"), Caller("ben", EVERYTHING, "key-ben")
ROLES = "{ roles { name } }"  # which costs 20
JSON = "application/json"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which stands still unless a test moves it: a whole minute to begin with."""
    now = [6_000.0]
    monkeypatch.setattr("time.time", lambda: now[0])
    return now


# --- budgets --------------------------------------------------------------------------------------------------------


def test_a_budget_is_spent_and_comes_back(clock: list[float]) -> None:
    budget = Budget(100)
    state = budget.charge("ann", 60)
    assert (state.limit, state.remaining) == (100, 40)
    with pytest.raises(RateLimited) as caught:
        budget.charge("ann", 41)
    assert str(caught.value) == "The budget of 100 points a minute is spent: 40 are left, and this costs 41."
    assert caught.value.state is not None
    assert (caught.value.state.remaining, caught.value.state.told()) == (
        40,
        {"limit": 100, "remaining": 40, "resetAt": "1970-01-01T01:42:00Z"},
    )
    assert budget.charge("ben", 100).remaining == 0  # another's is another
    clock[0] += caught.value.retry_after - 1
    with pytest.raises(RateLimited):
        budget.charge("ann", 41)
    clock[0] += 1
    assert budget.charge("ann", 41).limit == 100


@pytest.mark.parametrize("spent", [1, 50, 100])
@pytest.mark.parametrize("at", [0.0, 29.5, 59.9])
@pytest.mark.parametrize("cost", [1, 60, 100])
def test_who_waits_as_long_as_told_is_admitted(clock: list[float], spent: int, at: float, cost: int) -> None:
    budget = Budget(100)
    clock[0] += at
    budget.charge("ann", spent)
    for _ in range(3):
        try:
            budget.charge("ann", cost)
        except RateLimited as limited:
            clock[0] += limited.retry_after
            budget.charge("ann", cost)


def test_what_costs_more_than_the_budget_takes_all_of_it(clock: list[float]) -> None:
    budget = Budget(100)
    assert budget.charge("ann", 5_000).remaining == 0
    with pytest.raises(RateLimited):
        budget.charge("ann", 1)


def test_who_need_not_sign_in_has_no_budget() -> None:
    assert Rates(RateLimits(cost=1)).charge(LOCAL_CALLER, 1_000) is None


# --- turns ----------------------------------------------------------------------------------------------------------


class Ticking:
    """A clock for turns."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr("time.monotonic", lambda: self.now)


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_alone_a_credential_runs_what_it_likes() -> None:
    turns = Turns(50, 1_000)
    await asyncio.gather(*(turns.enter("ann", bounded=True) for _ in range(50)))
    with pytest.raises(RateLimited, match="50 requests of this credential are being answered already"):
        await turns.enter("ann", bounded=True)
    turns.leave("ann", 0.1)
    await turns.enter("ann", bounded=True)


async def test_all_together_have_a_limit_too() -> None:
    turns = Turns(50, 2)
    await turns.enter("ann", bounded=False)
    await turns.enter("ben", bounded=False)
    with pytest.raises(RateLimited, match="2 requests are being answered already"):
        await turns.enter("cy", bounded=False)


async def test_who_waits_takes_turns_with_others(monkeypatch: pytest.MonkeyPatch) -> None:
    ticking, order = Ticking(monkeypatch), list[str]()
    turns = Turns(50, 1_000, running=1)
    await turns.enter("ann", bounded=True)

    async def wants(name: str) -> None:
        await turns.enter(name, bounded=True)
        order.append(name)

    tasks = [asyncio.create_task(wants(name)) for name in ["ann"] * 5 + ["ben", "cy"]]
    await settle()
    for _ in tasks:
        running = order[-1] if order else "ann"
        ticking.now += 0.001
        turns.leave(running, 0.001)
        await settle()
    assert sorted(order[:3]) == ["ann", "ben", "cy"]
    assert order[3:] == ["ann"] * 4
    await asyncio.gather(*tasks)


async def test_who_always_wants_more_rests_while_others_are_active(monkeypatch: pytest.MonkeyPatch) -> None:
    ticking, order = Ticking(monkeypatch), list[str]()
    turns = Turns(50, 1_000)
    await turns.enter("ben", bounded=True)
    turns.leave("ben", 0.001)  # somebody else is there

    async def wants() -> None:
        await turns.enter("ann", bounded=True)
        order.append("ann")

    tasks = [asyncio.create_task(wants()) for _ in range(40)]
    await settle()
    assert len(order) == ABREAST
    ticking.now += 0.3
    turns.leave("ann", 0.3)  # more than what is saved
    await settle()
    assert len(order) == ABREAST  # it rests
    await turns.enter("ben", bounded=True)  # who has nothing else under way does not
    ticking.now += 0.14  # of which a third is its share: it has 0.05 to make up for
    turns.leave("ben", 0.14)
    await settle()
    assert len(order) == ABREAST
    await turns.enter("ben", bounded=True)
    ticking.now += 0.02
    turns.leave("ben", 0.02)
    await settle()
    assert len(order) == ABREAST + 1
    ticking.now += rated.ACTIVE + 1  # ben has gone
    turns.leave("ann", 0.01)
    await settle()
    assert len(order) == 40
    await asyncio.gather(*tasks)


async def test_who_asks_for_one_thing_after_the_other_never_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    ticking = Ticking(monkeypatch)
    turns = Turns(50, 1_000)
    await turns.enter("ben", bounded=True)
    async with asyncio.timeout(5):
        for _ in range(100):
            await turns.enter("ann", bounded=True)
            ticking.now += 1
            turns.leave("ann", 1)


async def test_who_goes_away_while_waiting_leaves_its_turn_to_others() -> None:
    turns = Turns(50, 1_000, running=1)
    await turns.enter("ann", bounded=True)
    first, second = (asyncio.create_task(turns.enter("ben", bounded=True)) for _ in range(2))
    await settle()
    first.cancel()
    await settle()
    turns.leave("ann", 0.0)
    await asyncio.wait_for(second, 5)
    turns.leave("ben", 0.0)
    await turns.enter("ann", bounded=True)  # nothing is left running


async def test_one_cancelled_just_as_its_turn_came_gives_it_on() -> None:
    turns = Turns(50, 1_000, running=1)
    await turns.enter("ann", bounded=True)
    first, second = (asyncio.create_task(turns.enter(name, bounded=True)) for name in ("ben", "cy"))
    await settle()
    turns.leave("ann", 0.0)  # it is ben's turn
    first.cancel()
    await asyncio.wait_for(second, 5)
    assert first.cancelled()


async def test_those_who_have_gone_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    ticking = Ticking(monkeypatch)
    turns = Turns(50, 1_000)
    for number in range(100):
        await turns.enter(f"key-{number}", bounded=True)
        turns.leave(f"key-{number}", 0.0)
    ticking.now += rated.FORGOTTEN + 1
    await turns.enter("ann", bounded=True)
    turns.leave("ann", 0.0)
    assert list(turns._clients) == ["ann"]


# --- over HTTP ------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def limited(
    db: Db, monkeypatch: pytest.MonkeyPatch, limits: RateLimits, caller: Callable[[], Caller] = lambda: ANN
) -> AsyncGenerator[httpx2.AsyncClient]:
    """A client of an application with these limits; `caller` tells who asks."""

    def context(*given: Any, **more: Any) -> Context:
        made = Context(*given, **more)
        made.caller = caller()
        return made

    monkeypatch.setattr("api.app.Context", context)
    app = create_app(db, b"a secret of the tests", jobs=False, rates=Rates(limits))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://localhost") as client:
        yield client


async def test_an_answer_tells_the_budget_and_429_tells_when_to_come_again(
    db: Db, monkeypatch: pytest.MonkeyPatch, clock: list[float]
) -> None:
    async with limited(db, monkeypatch, RateLimits(cost=50)) as client:
        first = await client.post("/graphql", json={"query": ROLES, "extensions": {"cost": True}})
        assert first.json()["extensions"] == {
            "cost": {"value": 20, "limit": 2_500_000},
            "rate": {"limit": 50, "remaining": 30, "resetAt": "1970-01-01T01:42:00Z"},
        }
        assert first.headers["ratelimit-limit"] == "50"
        assert (first.headers["ratelimit-remaining"], first.headers["ratelimit-reset"]) == ("30", "120")
        second = await client.post("/graphql", json={"query": ROLES})
        assert (second.status_code, second.headers["ratelimit-remaining"]) == (200, "10")
        for accept in (JSON, "application/graphql-response+json"):
            third = await client.post("/graphql", json={"query": ROLES}, headers={"accept": accept})
            assert (third.status_code, third.headers["content-type"]) == (429, f"{accept}; charset=utf-8")
            assert (third.headers["retry-after"], third.headers["ratelimit-remaining"]) == ("75", "10")
            (error,) = third.json()["errors"]
            assert third.json().keys() == {"errors"}
            assert error["message"] == (
                "The budget of 50 points a minute is spent: 10 are left, and this costs 20. Try again in 75 s."
            )
            told = error["extensions"]
            assert told.pop("requestId")
            assert told == {
                "code": "RATE_LIMITED",
                "retryAfter": 75,
                "rate": {"limit": 50, "remaining": 10, "resetAt": "1970-01-01T01:42:00Z"},
            }
        clock[0] += 75
        assert (await client.post("/graphql", json={"query": ROLES})).status_code == 200


async def test_a_kept_plan_costs_what_its_query_costs(db: Db, monkeypatch: pytest.MonkeyPatch, clock: list[float]) -> None:
    async with limited(db, monkeypatch, RateLimits(cost=1_000_000)) as client:
        query = "query ($n: Int!) { accounts(first: $n) { edges { node { name } } } }"
        left: list[int] = []
        for size in (3, 3, 3, 50, 50):  # each size has a plan of its own
            answer = await client.post("/graphql", json={"query": query, "variables": {"n": size}})
            left.append(int(answer.headers["ratelimit-remaining"]))
        spent = [before - after for before, after in zip([1_000_000, *left], left, strict=False)]
        assert spent[0] == spent[1] == spent[2] < spent[3] == spent[4]


async def test_a_refused_mutation_does_nothing(db: Db, monkeypatch: pytest.MonkeyPatch, clock: list[float]) -> None:
    known = await plant(db, {"a": None})
    assert known.keys() == {"a"}
    rename = 'mutation { upsertAccounts(input: {accounts: [{externalId: "a", name: "B"}]}) { updated accounts { name } } }'
    async with limited(db, monkeypatch, RateLimits(cost=30)) as client:
        assert (await client.post("/graphql", json={"query": ROLES})).status_code == 200
        assert (await client.post("/graphql", json={"query": rename})).status_code == 429
        assert (await client.post("/graphql", json={"query": "{ nothing }"})).status_code == 429  # reading is work, too
    async with limited(db, monkeypatch, RateLimits(cost=10_000)) as client:
        name = await client.post("/graphql", json={"query": '{ account(externalId: "a") { name } }'})
        assert name.json() == {"data": {"account": {"name": "a"}}}


async def test_files_and_tables_cost_too(db: Db, monkeypatch: pytest.MonkeyPatch, clock: list[float], tmp_path: Any) -> None:
    async with limited(db, monkeypatch, RateLimits(cost=10)) as client:
        assert (await client.get("/export/buying-groups.csv")).status_code == 200
        again = await client.get("/export/buying-groups.csv")
        assert (again.status_code, again.json()["errors"][0]["extensions"]["code"]) == (429, "RATE_LIMITED")
        assert again.headers["retry-after"]


async def test_so_many_requests_at_once_and_no_more(db: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    asking = ANN
    async with limited(db, monkeypatch, RateLimits(concurrent=5), lambda: asking) as client:
        go = asyncio.Event()
        real = Db.read

        async def slow(self: Db, query: Query, **params: Any) -> Any:
            if query.name != "key/known":
                await go.wait()
            return await real(self, query, **params)

        assert (await client.post("/graphql", json={"query": "{ viewer { subject } }"})).status_code == 200
        monkeypatch.setattr(Db, "read", slow)
        tasks = [asyncio.create_task(client.post("/graphql", json={"query": ROLES})) for _ in range(5)]
        for _ in range(200):
            await asyncio.sleep(0)
        refused = await client.post("/graphql", json={"query": ROLES})
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
        words = "5 requests of this credential are being answered already. Try again in 1 s."
        assert refused.json()["errors"][0]["message"] == words
        asking = BEN  # whom that does not concern
        other = asyncio.create_task(client.post("/graphql", json={"query": ROLES}))
        await asyncio.sleep(0)
        go.set()
        assert [answer.status_code for answer in await asyncio.gather(*tasks, other)] == [200] * 6


async def test_operations_on_sockets_count_too(db: Db, clock: list[float]) -> None:
    documents: Any = Documents(schema._schema)
    made = Context(db, Cursors(b"a secret of the tests"), Hub(db), documents, None, rates=Rates(RateLimits(cost=22)), caller=ANN)
    follow = 'subscription { jobProgress(id: "x") { status } }'
    codes: list[Any] = []
    for query in (ROLES, ROLES, follow, follow):
        results: Any = await schema.stream(query, context_value=made)
        async for result in results:
            codes.append(result.errors and result.errors[0].extensions["code"])
            break
    assert codes == [None, "RATE_LIMITED", "BAD_USER_INPUT", "RATE_LIMITED"]
