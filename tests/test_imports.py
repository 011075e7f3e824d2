"""The import of a CRM export: what becomes of good rows, of bad ones, of a second time, and of files that make no sense."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from make import BY, plant, rows
from typer.testing import CliRunner, Result

from api.cli import app
from graph import accounts, people, spool
from graph.csvfiles import open_csv
from graph.db import Db
from graph.embedded import Server
from graph.errors import GraphError, NotAnExport
from graph.imports import ImportSummary, import_folder
from graph.salesforce import KINDS, Kind
from graph.spool import Kept, Spool

EXPORT = {
    "Account": """\
Id,Name,ParentId,Type,Industry,AnnualRevenue,NumberOfEmployees,BillingCity,BillingState,BillingCountry,Website
a3,Department,a2,Customer,Machines,,,Ulm,Bavaria,DE,
a2,Subsidiary,a1,Customer,Machines,2.5e6,120,Ulm,Bavaria,DE,https://sub.example
a1,Group,,Prospect,Machines,9000000,1200,Bern,Bern,CH,https://group.example
""",
    "Contact": """\
Id,AccountId,FirstName,LastName,Title,Department,Email,Phone,MobilePhone,MailingCity,MailingState,MailingPostalCode,MailingCountry,HasOptedOutOfEmail,IsEmailBounced
c1,a1,Ada,Byron,CFO,Finance,ada@group.example,1,2,Bern,Bern,3000,CH,false,true
c2,a3,,Hopper,Engineer,IT,grace@sub.example,,,Ulm,Bavaria,89073,DE,TRUE,0
c3,,Emmy,,Consultant,,,,,,,,,,
""",
    "AccountContactRelation": """\
Id,AccountId,ContactId,IsDirect,Roles,StartDate,EndDate
r1,a3,c3,false,Contractor,2026-01-01,
r2,a1,c3,false,Business User;Implementation Partner,2026-01-01,
r3,a1,c2,false,Decision Maker,2026-01-01,
r4,a1,c1,true,,2026-01-01,
""",
    "Product2": """\
Id,Name,Family,IsActive
p1,Journeys,Cloud,true
p2,Photos,Creative,false
""",
    "Asset": """\
Id,AccountId,Product2Id,Price,PurchaseDate,Status
s1,a1,p1,1000000.10,2025-07-15,Installed
s2,a1,p1,0.20,2024-02-29,Installed
s3,a1,p2,,,Installed
s4,a3,p1,5,2026-01-01,Installed
""",
    "Activity": """\
