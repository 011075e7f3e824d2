"""What `POST /import` and `POST /export` share: who may ask, the jobs that they start, and the files that these leave."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from api import http, ids
from api.auth import Entrance, NotLetIn, refused
from api.context import Context
from api.errors import Code
from api.http import Refusal
from api.rates import RateLimited
from api.schema import schema
from graph import jobs
from graph.callers import Caller
from graph.db import Db
from graph.errors import ErrorCode, Refused, TooExpensive, Unavailable
from graph.folder import Folder
from graph.jobs import FileJob
from graph.model import JobKind, Permission
from graph.once import key_of, once

LINES = "application/jsonl"
STATE = """query Job($id: ID!) { node(id: $id) { ... on Job {
  id kind status error createdAt createdBy startedAt finishedAt
  progress { rowsTotal rowsDone rowsCreated rowsUpdated rowsRejected }
} } }"""
MakeContext = Callable[[Caller], Context]


def charge(context: Context, cost: int) -> None:
    """Takes a cost off the caller's budget. Raises Refusal."""
    try:
        context.charge(cost)
    except RateLimited as error:
        context.limited = error
        raise Refusal(
            429, Code.RATE_LIMITED, f"{error} Try again in {error.retry_after} s.", http.rate_headers(context)
        ) from None


def owner(context: Context) -> str:
    """Whose the jobs are that the caller asks for."""
    return context.caller.credential or context.caller.subject


def keyed(context: Context, request: Request, operation: str, given: Mapping[str, Any]) -> Db:
    """The database for one call, which is done once if it has an Idempotency-Key. Raises Refused."""
    key = request.headers.get("idempotency-key")
    return context.db if key is None else once(context.db, key_of(owner(context), operation, key, given))


async def start(context: Context, db: Db, kind: JobKind, job_id: str, wanted: Mapping[str, Any]) -> str:
    """Queues the job and tells the runner. Returns its id: another's, if the call came before."""
    started = await jobs.start_with_files(
        db, kind, job_id, wanted, by=context.viewer, owner=owner(context), root=context.caller.root
    )
    context.wake_jobs()
    return started


def new_id() -> str:
    """What a job will be called."""
    return str(uuid4())


def queued(path: str, job_id: str, **more: Any) -> Response:
    """That a job was queued, and where it tells how it stands."""
    own = ids.encode("Job", job_id)
    headers = {"Location": f"{path}/{own}"}
    return Response(orjson.dumps({"job": own, **more}), 202, headers, "application/json")


async def own_job(context: Context, request: Request, kind: JobKind) -> FileJob:
    """The job that a path names, if the caller asked for it, or is an administrator. Raises Refusal."""
    try:
        found = await jobs.file_job(context.db, ids.raw(request.path_params["job"], "Job"))
    except ids.BadId:
        found = None
    mine = found is not None and (found.owner == owner(context) or Permission.ADMINISTER in context.caller.permissions)
    if found is None or found.kind != kind or not mine:
        raise Refusal(404, Code.NOT_FOUND, f"There is no {kind.lower()} with this id.")
    return found


async def state(context: Context, job: FileJob) -> Response:
    """How a job stands."""
    result = await schema.execute(STATE, {"id": ids.encode("Job", job.id)}, context_value=context)
    if result.errors or result.data is None:
        return http.written(http.body_of(result), http.JSON, 503)
    return Response(orjson.dumps(result.data["node"]), media_type="application/json", headers={"Cache-Control": "no-store"})


def lines_of(path: Path, name: str) -> Response:
    """A file of JSON lines, streamed; nothing if there is none."""
    headers = {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="{name}"'}
    if not path.exists():
        return Response(b"", media_type=LINES, headers=headers)
    return FileResponse(path, media_type=LINES, headers=headers)


class Route:
    """A path of these. Subclasses answer; what they refuse is told as GraphQL errors are."""

    def __init__(self, entrance: Entrance, folder: Folder) -> None:
        self._entrance = entrance
        self.folder = folder

    async def answered(self, request: Request, work: Callable[[Context], Any]) -> Response:
        """The work's response, or why there is none."""
        try:
            context = await self._entrance.context(request)
        except NotLetIn as refusal:
            return refused(refusal, request)
        try:
            return await work(context)
        except Refusal as refusal:
            return http.refused(refusal, context.request_id)
        except Refused as error:
            problem = error.problems[0]
            status, code = (409, Code.CONFLICT) if problem.code == ErrorCode.CONFLICT else (400, Code.BAD_USER_INPUT)
            return http.refused(Refusal(status, code, f"Idempotency-Key: {problem.message}"), context.request_id)
        except Unavailable:
            words = "The database can't answer now. The same request may succeed later."
            return http.refused(Refusal(503, Code.UNAVAILABLE, words, http.LATER), context.request_id)
        except TooExpensive:
            words = "This took too long or too much memory and was ended."
            return http.refused(Refusal(503, Code.TOO_EXPENSIVE, words), context.request_id)
