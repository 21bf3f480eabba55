"""How the conformance suite tries hb.disk: on two loop devices with caches of their own over one file."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from opensvc_core.testing.links import DataConformance, Ends, made
from opensvc_driver_hb_disk.driver import DiskLink
from opensvc_driver_hb_disk.pages import CLAIM, DISK, FIRST_SLOT, MOST_SLOTS, PAGE, SLOT, Page, said

# The cluster that the suite's links are of.
CLUSTER: Final = "conformance"


class Promises(DataConformance):
    """A disk that two nodes have, prepared for them."""

    def lacks(self) -> str:
        """Loop devices."""
        return lacking()

    @pytest.fixture(autouse=True)
    def _disk(self, _host: None, tmp_path: Path) -> Iterator[None]:
        file = blank_file(tmp_path)
        write_tables(file, CLUSTER, nodes=("n1", "n2"))  # to claim a slot takes a second
        with attached(file) as self.devices:
            yield

    def ends(self) -> Ends:
        """A device each."""
        first, second = ({"dev": device, "interval": 0.2} for device in self.devices)
        return made(DiskLink, first, second)


def lacking() -> str:
    """What this host lacks for a disk, with the remedy; empty: nothing."""
    if os.geteuid() != 0:
        return "loop devices are made: run it as root"
    is_there = shutil.which("losetup") and Path("/dev/loop-control").exists()
    return "" if is_there else "loop devices are needed: install mount (util-linux), modprobe loop"


def blank_file(folder: Path) -> Path:
    """A file of zeros, eight slots long."""
    file = folder / "disk"
    with file.open("wb") as opened:
        opened.truncate(FIRST_SLOT + 8 * SLOT)
    return file


@contextmanager
def attached(file: Path, count: int = 2) -> Iterator[list[str]]:
    """The loop devices of a file."""
    devices: list[str] = []
    try:
        for _ in range(count):
            done = subprocess.run(["losetup", "--find", "--show", str(file)], capture_output=True, text=True, timeout=60, check=True)
            devices.append(done.stdout.strip())
        yield devices
    finally:
        for device in devices:
            subprocess.run(["losetup", "--detach", device], timeout=60, check=True)


def write_tables(file: Path, cluster: str, slots: int = 8, nodes: Sequence[str] = ()) -> None:
    """Make a file what 'om node prepare' makes of a disk."""
    assert slots <= MOST_SLOTS
    with file.open("r+b") as opened:
        opened.write(Page(DISK, bytes(16), 1, said(cluster=cluster, slots=slots)).encoded())
        for node in nodes:
            opened.write(Page(CLAIM, bytes(16), 1, said(node=node)).encoded())
        opened.write(bytes(FIRST_SLOT - PAGE * (1 + len(nodes))))
