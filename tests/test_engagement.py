"""Engagement: its models, and the calculation against an independent reading of the rules."""

from __future__ import annotations

import asyncio
import itertools
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from make import BY, Api, Person, card, plant, role_ids, rows, sell
from often import examples

from graph import activities, engagement, jobs, members, people, scoring, slices
from graph.db import Db
from graph.errors import Unavailable
from graph.model import AssignmentSource, CardSpec, Weighting
from graph.queries import Query

DAY = date(2026, 10, 15)
NOON = datetime(2026, 10, 15, 12, tzinfo=UTC)
DEFAULT = {
    "Attend Event": 60.0,
    "Register for Event": 60.0,
    "Interesting Moment": 60.0,
    "Form Filled Out": 40.0,
    "Link Clicks": 40.0,
    "Page Views": 40.0,
    "Email Clicked": 30.0,
    "Email Opened": 30.0,
}
ROLE_WEIGHTS = {"Decision Maker": 100, "Influencer": 80, "Practitioner": 60, "Champion": 20}
ERRORS = "userErrors { field code message }"

# --- the independent reading ----------------------------------------------------------------------------------------

Done = tuple[str, str, datetime]  # who, what, when


def person_scores(everybody: Iterable[str], done: Iterable[Done], day: date, weights: Mapping[str, float]) -> dict[str, float]:
    """Everybody's score, as domain.md 9 says it."""
    last_30 = {day - timedelta(days=back) for back in range(30)}
    times = Counter((who, what, when.astimezone(UTC).date()) for who, what, when in done)
    counted = {key: n for key, n in times.items() if key[2] in last_30 and weights.get(key[1], 0) > 0}
    largest = max((weights[what] for _, what, _ in counted), default=0)
    raw = dict.fromkeys(everybody, 0.0)
    for (who, what, _), n in counted.items():
        raw[who] += min(n, 20) * weights[what] / largest
    return scaled(raw)


def group_scores(groups: Mapping[str, Mapping[str, str]], scores: Mapping[str, float]) -> dict[str, float]:
    """Every group's score; groups map their members to their roles."""
    raw: dict[str, float] = {}
    for group, held in groups.items():
        total = sum(ROLE_WEIGHTS[role] for role in set(held.values()))
        raw[group] = sum(scores[who] * ROLE_WEIGHTS[role] / total for who, role in held.items())
    return scaled(raw)


def scaled(raw: Mapping[str, float]) -> dict[str, float]:
    roots = {key: math.sqrt(value) for key, value in raw.items()}
    highest = max(roots.values(), default=0)
    return {key: root / highest * 100 if highest else 0.0 for key, root in roots.items()}


# --- markets --------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Market:
    """People a to f and groups at accounts, each mapping its members to their roles."""

    db: Db
    groups: Mapping[str, Mapping[str, str]]
    interest_id: str
    audience_id: str
    done: list[Done] = field(default_factory=list[Done])

    async def record(self, *done: Done) -> None:
        """Records what people did, and remembers it."""
        places = itertools.count(len(self.done))
        batch = [
            {"activityId": f"x{n}", "personExternalId": p, "type": t, "occurredAt": at}
            for n, (p, t, at) in zip(places, done, strict=False)
        ]
        for start in range(0, len(batch), 5000):
            result = await activities.record(self.db, batch[start : start + 5000])
            assert (result.problems, result.duplicates) == ((), 0)
        self.done += done

    async def calculate(self, as_of: datetime = NOON) -> None:
        await jobs.start_scoring(self.db, as_of, by=BY)
        assert await jobs.run_all(self.db) == 1

    def expected(self, day: date = DAY, weights: Mapping[str, float] = DEFAULT) -> tuple[dict[str, float], dict[str, float]]:
        scores = person_scores("abcdef", self.done, day, weights)
        return scores, group_scores(self.groups, scores)


GROUPS: Mapping[str, Mapping[str, str]] = {
    "One": {"a": "Decision Maker"},
    "Two": {"b": "Decision Maker", "c": "Decision Maker", "d": "Influencer"},
    "Three": {"a": "Champion", "b": "Practitioner", "c": "Influencer", "d": "Decision Maker"},
    "Empty": {},
}


async def market(db: Db, groups: Mapping[str, Mapping[str, str]] = GROUPS) -> Market:
    """A market before its first calculation."""
    crowd = [Person(key, dict.fromkeys(groups)) for key in "abcdef"]
    known = await plant(db, dict.fromkeys(groups), crowd)
    roles = await role_ids(db)
    weightings = zip(ROLE_WEIGHTS, (Weighting.VITAL, Weighting.IMPORTANT, Weighting.NORMAL, Weighting.TRIVIAL), strict=True)
    cards: list[CardSpec] = [card(roles[role], weighting=weighting) for role, weighting in weightings]
    sold = await sell(db, cards, [known[account] for account in groups])
    for account, held in groups.items():
        pairs = [(known[who], roles[role]) for who, role in held.items()]
        if pairs:
            await members.assign(db, sold.groups[known[account]], pairs, source=AssignmentSource.MANUAL, by=BY)
    await rows(db, "MATCH (n) WHERE n:Person OR n:BuyingGroup REMOVE n.engagementScore")
    await rows(db, "MATCH (e:BuyingGroupEvent) DETACH DELETE e")
    return Market(db, groups, sold.interest_id, sold.audience_id)


