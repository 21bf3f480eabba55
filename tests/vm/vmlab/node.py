"""A node: a virtual machine."""

from __future__ import annotations

import functools
import time
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from threading import Condition
from typing import Any, Final

from lab.faults import RINGS, Direction, Faults
from lab.switch import Seat

from vmlab.disks import Disk
from vmlab.inside import Inside
from vmlab.machine import Machine
from vmlab.qemu import HOST, PORT
from vmlab.site import Site, address

# two guests on two slow cores take 7 to 13; a loaded machine has once taken 85
BOOT: Final = 180.0
SYSRQ_BOOT: Final = "sh -c 'echo b >/proc/sysrq-trigger'"


class Node(Inside):
    """A virtual machine of the lab."""

    def __init__(self, name: str, index: int, site: Site, memory: int) -> None:
        super().__init__(name)
        self._index, self._site, self._memory = index, site, memory
        self._faults = Faults()
        self._machine: Machine | None = None
        self._booted, self.boots = Condition(), 0
        self._disks: dict[str, Disk] = {}
        self._is_frozen = False
        site.hosts[index] = name

    def __repr__(self) -> str:
        return f"<{self.name} {'up' if self.is_up else 'off'}>"

    @property
    def is_up(self) -> bool:
        """It is powered on, frozen or not."""
        return bool(self._machine and self._machine.is_on)

    @property
    def pid(self) -> int:
        """Its process on the host."""
        return self._on.pid

    @property
    def console(self) -> str:
        """What its kernel printed since it was powered on."""
        return (self._site.folder / f"{self.name}.console").read_text(encoding="utf-8", errors="replace")

    def address(self, ring: int = 0) -> str:
        """Its IPv4 address on a ring."""
        return address(self._index, ring)

    @property
    def hand(self) -> str:
        """Where a further monitor of it listens, for guests: `host:port`."""
        return f"{HOST}:{PORT + self._index}"

    def monitor(self, command: str, **arguments: Any) -> Any:
        """A command of QEMU's monitor protocol, such as "inject-nmi"; its result."""
        return self._on.monitor(command, **arguments)

    # power

    def power_on(self) -> None:
        """Start it, with the files that its root had; /run and /tmp are empty."""
        if not self.is_up:
            self.begin_power_on()
            self.end_power_on()

    def begin_power_on(self) -> None:
        """The first half of power_on: several nodes may do it at once."""
        self.power_off()  # what is left of a node that ended by itself
        if not self._root.exists():
            self._site.make_root(self.name, self._index)
        self._before = self.boots
        self._machine = Machine(self._site, self.name, self._index, self._memory, self._note_boot)
        for ring in self._faults.no_carrier:
            self._set_carrier(ring)
        for disk in self._disks.values():
            self._plug(disk)

    def end_power_on(self) -> None:
        """The second half: the node is up and answers."""
        self.wait_boot(self._before)

    def power_off(self) -> None:
        """Cut the power: what was not synced is lost, nobody was told."""
        machine, self._machine, self._is_frozen = self._machine, None, False
        if machine:
            machine.end()

    def reboot(self, line: str = SYSRQ_BOOT) -> None:
        """Run a command line that makes it boot, and wait until it is up again."""
        before = self.boots
        self.begin(line)
        self.wait_boot(before)

    def wait_boot(self, before: int, seconds: float = BOOT) -> None:
        """Wait until it has booted once more than `before`, an earlier value of `boots`."""
        end = time.monotonic() + seconds
        with self._booted:
            while self.boots <= before:
                assert self.is_up, f"{self.name} is off: {self._tail()}"
                assert time.monotonic() < end, f"{self.name} did not boot in {seconds:g} s: {self._tail()}"
                self._booted.wait(0.2)
        self.settle()

    def freeze(self) -> None:
        """Hang it: nothing of it runs, neither processes nor kernel."""
        self.monitor("stop")
        self._is_frozen = True

    def thaw(self) -> None:
        """Let it go on."""
        self.monitor("cont")
        self._is_frozen = False

    # network

    def cut(self, ring: int | None = None, direction: Direction = "both") -> None:
        """Drop its frames at the switch: of one ring or all, of what it receives ("in"), sends ("out") or both."""
        self._faults.add_cut(ring, direction)
        self._filter()

    def loss(self, percent: float) -> None:
        """Lose a share of the frames in both directions; 0 ends it."""
        self._faults.loss = percent
        self._filter()

    def heal(self) -> None:
        """End all cuts."""
        self._faults.cut.clear()
        self._filter()

    def carrier(self, ring: int, *, on: bool = False) -> None:
        """Pull its cable of a ring, or plug it: the node sees whether there is a carrier."""
        self._faults.set_carrier(ring, on=on)
        if self.is_up:
            self._set_carrier(ring)

    # disks

    def plug(self, disk: Disk) -> None:
        """Give it a shared disk, at once when it is up; wait with `settle`."""
        self._disks[disk.name] = disk
        if self.is_up:
            self._plug(disk)

    def unplug_all(self) -> None:
        """Take its shared disks away."""
        disks, self._disks = list(self._disks.values()), {}
        if self.is_up:
            for disk in disks:
                self.monitor("device_del", id=disk.front["id"])
            for disk in disks:
                self._wait_for_device(disk.path, is_there=False)
                self.wait_for(functools.partial(self._is_closed, disk.back["node-name"]))

    def settle(self) -> None:
        """Wait until it has seen its shared disks; nothing to wait for in one that is off or hangs."""
        if self.is_up and not self._is_frozen:
            for disk in self._disks.values():
                self._wait_for_device(disk.path, is_there=True)

    # between tests

    def clean(self) -> bool:
        """Take it back to how it was after its first boot, without shared disks; False where only a new disk and a boot can do that."""
        with suppress(AssertionError, RuntimeError, OSError):
            self.undisturb()
            left = self._ask("clean", 60)["left"]
            self.unplug_all()
            return not left
        return False

    def undisturb(self) -> None:
        """End every fault of it, and a hang."""
        self._faults.cut.clear()
        self._faults.loss = 0
        self._filter()
        for ring in RINGS:
            self.carrier(ring, on=True)
        if self.is_up and self._is_frozen:
            self.thaw()

    def forget(self) -> None:
        """Power it off for good; the files of its root and its shared disks go."""
        self.power_off()
        self._disks.clear()
        self._root.unlink(missing_ok=True)

    @property
    def _root(self) -> Path:
        return self._site.folder / f"{self.name}.root"

    def _send(self, what: str, **words: Any) -> Future[dict[str, Any]]:
        return self._on.ask(what, **words)

    @property
    def _on(self) -> Machine:
        assert self._machine and self._machine.is_on, f"{self.name} is off"
        return self._machine

    def _plug(self, disk: Disk) -> None:
        self.monitor("blockdev-add", **disk.back)
        self.monitor("device_add", **disk.front)

    def _is_closed(self, node: str) -> bool:
        # the bus lets go of a device a moment after the guest has
        with suppress(RuntimeError):
            self.monitor("blockdev-del", **{"node-name": node})
        return all(known["node-name"] != node for known in self.monitor("query-named-block-nodes"))

    def _wait_for_device(self, path: str, *, is_there: bool) -> None:
        self.wait_for(lambda: self.exists(path) is is_there, BOOT)

    def _note_boot(self) -> None:
        with self._booted:
            self.boots += 1
            self._booted.notify_all()

    def _tail(self) -> str:
        with suppress(OSError):
            return self.console[-2000:]
        return "no console"

    def _filter(self) -> None:
        self._site.switch.filter(Seat(self.name, self._index, self._faults))

    def _set_carrier(self, ring: int) -> None:
        self.monitor("set_link", name=f"eth{ring}", up=ring not in self._faults.no_carrier)
