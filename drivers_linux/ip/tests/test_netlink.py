"""What our messages do to the kernel's addresses is what those of pyroute2 do, which is independent of us."""

import socket
from ipaddress import ip_interface

import pytest
from opensvc_driver_ip import netlink
from opensvc_driver_ip.devices import Device
from pyroute2 import IPRoute

from opensvc_core.api import ActionFailed

ADDRESSES = (("eth0", "10.99.0.50/24", ""), ("eth0", "10.99.0.50/24", "eth0:om"), ("eth0", "fd99::50/64", ""), ("lo", "127.0.0.50/8", ""))
# of an IPv6 address: detection of doubles goes on, or is over
TENTATIVE = 0x40


@pytest.fixture
def kernel(network):
    with IPRoute() as asked:
        yield asked


def device(name):
    return Device(name, socket.if_nametoindex(name))


def seen(kernel, interface):
    """All that the kernel tells of an address, but for how old it is."""
    (found,) = kernel.get_addr(address=str(interface.ip))
    attributes = {name: value for name, value in found["attrs"] if name not in ("IFA_CACHEINFO", "IFA_FLAGS")}
    return {key: found[key] for key in ("family", "prefixlen", "scope", "index")}, found["flags"] & ~TENTATIVE, attributes


@pytest.mark.parametrize(("name", "address", "label"), ADDRESSES)
def test_an_address_is_added_as_an_independent_library_does_it(kernel, name, address, label):
    interface, place = ip_interface(address), device(name)
    netlink.add(place, interface, label)
    ours = seen(kernel, interface)
    netlink.remove(place, interface)
    assert list(kernel.get_addr(address=str(interface.ip))) == []
    more = {"label": label, "broadcast": str(interface.network.broadcast_address)} if label else {}
    more |= {"scope": 254} if interface.is_loopback else {}
    kernel.addr("add", index=place.number, address=str(interface.ip), prefixlen=interface.network.prefixlen, **more)
    assert ours == seen(kernel, interface)


def test_what_the_kernel_refuses_is_told_and_what_is_gone_is_removed(kernel):
    interface, place = ip_interface("10.99.0.50/24"), device("eth0")
    netlink.add(place, interface)
    with pytest.raises(ActionFailed, match=r"10\.99\.0\.50/24 can't be added to eth0"):
        netlink.add(place, interface)
    for _ in range(2):
        netlink.remove(place, interface)
