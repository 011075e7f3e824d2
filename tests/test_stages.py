"""Stage models, the stages and the status of groups, as clients see them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from make import Api, card, live_template, plant, role_ids, rows, sell
from often import examples

from graph import jobs
from graph.db import Db

MODEL = """{ id name description status problems createdBy updatedBy publishedBy
  stages { id name description isEntry outcome buyingGroups allowedNext { name } } }"""
ERRORS = "userErrors { field code message }"
CREATE = f"mutation($input: StageModelInput!) {{ m: createStageModel(input: $input) {{ stageModel {MODEL} {ERRORS} }} }}"
UPDATE = f"""mutation($id: ID!, $input: StageModelInput!) {{
  m: updateStageModel(id: $id, input: $input) {{ stageModel {MODEL} {ERRORS} }} }}"""
PUBLISH = f"mutation($id: ID!) {{ m: publishStageModel(id: $id) {{ stageModel {MODEL} {ERRORS} }} }}"
DELETE = f"mutation($id: ID!) {{ m: deleteStageModel(id: $id) {{ deletedId {ERRORS} }} }}"
GROUP = "{ status updatedBy stage { name } stageHistory { from { name } to { name } by journey at } }"
MOVE = f"mutation($input: MoveToStageInput!) {{ m: moveToStage(input: $input) {{ buyingGroup {GROUP} {ERRORS} }} }}"
STATUS = f"mutation($input: SetStatusInput!) {{ m: setStatus(input: $input) {{ buyingGroup {GROUP} {ERRORS} }} }}"
INTEREST = """mutation($id: ID!, $input: SolutionInterestUpdate!) { m: updateSolutionInterest(id: $id, input: $input) {
  solutionInterest { stageModel { name } } userErrors { field code message } } }"""

PIPELINE: list[dict[str, Any]] = [
    {"name": "New", "isEntry": True, "allowedNext": ["Demo", "Lost"]},
    {"name": "Revived", "isEntry": True, "allowedNext": ["Demo"]},
    {"name": "Demo", "description": "They saw it.", "allowedNext": ["Won", "Lost"]},
    {"name": "Won", "outcome": "SUCCESS"},
    {"name": "Lost", "outcome": "FAILURE", "allowedNext": ["Revived"]},
]


def refused(payload: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The refusals, each with its place, in order."""
    return [(".".join(error["field"] or ()), error["code"]) for error in payload["userErrors"]]


async def draft(api: Api, stages: Sequence[Mapping[str, Any]] = (), name: str = "Pipeline", **more: Any) -> dict[str, Any]:
    """A draft of a stage model."""
    made = (await api.data(CREATE, input={"name": name, "stages": stages or PIPELINE, **more}))["m"]
    assert made["userErrors"] == []
    return made["stageModel"]


async def live(api: Api, name: str = "Pipeline", stages: Sequence[Mapping[str, Any]] = ()) -> tuple[str, dict[str, str]]:
    """A LIVE stage model: its id, and its stages' ids by name."""
    made = await draft(api, stages, name)
    assert (await api.data(PUBLISH, id=made["id"]))["m"]["userErrors"] == []
    return made["id"], {stage["name"]: stage["id"] for stage in made["stages"]}


async def model_of(api: Api, model_id: str) -> dict[str, Any]:
    return (await api.data(f"query($id: ID!) {{ stageModel(id: $id) {MODEL} }}", id=model_id))["stageModel"]


@dataclass(frozen=True, slots=True)
class Market:
    """One interest that tracks a stage model, with a group at each of two accounts."""

    interest_id: str
    model_id: str
    stages: Mapping[str, str]
    accounts: Mapping[str, str]
    groups: Mapping[str, str]

    def at(self, account: str, stage: str, **more: Any) -> dict[str, Any]:
        """The input that moves the account's group to the stage."""
        return {"buyingGroupId": self.groups[account], "stageId": self.stages[stage], **more}


async def market(api: Api) -> Market:
    accounts = await plant(api.db, {"A": None, "B": None})
    role = (await role_ids(api.db))["Champion"]
    sold = await sell(api.db, [card(role)], [accounts["A"], accounts["B"]])
    model_id, stages = await live(api)
    done = (await api.data(INTEREST, id=f"int_{sold.interest_id}", input={"stageModelId": model_id}))["m"]
    assert done == {"solutionInterest": {"stageModel": {"name": "Pipeline"}}, "userErrors": []}
    return Market(
        f"int_{sold.interest_id}",
        model_id,
        stages,
        {key: f"acc_{own}" for key, own in accounts.items()},
        {key: f"grp_{sold.groups[own]}" for key, own in accounts.items()},
    )


