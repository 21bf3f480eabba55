"""Promises of every driver, tried with volume groups and volumes on a device-mapper; test_promises.py runs it where there is one."""

import os
import subprocess
from types import MappingProxyType

import pytest

from opensvc_core.testing.conformance import Case, Conformance

LIMIT = MappingProxyType({"test_time_limit_is_kept": "the limit is that of every command of LVM, two minutes"})
GROUP = "[disk#0]\ntype = vg\nname = data\n"
VOLUME = "[disk#1]\ntype = lv\nvg = {disk#0.name}\nname = app\nsize = 8m\n"


def run(line):
    return subprocess.run(line.split(), check=True, capture_output=True, text=True, timeout=60).stdout


def lvm(*lines):
    """Commands of LVM in one process of it, of which each costs a machine like this a second."""
    subprocess.run(["lvm"], input="\n".join(lines), check=True, capture_output=True, text=True, timeout=60)


def footprint():
    """Tags, and the volumes that are active: what a start and a stop change."""
    rows = [line.strip().split(":") for line in run("vgs --noheadings -o vg_tags,lv_name,lv_active --separator :").splitlines()]
    return sorted({row[0] for row in rows} - {""}), sorted(name for _, name, active in rows if active)


def deactivate(_service):
    """Somebody does it behind the agent's back."""
    run("vgchange -q -a n data")


class Made:
    """The group `data` with volumes, on a loop device; `restore` makes it again where it is not as it was made."""

    def __init__(self, image, volumes):
        self.image, self.volumes, self.device = image, volumes, ""

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self._remove()

    def restore(self):
        if not self._is_as_made():
            self._remove()
            with self.image.open("wb") as file:
                file.truncate(64 << 20)
            self.device = run(f"losetup -f --show {self.image}").strip()
            lines = [f"lvcreate -q -y -a n -Z n -W n -L 8m -n {name} data" for name in self.volumes]
            lvm(f"vgcreate -q --setautoactivation n data {self.device}", *lines)

    def _is_as_made(self):
        if not self.device:
            return False
        rows = run("lvs --noheadings -o vg_name,vg_tags,lv_name,lv_active --separator :").split()
        return sorted(rows) == sorted(f"data::{name}:" for name in self.volumes)

    def _remove(self):
        if self.device:
            subprocess.run(["vgremove", "-q", "-f", "data"], check=False, timeout=60, capture_output=True)
            run(f"losetup -d {self.device}")
            self.device = ""
            self.image.unlink()


@pytest.mark.skipif("PROMISES_DEVICE" not in os.environ, reason="a kernel of its own is needed: run tests/vm/test_promises.py")
class TestGroup(Conformance):
    """A group that somebody has made, with volumes that are no resources."""

    does_not_apply = MappingProxyType(
        {
            **LIMIT,
            "test_second_provision_and_unprovision_change_nothing": "a group with volumes of others is not removed: see TestVolume",
            "test_plan_is_what_is_done": "a group with volumes of others is not removed: see TestVolume, of which all of a group is",
            "test_nothing_is_left_behind": "a group with volumes of others is not removed: see TestVolume, of which all of a group is",
        }
    )
    volumes = ("app", "web")

    @pytest.fixture(scope="class")
    @classmethod
    def made(cls, tmp_path_factory):
        """The group `data` with volumes, not active; the next test has it too, where one has left it so: to make it takes seconds."""
        with Made(tmp_path_factory.mktemp("group") / "pv", cls.volumes) as made:
            yield made

    @pytest.fixture(autouse=True)
    def group(self, made):
        """It, on its device."""
        made.restore()
        self.device = made.device

    def case(self, folder):
        return Case(GROUP, rid="disk#0", footprint=footprint, remove=deactivate)


class TestVolume(TestGroup):
    """A volume and its group, made and removed with the service."""

    does_not_apply = LIMIT
    volumes = ("app",)

    def case(self, folder):
        text = f"{GROUP}pvs = {self.device}\noptions = --setautoactivation n\n{VOLUME}"
        return Case(text, rid="disk#1", footprint=footprint, remove=deactivate)
