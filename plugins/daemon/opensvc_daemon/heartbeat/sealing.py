"""A seal: AES-256-GCM under a key of one life of one node, made from the cluster's secret by HKDF-SHA256.

The counter is the nonce, so a key must never see a counter twice: a life has a random incarnation, and a `Sealer` refuses a counter that
does not grow. Sealers and openers are no values but keep something, as a copy of a sealer would be the way to use a counter twice.
"""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from opensvc_daemon.heartbeat.envelope import Envelope, envelope_of
from opensvc_daemon.heartbeat.errors import UnknownKey, Unreadable, Unsendable
from opensvc_daemon.heartbeat.keyring import Keyring, Secret

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

# What the seal adds to the header and the body.
TAG: Final = 16
# Lives whose keys are kept: all nodes of a large cluster, two secrets, and some lives before.
_KEPT: Final = 256


class Sealer:
    """Seals the messages of this node's life, for one purpose ("beat", "data"): each has counters of its own."""

    def __init__(self, cluster: str, node: str, incarnation: int, purpose: str = "beat") -> None:
        self._cluster, self._purpose = cluster, purpose
        self._empty = Envelope(node, b"\0\0\0\0", incarnation, 1)
        self._last = 0
        self._ciphers: dict[bytes, AESGCM] = {}

    def seal(self, secret: Secret, counter: int, body: bytes) -> bytes:
        """A message. Raises Unsendable, for a counter that is not higher than the last one above all."""
        envelope = replace(self._empty, key=secret.id, counter=counter)
        header = envelope.header
        if counter <= self._last:
            raise Unsendable(f"{envelope.node}: counter {counter} after {self._last}: a counter is used once")
        if secret.id not in self._ciphers:
            self._ciphers = {secret.id: _cipher(secret, self._cluster, envelope, self._purpose)}
        self._last = counter
        return header + self._ciphers[secret.id].encrypt(_nonce(counter), body, header)


class Opener:
    """Opens the messages of the cluster's nodes, for one purpose."""

    def __init__(self, cluster: str, keyring: Keyring, purpose: str = "beat") -> None:
        self._cluster, self._keyring, self._purpose = cluster, keyring, purpose
        self._ciphers: dict[tuple[bytes, str, int], AESGCM] = {}

    def use(self, keyring: Keyring) -> None:
        """Hold other secrets from now on."""
        self._keyring = keyring
        self._ciphers = {life: cipher for life, cipher in self._ciphers.items() if life[0] in keyring.ids}

    def open(self, data: bytes) -> tuple[Envelope, bytes]:
        """Who sent a message, and its body; both are proven to come from a holder of the secret. Raises Unreadable."""
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - costs; only who opens needs it

        envelope = envelope_of(data)
        life = (envelope.key, envelope.node, envelope.incarnation)
        cipher = self._ciphers.get(life) or self._cipher(envelope)
        try:
            body = cipher.decrypt(_nonce(envelope.counter), envelope.sealed, envelope.header)
        except InvalidTag as error:
            raise Unreadable(f"{envelope.node}: a message that was changed on its way, or is of another cluster") from error
        self._keep(life, cipher)
        return envelope, body

    def _cipher(self, envelope: Envelope) -> AESGCM:
        secret = self._keyring.secret(envelope.key)
        if secret is None:
            raise UnknownKey(envelope.node, envelope.key)
        return _cipher(secret, self._cluster, envelope, self._purpose)

    def _keep(self, life: tuple[bytes, str, int], cipher: AESGCM) -> None:
        """Keep the key of a life that was proven, so that what a stranger sends pushes none out."""
        if life not in self._ciphers:
            for oldest in list(self._ciphers)[: max(0, len(self._ciphers) - _KEPT + 1)]:
                del self._ciphers[oldest]
            self._ciphers[life] = cipher


def _cipher(secret: Secret, cluster: str, envelope: Envelope, purpose: str) -> AESGCM:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - costs; only who seals or opens needs it
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415 - as above

    node, word = envelope.node.encode(), purpose.encode()
    # the lengths keep two different lives from having the same text
    info = b"opensvc heartbeat 1" + struct.pack(">BBQ", len(word), len(node), envelope.incarnation) + word + node
    return AESGCM(HKDF(algorithm=SHA256(), length=32, salt=cluster.encode(), info=info).derive(secret.value))


def _nonce(counter: int) -> bytes:
    return bytes(4) + counter.to_bytes(8)
