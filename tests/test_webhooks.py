"""Webhooks, with a receiver on loopback: signed, at least once, in order per group, to nobody who is not allowed."""

from __future__ import annotations

import asyncio
import io
import re
import shlex
import sys
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pytest
from documents import blocks
from make import BY, Api, Person, api_over, card, client_over, plant, role_ids, rows, run, sell
from receiving import HOOKS, LOOPBACK, PACE, VAULT, Got, Receiver, delivering, first_seen, hooked, per_group, receiving
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError
from starlette.responses import RedirectResponse, Response
from typer.main import get_command

from api import cli, ids
from api.app import create_app
from api.sending import Pinned, Sender, retry_after
from graph import events, members, webhooks
from graph.callers import EVERYTHING, Caller
from graph.db import Db
from graph.embedded import Server
from graph.errors import ErrorCode, Refused
from graph.model import AssignmentSource, BuyingGroupEventType
from graph.outbox import Event, Hook, Pace
from graph.targets import NOT_PUBLIC, NOT_SAFE, Targets
from graph.vault import Unreadable, Vault

MEMBERS = [BuyingGroupEventType.MEMBER_ASSIGNED, BuyingGroupEventType.MEMBER_REMOVED]


class Market:
    """Groups, one person beside each, and the role they can be given."""

    def __init__(self, db: Db, groups: list[str], people: list[str], role: str, interest: str) -> None:
        self.db, self.groups, self.people, self.role, self.interest = db, groups, people, role, interest

    async def decide(self, group: int, times: int = 1) -> None:
        """Two events a time about members of a group."""
        manual = AssignmentSource.MANUAL
        for _ in range(times):
            await members.assign(self.db, self.groups[group], [(self.people[group], self.role)], source=manual, by=BY)
            await members.remove(self.db, self.groups[group], [self.people[group]], source=manual, by=BY)


@pytest.fixture
async def market(db: Db) -> Market:
    return await market_of(db, 3)


async def market_of(db: Db, size: int) -> Market:
    role = (await role_ids(db))["Champion"]
    keys = [f"a{n:03}" for n in range(size)]
    known = await plant(db, dict.fromkeys(keys), [Person(f"p{key}", {key: None}) for key in keys])
    sold = await sell(db, [card(role)], [known[key] for key in keys])
    await events.number(db)
    people = [known[f"p{key}"] for key in keys]
    return Market(db, [sold.groups[known[key]] for key in keys], people, role, sold.interest_id)


@pytest.fixture
async def receiver() -> AsyncGenerator[Receiver]:
    async with receiving() as one:
        yield one


async def told(db: Db) -> dict[str, list[str]]:
    """The events about members that there are, per group and in order, as receivers see their ids."""
    found = await rows(
        db,
        """MATCH (e:BuyingGroupEvent)-[:IN]->(g:BuyingGroup) WHERE e.type IN ['MEMBER_ASSIGNED', 'MEMBER_REMOVED']
        WITH g, e ORDER BY e.seq RETURN g.id AS g, collect(e.id) AS ids""",
    )
    return {ids.encode("BuyingGroup", row["g"]): [ids.encode("BuyingGroupEvent", one) for one in row["ids"]] for row in found}


async def state(db: Db, webhook_id: str) -> dict[str, Any]:
    return (await rows(db, "MATCH (w:Webhook {id: $id}) RETURN w {.*} AS w", id=webhook_id))[0]["w"]


async def until_off(db: Db, webhook_id: str) -> dict[str, Any]:
    """The webhook once it is switched off."""
    async with asyncio.timeout(30):
        while (now := await state(db, webhook_id))["status"] != "DISABLED":  # noqa: ASYNC110 - the graph tells it in no other way
            await asyncio.sleep(0.02)
    return now


async def until_at(db: Db, webhook_id: str, seq: int) -> None:
    """Returns once the webhook has got this far."""
    async with asyncio.timeout(30):
        while (await state(db, webhook_id))["cursor"] < seq:  # noqa: ASYNC110 - the graph tells it in no other way
            await asyncio.sleep(0.02)


# --- what is delivered ----------------------------------------------------------------------------------------------


