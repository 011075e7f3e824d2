"""What the tabs show: roll-up, coverage, overlap, dashboard and role insights, in exact numbers."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from make import Api, Person, Sold, card, plant, role_ids, rows, sell, title

from api import ids
from graph.model import FilterOperator, HierarchyScope

IS = FilterOperator.IS
TREE = {"top": None, "east": "top", "west": "top", "team": "east", "other": None}


async def names(api: Api, account: str, query: str) -> Any:
    """What `query` selects of an account, named by its external id."""
    return (await api.data(f'{{ account(externalId: "{account}") {{ {query} }} }}'))["account"]


# --- roll-up --------------------------------------------------------------------------------------------------------

ROLLUP = "rollup { accounts people buyingGroups members meanCompleteness meanEngagement }"


@pytest.fixture
async def tree(api: Api) -> Sold:
    """Groups at all accounts of a tree but its west: directors decide (one required), engineers practise (two required)."""
    crowd = [
        Person("ann", {"top": None, "east": None, "team": None}, "Director"),
        Person("bob", {"east": None, "other": None}, "Engineer"),
        Person("cid", {"team": None}, "Engineer"),
        Person("dan", {"west": None, "top": None}, "Intern"),
    ]
    found = await plant(api.db, TREE, crowd)
    roles = await role_ids(api.db)
    cards = [
        card(roles["Decision Maker"], title(IS, "Director"), HierarchyScope.ANCESTORS),
        card(roles["Practitioner"], title(IS, "Engineer"), members_required=2),
        card(roles["Champion"], required_for_completeness=False),
    ]
    return await sell(api.db, cards, [found[key] for key in ("top", "east", "team", "other")], name="Cloud")


async def test_rollup_adds_up_an_account_and_what_is_below_it_once(api: Api, tree: Sold) -> None:
    scores = {"top": 10.0, "east": 40.0, "team": None, "other": 100.0}
    for account, score in scores.items():
        await rows(
            api.db,
            "MATCH (g:BuyingGroup)-[:FOR_ACCOUNT]->(:Account {externalId: $account}) SET g.engagementScore = $score",
            account=account,
            score=score,
        )
    # Ann decides everywhere in the tree; bob practises in the east and elsewhere, cid in the team.
    completeness = {"top": 50.0, "east": 75.0, "team": 75.0, "other": 25.0}
    expected = {
        "top": (4, 4, 3, 3, (50.0 + 75.0 + 75.0) / 3, 25.0),
        "east": (2, 3, 2, 3, 75.0, 40.0),
        "team": (1, 2, 1, 2, 75.0, None),
        "west": (1, 1, 0, 0, None, None),
        "other": (1, 1, 1, 1, 25.0, 100.0),
    }
    for account, (accounts, people, groups, members, mean, engagement) in expected.items():
        found = (await names(api, account, ROLLUP))["rollup"]
        assert found == {
            "accounts": accounts,
            "people": people,
            "buyingGroups": groups,
            "members": members,
            "meanCompleteness": pytest.approx(mean) if mean is not None else None,
            "meanEngagement": engagement,
        }, account
    stored = await rows(api.db, "MATCH (g:BuyingGroup)-[:FOR_ACCOUNT]->(a:Account) RETURN a.externalId AS a, g.completeness AS c")
    assert {row["a"]: row["c"] for row in stored} == completeness


async def test_rollup_nests_in_the_one_statement(api: Api, tree: Sold) -> None:
    api.db.statements = 0
    query = "{ accounts { edges { node { name rollup { accounts } children { edges { node { rollup { people } } } } } } } }"
    found = (await api.data(query))["accounts"]["edges"]
    assert api.db.statements == 1
    assert {edge["node"]["name"]: edge["node"]["rollup"]["accounts"] for edge in found} == {
        "top": 4,
        "east": 2,
        "west": 1,
        "team": 1,
        "other": 1,
    }


# --- coverage, overlap ----------------------------------------------------------------------------------------------

COVERAGE = "contactCoverage%s { role { name } solutionInterest { name } people }"


def cells(found: Any) -> list[tuple[str, str, int]]:
    return [(one["solutionInterest"]["name"], one["role"]["name"], one["people"]) for one in found["contactCoverage"]]


async def test_coverage_counts_people_per_role_and_interest_and_shows_gaps(api: Api, tree: Sold) -> None:
    roles = await role_ids(api.db)
    accounts = {row["k"]: row["id"] for row in await rows(api.db, "MATCH (a:Account) RETURN a.externalId AS k, a.id AS id")}
    other = await sell(api.db, [card(roles["Champion"], title(IS, "Intern"))], [accounts["west"]], name="Backup")
    cloud = [("Cloud", "Decision Maker", 1), ("Cloud", "Practitioner", 2), ("Cloud", "Champion", 0)]
    assert cells(await names(api, "top", COVERAGE % "")) == [("Backup", "Champion", 1), *cloud]
    assert cells(await names(api, "west", COVERAGE % "")) == [("Backup", "Champion", 1)]
    assert cells(await names(api, "team", COVERAGE % "")) == [
        ("Cloud", "Decision Maker", 1),
        ("Cloud", "Practitioner", 1),
        ("Cloud", "Champion", 0),
    ]
    for interest, expected in ((tree.interest_id, cloud), (other.interest_id, [("Backup", "Champion", 1)])):
        chosen = f'(solutionInterestIds: ["{ids.encode("SolutionInterest", interest)}"])'
        assert cells(await names(api, "top", COVERAGE % chosen)) == expected
    assert cells(await names(api, "top", COVERAGE % "(solutionInterestIds: [])")) == []


async def test_overlap_is_who_stands_in_several_groups_at_or_below(api: Api, tree: Sold) -> None:
    async def overlap(account: str) -> list[str]:
        found = await names(api, account, "contactOverlap { edges { node { externalId } } totalCount }")
        assert found["contactOverlap"]["totalCount"] == len(found["contactOverlap"]["edges"])
        return [edge["node"]["externalId"] for edge in found["contactOverlap"]["edges"]]

    assert await overlap("top") == ["ann"]  # bob's second group is elsewhere
    assert await overlap("east") == ["ann"]
    assert await overlap("team") == []
    # Who is removed from one of two groups stands in one.
    group = ids.encode(
        "BuyingGroup", tree.groups[(await rows(api.db, "MATCH (a {externalId: 'team'}) RETURN a.id AS id"))[0]["id"]]
    )
    ann = ids.encode("Person", (await rows(api.db, "MATCH (p {externalId: 'ann'}) RETURN p.id AS id"))[0]["id"])
    remove = "mutation($i: RemoveMembersInput!) { removeMembers(input: $i) { userErrors { message } } }"
    await api.data(remove, i={"buyingGroupId": group, "personIds": [ann]})
    assert await overlap("east") == []
    assert await overlap("top") == ["ann"]


async def team_and_ann(api: Api) -> tuple[str, str]:
    """The global ids of the team's group and of ann."""
    found = await rows(
        api.db,
        """MATCH (g:BuyingGroup)-[:FOR_ACCOUNT]->(:Account {externalId: 'team'}), (p:Person {externalId: 'ann'})
        RETURN g.id AS g, p.id AS p""",
    )
    return ids.encode("BuyingGroup", found[0]["g"]), ids.encode("Person", found[0]["p"])


