"""Solution interests: what they take, what may change, and when they can go."""

from __future__ import annotations

from typing import Any

import pytest
from make import BY, Api, card, live_template, plant, role_ids, rows

from api import ids
from graph import jobs, products, templates

CHIEF = "Decision Maker"
FIELDS = """id name description productLine products { name } roleTemplate { name } updateExistingBuyingGroups sellingLevel
  accountAudiences { name } createdBy updatedBy"""
CREATE = f"""mutation ($input: SolutionInterestInput!) {{ createSolutionInterest(input: $input) {{
  solutionInterest {{ {FIELDS} }} userErrors {{ field code message }} }} }}"""
UPDATE = f"""mutation ($id: ID!, $input: SolutionInterestUpdate!) {{ updateSolutionInterest(id: $id, input: $input) {{
  solutionInterest {{ {FIELDS} }} userErrors {{ field code message }} }} }}"""
DELETE = "mutation ($id: ID!) { deleteSolutionInterest(id: $id) { deletedId userErrors { field code } } }"


class Interests:
    """What a test of interests does over the API."""

    def __init__(self, api: Api, template: str, second: str) -> None:
        self.api, self.template, self.second = api, template, second

    async def create(self, name: str = "Analytics", **more: Any) -> dict[str, Any]:
        wanted = {"name": name, "roleTemplateId": self.template, **more}
        return (await self.api.data(CREATE, input=wanted))["createSolutionInterest"]

    async def made(self, name: str = "Analytics", **more: Any) -> str:
        return (await self.create(name, **more))["solutionInterest"]["id"]

    async def update(self, own: str, **changes: Any) -> dict[str, Any]:
        return (await self.api.data(UPDATE, id=own, input=changes))["updateSolutionInterest"]

    async def delete(self, own: str) -> dict[str, Any]:
        return (await self.api.data(DELETE, id=own))["deleteSolutionInterest"]

    async def sell(self, own: str, account: str = "home") -> str:
        """Groups for an interest, made by a job; returns the job's id."""
        planted = await plant(self.api.db, {account: None})
        create = """mutation ($account: ID!) { createAccountAudience(input: { name: "Audience", accountIds: [$account] }) {
          accountAudience { id } } }"""
        made = await self.api.data(create, account=ids.encode("Account", planted[account]))
        audience = made["createAccountAudience"]["accountAudience"]["id"]
        job_id = await jobs.start_creation(
            self.api.db, ids.raw(own, "SolutionInterest"), ids.raw(audience, "AccountAudience"), by=BY
        )
        return ids.encode("Job", job_id)


def errors(payload: dict[str, Any]) -> list[tuple[str, str]]:
    """What was refused, and that nothing else came back."""
    assert payload["solutionInterest"] is None
    return [(".".join(one["field"] or ()), one["code"]) for one in payload["userErrors"]]


@pytest.fixture
async def here(api: Api) -> Interests:
    named = await role_ids(api.db)
    first = await live_template(api.db, [card(named[CHIEF])], "First")
    second = await live_template(api.db, [card(named[CHIEF])], "Second")
    return Interests(api, ids.encode("RoleTemplate", first), ids.encode("RoleTemplate", second))


async def test_an_interest_is_made_with_what_it_sells_and_the_defaults(here: Interests) -> None:
    made = await products.upsert(here.api.db, [{"externalId": key, "name": key} for key in ("Suite", "Add-on")])
    sold = [ids.encode("Product", own) for own in made.ids if own]
    payload = await here.create(description="For data people", productIds=sold, productLine="Data")
    assert payload["userErrors"] == []
    shown = payload["solutionInterest"]
    assert shown.pop("id").startswith("int_")
    assert shown == {
        "name": "Analytics",
        "description": "For data people",
        "productLine": "Data",
        "products": [{"name": "Add-on"}, {"name": "Suite"}],
        "roleTemplate": {"name": "First"},
        "updateExistingBuyingGroups": False,
        "sellingLevel": "AS_LISTED",
        "accountAudiences": [],
        "createdBy": "local",
        "updatedBy": "local",
    }