async def test_what_happens_is_delivered_signed_and_as_the_api_tells_it(market: Market, receiver: Receiver) -> None:
    db = market.db
    made = await hooked(db, receiver)
    await market.decide(0)
    async with delivering(db):
        await receiver.until(lambda one: len(one.took) == 4)
    got = receiver.verified(made.secret)
    assert [one.event["type"] for one in got] == [
        "member.assigned",
        "completeness.changed",
        "member.removed",
        "completeness.changed",
    ]
    query = """{ events(first: 100) { edges { node { id type at previous current buyingGroup { id account { id }
      solutionInterest { id } } person { id } role { id name } } } } }"""
    async with api_over(db) as api:
        nodes = [edge["node"] for edge in (await api.data(query))["events"]["edges"]][-4:]
    assert [one.event for one in got] == [
        {
            "type": node["type"].lower().replace("_", "."),
            "timestamp": node["at"],
            "data": {
                "id": node["id"],
                "buyingGroupId": node["buyingGroup"]["id"],
                "accountId": node["buyingGroup"]["account"]["id"],
                "solutionInterestId": node["buyingGroup"]["solutionInterest"]["id"],
                "personId": node["person"] and node["person"]["id"],
                "roleId": node["role"] and node["role"]["id"],
                "role": node["role"] and node["role"]["name"],
                "source": "MANUAL" if node["person"] else None,
                "previous": node["previous"],
                "current": node["current"],
            },
        }
        for node in nodes
    ]
    assert got[0].headers["content-type"] == "application/json"
    with pytest.raises(WebhookVerificationError):
        Verifier(made.secret).verify(got[0].body.replace(b"member", b"Member"), dict(got[0].headers))


async def test_only_what_is_asked_for_is_delivered(market: Market, receiver: Receiver) -> None:
    db = market.db
    other = await sell(db, [card(market.role)], [], name="Other")
    await hooked(db, receiver, types=[BuyingGroupEventType.MEMBER_REMOVED], interest_id=market.interest)
    async with receiving() as nothing:
        quiet = await hooked(db, nothing, interest_id=other.interest_id)
        await market.decide(0, 2)
        async with delivering(db):
            await receiver.until(lambda one: len(one.took) == 2)
            head = await events.number(db)
            await until_at(db, quiet.webhook_id, head)
    assert [one.event["type"] for one in receiver.got] == ["member.removed"] * 2
    assert nothing.got == []


# --- at least once, in order ----------------------------------------------------------------------------------------


async def test_a_receiver_that_fails_hangs_and_is_late_gets_all_in_order(db: Db, receiver: Receiver) -> None:
    market = await market_of(db, 12)
    made = await hooked(db, receiver, types=MEMBERS)
    tries = Counter[str]()

    async def moody(one: Got) -> int | Response:
        tries[one.id] += 1
        mood = int(one.id[-2:], 16) % 5
        if tries[one.id] > 1 or mood > 3:
            return 200
        if mood == 0:
            await asyncio.sleep(30)
        if mood == 1:
            await asyncio.sleep(0.1)
        return (500, 200, 404, RedirectResponse("/hook"))[mood]

    receiver.answer = moody
    for group in range(12):
        await market.decide(group, 5)
    async with delivering(db, seconds=0.5):
        await receiver.until(lambda one: len({got.id for got in one.took}) == 120)
    receiver.verified(made.secret)
    assert per_group(receiver.took) == await told(db)
    assert set(tries.values()) == {1, 2}
    assert per_group(receiver.got) == await told(db)  # no event was tried before its group's former one was taken


async def test_a_group_that_fails_holds_back_its_own_events_alone(market: Market, receiver: Receiver) -> None:
    db = market.db
    held = ids.encode("BuyingGroup", market.groups[0])
    open_ = asyncio.Event()

    async def answer(one: Got) -> int:
        return 200 if one.group != held or open_.is_set() else 500

    receiver.answer = answer
    made = await hooked(db, receiver, types=MEMBERS)
    for group in range(3):
        await market.decide(group, 3)
    async with delivering(db):
        await receiver.until(lambda one: len(one.took) == 12 and len(one.got) > 14)
        assert {one.id for one in receiver.got if one.group == held} == {
            next(one.id for one in receiver.got if one.group == held)
        }
        assert len({one.event["data"]["id"] for one in receiver.took}) == 12
        assert (await state(db, made.webhook_id))["failingSince"] is not None
        open_.set()
        await receiver.until(lambda one: len(one.took) == 18)
        await until_at(db, made.webhook_id, await events.number(db))
    assert per_group(receiver.took) == await told(db)
    after = await state(db, made.webhook_id)
    assert (after["acknowledged"], after.get("failingSince")) == ([], None)


async def test_the_window_is_bounded(market: Market, receiver: Receiver) -> None:
    db = market.db
    held = ids.encode("BuyingGroup", market.groups[0])

    async def answer(one: Got) -> int:
        return 500 if one.group == held else 200

    receiver.answer = answer
    made = await hooked(db, receiver, types=MEMBERS)
    await market.decide(0)
    await market.decide(1, 5)
    async with delivering(db, replace(PACE, window=6)):
        await receiver.until(lambda one: len(one.got) > 12)
    assert len(receiver.took) == 4
    assert len((await state(db, made.webhook_id))["acknowledged"]) == 4