def every(who: str, what: str, times: int, day: date = DAY) -> list[Done]:
    """Somebody does something several times on a day."""
    return [(who, what, datetime(day.year, day.month, day.day, 8, tzinfo=UTC) + timedelta(seconds=n)) for n in range(times)]


async def scores(db: Db) -> tuple[dict[str, float | None], dict[str, float | None]]:
    """Everybody's and every group's stored score, by external id and by account."""
    found = await rows(db, "MATCH (p:Person) RETURN p.externalId AS key, p.engagementScore AS score")
    groups = await rows(db, "MATCH (g:BuyingGroup)-[:FOR_ACCOUNT]->(a) RETURN a.name AS key, g.engagementScore AS score")
    return {row["key"]: row["score"] for row in found}, {row["key"]: row["score"] for row in groups}


async def changes(db: Db) -> list[tuple[str, str | None, str]]:
    """What groups' followers were told: account, previous, current."""
    found = await rows(
        db,
        """MATCH (e:BuyingGroupEvent {type: 'ENGAGEMENT_CHANGED'})-[:IN]->(:BuyingGroup)-[:FOR_ACCOUNT]->(a:Account)
        RETURN a.name AS account, e.previous AS previous, e.current AS current ORDER BY e.seq""",
    )
    return [(row["account"], row["previous"], row["current"]) for row in found]


def agrees(found: tuple[Mapping[str, float | None], Mapping[str, float | None]], expected: Any) -> bool:
    return all(found[i] == pytest.approx(expected[i], abs=1e-9) for i in range(2))


# --- the calculation ------------------------------------------------------------------------------------------------


async def test_the_worked_example(db: Db) -> None:
    """Role totals of 52, 28 and 17 with Vital, Important, Normal make 35.25; 37 visits in a day count as 20."""
    groups = {"Top": {"a": "Decision Maker"}, "Example": {"b": "Decision Maker", "c": "Influencer", "d": "Practitioner"}}
    here = await market(db, groups)
    # A score of s takes s² points, if the highest has 10,000: 2,704, 784 and 289.
    await new_model(db, {"K": 1000.0, "C": 100.0, "X": 10.0, "I": 1.0})
    yesterday = DAY - timedelta(days=1)
    await here.record(*every("a", "K", 10))
    await here.record(*every("b", "C", 37), *every("b", "C", 7, yesterday), *every("b", "I", 4))
    await here.record(*every("c", "C", 7), *every("c", "X", 8), *every("c", "I", 4))
    await here.record(*every("d", "C", 2), *every("d", "X", 8), *every("d", "I", 9))
    await here.calculate()
    found, of_groups = await scores(db)
    assert [found[who] for who in "abcd"] == pytest.approx([100, 52, 28, 17], abs=1e-12)
    assert of_groups == pytest.approx({"Top": 100, "Example": math.sqrt(35.25 / 100) * 100}, abs=1e-12)


async def test_at_most_20_of_a_type_count_on_a_day(db: Db) -> None:
    here = await market(db)
    await here.record(*every("a", "Page Views", 37), *every("b", "Page Views", 20), *every("c", "Page Views", 5))
    await here.record(*every("c", "Link Clicks", 10), *every("c", "Page Views", 5, DAY - timedelta(days=1)))
    await here.calculate()
    found, _ = await scores(db)
    assert found == {"a": 100, "b": 100, "c": 100, "d": 0, "e": 0, "f": 0}


@pytest.mark.parametrize(
    ("moment", "counts"),
    [
        ("2026-09-16T00:00:00.000Z", True),
        ("2026-09-15T23:59:59.999Z", False),
        ("2026-09-16T01:59:00.000+02:00", False),
        ("2026-09-15T20:00:00.000-04:00", True),
        ("2026-10-15T23:59:59.999Z", True),
        ("2026-10-16T00:00:00.000Z", False),
        ("2026-10-16T01:59:59.000+02:00", True),
        ("2026-10-15T22:00:00.000-02:00", False),
    ],
)
async def test_the_window_is_the_day_and_the_29_before_it_in_utc(db: Db, moment: str, counts: bool) -> None:
    here = await market(db)
    await here.record(("a", "Page Views", datetime.fromisoformat(moment)))
    for as_of in (datetime(2026, 10, 15, tzinfo=UTC), datetime(2026, 10, 15, 23, 59, tzinfo=UTC)):
        await here.calculate(as_of)
        assert (await scores(db))[0]["a"] == (100 if counts else 0)


async def test_the_day_of_the_calculation_is_the_utc_day(db: Db) -> None:
    here = await market(db)
    await here.record(*every("a", "Page Views", 1, DAY))
    await here.calculate(datetime(2026, 10, 14, 23, 0, tzinfo=timezone(timedelta(hours=-2))))
    assert (await scores(db))[0]["a"] == 100
    await here.calculate(datetime(2026, 10, 15, 1, 0, tzinfo=timezone(timedelta(hours=2))))
    assert (await scores(db))[0]["a"] == 0