async def group(api: Api, group_id: str) -> dict[str, Any]:
    return (await api.data(f"query($id: ID!) {{ buyingGroup(id: $id) {GROUP} }}", id=group_id))["buyingGroup"]


async def moved(api: Api, input: Mapping[str, Any]) -> dict[str, Any]:
    """The group after a move that is allowed."""
    payload = (await api.data(MOVE, input=input))["m"]
    assert payload["userErrors"] == []
    return payload["buyingGroup"]


async def events(db: Db, kind: str) -> list[tuple[str, str | None, str | None, str | None, str]]:
    """The events of a kind, oldest first: the group's account, previous, current, journey, actor."""
    found = await rows(
        db,
        """MATCH (e:BuyingGroupEvent {type: $kind})-[:IN]->(g:BuyingGroup)-[:FOR_ACCOUNT]->(a:Account)
        RETURN a.name AS account, e.previous AS previous, e.current AS current, e.journey AS journey, e.actor AS actor
        ORDER BY e.at""",
        kind=kind,
    )
    return [(row["account"], row["previous"], row["current"], row["journey"], row["actor"]) for row in found]


# --- models ---------------------------------------------------------------------------------------------------------


async def test_a_draft_keeps_its_stages_in_order(api: Api) -> None:
    made = await draft(api, description="How we sell.")
    assert {key: made[key] for key in ("name", "description", "status", "problems", "createdBy", "updatedBy", "publishedBy")} == {
        "name": "Pipeline",
        "description": "How we sell.",
        "status": "DRAFT",
        "problems": [],
        "createdBy": "local",
        "updatedBy": "local",
        "publishedBy": None,
    }
    assert [(s["name"], s["isEntry"], s["outcome"], [n["name"] for n in s["allowedNext"]]) for s in made["stages"]] == [
        ("New", True, None, ["Demo", "Lost"]),
        ("Revived", True, None, ["Demo"]),
        ("Demo", False, None, ["Won", "Lost"]),
        ("Won", False, "SUCCESS", []),
        ("Lost", False, "FAILURE", ["Revived"]),
    ]
    assert made["stages"][2]["description"] == "They saw it."
    assert await model_of(api, made["id"]) == made


async def test_what_may_follow_is_named_without_case_and_comes_in_the_models_order(api: Api) -> None:
    made = await draft(
        api,
        [{"name": "New", "isEntry": True, "allowedNext": [" WON ", "demo"]}, *PIPELINE[2:4], PIPELINE[4] | {"allowedNext": []}],
    )
    assert [stage["name"] for stage in made["stages"][0]["allowedNext"]] == ["Demo", "Won"]


async def test_an_incomplete_draft_tells_its_problems_and_cannot_be_published(api: Api) -> None:
    made = await draft(
        api, [{"name": "New", "isEntry": True, "allowedNext": ["Won"]}, {"name": "Demo"}, {"name": "Won", "outcome": "SUCCESS"}]
    )
    problems = ["'Demo' can't be reached from an entry.", "'Demo' leads nowhere; only a stage with an outcome may."]
    assert made["problems"] == problems
    payload = (await api.data(PUBLISH, id=made["id"]))["m"]
    assert payload["userErrors"] == [{"field": ["stages"], "code": "INVALID", "message": words} for words in problems]
    assert (await model_of(api, made["id"]))["status"] == "DRAFT"


