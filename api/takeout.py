"""`POST /export`: all that a query's list has, as JSON lines, written by a job.

The job asks for the list page by page, with the query's own plan, as the caller who asked for it. Where it stands is a
cursor and a length of the file, so one that dies is taken up there.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLObjectType,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    get_named_type,
    get_operation_ast,
    parse,
    print_ast,
)
from starlette.requests import Request
from starlette.responses import Response

from api import bulk, http
from api.auth import require
from api.bulk import MakeContext, Route
from api.context import Context
from api.errors import Code, shown
from api.http import Refusal, read_body, read_call
from api.schema import schema
from graph.callers import Caller
from graph.db import Db, Tx
from graph.errors import ErrorCode, Refused, Unavailable
from graph.folder import EXPORT, Folder
from graph.model import JobKind, JobStatus, Permission
from graph.work import Claim, RowCounts, Step

MAX_KEPT = 1_000
"""How many files are kept here at most."""
PAGE = 100
AFTER = "exportAfter"
"""The variable that the pages are asked for with; queries have none of that name."""
_PATIENCE = 1.0  # seconds after which a batch has pages enough
_BATCH = 2**22  # bytes after which it has
_SHAPE = "exported are queries with one list at their root, such as { people { edges { node { name } } } }"
_TEMPLATE: Any = parse(
    f"query (${AFTER}: String) {{ x(first: {PAGE}, after: ${AFTER}) {{ pageInfo {{ hasNextPage endCursor }} }} }}"
).definitions[0]


@dataclass(frozen=True, slots=True)
class Paged:
    """A query that asks for a page of a list: its text, and under which keys of its answer things stand."""

    text: str
    operation: str | None
    field: str
    edges: str
    node: str


def paged(document: DocumentNode, operation_name: str | None) -> Paged:
    """The query that gives a page of a valid document's list. Raises GraphQLError."""
    operation = get_operation_ast(document, operation_name)
    assert operation is not None, "the document is valid"
    if operation.operation is not OperationType.QUERY:
        raise _unfit("Only queries can be exported")
    if any(one.variable.name.value == AFTER for one in operation.variable_definitions or ()):
        raise _unfit(f"A variable can't be named {AFTER} here")
    root = _only(operation.selection_set.selections, "its root")
    query = schema._schema.query_type
    found = query.fields.get(root.name.value) if query else None
    kind = get_named_type(found.type) if found else None
    if found is None or not {"first", "after"} <= found.args.keys() or not isinstance(kind, GraphQLObjectType):
        raise _unfit(f"{root.name.value} is not a list with pages")
    given = {one.name.value for one in root.arguments or ()} & {"first", "after", "last", "before"}
    if given:
        raise _unfit(f"Everything is exported: {root.name.value} takes no {' and no '.join(sorted(given))} here")
    edges = _only(root.selection_set.selections if root.selection_set else (), root.name.value, "edges")
    node = _only(edges.selection_set.selections if edges.selection_set else (), "edges", "node")
    text = print_ast(_replaced(document, operation, root))
    return Paged(text, operation_name, _key(root), _key(edges), _key(node))


def _only(selections: Sequence[SelectionNode], where: str, name: str | None = None) -> FieldNode:
    """The one field that is selected. Raises GraphQLError."""
    one = selections[0] if len(selections) == 1 else None
    if not isinstance(one, FieldNode) or one.directives or name not in (None, one.name.value):
        raise _unfit(f"{where} must have the field {name or 'of the list'} and nothing else")
    return one


def _unfit(words: str) -> GraphQLError:
    return GraphQLError(f"{words}; {_SHAPE}.", extensions={"code": Code.BAD_USER_INPUT})


def _key(field: FieldNode) -> str:
    return (field.alias or field.name).value


def _replaced(document: DocumentNode, operation: OperationDefinitionNode, root: FieldNode) -> DocumentNode:
    """The document with the list's pages asked for one by one."""
    page: Any = _TEMPLATE.selection_set.selections[0]
    assert root.selection_set
    field = FieldNode(
        name=root.name,
        alias=root.alias,
        directives=root.directives,
        arguments=(*(root.arguments or ()), *page.arguments),
        selection_set=SelectionSetNode(selections=(*root.selection_set.selections, *page.selection_set.selections)),
    )
    changed = OperationDefinitionNode(
        operation=operation.operation,
        name=operation.name,
        directives=operation.directives,
        variable_definitions=(*(operation.variable_definitions or ()), *_TEMPLATE.variable_definitions),
        selection_set=SelectionSetNode(selections=(field,)),
    )
    return DocumentNode(definitions=tuple(changed if one is operation else one for one in document.definitions))


# --- the job --------------------------------------------------------------------------------------------------------


