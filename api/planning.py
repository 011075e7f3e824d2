"""Before an operation runs: one statement reads all that a query's planned fields want, and most queries are answered by it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from graphql import (
    ExecutionResult,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    get_operation_ast,
)
from graphql.execution.values import VariableValues, get_variable_values
from strawberry.extensions import SchemaExtension
from strawberry.types import ExecutionContext

from api.answers import Answerable, Unanswerable
from api.context import Context
from api.errors import BadVariables, bad_arguments, which_operation
from api.finishing import finisher
from api.selection import BadArguments, Planned, Planner
from graph.reads import BadSelection, Plan, asks_for_personas, compile_read, read


class PlannedReads(SchemaExtension):
    """Before the executor starts: reads everything a query's planned fields want with one statement, and refuses a mutation
    whose payload can't be read as it is asked for, for nothing is written yet."""

    async def on_execute(self) -> AsyncIterator[None]:
        running = self.execution_context
        try:
            await _Operation(running).prepare()
        except BadArguments as error:
            running.result = ExecutionResult(data=None, errors=bad_arguments(error))
        except BadVariables as error:
            running.result = ExecutionResult(data=None, errors=error.errors)
        except GraphQLError as error:
            running.result = ExecutionResult(data=None, errors=[error])
        except Exception as error:
            wrapped = GraphQLError(str(error), original_error=error)
            running.result = ExecutionResult(data=None, errors=[wrapped])
        yield


class _Operation:
    """The operation that is about to run."""

    def __init__(self, running: ExecutionContext) -> None:
        document = running.graphql_document
        assert document is not None
        operations = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
        if running._provided_operation_name is None and len(operations) > 1:
            raise which_operation()  # the framework would run the first
        operation = get_operation_ast(document, running.operation_name)
        assert operation is not None, "the schema refuses an operationName that names none"
        self._running = running
        self._context: Context = running.context
        self._schema: GraphQLSchema = running.schema._schema
        self._document = document
        self._operation = operation
        self._fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}
        root = self._schema.get_root_type(operation.operation)
        assert root is not None
        self._root = root

    async def prepare(self) -> None:
        """Sets what the operation's root resolvers look things up in, or the result. Raises BadArguments, BadVariables, and
        what reading raises."""
        planner = self._planner(self._running.variables or {})
        try:
            if self._operation.operation is OperationType.MUTATION:
                compile_read(planner.payloads(self._root, self._operation.selection_set), self._context.cursors)
            if self._operation.operation is OperationType.QUERY:
                await self._answer(planner)
        except BadSelection as error:
            raise planner.located(error) from error

    def _planner(self, variables: Mapping[str, Any]) -> Planner:
        values = get_variable_values(self._schema, self._operation.variable_definitions or (), dict(variables))
        if not isinstance(values, VariableValues):
            raise BadVariables(values)
        return Planner(self._schema, self._fragments, values)

    async def _answer(self, planner: Planner) -> None:
        """Answers the query without the executor if that can be; else reads for its resolvers."""
        context, running = self._context, self._running
        planned = planner.root(self._root, self._operation.selection_set)
        if not planned.selections:
            running.root_value = planned.assemble({})
            return
        try:
            query = self._answerable(planner, planned)
            running.result = ExecutionResult(data=await query.answer(context.db, query.plan.params))
        except Unanswerable:
            running.root_value = planned.assemble(await read(context.db, planned.selections, context.cursors))
            return
        if context.answers and running.query:
            key, variables = (running.query, running._provided_operation_name), running.variables or {}
            bound = context.sight is not None
            asked = key, self._document, self._operation, variables
            context.answers.keep(*asked, query, self._plan, context.cursors, cost=context.cost, part=bound)

    def _answerable(self, planner: Planner, planned: Planned) -> Answerable:
        if not self._context.answers or asks_for_personas(planned.selections):
            raise Unanswerable
        cursors, operation = self._context.cursors, self._operation.selection_set
        plan = compile_read(planned.selections, cursors, part=self._context.sight is not None)
        return Answerable(plan, finisher(self._schema, planner, operation, planned, plan.layout, cursors))

    def _plan(self, variables: Mapping[str, Any]) -> Plan:
        """The plan with other variables."""
        planned = self._planner(variables).root(self._root, self._operation.selection_set)
        return compile_read(planned.selections, self._context.cursors, part=self._context.sight is not None)
