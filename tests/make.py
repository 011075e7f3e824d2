"""What tests are made of: builders of markets, and a client of the API."""

from __future__ import annotations

import asyncio
import os
import re
import socket
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, LiteralString

import httpx2
import orjson
import uvicorn

from api.app import create_app
from api.console import Console
from api.documents import Documents
from api.provider import Provider
from api.webfiles import WebFiles
from graph import accounts, audiences, interests, jobs, keys, people, templates
from graph.audiences import AudienceSpec
from graph.callers import LOCAL_CALLER, Caller
from graph.db import Db, Row
from graph.interests import InterestSpec
from graph.keys import KeySpec
from graph.migrations import all_migrations
from graph.model import (
    AttributeFilter,
    CardSpec,
    Condition,
    FilterOperator,
    HierarchyScope,
    Match,
    Permission,
    PersonAttribute,
    SellingLevel,
)
from graph.queries import Query

BY = "tests"


async def rows(db: Db, text: LiteralString, **params: Any) -> list[Row]:
    """The rows of any statement, for looking behind the API and for planting what it would refuse."""
    return await db.write(Query("tests/ad hoc", text, "write"), **params)


_WIPE: LiteralString = "MATCH (n) WHERE NOT n:_Migration AND NOT coalesce(n.isDefault, false) DETACH DELETE n"
_SEEDS = [seed for step in all_migrations() for seed in step.statements if seed.mode == "write"]


async def reset(db: Db) -> None:
    """Leaves the graph as migrations do: empty but for the default roles and the default engagement model."""
    for statement in (Query("tests/wipe", _WIPE, "write"), *_SEEDS):
        await db.write(statement)


