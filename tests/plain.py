"""The rules of membership in plain Python, written from the rules and not from the code: what the tests compare it with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

SOURCES = ("SYSTEM", "JOURNEY", "MANUAL")  # from the lowest to the highest


@dataclass(frozen=True, slots=True)
class Decision:
    """Who wants a person in which role, or (None) not to be a member."""

    source: str
    role: str | None


def what_stands(history: Sequence[Decision]) -> Decision | None:
    """Of all decisions about a pair, in their order: the last of the highest source that ever decided."""
    highest = max((SOURCES.index(one.source) for one in history), default=None)
    return next((one for one in reversed(history) if SOURCES.index(one.source) == highest), None)


def outcome(history: Sequence[Decision], decision: Decision) -> str:
    """What a further decision comes to."""
    before, after = what_stands(history), what_stands([*history, decision])
    if after != before:
        return "APPLIED"
    assert before is not None
    return "UNCHANGED" if before.role == decision.role else "OVERRULED"


@dataclass(frozen=True, slots=True)
class Role:
    """A card as completeness sees it."""

    required: bool = True
    members: int = 1


@dataclass(slots=True)
class Group:
    """A group: what stands for whom, and how many decisions were recorded."""

    cards: Mapping[str, Role]
    stands: dict[str, Decision] = field(default_factory=dict[str, Decision])
    recorded: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])
    _since: dict[str, int] = field(default_factory=dict[str, int])  # how many decisions had been recorded when it began
    _told: set[tuple[str, int, str]] = field(default_factory=set[tuple[str, int, str]])

    def decide(self, person: str, decision: Decision) -> str:
        """Somebody's decision; returns its outcome."""
        history = [self.stands[person]] if person in self.stands else []
        found = outcome(history, decision)
        if found != "UNCHANGED":
            self.recorded.append((person, decision.source, found))
        if found == "APPLIED":
            self.stands[person] = decision
            self._since[person] = len(self.recorded)
        return found

    def maintain(self, matches: Mapping[str, str]) -> None:
        """A system job: `matches` gives the role of each person whom the rules match."""
        for person, role in matches.items():
            standing = self.stands.get(person)
            if standing and standing.source != "SYSTEM" and standing.role != role:
                told = (person, self._since[person], role)
                if told in self._told:
                    continue
                self._told.add(told)
            self.decide(person, Decision("SYSTEM", role))
        gone = [p for p, standing in self.stands.items() if standing.source == "SYSTEM" and p not in matches]
        for person in gone:  # they leave, and nothing stands against their coming back
            del self.stands[person]
            self.recorded.append((person, "SYSTEM", "APPLIED"))

    def members(self) -> dict[str, tuple[str, str]]:
        """Each member's role and the source of it."""
        return {p: (one.role, one.source) for p, one in self.stands.items() if one.role}

    def removed(self) -> dict[str, str]:
        """Whose removal stands, by which source."""
        return {p: one.source for p, one in self.stands.items() if not one.role}

    def completeness(self) -> float | None:
        """The mean over the required roles, 0 to 100; None when none is required."""
        return completeness(self.cards, (role for role, _ in self.members().values()))


def completeness(cards: Mapping[str, Role], held: Iterable[str]) -> float | None:
    """A group's completeness from the roles that its members hold."""
    roles = list(held)
    full = [min(1.0, roles.count(name) / card.members) * 100 for name, card in cards.items() if card.required]
    return sum(full) / len(full) if full else None
