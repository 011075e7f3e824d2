"""The sample market: its size, every member by an independent reading of its files, and that it is loaded only once."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import pytest
from make import BY, completeness, members_of, plant, rows

from graph import sample
from graph.db import Db
from graph.doctor import examine
from graph.imports import import_folder


def read(name: str) -> list[dict[str, str]]:
    """A file of the sample, as Python's csv reads it."""
    text = files("graph.sample").joinpath(f"{name}.csv").read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


# --- the rules, read from the files ---------------------------------------------------------------------------------

PARENTS = {row["Id"]: row["ParentId"] for row in read("Account")}
NAMES = {row["Id"]: row["Name"] for row in read("Account")}
TITLES = {row["Id"]: row["Title"].lower() for row in read("Contact")}
RELATIONSHIPS = {
    "Contractor": "CONTRACTOR",
    "Consultant": "PARTNER",
    "Implementation Partner": "PARTNER",
    "Technology Partner": "PARTNER",
    "Business User": "EMPLOYEE",
    "Executive Sponsor": "EMPLOYEE",
}
RELATIONS = [(row["Id"], row["AccountId"], "EMPLOYEE") for row in read("Contact")] + [
    (row["ContactId"], row["AccountId"], RELATIONSHIPS[row["Roles"]]) for row in read("AccountContactRelation")
]


def chain(account: str) -> list[str]:
    """An account and all above it."""
    return [account, *(chain(PARENTS[account]) if PARENTS[account] else [])]


class Way(NamedTuple):
    """From a group's account to another of its hierarchy: steps up and down."""

    up: int
    down: int

    @property
    def steps(self) -> int:
        return self.up + self.down


def way(here: str, there: str) -> Way | None:
    """The way between two accounts, if they are of one hierarchy."""
    above, beyond = chain(here), chain(there)
    meet = next((account for account in above if account in beyond), None)
    return Way(above.index(meet), beyond.index(meet)) if meet else None


SCOPES: Mapping[str, Callable[[Way], bool]] = {
    "ACCOUNT": lambda found: found.steps == 0,
    "ANCESTORS": lambda found: found.down == 0,
    "DESCENDANTS": lambda found: found.up == 0,
    "WITHIN 1": lambda found: found.steps <= 1,
    "WITHIN 2": lambda found: found.steps <= 2,
}


def leads(title: str, relationship: str) -> bool:
    chief = title.startswith(("chief", "managing director")) or title in ("cio", "general counsel")
    return relationship == "EMPLOYEE" and chief


def advises(title: str, _relationship: str) -> bool:
    return title.startswith(("director", "vp", "head of", "partner"))


def works(title: str, _relationship: str) -> bool:
    return any(word in title for word in ("manager", "specialist", "analyst", "engineer"))


def steers(title: str, relationship: str) -> bool:
    return relationship == "EMPLOYEE" and title.startswith(("vp", "head of", "managing director"))


Card = tuple[str, str, Callable[[str, str], bool]]
PURCHASE: list[Card] = [
    ("Decision Maker", "ANCESTORS", leads),
    ("Influencer", "WITHIN 2", advises),
    ("Practitioner", "DESCENDANTS", works),
]
CORPORATE: list[Card] = [("Decision Maker", "ACCOUNT", leads), ("Executive Steering Committee", "WITHIN 1", steers)]


def matches(account: str, cards: list[Card]) -> dict[str, tuple[str, str, str, int]]:
    """Whom the rules make a member of an account's group: role, source, through which account, how far away."""

    def near(person: str, scope: str, fits: Callable[[str, str], bool]) -> Iterator[tuple[int, int, str]]:
        for one, there, relationship in RELATIONS:
            found = way(account, there)
            if one == person and found and SCOPES[scope](found) and fits(TITLES[person], relationship):
                yield found.steps, 0 if found.down == 0 else 1 if found.up == 0 else 2, there

    members: dict[str, tuple[str, str, str, int]] = {}
    for person in TITLES:
        for role, scope, fits in cards:
            if nearest := min(near(person, scope, fits), default=None):
                members[person] = (role, "SYSTEM", nearest[2], nearest[0])
                break
    return members