ActivityId,ContactId,ActivityType,ActivityDate
x1,c1,Page Views,2026-10-06T23:00:00Z
x2,c1,Page Views,2026-10-06T23:00:00.250+02:00
x3,c3,Attend Event,2026-10-07
""",
}


def write(folder: Path, texts: Mapping[str, str]) -> Path:
    """A folder with these files."""
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.csv").write_bytes(text.encode())
    return folder


def names(folder: Path) -> list[str]:
    """What is in a folder."""
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return write(tmp_path / "export", EXPORT)


async def load(db: Db, folder: Path) -> tuple[ImportSummary, list[tuple[str, ...]]]:
    """Imports a folder; the reports as (file, line, column, value, row or value, reason)."""
    rejects = folder.parent / "rejects.csv"
    summary = await import_folder(db, folder, by=BY, rejects=rejects)
    assert rejects.exists() == (summary.reports > 0)
    if not rejects.exists():
        return summary, []
    with rejects.open(newline="", encoding="utf-8") as file:
        header, *found = csv.reader(file)
    assert header == ["file", "line", "column", "value", "left out", "reason"]
    assert len(found) == summary.reports
    return summary, [tuple(row) for row in found]


def counts(summary: ImportSummary) -> dict[str, tuple[int, ...]]:
    """By file: rows, created, updated, unchanged, rejected, left out."""
    return {
        file.name.removesuffix(".csv"): (
            file.rows,
            file.created,
            file.updated,
            file.unchanged,
            file.rejected,
            file.left_out,
        )
        for file in summary.files
    }


async def graph(db: Db, *, times: bool = False) -> tuple[list[Any], list[Any]]:
    """Everything that was imported: nodes and relationships with their properties, but for ids, and times unless asked for."""
    hidden = [] if times else ["id", "createdAt", "updatedAt", "_touchedAt", "_movedAt"]
    nodes = await rows(
        db,
        """MATCH (n:Account|Person|Product|Activity)
        RETURN labels(n)[0] AS label, coalesce(n.externalId, n.activityId) AS key, properties(n) AS properties""",
    )
    links = await rows(
        db,
        """MATCH (n:Account|Person|Product)-[r]->(m) RETURN n.externalId AS one, type(r) AS type,
        coalesce(m.externalId, m.activityId) AS other, properties(r) AS properties""",
    )
    shown = [
        {k: str(v) for k, v in row["properties"].items() if k not in hidden} | {"label": row["label"], "key": row["key"]}
        for row in nodes
    ]
    ties = [(row["one"], row["type"], row["other"], str(sorted(row["properties"].items()))) for row in links]
    return sorted(shown, key=lambda one: (one["label"], one["key"])), sorted(ties)


async def links(db: Db, type_: str) -> dict[tuple[str, str], Any]:
    """The relationships of a type, by their ends, with their properties."""
    found = await rows(
        db,
        """MATCH (n)-[r]->(m) WHERE type(r) = $type
        RETURN n.externalId AS one, coalesce(m.externalId, m.activityId) AS other, properties(r) AS properties""",
        type=type_,
    )
    return {(row["one"], row["other"]): row["properties"] for row in found}


async def properties(db: Db, label: str) -> dict[str, dict[str, Any]]:
    """What the nodes of a label say, by external id, without what the graph adds by itself."""
    found = await rows(db, "MATCH (n) WHERE $label IN labels(n) RETURN properties(n) AS found", label=label)
    ours = ("id", "nameKey", "createdAt", "createdBy", "updatedAt", "updatedBy", "externalId", "_touchedAt", "_movedAt")
    return {row["found"]["externalId"]: {k: v for k, v in row["found"].items() if k not in ours} for row in found}


# --- good rows ------------------------------------------------------------------------------------------------------


async def test_an_export_becomes_the_graph(db: Db, export: Path) -> None:
    summary, reports = await load(db, export)
    assert reports == []
    assert summary.rejects is None
    assert counts(summary) == {
        "Product2": (2, 2, 0, 0, 0, 0),
        "Account": (3, 3, 0, 0, 0, 0),
        "Asset": (4, 4, 0, 0, 0, 0),
        "Contact": (3, 3, 0, 0, 0, 0),
        "AccountContactRelation": (4, 4, 0, 0, 0, 0),
        "Activity": (3, 3, 0, 0, 0, 0),
    }
    assert await properties(db, "Account") == {
        "a1": {
            "name": "Group",
            "type": "Prospect",
            "industry": "Machines",
            "annualRevenue": 9_000_000.0,
            "employeeCount": 1200,
            "city": "Bern",
            "state": "Bern",
            "country": "CH",
            "website": "https://group.example",
        },
        "a2": {
            "name": "Subsidiary",
            "type": "Customer",
            "industry": "Machines",
            "annualRevenue": 2_500_000.0,
            "employeeCount": 120,
            "city": "Ulm",
            "state": "Bavaria",
            "country": "DE",
            "website": "https://sub.example",
        },
        "a3": {
            "name": "Department",
            "type": "Customer",
            "industry": "Machines",
            "city": "Ulm",
            "state": "Bavaria",
            "country": "DE",
        },
    }
    assert await properties(db, "Person") == {
        "c1": {
            "name": "Ada Byron",
            "firstName": "Ada",
            "lastName": "Byron",
            "jobTitle": "CFO",
            "department": "Finance",
            "email": "ada@group.example",
            "phone": "1",
            "mobilePhone": "2",
            "city": "Bern",
            "state": "Bern",
            "postalCode": "3000",
            "country": "CH",
            "emailSuspended": False,
            "emailInvalid": True,
        },
        "c2": {
            "name": "Hopper",
            "lastName": "Hopper",
            "jobTitle": "Engineer",
            "department": "IT",
            "email": "grace@sub.example",
            "city": "Ulm",
            "state": "Bavaria",
            "postalCode": "89073",
            "country": "DE",
            "emailSuspended": True,
            "emailInvalid": False,
        },
        "c3": {
            "name": "Emmy",
            "firstName": "Emmy",
            "jobTitle": "Consultant",
            "emailSuspended": False,
            "emailInvalid": False,
        },
    }
    assert await properties(db, "Product") == {
        "p1": {"name": "Journeys", "productLine": "Cloud"},
        "p2": {"name": "Photos", "productLine": "Creative"},
    }
    assert set(await links(db, "CHILD_OF")) == {("a3", "a2"), ("a2", "a1")}


async def test_assets_of_one_product_are_summed_and_owned_since_the_first(db: Db, export: Path) -> None:
    await load(db, export)
    owned = await links(db, "OWNS")
    assert {link: (one.get("revenue"), str(one.get("since"))) for link, one in owned.items()} == {
        ("a1", "p1"): (1_000_000.3, "2024-02-29"),
        ("a1", "p2"): (None, "None"),
        ("a3", "p1"): (5.0, "2026-01-01"),
    }


async def test_account_id_employs_and_roles_decide_the_rest(db: Db, export: Path) -> None:
    await load(db, export)
    assert await links(db, "WORKS_FOR") == {
        ("c1", "a1"): {"relationship": "EMPLOYEE"},
        ("c2", "a3"): {"relationship": "EMPLOYEE"},
        ("c2", "a1"): {"relationship": "EMPLOYEE"},
        ("c3", "a3"): {"relationship": "CONTRACTOR"},
        ("c3", "a1"): {"relationship": "PARTNER"},
    }


@pytest.mark.parametrize(
    ("roles", "relationship"),
    [
        ("", "EMPLOYEE"),
        ("Decision Maker", "EMPLOYEE"),
        ("CONTRACTOR", "CONTRACTOR"),
        ("Business User;Freelancer", "CONTRACTOR"),
        ("Partner;Contractor", "CONTRACTOR"),
        ("External Consultant", "PARTNER"),
        ("Agency", "PARTNER"),
    ],
)
async def test_roles_of_the_own_account_decide_too(db: Db, export: Path, roles: str, relationship: str) -> None:
    write(export, {"AccountContactRelation": f"Id,AccountId,ContactId,IsDirect,Roles\nr,a1,c1,true,{roles}\n"})
    await load(db, export)
    assert (await links(db, "WORKS_FOR"))["c1", "a1"] == {"relationship": relationship}


async def test_activities_are_recorded_in_utc(db: Db, export: Path) -> None:
    await load(db, export)
    found = await rows(
        db,
        """MATCH (p:Person)-[:HAD_ACTIVITY]->(x:Activity)
        RETURN x.activityId AS key, p.externalId AS person, x.type AS type, toString(x.occurredAt) AS at""",
    )
    assert {row["key"]: (row["person"], row["type"], row["at"]) for row in found} == {
        "x1": ("c1", "Page Views", "2026-10-06T23:00:00Z"),
        "x2": ("c1", "Page Views", "2026-10-06T21:00:00.25Z"),
        "x3": ("c3", "Attend Event", "2026-10-07T00:00:00Z"),
    }


async def test_what_is_not_read_is_named(db: Db, export: Path) -> None:
    write(export, {"Opportunity": "Id\n1\n"})
    summary, _ = await load(db, export)
    assert summary.ignored_files == ("Opportunity.csv",)
    assert {file.name: file.ignored_columns for file in summary.files if file.ignored_columns} == {
        "Product2.csv": ("IsActive",),
        "Asset.csv": ("Status",),
        "AccountContactRelation.csv": ("IsDirect", "StartDate"),
    }


async def test_progress_ends_with_every_row(db: Db, export: Path, tmp_path: Path) -> None:
    told: dict[str, list[tuple[int, int]]] = {}

    def progress(file: str, done: int, total: int) -> None:
        told.setdefault(file, []).append((done, total))

    await import_folder(db, export, by=BY, progress=progress, rejects=tmp_path / "rejects.csv")
    assert told == {
        "Product2.csv": [(0, 2), (2, 2)],
        "Account.csv": [(0, 3), (3, 3)],
        "Asset.csv": [(0, 4), (4, 4)],
        "Contact.csv": [(0, 3), (3, 3)],
        "AccountContactRelation.csv": [(0, 4), (4, 4)],
        "Activity.csv": [(0, 3), (3, 3)],
    }


# --- again and again ------------------------------------------------------------------------------------------------


async def test_a_second_time_changes_nothing(db: Db, export: Path) -> None:
    await load(db, export)
    before = await graph(db, times=True)
    summary, reports = await load(db, export)
    assert reports == []
    assert {name: (made, changed) for name, (_, made, changed, *_) in counts(summary).items()} == dict.fromkeys(EXPORT, (0, 0))
    assert await graph(db, times=True) == before


ORDERS: Mapping[str, Callable[[list[str]], list[str]]] = {
    "backwards": lambda lines: lines[::-1],
    "by the alphabet": sorted,
    "the first last": lambda lines: lines[1:] + lines[:1],
}


@pytest.mark.parametrize("order", ORDERS)
async def test_the_order_of_rows_means_nothing(db: Db, export: Path, order: str) -> None:
    await load(db, export)
    before = await graph(db, times=True)
    shuffled: dict[str, str] = {}
    for name, text in EXPORT.items():
        header, *lines = text.splitlines()
        shuffled[name] = "\n".join([header, *ORDERS[order](lines), ""])
    write(export, shuffled)
    summary, reports = await load(db, export)
    assert reports == []
    assert sum(file.created + file.updated for file in summary.files) == 0
    assert await graph(db, times=True) == before
    await rows(db, "MATCH (n:Account|Person|Product|Activity) DETACH DELETE n")
    await load(db, export)
    nodes, found = await graph(db)
    await rows(db, "MATCH (n:Account|Person|Product|Activity) DETACH DELETE n")
    await load(db, write(export, EXPORT))
    assert (nodes, found) == await graph(db)


async def test_children_precede_parents_and_ids_repeat_across_batches(db: Db, tmp_path: Path) -> None:
    """A chain of 1,500 accounts, deepest first: no batch holds the parents of its last rows, and the first id comes again."""
    chain = [f"{n},Account {n},{n - 1 if n else ''}" for n in reversed(range(1500))]
    folder = write(tmp_path / "export", {"Account": "\n".join(["Id,Name,ParentId", *chain, "1499,Again,", ""])})
    summary, reports = await load(db, folder)
    assert counts(summary) == {"Account": (1501, 1500, 0, 0, 1, 0)}
    assert reports == [
        ("Account.csv", "1502", "Id", "1499", "row", "The row on line 2 has this Id already; the first one counts."),
    ]
    deepest = await rows(
        db, "MATCH p = (:Account {externalId: '1499'})-[:CHILD_OF]->*(:Account {externalId: '0'}) RETURN length(p)"
    )
    assert deepest == [{"length(p)": 1499}]


async def test_what_became_blank_is_cleared(db: Db, export: Path) -> None:
    await load(db, export)
    write(
        export,
        {
            "Account": "Id,Name,ParentId,Type,AnnualRevenue,NumberOfEmployees,Website\na2,Subsidiary,,,,,\n",
            "Contact": "Id,AccountId,FirstName,LastName,Title,Email,HasOptedOutOfEmail,IsEmailBounced\nc1,,,Byron,,,,\n",
            "AccountContactRelation": "Id,AccountId,ContactId,Roles\n",
            "Product2": "Id,Name,Family\np1,Journeys,\n",
            "Asset": "Id,AccountId,Product2Id,Price,PurchaseDate\ns1,a1,p1,,\n",
        },
    )
    summary, reports = await load(db, export)
    assert reports == []
    assert counts(summary) == {
        "Product2": (1, 0, 1, 0, 0, 0),
        "Account": (1, 0, 1, 0, 0, 0),
        "Asset": (1, 0, 1, 0, 0, 0),
        "Contact": (1, 0, 1, 0, 0, 0),
        "AccountContactRelation": (0, 0, 0, 0, 0, 0),
        "Activity": (3, 0, 0, 3, 0, 0),
    }
    found = await properties(db, "Account")
    assert found["a2"] == {"name": "Subsidiary", "industry": "Machines", "city": "Ulm", "state": "Bavaria", "country": "DE"}
    people_now = await properties(db, "Person")
    assert {k: v for k, v in people_now["c1"].items() if k in ("name", "firstName", "jobTitle", "email", "emailInvalid")} == {
        "name": "Byron",
        "emailInvalid": False,
    }
    assert (await properties(db, "Product"))["p1"] == {"name": "Journeys"}
    assert set(await links(db, "CHILD_OF")) == {("a3", "a2")}
    # a1 lost Photos; a3 is not named any more and keeps what it owned.
    assert await links(db, "OWNS") == {("a1", "p1"): {}, ("a3", "p1"): (await links(db, "OWNS"))["a3", "p1"]}
    # c1 has no account any more; those that the export doesn't name keep theirs.
    assert set(await links(db, "WORKS_FOR")) == {("c2", "a3"), ("c2", "a1"), ("c3", "a3"), ("c3", "a1")}


async def test_an_account_without_assets_owns_nothing(db: Db, export: Path) -> None:
    await load(db, export)
    write(export, {"Asset": "Id,AccountId,Product2Id,Price,PurchaseDate\n"})
    summary, _ = await load(db, export)
    assert counts(summary)["Account"] == (3, 0, 2, 1, 0, 0)
    assert await links(db, "OWNS") == {}


async def test_absent_columns_and_files_leave_what_is_there(db: Db, export: Path, tmp_path: Path) -> None:
    await load(db, export)
    before = await graph(db, times=True)
    poorer = write(
        tmp_path / "poorer",
        {
            "Account": "Id,Name\na1,Group\n",
            "Contact": "Id,LastName\nc1,Byron\nc2,Hopper\n",
            "Asset": "Id,AccountId,Product2Id\ns1,a1,p1\ns3,a1,p2\ns4,a3,p1\n",
        },
    )
    summary, reports = await load(db, poorer)
    assert reports == []
    assert sum(file.created + file.updated for file in summary.files) == 0
    assert await graph(db, times=True) == before


async def test_contacts_alone_end_employments_and_keep_the_other_relations(db: Db, tmp_path: Path) -> None:
    await load(db, write(tmp_path / "export", EXPORT))
    alone = write(tmp_path / "alone", {"Contact": "Id,AccountId,LastName\nc2,a2,Hopper\nc3,a2,Emmy\n"})
    summary, _ = await load(db, alone)
    assert counts(summary) == {"Contact": (2, 0, 2, 0, 0, 0)}
    found = await links(db, "WORKS_FOR")
    assert {link: one["relationship"] for link, one in found.items() if link[0] != "c1"} == {
        ("c2", "a2"): "EMPLOYEE",
        ("c3", "a2"): "EMPLOYEE",
        ("c3", "a3"): "CONTRACTOR",
        ("c3", "a1"): "PARTNER",
    }


async def test_relations_alone_keep_the_employments(db: Db, tmp_path: Path) -> None:
    await load(db, write(tmp_path / "export", EXPORT))
    alone = write(
        tmp_path / "alone", {"AccountContactRelation": "Id,AccountId,ContactId,Roles\nr1,a2,c3,Partner\nr2,a2,c2,Partner\n"}
    )
    summary, _ = await load(db, alone)
    assert counts(summary) == {"AccountContactRelation": (2, 2, 0, 0, 0, 0)}
    found = await links(db, "WORKS_FOR")
    assert {link: one["relationship"] for link, one in found.items() if link[0] != "c1"} == {
        ("c2", "a3"): "EMPLOYEE",
        ("c2", "a1"): "EMPLOYEE",
        ("c2", "a2"): "PARTNER",
        ("c3", "a2"): "PARTNER",
    }


async def test_titles_of_relations_survive(db: Db, export: Path) -> None:
    await load(db, export)
    relation = {"accountExternalId": "a1", "relationship": "EMPLOYEE", "title": "Treasurer"}
    await people.upsert(db, [{"externalId": "c1", "accounts": [relation]}], by=BY)
    summary, _ = await load(db, export)
    assert counts(summary)["Contact"] == (3, 0, 0, 3, 0, 0)
    assert (await links(db, "WORKS_FOR"))["c1", "a1"] == {"relationship": "EMPLOYEE", "title": "Treasurer"}


# --- bad rows -------------------------------------------------------------------------------------------------------


async def test_every_fault_of_accounts_is_named_with_its_line(db: Db, tmp_path: Path) -> None:
    long = "x" * 20_000
    text = "\r\n".join(
        [
            "Id,Name,ParentId,AnnualRevenue,NumberOfEmployees,Website",
            'a1,"Two\nlines, and a ""quote""",,1,1,',  # lines 2 and 3
            "",  # a blank line is no row
            "a2,Unknown parent,nowhere,,,",  # 5
            "a3,Own parent,a3,,,",
            "a4,Circle,a5,,,",
            "a5,Circle,a4,,,",
            'a6,Numbers,a1,"12,5 Mio",12.5,',
            "a7,Numbers,a1,NaN,-1,",  # 10
            ",No id,a1,,,",
            "a8,,a1,,,",
            "a9,First,a1,,,",
            "a9,Second,,,,",
            f"a10,Long,a1,,,{long}",  # 15
            f"a11,{long},a1,,,",
            f"{long},Long id,a1,,,",
            "a12,Too few,a1",
            "a13,Too many,a1,,,,,",
            "a14,Robert'); MATCH (n) DETACH DELETE n; //,a8,1_000,1e40,",  # 20
            "",
        ]
    )
    summary, reports = await load(db, write(tmp_path / "export", {"Account": "\ufeff" + text}))
    shown = "x" * 57 + "..."
    reason_long = "At most 255 characters, not 20000."
    number, whole = "Must be a number such as 1250000 or 1250000.50.", "Must be a whole number such as 1250."
    assert reports == [
        ("Account.csv", "5", "ParentId", "nowhere", "value", "There is no account with the external id 'nowhere'."),
        ("Account.csv", "6", "ParentId", "a3", "value", "An account can't be its own parent."),
        ("Account.csv", "7", "ParentId", "a5", "value", "This parent closes a circle: a4 -> a5 -> a4."),
        ("Account.csv", "8", "ParentId", "a4", "value", "This parent closes a circle: a5 -> a4 -> a5."),
        ("Account.csv", "9", "AnnualRevenue", "12,5 Mio", "value", number),
        ("Account.csv", "9", "NumberOfEmployees", "12.5", "value", whole),
        ("Account.csv", "10", "AnnualRevenue", "NaN", "value", number),
        ("Account.csv", "10", "NumberOfEmployees", "'-1", "value", "Must be from 0 to 2147483647, not -1."),
        ("Account.csv", "11", "Id", "", "row", "Id is needed; it can't be blank."),
        ("Account.csv", "12", "Name", "", "row", "Name is needed; it can't be blank."),
        ("Account.csv", "14", "Id", "a9", "row", "The row on line 13 has this Id already; the first one counts."),
        ("Account.csv", "15", "Website", shown, "value", reason_long),
        ("Account.csv", "16", "Name", shown, "row", reason_long),
        ("Account.csv", "17", "Id", shown, "row", reason_long),
        ("Account.csv", "18", "", "", "row", "The row has 3 fields, the first line 6."),
        ("Account.csv", "19", "", "", "row", "The row has 8 fields, the first line 6."),
        ("Account.csv", "20", "AnnualRevenue", "1_000", "value", number),
        ("Account.csv", "20", "NumberOfEmployees", "1e40", "value", whole),
        ("Account.csv", "20", "ParentId", "a8", "value", "There is no account with the external id 'a8'."),
    ]
    assert counts(summary) == {"Account": (17, 10, 0, 0, 7, 12)}
    found = await properties(db, "Account")
    assert {key: one["name"] for key, one in found.items()} == {
        "a1": 'Two\nlines, and a "quote"',
        "a2": "Unknown parent",
        "a3": "Own parent",
        "a4": "Circle",
        "a5": "Circle",
        "a6": "Numbers",
        "a7": "Numbers",
        "a9": "First",
        "a10": "Long",
        "a14": "Robert'); MATCH (n) DETACH DELETE n; //",
    }
    assert set(await links(db, "CHILD_OF")) == {(child, "a1") for child in ("a6", "a7", "a9", "a10")}


