"""How much of the market a caller sees: all of it, or an account and everything below it.

For a caller bound to a part, statements are narrowed mechanically: every pattern of a label that belongs to the market gets
the label's predicate of `cypher/vocabulary/sight.toml`, wherever it stands. So nothing outside is read, counted, filtered by or
walked over, and what is left answers as if there were nothing else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, LiteralString, cast

from graph.queries import Query
from graph.vocabulary import VocabularyError, inside

REMEMBERED = 512  # narrowed statements


@dataclass(frozen=True, slots=True)
class Sight:
    """A part of the market: the account `root` and everything below it, and the jobs that `subject` started there."""

    root: str
    subject: str

    @property
    def params(self) -> dict[str, Any]:
        """The parameters of narrowed statements."""
        return {"sight_root": self.root, "sight_subject": self.subject}

    def narrowed(self, query: Query, params: dict[str, Any]) -> tuple[Query, dict[str, Any]]:
        """The statement and its parameters as they are run for this part."""
        return (_narrowed(query), params | self.params) if query.is_narrowed else (query, params)


@lru_cache(maxsize=REMEMBERED)
def _narrowed(query: Query) -> Query:
    """The statement with every pattern of the market narrowed. Its text stays built of this package's texts alone."""
    return replace(query, text=cast(LiteralString, narrow(query.text)))


def narrow(text: str) -> str:
    """A reading statement's text, narrowed. Raises VocabularyError for a pattern that can't be."""
    predicates = inside()
    labels = "|".join(predicates)
    fresh = 0

    def pattern(found: re.Match[str]) -> str:
        nonlocal fresh
        name, label, rest = found[1], found[2], found[3]
        if not name:
            name = f"s{fresh}"
            fresh += 1
        predicate = _THIS.sub(name, predicates[label]).strip().replace("\n", " ")
        return f"({name}:{label}{rest} WHERE {predicate})"

    done, count = re.subn(rf"\((\w*):({labels})\b((?:[^()]|\([^()]*\))*)\)", pattern, text)
    if count != len(re.findall(rf"\(\s*\w*\s*:[^(){{]*?\b(?:{labels})\b", text)):
        raise VocabularyError("a pattern of the market is written in a way that can't be narrowed: (name:Label {key: value})")
    return done


_THIS = re.compile(r"\bthis\b")