# --- the API --------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Api:
    """A client that speaks GraphQL over HTTP to the application in this process."""

    client: httpx2.AsyncClient
    db: Db
    asked: dict[bytes, None] = field(default_factory=dict[bytes, None])

    async def post(self, query: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The whole answer to an operation."""
        body = orjson.dumps({"query": query, "variables": dict(variables or {})})
        if not query.lstrip().startswith("mutation"):
            self.asked[body] = None
        return orjson.loads(await self.send(self.client, body))

    async def send(self, client: httpx2.AsyncClient, body: bytes) -> bytes:
        """A response's body as it came."""
        return (await client.post("/graphql", content=body, headers={"content-type": "application/json"})).content

    async def told(self, client: httpx2.AsyncClient, body: bytes) -> bytes:
        """A response's body but for the request's id."""
        return re.sub(rb'"requestId":"\w+"', b'"requestId":""', await self.send(client, body))

    async def ask_again(self, executor: httpx2.AsyncClient) -> None:
        """Asks for all that was asked again: the executor's answer, and those of plans (a new one, one that is kept), are the
        same to the byte."""
        for body in self.asked:
            expected = await self.told(executor, body)
            for _ in range(2):
                assert await self.told(self.client, body) == expected, body

    async def data(self, query: str, **variables: Any) -> dict[str, Any]:
        """The data of an operation that has no errors."""
        answer = await self.post(query, variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    async def errors(self, query: str, **variables: Any) -> list[dict[str, Any]]:
        """The errors of an operation that has some."""
        answer = await self.post(query, variables)
        assert answer.get("errors"), answer
        return answer["errors"]

    async def run_jobs(self) -> int:
        """Works on what is queued; returns how many jobs that was."""
        return await jobs.run_all(self.db)


@asynccontextmanager
async def api_over(db: Db, documents: Documents | None = None, caller: Caller = LOCAL_CALLER) -> AsyncGenerator[Api]:
    """A client of an application on this database, in this process. When a test is done, its queries are asked again, with and
    without the plans that answer in the executor's place."""
    async with client_over(db, documents, caller) as client, client_over(db, documents, caller, answers=False) as executor:
        api = Api(client, db)
        yield api
        await api.ask_again(executor)


@asynccontextmanager
async def client_over(
    db: Db,
    documents: Documents | None = None,
    caller: Caller = LOCAL_CALLER,
    *,
    answers: bool = True,
    credential: str | None = None,
    provider: Provider | None = None,
    local: bool = True,
) -> AsyncGenerator[httpx2.AsyncClient]:
    """An HTTP client of an application on this database, in this process, with a credential if one is given."""
    secret = b"a secret of the tests"
    app = create_app(db, secret, jobs=False, documents=documents, answers=answers, provider=provider, local=local, caller=caller)
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost", headers=bearer(credential)) as client:
        yield client


def bearer(credential: str | None) -> dict[str, str]:
    """The header that shows a credential."""
    return {} if credential is None else {"authorization": f"Bearer {credential}"}


async def key_for(db: Db, *permissions: Permission, name: str = "a key", account: str | None = None) -> str:
    """A new API key with these permissions."""
    return (await keys.create(db, KeySpec(name, permissions, account=account))).key


@asynccontextmanager
async def serving(
    db: Db,
    documents: Documents | None = None,
    *,
    jobs: bool = True,
    graphiql: WebFiles | None = None,
    console: Console | None = None,
    provider: Provider | None = None,
) -> AsyncGenerator[int]:
    """The application on a port of loopback, for what needs a real connection."""
    application = create_app(
        db, b"a secret of the tests", jobs=jobs, documents=documents, graphiql=graphiql, console=console, provider=provider
    )
    async with answering(uvicorn.Config(application, port=0, log_config=None)) as port:
        yield port


@asynccontextmanager
async def answering(config: uvicorn.Config, at: socket.socket | None = None) -> AsyncGenerator[int]:
    """A server in this process that answers on a port of loopback, which it takes unless it is given one."""
    server = uvicorn.Server(config)
    task = asyncio.create_task(server._serve([at] if at else None))
    async with asyncio.timeout(10):
        while not server.started:  # noqa: ASYNC110 - uvicorn tells it in no other way
            await asyncio.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task


async def run(folder: Path, program: str, *args: str, **environment: str) -> str:
    """What a program prints that ends well."""
    running = await asyncio.create_subprocess_exec(
        program, *args, cwd=folder, env=os.environ | environment, stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await running.communicate()
    assert running.returncode == 0, printed.decode()
    return printed.decode()


# --- markets --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Person:
    """Someone to plant: `at` maps accounts to the title there (None: the person's own)."""

    key: str
    at: Mapping[str, str | None]
    title: str | None = None
    more: Mapping[str, Any] = field(default_factory=dict[str, Any])
    relationship: str = "EMPLOYEE"


async def plant(db: Db, tree: Mapping[str, str | None], crowd: Iterable[Person] = ()) -> dict[str, str]:
    """Makes accounts (child to parent, by external id, which is also the name) and people; returns all their ids by key."""
    made = await accounts.upsert(db, [{"externalId": k, "name": k, "parentExternalId": p} for k, p in tree.items()], by=BY)
    assert not made.problems, made.problems
    found = dict(zip(tree, made.ids, strict=True))
    crowd = list(crowd)
    batch = [
        {
            "externalId": one.key,
            "lastName": one.key,
            "jobTitle": one.title,
            **one.more,
            "accounts": [
                {"accountExternalId": account, "relationship": one.relationship, "title": title}
                for account, title in one.at.items()
            ],
        }
        for one in crowd
    ]
    joined = await people.upsert(db, batch, by=BY)
    assert not joined.problems, joined.problems
    found |= dict(zip((one.key for one in crowd), joined.ids, strict=True))
    return {key: own for key, own in found.items() if own}


async def role_ids(db: Db) -> dict[str, str]:
    """Every role's id by its name."""
    return {row["name"]: row["id"] for row in await rows(db, "MATCH (r:Role) RETURN r.name AS name, r.id AS id")}


def title(operator: FilterOperator, *values: str) -> Condition:
    """A condition on the job title alone."""
    return Condition(Match.ALL, (AttributeFilter(PersonAttribute.JOB_TITLE, operator, values),))


def card(
    role_id: str,
    condition: Condition | None = None,
    scope: HierarchyScope = HierarchyScope.ACCOUNT,
    max_distance: int | None = None,
    **more: Any,
) -> CardSpec:
    """A card; with a condition it is filled by the rules."""
    return CardSpec(
        role_id, auto_assign=condition is not None, condition=condition, scope=scope, max_distance=max_distance, **more
    )


async def live_template(db: Db, cards: Sequence[CardSpec], name: str = "Template") -> str:
    """A LIVE template with these cards."""
    made = await templates.create(db, name, None, cards, by=BY)
    return await templates.publish(db, made, by=BY)


@dataclass(frozen=True, slots=True)
class Sold:
    """An interest whose groups were made."""

    interest_id: str
    audience_id: str
    template_id: str
    groups: Mapping[str, str]
    job_id: str


async def sell(
    db: Db,
    cards: Sequence[CardSpec],
    account_ids: Sequence[str],
    name: str = "Interest",
    level: SellingLevel = SellingLevel.AS_LISTED,
    follow: bool = False,
) -> Sold:
    """A template, an interest and a static audience, with their groups made by a job; groups by their account's id."""
    template_id = await live_template(db, cards, f"{name} template")
    spec = InterestSpec(name, template_id, selling_level=level, update_existing_buying_groups=follow)
    interest_id = await interests.create(db, spec, by=BY)
    audience_id = await audiences.create(db, AudienceSpec(f"{name} audience", account_ids=list(account_ids)), by=BY)
    job_id = await jobs.start_creation(db, interest_id, audience_id, by=BY)
    await jobs.run_all(db)
    found = await rows(db, "MATCH (g:BuyingGroup {interestId: $id}) RETURN g.accountId AS a, g.id AS id", id=interest_id)
    return Sold(interest_id, audience_id, template_id, {row["a"]: row["id"] for row in found}, job_id)


async def members_of(db: Db, group_id: str) -> dict[str, tuple[str, str, str, int]]:
    """The members by external id, each with (role, source, account's external id, distance)."""
    found = await rows(
        db,
        """MATCH (p:Person)-[m:MEMBER_OF]->(:BuyingGroup {id: $id}) MATCH (a:Account {id: m.accountId})
        RETURN p.externalId AS p, m.role AS role, m.source AS source, a.externalId AS a, m.distance AS distance""",
        id=group_id,
    )
    return {row["p"]: (row["role"], row["source"], row["a"], row["distance"]) for row in found}


async def completeness(db: Db, group_id: str) -> float | None:
    """A group's stored completeness."""
    return (await rows(db, "MATCH (g:BuyingGroup {id: $id}) RETURN g.completeness AS c", id=group_id))[0]["c"]
