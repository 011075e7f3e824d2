"""Checks of what comes in, shared by the nouns. Each gives Problems instead of raising, so that all are told at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graph.errors import ErrorCode, Problem, Refused
from graph.model import MAX_TEXT


def blank_to_none(value: str | None) -> str | None:
    """Text as it is stored: as sent, but blank text is no text."""
    return value if value and value.strip() else None


def name_problems(value: Any, field: str = "name") -> list[Problem]:
    """What is wrong with a name: it must be there, and not too long."""
    if blank_to_none(value) is None:
        return [Problem((field,), ErrorCode.INVALID, "A name is needed; it can't be blank.")]
    return text_problems(value, field)


def text_problems(value: Any, field: str) -> list[Problem]:
    """What is wrong with a short text."""
    if value is not None and len(value) > MAX_TEXT:
        return [Problem((field,), ErrorCode.INVALID, f"At most {MAX_TEXT} characters, not {len(value)}.")]
    return []


def refuse(problems: Sequence[Problem]) -> None:
    """Raises Refused with the problems, if there are any."""
    if problems:
        raise Refused(*problems)
