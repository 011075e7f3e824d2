"""JSON Web Tokens of an OpenID Connect provider: who presents one, and what the provider says that they may do.

The provider's keys are fetched, kept, and fetched again as they get old or a token names one that isn't among them. When they
can't be had, those that are kept hold.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import time
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import httpx2
import orjson
import structlog
from joserfc import jws, jwt
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from api.provider import Provider, is_safe
from graph import keys
from graph.callers import EXPIRED, BadCredential, Caller, granted
from graph.db import Db
from graph.model import MAX_TEXT

KEY_TYPES: Mapping[str, str] = {
    **dict.fromkeys(("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"), "RSA"),
    **dict.fromkeys(("ES256", "ES384", "ES512"), "EC"),
    **dict.fromkeys(("EdDSA", "Ed25519"), "OKP"),
}
"""The algorithms that are taken, all of them asymmetric, with the type of key that each is for."""
_CLASSES: Mapping[str, type[RSAKey | ECKey | OKPKey]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
_TYPES = ("jwt", "at+jwt")
LEEWAY = 30
"""How many seconds the provider's clock may be ahead of ours. Expired is expired."""
MAX_TOKEN = 16_384  # characters
MIN_RSA = 2_048  # bits
MAX_KEYS = 100
MAX_DOCUMENT = 2**18  # bytes of what a provider answers
TIMEOUT = 5.0  # seconds for what a provider answers
REFETCH = 300.0
"""After how many seconds the keys are fetched again: one that the provider took back is refused after as many."""
UNKNOWN = 5.0
"""How many seconds pass at least between two fetches for keys that aren't known."""
TRUSTED = 30.0
"""For how many seconds a token that was verified is taken without being verified again."""
MAX_TRUSTED = 2_000
WHOLE_MARKET = "*"

log = structlog.get_logger(__name__)


class NoKeys(Exception):
    """The provider's keys can't be had, so no token can be verified."""


class _Registry(jws.JWSRegistry):
    """The algorithms that are taken, and no others; header parameters that are unknown and not critical are left alone."""

    def __init__(self) -> None:
        super().__init__(algorithms=list(KEY_TYPES), strict_check_header=False)

    def get_alg(self, name: Any) -> Any:
        if name not in KEY_TYPES:
            raise UnsupportedAlgorithmError("not one of those that are taken")
        return self.algorithms[name]


REGISTRY = _Registry()


class KeySet:
    """The keys of a provider."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._keys: tuple[tuple[Mapping[str, Any], Key], ...] = ()
        self._asked_at = float("-inf")
        self._asking: asyncio.Task[None] | None = None
        self.generation = 0  # counts how often the keys have changed

    async def fresh(self) -> None:
        """Looks after the age of the keys. Raises NoKeys if there are none."""
        if not self._keys:
            await self._soon()
        elif time.monotonic() - self._asked_at >= REFETCH:
            self._ask()
        if not self._keys:
            raise NoKeys

    async def find(self, kid: object, alg: str) -> Key | None:
        """The key that a token's header names, if there is one: of a single key that needs no name, too. Raises NoKeys."""
        await self.fresh()
        found = self._find(kid, alg)
        if found is None:
            await self._soon()
            found = self._find(kid, alg)
        return found

    async def _soon(self) -> None:
        """Waits for the fetch that is under way, or for another unless the last one was just now."""
        asking = self._asking is not None and not self._asking.done()
        if asking or time.monotonic() - self._asked_at >= UNKNOWN:
            await asyncio.shield(self._ask())

    def _find(self, kid: object, alg: str) -> Key | None:
        fitting = [
            (said, key)
            for said, key in self._keys
            if said["kty"] == KEY_TYPES[alg] and said.get("alg") in (None, alg) and kid in (None, said.get("kid"))
        ]
        if kid is None and len(fitting) != 1:
            return None
        return fitting[0][1] if fitting else None

    def _ask(self) -> asyncio.Task[None]:
        """One fetch for all who wait for it."""
        if self._asking is None or self._asking.done():
            self._asked_at = time.monotonic()
            self._asking = asyncio.create_task(self._fetched(), name="provider's keys")
        return self._asking

    async def _fetched(self) -> None:
        """Fetches the keys; without success, those that are kept stay."""
        try:
            found = read_keys(await _answer(self._provider.jwks_url or await self._discovered()))
        except Exception as error:
            log.warning("the provider's keys can't be had", issuer=self._provider.issuer, reason=reason(error))
            return
        if [said for said, _ in found] != [said for said, _ in self._keys]:
            self._keys = found
            self.generation += 1

    async def _discovered(self) -> str:
        url = (await discover(self._provider)).get("jwks_uri")
        if not isinstance(url, str) or not is_safe(url):
            raise ValueError("the issuer's configuration names no jwks_uri that begins with https://")
        return url


async def discover(provider: Provider) -> Mapping[str, Any]:
    """What the provider says of itself. Raises ValueError, and what asking raises."""
    said = await _answer(provider.issuer.rstrip("/") + "/.well-known/openid-configuration")
    if not isinstance(said, dict) or said.get("issuer") != provider.issuer:
        raise ValueError("the issuer's configuration is of another issuer")
    return said


async def _answer(url: str) -> Any:
    status, said = await fetch(url)
    if status != 200:
        raise ValueError(f"it answers with status {status}")
    return said


