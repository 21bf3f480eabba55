"""The daemon of a node below a folder: started, stopped, killed, and what its services feel of that."""

import json
import os
import re
import signal
import struct
import zlib

import pytest
from opensvc_daemon.recording import Recording, read_record

FLAG = "[DEFAULT]\norchestrate = no\n[fs#1]\ntype = flag\n"


@pytest.fixture
def node(root):
    """A node whose API is on its unix socket alone."""
    root.write("etc/node.conf", "[listener]\nport = 0\n")
    root.write("etc/svc1.conf", FLAG)
    return root


def pids(node):
    found = json.loads((node / "run/daemon.json").read_text())
    return {name: one["pid"] for name, one in found["parts"].items()} | {"supervisor": found["supervisor"]["pid"]}


def test_a_daemon_is_started_asked_and_stopped_and_leaves_services_alone(node):
    node("om daemon start")
    node("om daemon running")
    assert node("om daemon start").stderr == "the daemon runs already\n"
    status = node("om daemon status").stdout
    assert [line.split()[0] for line in status.splitlines()[1:5]] == ["supervisor", "beat", "runner", "monitor"]
    node("om svc1 start --wait --time 90")
    assert node.is_up("svc1", "fs#1")
    node.wait_for(lambda: "up         idle, started" in node("om svc1 print status").stdout)
    node("om daemon stop")
    node("om daemon running", code=1)
    assert node.is_up("svc1", "fs#1")
    assert node("om svc1 print status").stdout.splitlines()[2].endswith("no monitor")
    assert "the daemon stopped; services stay as they are" in node("om node logs").stdout


def test_who_is_not_root_sees_whether_it_runs(node):
    assert node("om daemon status", code=1, as_ordinary=True).stdout == "the daemon does not run; 'om daemon start' starts it\n"
    node("om daemon start")
    node("om daemon running", as_ordinary=True)
    assert node("om daemon status", as_ordinary=True).stdout == node("om daemon status").stdout
    node("om daemon stop")
    node("om daemon running", code=1, as_ordinary=True)
    (node / "run").chmod(0o700)
    assert "no right to see whether the daemon runs" in node("om daemon running", code=5, as_ordinary=True).stderr


def test_what_a_daemon_decided_is_decided_again_by_the_same_code(node):
    node("om daemon start")
    node("om svc1 start --wait --time 90")
    node("om daemon stop")
    done = node("om daemon replay")
    assert re.fullmatch(r"[1-9]\d* decisions, none would be another one today\n", done.stdout)
    recorded = list(read_record(node / "var/node"))
    started = next(one for one in recorded if any(order.action == "start" for order in one.decision.orders))
    other = Recording(node / "other")
    for one in recorded:
        other.note(one.view, one.now, one.decision._replace(orders=()) if one is started else one.decision)
    done = node("om daemon replay other", code=1)
    assert f"n1, {started.now:.3f} s after its boot\n  + svc1: start: requested: start" in done.stdout
    assert done.stdout.endswith(f"{len(recorded)} decisions, 1 would be other ones today\n")
    (difference,) = json.loads(node("om daemon replay other --format json", code=1).stdout)["differences"]
    assert (difference["then"], difference["today"][0]["order"]) == ([], "svc1: start")


def test_a_record_that_can_not_be_read_is_said_so(node):
    entry = zlib.compress(b'["of another version"]')
    (node / "old").write_bytes(struct.pack(">I", len(entry)) + entry)
    assert node("om daemon replay old", code=1).stdout == (
        "0 decisions, none would be another one today; 1 can not be read: they are of another version of the agent, or damaged\n"
    )
    assert "no decision is recorded there" in node("om daemon replay", code=4).stderr
    assert "there is no such file" in node("om daemon replay nosuch", code=4).stderr


@pytest.mark.parametrize("option", ["", " --upgrade"])
def test_a_restart_finds_services_as_they_were(node, option):
    node("om daemon start")
    node("om svc1 start --wait --time 90")
    before = pids(node)
    node(f"om daemon restart{option}")
    assert not set(pids(node).values()) & set(before.values())
    node.wait_for(lambda: " svc1      up " in node("om mon").stdout)
    node("om daemon stop")


def test_a_daemon_that_was_killed_is_replaced_by_the_next_start(node):
    node("om daemon start")
    before = pids(node)
    os.kill(before["supervisor"], signal.SIGKILL)
    node.wait_for(lambda: node("om daemon running", code=None).code == 1)
    left = node("om daemon status", code=1).stdout
    assert left.startswith("the supervisor does not run; ")
    assert f"beat (pid {before['beat']})" in left
    assert left.endswith(": 'om daemon start' starts it again\n")
    node("om daemon start")
    after = pids(node)
    assert after["beat"] == before["beat"]
    assert after["monitor"] != before["monitor"]
    node("om svc1 start --wait --time 90")
    node("om daemon stop")


def test_a_monitor_that_dies_is_begun_again(node):
    node("om daemon start")
    monitor = pids(node)["monitor"]
    os.kill(monitor, signal.SIGKILL)
    node.wait_for(lambda: pids(node).get("monitor", monitor) != monitor)
    node.wait_for(lambda: "begun again 1 times" in node("om daemon status", code=None).stdout)
    node("om svc1 start --wait --time 90")
    node("om daemon stop")


def test_a_start_that_fails_says_why_in_one_line(node):
    node.write("etc/cluster.conf", "[cluster]\nname\n")
    done = node("om daemon start", code=None)
    assert done.code != 0
    assert len(done.stderr.splitlines()) == 1
    assert "cluster.conf" in done.stderr
    node("om daemon running", code=1)


def test_in_the_foreground_it_is_the_process_itself(node):
    process = node.begin("om daemon start --foreground")
    node.wait_for(lambda: "idle" in node("om daemon status", code=None).stdout)
    assert pids(node)["supervisor"] == process.pid
    process.terminate()
    assert process.wait(timeout=60) == 0
