"""The doctor finds each inconsistency that a test plants, and nothing in a healthy graph."""

from __future__ import annotations

from typing import Any, LiteralString

import pytest
from make import Person, card, plant, role_ids, rows, sell, title

from graph import doctor, jobs, members
from graph.db import Db
from graph.model import AssignmentSource, FilterOperator, HierarchyScope

# What to plant in the graph of `healthy`, by the check that must find it, and what the check says.
PLANTED: dict[str, tuple[LiteralString, str]] = {
    "double_decisions": (
        "MATCH (p:Person {externalId: 'boss'})-[:MEMBER_OF]->(g) CREATE (p)-[:REMOVED_FROM {source: 'MANUAL'}]->(g)",
        "boss has 2 decisions standing in Interest for division",
    ),
    "circles": (
        "MATCH (a:Account {externalId: 'hq'}), (b:Account {externalId: 'division'}) CREATE (a)-[:CHILD_OF]->(b)",
        "stands above itself",
    ),
    "double_parents": (
        "MATCH (b:Account {externalId: 'division'}) CREATE (b)-[:CHILD_OF]->(:Account {id: 'x', name: 'Other'})",
        "division has 2 parents",
    ),
    "double_groups": (
        "MATCH (i)<-[:FOR_INTEREST]-(:BuyingGroup)-[:FOR_ACCOUNT]->(a)"
        " CREATE (i)<-[:FOR_INTEREST]-(:BuyingGroup {id: 'x', name: i.name + ' for ' + a.name})-[:FOR_ACCOUNT]->(a)",
        "division has 2 groups for Interest",
    ),
    "misplaced_groups": (
        "MATCH (g:BuyingGroup)-[f:FOR_ACCOUNT]->(), (a:Account {externalId: 'hq'}) DELETE f CREATE (g)-[:FOR_ACCOUNT]->(a)",
        "is not tied to exactly one account and one interest",
    ),
    "misnamed_groups": (
        "MATCH (g:BuyingGroup) SET g.name = 'Something else'",
        "Something else should be Interest for division",
    ),
    "wrong_completeness": (
        "MATCH (g:BuyingGroup) SET g.completeness = 12.5",
        "Interest for division has completeness 12.5, but a recount gives 50.0",
    ),
    "foreign_roles": (
        "MATCH (:Person {externalId: 'boss'})-[m:MEMBER_OF]->(), (r:Role {name: 'Other'}) SET m.roleId = r.id, m.role = r.name",
        "boss is Other of Interest for division, whose template has no such card",
    ),
    "silent_changes": (
        "MATCH (:Person {externalId: 'boss'})-[m:MEMBER_OF]->() SET m.source = 'MANUAL'",
        "boss: no event tells of what stands in Interest for division",
    ),
    "unlive_templates": (
        "MATCH (t:RoleTemplate) SET t.status = 'DRAFT'",
        "Interest does not use exactly one LIVE role template",
    ),
    "foreign_stages": (
        "MATCH (g:BuyingGroup) CREATE (g)-[:AT_STAGE]->(:Stage {id: 'x', name: 'Lost'})",
        "Interest for division stands in Lost, not in one stage of the model of its interest",
    ),
    "silent_moves": (
        "MATCH (g:BuyingGroup) CREATE (g)-[:AT_STAGE]->(:Stage {id: 'x', name: 'Lost'})",
        "Interest for division: its history does not end with the stage where it stands",
    ),
    "wrong_stage_ids": (
        "MATCH (g:BuyingGroup) SET g.stageId = 'x'",
        "Interest for division says another stage than none, where it stands",
    ),
    "unlive_engagement": (
        "MATCH (m:EngagementModel) SET m.status = 'ARCHIVED'",
        "0 engagement models are LIVE",
    ),
    "stuck_jobs": (
        "MATCH (j:Job) SET j.status = 'RUNNING', j._leasedUntil = datetime() - duration('PT6M')",
        "no instance has held it since",
    ),
}


