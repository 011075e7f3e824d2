"""Jobs: making and maintaining buying groups and calculating engagement in small transactions, by whichever instance holds
the job's lease.

Each batch is one transaction: it holds the job, does the work, and moves the job's cursor and progress on. So a batch is
done once or not at all, a cancelled job stops between batches, and a job whose instance died goes on where it stood. Making
groups for many accounts, maintaining them when many people changed, and calculating engagement of many, is cut into slices, which
instances hold and work on like jobs, each its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any, LiteralString
from uuid import uuid4

import structlog

from graph import creation, events, maintenance, once, scoring
from graph.db import Db, Row, Tx, unit
from graph.errors import ErrorCode, GraphError, Refused, TooExpensive, Unavailable
from graph.model import JobKind
from graph.queries import query
from graph.stages import foreign_stage, not_an_entry
from graph.work import Claim, Left, Pace, Step, Work, at_full

LEASE = 30.0  # seconds without a batch after which another instance takes a job over
LOOK = 0.25  # seconds between looks at a job that somebody follows
NUMBER = 0.5  # seconds between numbering the events of a job that goes on
REST = 0.5  # of the lease, at most, between two batches that leave time to others: the job stays this instance's
TRIES = 3  # of a batch that the database ended
POLL = 2.0  # seconds between looks for jobs that nobody announced
TEND = 600.0  # seconds between looks at what is due daily, and for keys to forget
SCHEDULE = "schedule"  # who asks for daily jobs
OWN_KINDS = ("CREATE", "MAINTAIN", "SCORE")  # which any instance can work on
FILE_KINDS = ("IMPORT", "EXPORT")  # which only those can work on who have the files
Works = Mapping[str, Work]
"""The kinds of jobs with files that an instance can work on, by the kind's name."""

log = structlog.get_logger(__name__)


# --- asking for jobs ------------------------------------------------------------------------------------------------


async def start_creation(db: Db, interest_id: str, audience_id: str, entry_stage_id: str | None = None, *, by: str) -> str:
    """Queues a creation job and returns its id; the groups it makes enter at the stage, if one is given. Raises Refused:
    NOT_FOUND, INVALID (another model's stage), TRANSITION_NOT_ALLOWED (no entry)."""
    wanted = {"interest_id": interest_id, "audience_id": audience_id, "entry_stage_id": entry_stage_id}

    async def work(tx: Tx) -> str:
        rows = await tx.run(query("job/start_creation"), **wanted, by=by)
        if not rows:
            raise _not_started((await tx.run(query("job/exists"), **wanted))[0])
        return rows[0]["id"]

    return await db.transaction(work, name="job/start_creation")


def _not_started(known: Row) -> Refused:
    if not known["interest"]:
        return Refused.of("solutionInterestId", ErrorCode.NOT_FOUND, "There is no solution interest with this id.")
    if not known["audience"]:
        return Refused.of("accountAudienceId", ErrorCode.NOT_FOUND, "There is no account audience with this id.")
    if known["stage"] is None:
        return Refused.of("entryStageId", ErrorCode.NOT_FOUND, "There is no stage with this id.")
    if not known["own"]:
        return Refused.of("entryStageId", ErrorCode.INVALID, foreign_stage(known["stage"], known["model"]))
    return Refused.of("entryStageId", ErrorCode.TRANSITION_NOT_ALLOWED, not_an_entry(known["stage"], known["entries"]))


async def start_maintenance(db: Db, interest_id: str | None = None, *, by: str) -> str:
    """Queues maintenance of one interest's groups, or of all, and returns the job's id. Raises Refused: NOT_FOUND."""

    def unknown(rows: list[Row]) -> None:
        if not rows:
            raise Refused.of("solutionInterestId", ErrorCode.NOT_FOUND, "There is no solution interest with this id.")

    return (await db.write(query("job/start_maintenance"), unless=unknown, interest_id=interest_id, by=by))[0]["id"]


