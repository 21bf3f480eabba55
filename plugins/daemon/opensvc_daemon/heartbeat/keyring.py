"""A keyring: the cluster's secrets that a node holds, the newest last, so that one can be replaced while everything beats.

First every node is given the new secret beside the old one and says so in its beats; a node sends with the new one as soon as all have
said so; when all send with it the old one may go.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

# As many as are ever needed at once, with some room; each costs four bytes of a beat.
MOST: Final = 4
SHORTEST: Final = 16


@dataclass(frozen=True)
class Secret:
    """A secret of the cluster, at least 16 bytes, and the id that tells it from others and nothing about it."""

    value: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.value) < SHORTEST:
            raise ValueError(f"a secret of {len(self.value)} bytes can be guessed: cluster.secret has to have {SHORTEST} or more")

    @classmethod
    def of_text(cls, text: str) -> Secret:
        """The secret that `cluster.secret` says: the bytes of 32 or more hexadecimal digits, else those of the text. Raises ValueError."""
        is_hex = re.fullmatch(r"(?:[0-9a-fA-F]{2}){16,}", text)
        return cls(bytes.fromhex(text) if is_hex else text.encode())

    @property
    def id(self) -> bytes:
        """Four bytes."""
        return hmac.digest(self.value, b"opensvc heartbeat: id of a secret", hashlib.sha256)[:4]


@dataclass(frozen=True)
class Keyring:
    """Secrets by age, the oldest first."""

    secrets: tuple[Secret, ...]

    def __post_init__(self) -> None:
        if not 0 < len(self.secrets) <= MOST:
            raise ValueError(f"a keyring holds 1 to {MOST} secrets, not {len(self.secrets)}")
        if len(set(self.ids)) < len(self.secrets):
            raise ValueError("a keyring holds a secret twice, or two with the same id: choose another")

    @property
    def ids(self) -> tuple[bytes, ...]:
        """What a beat says about it."""
        return tuple(secret.id for secret in self.secrets)

    def without(self, key: bytes) -> Keyring:
        """The same without a secret; the last one stays."""
        return Keyring(tuple(secret for secret in self.secrets if secret.id != key))

    def secret(self, key: bytes) -> Secret | None:
        """The secret with an id."""
        return next((secret for secret in self.secrets if secret.id == key), None)

    def to_send_with(self, held: Mapping[str, Collection[bytes]]) -> Secret:
        """The newest secret that every peer can read, the oldest where there is none; `held`: what each peer of the cluster said last."""
        common = [secret for secret in self.secrets if all(secret.id in ids for ids in held.values())]
        return (common or self.secrets[:1])[-1]

    def replaced(self, used: Mapping[str, bytes | None]) -> tuple[bytes, ...]:
        """The ids that nobody needs any more; `used`: what each peer of the cluster seals with, None for one that was not heard."""
        newest = self.secrets[-1].id
        return self.ids[:-1] if all(key == newest for key in used.values()) else ()
