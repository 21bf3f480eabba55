"""The driver ip.host, with a neighbour on the wire."""

import os
import subprocess
import sys
import threading
import time
from ipaddress import ip_address

import pytest
from opensvc_driver_ip import frames

from opensvc_core.api import ActionFailed, ActionRefused, Conflict, Status
from opensvc_core.cli.render.log import ClassicLog, TreeLog
from opensvc_core.instance.performer import Request


class One:
    """A service with addresses, and what its last action said."""

    def __init__(self, node):
        self.node, self.service, self.events = node, None, []

    def has(self, text, suffix=".conf"):
        file = self.node.paths.etc / f"web{suffix}"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        self.service = self.node.service("web")
        return self

    def do(self, action, **options):
        self.events = []
        noted = self.service.perform(Request(action, **options), self.events.append)
        return [operation.text for operation in noted if operation.is_change]

    def said(self, layout):
        return [line for event in self.events for line in layout.lines(event)]

    def warnings(self):
        return [event.text for event in self.events if event.level.value == "WARNING"]

    def shown(self, rid="ip#0"):
        return next(one for one in self.service.status().local.resources if one.rid == rid)

    def seen(self, rid="ip#0"):
        found = self.shown(rid)
        return found.status, [message.text for message in found.messages]


@pytest.fixture
def one(network, node_below):
    return One(node_below)


def ip(address="10.99.0.50", device="eth0", more="", rid="ip#0"):
    return f"[{rid}]\nipname = {address}\nipdev = {device}\n{more}\n"


OWN = ["10.99.0.1/24 eth0", "fd99::1/64"]


# -- texts


def test_the_tree_tells_the_commands(one):
    one.has(ip()).do("start")
    assert one.said(TreeLog()) == [
        "@ n:n1 o:web r:ip#0 sc:n",
        "  checking 10.99.0.50 availability (5s)",
        "  /sbin/ip addr add 10.99.0.50/24 dev eth0",
        "  send gratuitous arp to announce 10.99.0.50 is at eth0",
    ]
    one.do("stop")
    assert one.said(TreeLog())[1:] == ["  /sbin/ip addr del 10.99.0.50/24 dev eth0", "  checking 10.99.0.50 availability (1s)"]


def test_the_classic_layout_tells_those_of_its_time(one, network):
    one.has(ip(), ".env").do("start")
    said = [line if line.startswith(("ARPING", "Sent", "Received")) else line[9:] for line in one.said(ClassicLog())]
    assert said == [
        "INFO    WEB.IP#0                checking 10.99.0.50 availability",
        "INFO    WEB.IP#0                ifconfig eth0:1 10.99.0.50 netmask 255.255.255.0 up",
        "INFO    WEB.IP#0                arping -U -c 1 -I eth0 -s 10.99.0.50 0.0.0.0",
        "ARPING 0.0.0.0 from 10.99.0.50 eth0",
        "Sent 1 probes (1 broadcast(s))",
        "Received 0 response(s)",
    ]
    assert "inet 10.99.0.50/24 brd 10.99.0.255 scope global secondary eth0:1" in network.run("ip addr show eth0")
    one.do("stop")
    assert [line[41:] for line in one.said(ClassicLog())] == ["ifconfig eth0:1 down", "checking 10.99.0.50 availability"]


def test_what_only_the_classic_layout_prints_is_not_in_the_log_file(one):
    one.has(ip(), ".env").do("start")
    log = one.node.paths.log_file(one.service.path).read_text()
    assert "ARPING" not in log and not [line for line in log.splitlines() if line.endswith("| ")]


def test_a_second_start_says_that_it_is_up(one):
    one.has(ip()).do("start")
    assert one.do("start") == []
    assert one.said(TreeLog())[-1] == "  10.99.0.50/255.255.255.0 eth0 10.99.0.50 is already up"
    assert one.said(ClassicLog())[-1].endswith("10.99.0.50@eth0 is already up")


