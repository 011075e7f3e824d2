"""Tables to take away: `GET /export/buying-groups.csv`, the buying groups of a filter as a file for spreadsheets.

The rows are those of the `buyingGroups` query, page by page and streamed, so that memory stays flat and the filter, the
order and their errors are the API's own.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import AsyncGenerator, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api import http
from api.auth import Entrance, NotLetIn, refused, require
from api.context import Context
from api.errors import Code
from api.http import Refusal, check_variables, read_json, until_revoked
from api.schema import schema
from graph.model import Permission

HEADER = (
    "Name",
    "Solution interest",
    "Account",
    "Account external id",
    "Status",
    "Stage",
    "Role template",
    "Template version",
    "Completeness",
    "Engagement score",
    "Members",
    "Missing roles",
    "Created",
)
ARGUMENTS = ("filter", "orderBy")
PAGE = """query Export($after: String, $filter: BuyingGroupFilter, $orderBy: BuyingGroupOrder) {
  buyingGroups(first: 100, after: $after, filter: $filter, orderBy: $orderBy) {
    pageInfo { hasNextPage endCursor }
    edges { node {
      name solutionInterest { name } account { name externalId } status stage { name } roleTemplate { name } templateVersion
      completeness engagementScore memberCount missingRoles { name } createdAt
    } }
  }
}"""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what makes a spreadsheet take a text for a formula


class BuyingGroupsExport:
    """The route. `filter` and `orderBy` hold the query's arguments as JSON."""

    def __init__(self, entrance: Entrance) -> None:
        self._entrance = entrance

    async def serve(self, request: Request) -> Response:
        """The file, for callers who may VIEW; 400 with the API's errors if an argument is wrong."""
        try:
            context = await self._entrance.context(request)
        except NotLetIn as refusal:
            return refused(refusal, request)
        variables: dict[str, Any] = {}
        try:
            require(context, Permission.VIEW)
            for name, text in request.query_params.items():
                if name not in ARGUMENTS:
                    words = f"{name}: there is no such parameter; there are {' and '.join(ARGUMENTS)}."
                    raise Refusal(400, Code.BAD_REQUEST, words)
                variables[name] = read_json(text, f"{name}:")
            check_variables(variables)
        except Refusal as refusal:
            return http.refused(refusal, context.request_id)
        first = await schema.execute(PAGE, variables, context_value=context)
        if first.errors or first.data is None:
            away = http.is_unavailable(first)
            status = 429 if context.limited else 503 if away else 400
            headers = {**http.rate_headers(context), **(http.LATER if away else {})}
            return http.written(http.body_of(first), http.JSON, status, headers)
        context.rates = None  # the pages that follow come one after the other, and never break off
        pages = until_revoked(_pages(first.data["buyingGroups"], variables, context), context)
        headers = {"Content-Disposition": 'attachment; filename="buying-groups.csv"', "Cache-Control": "no-store"}
        return StreamingResponse(_lines(pages), media_type="text/csv; charset=utf-8", headers=headers)


async def _pages(page: Any, variables: Mapping[str, Any], context: Context) -> AsyncGenerator[Any]:
    while True:
        yield page["edges"]
        if not page["pageInfo"]["hasNextPage"]:
            return
        given = {**variables, "after": page["pageInfo"]["endCursor"]}
        result = await schema.execute(PAGE, given, context_value=context)
        if result.errors or result.data is None:  # too late for a status: the broken transfer tells that rows are missing
            raise ConnectionError("the export broke off")
        page = result.data["buyingGroups"]


async def _lines(pages: AsyncGenerator[Any]) -> AsyncGenerator[str]:
    """The file in pieces, after RFC 4180, with the mark by which spreadsheets know UTF-8."""
    yield "\ufeff" + _written([HEADER])
    async for edges in pages:
        if edges:
            yield _written([[_cell(value) for value in _row(edge["node"])] for edge in edges])


def _row(group: Mapping[str, Any]) -> list[Any]:
    return [
        group["name"],
        group["solutionInterest"]["name"],
        group["account"]["name"],
        group["account"]["externalId"],
        group["status"],
        group["stage"] and group["stage"]["name"],
        group["roleTemplate"]["name"],
        group["templateVersion"],
        _whole(group["completeness"]),
        _whole(group["engagementScore"]),
        group["memberCount"],
        ", ".join(role["name"] for role in group["missingRoles"]),
        group["createdAt"],
    ]


def _whole(score: float | None) -> int | None:
    """A score as people see it: rounded half up."""
    return None if score is None else math.floor(score + 0.5)


def _cell(value: Any) -> Any:
    """A value that no spreadsheet executes: a text that looks like a formula has an apostrophe before it."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _written(rows: Any) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()
