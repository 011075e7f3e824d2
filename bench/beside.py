"""Files of a benchmark that lie beside its modules: statements and GraphQL documents."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.resources import files

from graph.queries import Query, parse


@cache
def text(package: str, file: str) -> str:
    """A file's text."""
    return files(package).joinpath(file).read_text("utf-8")


def statements(package: str) -> Callable[[str], Query]:
    """What gives a package's statements by the names of their files."""

    @cache
    def one(name: str) -> Query:
        return parse(name, text(package, f"{name}.cypher"))

    return one