BUYERS = (
    "001-lumehaven",
    "001-ondrake-grid",
    "001-pellimore-bakeries",
    "001-pellimore-brands",
    "001-quorrin",
    "001-skarvane-shipping",
    "001-tessarine-crm",
    "001-tessarine-digital",
    "001-tessarine-retail",
)
TOPS = ("001-ondrake", "001-pellimore", "001-skarvane", "001-tessarine")

# What people and journeys decided: who holds another role than by the rules, and who is kept out.
DECIDED: Mapping[tuple[str, str], tuple[str, str, str, int] | None] = {
    ("001-tessarine-retail", "003-056"): ("Champion", "MANUAL", "001-tessarine-retail", 0),
    ("001-tessarine-digital", "003-063"): ("Champion", "MANUAL", "001-tessarine-digital", 0),
    ("001-pellimore-bakeries", "003-035"): ("Influencer", "MANUAL", "001-pellimore-bakeries", 0),
    ("001-tessarine-crm", "003-052"): None,
    ("001-skarvane-shipping", "003-010"): ("Champion", "JOURNEY", "001-skarvane-shipping", 0),
    ("001-ondrake-grid", "003-081"): ("Influencer", "MANUAL", "001-ondrake-grid", 0),
    ("001-pellimore-bakeries", "003-042"): None,
}


def expected(account: str, cards: list[Card]) -> dict[str, tuple[str, str, str, int]]:
    """The members of a group after all decisions."""
    decided = {person: what for (at, person), what in DECIDED.items() if at == account and cards is PURCHASE}
    return {person: what for person, what in (matches(account, cards) | decided).items() if what}


# --- the tests ------------------------------------------------------------------------------------------------------


async def test_the_sample_market(db: Db) -> None:
    assert await sample.load(db) == "26 accounts, 106 people, 13 buying groups"

    found = await rows(db, "MATCH (g:BuyingGroup) RETURN g.name AS name, g.id AS id")
    groups = {row["name"]: row["id"] for row in found}
    wanted = {f"Harbor Journeys rollout for {NAMES[account]}": (account, PURCHASE) for account in BUYERS}
    wanted |= {f"Harbor group agreement for {NAMES[account]}": (account, CORPORATE) for account in TOPS}
    assert sorted(groups) == sorted(wanted)
    for name, (account, cards) in wanted.items():
        assert await members_of(db, groups[name]) == expected(account, cards), name
    assert [(one.check, one.shown) async for one in examine(db) if one.broken] == []

    shown = {name.removeprefix("Harbor Journeys rollout for "): await completeness(db, own) for name, own in groups.items()}
    assert {name: round(value or 0) for name, value in shown.items()} == {
        "Lumehaven Clinics": 17,
        "Ondrake Grid": 75,
        "Pellimore Bakeries": 75,
        "Pellimore Bakeries Brand Department": 75,
        "Quorrin Textiles": 33,
        "Skarvane Shipping": 100,
        "Tessarine Campaign Department": 75,
        "Tessarine Digital Channels": 100,
        "Tessarine Retail Banking": 100,
        "Harbor group agreement for Ondrake Energy": 67,
        "Harbor group agreement for Pellimore Foods": 67,
        "Harbor group agreement for Skarvane Maritime Group": 67,
        "Harbor group agreement for Tessarine Bank": 67,
    }

    # A second time does nothing.
    before = await rows(db, "MATCH (n) OPTIONAL MATCH (n)-[r]->() RETURN count(DISTINCT n) AS nodes, count(r) AS links")
    assert await sample.load(db) is None
    assert before == await rows(db, "MATCH (n) OPTIONAL MATCH (n)-[r]->() RETURN count(DISTINCT n) AS nodes, count(r) AS links")