def test_labels(one):
    shown = one.has(ip() + ip("fd99::50", rid="ip#1")).shown()
    assert (shown.label, shown.classic_label) == ("10.99.0.50/255.255.255.0 eth0 10.99.0.50", "10.99.0.50@eth0")
    assert one.shown("ip#1").label == "fd99::50/64 eth0 fd99::50"


# -- conflicts


def test_an_address_that_a_neighbour_has_is_refused_at_once(one, network):
    network.there("ip addr add 10.99.0.50/24 dev eth0")
    began = time.monotonic()
    with pytest.raises(Conflict, match="start aborted due to resource ip#0 conflict") as refused:
        one.has(ip()).do("start")
    assert time.monotonic() - began < 0.9, "an answer ends the questions"
    assert refused.value.seen == (f"ip#0: 10.99.0.50 is in use: answered by {network.mac(at_neighbour=True)} on eth0",)
    assert refused.value.exit_code == 5
    assert one.said(TreeLog())[-3:] == [
        "@ n:n1 o:web sc:n",
        "E start aborted due to resource ip#0 conflict",
        "  skip rollback start: no resource activated",
    ]
    assert network.addresses() == OWN


def test_an_ipv6_address_that_a_neighbour_has_is_refused(one, network):
    network.there("ip addr add fd99::50/64 dev eth0 nodad")
    with pytest.raises(Conflict) as refused:
        one.has(ip("fd99::50")).do("start")
    assert network.mac(at_neighbour=True) in refused.value.seen[0]
    assert network.addresses() == OWN


def test_who_is_about_to_take_the_address_is_a_conflict(one, network):
    program = (
        "import socket, sys, time\nchannel = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)\nchannel.bind(('eth0', 0x806))\n"
        "while True:\n    channel.send(bytes.fromhex(sys.argv[1]))\n    time.sleep(0.05)\n"
    )
    probe = frames.arp_probe(frames.mac_bytes(network.mac(at_neighbour=True)), ip_address("10.99.0.50"))
    probing = subprocess.Popen(["nsenter", "-t", str(network.neighbour.pid), "-n", sys.executable, "-c", program, probe.hex()])
    try:
        with pytest.raises(Conflict):
            one.has(ip()).do("start")
    finally:
        probing.kill()
        probing.wait()


def test_an_address_behind_a_router_is_pinged(one, network):
    network.there("ip addr add 10.98.0.50/32 dev lo")
    network.there("sysctl -qw net.ipv4.conf.eth0.arp_ignore=1")  # as a router, it doesn't answer for it by ARP
    network.run("ip route add 10.98.0.0/24 via 10.99.0.2")
    with pytest.raises(Conflict) as refused:
        one.has(ip("10.98.0.50", more="netmask = 32")).do("start")
    assert refused.value.seen == ("ip#0: 10.98.0.50 is in use: answered by a ping",)
    assert one.has(ip("10.98.0.50", more="netmask = 32\ntags = nonrouted")).do("start")
    assert one.seen() == (Status.UP, [])


def test_an_ipv6_address_behind_a_router_is_pinged(one, network):
    network.there("ip addr add fd98::50/128 dev lo")
    network.run("ip route add fd98::/64 via fd99::2")
    with pytest.raises(Conflict) as refused:
        one.has(ip("fd98::50", more="netmask = 128")).do("start")
    assert "in use: answered by" in refused.value.seen[0]


def test_an_address_without_a_route_is_nobody_s(one, network):
    assert one.has(ip("10.97.0.50", more="netmask = 32")).do("start")
    assert one.seen() == (Status.UP, [])


def test_an_address_on_another_device_of_this_host_is_refused_and_left_alone(one, network):
    network.run("ip addr add 10.99.0.50/32 dev lo")
    one.has(ip())
    assert one.seen() == (Status.WARN, ["10.99.0.50 is on lo, and should be on eth0"])
    with pytest.raises(Conflict) as refused:
        one.do("start")
    assert refused.value.seen == ("ip#0: 10.99.0.50 is on lo of this node",)
    assert one.do("stop") == []
    assert "10.99.0.50/32 lo" in network.addresses("lo")


