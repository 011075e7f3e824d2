"""The stream of events: complete, in order, each once, for those who pull and for those who follow."""

from __future__ import annotations

import asyncio
import gc
import json
from typing import Any

from graphql import Executor
from httpx2 import AsyncClient
from listening import messages, subscribed
from make import Api, Person, api_over, card, plant, role_ids, rows, sell, serving, title

from graph import events, jobs, members, people
from graph.db import Db
from graph.model import AssignmentSource, FilterOperator

PULL = """query($after: String, $first: Int, $types: [BuyingGroupEventType!], $interest: ID, $account: ID) {
  events(after: $after, first: $first, types: $types, solutionInterestId: $interest, accountId: $account) {
    pageInfo { hasNextPage endCursor }
    edges { cursor node { cursor type previous current person { externalId } role { name } buyingGroup { name } } }
  }
}"""


async def market(db: Db, accounts: int = 1) -> tuple[dict[str, str], dict[str, str], Any]:
    roles = await role_ids(db)
    tree = {f"a{n:03}": None for n in range(accounts)}
    crowd = [Person(f"p{n:03}", {f"a{n:03}": None}, "Director") for n in range(accounts)]
    known = await plant(db, tree, crowd)
    cards = [card(roles["Decision Maker"], title(FilterOperator.IS, "director")), card(roles["Champion"])]
    sold = await sell(db, cards, [known[a] for a in tree])
    return roles, known, sold


async def pulled(api: Api, **args: Any) -> list[tuple[Any, ...]]:
    page = (await api.data(PULL, **args))["events"]
    return [seen(edge["node"]) for edge in page["edges"]]


def seen(node: dict[str, Any]) -> tuple[Any, ...]:
    return (node["type"], node["person"] and node["person"]["externalId"], node["previous"], node["current"])


async def test_every_change_is_told_once_and_in_order(api: Api, db: Db) -> None:
    roles, known, sold = await market(db)
    group = sold.groups[known["a000"]]
    manual = AssignmentSource.MANUAL
    await members.assign(db, group, [(known["p000"], roles["Champion"])], source=manual, by="x")
    await members.assign(db, group, [(known["p000"], roles["Champion"])], source=manual, by="x")  # UNCHANGED
    await members.remove(db, group, [known["p000"]], source=AssignmentSource.JOURNEY, by="x")  # OVERRULED
    await members.remove(db, group, [known["p000"]], source=manual, by="x")
    await members.remove(db, group, [known["p000"]], source=manual, by="x")  # UNCHANGED
    assert await pulled(api) == [
        ("MEMBER_ASSIGNED", "p000", None, "Decision Maker"),
        ("COMPLETENESS_CHANGED", None, None, "50.0"),
        ("ENGAGEMENT_CHANGED", None, None, "0.0"),
        ("MEMBER_ASSIGNED", "p000", "Decision Maker", "Champion"),
        ("MEMBER_REMOVED", "p000", "Champion", None),
        ("COMPLETENESS_CHANGED", None, "50.0", "0.0"),
    ]


async def test_a_manual_decision_for_what_stood_already_is_no_event(api: Api, db: Db) -> None:
    roles, known, sold = await market(db)
    group = sold.groups[known["a000"]]
    done = await members.assign(db, group, [(known["p000"], roles["Decision Maker"])], source=AssignmentSource.MANUAL, by="x")
    assert done.results[0].outcome == "APPLIED"
    assert [type for type, *_ in await pulled(api)] == ["MEMBER_ASSIGNED", "COMPLETENESS_CHANGED", "ENGAGEMENT_CHANGED"]


async def test_what_maintenance_changes_is_told_with_what_was_before(api: Api, db: Db) -> None:
    roles = await role_ids(db)
    known = await plant(db, {"a": None}, [Person(key, {"a": None}, "Director") for key in ("goes", "moves", "stays")])
    cards = [
        card(roles["Decision Maker"], title(FilterOperator.IS, "director"), members_required=4),
        card(roles["Influencer"], title(FilterOperator.IS, "head")),
    ]
    sold = await sell(db, cards, [known["a"]], follow=True)
    before = (await api.data(PULL, first=100))["events"]["pageInfo"]["endCursor"]
    await people.upsert(
        db, [{"externalId": key, "jobTitle": word} for key, word in (("goes", "Clerk"), ("moves", "Head"))], by="x"
    )
    await plant(db, {}, [Person("comes", {"a": None}, "Head")])
    await jobs.start_maintenance(db, sold.interest_id, by="x")
    await api.run_jobs()
    told = await pulled(api, after=before)
    assert sorted(told[:-1]) == [
        ("MEMBER_ASSIGNED", "comes", None, "Influencer"),
        ("MEMBER_ASSIGNED", "moves", "Decision Maker", "Influencer"),
        ("MEMBER_REMOVED", "goes", "Decision Maker", None),
    ]
    assert told[-1] == ("COMPLETENESS_CHANGED", None, "37.5", "62.5")


