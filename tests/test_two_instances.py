"""Two processes of `buying-groups serve` on one database: what one of them leaves undone or untold, the other does and tells."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from httpx2 import AsyncClient, ConnectError, TransportError
from listening import messages, subscribed
from make import BY, Api, Person, card, live_template, plant, role_ids, rows, sell, title

from api import ids
from graph import audiences, interests, jobs
from graph.audiences import AudienceSpec
from graph.db import Db, Tx
from graph.embedded import Server
from graph.interests import InterestSpec
from graph.model import FilterOperator, HierarchyScope
from graph.queries import Query

COMMAND = Path(sys.executable).parent / "buying-groups"

# 50 corporations with nine departments each: a chief at each top, an analyst and a clerk in each department.
TOPS = [f"top{n:02}" for n in range(50)]
TREE: dict[str, str | None] = {**dict.fromkeys(TOPS), **{f"{top} dept{n}": top for top in TOPS for n in range(9)}}
CROWD = [
    *(Person(f"chief of {top}", {top: None}, "Chief Officer") for top in TOPS),
    *(Person(f"{who} of {key}", {key: None}, who) for key, top in TREE.items() if top for who in ("analyst", "clerk")),
]
# Who is in which group by the rules of `sold`: (account, person, role, source, through which account, how far away).
CHIEFS = [(key, f"chief of {top or key}", "Decision Maker", "SYSTEM", top or key, 1 if top else 0) for key, top in TREE.items()]
ANALYSTS = [(key, f"analyst of {key}", "Practitioner", "SYSTEM", key, 0) for key, top in TREE.items() if top]
# Three required roles, two of them filled in a department.
COMPLETENESS = {key: 200 / 3 if top else 100 / 3 for key, top in TREE.items()}


# --- the processes --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Instance:
    """A process that serves, and a client of it."""

    process: asyncio.subprocess.Process
    api: Api

    def holds(self, address: str) -> bool:
        """Whether an address of a client of the database is this process's end of a connection."""
        port = int(address.rpartition(":")[2])
        return any(one.laddr.port == port for one in psutil.Process(self.process.pid).net_connections("tcp"))


def environment(server: Server) -> dict[str, str]:
    """What a process on the tests' server needs: the database, and a port of its own to answer on."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("BUYING_GROUPS_", "NEO4J_"))}
    at = server.connection
    database = {"NEO4J_URI": at.uri, "NEO4J_USERNAME": at.username, "NEO4J_PASSWORD": at.password}
    return {**kept, **database, "BUYING_GROUPS_PORT": "0", "BUYING_GROUPS_GRAPHIQL": "false"}


@asynccontextmanager
async def serving(server: Server, db: Db, folder: Path) -> AsyncGenerator[Instance]:
    """A process of `buying-groups serve` that answers. It has ended when this is left."""
    process = await asyncio.create_subprocess_exec(
        COMMAND, "serve", env=environment(server), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        async with AsyncClient(base_url=await address(process), timeout=120) as client:
            yield Instance(process, Api(client, db))
    finally:
        if process.returncode is None:
            process.terminate()
        try:
            await asyncio.wait_for(process.communicate(), 30)
        except TimeoutError:
            process.kill()
            await process.communicate()


async def address(process: asyncio.subprocess.Process) -> str:
    """Where a process says that it serves, once it does."""
    assert process.stdout is not None
    said = b""
    async with asyncio.timeout(60):
        while not said.startswith(b"GraphQL"):
            said = await process.stdout.readline()
            assert said, "it ended without having served"
        url = said.split()[1].decode()
        async with AsyncClient() as client:
            while True:
                try:
                    await client.post(url, json={"query": "{ __typename }"})
                    return url.removesuffix("/graphql")
                except ConnectError:
                    await asyncio.sleep(0.05)


@asynccontextmanager
async def two(server: Server, db: Db, folder: Path) -> AsyncGenerator[tuple[Instance, Instance]]:
    """Two instances that have nothing to do: the daily jobs of this day are done."""
    await jobs.queue_daily(db, time(), datetime.now(UTC) + timedelta(days=1))
    await jobs.run_all(db)
    async with serving(server, db, folder) as one, serving(server, db, folder) as other:
        yield one, other


# --- the job --------------------------------------------------------------------------------------------------------

CREATE = """mutation ($interest: ID!, $audience: ID!) {
  createBuyingGroups(input: { solutionInterestId: $interest, accountAudienceId: $audience }) { job { id } userErrors { message } }
}"""
JOB = """fragment told on Job { status error progress {
  accountsTotal accountsDone groupsCreated membersAdded membersRemoved rolesChanged overruled
} }"""
DONE = {
    "accountsTotal": len(TREE),
    "accountsDone": len(TREE),
    "groupsCreated": len(TREE),
    "membersAdded": len(CHIEFS) + len(ANALYSTS),
    "membersRemoved": 0,
    "rolesChanged": 0,
    "overruled": 0,
}


async def offer(db: Db) -> dict[str, str]:
    """An interest, and an audience of all accounts: the variables of CREATE."""
    known, roles = await plant(db, TREE, CROWD), await role_ids(db)
    cards = [
        card(roles["Decision Maker"], title(FilterOperator.STARTS_WITH, "chief"), HierarchyScope.ANCESTORS),
        card(roles["Practitioner"], title(FilterOperator.IS, "analyst")),
        card(roles["Champion"]),
    ]
    interest = await interests.create(db, InterestSpec("Interest", await live_template(db, cards)), by=BY)
    audience = await audiences.create(db, AudienceSpec("Audience", account_ids=[known[key] for key in TREE]), by=BY)
    return {"interest": ids.encode("SolutionInterest", interest), "audience": ids.encode("AccountAudience", audience)}


async def start(api: Api, offered: dict[str, str]) -> str:
    """Asks for the groups; returns the job's id."""
    return (await api.data(CREATE, **offered))["createBuyingGroups"]["job"]["id"]


