"""Who asks: under which name decisions are recorded, what the caller may do, and how much of the market it sees."""

from __future__ import annotations

from dataclasses import dataclass

from graph.model import LOCAL, Permission


@dataclass(frozen=True, slots=True)
class Caller:
    """Someone who asks.

    `subject` is the name on record; `credential` says by what it was proven, None where nobody had to sign in. With `root`, an
    account's id, the caller sees that account and all below it, and nothing else of the market.
    """

    subject: str
    permissions: frozenset[Permission]
    credential: str | None = None
    root: str | None = None


EVERYTHING = frozenset(Permission)
LOCAL_CALLER = Caller(LOCAL, EVERYTHING)