async def start_scoring(db: Db, as_of: datetime | None = None, *, by: str) -> str:
    """Queues the calculation of engagement, as of now unless given, and returns the job's id. Raises Refused: INVALID."""
    if as_of is not None and as_of > datetime.now(UTC):
        raise Refused.of("asOf", ErrorCode.INVALID, "Engagement can be calculated as of now or an earlier time, not a later one.")
    return (await db.write(query("job/start_scoring"), as_of=as_of, by=by))[0]["id"]


async def start_with_files(
    db: Db, kind: JobKind, job_id: str, wanted: Mapping[str, Any], *, by: str, owner: str, root: str | None = None
) -> str:
    """Queues a job of a kind with files, which lie here under its id, and returns the id of the job: another's, if the call
    came before under its idempotency key. `wanted` is what its work will need to know; `owner`, whose it is; `root`, the
    account that its caller is bound to."""
    given: dict[str, Any] = {"id": job_id, "kind": kind.value, "rows": wanted.get("rows", 0), "input": json.dumps(wanted)}
    return (await db.write(query("job/start_with_files"), **given, by=by, owner=owner, root=root))[0]["id"]


async def give_up(db: Db) -> None:
    """Ends the jobs with files that nobody has been able to work on for a day."""
    await db.write(query("job/give_up"), kinds=list(FILE_KINDS))


async def file_job(db: Db, job_id: str) -> FileJob | None:
    """A job of a kind with files."""
    rows = await db.read(query("job/with_files"), ids=[job_id])
    return FileJob(**rows[0]) if rows else None


async def file_jobs(db: Db, job_ids: Sequence[str]) -> dict[str, FileJob]:
    """Those of some jobs that there are, by id."""
    return {row["id"]: FileJob(**row) for row in await db.read(query("job/with_files"), ids=list(job_ids))}


@dataclass(frozen=True, slots=True)
class FileJob:
    """A job of a kind with files: whose it is, how it stands, and for how many seconds it has ended."""

    id: str
    kind: str
    status: str
    owner: str
    ended_for: int | None

    @property
    def ended(self) -> bool:
        return self.ended_for is not None


async def queue_daily(db: Db, at: time, now: datetime | None = None) -> bool:
    """Queues what runs daily if it is due and no instance has queued it: each UTC day from `at` on; a missed run is made up
    for once. Whether it did."""
    moment = now or datetime.now(UTC)
    day = moment.date() if moment.time() >= at else moment.date() - timedelta(days=1)
    return (await db.write(query("job/queue_daily"), day=day, by=SCHEDULE))[0]["queued"]


async def cancel(db: Db, job_id: str) -> str:
    """Tells a job to stop after its batch. Raises Refused: NOT_FOUND, NOT_EDITABLE (it has ended)."""

    def ended(rows: list[Row]) -> None:
        if not rows:
            raise Refused.of("id", ErrorCode.NOT_FOUND, "There is no job with this id.")
        if rows[0]["former"] not in ("QUEUED", "RUNNING"):
            words = f"Only a job that is QUEUED or RUNNING can be cancelled; this one is {rows[0]['former']}."
            raise Refused.of("id", ErrorCode.NOT_EDITABLE, words)

    await db.write(query("job/cancel"), unless=ended, id=job_id)
    return job_id


async def delete(db: Db, job_id: str) -> str:
    """Deletes a job's record; its groups stay. Raises Refused: NOT_FOUND, IN_USE (it has not ended)."""

    def busy(rows: list[Row]) -> None:
        if not rows:
            raise Refused.of("id", ErrorCode.NOT_FOUND, "There is no job with this id.")
        if rows[0]["former"] in ("QUEUED", "RUNNING"):
            raise Refused.of("id", ErrorCode.IN_USE, f"The job is {rows[0]['former']}; cancel it first.")

    await db.write(query("job/delete"), unless=busy, id=job_id)
    return job_id


# --- batches --------------------------------------------------------------------------------------------------------


