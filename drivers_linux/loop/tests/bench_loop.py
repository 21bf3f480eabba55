"""What the tests of disk.loop share: loop devices as an administrator has them, and a service with one."""

from __future__ import annotations

import subprocess
from pathlib import Path

from opensvc_core.instance.performer import Request

MEGABYTE = 1 << 20


def run(*argv):
    return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=20).stdout.strip()


def devices_below(folder):
    """What is attached of the files in a folder, deleted ones too."""
    found = {}
    for place in Path("/sys/block").glob("loop*/loop/backing_file"):
        try:
            file = place.read_text().strip()
        except OSError:
            continue
        if file.startswith(f"{folder}/"):
            found[f"/dev/{place.parents[1].name}"] = file
    return found


def attach(*words):
    """Attach a file as an administrator would, by hand."""
    return run("losetup", "--find", "--show", *map(str, words))


class Disk:
    """A service with one loop device on a file of a megabyte."""

    def __init__(self, node, folder):
        self.node, self.folder, self.file = node, folder, folder / "disk.img"
        with self.file.open("wb") as file:
            file.truncate(MEGABYTE)
        self.service = self.has()

    def has(self, more="", **values):
        lines = {"type": "loop", "file": self.file, **values}
        text = "[disk#0]\n" + "".join(f"{name} = {value}\n" for name, value in lines.items())
        self.service = self.node.create("web", text + more, overwrites=True)
        return self.service

    def do(self, action, **more):
        noted = self.service.perform(Request(action, **more), lambda _event: None)
        return [operation.text for operation in noted if operation.is_change]

    def planned(self, action):
        return [f"{noted.rid}: {noted.text}" for noted in self.service.plan(action).operations if noted.is_change]

    def seen(self, rid="disk#0"):
        found = next(one for one in self.service.status().local.resources if one.rid == rid)
        return found.status, [message.text for message in found.messages]

    def devices(self):
        return devices_below(self.folder)

    def device(self):
        (device,) = self.devices()
        return device
