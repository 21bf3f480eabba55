"""The switch between the nodes: two bridges, the rings, in a network namespace of their own."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass

from lab import helper
from lab.faults import RINGS, Faults, port, rules

# floods multicast, forwards at once
BRIDGE = "type bridge stp_state 0 forward_delay 0 mcast_snooping 0"


def run(argv: list[str], text: str = "") -> str:
    """Run one of the lab's own commands; what it prints when it succeeds."""
    done = subprocess.run(argv, input=text, capture_output=True, text=True, check=False, timeout=30)
    if done.returncode:
        raise RuntimeError(f"{' '.join(argv)}: {done.stderr.strip()}\n{text}")
    return done.stdout


def in_network(path: str, *argv: str) -> list[str]:
    """The command line that runs a command in the network namespace with a path."""
    return ["nsenter", f"--net={path}", "--", *argv]


@dataclass(frozen=True)
class Seat:
    """A node's place at the switch: the host part of its addresses, and what is wrong there."""

    node: str
    index: int
    faults: Faults


class Switch:
    """The bridges br0 and br1, and one port a ring for every node that is up."""

    def __init__(self, network: str, names: list[str]) -> None:
        self._network, self._wires = network, dict[str, subprocess.Popen[str]]()
        self._ip([line for ring in RINGS for line in (f"link add br{ring} {BRIDGE}", f"link set br{ring} up")])
        chains = "\n".join(f"add chain bridge lab {name}\nadd rule bridge lab links jump {name}" for name in names)
        # the bridge family sees every frame, ARP and multicast too
        self._nft(f"add table bridge lab\nadd chain bridge lab links {{ type filter hook forward priority 0; }}\n{chains}\n")

    def plug(self, seat: Seat, pid: int) -> None:
        """Give the network namespace of a process an interface at each ring."""
        lines = []
        for ring in RINGS:
            address = f"02:99:0{ring}:00:00:{seat.index:02x}"
            lines += [
                f"link add {port(seat.node, ring)} type veth peer name eth{ring} address {address} netns {pid}",
                f"link set {port(seat.node, ring)} master {self._bridge(seat, ring)}",
            ]
        self._ip([*lines, *self._carriers(seat)])
        addresses = [
            line
            for ring in RINGS
            for line in (
                f"link set eth{ring} up",
                f"addr add 10.99.{ring}.{seat.index}/24 dev eth{ring}",
                f"addr add fd99:{ring}::{seat.index}/64 dev eth{ring} nodad",
            )
        ]
        # multicast without a default route takes one of its own
        lines = ["link set lo up", *addresses, "route add 224.0.0.0/4 dev eth0"]
        run(in_network(f"/proc/{pid}/ns/net", "ip", "-batch", "-"), "\n".join(lines))

    def unplug(self, seat: Seat) -> None:
        """Take the interfaces away, from both ends at once; those that went with their namespace are gone already."""
        argv = in_network(self._network, "ip", "-force", "-batch", "-")
        subprocess.run(
            argv, input="".join(f"link del {port(seat.node, ring)}\n" for ring in RINGS), text=True, capture_output=True, check=False
        )

    def filter(self, seat: Seat) -> None:
        """Drop the frames that the node's faults say."""
        self._nft(rules(seat.node, seat.faults))

    def set_carriers(self, seat: Seat) -> None:
        """Set the ports of a node up or down."""
        self._ip(self._carriers(seat))

    def set_delay(self, seat: Seat, *, is_plugged: bool) -> None:
        """Put a slow wire between a node's ports and the bridges, or take it away.

        port - small bridge - tap - wire - tap - bridge of the ring
        """
        self._end_wire(seat, is_plugged=is_plugged)
        if not seat.faults.delay:
            return
        taps = [f"{seat.node}{side}{ring}" for ring in RINGS for side in "xy"]
        numbers = (os.getpid(), seat.faults.delay, seat.faults.jitter)
        argv = in_network(self._network, *helper.program("wire", *map(str, numbers), *taps))
        wire = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, start_new_session=True)
        assert wire.stdout
        if wire.stdout.readline() != "ready\n":
            raise RuntimeError(f"{seat.node}: no wire with latency")
        self._wires[seat.node] = wire
        lines = []
        for ring in RINGS:
            inner = f"{seat.node}b{ring}"
            lines += [f"link add {inner} {BRIDGE}", f"link set {inner} up", f"link set {seat.node}x{ring} master {inner} up"]
            lines += [f"link set {seat.node}y{ring} master br{ring} up"]
            lines += [f"link set {port(seat.node, ring)} master {inner}"] if is_plugged else []
        self._ip(lines)

    def close(self) -> None:
        """End what runs beside the switch."""
        for wire in self._wires.values():
            _end(wire)

    def _end_wire(self, seat: Seat, *, is_plugged: bool) -> None:
        if wire := self._wires.pop(seat.node, None):
            _end(wire)
            ports = [f"link set {port(seat.node, ring)} master br{ring}" for ring in RINGS] if is_plugged else []
            self._ip([*ports, *(f"link del {seat.node}b{ring}" for ring in RINGS)])

    def _bridge(self, seat: Seat, ring: int) -> str:
        return f"{seat.node}b{ring}" if seat.node in self._wires else f"br{ring}"

    def _carriers(self, seat: Seat) -> list[str]:
        return [f"link set {port(seat.node, ring)} {'down' if ring in seat.faults.no_carrier else 'up'}" for ring in RINGS]

    def _ip(self, lines: list[str]) -> None:
        run(in_network(self._network, "ip", "-batch", "-"), "\n".join(lines))

    def _nft(self, text: str) -> None:
        run(in_network(self._network, "nft", "-f", "-"), text)


def _end(wire: subprocess.Popen[str]) -> None:
    wire.kill()
    wire.communicate()
