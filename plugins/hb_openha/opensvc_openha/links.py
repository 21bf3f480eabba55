"""Links: the lines of conf/monitor, each a way in which one node's heartbeats reach the other."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, unique
from itertools import pairwise
from typing import Final

from opensvc_openha.layouts import BLOCK, CURRENT, LAYOUTS, Layout, by_spacing
from opensvc_openha.trailer import SIZE


@unique
class Kind(Enum):
    """By what a link goes, as the second word of its line says."""

    NET = "net"
    UNICAST = "unicast"
    DIO = "dio"
    DISK = "disk"

    @property
    def is_disk(self) -> bool:
        """Whether records stand on a disk, rather than in datagrams."""
        return self in (Kind.DIO, Kind.DISK)


@unique
class Sealing(Enum):
    """Whether records have to be sealed: `auth` of a line."""

    OFF = "off"
    ACCEPT = "accept"  # a wrong seal is refused, none is accepted
    REQUIRE = "require"


_SUFFIX: Final = {Kind.NET: "", Kind.UNICAST: "_unicast", Kind.DIO: "_dio", Kind.DISK: "_raw"}


@dataclass(frozen=True)
class Link:
    """One line: what `node` sends by, and all others listen to.

    `device` is an interface, or the disk; `address` the multicast group or the peer's address, empty for disks; `place` the port, or the
    offset in blocks of 512 bytes; `timeout` in seconds. `records` is the size of the records that the line asks for.
    """

    node: str
    kind: Kind
    device: str
    address: str
    place: int
    timeout: int
    records: int | None = None
    sealing: Sealing = Sealing.OFF
    key: str = ""
    line: int = 0

    @property
    def where(self) -> str:
        """As `hb -s` names it: `eth1:239.131.50.10`, `/dev/sdb:10`."""
        return f"{self.device}:{self.place if self.kind.is_disk else self.address}"

    def _program(self, *, listens: bool) -> tuple[str, ...]:
        place = (str(self.place),) if self.kind.is_disk else (self.address, str(self.place))
        return (("heartc" if listens else "heartd") + _SUFFIX[self.kind], self.device, *place)

    def arguments(self, *, listens: bool) -> tuple[str, ...]:
        """The program and the arguments by which this link is sent or listened to."""
        return (*self._program(listens=listens), *((str(self.timeout),) if listens else ()))

    def board(self, *, listens: bool) -> str:
        """The name of the file that its program keeps while it runs, with whatever timeout."""
        return ",".join(self._program(listens=listens)).replace("/", ".")


@dataclass(frozen=True)
class Framing:
    """How the records of a link are made: their layout, and whether there is room for a trailer behind them."""

    layout: Layout
    has_trailer: bool

    @property
    def blocks(self) -> int:
        """How many blocks of a disk are written and read."""
        size = self.layout.size + (SIZE if self.has_trailer else 0)
        return -(-size // BLOCK)

    def __str__(self) -> str:
        return f"records of {self.layout.size} bytes"


def spacing(link: Link, links: tuple[Link, ...]) -> int | None:
    """How many blocks lie between two records on the disk of a link; None: it is alone there, or no disk."""
    if not link.kind.is_disk:
        return None
    places = sorted({one.place for one in links if one.kind.is_disk and one.device == link.device})
    return min((after - before for before, after in pairwise(places)), default=None)


def framing(link: Link, links: tuple[Link, ...]) -> Framing | None:
    """The framing of a link among all of a file; None where two records on a disk have no room beside each other."""
    room = spacing(link, links)
    if room is None:
        return Framing(LAYOUTS.get(link.records or 0, CURRENT), has_trailer=True)
    layout = LAYOUTS[link.records] if link.records else by_spacing(room)
    if layout is None or layout.blocks > room:
        return None
    return Framing(layout, has_trailer=room * BLOCK >= layout.size + SIZE)
