"""What a stage model needs before it can be published, in words. Pure: the same rules serve `problems` and publishing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graph.model import StageOutcome


@dataclass(frozen=True, slots=True)
class RuledStage:
    """A stage as the rules see it. Names are unique within a model; `leads_to` holds those of the stages that may follow."""

    name: str
    is_entry: bool = False
    outcome: StageOutcome | None = None
    leads_to: tuple[str, ...] = ()


def ruled(rows: Iterable[Sequence[Any]]) -> list[RuledStage]:
    """Stages from what the graph tells of each: name, whether it is an entry, outcome, names of what may follow."""
    return [RuledStage(row[0], row[1], StageOutcome(row[2]) if row[2] else None, tuple(row[3])) for row in rows]


def problems(stages: Sequence[RuledStage]) -> list[str]:
    """What keeps a model of these stages, in order, from being published; empty if nothing does."""
    entries = [stage.name for stage in stages if stage.is_entry]
    successes = [stage.name for stage in stages if stage.outcome is StageOutcome.SUCCESS]
    found: list[str] = []
    if not entries:
        found.append("No stage is an entry; at least one must be.")
    if not successes:
        found.append("No stage has the outcome SUCCESS; exactly one must have it.")
    if len(successes) > 1:
        found.append(f"{len(successes)} stages have the outcome SUCCESS, {listed(successes)}; exactly one must have it.")
    onwards = {stage.name: stage.leads_to for stage in stages}
    entered, winning = _reached(entries, onwards), _reached(successes, _turned(onwards))
    for stage in stages:
        if stage.outcome is StageOutcome.SUCCESS and stage.leads_to:
            found.append(f"'{stage.name}' is a success and must lead nowhere, but leads to {listed(stage.leads_to)}.")
        if entries and stage.name not in entered:
            found.append(f"'{stage.name}' can't be reached from an entry.")
        if stage.outcome is None and not stage.leads_to:
            found.append(f"'{stage.name}' leads nowhere; only a stage with an outcome may.")
        elif stage.outcome is None and successes and stage.name not in winning:
            found.append(f"From '{stage.name}' no way leads to success.")
    return found


def listed(names: Iterable[str], last: str = "and") -> str:
    """Names in a sentence: 'New', 'Demo' and 'Won'."""
    quoted = [f"'{name}'" for name in names]
    return f" {last} ".join(part for part in (", ".join(quoted[:-1]), quoted[-1] if quoted else "") if part)


def _reached(start: Iterable[str], edges: Mapping[str, Iterable[str]]) -> set[str]:
    """Where one gets from `start` along the edges, `start` included."""
    found: set[str] = set()
    waiting = list(start)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += edges.get(name, ())
    return found


def _turned(edges: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    turned: dict[str, list[str]] = {}
    for name, following in edges.items():
        for other in following:
            turned.setdefault(other, []).append(name)
    return turned
