"""GraphQL over HTTP, after the specification of that name: what a request asks for, and how its answer is written.

A request that can't be understood gets a 4xx with a GraphQL error. What is understood is answered with 200, unless the
client takes `application/graphql-response+json` and nothing was executed, then with 400; or no data could be had at all, for
the database can't answer: then with 503.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import orjson
from graphql import GraphQLError, OperationType
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive
from strawberry.http.streaming import SSETransport, merge_stream_with_heartbeat
from strawberry.types import ExecutionResult

from api.context import Context
from api.errors import Code, before_execution, shown
from api.limits import MAX_CHARACTERS
from api.schema import schema

JSON = "application/json"
RESPONSE = "application/graphql-response+json"
EVENTS = "text/event-stream"
COST_HEADER = "x-graphql-cost"
LATER = {"Retry-After": "5"}
"""What an answer with 503 says: when to come again, in seconds."""
T = TypeVar("T")
MAX_NESTING = 32
"""How deep lists and objects nest in variables at most."""
MAX_ENTRIES = 20_000
"""How many entries a list or an object in variables has at most."""


class Refusal(Exception):
    """A request that can't be understood, with the status that says so."""

    def __init__(self, status: int, code: Code, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.headers = status, code, headers


@dataclass(frozen=True, slots=True)
class Call:
    """What a request asks to be executed: a document by its text or its id, and with what."""

    query: str | None
    document_id: str | None
    operation_name: str | None
    variables: dict[str, Any]
    extensions: dict[str, Any]


# --- requests -------------------------------------------------------------------------------------------------------


def read_json(text: bytes | str, what: str) -> Any:
    """JSON's value. Raises Refusal."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        reason = str(error)
        if "not valid UTF-8" in reason:
            reason = "it is not valid UTF-8"
        elif "surrogate" in reason:
            reason = f"a text holds half of a surrogate pair, which is no character ({reason})"
        raise Refusal(400, Code.BAD_REQUEST, f"{what} must be JSON: {reason}.") from None


def read_call(given: Any) -> Call:
    """The call that a body, or a message's payload, describes. Raises Refusal."""
    if isinstance(given, list):
        raise _malformed("Batches are not supported: send one request for each operation.")
    if not isinstance(given, dict):
        raise _malformed("The request must be a JSON object with query or documentId.")
    query, document_id = _text(given, "query"), _text(given, "documentId")
    if query is None and document_id is None:
        raise _malformed("The request needs query (a GraphQL document) or documentId (a registered document's id).")
    if query is not None and document_id is not None:
        raise _malformed("The request has both query and documentId: send one of them.")
    variables, extensions = _object(given, "variables"), _object(given, "extensions")
    check_variables(variables)
    return Call(query, document_id, _text(given, "operationName") or None, variables, extensions)


def read_parameters(query_string: bytes) -> Call:
    """The call that a URL's parameters describe. Raises Refusal."""
    try:
        given: dict[str, Any] = dict(parse_qsl(query_string.decode("utf-8"), True, errors="strict", max_num_fields=50))
    except UnicodeDecodeError:
        raise _malformed("The URL's parameters must be UTF-8.") from None
    except ValueError:
        raise _malformed("The URL has too many parameters.") from None
    for name in ("variables", "extensions"):
        if text := given.get(name):
            given[name] = read_json(text, f"The parameter {name}")
        else:
            given.pop(name, None)
    return read_call(given)


def check_variables(variables: Any) -> None:
    """Whether variables are within bounds. Raises Refusal."""
    level, depth = [variables], 0
    while level:
        below: list[Any] = []
        for value in level:
            if isinstance(value, str):
                if len(value) > MAX_CHARACTERS:
                    raise _malformed(
                        f"A text in the variables has {len(value):,} characters; at most {MAX_CHARACTERS:,} are allowed."
                    )
            elif isinstance(value, list | dict):
                if depth == MAX_NESTING:
                    raise _malformed(f"The variables nest deeper than {MAX_NESTING} levels.")
                if len(value) > MAX_ENTRIES:
                    raise _malformed(f"A list in the variables has {len(value):,} entries; at most {MAX_ENTRIES:,} are allowed.")
                below += value.values() if isinstance(value, dict) else value
        level, depth = below, depth + 1


def _text(given: Mapping[str, Any], name: str) -> str | None:
    value = given.get(name)
    if value is not None and not isinstance(value, str):
        raise _malformed(f"{name} must be a string, not {_kind(value)}.")
    return value


def _object(given: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = given.get(name)
    if value is not None and not isinstance(value, dict):
        raise _malformed(f"{name} must be an object, not {_kind(value)}.")
    return value or {}


def _kind(value: Any) -> str:
    """What JSON calls a value."""
    if isinstance(value, bool):
        return "a boolean"
    return {str: "a string", list: "an array", dict: "an object"}.get(type(value), "a number")


def _malformed(message: str) -> Refusal:
    return Refusal(400, Code.BAD_REQUEST, message)


async def read_body(request: Request, most: int) -> Any:
    """A POST's body. Raises Refusal, as soon as it is too large."""
    kind, _, more = request.headers.get("content-type", "").partition(";")
    charset = more.lower().replace(" ", "").replace('"', "").partition("charset=")[2].partition(";")[0]
    if kind.strip().lower() != JSON or charset not in ("", "utf-8", "utf8"):
        raise Refusal(415, Code.UNSUPPORTED_MEDIA_TYPE, f"The content type must be {JSON}, in UTF-8.", {"Accept-Post": JSON})
    length = request.headers.get("content-length", "")
    if length.isdecimal() and len(length) < 19 and int(length) > most:
        raise _too_large(most)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise _too_large(most)
    return read_json(bytes(body), "The body")


def _too_large(most: int) -> Refusal:
    return Refusal(413, Code.REQUEST_TOO_LARGE, f"The body may have at most {most:,} bytes.", {"Connection": "close"})


@dataclass(frozen=True, slots=True)
class Accepted:
    """What a client takes: the media type of a single answer, if it takes one; a stream; a page."""

    single: str | None
    stream: bool
    page: bool


@lru_cache(maxsize=256)
def accepted(header: str | None) -> Accepted:
    """Reads an Accept header: the type of the highest quality counts, of equal ones the first."""
    if header is None:
        return Accepted(JSON, False, False)
    qualities: dict[str, float] = {}
    for part in header.split(","):
        name, *parameters = part.lower().replace(" ", "").split(";")
        quality = next((one[2:] for one in parameters if one.startswith("q=")), "1")
        try:
            qualities.setdefault(name, float(quality))
        except ValueError:
            qualities.setdefault(name, 0.0)
    wanted = sorted((name for name, quality in qualities.items() if quality > 0), key=lambda name: -qualities[name])
    answers = {RESPONSE: RESPONSE, JSON: JSON, "application/*": JSON, "*/*": JSON}
    return Accepted(next((answers[one] for one in wanted if one in answers), None), EVENTS in wanted, "text/html" in wanted)


# --- answers --------------------------------------------------------------------------------------------------------


async def answer(request: Request, context: Context) -> Response | None:
    """The response to a request; None if the client has gone."""
    takes = accepted(request.headers.get("accept"))
    try:
        if request.method not in ("GET", "POST"):
            raise Refusal(405, Code.METHOD_NOT_ALLOWED, "Send GET or POST.", {"Allow": "GET, POST"})
        if takes.single is None and not takes.stream:
            words = f"The answer can be {RESPONSE}, {JSON} or, for subscriptions, {EVENTS}."
            raise Refusal(406, Code.NOT_ACCEPTABLE, words)
        if request.method == "GET":
            call = read_parameters(request.scope["query_string"])
        else:
            call = read_call(await read_body(request, context.documents.policy.limits.body))
        return await _executed(request, context, call, takes)
    except Refusal as refusal:
        return refused(refusal, context.request_id, takes.single or JSON)
    except ClientDisconnect:
        return None


async def _executed(request: Request, context: Context, call: Call, takes: Accepted) -> Response | None:
    context.tell_cost = call.extensions.get("cost") is True or COST_HEADER in request.headers
    try:
        text = context.documents.text(call.query, call.document_id)
    except GraphQLError as error:
        return respond(ExecutionResult(data=None, errors=[shown(error, context.request_id)]), takes.single or JSON, context)
    kind = context.documents.prepare(text).kind(call.operation_name)
    if kind is OperationType.MUTATION and request.method == "GET":
        raise Refusal(405, Code.METHOD_NOT_ALLOWED, "Send mutations by POST.", {"Allow": "POST"})
    if kind is OperationType.SUBSCRIPTION and not takes.stream:
        words = f"Subscriptions are answered as {EVENTS}, or over a WebSocket by the protocol graphql-transport-ws."
        raise Refusal(406, Code.NOT_ACCEPTABLE, words)
    if kind is OperationType.SUBSCRIPTION or takes.single is None:
        return await _streamed(context, text, call)
    async with Present(request.receive):
        result = await schema.execute(text, call.variables, context, operation_name=call.operation_name)
        return respond(result, takes.single, context)
    return None


def refused(refusal: Refusal, request_id: str, media_type: str = JSON) -> Response:
    """What was wrong with a request as a response."""
    return written(_told(refusal, request_id), media_type, refusal.status, refusal.headers)


def _told(refusal: Refusal, request_id: str) -> dict[str, Any]:
    error = shown(GraphQLError(str(refusal), extensions={"code": refusal.code}), request_id)
    return {"errors": [error.formatted]}


def respond(result: ExecutionResult, media_type: str, context: Context) -> Response:
    """A result as a response."""
    headers = rate_headers(context)
    status = 200
    if media_type == RESPONSE and is_unavailable(result):
        status, headers = 503, {**headers, **LATER}
    elif media_type == RESPONSE and before_execution(result.data, result.errors):
        status = status_of(result)
    return written(body_of(result), media_type, 429 if context.limited else status, headers)


def is_unavailable(result: ExecutionResult) -> bool:
    """Whether there is no data at all, and the database's silence is the only reason."""
    codes = [(error.extensions or {}).get("code") for error in result.errors or ()]
    nothing = result.data is None or all(value is None for value in result.data.values())
    return nothing and bool(codes) and all(code == Code.UNAVAILABLE for code in codes)


def status_of(result: ExecutionResult) -> int:
    """The status that says why nothing was executed."""
    forbidden = any((error.extensions or {}).get("code") == Code.FORBIDDEN for error in result.errors or ())
    return 403 if forbidden else 400


def rate_headers(context: Context) -> dict[str, str]:
    """What a response's headers tell of its caller's budget, and when to come again if it is spent."""
    limited = context.limited
    state = limited.state if limited else context.rate
    headers = state.headers() if state else {}
    return {**headers, "Retry-After": str(limited.retry_after)} if limited else headers


def body_of(result: ExecutionResult) -> dict[str, Any]:
    """A result as GraphQL's response: without data if nothing was executed."""
    body: dict[str, Any] = {} if before_execution(result.data, result.errors) else {"data": result.data}
    if result.errors:
        body["errors"] = [error.formatted for error in result.errors]
    if result.extensions:
        body["extensions"] = result.extensions
    return body


def written(body: Mapping[str, Any], media_type: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """A GraphQL response in JSON."""
    return Response(orjson.dumps(body), status, headers, f"{media_type}; charset=utf-8")


def write_text(value: Any) -> str:
    """JSON as text, for messages and events."""
    return orjson.dumps(value).decode()


# --- streams --------------------------------------------------------------------------------------------------------


async def _streamed(context: Context, text: str, call: Call) -> Response:
    """The results of an operation as server-sent events, in the protocol graphql-sse."""
    results = await schema.stream(text, variable_values=call.variables, context_value=context, operation_name=call.operation_name)
    transport = SSETransport()

    async def events() -> AsyncGenerator[str]:
        try:
            async with aclosing(until_revoked(results, context)) as held:
                async for result in held:
                    yield transport.encode_next(body_of(result), write_text)  # pyright: ignore[reportArgumentType]
        except Refusal as refusal:
            yield transport.encode_next(_told(refusal, context.request_id), write_text)  # pyright: ignore[reportArgumentType]
        yield transport.encode_complete()

    beats = merge_stream_with_heartbeat(
        events, lambda: transport.heartbeat_message(write_text), transport.heartbeat_interval, send_initial_heartbeat=False
    )
    return StreamingResponse(beats(), headers=transport.headers)


async def until_revoked(results: AsyncGenerator[T], context: Context) -> AsyncGenerator[T]:
    """The results, as long as the credential of their context holds. Raises Refusal: 401."""
    ended = asyncio.ensure_future(context.revoked())
    try:
        async with aclosing(results):
            while True:
                following = asyncio.ensure_future(anext(results, None))
                try:
                    await asyncio.wait({following, ended}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    if not following.done():
                        following.cancel()
                        await asyncio.wait({following})
                if following.cancelled():
                    raise Refusal(401, Code.UNAUTHENTICATED, "The credential doesn't hold any more.")
                result = following.result()
                if result is None:
                    return
                yield result
    finally:
        ended.cancel()


class Present:
    """While it is entered: cancels the task that entered it as soon as the request's client goes away, and leaves then as
    if all had been done. What the task was waiting for, a statement in the database included, ends with it."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._gone = False

    async def __aenter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._watch = asyncio.create_task(self._watched())

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        self._watch.cancel()
        if not self._gone:
            return False
        if kind is None:
            with suppress(asyncio.CancelledError):  # all was done just before
                await asyncio.sleep(0)
        self._task.uncancel()
        return kind is asyncio.CancelledError

    async def _watched(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._gone = True
        self._task.cancel()