async def test_overlap_pages(api: Api) -> None:
    await rows(
        api.db,
        """CREATE (a:Account {id: 'a', externalId: 'a', name: 'A'}) WITH a UNWIND range(1, 5) AS n
        CREATE (p:Person {id: toString(n), externalId: toString(n), name: 'P' + n})
        WITH a, p UNWIND [1, 2] AS g MERGE (b:BuyingGroup {id: toString(g)}) MERGE (b)-[:FOR_ACCOUNT]->(a)
        CREATE (p)-[:MEMBER_OF]->(b)""",
    )
    first = (await names(api, "a", "contactOverlap(first: 3) { edges { node { name } } pageInfo { endCursor } }"))[
        "contactOverlap"
    ]
    after = first["pageInfo"]["endCursor"]
    rest = (await names(api, "a", f'contactOverlap(after: "{after}") {{ edges {{ node {{ name }} }} }}'))["contactOverlap"]
    assert [edge["node"]["name"] for edge in first["edges"] + rest["edges"]] == ["P1", "P2", "P3", "P4", "P5"]


# --- dashboard ------------------------------------------------------------------------------------------------------

DASHBOARD = """query($filter: DashboardFilter) { dashboard(filter: $filter) {
  buyingGroups completenessBands { from to count } engagementBands { from to count }
  bySolutionInterest { solutionInterest { name } count } byStage { stage { name } count }
  mostEngaged { name engagementScore } } }"""