@pytest.mark.parametrize(
    ("input", "expected"),
    [
        ({"name": " ", "stages": []}, [("name", "INVALID")]),
        ({"name": "x" * 256, "description": "x" * 256, "stages": []}, [("name", "INVALID"), ("description", "INVALID")]),
        ({"name": "M", "stages": [{"name": ""}]}, [("stages.0.name", "INVALID")]),
        ({"name": "M", "stages": [{"name": "A"}, {"name": "a "}]}, [("stages.1.name", "INVALID")]),
        (
            {"name": "M", "stages": [{"name": "A", "allowedNext": ["A", "B", "a"]}]},
            [("stages.0.allowedNext.1", "INVALID"), ("stages.0.allowedNext.2", "INVALID")],
        ),
        (
            {"name": "M", "stages": [{"name": "A", "id": "stg_00000000-0000-0000-0000-000000000000"}]},
            [("stages.0.id", "NOT_FOUND")],
        ),
        ({"name": "M", "stages": [{"name": "A", "id": "nonsense"}]}, [("stages.0.id", "NOT_FOUND")]),
        ({"name": "M", "stages": [{"name": f"S{i}"} for i in range(101)]}, [("stages", "LIMIT_EXCEEDED")]),
    ],
)
async def test_what_no_draft_may_say(api: Api, input: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    payload = (await api.data(CREATE, input=input))["m"]
    assert (payload["stageModel"], refused(payload)) == (None, expected)
    assert await rows(api.db, "MATCH (n) WHERE n:StageModel OR n:Stage RETURN n") == []


async def test_saved_stages_are_renamed_and_joined_but_never_removed(api: Api) -> None:
    made = await draft(api)
    kept = [{"id": stage["id"], **PIPELINE[place]} for place, stage in enumerate(made["stages"])]
    # Two stages swap their names, and a new one stands first.
    kept[0] |= {"name": "Demo"}
    kept[2] |= {"name": "New"}
    input = {"name": "Renamed", "stages": [{"name": "Lead", "isEntry": True, "allowedNext": ["Demo"]}, *kept]}
    changed = (await api.data(UPDATE, id=made["id"], input=input))["m"]["stageModel"]
    assert changed["name"] == "Renamed"
    assert [stage["name"] for stage in changed["stages"]] == ["Lead", "Demo", "Revived", "New", "Won", "Lost"]
    assert [stage["id"] for stage in changed["stages"][1:]] == [stage["id"] for stage in made["stages"]]
    assert [n["name"] for n in changed["stages"][1]["allowedNext"]] == ["Demo", "Lost"]

    less = [one | {"allowedNext": []} for one in kept[1:]]
    payload = (await api.data(UPDATE, id=made["id"], input={"name": "Less", "stages": less}))["m"]
    assert payload["userErrors"] == [
        {
            "field": ["stages"],
            "code": "NOT_EDITABLE",
            "message": "Saved stages can't be removed, only renamed; keep 'Lead' and 'Demo' under their ids.",
        }
    ]
    assert await model_of(api, made["id"]) == changed


async def test_a_saved_stage_stands_once_and_in_its_own_model(api: Api) -> None:
    mine, other = await draft(api), await draft(api, name="Other")
    own = [{"id": stage["id"], **PIPELINE[place]} for place, stage in enumerate(mine["stages"])]
    twice = [*own, {"id": own[0]["id"], "name": "Again"}]
    payload = (await api.data(UPDATE, id=mine["id"], input={"name": "M", "stages": twice}))["m"]
    assert refused(payload) == [("stages.5.id", "INVALID")]
    foreign = [*own, {"id": other["stages"][0]["id"], "name": "Foreign"}]
    payload = (await api.data(UPDATE, id=mine["id"], input={"name": "M", "stages": foreign}))["m"]
    assert refused(payload) == [("stages.5.id", "NOT_FOUND")]
    assert [await model_of(api, one["id"]) for one in (mine, other)] == [mine, other]


async def test_an_update_that_changes_nothing_leaves_the_model_alone(api: Api) -> None:
    made = await draft(api)
    await rows(api.db, "MATCH (m:StageModel) SET m.updatedBy = 'somebody'")
    same = [{"id": stage["id"], **PIPELINE[place]} for place, stage in enumerate(made["stages"])]
    payload = (await api.data(UPDATE, id=made["id"], input={"name": "Pipeline", "stages": same}))["m"]
    assert payload["stageModel"] == made | {"updatedBy": "somebody"}


async def test_a_live_model_cannot_be_changed_or_published_again(api: Api) -> None:
    model_id, stages = await live(api)
    former = await model_of(api, model_id)
    assert (former["status"], former["publishedBy"]) == ("LIVE", "local")
    input = {"name": "New name", "stages": [{"id": stages[one["name"]], **one} for one in PIPELINE]}
    assert refused((await api.data(UPDATE, id=model_id, input=input))["m"]) == [("id", "NOT_EDITABLE")]
    assert refused((await api.data(PUBLISH, id=model_id))["m"]) == [("id", "NOT_EDITABLE")]
    assert await model_of(api, model_id) == former


async def test_unknown_models_are_not_found(api: Api) -> None:
    unknown = "stm_00000000-0000-0000-0000-000000000000"
    assert refused((await api.data(UPDATE, id=unknown, input={"name": "M", "stages": []}))["m"]) == [("id", "NOT_FOUND")]
    assert refused((await api.data(PUBLISH, id=unknown))["m"]) == [("id", "NOT_FOUND")]
    assert refused((await api.data(DELETE, id="nonsense"))["m"]) == [("id", "NOT_FOUND")]


async def test_a_model_is_deleted_with_its_stages_unless_an_interest_uses_it(api: Api) -> None:
    here = await market(api)
    assert refused((await api.data(DELETE, id=here.model_id))["m"]) == [("id", "IN_USE")]
    assert (await model_of(api, here.model_id))["status"] == "LIVE"
    cleared = (await api.data(INTEREST, id=here.interest_id, input={"stageModelId": None}))["m"]
    assert cleared == {"solutionInterest": {"stageModel": None}, "userErrors": []}
    assert (await api.data(DELETE, id=here.model_id))["m"] == {"deletedId": here.model_id, "userErrors": []}
    assert await rows(api.db, "MATCH (n) WHERE n:StageModel OR n:Stage RETURN n") == []


async def test_models_are_listed_last_update_first_and_searched_by_name(api: Api) -> None:
    for name in ("Alpha pipeline", "Beta", "Gamma PIPELINE"):
        await draft(api, name=name)
    beta = (await api.data('{ stageModels(search: "beta") { id } }'))["stageModels"]
    await api.data(PUBLISH, id=beta[0]["id"])
    names = "query($s: String) { stageModels(search: $s) { name } }"
    assert [m["name"] for m in (await api.data(names))["stageModels"]] == ["Beta", "Gamma PIPELINE", "Alpha pipeline"]
    assert [m["name"] for m in (await api.data(names, s=" Pipe"))["stageModels"]] == ["Gamma PIPELINE", "Alpha pipeline"]
    assert (await api.data(names, s="nothing"))["stageModels"] == []


async def test_models_and_stages_are_nodes(api: Api) -> None:
    made = await draft(api)
    ids = [made["id"], made["stages"][3]["id"]]
    found = await api.data(
        "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on StageModel { name } ... on Stage { outcome } } }", ids=ids
    )
    assert found["nodes"] == [
        {"__typename": "StageModel", "id": ids[0], "name": "Pipeline"},
        {"__typename": "Stage", "id": ids[1], "outcome": "SUCCESS"},
    ]


# --- interests ------------------------------------------------------------------------------------------------------


async def test_an_interest_takes_a_live_model_only(api: Api) -> None:
    template = await live_template(api.db, [card((await role_ids(api.db))["Champion"])])
    create = """mutation($input: SolutionInterestInput!) { m: createSolutionInterest(input: $input) {
      solutionInterest { stageModel { id } } userErrors { field code } } }"""
    input = {"name": "Interest", "roleTemplateId": f"tpl_{template}"}
    made = await draft(api)
    payload = (await api.data(create, input={**input, "stageModelId": made["id"]}))["m"]
    assert refused(payload) == [("stageModelId", "NOT_LIVE")]
    payload = (await api.data(create, input={**input, "stageModelId": "stm_00000000-0000-0000-0000-000000000000"}))["m"]
    assert refused(payload) == [("stageModelId", "NOT_FOUND")]
    assert await rows(api.db, "MATCH (i:SolutionInterest) RETURN i") == []
    await api.data(PUBLISH, id=made["id"])
    payload = (await api.data(create, input={**input, "stageModelId": made["id"]}))["m"]
    assert payload == {"solutionInterest": {"stageModel": {"id": made["id"]}}, "userErrors": []}


async def test_several_models_may_exist_and_be_swapped_until_a_group_stands_in_a_stage(api: Api) -> None:
    here = await market(api)
    other, _ = await live(api, "Other")
    swap = {"id": here.interest_id, "input": {"stageModelId": other}}
    assert (await api.data(INTEREST, **swap))["m"] == {"solutionInterest": {"stageModel": {"name": "Other"}}, "userErrors": []}
    await api.data(INTEREST, id=here.interest_id, input={"stageModelId": here.model_id})
    await moved(api, here.at("A", "New"))
    for wanted in (other, None):
        payload = (await api.data(INTEREST, id=here.interest_id, input={"stageModelId": wanted}))["m"]
        assert payload["userErrors"] == [
            {"field": ["stageModelId"], "code": "IN_USE", "message": "1 buying groups stand in stages of the model."}
        ]
    other_change = (await api.data(INTEREST, id=here.interest_id, input={"description": "Still editable"}))["m"]
    assert other_change == {"solutionInterest": {"stageModel": {"name": "Pipeline"}}, "userErrors": []}


# --- moving ---------------------------------------------------------------------------------------------------------


async def test_a_group_moves_where_its_stage_allows_and_its_history_tells(api: Api) -> None:
    here = await market(api)
    assert await group(api, here.groups["A"]) == {"status": None, "updatedBy": "tests", "stage": None, "stageHistory": []}
    for stage in ("New", "Demo", "Lost", "Revived", "Demo"):
        await moved(api, here.at("A", stage))
    found = await moved(api, here.at("A", "Won", journey="Close"))
    assert (found["stage"], found["updatedBy"]) == ({"name": "Won"}, "local")
    history = [(c["from"] and c["from"]["name"], c["to"]["name"], c["by"], c["journey"]) for c in found["stageHistory"]]
    assert history == [
        (None, "New", "local", None),
        ("New", "Demo", "local", None),
        ("Demo", "Lost", "local", None),
        ("Lost", "Revived", "local", None),
        ("Revived", "Demo", "local", None),
        ("Demo", "Won", "local", "Close"),
    ]
    assert await events(api.db, "STAGE_CHANGED") == [("A", a, b, journey, by) for a, b, by, journey in history]
    assert (await group(api, here.groups["B"]))["stage"] is None


async def test_where_a_group_stands_is_one_edge_with_its_time(api: Api) -> None:
    here = await market(api)
    await moved(api, here.at("A", "New"))
    await moved(api, here.at("A", "Demo"))
    found = await rows(
        api.db,
        """MATCH (g:BuyingGroup)-[at:AT_STAGE]->(s:Stage) MATCH (g)<-[:IN]-(c:StageChange)-[:MOVED_TO]->(s)
        RETURN s.name AS stage, at.since = c.at AS since""",
    )
    assert found == [{"stage": "Demo", "since": True}]


async def test_a_move_to_the_stage_it_stands_in_changes_nothing(api: Api) -> None:
    here = await market(api)
    first = await moved(api, here.at("A", "New"))
    assert await moved(api, here.at("A", "New")) == first
    assert len(await events(api.db, "STAGE_CHANGED")) == 1


@pytest.mark.parametrize(
    ("way", "wanted", "words"),
    [
        ([], "Demo", "A group without a stage may enter only at 'New' or 'Revived', not at 'Demo'."),
        (["New"], "Won", "From 'New' the group may go only to 'Demo' or 'Lost', not to 'Won'."),
        (["New"], "Revived", "From 'New' the group may go only to 'Demo' or 'Lost', not to 'Revived'."),
        (["New", "Demo", "Won"], "Demo", "The group stands in 'Won', from which no stage may follow."),
    ],
)
async def test_a_move_that_is_not_allowed_names_those_that_are(api: Api, way: list[str], wanted: str, words: str) -> None:
    here = await market(api)
    for stage in way:
        await moved(api, here.at("A", stage))
    before = await group(api, here.groups["A"])
    payload = (await api.data(MOVE, input=here.at("A", wanted)))["m"]
    assert payload["buyingGroup"] is None
    assert payload["userErrors"] == [{"field": ["stageId"], "code": "TRANSITION_NOT_ALLOWED", "message": words}]
    assert await group(api, here.groups["A"]) == before
    assert len(await events(api.db, "STAGE_CHANGED")) == len(way)


async def test_another_models_stage_is_refused(api: Api) -> None:
    here = await market(api)
    _, foreign = await live(api, "Other")
    payload = (await api.data(MOVE, input={"buyingGroupId": here.groups["A"], "stageId": foreign["New"]}))["m"]
    words = "'New' is no stage of 'Pipeline', the stage model of the solution interest."
    assert payload["userErrors"] == [{"field": ["stageId"], "code": "INVALID", "message": words}]
    await api.data(INTEREST, id=here.interest_id, input={"stageModelId": None})
    payload = (await api.data(MOVE, input=here.at("A", "New")))["m"]
    words = "The solution interest has no stage model."
    assert payload["userErrors"] == [{"field": ["stageId"], "code": "INVALID", "message": words}]
    assert (await group(api, here.groups["A"]))["stageHistory"] == []


UNKNOWN = "00000000-0000-0000-0000-000000000000"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"buyingGroupId": None}, ("", "INVALID")),
        ({"buyingGroupId": None, "accountId": f"acc_{UNKNOWN}"}, ("solutionInterestId", "INVALID")),
        ({"buyingGroupId": None, "solutionInterestId": f"int_{UNKNOWN}"}, ("accountId", "INVALID")),
        ({"accountId": f"acc_{UNKNOWN}"}, ("buyingGroupId", "INVALID")),
        ({"accountId": f"acc_{UNKNOWN}", "solutionInterestId": f"int_{UNKNOWN}"}, ("buyingGroupId", "INVALID")),
        ({"buyingGroupId": f"grp_{UNKNOWN}"}, ("buyingGroupId", "NOT_FOUND")),
        ({"buyingGroupId": "nonsense"}, ("buyingGroupId", "NOT_FOUND")),
        (
            {"buyingGroupId": None, "accountId": f"acc_{UNKNOWN}", "solutionInterestId": f"int_{UNKNOWN}"},
            ("accountId", "NOT_FOUND"),
        ),
        ({"journey": "x" * 256}, ("journey", "INVALID")),
    ],
)
async def test_a_group_is_named_in_exactly_one_way(api: Api, change: dict[str, Any], expected: tuple[str, str]) -> None:
    here = await market(api)
    assert refused((await api.data(MOVE, input=here.at("A", "New") | change))["m"]) == [expected]
    input = {"buyingGroupId": here.groups["A"], "status": "Hot"} | change
    assert refused((await api.data(STATUS, input=input))["m"]) == [expected]
    assert await group(api, here.groups["A"]) == {"status": None, "updatedBy": "tests", "stage": None, "stageHistory": []}