def test_an_address_that_is_up_here_is_not_asked_for(one, network):
    network.run("ip addr add 10.99.0.50/24 dev eth0")
    network.there("ip addr add 10.99.0.50/24 dev eth0")
    assert one.has(ip()).do("start") == []


def test_all_addresses_are_asked_for_at_the_same_time(one):
    began = time.monotonic()
    one.has("".join(ip(f"10.99.0.{50 + number}", rid=f"ip#{number}") for number in range(4))).do("start")
    assert time.monotonic() - began < 2.5, "four addresses take about the time of one"


def test_one_in_use_leaves_all_others_alone(one, network):
    network.there("ip addr add 10.99.0.51/24 dev eth0")
    with pytest.raises(Conflict, match=r"resource ip#1 conflict"):
        one.has(ip() + ip("10.99.0.51", rid="ip#1")).do("start")
    assert network.addresses() == OWN


def test_an_optional_one_is_left_out(one, network):
    text = ip() + ip("10.99.0.51", "eth7", "optional = true\nnetmask = 24", rid="ip#1")
    one.has(text).do("start")
    assert one.seen()[0] is Status.UP
    assert "ip#1: the device eth7 is not there; ipdev names another, or has to be made first" in [event.text for event in one.events]


# -- IPv6


def test_an_ipv6_address_is_announced_when_the_kernel_has_found_no_double(one, network):
    assert one.has(ip("fd99::50")).do("start") == [
        "checking fd99::50 availability (5s)",
        "/sbin/ip addr add fd99::50/64 dev eth0",
        "wait for the duplicate address detection of fd99::50 on eth0 (5s)",
        "send unsolicited neighbour advertisement to announce fd99::50 is at eth0",
    ]
    assert one.seen() == (Status.UP, [])
    network.there("ping -c 1 -w 3 fd99::50")


def test_a_failed_duplicate_detection_removes_the_address_again(one, network):
    """The neighbour is deaf while it is asked, and comes in time for the kernel's own detection."""
    add = threading.Timer(1.3, network.there, ["ip addr add fd99::50/64 dev eth0 nodad"])
    network.run("sysctl -qw net.ipv6.conf.eth0.dad_transmits=3")
    add.start()
    try:
        with pytest.raises(ActionFailed, match=r"another host on eth0 has fd99::50 .*; it is removed again"):
            one.has(ip("fd99::50")).do("start")
    finally:
        add.join()
    assert network.addresses() == OWN


def test_an_address_whose_detection_failed_long_ago_is_added_anew(one, network):
    network.there("ip addr add fd99::50/64 dev eth0 nodad")
    network.run("ip addr add fd99::50/64 dev eth0")
    one.has(ip("fd99::50"))
    wait_for(lambda: one.seen() == (Status.WARN, ["another host on eth0 has fd99::50 (duplicate address detection failed)"]))
    with pytest.raises(Conflict):
        one.do("start")
    network.there("ip addr del fd99::50/64 dev eth0")
    assert one.do("start")[1:3] == ["/sbin/ip addr del fd99::50/64 dev eth0", "/sbin/ip addr add fd99::50/64 dev eth0"]
    assert one.seen() == (Status.UP, [])