EDGES = [None, 0.0, 0.5, 25.0, 25.49999999999999, 25.5, 26.0, 50.499999999999, 50.5, 75.4999, 75.5, 76.0, 99.5, 100.0]
UUID = "00000000-0000-4000-8000-{:012}"


async def groups(api: Api, count: int = 40) -> list[dict[str, Any]]:
    """Groups at random scores, stages, accounts and interests, planted."""
    chance = random.Random(2)
    found = [
        {
            "id": UUID.format(n),
            "name": f"G{n:02}",
            "completeness": chance.choice(EDGES),
            "engagementScore": chance.choice([*EDGES, round(chance.random() * 100, 3)]),
            "interest": chance.choice([1, 2, 3]),
            "stage": chance.choice([None, 1, 2, 3]),
            "industry": chance.choice([None, "Energy", "Retail"]),
            "region": chance.choice([None, "North"]),
            "country": chance.choice([None, "DE", "North"]),
        }
        for n in range(count)
    ]
    await rows(
        api.db,
        """UNWIND range(1, 3) AS n CREATE (:SolutionInterest {id: $uuid + n, name: 'I' + n})
        WITH n, CASE n WHEN 1 THEN 'B' ELSE 'A' END AS model MERGE (m:StageModel {id: model, name: model})
        CREATE (m)-[:HAS_STAGE {position: 9 - n}]->(:Stage {id: $uuid + n, name: 'S' + n})
        WITH count(*) AS _ UNWIND $groups AS row
        MATCH (i:SolutionInterest {name: 'I' + row.interest})
        CREATE (a:Account {id: row.id, name: row.name, industry: row.industry, region: row.region, country: row.country})
        CREATE (g:BuyingGroup {id: row.id, name: row.name, accountId: a.id, interestId: i.id, completeness: row.completeness,
          engagementScore: row.engagementScore})-[:FOR_ACCOUNT]->(a), (g)-[:FOR_INTEREST]->(i)
        WITH g, row MATCH (s:Stage {name: 'S' + row.stage}) SET g.stageId = s.id CREATE (g)-[:AT_STAGE]->(s)""",
        uuid=UUID.format(0)[:-1],
        groups=found,
    )
    return found


def shown(score: float) -> int:
    return math.floor(score + 0.5)


