"""`POST /import?kind=people`: a file of JSON lines of any size, which a job takes in; its progress and its rejects."""

from __future__ import annotations

import asyncio
import hashlib
import zlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from api import bulk
from api.auth import Entrance, require
from api.bulk import Route
from api.context import Context
from api.errors import Code
from api.http import Refusal
from graph.folder import IMPORT, PART, REJECTS, Folder
from graph.intake import KINDS
from graph.model import JobKind, Permission

TYPES = ("application/jsonl", "application/x-ndjson", "application/x-jsonlines", "application/jsonlines")
ENCODINGS = ("", "identity", "gzip")
MAX_WAITING = 32
"""How many files wait here, or are being received, at most."""
COST = 10_000
"""What a file costs of its caller's budget."""
_PIECE = 2**20  # bytes written at once
_PATIENCE = 60.0  # seconds in which some more of a body must come


class Import(Route):
    """The routes. A file has at most `most` bytes, unpacked."""

    def __init__(self, entrance: Entrance, folder: Folder, most: int) -> None:
        super().__init__(entrance, folder)
        self._most = most

    async def post(self, request: Request) -> Response:
        """Receives a file and queues its job: 202. What can't be received is refused, and nothing of it is kept."""

        async def work(context: Context) -> Response:
            _permit(context)
            kind = self._admit(request)
            bulk.charge(context, COST)
            bulk.keyed(context, request, "POST /import", {})  # whether the key can be one, before all is received
            own = bulk.new_id()
            try:
                received = await self._receive(request, own)
                given = {"kind": kind, "content": received.hash.hexdigest()}
                wanted = {"kind": kind, "rows": received.lines}
                started = await bulk.start(
                    context, bulk.keyed(context, request, "POST /import", given), JobKind.IMPORT, own, wanted
                )
            except BaseException:
                self.folder.delete(own, PART, IMPORT)
                raise
            if started != own:  # it came before, under the same key
                self.folder.delete(own, IMPORT)
            return bulk.queued("/import", started, kind=kind, lines=received.lines)

        try:
            return await self.answered(request, work)
        except ClientDisconnect:
            return Response(status_code=400)

    async def state(self, request: Request) -> Response:
        """How an import stands."""

        async def work(context: Context) -> Response:
            _permit(context)
            return await bulk.state(context, await bulk.own_job(context, request, JobKind.IMPORT))

        return await self.answered(request, work)

    async def rejects(self, request: Request) -> Response:
        """What an import left out so far, and why."""

        async def work(context: Context) -> Response:
            _permit(context)
            job = await bulk.own_job(context, request, JobKind.IMPORT)
            return bulk.lines_of(self.folder.file(job.id, REJECTS), "rejects.jsonl")

        return await self.answered(request, work)

    def _admit(self, request: Request) -> str:
        """The kind of a file that may be sent. Raises Refusal."""
        kind = request.query_params.get("kind", "")
        if kind not in KINDS or len(request.query_params.multi_items()) != 1:
            raise Refusal(400, Code.BAD_REQUEST, f"The parameter kind, and no other, must be one of {', '.join(KINDS)}.")
        media, _, _ = request.headers.get("content-type", "").partition(";")
        if media.strip().lower() not in TYPES:
            words = f"The content type must be {TYPES[0]} or {TYPES[1]}."
            raise Refusal(415, Code.UNSUPPORTED_MEDIA_TYPE, words, {"Accept-Post": ", ".join(TYPES[:2])})
        if request.headers.get("content-encoding", "").strip().lower() not in ENCODINGS:
            raise Refusal(
                415, Code.UNSUPPORTED_MEDIA_TYPE, "The content encoding can be gzip, or none.", {"Accept-Encoding": "gzip"}
            )
        length = request.headers.get("content-length", "")
        if length.isdecimal() and len(length) < 19 and int(length) > self._most:
            raise self._too_large()
        if len(self.folder.ids(IMPORT)) + len(self.folder.ids(PART)) >= MAX_WAITING:
            words = f"{MAX_WAITING} files wait to be imported already."
            raise Refusal(429, Code.RATE_LIMITED, words, {"Retry-After": "60"})
        return kind

    def _too_large(self) -> Refusal:
        words = f"The file may have at most {self._most:,} bytes, unpacked. Send it in parts."
        return Refusal(413, Code.REQUEST_TOO_LARGE, words, {"Connection": "close"})

    async def _receive(self, request: Request, job_id: str) -> _Received:
        """Keeps the body as the job's file. Raises Refusal, as soon as it is too large."""
        packed = request.headers.get("content-encoding", "").strip().lower() == "gzip"
        with self.folder.create(job_id, PART) as file:
            received = _Received(file)
            chunks = _chunks(request)
            async for piece in _unpacked(chunks) if packed else chunks:
                if received.size + len(piece) > self._most:
                    raise self._too_large()
                received.add(piece)
                if len(received.pending) >= _PIECE:
                    await asyncio.to_thread(received.write)
            await asyncio.to_thread(received.finish)
        self.folder.rename(job_id, PART, IMPORT)
        return received


def _permit(context: Context) -> None:
    """Whether the caller may import files. Raises Refusal."""
    require(context, Permission.MANAGE_DATA)
    if context.caller.root is not None:
        words = "A credential that is bound to a part of the market can't import files; it can send their rows by mutations."
        raise Refusal(403, Code.FORBIDDEN, words)


@dataclass(slots=True)
class _Received:
    """What has come of a body."""

    file: BinaryIO
    size: int = 0
    lines: int = 0
    hash: Any = field(default_factory=hashlib.sha256)
    pending: bytearray = field(default_factory=bytearray)
    ended: bool = True  # whether the last line has its end

    def add(self, piece: bytes) -> None:
        self.pending += piece
        self.size += len(piece)

    def write(self) -> None:
        self.lines += self.pending.count(b"\n")
        self.hash.update(self.pending)
        self.ended = self.pending.endswith(b"\n") if self.pending else self.ended
        self.file.write(self.pending)
        self.pending.clear()

    def finish(self) -> None:
        self.write()
        self.lines += not self.ended
        self.file.flush()


async def _chunks(request: Request) -> AsyncGenerator[bytes]:
    """A body as it comes. Raises Refusal when no more comes for long, and ClientDisconnect."""
    stream = request.stream()
    while True:
        try:
            async with asyncio.timeout(_PATIENCE):
                chunk = await anext(stream, None)
        except TimeoutError:
            words = f"Nothing of the body came for {_PATIENCE:g} s."
            raise Refusal(408, Code.BAD_REQUEST, words, {"Connection": "close"}) from None
        if chunk is None:
            return
        yield chunk


async def _unpacked(chunks: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """A body in gzip, unpacked in pieces of bounded size. Raises Refusal."""
    unpack = zlib.decompressobj(wbits=31)
    begun = False
    try:
        async for chunk in chunks:
            rest, piece = chunk, b""
            while rest or len(piece) == _PIECE:
                if unpack.eof:  # several may follow each other
                    unpack = zlib.decompressobj(wbits=31)
                begun = True
                piece = unpack.decompress(rest, _PIECE)
                yield piece
                rest = unpack.unused_data if unpack.eof else unpack.unconsumed_tail
    except zlib.error:
        raise Refusal(400, Code.BAD_REQUEST, "The body must be gzip, as Content-Encoding says.") from None
    if begun and not unpack.eof:
        raise Refusal(400, Code.BAD_REQUEST, "The body ends before its gzip does.")
