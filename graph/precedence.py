"""Who may undo what: MANUAL over JOURNEY over SYSTEM, and a lower one never undoes what a higher one decided.

`outcome` is the rule. `table` is the same rule for every state that can stand, so that one statement can look up what
each of its pairs of person and group needs: the rule stands here alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from graph.model import AssignmentOutcome, AssignmentSource

RANK: Mapping[AssignmentSource, int] = {
    AssignmentSource.SYSTEM: 1,
    AssignmentSource.JOURNEY: 2,
    AssignmentSource.MANUAL: 3,
}
Aim = Literal["ASSIGN", "REMOVE"]


@dataclass(frozen=True, slots=True)
class Standing:
    """The decision that stands for a person and a group: a membership in a role, or a removal (no role)."""

    source: AssignmentSource
    role_id: str | None


@dataclass(frozen=True, slots=True)
class Decision:
    """Somebody wants a person to be a member in a role, or (no role) not to be one."""

    source: AssignmentSource
    role_id: str | None


def outcome(standing: Standing | None, decision: Decision) -> AssignmentOutcome:
    """What becomes of a decision when `standing` stands."""
    if standing is None:
        return AssignmentOutcome.APPLIED
    above = RANK[decision.source] - RANK[standing.source]
    if standing.role_id == decision.role_id:
        return AssignmentOutcome.APPLIED if above > 0 else AssignmentOutcome.UNCHANGED
    return AssignmentOutcome.APPLIED if above >= 0 else AssignmentOutcome.OVERRULED


def table(aim: Aim, source: AssignmentSource) -> dict[str, str]:
    """The outcome for every state that can stand, by its key: NONE, or the standing source with SAME (the wanted role is
    held), OTHER (another role is) or REMOVED."""
    wanted = Decision(source, "wanted" if aim == "ASSIGN" else None)
    outcomes = {"NONE": outcome(None, wanted)}
    for standing in AssignmentSource:
        outcomes[f"{standing}:SAME"] = outcome(Standing(standing, "wanted"), wanted)
        outcomes[f"{standing}:OTHER"] = outcome(Standing(standing, "another"), wanted)
        outcomes[f"{standing}:REMOVED"] = outcome(Standing(standing, None), wanted)
    return {key: value.value for key, value in outcomes.items()}
