"""Tokens of an OpenID Connect provider: which are taken, whose keys they are verified with, and when those are fetched."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import time
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from issuing import AUDIENCE, KEYS, Issuer, issuing, part
from joserfc.jwk import OctKey, RSAKey
from listening import subscribed
from make import bearer, client_over, key_for, plant, rows, serving
from structlog.testing import capture_logs
from websockets.exceptions import ConnectionClosed

from api import auth, tokens
from api.provider import Provider, is_safe
from api.settings import BadSettings, load
from api.signin import Client
from api.tokens import NoKeys, Tokens, check_claims, claim, read_keys
from graph.callers import BadCredential, Caller
from graph.db import Db
from graph.model import Permission as P

VIEWER = "{ viewer { subject permissions } }"


@pytest.fixture
async def issuer() -> AsyncGenerator[Issuer]:
    async with issuing() as running:
        yield running


class Clock:
    """A clock that a test moves on, both since the start and of the day."""

    def __init__(self) -> None:
        self.moved = 0.0
        self._monotonic, self._time = time.monotonic, time.time

    def monotonic(self) -> float:
        return self._monotonic() + self.moved

    def time(self) -> float:
        return self._time() + self.moved


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(tokens, "time", clock)
    return clock


# --- which are taken ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("alg", ["RS256", "PS512", "ES256", "EdDSA", "Ed25519"])
async def test_a_token_of_each_kind_of_algorithm_is_taken(db: Db, issuer: Issuer, alg: str) -> None:
    key = KEYS[{"RS256": "RS256", "PS512": "RS256", "ES256": "ES256"}.get(alg, "Ed25519")]
    found = Tokens(issuer.provider(), db)
    signed = issuer.token(key, "Ed25519" if key is KEYS["Ed25519"] else alg, permissions="VIEW MANAGE_DATA nothing")
    if alg == "EdDSA":
        signed = eddsa(issuer)
    caller = await found.find(signed)
    assert caller == Caller("oidc:ada", frozenset({P.VIEW, P.MANAGE_DATA}), f"oidc:{issuer.url} ada")


def eddsa(issuer: Issuer) -> str:
    """A token under the older name of its algorithm, of which the library warns."""
    text = f"{part({'alg': 'EdDSA', 'kid': 'okp'})}.{part(issuer.claims(permissions='MANAGE_DATA'))}"
    private: Any = KEYS["Ed25519"].get_op_key("sign")
    return f"{text}.{written(private.sign(text.encode()))}"


def written(signature: bytes) -> str:
    return base64.urlsafe_b64encode(signature).rstrip(b"=").decode()


@pytest.mark.parametrize(
    ("header", "claims", "reason"),
    [
        ({}, {"iss": "https://elsewhere.example"}, "another issuer"),
        ({}, {"iss": None}, "another issuer"),
        ({}, {"aud": "another"}, "another audience"),
        ({}, {"aud": None}, "another audience"),
        ({}, {"aud": [AUDIENCE + "x"]}, "another audience"),
        ({}, {"sub": None}, "no subject"),
        ({}, {"sub": " "}, "no subject"),
        ({}, {"sub": 7}, "no subject"),
        ({}, {"sub": "x" * 256}, "no subject"),
        ({}, {"exp": None}, "no time in exp"),
        ({}, {"exp": "2100-01-01"}, "no time in exp"),
        ({}, {"exp": True}, "no time in exp"),
        ({}, {"exp": float("inf")}, "no time in exp"),
        ({}, {"exp": float("nan")}, "no time in exp"),
        ({}, {"nbf": "soon"}, "no time in nbf"),
        ({}, {"nbf": 9_999_999_999}, "not valid yet"),
        ({}, {"iat": 9_999_999_999}, "not valid yet"),
        ({}, {"exp": 1}, "expired"),
        ({"kid": "another"}, {}, "signed with an unknown key"),
        ({"kid": "ec"}, {}, "signed with an unknown key"),
        ({"kid": 7}, {}, "signed with an unknown key"),
        ({"alg": ["RS256"]}, {}, "malformed"),
        ({"alg": "HS256"}, {}, "an algorithm that is not taken"),
        ({"typ": "logout+jwt"}, {}, "no access token"),
        ({"typ": "application/at+jwt"}, {}, None),
        ({"nonce": "a header of no standard"}, {}, None),
        ({}, {"aud": ["another", AUDIENCE]}, None),
    ],
)
async def test_what_is_wrong_with_a_token_is_for_the_log(
    db: Db, issuer: Issuer, header: dict[str, Any], claims: dict[str, Any], reason: str | None
) -> None:
    found = Tokens(issuer.provider(), db)
    forged = signed(issuer, header, claims)
    if reason is None:
        assert (await found.find(forged)).subject == "oidc:ada"
        return
    for _ in range(2):  # what was refused isn't taken the second time
        with pytest.raises(BadCredential) as refused:
            await found.find(forged)
        assert refused.value.reason == reason


def signed(issuer: Issuer, header: dict[str, Any], claims: dict[str, Any]) -> str:
    """A token signed with the provider's key, whatever its header and its claims are."""
    text = f"{part({'alg': 'RS256', 'kid': 'rsa', **header})}.{part(issuer.claims(**claims))}"
    private: Any = KEYS["RS256"].get_op_key("sign")
    return f"{text}.{written(private.sign(text.encode(), PKCS1v15(), SHA256()))}"


