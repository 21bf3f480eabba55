"""Leases between beat processes: held, renewed, given back, lost; what runs by one stops before another node may start it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from opensvc_daemon import clock
from opensvc_daemon.beat.keeping import holds

from opensvc_core.instance.node import Node
from opensvc_core.instance.request import Request
from opensvc_core.system.locks import InstanceLock

# Between the last renewal and the stop are some seconds, in which the machine may stand still.
LEASE = 7.0
TERMS = f"lease = {LEASE}\nlease_renewal = 0.2\nlease_stop_limit = 1.8\n"
# For what has to begin as a process of its own, and end, within the times of a lease.
LONG_LEASE = 15.0
LONG_TERMS = f"lease = {LONG_LEASE}\nlease_renewal = 0.2\nlease_stop_limit = 8\n"
SERVICE = """
[DEFAULT]
nodes = n1 n2
orchestrate = ha
guard = lease
[app#1]
type = simple
start = {SCRIPT}
{MORE}
"""


@pytest.fixture
def three(cluster, until):
    return three_voters(cluster, until, TERMS, LEASE)


@pytest.fixture
def patient(cluster, until):
    return three_voters(cluster, until, LONG_TERMS, LONG_LEASE)


def three_voters(cluster, until, terms, lease):
    """Two nodes that may run the service, and a third voter; all have been up for longer than a granter is silent."""
    made = cluster(names=("n1", "n2", "n3"), timeout=1.0, more=terms)
    nodes = made.up()
    until(lambda: all((node.root / "var" / "node" / "voters.json").exists() for node in nodes), "that they agree on the voters")
    begun = clock.now()
    until(lambda: clock.now() - begun > lease * 1.01, "the end of their silence")
    return made


def ask(node, until, state="held"):
    node.monitor.say("ask_lease", service="svc1")
    until(lambda: node.monitor.lease("svc1") == state, f"svc1 {state} at {node.name}: {node.monitor.lines}")


def test_one_holds_and_another_is_refused_until_it_is_given_back(three, until):
    one, two, _ = three.nodes.values()
    ask(one, until)
    assert json.loads((one.root / "run" / "leases.json").read_text())["leases"]["svc1"][1] > clock.now()
    ask(two, until, "refused")
    assert any("held" in line["text"] for line in two.monitor.lines if line.get("service") == "svc1")
    one.monitor.say("release_lease", service="svc1")
    until(lambda: one.monitor.lease("svc1") == "none", "that it is given back")
    ask(two, until)


def test_a_lease_is_renewed_as_long_as_a_majority_is_there(three, until):
    one, _, third = three.nodes.values()
    ask(one, until)
    third.kill()
    begun = clock.now()
    until(lambda: clock.now() > begun + LEASE + 1, "more than a lease")
    assert one.monitor.lease("svc1") == "held"


def test_the_holder_that_is_isolated_stops_before_another_one_holds(patient, until, tmp_path):
    one, two, _ = patient.nodes.values()
    written = tmp_path / "written"
    service = made(one, written)
    ask(one, until)
    service.perform(Request("start"), lambda event: None)
    until(written.exists, "the application")
    one.cut()
    cut = clock.now()
    until(lambda: two.monitor.contact("n1") == "stale", "its silence")
    patiently(two, until)
    held = clock.now()
    assert service.up() == []
    assert float(written.read_text().splitlines()[-1]) < held - 0.05
    assert held - cut < 3 * LONG_LEASE
    until(lambda: any("stopped" in line["text"] for line in one.monitor.lines), "that it is told")
    one.heal()
    until(lambda: one.monitor.contact("n2") == "beating", "contact again")
    ask(one, until, "refused")


def test_an_action_that_holds_the_lock_is_ended_for_the_stop(patient, until, tmp_path):
    one = patient.nodes["n1"]
    written = tmp_path / "written"
    service = made(one, written, "pre_start = sleep 300")
    ask(one, until)
    starting = subprocess.Popen([Path(sys.executable).with_name("om"), "svc1", "start", "--local"], env=environment(one))
    until(lambda: InstanceLock(service.state.lock_file).holder(), "the lock")
    one.cut()
    until(lambda: any("stopped" in line["text"] for line in one.monitor.lines), f"the stop: {one.errors()}")
    assert starting.wait(60) != 0
    assert not written.exists()


def test_a_lease_is_kept_while_the_monitor_is_dead(three, until):
    one, two, _ = three.nodes.values()
    ask(one, until)
    one.monitor.close()
    until(lambda: two.monitor.contact("n1") == "stale", "its silence")
    dead = clock.now()
    until(lambda: clock.now() > dead + LEASE + 0.5, "more than a lease")
    ask(two, until, "refused")
    one.watch()
    until(lambda: one.monitor.lease("svc1") == "held", "that it is held still")


def test_a_lease_is_kept_by_the_next_process_when_beat_crashes(patient, until):
    one, two, _ = patient.nodes.values()
    ask(one, until)
    one.kill()
    one.monitor.close()
    one.up()
    until(lambda: one.monitor.lease("svc1") == "held", "that it is held still")
    begun = clock.now()
    until(lambda: clock.now() > begun + LONG_LEASE + 0.5, "more than a lease")
    assert one.monitor.lease("svc1") == "held"
    ask(two, until, "refused")


def test_without_a_monitor_the_next_process_stops_what_the_last_one_held(patient, until, tmp_path):
    one = patient.nodes["n1"]
    written = tmp_path / "written"
    service = made(one, written)
    ask(one, until)
    service.perform(Request("start"), lambda event: None)
    one.kill()
    ended = json.loads((one.root / "run" / "leases.json").read_text())["leases"]["svc1"][1]
    one.start()
    until(lambda: service.up() == [], f"the stop: {one.errors()}")
    assert clock.now() < ended + 0.5
    assert "the lease ends" in one.log()


def test_the_farewell_waits_for_the_lease_to_be_given_back(three, until):
    one, two, _ = three.nodes.values()
    ask(one, until)
    one.monitor.say("farewell")
    until(lambda: two.monitor.contact("n1") == "stale", "its silence")
    said = clock.now()
    until(lambda: clock.now() > said + LEASE, "a lease")
    assert one.process.poll() is None
    ask(two, until, "refused")
    one.monitor.say("release_lease", service="svc1")
    assert one.process.wait(60) == 0
    ask(two, until)


def test_who_starts_something_can_ask_whether_the_lease_counts(three, until):
    one = three.nodes["n1"]
    ask(one, until)
    assert holds(one.root / "run", "svc1")
    assert not holds(one.root / "run", "svc2")
    one.process.send_signal(signal.SIGSTOP)
    until(lambda: not holds(one.root / "run", "svc1"), "the moment of the stop")


def test_nobody_grants_before_all_voters_were_heard(cluster, until):
    made = cluster(names=("n1", "n2", "n3"), more=TERMS)
    one, two, _ = made.nodes.values()
    for node in (one, two):
        node.up()
    until(lambda: one.monitor.contact("n2") == "beating", "contact")
    ask(one, until, "refused")
    assert any("not agreed" in line["text"] for line in one.monitor.lines)


def test_a_voter_that_comes_later_is_taken_in_while_the_others_go_on(cluster, until):
    made = cluster(names=("n1", "n2", "n3"), members="n1 n2", more=TERMS)
    one, two, third = made.nodes.values()
    one.start(), two.start()
    one.watch(), two.watch()
    until(lambda: one.monitor.contact("n2") == "beating", "contact")
    patiently(one, until)
    made.configure(members="n1 n2 n3")
    for node in (one, two):
        node.monitor.say("configure")
    third.up()
    voters = [node.root / "var" / "node" / "voters.json" for node in made.nodes.values()]

    def agreed():
        found = [json.loads(each.read_text()) for each in voters if each.exists()]
        return len(found) == 3 and all(each == found[0] and len(each["lists"]) == 1 and len(each["lists"][0][1]) == 3 for each in found)

    until(agreed, "one list of three")
    assert one.monitor.lease("svc1") == "held"
    begun = clock.now()
    until(lambda: clock.now() > begun + LEASE * 1.01, "the end of the silence of the third")
    two.kill()
    begun = clock.now()
    until(lambda: clock.now() > begun + LEASE + 0.5, "more than a lease")
    assert one.monitor.lease("svc1") == "held", f"by the vote of the third: {one.monitor.lines}"


def test_two_nodes_have_an_arbitrator_as_the_third_voter(cluster, arbitrator, until):
    made = cluster(timeout=1.0, more=TERMS)
    made.configure(more=f"{TERMS}[arbitrator#a1]\nuri = tcp://{arbitrator(made.secret)}\n")
    one, two = made.up()
    patiently(one, until)
    one.cut()
    until(lambda: two.monitor.contact("n1") == "stale", "its silence")
    begun = clock.now()
    until(lambda: clock.now() > begun + LEASE + 0.5, "more than a lease")
    assert one.monitor.lease("svc1") == "held", "by the vote of the arbitrator"
    ask(two, until, "refused")
    assert any("a1" in line["text"] for line in two.monitor.lines if line.get("service"))
    one.monitor.say("release_lease", service="svc1")
    patiently(two, until)


def patiently(node, until):
    """Ask again and again, as a monitor does, until the lease is held."""
    until(lambda: node.monitor.say("ask_lease", service="svc1") or node.monitor.lease("svc1") == "held", f"the lease at {node.name}")


def environment(node):
    return {**os.environ, "OSVC_ROOT_PATH": str(node.root), "OSVC_NODENAME": node.name}


def made(node, written, more=""):
    """The service on a node; it writes down when it runs."""
    script = node.root / "etc" / "script"
    script.write_text(f"#!/bin/sh\nwhile :; do cut -d' ' -f1 /proc/uptime >>{written}; sleep 0.02; done\n")
    script.chmod(0o755)
    (node.root / "etc" / "svc1.conf").write_text(SERVICE.replace("{SCRIPT}", str(script)).replace("{MORE}", more))
    node.services.append(Node(node.root, nodename=node.name).service("svc1"))
    return node.services[-1]
