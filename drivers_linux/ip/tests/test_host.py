"""The driver ip.host, with a neighbour on the wire."""

import os
import subprocess
import sys

import pytest

from opensvc_core.api import ActionFailed, ActionRefused, Status
from opensvc_core.cli.render.log import ClassicLog, TreeLog

OWN = ["10.99.0.1/24 eth0", "fd99::1/64"]


# -- texts


def test_the_tree_tells_the_commands(one):
    one.has(one.ip()).do("start")
    assert one.said(TreeLog()) == [
        "@ n:n1 o:web r:ip#0 sc:n",
        "  checking 10.99.0.50 availability (5s)",
        "  /sbin/ip addr add 10.99.0.50/24 dev eth0",
        "  send gratuitous arp to announce 10.99.0.50 is at eth0",
    ]
    one.do("stop")
    assert one.said(TreeLog())[1:] == ["  /sbin/ip addr del 10.99.0.50/24 dev eth0", "  checking 10.99.0.50 availability (1s)"]


def test_the_classic_layout_tells_those_of_its_time(one, network):
    one.has(one.ip(), ".env").do("start")
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
    one.has(one.ip(), ".env").do("start")
    log = one.node.paths.log_file(one.service.path).read_text()
    assert "ARPING" not in log and not [line for line in log.splitlines() if line.endswith("| ")]


def test_a_second_start_says_that_it_is_up(one):
    one.has(one.ip()).do("start")
    assert one.do("start") == []
    assert one.said(TreeLog())[-1] == "  10.99.0.50/255.255.255.0 eth0 10.99.0.50 is already up"
    assert one.said(ClassicLog())[-1].endswith("10.99.0.50@eth0 is already up")


def test_labels(one):
    shown = one.has(one.ip() + one.ip("fd99::50", rid="ip#1")).shown()
    assert (shown.label, shown.classic_label) == ("10.99.0.50/255.255.255.0 eth0 10.99.0.50", "10.99.0.50@eth0")
    assert one.shown("ip#1").label == "fd99::50/64 eth0 fd99::50"


# -- devices


def test_a_missing_device_is_told_and_nothing_is_done(one):
    one.has(one.ip(device="eth7", more="netmask = 24"))
    text = "the device eth7 is not there; ipdev names another, or has to be made first"
    assert one.seen() == (Status.DOWN, [text])
    with pytest.raises(ActionFailed, match=f"^ip#0: {text}$"):
        one.do("start")
    assert one.do("stop") == []


def test_an_interface_that_vanishes_is_down(one, network):
    one.has(one.ip()).do("start")
    network.run("ip link del eth0")
    assert one.seen()[0] is Status.DOWN
    assert "eth0 is not there" in one.seen()[1][0]
    assert one.do("stop") == []


def test_lost_carrier_is_a_warning_and_refuses_a_start(one, network, until):
    one.has(one.ip()).do("start")
    network.there("ip link set eth0 down")
    until(lambda: one.seen() == (Status.WARN, ["the device eth0 has no carrier"]))
    one.do("stop")
    with pytest.raises(ActionFailed, match="no carrier; check its cable or port"):
        one.do("start")
    assert network.addresses() == OWN


def test_without_check_of_the_carrier_the_address_is_brought_up_and_nobody_told(one, network, until):
    network.there("ip link set eth0 down")
    until(lambda: "NO-CARRIER" in network.run("ip link show eth0"))
    one.has(one.ip(more="check_carrier = false")).do("start")
    assert one.warnings() == [
        "eth0 has no carrier: nobody could be asked for 10.99.0.50",
        "eth0 has no carrier: nobody could be told that it has 10.99.0.50",
    ]
    assert one.seen() == (Status.UP, [])


def test_a_wrong_mask_is_a_warning_and_is_removed_as_it_is(one, network):
    network.run("ip addr add 10.99.0.50/28 dev eth0")
    one.has(one.ip(more="netmask = 255.255.255.0"))
    assert one.seen() == (Status.WARN, ["its netmask is /28, and should be /24"])
    with pytest.raises(ActionFailed, match="avail status is warn"):
        one.do("start")
    assert "10.99.0.50/28 eth0" in network.addresses()
    one.do("stop")
    assert network.addresses() == OWN