async def test_a_name_is_needed_unique_and_not_too_long(here: Interests) -> None:
    await here.made("Analytics")
    for name, code in (("", "INVALID"), ("  ", "INVALID"), ("x" * 256, "INVALID"), (" aNALYTICS ", "TAKEN")):
        assert errors(await here.create(name)) == [("name", code)]
    other = await here.made("x" * 255)
    for name, code in (("", "INVALID"), ("x" * 256, "INVALID"), ("ANALYTICS", "TAKEN"), (None, "INVALID")):
        assert errors(await here.update(other, name=name)) == [("name", code)]
    names = await rows(here.api.db, "MATCH (i:SolutionInterest) RETURN i.name AS name ORDER BY name")
    assert [row["name"] for row in names] == ["Analytics", "x" * 255]
    assert (await here.update(other, name="Other"))["userErrors"] == []
    assert (await here.create("x" * 255))["userErrors"] == []  # the name is free again


async def test_only_a_live_template_can_be_used(here: Interests) -> None:
    named = await role_ids(here.api.db)
    draft = ids.encode("RoleTemplate", await templates.create(here.api.db, "Draft", None, [card(named[CHIEF])], by=BY))
    unknown = ids.encode("RoleTemplate", "00000000-0000-0000-0000-000000000000")
    for template, code in ((draft, "NOT_LIVE"), (unknown, "NOT_FOUND"), ("nobody", "NOT_FOUND")):
        assert errors(await here.create(roleTemplateId=template)) == [("roleTemplateId", code)]
    own = await here.made()
    assert errors(await here.update(own, roleTemplateId=draft)) == [("roleTemplateId", "NOT_LIVE")]
    assert errors(await here.update(own, roleTemplateId=None)) == [("roleTemplateId", "INVALID")]


async def test_products_that_do_not_exist_are_named_by_place(here: Interests) -> None:
    made = await products.upsert(here.api.db, [{"externalId": "Suite", "name": "Suite"}])
    suite = ids.encode("Product", str(made.ids[0]))
    assert errors(await here.create(productIds=[suite, "nobody", here.template])) == [
        ("productIds.1", "NOT_FOUND"),
        ("productIds.2", "NOT_FOUND"),
    ]
    assert errors(await here.create(productIds=[suite] * 101)) == [("productIds", "LIMIT_EXCEEDED")]
    assert (await here.create(productIds=[suite] * 2))["solutionInterest"]["products"] == [{"name": "Suite"}]


async def test_an_absent_field_stays_null_clears_and_a_list_replaces(here: Interests) -> None:
    made = await products.upsert(here.api.db, [{"externalId": key, "name": key} for key in ("Suite", "Add-on")])
    suite, addon = (ids.encode("Product", str(own)) for own in made.ids)
    own = await here.made(description="D", productIds=[suite], productLine="L", updateExistingBuyingGroups=True)
    shown = (await here.update(own, description=None, productIds=[addon]))["solutionInterest"]
    assert (shown["description"], shown["products"], shown["productLine"]) == (None, [{"name": "Add-on"}], "L")
    assert (shown["name"], shown["updateExistingBuyingGroups"]) == ("Analytics", True)
    shown = (await here.update(own, productLine="", productIds=None, updateExistingBuyingGroups=False))["solutionInterest"]
    assert (shown["productLine"], shown["products"], shown["updateExistingBuyingGroups"]) == (None, [], False)
    assert errors(await here.update(own, updateExistingBuyingGroups=None)) == [("updateExistingBuyingGroups", "INVALID")]


async def test_an_update_that_changes_nothing_writes_nothing(here: Interests) -> None:
    made = await products.upsert(here.api.db, [{"externalId": key, "name": key} for key in ("Suite", "Add-on")])
    sold = [ids.encode("Product", str(own)) for own in made.ids]
    own = await here.made(productIds=sold)
    stored = "MATCH (i:SolutionInterest) RETURN properties(i) AS stored"
    before = await rows(here.api.db, stored)
    for changes in ({}, {"name": "Analytics"}, {"productIds": sold}, {"productIds": sold[::-1]}):
        assert (await here.update(own, **changes))["userErrors"] == []
        assert await rows(here.api.db, stored) == before