async def test_the_cap_counts_days_in_utc(db: Db) -> None:
    here = await market(db)
    midnight = datetime(2026, 10, 14, tzinfo=UTC)
    around = [midnight + timedelta(seconds=n) for n in range(-20, 20)]
    await here.record(*(("a", "Page Views", moment.astimezone(timezone(timedelta(hours=5)))) for moment in around))
    await here.record(*every("b", "Page Views", 40))
    await here.calculate()
    found, _ = await scores(db)
    assert (found["a"], found["b"]) == (100, pytest.approx(100 * math.sqrt(1 / 2), abs=1e-12))


async def test_an_offset_in_which_an_activity_is_kept_does_not_matter(db: Db) -> None:
    """Imports and analysts may write other offsets than the API does."""
    here = await market(db)
    await here.record(*every("a", "Page Views", 30), *every("b", "Page Views", 20))
    await rows(
        db,
        """MATCH (x:Activity) SET x.occurredAt = datetime({datetime: datetime('2026-10-15T00:00:00Z'), timezone: '+09:00'})
          + duration({seconds: toInteger(substring(x.activityId, 1))})""",
    )
    await here.calculate()
    found, _ = await scores(db)
    assert (found["a"], found["b"]) == (100, 100)


async def test_only_weights_of_activities_that_occurred_set_the_scale(db: Db) -> None:
    """With the window's largest weight as the divisor or any other, scores are the same but for the scale: it cancels out.
    So the sums themselves are looked at."""
    here = await market(db)
    await here.record(*every("a", "Email Opened", 3), *every("b", "Attend Event", 1, DAY - timedelta(days=30)))
    begun = await db.transaction(lambda tx: scoring.step(tx, {}, job_id="x", as_of=NOON, by=BY))
    assert begun.cursor is not None
    assert begun.cursor["shares"] == {"Email Opened": 1.0}
    await here.record(*every("c", "Page Views", 1), *every("d", "Unheard Of", 1))
    begun = await db.transaction(lambda tx: scoring.step(tx, {}, job_id="x", as_of=NOON, by=BY))
    assert begun.cursor is not None
    assert begun.cursor["shares"] == {"Email Opened": 0.75, "Page Views": 1.0}


async def test_weight_0_and_types_without_weight_are_left_out(db: Db) -> None:
    here = await market(db)
    weights = {"Page Views": 10.0, "Email Opened": 0.0}
    await new_model(db, weights)
    await here.record(*every("a", "Email Opened", 9), *every("b", "Page Views", 1), *every("c", "page views", 9))
    await here.record(*every("d", "Attend Event", 9))
    await here.calculate()
    assert (await scores(db))[0] == {"a": 0, "b": 100, "c": 0, "d": 0, "e": 0, "f": 0}
    assert agrees(await scores(db), here.expected(weights=weights))


async def test_when_every_weight_is_0_nobody_is_active(db: Db) -> None:
    here = await market(db)
    await new_model(db, dict.fromkeys(DEFAULT, 0.0))
    await here.record(*every("a", "Page Views", 3))
    await here.calculate()
    assert await scores(db) == (dict.fromkeys("abcdef", 0.0), dict.fromkeys(GROUPS, 0.0))


async def test_when_nobody_is_active_all_scores_are_0(db: Db) -> None:
    here = await market(db)
    assert await scores(db) == (dict.fromkeys("abcdef"), dict.fromkeys(GROUPS))
    await here.record(*every("a", "Page Views", 3, DAY - timedelta(days=30)), *every("b", "Unheard Of", 3))
    await here.calculate()
    assert await scores(db) == (dict.fromkeys("abcdef", 0.0), dict.fromkeys(GROUPS, 0.0))


async def test_a_group_without_members_has_0(db: Db) -> None:
    here = await market(db)
    await here.record(*every("a", "Page Views", 3))
    await here.calculate()
    _, groups = await scores(db)
    assert groups["Empty"] == 0
    assert groups == pytest.approx(here.expected()[1], abs=1e-9)


async def test_weights_of_the_groups_own_template_version_count(db: Db) -> None:
    """A LIVE template's new weightings count for a group once maintenance has moved it to the new version."""
    from graph import templates

    here = await market(db)
    await here.record(*every("b", "Page Views", 20), *every("c", "Page Views", 5), *every("d", "Page Views", 10))
    await here.calculate()
    before = await scores(db)
    roles = await role_ids(db)
    template = (await rows(db, "MATCH (t:RoleTemplate) RETURN t.id AS id"))[0]["id"]
    same = [card(roles[role], weighting=Weighting.NORMAL) for role in ROLE_WEIGHTS]
    await templates.update(db, template, "Interest template", None, same, by=BY)
    await here.calculate()
    assert await scores(db) == before
    await jobs.start_maintenance(db, by=BY)
    await jobs.run_all(db)
    await here.calculate()
    found, groups = await scores(db)
    raw = {group: sum(found[who] or 0 for who in held) / (len(set(held.values())) or 1) for group, held in GROUPS.items()}
    assert groups == pytest.approx(scaled(raw), abs=1e-9)
    assert groups != pytest.approx(before[1], abs=1e-3)


