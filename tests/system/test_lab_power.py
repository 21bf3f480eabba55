"""A node of the lab can lose its power, hang, and come back."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest


def test_files_stay_over_a_power_cut_but_run_and_tmp_are_empty(lab):
    n1, _ = lab.nodes
    for path in ("/etc/kept", "/var/lib/kept", "/root/kept", "/run/lost", "/tmp/lost"):
        n1.write(path, "x")
    n1.power_off()
    n1.power_on()
    assert {path: n1.exists(path) for path in ("/etc/kept", "/var/lib/kept", "/root/kept", "/run/lost", "/tmp/lost")} == {
        "/etc/kept": True,
        "/var/lib/kept": True,
        "/root/kept": True,
        "/run/lost": False,
        "/tmp/lost": False,
    }
    assert lab["n2"]("ssh n1 hostname").stdout == "n1\n"


def test_power_off_ends_all_processes_daemons_too_and_frees_addresses(lab):
    n1, n2 = lab.nodes
    n1("ip addr add 10.99.0.50/24 dev eth0")
    n1("sh -c 'setsid sleep 4321 >/dev/null 2>&1 &'")
    begun = n1.begin("sleep 4322")
    n1.wait_for(lambda: {4321, 4322} <= _sleeps())
    n1.power_off()
    assert not {4321, 4322} & _sleeps()
    assert begun.poll() is not None
    assert n2("arping -q -D -c1 -w3 -I eth0 10.99.0.50").code == 0
    n1.power_on()
    assert "10.99.0.50" not in n1("ip addr").stdout


def test_each_power_on_is_a_boot_of_its_own(lab):
    n1, n2 = lab.nodes
    boot = "/proc/sys/kernel/random/boot_id"
    before, other = n1.read(boot), n2.read(boot)
    n1.power_off()
    n1.power_on()
    assert len({before, other, n1.read(boot)}) == 3
    assert n2.read(boot) == other


def test_a_node_that_is_off_says_so(lab):
    n1, _ = lab.nodes
    n1.power_off()
    assert (n1.is_up, repr(n1)) == (False, "<n1 off>")
    for use in (lambda: n1("true"), lambda: n1.read("/etc/hostname"), lambda: n1.begin("true"), lambda: n1.netns):
        with pytest.raises(AssertionError, match="n1 is off"):
            use()
    n1.power_off()  # nothing more happens


def test_no_process_learns_of_the_power_cut(lab):
    n1, _ = lab.nodes
    told = n1.begin("sh -c 'trap \"echo told\" TERM HUP INT EXIT; echo ready; while :; do sleep 0.01; done'")
    assert told.stdout.readline() == "ready\n"
    n1.power_off()
    assert told.stdout.read() == ""


def test_a_reboot_from_inside_ends_the_node(lab):
    n1, _ = lab.nodes
    n1("python -c 'import ctypes; ctypes.CDLL(None).reboot(0x1234567)'", code=None)
    n1.wait_for(lambda: not n1.is_up)
    n1.power_on()
    assert n1("hostname").stdout == "n1\n"


def test_a_frozen_node_answers_ping_and_connections_but_no_process_runs(lab):
    n1, n2 = lab.nodes
    n2.freeze()
    assert n1("ping -c1 -W20 n2").code == 0
    assert n1("bash -c 'exec 3<>/dev/tcp/n2/22'").code == 0
    assert n1("ssh -o ConnectTimeout=1 n2 true", code=255).stderr
    with pytest.raises(AssertionError, match="did not end"):
        n2("true", timeout=0.3)
    n2.thaw()
    assert n1("ssh n2 hostname").stdout == "n2\n"


def test_what_was_begun_stops_in_a_frozen_node_and_goes_on(lab):
    n1, _ = lab.nodes
    n1.begin("sh -c 'while :; do date +%s%N >/run/now; done'")
    n1.wait_for(lambda: n1.exists("/run/now"))
    n1.freeze()
    before = n1.read("/run/now")
    time.sleep(0.1)  # in which a running one would have written dozens
    assert n1.read("/run/now") == before
    n1.thaw()
    n1.wait_for(lambda: n1.read("/run/now") not in {"", before})


def test_a_frozen_node_can_be_powered_off(lab):
    n1, _ = lab.nodes
    n1.freeze()
    n1.power_off()
    n1.power_on()
    assert n1("hostname").stdout == "n1\n"


def test_a_killed_process_1_is_the_end_of_the_node(lab):
    n1, _ = lab.nodes
    os.kill(n1.pid, signal.SIGKILL)
    n1.wait_for(lambda: not n1.is_up)
    assert lab["n2"].is_up


def _sleeps() -> set[int]:
    """The seconds of the sleeping processes of this machine."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            words = path.read_bytes().split(b"\0")
            if words[0] == b"sleep" and words[1].isdigit():
                found.add(int(words[1]))
    return found
