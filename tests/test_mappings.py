"""Other ways into an import: other names of files and columns, Parquet, and what is compressed."""

from __future__ import annotations

import csv
import gzip
import tomllib
from datetime import UTC, date, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from make import BY, rows

from graph.db import Db
from graph.errors import BadMapping, NotAnExport
from graph.imports import ImportSummary, import_folder
from graph.mappings import SALESFORCE, Mapped, mapping_of, read_mapping, shipped
from graph.salesforce import KINDS
from graph.tables import find_table, open_table

COMPANIES = """\
Record ID,Company name,Parent Company,Number of child companies,Annual Revenue,Number of Employees,Website URL,\
Company owner,Associated Company IDs
9001,Bluebay Group,,1,9000000,1200,https://bluebay.example,Ines,9002
9002,Bluebay Yachts,9001,,2500000.50,,,Ines,9001
9003,,9001,,,,,,9001
"""
CONTACTS = {
    "Record ID": [8001, 8002, 8003, 8001],
    "First Name": ["Ada", "Grace", None, "Ada"],
    "Last Name": ["Byron", None, None, "Again"],
    "Email": ["ada@bluebay.example", "none", "no@name.example", None],
    "Associated Company IDs": ["9001;9002", "9002; 9999", "9001", None],
    "Unsubscribed from all email": [True, None, None, None],
    "Invalid email address": [None, "true", None, None],
}


def written(folder: Path) -> Path:
    folder.mkdir()
    with gzip.open(folder / "companies.csv.gz", "wt", encoding="utf-8", newline="") as file:
        file.write(COMPANIES)
    pl.DataFrame(CONTACTS).write_parquet(folder / "contacts.parquet")
    return folder


async def load(db: Db, folder: Path, mapped: Mapped) -> tuple[ImportSummary, list[tuple[str, ...]]]:
    rejects = folder.parent / "rejects.csv"
    summary = await import_folder(db, folder, by=BY, rejects=rejects, mapped=mapped)
    if not summary.reports:
        return summary, []
    with rejects.open(newline="", encoding="utf-8") as file:
        return summary, [tuple(row) for row in csv.reader(file)][1:]


async def test_hubspots_export_becomes_the_graph(db: Db, tmp_path: Path) -> None:
    folder = written(tmp_path / "export")
    summary, reports = await load(db, folder, read_mapping("hubspot"))
    assert [(one.name, one.rows, one.created, one.rejected, one.left_out) for one in summary.files] == [
        ("companies.csv.gz", 3, 2, 1, 0),
        ("contacts.parquet", 4, 2, 2, 2),
    ]
    assert {one.name: one.ignored_columns for one in summary.files} == {
        "companies.csv.gz": ("Number of child companies", "Company owner", "Associated Company IDs"),
        "contacts.parquet": (),
    }
    assert sorted(reports) == [
        ("companies.csv.gz", "4", "Company name", "", "row", "Company name is needed; it can't be blank."),
        ("contacts.parquet", "2", "Associated Company IDs", "9999", "value", "There is no account with the external id '9999'."),
        ("contacts.parquet", "2", "Email", "none", "value", "Must be an e-mail address such as ada@example.com."),
        ("contacts.parquet", "3", "Last Name", "", "row", "Last Name or First Name is needed; they can't all be blank."),
        (
            "contacts.parquet",
            "4",
            "Record ID",
            "8001",
            "row",
            "The row on line 1 has this Record ID already; the first one counts.",
        ),
    ]
    found = await rows(
        db,
        """MATCH (p:Person) RETURN p.externalId AS id, p.name AS name, p.emailSuspended AS quiet, p.emailInvalid AS invalid,
        COLLECT { MATCH (p)-[w:WORKS_FOR]->(a) RETURN a.externalId + ' ' + w.relationship ORDER BY a.externalId } AS at
        ORDER BY id""",
    )
    assert [tuple(row.values()) for row in found] == [
        ("8001", "Ada Byron", True, False, ["9001 EMPLOYEE", "9002 EMPLOYEE"]),
        ("8002", "Grace", False, True, ["9002 EMPLOYEE"]),
    ]
    owned = await rows(
        db,
        """MATCH (a:Account) OPTIONAL MATCH (a)-[:CHILD_OF]->(p) RETURN a.externalId AS id, a.name AS name,
        a.annualRevenue AS revenue, a.employeeCount AS staff, p.externalId AS parent ORDER BY id""",
    )
    assert [tuple(row.values()) for row in owned] == [
        ("9001", "Bluebay Group", 9_000_000.0, 1200, None),
        ("9002", "Bluebay Yachts", 2_500_000.5, None, "9001"),
    ]
    again, _ = await load(db, folder, read_mapping("hubspot"))
    assert [(one.created, one.updated) for one in again.files] == [(0, 0), (0, 0)]


