"""Sends events to webhooks: JSON after the Standard Webhooks specification, signed, to addresses that are allowed.

A host's name is looked up once for a connection, every address that it has must be allowed, and the connection goes to one of
those: so a name that means something else a moment later leads nowhere else. TLS checks the certificate for the name.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, cast
from urllib.parse import urlsplit

import httpcore2
import httpx2
import orjson
from standardwebhooks import Webhook as Signer

from api import ids
from api.types.base import write_datetime
from graph.outbox import Event, Hook, Outcome
from graph.targets import NOT_PUBLIC, Targets
from graph.vault import Unreadable, Vault

SECONDS = 15.0
"""How long a receiver may take for an answer."""
MAX_ANSWER = 64_000
"""How many bytes of an answer's body are read, so that its connection serves again. Nothing is done with them."""
_UNREADABLE = "The webhook's secret was kept under another BUYING_GROUPS_SECRET_KEY. Give it a new secret."

Resolve = Callable[[str, int], Awaitable[list[str]]]


class NotAllowed(Exception):
    """The address is none to which anything is delivered. The message says why."""


async def look_up(host: str, port: int) -> list[str]:
    """The IP addresses of a host. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


class Pinned(httpcore2.AsyncNetworkBackend):
    """Connects to addresses that were checked, and to no others."""

    def __init__(self, targets: Targets, *, secure: bool, resolve: Resolve = look_up) -> None:
        self._targets, self._secure, self._resolve = targets, secure, resolve
        self._inner = cast("httpcore2.AsyncNetworkBackend", httpcore2.AnyIOBackend())

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - so it is called
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """A connection to one of the host's addresses. Raises NotAllowed, httpcore2.ConnectError."""
        try:
            addresses = await self._resolve(host, port)
        except (OSError, UnicodeError):  # the latter for what can't be a name, such as a..b
            addresses = []
        for address in addresses:
            if words := self._targets.refusal(address, secure=self._secure):
                raise NotAllowed(words)
        failed: Exception = httpcore2.ConnectError("the host has no address")
        for address in addresses:
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failed = error
        raise failed

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - so it is called
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """There is no way to a file. Raises NotAllowed."""
        raise NotAllowed(NOT_PUBLIC)

    async def sleep(self, seconds: float) -> None:
        """Waits."""
        await asyncio.sleep(seconds)


class Sender:
    """Sends one event to one webhook: what the outbox does deliveries with. `async with Sender(...) as send`."""

    def __init__(self, vault: Vault, targets: Targets, *, seconds: float = SECONDS, resolve: Resolve = look_up) -> None:
        self._vault, self._seconds = vault, seconds
        # No proxy of the environment, no redirects: what is asked for is what is connected to.
        tls = httpx2.create_ssl_context(trust_env=False)
        self._pools = {
            scheme: httpcore2.AsyncConnectionPool(
                ssl_context=tls,
                max_connections=1_000,
                max_keepalive_connections=100,
                keepalive_expiry=10.0,
                network_backend=Pinned(targets, secure=scheme == "https", resolve=resolve),
            )
            for scheme in ("http", "https")
        }
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Sender:
        for pool in self._pools.values():
            await self._stack.enter_async_context(pool)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._stack.aclose()

    async def __call__(self, hook: Hook, event: Event) -> Outcome:
        """Sends it, and tells what came of that. Whatever goes wrong on the way is told in words, without internals."""
        body = orjson.dumps(payload(event))
        try:
            headers = self._signed(hook, event.message_id(hook), body.decode(), datetime.now(UTC))
        except Unreadable:
            return Outcome(None, _UNREADABLE)
        try:
            async with asyncio.timeout(self._seconds):
                return await self._post(hook.url, headers, body)
        except NotAllowed as error:
            return Outcome(None, str(error))
        except (TimeoutError, httpcore2.TimeoutException):
            return Outcome(None, f"There was no answer within {self._seconds:g} s.")
        except httpcore2.ConnectError:
            return Outcome(None, "There was no connection: the host has no address, nobody answers there, or TLS failed.")
        except (httpcore2.NetworkError, httpcore2.ProtocolError):
            return Outcome(None, "The connection broke, or what came is no HTTP.")

    async def _post(self, url: str, headers: dict[str, str], body: bytes) -> Outcome:
        parts = urlsplit(url)
        named = {"host": parts.netloc.removesuffix(":"), **headers}  # by itself the pool leaves brackets out of an IPv6 address
        async with self._pools[parts.scheme].stream("POST", url, headers=list(named.items()), content=body) as answer:
            outcome = _judged(answer)
            read = 0
            async for chunk in answer.aiter_stream():
                read += len(chunk)
                if read > MAX_ANSWER:
                    break
            return outcome

    def _signed(self, hook: Hook, message_id: str, body: str, now: datetime) -> dict[str, str]:
        """The headers of an attempt. While a former secret counts, both sign. Raises Unreadable."""
        secrets = [self._vault.open(hook.secret, hook.id)]
        if hook.former_secret and hook.former_until and now.timestamp() * 1000 < hook.former_until:
            secrets.append(self._vault.open(hook.former_secret, hook.id))
        return {
            "content-type": "application/json",
            "user-agent": "buying-groups-webhooks",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": " ".join(Signer(secret).sign(message_id, now, body) for secret in secrets),
        }


def payload(event: Event) -> dict[str, Any]:
    """What receivers get: the event's type, when it happened, and what the API calls what it is about."""
    return {
        "type": event.type.lower().replace("_", "."),
        "timestamp": write_datetime(event.at),
        "data": {
            "id": ids.encode("BuyingGroupEvent", event.id),
            "buyingGroupId": ids.encode("BuyingGroup", event.group_id),
            "accountId": ids.encode("Account", event.account_id),
            "solutionInterestId": ids.encode("SolutionInterest", event.interest_id),
            "personId": _id("Person", event.person_id),
            "roleId": _id("Role", event.role_id),
            "role": event.role,
            "source": event.source,
            "previous": event.previous,
            "current": event.current,
        },
    }


def _id(typename: str, own: str | None) -> str | None:
    return ids.encode(typename, own) if own else None


def _judged(answer: httpcore2.Response) -> Outcome:
    """Delivered is what was answered with 2xx."""
    if 200 <= answer.status < 300:
        return Outcome(answer.status)
    if 300 <= answer.status < 400:
        return Outcome(answer.status, f"The receiver answered {answer.status}; redirects are not followed.")
    wait = None
    if answer.status in (429, 503):
        given = next((value for name, value in answer.headers if name.lower() == b"retry-after"), b"")
        wait = retry_after(given.decode("latin-1"), datetime.now(UTC))
    return Outcome(answer.status, f"The receiver answered {answer.status}.", wait)


def retry_after(value: str, now: datetime) -> float | None:
    """The seconds to wait that a Retry-After header names, as a number or as a date; None for anything else."""
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return max((moment - now).total_seconds(), 0.0) if moment.tzinfo else None
