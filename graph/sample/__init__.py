"""A small market to try things on: invented companies and people, as a CRM export beside this file, and what a marketer
would have made of it: role templates, a stage model, solution interests, audiences, groups and some decisions about them.

The export is like any other and goes through the importer, but for the times of its activities: these are moved by whole
days so that the newest fall on yesterday, and the last 30 days always hold some.
"""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

from graph import audiences, interests, jobs, members, stages, templates
from graph.addressing import GroupAddress
from graph.audiences import AudienceSpec
from graph.db import Db
from graph.imports import import_folder
from graph.interests import InterestSpec
from graph.model import (
    AssignmentSource,
    AttributeFilter,
    CardSpec,
    Condition,
    FilterOperator,
    HierarchyScope,
    Match,
    PersonAttribute,
    SellingLevel,
    StageOutcome,
    Weighting,
)
from graph.queries import query
from graph.salesforce import ACTIVITIES, KINDS
from graph.stages import StageModelSpec, StageSpec

BY = "sample"
ROLLOUT, AGREEMENT = "Harbor Journeys rollout", "Harbor group agreement"
Directory = dict[str, str]


async def load(db: Db) -> str | None:
    """Loads the sample market if the graph has no accounts, and returns its size in words; None if it has some."""
    if (await db.read(query("sample/counts")))[0]["accounts"]:
        return None
    with TemporaryDirectory() as folder:
        write_export(Path(folder), datetime.now(UTC).date())
        await import_folder(db, Path(folder), by=BY, rejects=Path(folder, "rejects.csv"))
    await _sell(db)
    await _decide(db)
    size = (await db.read(query("sample/counts")))[0]
    return f"{size['accounts']} accounts, {size['people']} people, {size['groups']} buying groups"


def write_export(folder: Path, today: date) -> None:
    """Writes the export's files, the newest activities moved to the day before `today`."""
    for kind in KINDS:
        content = files(__package__ or "").joinpath(kind.file).read_bytes()
        (folder / kind.file).write_bytes(_moved(content, today) if kind is ACTIVITIES else content)


def _moved(content: bytes, today: date) -> bytes:
    times = "%Y-%m-%dT%H:%M:%SZ"
    header, *rows = csv.reader(io.StringIO(content.decode(), newline=""))
    place = header.index("ActivityDate")
    found = [datetime.strptime(row[place], times) for row in rows]
    days = today - timedelta(days=1) - max(found).date()
    moved = ([*row[:place], (moment + days).strftime(times), *row[place + 1 :]] for row, moment in zip(rows, found, strict=True))
    written = io.StringIO(newline="")
    csv.writer(written, lineterminator="\n").writerows([header, *moved])
    return written.getvalue().encode()


async def _directory(db: Db) -> Directory:
    return {row["name"]: row["id"] for row in await db.read(query("sample/directory"))}


# --- what a marketer makes of it ------------------------------------------------------------------------------------


async def _sell(db: Db) -> None:
    """Two interests with their templates and audiences; their jobs make the groups."""
    ids = await _directory(db)
    model = await stages.publish(db, await stages.create(db, STAGE_MODEL, by=BY), by=BY)
    rollout = await interests.create(
        db,
        InterestSpec(
            ROLLOUT,
            await _template(db, "Platform purchase", "For what single companies and departments buy.", _purchase(ids)),
            description="Harbor Journeys for those who already do a lot with Harbor Audiences.",
            product_ids=[ids["01t-journeys"]],
            update_existing_buying_groups=True,
            stage_model_id=model,
        ),
        by=BY,
    )
    agreement = await interests.create(
        db,
        InterestSpec(
            AGREEMENT,
            await _template(db, "Corporate agreement", "For what is signed at the top.", _corporate(ids)),
            description="One agreement for a whole group of companies.",
            product_line="Data",
            selling_level=SellingLevel.TOP,
        ),
        by=BY,
    )
    owns = {"productIds": [ids["01t-audiences"]], "revenue": {"gt": 1_000_000.0}}
    large = AudienceSpec("Large Harbor Audiences customers", "They own it with revenue above 1M.", filter={"ownsProduct": owns})
    listed = [
        "001-skarvane-ports",
        "001-pellimore-bakeries",
        "001-pellimore-dairy",
        "001-tessarine-insurance",
        "001-ondrake-solar",
    ]
    named = AudienceSpec("Named for a group agreement", account_ids=[ids[account] for account in listed])
    await jobs.start_creation(db, rollout, await audiences.create(db, large, by=BY), by=BY)
    await jobs.start_creation(db, agreement, await audiences.create(db, named, by=BY), by=BY)
    await jobs.run_all(db)


async def _template(db: Db, name: str, description: str, cards: list[CardSpec]) -> str:
    return await templates.publish(db, await templates.create(db, name, description, cards, by=BY), by=BY)


def _title(operator: FilterOperator, *values: str) -> AttributeFilter:
    return AttributeFilter(PersonAttribute.JOB_TITLE, operator, values)


def _card(
    role_id: str,
    weighting: Weighting,
    condition: Condition | None,
    scope: HierarchyScope,
    max_distance: int | None = None,
    members_required: int = 1,
) -> CardSpec:
    return CardSpec(
        role_id,
        weighting,
        auto_assign=condition is not None,
        members_required=members_required,
        scope=scope,
        max_distance=max_distance,
        condition=condition,
    )


