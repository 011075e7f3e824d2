"""The one place that talks to Neo4j: statements in, plain Python values out.

Reads of one statement run as auto-commit transactions, which cost half of a managed one, and so do writes that say themselves
whether they were done before; only when that fails are they repeated under the driver's managed retries. All other writes are
managed transactions whose work must be safe to repeat.
"""

from __future__ import annotations

import asyncio
import copy
import math
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from time import monotonic, perf_counter
from types import TracebackType
from typing import Any, LiteralString, Protocol, TypeVar

import neo4j
from neo4j import exceptions as driver_errors

from graph.errors import GraphError, TooExpensive, Unavailable, UnreadableText
from graph.queries import Query
from graph.queries import query as statement_of
from graph.sight import Sight
from graph.together import Gathering

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
# A server that says so can't be trusted with anything until it is started again, such as after its disk was full. The others of
# this family are about the store, too, and not about the statement.
_BROKEN = "Neo.DatabaseError.Transaction.TransactionStartFailed"
_OF_THE_STORE = ("Neo.DatabaseError.Transaction.", "Neo.DatabaseError.Database.", "Neo.DatabaseError.General.")
# A node that a statement had found was deleted by another transaction before the statement could lock it.
_VANISHED = "Neo.ClientError.Statement.EntityNotFound"
VANISHED_TRIES = 3
FIRST_RETRY_AFTER = 0.02  # seconds; the driver's own default of a second makes every lost race slow
RETRY_GROWTH = 1.5  # how much longer each further wait is
# Seconds. Who waits longer than PATIENCE wonders whether the server answers at all, and asks it for PROBE at most; if it doesn't,
# the wait is over after GIVE_UP. A server that answers may take as long as the statement's timeout says.
PATIENCE = 3.0
PROBE = 4.5
GIVE_UP = 4.0
ASK_AGAIN = 0.5
DOUBT = 1.0
"""For how many seconds to believe that a server answers which is asked just that."""
FREE_WITHIN = 5.0
"""For how many seconds to wait for a connection to be free."""


class Watch(Protocol):
    """Is told what happens, by names and counts alone."""

    def statement(self, name: str, seconds: float, failed: bool, rows: int) -> None:
        """A statement has ended."""
        ...

    def unit(self, name: str) -> AbstractContextManager[Tell]:
        """A unit of work goes on while this is entered, such as a job's batch; it yields what takes its counts."""
        ...


class Tell(Protocol):
    """Takes what is known of a unit of work: counts, and words of closed sets."""

    def __call__(self, known: Mapping[str, int | str], *, failed: bool = False) -> None: ...


watching: ContextVar[Watch | None] = ContextVar("watching", default=None)
"""Who is told of what runs in this context, and in what is started from it."""


@dataclass(slots=True)
class Trouble:
    """Whether the server failed to answer: it couldn't be reached, broke off, or was silent for long. `asking`: since when, by
    `time.monotonic`, it is asked whether it answers at all."""

    met: bool = False
    asking: list[float] = field(default_factory=list[float])

    @property
    def stands(self) -> bool:
        """Whether it failed to answer, or seems just about to."""
        return self.met or any(monotonic() - since > DOUBT for since in self.asking)

    @contextmanager
    def doubted(self) -> Generator[None]:
        """While it is entered, the server is asked."""
        since = monotonic()
        self.asking.append(since)
        try:
            yield
        finally:
            self.asking.remove(since)


_trouble: ContextVar[Trouble | None] = ContextVar("trouble", default=None)


@contextmanager
def noting(trouble: Trouble) -> Generator[None]:
    """While it is entered, failures of the server to answer are noted for who asks in this context, or in one started from it."""
    before = _trouble.set(trouble)
    try:
        yield
    finally:
        _trouble.reset(before)


def note_trouble(since: float | None = None) -> None:
    """The server failed to answer who asks in this context. With `since`, by `time.monotonic`: it has if it took longer than it
    is believed to answer."""
    trouble = _trouble.get()
    if trouble and (since is None or monotonic() - since > DOUBT):
        trouble.met = True


def unit(name: str) -> AbstractContextManager[Tell]:
    """A unit of work, told to who watches."""
    watch = watching.get()
    return watch.unit(name) if watch else nullcontext(untold)


def untold(known: Mapping[str, int | str], *, failed: bool = False) -> None:
    """Takes what is known of what nobody watches."""


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach a Neo4j: a bolt:// or neo4j:// URI (or their +s forms), credentials, and the database's name."""

    uri: str
    username: str
    password: str
    database: str | None = None
    pool_size: int = 100
    retry_for: float = 6.0  # seconds
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


@dataclass(frozen=True, slots=True)
class Pool:
    """The connections of a `Db`: how many it may have, how many work, and how many callers wait for one."""

    size: int
    used: int
    waiting: int


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
        with timed(query.name) as taken:
            result = await self._tx.run(query.text, params)
            return taken.rows([dict(record) async for record in result])


