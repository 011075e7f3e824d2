"""Jobs: what becomes of them when they are asked for twice, cancelled, abandoned, shared, or go wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from deciding import job, maintain
from make import BY, Api, card, live_template, plant, role_ids, rows, sell, title
from make import Person as Someone

from api import ids
from graph import audiences, creation, interests, jobs, maintenance, slices
from graph.audiences import AudienceSpec
from graph.db import Db
from graph.errors import TooExpensive, Unavailable
from graph.interests import InterestSpec
from graph.model import FilterOperator, SellingLevel
from graph.queries import query

CHIEF = "Decision Maker"
ACCOUNTS = [f"a{n}" for n in range(7)]
CREATE = """mutation ($input: CreateBuyingGroupsInput!) { createBuyingGroups(input: $input) {
  job { id kind status solutionInterest { name } accountAudience { name } createdBy startedAt finishedAt }
  userErrors { field code } } }"""
CANCEL = "mutation ($id: ID!) { cancelJob(id: $id) { job { status } userErrors { field code message } } }"
DELETE = "mutation ($id: ID!) { deleteJob(id: $id) { deletedId userErrors { field code } } }"


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(creation, "BATCH", 2)
    monkeypatch.setattr(creation, "LOOK", 4)
    monkeypatch.setattr(maintenance, "BATCH", 2)
    monkeypatch.setattr(maintenance, "SETTLED", 2)


async def _parts(db: Db, keys: Sequence[str] = ACCOUNTS, level: SellingLevel = SellingLevel.AS_LISTED) -> tuple[str, str]:
    """An interest and an audience of accounts with a chief each."""
    tree = dict.fromkeys(keys)
    planted = await plant(db, tree, [Someone(f"chief of {key}", {key: None}, "chief") for key in keys])
    named = await role_ids(db)
    template = await live_template(db, [card(named[CHIEF], title(FilterOperator.IS, "chief"))])
    interest = await interests.create(db, InterestSpec("Interest", template, selling_level=level), by=BY)
    audience = await audiences.create(db, AudienceSpec("Audience", account_ids=[planted[key] for key in keys]), by=BY)
    return interest, audience


async def _counts(db: Db) -> dict[str, int]:
    """Groups, the accounts that they sit at, memberships and decisions."""
    counted = """RETURN COUNT { (:BuyingGroup) } AS groups, COUNT { (:BuyingGroup)-[:FOR_ACCOUNT]->(:Account) } AS seats,
      COUNT { (:Person)-[:MEMBER_OF]->() } AS members, COUNT { (:MembershipEvent) } AS events,
      COUNT { MATCH (g:BuyingGroup) WHERE g.completeness = 100 } AS complete"""
    return (await rows(db, counted))[0]


make = creation._make
ALL_DONE = {"groups": 7, "seats": 7, "members": 7, "events": 7, "complete": 7}
PROGRESS = {
    "accountsTotal": 7,
    "accountsDone": 7,
    "groupsCreated": 7,
    "membersAdded": 7,
    "membersRemoved": 0,
    "rolesChanged": 0,
    "overruled": 0,
}


# --- creation -------------------------------------------------------------------------------------------------------


async def test_a_creation_job_tells_its_progress_and_links_the_audience(api: Api) -> None:
    interest, audience = await _parts(api.db)
    wanted = {
        "solutionInterestId": ids.encode("SolutionInterest", interest),
        "accountAudienceId": ids.encode("AccountAudience", audience),
    }
    payload = (await api.data(CREATE, input=wanted))["createBuyingGroups"]
    queued = payload["job"]
    assert (payload["userErrors"], queued["kind"], queued["status"]) == ([], "CREATE", "QUEUED")
    assert (queued["solutionInterest"], queued["accountAudience"]) == ({"name": "Interest"}, {"name": "Audience"})
    assert (queued["createdBy"], queued["startedAt"], queued["finishedAt"]) == ("local", None, None)
    linked = "query ($id: ID!) { node(id: $id) { ... on SolutionInterest { accountAudiences { name } jobs { totalCount } } } }"
    assert (await api.data(linked, id=wanted["solutionInterestId"]))["node"] == {
        "accountAudiences": [{"name": "Audience"}],
        "jobs": {"totalCount": 1},
    }
    assert await api.run_jobs() == 1
    done = await job(api, queued["id"])
    assert (done["status"], done["error"], done["progress"]) == ("SUCCEEDED", None, PROGRESS)
    assert await _counts(api.db) == ALL_DONE


async def test_creation_again_changes_nothing(api: Api) -> None:
    interest, audience = await _parts(api.db)
    await jobs.start_creation(api.db, interest, audience, by=BY)
    await api.run_jobs()
    everything = """MATCH (g:BuyingGroup) OPTIONAL MATCH (p)-[m:MEMBER_OF]->(g)
    RETURN properties(g) AS group, properties(m) AS member ORDER BY g.id"""
    before = await rows(api.db, everything)
    again = await jobs.start_creation(api.db, interest, audience, by=BY)
    await api.run_jobs()
    assert await rows(api.db, everything) == before
    assert await _counts(api.db) == ALL_DONE
    told = (await job(api, ids.encode("Job", again)))["progress"]
    assert told == {**dict.fromkeys(PROGRESS, 0), "accountsTotal": 7, "accountsDone": 7}


async def test_creation_for_a_second_audience_makes_what_it_lacks(api: Api) -> None:
    interest, audience = await _parts(api.db)
    planted = {row["k"]: row["id"] for row in await rows(api.db, "MATCH (a:Account) RETURN a.externalId AS k, a.id AS id")}
    some = await audiences.create(api.db, AudienceSpec("Some", account_ids=[planted["a1"], planted["a2"]]), by=BY)
    await jobs.start_creation(api.db, interest, some, by=BY)
    await api.run_jobs()
    rest = await jobs.start_creation(api.db, interest, audience, by=BY)
    await api.run_jobs()
    told = (await job(api, ids.encode("Job", rest)))["progress"]
    assert (told["accountsDone"], told["groupsCreated"]) == (7, 5)
    assert await _counts(api.db) == ALL_DONE


async def test_sold_to_the_top_makes_one_group_per_top_however_many_accounts_are_listed(api: Api) -> None:
    tree = {"t1": None, "x1": "t1", "x2": "x1", "x3": "x1", "t2": None, "y1": "t2", "t3": None}
    planted = await plant(api.db, tree)
    named = await role_ids(api.db)
    listed = [planted[key] for key in ("x1", "x2", "x3", "y1", "t2")]
    sold = await sell(api.db, [card(named[CHIEF])], listed, level=SellingLevel.TOP)
    assert sold.groups.keys() == {planted["t1"], planted["t2"]}
    told = (await job(api, ids.encode("Job", sold.job_id)))["progress"]
    assert (told["accountsTotal"], told["accountsDone"], told["groupsCreated"]) == (5, 5, 2)
    names = await rows(api.db, "MATCH (g:BuyingGroup) RETURN g.name AS name ORDER BY name")
    assert [row["name"] for row in names] == ["Interest for t1", "Interest for t2"]


async def test_creation_of_what_does_not_exist_is_refused(api: Api) -> None:
    interest, audience = await _parts(api.db, ACCOUNTS[:1])
    known = (ids.encode("SolutionInterest", interest), ids.encode("AccountAudience", audience))
    for wanted, field in (
        (("nobody", known[1]), "solutionInterestId"),
        ((known[0], "nobody"), "accountAudienceId"),
        ((known[0], known[0]), "accountAudienceId"),
    ):
        given = {"solutionInterestId": wanted[0], "accountAudienceId": wanted[1]}
        payload = (await api.data(CREATE, input=given))["createBuyingGroups"]
        assert payload == {"job": None, "userErrors": [{"field": [field], "code": "NOT_FOUND"}]}
    assert await rows(api.db, "MATCH (j:Job) RETURN j") == []
    assert await rows(api.db, "MATCH (:SolutionInterest)-[t:TARGETS]->() RETURN t") == []


# --- cancelled, deleted ---------------------------------------------------------------------------------------------


def _after(count: int, then: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Something happens between two batches: after so many of them."""
    real, done = jobs._batch, 0

    async def batch(*args: Any) -> Any:
        nonlocal done
        more = await real(*args)
        done += 1
        if done == count:
            await then()
        return more

    monkeypatch.setattr(jobs, "_batch", batch)


