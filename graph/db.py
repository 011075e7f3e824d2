"""The one place that talks to Neo4j: statements in, plain Python values out.

Reads of one statement run as auto-commit transactions, which cost half of a managed one, and so do writes that say themselves
whether they were done before; only when that fails are they repeated under the driver's managed retries. All other writes are
managed transactions whose work must be safe to repeat.
"""

from __future__ import annotations

import asyncio
import copy
import math
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, LiteralString, Protocol, TypeVar

import neo4j
from neo4j import exceptions as driver_errors

from graph.errors import GraphError, TooExpensive, Unavailable, UnreadableText
from graph.queries import Query
from graph.sight import Sight

T = TypeVar("T")
Row = dict[str, Any]
Constraint = driver_errors.ConstraintError

# A server that says so has cut the statement off for its time or its memory. The driver counts both as worth repeating.
_TOO_EXPENSIVE = (
    "Neo.TransientError.General.MemoryPoolOutOfMemoryError",
    "Neo.TransientError.General.OutOfMemoryError",
    "Neo.ClientError.Transaction.TransactionTimedOut",
    "Neo.ClientError.Transaction.TransactionTimedOutClientConfiguration",
)
# A node that a statement had found was deleted by another transaction before the statement could lock it.
_VANISHED = "Neo.ClientError.Statement.EntityNotFound"
VANISHED_TRIES = 3
FIRST_RETRY_AFTER = 0.02  # seconds; the driver's own default of a second makes every lost race slow


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach a Neo4j: a bolt:// or neo4j:// URI (or their +s forms), credentials, and the database's name."""

    uri: str
    username: str
    password: str
    database: str | None = None
    pool_size: int = 100
    retry_for: float = 10.0  # seconds
    statement_timeout: float | None = 30.0  # seconds

    def __repr__(self) -> str:
        return f"Connection({self.uri!r}, {self.username!r}, database={self.database!r})"


@dataclass(frozen=True, slots=True)
class Plan:
    """What the server says of a statement: without running it (EXPLAIN), or having run it (PROFILE)."""

    columns: tuple[str, ...]
    mode: str
    notices: tuple[str, ...]
    operators: tuple[str, ...]
    hits: int = 0  # of the store; counted only where the statement ran


class Tx:
    """A running transaction. Statements see what the earlier ones of the same transaction wrote."""

    def __init__(self, db: Db, tx: neo4j.AsyncManagedTransaction) -> None:
        self._db = db
        self._tx = tx

    @property
    def sight(self) -> Sight | None:
        """The part of the market that the caller sees; None for all of it."""
        return self._db.sight

    @property
    def longest(self) -> float:
        """Seconds after which a bounded transaction has ended, if all have the same settings; infinite without a timeout."""
        return self._db.longest

    async def run(self, query: Query, **params: Any) -> list[Row]:
        """The statement's rows. Raises whatever makes the transaction end."""
        self._db.statements += 1
        if self.sight:
            query, params = self.sight.narrowed(query, params)
        result = await self._tx.run(query.text, params)
        return [dict(record) async for record in result]


class Gate(Protocol):
    """Stands before a transaction's work: it may do it, or answer in its place. Called anew when the work is repeated."""

    async def __call__(self, tx: Tx, work: Callable[[Tx], Awaitable[Any]]) -> Any: ...


