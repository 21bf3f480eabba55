"""An envelope: what of a message is in clear, which is who sends it, the how-manieth it is, and how to open it.

One byte each of mark, major version, minor version and length of the node's name, then the name: that much is the same in all versions.
Then four bytes for the id of the secret, eight for the incarnation, eight for the counter, and the sealed rest.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import Final

from opensvc_daemon.heartbeat.errors import UnknownVersion, Unreadable, Unsendable

MAJOR: Final = 1
MINOR: Final = 0
COUNTERS: Final = 2**64
_MARK: Final = 0xB7
_FIRST: Final = struct.Struct(">BBBB")
_SECOND: Final = struct.Struct(">4sQQ")
_NODE: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9])?")


@dataclass(frozen=True)
class Envelope:
    """A message as it travels; `header` are the bytes in clear, which the seal vouches for too."""

    node: str
    key: bytes
    incarnation: int
    counter: int
    minor: int = MINOR
    sealed: bytes = b""

    @property
    def header(self) -> bytes:
        """The bytes in clear. Raises Unsendable."""
        if not _NODE.fullmatch(self.node):
            raise Unsendable(f"{self.node!r} is no node: at most 64 letters, digits, dots, dashes and underscores")
        if len(self.key) != 4 or not (0 < self.incarnation < COUNTERS and 0 < self.counter < COUNTERS):
            raise Unsendable(f"{self.node}: no envelope has key {self.key.hex()}, incarnation {self.incarnation}, counter {self.counter}")
        name = self.node.encode()
        return _FIRST.pack(_MARK, MAJOR, self.minor, len(name)) + name + _SECOND.pack(self.key, self.incarnation, self.counter)

    def encoded(self) -> bytes:
        """The whole message. Raises Unsendable."""
        return self.header + self.sealed


def envelope_of(data: bytes) -> Envelope:
    """The envelope of what arrived; nothing in it is proven yet. Raises Unreadable."""
    node, major, minor, start = _beginning(data)
    if major != MAJOR:
        raise UnknownVersion(node, major, MAJOR)
    end = start + _SECOND.size
    if len(data) < end:
        raise Unreadable(f"{node}: a message of {len(data)} bytes is cut short")
    key, incarnation, counter = _SECOND.unpack_from(data, start)
    if not (incarnation and counter):
        raise Unreadable(f"{node}: a message without an incarnation or a counter")
    return Envelope(node, key, incarnation, counter, minor, data[end:])


def _beginning(data: bytes) -> tuple[str, int, int, int]:
    if len(data) < _FIRST.size or data[0] != _MARK:
        raise Unreadable(f"{len(data)} bytes that are no heartbeat")
    _, major, minor, length = _FIRST.unpack_from(data)
    node = data[_FIRST.size : _FIRST.size + length].decode("ascii", errors="replace")
    if len(node) != length or not _NODE.fullmatch(node):
        raise Unreadable("a heartbeat without the name of a node")
    return node, major, minor, _FIRST.size + length
