"""The driver hb.disk."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from time import monotonic
from typing import Any, Final

from opensvc_heartbeats.waking import Waker, drain, readable

from opensvc_core.api import LARGEST_BEAT, LARGEST_DATA, DataPath, HeartbeatLink, Keyword, LinkPlace, text
from opensvc_driver_hb_disk.device import Device
from opensvc_driver_hb_disk.exchange import Giving, Taking
from opensvc_driver_hb_disk.pages import BEAT, BEATING, Page, Unreadable, page_of
from opensvc_driver_hb_disk.writing import Writer

# How often the slots of others are looked at: so many times an interval, within bounds in seconds.
_LOOKS: Final = 4
_SHORTEST, _LONGEST = 0.05, 1.0
# How often it is looked who has which slot, in seconds.
_CLAIMS: Final = 5.0


class DiskLink(HeartbeatLink, DataPath):
    """Beats in slots of a disk that all nodes have, one slot for each."""

    id = "hb.disk"
    dev = Keyword(
        text,
        required=True,
        scopable=True,
        inherit="",
        text="The disk, by a name that stays. It is for heartbeats alone: 'om node prepare hb#NAME' on one of the nodes makes it so.",
        example="/dev/disk/by-id/wwn-0x5000c50015ea7000",
    )

    def __init__(self, place: LinkPlace, values: Mapping[str, Any]) -> None:
        super().__init__(place, values)
        self._waker, self._id = Waker(), os.urandom(16)
        self._writer = Writer(self._opened, place.node, self._id, place.name)
        self._giving = Giving(self._opened, place.node, self._id)
        self._without: Mapping[str, str] = {}

    @property
    def detail(self) -> str:
        """The disk."""
        return self.dev

    @property
    def troubles(self) -> Mapping[str, str]:
        """Peers that have no slot."""
        return self._without

    def send(self, beat: bytes) -> None:
        """Have it written by a thread of its own."""
        self._refuse_closed()
        if len(beat) > LARGEST_BEAT:
            raise ValueError(f"a beat of {len(beat)} bytes is over {LARGEST_BEAT}")
        if self.place.peers:
            self._writer.put(beat)

    def receive(self, deliver: Callable[[str, bytes], None], stopped: Callable[[], bool]) -> None:
        """Hand over each beat that is new in a slot of a peer: as `HeartbeatLink.receive`."""
        last: dict[int, Page | None] = {}
        with self._waker.waiting() as woken, self._opened() as device:
            for slots in self._looks(device, woken, stopped):
                for slot in slots.values():
                    page = _beat_of(device, slot)
                    # What stood there before may be as old as the disk.
                    if page and last.get(slot, page) != page:
                        deliver(f"{self.dev}[{slot}]", page.content)
                    last[slot] = page or last.get(slot)

    def receive_data(self, deliver: Callable[[bytes], None], stopped: Callable[[], bool]) -> None:
        """Hand over the messages for this node: as `DataPath.receive_data`."""
        with self._waker.waiting() as woken, self._opened() as device:
            slot = device.claimed(self.place.node, lambda seconds: readable([woken], seconds))
            taking = Taking(device, self.place.node, slot, self._id)
            for slots in self._looks(device, woken, stopped):
                taking.look(slots, deliver)

    def send_data(self, peer: str, data: bytes) -> None:
        """Write a message and wait until the peer has taken it: as `DataPath.send_data`."""
        if peer not in self.place.peers:
            raise ValueError(f"{peer} is no peer of {self.name}")
        if not 0 < len(data) <= LARGEST_DATA:
            raise ValueError(f"a message of {len(data)} bytes can't be sent; 1 to {LARGEST_DATA} can")
        self._refuse_closed()
        with self._waker.waiting() as woken:

            def wait(seconds: float) -> None:
                readable([woken], seconds)
                drain(woken)
                self._refuse_closed()

            self._giving.give(peer, data, wait)

    def wake(self) -> None:
        """Have those that receive look at `stopped()` at once."""
        self._waker.wake()

    def close(self) -> None:
        """End it for good."""
        self._waker.close()
        self._writer.close()
        self._giving.close()

    def _looks(self, device: Device, woken: int, stopped: Callable[[], bool]) -> Iterator[Mapping[str, int]]:
        """The slots of the peers, each time that they are to be looked at."""
        slots, due = dict[str, int](), 0.0
        while not (self._waker.is_closed or stopped()):
            now = monotonic()
            if now >= due:
                slots = {node: slot for node, slot in device.claims().items() if node in self.place.peers}
                due = now + (_CLAIMS if len(slots) == len(self.place.peers) else _LONGEST)
                self._without = {peer: f"{peer} has no slot on {self.dev} yet" for peer in self.place.peers if peer not in slots}
            yield slots
            readable([woken], min(max(self.interval / _LOOKS, _SHORTEST), _LONGEST))
            drain(woken)

    def _opened(self) -> Device:
        return Device(self.dev, self.name, self.place.cluster, writer=self._id)

    def _refuse_closed(self) -> None:
        if self._waker.is_closed:
            raise OSError(f"{self.name} is closed")


def _beat_of(device: Device, slot: int) -> Page | None:
    try:
        return page_of(device.page(slot, BEAT), BEATING)
    except Unreadable:
        return None