def wait_for(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


# -- neighbours


def test_a_neighbour_follows_the_announcement(one, network):
    """Its entry for the address points to somebody who is gone."""
    network.there("ip neigh add 10.99.0.50 lladdr 02:aa:aa:aa:aa:aa dev eth0 nud reachable")
    one.has(ip()).do("start")
    wait_for(lambda: network.mac() in network.there("ip neigh show 10.99.0.50"))
    network.there("ping -c 1 -w 2 10.99.0.50")


def test_a_stop_warns_when_somebody_else_answers(one, network):
    one.has(ip()).do("start")
    network.there("ip addr add 10.99.0.50/24 dev eth0")
    one.do("stop")
    assert one.warnings() == [f"10.99.0.50 is removed here, and still answered by {network.mac(at_neighbour=True)} on eth0"]
    assert network.addresses() == OWN


# -- devices


def test_a_missing_device_is_told_and_nothing_is_done(one):
    one.has(ip(device="eth7", more="netmask = 24"))
    text = "the device eth7 is not there; ipdev names another, or has to be made first"
    assert one.seen() == (Status.DOWN, [text])
    with pytest.raises(ActionFailed, match=f"^ip#0: {text}$"):
        one.do("start")
    assert one.do("stop") == []


def test_an_interface_that_vanishes_is_down(one, network):
    one.has(ip()).do("start")
    network.run("ip link del eth0")
    assert one.seen()[0] is Status.DOWN
    assert "eth0 is not there" in one.seen()[1][0]
    assert one.do("stop") == []


def test_lost_carrier_is_a_warning_and_refuses_a_start(one, network):
    one.has(ip()).do("start")
    network.there("ip link set eth0 down")
    wait_for(lambda: one.seen() == (Status.WARN, ["the device eth0 has no carrier"]))
    one.do("stop")
    with pytest.raises(ActionFailed, match="no carrier; check its cable or port"):
        one.do("start")
    assert network.addresses() == OWN


def test_without_check_of_the_carrier_the_address_is_brought_up_and_nobody_told(one, network):
    network.there("ip link set eth0 down")
    wait_for(lambda: "NO-CARRIER" in network.run("ip link show eth0"))
    one.has(ip(more="check_carrier = false")).do("start")
    assert one.warnings() == [
        "eth0 has no carrier: nobody could be asked for 10.99.0.50",
        "eth0 has no carrier: nobody could be told that it has 10.99.0.50",
    ]
    assert one.seen() == (Status.UP, [])


def test_a_wrong_mask_is_a_warning_and_is_removed_as_it_is(one, network):
    network.run("ip addr add 10.99.0.50/28 dev eth0")
    one.has(ip(more="netmask = 255.255.255.0"))
    assert one.seen() == (Status.WARN, ["its netmask is /28, and should be /24"])
    with pytest.raises(ActionFailed, match="avail status is warn"):
        one.do("start")
    assert "10.99.0.50/28 eth0" in network.addresses()
    one.do("stop")
    assert network.addresses() == OWN


def test_no_mask_is_known_where_the_device_has_no_network(one, network):
    network.run("ip addr flush dev eth0")
    with pytest.raises(ActionFailed, match="eth0 has no IPv4 address to take the netmask from; set netmask"):
        one.has(ip()).do("start")


# -- addresses of others


def test_secondary_addresses_of_others_outlast_the_primary_one(one, network):
    network.run("sysctl -qw net.ipv4.conf.all.promote_secondaries=0 net.ipv4.conf.eth0.promote_secondaries=0")
    one.has(ip("10.98.0.50", more="netmask = 24")).do("start")
    network.run("ip addr add 10.98.0.51/24 dev eth0")
    one.do("stop")
    assert network.addresses() == ["10.98.0.51/24 eth0", *OWN]
    assert network.run("sysctl -n net.ipv4.conf.eth0.promote_secondaries") == "0\n"


def test_stop_takes_its_own_address_alone(one, network):
    for address in ("10.99.0.5/24", "10.99.0.150/24", "fd99::5/64"):
        network.run(f"ip addr add {address} dev eth0 ")
    before = network.addresses()
    one.has(ip()).do("start")
    one.do("stop")
    assert network.addresses() == before


@pytest.mark.parametrize("action", ["start", "stop"])
def test_the_node_s_own_address_is_neither_adopted_nor_removed(one, network, action):
    network.run("ip addr add 192.0.2.9/24 dev lo")
    with pytest.raises(ActionFailed, match=r"10\.99\.0\.1 on eth0 is the node's own"):
        one.has(ip("10.99.0.1")).do(action)
    assert network.addresses() == OWN


def test_a_stop_does_not_say_down_while_the_address_is_on_a_device_of_another_name(one, network):
    one.has(ip()).do("start")
    one.has(ip(device="eth1"))
    with pytest.raises(ActionFailed, match=r"10\.99\.0\.50 is on eth0, not on eth1; correct ipdev"):
        one.do("stop")
    one.has(ip()).do("stop")
    assert network.addresses() == OWN


def test_an_address_that_somebody_else_added_is_still_stopped(one, network):
    network.run("ip addr add 10.99.0.50/24 dev eth0")
    assert one.has(ip()).do("stop")[0] == "/sbin/ip addr del 10.99.0.50/24 dev eth0"
    assert network.addresses() == OWN


# -- labels


def test_the_first_free_label_is_taken(one, network):
    network.run("ip addr add 10.99.0.5/24 dev eth0 label eth0:1")
    one.has(ip(), ".env").do("start")
    assert "10.99.0.50/24 eth0:2" in network.addresses()
    assert one.seen() == (Status.UP, [])


@pytest.mark.parametrize(
    ("suffix", "text", "label"),
    [
        (".conf", ip(), "eth0"),
        (".conf", ip(device="eth0:web"), "eth0:web"),
        (".env", ip(more="alias = false"), "eth0"),
        (".env", ip(device="eth0:7"), "eth0:7"),
    ],
)
def test_the_label_is_the_file_s_or_that_of_older_services(one, network, suffix, text, label):
    one.has(text, suffix).do("start")
    assert f"10.99.0.50/24 {label}" in network.addresses()
    one.do("stop")
    assert network.addresses() == OWN


def test_another_label_makes_no_other_status(one, network):
    network.run("ip addr add 10.99.0.50/24 dev eth0 label eth0:9")
    assert one.has(ip(device="eth0:1"), ".env").seen() == (Status.UP, [])
    one.do("stop")
    assert one.said(ClassicLog())[0].endswith(" ifconfig eth0:9 down")
    assert network.addresses() == OWN


# -- after a kill


def test_an_address_that_was_not_announced_is_a_warning_until_a_start(one, network):
    one.has(ip()).do("start")
    (one.service.instance().part("ip#0").resource.context.var_dir / "untold").touch()
    assert one.seen() == (Status.WARN, ["not announced to the neighbours yet; a start does it"])
    assert one.do("start") == ["send gratuitous arp to announce 10.99.0.50 is at eth0"]
    assert one.seen() == (Status.UP, [])


# -- rights


def test_who_is_not_root_is_refused_in_one_line(one, network, capfd):
    """Another thread's rights would be those of the whole process: a child gives them up."""
    one.has(ip())
    host = one.service.instance().part("ip#0").resource
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.setresuid(65534, 65534, 65534)
            check = next(host.preflight())
            try:
                check.do()
            except ActionRefused as error:
                os.write(2, f"{type(error).__name__}: {error}\n".encode())
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert capfd.readouterr().err == "ActionRefused: only root may ask on the network who has an address; nothing was changed\n"


# -- cost


def test_a_status_imports_no_netlink_library():
    program = (
        "import sys\nfrom pathlib import Path\nfrom opensvc_driver_ip.driver import Host\n"
        "from opensvc_core.testing.fakes import context_for\nfrom opensvc_core.instance.host import Host as System\n"
        "one = Host(context_for('ip#0', Path('/nonexistent'), system=System()), {'ipname': '127.0.0.1', 'ipdev': 'lo'})\n"
        "print(one.status().status, one.label(), sorted({'pyroute2', 'asyncio', 'ctypes'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout == "up 127.0.0.1/255.255.255.255 lo 127.0.0.1 []\n"
