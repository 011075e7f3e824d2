"""A market's rows, in the order in which they are written, each as the statements beside this file take it."""

from __future__ import annotations

import math
import random
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.market import words
from bench.market.shape import RULED, Accounts, Shape, Staff, sizes, staff, trees

Row = Mapping[str, Any]
Place = tuple[str, str, str, str | None]
BEGAN = 1_767_225_600_000  # 2026 began, in milliseconds since 1970
DAY = 86_400_000
HALF_A_YEAR = 182 * DAY
_FORMS: Sequence[tuple[float, Callable[[str], str]]] = (
    (0.06, str.upper),
    (0.08, str.lower),
    (0.05, lambda title: f"{title} (interim)"),
    (0.05, lambda title: f"{title}, EMEA"),
    (0.04, lambda title: f"{title} / {words.TITLES[-1][1]}"),
    (0.02, lambda title: f" {title} "),
)
"""The forms of a title, each with how often it occurs."""
ACTIVE = 31  # days until the half year ends, on which people did something
MOST_A_DAY = 40  # activities of one type


@dataclass(frozen=True, slots=True)
class Setup:
    """What was configured before: ids of the interests, the cards' roles by name, each [id, members required], and ids of
    the stages from entry to success."""

    interests: Sequence[str]
    roles: Mapping[str, tuple[str, int]]
    stages: Sequence[str]


