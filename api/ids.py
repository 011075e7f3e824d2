"""Global ids: a type's prefix and the node's own id, `grp_1b4e28ba-...`. Clients treat them as opaque.

They are readable on purpose: whoever finds one in a log knows what it names, and can paste the UUID into Neo4j Browser.
"""

from __future__ import annotations

import re
from contextvars import ContextVar

PREFIXES = {
    "Account": "acc",
    "Person": "per",
    "Product": "prd",
    "Role": "rol",
    "Persona": "psn",
    "RoleTemplate": "tpl",
    "RoleCard": "crd",
    "SolutionInterest": "int",
    "StageModel": "stm",
    "Stage": "stg",
    "EngagementModel": "enm",
    "AccountAudience": "aud",
    "BuyingGroup": "grp",
    "MembershipEvent": "evt",
    "BuyingGroupEvent": "chg",
    "Job": "job",
    "Webhook": "whk",
}
"""What the ids of each type begin with."""
NODES = (
    "Account",
    "Person",
    "Product",
    "Role",
    "Persona",
    "RoleTemplate",
    "SolutionInterest",
    "StageModel",
    "Stage",
    "EngagementModel",
    "AccountAudience",
    "BuyingGroup",
    "Job",
)
"""The types that `node` finds."""

_TYPES = {prefix: name for name, prefix in PREFIXES.items()}
_ID = re.compile(r"([a-z]{3})_([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
_ARGUMENT = re.compile(r"Ids?$")


class BadId(ValueError):
    """A global id that is malformed or of another type than wanted."""


def encode(typename: str, raw: str) -> str:
    """The global id of a node."""
    return f"{PREFIXES[typename]}_{raw}"


def decode(global_id: str) -> tuple[str, str]:
    """A global id's type and the node's own id. Raises BadId."""
    found = _ID.fullmatch(global_id)
    if not found or found[1] not in _TYPES:
        raise BadId(f"{shown(global_id)} is no id of this service; ids look like {PREFIXES['Account']}_<uuid> and come from it")
    return _TYPES[found[1]], found[2]


def raw(global_id: str, typename: str) -> str:
    """The node's own id, if `global_id` is of that type. Raises BadId."""
    found, own = decode(global_id)
    if found != typename:
        raise BadId(f"{shown(global_id)} is the id of {named(found)}; {named(typename)}'s is wanted")
    return own


unseen: ContextVar[frozenset[str]] = ContextVar("unseen", default=frozenset())
"""The nodes' own ids that the call at hand names and its caller doesn't see: nobody's, as far as a mutation can tell."""


def raw_or_unknown(global_id: str, typename: str) -> str:
    """The node's own id, or a text that is nobody's: for mutations, which answer NOT_FOUND for both in the same words."""
    try:
        own = raw(global_id, typename)
    except BadId:
        return f"?{global_id}"
    return f"?{global_id}" if own in unseen.get() else own


def type_of_argument(name: str) -> str | None:
    """The type that an argument's or input field's ids are of, by its name: `missingRoleIds` are a Role's."""
    stem = _ARGUMENT.sub("", name).lower()
    return max((t for t in PREFIXES if stem.endswith(t.lower())), key=len, default=None)


def named(typename: str) -> str:
    """A type with its article."""
    return f"{'an' if typename[0] in 'AEIO' else 'a'} {typename}"


def shown(value: str) -> str:
    """A client's text in a message, shortened."""
    return repr(value if len(value) <= 60 else value[:57] + "...")