def plain_dashboard(found: list[dict[str, Any]]) -> dict[str, Any]:
    def bands(name: str) -> list[dict[str, int]]:
        scores = [shown(one[name]) for one in found if one[name] is not None]
        return [
            {"from": low, "to": high, "count": sum(low <= score <= high for score in scores)}
            for low, high in ((0, 25), (26, 50), (51, 75), (76, 100))
        ]

    interests = {n: sum(one["interest"] == n for one in found) for n in (1, 2, 3)}
    stages = [(stage, sum(one["stage"] == stage for one in found)) for stage in (3, 2, 1, None)]  # by model, by position
    engaged = sorted((one for one in found if one["engagementScore"]), key=lambda one: (-one["engagementScore"], one["name"]))
    return {
        "buyingGroups": len(found),
        "completenessBands": bands("completeness"),
        "engagementBands": bands("engagementScore"),
        "bySolutionInterest": [
            {"solutionInterest": {"name": f"I{n}"}, "count": count}
            for n, count in sorted(interests.items(), key=lambda one: (-one[1], one[0]))
            if count
        ],
        "byStage": [{"stage": stage and {"name": f"S{stage}"}, "count": count} for stage, count in stages if count],
        "mostEngaged": [{"name": one["name"], "engagementScore": one["engagementScore"]} for one in engaged[:10]],
    }


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        (None, lambda _: True),
        ({}, lambda _: True),
        ({"industries": ["Energy", "Mining"]}, lambda one: one["industry"] == "Energy"),
        ({"regions": ["North"]}, lambda one: (one["region"] or one["country"]) == "North"),
        ({"regions": ["DE"]}, lambda one: not one["region"] and one["country"] == "DE"),
        ({"solutionInterestIds": [f"int_{UUID.format(1)}"]}, lambda one: one["interest"] == 1),
        ({"stageIds": [f"stg_{UUID.format(2)}", f"stg_{UUID.format(3)}"]}, lambda one: one["stage"] in (2, 3)),
        (
            {"industries": ["Energy"], "stageIds": [f"stg_{UUID.format(2)}"]},
            lambda o: (o["industry"], o["stage"]) == ("Energy", 2),
        ),
        ({"industries": []}, lambda _: False),
    ],
)
async def test_dashboard_counts_as_a_plain_count_does(api: Api, wanted: Any, fits: Any) -> None:
    found = await groups(api)
    api.db.statements = 0
    answer = (await api.data(DASHBOARD, filter=wanted))["dashboard"]
    assert api.db.statements == 1
    assert answer == plain_dashboard([one for one in found if fits(one)])


async def test_dashboard_of_an_empty_market(api: Api) -> None:
    assert (await api.data(DASHBOARD))["dashboard"] == plain_dashboard([])


# --- role insights --------------------------------------------------------------------------------------------------

INSIGHTS = """query($filter: RoleInsightsFilter) { roleInsights(filter: $filter) {
  acquisitions { role { name } month count } engagement { role { name } count }
  engagementOverTime { role { name } month count } } }"""


async def decide(api: Api, *events: tuple[str, str, str, str, str, str, str]) -> None:
    """Plants what was decided: at, person, group, role, action, source, outcome."""
    await rows(
        api.db,
        """UNWIND ['Champion', 'Influencer', 'Other'] AS name MATCH (r:Role {name: name}) WITH collect(r) AS _
        UNWIND $events AS row MATCH (r:Role {name: row[3]})
        MERGE (p:Person {id: row[1], name: row[1]}) MERGE (g:BuyingGroup {id: row[2], name: row[2], interestId: $uuid + row[2]})
        CREATE (e:MembershipEvent {id: randomUUID(), at: datetime(row[0]), roleId: r.id, role: r.name, action: row[4],
          source: row[5], outcome: row[6]}), (e)-[:ABOUT]->(p), (e)-[:IN]->(g)""",
        events=[list(event) for event in events],
        uuid=UUID.format(0)[:-1],
    )


def months(found: list[dict[str, Any]]) -> list[tuple[str, str, int]]:
    return [(one["month"], one["role"]["name"], one["count"]) for one in found]


YEAR = {"from": "2025-03-01", "to": "2026-02-28"}


async def acquired(api: Api, **more: Any) -> list[tuple[str, str, int]]:
    return months((await api.data(INSIGHTS, filter={**YEAR, **more}))["roleInsights"]["acquisitions"])


async def test_acquisitions_count_who_joined_per_role_and_month(api: Api) -> None:
    await decide(
        api,
        ("2025-06-01T00:00:00Z", "ann", "1", "Champion", "ASSIGN", "SYSTEM", "APPLIED"),
        ("2025-06-30T23:59:59.999999999Z", "bob", "1", "Champion", "ASSIGN", "JOURNEY", "APPLIED"),
        ("2025-07-01T00:00:00Z", "cid", "1", "Champion", "ASSIGN", "MANUAL", "APPLIED"),
        # In a second group the same month: still one person.
        ("2025-06-02T00:00:00Z", "ann", "2", "Champion", "ASSIGN", "SYSTEM", "APPLIED"),
        # Another role is joined anew.
        ("2025-06-03T00:00:00Z", "ann", "1", "Influencer", "CHANGE_ROLE", "SYSTEM", "APPLIED"),
        # What was overruled, and removals, make nobody join.
        ("2025-06-04T00:00:00Z", "dan", "1", "Champion", "ASSIGN", "SYSTEM", "OVERRULED"),
        ("2025-06-05T00:00:00Z", "eve", "1", "Champion", "REMOVE", "MANUAL", "APPLIED"),
    )
    expected = [("2025-06-01", "Champion", 2), ("2025-06-01", "Influencer", 1), ("2025-07-01", "Champion", 1)]
    assert await acquired(api) == expected
    roles = await role_ids(api.db)
    influencer = ids.encode("Role", roles["Influencer"])
    assert await acquired(api, roleIds=[influencer]) == [("2025-06-01", "Influencer", 1)]
    assert await acquired(api, roleIds=[]) == []
    assert await acquired(api, solutionInterestIds=[f"int_{UUID.format(2)}"]) == [("2025-06-01", "Champion", 1)]


