"""Documents whose examples run: their blocks, what an answer gives to later operations, and answers compared with those shown."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from make import Api

ANY = "..."  # what an answer shows in place of text that differs from run to run
JOBS = "<!-- jobs -->"  # where a document waits for the server, which works on what is queued
_STEPS = re.compile(rf"```graphql\n(.*?)```(?:\s*```json\n(.*?)```)?|{JOBS}", re.DOTALL)


def blocks(text: str, language: str) -> list[str]:
    """What stands in the blocks of a language."""
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


async def follow(api: Api, text: str, known: Mapping[str, Any] | None = None) -> int:
    """Does what a document says, step by step, and compares each answer shown; returns how many operations that were.

    Variables get their values from earlier answers (see `found`), or from `known`.
    """
    values = dict(known or {})
    operations = 0
    for step in _STEPS.finditer(text):
        query, shown = step.groups()
        if query is None:
            assert await api.run_jobs(), "the document waits for jobs, and there are none"
            continue
        answer = await api.data(query, **{name: values[name] for name in re.findall(r"\$(\w+):", query)})
        if shown:
            assert alike(json.loads(shown), answer), query + json.dumps(answer, indent=2)
        found(answer, values)
        operations += 1
    return operations


def found(answer: Any, into: dict[str, Any]) -> None:
    """Keeps what an answer names for later: a value under a key such as `roleId` or `endCursor` by that key, and, if a name
    stands beside it, by the name, too: the role Champion also as `championId`."""
    if isinstance(answer, list):
        for one in answer:
            found(one, into)
    elif isinstance(answer, dict):
        for key, value in answer.items():
            if not key.endswith(("Id", "Cursor")):
                found(value, into)
                continue
            into[key] = value
            if isinstance(name := answer.get("name"), str):
                into[_camel(name) + "Id"] = value


def _camel(name: str) -> str:
    first, *others = re.findall(r"\w+", name.lower())
    return first + "".join(word.capitalize() for word in others)


def alike(shown: Any, real: Any) -> bool:
    """Whether an answer is the one shown: exactly, but for text shown as `...` and the last digits of fractions."""
    if isinstance(shown, str) and isinstance(real, str):
        return re.fullmatch(".+".join(re.escape(part) for part in shown.split(ANY)), real) is not None
    if isinstance(shown, dict) and isinstance(real, dict):
        return shown.keys() == real.keys() and all(alike(value, real[key]) for key, value in shown.items())
    if isinstance(shown, list) and isinstance(real, list):
        return len(shown) == len(real) and all(alike(one, two) for one, two in zip(shown, real, strict=True))
    if isinstance(shown, float) and isinstance(real, float):
        return math.isclose(shown, real, rel_tol=1e-9)
    return type(shown) is type(real) and shown == real
