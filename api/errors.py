"""What clients are told when something goes wrong: `userErrors` for the domain's refusals, a closed set of codes for the rest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any

import strawberry
import structlog
from graphql import GraphQLError, GraphQLSyntaxError

from api.limits import TooComplex
from api.observing import count_error
from api.rates import RateLimited
from api.selection import BadArguments
from api.types.enums import ErrorCode
from graph.errors import Problem, TooExpensive, Unavailable, UnreadableText

log = structlog.get_logger(__name__)


class Code(StrEnum):
    """`extensions.code` of every GraphQL error: a closed set, described in docs/http.md."""

    BAD_REQUEST = "BAD_REQUEST"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    NOT_ACCEPTABLE = "NOT_ACCEPTABLE"
    UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"
    REQUEST_TOO_LARGE = "REQUEST_TOO_LARGE"
    PERSISTED_DOCUMENT_NOT_FOUND = "PERSISTED_DOCUMENT_NOT_FOUND"
    PERSISTED_DOCUMENT_REQUIRED = "PERSISTED_DOCUMENT_REQUIRED"
    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    TOO_COMPLEX = "TOO_COMPLEX"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    NOT_FOUND = "NOT_FOUND"
    CONFLICT = "CONFLICT"
    RATE_LIMITED = "RATE_LIMITED"
    UNAVAILABLE = "UNAVAILABLE"
    TOO_EXPENSIVE = "TOO_EXPENSIVE"
    INTERNAL = "INTERNAL"


MASKED = "Something went wrong on our side. Tell us the requestId."
_WHILE_EXECUTING = (Code.UNAVAILABLE, Code.TOO_EXPENSIVE, Code.INTERNAL)


@strawberry.type(description="A rule of the domain that said no. Nothing that it concerns was written.")
class UserError:
    field: list[str] | None = strawberry.field(
        description="Where in the input: names and list positions, such as `accounts`, `3`, `name`."
    )
    message: str = strawberry.field(description="What was wrong and what is allowed, in words for a user.")
    code: ErrorCode = strawberry.field(description="The reason, for programs.")

    @classmethod
    def of(cls, problem: Problem) -> UserError:
        return cls(field=list(problem.field) or None, message=problem.message, code=problem.code)

    @classmethod
    def all(cls, problems: Iterable[Problem]) -> list[UserError]:
        return [cls.of(problem) for problem in problems]


class BadVariables(Exception):
    """Variables that don't fit the operation: what is wrong with each."""

    def __init__(self, errors: Sequence[GraphQLError]) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = [
            GraphQLError(error.message, nodes=error.nodes, extensions={"code": Code.BAD_USER_INPUT}) for error in errors
        ]


def bad_arguments(error: BadArguments) -> list[GraphQLError]:
    """The GraphQL errors of arguments that can't be read."""
    return [
        GraphQLError(message, nodes=[node], path=list(path), extensions={"code": Code.BAD_USER_INPUT})
        for node, path, message in error.problems
    ]


def which_operation() -> GraphQLError:
    """The error of a request whose document has several operations and that names none of them."""
    words = "operationName must name one of the document's operations"
    return GraphQLError(words, extensions={"code": Code.BAD_USER_INPUT})


def too_complex(error: TooComplex) -> GraphQLError:
    """The error of a request that asks for more than a limit allows: which, how much, and how much is allowed."""
    told = {"code": Code.TOO_COMPLEX, "limit": error.limit, "value": error.value, "allowed": error.allowed}
    return GraphQLError(str(error), extensions=told)


def rate_limited(error: RateLimited) -> GraphQLError:
    """The error of a request that asks for more than its caller may have now, with the state of the budget."""
    told: dict[str, Any] = {"code": Code.RATE_LIMITED, "retryAfter": error.retry_after}
    if error.state:
        told["rate"] = error.state.told()
    return GraphQLError(f"{error} Try again in {error.retry_after} s.", extensions=told)


def took_too_long(seconds: float, *, writing: bool) -> GraphQLError:
    """The error of a request that was ended after its time."""
    words = f"This took longer than {seconds:g} s and was ended. Ask for less."
    if writing:
        words += " It may have been done all the same: look, or repeat it with the same idempotencyKey."
    return GraphQLError(words, extensions={"code": Code.TOO_EXPENSIVE})


def before_execution(data: object, errors: Sequence[GraphQLError] | None) -> bool:
    """Whether shown errors are of the request and not of its fields: nothing was executed then."""
    return data is None and all(
        error.path is None and (error.extensions or {}).get("code") not in _WHILE_EXECUTING for error in errors or ()
    )


_SUGGESTION = re.compile(r"\s*Did you mean .*", re.DOTALL)
_QUOTED = re.compile(r"'[^']*'")
_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")
_EVERYBODYS = frozenset({"Int", "Float", "String", "Boolean", "ID", "null", "true", "false"})


def hushed(error: GraphQLError, *said: str) -> GraphQLError:
    """The error without suggestions, and without any name that the client didn't say itself."""
    known = _EVERYBODYS.union(*(_NAME.findall(text) for text in said))

    def quoted(found: re.Match[str]) -> str:
        return found[0] if known.issuperset(_NAME.findall(found[0])) else "'...'"

    message = _QUOTED.sub(quoted, _SUGGESTION.sub("", error.message))
    return GraphQLError(message, error.nodes, error.source, error.positions, error.path, error.original_error, error.extensions)


def shown(error: GraphQLError, request_id: str) -> GraphQLError:
    """The error as a client may see it: coded, with the request's id, internals masked and logged."""
    extensions: dict[str, Any] = {**(error.extensions or {}), "requestId": request_id}
    original = error.original_error
    message = error.message
    if isinstance(original, Unavailable):
        extensions["code"], message = Code.UNAVAILABLE, "The database can't answer now. The same request may succeed later."
        log.warning("unavailable", reason=str(original), request_id=request_id)
    elif isinstance(original, TooExpensive):
        extensions["code"], message = Code.TOO_EXPENSIVE, "This took too long or too much memory and was ended. Ask for less."
        log.warning("too expensive", reason=str(original), request_id=request_id)
    elif isinstance(original, UnreadableText):
        extensions["code"], message = Code.BAD_USER_INPUT, str(original)
    elif original is not None and not isinstance(original, GraphQLError) and "code" not in extensions:
        extensions["code"], message = Code.INTERNAL, MASKED
        log.error("unexpected", path=error.path, request_id=request_id, exc_info=original)
    elif isinstance(error, GraphQLSyntaxError):
        extensions["code"] = Code.GRAPHQL_PARSE_FAILED
    elif "code" not in extensions:
        extensions["code"] = Code.GRAPHQL_VALIDATION_FAILED if error.path is None else Code.BAD_USER_INPUT
    count_error(str(extensions["code"]))
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=extensions,
    )