@dataclass(slots=True)
class Market:
    """A market's rows. Nothing but the seed decides what they say. Ask for accounts, people, activities, groups in this order."""

    shape: Shape
    chance: random.Random = field(init=False)
    accounts: Accounts = field(init=False)
    staff: Staff = field(init=False)
    sizes: Sequence[int] = field(init=False)
    account_ids: Sequence[str] = field(init=False)
    person_ids: Sequence[str] = field(init=False)
    events: int = 0  # numbered so far

    def __post_init__(self) -> None:
        self.chance = random.Random(self.shape.seed)  # noqa: S311 - a market, no secret
        self.accounts = trees(self.shape, self.chance)
        self.staff = staff(self.shape, self.accounts, self.chance)
        self.sizes = sizes(self.shape, self.accounts, self.staff, self.chance)
        self.account_ids = [self._id() for _ in range(self.shape.accounts)]
        self.person_ids = [self._id() for _ in range(self.shape.people)]

    # --- accounts and people ----------------------------------------------------------------------------------------

    def account_rows(self) -> Iterator[Row]:
        """The accounts, parents first, with what they own."""
        names: list[str] = []
        places: list[Place] = []
        for number, parent in enumerate(self.accounts.parents):
            top = self.accounts.tops[number]
            names.append(self._brand() if parent is None else f"{names[top]} {self._unit(number)}")
            stays = parent is not None and self.chance.random() < 0.6
            places.append(places[parent] if stays and parent is not None else self.chance.choice(words.PLACES))
            yield {
                "id": self.account_ids[number],
                "parent": None if parent is None else self.account_ids[parent],
                "at": self._moment(),
                "properties": self._account(number, names[number], places[number]),
                "owned": self._owned(),
            }

    def _brand(self) -> str:
        return f"{self.chance.choice(words.BRANDS)} {self.chance.choice(words.BRANDS)}"

    def _unit(self, number: int) -> str:
        level = words.LEVELS[min(self.accounts.depths[number], len(words.LEVELS)) - 1]
        return f"{level} {number - self.accounts.tops[number]}"

    def _account(self, number: int, name: str, place: Place) -> Row:
        city, state, country, region = place
        return {
            "externalId": f"A{number:06}",
            "name": name,
            "type": self.chance.choice(("Customer", "Prospect", "Prospect", "Partner")),
            "industry": self.chance.choice(words.INDUSTRIES),
            "city": city,
            "state": state,
            "country": country,
            "region": region,
            "website": f"https://{_plain(name).replace(' ', '-')}.example",
            "annualRevenue": self._amount(15),
            "employeeCount": 10 * len(self.staff.people[number]) + self.chance.randrange(10),
        }

    def _owned(self) -> list[list[Any]]:
        products = self.chance.sample(range(len(words.PRODUCTS)), k=self.chance.choice((0, 0, 1, 1, 2, 3)))
        return [
            [product_key(one), round(self.chance.lognormvariate(12, 1.5), 2), self.chance.randrange(2000)] for one in products
        ]

    def person_rows(self) -> Iterator[Row]:
        """The people, with the accounts that they relate to."""
        for number, home in enumerate(self.staff.homes):
            accounts = [[self.account_ids[home], "EMPLOYEE", self._held_title(number)]]
            if number in self.staff.second:
                relationship = self.chance.choice(("CONTRACTOR", "PARTNER"))
                accounts.append([self.account_ids[self.staff.second[number]], relationship, "Consultant"])
            yield {
                "id": self.person_ids[number],
                "at": self._moment(),
                "properties": self._person(number),
                "score": self._score(),
                "accounts": accounts,
            }

    def _held_title(self, number: int) -> str | None:
        return words.TITLES[self.staff.titles[number]][1] if self.chance.random() < 0.1 else None

    def _person(self, number: int) -> Row:
        first, last = self.chance.choice(words.FIRST), self.chance.choice(words.LAST)
        city, state, country, _ = self.chance.choice(words.PLACES)
        address = f"{_plain(first)}.{_plain(last).replace(' ', '')}.{number}@example.com"
        phone = f"+{self.chance.randrange(10, 99)} {self.chance.randrange(10**8, 10**9)}"
        return {
            "externalId": f"P{number:07}",
            "firstName": first,
            "lastName": last,
            "name": f"{first} {last}",
            "email": None if self.chance.random() < 0.02 else address,
            "phone": phone,
            "mobilePhone": None if self.chance.random() < 0.4 else f"{phone[:-1]}0",
            "jobTitle": self._title(number),
            "department": self.chance.choice(words.DEPARTMENTS),
            "city": city,
            "state": state,
            "postalCode": f"{self.chance.randrange(10_000, 100_000)}",
            "country": country,
            "emailInvalid": self.chance.random() < 0.02,
            "emailSuspended": self.chance.random() < 0.01,
        }

    def _title(self, number: int) -> str:
        """A person's title in one of the forms in which people write them."""
        title, draw = words.TITLES[self.staff.titles[number]][1], self.chance.random()
        for often, form in _FORMS:
            if draw < often:
                return form(title)
            draw -= often
        return title

    def activity_rows(self) -> Iterator[Row]:
        """What the people did in the last days of the half year: most nothing, few very much."""
        scale = math.log(self.shape.days) - 2.0  # so that the average is `days`
        slots = [(day, kind) for day in range(ACTIVE) for kind in words.ACTIVITIES]
        for number, person in enumerate(self.person_ids):
            count = min(len(slots), int(self.chance.lognormvariate(scale, 2.0) + self.chance.random()))
            done: list[list[Any]] = []
            for day, kind in self.chance.sample(slots, k=count):
                began = BEGAN + HALF_A_YEAR - (ACTIVE - day) * DAY
                times = min(MOST_A_DAY, int(self.chance.paretovariate(2.5)))
                done += [[f"D{number:07}-{len(done) + i}", kind, began + self.chance.randrange(DAY)] for i in range(times)]
            if done:
                yield {"person": person, "done": done}

    # --- groups -----------------------------------------------------------------------------------------------------

    def group_rows(self, setup: Setup) -> Iterator[Row]:
        """The groups with their members, removals, moves and events, as jobs, people and journeys would have left them.
        Groups of one tree follow each other."""
        for number, size in enumerate(self.sizes):
            account, interest = divmod(number, self.shape.interests)
            near = self._near(account, size + 1)
            members = [self._member(setup, *one) for one in near[:size]]
            at = self._moment()
            yield {
                "id": self._id(),
                "account": self.account_ids[account],
                "interest": setup.interests[interest],
                "at": at,
                "status": self.chance.choice(("New", "Working", "On hold", None)),
                "filled": _filled(setup, members),
                "score": self._score(),
                "told": [self._id(), self._seq(), self._id(), self._seq()],
                "moves": self._moves(setup, at),
                "members": members,
                "removed": [self._removal(setup, one[0]) for one in near[size:] if self.chance.random() < 0.1],
            }

    def _near(self, account: int, size: int) -> list[tuple[int, int, int]]:
        """The people with a role who are nearest to an account: (person, account, distance)."""
        found: list[tuple[int, int, int]] = []
        for here, distance in self.accounts.near(account):
            for person in self.staff.people[here]:
                if len(found) == size:
                    return found
                if RULED[self.staff.titles[person]] is not None:
                    found.append((person, here, distance))
        return found

    def _member(self, setup: Setup, person: int, account: int, distance: int) -> list[Any]:
        draw = self.chance.random()
        source = "SYSTEM" if draw < 0.92 else "MANUAL" if draw < 0.97 else "JOURNEY"
        role = words.CHAMPION if source == "MANUAL" else str(RULED[self.staff.titles[person]])
        decided = [self.person_ids[person], self._id(), setup.roles[role][0], role, source, self._moment()]
        return [*decided, self.account_ids[account], distance, self._seq()]

    def _removal(self, setup: Setup, person: int) -> list[Any]:
        role = str(RULED[self.staff.titles[person]])
        return [self.person_ids[person], self._id(), setup.roles[role][0], role, self._moment(), self._seq()]

    def _moves(self, setup: Setup, at: int) -> list[list[Any]]:
        stages = setup.stages[: self.chance.randrange(len(setup.stages))]
        return [[self._id(), self._id(), self._seq(), stage, at + place * DAY] for place, stage in enumerate(stages)]

    # --- values -----------------------------------------------------------------------------------------------------

    def _id(self) -> str:
        """A UUID of version 4, from the seed."""
        digits = f"{self.chance.getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"

    def _moment(self) -> int:
        return BEGAN + self.chance.randrange(HALF_A_YEAR)

    def _amount(self, magnitude: int) -> float:
        return round(self.chance.lognormvariate(magnitude, 2), 2)

    def _score(self) -> float:
        """Most are hardly engaged, few very much; nobody more than 100."""
        return 0.0 if self.chance.random() < 0.3 else min(100.0, self.chance.paretovariate(1.2) * 5)

    def _seq(self) -> int:
        self.events += 1
        return self.events


def product_key(number: int) -> str:
    """The external id of a product of PRODUCTS."""
    return f"S{number:02}"


def _filled(setup: Setup, members: Sequence[Sequence[Any]]) -> list[float]:
    """How full each required role is, from 0 to 1."""
    held = Counter(member[2] for member in members)
    return [min(1.0, held[role_id] / required) for role_id, required in setup.roles.values()]


def _plain(text: str) -> str:
    """Text as it stands in an address."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().replace("'", "").lower()
