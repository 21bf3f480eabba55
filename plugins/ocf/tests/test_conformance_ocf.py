"""The driver app.ocf keeps what every driver promises."""

from pathlib import Path

import pytest

from opensvc_core.testing.conformance import Case, Conformance

if not Path("/usr/lib/ocf/resource.d/heartbeat/Dummy").exists():
    pytest.skip("no agents here; 'apt-get install resource-agents' brings them", allow_module_level=True)


class TestConformance(Conformance):
    def case(self, folder):
        state = folder / "state"
        text = f"[app#1]\ntype = ocf\nagent = ocf:heartbeat:Dummy\nstate = {state}\n"
        hanging = "[app#1]\ntype = ocf\nagent = ocf:heartbeat:Delay\nstartdelay = 60\nmondelay = 0\nstopdelay = 0\nstart_timeout = 0.5s\n"
        return Case(text, rid="app#1", footprint=state.exists, remove=lambda _service: state.unlink(), hanging=hanging, limit=10.0)
