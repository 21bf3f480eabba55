"""Service addresses between nodes: nobody has one twice, and all neighbours follow it."""

import json
import re

import pytest

ADDRESS, SIXTH = "10.99.0.50", "fd99::50"
WEB = f"[ip#0]\nipname = {ADDRESS}\nipdev = eth0\n"
WEB6 = f"[ip#0]\nipname = {SIXTH}\nipdev = eth0\nnetmask = 64\n"


@pytest.fixture
def nodes(lab):
    for node in lab.nodes:
        node.write("/etc/opensvc/web.conf", WEB)
    return lab.nodes


def addresses(node):
    """All addresses of the node's devices as the kernel has them, but for those that it makes itself."""
    found = json.loads(node("ip -j addr show").stdout)
    return {one["ifname"]: [address for address in one["addr_info"] if address["scope"] != "link"] for one in found}


def has(node, address=ADDRESS):
    return f" {address}/" in node("ip addr show eth0").stdout


def mac(node):
    return json.loads(node("ip -j link show eth0").stdout)[0]["address"]


def statuses(node):
    return json.loads(node("om web print status --format json", code=None).stdout)


def test_a_start_is_refused_while_another_node_has_the_address(nodes):
    n1, n2 = nodes
    n1("om web start --local")
    before = addresses(n2)
    done = n2("om web start --local", code=5)
    assert (done.stdout + done.stderr).splitlines() == [
        "@ n:n2 o:web r:ip#0 sc:n",
        f"  checking {ADDRESS} availability (5s)",
        "@ n:n2 o:web sc:n",
        "E start aborted due to resource ip#0 conflict",
        "  skip rollback start: no resource activated",
        f"om: web: ip#0: {ADDRESS} is in use: answered by {mac(n1)} on eth0",
    ]
    assert addresses(n2) == before
    n1("om web stop --local")
    n2("om web start --local")
    assert (has(n1), has(n2)) == (False, True)


def test_the_older_generation_tells_it_in_its_words(lab):
    n1, n2 = lab.nodes
    for node in lab.nodes:
        node.write("/etc/opensvc/web.env", WEB)
    n1("svcmgr -s web start --local")
    assert f"inet {ADDRESS}/24 brd 10.99.0.255 scope global secondary eth0:1" in n1("ip addr show eth0").stdout
    done = n2("svcmgr -s web start --local", code=5)
    assert [line[9:] for line in (done.stdout + done.stderr).splitlines()[:-1]] == [
        f"INFO    WEB.IP#0                checking {ADDRESS} availability",
        "ERROR   WEB                     'start' action stopped on execution error: start aborted due to resource ip#0 conflict",
        "INFO    WEB                     skip rollback start: no resource activated",
    ]


@pytest.mark.lab(nodes=3)
def test_a_third_node_follows_the_address_at_once(nodes):
    n1, n2, n3 = nodes
    n1("om web start --local")
    n3(f"ping -c 1 -w 30 {ADDRESS}")
    assert mac(n1) in n3(f"ip neigh show {ADDRESS}").stdout
    n1.power_off()
    n2("om web start --local")
    n2.wait_for(lambda: mac(n2) in n3(f"ip neigh show {ADDRESS}").stdout)
    assert " 0% packet loss" in n3(f"ping -i 0.2 -c 5 -W 20 {ADDRESS}").stdout


@pytest.mark.lab(nodes=3)
def test_a_third_node_follows_an_ipv6_address(lab):
    n1, n2, n3 = lab.nodes
    for node in lab.nodes:
        node.write("/etc/opensvc/web.conf", WEB6)
    n1("om web start --local")
    n3(f"ping -c 1 -w 30 {SIXTH}")
    assert "start aborted due to resource ip#0 conflict" in str(n2("om web start --local", code=5))
    n1.power_off()
    n2("om web start --local")
    n2.wait_for(lambda: mac(n2) in n3(f"ip neigh show {SIXTH}").stdout)
    assert " 0% packet loss" in n3(f"ping -i 0.2 -c 5 -W 20 {SIXTH}").stdout


def test_both_nodes_after_a_partition_have_it_and_the_stop_of_one_says_so(nodes):
    n1, n2 = nodes
    n1("om web start --local")
    n2.cut()
    n2("om web start --local")
    n2.heal()
    stopped = n2("om web stop --local")
    assert f"W {ADDRESS} is removed here, and still answered by {mac(n1)} on eth0" in stopped.stdout + stopped.stderr
    assert (has(n1), has(n2)) == (True, False)