@pytest.mark.parametrize("text", ["x", "a.b.c", "..", "a.b", "e30.e30.e30", "eyJhbGciOjF9.e30.e30", "x" * 17_000, "é.é.é"])
async def test_what_is_no_token_is_refused_without_asking_for_keys(db: Db, issuer: Issuer, text: str) -> None:
    with pytest.raises(BadCredential):
        await Tokens(issuer.provider(), db).find(text)
    assert issuer.asked == 0


def test_the_times_of_a_token_may_be_a_little_ahead_and_none_is_late() -> None:
    provider = Provider("https://id.example", AUDIENCE)
    valid = {"iss": provider.issuer, "aud": AUDIENCE, "sub": "ada", "exp": 1_000}
    assert check_claims(valid, provider, 999.9) == "ada"
    assert check_claims({**valid, "nbf": 1_029, "iat": 1_029}, provider, 999.0) == "ada"
    for claims, now in ((valid, 1_000.0), ({**valid, "nbf": 1_030}, 999.0), ({**valid, "iat": 1_030}, 999.0)):
        with pytest.raises(BadCredential):
            check_claims(claims, provider, now)


def test_a_claim_is_found_by_its_whole_name_or_by_its_path() -> None:
    claims = {"https://x.example/permissions": ["VIEW"], "realm": {"access": {"roles": ["ADMINISTER"]}}, "a": 1}
    assert claim(claims, "https://x.example/permissions") == ["VIEW"]
    assert claim(claims, "realm.access.roles") == ["ADMINISTER"]
    assert claim(claims, "realm.nothing.roles") is claim(claims, "a.b") is claim(claims, "b") is None


@pytest.mark.parametrize("said", [None, 7, {"VIEW": True}, [["VIEW"]], "view", ""])
async def test_permissions_that_are_none_are_none(db: Db, issuer: Issuer, said: Any) -> None:
    caller = await Tokens(issuer.provider(), db).find(issuer.token(permissions=said))
    assert caller.permissions == frozenset()


async def test_a_claim_binds_a_token_to_an_account(db: Db, issuer: Issuer) -> None:
    known = await plant(db, {"0011": None})
    found = Tokens(issuer.provider(account="partner.account"), db)
    assert (await found.find(issuer.token(partner={"account": "0011"}))).root == known["0011"]
    assert (await found.find(issuer.token(partner={"account": "*"}))).root is None
    for wrong in (None, {}, {"account": ""}, {"account": 7}, {"account": "nobody"}, {"account": ["0011"]}):
        with pytest.raises(BadCredential, match="account"):
            await found.find(issuer.token(partner=wrong))


# --- the provider's keys --------------------------------------------------------------------------------------------


async def test_keys_are_fetched_once_and_again_for_one_that_is_unknown(db: Db, issuer: Issuer, clock: Clock) -> None:
    found = Tokens(issuer.provider(), db)
    await asyncio.gather(*(found.find(issuer.token(sub=f"s{number}")) for number in range(20)))
    assert issuer.asked == 1
    new = RSAKey.generate_key(2048, {"kid": "new"})
    issuer.keys = [new]
    for _ in range(20):
        with pytest.raises(BadCredential):  # within seconds of the last fetch there is no other
            await found.find(issuer.token(new))
    assert issuer.asked == 1
    old = issuer.token()
    await found.find(old)
    clock.moved += tokens.UNKNOWN
    assert (await found.find(issuer.token(new))).subject == "oidc:ada"
    assert issuer.asked == 2
    with pytest.raises(BadCredential):  # its key is gone, though it was verified just before
        await found.find(old)


