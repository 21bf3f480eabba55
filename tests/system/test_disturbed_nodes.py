"""Three nodes, one of which is half there: its monitor hangs, the whole of it hangs, its disk is full."""

from __future__ import annotations

import os

import pytest
from cluster import Cluster
from cluster.services import Trial
from cluster.trouble import FILL, VAR, begin, signal_part, witness

pytestmark = pytest.mark.lab(nodes=3)
# seconds for which a monitor is paused; `make chaos` has it at a minute
PAUSED = float(os.environ.get("OSVC_TEST_PAUSE", "8"))
FROZEN = 8.0
READY = 0.3
TERMS = "lease = 6\nlease_renewal = 0.4\nlease_stop_limit = 2.6"
# data at stake and no guard: nobody else may ever start it while its node is silent
DATA = Trial(nodes="n1 n2 n3", disk="data", app="restart = 3")
# beat renews the lease while the monitor hangs
LEASED = Trial("svc2", "n1 n2 n3", more="guard = lease")


@pytest.fixture(scope="module")
def cluster(module_lab):
    for name in ("data", *(f"var-{node.name}" for node in module_lab.nodes)):
        module_lab.disk(name, 16)
        module_lab["n1"](f"mkfs.ext4 -q /run/shared/{name}")
    cluster = Cluster(module_lab, timeout=1.0, ready_period=READY, cluster=TERMS)
    for node in cluster.nodes:
        node.write("/etc/opensvc/cluster.conf", cluster.text, 0o600)
    begin(*cluster.nodes)
    cluster.start()
    cluster.add(DATA)
    cluster.add(LEASED)
    return cluster


def reach(cluster, me, of):
    """How one node says that it reaches another one."""
    return cluster.document(cluster.lab[me])["nodes"][of]["reach"]


def is_gone(cluster):
    """The others count n1 as silent."""
    return all(reach(cluster, me, "n1") not in ("beating", "heard") for me in ("n2", "n3"))


def reasons(cluster, me, service):
    return {one["code"] for one in cluster.document(cluster.lab[me])["services"][service]["reasons"]}


def is_as_before(cluster):
    cluster.wait_heard()
    for trial in (DATA, LEASED):
        cluster.wait_alive("n1", service=trial.name)
        cluster.wait_told(trial.name, "n1")
        cluster.audit(trial.name)


@pytest.mark.timeout(600 + 2 * PAUSED)
def test_a_monitor_that_hangs_and_goes_on_moves_nothing(cluster):
    n1 = cluster.lab["n1"]
    assert signal_part(n1, "monitor", "STOP") == "STOP"
    cluster.wait(lambda: is_gone(cluster), "n1 is silent for the others")
    cluster.wait(lambda: "guard.none" in reasons(cluster, "n2", DATA.name), "n2 says why it does not start it")
    cluster.stays("n1", seconds=PAUSED / 2)
    cluster.stays("n1", service=LEASED.name, seconds=PAUSED / 2)
    assert signal_part(n1, "monitor", "CONT") == "CONT"
    is_as_before(cluster)


def test_a_node_that_hangs_as_a_whole_keeps_what_nobody_may_take(cluster):
    cluster.lab["n2"](f"om {LEASED.name} stop --wait --time 60")  # applications that hang too are beyond any lease
    n1 = cluster.lab["n1"]
    n1.freeze()
    cluster.wait(lambda: is_gone(cluster), "n1 is silent for the others")
    cluster.stays(seconds=FROZEN)  # nowhere
    n1.thaw()
    cluster.wait_heard()
    cluster.stays("n1", seconds=1.5)
    cluster.lab["n2"](f"om {LEASED.name} thaw --wait --time 60")
    cluster.lab["n2"](f"om {LEASED.name} start --wait --time 60")
    cluster.lab["n2"](f"om {LEASED.name} takeover --to n1 --wait --time 60")
    is_as_before(cluster)


def test_a_full_disk_hinders_neither_repair_nor_switch(cluster):
    n1 = cluster.lab["n1"]
    assert "No space left" in n1(f"dd if=/dev/zero of={FILL} bs=64k", code=None).stderr
    pid = witness(cluster, DATA.name, n1)
    n1(f"kill -KILL {pid}")
    cluster.wait(lambda: witness(cluster, DATA.name, n1) not in (None, pid), "it is started again where it was")
    cluster.lab["n2"](f"om {DATA.name} switch --to n2 --wait --time 60")
    cluster.wait_alive("n2")
    n1(f"rm {FILL}")
    cluster.lab["n2"](f"om {DATA.name} switch --to n1 --wait --time 60")
    is_as_before(cluster)


def test_a_full_disk_stops_no_lease(cluster):
    n1 = cluster.lab["n1"]
    n1(f"dd if=/dev/zero of={FILL} bs=64k", code=None)
    assert n1(f"df --output=avail {VAR}").stdout.split()[-1] == "0"
    cluster.stays("n1", service=LEASED.name, seconds=7)
    n1(f"rm {FILL}")
    is_as_before(cluster)