async def test_a_job_cancelled_between_batches_keeps_what_it_did(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    interest, audience = await _parts(api.db)
    own = ids.encode("Job", await jobs.start_creation(api.db, interest, audience, by=BY))

    async def cancel() -> None:
        assert (await api.data(CANCEL, id=own))["cancelJob"] == {"job": {"status": "CANCELLED"}, "userErrors": []}

    _after(2, cancel, monkeypatch)
    await api.run_jobs()
    told = await job(api, own)
    assert (told["status"], told["progress"]["accountsDone"], told["progress"]["groupsCreated"]) == ("CANCELLED", 4, 4)
    assert await _counts(api.db) == dict.fromkeys(ALL_DONE, 4)
    (error,) = (await api.data(CANCEL, id=own))["cancelJob"]["userErrors"]
    assert (error["field"], error["code"]) == (["id"], "NOT_EDITABLE")
    again = await jobs.start_creation(api.db, interest, audience, by=BY)  # makes the rest
    await api.run_jobs()
    assert (await job(api, ids.encode("Job", again)))["progress"]["groupsCreated"] == 3
    assert await _counts(api.db) == ALL_DONE


async def test_a_job_cancelled_before_it_began_does_nothing(api: Api) -> None:
    interest, audience = await _parts(api.db)
    own = ids.encode("Job", await jobs.start_creation(api.db, interest, audience, by=BY))
    await api.data(CANCEL, id=own)
    assert await api.run_jobs() == 0
    assert await _counts(api.db) == dict.fromkeys(ALL_DONE, 0)


async def test_deleting_a_jobs_record_leaves_its_groups(api: Api) -> None:
    interest, audience = await _parts(api.db)
    own = ids.encode("Job", await jobs.start_creation(api.db, interest, audience, by=BY))
    refused = {"deletedId": None, "userErrors": [{"field": ["id"], "code": "IN_USE"}]}
    assert (await api.data(DELETE, id=own))["deleteJob"] == refused  # it still waits
    await api.run_jobs()
    assert (await api.data(DELETE, id=own))["deleteJob"] == {"deletedId": own, "userErrors": []}
    assert await job(api, own) is None
    assert await _counts(api.db) == ALL_DONE
    unknown = {"deletedId": None, "userErrors": [{"field": ["id"], "code": "NOT_FOUND"}]}
    assert (await api.data(DELETE, id=own))["deleteJob"] == unknown


# --- abandoned, taken up --------------------------------------------------------------------------------------------


async def _expire(db: Db) -> None:
    await rows(db, "MATCH (j:Job) SET j._leasedUntil = datetime() - duration('PT1S')")


async def _dies() -> None:
    raise Unavailable("the process is gone")


@pytest.mark.parametrize("batches", [1, 2, 3])
async def test_a_job_whose_process_died_between_batches_is_finished_by_another_with_nothing_done_twice(
    api: Api, monkeypatch: pytest.MonkeyPatch, batches: int
) -> None:
    interest, audience = await _parts(api.db)
    own = await jobs.start_creation(api.db, interest, audience, by=BY)
    _after(batches, _dies, monkeypatch)
    with pytest.raises(Unavailable):
        await jobs.run_next(api.db)
    assert (await job(api, ids.encode("Job", own)))["status"] == "RUNNING"
    assert await api.run_jobs() == 0  # it is still leased
    await _expire(api.db)
    assert await api.run_jobs() == 1
    told = await job(api, ids.encode("Job", own))
    assert (told["status"], told["progress"]) == ("SUCCEEDED", PROGRESS)
    assert await _counts(api.db) == ALL_DONE


async def test_a_job_whose_process_died_within_a_batch_does_that_batch_again_and_once(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    interest, audience = await _parts(api.db)
    own = await jobs.start_creation(api.db, interest, audience, by=BY)
    calls = 0

    async def dying(*args: Any, **more: Any) -> tuple[int, int]:
        nonlocal calls
        calls += 1
        made = await make(*args, **more)
        if calls == 2:
            await _dies()
        return made

    monkeypatch.setattr(creation, "_make", dying)
    with pytest.raises(Unavailable):
        await jobs.run_next(api.db)
    assert (await _counts(api.db))["groups"] == 2  # the second batch left nothing
    await _expire(api.db)
    await api.run_jobs()
    told = await job(api, ids.encode("Job", own))
    assert (told["status"], told["progress"]) == ("SUCCEEDED", PROGRESS)
    assert await _counts(api.db) == ALL_DONE


async def test_maintenance_that_died_goes_on_where_it_stood(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    interest, audience = await _parts(api.db)
    await jobs.start_creation(api.db, interest, audience, by=BY)
    await api.run_jobs()
    await interests.update(api.db, interest, {"updateExistingBuyingGroups": True}, by=BY)
    await rows(api.db, "MATCH (p:Person) SET p.jobTitle = 'clerk'")
    own = await jobs.start_maintenance(api.db, by=BY)
    _after(2, _dies, monkeypatch)
    with pytest.raises(Unavailable):
        await jobs.run_next(api.db)
    assert (await job(api, ids.encode("Job", own)))["progress"]["membersRemoved"] == 4
    await _expire(api.db)
    await api.run_jobs()
    told = await job(api, ids.encode("Job", own))
    assert (told["status"], told["progress"]["membersRemoved"]) == ("SUCCEEDED", 7)
    assert await _counts(api.db) == {**ALL_DONE, "members": 0, "events": 14, "complete": 0}


@pytest.mark.parametrize("breaks", [False, True])
async def test_an_instance_that_lost_its_lease_does_nothing_more(api: Api, monkeypatch: pytest.MonkeyPatch, breaks: bool) -> None:
    interest, audience = await _parts(api.db)
    own = await jobs.start_creation(api.db, interest, audience, by=BY)

    async def overtaken() -> None:
        await _expire(api.db)
        (claimed,) = await api.db.write(query("job/claim"), lease="another instance's", seconds=30, kinds=["CREATE"], here=None)
        assert claimed["mine"]
        if breaks:
            raise RuntimeError("not the other's fault")

    _after(1, overtaken, monkeypatch)
    await jobs.run_next(api.db)  # it believes that it still holds the job
    assert (await job(api, ids.encode("Job", own)))["status"] == "RUNNING"
    assert (await _counts(api.db))["groups"] == 2
    await _expire(api.db)
    await api.run_jobs()
    told = await job(api, ids.encode("Job", own))
    assert (told["status"], told["progress"]) == ("SUCCEEDED", PROGRESS)
    assert await _counts(api.db) == ALL_DONE


async def test_an_instance_that_stops_gives_its_job_back_at_once(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    interest, audience = await _parts(api.db)
    own = await jobs.start_creation(api.db, interest, audience, by=BY)
    begun = asyncio.Event()

    async def wait() -> None:
        begun.set()
        await asyncio.Event().wait()

    _after(1, wait, monkeypatch)
    running = asyncio.create_task(jobs.run_next(api.db))
    await begun.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await jobs.run_next(api.db)
    told = await job(api, ids.encode("Job", own))
    assert (told["status"], told["progress"]) == ("SUCCEEDED", PROGRESS)


@pytest.mark.parametrize("sliced", [False, True])
async def test_an_instance_that_stops_while_it_takes_a_job_gives_it_back(
    api: Api, monkeypatch: pytest.MonkeyPatch, sliced: bool
) -> None:
    interest, audience = await _parts(api.db)
    own = await jobs.start_creation(api.db, interest, audience, by=BY)
    if sliced:
        cut = "CREATE (j)-[:CUT_INTO]->(:_Slice {id: 'slice', place: 0, after: '', until: '~'})"
        await rows(api.db, f"MATCH (j:Job) SET j.status = 'RUNNING' {cut}")
    leased, answered = asyncio.Event(), asyncio.Event()
    take = jobs._take

    async def slowly(*args: Any) -> Any:
        row = await take(*args)
        leased.set()
        await answered.wait()
        return row

    monkeypatch.setattr(jobs, "_take", slowly)
    running = asyncio.create_task(jobs.run_next(api.db))
    await leased.wait()
    running.cancel()
    await asyncio.sleep(0)
    answered.set()
    with pytest.raises(asyncio.CancelledError):
        await running
    found = "MATCH (n:Job|_Slice) WHERE n._lease IS NOT NULL RETURN labels(n)[0] AS what, n._leasedUntil <= datetime() AS over"
    assert await rows(api.db, found) == [{"what": "_Slice" if sliced else "Job", "over": True}]
    assert (await job(api, ids.encode("Job", own)))["status"] == "RUNNING"


# --- shared ---------------------------------------------------------------------------------------------------------


async def test_several_runners_share_the_queue_and_run_each_job_once(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    interest, audience = await _parts(api.db)
    queued = [await jobs.start_creation(api.db, interest, audience, by=BY) for _ in range(3)]
    queued += [await jobs.start_maintenance(api.db, by=BY) for _ in range(5)]
    seen: list[str] = []
    real = jobs._work

    async def work(db: Db, claim: Any, works: Any) -> None:
        seen.append(claim.id)
        await real(db, claim, works)

    monkeypatch.setattr(jobs, "_work", work)
    ran = await asyncio.gather(*(jobs.run_all(api.db) for _ in range(4)))
    assert sorted(seen) == sorted(queued)
    assert sum(ran) == 8
    for own in queued:
        assert (await job(api, ids.encode("Job", own)))["status"] == "SUCCEEDED"
    assert await _counts(api.db) == ALL_DONE


async def test_a_runner_that_was_not_first_for_one_job_takes_the_next(api: Api) -> None:
    """All ask for the oldest job at once: those that don't get it must not go away while others wait."""
    interest, audience = await _parts(api.db, ACCOUNTS[:1])
    for _ in range(6):
        await jobs.start_creation(api.db, interest, audience, by=BY)
    assert await asyncio.gather(*(jobs.run_next(api.db) for _ in range(6))) == [True] * 6
    assert not await jobs.run_next(api.db)


@pytest.mark.parametrize(("share", "looks"), [(1.0, [4, 4]), (0.25, [1] * 8), (1e-5, [1] * 8)])
async def test_a_job_rests_in_the_part_of_the_time_that_is_left_to_others(
    api: Api, monkeypatch: pytest.MonkeyPatch, share: float, looks: list[int]
) -> None:
    """It also looks at fewer accounts at once, so that no statement of it is a long one. The last look finds nothing left. It
    doesn't rest so long that another instance would take it over."""
    monkeypatch.setattr(creation, "GENTLE_LOOK", 1)
    interest, audience = await _parts(api.db)
    await jobs.start_creation(api.db, interest, audience, by=BY)
    looked, rested, look, sleep = list[int](), list[float](), creation._look, asyncio.sleep

    async def looking(tx: Any, plan: Any, audience_id: str, bounds: tuple[str, str], at: int) -> Any:
        looked.append(at)
        return await look(tx, plan, audience_id, bounds, at)

    mine = asyncio.current_task()

    async def resting(seconds: float) -> None:
        if asyncio.current_task() is mine:
            rested.append(seconds)
        else:
            await sleep(seconds)

    monkeypatch.setattr(creation, "_look", looking)
    monkeypatch.setattr(asyncio, "sleep", resting)
    await jobs.run_all(api.db, pace=lambda: share)
    assert looked == looks
    assert (rested == []) == (share == 1)
    assert all(0 < seconds <= jobs.LEASE / 2 for seconds in rested)
    assert (jobs.LEASE / 2 in rested) == (share < 1e-4)
    assert await _counts(api.db) == ALL_DONE


# --- in slices ------------------------------------------------------------------------------------------------------


@pytest.fixture
def _sliced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small jobs are cut, too: into four, so that some slices have several batches and some may have none."""
    monkeypatch.setattr(slices, "MOST", 4)
    monkeypatch.setattr(creation, "SLICE", 5)


SLICED = [f"s{n:02}" for n in range(24)]


def _all_done(count: int) -> tuple[dict[str, int], dict[str, int]]:
    """What counts there are, and what progress is told, when as many groups have been made."""
    told = {"accountsTotal": count, "accountsDone": count, "groupsCreated": count, "membersAdded": count}
    return dict.fromkeys(ALL_DONE, count), {**PROGRESS, **told}


async def _slices(db: Db) -> int:
    return (await rows(db, "RETURN COUNT { (:_Slice) } AS slices"))[0]["slices"]


async def _two(db: Db) -> None:
    await asyncio.gather(*(jobs.run_all(db) for _ in range(2)))


async def _one_at_two(db: Db) -> None:
    assert await jobs.run_all(db, at_once=2) == 5  # the slices, and the job that ends when none is left


async def _beside_requests(db: Db) -> None:
    async with jobs.Runner(db, at_once=2):
        own = (await rows(db, "MATCH (j:Job) RETURN j.id AS id"))[0]["id"]
        assert [status async for status in jobs.follow(db, own)][-1] == "SUCCEEDED"


@pytest.mark.usefixtures("_sliced")
@pytest.mark.parametrize("crew", [_two, _one_at_two, _beside_requests])
async def test_a_job_in_slices_is_done_once_by_all_who_share_it(
    api: Api, monkeypatch: pytest.MonkeyPatch, crew: Callable[[Db], Awaitable[None]]
) -> None:
    interest, audience = await _parts(api.db, SLICED)
    own = await jobs.start_creation(api.db, interest, audience, by=BY)
    leases: dict[str, set[str]] = {}
    both, real = asyncio.Barrier(2), jobs._slice_batch

    async def batch(tx: Any, claim: Any, *more: Any) -> Any:
        first = claim.slice not in leases
        leases.setdefault(claim.slice, set()).add(claim.lease)
        if first and len(leases) <= 2:
            await both.wait()  # two instances are at two slices of it at the same time
        return await real(tx, claim, *more)

    monkeypatch.setattr(jobs, "_slice_batch", batch)
    async with asyncio.timeout(60):
        await jobs.run_next(api.db)  # counts, and cuts
        assert await _slices(api.db) == 4
        await crew(api.db)
    assert len(leases) == 4
    assert all(len(held) == 1 for held in leases.values())
    counts, progress = _all_done(24)
    told = await job(api, ids.encode("Job", own))
    assert (told["status"], told["progress"]) == ("SUCCEEDED", progress)
    assert (await _counts(api.db), await _slices(api.db)) == (counts, 0)


async def test_when_one_worker_fails_the_others_have_given_back_what_they_held(
    shared_db: Db, monkeypatch: pytest.MonkeyPatch
) -> None:
    both, given_back = asyncio.Barrier(2), list[str]()

    async def run(*_: Any) -> bool:
        if await both.wait() == 0:
            raise Unavailable("the database is gone")
        try:
            return await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)  # giving back takes a statement
            given_back.append("slice")

    monkeypatch.setattr(jobs, "run_next", run)
    with pytest.raises(Unavailable):
        await jobs.run_all(shared_db, at_once=2)
    assert given_back == ["slice"]


@pytest.mark.usefixtures("_sliced")
async def test_sold_to_the_top_slices_meet_at_one_group(api: Api) -> None:
    tree = {"top": None, **dict.fromkeys(SLICED, "top")}
    planted = await plant(api.db, tree, [Someone("chief", {"top": None}, "chief")])
    template = await live_template(api.db, [card((await role_ids(api.db))[CHIEF], title(FilterOperator.IS, "chief"))])
    interest = await interests.create(api.db, InterestSpec("Interest", template, selling_level=SellingLevel.TOP), by=BY)
    audience = await audiences.create(api.db, AudienceSpec("All", account_ids=list(planted.values())[:25]), by=BY)
    own = await jobs.start_creation(api.db, interest, audience, by=BY)
    await asyncio.gather(*(jobs.run_all(api.db) for _ in range(4)))
    while await jobs.run_next(api.db):
        pass
    told = (await job(api, ids.encode("Job", own)))["progress"]
    assert (told["accountsTotal"], told["accountsDone"], told["groupsCreated"], told["membersAdded"]) == (25, 25, 1, 1)
    assert await _counts(api.db) == dict.fromkeys(ALL_DONE, 1)


@pytest.mark.usefixtures("_sliced")
async def test_a_slice_whose_process_died_is_finished_by_another_with_nothing_done_twice(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    interest, audience = await _parts(api.db, SLICED)
    own = await jobs.start_creation(api.db, interest, audience, by=BY)
    calls = 0

    async def dying(*args: Any, **more: Any) -> tuple[int, int]:
        nonlocal calls
        calls += 1
        if calls == 2:
            await _dies()
        return await make(*args, **more)

    with monkeypatch.context() as patch:
        patch.setattr(creation, "_make", dying)
        with pytest.raises(Unavailable):
            await jobs.run_all(api.db)
    await jobs.run_all(api.db)  # all but what is leased still
    told = await job(api, ids.encode("Job", own))
    assert (told["status"], await _slices(api.db)) == ("RUNNING", 1)
    await rows(api.db, "MATCH (s:_Slice) SET s._leasedUntil = datetime() - duration('PT1S')")
    await jobs.run_all(api.db)
    counts, progress = _all_done(24)
    told = await job(api, ids.encode("Job", own))
    assert (told["status"], told["progress"]) == ("SUCCEEDED", progress)
    assert (await _counts(api.db), await _slices(api.db)) == (counts, 0)


@pytest.mark.usefixtures("_sliced")
async def test_cancelling_a_job_in_slices_undoes_the_batches_under_way_and_no_others(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    interest, audience = await _parts(api.db, SLICED)
    own = ids.encode("Job", await jobs.start_creation(api.db, interest, audience, by=BY))
    await jobs.run_next(api.db)  # cuts

    async def cancelled(*args: Any, **more: Any) -> tuple[int, int]:
        made = await make(*args, **more)
        await api.data(CANCEL, id=own)
        return made

    monkeypatch.setattr(creation, "_make", cancelled)
    assert await jobs.run_all(api.db) == 1
    assert (await job(api, own))["status"] == "CANCELLED"
    assert await _counts(api.db) == dict.fromkeys(ALL_DONE, 0)
    await api.db.write(query("slice/forget"))
    assert await _slices(api.db) == 0


@pytest.mark.usefixtures("_sliced")
async def test_a_slice_that_breaks_fails_its_job(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    interest, audience = await _parts(api.db, SLICED)
    own = ids.encode("Job", await jobs.start_creation(api.db, interest, audience, by=BY))

    async def broken(*args: Any, **more: Any) -> tuple[int, int]:
        raise RuntimeError("a secret")

    monkeypatch.setattr(creation, "_make", broken)
    await jobs.run_all(api.db)
    told = await job(api, own)
    assert (told["status"], "secret" in told["error"]) == ("FAILED", False)
    assert await _counts(api.db) == dict.fromkeys(ALL_DONE, 0)


@pytest.mark.usefixtures("_sliced")
async def test_an_instance_that_stops_gives_its_slice_back_at_once(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    interest, audience = await _parts(api.db, SLICED)
    own = ids.encode("Job", await jobs.start_creation(api.db, interest, audience, by=BY))
    begun = asyncio.Event()

    async def wait() -> None:
        begun.set()
        await asyncio.Event().wait()

    with monkeypatch.context() as patch:
        _after(2, wait, patch)
        running = asyncio.create_task(jobs.run_all(api.db))
        await begun.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    await jobs.run_all(api.db)
    told = await job(api, own)
    assert (told["status"], told["progress"]) == ("SUCCEEDED", _all_done(24)[1])


# --- gone wrong -----------------------------------------------------------------------------------------------------


async def test_a_job_whose_audience_is_gone_fails_and_tells_why(api: Api) -> None:
    interest, audience = await _parts(api.db)
    own = await jobs.start_creation(api.db, interest, audience, by=BY)
    await rows(api.db, "MATCH (u:AccountAudience) DETACH DELETE u")  # which the API refuses
    await api.run_jobs()
    told = await job(api, ids.encode("Job", own))
    assert (told["status"], told["error"]) == ("FAILED", "The job's solution interest or account audience was deleted.")


async def test_a_job_that_breaks_fails_without_telling_secrets_and_keeps_its_finished_batches(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    interest, audience = await _parts(api.db)
    own = await jobs.start_creation(api.db, interest, audience, by=BY)
    calls = 0

    async def broken(*args: Any, **more: Any) -> tuple[int, int]:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise RuntimeError("the password is swordfish")
        return await make(*args, **more)

    monkeypatch.setattr(creation, "_make", broken)
    await api.run_jobs()
    told = await job(api, ids.encode("Job", own))
    assert told["status"] == "FAILED"
    assert told["error"] == "Something went wrong on our side; the log tells what, under the job's id."
    assert (told["progress"]["groupsCreated"], (await _counts(api.db))["groups"]) == (2, 2)
    monkeypatch.setattr(creation, "_make", make)
    told = await maintain(api, interest)  # makes what is missing
    assert told["progress"]["groupsCreated"] == 5
    assert await _counts(api.db) == ALL_DONE


@pytest.mark.parametrize(("times", "status"), [(2, "SUCCEEDED"), (3, "FAILED")])
async def test_a_batch_that_the_database_ended_is_tried_twice_more(
    api: Api, monkeypatch: pytest.MonkeyPatch, times: int, status: str
) -> None:
    interest, audience = await _parts(api.db)
    own = ids.encode("Job", await jobs.start_creation(api.db, interest, audience, by=BY))
    calls = 0

    async def ended(*args: Any, **more: Any) -> tuple[int, int]:
        nonlocal calls
        calls += 1
        if 1 < calls <= 1 + times:
            raise TooExpensive("the transaction has been terminated")
        return await make(*args, **more)

    monkeypatch.setattr(creation, "_make", ended)
    monkeypatch.setattr(jobs, "LOOK", 0)
    await api.run_jobs()
    told = await job(api, own)
    done = 7 if status == "SUCCEEDED" else 2
    assert (told["status"], told["progress"]["groupsCreated"], await _counts(api.db)) == (
        status,
        done,
        dict.fromkeys(ALL_DONE, done),
    )


async def test_jobs_are_taken_in_the_order_in_which_they_were_asked_for(api: Api) -> None:
    interest, audience = await _parts(api.db, ACCOUNTS[:1])
    first = await jobs.start_creation(api.db, interest, audience, by=BY)
    second = await jobs.start_creation(api.db, interest, audience, by=BY)
    await jobs.run_next(api.db)
    statuses = [(await job(api, ids.encode("Job", own)))["status"] for own in (first, second)]
    assert statuses == ["SUCCEEDED", "QUEUED"]


async def test_a_runner_works_on_what_is_queued_when_it_is_woken(api: Api) -> None:
    interest, audience = await _parts(api.db, ACCOUNTS[:1])
    async with jobs.Runner(api.db) as runner:
        own = await jobs.start_creation(api.db, interest, audience, by=BY)
        runner.wake()
        async with asyncio.timeout(30):
            while (await job(api, ids.encode("Job", own)))["status"] != "SUCCEEDED":
                pass