async def test_what_was_not_acknowledged_before_a_restart_comes_again(market: Market, receiver: Receiver) -> None:
    db = market.db
    made = await hooked(db, receiver, types=MEMBERS)
    hung = asyncio.Event()

    async def answer(_: Got) -> int:
        if len(receiver.took) >= 3:
            hung.set()
            await asyncio.Event().wait()
        return 200

    receiver.answer = answer
    for group in range(3):
        await market.decide(group, 2)
    async with delivering(db), asyncio.timeout(20):
        await hung.wait()
    receiver.answer = Receiver().answer
    async with delivering(db):
        await receiver.until(lambda one: len({got.id for got in one.took}) == 12)
    assert per_group(receiver.got) == await told(db)  # what came again is the last that its group had before
    receiver.verified(made.secret)


async def test_two_instances_deliver_one_stream_and_one_takes_over(market: Market, receiver: Receiver) -> None:
    db = market.db
    await hooked(db, receiver, types=MEMBERS)
    async with delivering(db), delivering(db):
        for group in range(3):
            await market.decide(group, 5)
        await receiver.until(lambda one: len({got.id for got in one.took}) == 30)
    assert per_group(receiver.got) == await told(db)
    await rows(db, "MATCH (w:Webhook) SET w._lease = 'dead', w._leasedUntil = datetime() + duration('PT1S')")
    await market.decide(0)
    async with delivering(db):
        await receiver.until(lambda one: len({got.id for got in one.took}) == 32)  # some may come again
    assert per_group(receiver.got) == await told(db)


# --- off and on -----------------------------------------------------------------------------------------------------


async def test_a_webhook_that_fails_for_long_is_switched_off_and_goes_on_where_it_stopped(
    market: Market, receiver: Receiver
) -> None:
    db = market.db
    made = await hooked(db, receiver, types=MEMBERS)

    async def broken(_: Got) -> int:
        return 503

    receiver.answer = broken
    await market.decide(0, 2)
    async with delivering(db, replace(PACE, give_up=0.3)):
        off = await until_off(db, made.webhook_id)
        assert off["disabledReason"].startswith("An event could not be delivered for ")
        assert off["disabledReason"].endswith("The last attempt: The receiver answered 503.")
        await market.decide(1)
        receiver.answer = Receiver().answer
        assert receiver.took == []
        await webhooks.enable(db, made.webhook_id, by=BY)
        await receiver.until(lambda one: len(one.took) == 6)
    assert per_group(receiver.took) == await told(db)


async def test_failures_count_from_the_first_on_over_restarts(market: Market, receiver: Receiver) -> None:
    db = market.db
    made = await hooked(db, receiver, types=MEMBERS)

    async def broken(_: Got) -> int:
        return 500

    receiver.answer = broken
    await market.decide(0)
    async with delivering(db):
        await receiver.until(lambda one: len(one.got) >= 3)
    since = (await state(db, made.webhook_id))["failingSince"]
    assert since is not None
    await rows(db, "MATCH (w:Webhook) SET w.failingSince = w.failingSince - duration('P5D')")
    async with delivering(db):
        off = await until_off(db, made.webhook_id)
    assert off["disabledReason"] == "An event could not be delivered for 5 days. The last attempt: The receiver answered 500."


async def test_gone_switches_off_at_once(market: Market, receiver: Receiver) -> None:
    made = await hooked(market.db, receiver, types=MEMBERS)

    async def gone(_: Got) -> int:
        return 410

    receiver.answer = gone
    await market.decide(0, 2)
    async with delivering(market.db):
        off = await until_off(market.db, made.webhook_id)
    assert off["disabledReason"] == "The receiver answered 410: it wants no more events."
    assert len(receiver.got) == 1


async def test_retry_after_is_heeded(market: Market, receiver: Receiver) -> None:
    made = await hooked(market.db, receiver, types=MEMBERS)

    async def busy(_: Got) -> int | Response:
        return Response(status_code=429, headers={"retry-after": "1"}) if len(receiver.got) == 1 else 200

    receiver.answer = busy
    await market.decide(0)
    async with delivering(market.db, replace(PACE, longest=5.0)):
        await receiver.until(lambda one: len(one.took) == 2)
    first, second = (int(one.headers["webhook-timestamp"]) for one in receiver.verified(made.secret)[:2])
    assert second > first


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("120", 120.0), ("Sat, 28 Nov 2026 06:00:30 GMT", 30.0), ("Sat, 28 Nov 2026 05:00:00 GMT", 0.0), ("soon", None), ("", None)],
)
def test_retry_after_is_seconds_or_a_date(value: str, seconds: float | None) -> None:
    assert retry_after(value, datetime(2026, 11, 28, 6, tzinfo=UTC)) == seconds