async def test_keys_that_are_old_are_fetched_beside_requests(db: Db, issuer: Issuer, clock: Clock) -> None:
    found = Tokens(issuer.provider(), db)
    token = issuer.token()
    await found.find(token)
    issuer.keys = [KEYS["ES256"]]
    clock.moved += tokens.REFETCH
    valid = issuer.token(exp=int(clock.time()) + 60)
    assert (await found.find(valid)).subject == "oidc:ada"
    asking = found.keys._asking
    assert asking is not None
    await asking
    assert issuer.asked == 2
    with pytest.raises(BadCredential):
        await found.find(valid)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, None),
        (404, b"{}"),
        (302, None),
        (200, b"not JSON"),
        (200, b"[]"),
        (200, b'{"keys": []}'),
        (200, b'{"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "rsa"}]}'),
        (200, b'{"keys": [1, null, {"kty": "RSA"}, {"kty": "RSA", "n": "!", "e": 7}]}'),
        (200, b'{"pad": "' + b"x" * tokens.MAX_DOCUMENT + b'"}'),
    ],
)
async def test_keys_are_kept_when_a_fetch_fails(db: Db, issuer: Issuer, clock: Clock, status: int, body: bytes | None) -> None:
    found = Tokens(issuer.provider(), db)
    await found.find(issuer.token())
    issuer.status, issuer.body = status, body
    clock.moved += tokens.UNKNOWN
    with capture_logs() as logs, pytest.raises(BadCredential):
        await found.find(issuer.token(RSAKey.generate_key(2048, {"kid": "new"})))
    assert [log["event"] for log in logs] == ["the provider's keys can't be had"]
    assert issuer.asked == 2
    assert (await found.find(issuer.token(sub="bob"))).subject == "oidc:bob"


async def test_without_any_key_nobody_is_let_in_and_nobody_is_called_wrong(db: Db, issuer: Issuer, clock: Clock) -> None:
    issuer.status = 500
    async with client_over(db, provider=issuer.provider()) as client:
        headers = bearer(issuer.token())
        for _ in range(3):
            refused = await client.post("/graphql", json={"query": VIEWER}, headers=headers)
            assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (503, "UNAVAILABLE")
        assert issuer.asked == 1
        issuer.status = 200
        clock.moved += tokens.UNKNOWN
        assert (await client.post("/graphql", json={"query": VIEWER}, headers=headers)).status_code == 200


async def test_a_configuration_of_another_issuer_gives_no_keys(db: Db, issuer: Issuer) -> None:
    real = issuer.url
    found = Tokens(Provider(f"{real}/", AUDIENCE), db)
    with pytest.raises(NoKeys):
        await found.find(issuer.token(iss=f"{real}/"))
    assert issuer.asked == 0
    named = Tokens(Provider(f"{real}/", AUDIENCE, f"{real}/keys"), db)
    assert (await named.find(issuer.token(iss=f"{real}/"))).subject == "oidc:ada"


def test_only_keys_that_verify_are_read() -> None:
    rsa = KEYS["RS256"].as_dict(private=False)
    secret = OctKey.generate_key(256, {"kid": "secret"}).as_dict(private=True)
    said = {"keys": [secret, {**rsa, "use": "enc"}, {**rsa, "n": str(rsa["n"])[:100]}, rsa]}
    assert [kept["kid"] for kept, _ in read_keys(said)] == ["rsa"]


async def test_a_verified_token_is_taken_until_it_expires(db: Db, issuer: Issuer, clock: Clock) -> None:
    found = Tokens(issuer.provider(), db)
    token = issuer.token(exp=int(time.time()) + 20)
    first = await found.find(token)
    assert await found.find(token) is first
    clock.moved += 20
    with pytest.raises(BadCredential) as refused:
        await found.find(token)
    assert refused.value.reason == "expired"


# --- over HTTP and sockets ------------------------------------------------------------------------------------------


async def test_keys_and_tokens_are_taken_side_by_side(db: Db, issuer: Issuer) -> None:
    key = await key_for(db, P.ADMINISTER)
    async with client_over(db, provider=issuer.provider()) as client:
        subjects: list[str] = []
        for credential in (key, issuer.token(permissions=["VIEW"])):
            answer = await client.post("/graphql", json={"query": VIEWER}, headers=bearer(credential))
            subjects.append(answer.json()["data"]["viewer"]["subject"])
        assert subjects == ["key:a key", "oidc:ada"]
        assert (await client.post("/graphql", json={"query": VIEWER})).status_code == 401


async def test_with_a_provider_nobody_comes_without_a_credential(db: Db, issuer: Issuer) -> None:
    async with client_over(db, provider=issuer.provider()) as client:
        assert (await client.post("/graphql", json={"query": VIEWER})).status_code == 401
    assert await rows(db, "MATCH (k:_Key) RETURN k.id AS id") == []


