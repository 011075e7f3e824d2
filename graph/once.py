"""Nothing twice: a call with an idempotency key is done once, and its repetitions get the first one's result.

The key and the result are stored in the transaction that does the work, so a caller whose connection broke can't tell
whether it was done, but may ask again. A call that was refused has done nothing, and is judged anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, is_dataclass
from typing import Any

from pydantic import TypeAdapter

from graph.activities import RecordResult
from graph.checks import blank_to_none
from graph.db import Db, Tx
from graph.errors import ErrorCode, Refused
from graph.members import MembersResult
from graph.model import MAX_TEXT
from graph.queries import query
from graph.rows import UpsertResult

FIELD = "idempotencyKey"
FORGET_AT_ONCE = 1_000
_RESULTS = {kind.__name__: TypeAdapter(kind) for kind in (UpsertResult, RecordResult, MembersResult)}


@dataclass(slots=True)
class Key:
    """An idempotency key: what its credential uses it for, and a fingerprint of the input it came with."""

    credential: str
    operation: str
    key: str
    fingerprint: str
    transactions: int = field(default=0)

    def next_id(self) -> str:
        """What to call the key in the graph; each transaction of the operation has its own."""
        self.transactions += 1
        parts = json.dumps([self.credential, self.operation, self.key, self.transactions])
        return hashlib.sha256(parts.encode()).hexdigest()


def key_of(credential: str, operation: str, key: str, given: Any) -> Key:
    """The key that a call came with. Raises Refused: INVALID."""
    if blank_to_none(key) is None or len(key) > MAX_TEXT:
        raise Refused.of(FIELD, ErrorCode.INVALID, f"Must have from 1 to {MAX_TEXT} characters.")
    text = json.dumps(given, sort_keys=True, default=str)
    return Key(credential, operation, key, hashlib.sha256(text.encode()).hexdigest())


def once(db: Db, key: Key) -> Db:
    """The same database for one call: what its transactions did under this key before is not done again, but answered.

    They raise Refused CONFLICT when the key came with another input.
    """
    return db.through(lambda: _Gate(key.next_id(), key.fingerprint))


@dataclass(frozen=True, slots=True)
class _Gate:
    id: str
    fingerprint: str

    async def __call__(self, tx: Tx, work: Callable[[Tx], Awaitable[Any]]) -> Any:
        stands = (await tx.run(query("once/claim"), id=self.id, fingerprint=self.fingerprint))[0]
        if stands["fingerprint"] != self.fingerprint:
            words = "This key was used within the last 24 hours with another input. Nothing was done."
            raise Refused.of(FIELD, ErrorCode.CONFLICT, words)
        if stands["result"] is not None:
            return _read(stands["result"])
        result = await work(tx)
        await tx.run(query("once/keep"), id=self.id, result=_written(result))
        return result


def _written(result: Any) -> str:
    if not is_dataclass(result):
        return json.dumps([None, result])
    kind = type(result).__name__
    return json.dumps([kind, _RESULTS[kind].dump_python(result, mode="json")])  # pyright: ignore[reportArgumentType]


def _read(text: str) -> Any:
    kind, result = json.loads(text)
    return result if kind is None else _RESULTS[kind].validate_python(result)


async def forget(db: Db) -> None:
    """Forgets the keys whose time is over."""
    while (await db.write(query("once/forget"), limit=FORGET_AT_ONCE))[0]["forgotten"] == FORGET_AT_ONCE:
        pass
