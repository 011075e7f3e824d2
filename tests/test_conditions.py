"""Conditions: what is valid, what is stored, and that the server's verdict is the plain rules' verdict."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Sequence
from typing import Any, LiteralString, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from make import plant, rows
from markets import PERSONAS, Market, conditions, markets, settle
from often import examples
from plainrules import FIELDS, Relation, Somebody, filter_holds, holds

from graph.conditions import (
    MAX_FILTERS,
    MAX_NESTING,
    MAX_VALUES,
    compile_condition,
    compile_lacking,
    compile_trace,
    fold,
    from_json,
    operators_of,
    personas_of,
    to_json,
    validate,
    with_persona_renamed,
)
from graph.db import Db
from graph.model import AttributeFilter, Condition, FilterOperator, Match, PersonAttribute
from graph.params import Params
from graph.personas import known
from graph.why import met_of, read_trace, unmet_of

IS, IS_NOT, EMPTY = FilterOperator.IS, FilterOperator.IS_NOT, FilterOperator.IS_EMPTY
TITLE = PersonAttribute.JOB_TITLE


def one(attribute: PersonAttribute, operator: FilterOperator, *values: str) -> Condition:
    return Condition(Match.ALL, (AttributeFilter(attribute, operator, values),))


# --- text -----------------------------------------------------------------------------------------------------------


async def test_text_folds_as_the_server_folds(db: Db) -> None:
    """Every letter that this Python's Unicode knows, alone and beside others; the server may know newer ones."""
    letters = [chr(code) for code in range(1, sys.maxunicode + 1) if unicodedata.category(chr(code)) not in ("Cn", "Cs", "Co")]
    texts = [*letters, *(f"a{one}" for one in letters), "ΑΣ", "ΑΣ Δ", "ΑΣ.Δ", "ΑΣ\u00adΔ", "İstanbul", "\u2003 x \u00a0 "]
    folded = [
        text
        for start in range(0, len(texts), 50_000)
        for text in (await rows(db, "RETURN [t IN $t | toLower(trim(t))] AS f", t=texts[start : start + 50_000]))[0]["f"]
    ]
    assert [text for text, theirs in zip(texts, folded, strict=True) if fold(text) != theirs] == []


# --- the verdict ----------------------------------------------------------------------------------------------------


async def judged(db: Db, wanted: Sequence[Condition]) -> list[dict[str, Any]]:
    """What the server makes of conditions for every person in every relation."""
    params, personas = Params(), await known(db)
    compiled = [
        [
            compile(condition, person="p", relation="w", params=params, personas=personas)
            for compile in (compile_condition, compile_trace, compile_lacking)
        ]
        for condition in wanted
    ]
    lists = ", ".join(f"[{', '.join(texts)}]" for texts in compiled)
    text = f"MATCH (p:Person)-[w:WORKS_FOR]->(a:Account) RETURN p.externalId AS p, a.externalId AS a, [{lists}] AS verdicts"
    return await rows(db, cast(LiteralString, text), **params.values)


@examples(20)
@given(market=markets(), wanted=st.lists(conditions(), min_size=1, max_size=4))
async def test_verdicts_and_traces_are_the_plain_rules(db: Db, market: Market, wanted: list[Condition]) -> None:
    await settle(db, market)
    crowd = {who.key: who for who in market.crowd}
    found = await judged(db, wanted)
    assert {(row["p"], row["a"]) for row in found} == {(who.key, at.account) for who in market.crowd for at in who.relations}
    for row in found:
        who = crowd[row["p"]]
        relation = next(at for at in who.relations if at.account == row["a"])
        for condition, (verdict, told, lacking) in zip(wanted, row["verdicts"], strict=True):
            assert verdict is holds(condition, who, relation, PERSONAS)
            trace = read_trace(condition, told)
            check_trace(condition, trace, who, relation)
            unmet = unmet_of(trace)
            assert (lacking == 0) is verdict
            assert lacking == len(unmet)
            assert all(not part.matched for part in unmet)
            assert bool(met_of(trace)) is verdict


def check_trace(condition: Condition, trace: Any, who: Somebody, relation: Relation) -> None:
    assert trace.matched is holds(condition, who, relation, PERSONAS)
    assert [part.filter for part in trace.filters] == list(condition.filters)
    assert [part.matched for part in trace.filters] == [filter_holds(f, who, relation, PERSONAS) for f in condition.filters]
    for group, inner in zip(condition.groups, trace.groups, strict=True):
        check_trace(group, inner, who, relation)


