"""Reads the statements under `cypher/`. Each file is one statement with a header that the server checks in the tests:

// What it answers, in a sentence or two.
// mode: read | write | schema
// params: group_id, people        (absent when there are none)
// returns: id, name               (absent when there are none)
// sight: whole                    (absent in most)

For a caller bound to a part of the market reading statements are narrowed to it (graph/sight.py) and writing ones are not,
unless `sight` says otherwise: a reading one is `whole`, a writing one `narrowed`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, LiteralString, cast

Mode = Literal["read", "write", "schema"]
Sees = Literal["whole", "narrowed"]
_FIELD = re.compile(r"//\s*(mode|params|returns|sight):\s*(.*?)\s*$")


@dataclass(frozen=True, slots=True)
class Query:
    """A statement and what its header promises."""

    name: str
    text: LiteralString
    mode: Mode
    params: tuple[str, ...] = ()
    returns: tuple[str, ...] = ()
    answers: str = ""
    sight: Sees | None = None

    @property
    def is_narrowed(self) -> bool:
        """Whether it is narrowed for a caller who is bound to a part of the market."""
        return self.sight == "narrowed" if self.sight else self.mode == "read"


class HeaderError(ValueError):
    """A statement file's header is missing, incomplete or malformed."""


@cache
def query(name: LiteralString) -> Query:
    """The statement in `cypher/<name>.cypher`. Raises HeaderError, or FileNotFoundError."""
    return parse(name, files("cypher").joinpath(f"{name}.cypher").read_text("utf-8"))


def parse(name: str, text: str) -> Query:
    """A statement's text with its header read. Raises HeaderError naming the file and what is wrong."""
    head: dict[str, str] = {}
    answers: list[str] = []
    for line in text.splitlines():
        if not line.startswith("//"):
            break
        if found := _FIELD.match(line):
            if found[1] in head:
                raise HeaderError(f"cypher/{name}.cypher: '{found[1]}' stands twice in the header")
            head[found[1]] = found[2]
        else:
            answers.append(line.removeprefix("//").strip())
    mode = head.get("mode")
    if mode not in ("read", "write", "schema"):
        raise HeaderError(f"cypher/{name}.cypher: 'mode' must be read, write or schema, not {mode!r}")
    sight = head.get("sight")
    if sight not in (None, "whole", "narrowed"):
        raise HeaderError(f"cypher/{name}.cypher: 'sight' must be whole or narrowed, not {sight!r}")
    if not any(answers):
        raise HeaderError(f"cypher/{name}.cypher: the header doesn't say what the statement answers")
    # The one place where text from a file becomes a literal: nothing but files of this package comes here.
    fields = _names(head, "params"), _names(head, "returns")
    return Query(name, cast(LiteralString, text), mode, *fields, answers=" ".join(answers), sight=sight)


def _names(head: dict[str, str], key: str) -> tuple[str, ...]:
    return tuple(name for part in head.get(key, "").split(",") if (name := part.strip()))