class Gate(Protocol):
    """Stands before a transaction's work: it may do it, or answer in its place. Called anew when the work is repeated."""

    async def __call__(self, tx: Tx, work: Callable[[Tx], Awaitable[Any]]) -> Any: ...


class Db:
    """A pool of connections to one database. Safe for concurrent use; open it with `connect`."""

    def __init__(self, driver: neo4j.AsyncDriver, connection: Connection, other: neo4j.AsyncDriver | None = None) -> None:
        self._driver = driver
        self._timeout = connection.statement_timeout
        self._session: dict[str, Any] = {"database": connection.database, "fetch_size": -1}
        if connection.uri.startswith("neo4j"):  # in a cluster a client must read its own writes; one server always does
            self._session["bookmark_manager"] = neo4j.AsyncGraphDatabase.bookmark_manager()
        self.longest = math.inf if connection.statement_timeout is None else connection.statement_timeout
        self._slots = _Slots(connection.pool_size)
        self._pulse = _Pulse(other or driver, connection.database)
        self._gates: Callable[[], Gate] | None = None
        self.sight: Sight | None = None
        self.statements = 0  # run so far, for those who count what an operation costs
        self._gathering = Gathering(partial(_written, self.aside()))

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
        async with self._opened(default_access_mode=neo4j.READ_ACCESS) as session:
            try:
                return await self._rows(session, query, params)
            except driver_errors.DriverError as error:
                note_trouble()
                again = error.is_retryable()
            except driver_errors.Neo4jError as error:
                again = error.is_retryable() and error.code not in _TOO_EXPENSIVE
                if not again:
                    raise
            if not again:
                raise Unavailable("the connection to the database broke")
            return await session.execute_read(self._unit(lambda tx: tx.run(query, **params), query.name))

    async def _rows(self, session: neo4j.AsyncSession, query: Query, params: Mapping[str, Any]) -> list[Row]:
        if self.sight:
            query, params = self.sight.narrowed(query, dict(params))
        statement = neo4j.Query(query.text, metadata={"statement": query.name}, timeout=self._timeout)
        with timed(query.name) as taken:
            result = await session.run(statement, dict(params))
            return taken.rows([dict(record) async for record in result])

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

    async def write_together(
        self, query: Query, own: Mapping[str, Any], shared: Mapping[str, Any], *, lock: str, weight: int
    ) -> list[Row]:
        """As `write_idempotent`, of the parameters `own` and `shared`; those who ask for the same at the same time, each with
        parameters of its own, are answered by one statement in one transaction, unless there is a gate, or a part of the market.
        `lock`: what the statement locks first; `weight`: how much it writes, in people or the like."""
        if self._gates is not None or self.sight is not None:
            return await self.write_idempotent(query, **own, **shared)
        with self._gathering.place(query, own, shared, lock, weight) as turn:
            if (rows := await self._turn(turn, query.name)) is not None:
                self.statements += 1
                return rows
            return await self.write_idempotent(query, **own, **shared)

    async def _turn(self, turn: asyncio.Future[list[Row] | None], name: str) -> list[Row] | None:
        """What comes of a turn. Raises Unavailable, too, if the server doesn't answer meanwhile."""
        if turn.done():
            return turn.result()
        guard = _Guard(self._pulse)
        with timed(name) as taken:
            guard.start()
            try:
                rows = await turn
            except BaseException as error:
                if guard.stop() and isinstance(error, asyncio.CancelledError):
                    raise Unavailable("the database doesn't answer") from error
                if isinstance(error, Unavailable):
                    guard.note()
                raise
            guard.stop()
            return taken.nothing() if rows is None else taken.rows(rows)

    async def _at_once(self, query: Query, params: Mapping[str, Any]) -> list[Row] | None:
        """The rows of a statement that commits by itself; None if it has to be run again."""
        self.statements += 1
        began = perf_counter()
        async with self._opened() as session:
            try:
                return await self._rows(session, query, params)
            except driver_errors.DriverError as error:
                note_trouble()
                if not error.is_retryable() or perf_counter() - began > PATIENCE:  # it has been waited for long enough
                    raise
            except driver_errors.Neo4jError as error:
                again = error.is_retryable() and error.code not in _TOO_EXPENSIVE
                if not again and error.code != _VANISHED:
                    raise
        return None

    async def transaction(self, work: Callable[[Tx], Awaitable[T]], name: str = "transaction", *, bounded: bool = True) -> T:
        """`work` in one transaction, repeated whole when the server asks for it, committed if it returns.

        `bounded`: the server ends it after the connection's statement timeout, and it isn't waited for if the server is silent.

        Raises what `work` raises (nothing is written then), Unavailable, or TooExpensive.
        """

        gate = self._gates() if self._gates else None
        async with self._opened(guarded=bounded) as session:
            once = self._unit(lambda tx: gate(tx, work) if gate else work(tx), name, bounded=bounded)
            for _ in range(VANISHED_TRIES - 1):  # it won't be found again, so the work comes to another answer
                try:
                    return await session.execute_write(once)
                except driver_errors.ClientError as error:
                    if error.code != _VANISHED:
                        raise
            return await session.execute_write(once)

    def _unit(
        self, work: Callable[[Tx], Awaitable[T]], name: str, *, bounded: bool = True
    ) -> Callable[[neo4j.AsyncManagedTransaction], Awaitable[T]]:
        """What the driver may repeat: but never what took too long or too much memory."""

        asked = monotonic()

        @neo4j.unit_of_work(metadata={"statement": name}, timeout=self._timeout if bounded else None)
        async def once(tx: neo4j.AsyncManagedTransaction) -> T:
            nonlocal asked
            note_trouble(asked)  # for it took a while to reach it
            try:
                return await work(Tx(self, tx))
            except driver_errors.DriverError:
                note_trouble()
                raise
            except driver_errors.Neo4jError as error:
                if error.code in _TOO_EXPENSIVE:
                    raise TooExpensive(_words(error)) from error
                raise
            finally:
                asked = monotonic()

        return once

    async def alone(self, query: Query, **params: Any) -> list[Row]:
        """A statement that must be its own transaction, such as DDL or CALL ... IN TRANSACTIONS. Not repeated."""
        self.statements += 1
        async with self._opened(guarded=False) as session:
            with timed(query.name) as taken:
                result = await session.run(query.text, params)
                return taken.rows([dict(record) async for record in result])

    def _opened(self, *, guarded: bool = True, **more: Any) -> _Opened:
        return _Opened(self._driver.session(**self._session, **more), self._slots, _Guard(self._pulse) if guarded else None)

    @property
    def pool(self) -> Pool:
        """How its connections are used at this moment."""
        return Pool(self._slots.size, self._slots.used, self._slots.waiting)

    async def answers(self) -> bool:
        """Whether the server answers a query now, or within a few seconds; asked beside the pool, once for all who ask."""
        return await self._pulse.beats()

    @property
    def is_broken(self) -> bool:
        """Whether the server, when it was asked last, said that it has to be started again."""
        return self._pulse.broken

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
                            await (await session.run(statement_of("server/pulse").text)).consume()
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