async def test_pages_go_on_where_the_last_ended_and_filters_keep_the_place(api: Api, db: Db) -> None:
    _, known, sold = await market(db, 3)
    everything = (await api.data(PULL))["events"]["edges"]
    assert len(everything) == 9
    first = (await api.data(PULL, first=4))["events"]
    assert first["pageInfo"]["hasNextPage"]
    rest = (await api.data(PULL, after=first["pageInfo"]["endCursor"]))["events"]
    assert first["edges"] + rest["edges"] == everything
    assert [edge["cursor"] for edge in everything] == [edge["node"]["cursor"] for edge in everything]
    assert await pulled(api, types=["MEMBER_REMOVED"]) == []
    only = await pulled(api, types=["MEMBER_ASSIGNED"], account=f"acc_{known['a001']}")
    assert only == [("MEMBER_ASSIGNED", "p001", None, "Decision Maker")]
    assert len(await pulled(api, interest=f"int_{sold.interest_id}")) == 9
    assert await pulled(api, after=everything[-1]["cursor"]) == []


async def test_a_made_up_cursor_is_refused(api: Api, db: Db) -> None:
    errors = await api.errors(PULL, after="bWFkZSB1cA")
    assert errors[0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert errors[0]["message"].startswith("after: ")


async def test_numbers_have_no_gap_however_many_number_at_once(db: Db) -> None:
    roles, known, sold = await market(db, 5)

    async def decide(group: str, person: str) -> None:
        for _ in range(4):
            await members.assign(db, group, [(person, roles["Champion"])], source=AssignmentSource.MANUAL, by="x")
            await events.number(db)
            await members.remove(db, group, [person], source=AssignmentSource.MANUAL, by="x")

    pairs = [(sold.groups[known[f"a{n:03}"]], known[f"p{n:03}"]) for n in range(5)]
    await asyncio.gather(*(decide(*pair) for pair in pairs), *(events.number(db) for _ in range(5)))
    head = await events.number(db)
    found = [row["seq"] for row in await rows(db, "MATCH (e:BuyingGroupEvent) RETURN e.seq AS seq ORDER BY seq")]
    assert found == list(range(found[0], head + 1))
    per_group = await rows(
        db, "MATCH (e:BuyingGroupEvent)-[:IN]->(g) WITH g, e ORDER BY e.seq RETURN g.id AS g, collect(e.at) AS at"
    )
    assert all(row["at"] == sorted(row["at"]) for row in per_group)


# --- following ------------------------------------------------------------------------------------------------------


FOLLOW = """subscription($after: String, $types: [BuyingGroupEventType!], $interest: ID, $account: ID) {
  buyingGroupEvents(after: $after, types: $types, solutionInterestId: $interest, accountId: $account) {
    cursor type previous current person { externalId } buyingGroup { name }
  }
}"""


async def test_a_follower_hears_what_is_committed_and_goes_on_after_a_break(db: Db) -> None:
    roles, known, sold = await market(db, 2)
    group = sold.groups[known["a000"]]
    heard: list[dict[str, Any]] = []

    async def listen(port: int, until: int, **variables: Any) -> None:
        async with subscribed(f"ws://127.0.0.1:{port}/graphql", FOLLOW, **variables) as socket:
            async for payload in messages(socket):
                heard.append(payload["data"]["buyingGroupEvents"])
                if len(heard) == until:
                    return

    async def decide(times: int) -> None:
        for _ in range(times):
            await members.assign(db, group, [(known["p000"], roles["Champion"])], source=AssignmentSource.MANUAL, by="x")
            await members.remove(db, group, [known["p000"]], source=AssignmentSource.MANUAL, by="x")

    async with api_over(db) as api:
        first = (await api.data(PULL, first=1))["events"]["edges"][0]["cursor"]
    async with serving(db) as port, asyncio.timeout(30):
        listening = asyncio.create_task(listen(port, 5 + 3, after=first))  # five are left, three come
        await decide(1)
        await listening  # the connection is gone now
        await decide(3)
        await listen(port, 8 + 3 * 4, after=heard[-1]["cursor"])
    async with api_over(db) as api:
        told = [edge["node"] for edge in (await api.data(PULL, first=100))["events"]["edges"]]
    assert [one["cursor"] for one in heard] == [one["cursor"] for one in told[1:]]


async def test_following_takes_no_more_memory_the_longer_it_goes_on(api: Api, db: Db) -> None:
    await market(db, accounts=20)
    first = (await api.data(PULL, first=1))["events"]["edges"][0]["cursor"]
    async with serving(db, jobs=False) as port, subscribed(f"ws://127.0.0.1:{port}/graphql", FOLLOW, after=first) as socket:
        heard = messages(socket)
        for _ in range(50):
            assert "errors" not in await anext(heard)
        gc.collect()
        executors = [one for one in gc.get_objects() if isinstance(one, Executor)]
        assert executors
        # One event is being executed at most, and remembers its own few fields.
        assert sum(len(one._relevant_sub_fields) for one in executors) < 10


async def test_a_follower_hears_only_what_was_asked_for(db: Db) -> None:
    roles, known, _ = await market(db, 3)
    other = await sell(db, [card(roles["Champion"])], [known["a000"], known["a001"]], name="Other")
    async with api_over(db) as api:
        first = (await api.data(PULL, first=1))["events"]["edges"][0]["cursor"]

    async def heard(port: int, count: int, **wanted: Any) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = []
        async with subscribed(f"ws://127.0.0.1:{port}/graphql", FOLLOW, after=first, **wanted) as socket:
            async for payload in messages(socket):
                one = payload["data"]["buyingGroupEvents"]
                found.append((one["buyingGroup"]["name"], one["type"]))
                if len(found) == count:
                    break
        return sorted(found)

    manual = AssignmentSource.MANUAL
    async with serving(db) as port, asyncio.timeout(30):
        asked = [
            heard(port, 3, types=["MEMBER_REMOVED"]),
            heard(port, 5, interest=f"int_{other.interest_id}", types=["MEMBER_ASSIGNED", "MEMBER_REMOVED"]),
            heard(port, 2, account=f"acc_{known['a001']}", interest=f"int_{other.interest_id}", types=["MEMBER_ASSIGNED"]),
        ]
        listening = asyncio.gather(*asked)
        for key in ("a000", "a001", "a000"):
            group, person = other.groups[known[key]], known[key.replace("a", "p")]
            await members.assign(db, group, [(person, roles["Champion"])], source=manual, by="x")
            await members.remove(db, group, [person], source=manual, by="x")
        await members.assign(db, other.groups[known["a001"]], [(known["p001"], roles["Champion"])], source=manual, by="x")
        removed, of_interest, of_account = await listening
    assert removed == [("Other for a000", "MEMBER_REMOVED")] * 2 + [("Other for a001", "MEMBER_REMOVED")]
    assert of_interest == [
        ("Other for a000", "MEMBER_ASSIGNED"),
        ("Other for a000", "MEMBER_ASSIGNED"),
        ("Other for a000", "MEMBER_REMOVED"),
        ("Other for a001", "MEMBER_ASSIGNED"),
        ("Other for a001", "MEMBER_REMOVED"),
    ]
    assert of_account == [("Other for a001", "MEMBER_ASSIGNED")] * 2


async def test_server_sent_events_carry_a_subscription(db: Db) -> None:
    _, _, sold = await market(db)
    body = {"query": "subscription($id: ID!) { jobProgress(id: $id) { status progress { groupsCreated membersAdded } } }"}
    body["variables"] = {"id": f"job_{sold.job_id}"}  # type: ignore[assignment]
    async with serving(db) as port, AsyncClient() as client:
        answer = await client.post(
            f"http://127.0.0.1:{port}/graphql", json=body, headers={"accept": "text/event-stream"}, timeout=10
        )
    assert answer.headers["content-type"].startswith("text/event-stream")
    data = [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: {")]
    done = {"status": "SUCCEEDED", "progress": {"groupsCreated": 1, "membersAdded": 1}}
    assert data == [{"data": {"jobProgress": done}}]


async def test_a_subscription_to_nothing_is_told_so(db: Db) -> None:
    nothing = 'subscription { jobProgress(id: "job_11111111-1111-1111-1111-111111111111") { status } }'
    async with serving(db) as port, subscribed(f"ws://127.0.0.1:{port}/graphql", nothing) as socket:
        message = json.loads(await socket.recv())
    assert message["type"] == "next"
    assert message["payload"]["errors"][0]["message"] == "id: There is no job with this id."
    assert message["payload"]["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