async def test_every_fault_of_contacts_is_named_with_its_line(db: Db, tmp_path: Path) -> None:
    long = "x" * 20_000
    contacts = "\n".join(
        [
            "Id,AccountId,FirstName,LastName,Title,Email,HasOptedOutOfEmail",
            "c1,nowhere,A,B,,,",
            ",a,A,B,,,",
            "c2,a,A,B,,not an address,",
            f"c3,a,A,B,{long},,perhaps",
            'c4,a,"=HYPERLINK(""http://x"")",B,,,',
            "c1,a,A,B,,,",
            "c5,a,  ,,,five@a.example,",
            f"c6,a,,{long},,six@a.example,",
            "",
        ]
    )
    folder = write(tmp_path / "export", {"Account": "Id,Name\na,A\n", "Contact": contacts})
    summary, reports = await load(db, folder)
    shown = "x" * 57 + "..."
    assert reports == [
        ("Contact.csv", "2", "AccountId", "nowhere", "value", "There is no account with the external id 'nowhere'."),
        ("Contact.csv", "3", "Id", "", "row", "Id is needed; it can't be blank."),
        ("Contact.csv", "4", "Email", "not an address", "value", "Must be an e-mail address such as ada@example.com."),
        ("Contact.csv", "5", "HasOptedOutOfEmail", "perhaps", "value", "Must be true or false (or 1 or 0)."),
        ("Contact.csv", "5", "Title", shown, "value", "At most 255 characters, not 20000."),
        ("Contact.csv", "7", "Id", "c1", "row", "The row on line 2 has this Id already; the first one counts."),
        ("Contact.csv", "8", "LastName", "", "row", "LastName or FirstName is needed; they can't all be blank."),
        ("Contact.csv", "9", "LastName", shown, "value", "At most 255 characters, not 20000."),
    ]
    assert counts(summary) == {"Account": (1, 1, 0, 0, 0, 0), "Contact": (8, 5, 0, 0, 3, 5)}
    assert set(await links(db, "WORKS_FOR")) == {(person, "a") for person in ("c2", "c3", "c4", "c6")}
    found = await properties(db, "Person")
    assert found["c4"]["firstName"] == '=HYPERLINK("http://x")'
    assert found["c6"]["name"] == "six@a.example"
    assert found["c2"].get("email") is None