class timed:
    """Tells who watches how long a statement takes, and how many rows it has."""

    __slots__ = ("_began", "_count", "_name", "_watch")

    def __init__(self, name: str) -> None:
        self._name, self._watch, self._count = name, watching.get(), 0

    def __enter__(self) -> timed:
        self._began = perf_counter()
        return self

    def rows(self, found: list[Row]) -> list[Row]:
        self._count = len(found)
        return found

    def nothing(self) -> None:
        """No statement ran."""
        self._watch = None

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if self._watch:
            self._watch.statement(self._name, perf_counter() - self._began, kind is not None, self._count)


async def _written(db: Db, query: Query, params: Mapping[str, Any]) -> list[Row] | None:
    """The rows of a statement for many; None if it can't be done. Raises Unavailable."""
    try:
        return await db.write_idempotent(query, **params)
    except Unavailable:
        raise
    except (GraphError, driver_errors.Neo4jError, driver_errors.DriverError):
        return None


def _translated(error: BaseException | None) -> GraphError | None:
    """This package's error for one of the driver's; constraint violations, and what else is not the driver's, have none."""
    if isinstance(error, driver_errors.Neo4jError) and error.code in _TOO_EXPENSIVE:
        return TooExpensive(_words(error))
    if isinstance(error, UnicodeEncodeError):
        return UnreadableText("a text holds half of a surrogate pair, which is no character")
    if isinstance(error, driver_errors.DriverError) and not isinstance(error, GraphError):
        return Unavailable(_words(error))
    if isinstance(error, driver_errors.TransientError | driver_errors.DatabaseUnavailable):
        return Unavailable(_words(error))
    if isinstance(error, driver_errors.DatabaseError) and (error.code or "").startswith(_OF_THE_STORE):
        return Unavailable(_words(error))
    return None


# --- a server that may not answer -----------------------------------------------------------------------------------


class _Slots:
    """As many as there are connections, so that nobody waits for one within the driver, which would try again and again."""

    def __init__(self, size: int) -> None:
        self.size, self.waiting = size, 0
        self._free = asyncio.Semaphore(size)

    @property
    def used(self) -> int:
        return self.size - self._free._value

    async def take(self) -> None:
        """Raises Unavailable if none is free in time."""
        if not self._free.locked():
            await self._free.acquire()  # at once
            return
        self.waiting += 1
        try:
            async with asyncio.timeout(FREE_WITHIN):
                await self._free.acquire()
        except TimeoutError:
            raise Unavailable(f"none of {self.size} connections was free within {FREE_WITHIN:g} s") from None
        finally:
            self.waiting -= 1

    def give(self) -> None:
        self._free.release()