async def test_template_and_selling_level_change_until_a_job_exists(here: Interests) -> None:
    own = await here.made()
    shown = (await here.update(own, roleTemplateId=here.second, sellingLevel="TOP"))["solutionInterest"]
    assert (shown["roleTemplate"], shown["sellingLevel"]) == ({"name": "Second"}, "TOP")
    job_id = await here.sell(own)  # queued, and no group yet
    fixed = [("roleTemplateId", "NOT_EDITABLE"), ("sellingLevel", "NOT_EDITABLE")]
    assert errors(await here.update(own, roleTemplateId=here.template, sellingLevel="AS_LISTED", name="New")) == fixed
    await here.api.run_jobs()
    await jobs.delete(here.api.db, ids.raw(job_id, "Job"))  # a group, and no job
    assert errors(await here.update(own, sellingLevel="AS_LISTED")) == fixed[1:]
    stored = (await rows(here.api.db, "MATCH (i:SolutionInterest) RETURN i.name AS name, i.sellingLevel AS level"))[0]
    assert stored == {"name": "Analytics", "level": "TOP"}
    await rows(here.api.db, "MATCH (g:BuyingGroup) DETACH DELETE g")
    assert (await here.update(own, roleTemplateId=here.template, sellingLevel="AS_LISTED"))["userErrors"] == []


async def test_name_description_flag_and_products_change_at_any_time(here: Interests) -> None:
    own = await here.made()
    await here.sell(own)
    await here.api.run_jobs()
    payload = await here.update(
        own,
        name="Insight",
        description="D",
        updateExistingBuyingGroups=True,
        productLine="L",
        roleTemplateId=here.template,  # the same as before
        sellingLevel="AS_LISTED",
    )
    assert payload["userErrors"] == []
    assert (await rows(here.api.db, "MATCH (g:BuyingGroup) RETURN g.name AS name")) == [{"name": "Insight for home"}]


async def test_an_interest_in_use_cannot_be_deleted(here: Interests) -> None:
    own = await here.made()
    job_id = await here.sell(own)
    in_use = {"deletedId": None, "userErrors": [{"field": ["id"], "code": "IN_USE"}]}
    assert await here.delete(own) == in_use  # by a job
    await here.api.run_jobs()
    await jobs.delete(here.api.db, ids.raw(job_id, "Job"))
    assert await here.delete(own) == in_use  # by a group
    assert (await rows(here.api.db, "MATCH (i:SolutionInterest) RETURN count(i) AS n")) == [{"n": 1}]
    unused = await here.made("Unused")
    await rows(here.api.db, "CREATE (:Webhook {id: 'w', interestId: $id})", id=ids.raw(unused, "SolutionInterest"))
    assert await here.delete(unused) == in_use  # by a webhook
    await rows(here.api.db, "MATCH (w:Webhook) DELETE w")
    assert await here.delete(unused) == {"deletedId": unused, "userErrors": []}
    assert await here.delete(unused) == {"deletedId": None, "userErrors": [{"field": ["id"], "code": "NOT_FOUND"}]}


async def test_an_interest_that_does_not_exist_is_not_found(here: Interests) -> None:
    unknown = ids.encode("SolutionInterest", "00000000-0000-0000-0000-000000000000")
    for own in (unknown, "nobody", here.template):
        assert errors(await here.update(own, name="New")) == [("id", "NOT_FOUND")]
        assert await here.delete(own) == {"deletedId": None, "userErrors": [{"field": ["id"], "code": "NOT_FOUND"}]}


async def test_creation_jobs_link_their_audience_once(here: Interests) -> None:
    own = await here.made()
    await here.sell(own)
    audience = (await rows(here.api.db, "MATCH (u:AccountAudience) RETURN u.id AS id"))[0]["id"]
    await jobs.start_creation(here.api.db, ids.raw(own, "SolutionInterest"), audience, by=BY)
    await here.api.run_jobs()
    shown = "query ($id: ID!) { solutionInterest(id: $id) { accountAudiences { name } jobs { totalCount } } }"
    assert (await here.api.data(shown, id=own))["solutionInterest"] == {
        "accountAudiences": [{"name": "Audience"}],
        "jobs": {"totalCount": 2},
    }


async def test_interests_are_searched_by_name_and_come_last_update_first(here: Interests) -> None:
    first, _, _ = [await here.made(name) for name in ("Data suite", "Cloud", "data lake")]
    await here.update(first, description="touched")
    query = "query ($search: String) { solutionInterests(search: $search) { totalCount edges { node { name } } } }"

    async def found(search: str | None) -> list[str]:
        return [edge["node"]["name"] for edge in (await here.api.data(query, search=search))["solutionInterests"]["edges"]]

    assert await found(None) == ["Data suite", "data lake", "Cloud"]
    assert await found(" DATA ") == ["Data suite", "data lake"]
    assert await found("nothing") == []