async def fetch(url: str, form: Mapping[str, str] | None = None) -> tuple[int, Any]:
    """The status of an address, and its JSON if that is 200, bounded in time and size; with a form, that is posted."""
    headers = {"accept": "application/json", "accept-encoding": "identity"}
    body = bytearray()
    async with (
        asyncio.timeout(TIMEOUT),
        httpx2.AsyncClient(timeout=TIMEOUT, trust_env=url.startswith("https:")) as client,
        client.stream("GET" if form is None else "POST", url, headers=headers, data=form) as response,
    ):
        if response.status_code != 200:
            return response.status_code, None
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > MAX_DOCUMENT:
                raise ValueError(f"it answers with more than {MAX_DOCUMENT:,} bytes")
    return 200, orjson.loads(bytes(body))


def read_keys(said: Any) -> tuple[tuple[Mapping[str, Any], Key], ...]:
    """The keys of a JWK set that verify signatures of an algorithm that is taken. Raises ValueError if there are none."""
    given = said.get("keys") if isinstance(said, dict) else None
    found: list[tuple[Mapping[str, Any], Key]] = []
    for one in given[:MAX_KEYS] if isinstance(given, list) else ():
        if not isinstance(one, dict) or one.get("kty") not in _CLASSES or one.get("use", "sig") != "sig":
            continue
        if one["kty"] == "RSA" and len(str(one.get("n"))) * 6 < MIN_RSA:
            continue
        with suppress(JoseError, ValueError, TypeError, KeyError):
            found.append((one, _CLASSES[one["kty"]].import_key(one)))
    if not found:
        raise ValueError("there is no usable key among what it answers")
    return tuple(found)


def reason(error: Exception) -> str:
    """What may be logged of an error: our own words, else its kind."""
    return str(error) if type(error) is ValueError else type(error).__name__


# --- tokens ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Verified:
    caller: Caller
    expires: float  # seconds since 1970
    until: float  # by the monotonic clock
    generation: int


class Tokens:
    """The tokens of one provider. What was verified is taken for a while by its hash."""

    def __init__(self, provider: Provider, db: Db) -> None:
        self._provider = provider
        self._db = db.aside()
        self._verified: OrderedDict[bytes, _Verified] = OrderedDict()
        self.keys = KeySet(provider)

    async def find(self, token: str) -> Caller:
        """Who presents this token. Raises BadCredential, NoKeys, and what reading raises."""
        if len(token) > MAX_TOKEN:
            raise BadCredential("too long")
        place = hashlib.sha256(token.encode()).digest()
        known = self._verified.get(place)
        if known and known.until > time.monotonic() and known.generation == self.keys.generation:
            await self.keys.fresh()
            if known.expires <= time.time():
                raise BadCredential(EXPIRED)
            return known.caller
        claims, generation = await self._claims(token)
        caller = await self._caller(claims)
        self._verified[place] = _Verified(caller, claims["exp"], time.monotonic() + TRUSTED, generation)
        self._verified.move_to_end(place)
        if len(self._verified) > MAX_TRUSTED:
            self._verified.popitem(last=False)
        return caller

    async def _claims(self, token: str) -> tuple[Mapping[str, Any], int]:
        """The claims of a token that the provider signed, and the generation of its keys. Raises BadCredential, NoKeys."""
        try:
            header = jws.extract_compact(token.encode(), None, REGISTRY).headers()
            alg, kind = header["alg"], header.get("typ", "JWT")
            if alg not in KEY_TYPES:
                raise BadCredential("an algorithm that is not taken")
            if not isinstance(kind, str) or kind.lower().removeprefix("application/") not in _TYPES:
                raise BadCredential("no access token")
        except (JoseError, ValueError, TypeError, KeyError):
            raise BadCredential("malformed") from None
        key = await self.keys.find(header.get("kid"), alg)
        if key is None:
            raise BadCredential("signed with an unknown key")
        try:
            return jwt.decode(token, key, registry=REGISTRY).claims, self.keys.generation
        except (JoseError, ValueError, TypeError, KeyError):
            raise BadCredential("the signature is wrong") from None

    async def _caller(self, claims: Mapping[str, Any]) -> Caller:
        """Who the provider says is there. Raises BadCredential."""
        subject = check_claims(claims, self._provider, time.time())
        root = None
        if self._provider.account:
            account = claim(claims, self._provider.account)
            if not isinstance(account, str) or not account:
                raise BadCredential("no account")
            if account != WHOLE_MARKET:
                root = await keys.account_id(self._db, account)
                if root is None:
                    raise BadCredential("an unknown account")
        said = claim(claims, self._provider.permissions)
        names = said.split() if isinstance(said, str) else said if isinstance(said, list) else ()
        # With "oidc:" before it, no subject can pass for `local`, for a job, or for a key.
        return Caller(f"oidc:{subject}", granted(names), f"oidc:{self._provider.issuer} {subject}", root)


def check_claims(claims: Mapping[str, Any], provider: Provider, now: float) -> str:
    """The subject of a token that is for us and holds at this time (seconds since 1970). Raises BadCredential."""
    audience = claims.get("aud")
    if claims.get("iss") != provider.issuer:
        raise BadCredential("another issuer")
    if provider.audience not in (audience if isinstance(audience, list) else [audience]):
        raise BadCredential("another audience")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject.strip() or len(subject) > MAX_TEXT:
        raise BadCredential("no subject")
    for name in ("exp", "nbf", "iat"):
        value = claims.get(name)
        if value is None and name != "exp":
            continue
        if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
            raise BadCredential(f"no time in {name}")
    if any(claims.get(name, 0) > now + LEEWAY for name in ("nbf", "iat") if claims.get(name) is not None):
        raise BadCredential("not valid yet")
    if claims["exp"] <= now:
        raise BadCredential(EXPIRED)
    return subject


def claim(claims: Mapping[str, Any], path: str) -> Any:
    """A claim by its name, which may have dots in it, else by a path of names with dots between them; None if there is none."""
    if path in claims:
        return claims[path]
    found: Any = claims
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found