async def test_an_unknown_stage_is_not_found(api: Api) -> None:
    here = await market(api)
    for stage in (f"stg_{UNKNOWN}", here.model_id):
        payload = (await api.data(MOVE, input={"buyingGroupId": here.groups["A"], "stageId": stage}))["m"]
        assert refused(payload) == [("stageId", "NOT_FOUND")]


async def test_account_and_interest_name_the_group_too(api: Api) -> None:
    here = await market(api)
    address = {"accountId": here.accounts["B"], "solutionInterestId": here.interest_id, "journey": "Nurture"}
    found = await moved(api, {**address, "stageId": here.stages["Revived"]})
    assert [change["journey"] for change in found["stageHistory"]] == ["Nurture"]
    payload = (await api.data(STATUS, input={**address, "status": "Warm"}))["m"]
    assert payload["buyingGroup"]["status"] == "Warm"
    found = await group(api, here.groups["B"])
    assert (found["stage"], found["status"]) == ({"name": "Revived"}, "Warm")
    assert (await group(api, here.groups["A"]))["stage"] is None


@pytest.fixture
async def sold(api: Api) -> Market:
    """One market for all the examples of a test."""
    return await market(api)


@examples(12)
@given(wishes=st.lists(st.sampled_from([stage["name"] for stage in PIPELINE]), max_size=8))
async def test_random_moves_are_those_of_the_independent_reading(api: Api, sold: Market, wishes: list[str]) -> None:
    await rows(api.db, "MATCH (c:StageChange) DETACH DELETE c")
    await rows(api.db, "MATCH (g:BuyingGroup)-[at:AT_STAGE]->(:Stage) REMOVE g.stageId DELETE at")
    allowed = {stage["name"]: stage.get("allowedNext", []) for stage in PIPELINE} | {None: ["New", "Revived"]}
    stands, walked = None, list[str]()
    for wish in wishes:
        payload = (await api.data(MOVE, input=sold.at("A", wish)))["m"]
        assert bool(payload["userErrors"]) == (wish != stands and wish not in allowed[stands])
        if wish in allowed[stands]:
            stands = wish
            walked.append(wish)
    found = await group(api, sold.groups["A"])
    assert [change["to"]["name"] for change in found["stageHistory"]] == walked
    assert (found["stage"] and found["stage"]["name"]) == stands


