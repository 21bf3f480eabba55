"""The arbitrator as the how-to has systemd run it, on a machine that is no member."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.lab(nodes=1, init="systemd")

UNIT = "opensvc-arbitrator.service"
PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "guard-takeovers.md"
SECRET = "00112233445566778899aabbccddeeff"
VOTE = f"""
import asyncio
from opensvc_daemon.guards.arbitrators import ArbitratorPlace
from opensvc_daemon.guards.asking import vote
from opensvc_daemon.heartbeat.keyring import Secret
place = ArbitratorPlace("arb", "tcp", "127.0.0.1", 1216, "/", 5.0, 1, Secret.of_text("{SECRET}"))
print(asyncio.run(vote(place, "n1")))
"""


@pytest.fixture
def machine(lab):
    """A machine with the files that the page shows."""
    (machine,) = lab.nodes
    (text,) = re.findall(rf"^```systemd {UNIT}\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    machine.write(f"/etc/systemd/system/{UNIT}", text.replace("/opt/opensvc/bin/python3", sys.executable))
    # the checkout, or its Python, may be where only root reads
    machine.write(f"/etc/systemd/system/{UNIT}.d/user.conf", "[Service]\nDynamicUser=no\n")
    machine.write("/etc/opensvc/arbitrator.secret", f"{SECRET}\n", 0o600)
    machine.write("/root/vote.py", VOTE)
    machine("mount --make-rshared /")  # as on any machine with systemd: credentials are mounted by a process beside the unit's
    machine("systemctl daemon-reload")
    return machine


def votes(machine):
    return machine(f"{sys.executable} /root/vote.py").stdout == "True\n"


def test_the_unit_of_the_how_to_votes_and_is_begun_again_when_it_dies(machine):
    machine(f"systemctl start {UNIT}")
    machine.wait_for(lambda: votes(machine))
    machine(f"systemctl kill --signal=KILL {UNIT}")
    machine.wait_for(lambda: machine(f"systemctl show -P NRestarts {UNIT}").stdout == "1\n")
    machine.wait_for(lambda: votes(machine))
    machine(f"systemctl stop {UNIT}")
    assert not votes(machine)
