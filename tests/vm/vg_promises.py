"""Promises of every driver, tried with volume groups and volumes inside a guest; test_vg_promises.py runs it there."""

import subprocess

import pytest

from opensvc_core.testing.conformance import Case, Conformance

# In a guest a command of LVM takes half a second: what is left out here is what the other tests in guests show.
CHOSEN = (
    "TestGroup::test_start_killed_anywhere_is_completed_by_the_next",
    "TestGroup::test_plan_is_what_is_done[restart-up]",
    "TestVolume::test_plan_is_what_is_done[restart-up]",
)


def run(*argv):
    return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=60).stdout


def footprint():
    """Tags, volumes, and what of them is active."""
    return run("vgs", "--noheadings", "-o", "vg_name,vg_tags"), run("lvs", "--noheadings", "-o", "lv_name,lv_active")


@pytest.fixture
def group(tmp_path):
    """The group `data` with two volumes, not active, on a device of this test."""
    image = tmp_path / "pv"
    with image.open("wb") as file:
        file.truncate(64 << 20)
    device = run("losetup", "-f", "--show", str(image)).strip()
    run("vgcreate", "-q", "--setautoactivation", "n", "data", device)
    for name in ("app", "web"):
        run("lvcreate", "-q", "-y", "-L", "8m", "-n", name, "data")
    run("vgchange", "-q", "-a", "n", "data")
    yield
    for line in ("vgchange -q -a n data", "vgremove -q -f data", f"losetup -d {device}"):
        subprocess.run(line.split(), check=False, timeout=60)


class TestGroup(Conformance):
    @pytest.fixture(autouse=True)
    def _group(self, group):
        """Before the bench."""

    def case(self, folder):
        return Case("[disk#0]\ntype = vg\nname = data\n", rid="disk#0", footprint=footprint)


class TestVolume(TestGroup):
    def case(self, folder):
        return Case("[disk#0]\ntype = lv\nvg = data\nname = app\n", rid="disk#0", footprint=footprint)
