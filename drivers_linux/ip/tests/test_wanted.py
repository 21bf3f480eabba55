"""What is said of an address, by what `ip -j addr show` has printed."""

from ipaddress import ip_address

import pytest
from opensvc_driver_ip import names
from opensvc_driver_ip.devices import Assigned, look, parse
from opensvc_driver_ip.wanted import Wanted, device_and_label, judge, netmask, node_s_own, obstacle

from opensvc_core.api import CommandResult, Status
from opensvc_core.testing.fakes import FakeSystem

# iproute2 6.1
RECORDED = """[{"ifindex":1,"ifname":"lo","flags":["LOOPBACK","UP","LOWER_UP"],"mtu":65536,"qdisc":"noqueue","operstate":"UNKNOWN",
"group":"default","txqlen":1000,"link_type":"loopback","address":"00:00:00:00:00:00","broadcast":"00:00:00:00:00:00","addr_info":[
{"family":"inet","local":"127.0.0.1","prefixlen":8,"scope":"host","label":"lo","valid_life_time":4294967295},
{"family":"inet6","local":"::1","prefixlen":128,"scope":"host","valid_life_time":4294967295}]},
{"ifindex":4,"link_index":7,"ifname":"eth0","flags":["BROADCAST","MULTICAST","UP","LOWER_UP"],"mtu":1500,"operstate":"UP",
"link_type":"ether","address":"02:00:00:00:00:01","link_netnsid":0,"altnames":["enp1s0"],"addr_info":[
{"family":"inet","local":"10.99.0.1","prefixlen":27,"broadcast":"10.99.0.31","scope":"global","label":"eth0"},
{"family":"inet","local":"10.99.0.9","prefixlen":27,"broadcast":"10.99.0.31","scope":"global","secondary":true,"label":"eth0:1"},
{"family":"inet6","local":"fd99::1","prefixlen":64,"scope":"global","nodad":true},
{"family":"inet6","local":"fd99::50","prefixlen":64,"scope":"global","dadfailed":true,"tentative":true},
{"family":"inet6","local":"fd99::51","prefixlen":64,"scope":"global","tentative":true},
{"family":"inet6","local":"fe80::1","prefixlen":64,"scope":"link"}]},
{},
{"ifindex":5,"ifname":"eth1","flags":["NO-CARRIER","BROADCAST","MULTICAST","UP"],"link_type":"ether","address":"02:00:00:00:01:01",
"operstate":"DOWN","addr_info":[{"family":"inet6","local":"fe80::2","prefixlen":64,"scope":"link"}]},
{"ifindex":6,"ifname":"eth2","flags":["BROADCAST","MULTICAST"],"link_type":"ether","address":"02:00:00:00:02:01","addr_info":[]},
{"ifindex":7,"ifname":"tun0","flags":["POINTOPOINT","NOARP","UP","LOWER_UP"],"link_type":"none","addr_info":[
{"family":"inet","local":"10.8.0.1","address":"10.8.0.2","prefixlen":32,"scope":"global","label":"tun0"}]}]"""
DEVICES = parse(RECORDED)
ETH0 = DEVICES["eth0"]


def wanted(address, device="eth0", prefix=None):
    return Wanted(ip_address(address), device, prefix)


def seen(*args, needs_carrier=True, is_untold=False):
    found = judge(wanted(*args), DEVICES, needs_carrier=needs_carrier, is_untold=is_untold)
    return found.status, [message.text for message in found.messages]


# -- what ip says


def test_devices_are_known_by_all_of_their_names():
    assert set(DEVICES) == {"lo", "eth0", "enp1s0", "eth1", "eth2", "tun0"}
    assert (ETH0.number, ETH0.mac, ETH0.has_carrier, DEVICES["enp1s0"]) == (4, "02:00:00:00:00:01", True, ETH0)
    assert ETH0.addresses[1] == Assigned(ip_address("10.99.0.9"), 27, "eth0:1", frozenset({"secondary"}))


def test_neighbours_are_asked_on_ethernet_alone():
    assert [name for name, device in DEVICES.items() if device.has_neighbours] == ["eth0", "enp1s0", "eth1", "eth2"]


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (CommandResult(127), "install iproute2"),
        (CommandResult(1, stderr="Cannot open netlink socket\n"), "ip -j addr show: exit code 1: Cannot open netlink socket"),
    ],
)
def test_a_failing_ip_is_told(answer, text):
    assert text in look(FakeSystem({"ip": answer}))


def test_no_device_at_all_is_an_answer():
    assert look(FakeSystem({"ip": CommandResult(0, "")})) == {}


# -- masks