def test_ipv6_on_both_sides_of_a_partition_is_left_to_the_first(lab):
    """n2 hears nobody while it asks; when the wire is back, the kernel's own detection sees the double."""
    n1, n2 = lab.nodes
    for node in lab.nodes:
        node.write("/etc/opensvc/web.conf", WEB6)
    n1("om web start --local")
    n2("sysctl -qw net.ipv6.conf.eth0.dad_transmits=3")
    n2.cut()
    starting = n2.begin("om web start --local")
    n2.wait_for(lambda: has(n2, SIXTH))
    n2.heal()
    assert starting.wait(60) == 1
    assert "(duplicate address detection failed); it is removed again" in starting.stdout.read()
    assert (has(n1, SIXTH), has(n2, SIXTH)) == (True, False)


def test_lost_carrier_is_shown_and_refuses_a_start(nodes):
    n1, n2 = nodes
    n1("om web start --local")
    n1.carrier(0)
    n1.wait_for(lambda: statuses(n1)["resources"]["ip#0"]["status"] == "warn")
    assert statuses(n1)["resources"]["ip#0"]["log"] == ["warn: the device eth0 has no carrier"]
    n2.carrier(0)
    n2.wait_for(lambda: "NO-CARRIER" in n2("ip link show eth0").stdout)
    assert "ip#0: the device eth0 has no carrier; check its cable or port" in str(n2("om web start --local", code=1))
    assert not has(n2)


def test_a_name_of_the_hosts_file_is_followed_and_remembered(lab):
    n1 = lab["n1"]
    lab.hosts("web.example.com", ADDRESS)
    n1.write("/etc/opensvc/web.conf", WEB.replace(ADDRESS, "web.example.com"))
    n1("om web start --local")
    assert statuses(n1)["resources"]["ip#0"]["label"] == f"{ADDRESS}/255.255.255.0 eth0 web.example.com"
    n1.write("/etc/hosts", "127.0.0.1 localhost\n")
    seen = statuses(n1)["resources"]["ip#0"]
    assert (seen["status"], seen["log"]) == ("up", [f"warn: web.example.com does not resolve; its last address {ADDRESS} is used"])
    n1("om web stop --local")
    assert not has(n1)


def test_addresses_of_others_are_left_alone(nodes):
    n1, _ = nodes
    n1("sysctl -qw net.ipv4.conf.all.promote_secondaries=0 net.ipv4.conf.eth0.promote_secondaries=0")
    n1("ip addr add 10.99.0.5/24 dev eth0")
    n1("ip addr add 10.99.0.51/32 dev eth0")
    before = addresses(n1)
    n1("om web start --local")
    n1("om web stop --local")
    assert addresses(n1) == before


def asking(node):
    """Seconds that a start has asked whether its addresses are used elsewhere."""
    node("om web start --local")
    node("om web stop --local")
    return float(re.findall(r"start: done after .*\(checks (\d+\.\d+) s,", node.read("/var/log/opensvc/web.log"))[-1])


def test_several_addresses_are_asked_for_in_the_time_of_one(nodes):
    n1, _ = nodes
    n1.write("/etc/opensvc/web.conf", "".join(WEB.replace("#0", f"#{one}").replace(".50", f".{50 + one}") for one in range(5)))
    # one after the other would take five seconds and more, however quick the machine; a slow one may need some tries
    assert any(asking(n1) < 3 for _ in range(5))


def test_a_start_that_is_killed_while_it_asks_is_begun_anew(nodes):
    n1, _ = nodes
    starting = n1.begin("om web start --local")
    n1.wait_for(lambda: n1.exists("/var/log/opensvc/web.log") and "checking" in n1.read("/var/log/opensvc/web.log"))
    n1("pkill -KILL -f 'om web start'")
    starting.wait(60)
    n1("om web status", code=1)
    n1("om web start --local")
    n1("om web status", code=0)


def test_who_is_not_root_is_told_in_one_line_and_may_look(nodes):
    n1, _ = nodes
    n1("om web start --local")
    n1("om web stop --local")
    done = n1("setpriv --reuid 65534 --regid 65534 --clear-groups om web start --local", code=None)
    assert done.code not in (0, 139)
    assert len((done.stdout + done.stderr).strip().splitlines()) <= 5
    assert not has(n1)
    n1("setpriv --reuid 65534 --regid 65534 --clear-groups om web status", code=1)