@pytest.mark.parametrize("attribute", [*FIELDS, TITLE])
async def test_each_text_attribute_compares_its_own_property(db: Db, attribute: PersonAttribute) -> None:
    names = {**FIELDS, TITLE: "jobTitle"}
    texts = {name: f"The {name}" for name in names.values()}
    await plant(db, {"a": None})
    market = Market({"a": None}, (Somebody("p", texts, 50.0, (Relation("a"),)),))
    await settle(db, market)
    wanted = [one(attribute, IS, f"the {name}") for name in names.values()]
    (row,) = await judged(db, wanted)
    assert [verdict for verdict, _, _ in row["verdicts"]] == [name == names[attribute] for name in names.values()]
    assert read_trace(wanted[0], row["verdicts"][0][1]).filters[0].actual == f"The {names[attribute]}"


TEXT_TABLE = [
    # operator, values, title there, the person's own, held
    (FilterOperator.STARTS_WITH, ("Director",), None, "director, IT", True),
    (FilterOperator.STARTS_WITH, ("Director",), "Manager", "director, IT", False),
    (FilterOperator.STARTS_WITH, ("Director",), "  ", "director, IT", True),
    (FilterOperator.STARTS_WITH, ("Director",), "  DIRECTOR", None, True),
    (FilterOperator.ENDS_WITH, (" it ",), None, "Director, IT\u2003", True),
    (FilterOperator.CONTAINS, ("x", "TO"), None, "Director", True),
    (FilterOperator.NOT_CONTAINS, ("x", "TO"), None, "Director", False),
    (FilterOperator.NOT_CONTAINS, ("x", "y"), None, "Director", True),
    (FilterOperator.NOT_STARTS_WITH, ("x", "Dir"), None, "Director", False),
    (IS, ("it",), None, "\u00a0IT", False),
    (IS, ("\u00a0it",), None, "\u00a0IT", True),
    (IS, ("i",), None, "İ", False),
    (IS, ("\u0131",), None, "I", False),
    (IS, ("ss",), None, "ß", False),
    (IS, ("ß",), None, "ẞ", True),
    (IS, ("ας",), None, "ΑΣ", True),
    (FilterOperator.STARTS_WITH, ("ΑΣ",), None, "ΑΣΔ", False),  # the last sigma of a word is another letter
    (IS_NOT, ("a", "b"), None, "b", False),
    (IS_NOT, ("a", "b"), None, "c", True),
    (IS, ("a",), None, None, False),
    (IS_NOT, ("a",), None, None, True),
    (FilterOperator.NOT_STARTS_WITH, ("a",), None, None, True),
    (FilterOperator.NOT_CONTAINS, ("a",), None, " ", True),
    (FilterOperator.STARTS_WITH, ("a",), None, None, False),
    (FilterOperator.CONTAINS, ("a",), None, None, False),
    (FilterOperator.ENDS_WITH, ("a",), None, None, False),
    (EMPTY, (), None, None, True),
    (EMPTY, (), " ", "\t", True),
    (EMPTY, (), None, "x", False),
    (FilterOperator.IS_NOT_EMPTY, (), "x", None, True),
    (FilterOperator.IS_NOT_EMPTY, (), None, " ", False),
]


@pytest.mark.parametrize(("operator", "values", "there", "own", "held"), TEXT_TABLE)
async def test_text(
    db: Db, operator: FilterOperator, values: tuple[str, ...], there: str | None, own: str | None, held: bool
) -> None:
    await settle(db, Market({"a": None}, (Somebody("p", {"jobTitle": own}, None, (Relation("a", there),)),)))
    condition = one(TITLE, operator, *values)
    (row,) = await judged(db, [condition])
    assert row["verdicts"][0][0] is held
    told = there if there and there.strip() else own if own and own.strip() else None
    assert read_trace(condition, row["verdicts"][0][1]).filters[0].actual == told