@pytest.mark.parametrize(
    ("device", "address", "prefix"),
    [
        ("eth0", "10.99.0.20", 27),
        ("eth0", "192.168.0.1", 27),
        ("eth0", "fd99::60", 64),
        ("eth0", "fe80::60", 64),
        ("eth1", "fd99::60", None),
        ("eth2", "10.99.0.20", None),
        ("lo", "10.99.0.20", 32),
        ("lo", "fd99::60", 128),
    ],
)
def test_the_mask_is_that_of_the_network_of_the_device(device, address, prefix):
    assert DEVICES[device].default_prefix(ip_address(address)) == prefix


def test_the_mask_is_not_taken_from_the_address_itself():
    lone = ETH0._replace(addresses=(Assigned(ip_address("10.99.0.9"), 32), Assigned(ip_address("10.99.0.1"), 27)))
    assert lone.default_prefix(ip_address("10.99.0.9")) == 27


@pytest.mark.parametrize(("value", "prefix"), [("24", "24"), ("/24", "24"), ("255.255.255.224", "27"), ("128", "128")])
def test_a_mask_is_a_length_or_dotted(value, prefix):
    assert netmask(value) == prefix


@pytest.mark.parametrize("value", ["", "129", "-1", "255.0.255.0", "0.0.0.255", "255.255.255", "ffff::", "none", "²"])
def test_what_is_no_mask_is_refused(value):
    with pytest.raises(ValueError, match="no netmask; 24 or 255"):
        netmask(value)


@pytest.mark.parametrize("value", ["eth0", "eth0:1", " bond0.12:3 ", "br-prd", "eth0:web"])
def test_a_device_may_have_a_label(value):
    assert device_and_label(value) == value.strip()


@pytest.mark.parametrize("value", ["", ":1", "eth0:", "eth0:1:2", "eth 0", "../eth0", "abcdefghijklmnop", "abcdefghijklmn:1"])
def test_what_can_be_no_device_is_refused(value):
    with pytest.raises(ValueError, match=r"network device|label"):
        device_and_label(value)


def test_a_label_has_the_first_number_that_no_other_address_has():
    assert ETH0.free_label(ip_address("10.99.0.20")) == "eth0:2"
    assert ETH0.free_label(ip_address("10.99.0.9")) == "eth0:1"


def test_the_primary_address_of_a_network_takes_the_others_with_it():
    assert [str(one.address) for one in ETH0.lost_with(ETH0.addresses[0])] == ["10.99.0.9"]
    assert ETH0.lost_with(ETH0.addresses[1]) == []
    assert ETH0.lost_with(ETH0.addresses[2]) == []


# -- status


def test_up_and_down():
    assert seen("10.99.0.9") == (Status.UP, [])
    assert seen("10.99.0.9", "enp1s0", 27) == (Status.UP, [])
    assert seen("10.99.0.20") == (Status.DOWN, [])
    assert seen("fd99::1") == (Status.UP, [])


@pytest.mark.parametrize("value", ["0", "/0", "0.0.0.0"])
def test_a_mask_that_would_lead_every_route_to_the_device_is_refused(value):
    with pytest.raises(ValueError, match="the length is at least 1"):
        netmask(value)


# -- addresses that no service can have


@pytest.mark.parametrize("value", ["10.0.0.50", " fd99::50 ", "web.example.com", "n1", "10.in-addr.arpa", "127.0.0.5"])
def test_addresses_and_names_are_taken_as_they_are(value):
    assert names.host(value) == value.strip()


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("10.99.0.050", "without leading zeros"),  # the resolver takes it for 10.99.0.40
        ("10.99.50", "four numbers"),
        ("0x0a630032", "four numbers"),
        ("300.1.1.1", "four numbers"),
        ("10.0.0.50/24", "the keyword netmask"),
        ("fe80::1%eth0", "the keyword ipdev"),
        ("0.0.0.0", "no address at all"),
        ("::", "no address at all"),
        ("224.0.0.5", "multicast"),
        ("ff02::5", "multicast"),
        ("255.255.255.255", "broadcast"),
        ("127.0.0.1", "every host's own"),
    ],
)
def test_what_can_be_no_address_of_a_service_is_refused(value, why):
    with pytest.raises(ValueError, match=why):
        names.host(value)


@pytest.mark.parametrize(
    ("address", "prefix", "text"),
    [
        ("10.99.0.31", None, "the network 10.99.0.0/27 or its broadcast address"),
        ("10.99.0.0", None, "the network 10.99.0.0/27 or its broadcast address"),
        ("10.99.0.31", 24, ""),
        ("10.99.0.30", 31, ""),
        ("127.0.1.1", None, "127.0.1.1 is for one host alone, and eth0 leads to others"),
        ("127.0.0.1", None, "every host's own address"),
    ],
)
def test_an_address_that_eth0_can_not_have_is_told(address, prefix, text):
    found = obstacle(wanted(address, prefix=prefix), ETH0, needs_carrier=True)
    assert (text in found) if text else not found


