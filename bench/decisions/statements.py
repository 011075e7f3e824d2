"""The benchmark's own statements and documents."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from graph.queries import Query, parse


@cache
def one(name: str) -> Query:
    """The statement in the file of that name beside this one."""
    return parse(name, text(f"{name}.cypher"))


@cache
def text(file: str) -> str:
    """A file beside this one."""
    return files("bench.decisions").joinpath(file).read_text("utf-8")