OTHER_TABLE = [
    (PersonAttribute.ENGAGEMENT_SCORE, FilterOperator.BETWEEN, ("10", "50"), True),
    (PersonAttribute.ENGAGEMENT_SCORE, FilterOperator.BETWEEN, ("50", "60"), True),
    (PersonAttribute.ENGAGEMENT_SCORE, FilterOperator.BETWEEN, ("50.1", "60"), False),
    (PersonAttribute.ENGAGEMENT_SCORE, FilterOperator.GREATER_THAN, ("50",), False),
    (PersonAttribute.ENGAGEMENT_SCORE, FilterOperator.GREATER_THAN, ("90", "49.9"), True),
    (PersonAttribute.ENGAGEMENT_SCORE, FilterOperator.LESS_THAN, ("50", "10"), False),
    (PersonAttribute.ENGAGEMENT_SCORE, FilterOperator.LESS_THAN, ("10", "50.5"), True),
    (PersonAttribute.ENGAGEMENT_SCORE, IS, (" 50.0 ", "1"), True),
    (PersonAttribute.ENGAGEMENT_SCORE, IS_NOT, ("5e1",), False),
    (PersonAttribute.ENGAGEMENT_SCORE, EMPTY, (), False),
    (PersonAttribute.EMAIL_INVALID, IS, ("TRUE ",), True),
    (PersonAttribute.EMAIL_INVALID, IS_NOT, ("true",), False),
    (PersonAttribute.EMAIL_SUSPENDED, IS, ("true",), False),
    (PersonAttribute.EMAIL_SUSPENDED, IS, ("true", "false"), True),
    (PersonAttribute.RELATIONSHIP, IS, ("employee", "partner"), True),
    (PersonAttribute.RELATIONSHIP, IS_NOT, ("PARTNER",), False),
    (PersonAttribute.RELATIONSHIP, IS, ("CONTRACTOR",), False),
    (PersonAttribute.PERSONA, IS, ("technical",), True),
    (PersonAttribute.PERSONA, IS, (" BUSY", "Technical"), True),
    (PersonAttribute.PERSONA, IS_NOT, ("Technical", "Busy"), False),
    (PersonAttribute.PERSONA, IS_NOT, ("Head, ẞ",), True),
]


async def test_numbers_flags_relationships_and_personas(db: Db) -> None:
    who = Somebody("p", {"jobTitle": "it", "emailInvalid": True}, 50.0, (Relation("a", None, "PARTNER"),))
    await settle(db, Market({"a": None}, (who,)))
    wanted = [one(attribute, operator, *values) for attribute, operator, values, _ in OTHER_TABLE]
    (row,) = await judged(db, wanted)
    assert [verdict for verdict, _, _ in row["verdicts"]] == [held for *_, held in OTHER_TABLE]
    shown = {read_trace(c, v[1]).filters[0].actual for c, v in zip(wanted, row["verdicts"], strict=True)}
    assert shown == {"50.0", "true", "false", "PARTNER", "Busy, Technical"}


async def test_an_absent_number_satisfies_the_negations_alone(db: Db) -> None:
    await settle(db, Market({"a": None}, (Somebody("p", {}, None, (Relation("a"),)),)))
    score = PersonAttribute.ENGAGEMENT_SCORE
    wanted = [
        one(score, EMPTY),
        one(score, IS_NOT, "1"),
        one(score, IS, "1"),
        one(score, FilterOperator.LESS_THAN, "1"),
        one(score, FilterOperator.GREATER_THAN, "1"),
        one(score, FilterOperator.BETWEEN, "0", "100"),
        one(score, FilterOperator.IS_NOT_EMPTY),
    ]
    (row,) = await judged(db, wanted)
    assert [verdict for verdict, _, _ in row["verdicts"]] == [True, True, False, False, False, False, False]


# --- what is valid --------------------------------------------------------------------------------------------------

TEXT = "IS IS_NOT STARTS_WITH NOT_STARTS_WITH CONTAINS NOT_CONTAINS ENDS_WITH IS_EMPTY IS_NOT_EMPTY"
NUMBER = "IS IS_NOT IS_EMPTY IS_NOT_EMPTY GREATER_THAN LESS_THAN BETWEEN"


@pytest.mark.parametrize("attribute", PersonAttribute)
def test_operators_fit_the_attribute(attribute: PersonAttribute) -> None:
    few = ("EMAIL_INVALID", "EMAIL_SUSPENDED", "RELATIONSHIP", "PERSONA")
    allowed = ("IS IS_NOT" if attribute in few else NUMBER if attribute == "ENGAGEMENT_SCORE" else TEXT).split()
    assert sorted(operators_of(attribute)) == sorted(allowed)
    for operator in FilterOperator:
        problems = validate(one(attribute, operator, "1"), {})
        foreign = [problem for problem in problems if problem.field == ("filters", "0", "operator")]
        assert bool(foreign) is (operator not in allowed)
        assert all(problem.code == "INVALID" for problem in foreign)