# --- mappings -------------------------------------------------------------------------------------------------------

ACCOUNTS = '[accounts]\nfile = "firms"\n[accounts.columns]\nexternalId = "no"\nname = "line"\n'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "It is empty; it needs one or more of [products], [accounts], [assets], [people], [relations], [activities]."),
        (
            '[acounts]\nfile = "x"\n',
            "acounts: there is no such kind of rows; did you mean accounts?",
        ),
        ("accounts = 3", "accounts: must be a table [accounts]."),
        (
            ACCOUNTS.replace('"firms"', '"firms.csv"'),
            '[accounts] file: must be the name of a file without its ending (.csv or .csv.gz or .parquet), such as "Account".',
        ),
        (ACCOUNTS.replace("name", "nmae"), "[accounts.columns] nmae: there is no such field; did you mean name?"),
        (ACCOUNTS.replace("name", "nmae"), "[accounts.columns] name: is needed."),
        (
            ACCOUNTS.replace('"line"', "[]"),
            '[accounts.columns] name: must be the name of a column, such as "Id", or a list of names.',
        ),
        (ACCOUNTS + 'type = ["kind", "no"]', "[accounts.columns] type: the column no fills externalId already."),
        (
            ACCOUNTS.replace("[accounts.columns]", 'separator = ";"\n[accounts.columns]'),
            "[accounts] separator: there is no such key",
        ),
        ('[accounts]\nfile = "x"', "[accounts.columns]: must be a table of the columns, by the fields they fill."),
        ('[people]\nfile = "x"\n[people.columns]\nexternalId = "no"', "[people.columns] lastName or firstName: is needed."),
        ('[people]\nfile = "x"\nseparator = 1\n[people.columns]', '[people] separator: must be a text such as ";".'),
        (
            ACCOUNTS + '[people]\nfile = "firms"\n[people.columns]\nexternalId = "no"\nlastName = "name"\n',
            "[people] file: firms is the file of another kind of rows, too; each has its own.",
        ),
    ],
)
def test_a_wrong_mapping_is_refused_by_the_place(text: str, says: str) -> None:
    with pytest.raises(BadMapping) as caught:
        mapping_of(tomllib.loads(text))
    assert [line for line in str(caught.value).splitlines() if line.startswith(says)], str(caught.value)


def test_a_mapping_that_is_no_toml_or_not_there_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "mapping.toml"
    file.write_text("[accounts\n")
    with pytest.raises(BadMapping, match=r"mapping\.toml is not TOML: .*line 1"):
        read_mapping(str(file))
    file.write_text("")
    with pytest.raises(BadMapping, match=r"^The mapping .*mapping\.toml can't be followed:\nIt is empty"):
        read_mapping(str(file))
    with pytest.raises(BadMapping, match=r"^There is no mapping file nope\. Name a TOML file, or one of .*: hubspot\.$"):
        read_mapping("nope")


async def test_columns_may_have_any_names(db: Db, tmp_path: Path) -> None:
    """Also those that the import uses itself."""
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "firms.csv").write_text("line,no,first\nGroup,1,x\nOther,1,y\n")
    summary, reports = await load(db, folder, mapping_of(tomllib.loads(ACCOUNTS)))
    assert (summary.files[0].created, summary.files[0].rejected) == (1, 1)
    assert reports == [("firms.csv", "3", "no", "1", "row", "The row on line 2 has this no already; the first one counts.")]
    assert await rows(db, "MATCH (a:Account) RETURN a.externalId AS id, a.name AS name") == [{"id": "1", "name": "Group"}]


