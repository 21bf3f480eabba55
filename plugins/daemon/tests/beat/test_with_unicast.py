"""Beat processes as the supervisor starts them, with the heartbeat plugin that most clusters use."""

import secrets
import subprocess
import sys

import pytest

from opensvc_core.testing.ports import free_port


@pytest.fixture
def pair(cluster):
    made = cluster()
    one, two = free_port(), free_port()
    text = (
        f"[cluster]\nid = c1\nname = tests\nnodes = n1 n2\nsecret = {secrets.token_hex(16)}\n"
        f"[hb#1]\ntype = unicast\ninterval = 0.1\ntimeout = 0.6\naddr = 127.0.0.1\nport@n1 = {one}\nport@n2 = {two}\n"
    )
    for node in made.nodes.values():
        (node.root / "etc" / "cluster.conf").write_text(text)
        argv = [sys.executable, "-P", "-m", "opensvc_daemon.beat", "--root", str(node.root), "--node", node.name]
        with (node.root / "log" / "errors").open("ab") as errors:
            node.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stderr=errors, cwd="/")
    for node in made.nodes.values():
        node.watch()
    made.wait_for_contact()
    return made


def test_nodes_are_heard_lost_and_heard_again(pair, until):
    one, other = pair.nodes.values()
    assert one.monitor.link("hb#1.rx")["state"] == "running"
    assert "127.0.0.1" in one.monitor.link("hb#1.rx")["detail"]
    other.monitor.hang()
    until(lambda: one.monitor.contact("n2") == "stale", "silence")
    other.monitor.go_on()
    until(lambda: one.monitor.contact("n2") == "beating", "contact")
    other.monitor.say("farewell")
    assert other.process.wait(60) == 0
    until(lambda: one.monitor.contact("n2") == "stale", "its end")


def test_directions_are_stopped_and_started(pair, until):
    one, other = pair.nodes.values()
    one.monitor.say("link", name="hb#1.rx", run=False)
    until(lambda: one.monitor.contact("n2") == "stale", "deafness")
    until(lambda: other.monitor.contact("n1") == "one_way", "that it is not heard")
    one.monitor.say("link", name="hb#1.rx", run=True)
    pair.wait_for_contact()