async def test_a_replay_delivers_again_under_the_same_ids(market: Market, receiver: Receiver) -> None:
    db = market.db
    made = await hooked(db, receiver, types=MEMBERS)
    await market.decide(0)
    between = datetime.now(UTC)
    await market.decide(1)
    async with delivering(db):
        await receiver.until(lambda one: len(one.took) == 4)
        await until_at(db, made.webhook_id, await events.number(db))
        await webhooks.replay(db, made.webhook_id, between, by=BY)
        await receiver.until(lambda one: len(one.took) == 6)
        later = ids.encode("BuyingGroup", market.groups[1])
        assert [one.id for one in receiver.took[4:]] == [one.id for one in receiver.took[:4] if one.group == later]
        await webhooks.replay(db, made.webhook_id, between - timedelta(days=1), by=BY)
        await receiver.until(lambda one: len(set(first_seen(one.took[6:]))) >= 4)
    with pytest.raises(Refused) as refused:
        await webhooks.replay(db, made.webhook_id, datetime.now(UTC) + timedelta(hours=1), by=BY)
    assert refused.value.problems[0].field == ("after",)
    # A later time than the cursor's leaves nothing out.
    await webhooks.disable(db, made.webhook_id, by=BY)
    await market.decide(2)
    cursor = (await state(db, made.webhook_id))["cursor"]
    await webhooks.replay(db, made.webhook_id, datetime.now(UTC), by=BY)
    assert (await state(db, made.webhook_id))["cursor"] == cursor


# --- addresses ------------------------------------------------------------------------------------------------------

PUBLIC = ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "64:ff9b::808:808", "2002:808:808::1", "::ffff:8.8.8.8"]
REFUSED = """
  0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 127.0.0.1 127.255.255.254 169.254.169.254 172.16.0.1 172.31.255.255
  192.0.0.1 192.0.2.1 192.88.99.1 192.168.0.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255
  240.0.0.1 255.255.255.255 :: ::1 ::7f00:1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254
  64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::1 2002:7f00:1::1 2002:a00:1::1 2002:a9fe:a9fe::1
  2001:0:808:808::80ff:fffe 100::1 2001:db8::1 fc00::1 fd00:ec2::254 fe80::1 fe80::1%1 fec0::1 ff02::1 ff0e::1
  localhost
""".split()  # noqa: SIM905 - a table


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_allowed_over_https(address: str) -> None:
    assert Targets().refusal(address, secure=True) is None
    assert Targets().refusal(address, secure=False) == NOT_SAFE


@pytest.mark.parametrize("address", REFUSED)
def test_other_addresses_are_refused(address: str) -> None:
    assert Targets().refusal(address, secure=True) == NOT_PUBLIC
    assert Targets().refusal(address, secure=False) == NOT_PUBLIC


def test_networks_are_allowed_by_name() -> None:
    assert LOOPBACK.refusal("127.0.0.1", secure=False) is None
    assert LOOPBACK.refusal("::1", secure=False) is None
    assert LOOPBACK.refusal("::ffff:127.0.0.1", secure=False) is None
    assert LOOPBACK.refusal("10.0.0.1", secure=True) == NOT_PUBLIC


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://receiver.example/hook?x=1", None),
        ("https://receiver.example:8443", None),
        ("https://8.8.8.8/", None),
        ("http://receiver.example/", NOT_SAFE),
        ("https://127.0.0.1/", NOT_PUBLIC),
        ("https://[::1]/", NOT_PUBLIC),
        ("https://[::ffff:10.0.0.1]/", NOT_PUBLIC),
        ("https://user:pass@receiver.example/", "Must have no user name or password; receivers know who sends by the signature."),
        ("https://user@receiver.example/", "Must have no user name or password; receivers know who sends by the signature."),
        ("https://receiver.example/#x", "Must have no fragment (#...)."),
        ("ftp://receiver.example/", "Must be an address"),
        ("https://", "Must be an address"),
        ("https://receiver.example:99999/", "Must be an address"),
        ("https://empfänger.example/", "Must be an address"),
        ("https://receiver.example/a b", "Must be an address"),
        ("https://receiver.example/\r\nX: y", "Must be an address"),
        ("", "Must be an address"),
        ("https://receiver.example/" + "x" * 2_000, "At most 2000 characters, not 2025."),
    ],
)
def test_urls_are_checked(url: str, words: str | None) -> None:
    found = Targets().problems(url)
    assert len(found) == (0 if words is None else 1)
    assert words is None or found[0].message.startswith(words)


HOOK_ID = "11111111-1111-4111-8111-111111111111"
EVENT = Event(1, HOOK_ID, "STATUS_CHANGED", 0, HOOK_ID, HOOK_ID, HOOK_ID, None, None, None, None, None, "x")


