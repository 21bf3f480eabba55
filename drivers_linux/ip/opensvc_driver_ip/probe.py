"""Probe: whether somebody answers for an address, asked within bounded time, and the announcement of where it is."""

from __future__ import annotations

import os
import select
import socket
import struct
import time
from array import array
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, suppress
from ipaddress import IPv4Address, IPv6Address
from typing import Final, NamedTuple

from opensvc_core.api import ActionRefused
from opensvc_driver_ip import frames
from opensvc_driver_ip.devices import Address, Device

# packet(7)
_ETH_P_ARP: Final = 0x0806
_ETH_P_IPV6: Final = 0x86DD
_PACKET_OUTGOING: Final = 4
_SOL_PACKET: Final = 263
_PACKET_ADD_MEMBERSHIP: Final = 1
_SO_ATTACH_FILTER: Final = 26
# Neighbour solicitations and advertisements (classic BPF): a host with much other traffic overlooks none.
_ONLY_NEIGHBOURS: Final = (
    (0x30, 0, 0, 20),  # the next header
    (0x15, 0, 4, 58),  # is ICMPv6
    (0x30, 0, 0, 54),  # the type
    (0x15, 1, 0, 135),
    (0x15, 0, 1, 136),
    (0x06, 0, 0, 0xFFFF),
    (0x06, 0, 0, 0),
)


class Pace(NamedTuple):
    """How long to ask: so many questions, seconds apart, and seconds of listening after the last one."""

    questions: int
    interval: float
    patience: float

    @property
    def seconds(self) -> float:
        """All of it."""
        return (self.questions - 1) * self.interval + self.patience

    def within(self, seconds: float | None) -> Pace:
        """The same in so many seconds at most, though not in less than 50 ms: on a local network the answer takes one or two."""
        if seconds is None or seconds >= self.seconds:
            return self
        share = max(seconds, SHORTEST) / self.seconds
        return Pace(self.questions, self.interval * share, self.patience * share)


SHORTEST: Final = 0.05
# RFC 5227 sends three probes in two to six seconds, for links that lose much; five in one are as sure on a local network.
THOROUGH: Final = Pace(5, 0.15, 0.4)
BRIEF: Final = Pace(3, 0.1, 0.2)
# A router on the way may have to find its own neighbour first, which asks once a second.
DISTANT: Final = Pace(5, 0.25, 1.0)


class Question(NamedTuple):
    """One way to ask. `hear` reads what has come, and returns who answered, or an empty text."""

    channel: socket.socket
    ask: Callable[[], object]
    hear: Callable[[], str]


def who_has(device: Device, address: Address, pace: Pace, *, pings: bool) -> str:
    """Who answers for an address: `02:fc:00:00:00:02 on eth0`, `a ping`; an empty text when nobody does.

    Neighbours are asked where the device has some; `pings`: whoever is behind routers as well. An answer ends it at once.
    Raises OSError, ActionRefused without the rights.
    """
    with ExitStack() as opened:
        try:
            questions = list(_questions(device, address, opened, pings=pings))
        except PermissionError as error:
            raise ActionRefused("only root may ask on the network who has an address; nothing was changed") from error
        return _ask(questions, pace)


def announce(device: Device, address: Address) -> None:
    """Tell the neighbours where an address is: by gratuitous ARP, as request and as reply, or by an advertisement. Raises OSError."""
    mac = frames.mac_bytes(device.mac)
    if isinstance(address, IPv4Address):
        kind, told = _ETH_P_ARP, [frames.arp_announcement(mac, address, one) for one in (frames.ARP_REQUEST, frames.ARP_REPLY)]
    else:
        kind, told = _ETH_P_IPV6, [frames.neighbour_announcement(mac, address)]
    with _packets(device, kind) as channel:
        for frame in told:
            channel.send(frame)


def _ask(questions: Sequence[Question], pace: Pace) -> str:
    began = time.monotonic()
    for number in range(pace.questions):
        for question in questions:
            question.ask()
        is_last = number == pace.questions - 1
        who = _listen(questions, began + (pace.seconds if is_last else (number + 1) * pace.interval))
        if who:
            return who
    return ""


def _listen(questions: Iterable[Question], end: float) -> str:
    by_channel = {question.channel: question for question in questions}
    while True:
        ready = select.select(list(by_channel), [], [], max(0.0, end - time.monotonic()))[0]
        for channel in ready:
            if who := by_channel[channel].hear():
                return who
        if time.monotonic() >= end and not ready:
            return ""


def _questions(device: Device, address: Address, opened: ExitStack, *, pings: bool) -> Iterable[Question]:
    if device.has_neighbours:
        yield _neighbours(device, address, opened)
    if pings:
        yield _ping(address, opened)


def _neighbours(device: Device, address: Address, opened: ExitStack) -> Question:
    mac = frames.mac_bytes(device.mac)
    if isinstance(address, IPv4Address):
        channel = opened.enter_context(_packets(device, _ETH_P_ARP))
        frame = frames.arp_probe(mac, address)
    else:
        channel = opened.enter_context(_packets(device, _ETH_P_IPV6, joins=frames.group_mac(frames.solicited_node(address))))
        frame = frames.neighbour_solicitation(mac, address)

    def hear() -> str:
        heard, (_, _, kind, *_) = channel.recvfrom(2048)
        if kind == _PACKET_OUTGOING:
            return ""
        claim = _claim(heard, mac, address)
        return claim and f"{claim} on {device.name}"

    return Question(channel, lambda: channel.send(frame), hear)


def _claim(frame: bytes, mac: bytes, address: Address) -> str:
    if isinstance(address, IPv6Address):
        return frames.neighbour_claim(frame, mac, address)
    return frames.arp_claim(frame, mac, address)


def _ping(address: Address, opened: ExitStack) -> Question:
    version, identity = address.version, int.from_bytes(os.urandom(2))
    family, protocol = (socket.AF_INET, socket.IPPROTO_ICMP) if version == 4 else (socket.AF_INET6, socket.IPPROTO_ICMPV6)
    channel = opened.enter_context(socket.socket(family, socket.SOCK_RAW | socket.SOCK_NONBLOCK, protocol))

    def ask() -> None:
        with suppress(OSError):  # no route leads there: nobody can be asked
            channel.sendto(frames.echo_request(version, identity, 1), (str(address), 0))

    def hear() -> str:
        try:
            packet, sender = channel.recvfrom(2048)
        except OSError:  # an ICMP error that concerns nobody here
            return ""
        is_answer = sender[0].partition("%")[0] == str(address) and frames.is_echo_reply(version, packet, identity)
        return "a ping" if is_answer else ""

    return Question(channel, ask, hear)


def _packets(device: Device, kind: int, *, joins: bytes = b"") -> socket.socket:
    """Whole frames of a kind, as they pass a device. Nothing is received before the filter stands."""
    channel = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    try:
        if kind == _ETH_P_IPV6:
            _filter(channel)
        if joins:
            channel.setsockopt(_SOL_PACKET, _PACKET_ADD_MEMBERSHIP, struct.pack("=iHH8s", device.number, 0, len(joins), joins))
        channel.bind((device.name, kind))
    except OSError:
        channel.close()
        raise
    return channel


def _filter(channel: socket.socket) -> None:
    program = array("B", b"".join(struct.pack("=HBBI", *step) for step in _ONLY_NEIGHBOURS))
    channel.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HP", len(_ONLY_NEIGHBOURS), program.buffer_info()[0]))