def test_the_guide_names_every_field_of_a_mapping() -> None:
    guide = (Path(str(files("graph"))).parent / "docs" / "import.md").read_text("utf-8").split("## Other names")[1]
    assert shipped() == ["hubspot"]
    for kind in KINDS:
        line = next(line for line in guide.splitlines() if line.startswith(f"| `{kind.noun}` |"))
        assert [column.field for column in kind.columns if f"`{column.field}`" not in line] == []


# --- files ----------------------------------------------------------------------------------------------------------


def test_parquet_is_read_as_the_texts_that_a_csv_file_would_have(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    moment = datetime(2026, 1, 2, 3, 4, 5)  # without a zone
    frame: dict[str, list[Any]] = {
        "text": ["a,b\n", "", None],
        "count": [1, 2, None],
        "number": [2.0, 1.5, float("nan")],
        "flag": [True, False, None],
        "day": [date(2026, 1, 2), None, None],
        "at": [moment, None, None],
        "zoned": [moment.replace(tzinfo=UTC), None, None],
        "nothing": [None, None, None],
    }
    pl.DataFrame(frame).write_parquet(path, row_group_size=1)
    table = open_table(path)
    table.check(table.columns)
    batches = list(table.batches(2, [*reversed(table.columns)]))
    assert [len(batch) for batch in batches] == [2, 1]
    assert [(*(texts[name] for name in table.columns), line) for batch in batches for line, texts in batch.rows] == [
        ("a,b\n", "1", "2", "true", "2026-01-02", "2026-01-02T03:04:05.000000", "2026-01-02T03:04:05.000000Z", "", 1),
        ("", "2", "1.5", "false", "", "", "", "", 2),
        ("", "", "", "", "", "", "", "", 3),
    ]


async def test_what_cant_be_read_is_refused_before_anything_is_written(db: Db, tmp_path: Path) -> None:
    folder = written(tmp_path / "export")
    companies, contacts = folder / "companies.csv.gz", folder / "contacts.parquet"
    whole = companies.read_bytes()
    companies.write_bytes(whole[:-9])
    pl.DataFrame({**CONTACTS, "Email": [["a"], ["b"], [], []]}).write_parquet(contacts)
    with pytest.raises(NotAnExport) as caught:
        await load(db, folder, read_mapping("hubspot"))
    assert str(caught.value).splitlines() == [
        "companies.csv.gz can't be unpacked: it isn't gzip, or not all of it.",
        "contacts.parquet: columns must hold texts, numbers, true or false, days or times, unlike 'Email' (List(String)).",
        "Nothing was imported.",
    ]
    companies.write_text(COMPANIES)
    contacts.write_bytes(b"PAR1 no")
    with pytest.raises(NotAnExport) as caught:
        await load(db, folder, read_mapping("hubspot"))
    gz, parquet, _ = str(caught.value).splitlines()
    assert gz == "companies.csv.gz can't be unpacked: it isn't gzip, or not all of it."
    assert parquet.startswith("contacts.parquet can't be read as Parquet: ")
    assert await rows(db, "MATCH (n:Account|Person) RETURN n") == []


def test_which_file_is_meant_must_be_clear(tmp_path: Path) -> None:
    assert find_table(tmp_path, "Account") is None
    (tmp_path / "Account.csv.zst").write_bytes(b"")
    with pytest.raises(NotAnExport) as caught:
        find_table(tmp_path, "Account")
    wanted = "Account.csv, Account.csv.gz, Account.parquet"
    assert str(caught.value) == f"Account.csv.zst can't be read. Unpack or save it as one of {wanted}."
    (tmp_path / "Account.parquet").write_bytes(b"")
    assert find_table(tmp_path, "Account") == tmp_path / "Account.parquet"
    (tmp_path / "Account.csv").write_bytes(b"")
    with pytest.raises(NotAnExport, match=r"holds Account\.csv and Account\.parquet; only one of them can be meant\.$"):
        find_table(tmp_path, "Account")
    assert [kind.file for kind in SALESFORCE.kinds][:2] == ["Product2.csv", "Account.csv"]