def hook(url: str) -> Hook:
    return Hook(HOOK_ID, url, VAULT.seal("whsec_c2VjcmV0", HOOK_ID), None, None)


async def test_a_name_that_comes_to_mean_something_else_leads_nowhere_else(receiver: Receiver) -> None:
    """What was looked up and checked is what is connected to; and one address that isn't allowed is one too many."""
    asked: list[str] = []
    answers = [["127.0.0.1"], ["10.0.0.1"], ["127.0.0.1", "10.0.0.1"], ["169.254.169.254"], []]

    async def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return answers[len(asked) - 1]

    url = f"http://receiver.example:{receiver.port}/hook"
    found: list[tuple[int | None, str | None]] = []
    for _ in answers:
        async with Sender(VAULT, LOOPBACK, resolve=lambda host, port: rebinding(host, port)) as send:
            outcome = await send(hook(url), EVENT)
            found.append((outcome.status, outcome.error))
    nowhere = "There was no connection: the host has no address, nobody answers there, or TLS failed."
    assert found == [(200, None), (None, NOT_PUBLIC), (None, NOT_PUBLIC), (None, NOT_PUBLIC), (None, nowhere)]
    assert asked == ["receiver.example"] * 5
    assert [one.headers["host"] for one in receiver.got] == [f"receiver.example:{receiver.port}"]


async def test_without_an_allowed_network_loopback_gets_nothing(receiver: Receiver) -> None:
    async with Sender(VAULT, Targets()) as send:
        outcome = await send(hook(receiver.url), EVENT)
    assert (outcome.status, outcome.error) == (None, NOT_PUBLIC)
    assert receiver.got == []
    with pytest.raises(Exception, match="isn't public"):
        await Pinned(LOOPBACK, secure=False).connect_unix_socket("a socket")


async def test_an_endless_answer_ends(receiver: Receiver) -> None:
    async def endless(_: Got) -> Response:
        return Response(b"x" * 5_000_000)

    receiver.answer = endless
    async with Sender(VAULT, LOOPBACK) as send:
        assert (await send(hook(receiver.url), EVENT)).error is None


# --- secrets --------------------------------------------------------------------------------------------------------


def test_a_vault_opens_for_its_owner_alone() -> None:
    sealed = VAULT.seal("whsec_x", "owner")
    assert VAULT.open(sealed, "owner") == "whsec_x"
    assert VAULT.seal("whsec_x", "owner") != sealed
    for vault, owner, text in ((VAULT, "other", sealed), (Vault(b"another key"), "owner", sealed), (VAULT, "owner", sealed[:-4])):
        with pytest.raises(Unreadable):
            vault.open(text, owner)


async def test_both_secrets_sign_for_a_day_after_a_rotation(market: Market, receiver: Receiver) -> None:
    db = market.db
    old = await hooked(db, receiver, types=MEMBERS)
    new = await webhooks.rotate(db, old.webhook_id, VAULT, by=BY)
    assert new.secret != old.secret
    await market.decide(0)
    async with delivering(db):
        await receiver.until(lambda one: len(one.took) == 2)
        receiver.verified(old.secret)
        receiver.verified(new.secret)
    receiver.got.clear()
    await rows(db, "MATCH (w:Webhook) SET w.formerSecretUntil = datetime() - duration('PT1S')")
    await market.decide(0)
    async with delivering(db):  # another one: who has taken up a webhook knows its secrets for as long
        await receiver.until(lambda one: len(one.took) == 4)
    receiver.verified(new.secret)
    with pytest.raises(WebhookVerificationError):
        receiver.verified(old.secret)


async def test_a_secret_of_another_key_is_told_in_the_log(market: Market, receiver: Receiver) -> None:
    made = await hooked(market.db, receiver, types=MEMBERS)
    await market.decide(0)
    async with delivering(market.db, replace(PACE, give_up=0), vault=Vault(b"another key")):
        await until_off(market.db, made.webhook_id)
    found = await rows(market.db, "MATCH (d:WebhookDelivery) RETURN d.error AS e")
    assert found[0]["e"] == "The webhook's secret was kept under another BUYING_GROUPS_SECRET_KEY. Give it a new secret."
    assert receiver.got == []
    assert made.secret not in repr(made)


# --- the API --------------------------------------------------------------------------------------------------------

CREATE = """mutation($input: CreateWebhookInput!, $key: String) { createWebhook(input: $input, idempotencyKey: $key) {
  secret webhook { id name url status types disabledReason solutionInterest { id } account { id } }
  userErrors { field code message } } }"""
LIST = """{ webhooks { id name status deliveries(first: 10) { totalCount edges { node { messageId eventId eventType at attempt
  status milliseconds error } } } } }"""