TYPES = ("Page Views", "Email Opened", "Attend Event", "Unheard Of")
MOMENTS = st.builds(
    lambda day, edge, hours: (
        datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC) - timedelta(days=day) + timedelta(milliseconds=edge)
    ).astimezone(timezone(timedelta(hours=hours))),
    st.sampled_from([-1, 0, 0, 1, 2, 15, 28, 29, 30, 31]),
    st.sampled_from([0, -1, 1, 43_200_000, 86_399_999]),
    st.integers(-12, 14),
)
BURSTS = st.lists(
    st.tuples(st.sampled_from("abcde"), st.sampled_from(TYPES), MOMENTS, st.sampled_from([1, 2, 19, 20, 21, 37])), max_size=12
)
WEIGHTS = st.dictionaries(st.sampled_from(TYPES), st.sampled_from([0.0, 0.1, 1.0, 30.0, 40.0, 60.0, 1e300]), max_size=4)


@pytest.fixture
async def shared_market(db: Db) -> Market:
    """One market for all the examples of a test."""
    return await market(db)


@examples(25)
@given(bursts=BURSTS, weights=WEIGHTS)
async def test_scores_are_those_of_the_independent_reading(
    shared_market: Market, bursts: Sequence[tuple[str, str, datetime, int]], weights: Mapping[str, float]
) -> None:
    here, db = shared_market, shared_market.db
    await rows(db, "MATCH (x:Activity) DETACH DELETE x")
    here.done.clear()
    await new_model(db, weights)
    await here.record(*((who, what, when) for who, what, when, times in bursts for _ in range(times)))
    await here.calculate()
    assert agrees(await scores(db), here.expected(weights=weights))