async def test_every_fault_of_links_and_activities_is_named_with_its_line(db: Db, tmp_path: Path) -> None:
    folder = write(
        tmp_path / "export",
        {
            "Account": "Id,Name\na,A\nb,B\n",
            "Contact": "Id,AccountId,LastName\nc,a,C\n",
            "Product2": "Id,Name,Family\np,P,\np,Q,\nq,,\n",
            "AccountContactRelation": "\n".join(
                [
                    "Id,AccountId,ContactId,Roles,IsActive,EndDate",
                    "r1,nowhere,c,,,",
                    "r2,b,nobody,,,",
                    "r3,b,c,Partner,true,2025-02-30",
                    "r4,b,c,Contractor,,",
                    "r5,a,c,Contractor,,2020-01-01",
                    "r6,a,c,Contractor,false,",
                    "r3,a,c,Contractor,,",
                    ",a,c,,,",
                    "r7,a,,,,",
                    "",
                ]
            ),
            "Asset": "\n".join(
                [
                    "Id,AccountId,Product2Id,Price,PurchaseDate",
                    "s1,a,p,1e3,2025-01-02T03:04:05Z",
                    "s2,a,p,free,1.2.2025",
                    "s3,nowhere,p,1,",
                    "s4,a,nothing,1,",
                    "s1,a,p,1,",
                    "s5,,p,1,",
                    "",
                ]
            ),
            "Activity": "\n".join(
                [
                    "ActivityId,ContactId,ActivityType,ActivityDate",
                    "x1,c,Page Views,2026-01-01T00:00:00Z",
                    "x1,c,Page Views,2026-01-01T00:00:00Z",
                    "x2,nobody,Page Views,2026-01-01T00:00:00Z",
                    "x3,c,Page Views,yesterday",
                    "x4,c,Page Views,",
                    "x5,c,,2026-01-01",
                    f"x6,c,{'y' * 256},2026-01-01",
                    "x7,c,Page Views,2026-13-01",
                    "",
                ]
            ),
        },
    )
    summary, reports = await load(db, folder)
    relation, asset, activity = "AccountContactRelation.csv", "Asset.csv", "Activity.csv"
    when = "Must be a time such as 2026-01-31T08:00:00Z."
    assert reports == [
        ("Product2.csv", "3", "Id", "p", "row", "The row on line 2 has this Id already; the first one counts."),
        ("Product2.csv", "4", "Name", "", "row", "Name is needed; it can't be blank."),
        (asset, "3", "Price", "free", "value", "Must be a number such as 1250000 or 1250000.50."),
        (asset, "3", "PurchaseDate", "1.2.2025", "value", "Must be a day such as 2026-01-31."),
        (asset, "4", "AccountId", "nowhere", "row", "There is no account with the external id 'nowhere'."),
        (asset, "5", "Product2Id", "nothing", "row", "There is no product with the external id 'nothing'."),
        (asset, "6", "Id", "s1", "row", "The row on line 2 has this Id already; the first one counts."),
        (asset, "7", "AccountId", "", "row", "AccountId is needed; it can't be blank."),
        (relation, "2", "AccountId", "nowhere", "row", "There is no account with the external id 'nowhere'."),
        (relation, "3", "ContactId", "nobody", "row", "There is no person with the external id 'nobody'."),
        (relation, "4", "EndDate", "2025-02-30", "value", "Must be a day such as 2026-01-31."),
        (relation, "5", "AccountId", "b", "row", "Line 4 relates this person to this account; a person relates once to each."),
        (relation, "6", "EndDate", "2020-01-01", "row", "The relation has ended."),
        (relation, "7", "IsActive", "false", "row", "The relation is not active."),
        (relation, "8", "Id", "r3", "row", "The row on line 4 has this Id already; the first one counts."),
        (relation, "9", "Id", "", "row", "Id is needed; it can't be blank."),
        (relation, "10", "ContactId", "", "row", "ContactId is needed; it can't be blank."),
        (activity, "3", "ActivityId", "x1", "row", "The row on line 2 has this ActivityId already; the first one counts."),
        (activity, "4", "ContactId", "nobody", "row", "There is no person with the external id 'nobody'."),
        (activity, "5", "ActivityDate", "yesterday", "row", when),
        (activity, "6", "ActivityDate", "", "row", "ActivityDate is needed; it can't be blank."),
        (activity, "7", "ActivityType", "", "row", "ActivityType is needed; it can't be blank."),
        (activity, "8", "ActivityType", "y" * 57 + "...", "row", "At most 255 characters, not 256."),
        (activity, "9", "ActivityDate", "2026-13-01", "row", when),
    ]
    assert counts(summary) == {
        "Product2": (3, 1, 0, 0, 2, 0),
        "Account": (2, 2, 0, 0, 0, 0),
        "Asset": (6, 2, 0, 0, 4, 2),
        "Contact": (1, 1, 0, 0, 0, 0),
        "AccountContactRelation": (9, 1, 0, 0, 8, 1),
        "Activity": (8, 1, 0, 0, 7, 0),
    }
    assert await links(db, "WORKS_FOR") == {("c", "a"): {"relationship": "EMPLOYEE"}, ("c", "b"): {"relationship": "PARTNER"}}
    owned = await links(db, "OWNS")
    assert {link: (one["revenue"], str(one["since"])) for link, one in owned.items()} == {("a", "p"): (1000.0, "2025-01-02")}
    assert set(await links(db, "HAD_ACTIVITY")) == {("c", "x1")}


