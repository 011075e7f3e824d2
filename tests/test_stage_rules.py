"""What keeps a stage model from being published, against an independent reading of the rules."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph.model import StageOutcome
from graph.stage_rules import RuledStage, listed, problems, ruled

WON = RuledStage("Won", outcome=StageOutcome.SUCCESS)
LOST = RuledStage("Lost", outcome=StageOutcome.FAILURE)


def entry(*leads_to: str) -> RuledStage:
    return RuledStage("New", is_entry=True, leads_to=leads_to)


@pytest.mark.parametrize(
    ("stages", "expected"),
    [
        ([entry("Won"), WON], []),
        ([entry("Won", "Lost"), WON, LOST], []),
        ([], ["No stage is an entry; at least one must be.", "No stage has the outcome SUCCESS; exactly one must have it."]),
        ([RuledStage("New", leads_to=("Won",)), WON], ["No stage is an entry; at least one must be."]),
        ([entry("Lost"), LOST], ["No stage has the outcome SUCCESS; exactly one must have it."]),
        (
            [entry("Won", "Also"), WON, RuledStage("Also", outcome=StageOutcome.SUCCESS)],
            ["2 stages have the outcome SUCCESS, 'Won' and 'Also'; exactly one must have it."],
        ),
        ([entry("Won", "Demo"), RuledStage("Demo"), WON], ["'Demo' leads nowhere; only a stage with an outcome may."]),
        ([entry("Won"), RuledStage("Demo", leads_to=("Won",)), WON], ["'Demo' can't be reached from an entry."]),
        ([entry("Won"), WON, LOST], ["'Lost' can't be reached from an entry."]),
        (
            [entry("Won", "A"), RuledStage("A", leads_to=("B",)), RuledStage("B", leads_to=("A",)), WON],
            ["From 'A' no way leads to success.", "From 'B' no way leads to success."],
        ),
        (
            [entry("Won"), RuledStage("Won", outcome=StageOutcome.SUCCESS, leads_to=("New",))],
            ["'Won' is a success and must lead nowhere, but leads to 'New'."],
        ),
    ],
)
def test_each_rule_in_words(stages: list[RuledStage], expected: list[str]) -> None:
    assert problems(stages) == expected


def test_a_failure_may_lead_on() -> None:
    again = RuledStage("Lost", outcome=StageOutcome.FAILURE, leads_to=("New",))
    assert problems([entry("Lost", "Won"), again, WON]) == []


def test_a_way_to_success_may_lead_through_a_failure() -> None:
    again = RuledStage("Lost", outcome=StageOutcome.FAILURE, leads_to=("Won",))
    assert problems([entry("Lost"), again, WON]) == []


def test_names_in_a_sentence() -> None:
    assert [listed(names, "or") for names in ([], ["A"], ["A", "B"], ["A", "B", "C"])] == [
        "",
        "'A'",
        "'A' or 'B'",
        "'A', 'B' or 'C'",
    ]


def test_stages_from_rows() -> None:
    rows = [["New", True, None, ["Won"]], ["Won", False, "SUCCESS", []]]
    assert ruled(rows) == [entry("Won"), WON]


# --- the independent reading ----------------------------------------------------------------------------------------


@st.composite
def models(draw: st.DrawFn) -> list[RuledStage]:
    """Models of up to six stages, in which every rule is broken now and then."""
    names = [f"S{i}" for i in range(draw(st.integers(0, 6)))]
    outcomes = st.sampled_from([None, None, None, StageOutcome.SUCCESS, StageOutcome.FAILURE])
    following = st.lists(st.sampled_from(names), unique=True, max_size=3) if names else st.just([])
    return [RuledStage(name, draw(st.booleans()), draw(outcomes), tuple(draw(following))) for name in names]


def paths(stages: list[RuledStage]) -> set[tuple[str, str]]:
    """Every pair of stages with a way between them, by adding one step until nothing is new."""
    found = {(stage.name, stage.name) for stage in stages}
    steps = {(stage.name, other) for stage in stages for other in stage.leads_to}
    while True:
        longer = found | {(a, d) for (a, b), (c, d) in itertools.product(found, steps) if b == c}
        if longer == found:
            return found
        found = longer


def broken(stages: list[RuledStage]) -> set[tuple[str, str]]:
    """The rules that are broken, each with the stage that breaks it, as domain.md 10 says them."""
    ways = paths(stages)
    entries = [s.name for s in stages if s.is_entry]
    wins = [s.name for s in stages if s.outcome == "SUCCESS"]
    found = set[tuple[str, str]]()
    if len(entries) < 1:
        found.add(("entry", ""))
    if len(wins) != 1:
        found.add(("success", ""))
    for stage in stages:
        destination = stage.outcome is not None
        if not destination and len(stage.leads_to) == 0:
            found.add(("nowhere", stage.name))
        if entries and not any((one, stage.name) in ways for one in entries):
            found.add(("unreached", stage.name))
        if wins and not destination and stage.leads_to and not any((stage.name, won) in ways for won in wins):
            found.add(("hopeless", stage.name))
        if stage.outcome == "SUCCESS" and len(stage.leads_to) > 0:
            found.add(("final", stage.name))
    return found


WORDS = {
    "entry": "No stage is an entry",
    "success": "the outcome SUCCESS",
    "nowhere": "leads nowhere; only",
    "unreached": "can't be reached",
    "hopeless": "no way leads to success",
    "final": "must lead nowhere",
}


def told(words: str) -> tuple[str, str]:
    """The rule and the stage that a problem speaks of."""
    rule = next(rule for rule, said in WORDS.items() if said in words)
    return rule, words.split("'")[1] if rule not in ("entry", "success") else ""


@given(models())
def test_problems_are_those_of_the_independent_reading(stages: list[RuledStage]) -> None:
    found = [told(words) for words in problems(stages)]
    assert set(found) == broken(stages)
    assert len(set(found)) == len(found)