async def asked(client: httpx2.AsyncClient, query: str, **variables: Any) -> dict[str, Any]:
    return orjson.loads((await client.post("/graphql", json={"query": query, "variables": variables})).content)


@pytest.fixture
async def client(db: Db) -> AsyncGenerator[httpx2.AsyncClient]:
    """A client of the API with a vault for secrets."""
    app = create_app(db, b"a secret of the tests", jobs=False, hooks=HOOKS)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://localhost") as one:
        yield one


async def test_webhooks_are_set_up_by_graphql(market: Market, receiver: Receiver, client: httpx2.AsyncClient) -> None:
    db = market.db
    wanted = {"name": "CRM", "url": receiver.url, "types": ["STATUS_CHANGED", "MEMBER_ASSIGNED", "MEMBER_ASSIGNED"]}
    wanted["solutionInterestId"] = ids.encode("SolutionInterest", market.interest)
    made = (await asked(client, CREATE, input=wanted, key="k"))["data"]["createWebhook"]
    assert made["userErrors"] == []
    assert made["webhook"]["types"] == ["MEMBER_ASSIGNED", "STATUS_CHANGED"]
    assert made["webhook"]["solutionInterest"]["id"] == wanted["solutionInterestId"]
    assert made["webhook"]["status"] == "ENABLED"
    assert (await asked(client, CREATE, input=wanted, key="k"))["data"]["createWebhook"] == made  # once
    await market.decide(0)
    async with delivering(db):
        await receiver.until(lambda one: len(one.took) == 1)
        await until_at(db, made["webhook"]["id"][4:], await events.number(db))
    receiver.verified(made["secret"])
    found = (await asked(client, LIST))["data"]["webhooks"]
    assert [one["name"] for one in found] == ["CRM"]
    assert found[0]["deliveries"]["totalCount"] == 1
    entry = found[0]["deliveries"]["edges"][0]["node"]
    assert entry["messageId"] == receiver.got[0].id
    assert entry["eventId"] == receiver.got[0].event["data"]["id"]
    assert (entry["eventType"], entry["attempt"], entry["status"], entry["error"]) == ("MEMBER_ASSIGNED", 1, 200, None)
    own = made["webhook"]["id"]
    simple = "{ webhook { status disabledReason name types } userErrors { code } }"
    off = await asked(client, f"mutation($id: ID!) {{ disableWebhook(id: $id) {simple} }}", id=own)
    assert off["data"]["disableWebhook"]["webhook"]["disabledReason"] == "Switched off by local."
    on = await asked(client, f"mutation($id: ID!) {{ enableWebhook(id: $id) {simple} }}", id=own)
    assert (on["data"]["enableWebhook"]["webhook"]["status"], on["data"]["enableWebhook"]["webhook"]["disabledReason"]) == (
        "ENABLED",
        None,
    )
    change = f"mutation($id: ID!, $input: UpdateWebhookInput!) {{ updateWebhook(id: $id, input: $input) {simple} }}"
    changed = (await asked(client, change, id=own, input={"types": None, "name": "Other"}))["data"]["updateWebhook"]
    assert (changed["webhook"]["name"], changed["webhook"]["types"]) == ("Other", None)
    replay = f"mutation($id: ID!, $after: DateTime!) {{ replayWebhook(id: $id, after: $after) {simple} }}"
    replayed = (await asked(client, replay, id=own, after="2020-01-01T00:00:00Z"))["data"]["replayWebhook"]
    assert replayed["userErrors"] == []
    assert (await state(db, own[4:]))["cursor"] == 0
    rotate = (
        "mutation($id: ID!, $key: String) { rotateWebhookSecret(id: $id, idempotencyKey: $key) { secret userErrors { code } } }"
    )
    rotated = (await asked(client, rotate, id=own, key="r"))["data"]["rotateWebhookSecret"]
    assert rotated["secret"] not in (None, made["secret"])
    assert (await asked(client, rotate, id=own, key="r"))["data"]["rotateWebhookSecret"] == rotated
    one = (await asked(client, "query($id: ID!) { webhook(id: $id) { name } }", id=own))["data"]["webhook"]
    assert one == {"name": "Other"}
    gone = await asked(client, "mutation($id: ID!) { deleteWebhook(id: $id) { deletedId userErrors { code } } }", id=own)
    assert gone["data"]["deleteWebhook"] == {"deletedId": own, "userErrors": []}
    assert (await asked(client, "query($id: ID!) { webhook(id: $id) { name } }", id=own))["data"] == {"webhook": None}
    assert await rows(db, "MATCH (n) WHERE n:Webhook OR n:WebhookDelivery RETURN n") == []