async def test_what_is_left_out_leaves_what_is_there(db: Db, export: Path) -> None:
    await load(db, export)
    before = await graph(db, times=True)
    write(
        export,
        {
            "Account": "Id,Name,ParentId,AnnualRevenue,NumberOfEmployees\na2,Subsidiary,gone,much,many\na3,Department,a3,,\n",
            "Contact": "Id,AccountId,LastName,FirstName,Email,HasOptedOutOfEmail\nc2,gone,Hopper,,none,perhaps\n",
            "AccountContactRelation": "Id,AccountId,ContactId,Roles\nr3,a1,c2,\n",
        },
    )
    (export / "Asset.csv").unlink()
    summary, reports = await load(db, export)
    assert [(file, column) for file, _, column, *_ in reports] == [
        ("Account.csv", "AnnualRevenue"),
        ("Account.csv", "NumberOfEmployees"),
        ("Account.csv", "ParentId"),
        ("Account.csv", "ParentId"),
        ("Contact.csv", "AccountId"),
        ("Contact.csv", "Email"),
        ("Contact.csv", "HasOptedOutOfEmail"),
    ]
    assert sum(file.created + file.updated for file in summary.files) == 0
    assert await graph(db, times=True) == before


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "'; DROP TABLE x; --",
        "\\u0041 \\",
        "${jndi:ldap://x}",
        "\x00",
        "\u202eabc",
        "\U0001f600",
        "\t ",
        "null",
        "a\rb",
    ],
    ids=ascii,
)
async def test_text_goes_in_as_it_stands(db: Db, tmp_path: Path, text: str) -> None:
    folder = write(tmp_path / "export", {"Contact": f'Id,LastName,Title,\n"{text}x","{text}y","{text}z",\n'})
    summary, reports = await load(db, folder)
    assert reports == []
    assert summary.files[0].ignored_columns == ("(unnamed)",)
    found = await rows(db, "MATCH (p:Person) RETURN p.externalId AS key, p.lastName AS name, p.jobTitle AS title")
    assert [list(row.values()) for row in found] == [[f"{text}x", f"{text}y", f"{text}z"]]


