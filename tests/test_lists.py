"""Lists of configuration: search by name, last update first, who made and changed what."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from make import Api, card, live_template, role_ids, rows

from graph import audiences, interests, roles, stages, templates
from graph.audiences import AudienceSpec
from graph.db import Db
from graph.interests import InterestSpec
from graph.stages import StageModelSpec, StageSpec

Make = Callable[[Db, str, str], Awaitable[str]]
Change = Callable[[Db, str, str, str, str], Awaitable[Any]]


async def make_template(db: Db, name: str, by: str) -> str:
    return await templates.create(db, name, None, [card((await role_ids(db))["Champion"])], by=by)


async def change_template(db: Db, own: str, name: str, words: str, by: str) -> Any:
    return await templates.update(db, own, name, words, [card((await role_ids(db))["Champion"])], by=by)


async def make_interest(db: Db, name: str, by: str) -> str:
    role = (await role_ids(db))["Champion"]
    return await interests.create(db, InterestSpec(name, await live_template(db, [card(role)], f"{name}'s")), by=by)


async def change_interest(db: Db, own: str, name: str, words: str, by: str) -> Any:
    return await interests.update(db, own, {"name": name, "description": words}, by=by)


async def make_audience(db: Db, name: str, by: str) -> str:
    return await audiences.create(db, AudienceSpec(name, account_ids=[]), by=by)


async def change_audience(db: Db, own: str, name: str, words: str, by: str) -> Any:
    return await audiences.update(db, own, AudienceSpec(name, words, account_ids=[]), by=by)


MODEL = StageModelSpec("", stages=[StageSpec("Open", is_entry=True)])


async def make_model(db: Db, name: str, by: str) -> str:
    return await stages.create(db, replace(MODEL, name=name), by=by)


async def change_model(db: Db, own: str, name: str, words: str, by: str) -> Any:
    saved = await rows(db, "MATCH (:StageModel {id: $id})-[:HAS_STAGE]->(s:Stage) RETURN s.name AS name, s.id AS id", id=own)
    ids = {row["name"]: row["id"] for row in saved}
    kept = [replace(stage, id=ids[stage.name]) for stage in MODEL.stages]
    return await stages.update(db, own, replace(MODEL, name=name, description=words, stages=kept), by=by)


async def make_role(db: Db, name: str, by: str) -> str:
    return await roles.create(db, name, None, by=by)


async def change_role(db: Db, own: str, name: str, words: str, by: str) -> Any:
    return await roles.update(db, own, name, words, by=by)


LISTS: dict[str, tuple[Make, Change, bool]] = {
    "roleTemplates": (make_template, change_template, True),
    "solutionInterests": (make_interest, change_interest, True),
    "accountAudiences": (make_audience, change_audience, True),
    "stageModels": (make_model, change_model, False),
    "roles": (make_role, change_role, False),
}
FACTS = "name description createdAt createdBy updatedAt updatedBy"


async def listed(api: Api, name: str, paged: bool, arguments: str = "") -> list[dict[str, Any]]:
    """What the list holds of this test's making."""
    if not paged:
        return [one for one in (await api.data(f"{{ {name}{arguments} {{ {FACTS} }} }}"))[name] if one["createdBy"] == "ann"]
    page = (await api.data(f"{{ {name}{arguments} {{ edges {{ node {{ {FACTS} }} }} }} }}"))[name]
    return [edge["node"] for edge in page["edges"] if edge["node"]["createdBy"] == "ann"]


@pytest.mark.parametrize("name", LISTS)
async def test_last_update_first_and_who_did_what(api: Api, name: str) -> None:
    make, change, paged = LISTS[name]
    own = {key: await make(api.db, key, "ann") for key in ("Alpha", "beta", "Gamma")}
    assert [one["name"] for one in await listed(api, name, paged)] == ["Gamma", "beta", "Alpha"]
    before = (await listed(api, name, paged))[-1]
    assert (before["createdBy"], before["updatedBy"], before["description"]) == ("ann", "ann", None)
    assert before["createdAt"] <= before["updatedAt"]

    await change(api.db, own["Alpha"], "Alpha", "First of all", "bob")
    found = await listed(api, name, paged)
    assert [one["name"] for one in found] == ["Alpha", "Gamma", "beta"]
    after = found[0]
    assert (after["createdBy"], after["createdAt"]) == ("ann", before["createdAt"])
    assert (after["description"], after["updatedBy"]) == ("First of all", "bob")
    assert after["updatedAt"] > before["updatedAt"]

    # A write that changes nothing is no update.
    await change(api.db, own["Alpha"], "Alpha", "First of all", "cid")
    assert await listed(api, name, paged) == found


@pytest.mark.parametrize("name", LISTS)
async def test_search_finds_part_of_the_name_without_case(api: Api, name: str) -> None:
    make, _, paged = LISTS[name]
    for key in ("Ångström 100%", "Böse_Zeiten", " beta "):
        await make(api.db, key, "ann")
    found = {
        search: [one["name"].strip() for one in await listed(api, name, paged, f'(search: "{search}")')]
        for search in ("ÅNG", "  böse", "E", "%", "_", "", "'", "nobody's")
    }
    assert found == {
        "ÅNG": ["Ångström 100%"],
        "  böse": ["Böse_Zeiten"],
        "E": ["beta", "Böse_Zeiten"],
        "%": ["Ångström 100%"],
        "_": ["Böse_Zeiten"],
        "": ["beta", "Böse_Zeiten", "Ångström 100%"],
        "'": [],
        "nobody's": [],
    }


async def test_other_orders_of_templates_and_interests(api: Api) -> None:
    for name in ("roleTemplates", "solutionInterests"):
        make, change, _ = LISTS[name]
        own = {key: await make(api.db, key, "ann") for key in ("Gamma", "beta", "Alpha")}
        await change(api.db, own["Gamma"], "Gamma", "x", "bob")
        orders = {
            "NAME": ["Alpha", "Gamma", "beta"],
            "CREATED_AT": ["Gamma", "beta", "Alpha"],
            "UPDATED_AT": ["beta", "Alpha", "Gamma"],
        }
        for field, expected in orders.items():
            for direction in ("ASC", "DESC"):
                arguments = f"(orderBy: {{field: {field}, direction: {direction}}})"
                found = [one["name"] for one in await listed(api, name, True, arguments)]
                assert found == (expected if direction == "ASC" else expected[::-1])


async def test_templates_by_status(api: Api) -> None:
    own = await make_template(api.db, "Live", "ann")
    await templates.publish(api.db, own, by="ann")
    await make_template(api.db, "Draft", "ann")
    for status in ("Live", "Draft"):
        assert [one["name"] for one in await listed(api, "roleTemplates", True, f"(status: {status.upper()})")] == [status]
    assert await listed(api, "roleTemplates", True, '(status: LIVE, search: "draft")') == []