def test_no_mask_is_known_where_the_device_has_no_network(one, network):
    network.run("ip addr flush dev eth0")
    with pytest.raises(ActionFailed, match="eth0 has no IPv4 address to take the netmask from; set netmask"):
        one.has(one.ip()).do("start")


# -- addresses of others


def test_secondary_addresses_of_others_outlast_the_primary_one(one, network):
    network.run("sysctl -qw net.ipv4.conf.all.promote_secondaries=0 net.ipv4.conf.eth0.promote_secondaries=0")
    one.has(one.ip("10.98.0.50", more="netmask = 24")).do("start")
    network.run("ip addr add 10.98.0.51/24 dev eth0")
    one.do("stop")
    assert network.addresses() == ["10.98.0.51/24 eth0", *OWN]
    assert network.run("sysctl -n net.ipv4.conf.eth0.promote_secondaries") == "0\n"


def test_stop_takes_its_own_address_alone(one, network):
    for address in ("10.99.0.5/24", "10.99.0.150/24", "fd99::5/64"):
        network.run(f"ip addr add {address} dev eth0 ")
    before = network.addresses()
    one.has(one.ip()).do("start")
    one.do("stop")
    assert network.addresses() == before


@pytest.mark.parametrize("action", ["start", "stop"])
def test_the_node_s_own_address_is_neither_adopted_nor_removed(one, network, action):
    network.run("ip addr add 192.0.2.9/24 dev lo")
    with pytest.raises(ActionFailed, match=r"10\.99\.0\.1 on eth0 is the node's own"):
        one.has(one.ip("10.99.0.1")).do(action)
    assert network.addresses() == OWN


def test_a_stop_does_not_say_down_while_the_address_is_on_a_device_of_another_name(one, network):
    one.has(one.ip()).do("start")
    one.has(one.ip(device="eth1"))
    with pytest.raises(ActionFailed, match=r"10\.99\.0\.50 is on eth0, not on eth1; correct ipdev"):
        one.do("stop")
    one.has(one.ip()).do("stop")
    assert network.addresses() == OWN


def test_an_address_that_somebody_else_added_is_still_stopped(one, network):
    network.run("ip addr add 10.99.0.50/24 dev eth0")
    assert one.has(one.ip()).do("stop")[0] == "/sbin/ip addr del 10.99.0.50/24 dev eth0"
    assert network.addresses() == OWN


# -- labels


def test_the_first_free_label_is_taken(one, network):
    network.run("ip addr add 10.99.0.5/24 dev eth0 label eth0:1")
    one.has(one.ip(), ".env").do("start")
    assert "10.99.0.50/24 eth0:2" in network.addresses()
    assert one.seen() == (Status.UP, [])


@pytest.mark.parametrize(
    ("suffix", "words", "label"),
    [
        (".conf", {}, "eth0"),
        (".conf", {"device": "eth0:web"}, "eth0:web"),
        (".env", {"more": "alias = false"}, "eth0"),
        (".env", {"device": "eth0:7"}, "eth0:7"),
    ],
)
def test_the_label_is_the_file_s_or_that_of_older_services(one, network, suffix, words, label):
    one.has(one.ip(**words), suffix).do("start")
    assert f"10.99.0.50/24 {label}" in network.addresses()
    one.do("stop")
    assert network.addresses() == OWN


def test_another_label_makes_no_other_status(one, network):
    network.run("ip addr add 10.99.0.50/24 dev eth0 label eth0:9")
    assert one.has(one.ip(device="eth0:1"), ".env").seen() == (Status.UP, [])
    one.do("stop")
    assert one.said(ClassicLog())[0].endswith(" ifconfig eth0:9 down")
    assert network.addresses() == OWN


# -- after a kill


def test_an_address_that_was_not_announced_is_a_warning_until_a_start(one, network):
    one.has(one.ip()).do("start")
    (one.service.instance().part("ip#0").resource.context.var_dir / "untold").touch()
    assert one.seen() == (Status.WARN, ["not announced to the neighbours yet; a start does it"])
    assert one.do("start") == ["send gratuitous arp to announce 10.99.0.50 is at eth0"]
    assert one.seen() == (Status.UP, [])


# -- rights


def test_who_is_not_root_is_refused_in_one_line(one, network, capfd):
    """Another thread's rights would be those of the whole process: a child gives them up."""
    one.has(one.ip())
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
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout == "up 127.0.0.1/255.255.255.255 lo 127.0.0.1 []\n"
