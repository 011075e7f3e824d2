"""The GraphQL schema. `python -m api.schema` writes its committed SDL."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import strawberry
from graphql import Executor, GraphQLError, OperationType
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types import ExecutionContext, ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType as Kind

from api import permissions
from api.answers import Unanswerable
from api.context import Context
from api.errors import hushed, rate_limited, shown, too_complex, took_too_long
from api.limits import Asked, TooComplex
from api.mutations import Mutation
from api.observing import new_request_id, spans_here
from api.patience import Patience
from api.permissions import forbidden, lacking
from api.planning import PlannedReads
from api.queries import Query
from api.rates import RateLimited
from api.resolvers import install
from api.subscriptions import Subscription
from api.types.base import SCALARS
from graph.db import Trouble
from graph.errors import Unavailable

SDL = Path(__file__).with_name("schema.graphql")

UNREAD = 1_000
"""What a document costs that is not executed: reading it is work, too."""
Variables = dict[str, Any]


class Known(SchemaExtension):
    """Puts the document in its place: it was parsed and validated before."""

    def on_parse(self) -> Iterator[None]:
        running = self.execution_context
        assert running.query is not None
        running.graphql_document = running.context.documents.prepare(running.query).document
        running.pre_execution_errors = []
        yield


class Forgetful(StrawberryGraphQLCoreExecutionContext):
    """Executes each event of a subscription with a memory of its own. graphql-core 3.3 gives all of them one memory of the fields
    that they select, where no event finds what another left there: it grew for as long as the subscription went on."""

    def build_per_event_executor(self, payload: Any) -> Executor[Any]:
        executor = super().build_per_event_executor(payload)
        executor._relevant_sub_fields = {}  # pyright: ignore[reportPrivateUsage]
        return executor


class Schema(strawberry.Schema):
    """Runs what is valid and within the limits of the context's documents, for as long as it may take.

    Every GraphQL error leaves coded, with the request's id and without internals; it is logged where it is masked.
    """

    async def execute(
        self,
        query: str | None,
        variable_values: Variables | None = None,
        context_value: Any = None,
        root_value: Any = None,
        operation_name: str | None = None,
        allowed_operation_types: Iterable[Kind] | None = None,
        operation_extensions: dict[str, Any] | None = None,
    ) -> ExecutionResult:
        """The answer to a query or mutation, when it is its caller's turn. Raises InvalidOperationTypeError for a
        subscription."""
        assert query is not None
        context: Context = context_value
        spans = spans_here()
        if spans is None:
            return await self._in_turn(context, query, operation_name, variable_values or {})
        with spans.operation(*_kind_and_name(context, query, operation_name)):
            return await self._in_turn(context, query, operation_name, variable_values or {})

    async def _in_turn(self, context: Context, query: str, operation_name: str | None, variables: Variables) -> ExecutionResult:
        if context.rates is None:
            return await self._answer(context, query, operation_name, variables)
        try:
            async with context.rates.turn(context.caller):
                return await self._answer(context, query, operation_name, variables)
        except RateLimited as limited:
            return _limited(context, limited)

    async def _answer(self, context: Context, query: str, operation_name: str | None, variables: Variables) -> ExecutionResult:
        known = await self._known(context, query, operation_name, variables)
        if known:
            return known
        asked, cost = _admitted(context, query, operation_name, variables)
        context.charge(cost or UNREAD)
        if isinstance(asked, Asked):
            if asked.kind is OperationType.SUBSCRIPTION:
                raise InvalidOperationTypeError(Kind.SUBSCRIPTION)
            result = await self._within_time(context, query, operation_name, variables, asked)
        else:
            result = PreExecutionError(data=None, errors=asked)
        _show(context, query, variables, result)
        if context.tell_cost and cost is not None:
            told = {"value": cost, "limit": context.documents.policy.limits.cost}
            result.extensions = {**(result.extensions or {}), "cost": told}
            if context.rate:
                result.extensions["rate"] = context.rate.told()
        return result

    async def _known(
        self, context: Context, query: str, operation_name: str | None, variables: Variables
    ) -> ExecutionResult | None:
        """The answer to a query whose plan is kept, for which all of this was done before; None if there is none."""
        if context.answers is None or context.tell_cost or not _may(context, query, operation_name):
            return None
        seconds = context.documents.policy.limits.seconds
        try:
            async with Patience(seconds, context.waited, context.trouble):
                data = await context.answers.answer(context.db, (query, operation_name), variables, context.charge)
            return ExecutionResult(data=data, errors=None)
        except Unanswerable:
            return None
        except RateLimited:
            raise
        except TimeoutError:
            error = took_too_long(seconds, writing=False)
        except Exception as failed:
            error = GraphQLError(str(failed), original_error=failed)
        result = ExecutionResult(data=None, errors=[error])
        _show(context, query, variables, result)
        return result

    async def _within_time(
        self, context: Context, query: str, operation_name: str | None, variables: Variables, asked: Asked
    ) -> ExecutionResult:
        """The answer, or that it took too long: cancelling what runs ends its statements in the database, too."""
        seconds = context.documents.policy.limits.seconds
        try:
            async with Patience(seconds, context.waited, context.trouble):
                return await super().execute(query, variables, context_value=context, operation_name=operation_name)
        except TimeoutError:
            error = took_too_long(seconds, writing=asked.kind is OperationType.MUTATION)
        except Unavailable as failed:
            error = GraphQLError(str(failed), original_error=failed)
        return ExecutionResult(data=None, errors=[error])

    async def stream(self, query: str | None, *_: Any, **given: Any) -> Any:
        assert query is not None
        # Operations of one socket run side by side, each with a context of its own.
        context: Context = replace(given["context_value"], request_id=new_request_id(), waited=0.0, trouble=Trouble())
        return self._followed(context, query, given.get("operation_name"), given.get("variable_values") or {})

    async def _followed(
        self, context: Context, query: str, operation_name: str | None, variables: Variables
    ) -> AsyncGenerator[ExecutionResult]:
        """The answers to a subscription one by one, or the one answer to another operation."""
        asked, cost = _admitted(context, query, operation_name, variables)
        if not isinstance(asked, Asked) or asked.kind is OperationType.SUBSCRIPTION:
            try:
                context.charge(cost or UNREAD)
            except RateLimited as limited:
                yield PreExecutionError(data=None, errors=_limited(context, limited).errors)
                return
        if isinstance(asked, Asked) and asked.kind is not OperationType.SUBSCRIPTION:
            yield await self.execute(query, variables, context, operation_name=operation_name)
        elif isinstance(asked, Asked):
            results: Any = await super().stream(
                query, variable_values=variables, context_value=context, operation_name=operation_name
            )
            async with aclosing(results):
                async for result in results:
                    _show(context, query, variables, result)
                    yield result
        else:
            refused = PreExecutionError(data=None, errors=asked)
            _show(context, query, variables, refused)
            yield refused

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        return None


def _admitted(
    context: Context, query: str, operation_name: str | None, variables: Variables
) -> tuple[Asked | list[GraphQLError], int | None]:
    """The operation that may be executed, or why it may not; and its cost, as soon as that can be told."""
    prepared = context.documents.prepare(query)
    if prepared.errors:
        return list(prepared.errors), None
    try:
        asked = prepared.operation(operation_name)
        if lacks := lacking(asked.needs, context.caller.permissions):
            return [forbidden(lacks)], None
        return asked, asked.check_cost(context.documents.policy.limits, variables)
    except TooComplex as error:
        return [too_complex(error)], error.value if error.limit == "cost" else None
    except GraphQLError as error:
        return [error], None


def _may(context: Context, query: str, operation_name: str | None) -> bool:
    """Whether the caller has all that a document's operation needs. What is wrong with the document is told elsewhere."""
    try:
        return not lacking(context.documents.prepare(query).operation(operation_name).needs, context.caller.permissions)
    except GraphQLError:
        return False


