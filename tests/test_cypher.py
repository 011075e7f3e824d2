"""The server checks every statement: its columns, its mode and its parameters are the header's, and it knows every name."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import LiteralString, cast

import pytest
from make import rows

from graph.db import Db
from graph.migrations import all_migrations, migrate
from graph.queries import HeaderError, parse, query

# Unknown label, relationship type, property; status 01N60 lists parameters that were not given.
TYPOS = ("01N50", "01N51", "01N52")
MODES = {"r": "read", "w": "write", "rw": "write", "s": "schema"}
ROOT = files("cypher")


def statement_names() -> list[str]:
    return sorted(
        f"{folder.name}/{file.name.removesuffix('.cypher')}"
        for folder in ROOT.iterdir()
        if folder.is_dir() and folder.name not in ("schema", "vocabulary", "__pycache__")
        for file in folder.iterdir()
        if file.name.endswith(".cypher")
    )


# Every name of the graph's model: labels with their properties, then relationship types with theirs. What is not here is
# a typing error in a statement.
AUDIT = "id createdAt createdBy updatedAt updatedBy name nameKey description"
LABELS = {
    "Account": f"{AUDIT} externalId type industry city state country region website annualRevenue employeeCount",
    "Person": f"{AUDIT} externalId firstName lastName email phone mobilePhone jobTitle department city state postalCode country"
    " emailInvalid emailSuspended engagementScore",
    "Product": "id externalId name nameKey productLine",
    "Activity": "activityId type occurredAt",
    "Role": f"{AUDIT} isDefault",
    "RoleTemplate": f"{AUDIT} status version publishedAt publishedBy",
    "RoleCard": "id version priority weighting weight autoAssign requiredForCompleteness membersRequired scope maxDistance"
    " condition",
    "SolutionInterest": f"{AUDIT} productLine updateExistingBuyingGroups sellingLevel",
    "StageModel": f"{AUDIT} status publishedAt publishedBy",
    "Stage": "id name description isEntry outcome",
    "StageChange": "id at actor journey",
    "AccountAudience": f"{AUDIT} kind rule ruleSummary",
    "BuyingGroup": f"{AUDIT} accountId interestId templateVersion inAudience status completeness engagementScore",
    "MembershipEvent": "id at action source actor journey outcome overruledBy roleId role reason",
    "BuyingGroupEvent": "id seq type at actor journey previous current",
    "_New": "id",
    "Job": "id kind status createdAt createdBy startedAt finishedAt error cursor accountsTotal accountsDone groupsCreated"
    " membersAdded membersRemoved rolesChanged overruled _lease _leasedUntil",
    "_IdempotencyKey": "id fingerprint at result",
    "_Lock": "name value day",
    "_Migration": "version name appliedAt",
}
TYPES = {
    "CHILD_OF": "",
    "WORKS_FOR": "relationship title",
    "OWNS": "revenue since",
    "HAD_ACTIVITY": "",
    "HAS_CARD": "version",
    "HAD_CARD": "version",
    "FOR_ROLE": "",
    "SELLS": "",
    "USES": "",
    "TRACKS": "",
    "HAS_STAGE": "position",
    "MAY_MOVE_TO": "",
    "AT_STAGE": "since",
    "MOVED_FROM": "",
    "MOVED_TO": "",
    "STARTS_AT": "",
    "TARGETS": "entryStageId",
    "LISTS": "",
    "FOR_ACCOUNT": "",
    "FOR_INTEREST": "",
    "FOR_AUDIENCE": "",
    "MEMBER_OF": "role roleId source assignedAt assignedBy accountId distance eventId",
    "REMOVED_FROM": "source removedAt removedBy reason formerRoleId formerRole eventId",
    "ABOUT": "",
    "IN": "",
}
PASSING = "_l _new"  # set and removed within a transaction


@pytest.fixture(scope="module")
async def named_db(shared_db: Db) -> Db:
    """A server that knows every name of the model, and no other."""
    for label, names in {**LABELS, "_Passing": PASSING}.items():
        props = ", ".join(f"`{name}`: 'seed'" for name in names.split())
        await rows(shared_db, cast(LiteralString, f"CREATE (n:`{label}` {{{props}}}) DELETE n"))
    for kind, names in TYPES.items():
        props = ", ".join(f"`{name}`: 0" for name in names.split())
        await rows(shared_db, cast(LiteralString, f"CREATE (a:_Passing)-[r:`{kind}` {{{props}}}]->(a) DETACH DELETE a"))
    return shared_db


@pytest.mark.parametrize("name", statement_names())
async def test_header_is_what_the_server_says(named_db: Db, name: str) -> None:
    statement = query(cast(LiteralString, name))
    plan = await named_db.explain(statement.text)
    assert plan.columns == statement.returns
    assert MODES[plan.mode] == statement.mode
    assert not [notice for notice in plan.notices if notice.startswith(TYPOS)]
    assert set(re.findall(r"\$(\w+)", _code(statement.text))) == set(statement.params)


def _code(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("//"))


def test_header_errors_name_the_file_and_the_fault() -> None:
    with pytest.raises(HeaderError, match=r"cypher/x/y\.cypher: 'mode' must be read, write or schema, not None"):
        parse("x/y", "// Says.\nRETURN 1")
    with pytest.raises(HeaderError, match=r"'mode' stands twice"):
        parse("x/y", "// Says.\n// mode: read\n// mode: write\nRETURN 1")
    with pytest.raises(HeaderError, match=r"doesn't say what the statement answers"):
        parse("x/y", "// mode: read\nRETURN 1")


def test_migrations_are_numbered_without_gaps() -> None:
    assert [step.version for step in all_migrations()] == list(range(1, len(all_migrations()) + 1))


async def test_a_name_that_nobody_knows_is_noticed(named_db: Db) -> None:
    plan = await named_db.explain("MATCH (a:Acount)-[:CHILDOF]->(b) RETURN b.nmae AS x")
    assert sorted(notice[:5] for notice in plan.notices if notice.startswith(TYPOS)) == ["01N50", "01N51", "01N52"]


async def test_migrating_again_changes_nothing(shared_db: Db) -> None:
    assert await migrate(shared_db) == []