EMPLOYED = AttributeFilter(PersonAttribute.RELATIONSHIP, FilterOperator.IS, ("EMPLOYEE",))
LEADS = Condition(
    Match.ALL,
    (EMPLOYED,),
    (
        Condition(
            Match.ANY,
            (
                _title(FilterOperator.STARTS_WITH, "Chief", "Managing Director"),
                _title(FilterOperator.IS, "CIO", "General Counsel"),
            ),
        ),
    ),
)
ADVISES = Condition(Match.ANY, (_title(FilterOperator.STARTS_WITH, "Director", "VP", "Head of", "Partner"),))
WORKS = Condition(Match.ANY, (_title(FilterOperator.CONTAINS, "Manager", "Specialist", "Analyst", "Engineer"),))
STEERS = Condition(Match.ALL, (EMPLOYED, _title(FilterOperator.STARTS_WITH, "VP", "Head of", "Managing Director")))


def _purchase(ids: Directory) -> list[CardSpec]:
    return [
        _card(ids["Decision Maker"], Weighting.VITAL, LEADS, HierarchyScope.ANCESTORS),
        _card(ids["Influencer"], Weighting.IMPORTANT, ADVISES, HierarchyScope.HIERARCHY, max_distance=2),
        _card(ids["Practitioner"], Weighting.NORMAL, WORKS, HierarchyScope.DESCENDANTS, members_required=3),
        _card(ids["Champion"], Weighting.IMPORTANT, None, HierarchyScope.ACCOUNT),
    ]


def _corporate(ids: Directory) -> list[CardSpec]:
    return [
        _card(ids["Decision Maker"], Weighting.VITAL, LEADS, HierarchyScope.ACCOUNT, members_required=2),
        _card(ids["Executive Steering Committee"], Weighting.IMPORTANT, STEERS, HierarchyScope.HIERARCHY, max_distance=1),
        _card(ids["Champion"], Weighting.NORMAL, None, HierarchyScope.ACCOUNT),
    ]


STAGE_MODEL = StageModelSpec(
    "Sales stages",
    "From the first sign to the signature.",
    (
        StageSpec("Identified", "The group is known.", is_entry=True, allowed_next=("Engaged", "Lost")),
        StageSpec("Engaged", "It talks to us.", allowed_next=("Evaluating", "Lost")),
        StageSpec("Evaluating", "It compares offers.", allowed_next=("Won", "Lost")),
        StageSpec("Won", "It has signed.", outcome=StageOutcome.SUCCESS),
        StageSpec("Lost", "It won't buy, for now.", outcome=StageOutcome.FAILURE, allowed_next=("Identified",)),
    ),
)


# --- what people and journeys decided -------------------------------------------------------------------------------


async def _decide(db: Db) -> None:
    """Decisions of all three sources about the groups of the rollout, so that each rule of precedence has something to show;
    a maintenance job then tries to bring back whoever was removed."""
    ids = await _directory(db)
    interest, champion, decider = ids[ROLLOUT], ids["Champion"], ids["Decision Maker"]
    webinar = {"journey": "Webinar follow-up", "by": BY}

    def group(account: str) -> str:
        return ids[f"{ROLLOUT} for {account}"]

    async def assign(account: str, person: str, role: str) -> None:
        await members.assign(db, group(account), [(ids[person], ids[role])], source=AssignmentSource.MANUAL, by=BY)

    # People decide over the rules and over journeys, whatever comes later.
    await assign("Tessarine Retail Banking", "003-056", "Champion")
    await members.journey_remove(db, ids["001-tessarine-retail"], interest, [ids["003-056"]], **webinar)
    await assign("Tessarine Digital Channels", "003-063", "Champion")
    await assign("Pellimore Bakeries", "003-035", "Influencer")
    reason = "Reads contracts, not departments' tools."
    crm, counsel = group("Tessarine Campaign Department"), [ids["003-052"]]
    await members.remove(db, crm, counsel, source=AssignmentSource.MANUAL, by=BY, reason=reason)
    await members.journey_assign(db, ids["001-tessarine-crm"], interest, counsel, decider, **webinar)
    # Journeys decide over the rules, until people say otherwise.
    await members.journey_assign(db, ids["001-skarvane-shipping"], interest, [ids["003-010"]], champion, **webinar)
    await members.journey_assign(db, ids["001-ondrake-grid"], interest, [ids["003-081"]], champion, **webinar)
    await assign("Ondrake Grid", "003-081", "Influencer")
    await members.journey_remove(db, ids["001-pellimore-bakeries"], interest, [ids["003-042"]], **webinar)

    await stages.move(db, GroupAddress(group("Tessarine Retail Banking")), ids["Identified"], by=BY)
    await stages.move(db, GroupAddress(group("Tessarine Retail Banking")), ids["Engaged"], by=BY)
    await stages.move(db, GroupAddress(group("Skarvane Shipping")), ids["Identified"], by=BY)
    await stages.set_status(db, GroupAddress(group("Ondrake Grid")), "Waiting for the budget round", by=BY)
    await jobs.start_maintenance(db, interest, by=BY)
    await jobs.run_all(db)