def _kind_and_name(context: Context, query: str, operation_name: str | None) -> tuple[str | None, str | None]:
    """What kind of operation is asked for, and what its document calls it; neither, if nothing could be executed."""
    try:
        asked = context.documents.prepare(query).operation(operation_name)
    except GraphQLError:
        return None, None
    return asked.kind.value, asked.name


def _limited(context: Context, limited: RateLimited) -> ExecutionResult:
    """The answer to a caller who asks for more than it may have now."""
    context.limited = limited
    return ExecutionResult(data=None, errors=[shown(rate_limited(limited), context.request_id)])


def _show(context: Context, query: str, variables: Variables, result: ExecutionResult) -> None:
    """Turns the errors of a result into what the client may see."""
    if result.errors:
        errors = [shown(error, context.request_id) for error in result.errors]
        if not context.documents.policy.suggestions:
            said = (query, orjson.dumps(variables).decode())
            errors = [hushed(error, *said) if error.path is None else error for error in errors]
        result.errors = errors


def make_schema() -> Schema:
    """The schema with its planned resolvers in place."""
    schema = Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        config=StrawberryConfig(scalar_map=SCALARS),
        extensions=[PlannedReads, Known],
        execution_context_class=Forgetful,
    )
    install(schema._schema)
    permissions.install(schema._schema)
    return schema


schema = make_schema()


def sdl() -> str:
    """The schema in GraphQL's schema definition language."""
    return schema.as_str() + "\n"


def main() -> None:
    """Writes the committed SDL."""
    SDL.write_text(sdl(), "utf-8")


if __name__ == "__main__":
    main()
