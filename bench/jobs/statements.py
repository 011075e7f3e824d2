"""The benchmark's own statements, and the parts that several of them share."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from graph.queries import Query, parse

_PART = re.compile(r"^ *//.*\n|^ */\*(\w+)\*/\n", re.MULTILINE)


@cache
def one(name: str) -> Query:
    """The statement in the file of that name beside this one. A line /*NAME*/ stands for the file parts/NAME.cypher."""
    text = _text(f"{name}.cypher")
    head = "".join(line for line in text.splitlines(keepends=True) if line.startswith("//"))
    return parse(name, head + _filled(text[len(head) :]))


def _filled(text: str) -> str:
    """The text without comments, with its parts in their places."""
    return _PART.sub(lambda found: _filled(_text(f"parts/{found[1]}.cypher")) if found[1] else "", text)


def _text(name: str) -> str:
    return files("bench.jobs").joinpath(name).read_text("utf-8")
