"""Conditions of role cards: their checks, their stored form, and their compilation to Cypher from `conditions.toml`.

Text reaches a statement only as a parameter. A compiled condition is true or false, never null. The trace that explains
a verdict is compiled from the same pieces as the verdict, so the two can't disagree.
"""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

from graph.errors import ErrorCode, Problem
from graph.model import MAX_TEXT, AttributeFilter, Condition, FilterOperator, Match, PersonAttribute, PersonRelationship
from graph.params import Params

MAX_NESTING = 5
MAX_FILTERS = 50
MAX_VALUES = 100


@dataclass(frozen=True, slots=True)
class Persona:
    """A kind of person: its name, and the filters that must all hold."""

    name: str
    filters: tuple[AttributeFilter, ...]


Personas = Mapping[str, Persona]
"""The personas by folded name."""

# What Cypher's trim() takes for white space: Java's Character.isWhitespace, which leaves the no-break spaces alone.
_WHITE = "".join(
    chr(c)
    for c in [
        *range(0x09, 0x0E),
        *range(0x1C, 0x21),
        0x1680,
        *range(0x2000, 0x2007),
        *range(0x2008, 0x200B),
        0x2028,
        0x2029,
        0x205F,
        0x3000,
    ]
)
_OPERATORS_WITHOUT_VALUES = (FilterOperator.IS_EMPTY, FilterOperator.IS_NOT_EMPTY)
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)


def fold(text: str) -> str:
    """Text as it is compared: the same as Cypher's toLower(trim()), for all letters that this Python's Unicode knows."""
    return text.strip(_WHITE).lower()


@cache
def _vocabulary() -> Mapping[str, Any]:
    return tomllib.loads(files("cypher").joinpath("vocabulary").joinpath("conditions.toml").read_text("utf-8"))


# --- stored form ----------------------------------------------------------------------------------------------------


def condition_from(value: Mapping[str, Any]) -> Condition:
    """A condition from plain mappings with the contract's names, whose enumerations are known to be valid."""
    return Condition(
        Match(value["match"]),
        tuple(
            AttributeFilter(PersonAttribute(f["attribute"]), FilterOperator(f["operator"]), tuple(f.get("values") or ()))
            for f in value.get("filters") or ()
        ),
        tuple(condition_from(group) for group in value.get("groups") or ()),
    )


def to_json(condition: Condition) -> str:
    """The condition as a card stores it."""
    return json.dumps(_plain(condition), ensure_ascii=False, separators=(",", ":"))


def from_json(text: str | None) -> Condition | None:
    """The condition that a card stores, or None."""
    return condition_from(json.loads(text)) if text else None


def _plain(condition: Condition) -> dict[str, Any]:
    return {
        "match": condition.match.value,
        "filters": [
            {"attribute": f.attribute.value, "operator": f.operator.value, "values": list(f.values)} for f in condition.filters
        ],
        "groups": [_plain(group) for group in condition.groups],
    }


# --- personas -------------------------------------------------------------------------------------------------------


def attributes_to_json(filters: Sequence[AttributeFilter]) -> str:
    """A persona's attributes as it stores them."""
    plain = [{"attribute": one.attribute.value, "values": list(one.values)} for one in filters]
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":"))


def attributes_from_json(text: str) -> tuple[AttributeFilter, ...]:
    """The attributes that a persona stores: each equals one of its values."""
    return tuple(
        AttributeFilter(PersonAttribute(one["attribute"]), FilterOperator.IS, tuple(one["values"])) for one in json.loads(text)
    )


def personas_of(condition: Condition | None) -> list[str]:
    """The folded names of the personas that a condition asks for, each once."""
    asked = (one for one in _all_filters(condition) if one.attribute is PersonAttribute.PERSONA) if condition else ()
    return sorted({fold(name) for one in asked for name in one.values})


def with_persona_renamed(condition: Condition, key: str, name: str) -> Condition:
    """The condition with a persona's new name in place of the one that folds to `key`."""
    return Condition(
        condition.match,
        tuple(
            replace(one, values=tuple(name if fold(value) == key else value for value in one.values))
            if one.attribute is PersonAttribute.PERSONA
            else one
            for one in condition.filters
        ),
        tuple(with_persona_renamed(group, key, name) for group in condition.groups),
    )


