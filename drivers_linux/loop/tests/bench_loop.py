"""What the tests of disk.loop share: loop devices as an administrator has them, and a service with one."""

from __future__ import annotations

import subprocess

from opensvc_driver_loop.testing import MEGABYTE, devices_below

from opensvc_core.testing.one import One


def run(*argv):
    return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=120).stdout.strip()


def attach(*words):
    """Attach a file as an administrator would, by hand."""
    return run("losetup", "--find", "--show", *map(str, words))


class Disk(One):
    """A service with one loop device on a file of a megabyte."""

    def __init__(self, node, folder):
        self.file = folder / "disk.img"
        with self.file.open("wb") as file:
            file.truncate(MEGABYTE)
        super().__init__(node, "disk#0", folder, type="loop", file=self.file)
        self.has()

    def devices(self):
        return devices_below(self.folder)

    def device(self):
        (device,) = self.devices()
        return device