async def test_a_circle_with_parents_that_stand_is_refused(db: Db, tmp_path: Path) -> None:
    await plant(db, {"top": None, "middle": "top"})
    folder = write(tmp_path / "export", {"Account": "Id,Name,ParentId\ntop,top,middle\n"})
    _, reports = await load(db, folder)
    assert reports == [
        ("Account.csv", "2", "ParentId", "middle", "value", "This parent closes a circle: top -> middle -> top."),
    ]
    assert set(await links(db, "CHILD_OF")) == {("middle", "top")}


async def test_links_find_what_the_graph_has_already(db: Db, tmp_path: Path) -> None:
    await plant(db, {"top": None})
    folder = write(
        tmp_path / "export",
        {
            "Account": "Id,Name,ParentId\nnew,New,top\n",
            "Product2": "Id,Name\np,P\n",
            "Asset": "Id,AccountId,Product2Id,Price\ns,top,p,1\n",
            "Contact": "Id,AccountId,LastName\nc,top,C\n",
        },
    )
    _, reports = await load(db, folder)
    assert reports == []
    assert set(await links(db, "CHILD_OF")) == {("new", "top")}
    assert await links(db, "OWNS") == {("top", "p"): {"revenue": 1.0}}
    assert set(await links(db, "WORKS_FOR")) == {("c", "top")}


