"""Whose tokens are taken."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Provider:
    """An OpenID Connect provider: its issuer, for which audience its tokens must be, and where its keys are if its own
    configuration is not to be asked. `permissions` and `account` name claims, by a dotted path."""

    issuer: str
    audience: str
    jwks_url: str | None = None
    permissions: str = "permissions"
    account: str | None = None


def is_safe(url: str) -> bool:
    """Whether a provider may be asked at an address: nobody can change its answer on the way."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or parts.fragment or "@" in parts.netloc:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))


def is_loopback(host: str) -> bool:
    """Whether a host, by its name or address, is this machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
