"""Filters of lists, compiled to Cypher predicates from `cypher/vocabulary/filters.toml`. Every value becomes a parameter.

A filter comes as a mapping of the contract's field names with raw ids; all given fields must hold. A predicate stands in a
WHERE, which takes null for false; `not` is where the two differ, and makes sure. Left bare, predicates can use indexes.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from graph.conditions import Personas, compile_condition, condition_from, personas_of, validate
from graph.errors import ErrorCode, Problem
from graph.params import Params
from graph.vocabulary import bind_filter, filters

Filter = Mapping[str, Any]
BOUNDS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
MAX_NESTING = 5
_CHOICE = "IN $value"


def predicate(kind: str, value: Filter, variable: str, params: Params, personas: Personas | None = None) -> str:
    """The Cypher predicate of a `kind` filter (a table of filters.toml) on the node in `variable`; `personas` are needed if
    its condition asks for one."""
    return _predicate(kind, value, variable, params, itertools.count(), personas)


def asks_for_personas(value: Filter) -> bool:
    """Whether a filter has a condition that asks for a persona."""
    return bool(value.get("condition") and personas_of(condition_from(value["condition"])))


def account_predicate(value: Filter, variable: str, params: Params) -> str:
    """The predicate of an AccountFilter, as account audiences store it."""
    return predicate("AccountFilter", value, variable, params)


def leading(kind: str, value: Filter, variable: str) -> list[str]:
    """What a filter lets have one value alone. Named first in ORDER BY it changes no order, but lets an index that begins with
    it give the order."""
    alone = [snippet for name, snippet in filters()["leading"].get(kind, {}).items() if len(value.get(name) or ()) == 1]
    return [bind_filter(snippet, variable, 0) for snippet in alone[:1]]


def start(kind: str, value: Filter, params: Params, personas: Personas | None = None) -> tuple[str, Filter] | None:
    """Clauses, in the vocabulary's names, that find what a `kind` filter asks for (`that`) without looking at everything,
    and what of the filter is still to be checked; or None if nothing of it finds anything."""
    for name, spec in filters(params.part)[kind].items():
        if value.get(name) is None or isinstance(spec, str) or "start" not in spec:
            continue
        rest = {other: given for other, given in value.items() if other not in (name, spec.get("by"))}
        clauses = spec["start"][value.get(spec["by"]) or "ACCOUNT"] if "by" in spec else spec["start"]
        clauses = _with_value(clauses, value[name], params)
        if "relation" in spec and rest.get("condition") is not None:
            condition = condition_from(rest.pop("condition"))
            held = compile_condition(condition, person="that", relation=spec["relation"], params=params, personas=personas)
            clauses += f" WHERE {held}"
        return f"{clauses} WITH DISTINCT that", rest
    return None


def _predicate(
    kind: str, value: Filter, this: str, params: Params, numbers: Iterator[int], personas: Personas | None = None
) -> str:
    table = filters(params.part)[kind]
    given = [(name, spec) for name, spec in table.items() if value.get(name) is not None]
    parts = [_part(spec, value, name, this, params, numbers, personas) for name, spec in given]
    return " AND ".join(part for part in parts if part) or "true"


def _part(
    spec: Any, value: Filter, name: str, this: str, params: Params, numbers: Iterator[int], personas: Personas | None
) -> str:
    given = value[name]
    number = next(numbers)
    if isinstance(spec, str):
        return f"({_with_value(bind_filter(spec, this, number), given, params)})"
    if "range" in spec:
        bounds = _range(bind_filter(spec["range"], this, number), given, params)
        return f"{bounds} AND {bind_filter(spec['with'], this, number)} IS NOT NULL" if "with" in spec else bounds
    if "holds" in spec:
        return _with_value(bind_filter(spec["holds"], this, number), given, params)
    if "any" in spec:
        choices = [_predicate(spec["any"], one, this, params, numbers) for one in given]
        return f"({' OR '.join(f'({choice})' for choice in choices)})" if choices else "false"
    if "not" in spec:
        return f"NOT coalesce(({_predicate(spec['not'], given, this, params, numbers)}), false)"
    inner = _inner(spec, given, this, params, number, numbers, personas)
    return f"EXISTS {{ {bind_filter(spec['match'], this, number)} WHERE {inner} }}"


def _inner(
    spec: Filter, given: Any, this: str, params: Params, number: int, numbers: Iterator[int], personas: Personas | None
) -> str:
    if "filter" in spec:
        return _predicate(spec["filter"], given, f"f{number}", params, numbers)
    if "condition" in spec:
        relation = bind_filter(spec["condition"], this, number)
        return compile_condition(condition_from(given), person=this, relation=relation, params=params, personas=personas)
    parts: list[str] = []
    for name, inner in spec["where"].items():
        if given.get(name) is None:
            continue
        if isinstance(inner, str):
            parts.append(_with_value(bind_filter(inner, this, number), given[name], params))
        else:
            parts.append(_range(bind_filter(inner["range"], this, number), given[name], params))
    return " AND ".join(parts) or "true"


def _with_value(snippet: str, given: Any, params: Params) -> str:
    if isinstance(given, list) and len(given) == 1 and _CHOICE in snippet and f"{_CHOICE} WHERE" not in snippet:
        return snippet.replace(_CHOICE, f"= {params.add(given[0])}")
    return snippet.replace("$value", params.add(given))


def _range(expression: str, given: Filter, params: Params) -> str:
    bounds = [f"{expression} {BOUNDS[bound]} {params.add(given[bound])}" for bound in BOUNDS if given.get(bound) is not None]
    return " AND ".join(bounds) or "true"


def problems_of(kind: str, value: Filter, personas: Personas | None = None, depth: int = 1) -> list[Problem]:
    """What is wrong with a `kind` filter, so that it can't be used: paths relative to the filter."""
    if depth > MAX_NESTING:
        return [_too_deep()]
    problems = _period_problems(value) if kind == "RoleInsightsFilter" else []
    for name, spec in filters()[kind].items():
        given = value.get(name)
        if given is None or isinstance(spec, str):
            continue
        if "any" in spec:
            for place, one in enumerate(given):
                problems += [problem.under(name, place) for problem in problems_of(spec["any"], one, personas, depth + 1)]
        elif "not" in spec or "filter" in spec:
            inner = problems_of(spec.get("not") or spec["filter"], given, personas, depth + 1)
            problems += [problem.under(name) for problem in inner]
        elif "condition" in spec:
            problems += [problem.under(name) for problem in validate(condition_from(given), personas)]
    return problems


