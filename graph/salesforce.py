"""The files of a CRM export in Salesforce's column names, and what their columns mean here.

docs/import.md tells the same to users.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from graph.model import PersonRelationship

ENDINGS = (".csv", ".csv.gz", ".parquet")
"""How the names of an export's files end."""
# Plain decimals, as exports write them: Python itself would take 1_000, inf and digits of any script, too.
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?", re.ASCII)
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
_FLAGS = {"true": True, "1": True, "false": False, "0": False}

# What a relation's Roles says of how the person relates to the account; the first that is found decides.
_RELATIONSHIPS = (
    (PersonRelationship.CONTRACTOR, ("contractor", "freelance")),
    (PersonRelationship.PARTNER, ("partner", "consult", "agency", "reseller")),
)


def text(value: str) -> str:
    """The text as it stands."""
    return value


def number(value: str) -> float:
    """A finite decimal number. Raises ValueError in words."""
    found = float(value) if _NUMBER.fullmatch(value.strip()) else math.nan
    if not math.isfinite(found):
        raise ValueError("Must be a number such as 1250000 or 1250000.50.")
    return found


def count(value: str) -> int:
    """A whole number. Raises ValueError in words."""
    found = float(value) if _NUMBER.fullmatch(value.strip()) else math.nan
    if not (found.is_integer() and abs(found) < 1e15):
        raise ValueError("Must be a whole number such as 1250.")
    return int(found)


def flag(value: str) -> bool:
    """True or false. Raises ValueError in words."""
    found = _FLAGS.get(value.strip().lower())
    if found is None:
        raise ValueError("Must be true or false (or 1 or 0).")
    return found


def day(value: str) -> date:
    """A day; of a time, its day as written. Raises ValueError in words."""
    try:
        return date.fromisoformat(_moment(value)[:10])
    except ValueError:
        raise ValueError("Must be a day such as 2026-01-31.") from None


def moment(value: str) -> datetime:
    """A time, in UTC unless it says otherwise; of a day, its beginning. Raises ValueError in words."""
    try:
        found = datetime.fromisoformat(_moment(value))
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("Must be a time such as 2026-01-31T08:00:00Z.") from None


def address(value: str) -> str:
    """An e-mail address, as far as one can tell by looking. Raises ValueError in words."""
    if not _ADDRESS.fullmatch(value.strip()):
        raise ValueError("Must be an e-mail address such as ada@example.com.")
    return value


def relationship(value: str) -> PersonRelationship:
    """What Roles, one or more, say of the relationship."""
    roles = value.lower()
    return next((found for found, words in _RELATIONSHIPS if any(w in roles for w in words)), PersonRelationship.EMPLOYEE)


def _moment(value: str) -> str:
    if not _MOMENT.fullmatch(value.strip()):
        raise ValueError
    return value.strip()


@dataclass(frozen=True, slots=True)
class Column:
    """A column that is read: its name in the file, the field it fills, and what makes its text a value (or ValueError).
    A link names another row, which must be there by the time it is made; with a `separator` it may name several. `others`
    are names by which the column goes if it isn't there by its own."""

    name: str
    field: str
    read: Callable[[str], Any] = text
    link: bool = False
    separator: str | None = None
    others: tuple[str, ...] = ()

    @property
    def names(self) -> str:
        """All its names, for people."""
        return " or ".join((self.name, *self.others))


@dataclass(frozen=True, slots=True)
class Kind:
    """A file of the export: what its rows are, and its name without an ending. A row can't be without any of `needed`, of
    which the first is its own id, nor without all of `some`; they come first among the columns."""

    noun: str
    stem: str
    columns: tuple[Column, ...]
    needed: tuple[str, ...]
    some: tuple[str, ...] = ()

    @property
    def file(self) -> str:
        return f"{self.stem}.csv"

    @property
    def key(self) -> str:
        return self.needed[0]

    def column(self, field: str) -> str:
        """The column that fills a field; without one, the field's own name."""
        return next((column.name for column in self.columns if column.field == field), field)

    def named(self, names: Mapping[str, str]) -> Kind:
        """The same with other names of columns, by their names here."""
        return replace(
            self,
            columns=tuple(replace(one, name=names.get(one.name, one.name)) for one in self.columns),
            needed=tuple(names.get(name, name) for name in self.needed),
            some=tuple(names.get(name, name) for name in self.some),
        )


PRODUCTS = Kind(
    "products",
    "Product2",
    (Column("Id", "externalId"), Column("Name", "name"), Column("Family", "productLine")),
    needed=("Id", "Name"),
)
ACCOUNTS = Kind(
    "accounts",
    "Account",
    (
        Column("Id", "externalId"),
        Column("Name", "name"),
        Column("ParentId", "parent", link=True),
        Column("Type", "type"),
        Column("Industry", "industry"),
        Column("AnnualRevenue", "annualRevenue", number),
        Column("NumberOfEmployees", "employeeCount", count),
        Column("BillingCity", "city"),
        Column("BillingState", "state"),
        Column("BillingCountry", "country"),
        Column("Website", "website"),
    ),
    needed=("Id", "Name"),
)
ASSETS = Kind(
    "assets",
    "Asset",
    (
        Column("Id", "id"),
        Column("AccountId", "account"),
        Column("Product2Id", "product"),
        Column("Price", "revenue", number),
        Column("PurchaseDate", "since", day),
    ),
    needed=("Id", "AccountId", "Product2Id"),
)
CONTACTS = Kind(
    "people",
    "Contact",
    (
        Column("Id", "externalId"),
        Column("LastName", "lastName"),
        Column("FirstName", "firstName"),
        Column("AccountId", "account", link=True),
        Column("Title", "jobTitle"),
        Column("Department", "department"),
        Column("Email", "email", address),
        Column("Phone", "phone"),
        Column("MobilePhone", "mobilePhone"),
        Column("MailingCity", "city"),
        Column("MailingState", "state"),
        Column("MailingPostalCode", "postalCode"),
        Column("MailingCountry", "country"),
        Column("HasOptedOutOfEmail", "emailSuspended", flag),
        Column("IsEmailBounced", "emailInvalid", flag),
    ),
    needed=("Id",),
    some=("LastName", "FirstName"),
)
RELATIONS = Kind(
    "relations",
    "AccountContactRelation",
    (
        Column("Id", "id"),
        Column("ContactId", "person"),
        Column("AccountId", "account"),
        Column("Roles", "relationship", relationship),
        Column("IsActive", "active", flag),
        Column("EndDate", "end", day),
    ),
    needed=("Id", "ContactId", "AccountId"),
)
ACTIVITIES = Kind(
    "activities",
    "Activity",
    (
        Column("ActivityId", "activityId"),
        Column("ContactId", "personExternalId"),
        Column("ActivityType", "type"),
        Column("ActivityDate", "occurredAt", moment),
    ),
    needed=("ActivityId", "ContactId", "ActivityType", "ActivityDate"),
)
KINDS = (PRODUCTS, ACCOUNTS, ASSETS, CONTACTS, RELATIONS, ACTIVITIES)