async def test_of_two_moves_at_once_the_second_is_judged_by_the_first(api: Api) -> None:
    here = await market(api)
    await moved(api, here.at("A", "New"))
    await moved(api, here.at("A", "Demo"))
    answers = await asyncio.gather(*(api.data(MOVE, input=here.at("A", stage)) for stage in ("Won", "Lost") * 4))
    # Neither leads to the other: whoever came first decided.
    found = await group(api, here.groups["A"])
    assert len(found["stageHistory"]) == 3
    winner = found["stage"]["name"]
    outcomes = [(stage, refused(answer["m"])) for stage, answer in zip(("Won", "Lost") * 4, answers, strict=True)]
    assert all(problems == ([] if stage == winner else [("stageId", "TRANSITION_NOT_ALLOWED")]) for stage, problems in outcomes)
    assert len(await rows(api.db, "MATCH (:BuyingGroup)-[at:AT_STAGE]->(:Stage) RETURN at")) == 1


async def test_a_swap_of_models_and_a_first_move_never_both_succeed(api: Api) -> None:
    other, _ = await live(api, "Other")
    for _ in range(10):
        await rows(
            api.db, "MATCH (n) WHERE n:SolutionInterest OR n:BuyingGroup OR n:Account OR n:AccountAudience DETACH DELETE n"
        )
        here = await market(api)
        swap = api.data(INTEREST, id=here.interest_id, input={"stageModelId": other})
        move = api.data(MOVE, input=here.at("A", "New"))
        swapped, entered = await asyncio.gather(swap, move)
        assert bool(swapped["m"]["userErrors"]) != bool(entered["m"]["userErrors"])


