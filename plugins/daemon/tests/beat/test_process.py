"""Beat processes, with real sockets between them and real monitors' words."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from itertools import count
from pathlib import Path

import pytest
from opensvc_daemon.channel import connect

# Timeouts of heartbeats where nothing is to be lost, though the machine stands still for a while; an interval that a test does not last.
PATIENT, LONG_AGO = 20.0, 10.0
# Contact was not lost: a node that stood still itself listens again before it says more of others.
HEARD = {"beating", "listening"}


def test_two_nodes_hear_each_other(cluster, until):
    one, other = cluster().up()
    assert one.monitor.peer("n2")["incarnation"] == other.monitor.incarnation
    until(lambda: one.monitor.peer("n2")["links"]["hb#1"]["two_way"], "both ways")
    until(lambda: one.monitor.link("hb#1.rx").get("beating") == {"n2": True}, "the link is told")
    assert one.monitor.link("hb#1.rx")["state"] == "running"
    until(lambda: one.monitor.link("hb#1.tx").get("beating") == {"n2": True}, "its other direction")


def test_news_go_out_at_once_and_not_with_the_next_beat(cluster, until):
    made = cluster(interval=LONG_AGO, timeout=LONG_AGO * 4)
    one, other = made.up()
    begun = time.monotonic()
    one.monitor.change(generation=7, state="ready")
    until(lambda: other.monitor.peer("n1")["generation"] == 7, "generation 7")
    assert time.monotonic() - begun < made.interval / 2
    other.monitor.change(merged={"n1": 7})
    until(lambda: one.monitor.peer("n2")["merged"] == 7, "the echo of it")
    assert other.monitor.peer("n1")["state"] == "ready"


def test_a_node_whose_monitor_died_beats_no_more_until_another_one_begins(cluster, until):
    one, other = cluster().up()
    first = one.monitor.incarnation
    one.monitor.close()
    until(lambda: other.monitor.contact("n1") == "stale", "silence")
    assert one.process.poll() is None
    one.watch()
    until(lambda: other.monitor.contact("n1") == "beating", "the new life")
    assert other.monitor.peer("n1")["incarnation"] == one.monitor.incarnation != first


def test_a_node_whose_monitor_hangs_beats_no_more_until_that_goes_on(cluster, until):
    one, other = cluster().up()
    one.monitor.hang()
    until(lambda: other.monitor.contact("n1") == "stale", "silence")
    one.monitor.go_on()
    until(lambda: other.monitor.contact("n1") == "beating", "its beats")
    until(lambda: one.monitor.contact("n2") == "beating", "what it is told")


def test_a_node_that_was_paused_listens_before_it_calls_others_stale(cluster, until):
    one, other = cluster(timeout=5.0).up()
    other.process.send_signal(signal.SIGSTOP)
    until(lambda: one.monitor.contact("n2") == "stale", "its silence")
    seen = []
    other.process.send_signal(signal.SIGCONT)
    until(lambda: seen.append(other.monitor.contact("n1")) or one.monitor.contact("n2") == "beating", "its beats")
    until(lambda: other.monitor.contact("n1") == "beating", "contact")
    assert "stale" not in seen


def test_a_crash_of_beat_ends_its_beats_and_a_new_process_begins_a_new_life(cluster, until):
    one, other = cluster().up()
    one.kill()
    until(one.monitor.is_closed, "the end of the socket")
    until(lambda: other.monitor.contact("n1") == "stale", "silence")
    one.monitor.close()
    one.up()
    until(lambda: other.monitor.contact("n1") == "beating", "the new life")


def test_one_direction_is_not_enough(cluster, until):
    made = cluster()
    one, other = made.up()
    one.monitor.say("link", name="hb#1.tx", run=False)
    until(lambda: other.monitor.contact("n1") == "stale", "silence")
    until(lambda: one.monitor.contact("n2") == "one_way", "that it is not heard")
    assert one.monitor.link("hb#1.tx")["state"] == "stopped"
    one.monitor.say("link", name="hb#1.tx", run=True)
    made.wait_for_contact()


def test_the_second_link_goes_on_when_the_first_is_stopped(cluster, until):
    one, other = cluster(links=("hb#1", "hb#2"), timeout=6.0).up()
    until(lambda: one.monitor.peer("n2")["links"]["hb#2"]["two_way"], "the second link")
    one.monitor.say("link", name="hb#1.rx", run=False)
    until(lambda: not one.monitor.peer("n2")["links"]["hb#1"]["beating"], "the first one to end")
    assert one.monitor.contact("n2") in HEARD
    stopped = {"state": "stopped", "detail": one.monitor.link("hb#1.rx")["detail"], "why": "", "beating": {"n2": False}}
    until(lambda: one.monitor.link("hb#1.rx") == stopped, "that told")
    assert other.monitor.contact("n1") in HEARD


def test_links_come_and_go_with_the_configuration(cluster, until):
    made = cluster(links=("hb#1", "hb#2"), timeout=PATIENT)
    one, other = made.up()
    contacts = watched(one, until)
    made.configure(links=("hb#2",))
    for node in (one, other):
        node.monitor.say("configure")
    until(lambda: "hb#1.rx" not in one.monitor.told["links"]["links"], "one link less")
    made.configure(links=("hb#1", "hb#2"))
    for node in (one, other):
        node.monitor.say("configure")
    until(lambda: one.monitor.peer("n2")["links"].get("hb#1", {}).get("two_way"), "it back")
    assert set(contacts()) <= HEARD


def test_a_link_that_fails_is_told_and_tried_again(cluster, until):
    made = cluster(links=("hb#1", "hb#2"))
    taken = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with taken:
        taken.bind(("127.0.0.1", made.ports["hb#1", "n1"]))
        one, _ = made.up()
        until(lambda: one.monitor.link("hb#1.rx").get("state") == "failed", "the failure")
        assert "in use" in one.monitor.link("hb#1.rx")["why"]
    until(lambda: one.monitor.link("hb#1.rx")["beating"].get("n2"), "its recovery")
    until(lambda: one.monitor.link("hb#1.rx")["state"] == "running", "that told")


def test_another_secret_is_never_believed_and_told(cluster, until):
    made = cluster()
    own = made.secret
    made.configure("n2", secret="f" * 32)
    for node in made.nodes.values():
        node.up()
    one, other = made.nodes.values()
    until(lambda: "cluster.secret" in one.monitor.peer("n2").get("finding", ""), "the reason")
    until(lambda: one.monitor.contact("n2") == "stale", "its silence")
    made.configure("n2", secret=own)
    other.monitor.say("configure")
    made.wait_for_contact()
    until(lambda: one.monitor.peer("n2")["finding"] == "", "that it is said no more")


def test_the_secret_is_replaced_while_all_beat(cluster, until):
    made = cluster(timeout=PATIENT)
    one, other = made.up()
    contacts = [watched(node, until) for node in (one, other)]
    old, new, generations = made.secret, "a" * 40, count(2)
    for step in ({"more": f"next_secret = {new}"}, {"secret": new, "more": ""}):
        for node in (one, other):
            made.configure(node.name, **step)
            node.monitor.say("configure")
            for _ in range(5):
                believe(one, other, next(generations), until)
        for node in (one, other):
            until(lambda node=node: any("next_secret" in line["text"] for line in node.monitor.lines), "that the old one may go")
        made.configure(**step)
    assert old != made.secret
    assert [set(each()) - HEARD for each in contacts] == [set(), set()]


def test_what_is_forged_replayed_cut_or_too_large_changes_nothing_and_costs_little(cluster, until):
    made = cluster(names=("n1", "n2", "n3"), timeout=PATIENT)
    spy = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    spy.bind(("127.0.0.1", made.ports["hb#1", "n3"]))  # what n3 would hear
    spy.settimeout(60)
    one, other = (made.nodes[name].start() for name in ("n1", "n2"))
    with spy:
        one.watch(), other.watch()
        until(lambda: one.monitor.contact("n2") == "beating" and other.monitor.contact("n1") in HEARD, "contact")
        recorded = [spy.recv(2000) for _ in range(20)]
        contacts, before = watched(one, until), spent(one)
        begun = time.monotonic()
        sent = flood(spy, made.ports["hb#1", "n1"], recorded, seconds=2.0)
        seconds = time.monotonic() - begun
        assert sent > 50, "a slow machine sends a fraction of what others send"
        assert (spent(one) - before) / seconds < 0.5, "of a processor, on a loaded machine"
        assert set(contacts()) <= HEARD
        assert one.monitor.contact("n3") in ("listening", "stale")
        assert one.monitor.overtaken == 0
        assert one.process.poll() is None


def test_a_life_that_is_begun_twice_is_overtaken(cluster, until):
    one, other = cluster().up()
    for generation in range(2, 12):
        one.monitor.change(generation=generation)
        until(lambda generation=generation: other.monitor.peer("n1")["generation"] == generation, "a beat")
    one.monitor.begin(one.monitor.incarnation)
    until(lambda: one.monitor.overtaken, "that it has to begin anew")
    one.monitor.begin()
    until(lambda: other.monitor.peer("n1")["incarnation"] == one.monitor.incarnation, "the new life")


def test_the_farewell_is_heard_and_ends_the_process(cluster, until):
    one, other = cluster().up()
    one.monitor.change(state="maintenance", generation=9)
    one.monitor.say("farewell")
    assert one.process.wait(60) == 0
    until(lambda: other.monitor.peer("n1")["state"] == "maintenance", "its last word")
    assert one.errors() == ""


def test_a_signal_ends_it_as_the_farewell_does(cluster):
    one, _ = cluster().up()
    one.process.send_signal(signal.SIGTERM)
    assert one.process.wait(60) == 0


def test_a_new_monitor_takes_the_place_of_the_one_before(cluster, until):
    one, other = cluster().up()
    first = one.monitor
    one.watch()
    until(first.is_closed, "the end of the first")
    first.close()
    until(lambda: other.monitor.peer("n1")["incarnation"] == one.monitor.incarnation, "the new life")


def test_who_says_nothing_is_no_monitor(cluster, until):
    one, other = cluster(timeout=PATIENT).up()
    contacts = watched(other, until)
    connect(one.root / "run" / "beat.sock").close()
    silent = connect(one.root / "run" / "beat.sock")
    one.monitor.change(generation=3)
    until(lambda: other.monitor.peer("n1")["generation"] == 3, "the monitor's word")
    silent.close()
    assert set(contacts()) <= HEARD


@pytest.mark.parametrize(
    "data", [b"\0\0\0\x02[]", b"\xff\xff\xff\xff", b'\0\0\0\x0d{"do":"nope"}'], ids=["no object", "too large", "unknown"]
)
def test_a_client_that_talks_nonsense_ends_nothing(cluster, until, data):
    one, _ = cluster().up()
    nonsense = connect(one.root / "run" / "beat.sock")
    nonsense._socket.sendall(data)
    nonsense.close()
    one.monitor.close()
    one.watch()
    until(lambda: one.monitor.contact("n2") == "beating", "contact")


def test_beat_is_alone_and_a_second_one_ends_with_one_line_and_a_traceback_in_the_log(cluster):
    one, _ = cluster().up()
    argv = [sys.executable, "-m", "opensvc_daemon.beat", "--root", str(one.root), "--node", "n1"]
    second = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert second.returncode == 1
    assert len(second.stderr.splitlines()) == 1
    assert "another process serves" in second.stderr
    assert "beat crashed: Traceback" in one.log()


def test_an_idle_beat_is_small_and_cheap(cluster):
    one, _ = cluster(interval=1.0, timeout=5.0).up()
    before = spent(one)
    time.sleep(2)
    assert spent(one) - before < 0.1
    assert unshared(one.process.pid) < 32 * 1024


def test_it_comes_first_and_is_in_memory_as_far_as_that_is_granted(cluster):
    one, _ = cluster().up()
    threads = [int(each.name) for each in Path(f"/proc/{one.process.pid}/task").iterdir()]
    locked = next(line for line in Path(f"/proc/{one.process.pid}/status").read_text().splitlines() if line.startswith("VmLck"))
    assert ("real-time priority" in one.log()) == all(os.sched_getscheduler(each) == os.SCHED_FIFO for each in threads)
    assert ("memory locked" in one.log()) == (int(locked.split()[1]) > 0)
    assert len(threads) == 2


def test_a_broken_configuration_keeps_what_was_there(cluster, until):
    one, other = cluster(timeout=PATIENT).up()
    contacts = watched(other, until)
    (one.root / "etc" / "cluster.conf").write_text("[cluster\nwhat = is this")
    one.monitor.say("configure")
    until(lambda: [line for line in one.monitor.lines if "can't be used" in line["text"]], "the reason")
    for generation in range(2, 12):
        believe(one, other, generation, until)
    assert set(contacts()) <= HEARD


def believe(one, other, generation, until):
    """Each says something new, and the other one has it."""
    for says, hears in ((one, other), (other, one)):
        says.monitor.change(generation=generation)
        until(lambda says=says, hears=hears: hears.monitor.peer(says.name)["generation"] == generation, f"what {says.name} says")


def watched(node, until):
    """All contacts of the one peer from now on, when called."""
    (peer,) = [name for name, each in node.monitor.told["peers"]["peers"].items() if each["contact"] == "beating"]
    seen, told = [], node.monitor.told

    class Told(dict):
        def __setitem__(self, kind, message):
            super().__setitem__(kind, message)
            if kind == "peers":
                seen.append(message["peers"][peer]["contact"])

    node.monitor.told = Told(told)

    def contacts():
        until(lambda: seen, "to be told of peers")
        return seen

    return contacts


def flood(sock, port, recorded, seconds):
    """Send what was recorded, whole, cut, changed, and bytes at random; the number of messages."""
    chance, count, until = random.Random(1), 0, time.monotonic() + seconds
    while time.monotonic() < until:
        data = chance.choice(recorded)
        for one in (
            data,
            data[: chance.randrange(len(data))],
            changed(data, chance),
            chance.randbytes(chance.randrange(2000)),
            bytes(60000),
        ):
            sock.sendto(one, ("127.0.0.1", port))
            count += 1
        time.sleep(0.002)
    return count


def changed(data, chance):
    place = chance.randrange(len(data))
    return data[:place] + bytes([data[place] ^ (1 + chance.randrange(255))]) + data[place + 1 :]


def spent(node):
    """Seconds of a processor that its process has used."""
    fields = Path(f"/proc/{node.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def unshared(pid):
    """Kibibytes of a process, those that it shares counted as its share."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