async def _batch(db: Db, claim: Claim, works: Works, left: Left | None = None) -> Step | None:
    """Does the next batch of the job, or slice; `left` is what the one before left to do. None when it is no longer this
    instance's."""

    async def work(tx: Tx) -> Step | None:
        if claim.slice:
            return await _slice_batch(tx, claim, claim.slice, left)
        held = await tx.run(query("job/hold"), id=claim.id, lease=claim.lease, seconds=LEASE)
        if not held:
            return None
        cursor = json.loads(held[0]["cursor"]) if held[0]["cursor"] else {}
        own = works.get(claim.kind)
        step = await (own.step(tx, claim, cursor) if own else _step(tx, claim, cursor, held[0]["created"], left))
        await _advance(tx, claim, step, step.cursor)
        if step.rows:
            await tx.run(query("job/count_rows"), id=claim.id, **asdict(step.rows))
        if step.cursor is None:
            await tx.run(query("job/finish"), id=claim.id, lease=claim.lease, status="SUCCEEDED", error=None)
        return step

    name = f"job/{claim.kind.lower()}_batch"
    with unit(name) as tell:
        step = await db.transaction(work, name=name)
        if step:
            tell(_counted(step))
    return step


def _counted(step: Step) -> dict[str, int | str]:
    """What a batch did, in figures."""
    counts = asdict(step.counts) | {"done": step.done, "created": step.created}
    return counts | ({f"rows_{name}": count for name, count in asdict(step.rows).items()} if step.rows else {})


async def _advance(tx: Tx, claim: Claim, step: Step, cursor: dict[str, Any] | None) -> None:
    counts = step.counts
    await tx.run(
        query("job/advance"),
        id=claim.id,
        cursor=json.dumps(cursor) if cursor else None,
        total=step.total,
        done=step.done,
        created=step.created,
        added=counts.added,
        removed=counts.removed,
        moved=counts.moved,
        overruled=counts.overruled,
    )


async def _slice_batch(tx: Tx, claim: Claim, slice_id: str, left: Left | None) -> Step | None:
    """Does the next batch of a slice: makes groups, maintains them, or calculates engagement, as the job's cursor says."""
    held = await tx.run(query("slice/hold"), id=slice_id, lease=claim.lease, seconds=LEASE)
    if not held:
        return None
    cursor, bounds = json.loads(held[0]["cursor"]), (held[0]["after"], held[0]["until"])
    if _SCORE in cursor:
        after = await scoring.slice_step(tx, cursor[_SCORE], bounds, claim.by)
        step = Step(None if after is None else {"after": after})
    elif claim.kind == "MAINTAIN":
        step = await maintenance.slice_step(tx, claim, cursor, bounds, left)
    else:
        step = await creation.slice_step(tx, claim, bounds, left)
    if not await tx.run(query("slice/advance"), id=slice_id, after=step.cursor and step.cursor["after"]):
        raise _Ended
    if _SCORE not in cursor:
        await _advance(tx, claim, step, cursor)
    return step


async def _step(tx: Tx, claim: Claim, cursor: dict[str, Any], created: int, left: Left | None) -> Step:
    """The work of a batch. A job that has made groups (`created` before this batch) goes on to calculate engagement."""
    if claim.kind == "SCORE" or _SCORE in cursor:
        scored = await scoring.step(tx, cursor.get(_SCORE, {}), job_id=claim.id, as_of=claim.as_of, by=claim.by)
        return Step(
            None if scored.cursor is None else {_SCORE: scored.cursor}, busy=scored.busy, help=scored.help, cut=scored.cut
        )
    step = await (creation if claim.kind == "CREATE" else maintenance).step(tx, claim, cursor, left)
    if step.cursor is None and created + step.created > 0:
        return replace(step, cursor={_SCORE: {}})
    return step


_SCORE = "score"


class _Ended(Exception):
    """The job was cancelled or has failed while a batch of it was done: that is undone."""


async def follow(db: Db, job_id: str) -> AsyncGenerator[str]:
    """The job's status, at once and whenever something about it has changed, until it has ended. Raises Refused: NOT_FOUND."""
    last: Row | None = None
    while True:
        rows = await db.read(query("job/state"), id=job_id)
        if not rows and last is None:
            raise Refused.of("id", ErrorCode.NOT_FOUND, "There is no job with this id.")
        if not rows:
            return
        now = rows[0]
        if now != last:
            last = now
            yield now["status"]
        if now["status"] not in ("QUEUED", "RUNNING"):
            return
        await asyncio.sleep(LOOK)