# --- counts and filters ---------------------------------------------------------------------------------------------


async def test_stages_count_their_groups_and_groups_are_filtered_by_stage(api: Api) -> None:
    here = await market(api)
    await moved(api, here.at("A", "New"))
    await moved(api, here.at("B", "New"))
    await moved(api, here.at("B", "Demo"))
    found = await model_of(api, here.model_id)
    assert {stage["name"]: stage["buyingGroups"] for stage in found["stages"]} == {
        "New": 1, "Revived": 0, "Demo": 1, "Won": 0, "Lost": 0,
    }  # fmt: skip
    query = "query($ids: [ID!]) { buyingGroups(filter: {stageIds: $ids}) { totalCount edges { node { account { name } } } } }"
    for stages, names in ((["New"], ["A"]), (["New", "Demo"], ["A", "B"]), (["Won"], []), ([], [])):
        page = (await api.data(query, ids=[here.stages[stage] for stage in stages]))["buyingGroups"]
        assert [edge["node"]["account"]["name"] for edge in page["edges"]] == names
        assert page["totalCount"] == len(names)


async def test_a_dynamic_audience_may_filter_by_stage(api: Api) -> None:
    here = await market(api)
    await moved(api, here.at("B", "New"))
    create = """mutation($input: AccountAudienceInput!) { m: createAccountAudience(input: $input) {
      accountAudience { accounts { edges { node { name } } } } userErrors { field code } } }"""
    payload = (
        await api.data(create, input={"name": "New ones", "filter": {"hasBuyingGroup": {"stageIds": [here.stages["New"]]}}})
    )["m"]
    assert payload["userErrors"] == []
    assert [edge["node"]["name"] for edge in payload["accountAudience"]["accounts"]["edges"]] == ["B"]
    unknown = {"name": "None", "filter": {"hasBuyingGroup": {"stageIds": [f"stg_{UNKNOWN}"]}}}
    payload = (await api.data(create, input=unknown))["m"]
    assert refused(payload) == [("filter.hasBuyingGroup.stageIds.0", "NOT_FOUND")]


