"""What every driver promises, of fs.ext4 and fs.ext3."""

from types import MappingProxyType

import pytest
from opensvc_linux.testing import mounted, run

from opensvc_core.testing.conformance import Case, Conformance


class _OnLoop(Conformance):
    does_not_apply = MappingProxyType({"test_time_limit_is_kept": "a check may take hours, and is not given up"})
    kind = "ext4"

    @pytest.fixture(autouse=True)
    def _ground(self, ground):
        self.ground = ground

    def case(self, folder):
        device, point = self.ground.made(self.kind, folder.name), folder / "made" / "data"
        point.parent.mkdir()
        return Case(
            f"[fs#1]\ntype = {self.kind}\ndev = {device}\nmnt = {point}\n",
            rid="fs#1",
            footprint=lambda: (mounted(folder), point.exists()),
            remove=lambda _service: run("umount", str(point)),
        )


class TestExt4(_OnLoop):
    kind = "ext4"


class TestExt3(_OnLoop):
    kind = "ext3"
