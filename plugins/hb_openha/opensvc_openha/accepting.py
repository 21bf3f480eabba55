"""Accepting: which records of a link are the peer's, and new. No input and output, no clock."""

from __future__ import annotations

from typing import Any

from opensvc_openha.layouts import Record, Unreadable
from opensvc_openha.links import Framing, Link, Sealing
from opensvc_openha.liveness import Freshness
from opensvc_openha.states import State
from opensvc_openha.trailer import Trailer, read
from opensvc_openha.viewing import Said


class Acceptance:
    """The rules of one link, and what it has seen so far."""

    def __init__(self, link: Link, frames: Framing, key: bytes | None) -> None:
        self._link, self._frames = link, frames
        self._key = None if link.sealing is Sealing.OFF else key
        self._fresh = Freshness(needs_change=link.kind.is_disk)
        self._stamps: tuple[bytes, int] = (b"", -1)

    def __call__(self, data: bytes, incarnation: bytes) -> tuple[Record, dict[str, Any], bool]:
        """The record in some bytes, what it says, and whether it proves that the peer lives; `incarnation` is our manager's.

        Raises Unreadable: it is short, foreign, of another layout, or not sealed as it has to be.
        """
        layout = self._frames.layout
        record = layout.decode(data)
        if record.node != self._link.node:
            raise Unreadable(f"it is of {record.node}, the line is for {self._link.node}")
        trailer = read(data, layout.size, self._key) if self._frames.has_trailer else None
        if self._link.sealing is Sealing.REQUIRE and not (trailer and trailer.is_sealed):
            raise Unreadable("it is not sealed, and auth=require asks for that")
        if trailer and trailer.is_sealed:
            is_new = self._is_later(trailer) and bool(incarnation) and trailer.echo == incarnation
        else:
            self._fresh, is_new = self._fresh.next(record.elapsed)
        return record, spoken(record, trailer), is_new

    def _is_later(self, trailer: Trailer) -> bool:
        """Whether a sealed record is later than the last one. None of a former life of the manager counts: it echoes another of ours."""
        incarnation, stamp = self._stamps
        if trailer.incarnation == incarnation and trailer.stamp <= stamp:
            return False
        is_first = trailer.incarnation != incarnation
        self._stamps = (trailer.incarnation, trailer.stamp)
        # The first one on a disk may have stood there for a while.
        return not (is_first and self._link.kind.is_disk)


class Doubts:
    """What came on a link that does not count, and yet may be the peer's: whoever can't be understood must not be taken for dead.

    What bears the name of another node is somebody else's, and what stays the same is written or sent by nobody that lives.
    """

    def __init__(self, link: Link) -> None:
        self._name, self._last = _host(link.node), b"" if link.kind.is_disk else None

    def __call__(self, data: bytes) -> bool:
        """Whether the peer may have made some bytes since the last ones. The first ones on a disk may have stood there for years."""
        last, self._last = self._last, data
        name = data[:128].partition(b"\0")[0].decode("ascii", "replace")
        return last not in (data, b"") and _host(name) == self._name


def _host(node: str) -> str:
    """A node's name without its domain: one file may have the one where the other has both."""
    return node.partition(".")[0].lower()


def spoken(record: Record, trailer: Trailer | None) -> dict[str, Any]:
    """What a record says, as values that a file takes."""
    said: dict[str, Any] = {"states": {entry.service: int(entry.state) for entry in record.entries}, "elapsed": record.elapsed}
    if trailer:
        said |= {
            "incarnation": trailer.incarnation.hex(),
            "stamp": trailer.stamp,
            "round": trailer.round,
            "echo": trailer.echo.hex(),
            "echo_round": trailer.echo_round,
            "ran_here": [entry.service for slot, entry in enumerate(record.entries) if slot in trailer.ran_here],
        }
    return said


def said_of(value: dict[str, Any]) -> Said:
    """The same, read back."""
    return Said(
        {service: State(code) for service, code in value["states"].items()},
        value["elapsed"],
        bytes.fromhex(value.get("incarnation", "00" * 8)),
        *(value.get("stamp", 0), value.get("round", 0)),
        *(bytes.fromhex(value.get("echo", "00" * 8)), value.get("echo_round", 0)),
        frozenset(value.get("ran_here", ())),
    )
