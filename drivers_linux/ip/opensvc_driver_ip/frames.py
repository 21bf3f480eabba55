"""Frames: what is sent to ask who has an address and to announce it, and who claims it in what is heard. Bytes in, values out.

ARP: RFC 826, probes and announcements RFC 5227. Neighbour discovery: RFC 4861, duplicate detection RFC 4862. Echo: RFC 792, 4443.
"""

from __future__ import annotations

import struct
from ipaddress import IPv4Address, IPv6Address
from typing import Final

BROADCAST: Final = b"\xff" * 6
ARP_REQUEST: Final = 1
ARP_REPLY: Final = 2

_ETHERTYPE_ARP: Final = b"\x08\x06"
_ETHERTYPE_IPV6: Final = b"\x86\xdd"
# Hardware Ethernet, protocol IPv4, their lengths.
_ARP_KINDS: Final = b"\x00\x01\x08\x00\x06\x04"
_NEIGHBOUR_SOLICITATION: Final = 135
_NEIGHBOUR_ADVERTISEMENT: Final = 136
_OVERRIDE: Final = 0x20000000
_ALL_NODES: Final = IPv6Address("ff02::1")
_NOBODY: Final = IPv6Address("::")


def mac_bytes(text: str) -> bytes:
    """`02:fc:00:00:00:01` → six bytes."""
    return bytes.fromhex(text.replace(":", ""))


# -- IPv4


def arp_probe(mac: bytes, address: IPv4Address) -> bytes:
    """Who has this address? Its sender is nobody, so that no neighbour's table is changed by the question."""
    return BROADCAST + mac + _ETHERTYPE_ARP + _arp(ARP_REQUEST, mac, bytes(4), bytes(6), address.packed)


def arp_announcement(mac: bytes, address: IPv4Address, operation: int) -> bytes:
    """The address is at this mac, as a request or as a reply: some neighbours believe only the one, some only the other."""
    target = bytes(6) if operation == ARP_REQUEST else BROADCAST
    return BROADCAST + mac + _ETHERTYPE_ARP + _arp(operation, mac, address.packed, target, address.packed)


def arp_claim(frame: bytes, mac: bytes, address: IPv4Address) -> str:
    """The mac of who has the address, or is about to take it, as a frame heard on a device with `mac` tells; else an empty text."""
    if len(frame) < 42 or frame[12:14] != _ETHERTYPE_ARP or frame[14:20] != _ARP_KINDS:
        return ""
    sender, sender_address, target_address = frame[22:28], frame[28:32], frame[38:42]
    is_probe = frame[20:22] == b"\x00\x01" and sender_address == bytes(4) and target_address == address.packed
    return sender.hex(":") if sender != mac and (sender_address == address.packed or is_probe) else ""


def _arp(operation: int, sender: bytes, sender_address: bytes, target: bytes, target_address: bytes) -> bytes:
    return _ARP_KINDS + struct.pack(">H", operation) + sender + sender_address + target + target_address


# -- IPv6


def solicited_node(address: IPv6Address) -> IPv6Address:
    """The group that every host with this address listens to."""
    return IPv6Address(IPv6Address("ff02::1:ff00:0").packed[:13] + address.packed[13:])


def group_mac(group: IPv6Address) -> bytes:
    """The mac of a multicast group."""
    return b"\x33\x33" + group.packed[12:]


def neighbour_solicitation(mac: bytes, address: IPv6Address) -> bytes:
    """Who has this address? Asked as duplicate detection asks, from nobody."""
    message = struct.pack(">BBHI", _NEIGHBOUR_SOLICITATION, 0, 0, 0) + address.packed
    return _ipv6(mac, _NOBODY, solicited_node(address), message)


def neighbour_announcement(mac: bytes, address: IPv6Address) -> bytes:
    """The address is at this mac, whatever a neighbour has known before."""
    message = struct.pack(">BBHI", _NEIGHBOUR_ADVERTISEMENT, 0, 0, _OVERRIDE) + address.packed + b"\x02\x01" + mac
    return _ipv6(mac, address, _ALL_NODES, message)


def neighbour_claim(frame: bytes, mac: bytes, address: IPv6Address) -> str:
    """The mac of who has the address, or is about to take it, as a frame heard on a device with `mac` tells; else an empty text."""
    sender = frame[6:12]
    if len(frame) < 78 or frame[12:14] != _ETHERTYPE_IPV6 or frame[20] != 58 or frame[62:78] != address.packed or sender == mac:
        return ""
    is_detection = frame[54] == _NEIGHBOUR_SOLICITATION and frame[22:38] == _NOBODY.packed
    return sender.hex(":") if frame[54] == _NEIGHBOUR_ADVERTISEMENT or is_detection else ""


def _ipv6(mac: bytes, source: IPv6Address, destination: IPv6Address, message: bytes) -> bytes:
    """A frame with an ICMPv6 message; hop limit 255 tells that it was not routed."""
    pseudo_header = source.packed + destination.packed + struct.pack(">II", len(message), 58)
    message = message[:2] + struct.pack(">H", checksum(pseudo_header + message)) + message[4:]
    header = struct.pack(">IHBB", 6 << 28, len(message), 58, 255) + source.packed + destination.packed
    return group_mac(destination) + mac + _ETHERTYPE_IPV6 + header + message


# -- echo


def echo_request(version: int, identity: int, sequence: int) -> bytes:
    """An ICMP echo request; the checksum of an ICMPv6 one is the kernel's to make."""
    kind = 8 if version == 4 else 128
    message = struct.pack(">BBHHH", kind, 0, 0, identity, sequence)
    return message if version == 6 else message[:2] + struct.pack(">H", checksum(message)) + message[4:]


def is_echo_reply(version: int, packet: bytes, identity: int) -> bool:
    """Whether a packet of a raw ICMP socket (IPv4: with its IP header) answers the requests of this identity."""
    message = packet[(packet[0] & 15) * 4 :] if version == 4 and packet else packet
    return len(message) >= 8 and message[0] == (0 if version == 4 else 129) and message[4:6] == struct.pack(">H", identity)


def checksum(message: bytes) -> int:
    """The ones' complement of the ones' complement sum of its 16-bit words (RFC 1071)."""
    padded = message + bytes(len(message) % 2)
    total: int = sum(struct.unpack(f">{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
