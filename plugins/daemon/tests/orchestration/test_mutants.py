"""Broken rules that no state of the exploration's small clusters shows: a scenario tells another answer."""

from pathlib import Path

import pytest
from opensvc_daemon.orchestration import automatic, decide, keeping, provisioning, raising, removing
from opensvc_daemon.orchestration.orders import Do
from stage.script import played

FOLDER = Path(__file__).with_name("scenarios")


def tended_first(rising, tended):
    return rising if any(order.do is Do.ACT for order in rising) else (*tended, *rising)


def tended_as_if_up(e, service, **_):
    return keeping.tend(e, service)


def made_all_the_same(e, service, request, _up):
    return raising.act(e, service, "provision", request=request.id) if not e.mine(service).is_provisioned else ()


def released_by_anybody(e, service, request):
    return next(iter(e.others(service)), "") if request else ""


@pytest.mark.parametrize(
    ("room", "rule", "broken", "scenario"),
    [
        pytest.param(automatic, "_beside", tended_first, "standby-and-stand-back", id="restarts a standby resource, then stands back"),
        pytest.param(automatic, "tend", lambda *_, **__: (), "standby", id="forgets standby resources"),
        pytest.param(automatic, "tend", tended_as_if_up, "taken-over-while-away", id="acts on what failed before it was taken over"),
        pytest.param(removing, "old_knowledge", lambda *_: (), "request-unprovision-just-woken", id="unprovisions by old knowledge"),
        pytest.param(removing, "old_knowledge", lambda *_: (), "request-purge-just-woken", id="purges by old knowledge"),
        pytest.param(provisioning, "_while_up", made_all_the_same, "request-provision-while-up", id="provisions while it is up elsewhere"),
        pytest.param(keeping, "doubts", lambda *_: (), "split-just-heard", id="takes what was so before an absence for a split"),
        pytest.param(decide, "_without_instance", lambda *_: (), "lease-without-an-instance", id="keeps a lease of what others run"),
        pytest.param(raising, "released_by", released_by_anybody, "request-takeover-silent-peer-fence", id="takes silence for a release"),
    ],
)
def test_a_broken_rule_is_told_by_a_scenario(room, rule, broken, scenario, monkeypatch):
    text = (FOLDER / f"{scenario}.txt").read_text()
    assert played(text).splitlines() == text.splitlines()
    monkeypatch.setattr(room, rule, broken)
    assert played(text).splitlines() != text.splitlines()
