"""A message of data that arrives in pieces: eight bytes that say what it is and how long, then the message. Pure."""

from __future__ import annotations

import struct
from typing import Final

from opensvc_core.api import LARGEST_DATA

_HEAD: Final = struct.Struct(">4sI")
_MARK: Final = b"osd\x01"
# What the receiver answers when it has all of it.
TAKEN: Final = b"+"


class Malformed(Exception):
    """What arrives is no message of data."""


class Arriving:
    """One message. It keeps no byte beyond the length that it announces, and none at all beyond the largest allowed."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._wanted = _HEAD.size

    @property
    def lacks(self) -> int:
        """How many bytes are still to come; 0: it is whole."""
        return self._wanted - len(self._bytes)

    @property
    def message(self) -> bytes:
        """The message, where it is whole."""
        return bytes(self._bytes[_HEAD.size :])

    def feed(self, piece: bytes) -> None:
        """Take the next piece, which is no longer than what it lacks. Raises Malformed."""
        self._bytes += piece
        if not self.lacks and self._wanted == _HEAD.size:
            mark, length = _HEAD.unpack_from(self._bytes)
            if mark != _MARK or not 0 < length <= LARGEST_DATA:
                raise Malformed(f"{bytes(self._bytes)!r} begins no message of data")
            self._wanted += length


def framed(message: bytes) -> bytes:
    """A message with its head. Raises ValueError: it is empty, or too large."""
    if not 0 < len(message) <= LARGEST_DATA:
        raise ValueError(f"a message of {len(message)} bytes can't be sent; 1 to {LARGEST_DATA} can")
    return _HEAD.pack(_MARK, len(message)) + message
