"""Where webhooks may deliver to: public addresses over https, and whatever addresses are allowed by name of their network."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from graph.errors import ErrorCode, Problem

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
MAX_URL = 2_000  # characters
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_NAT64_LOCAL = ipaddress.IPv6Network("64:ff9b:1::/48")
_COMPATIBLE = ipaddress.IPv6Network("::/96")
_DOCUMENTATION = ipaddress.IPv6Network("3fff::/20")  # which older Pythons take for public
_RELAY = ipaddress.IPv4Network("192.88.99.0/24")
NOT_PUBLIC = "The host's address isn't public. Addresses of other networks must be allowed in BUYING_GROUPS_WEBHOOK_NETWORKS."
NOT_SAFE = "Only https:// is allowed, but to addresses in BUYING_GROUPS_WEBHOOK_NETWORKS."


@dataclass(frozen=True, slots=True)
class Targets:
    """What is allowed. `networks`: also these, be they public or not, and without TLS, too."""

    networks: Sequence[Network] = ()

    def refusal(self, address: str, *, secure: bool) -> str | None:
        """Why nothing is delivered to this IP address, over https (`secure`) or http; None if it may be."""
        try:
            own = _unwrapped(ipaddress.ip_address(address))
        except ValueError:
            return NOT_PUBLIC  # with a zone: it is no address for the whole world
        if any(own in network for network in self.networks if network.version == own.version):
            return None
        if not is_public(own):
            return NOT_PUBLIC
        return None if secure else NOT_SAFE

    def problems(self, url: str, field: str = "url") -> list[Problem]:
        """What is wrong with a webhook's URL, as far as that can be told without looking its host up."""
        words = self._wrong(url)
        return [Problem((field,), ErrorCode.INVALID, words)] if words else []

    def _wrong(self, url: str) -> str | None:
        if len(url) > MAX_URL:
            return f"At most {MAX_URL} characters, not {len(url)}."
        parts = _split(url)
        if parts is None or not parts.hostname or parts.scheme not in ("https", "http"):
            return "Must be an address such as https://receiver.example/path, in ASCII (other host names in Punycode)."
        if parts.username is not None or parts.password is not None or "@" in parts.netloc:
            return "Must have no user name or password; receivers know who sends by the signature."
        if parts.fragment:
            return "Must have no fragment (#...)."
        secure = parts.scheme == "https"
        if not secure and not self.networks:
            return NOT_SAFE
        return self.refusal(parts.hostname, secure=secure) if _is_literal(parts.hostname) else None


def _split(url: str) -> SplitResult | None:
    if not url.isascii() or not url.isprintable() or any(one in url for one in ' \\"<>^`{|}'):
        return None
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        named = ":" in host or all(0 < len(one) < 64 for one in host.removesuffix(".").split("."))
        return parts if named and (parts.port is None or parts.port > 0) else None
    except ValueError:
        return None


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _unwrapped(address: Address) -> Address:
    """The IPv4 address to which an IPv4-mapped one leads."""
    return address.ipv4_mapped or address if isinstance(address, ipaddress.IPv6Address) else address


def is_public(address: Address) -> bool:
    """Whether the whole internet may know this address; one that carries an IPv4 address must carry a public one."""
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not (address.is_multicast or address.is_reserved or address in _RELAY)
    inner = address.ipv4_mapped or address.sixtofour
    if inner is None and address.teredo is not None:
        inner = address.teredo[1]
    if inner is None and (address in _NAT64 or address in _COMPATIBLE):
        inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if inner is not None and not is_public(inner):
        return False
    if address in _NAT64:
        return True  # what it carries is public
    apart = any(address in network for network in (_NAT64_LOCAL, _COMPATIBLE, _DOCUMENTATION))
    return address.is_global and not (apart or address.is_multicast or address.is_reserved or address.is_site_local)
