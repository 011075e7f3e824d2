"""Who asks: under which name decisions are recorded, what the caller may do, and how much of the market it sees."""

from __future__ import annotations

from collections.abc import Iterable
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


@dataclass(frozen=True, slots=True)
class Actor:
    """Who decides, as it is put on record: the name, by which credential it was proven, and in which request."""

    name: str
    credential: str | None = None
    request_id: str | None = None


By = Actor | str
"""Who decides; a name alone where there is neither a credential nor a request, as with jobs."""


class BadCredential(Exception):
    """A credential proves nobody. The reason is for the log; callers may be told of `EXPIRED` alone."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


EXPIRED = "expired"
EVERYTHING = frozenset(Permission)
LOCAL_CALLER = Caller(LOCAL, EVERYTHING)


def on_record(by: By) -> dict[str, str | None]:
    """The parameters of a statement that records who decided."""
    actor = by if isinstance(by, Actor) else Actor(by)
    return {"by": actor.name, "credential": actor.credential, "request_id": actor.request_id}


def granted(names: Iterable[object]) -> frozenset[Permission]:
    """The permissions of these names, unknown ones left out. Each of them includes VIEW."""
    said = {name for name in names if isinstance(name, str)}
    found = frozenset(one for one in Permission if one in said)
    return found | {Permission.VIEW} if found else found
