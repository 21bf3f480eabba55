"""Light nodes and an arbitrator are a cluster: what a pause, a watchdog, a panic and a hypervisor do to who holds a service, as a story."""

import json
from contextlib import suppress

import pytest
from arbitrator import Arbitrator

SECRET = "00112233445566778899aabbccddeeff"
CLUSTER = f"""\
[cluster]
name = lab
secret = {SECRET}
nodes = {{nodes}}
quorum = {{quorum}}
lease = 14
lease_stop_limit = 5

[node]
ready_period = 2
split_action = crash
maintenance_grace_period = 10
rejoin_grace_period = {{rejoin}}

[hb#1]
type = unicast
interval = 0.8
timeout = 4

"""
# the first name is that of the kernel's own watchdog, which is of another kind
LEASING = "[arbitrator#arb]\nuri = {uri}\n\n[watchdog#1]\ndev = /dev/watchdog1\ntimeout = 4\n"
FENCING = "[stonith#v1]\ntype = qemu\nmonitor = {hand}\n"
LEASED = "[DEFAULT]\nnodes = v3 v4\norchestrate = ha\nguard = lease\n\n[app#1]\ntype = simple\nstart = sleep 4711\n"
FENCED = "[DEFAULT]\nnodes = v1 v3\norchestrate = ha\n\n[fs#1]\ntype = ext4\ndev@v1 = {}\ndev@v3 = {}\nmnt = /srv/data\n"
# it reboots from a thread: this kernel does not survive that from an interrupt
WATCHDOG = "modprobe softdog nowayout=0 soft_reboot_cmd=now"
LIMIT = 100  # seconds


def begin(*nodes):
    """Start the daemons of nodes that have booted."""
    for node in nodes:
        node(WATCHDOG)
    for begun in [node.begin("om daemon start") for node in nodes]:
        done = begun.wait(LIMIT)
        assert done.code == 0, done


def come_back(node):
    """Of one that has ended, by a reset too: the host's end of its network does not survive that."""
    node.power_on()
    begin(node)


def add(name, text, *nodes):
    """A service, for which nothing is to be made."""
    for node in nodes:
        node.write(f"/etc/opensvc/{name}.conf", text)
    for node in nodes:
        node(f"om {name} set provisioned")


def wait_idle(*nodes):
    """Wait until each hears each other one, and does nothing."""
    for node in nodes:
        node.wait_for(lambda node=node: states(node) == {other.name: ("idle", "beating") for other in nodes}, LIMIT)


def states(node):
    done = node("om mon --format json", code=None)
    nodes = json.loads(done.stdout)["nodes"] if done.code == 0 else {}
    return {name: (one.get("state"), one["reach"]) for name, one in nodes.items()}


def pid(node):
    """The process of the application; empty: there is none, also where the node ends while it is asked."""
    before = node.boots
    with suppress(AssertionError):
        return node("pgrep -fx 'sleep 4711'", code=None).stdout.strip()
    node.wait_for(lambda: node.boots > before or not node.is_up)
    return ""


def wait_alive(node):
    node.wait_for(lambda: pid(node), LIMIT)


def log(node, name="leased"):
    path = f"/var/log/opensvc/{name}.log"
    return node.read(path) if node.exists(path) else ""


@pytest.fixture(scope="module")
def pair(module_vms, tmp_path_factory):
    """v3 and v4, whose daemons run; v3 has a service by a lease."""
    pair = module_vms.light
    with Arbitrator(module_vms, SECRET, tmp_path_factory.mktemp("arbitrator")) as arbitrator:
        for node in pair:
            node.power_on()
            text = CLUSTER.format(nodes="v3 v4", quorum=True, rejoin=60) + LEASING.format(uri=arbitrator.uri)
            node.write("/etc/opensvc/cluster.conf", text, 0o600)
        begin(*pair)
        wait_idle(*pair)
        add("leased", LEASED, *pair)
        wait_alive(pair[0])
        yield pair


def test_a_holder_that_was_paused_ends_what_it_has_before_it_does_anything_else(pair):
    """Its watchdog resets it, or its beat stops what ran by a lease that is over."""
    v3, v4 = pair
    before, length = v3.boots, len(log(v3))
    v3.freeze()
    wait_alive(v4)
    first = pid(v4)
    v3.thaw()
    v3.wait_for(lambda: v3.boots > before or not pid(v3))
    if v3.boots > before:
        come_back(v3)
    assert " exec " not in log(v3)[length:]
    wait_idle(v3, v4)
    assert (pid(v3), pid(v4)) == ("", first)


def test_a_node_whose_beat_hangs_is_reset_by_its_watchdog_before_its_lease_is_given_to_another_one(pair):
    v3, v4 = pair
    assert pid(v4)
    before = v4.boots
    v4("pkill -STOP -f opensvc_daemon.supervisor")
    v4("pkill -STOP -f opensvc_daemon.beat")
    v3.wait_for(lambda: v4.boots > before or pid(v3), LIMIT)
    assert not pid(v4), "v3 began first"  # of one that boots, it is asked once that is done
    assert v4.boots > before
    wait_alive(v3)
    come_back(v4)
    wait_idle(v3, v4)
    assert (bool(pid(v3)), pid(v4)) == (True, "")


def test_a_holder_that_lost_the_majority_panics_and_the_other_node_serves(pair):
    v3, v4 = pair
    v3.cut()
    v4.wait_for(lambda: not v3.is_up, LIMIT)
    assert not pid(v4)
    assert "sysrq triggered crash" in v3.console
    wait_alive(v4)
    v3.heal()
    come_back(v3)
    wait_idle(v3, v4)
    assert (pid(v3), bool(pid(v4))) == ("", True)


def test_a_holder_that_lost_the_majority_reboots_where_that_is_wanted(pair):
    v3, v4 = pair
    v3("om cluster set --kw node.split_action=reboot")
    v4.wait_for(lambda: "split_action = reboot" in v4.read("/etc/opensvc/cluster.conf"), LIMIT)
    before = v4.boots
    v4.cut()
    v3.wait_for(lambda: v4.boots > before or pid(v3), LIMIT)
    assert not pid(v4), "v3 began first"  # of one that boots, it is asked once that is done
    assert v4.boots > before
    wait_alive(v3)
    v4.heal()
    come_back(v4)
    wait_idle(v3, v4)
    assert (bool(pid(v3)), pid(v4)) == (True, "")


def test_a_silent_node_is_ended_by_its_hypervisor_before_its_data_is_served_by_another_one(vms):
    """v1, a virtual machine, has it, and never said a word."""
    v1, v3 = vms["v1"], vms.light[0]
    disk = vms.make_disk("data", megabytes=64)
    v1.plug(disk)
    v1.settle()
    v1(f"sh -ec 'mkfs.ext4 -q {disk.path}; mkdir -p /srv/data; mount {disk.path} /srv/data; echo kept >/srv/data/file; sync'")
    device = v3.plug(disk)
    v3.power_on()
    text = CLUSTER.format(nodes="v1 v3", quorum=False, rejoin=1) + FENCING.format(hand=v1.hand)
    v3.write("/etc/opensvc/cluster.conf", text, 0o600)
    begin(v3)
    add("fenced", FENCED.format(disk.path, device), v3)
    v3.wait_for(lambda: not v1.is_up or v3.exists("/srv/data/file"), LIMIT)
    assert not v1.is_up
    v3.wait_for(lambda: v3.exists("/srv/data/file"), LIMIT)
    assert v3.read("/srv/data/file") == "kept\n"
    assert "v1 is confirmed to be down" in log(v3, "fenced")