# --- checks ---------------------------------------------------------------------------------------------------------


def validate(condition: Condition, personas: Personas | None = None) -> list[Problem]:
    """What is wrong with a condition: paths relative to it, such as ("groups", "0", "filters", "1", "values")."""
    count = sum(1 for _ in _all_filters(condition))
    if count > MAX_FILTERS:
        return [Problem((), ErrorCode.LIMIT_EXCEEDED, f"A condition has at most {MAX_FILTERS} filters, not {count}.")]
    return _validate(condition, personas or {}, 1)


def _all_filters(condition: Condition) -> Iterator[AttributeFilter]:
    yield from condition.filters
    for group in condition.groups:
        yield from _all_filters(group)


def _validate(condition: Condition, personas: Personas, depth: int) -> list[Problem]:
    if depth > MAX_NESTING:
        return [Problem((), ErrorCode.LIMIT_EXCEEDED, f"Conditions nest at most {MAX_NESTING} deep.")]
    problems: list[Problem] = []
    if not condition.filters and not condition.groups:
        problems.append(Problem((), ErrorCode.INVALID, "A condition needs at least one filter or nested group."))
    for place, one in enumerate(condition.filters):
        problems += [problem.under("filters", place) for problem in validate_filter(one, personas)]
    for place, group in enumerate(condition.groups):
        problems += [problem.under("groups", place) for problem in _validate(group, personas, depth + 1)]
    return problems


def operators_of(attribute: PersonAttribute) -> list[FilterOperator]:
    """The operators that an attribute's type takes."""
    known = _vocabulary()["operators"][_kind(attribute)]
    negations = _vocabulary()["negations"]
    return [operator for operator in FilterOperator if operator in known or negations.get(operator) in known]


def _kind(attribute: PersonAttribute) -> str:
    return _vocabulary()["attributes"][attribute]["kind"]


def validate_filter(one: AttributeFilter, personas: Personas) -> list[Problem]:
    """What is wrong with one comparison: paths such as ("values", "0")."""
    allowed = operators_of(one.attribute)
    if one.operator not in allowed:
        return [_invalid("operator", f"{one.attribute} takes {', '.join(allowed)}, not {one.operator}.")]
    if one.operator in _OPERATORS_WITHOUT_VALUES:
        return [_invalid("values", f"{one.operator} takes no values.")] if one.values else []
    if not one.values:
        return [_invalid("values", f"{one.operator} needs at least one value.")]
    if len(one.values) > MAX_VALUES:
        return [
            Problem(("values",), ErrorCode.LIMIT_EXCEEDED, f"A filter has at most {MAX_VALUES} values, not {len(one.values)}.")
        ]
    code = ErrorCode.NOT_FOUND if one.attribute is PersonAttribute.PERSONA else ErrorCode.INVALID
    problems = [
        Problem(("values", str(place)), code, words)
        for place, value in enumerate(one.values)
        if (words := _wrong_value(one.attribute, value, personas))
    ]
    if not problems and one.operator is FilterOperator.BETWEEN:
        if len(one.values) != 2:
            problems.append(_invalid("values", f"BETWEEN takes two values, not {len(one.values)}."))
        elif float(one.values[0]) > float(one.values[1]):
            problems.append(_invalid("values", "BETWEEN takes the lower value first."))
    return problems


def _wrong_value(attribute: PersonAttribute, value: str, personas: Personas) -> str | None:
    if len(value) > MAX_TEXT:
        return f"A value has at most {MAX_TEXT} characters, not {len(value)}."
    match _kind(attribute):
        case "number":
            return None if _is_number(value) else f"{attribute} compares with numbers, not {value!r}."
        case "boolean":
            return None if fold(value) in ("true", "false") else f"{attribute} compares with true or false, not {value!r}."
        case "relationship":
            known = [relationship.value for relationship in PersonRelationship]
            return None if fold(value).upper() in known else f"{attribute} compares with {', '.join(known)}, not {value!r}."
        case "persona":
            return None if fold(value) in personas else f"There is no persona named {value!r}."
        case _:
            return None if fold(value) else "A value can't be blank; use IS_EMPTY for absent ones."


def _is_number(value: str) -> bool:
    return bool(_NUMBER.fullmatch(value)) and math.isfinite(float(value))