class _Pulse:
    """Whether the server answers at all: asked on a connection of its own, once for all who wonder."""

    def __init__(self, driver: neo4j.AsyncDriver, database: str | None) -> None:
        self._driver, self._database = driver, database
        self._asking: asyncio.Task[bool] | None = None
        self.broken = False

    async def beats(self) -> bool:
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask(), name="pulse")
        return await asyncio.shield(self._asking)

    async def _ask(self) -> bool:
        self.broken = False
        try:
            async with asyncio.timeout(PROBE), self._driver.session(database=self._database) as session:
                await (await session.run(statement_of("server/pulse").text)).consume()
        except driver_errors.Neo4jError as error:
            self.broken = error.code == _BROKEN
            return False
        except Exception:  # while a server starts or stops, the driver raises more kinds than it tells of
            return False
        return True


class _Guard:
    """Ends the wait of the task that started it if the server doesn't answer any more, and notes that it didn't."""

    __slots__ = ("_began", "_cancelling", "_cancels", "_look_again", "_looking", "_loop", "_pulse", "_task", "_trouble")

    def __init__(self, pulse: _Pulse) -> None:
        self._pulse, self._trouble = pulse, _trouble.get()
        self._looking: asyncio.Task[None] | None = None
        self._cancels = 0

    def start(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task, self._cancelling, self._loop = task, task.cancelling(), asyncio.get_running_loop()
        self._began = self._loop.time()
        self._look_again = self._loop.call_later(PATIENCE, self._look)

    def _look(self) -> None:
        self._looking = self._loop.create_task(self._judge(), name="pulse of a statement")

    async def _judge(self) -> None:
        with self._trouble.doubted() if self._trouble else nullcontext():
            beats = await self._pulse.beats()
        if not beats:
            self.note()
        if not beats and self._loop.time() - self._began >= GIVE_UP:
            self._cancels += 1  # again, if somebody on the way takes it for something else
            self._task.cancel()
        self._look_again = self._loop.call_later(PATIENCE if beats else ASK_AGAIN, self._look)

    def note(self) -> None:
        """The server failed to answer the task."""
        if self._trouble:
            self._trouble.met = True

    def stop(self) -> bool:
        """Whether it was this that cancelled the task, and nobody else did."""
        self._look_again.cancel()
        if self._looking:
            self._looking.cancel()
        left = self._cancelling
        for _ in range(self._cancels):
            left = self._task.uncancel()
        return self._cancels > 0 and left <= self._cancelling


class _Opened:
    """A session while it is entered, with a connection for it. Raises this package's errors in place of the driver's, and
    Unavailable when the server doesn't answer any more."""

    __slots__ = ("_guard", "_session", "_slots")

    def __init__(self, session: neo4j.AsyncSession, slots: _Slots, guard: _Guard | None) -> None:
        self._session, self._slots, self._guard = session, slots, guard

    async def __aenter__(self) -> neo4j.AsyncSession:
        if self._guard:
            self._guard.start()
        try:
            await self._slots.take()
        except BaseException as error:
            self._end(error)
            raise
        return self._session

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            await self._session.__aexit__(kind, error, trace)
        except BaseException as another:
            self._slots.give()
            self._end(another)
            raise
        self._slots.give()
        self._end(error)

    def _end(self, error: BaseException | None) -> None:
        if self._guard and self._guard.stop() and isinstance(error, asyncio.CancelledError):
            raise Unavailable("the database doesn't answer") from error
        if told := _translated(error):
            if self._guard and isinstance(error, driver_errors.DriverError):  # it couldn't be reached, or broke off
                self._guard.note()
            raise told from error


@asynccontextmanager
async def connect(connection: Connection) -> AsyncGenerator[Db]:
    """An open `Db`, closed on leaving. Doesn't wait for the server: call `ready` for that."""
    async with _driver(connection, connection.pool_size) as driver, _driver(connection, 1) as other:
        yield Db(driver, connection, other)


def _driver(connection: Connection, size: int) -> neo4j.AsyncDriver:
    return neo4j.AsyncGraphDatabase.driver(
        connection.uri,
        auth=(connection.username, connection.password),
        max_connection_pool_size=size,
        connection_acquisition_timeout=connection.retry_for,
        connection_timeout=5.0,
        max_transaction_retry_time=connection.retry_for,
        initial_retry_delay=FIRST_RETRY_AFTER,
        retry_delay_multiplier=RETRY_GROWTH,
        notifications_min_severity="OFF",
        user_agent="buying-groups",
    )
