"""Devices: the network devices of the host and their addresses, as `ip -j addr show` tells them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_interface
from typing import Any, NamedTuple

from opensvc_core.api import CommandResult, System

Address = IPv4Address | IPv6Address
# Seconds; it takes 3 ms.
_LIMIT = 10.0


class Assigned(NamedTuple):
    """An address that a device has, with the length of its network's prefix; `flags` are the words that `ip` is true for."""

    address: Address
    prefix: int
    label: str = ""
    flags: frozenset[str] = frozenset()

    @property
    def is_failed(self) -> bool:
        """Another host had it when the kernel asked: it is not used."""
        return "dadfailed" in self.flags

    @property
    def is_tentative(self) -> bool:
        """The kernel has not finished asking whether another host has it."""
        return "tentative" in self.flags and not self.is_failed

    def contains(self, address: Address) -> bool:
        """Whether an address is in its network."""
        return address.version == self.address.version and address in ip_interface((self.address, self.prefix)).network


class Device(NamedTuple):
    """A network device; `kind` is `ether`, `loopback`, …"""

    name: str
    number: int
    kind: str = "ether"
    mac: str = ""
    flags: frozenset[str] = frozenset()
    addresses: tuple[Assigned, ...] = ()

    @property
    def is_up(self) -> bool:
        """It is switched on."""
        return "UP" in self.flags

    @property
    def has_carrier(self) -> bool:
        """It is switched on and connected."""
        return self.is_up and "LOWER_UP" in self.flags

    @property
    def has_neighbours(self) -> bool:
        """Who has an address there can be asked by ARP or neighbour discovery."""
        return self.kind == "ether" and "NOARP" not in self.flags

    def find(self, address: Address) -> Assigned | None:
        """The address as it is assigned here."""
        return next((one for one in self.addresses if one.address == address), None)

    def default_prefix(self, address: Address) -> int | None:
        """The prefix of the network that the address is in, else of the device's first one; None where it has none.

        On a loopback device an address is alone: with the prefix of 127.0.0.1/8 it would bring a whole network to this host.
        """
        if self.kind == "loopback":
            return address.max_prefixlen
        others = [one for one in self.addresses if one.address.version == address.version and one.address != address]
        networks = [one for one in others if not one.address.is_link_local or address.is_link_local]
        inside = [one.prefix for one in networks if one.contains(address)]
        return next(iter([*inside, *(one.prefix for one in networks)]), None)

    def reaches(self, address: Address) -> bool:
        """Whether the address is in one of its networks."""
        return any(one.contains(address) for one in self.addresses if one.address != address)

    def free_label(self, address: Address) -> str:
        """`eth0:1`, or the first number after it that no other address has."""
        taken = {one.label for one in self.addresses if one.address != address}
        return next(label for label in (f"{self.name}:{number}" for number in range(1, len(taken) + 2)) if label not in taken)

    def lost_with(self, gone: Assigned) -> list[Assigned]:
        """The addresses that the kernel removes together with this one: the secondary ones of its network."""
        if gone.address.version == 6 or "secondary" in gone.flags:
            return []
        return [one for one in self.addresses if "secondary" in one.flags and one.prefix == gone.prefix and gone.contains(one.address)]


Devices = Mapping[str, Device]


def look(system: System) -> Devices | str:
    """The devices of this host by name, the alternative names included; a text that says why they can't be seen."""
    result: CommandResult = system.query(["ip", "-j", "addr", "show"], timeout=_LIMIT)
    if result.code == 127:
        return "the command 'ip' is missing; install iproute2"
    if result.code:
        return f"ip -j addr show: exit code {result.code}: {(result.stderr or result.stdout).strip()}"
    return parse(result.stdout)


def parse(text: str) -> Devices:
    """The devices in the output of `ip -j addr show`."""
    found: dict[str, Device] = {}
    for item in json.loads(text or "[]"):
        if "ifname" in item:  # iproute2 leaves empty objects for what it has filtered
            device = Device(
                name=item["ifname"],
                number=item["ifindex"],
                kind=item.get("link_type", ""),
                mac=item.get("address", ""),
                flags=frozenset(item.get("flags", ())),
                addresses=tuple(_addresses(item)),
            )
            found.update(dict.fromkeys([device.name, *item.get("altnames", ())], device))
    return found


def holders(devices: Devices, address: Address) -> list[Device]:
    """The devices that have an address, each once."""
    return [device for name, device in devices.items() if name == device.name and device.find(address)]


def _addresses(item: Mapping[str, Any]) -> Iterator[Assigned]:
    for one in item.get("addr_info", ()):
        if "local" in one:
            flags = frozenset(name for name, value in one.items() if value is True)
            yield Assigned(ip_address(one["local"]), one["prefixlen"], one.get("label", ""), flags)