async def test_the_sample_has_history_to_show(db: Db) -> None:
    await sample.load(db)
    found = await rows(
        db,
        """MATCH (e:MembershipEvent)-[:ABOUT]->(p:Person) WHERE e.source <> 'SYSTEM' OR e.outcome <> 'APPLIED'
        RETURN p.externalId AS person, e.action AS action, e.source AS source, e.outcome AS outcome""",
    )
    assert sorted((row["person"], row["source"], row["action"], row["outcome"]) for row in found) == [
        ("003-010", "JOURNEY", "CHANGE_ROLE", "APPLIED"),
        ("003-010", "SYSTEM", "ASSIGN", "OVERRULED"),
        ("003-035", "MANUAL", "ASSIGN", "APPLIED"),
        ("003-042", "JOURNEY", "REMOVE", "APPLIED"),
        ("003-042", "SYSTEM", "ASSIGN", "OVERRULED"),
        ("003-052", "JOURNEY", "ASSIGN", "OVERRULED"),
        ("003-052", "MANUAL", "REMOVE", "APPLIED"),
        ("003-052", "SYSTEM", "ASSIGN", "OVERRULED"),
        ("003-056", "JOURNEY", "REMOVE", "OVERRULED"),
        ("003-056", "MANUAL", "CHANGE_ROLE", "APPLIED"),
        ("003-056", "SYSTEM", "ASSIGN", "OVERRULED"),
        ("003-063", "MANUAL", "CHANGE_ROLE", "APPLIED"),
        ("003-063", "SYSTEM", "ASSIGN", "OVERRULED"),
        ("003-081", "JOURNEY", "CHANGE_ROLE", "APPLIED"),
        ("003-081", "MANUAL", "CHANGE_ROLE", "APPLIED"),
        ("003-081", "SYSTEM", "ASSIGN", "OVERRULED"),
    ]
    standing = await rows(db, "MATCH (g:BuyingGroup)-[:AT_STAGE]->(s:Stage) RETURN g.name AS name, s.name AS stage ORDER BY name")
    assert standing == [
        {"name": "Harbor Journeys rollout for Skarvane Shipping", "stage": "Identified"},
        {"name": "Harbor Journeys rollout for Tessarine Retail Banking", "stage": "Engaged"},
    ]


async def test_nothing_is_left_out_and_every_column_is_read(db: Db, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    folder.mkdir()
    sample.write_export(folder, date(2030, 3, 1))
    summary = await import_folder(db, folder, by=BY, rejects=tmp_path / "rejects.csv")
    assert summary.reports == 0
    assert {file.name: (file.rows, file.created) for file in summary.files} == {
        "Product2.csv": (5, 5),
        "Account.csv": (26, 26),
        "Asset.csv": (24, 24),
        "Contact.csv": (106, 106),
        "AccountContactRelation.csv": (21, 21),
        "Activity.csv": (600, 600),
    }
    assert {file.ignored_columns for file in summary.files} == {(), ("IsDirect", "StartDate")}


@pytest.mark.parametrize("today", [date(2025, 1, 1), date(2030, 3, 1)])
def test_the_newest_activities_are_of_yesterday(tmp_path: Path, today: date) -> None:
    sample.write_export(tmp_path, today)
    with (tmp_path / "Activity.csv").open(encoding="utf-8", newline="") as file:
        moved = {row["ActivityId"]: row["ActivityDate"] for row in csv.DictReader(file)}
    before = {row["ActivityId"]: row["ActivityDate"] for row in read("Activity")}
    days = {datetime.fromisoformat(moved[key]) - datetime.fromisoformat(before[key]) for key in before}
    assert len(days) == 1
    assert max(datetime.fromisoformat(one) for one in moved.values()).date() == today - timedelta(days=1)
    month = datetime(today.year, today.month, today.day, tzinfo=UTC) - timedelta(days=30)
    assert sum(datetime.fromisoformat(one) >= month for one in moved.values()) == 520


async def test_a_graph_with_accounts_is_left_alone(db: Db) -> None:
    await plant(db, {"mine": None})
    assert await sample.load(db) is None
    assert await rows(db, "MATCH (n:Account|Person|BuyingGroup) RETURN n.externalId AS key") == [{"key": "mine"}]
