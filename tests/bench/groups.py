"""Many volume groups: a look at a hundred services on a hundred groups asks LVM once.

LVM's own groups, on loop devices of a few megabytes; they are never active, so a kernel without device-mapper will do. What LVM is
asked is counted by a program of its name that stands before it in the path.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.bench.measure import BIN, seconds_of, shown, tell, told_missing

SERVICES = 100
GROUPS = 100
MEGABYTES = 4
RUNS = 5
# LVM sees these devices alone, and asks no kernel what is active.
SETTINGS = """\
devices {{
    filter = [ {devices}, "r|.*|" ]
    use_devicesfile = 0
}}
activation {{
    monitoring = 0
}}
global {{
    activation = 0
}}
backup {{
    backup = 0
    archive = 0
}}
"""
COUNTING = """#!/bin/sh
echo "$*" >>{count}
exec {lvm} "$@"
"""


def measure(folder: Path) -> None:
    """Print what a look at all of them takes beside one report of LVM, and how often LVM is asked."""
    lvm = shutil.which("lvm")
    if os.geteuid() != 0 or lvm is None or not Path("/dev/loop-control").exists():
        told_missing("svcmon of services on volume groups", "needs root, LVM and loop devices")
        return
    with devices(folder, GROUPS) as paths:
        environment = prepare(folder, lvm, paths)
        count = folder / "count"
        took, alone, asked = [], [], []
        for _ in range(RUNS):
            alone.append(seconds_of([lvm, "fullreport", "--reportformat", "json"], environment))
            count.write_text("")
            took.append(seconds_of([str(BIN / "svcmon")], environment))
            asked.append(len(count.read_text().splitlines()))
    beside = f"the whole process; one report of LVM: {shown(alone)}"
    tell(f"svcmon of {SERVICES} services on {GROUPS} volume groups", took, "ms", beside=beside, limit=2000)
    tell("  commands of LVM in it", asked, "", limit=1)


@contextmanager
def devices(folder: Path, number: int) -> Iterator[list[str]]:
    """Loop devices over empty files, detached at the end."""
    paths: list[str] = []
    try:
        for index in range(number):
            image = folder / f"{index}.img"
            with image.open("wb") as file:
                file.truncate(MEGABYTES << 20)
            done = subprocess.run(["losetup", "--find", "--show", str(image)], check=True, capture_output=True, text=True)
            paths.append(done.stdout.strip())
        yield paths
    finally:
        for path in paths:
            subprocess.run(["losetup", "--detach", path], check=False)


def prepare(folder: Path, lvm: str, paths: list[str]) -> Mapping[str, str]:
    """Make the groups and the services; the environment in which they are all that there is."""
    quoted = ", ".join(f'"a|^{path}$|"' for path in paths)
    for name, text in (("lvm/lvm.conf", SETTINGS.format(devices=quoted)), ("bin/lvm", COUNTING.format(count=folder / "count", lvm=lvm))):
        (folder / name).parent.mkdir()
        (folder / name).write_text(text)
    (folder / "bin/lvm").chmod(0o755)
    (folder / "etc").mkdir()
    for number in range(SERVICES):
        text = f"[DEFAULT]\nnodes = n1\n\n[disk#0]\ntype = vg\nname = bench{number % GROUPS}\n"
        (folder / f"etc/s{number}.conf").write_text(text)
    search = f"{folder / 'bin'}:{os.environ.get('PATH', '')}"
    environment = {**os.environ, "LVM_SYSTEM_DIR": str(folder / "lvm"), "OSVC_ROOT_PATH": str(folder), "OSVC_NODENAME": "n1"}
    for index, path in enumerate(paths):
        line = [lvm, "vgcreate", "--quiet", "--metadatasize", "64k", f"bench{index}", path]
        subprocess.run(line, check=True, env=environment, capture_output=True)
    return {**environment, "PATH": search}