INVALID_TABLE = [
    (Condition(Match.ALL), [((), "INVALID")]),
    (Condition(Match.ANY, groups=(Condition(Match.ALL),)), [(("groups", "0"), "INVALID")]),
    (one(TITLE, IS), [(("filters", "0", "values"), "INVALID")]),
    (one(TITLE, EMPTY, "x"), [(("filters", "0", "values"), "INVALID")]),
    (one(TITLE, IS, "ok", " "), [(("filters", "0", "values", "1"), "INVALID")]),
    (one(TITLE, IS, "x" * 255), []),
    (one(TITLE, IS, "x" * 256), [(("filters", "0", "values", "0"), "INVALID")]),
    (one(TITLE, IS, *["x"] * MAX_VALUES), []),
    (one(TITLE, IS, *["x"] * (MAX_VALUES + 1)), [(("filters", "0", "values"), "LIMIT_EXCEEDED")]),
    (one(PersonAttribute.EMAIL_INVALID, IS, "yes"), [(("filters", "0", "values", "0"), "INVALID")]),
    (one(PersonAttribute.RELATIONSHIP, IS, "EMPLOYEE", "OWNER"), [(("filters", "0", "values", "1"), "INVALID")]),
    (one(PersonAttribute.PERSONA, IS, "technical", "Nobody"), [(("filters", "0", "values", "1"), "NOT_FOUND")]),
    (one(PersonAttribute.ENGAGEMENT_SCORE, FilterOperator.BETWEEN, "1"), [(("filters", "0", "values"), "INVALID")]),
    (one(PersonAttribute.ENGAGEMENT_SCORE, FilterOperator.BETWEEN, "1", "2", "3"), [(("filters", "0", "values"), "INVALID")]),
    (one(PersonAttribute.ENGAGEMENT_SCORE, FilterOperator.BETWEEN, "2", "1"), [(("filters", "0", "values"), "INVALID")]),
    (one(PersonAttribute.ENGAGEMENT_SCORE, FilterOperator.BETWEEN, "1", "1"), []),
    (
        Condition(Match.ALL, one(TITLE, IS, "x").filters, (Condition(Match.ANY, (AttributeFilter(TITLE, IS),)),)),
        [(("groups", "0", "filters", "0", "values"), "INVALID")],
    ),
    (Condition(Match.ALL, one(TITLE, IS, "x").filters * MAX_FILTERS), []),
    (Condition(Match.ALL, one(TITLE, IS, "x").filters * (MAX_FILTERS + 1)), [((), "LIMIT_EXCEEDED")]),
] + [
    (one(PersonAttribute.ENGAGEMENT_SCORE, IS, value), [(("filters", "0", "values", "0"), "INVALID")] * wrong)
    for value, wrong in [("50", 0), ("-1.5e3", 0), (" .5 ", 0), *((no, 1) for no in ("1_0", "nan", "inf", "1e999", "٣", ""))]
]


@pytest.mark.parametrize(("condition", "expected"), INVALID_TABLE)
async def test_what_is_wrong_is_told_by_its_place(db: Db, condition: Condition, expected: list[Any]) -> None:
    await settle(db, Market({"a": None}, ()))
    assert [(problem.field, problem.code) for problem in validate(condition, await known(db))] == expected


@pytest.mark.parametrize(("depth", "wrong"), [(MAX_NESTING, False), (MAX_NESTING + 1, True)])
def test_nesting_has_an_end(depth: int, wrong: bool) -> None:
    condition = one(TITLE, IS, "x")
    for _ in range(depth - 1):
        condition = Condition(Match.ALL, groups=(condition,))
    problems = validate(condition)
    assert [(problem.field, problem.code) for problem in problems] == [(("groups", "0") * (depth - 1), "LIMIT_EXCEEDED")] * wrong


# --- what is stored -------------------------------------------------------------------------------------------------


@given(conditions())
def test_storing_keeps_everything(condition: Condition) -> None:
    assert from_json(to_json(condition)) == condition


@given(conditions())
def test_renaming_a_persona_changes_its_name_alone(condition: Condition) -> None:
    renamed = with_persona_renamed(condition, "technical", "Nerds")
    before = personas_of(condition)
    assert personas_of(renamed) == sorted({"nerds" if name == "technical" else name for name in before})
    if "technical" not in before:
        assert renamed == condition
    assert with_persona_renamed(renamed, "nerds", "technical") == with_persona_renamed(condition, "technical", "technical")
