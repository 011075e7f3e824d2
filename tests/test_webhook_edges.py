"""What webhooks meet at the edges: hosts that are no names, addresses in brackets, odd headers, events that commit late."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import uuid4

import pytest
import uvicorn
from make import BY, Person, answering, card, plant, role_ids, rows, sell
from receiving import LOOPBACK, VAULT, delivering, hooked, receiving
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api import ids
from api.sending import Sender, retry_after
from graph import events, members
from graph.db import Db
from graph.model import AssignmentSource
from graph.outbox import Event, Hook
from graph.targets import Targets

NO_NAMES = ("https://a..b/", f"https://{'a' * 64}.example/", "https://.example/", "https://receiver.example../")
NOTHING = "There was no connection: the host has no address, nobody answers there, or TLS failed."


def hook(url: str) -> Hook:
    own = str(uuid4())
    return Hook(own, url, VAULT.seal("whsec_c2VjcmV0IG9mIHRoZSB0ZXN0cw==", own), None, None)


def event() -> Event:
    own = [str(uuid4()) for _ in range(4)]
    return Event(1, own[0], "STATUS_CHANGED", 0, own[1], own[2], own[3], None, None, None, None, None, "hot")


@pytest.mark.parametrize("url", NO_NAMES)
async def test_a_host_that_can_be_no_name_is_refused_and_leads_nowhere(url: str) -> None:
    assert [problem.message for problem in Targets().problems(url)] == [
        "Must be an address such as https://receiver.example/path, in ASCII (other host names in Punycode)."
    ]
    async with Sender(VAULT, LOOPBACK) as send:  # of a webhook that was made all the same
        outcome = await send(hook(url), event())
    assert (outcome.status, outcome.error) == (None, NOTHING)


def test_a_name_may_end_with_a_dot_and_have_labels_of_63() -> None:
    assert Targets().problems(f"https://{'a' * 63}.example./") == []


@pytest.mark.parametrize("address", ["3fff::1", "3fff:fff:ffff::1"])
def test_addresses_of_the_newer_documentation_are_not_public(address: str) -> None:
    assert Targets().refusal(address, secure=True) is not None
    assert Targets().refusal("3ffe:ffff::1", secure=True) is None


@asynccontextmanager
async def on_ipv6(hosts: list[str]) -> AsyncGenerator[int]:
    async def take(request: Request) -> Response:
        hosts.append(request.headers["host"])
        return Response(status_code=204)

    app = Starlette(routes=[Route("/", take, methods=["POST"])])
    async with answering(uvicorn.Config(app, host="::1", port=0, log_config=None, lifespan="off")) as port:
        yield port


async def test_an_ipv6_address_keeps_its_brackets() -> None:
    hosts: list[str] = []
    async with on_ipv6(hosts) as port, Sender(VAULT, LOOPBACK) as send:
        assert (await send(hook(f"http://[::1]:{port}/"), event())).status == 204
    assert hosts == [f"[::1]:{port}"]


@pytest.mark.parametrize("value", ["Wed, 21 Oct 2099 07:28:00 +9999999999999", "1e9", "-1", "\xb2", "Mon, 01 Jan 99999"])
def test_what_no_receiver_can_mean_is_no_time_to_wait(value: str) -> None:
    assert retry_after(value, datetime.now(UTC)) is None


async def test_an_event_that_commits_after_a_webhook_was_made_is_delivered_whenever_it_happened(db: Db) -> None:
    role = (await role_ids(db))["Champion"]
    known = await plant(db, {"a": None}, [Person("p", {"a": None}), Person("q", {"a": None})])
    sold = await sell(db, [card(role)], [known["a"]])
    group, manual = sold.groups[known["a"]], AssignmentSource.MANUAL
    await events.number(db)
    async with receiving() as receiver:
        await members.assign(db, group, [(known["p"], role)], source=manual, by=BY)  # before, and without a number yet
        await hooked(db, receiver)
        await members.assign(db, group, [(known["q"], role)], source=manual, by=BY)
        # It began before: what is numbered last happened first.
        late = "MATCH (e:_New)-[:ABOUT]->(:Person {id: $id}) SET e.at = datetime('2020-01-01T00:00:00Z') RETURN e.id"
        assert len(await rows(db, late, id=known["q"])) == 1
        async with delivering(db):
            await receiver.until(lambda one: len(one.took) == 1)
    assert [one.event["data"]["personId"] for one in receiver.got] == [ids.encode("Person", known["q"])]