# --- running them ---------------------------------------------------------------------------------------------------


async def run_next(db: Db, works: Works | None = None, pace: Pace = at_full) -> bool:
    """Takes one job that waits and works on it to its end. False when none waited. With `works`: one of these kinds."""
    here = None if works is None else [own for work in works.values() for own in work.here()]
    if here == []:
        return False
    lease = uuid4().hex
    taking = asyncio.create_task(_take(db, lease, list(OWN_KINDS if works is None else works), here))
    try:
        row = await asyncio.shield(taking)
    except asyncio.CancelledError:  # the server may have leased something to this instance: only the answer tells what
        with contextlib.suppress(GraphError):
            await _give_back(db, await taking, lease)
        raise
    if row is None:
        return False
    as_of = None if row["as_of"] is None else datetime.fromtimestamp(row["as_of"] / 1000, UTC)
    parts = row["interest_id"], row["audience_id"], row["entry_stage_id"]
    claim = Claim(row["id"], row["kind"], row["by"], *parts, as_of, lease, row["input"], row["slice"], pace)
    try:
        await _work(db, claim, works or {})
    except asyncio.CancelledError:
        await asyncio.shield(_give_back(db, row, lease))
        raise
    return True


async def _take(db: Db, lease: str, kinds: Sequence[str], here: Sequence[str] | None) -> Row | None:
    """Leases the next job, or slice of one, if any waits."""
    while rows := await db.write(query("job/claim"), lease=lease, seconds=LEASE, kinds=kinds, here=here):
        if rows[0]["mine"]:
            return rows[0]  # else another instance was first; there may be more
    return None


async def _give_back(db: Db, taken: Row | None, lease: str) -> None:
    """Ends a lease, so that any instance may go on at once."""
    if taken:
        name: LiteralString = "slice/release" if taken["slice"] else "job/release"
        await db.write(query(name), id=taken["slice"] or taken["id"], lease=lease)


async def _work(db: Db, claim: Claim, works: Works) -> None:
    left: Left | None = None
    clock = asyncio.get_running_loop().time
    numbered = began = clock()
    try:
        while (step := await _patient(db, claim, works, left)) and step.cursor is not None and not step.cut:
            left = step.left
            if (share := claim.pace()) < 1:
                await asyncio.sleep(min((clock() - began) * (1 / share - 1), LEASE * REST))
            began = clock()
            if clock() >= numbered + NUMBER:
                await events.number(db)
                numbered = clock()
            if step.busy:
                await asyncio.sleep(LOOK)
            if step.help:  # slices may wait for this very instance: it takes this job again when they are done
                await db.write(query("job/release"), id=claim.id, lease=claim.lease)
                break
        await events.number(db)
    except Unavailable:
        raise  # the lease runs out, and some instance goes on
    except _Ended:
        pass
    except Refused as error:
        await _fail(db, claim, error.problems[0].message)
    except GraphError as error:
        await _fail(db, claim, str(error))
    except Exception:
        log.exception("job failed", job=claim.id)
        await _fail(db, claim, "Something went wrong on our side; the log tells what, under the job's id.")
    if claim.kind in works:
        await _tidy(db, works[claim.kind])


async def _patient(db: Db, claim: Claim, works: Works, left: Left | None) -> Step | None:
    """A batch, tried again where the database ended it: it may have been busy with something else."""
    for _ in range(TRIES - 1):
        try:
            return await _batch(db, claim, works, left)
        except TooExpensive as error:
            log.warning("a batch took too long or too much memory", job=claim.id, reason=str(error))
            await asyncio.sleep(LOOK)
    return await _batch(db, claim, works, left)


async def _tidy(db: Db, work: Work) -> None:
    """Lets files go. That they can't yet is no reason to stop working."""
    try:
        await work.tend(db)
    except Exception:
        log.exception("files could not be tended")


