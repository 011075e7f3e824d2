"""How large a market is, and what it is made of: trees of accounts, people at them, who is near whom."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from bench.market.words import TITLES

GIANT = 5000  # accounts of the largest trees
GIANTS_PER = 20_000  # accounts in all for each of them
COUSINS = 0.05  # of the people relate to a second account
RULED = [role for role, _, _ in TITLES]


@dataclass(frozen=True, slots=True)
class Shape:
    """How large a market is, and the seed that it grows from. Every account has a group for each interest."""

    accounts: int
    people: int
    interests: int = 2
    members: float = 25.0  # of a group, on average
    days: float = 0.0  # on which a person did something, per type of activity, on average
    seed: int = 7

    def __str__(self) -> str:
        groups = self.accounts * self.interests
        grouped = f"{groups:,} groups of {self.members:g} members" if groups else "no groups yet"
        active = f", {self.days:g} days of activity each" if self.days else ""
        return f"{self.accounts:,} accounts, {self.people:,} people{active}, {grouped}"


SMALL = Shape(accounts=2_000, people=20_000)
FULL = Shape(accounts=20_000, people=200_000)


def ungrouped(people: int) -> Shape:
    """A market of so many people, ten an account, with what they did, for jobs to make groups in."""
    return Shape(accounts=people // 10, people=people, interests=0, days=2.0)


@dataclass(frozen=True, slots=True)
class Accounts:
    """Account trees, accounts by number: the parents, parents first, and the children."""

    parents: list[int | None]
    children: list[list[int]]
    tops: list[int]
    depths: list[int]

    def near(self, account: int) -> Iterator[tuple[int, int]]:
        """The accounts of the same tree with how many steps lie between, the nearest first, above before below."""
        seen = {account}
        waiting = deque([(account, 0)])
        while waiting:
            here, distance = waiting.popleft()
            yield here, distance
            parent = self.parents[here]
            for other in self.children[here] if parent is None else (parent, *self.children[here]):
                if other not in seen:
                    seen.add(other)
                    waiting.append((other, distance + 1))


def trees(shape: Shape, chance: random.Random) -> Accounts:
    """A few trees of thousands of accounts, most of one to five. Each grows level by level: from a corporation to its
    divisions, departments and teams."""
    found = Accounts([], [], [], [])
    giant = min(GIANT, shape.accounts // 4)
    giants = max(1, shape.accounts // GIANTS_PER)
    while len(found.parents) < shape.accounts:
        left = shape.accounts - len(found.parents)
        size = giant if giants else min(int(chance.paretovariate(1.1)), giant // 5 or 1)
        giants = max(0, giants - 1)
        _grow(found, max(1, min(size, left)), chance)
    return found


def _grow(found: Accounts, size: int, chance: random.Random) -> None:
    top = len(found.parents)
    _add(found, None, top, 0)
    barren = top  # accounts before it have all the children they get
    while len(found.parents) < top + size:
        last = barren == len(found.parents) - 1  # nothing else could bear the rest
        wanted = min(int(chance.expovariate(0.3)) + last, top + size - len(found.parents))
        for _ in range(wanted):
            _add(found, barren, top, found.depths[barren] + 1)
        barren += 1


def _add(found: Accounts, parent: int | None, top: int, depth: int) -> None:
    if parent is not None:
        found.children[parent].append(len(found.parents))
    found.parents.append(parent)
    found.children.append([])
    found.tops.append(top)
    found.depths.append(depth)


@dataclass(frozen=True, slots=True)
class Staff:
    """Who works where, people by number: the account each works for, which of TITLES each has, a second account if any,
    and the other way round the people of each account."""

    homes: list[int]
    titles: list[int]
    second: dict[int, int]
    people: list[list[int]]


def staff(shape: Shape, accounts: Accounts, chance: random.Random) -> Staff:
    """People for accounts: more at the tops of large trees, few at most."""
    weights = [
        chance.lognormvariate(0, 0.8) * (3 if top == account and accounts.children[account] else 1)
        for account, top in enumerate(accounts.tops)
    ]
    everywhere = range(shape.accounts)
    homes = chance.choices(everywhere, cum_weights=list(accumulate(weights)), k=shape.people)
    titles = chance.choices(range(len(TITLES)), weights=[often for _, _, often in TITLES], k=shape.people)
    second = {person: chance.choice(everywhere) for person in range(shape.people) if chance.random() < COUSINS}
    people: list[list[int]] = [[] for _ in everywhere]
    for person, home in enumerate(homes):
        people[home].append(person)
    return Staff(homes, titles, {person: other for person, other in second.items() if other != homes[person]}, people)


def sizes(shape: Shape, accounts: Accounts, who: Staff, chance: random.Random) -> Sequence[int]:
    """How many members each group is to have: skewed, no more than its tree has people with a role, `members` on average."""
    ruled = [0] * shape.accounts
    for person, home in enumerate(who.homes):
        ruled[accounts.tops[home]] += RULED[who.titles[person]] is not None
    groups = shape.accounts * shape.interests
    caps = [ruled[accounts.tops[group // shape.interests]] for group in range(groups)]
    drawn = [chance.lognormvariate(0, 0.9) for _ in caps]
    low, high = 0.0, 100.0 * shape.members
    for _ in range(40):
        middle = (low + high) / 2
        total = sum(min(cap, 1 + int(one * middle)) for cap, one in zip(caps, drawn, strict=True))
        low, high = (middle, high) if total < shape.members * groups else (low, middle)
    return [min(cap, 1 + int(one * low)) for cap, one in zip(caps, drawn, strict=True)]
