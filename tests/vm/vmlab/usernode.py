"""A light node: a kernel that is a process of the host, at the switch of the guests, with a disk of its own and shared ones."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Final

from lab import keys
from lab.faults import Faults, port
from lab.site import SSHD
from lab.switch import Seat, in_network

from vmlab.disks import Disk
from vmlab.site import Site, address
from vmlab.usermode import Hardware, UserMode, drives, shared_device

NAMES: Final = ("v3", "v4")
TARGET: Final = "target"
PLACES: Final = {"v3": 3, "v4": 4, TARGET: 7}


class UserNode(UserMode):
    """One that is powered on and off; its files stay. It is at ring 0 alone, and after a reset, which its tap does not survive, at none."""

    def __init__(self, name: str, site: Site) -> None:
        super().__init__(name)
        self._index, self._site = PLACES[name], site
        self._faults, self._disks = Faults(), list[Disk]()
        site.hosts[self._index] = name

    @property
    def address(self) -> str:
        """Its IPv4 address."""
        return address(self._index)

    def plug(self, disk: Disk) -> str:
        """Give it a shared disk, from its next power_on on; the device that it will be."""
        self._disks.append(disk)
        return shared_device(len(self._disks) - 1)

    def power_on(self) -> None:
        """See `UserMode`."""
        wire = f"vec0:transport=tap,ifname={port(self.name, 0)},gro=1,mac=02:98:00:00:00:{self._index:02x}"
        devices = (wire, *drives(self._root, [disk.file for disk in self._disks]))
        self._hardware = Hardware(devices, {"address": self.address}, tuple(in_network(self._site.network)))
        super().power_on()
        self.write("/etc/hosts", "".join(f"{address(index)} {name}\n" for index, name in self._site.hosts.items()))

    def serve_ssh(self, names: str) -> None:
        """Have root of the others come to it, and root of it to them, by these names, as in `known_hosts`; until its next boot."""
        for path, text, mode in keys.files(names):
            self.write(path, text, mode)
        self.write("/etc/ssh/lab_sshd_config", SSHD)
        self("sh -c 'mkdir -p /run/sshd && exec /usr/sbin/sshd -f /etc/ssh/lab_sshd_config'")

    def freeze(self) -> None:
        """Hang it: nothing of it runs, neither processes nor kernel; its clocks go on."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        os.kill(self.pid, signal.SIGCONT)

    def cut(self) -> None:
        """Drop all its frames at the switch."""
        self._faults.add_cut(0, "both")
        self._filter()

    def heal(self) -> None:
        """Let them pass again."""
        self._faults.cut.clear()
        self._filter()

    def forget(self) -> None:
        """Power it off for good; its files go."""
        self.power_off()
        self.heal()
        self._disks.clear()
        self._root.unlink(missing_ok=True)

    @property
    def _root(self) -> Path:
        return self._site.folder / f"{self.name}.root"

    def _filter(self) -> None:
        self._site.switch.filter(Seat(self.name, self._index, self._faults))