@pytest.mark.parametrize(
    ("address", "of_node", "why"),
    [
        ("10.99.0.1", ["10.99.0.1"], "the node's name stands for it"),
        ("10.99.0.9", ["10.99.0.1"], ""),
        ("10.99.0.20", ["10.99.0.20"], ""),  # not here
    ],
)
def test_the_node_s_own_address_is_known_by_its_name(address, of_node, why):
    assert node_s_own(wanted(address), ETH0, [ip_address(one) for one in of_node]) == why


def test_the_node_s_own_address_is_known_by_its_lifetime_and_by_having_no_other_beside_it():
    leased = ETH0._replace(addresses=(Assigned(ip_address("10.99.0.1"), 27, "eth0", frozenset({"dynamic"})), *ETH0.addresses[1:]))
    assert node_s_own(wanted("10.99.0.1"), leased, []) == "it has a lifetime, as those of DHCP have"
    alone = ETH0._replace(addresses=ETH0.addresses[:1])
    assert node_s_own(wanted("10.99.0.1"), alone, []) == "eth0 has no other"
    assert not node_s_own(wanted("10.99.0.1", prefix=27), alone, [])


def test_another_mask_is_a_warning():
    assert seen("10.99.0.9", "eth0", 24) == (Status.WARN, ["its netmask is /27, and should be /24"])


def test_another_device_is_a_warning():
    assert seen("10.99.0.9", "eth1", 24) == (Status.WARN, ["10.99.0.9 is on eth0, and should be on eth1"])
    assert seen("10.99.0.9", "eth9", 24) == (Status.WARN, ["10.99.0.9 is on eth0, and should be on eth9"])


def test_two_devices_are_a_warning():
    both = {**DEVICES, "eth2": DEVICES["eth2"]._replace(addresses=(ETH0.addresses[1],))}
    found = judge(wanted("10.99.0.9"), both, needs_carrier=True, is_untold=False)
    assert found == Status.WARN.because("10.99.0.9 is on eth2 as well")


def test_a_failed_duplicate_detection_is_a_warning():
    assert seen("fd99::50") == (Status.WARN, ["another host on eth0 has fd99::50 (duplicate address detection failed)"])


def test_a_duplicate_detection_that_lasts_is_a_warning():
    assert seen("fd99::51") == (Status.WARN, ["the duplicate address detection has not ended"])


def test_an_address_that_was_not_announced_is_a_warning():
    assert seen("10.99.0.9", is_untold=True) == (Status.WARN, ["not announced to the neighbours yet; a start does it"])
    assert seen("10.99.0.20", is_untold=True) == (Status.DOWN, [])


@pytest.mark.parametrize(("device", "text"), [("eth1", "has no carrier"), ("eth2", "is switched off")])
def test_lost_carrier_is_a_warning_unless_the_file_says_otherwise(device, text):
    lost = {device: DEVICES[device]._replace(addresses=ETH0.addresses)}
    found = judge(wanted("10.99.0.9", device), lost, needs_carrier=True, is_untold=False)
    assert found == Status.WARN.because(f"the device {device} {text}")
    assert judge(wanted("10.99.0.9", device), lost, needs_carrier=False, is_untold=False).status is Status.UP


@pytest.mark.parametrize(
    ("args", "text"),
    [
        (("10.0.0.1", "eth9"), "the device eth9 is not there; ipdev names another, or has to be made first"),
        (("10.0.0.1", "eth1", 24), "the device eth1 has no carrier; check its cable or port (check_carrier = false goes on without)"),
        (("10.0.0.1", "eth2", 24), "the device eth2 is switched off; 'ip link set eth2 up' switches it on"),
        (("fd00::1", "tun0"), "tun0 has no IPv6 address to take the netmask from; set netmask"),
        (("10.0.0.1", "eth0", 64), "netmask 64 is too long for the IPv4 address 10.0.0.1"),
        (("10.0.0.1", "eth0"), ""),
    ],
)
def test_what_stands_in_the_way_is_told_with_the_way_out(args, text):
    one = wanted(*args)
    assert obstacle(one, DEVICES.get(one.device), needs_carrier=True) == text
    assert seen(*args) == (Status.DOWN, [text] if text else [])


def test_without_need_of_carrier_only_the_rest_stands_in_the_way():
    assert obstacle(wanted("10.0.0.1", "eth2", 24), DEVICES["eth2"], needs_carrier=False) == ""


@pytest.mark.parametrize(
    ("args", "text"),
    [
        (("10.99.0.20",), "10.99.0.20/255.255.255.224 eth0"),
        (("fd99::60",), "fd99::60/64 eth0"),
        (("10.0.0.1", "eth9"), "10.0.0.1 eth9"),
        (("10.0.0.1", "eth9", 8), "10.0.0.1/255.0.0.0 eth9"),
        (("10.0.0.1", "eth9", 64), "10.0.0.1 eth9"),
    ],
)
def test_the_label_of_the_tree_has_a_dotted_mask_for_ipv4(args, text):
    one = wanted(*args)
    assert one.text(DEVICES.get(one.device)) == text
