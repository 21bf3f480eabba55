"""Sorting: two sockets on one port, and the kernel puts what members send into the first one, so that a flood of others fills the second.

The program is classic BPF; it answers with the number of the socket. Sources: linux/filter.h, socket(7) on SO_ATTACH_REUSEPORT_CBPF.
"""

from __future__ import annotations

import ctypes
import socket
import struct
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from opensvc_heartbeats.sockets import family_of

MEMBERS, STRANGERS = 0, 1
_SO_ATTACH_REUSEPORT_CBPF: Final = 51
_INSTRUCTION: Final = struct.Struct("=HBBI")
# Load a byte, a word; and; jump; jump if equal; return. A load from here on is of the packet's network header.
_LDB, _LDW, _AND, _JA, _JEQ, _RET = 0x30, 0x20, 0x54, 0x05, 0x15, 0x06
_NETWORK: Final = 0xFFF00000
# Where an address stands that a packet comes from, in the headers of IPv4 and IPv6.
_SOURCE, _SOURCE6 = 12, 8

Instruction = tuple[int, int, int, int]


def pair(listen: Callable[[bool], socket.socket]) -> tuple[socket.socket, socket.socket]:
    """The sockets for members and for strangers; `listen` makes one, which may share its port or not. Raises OSError."""
    listen(False).close()  # whether the port is free; sockets that share one would not be told
    first = listen(True)
    try:
        return first, listen(True)
    except OSError:
        first.close()
        raise


def sort(sockets: socket.socket, members: Iterable[str]) -> None:
    """Have what these addresses send arrive at the first socket of a pair, all else at the second. Raises OSError."""
    instructions = program(members)
    filter_ = ctypes.create_string_buffer(b"".join(_INSTRUCTION.pack(*one) for one in instructions))
    sockets.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_REUSEPORT_CBPF, struct.pack("@HP", len(instructions), ctypes.addressof(filter_)))


def program(members: Iterable[str]) -> Sequence[Instruction]:
    """The program that tells members from strangers. Pure."""
    known = sorted(address.partition("%")[0] for address in members)
    fours = [one for address in known if family_of(address) == socket.AF_INET for one in _is(address, _SOURCE)]
    sixes = [one for address in known if family_of(address) == socket.AF_INET6 for one in _is(address, _SOURCE6)]
    stranger = (_RET, 0, 0, STRANGERS)
    is_six = [(_LDB, 0, 0, _NETWORK), (_AND, 0, 0, 0xF0), (_JEQ, 0, 1, 0x60), (_JA, 0, 0, len(fours) + 1)]
    return [*is_six, *fours, stranger, *sixes, stranger]


def _is(address: str, place: int) -> list[Instruction]:
    """Answer at once where the source is an address, else go on behind these instructions."""
    words = struct.unpack(f"!{16 // 4 if ':' in address else 1}I", socket.inet_pton(family_of(address), address))
    made: list[Instruction] = []
    for number, word in enumerate(words):
        made += [(_LDW, 0, 0, _NETWORK + place + 4 * number), (_JEQ, 0, 2 * (len(words) - number) - 1, word)]
    return [*made, (_RET, 0, 0, MEMBERS)]