@pytest.fixture
async def healthy(db: Db) -> Db:
    roles = await role_ids(db)
    crowd = [Person("boss", {"hq": None}, "Director"), Person("fan", {"division": None}, "Engineer")]
    known = await plant(db, {"hq": None, "division": "hq"}, crowd)
    cards = [
        card(roles["Decision Maker"], title(FilterOperator.IS, "director"), HierarchyScope.ANCESTORS),
        card(roles["Champion"]),
    ]
    sold = await sell(db, cards, [known["division"]])
    group = sold.groups[known["division"]]
    await members.assign(db, group, [(known["fan"], roles["Champion"])], source=AssignmentSource.MANUAL, by="x")
    await members.remove(db, group, [known["fan"]], source=AssignmentSource.MANUAL, by="x")
    return db


async def findings(db: Db) -> dict[str, Any]:
    return {finding.check: finding async for finding in doctor.examine(db)}


async def test_a_healthy_graph_has_no_findings(healthy: Db) -> None:
    assert {check: finding.shown for check, finding in (await findings(healthy)).items() if finding.broken} == {}


def test_every_check_is_put_to_the_test() -> None:
    assert doctor.checks() == sorted(PLANTED)


# What is done about what is planted, where that can be mended.
MENDED = {
    "double_decisions": "boss has the decision of the last event in Interest for division, and no other",
    "misnamed_groups": "Something else is called Interest for division",
    "wrong_completeness": "Interest for division has completeness 50.0",
    "unlive_templates": "The role template Interest template is LIVE",
    "unlive_engagement": "The engagement model Default is the LIVE one",
    "wrong_stage_ids": "Interest for division says where it stands: in no stage",
    "stuck_jobs": "waits to be taken up, and goes on where it stood",
}


@pytest.mark.parametrize("check", sorted(PLANTED))
async def test_what_is_planted_is_found_and_mended_if_that_can_be(healthy: Db, check: str) -> None:
    plant_it, says = PLANTED[check]
    await rows(healthy, plant_it)
    finding = (await findings(healthy))[check]
    assert finding.broken >= 1
    assert says in finding.shown[0]
    done = await doctor.mend(healthy, check)
    left = await findings(healthy)
    if check in MENDED:
        assert [MENDED[check] in one for one in done] == [True]
        assert {check: finding.shown for check, finding in left.items() if finding.broken} == {}
        assert await doctor.mend(healthy, check) == []
    else:
        assert done == []
        assert left[check].broken == finding.broken
        assert doctor.UNMENDED[check]


async def test_a_group_that_stands_in_two_stages_keeps_the_one_where_its_history_ends(healthy: Db) -> None:
    await rows(
        healthy,
        """MATCH (g:BuyingGroup)-[:FOR_INTEREST]->(i)
        CREATE (i)-[:TRACKS]->(:StageModel {id: 'm'})-[:HAS_STAGE]->(s:Stage {id: 's', name: 'Open'})
        CREATE (g)-[:AT_STAGE]->(s), (g)-[:AT_STAGE]->(:Stage {id: 'x', name: 'Lost'})
        CREATE (g)<-[:IN]-(:StageChange {id: 'c', at: datetime()})-[:MOVED_TO]->(s)""",
    )
    assert await doctor.mend(healthy, "foreign_stages") == ["Interest for division stands in Open alone, where its history ends"]
    assert {check: finding.shown for check, finding in (await findings(healthy)).items() if finding.broken} == {}


async def test_a_job_that_is_mended_is_done(healthy: Db) -> None:
    await rows(healthy, "MATCH (j:Job) SET j.status = 'RUNNING', j._lease = 'x', j._leasedUntil = datetime() + duration('PT2H')")
    assert "is held for ever" in (await findings(healthy))["stuck_jobs"].shown[0]
    assert not await jobs.run_next(healthy)
    assert len(await doctor.mend(healthy, "stuck_jobs")) == 1
    assert await jobs.run_next(healthy)
    assert await rows(healthy, "MATCH (j:Job) RETURN j.status AS status, count(*) AS n") == [{"status": "SUCCEEDED", "n": 1}]


def test_what_is_left_unmended_has_its_reason() -> None:
    assert set(doctor.mendable()) == {*MENDED, "foreign_stages"}
    always = {"misnamed_groups", "stuck_jobs", "wrong_completeness", "wrong_stage_ids"}  # are mended whole
    assert set(doctor.UNMENDED) == set(doctor.checks()) - always


async def test_it_tells_what_the_server_is(db: Db) -> None:
    name, version, edition = (await doctor.server_version(db)).rsplit(" ", 2)
    assert (name, edition) == ("Neo4j Kernel", "community")
    assert version.startswith("2026.")