class Db:
    """A pool of connections to one database. Safe for concurrent use; open it with `connect`."""

    def __init__(self, driver: neo4j.AsyncDriver, connection: Connection) -> None:
        self._driver = driver
        self._retry_for = connection.retry_for
        self._timeout = connection.statement_timeout
        self._session: dict[str, Any] = {"database": connection.database, "fetch_size": -1}
        if connection.uri.startswith("neo4j"):  # in a cluster a client must read its own writes; one server always does
            self._session["bookmark_manager"] = neo4j.AsyncGraphDatabase.bookmark_manager()
        self.longest = math.inf if connection.statement_timeout is None else connection.statement_timeout
        self._gates: Callable[[], Gate] | None = None
        self.sight: Sight | None = None
        self.statements = 0  # run so far, for those who count what an operation costs

    def through(self, gates: Callable[[], Gate]) -> Db:
        """The same database, with each transaction's work done by a gate of its own, within the transaction."""
        other = copy.copy(self)
        other._gates = gates
        return other

    def aside(self) -> Db:
        """The same database for what happens beside operations, which counts its statements by itself."""
        return copy.copy(self)

    def seeing(self, sight: Sight) -> Db:
        """The same database for a caller who sees a part of the market: statements are narrowed to it."""
        other = copy.copy(self)
        other.sight = sight
        return other

    async def read(self, query: Query, **params: Any) -> list[Row]:
        """The rows of one reading statement. Raises Unavailable or TooExpensive."""
        self.statements += 1
        with translated():
            async with self._driver.session(**self._session, default_access_mode=neo4j.READ_ACCESS) as session:
                try:
                    return await self._rows(session, query, params)
                except driver_errors.DriverError as error:
                    again = error.is_retryable()
                except driver_errors.Neo4jError as error:
                    again = error.is_retryable() and error.code not in _TOO_EXPENSIVE
                    if not again:
                        raise
                if not again:
                    raise Unavailable("the connection to the database broke")
                return await session.execute_read(lambda tx: Tx(self, tx).run(query, **params))

    async def _rows(self, session: neo4j.AsyncSession, query: Query, params: Mapping[str, Any]) -> list[Row]:
        if self.sight:
            query, params = self.sight.narrowed(query, dict(params))
        statement = neo4j.Query(query.text, metadata={"statement": query.name}, timeout=self._timeout)
        result = await session.run(statement, dict(params))
        return [dict(record) async for record in result]

    @property
    def gated(self) -> bool:
        """Whether a gate stands before each transaction's work."""
        return self._gates is not None

    async def write(self, query: Query, *, unless: Callable[[list[Row]], None] | None = None, **params: Any) -> list[Row]:
        """One writing statement in a transaction of its own. It must be safe to repeat. `unless` may look at the rows and
        raise: then nothing is written."""

        async def work(tx: Tx) -> list[Row]:
            rows = await tx.run(query, **params)
            if unless:
                unless(rows)
            return rows

        return await self.transaction(work, name=query.name)

    async def write_idempotent(self, query: Query, **params: Any) -> list[Row]:
        """One writing statement that, run again with the same parameters, does nothing more and answers alike. It commits by
        itself, which saves two of three round trips; only if the server asks for it, or nobody knows how that ended, is it run
        again in a managed transaction, as it is behind a gate."""
        if self._gates is None and (rows := await self._at_once(query, params)) is not None:
            return rows
        return await self.write(query, **params)

    async def _at_once(self, query: Query, params: Mapping[str, Any]) -> list[Row] | None:
        """The rows of a statement that commits by itself; None if it has to be run again."""
        self.statements += 1
        with translated():
            async with self._driver.session(**self._session) as session:
                try:
                    return await self._rows(session, query, params)
                except driver_errors.DriverError as error:
                    if not error.is_retryable():
                        raise
                except driver_errors.Neo4jError as error:
                    again = error.is_retryable() and error.code not in _TOO_EXPENSIVE
                    if not again and error.code != _VANISHED:
                        raise
        return None

    async def transaction(self, work: Callable[[Tx], Awaitable[T]], name: str = "transaction", *, bounded: bool = True) -> T:
        """`work` in one transaction, repeated whole when the server asks for it, committed if it returns.

        `bounded`: the server ends it after the connection's statement timeout.

        Raises what `work` raises (nothing is written then), Unavailable, or TooExpensive.
        """

        gate = self._gates() if self._gates else None

        @neo4j.unit_of_work(metadata={"statement": name}, timeout=self._timeout if bounded else None)
        async def once(tx: neo4j.AsyncManagedTransaction) -> T:
            try:
                return await (gate(Tx(self, tx), work) if gate else work(Tx(self, tx)))
            except driver_errors.Neo4jError as error:
                if error.code in _TOO_EXPENSIVE:
                    raise TooExpensive(_words(error)) from error
                raise

        with translated():
            async with self._driver.session(**self._session) as session:
                for _ in range(VANISHED_TRIES - 1):  # it won't be found again, so the work comes to another answer
                    try:
                        return await session.execute_write(once)
                    except driver_errors.ClientError as error:
                        if error.code != _VANISHED:
                            raise
                return await session.execute_write(once)

    async def alone(self, query: Query, **params: Any) -> list[Row]:
        """A statement that must be its own transaction, such as DDL or CALL ... IN TRANSACTIONS. Not repeated."""
        self.statements += 1
        with translated():
            async with self._driver.session(**self._session) as session:
                result = await session.run(query.text, params)
                return [dict(record) async for record in result]

    async def explain(self, text: LiteralString, params: Mapping[str, Any] | None = None) -> Plan:
        """The server's reading of a statement that is not run."""
        async with self._driver.session(**self._session, notifications_min_severity="INFORMATION") as session:
            result = await session.run(neo4j.Query("EXPLAIN " + text), dict(params or {}))
            summary = await result.consume()
            notices = tuple(f"{o.gql_status} {o.status_description}" for o in summary.gql_status_objects)
            return Plan(tuple(result.keys()), summary.query_type or "", notices, tuple(_operators(summary.plan)))

    async def profile(self, query: Query, **params: Any) -> Plan:
        """How the server ran a reading statement, and at what cost."""
        async with self._driver.session(**self._session, default_access_mode=neo4j.READ_ACCESS) as session:
            result = await session.run(neo4j.Query("PROFILE " + query.text), params)
            summary = await result.consume()
            hits = sum(one.get("dbHits", 0) for one in _plans(summary.profile))
            operators = tuple(_operators(summary.profile))
            return Plan(tuple(result.keys()), summary.query_type or "", (), operators, hits)

    async def ready(self, within: float) -> None:
        """Returns once a query has been answered. Raises Unavailable after `within` seconds."""
        last: BaseException | None = None
        try:
            async with asyncio.timeout(within):
                while True:
                    try:
                        async with self._driver.session(**self._session) as session:
                            await (await session.run("RETURN 1")).consume()
                        return
                    except driver_errors.AuthError as error:
                        raise Unavailable(f"the database refuses the user name or password: {_words(error)}") from error
                    except (driver_errors.DriverError, driver_errors.Neo4jError, OSError) as error:
                        last = error
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise Unavailable(f"the database didn't answer within {within:g} s{f': {_words(last)}' if last else ''}") from None