# --- the file of what was left out ----------------------------------------------------------------------------------


async def test_the_reject_file_is_safe_to_open(db: Db, tmp_path: Path) -> None:
    values = ["=1+1", "+1", "-1", "@SUM(A1)", '"\t=1"', "plain"]
    text = "Id,Name,AnnualRevenue\n" + "".join(f"a{n},A,{value}x\n" for n, value in enumerate(values)).replace('"x', 'x"')
    _, reports = await load(db, write(tmp_path / "export", {"Account": text}))
    assert [value for _, _, _, value, *_ in reports] == ["'=1+1x", "'+1x", "'-1x", "'@SUM(A1)x", "'\t=1x", "plainx"]


async def test_no_stale_reject_file_stays(db: Db, export: Path, tmp_path: Path) -> None:
    write(export, {"Product2": "Id,Name\n,P\n"})
    _, reports = await load(db, export)
    assert len(reports) == 5  # the product, and the four assets of products that are not there
    await load(db, write(export, EXPORT))
    assert names(tmp_path) == ["export"]


async def test_a_refused_export_touches_no_reject_file(db: Db, tmp_path: Path) -> None:
    rejects = tmp_path / "rejects.csv"
    rejects.write_text("of the last import")
    with pytest.raises(NotAnExport):
        await import_folder(db, write(tmp_path / "export", {"Account": "Id\n"}), by=BY, rejects=rejects)
    assert rejects.read_text() == "of the last import"
    assert names(tmp_path) == ["export", "rejects.csv"]


async def test_the_export_is_not_overwritten(db: Db, export: Path) -> None:
    with pytest.raises(NotAnExport, match=r"Asset\.csv is a file of the export"):
        await import_folder(db, export, by=BY, rejects=export / ".." / "export" / "Asset.csv")
    assert (export / "Asset.csv").read_text() == EXPORT["Asset"]
    assert await graph(db) == ([], [])


async def test_reports_that_cannot_be_written_are_told_first(db: Db, export: Path, tmp_path: Path) -> None:
    with pytest.raises(GraphError, match=r"can't be reported in .*: No such file or directory"):
        await import_folder(db, export, by=BY, rejects=tmp_path / "nowhere" / "rejects.csv")
    assert await graph(db) == ([], [])


# --- what is no export ----------------------------------------------------------------------------------------------

FILES = "Product2.csv, Account.csv, Asset.csv, Contact.csv, AccountContactRelation.csv, Activity.csv"
MISQUOTED = "its quotes are out of place. A field that holds a quote, a comma or a line break must stand in quotes, with each"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "Account.csv is empty; its first line must name its columns."),
        (b"Id,ParentId\n", "Account.csv has no column Name. Its first line names 'Id', 'ParentId'."),
        (b"Id;Name\n1;A\n", "no column Id, Name. Its first line names 'Id;Name'. Fields must be separated by commas."),
        (b"Id,Name,Name\n", "Account.csv has more than one column Name."),
        (b'Id,Name\n1,"A\nB\n2,C\n', "Account.csv, the row that starts on line 2: a quote is opened and never closed."),
        (b'Id,Name\n1,A\n\n2,"B"x\n', f"Account.csv, the row that starts on line 4: {MISQUOTED}"),
        (b'Id,"Na"me\n', f"Account.csv, the row that starts on line 1: {MISQUOTED}"),
        (b"Id,Name\n1,A\n2,Caf\xe9\n", "Account.csv isn't UTF-8: on line 3 stands the byte 0xe9. Save it as UTF-8."),
        ("Id,Name\n".encode("utf-16"), "Account.csv isn't UTF-8 but UTF-16. Save it as UTF-8."),
    ],
)
async def test_files_that_make_no_sense_are_refused_in_words(db: Db, tmp_path: Path, content: bytes, words: str) -> None:
    folder = write(tmp_path / "export", {"Product2": "Id,Name\np,P\n"})
    (folder / "Account.csv").write_bytes(content)
    with pytest.raises(NotAnExport) as caught:
        await load(db, folder)
    assert words in str(caught.value)
    assert str(caught.value).endswith("\nNothing was imported.")
    assert await graph(db) == ([], [])


async def test_every_broken_file_is_named(db: Db, tmp_path: Path) -> None:
    folder = write(tmp_path / "export", {"Account": "Id\n", "Contact": "Id,Email\n", "Product2": "Id,Name\n"})
    with pytest.raises(NotAnExport) as caught:
        await load(db, folder)
    assert str(caught.value).splitlines() == [
        "Account.csv has no column Name. Its first line names 'Id'.",
        "Contact.csv has no column LastName or FirstName. Its first line names 'Id', 'Email'.",
        "Nothing was imported.",
    ]


async def test_a_folder_without_an_export_is_refused(db: Db, tmp_path: Path) -> None:
    write(tmp_path, {"accounts": "Id,Name\n"})
    with pytest.raises(NotAnExport) as caught:
        await load(db, tmp_path)
    assert str(caught.value) == f"{tmp_path} holds no CRM export. Expected are one or more of {FILES}."
    with pytest.raises(NotAnExport, match=r"is not a folder\. A CRM export is a folder with one or more of"):
        await load(db, tmp_path / "accounts.csv")


# --- reading --------------------------------------------------------------------------------------------------------

CELLS = st.text(st.sampled_from('ab",;\n\r \t=#\x00ü\u2028'), max_size=6)


