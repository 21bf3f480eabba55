"""How the conformance suite tries disk.loop."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, Final

import pytest

from opensvc_core.testing.conformance import Case, Conformance, picture
from opensvc_driver_loop.driver import Loop

MEGABYTE: Final = 1 << 20


class Promises(Conformance):
    """A device over a file of a megabyte."""

    does_not_apply: ClassVar[Mapping[str, str]] = MappingProxyType(
        {"test_time_limit_is_kept": "what attaches a file does not hang; its limit is that of every command"}
    )
    section: ClassVar[str] = "[disk#0]\ntype = loop\n"

    def lacks(self) -> str:
        """Loop devices, and the right to make them."""
        return lacking()

    @pytest.fixture(autouse=True)
    def _no_device_is_left(self, tmp_path: Path) -> Iterator[None]:
        yield
        detach_below(tmp_path)

    def case(self, folder: Path) -> Case:
        """The file is there."""
        file = folder / "disk.img"
        with file.open("wb") as opened:
            opened.truncate(MEGABYTE)
        return Case(
            f"{self.section}file = {file}\nsize = 1m\n",
            rid=self.section[1:].partition("]")[0],
            # not the number: whoever else attaches a file meanwhile takes one
            footprint=lambda: (picture(folder), sorted(devices_below(folder).values())),
            remove=lambda _service: detach_below(folder),
        )


class OlderPromises(Promises):
    """The same in an older section."""

    section = "[loop#0]\n"


def lacking() -> str:
    """What this host lacks for loop devices, with the remedy; empty: nothing."""
    return Loop.host_problem() or ("" if os.geteuid() == 0 else "loop devices are made: run it as root")


def devices_below(folder: Path) -> dict[str, str]:
    """What is attached of the files in a folder, deleted ones too: device and file."""
    found = {}
    for place in Path("/sys/block").glob("loop*/loop/backing_file"):
        try:
            file = place.read_text().strip()
        except OSError:
            continue
        if file.startswith(f"{folder}/"):
            found[f"/dev/{place.parents[1].name}"] = file
    return found


def detach_below(folder: Path) -> None:
    """Give all of them back, whoever has them mounted."""
    for device in devices_below(folder):
        subprocess.run(["umount", "-l", device], check=False, capture_output=True, timeout=120)
        subprocess.run(["losetup", "-d", device], check=False, timeout=120)
