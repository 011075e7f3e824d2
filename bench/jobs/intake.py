"""The import of a CRM export into an empty graph, beside the same by handwritten statements that take each row for granted."""

from __future__ import annotations

import csv
import hashlib
import itertools
import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.jobs import statements
from bench.jobs.measure import Task, timed
from bench.jobs.setup import BY
from bench.jobs.work import Took, started
from bench.market import words
from bench.market.rows import Market, product_key
from bench.market.shape import Shape
from graph.db import Connection, Db

BATCH = 2000  # rows in a transaction of the floor
LOOK = 5000  # nodes that are compared at a time
Row = Mapping[str, Any]

ACCOUNT = ("Id", "Name", "ParentId", "Type", "Industry", "AnnualRevenue", "NumberOfEmployees", "BillingCity", "BillingState")
ACCOUNT_REST = ("BillingCountry", "Website")
CONTACT = ("Id", "LastName", "FirstName", "AccountId", "Title", "Department", "Email", "Phone", "MobilePhone", "MailingCity")
CONTACT_REST = ("MailingState", "MailingPostalCode", "MailingCountry", "HasOptedOutOfEmail", "IsEmailBounced")


def write_export(shape: Shape, folder: Path) -> int:
    """Writes a market as a CRM's export; returns how many rows that are."""
    market = Market(shape)
    accounts = list(market.account_rows())
    keys = {row["id"]: row["properties"]["externalId"] for row in accounts}
    products = ([product_key(number), name, "Core"] for number, name in enumerate(words.PRODUCTS))
    assets = ([row["properties"]["externalId"], *owned[:2]] for row in accounts for owned in row["owned"])
    people = list(market.person_rows())
    names = {row["id"]: row["properties"]["externalId"] for row in people}
    done = ([one[0], names[row["person"]], one[1], _moment(one[2])] for row in market.activity_rows() for one in row["done"])
    related = (
        [row["properties"]["externalId"], keys[one[0]], one[1].capitalize()] for row in people for one in row["accounts"][1:]
    )
    return sum(
        (
            _write(folder / "Product2.csv", ("Id", "Name", "Family"), products),
            _write(folder / "Account.csv", ACCOUNT + ACCOUNT_REST, (_account(row, keys) for row in accounts)),
            _write(folder / "Asset.csv", ("Id", "AccountId", "Product2Id", "Price"), _numbered("O", assets)),
            _write(folder / "Contact.csv", CONTACT + CONTACT_REST, (_contact(row, keys) for row in people)),
            _write(folder / "AccountContactRelation.csv", ("Id", "ContactId", "AccountId", "Roles"), _numbered("R", related)),
            _write(folder / "Activity.csv", ("ActivityId", "ContactId", "ActivityType", "ActivityDate"), done),
        )
    )


def _account(row: Row, keys: Mapping[str, str]) -> list[Any]:
    own = row["properties"]
    first = [own["externalId"], own["name"], keys[row["parent"]] if row["parent"] else None]
    return [
        *first,
        *(own[name] for name in ("type", "industry", "annualRevenue", "employeeCount", "city", "state", "country", "website")),
    ]


def _contact(row: Row, keys: Mapping[str, str]) -> list[Any]:
    own = row["properties"]
    first = [own["externalId"], own["lastName"], own["firstName"], keys[row["accounts"][0][0]]]
    names = ("jobTitle", "department", "email", "phone", "mobilePhone", "city", "state", "postalCode", "country")
    return [*first, *(own[name] for name in names), own["emailSuspended"], own["emailInvalid"]]


def _numbered(letter: str, rows: Iterable[Sequence[Any]]) -> Iterator[list[Any]]:
    return ([f"{letter}{number:07}", *row] for number, row in enumerate(rows))


def _moment(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        for row in rows:
            writer.writerow(row)
            count += 1
    return count


def importing(db: Db, connection: Connection, folder: Path, rows: int) -> Task:
    """The import of the export in `folder`, from the start of its process to its end. The graph is emptied before each."""

    async def ours() -> Took:
        began = time.perf_counter()
        async with started(connection, "import", str(folder)) as weighed:
            pass
        return Took(time.perf_counter() - began, weighed.peak)

    async def before() -> None:
        await db.alone(statements.one("empty"))

    async def after() -> dict[str, str]:
        return {kind: await _hash(db, f"imported_{kind}") for kind in ("accounts", "people")}

    ways = {"ours": ours, "floor": lambda: timed(_by_hand(db, folder))}
    return Task("import", "rows", ways, before, after, lambda _: rows)


async def _by_hand(db: Db, folder: Path) -> None:
    for file, name in (
        ("Product2", "import_products.floor"),
        ("Account", "import_accounts.floor"),
        ("Account", "import_parents.floor"),
        ("Asset", "import_assets.floor"),
        ("Contact", "import_people.floor"),
        ("AccountContactRelation", "import_relations.floor"),
        ("Activity", "import_activities.floor"),
    ):
        with (folder / f"{file}.csv").open(encoding="utf-8", newline="") as opened:
            reader = csv.DictReader(opened)
            while some := [{key: value or None for key, value in row.items()} for row in itertools.islice(reader, BATCH)]:
                await db.write(statements.one(name), rows=some, by=BY)


async def _hash(db: Db, name: str) -> str:
    found, last = hashlib.sha256(), ""
    while rows := await db.read(statements.one(name), after=last, limit=LOOK):
        last = rows[-1]["key"]
        found.update(json.dumps(rows).encode())
    return found.hexdigest()[:12]