async def test_confirming_who_holds_the_role_makes_nobody_join(api: Api) -> None:
    await decide(
        api,
        ("2025-04-01T00:00:00Z", "ann", "1", "Champion", "ASSIGN", "SYSTEM", "APPLIED"),
        ("2025-05-01T00:00:00Z", "ann", "1", "Champion", "ASSIGN", "JOURNEY", "APPLIED"),
        ("2025-05-15T00:00:00Z", "ann", "1", "Other", "ASSIGN", "SYSTEM", "OVERRULED"),
        ("2025-06-01T00:00:00Z", "ann", "1", "Champion", "ASSIGN", "MANUAL", "APPLIED"),
        ("2025-07-01T00:00:00Z", "ann", "1", "Champion", "REMOVE", "MANUAL", "APPLIED"),
        ("2025-08-01T00:00:00Z", "ann", "1", "Champion", "ASSIGN", "MANUAL", "APPLIED"),
    )
    assert await acquired(api) == [("2025-04-01", "Champion", 1), ("2025-08-01", "Champion", 1)]


async def test_acquisitions_of_real_decisions(api: Api, tree: Sold) -> None:
    """The job assigns ann three times as Decision Maker and the engineers; confirming ann by hand changes nothing."""
    month = f"{datetime.now(UTC):%Y-%m}-01"
    before = months((await api.data(INSIGHTS))["roleInsights"]["acquisitions"])
    assert before == [(month, "Decision Maker", 1), (month, "Practitioner", 2)]
    roles = await role_ids(api.db)
    group, ann = await team_and_ann(api)
    assign = """mutation($i: AssignMembersInput!) { assignMembers(input: $i) { results { outcome } } }"""
    for role, expected in (("Decision Maker", before), ("Champion", [(month, "Champion", 1), *before])):
        member = {"personId": ann, "roleId": ids.encode("Role", roles[role])}
        answer = await api.data(assign, i={"buyingGroupId": group, "members": [member]})
        assert answer["assignMembers"]["results"] == [{"outcome": "APPLIED"}]
        assert months((await api.data(INSIGHTS))["roleInsights"]["acquisitions"]) == expected


@pytest.mark.parametrize(
    ("at", "counts"),
    [
        ("2025-02-28T23:59:59.999999999Z", False),
        ("2025-03-01T00:00:00Z", True),
        ("2026-02-28T23:59:59.999999999Z", True),
        ("2026-03-01T00:00:00Z", False),
        ("2026-03-01T00:30:00+01:00", True),  # still February in UTC
    ],
)
async def test_the_period_is_of_whole_days_in_utc(api: Api, at: str, counts: bool) -> None:
    await decide(api, (at, "ann", "1", "Champion", "ASSIGN", "SYSTEM", "APPLIED"))
    await act(api, ("ann", at))
    await join(api, ("ann", "1", "Champion"))
    found = (await api.data(INSIGHTS, filter=YEAR))["roleInsights"]
    month = "2025-03-01" if at.startswith("2025") else "2026-02-01"
    expected = [(month, "Champion", 1)] if counts else []
    assert (months(found["acquisitions"]), months(found["engagementOverTime"])) == (expected, expected)