async def _fail(db: Db, claim: Claim, words: str) -> None:
    await db.write(query("job/finish"), id=claim.id, lease=claim.lease, status="FAILED", error=words)


async def run_all(db: Db, works: Works | None = None, *, at_once: int = 1, pace: Pace = at_full) -> int:
    """Works on jobs until none waits, on so many at once, where a slice counts as a job; returns how many those were. With
    `works`, on those of these kinds, too."""
    done = idle = 0
    news = asyncio.Condition()

    def is_news(seen: int) -> bool:
        return done != seen or idle == at_once

    async def work() -> None:
        nonlocal done, idle
        while True:
            seen = done
            if found := await run_next(db, None, pace) or (works and await run_next(db, works, pace)):
                done += 1
            else:
                idle += 1
            async with news:
                news.notify_all()
                if not found:  # what others work on may be cut into slices, and leave some
                    await news.wait_for(partial(is_news, seen))
                    if idle == at_once:
                        return
                    idle -= 1

    if at_once == 1:  # what ends this process ends it here, and not within a task of the loop
        await work()
        return done
    workers = [asyncio.create_task(work(), name="jobs") for _ in range(at_once)]
    try:
        await asyncio.gather(*workers)
    finally:
        await _ended(workers)
    return done


async def _ended(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Ends tasks, and returns when all have, also if one of them failed: they give back what they hold."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


class Runner:
    """Works on jobs beside a server's requests: `async with Runner(db) as runner`; `runner.wake()` when one was queued.

    With `daily`, the time of the UTC day, it also queues what runs daily. It works on so many jobs, or slices of one, at once, at
    this pace. Jobs of `works` run beside the others, so that a large file holds up nobody's groups.
    """

    def __init__(
        self, db: Db, daily: time | None = None, works: Works | None = None, at_once: int = 1, pace: Pace = at_full
    ) -> None:
        self._db = db
        self._pace = pace
        self._daily = daily
        self._works = works or {}
        self._tended = float("-inf")
        self._woken = [asyncio.Event() for _ in range(at_once)]
        self._with_files = [asyncio.Event()] if self._works else []
        self._tasks: list[asyncio.Task[None]] = []

    def wake(self) -> None:
        """Lets the runner look at once."""
        self._wake_all_but(None)

    def _wake_all_but(self, own: asyncio.Event | None) -> None:
        for woken in [*self._woken, *self._with_files]:
            if woken is not own:
                woken.set()

    async def __aenter__(self) -> Runner:
        self._tasks = [asyncio.create_task(self._run(woken, None), name="jobs") for woken in self._woken]
        self._tasks += [asyncio.create_task(self._run(woken, self._works), name="jobs with files") for woken in self._with_files]
        return self

    async def __aexit__(self, *_: object) -> None:
        await _ended(self._tasks)

    async def _run(self, woken: asyncio.Event, works: Works | None) -> None:
        while True:
            woken.clear()
            try:
                if woken is self._woken[0]:
                    await self._tend()
                while await run_next(self._db, works, self._pace):
                    self._wake_all_but(woken)  # a job that was cut left slices to the others, too
            except Unavailable as error:
                log.warning("jobs wait for the database", reason=str(error))
            except Exception:  # whatever it was, the next look may do better, and without one nobody works any more
                log.exception("jobs could not be looked after")
            with contextlib.suppress(TimeoutError):  # wait_for would lose that it is cancelled in the moment in which it is woken
                async with asyncio.timeout(POLL):
                    await woken.wait()

    async def _tend(self) -> None:
        """Now and then: queues what is due, and forgets what nobody may ask for any more."""
        now = asyncio.get_running_loop().time()
        if now - self._tended < TEND:
            return
        self._tended = now
        if self._daily is not None:
            await queue_daily(self._db, self._daily)
        await once.forget(self._db)
        await give_up(self._db)
        await self._db.write(query("slice/forget"))
        for work in self._works.values():
            await _tidy(self._db, work)