async def test_what_is_wrong_is_told_and_nothing_is_made(db: Db, client: httpx2.AsyncClient) -> None:
    nobody = "11111111-1111-1111-1111-111111111111"
    for wanted, field, code in (
        ({"name": " ", "url": "https://receiver.example"}, ["name"], "INVALID"),
        ({"name": "x", "url": "https://10.0.0.1/"}, ["url"], "INVALID"),
        ({"name": "x", "url": "https://receiver.example", "types": []}, ["types"], "INVALID"),
        ({"name": "x", "url": "https://receiver.example", "accountId": f"acc_{nobody}"}, ["accountId"], "NOT_FOUND"),
        ({"name": "x", "url": "https://receiver.example", "solutionInterestId": "x"}, ["solutionInterestId"], "NOT_FOUND"),
    ):
        answer = (await asked(client, CREATE, input=wanted))["data"]["createWebhook"]
        assert [(one["field"], one["code"]) for one in answer["userErrors"]] == [(field, code)]
        assert answer["secret"] is None
    for name in ("deleteWebhook", "enableWebhook", "disableWebhook", "rotateWebhookSecret"):
        answer = await asked(client, f"mutation($id: ID!) {{ {name}(id: $id) {{ userErrors {{ code }} }} }}", id=f"whk_{nobody}")
        assert answer["data"][name]["userErrors"] == [{"code": "NOT_FOUND"}]
    assert await rows(db, "MATCH (w:Webhook) RETURN w") == []


async def test_without_a_key_for_secrets_no_webhook_is_made(api: Api, db: Db) -> None:
    wanted = {"name": "x", "url": "https://receiver.example"}
    answer = (await api.data(CREATE, input=wanted))["createWebhook"]
    assert [(one["code"], one["message"]) for one in answer["userErrors"]] == [
        (
            "NOT_EDITABLE",
            "Webhooks have secrets, and nothing is set under which to keep them: set BUYING_GROUPS_SECRET_KEY first.",
        )
    ]
    assert await rows(db, "MATCH (w:Webhook) RETURN w") == []


async def test_there_are_at_most_fifty(db: Db, receiver: Receiver) -> None:
    for _ in range(webhooks.MAX_WEBHOOKS):
        await hooked(db, receiver)
    with pytest.raises(Refused) as refused:
        await hooked(db, receiver)
    assert refused.value.problems[0].code is ErrorCode.LIMIT_EXCEEDED
    assert len(await webhooks.records(db)) == webhooks.MAX_WEBHOOKS


async def test_a_caller_bound_to_a_part_may_not(market: Market, receiver: Receiver) -> None:
    await hooked(market.db, receiver)
    account = (await rows(market.db, "MATCH (a:Account) RETURN a.id AS id LIMIT 1"))[0]["id"]
    bound = Caller("bound", EVERYTHING, None, account)
    own = ids.encode("Webhook", (await webhooks.records(market.db))[0].id)
    async with client_over(market.db, caller=bound) as client:
        for query in ("{ webhooks { id } }", f'{{ webhook(id: "{own}") {{ id }} }}'):
            answer = await asked(client, query)
            assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
        made = await asked(client, CREATE, input={"name": "x", "url": "https://receiver.example"})
        assert made["data"]["createWebhook"]["userErrors"][0]["code"] == "FORBIDDEN"
    assert len(await webhooks.records(market.db)) == 1


async def test_a_secret_is_nowhere_but_in_its_answer(market: Market, receiver: Receiver) -> None:
    """Not in the graph, the records of idempotency keys included; not in what is printed or logged."""
    db, printed = market.db, io.StringIO()
    with redirect_stderr(printed), redirect_stdout(printed):
        app = create_app(db, b"a secret of the tests", jobs=False, hooks=HOOKS)
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://localhost") as client:
            made = (await asked(client, CREATE, input={"name": "x", "url": receiver.url}, key="k"))["data"]["createWebhook"]
        receiver.port = 1  # where nobody answers
        await market.decide(0)
        async with delivering(db):
            await receiver.until(lambda one: len(one.took) == 4)
    secret = made["secret"].removeprefix("whsec_")
    stored = await rows(db, "MATCH (n) UNWIND keys(n) AS k WITH toStringOrNull(n[k]) AS v WHERE v CONTAINS $s RETURN v", s=secret)
    assert stored == []
    assert secret not in printed.getvalue()


async def test_the_log_keeps_the_latest_two_hundred(db: Db, receiver: Receiver) -> None:
    market = await market_of(db, 8)
    made = await hooked(db, receiver, types=MEMBERS)
    for group in range(8):
        await market.decide(group, 13)
    async with delivering(db):
        await receiver.until(lambda one: len(one.took) == 208)
        await until_at(db, made.webhook_id, await events.number(db))
    numbers = [row["n"] for row in await rows(db, "MATCH (:Webhook)-[:TRIED]->(d) RETURN d.number AS n ORDER BY n")]
    assert numbers == list(range(9, 209))
    assert (await state(db, made.webhook_id))["tried"] == 208


