"""Parcels: what nodes send each other over the links' data paths, sealed: changes of their trees, and notes about files and orders.

A parcel's first byte tells which it is. A seal is opened by who holds the secret; a note counts once, as its counter grows within a life.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from opensvc_daemon.heartbeat.data import LARGEST, UNPACKED, Message, decoded, encoded
from opensvc_daemon.heartbeat.errors import Unreadable, Unsendable
from opensvc_daemon.heartbeat.keyring import Keyring, Secret
from opensvc_daemon.heartbeat.sealing import Opener, Sealer

PURPOSE: Final = "data"
_TREE, _NOTE = b"t", b"n"
# Room for the envelope and the seal.
_ROOM: Final = 256
Json = dict[str, Any]


class Arrival(NamedTuple):
    """What has arrived, from which life of which node: a message about its tree, or a note."""

    node: str
    incarnation: int
    counter: int
    message: Message | None
    note: Json | None


class Packer:
    """Packs the parcels of one life of this node."""

    def __init__(self, cluster: str, node: str, incarnation: int) -> None:
        self._sealer, self._counter = Sealer(cluster, node, incarnation, PURPOSE), 0

    def tree(self, message: Message, secret: Secret) -> bytes:
        """A message about the tree. Raises Unsendable."""
        return self._seal(secret, _TREE + encoded(message, LARGEST - _ROOM))

    def note(self, note: Mapping[str, Any], secret: Secret) -> bytes:
        """A note. Raises Unsendable."""
        packed = zlib.compress(json.dumps(note).encode())
        if len(packed) > LARGEST - _ROOM:
            raise Unsendable(f"a note of {len(packed)} bytes is over {LARGEST - _ROOM}")
        return self._seal(secret, _NOTE + packed)

    def _seal(self, secret: Secret, body: bytes) -> bytes:
        self._counter += 1
        return self._sealer.seal(secret, self._counter, body)


class Unpacker:
    """Opens what the members send."""

    def __init__(self, cluster: str, keyring: Keyring) -> None:
        self._opener = Opener(cluster, keyring, PURPOSE)

    def use(self, keyring: Keyring) -> None:
        """Hold other secrets from now on."""
        self._opener.use(keyring)

    def opened(self, data: bytes) -> Arrival:
        """A parcel. Raises Unreadable."""
        envelope, body = self._opener.open(data)
        who = (envelope.node, envelope.incarnation, envelope.counter)
        if body[:1] == _TREE:
            return Arrival(*who, decoded(body[1:]), None)
        if body[:1] == _NOTE:
            return Arrival(*who, None, _note(body[1:]))
        raise Unreadable(f"{envelope.node}: a parcel that is neither a tree nor a note")


def _note(packed: bytes) -> Json:
    unpacking = zlib.decompressobj()
    try:
        note = json.loads(unpacking.decompress(packed, UNPACKED))
    except (zlib.error, ValueError, RecursionError) as error:
        raise Unreadable(f"a note that can't be read: {error}") from error
    if not unpacking.eof or not isinstance(note, dict):
        raise Unreadable("a note that is none")
    return note