# --- status ---------------------------------------------------------------------------------------------------------


async def test_status_is_free_text_of_at_most_50_characters(api: Api) -> None:
    here = await market(api)
    group_id = here.groups["A"]
    longest = "é" * 50
    found = (await api.data(STATUS, input={"buyingGroupId": group_id, "status": longest, "journey": "Nurture"}))["m"]
    assert (found["userErrors"], found["buyingGroup"]["status"], found["buyingGroup"]["updatedBy"]) == ([], longest, "local")
    payload = (await api.data(STATUS, input={"buyingGroupId": group_id, "status": "é" * 51}))["m"]
    words = "At most 50 characters, not 51."
    assert payload == {"buyingGroup": None, "userErrors": [{"field": ["status"], "code": "INVALID", "message": words}]}
    assert (await group(api, group_id))["status"] == longest
    assert await events(api.db, "STATUS_CHANGED") == [("A", None, longest, "Nurture", "local")]


async def test_blank_text_clears_the_status_and_the_same_again_is_no_event(api: Api) -> None:
    here = await market(api)
    for status in (" ", "Hot", "Hot", "", "  "):
        await api.data(STATUS, input={"buyingGroupId": here.groups["A"], "status": status})
    found = await group(api, here.groups["A"])
    assert (found["status"], found["stage"]) == (None, None)
    assert await events(api.db, "STATUS_CHANGED") == [("A", None, "Hot", None, "local"), ("A", "Hot", None, None, "local")]


# --- jobs -----------------------------------------------------------------------------------------------------------

START = f"mutation($input: CreateBuyingGroupsInput!) {{ m: createBuyingGroups(input: $input) {{ job {{ id }} {ERRORS} }} }}"


async def unsold(api: Api) -> tuple[Market, dict[str, Any]]:
    """A market without groups, and the input of the job that makes them."""
    here = await market(api)
    await rows(api.db, "MATCH (g:BuyingGroup) DETACH DELETE g")
    audience = (await rows(api.db, "MATCH (u:AccountAudience) RETURN u.id AS id"))[0]["id"]
    return here, {"solutionInterestId": here.interest_id, "accountAudienceId": f"aud_{audience}"}


async def stages_of_groups(api: Api) -> dict[str, tuple[str | None, list[tuple[Any, str]]]]:
    """Each group's stage and history, by its account."""
    page = await api.data(f"{{ buyingGroups {{ edges {{ node {{ account {{ name }} ... on BuyingGroup {GROUP} }} }} }} }}")
    return {
        node["account"]["name"]: (
            node["stage"] and node["stage"]["name"],
            [(change["from"], change["to"]["name"]) for change in node["stageHistory"]],
        )
        for node in (edge["node"] for edge in page["buyingGroups"]["edges"])
    }