async def test_a_server_delivers_beside_its_jobs(market: Market, receiver: Receiver) -> None:
    """`serve` does; the tests' other servers have no vault."""
    made = await hooked(market.db, receiver, types=MEMBERS)
    app = create_app(market.db, b"a secret of the tests", hooks=HOOKS)
    async with app.router.lifespan_context(app):
        await market.decide(0)
        await receiver.until(lambda one: len(one.took) == 2)
    receiver.verified(made.secret)


# --- the command line and the page for receivers --------------------------------------------------------------------


async def test_the_command_line_lists_switches_and_replays(
    market: Market, receiver: Receiver, server: Server, tmp_path: Path
) -> None:
    db = market.db
    made = await hooked(db, receiver)
    own = ids.encode("Webhook", made.webhook_id)
    await market.decide(0)
    await events.number(db)
    program = str(Path(sys.executable).with_name("buying-groups"))
    at = {"NEO4J_URI": server.connection.uri, "NEO4J_PASSWORD": server.connection.password}
    listed = await run(tmp_path, program, "webhooks", "list", **at)
    assert listed.splitlines() == [f"{own}  receiver", f"    {receiver.url}", "    on, 4 events to look at"]
    assert await run(tmp_path, program, "webhooks", "disable", own, **at) == f"{own} is switched off.\n"
    listed = await run(tmp_path, program, "webhooks", "list", **at)
    assert listed.splitlines()[2] == "    off: Switched off by command line. 4 events to look at"
    told_ = await run(tmp_path, program, "webhooks", "replay", own, "--after", "2020-01-01T00:00:00+01:00", **at)
    assert told_ == f"{own} gets what happened after 2019-12-31 23:00:00 UTC again.\n"
    assert (await state(db, made.webhook_id))["cursor"] == 0
    assert await run(tmp_path, program, "webhooks", "enable", own, **at) == f"{own} is switched on.\n"
    assert (await state(db, made.webhook_id))["status"] == "ENABLED"


PAGE = (Path(__file__).parent.parent / "docs" / "webhooks.md").read_text("utf-8")


async def test_the_verifying_example_verifies(receiver: Receiver) -> None:
    (source,) = blocks(PAGE, "python")
    example: dict[str, Any] = {}
    exec(source, example)  # noqa: S102 - the page's own
    verify = example["verify"]
    async with Sender(VAULT, LOOPBACK) as send:
        await send(hook(receiver.url), EVENT)
    (got,) = receiver.got
    headers = dict(got.headers)
    assert verify("whsec_c2VjcmV0", headers, got.body) is True
    assert verify("whsec_c2VjcmV1", headers, got.body) is False
    assert verify("whsec_c2VjcmV0", headers, got.body + b" ") is False
    assert verify("whsec_c2VjcmV0", {**headers, "webhook-id": "msg_other"}, got.body) is False
    assert (
        verify("whsec_c2VjcmV0", {**headers, "webhook-timestamp": str(int(headers["webhook-timestamp"]) - 301)}, got.body)
        is False
    )
    (example_body,) = blocks(PAGE, "json")
    assert orjson.loads(example_body).keys() == got.event.keys()
    assert orjson.loads(example_body)["data"].keys() == got.event["data"].keys()


async def test_what_the_page_shows_exists(client: httpx2.AsyncClient) -> None:
    create, query = blocks(PAGE, "graphql")
    made = (await asked(client, create, url="https://receiver.example/hook"))["data"]["createWebhook"]
    assert (made["webhook"]["status"], made["userErrors"]) == ("ENABLED", [])
    assert [one["name"] for one in (await asked(client, query))["data"]["webhooks"]] == ["CRM"]
    commands = get_command(cli.app).commands["webhooks"].commands  # type: ignore[attr-defined]
    lines = [shlex.split(line) for line in "".join(blocks(PAGE, "sh")).splitlines()]
    assert {line[2] for line in lines} == set(commands)
    types = set(re.findall(r"`([a-z]+\.[a-z]+)`", PAGE[PAGE.index("| `type` |") : PAGE.index("`personId`, ")]))
    assert types == {one.value.lower().replace("_", ".") for one in BuyingGroupEventType}


def test_waits_double_up_to_the_longest() -> None:
    pace = Pace(jitter=0.0)
    assert [pace.wait(n, pace.longest) for n in (1, 2, 3, 11, 12, 13, 10_000)] == [2, 4, 8, 2048, 3600, 3600, 3600]
    spread = [Pace().wait(1, 3_600) for _ in range(100)]
    assert 1.6 <= min(spread) < max(spread) <= 2.4