async def test_batches_make_no_difference(db: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    small_batches(monkeypatch)
    here = await market(db)
    await here.record(*busy_days())
    await here.calculate()
    assert agrees(await scores(db), here.expected())


def busy_days() -> list[Done]:
    """What makes every score differ from every other."""
    return [one for n, who in enumerate("abcde", 1) for one in every(who, list(DEFAULT)[n], 3 * n)]


def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SUMMED", "PEOPLE_RATED", "GROUPS_RATED"):
        monkeypatch.setattr(scoring, name, 2 if name == "SUMMED" else 1)


async def test_what_does_not_change_is_not_written_and_no_event(db: Db) -> None:
    here = await market(db)
    await here.record(*busy_days())
    await here.calculate()
    _, groups = await scores(db)
    assert sorted(await changes(db)) == sorted((name, None, str(score)) for name, score in groups.items())
    before = await rows(db, "MATCH (n) WHERE n:Person OR n:BuyingGroup RETURN n.id AS id, n.updatedAt AS at ORDER BY id")
    await here.calculate()
    assert await rows(db, "MATCH (n) WHERE n:Person OR n:BuyingGroup RETURN n.id AS id, n.updatedAt AS at ORDER BY id") == before
    assert len(await changes(db)) == len(groups)
    # f is in no group, and too quiet to move the scale.
    await here.record(*every("f", "Page Views", 1))
    await here.calculate()
    touched = await rows(
        db, "MATCH (n) WHERE n:Person OR n:BuyingGroup RETURN n.id AS id, n.updatedAt AS at, n.externalId AS key ORDER BY id"
    )
    assert [now["key"] for now, former in zip(touched, before, strict=True) if now["at"] != former["at"]] == ["f"]
    assert len(await changes(db)) == len(groups)


async def test_events_tell_the_former_and_the_new_score(db: Db) -> None:
    here = await market(db)
    await here.record(*every("a", "Page Views", 2))
    await here.calculate()
    _, former = await scores(db)
    await rows(db, "MATCH (e:BuyingGroupEvent) DETACH DELETE e")
    await here.record(*every("b", "Page Views", 9))
    await here.calculate()
    _, now = await scores(db)
    changed = {name for name in GROUPS if now[name] != former[name]}
    assert changed == {"One", "Two", "Three"}
    assert sorted(await changes(db)) == sorted((name, str(former[name]), str(now[name])) for name in changed)


# --- jobs -----------------------------------------------------------------------------------------------------------


async def test_a_creation_job_that_makes_groups_ends_with_a_calculation(api: Api) -> None:
    here = await market(api.db)
    await rows(api.db, "MATCH (g:BuyingGroup) DETACH DELETE g")
    now = datetime.now(UTC)
    await here.record(("a", "Page Views", now))
    await jobs.start_creation(api.db, here.interest_id, here.audience_id, by=BY)
    assert await jobs.run_all(api.db) == 1
    assert await scores(api.db) == ({**dict.fromkeys("abcdef", 0.0), "a": 100.0}, dict.fromkeys(GROUPS, 0.0))
    found = await api.data("{ jobs { edges { node { kind status } } } buyingGroups { edges { node { engagementScore } } } }")
    assert {edge["node"]["kind"] for edge in found["jobs"]["edges"]} == {"CREATE"}
    assert {edge["node"]["status"] for edge in found["jobs"]["edges"]} == {"SUCCEEDED"}
    assert [edge["node"]["engagementScore"] for edge in found["buyingGroups"]["edges"]] == [0.0] * 4


async def test_between_calculations_scores_stand_still(db: Db) -> None:
    here = await market(db)
    await here.record(*busy_days())
    await here.calculate()
    before = await scores(db)
    await here.record(*every("f", "Attend Event", 20))
    assert await scores(db) == before
    await jobs.start_creation(db, here.interest_id, here.audience_id, by=BY)
    await jobs.start_maintenance(db, by=BY)
    assert await jobs.run_all(db) == 2  # neither made a group
    assert await scores(db) == before


async def test_maintenance_that_makes_groups_ends_with_a_calculation(db: Db) -> None:
    await market(db)
    await rows(db, "MATCH (g:BuyingGroup)-[:FOR_ACCOUNT]->(:Account {name: 'Empty'}) DETACH DELETE g")
    await jobs.start_maintenance(db, by=BY)
    assert await jobs.run_all(db) == 1
    assert await scores(db) == (dict.fromkeys("abcdef", 0.0), dict.fromkeys(GROUPS, 0.0))


RECALCULATE = f"mutation($at: DateTime) {{ m: recalculateEngagement(asOf: $at) {{ job {{ id kind status asOf }} {ERRORS} }} }}"


async def test_recalculation_is_a_job(api: Api) -> None:
    here = await market(api.db)
    await here.record(*busy_days())
    payload = (await api.data(RECALCULATE, at="2026-10-15T14:00:00+02:00"))["m"]
    assert payload["userErrors"] == []
    assert payload["job"] | {"id": None} == {"id": None, "kind": "SCORE", "status": "QUEUED", "asOf": "2026-10-15T12:00:00.000Z"}
    await api.run_jobs()
    found = await api.data(
        "query($id: ID!) { job(id: $id) { status error } people { edges { node { externalId engagementScore } } } }",
        id=payload["job"]["id"],
    )
    assert found["job"] == {"status": "SUCCEEDED", "error": None}
    of_people = {edge["node"]["externalId"]: edge["node"]["engagementScore"] for edge in found["people"]["edges"]}
    assert of_people == pytest.approx(here.expected()[0], abs=1e-9)


async def test_even_the_first_of_days_can_be_calculated(api: Api) -> None:
    assert (await api.data(RECALCULATE, at="0001-01-01T00:00:00Z"))["m"]["userErrors"] == []
    await api.run_jobs()
    assert (await api.data("{ jobs { edges { node { status error } } } }"))["jobs"]["edges"][0]["node"]["status"] == "SUCCEEDED"


async def test_without_a_time_it_is_as_of_now(api: Api) -> None:
    here = await market(api.db)
    now = datetime.now(UTC)
    await here.record(("a", "Page Views", now - timedelta(days=1)), ("b", "Page Views", now - timedelta(days=31)))
    assert (await api.data(RECALCULATE))["m"]["job"]["asOf"] is None
    await api.run_jobs()
    found, _ = await scores(api.db)
    assert (found["a"], found["b"]) == (100, 0)


async def test_a_time_later_than_now_is_refused(api: Api) -> None:
    later = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
    payload = (await api.data(RECALCULATE, at=later))["m"]
    assert payload["job"] is None
    assert [(error["field"], error["code"]) for error in payload["userErrors"]] == [(["asOf"], "INVALID")]
    assert await rows(api.db, "MATCH (j:Job) RETURN j") == []


async def test_a_calculation_waits_for_the_jobs_asked_for_before_it(db: Db) -> None:
    here = await market(db)
    await jobs.start_maintenance(db, by=BY)
    await rows(db, "MATCH (j:Job {status: 'QUEUED'}) SET j.status = 'RUNNING', j._leasedUntil = datetime() + duration('PT1H')")
    await jobs.start_scoring(db, NOON, by=BY)
    assert await jobs.run_all(db) == 0
    await rows(db, "MATCH (j:Job {status: 'RUNNING'}) SET j._leasedUntil = datetime() - duration('PT1S')")
    assert await jobs.run_all(db) == 2
    assert (await scores(db))[1] == dict.fromkeys(here.groups, 0.0)


@pytest.mark.parametrize("batch", [1, 2, 4, 5, 8, 13])
async def test_a_calculation_whose_instance_dies_goes_on_elsewhere(db: Db, monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
    small_batches(monkeypatch)
    here = await market(db)
    await here.record(*busy_days())
    await jobs.start_scoring(db, NOON, by=BY)
    calls = itertools.count()
    step = scoring.step

    async def dies(*args: Any, **more: Any) -> Any:
        if next(calls) == batch:
            raise Unavailable("the instance is gone")
        return await step(*args, **more)

    monkeypatch.setattr(scoring, "step", dies)
    with pytest.raises(Unavailable):
        await jobs.run_all(db)
    await rows(db, "MATCH (j:Job {status: 'RUNNING'}) SET j._leasedUntil = datetime() - duration('PT1S')")
    assert await jobs.run_all(db) == 1
    assert agrees(await scores(db), here.expected())
    assert sorted(name for name, _, _ in await changes(db)) == sorted(GROUPS)
    assert await rows(db, "MATCH (s:_Scores) RETURN s") == []


async def test_one_that_was_overtaken_begins_anew(db: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a job's instance is gone, another job calculates; what the first kept is of no use to it any more."""
    small_batches(monkeypatch)
    here = await market(db)
    await here.record(*busy_days())
    first, second = "first", "second"
    await rows(
        db,
        "UNWIND ['first', 'second'] AS id CREATE (:Job {id: id, status: 'RUNNING', _leasedUntil: datetime() + duration('PT1H')})",
    )

    async def go(job: str, cursor: scoring.Cursor) -> scoring.Step:
        return await db.transaction(lambda tx: scoring.step(tx, cursor, job_id=job, as_of=NOON, by=BY))

    mine = await go(first, {})
    mine = await go(first, mine.cursor or {})
    assert (await go(second, {})).busy
    await rows(db, "MATCH (j:Job {id: 'first'}) SET j._leasedUntil = datetime() - duration('PT1S')")
    theirs = await go(second, {})
    while theirs.cursor is not None:
        theirs = await go(second, theirs.cursor)
    await rows(db, "MATCH (j:Job {id: 'second'}) SET j.status = 'SUCCEEDED'")
    await here.record(*every("f", "Attend Event", 20))
    mine = await go(first, mine.cursor or {})
    assert mine.cursor is not None
    assert (mine.cursor["phase"], "after" in mine.cursor) == ("sum people", False)
    while mine.cursor is not None:
        mine = await go(first, mine.cursor)
    assert agrees(await scores(db), here.expected())


async def test_jobs_that_calculate_at_once_do_not_mix_their_scores(db: Db, monkeypatch: pytest.MonkeyPatch) -> None:
    small_batches(monkeypatch)
    monkeypatch.setattr(jobs, "LOOK", 0.01)
    here = await market(db)
    await rows(db, "MATCH (g:BuyingGroup)-[:FOR_ACCOUNT]->(:Account {name: 'Empty'}) DETACH DELETE g")
    now = datetime.now(UTC)
    await here.record(*busy_days(), *((who, "Page Views", now) for n, who in enumerate("fedcba", 1) for _ in range(n)))
    await jobs.start_scoring(db, NOON, by=BY)
    await jobs.start_creation(db, here.interest_id, here.audience_id, by=BY)
    assert sum(await asyncio.gather(jobs.run_all(db), jobs.run_all(db))) == 2
    assert {row["status"] for row in await rows(db, "MATCH (j:Job) RETURN j.status AS status")} == {"SUCCEEDED"}
    found = await scores(db)
    assert agrees(found, here.expected()) or agrees(found, here.expected(now.date()))
    assert await rows(db, "MATCH (s:_Scores) RETURN s") == []


# --- in slices ------------------------------------------------------------------------------------------------------


@pytest.fixture
def _sliced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small markets are cut, too: into three, so that some slices have several batches and some may have none."""
    small_batches(monkeypatch)
    monkeypatch.setattr(slices, "MOST", 3)
    monkeypatch.setattr(scoring, "PEOPLE_SLICE", 2)
    monkeypatch.setattr(scoring, "GROUPS_SLICE", 1)
    monkeypatch.setattr(jobs, "LOOK", 0.01)


async def left(db: Db) -> int:
    """How many chunks and slices there are."""
    return (await rows(db, "RETURN COUNT { (:_Scores) } + COUNT { (:_Slice) } AS left"))[0]["left"]


@pytest.mark.usefixtures("_sliced")
async def test_two_at_once_calculate_in_slices_what_one_does(db: Db) -> None:
    here = await market(db)
    await here.record(*busy_days())
    await jobs.start_scoring(db, NOON, by=BY)
    # Of four phases three slices each, and the job itself, which cuts the first phase, and goes on when no slice is left.
    assert await jobs.run_all(db, at_once=2) == 4 * 3 + 5
    await all_as_expected(db, here)


@pytest.fixture
def _late_claims(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server makes claims a little later than they are asked for, also for who doesn't wait any more."""
    write = Db.write

    async def late(self: Db, statement: Query, **more: Any) -> list[dict[str, Any]]:
        await asyncio.sleep(0.02)
        return await write(self, statement, **more)

    async def written(self: Db, statement: Query, **more: Any) -> list[dict[str, Any]]:
        doing = late if statement.name == "job/claim" else write
        return await asyncio.shield(asyncio.create_task(doing(self, statement, **more)))

    monkeypatch.setattr(Db, "write", written)


@pytest.mark.usefixtures("_sliced", "_late_claims")
@pytest.mark.parametrize("batch", range(0, 20, 3))
async def test_a_slice_whose_instance_dies_is_calculated_elsewhere(db: Db, monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
    """One of two dies within a batch; the other one is stopped, perhaps just when it takes a slice, and gives that back."""
    here = await market(db)
    await here.record(*busy_days())
    await jobs.start_scoring(db, NOON, by=BY)
    calls = itertools.count()
    step = scoring.slice_step

    async def dies(*args: Any) -> Any:
        done = await step(*args)
        if next(calls) == batch:
            raise Unavailable("the instance is gone")  # and what the batch wrote with it
        return done

    monkeypatch.setattr(scoring, "slice_step", dies)
    with pytest.raises(Unavailable):
        await jobs.run_all(db, at_once=2)
    await rows(db, "MATCH (n:Job|_Slice) WHERE n._lease IS NOT NULL SET n._leasedUntil = datetime() - duration('PT1S')")
    await jobs.run_all(db)
    await all_as_expected(db, here)


async def all_as_expected(db: Db, here: Market) -> None:
    """Everybody has the score that they should, each group told of its own once, and nothing is left over."""
    assert agrees(await scores(db), here.expected())
    assert sorted(name for name, _, _ in await changes(db)) == sorted(GROUPS)
    assert await left(db) == 0


@pytest.mark.usefixtures("_sliced")
async def test_whoever_waits_for_a_calculation_helps_with_its_slices(db: Db) -> None:
    """An instance died with a slice, and the only other one has a job that waits for the calculation."""
    here = await market(db)
    await here.record(*busy_days())
    first = await jobs.start_scoring(db, NOON, by=BY)
    await jobs.run_next(db)
    await rows(db, "MATCH (s:_Slice) WITH s LIMIT 1 SET s._lease = 'gone', s._leasedUntil = datetime() + duration('PT2S')")
    await rows(db, "MATCH (g:BuyingGroup)-[:FOR_ACCOUNT]->(:Account {name: 'Empty'}) DETACH DELETE g")
    second = await jobs.start_creation(db, here.interest_id, here.audience_id, by=BY)
    async with asyncio.timeout(60):
        await jobs.run_all(db)
    told = {row["id"]: row["status"] for row in await rows(db, "MATCH (j:Job) RETURN j.id AS id, j.status AS status")}
    assert (told[first], told[second]) == ("SUCCEEDED", "SUCCEEDED")
    assert await left(db) == 0


@pytest.mark.usefixtures("_sliced")
async def test_a_cancelled_calculation_leaves_nothing_to_the_next(db: Db) -> None:
    here = await market(db)
    await here.record(*busy_days())
    first = await jobs.start_scoring(db, NOON, by=BY)
    await jobs.run_next(db)
    await jobs.run_next(db)  # a slice of the first phase
    await jobs.cancel(db, first)
    await here.record(*every("f", "Attend Event", 20))
    await jobs.start_scoring(db, NOON, by=BY)
    await jobs.run_all(db)
    assert agrees(await scores(db), here.expected())
    assert (await rows(db, "RETURN COUNT { (:_Scores) } AS chunks"))[0]["chunks"] == 0


async def test_people_who_come_later_have_no_score_until_the_next_calculation(db: Db) -> None:
    here = await market(db)
    await here.calculate()
    await people.upsert(db, [{"externalId": "late", "lastName": "Late"}], by=BY)
    assert (await scores(db))[0]["late"] is None
    await here.calculate()
    assert (await scores(db))[0]["late"] == 0


async def test_activities_older_than_the_window_stay_readable(api: Api) -> None:
    here = await market(api.db)
    await here.record(*every("a", "Page Views", 1, DAY - timedelta(days=90)))
    await here.calculate()
    found = await api.data('{ person(externalId: "a") { activities { edges { node { type occurredAt } } } } }')
    assert found["person"]["activities"]["edges"] == [{"node": {"type": "Page Views", "occurredAt": "2026-07-17T08:00:00.000Z"}}]


# --- models ---------------------------------------------------------------------------------------------------------

MODEL = "{ id name status createdBy updatedBy weights { activityType weight } }"
DUPLICATE = f"""mutation($id: ID!, $name: String!) {{
  m: duplicateEngagementModel(id: $id, name: $name) {{ engagementModel {MODEL} {ERRORS} }} }}"""
UPDATE = f"""mutation($id: ID!, $input: EngagementModelInput!) {{
  m: updateEngagementModel(id: $id, input: $input) {{ engagementModel {MODEL} {ERRORS} }} }}"""
ACTIVATE = f"mutation($id: ID!) {{ m: activateEngagementModel(id: $id) {{ engagementModel {MODEL} {ERRORS} }} }}"


async def new_model(db: Db, weights: Mapping[str, float]) -> str:
    """Activates a model with these weights and returns its id."""
    live = (await rows(db, "MATCH (m:EngagementModel {status: 'LIVE'}) RETURN m.id AS id"))[0]["id"]
    own = await engagement.duplicate(db, live, "Another", by=BY)
    listed = [{"activityType": name, "weight": weight} for name, weight in weights.items()]
    await engagement.update(db, own, {"weights": listed}, by=BY)
    return await engagement.activate(db, own, by=BY)


async def models(api: Api, search: str | None = None) -> list[dict[str, Any]]:
    return (await api.data(f"query($s: String) {{ engagementModels(search: $s) {MODEL} }}", s=search))["engagementModels"]


async def copy(api: Api, name: str = "Copy") -> dict[str, Any]:
    """A draft with the weights of the LIVE model."""
    live = next(model for model in await models(api) if model["status"] == "LIVE")
    payload = (await api.data(DUPLICATE, id=live["id"], name=name))["m"]
    assert payload["userErrors"] == []
    return payload["engagementModel"]


def refused(payload: Mapping[str, Any]) -> list[tuple[str, str]]:
    assert payload["engagementModel"] is None
    return [(".".join(error["field"]), error["code"]) for error in payload["userErrors"]]


async def test_every_market_starts_with_a_live_model(api: Api) -> None:
    found = await models(api)
    assert [(model["name"], model["status"], model["createdBy"]) for model in found] == [("Default", "LIVE", "system")]
    assert {one["activityType"]: one["weight"] for one in found[0]["weights"]} == DEFAULT


async def test_a_model_is_made_by_duplicating_another(api: Api) -> None:
    made = await copy(api)
    assert (made["name"], made["status"], made["createdBy"], made["updatedBy"]) == ("Copy", "DRAFT", "local", "local")
    assert {one["activityType"]: one["weight"] for one in made["weights"]} == DEFAULT
    again = (await api.data(DUPLICATE, id=made["id"], name="Copy"))["m"]["engagementModel"]
    assert again["id"] != made["id"]
    assert again["weights"] == made["weights"]
    assert refused((await api.data(DUPLICATE, id=made["id"], name=" "))["m"]) == [("name", "INVALID")]
    unknown = "enm_00000000-0000-0000-0000-000000000000"
    assert refused((await api.data(DUPLICATE, id=unknown, name="X"))["m"]) == [("id", "NOT_FOUND")]
    assert len(await models(api)) == 3


async def test_a_draft_is_changed_by_what_is_given(api: Api) -> None:
    made = await copy(api)
    renamed = (await api.data(UPDATE, id=made["id"], input={"name": "Renamed"}))["m"]["engagementModel"]
    assert renamed == made | {"name": "Renamed"}
    weights = [{"activityType": "Demo", "weight": 0.5}, {"activityType": "Page Views", "weight": 0.0}]
    changed = (await api.data(UPDATE, id=made["id"], input={"weights": weights}))["m"]["engagementModel"]
    assert (changed["name"], changed["weights"]) == ("Renamed", weights)
    cleared = (await api.data(UPDATE, id=made["id"], input={"weights": None}))["m"]["engagementModel"]
    assert cleared["weights"] == []
    live = next(model for model in await models(api) if model["status"] == "LIVE")
    assert {one["activityType"]: one["weight"] for one in live["weights"]} == DEFAULT


async def test_an_update_that_changes_nothing_leaves_the_model_alone(api: Api) -> None:
    made = await copy(api)
    await rows(api.db, "MATCH (m:EngagementModel {status: 'DRAFT'}) SET m.updatedBy = 'somebody'")
    payload = (await api.data(UPDATE, id=made["id"], input={"name": "Copy", "weights": made["weights"]}))["m"]
    assert payload["engagementModel"] == made | {"updatedBy": "somebody"}


@pytest.mark.parametrize(
    ("input", "expected"),
    [
        ({"name": None}, [("name", "INVALID")]),
        ({"name": "x" * 256}, [("name", "INVALID")]),
        ({"weights": [{"activityType": " ", "weight": 1}]}, [("weights.0.activityType", "INVALID")]),
        ({"weights": [{"activityType": "A", "weight": -0.1}]}, [("weights.0.weight", "INVALID")]),
        (
            {"weights": [{"activityType": "A", "weight": 1}, {"activityType": "A", "weight": 1}]},
            [("weights.1.activityType", "INVALID")],
        ),
        ({"weights": [{"activityType": f"T{n}", "weight": 1} for n in range(101)]}, [("weights", "LIMIT_EXCEEDED")]),
    ],
)
async def test_what_no_model_may_say(api: Api, input: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    made = await copy(api)
    assert refused((await api.data(UPDATE, id=made["id"], input=input))["m"]) == expected
    assert made in await models(api)


async def test_a_weight_must_be_finite(db: Db) -> None:
    live = (await rows(db, "MATCH (m:EngagementModel) RETURN m.id AS id"))[0]["id"]
    own = await engagement.duplicate(db, live, "Copy", by=BY)
    for weight in (math.inf, math.nan):
        with pytest.raises(Exception, match=r"weights\.0\.weight"):
            await engagement.update(db, own, {"weights": [{"activityType": "A", "weight": weight}]}, by=BY)


async def test_activating_archives_the_former_and_only_drafts_change(api: Api) -> None:
    former = (await models(api))[0]
    made = await copy(api)
    activated = (await api.data(ACTIVATE, id=made["id"]))["m"]["engagementModel"]
    assert activated == made | {"status": "LIVE"}
    assert {model["name"]: model["status"] for model in await models(api)} == {"Copy": "LIVE", "Default": "ARCHIVED"}
    for own in (made["id"], former["id"]):
        before = await models(api)
        assert refused((await api.data(UPDATE, id=own, input={"name": "X"}))["m"]) == [("id", "NOT_EDITABLE")]
        assert refused((await api.data(ACTIVATE, id=own))["m"]) == [("id", "NOT_EDITABLE")]
        assert await models(api) == before


async def test_however_many_are_activated_at_once_one_is_live(api: Api) -> None:
    drafts = [await copy(api, f"Copy {n}") for n in range(6)]
    answers = await asyncio.gather(*(api.data(ACTIVATE, id=draft["id"]) for draft in drafts))
    assert [answer["m"]["userErrors"] for answer in answers] == [[]] * 6
    statuses = Counter(model["status"] for model in await models(api))
    assert statuses == {"LIVE": 1, "ARCHIVED": 6}


async def test_models_are_listed_last_update_first_searched_and_found_as_nodes(api: Api) -> None:
    first, second = await copy(api, "First"), await copy(api, "Second")
    await api.data(UPDATE, id=first["id"], input={"name": "First again"})
    assert [model["name"] for model in await models(api)] == ["First again", "Second", "Default"]
    assert [model["name"] for model in await models(api, " FIRST")] == ["First again"]
    node = await api.data("query($id: ID!) { node(id: $id) { __typename ... on EngagementModel { name } } }", id=second["id"])
    assert node["node"] == {"__typename": "EngagementModel", "name": "Second"}
