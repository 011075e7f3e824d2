"""The benchmark's own statements, and the parts that several of them share."""

from __future__ import annotations

import re
from functools import cache

from bench.beside import text
from graph.queries import Query, parse

PACKAGE = "bench.jobs"
_PART = re.compile(r"^ *//.*\n|^ */\*(\w+)\*/\n", re.MULTILINE)


@cache
def one(name: str) -> Query:
    """The statement in the file of that name beside this one. A line /*NAME*/ stands for the file parts/NAME.cypher."""
    whole = text(PACKAGE, f"{name}.cypher")
    head = "".join(line for line in whole.splitlines(keepends=True) if line.startswith("//"))
    return parse(name, head + _filled(whole[len(head) :]))


def _filled(statement: str) -> str:
    """The statement without comments, with its parts in their places."""
    return _PART.sub(lambda found: _filled(text(PACKAGE, f"parts/{found[1]}.cypher")) if found[1] else "", statement)