@given(
    st.lists(st.tuples(CELLS, CELLS, CELLS).filter(any), min_size=1, max_size=30),
    st.sampled_from(["\n", "\r\n"]),
    st.integers(1, 7),
)
def test_reading_agrees_with_pythons_csv(
    tmp_path_factory: pytest.TempPathFactory, table: Sequence[Any], end: str, size: int
) -> None:
    """Fields and lines, whatever is in the fields, and however the batches fall."""
    path = tmp_path_factory.getbasetemp() / "table.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, lineterminator=end, quoting=csv.QUOTE_ALL).writerows([("x", "y", "z"), *table])
    found = [
        (line, (texts["x"], texts["y"], texts["z"]))
        for batch in open_csv(path).batches(size, ["x", "y", "z"])
        for line, texts in batch.rows
    ]
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        next(reader)
        expected: list[tuple[int, tuple[str, ...]]] = []
        start = reader.line_num + 1
        for row in reader:
            expected.append((start, tuple(row)))
            start = reader.line_num + 1
    assert found == expected


# --- what users are told --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.file)
def test_the_guide_names_every_column(kind: Kind) -> None:
    guide = (Path(str(files("graph"))).parent / "docs" / "import.md").read_text("utf-8")
    section = guide.split(f"### {kind.file}")[1].split("###")[0]
    assert [column.name for column in kind.columns if f"`{column.name}`" not in section] == []


@pytest.fixture
def command() -> Iterator[Callable[..., Awaitable[Result]]]:
    """Runs a command line; its logging, which writes to a stream that ends with it, is gone after the test."""
    yield lambda *line: asyncio.to_thread(CliRunner().invoke, app, line)
    structlog.reset_defaults()


async def test_the_command_line_imports(
    db: Db,
    server: Server,
    export: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: Callable[..., Awaitable[Result]],
) -> None:
    monkeypatch.setenv("NEO4J_URI", server.connection.uri)
    monkeypatch.setenv("NEO4J_PASSWORD", server.connection.password)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)
    write(export, {"Account": EXPORT["Account"] + "a4,,,,,,,,,,\n", "Lead": "Id\n"})
    result = await command("import", str(export))
    assert result.exit_code == 0, result.output
    assert "Not read: Lead.csv." in result.output
    assert "Not read of Product2.csv: IsActive." in result.output
    assert "1 row and 0 values were left out: export-rejects.csv tells which and why." in result.output
    assert (tmp_path / "export-rejects.csv").exists()
    assert len(await properties(db, "Account")) == 3
    result = await command("import", str(tmp_path))
    assert result.exit_code == 2
    assert "holds no CRM export" in result.output


async def test_it_works_beside_the_server_that_has_the_data_folder(
    db: Db,
    server: Server,
    export: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: Callable[..., Awaitable[Result]],
) -> None:
    monkeypatch.delenv("NEO4J_URI", raising=False)
    monkeypatch.setenv("BUYING_GROUPS_DATA_DIR", str(server.password_file.parent))
    monkeypatch.setenv("BUYING_GROUPS_BOLT_PORT", "0")  # it has chosen its port by itself, which only the folder knows
    monkeypatch.chdir(tmp_path)
    result = await command("import", str(export))
    assert result.exit_code == 0, result.output
    assert len(await properties(db, "Account")) == 3
    result = await command("run-jobs", "--no-daily")
    assert (result.exit_code, result.stdout) == (0, "0 jobs done.\n"), result.output


# --- the doors that imports alone use -------------------------------------------------------------------------------


async def test_moves_to_the_top_and_stays_put(db: Db) -> None:
    await plant(db, {"top": None, "one": "top", "two": "top"})
    moved, refused = await accounts.move(db, {"one": None, "two": "top", "top": None}, by=BY)
    assert (moved, refused) == (["one"], {})
    assert set(await links(db, "CHILD_OF")) == {("two", "top")}


async def test_who_cant_be_moved_stays_and_may_close_a_circle_there(db: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many go in a statement."""
    monkeypatch.setattr(accounts, "MAX_ROWS_PER_CALL", 2)
    monkeypatch.setattr(accounts, "MAX_SAFE", 1)
    await plant(db, {"top": None, "a": "b", "b": "top", "c": "a", "d": None})
    wanted = {"a": "missing", "b": "c", "c": "a", "d": "top", "e": None, "top": None}
    moved, refused = await accounts.move(db, wanted, by=BY)
    assert {child: problem.message for child, problem in refused.items()} == {
        "a": "There is no account with the external id 'missing'.",
        "b": "This parent closes a circle: b -> c -> a -> b.",
        "c": "This parent closes a circle: c -> a -> b -> c.",
    }
    assert moved == ["d"]
    assert set(await links(db, "CHILD_OF")) == {("a", "b"), ("b", "top"), ("c", "a"), ("d", "top")}


async def test_a_disk_without_room_is_told_and_nothing_is_written(
    db: Db, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "_MADE", "PRAGMA max_page_count = 8;" + spool._MADE)
    accounts_of = "".join(f"a{number},{'x' * 200}\n" for number in range(200))
    folder = write(tmp_path / "export", {"Account": "Id,Name\n" + accounts_of.replace("a1,", "a1" + "y" * 30_000 + ",")})
    with pytest.raises(GraphError) as caught:
        await load(db, folder)
    assert str(caught.value) == "Rows of the files can't be put aside in a temporary file: database or disk is full."
    assert await rows(db, "MATCH (a:Account) RETURN count(a) AS accounts") == [{"accounts": 0}]
    assert names(tmp_path) == ["export"]


def test_rows_put_aside_come_back_as_they_were() -> None:
    texts = ["b", "a\0", "a", "\U0001f600", "b", "'; --", ""]
    put = [Kept(2 * number, text, text[:1], {"n": number / 3, "none": None}) for number, text in enumerate(texts)]
    with Spool(put[:4]) as kept:
        assert list(kept.owners()) == ["a", "a\0", "b", "\U0001f600"]
        kept.add(put[4:])
        assert list(kept.owners()) == ["", "'; --", "a", "a\0", "b", "\U0001f600"]
        assert kept.of(["b", "a\0", "nobody"]) == [put[0], put[4], put[1]]
        assert list(kept.owners(left=True)) == ["", "'; --", "a", "\U0001f600"]
        assert kept.repeated() == {8: 0}
        assert kept.take(8) == put[4]
        assert (kept.repeated(), kept.of(["b"])) == ({}, [put[0]])
