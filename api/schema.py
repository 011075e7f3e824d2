"""The GraphQL schema. `python -m api.schema` writes its committed SDL."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.exceptions import CannotGetOperationTypeError
from strawberry.types import ExecutionContext, ExecutionResult

from api.errors import shown, which_operation
from api.mutations import Mutation
from api.planning import PlannedReads
from api.queries import Query
from api.resolvers import install
from api.subscriptions import Subscription
from api.types.base import SCALARS

SDL = Path(__file__).with_name("schema.graphql")


class Schema(strawberry.Schema):
    """Every GraphQL error leaves coded, with the request's id and without internals; it is logged where it is masked."""

    async def execute(self, *args: Any, **kwargs: Any) -> ExecutionResult:
        try:
            result = await super().execute(*args, **kwargs)
        except CannotGetOperationTypeError:
            result = ExecutionResult(data=None, errors=[which_operation()])
        _show(result, kwargs["context_value"].request_id)
        return result

    async def stream(self, *args: Any, **kwargs: Any) -> Any:
        results: Any = await super().stream(*args, **kwargs)
        return _shown_one_by_one(results, kwargs["context_value"].request_id)

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        return None


async def _shown_one_by_one(results: AsyncGenerator[Any], request_id: str) -> AsyncGenerator[Any]:
    async with aclosing(results):
        async for result in results:
            _show(result, request_id)
            yield result


def _show(result: Any, request_id: str) -> None:
    if result.errors:
        result.errors = [shown(error, request_id) for error in result.errors]


def make_schema() -> Schema:
    """The schema with its planned resolvers in place."""
    schema = Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        config=StrawberryConfig(scalar_map=SCALARS),
        extensions=[PlannedReads, lambda: ParserCache(maxsize=1000), lambda: ValidationCache(maxsize=1000)],
    )
    install(schema._schema)
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
