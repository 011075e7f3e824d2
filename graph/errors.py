"""What can go wrong, in one tree.

GraphError
|- Refused        a rule of the domain says no: one or more Problems, nothing was done
|- NotAnExport    a folder of files that can't be understood: nothing was written
|  `- BadMapping  a mapping of their columns that can't be followed
|- Unavailable    the database can't answer now; the same call may succeed later
|- TooExpensive   the database ended the statement: it took too long or too much memory
|- NewerGraph     a newer version of this package has written to the graph
`- UnreadableText a text is no Unicode, so the database can't be told it
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ErrorCode(StrEnum):
    """The closed set of reasons for which the domain refuses something."""

    NOT_FOUND = "NOT_FOUND"
    INVALID = "INVALID"
    TAKEN = "TAKEN"
    IN_USE = "IN_USE"
    NOT_EDITABLE = "NOT_EDITABLE"
    NOT_LIVE = "NOT_LIVE"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    CYCLE = "CYCLE"
    TRANSITION_NOT_ALLOWED = "TRANSITION_NOT_ALLOWED"
    NOT_IN_ACCOUNT = "NOT_IN_ACCOUNT"
    CONFLICT = "CONFLICT"
    FORBIDDEN = "FORBIDDEN"


@dataclass(frozen=True, slots=True)
class Problem:
    """One refusal: where in the input, why, and in words what is allowed instead.

    `field` is the path from the input's root, list positions as decimal strings: ("accounts", "3", "name").
    """

    field: tuple[str, ...]
    code: ErrorCode
    message: str

    def under(self, *prefix: str | int) -> Problem:
        """The same problem seen from an outer input."""
        return Problem((*map(str, prefix), *self.field), self.code, self.message)


class GraphError(Exception):
    """Anything this package raises on purpose."""


class Refused(GraphError):
    """A rule of the domain says no. Nothing was written."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(f"{'.'.join(p.field) or 'input'}: {p.message} ({p.code})" for p in problems))
        self.problems = problems

    @classmethod
    def of(cls, field: str, code: ErrorCode, message: str) -> Refused:
        """One problem at a dotted field path; an empty path means the input as a whole."""
        return cls(Problem(tuple(field.split(".")) if field else (), code, message))


class NotAnExport(GraphError):
    """A folder holds no CRM export, or files that can't be understood. Nothing was written."""


class BadMapping(NotAnExport):
    """A mapping of an export's columns can't be followed; the words name each place that is wrong."""


class Unavailable(GraphError):
    """The database can't be reached or won't serve now."""


class TooExpensive(GraphError):
    """The database ended a statement that took too long or too much memory. Retrying won't help."""


class NewerGraph(GraphError):
    """A newer version of this package has changed the graph's schema: this one would break what that relies on."""


class UnreadableText(GraphError):
    """A text holds half of a surrogate pair, which JSON can write and nothing can store. Nothing was done."""
