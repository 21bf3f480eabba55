"""The driver fs.directory."""

from opensvc_core.api import Status
from opensvc_core.testing.conformance import Case, Conformance


class TestConformance(Conformance):
    def case(self, folder):
        path = folder / "made" / "data"
        path.parent.mkdir()
        text = f"[fs#1]\ntype = directory\npath = {path}\nuser = nobody\nperm = 2750\n"
        return Case(text, rid="fs#1", up=Status.NA, keeps_at_stop=True, remove=lambda _service: path.rmdir())
