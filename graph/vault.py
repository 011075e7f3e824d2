"""Keeps secrets that have to be read again: encrypted, each bound to what it is the secret of."""

from __future__ import annotations

import base64
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_CONTEXT = b"buying-groups/webhook-secrets/v1"
_NONCE = 12  # bytes, new for each secret


class Unreadable(Exception):
    """A secret was encrypted under another key, or for something else."""


class Vault:
    """Encrypts with AES-256-GCM, under a key that is derived for this alone."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(HKDF(SHA256(), 32, None, _CONTEXT).derive(key))

    def seal(self, secret: str, owner: str) -> str:
        """The secret as it is kept: readable with this key, for this owner's id."""
        nonce = os.urandom(_NONCE)
        return base64.b64encode(nonce + self._cipher.encrypt(nonce, secret.encode(), owner.encode())).decode()

    def open(self, sealed: str, owner: str) -> str:
        """The secret that was sealed for this owner. Raises Unreadable."""
        try:
            kept = base64.b64decode(sealed, validate=True)
            return self._cipher.decrypt(kept[:_NONCE], kept[_NONCE:], owner.encode()).decode()
        except (InvalidTag, ValueError):
            raise Unreadable("the secret was kept under another key") from None
