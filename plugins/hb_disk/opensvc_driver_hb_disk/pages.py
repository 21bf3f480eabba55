"""Pages: what stands on the disk, 4096 bytes each, told from blank and from half-written ones by a checksum. Pure.

page 0                the disk's own: which cluster it is of, how many slots it has
pages 1 to 255        claims: page 1 + N has the node of slot N
from 1 MiB on         a slot of 1 MiB for each: page 0 the beat, page 1 what its node has taken from others,
                      page 2 the head of a message of data, the message from page 3 on
"""

from __future__ import annotations

import hashlib
import json
import struct
from typing import Any, Final, NamedTuple

PAGE: Final = 4096
SLOT: Final = 1 << 20
FIRST_SLOT: Final = 1 << 20
# As many as a cluster has nodes, and few enough to be looked at together.
MOST_SLOTS: Final = 64
FEWEST_SLOTS: Final = 2
BEAT, TAKEN, HEAD, MESSAGE = range(4)
_MARK: Final = b"osvc-hb1"
_HEAD: Final = struct.Struct(">8s4s16sQI16s")
LARGEST: Final = PAGE - _HEAD.size
DISK, CLAIM, BEATING, TAKING, DATA = b"disk", b"clai", b"beat", b"take", b"data"


class Unreadable(Exception):
    """A page that is blank, half written, or somebody else's."""


class Page(NamedTuple):
    """A page: its kind, who wrote it (16 random bytes, made anew by each process), the how-manieth of the writer, and what it says."""

    kind: bytes
    writer: bytes
    number: int
    content: bytes

    def encoded(self) -> bytes:
        """All 4096 bytes. Raises ValueError: it has too much to say."""
        if len(self.content) > LARGEST:
            raise ValueError(f"a page holds {LARGEST} bytes, not {len(self.content)}")
        sum_ = _digest(self.kind, self.writer, self.number, self.content)
        head = _HEAD.pack(_MARK, self.kind, self.writer, self.number, len(self.content), sum_)
        return (head + self.content).ljust(PAGE, b"\0")

    @property
    def said(self) -> dict[str, Any]:
        """What it says, where that is an object of JSON. Raises Unreadable."""
        try:
            found = json.loads(self.content)
        except (ValueError, RecursionError) as error:
            raise Unreadable("a page that says nothing readable") from error
        if not isinstance(found, dict):
            raise Unreadable("a page that says nothing readable")
        return found


class Taken(NamedTuple):
    """Which message was taken from a slot: its writer, and its number."""

    writer: bytes
    number: int


class Announced(NamedTuple):
    """A message of data that stands in a slot: for whom, how long it is, and its digest."""

    to: str
    length: int
    digest: bytes


def page_of(data: bytes, kind: bytes) -> Page:
    """The page of a kind that some bytes are. Raises Unreadable."""
    if len(data) != PAGE:
        raise Unreadable(f"{len(data)} bytes are no page")
    mark, found, writer, number, length, sum_ = _HEAD.unpack_from(data)
    if mark != _MARK or found != kind or length > LARGEST:
        raise Unreadable("no page of this kind")
    content = data[_HEAD.size : _HEAD.size + length]
    if _digest(found, writer, number, content) != sum_:
        raise Unreadable("a page that is half written")
    return Page(found, writer, number, content)


def said(**words: object) -> bytes:
    """Words as the content of a page."""
    return json.dumps(words, separators=(",", ":")).encode()


def disk_of(data: bytes) -> tuple[str, int]:
    """The cluster that a disk is of, and its number of slots. Raises Unreadable."""
    match page_of(data, DISK).said:
        case {"cluster": str() as cluster, "slots": int() as slots} if FEWEST_SLOTS <= slots <= MOST_SLOTS:
            return cluster, slots
    raise Unreadable("the page of no disk that is known here")


def claim_of(data: bytes) -> str:
    """The node that has a slot; empty: nobody."""
    try:
        node = page_of(data, CLAIM).said.get("node")
    except Unreadable:
        return ""
    return node if isinstance(node, str) else ""


def taken_of(data: bytes) -> dict[int, Taken]:
    """What a node has taken from others, by slot; nothing where the page can't be read."""
    try:
        rows = page_of(data, TAKING).said.get("taken")
    except Unreadable:
        return {}
    return {
        slot: Taken(bytes.fromhex(writer), number) for slot, writer, number in filter(_is_taken, rows if isinstance(rows, list) else ())
    }


def taken_page(writer: bytes, number: int, taken: dict[int, Taken]) -> Page:
    """The page that says what was taken."""
    rows = [[slot, one.writer.hex(), one.number] for slot, one in sorted(taken.items())]
    return Page(TAKING, writer, number, said(taken=rows))


def announced_of(page: Page) -> Announced:
    """What a page says of a message. Raises Unreadable."""
    match page.said:
        case {"to": str() as to, "length": int() as length, "digest": str() as digest} if 0 < length <= SLOT - MESSAGE * PAGE:
            return Announced(to, length, _unhex(digest))
    raise Unreadable("a page that announces no message")


def digest(message: bytes) -> bytes:
    """What tells a whole message from a half-written one."""
    return hashlib.blake2b(message, digest_size=16).digest()


def _digest(kind: bytes, writer: bytes, number: int, content: bytes) -> bytes:
    return digest(b"".join((kind, writer, number.to_bytes(8), content)))


def _unhex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise Unreadable(f"{text!r} is no digest") from error


def _is_taken(row: object) -> bool:
    match row:
        case [int() as slot, str() as writer, int() as number]:
            return 0 <= slot < MOST_SLOTS and number >= 0 and len(writer) == 32 and set(writer) <= set("0123456789abcdef")
    return False
