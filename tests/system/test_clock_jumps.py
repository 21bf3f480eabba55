"""The wall clock of a node jumps: by an hour, back, by a year. Nothing is decided by it."""

from __future__ import annotations

import datetime
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from cluster import Cluster
from cluster.services import Trial

pytestmark = pytest.mark.skipif(not shutil.which("cc"), reason="a node's own clock is compiled: apt-get install gcc libc6-dev")
SOURCE = Path(__file__).with_name("cluster") / "clock.c"
# how many seconds the wall clock of a node is off, for all processes of its daemon
CLOCK = "/etc/clock"
FAKED = {"LD_PRELOAD": "/run/lab/clock.so", "OSVC_TEST_CLOCK": CLOCK}
TRIAL = Trial()


@pytest.fixture(scope="module")
def cluster(module_lab, tmp_path_factory):
    # the daemon of n1 is begun anew, which takes a while
    cluster = Cluster(module_lab, timeout=2.0, maintenance_grace_period=60)
    cluster.start()
    cluster.add(TRIAL)
    library = tmp_path_factory.mktemp("clock") / "clock.so"
    subprocess.run(["cc", "-Wall", "-Werror", "-shared", "-fPIC", "-o", library, SOURCE], check=True)
    (module_lab.shared / library.name).write_bytes(library.read_bytes())
    n1 = module_lab["n1"]
    n1("om daemon stop")
    n1.write(CLOCK, "+0\n")
    n1("om daemon start", **FAKED)
    return cluster


@pytest.fixture
def jump(cluster):
    """Sets how many seconds the clock of n1 is off; at the end it is right again."""
    yield lambda seconds: cluster.lab["n1"].write(CLOCK, f"{seconds:+d}\n")
    cluster.lab["n1"].write(CLOCK, "+0\n")


def is_on(cluster, name):
    cluster.wait_heard()
    cluster.wait_alive(name)
    cluster.wait_told(TRIAL.name, name)
    cluster.audit()


@pytest.mark.parametrize("seconds", [3600, -3600, 86400 * 365], ids=["an hour ahead", "an hour back", "a year ahead"])
def test_a_jump_moves_nothing(cluster, jump, seconds):
    is_on(cluster, "n1")
    jump(seconds)
    cluster.stays("n1", seconds=4)
    cluster.lab["n2"]("om svc1 freeze --wait --time 60")
    cluster.lab["n2"]("om svc1 thaw --wait --time 60")
    is_on(cluster, "n1")
    assert abs(ahead(cluster.lab["n1"].read("/var/log/opensvc/svc1.log")) - seconds) < 120


def test_requests_are_followed_in_their_order_whatever_the_clocks_say(cluster, jump):
    is_on(cluster, "n1")
    jump(-3600)
    cluster.lab["n2"]("om svc1 switch --to n2 --wait --time 60")
    is_on(cluster, "n2")
    cluster.lab["n1"]("om svc1 switch --to n1 --wait --time 60")
    is_on(cluster, "n1")
    jump(3600)
    cluster.lab["n2"]("om svc1 switch --to n2 --wait --time 60")
    is_on(cluster, "n2")


def ahead(log: str) -> float:
    """How many seconds the newest line of a log is ahead of now, by its own time."""
    found = re.findall(r"^\d{4}-\d\d-\d\dT\S+", log, re.MULTILINE)
    return (datetime.datetime.fromisoformat(found[-1]) - datetime.datetime.now(datetime.UTC)).total_seconds()