async def test_the_past_year_unless_told(api: Api) -> None:
    now = datetime.now(UTC)
    a_year_ago = now.replace(year=now.year - 1) if (now.month, now.day) != (2, 29) else now - timedelta(366)
    moments = [now, a_year_ago, a_year_ago - timedelta(days=1, hours=1)]
    await decide(
        api, *((at.isoformat(), f"p{n}", "1", "Champion", "ASSIGN", "SYSTEM", "APPLIED") for n, at in enumerate(moments))
    )
    assert sum(count for *_, count in months((await api.data(INSIGHTS))["roleInsights"]["acquisitions"])) == 2
    to = {"to": f"{a_year_ago:%Y-%m-%d}"}
    assert sum(count for *_, count in months((await api.data(INSIGHTS, filter=to))["roleInsights"]["acquisitions"])) == 2


async def test_a_period_that_ends_before_it_begins_is_refused(api: Api) -> None:
    tomorrow = f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%d}"
    for wanted, last in (({"from": "2025-02-02", "to": "2025-02-01"}, "2025-02-01"), ({"from": tomorrow}, "")):
        (error,) = await api.errors(INSIGHTS, filter=wanted)
        assert error["message"].startswith(f"filter.from: must not lie after {last}")
        assert error["path"] == ["roleInsights"]
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert (await api.data(INSIGHTS, filter={"from": "2025-02-01", "to": "2025-02-01"}))["roleInsights"]["acquisitions"] == []


async def act(api: Api, *activities: tuple[str, str]) -> None:
    await rows(
        api.db,
        """UNWIND $rows AS row MERGE (p:Person {id: row[0], name: row[0]})
        CREATE (p)-[:HAD_ACTIVITY]->(:Activity {activityId: randomUUID(), type: 'Page Views', occurredAt: datetime(row[1])})""",
        rows=[list(one) for one in activities],
    )


async def join(api: Api, *members: tuple[str, str, str]) -> None:
    await rows(
        api.db,
        """UNWIND $rows AS row MATCH (r:Role {name: row[2]})
        MERGE (p:Person {id: row[0], name: row[0]}) MERGE (g:BuyingGroup {id: row[1], name: row[1], interestId: $uuid + row[1]})
        CREATE (p)-[:MEMBER_OF {roleId: r.id, role: r.name}]->(g)""",
        rows=[list(one) for one in members],
        uuid=UUID.format(0)[:-1],
    )


async def test_engagement_counts_the_activities_of_who_holds_a_role(api: Api) -> None:
    await join(
        api,
        ("ann", "1", "Champion"),
        ("ann", "2", "Champion"),  # an activity counts once per role
        ("ann", "3", "Other"),  # and for each role
        ("bob", "1", "Champion"),
        ("cid", "1", "Influencer"),  # does nothing
    )
    await act(
        api,
        ("ann", "2025-05-31T23:59:59Z"),
        ("ann", "2025-06-01T00:00:00Z"),
        ("bob", "2025-06-15T12:00:00Z"),
        ("dan", "2025-06-15T12:00:00Z"),  # is in no group
        ("bob", "2024-06-15T12:00:00Z"),  # too long ago
    )
    found = (await api.data(INSIGHTS, filter=YEAR))["roleInsights"]
    assert [(one["role"]["name"], one["count"]) for one in found["engagement"]] == [("Champion", 3), ("Other", 2)]
    assert months(found["engagementOverTime"]) == [
        ("2025-05-01", "Champion", 1),
        ("2025-05-01", "Other", 1),
        ("2025-06-01", "Champion", 2),
        ("2025-06-01", "Other", 1),
    ]
    narrowed = {**YEAR, "solutionInterestIds": [f"int_{UUID.format(2)}", f"int_{UUID.format(3)}"]}
    found = (await api.data(INSIGHTS, filter=narrowed))["roleInsights"]
    assert [(one["role"]["name"], one["count"]) for one in found["engagement"]] == [("Champion", 2), ("Other", 2)]
    other = ids.encode("Role", (await role_ids(api.db))["Other"])
    found = (await api.data(INSIGHTS, filter={**YEAR, "roleIds": [other]}))["roleInsights"]
    assert [(one["role"]["name"], one["count"]) for one in found["engagement"]] == [("Other", 2)]
