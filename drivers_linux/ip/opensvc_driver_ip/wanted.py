"""What is wanted of an address: where it should be, with which mask; and what is to be said of where it is found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network, ip_interface
from typing import NamedTuple

from opensvc_core.api import Observation, Status
from opensvc_driver_ip import names
from opensvc_driver_ip.devices import Address, Assigned, Device, Devices, holders
from opensvc_driver_ip.netlink import Interface

# The longest name of a device, and of a label (IFNAMSIZ without its final zero).
_LONGEST = 15
# RFC 3021: two addresses, and none is that of the network.
_POINT_TO_POINT = 31


def device_and_label(value: str) -> str:
    """A network device, or `DEVICE:NUMBER`, the label of an address on it."""
    name, mark, number = value.strip().partition(":")
    if not name or "/" in value or len(value.split()) != 1 or len(name) > _LONGEST:
        raise ValueError(f"{value!r} is no network device; a name such as eth0, or eth0:1 with a label")
    if mark and not (number.isalnum() and len(value.strip()) <= _LONGEST):
        raise ValueError(f"{value!r} has no label; a number such as in eth0:1, at most {_LONGEST} characters in all")
    return value.strip()


def netmask(value: str) -> str:
    """The length of a network's prefix, or the same as a mask: `24` and `255.255.255.0` → `24`."""
    found = value.strip().removeprefix("/")
    if found.isascii() and found.isdigit() and int(found) <= 128:
        return _not_all(int(found), value)
    try:
        # as a mask of hosts (0.0.0.255) it would be taken as well
        prefix = IPv4Network(f"0.0.0.0/{found}").prefixlen
        if str(IPv4Network((0, prefix)).netmask) != found:
            raise ValueError(found)
    except ValueError:
        raise ValueError(f"{value!r} is no netmask; 24 or 255.255.255.0, for IPv6 such as 64") from None
    return _not_all(prefix, value)


def _not_all(prefix: int, value: str) -> str:
    if not prefix:
        raise ValueError(f"{value!r} is a network of all addresses: every route would lead to the device; the length is at least 1")
    return str(prefix)


class Wanted(NamedTuple):
    """An address, the device (as the file has it, without a label) and the length of the prefix, None: that of the device's network."""

    address: Address
    device: str
    prefix: int | None = None

    def prefix_on(self, device: Device | None) -> int | None:
        """The length of the prefix, as far as it can be known."""
        return self.prefix if self.prefix is not None else device and device.default_prefix(self.address)

    def interface(self, prefix: int) -> Interface:
        """The address in its network."""
        return ip_interface((self.address, prefix))

    def text(self, device: Device | None) -> str:
        """`10.0.0.5/255.255.255.0 eth0`; the mask is left out while nobody knows it."""
        prefix = self.prefix_on(device)
        if prefix is None or prefix > self.address.max_prefixlen:
            return f"{self.address} {self.device}"
        mask = IPv4Network((0, prefix)).netmask if isinstance(self.address, IPv4Address) else prefix
        return f"{self.address}/{mask} {self.device}"


def obstacle(wanted: Wanted, device: Device | None, *, needs_carrier: bool) -> str:
    """Why the address can't be brought up on a device, with the way out, or an empty text."""
    if why := names.unusable(wanted.address):
        return f"{wanted.address} is {why}, and can't be that of a service; correct ipname, or what it resolves to"
    if device is None:
        return f"the device {wanted.device} is not there; ipdev names another, or has to be made first"
    if needs_carrier and not device.is_up:
        return f"the device {wanted.device} is switched off; 'ip link set {wanted.device} up' switches it on"
    if needs_carrier and not device.has_carrier:
        return f"the device {wanted.device} has no carrier; check its cable or port (check_carrier = false goes on without)"
    if wanted.address.is_loopback and device.kind != "loopback":
        return f"{wanted.address} is for one host alone, and {wanted.device} leads to others; correct ipname, or what it resolves to"
    return _wrong_mask(wanted, wanted.prefix_on(device))


def _wrong_mask(wanted: Wanted, prefix: int | None) -> str:
    if prefix is None:
        return f"{wanted.device} has no IPv{wanted.address.version} address to take the netmask from; set netmask"
    if prefix > wanted.address.max_prefixlen:
        return f"netmask {prefix} is too long for the IPv{wanted.address.version} address {wanted.address}"
    network = wanted.interface(prefix).network
    if isinstance(network, IPv4Network) and prefix < _POINT_TO_POINT and wanted.address in (network[0], network[-1]):
        return f"{wanted.address} is the address of the network {network} or its broadcast address; correct ipname or netmask"
    return ""


def node_s_own(wanted: Wanted, device: Device, of_node: Sequence[Address]) -> str:
    """Why an address that is here without having been started is the node's own, or an empty text; `of_node`: what its name stands for."""
    here = device.find(wanted.address)
    if here is None:
        return ""
    if "dynamic" in here.flags:
        return "it has a lifetime, as those of DHCP have"
    if wanted.address in of_node:
        return "the node's name stands for it"
    return "" if wanted.prefix_on(device) is not None else f"{device.name} has no other"


def judge(wanted: Wanted, devices: Devices, *, needs_carrier: bool, is_untold: bool) -> Observation:
    """The status of the address on this host; `is_untold`: the neighbours have not been told yet that it is here."""
    device = devices.get(wanted.device)
    here = device and device.find(wanted.address)
    others = elsewhere(wanted, devices)
    if device is None or here is None:
        if others:
            return Status.WARN.because(f"{wanted.address} is on {', '.join(others)}, and should be on {wanted.device}")
        problem = obstacle(wanted, device, needs_carrier=needs_carrier)
        return Status.DOWN.because(problem) if problem else Observation(Status.DOWN)
    problems = list(_problems(wanted, device, here, needs_carrier=needs_carrier))
    problems += [f"{wanted.address} is on {other} as well" for other in others]
    if is_untold and not problems:
        problems.append("not announced to the neighbours yet; a start does it")
    return Status.WARN.because(*problems) if problems else Observation(Status.UP)


def elsewhere(wanted: Wanted, devices: Devices) -> list[str]:
    """The other devices of this host that have the address."""
    device = devices.get(wanted.device)
    return [one.name for one in holders(devices, wanted.address) if one is not device]


def _problems(wanted: Wanted, device: Device, here: Assigned, *, needs_carrier: bool) -> Iterator[str]:
    if here.is_failed:
        yield f"another host on {device.name} has {wanted.address} (duplicate address detection failed)"
    if here.is_tentative:
        yield "the duplicate address detection has not ended"
    if wanted.prefix is not None and here.prefix != wanted.prefix:
        yield f"its netmask is /{here.prefix}, and should be /{wanted.prefix}"
    if needs_carrier and not device.is_up:
        yield f"the device {device.name} is switched off"
    elif needs_carrier and not device.has_carrier:
        yield f"the device {device.name} has no carrier"