class Takeout:
    """Works on exports whose files are in a folder."""

    def __init__(self, make_context: MakeContext, folder: Folder) -> None:
        self._make_context = make_context
        self._folder = folder

    def here(self) -> list[str]:
        return self._folder.ids(EXPORT)

    async def tend(self, db: Db) -> None:
        await self._folder.tend(db, (EXPORT,))

    async def step(self, tx: Tx, claim: Claim, cursor: dict[str, Any]) -> Step:
        """Some pages, written behind those before."""
        wanted: dict[str, Any] = orjson.loads(claim.input or "{}")
        query, context = Paged(**wanted["query"]), self._context(wanted["caller"])
        after, size = cursor.get("after"), cursor.get("size", 0)
        began, content, count = time.monotonic(), bytearray(), 0
        while True:
            page = await self._page(context, query, {**wanted["variables"], AFTER: after})
            for edge in page[query.edges]:
                content += orjson.dumps(edge[query.node], option=orjson.OPT_APPEND_NEWLINE)
                count += 1
            more, after = page["pageInfo"]["hasNextPage"], page["pageInfo"]["endCursor"]
            if not more or len(content) >= _BATCH or time.monotonic() - began >= _PATIENCE:
                break
        size = await asyncio.to_thread(self._folder.put, claim.id, EXPORT, size, bytes(content))
        return Step({"after": after, "size": size} if more else None, rows=RowCounts(done=count))

    def _context(self, told: dict[str, Any]) -> Context:
        """What the caller who asked for it could reach."""
        permissions = frozenset(map(Permission, told["permissions"]))
        context = self._make_context(Caller(told["subject"], permissions, told["credential"], told["root"]))
        context.rates = None  # one page after the other, beside all requests, and never to break off
        return context

    async def _page(self, context: Context, query: Paged, variables: dict[str, Any]) -> Any:
        result = await schema.execute(query.text, variables, context, operation_name=query.operation)
        if result.errors or result.data is None:
            assert result.errors
            error = result.errors[0]
            code = (error.extensions or {}).get("code")
            if code == Code.UNAVAILABLE:
                raise Unavailable(error.message)
            if code == Code.INTERNAL:  # logged where it was masked
                raise RuntimeError(f"a page of the export was not answered, in the request {context.request_id}")
            raise Refused.of("", ErrorCode.INVALID, error.message)
        return result.data[query.field]


# --- asking for it --------------------------------------------------------------------------------------------------


class Export(Route):
    """The routes."""

    async def post(self, request: Request) -> Response:
        """Tries the query, with its first page, and queues the job: 202; 400 with the API's errors if it can't be."""

        async def work(context: Context) -> Response:
            require(context, Permission.VIEW)
            call = read_call(await read_body(request, context.documents.policy.limits.body))
            try:
                prepared = context.documents.prepare(context.documents.text(call.query, call.document_id))
                if prepared.errors or prepared.document is None:
                    return _wrong(prepared.errors, context)
                prepared.operation(call.operation_name)
                query = paged(prepared.document, call.operation_name)
            except GraphQLError as error:
                return _wrong((error,), context)
            tried = await schema.execute(query.text, call.variables, context, operation_name=query.operation)
            if tried.errors:
                status = 429 if context.limited else 400
                return http.written(http.body_of(tried), http.JSON, status, http.rate_headers(context))
            return await self._queue(context, request, query, call.variables)

        return await self.answered(request, work)

    async def _queue(self, context: Context, request: Request, query: Paged, variables: dict[str, Any]) -> Response:
        if len(self.folder.ids(EXPORT)) >= MAX_KEPT:
            raise Refusal(429, Code.RATE_LIMITED, f"{MAX_KEPT:,} exports are kept already.", {"Retry-After": "3600"})
        asked = {"query": {name: getattr(query, name) for name in Paged.__slots__}, "variables": variables}
        db = bulk.keyed(context, request, "POST /export", asked)
        caller, own = context.caller, bulk.new_id()
        told = {
            "subject": caller.subject,
            "permissions": sorted(caller.permissions),
            "credential": caller.credential,
            "root": caller.root,
        }
        self.folder.create(own, EXPORT).close()
        try:
            started = await bulk.start(context, db, JobKind.EXPORT, own, {**asked, "caller": told})
        except BaseException:
            self.folder.delete(own, EXPORT)
            raise
        if started != own:
            self.folder.delete(own, EXPORT)
        return bulk.queued("/export", started)

    async def state(self, request: Request) -> Response:
        """How an export stands."""

        async def work(context: Context) -> Response:
            require(context, Permission.VIEW)
            return await bulk.state(context, await bulk.own_job(context, request, JobKind.EXPORT))

        return await self.answered(request, work)

    async def file(self, request: Request) -> Response:
        """The file of an export that has succeeded."""

        async def work(context: Context) -> Response:
            require(context, Permission.VIEW)
            job = await bulk.own_job(context, request, JobKind.EXPORT)
            if not job.ended:
                words = f"The export is {job.status}; its file can be had when it has SUCCEEDED."
                raise Refusal(409, Code.CONFLICT, words, {"Retry-After": "5"})
            path = self.folder.file(job.id, EXPORT)
            if job.status != JobStatus.SUCCEEDED or not path.exists():
                raise Refusal(404, Code.NOT_FOUND, "There is no file: the export has not succeeded, or it did so a day ago.")
            return bulk.lines_of(path, "export.jsonl")

        return await self.answered(request, work)


def _wrong(errors: Sequence[GraphQLError], context: Context) -> Response:
    told = [shown(error, context.request_id).formatted for error in errors]
    return http.written({"errors": told}, http.JSON, 400)