def _period_problems(value: Filter) -> list[Problem]:
    last: date = value.get("to") or datetime.now(UTC).date()
    if value.get("from") is None or value["from"] <= last:
        return []
    return [Problem(("from",), ErrorCode.INVALID, f"must not lie after {last}, the last day of the period")]


def _too_deep() -> Problem:
    return Problem((), ErrorCode.LIMIT_EXCEEDED, f"Filters nest at most {MAX_NESTING} deep.")


def validate_account_filter(value: Filter, depth: int = 1) -> list[Problem]:
    """What is wrong with an AccountFilter that is to be stored: paths relative to the filter."""
    if depth > MAX_NESTING:
        return [_too_deep()]
    problems: list[Problem] = []
    if not any(given is not None for given in value.values()):
        problems.append(Problem((), ErrorCode.INVALID, "Name at least one field to filter by."))
    owns = value.get("ownsProduct")
    if owns is not None and not owns.get("productIds"):
        problems.append(Problem(("ownsProduct", "productIds"), ErrorCode.INVALID, "Name at least one product."))
    for name, given in value.items():
        if name in ("annualRevenue", "employeeCount", "depth") and given is not None:
            problems += [problem.under(name) for problem in _range_problems(given)]
    if value.get("any") is not None:
        if not value["any"]:
            problems.append(Problem(("any",), ErrorCode.INVALID, "Name at least one filter."))
        for place, inner in enumerate(value["any"]):
            problems += [problem.under("any", place) for problem in validate_account_filter(inner, depth + 1)]
    if value.get("not") is not None:
        problems += [problem.under("not") for problem in validate_account_filter(value["not"], depth + 1)]
    return problems


def _range_problems(given: Filter) -> list[Problem]:
    if not any(given.get(bound) is not None for bound in BOUNDS):
        return [Problem((), ErrorCode.INVALID, "Give at least one bound: gt, gte, lt or lte.")]
    return []


def summarise_account_filter(value: Filter, names: Mapping[str, str]) -> str:
    """The filter in words, for people. `names` gives what to call the ids in it (products, accounts, interests, roles)."""
    parts = [words for name, given in value.items() if given is not None and (words := _words(name, given, names))]
    return " and ".join(parts) or "every account"


def _words(name: str, given: Any, names: Mapping[str, str]) -> str:
    match name:
        case "search":
            return f"name contains '{given}'"
        case "industries" | "countries" | "types":
            label = {"industries": "industry", "countries": "country", "types": "type"}[name]
            return f"{label} is {_listed(given)}"
        case "annualRevenue":
            return _bounds("annual revenue", given)
        case "employeeCount":
            return _bounds("employees", given)
        case "depth":
            return _bounds("depth in its hierarchy", given)
        case "underAccountId":
            return f"under {names.get(given, given)}"
        case "ownsProduct":
            products = _listed([names.get(product, product) for product in given["productIds"]])
            revenue = given.get("revenue")
            return f"owns {products}" + (f" with {_bounds('revenue', revenue)}" if revenue else "")
        case "hasBuyingGroup":
            return "has a buying group that fits"
        case "any":
            return "(" + " or ".join(summarise_account_filter(one, names) for one in given) + ")"
        case "not":
            return f"not ({summarise_account_filter(given, names)})"
        case _:
            return name


def _bounds(label: str, given: Filter) -> str:
    words = {"gt": "above", "gte": "at least", "lt": "below", "lte": "at most"}
    return f"{label} " + " and ".join(f"{words[b]} {given[b]:,}" for b in BOUNDS if given.get(b) is not None)


def _listed(values: Sequence[str]) -> str:
    return " or ".join(f"'{value}'" for value in values)