def _plans(plan: Any) -> Iterator[Any]:
    if plan:
        yield plan
        for child in plan.get("children", ()):
            yield from _plans(child)


def _operators(plan: Any) -> Iterator[str]:
    return (one["operatorType"].split("@")[0] for one in _plans(plan))


def _words(error: BaseException) -> str:
    return (getattr(error, "message", None) or str(error)).splitlines()[0]


class translated:
    """Turns what the driver raises into this package's errors; constraint violations pass as they are."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, driver_errors.Neo4jError) and error.code in _TOO_EXPENSIVE:
            raise TooExpensive(_words(error)) from error
        if isinstance(error, UnicodeEncodeError):
            raise UnreadableText("a text holds half of a surrogate pair, which is no character") from error
        if isinstance(error, driver_errors.DriverError) and not isinstance(error, GraphError):
            raise Unavailable(_words(error)) from error
        if isinstance(error, driver_errors.TransientError | driver_errors.DatabaseUnavailable):
            raise Unavailable(_words(error)) from error


@asynccontextmanager
async def connect(connection: Connection) -> AsyncGenerator[Db]:
    """An open `Db`, closed on leaving. Doesn't wait for the server: call `ready` for that."""
    driver = neo4j.AsyncGraphDatabase.driver(
        connection.uri,
        auth=(connection.username, connection.password),
        max_connection_pool_size=connection.pool_size,
        connection_acquisition_timeout=connection.retry_for,
        connection_timeout=5.0,
        max_transaction_retry_time=connection.retry_for,
        initial_retry_delay=FIRST_RETRY_AFTER,
        notifications_min_severity="OFF",
        user_agent="buying-groups",
    )
    async with driver:
        yield Db(driver, connection)
