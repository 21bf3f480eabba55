"""The promises of a driver, for disk.loop."""

from pathlib import Path
from runpy import run_path
from types import MappingProxyType

from opensvc_core.api import Status
from opensvc_core.testing.conformance import Case, Conformance, picture

_shared = run_path(str(Path(__file__).with_name("bench_loop.py")))
run = _shared["run"]
devices_below = _shared["devices_below"]
MEGABYTE = _shared["MEGABYTE"]


class TestConformance(Conformance):
    does_not_apply = MappingProxyType({"test_time_limit_is_kept": "what attaches a file does not hang; its limit is that of every command"})

    def case(self, folder):
        file = folder / "disk.img"
        with file.open("wb") as opened:
            opened.truncate(MEGABYTE)

        def footprint():
            # not the number: whoever else attaches a file meanwhile takes one
            return picture(folder), sorted(devices_below(folder).values())

        return Case(
            f"[disk#0]\ntype = loop\nfile = {file}\nsize = 1m\n",
            rid="disk#0",
            footprint=footprint,
            remove=lambda _service: [run("losetup", "-d", device) for device in devices_below(folder)],
        )


class TestOlderSection(Conformance):
    does_not_apply = TestConformance.does_not_apply

    def case(self, folder):
        case = TestConformance.case(self, folder)
        return Case(case.text.replace("disk#0", "loop#0").replace("type = loop\n", ""), "loop#0", Status.UP, case.footprint, case.remove)