async def test_new_groups_are_given_the_entry_stage(api: Api) -> None:
    here, input = await unsold(api)
    payload = (await api.data(START, input={**input, "entryStageId": here.stages["Revived"]}))["m"]
    assert payload["userErrors"] == []
    await api.run_jobs()
    assert await stages_of_groups(api) == {name: ("Revived", [(None, "Revived")]) for name in ("A", "B")}
    assert sorted(await events(api.db, "STAGE_CHANGED")) == [(name, None, "Revived", None, "local") for name in ("A", "B")]


async def test_groups_that_are_there_keep_their_stage(api: Api) -> None:
    here, input = await unsold(api)
    await api.data(START, input=input)
    await api.run_jobs()
    assert await stages_of_groups(api) == {"A": (None, []), "B": (None, [])}
    await api.data(START, input={**input, "entryStageId": here.stages["New"]})
    await api.run_jobs()
    assert await stages_of_groups(api) == {"A": (None, []), "B": (None, [])}


async def test_daily_runs_give_new_groups_the_stage_of_the_last_creation(api: Api) -> None:
    here, input = await unsold(api)
    await api.data(START, input={**input, "entryStageId": here.stages["New"]})
    await api.run_jobs()
    await rows(api.db, "MATCH (g:BuyingGroup {accountId: $id}) DETACH DELETE g", id=here.accounts["B"].removeprefix("acc_"))
    await jobs.start_maintenance(api.db, by="system")
    await api.run_jobs()
    assert await stages_of_groups(api) == {name: ("New", [(None, "New")]) for name in ("A", "B")}


async def test_stages_of_a_former_model_are_given_to_nobody(api: Api) -> None:
    here, input = await unsold(api)
    await rows(api.db, "MATCH (u:AccountAudience)-[l:LISTS]->(:Account) DELETE l")
    await api.data(START, input={**input, "entryStageId": here.stages["New"]})
    await api.run_jobs()
    other, _ = await live(api, "Other")
    assert (await api.data(INTEREST, id=here.interest_id, input={"stageModelId": other}))["m"]["userErrors"] == []
    await rows(api.db, "MATCH (u:AccountAudience) MATCH (a:Account) CREATE (u)-[:LISTS]->(a)")
    await jobs.start_maintenance(api.db, by="system")
    await api.run_jobs()
    assert await stages_of_groups(api) == {"A": (None, []), "B": (None, [])}


async def test_a_job_that_waits_keeps_its_stages_model(api: Api) -> None:
    here, input = await unsold(api)
    await api.data(START, input={**input, "entryStageId": here.stages["New"]})
    payload = (await api.data(INTEREST, id=here.interest_id, input={"stageModelId": None}))["m"]
    assert refused(payload) == [("stageModelId", "IN_USE")]
    await api.run_jobs()
    assert {stage for stage, _ in (await stages_of_groups(api)).values()} == {"New"}


async def test_a_stage_that_new_groups_cannot_enter_is_refused(api: Api) -> None:
    here, input = await unsold(api)
    _, foreign = await live(api, "Other")
    cases = [
        (f"stg_{UNKNOWN}", "NOT_FOUND", "There is no stage with this id."),
        (foreign["New"], "INVALID", "'New' is no stage of 'Pipeline', the stage model of the solution interest."),
        (
            here.stages["Demo"],
            "TRANSITION_NOT_ALLOWED",
            "A group without a stage may enter only at 'New' or 'Revived', not at 'Demo'.",
        ),
    ]
    former = len(await rows(api.db, "MATCH (j:Job) RETURN j"))
    for stage, code, words in cases:
        payload = (await api.data(START, input={**input, "entryStageId": stage}))["m"]
        assert payload == {"job": None, "userErrors": [{"field": ["entryStageId"], "code": code, "message": words}]}
    await api.data(INTEREST, id=here.interest_id, input={"stageModelId": None})
    payload = (await api.data(START, input={**input, "entryStageId": here.stages["New"]}))["m"]
    assert [(e["code"], e["message"]) for e in payload["userErrors"]] == [
        ("INVALID", "The solution interest has no stage model.")
    ]
    for name, unknown in (("solutionInterestId", f"int_{UNKNOWN}"), ("accountAudienceId", f"aud_{UNKNOWN}")):
        payload = (await api.data(START, input={**input, name: unknown}))["m"]
        assert refused(payload) == [(name, "NOT_FOUND")]
    assert len(await rows(api.db, "MATCH (j:Job) RETURN j")) == former