async def test_a_socket_ends_when_its_token_expires(
    db: Db, issuer: Issuer, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "LOOK", 0.01)
    token = issuer.token(permissions=["VIEW"])
    async with serving(db, jobs=False, provider=issuer.provider()) as port:
        never = "subscription { buyingGroupEvents { type } }"
        async with subscribed(f"ws://127.0.0.1:{port}/graphql", never, token) as socket:
            waiting = asyncio.ensure_future(socket.recv())
            clock.moved += 300
            async with asyncio.timeout(30):
                with pytest.raises(ConnectionClosed):
                    await waiting
            assert socket.close_code == 4401


async def test_tokens_are_in_no_log_and_no_answer(db: Db, issuer: Issuer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    good, late = issuer.token(), issuer.token(exp=1)
    shown = [good, late, good[:-2], good + ".x", f"{part({'alg': 'none'})}.{good.split('.')[1]}.", issuer.token(aud="another")]
    texts: list[str] = []
    with capture_logs() as logs:
        async with client_over(db, provider=issuer.provider()) as client:
            for token in shown:
                answer = await client.post("/graphql", json={"query": "{ roles { nope } }"}, headers=bearer(token))
                texts += [answer.text, str(answer.headers)]
    everything = "\n".join([*texts, *map(str, logs), *(record.getMessage() for record in caplog.records)])
    for token in shown:
        for piece in token.split("."):
            assert len(piece) < 20 or piece[:20] not in everything
    assert json.loads(texts[2])["errors"][0]["message"].startswith("This credential has expired.")


# --- settings -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://id.example/realm", True),
        ("http://localhost:8080", True),
        ("http://127.0.0.1:8080/x", True),
        ("http://[::1]:8080/x", True),
        ("http://id.example", False),
        ("https://user:password@id.example", False),
        ("https://id.example/#x", False),
        ("ftp://id.example", False),
        ("https://", False),
        ("https://id.example:port", False),
        ("id.example", False),
    ],
)
def test_a_provider_is_asked_where_nobody_listens(url: str, safe: bool) -> None:
    assert is_safe(url) is safe


def test_the_provider_that_settings_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUYING_GROUPS_OIDC_ISSUER", "https://id.example")
    with pytest.raises(BadSettings, match=r"^BUYING_GROUPS_OIDC_AUDIENCE: is needed with BUYING_GROUPS_OIDC_ISSUER$"):
        load(None)
    monkeypatch.setenv("BUYING_GROUPS_OIDC_AUDIENCE", "groups")
    assert load(None).provider == Provider("https://id.example", "groups")
    for name, value in (("JWKS_URL", "https://id.example/keys"), ("PERMISSIONS_CLAIM", "a.b"), ("ACCOUNT_CLAIM", "c")):
        monkeypatch.setenv(f"BUYING_GROUPS_OIDC_{name}", value)
    provider = Provider("https://id.example", "groups", "https://id.example/keys", "a.b", "c")
    assert load(None).provider == provider
    assert load(None).client is None
    monkeypatch.setenv("BUYING_GROUPS_OIDC_SCOPES", "openid groups")
    with pytest.raises(BadSettings, match=r"^BUYING_GROUPS_OIDC_CLIENT_ID: is needed with BUYING_GROUPS_OIDC_SCOPES$"):
        load(None)
    monkeypatch.setenv("BUYING_GROUPS_OIDC_CLIENT_ID", "console")
    assert load(None).client == Client(
        Provider("https://id.example", "groups", "https://id.example/keys", "a.b", "c"), "console", "openid groups"
    )
    monkeypatch.setenv("BUYING_GROUPS_OIDC_SCOPES", "groups")
    with pytest.raises(BadSettings, match=r"^BUYING_GROUPS_OIDC_SCOPES: 'groups' is wrong: must be .*, openid among them$"):
        load(None)
    monkeypatch.delenv("BUYING_GROUPS_OIDC_SCOPES")
    monkeypatch.delenv("BUYING_GROUPS_OIDC_CLIENT_ID")
    monkeypatch.delenv("BUYING_GROUPS_OIDC_ISSUER")
    with pytest.raises(BadSettings, match=r"^BUYING_GROUPS_OIDC_ISSUER: is needed with BUYING_GROUPS_OIDC_AUDIENCE$"):
        load(None)
    monkeypatch.setenv("BUYING_GROUPS_OIDC_ISSUER", "http://id.example")
    with pytest.raises(BadSettings, match=r"^BUYING_GROUPS_OIDC_ISSUER: 'http://id\.example' is wrong: must be an address that"):
        load(None)