def _invalid(field: str, words: str) -> Problem:
    return Problem((field,), ErrorCode.INVALID, words)


# --- compilation ----------------------------------------------------------------------------------------------------


def compile_condition(
    condition: Condition, *, person: str, relation: str, params: Params, personas: Personas | None = None
) -> str:
    """A Cypher predicate on the variables of a person and one of their relations to an account."""
    return _Compiler(person, relation, params, personas or {}).condition(condition)


def compile_trace(condition: Condition, *, person: str, relation: str, params: Params, personas: Personas | None = None) -> str:
    """A Cypher expression for what `read_trace` reads: [held, [[actual, held] per filter], [the same per group]]."""
    return _Compiler(person, relation, params, personas or {}).trace(condition)


def compile_lacking(condition: Condition, *, person: str, relation: str, params: Params, personas: Personas | None = None) -> str:
    """A Cypher expression for how many comparisons would have to hold, and don't: 0 if the condition holds; of alternatives
    the least."""
    return _Compiler(person, relation, params, personas or {}).lacking(condition)


class _Compiler:
    def __init__(self, person: str, relation: str, params: Params, personas: Personas) -> None:
        self._names = {"person": person, "relation": relation}
        self._params = params
        self._personas = personas

    def condition(self, condition: Condition) -> str:
        parts = [self.filter(one) for one in condition.filters] + [self.condition(group) for group in condition.groups]
        return f"({(' AND ' if condition.match is Match.ALL else ' OR ').join(parts)})"

    def trace(self, condition: Condition) -> str:
        filters = ", ".join(f"[{self._shown(one.attribute)}, {self.filter(one)}]" for one in condition.filters)
        groups = ", ".join(self.trace(group) for group in condition.groups)
        return f"[{self.condition(condition)}, [{filters}], [{groups}]]"

    def lacking(self, condition: Condition) -> str:
        parts = [f"CASE WHEN {self.filter(one)} THEN 0 ELSE 1 END" for one in condition.filters]
        parts += [self.lacking(group) for group in condition.groups]
        if condition.match is Match.ALL:
            return f"({' + '.join(parts)})"
        return f"reduce(least = {MAX_FILTERS}, n IN [{', '.join(parts)}] | CASE WHEN n < least THEN n ELSE least END)"

    def filter(self, one: AttributeFilter) -> str:
        negated = _vocabulary()["negations"].get(one.operator)
        held = self._held(one.attribute, negated or one.operator, one.values)
        return f"NOT {held}" if negated else held

    def _held(self, attribute: PersonAttribute, operator: str, values: Sequence[str]) -> str:
        kind = _kind(attribute)
        if kind == "persona":
            return self._persona(values)
        actual = _vocabulary()["fold"][kind].replace("value", self._value(attribute))
        text: str = _vocabulary()["operators"][kind][operator]
        if "$values" in text:
            text = text.replace("$values", self._params.add(_comparable(kind, values)))
        return f"coalesce({text.replace('actual', actual)}, false)"

    def _persona(self, names: Sequence[str]) -> str:
        personas = [
            "(" + " AND ".join(self.filter(one) for one in self._personas[fold(name)].filters) + ")"
            for name in names
            if fold(name) in self._personas
        ]
        return f"({' OR '.join(personas)})" if personas else "false"

    def _value(self, attribute: PersonAttribute) -> str:
        text: str = _vocabulary()["attributes"][attribute]["value"]
        for name, variable in self._names.items():
            text = text.replace(f"{name}.", f"{variable}.")
        return text

    def _shown(self, attribute: PersonAttribute) -> str:
        if _kind(attribute) == "persona":
            return self._personas_held()
        return f"toString({self._value(attribute)})"

    def _personas_held(self) -> str:
        """The names of the personas that the person has; null for none."""
        known = sorted(persona.name for persona in self._personas.values())
        held = ", ".join(f"CASE WHEN {self._persona([name])} THEN {self._params.add(name)} END" for name in known)
        return f"reduce(text = null, name IN [n IN [{held}] WHERE n IS NOT NULL] | coalesce(text + ', ', '') + name)"


def _comparable(kind: str, values: Sequence[str]) -> list[Any]:
    fit: Mapping[str, Callable[[str], Any]] = {"number": float, "relationship": lambda value: fold(value).upper()}
    return [fit.get(kind, fold)(value) for value in values]