async def state(api: Api, job: str) -> dict[str, Any]:
    return (await api.data(JOB + "query ($id: ID!) { job(id: $id) { ...told } }", id=job))["job"]


@asynccontextmanager
async def standing_still(db: Db) -> AsyncGenerator[None]:
    """A job that makes the groups gets no further than its fifth batch meanwhile, however fast it is."""
    held, over = asyncio.Event(), asyncio.Event()

    async def hold(tx: Tx) -> None:
        await tx.run(LOCK)
        held.set()
        await over.wait()

    holding = asyncio.create_task(db.transaction(hold, bounded=False))
    try:
        await held.wait()
        yield
    finally:
        over.set()
        await holding


LOCK = Query("tests/lock", "MATCH (a:Account) WITH a ORDER BY a.id SKIP 225 LIMIT 1 SET a._l = true REMOVE a._l", "write")


async def midway(api: Api, job: str) -> None:
    """Returns once the job has done a part."""
    async with asyncio.timeout(60):
        while not (told := await state(api, job))["progress"]["accountsDone"]:
            pass
    assert told["status"] == "RUNNING"
    assert told["progress"]["accountsDone"] < len(TREE)


async def ended(api: Api, job: str) -> dict[str, Any]:
    """The job when it is over, by following its progress."""
    body = {"query": JOB + "subscription ($id: ID!) { jobProgress(id: $id) { ...told } }", "variables": {"id": job}}
    answer = await api.client.post("/graphql", json=body, headers={"accept": "text/event-stream"})
    told = [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: {")]
    return told[-1]["data"]["jobProgress"]


async def worker(db: Db, instances: Sequence[Instance]) -> Instance:
    """The instance whose transaction does the job's batch at this moment."""
    working = "SHOW TRANSACTIONS YIELD clientAddress, metaData WHERE metaData.statement = 'job/create_batch'"
    async with asyncio.timeout(60):
        while True:
            for row in await rows(db, working):
                return next(one for one in instances if one.holds(row["clientAddress"]))


# --- what must be true in the end -----------------------------------------------------------------------------------


async def check_each_group_is_there_once_with_its_members(db: Db) -> None:
    found = await rows(
        db,
        """MATCH (g:BuyingGroup)-[:FOR_ACCOUNT]->(a:Account)
        RETURN a.externalId AS account, g.completeness AS completeness, g.engagementScore AS engagement ORDER BY account""",
    )
    assert [row["account"] for row in found] == sorted(TREE)
    assert {row["account"]: row["completeness"] for row in found} == pytest.approx(COMPLETENESS)
    assert {row["engagement"] for row in found} == {0}  # which the job has calculated: nobody was active
    assert (await rows(db, "RETURN COUNT { (:BuyingGroup) } AS groups"))[0]["groups"] == len(TREE)
    seats = await rows(
        db,
        """MATCH (p:Person)-[m:MEMBER_OF]->(:BuyingGroup)-[:FOR_ACCOUNT]->(a:Account) MATCH (t:Account {id: m.accountId})
        RETURN [a.externalId, p.externalId, m.role, m.source, t.externalId, m.distance] AS seat""",
    )
    assert sorted(tuple(row["seat"]) for row in seats) == sorted(CHIEFS + ANALYSTS)


async def check_each_change_was_recorded_once(db: Db) -> None:
    told = await rows(db, "MATCH (e:BuyingGroupEvent) RETURN e.type AS type, count(*) AS count")
    assert {row["type"]: row["count"] for row in told} == {
        "MEMBER_ASSIGNED": len(CHIEFS) + len(ANALYSTS),
        "COMPLETENESS_CHANGED": len(TREE),
        "ENGAGEMENT_CHANGED": len(TREE),
    }


async def check_the_doctor_finds_nothing(server: Server, folder: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        COMMAND, "doctor", env=environment(server), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    assert said.decode().endswith("The graph keeps what it promises.\n")


# --- one is killed, one is left -------------------------------------------------------------------------------------


async def test_a_job_whose_instance_is_killed_is_finished_by_the_other(db: Db, server: Server, tmp_path: Path) -> None:
    """It takes as long as a lease, which the other instance must wait for."""
    offered = await offer(db)
    async with two(server, db, tmp_path) as instances:
        async with standing_still(db):
            job = await start(instances[0].api, offered)
            await midway(instances[0].api, job)
            killed = await worker(db, instances)
            killed.process.kill()
            assert await killed.process.wait() == -signal.SIGKILL
        (other,) = (one for one in instances if one is not killed)
        await midway(other.api, job)
        told = await ended(other.api, job)
    assert told == {"status": "SUCCEEDED", "error": None, "progress": DONE}
    await check_each_group_is_there_once_with_its_members(db)
    await check_each_change_was_recorded_once(db)
    await check_the_doctor_finds_nothing(server, tmp_path)


# --- one is lost, the other is asked --------------------------------------------------------------------------------

EVENT = """fragment event on BuyingGroupEvent {
  cursor type current person { externalId } buyingGroup { account { externalId } }
}"""
FOLLOW = EVENT + "subscription ($after: String) { buyingGroupEvents(after: $after) { ...event } }"
PULL = (
    EVENT
    + """query ($after: String) {
  events(after: $after, first: 100) { pageInfo { hasNextPage endCursor } edges { node { ...event } } }
}"""
)
SET = """mutation ($group: ID!, $status: String!) { setStatus(input: { buyingGroupId: $group, status: $status }) {
  buyingGroup { status } userErrors { message } } }"""


@dataclass(slots=True)
class Follower:
    """Someone who follows all events and keeps what came."""

    heard: list[dict[str, Any]]

    @property
    def cursor(self) -> str:
        """Where to go on."""
        return self.heard[-1]["cursor"]

    async def listen(self, instance: Instance, enough: Callable[[], bool]) -> None:
        """Goes on where it stands until it has heard enough; then the connection breaks."""
        url = instance.api.client.base_url.copy_with(scheme="ws", path="/graphql")
        async with subscribed(str(url), FOLLOW, after=self.cursor) as socket:
            async for payload in messages(socket):
                self.heard.append(payload["data"]["buyingGroupEvents"])
                if enough():
                    socket.transport.abort()
                    return


async def pulled(api: Api) -> list[dict[str, Any]]:
    """All events there are, the first one first."""
    found: list[dict[str, Any]] = []
    more, after = True, None
    while more:
        page = (await api.data(PULL, after=after))["events"]
        found += [edge["node"] for edge in page["edges"]]
        more, after = page["pageInfo"]["hasNextPage"], page["pageInfo"]["endCursor"]
    return found


async def test_a_follower_who_lost_the_connection_goes_on_at_the_other_and_misses_nothing(
    db: Db, server: Server, tmp_path: Path
) -> None:
    """It is away from the middle of the job to its end."""
    offered = await offer(db)
    account = (await rows(db, "MATCH (a:Account {externalId: $key}) RETURN a.id AS id", key=TOPS[0]))[0]["id"]
    sold = await sell(db, [card((await role_ids(db))["Champion"])], [account], name="Other interest")
    group = ids.encode("BuyingGroup", sold.groups[account])
    async with two(server, db, tmp_path) as (one, other), asyncio.timeout(120):
        await one.api.data(SET, group=group, status="first")
        before = await pulled(one.api)
        follower = Follower(before[-1:])
        listening = asyncio.create_task(follower.listen(one, lambda: len(follower.heard) == 100))
        async with standing_still(db):
            job = await start(one.api, offered)
            await listening
            await midway(one.api, job)
        assert (await ended(one.api, job))["status"] == "SUCCEEDED"
        await one.api.data(SET, group=group, status="last")
        await follower.listen(other, lambda: follower.heard[-1]["current"] == "last")
        told = await pulled(other.api)
    assert follower.heard == told[len(before) - 1 :]
    assert len({event["cursor"] for event in told}) == len(told)
    assert len(follower.heard) == 1 + len(CHIEFS) + len(ANALYSTS) + 2 * len(TREE) + 1


# --- nothing twice --------------------------------------------------------------------------------------------------

KEYS, CALLS = 100, 8  # and how often each key is used
ONCE = """mutation ($key: String!, $person: ID!, $group: ID!, $role: ID!, $rows: [AccountInput!]!) {
  assignMembers(
    input: { buyingGroupId: $group, members: [{ personId: $person, roleId: $role }] }, idempotencyKey: $key
  ) { results { outcome standing { id } } userErrors { code } }
  upsertAccounts(input: { accounts: $rows }, idempotencyKey: $key) { created updated accounts { id } userErrors { code } }
}"""


async def calls(
    instances: list[Instance], variables: Sequence[dict[str, Any]], killing: Callable[[int], Awaitable[None]]
) -> tuple[list[str], int]:
    """The answers to all calls, by sixteen clients who ask another instance until they have one; and how often they had to.
    `killing` is told how many calls are answered."""
    waiting, answers, broken = list(variables), list[str](), 0

    async def client(number: int) -> None:
        nonlocal broken
        while waiting:
            given, tries = waiting.pop(), number
            while True:
                tries += 1
                try:
                    answers.append(f"{given['key']} {json.dumps(await instances[tries % 2].api.data(ONCE, **given))}")
                    break
                except TransportError:
                    broken += 1
                    await asyncio.sleep(0.05)
            await killing(len(answers))

    await asyncio.gather(*(client(number) for number in range(16)))
    return answers, broken


async def test_many_calls_with_few_keys_have_few_effects_over_two_instances_that_are_killed(
    db: Db, server: Server, tmp_path: Path
) -> None:
    people = [Person(f"p{n:03}", {"a": None}) for n in range(KEYS)]
    known, roles = await plant(db, {"a": None}, people), await role_ids(db)
    sold = await sell(db, [card(roles["Champion"])], [known["a"]])
    one = {"group": ids.encode("BuyingGroup", sold.groups[known["a"]]), "role": ids.encode("Role", roles["Champion"])}
    given = [
        {**one, "key": f"k{n}", "person": ids.encode("Person", known[f"p{n:03}"]), "rows": [{"externalId": f"x{n}", "name": "X"}]}
        for n in [*range(KEYS)] * CALLS
    ]
    async with AsyncExitStack() as stack, asyncio.timeout(300):
        instances = [await stack.enter_async_context(serving(server, db, tmp_path)) for _ in range(2)]
        kills = [KEYS * CALLS // 6 * n for n in (1, 2, 3, 4)]

        async def kill(answered: int) -> None:
            """One of the two, in turns, while the others are in the middle of their calls."""
            if kills and answered >= kills[0]:
                kills.pop(0)
                place = len(kills) % 2
                instances[place].process.kill()
                assert await instances[place].process.wait() == -signal.SIGKILL
                instances[place] = await stack.enter_async_context(serving(server, db, tmp_path))

        answers, broken = await calls(instances, given, kill)
    assert (len(answers), len(set(answers)), kills) == (KEYS * CALLS, KEYS, [])
    assert broken > 0
    told = [json.loads(answer.partition(" ")[2]) for answer in set(answers)]
    assert {one["assignMembers"]["results"][0]["outcome"] for one in told} == {"APPLIED"}
    assert {(one["upsertAccounts"]["created"], one["upsertAccounts"]["updated"]) for one in told} == {(1, 0)}
    counted = """RETURN COUNT { (:MembershipEvent) } AS events, COUNT { ()-[:MEMBER_OF]->() } AS members,
      COUNT { (:Account {name: 'X'}) } AS accounts, COUNT { (:_IdempotencyKey) } AS keys"""
    assert await rows(db, counted) == [{"events": KEYS, "members": KEYS, "accounts": KEYS, "keys": 2 * KEYS}]
    await check_the_doctor_finds_nothing(server, tmp_path)
