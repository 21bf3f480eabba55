"""Mutations: new inputs made of old ones, by an order that a seed decides."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

# What the language is made of: whole pieces reach further than single bytes.
PIECES = (
    *(b"{", b"}", b"<", b">", b"$(", b")", b"[", b"]", b"#", b"@", b":", b"=", b"'", b'"', b"\\", b";", b",", b"`"),
    *(
        b"\n",
        b"\r\n",
        b"\n\t",
        b"\n  ",
        b"\n#",
        b"\n;",
        b"\n\n",
        b" # ",
        b" ; ",
        b"\xef\xbb\xbf",
        b"\x00",
        b"\xff",
        b"\xc3\xa9",
        b"\xe2\x80\xa8",
    ),
    *(
        b"[DEFAULT]\n",
        b"[env]\n",
        b"[fs#1]\n",
        b"[vg#0]\n",
        b"[subset#fs:a]\n",
        b"[hb#1]\n",
        b"type = ext4\n",
        b"dev = ",
        b"mnt = ",
        b"nodes = ",
    ),
    *(
        b"{env.a}",
        b"{fs#1.mnt}",
        b"{rid}",
        b"{#env.l}",
        b"{env.l[0]}",
        b"{upper:env.a}",
        b"<env.a>",
        b"{disk#1.exposed_devs[0]}",
        b"@nodes",
        b"@n1",
    ),
    *(b"$(1+1)", b"**", b"//", b" in ", b" not ", b" and ", b" or ", b"(", b"9999999999", b"1e400", b"0x", b"-1", b".5", b"None", b"True"),
)
LONGEST = 1 << 12


def mutate(inputs: Sequence[bytes], random: Random) -> bytes:
    """An input made of those that there are, at most `LONGEST` bytes."""
    data = random.choice(inputs)
    for _ in range(1 << random.randrange(5)):
        data = random.choice(_CHANGES)(data, inputs, random)
    return data[:LONGEST]


def _insert(data: bytes, _inputs: Sequence[bytes], random: Random) -> bytes:
    at = random.randint(0, len(data))
    return data[:at] + random.choice(PIECES) * random.choice((1, 1, 1, 2, 40)) + data[at:]


def _remove(data: bytes, _inputs: Sequence[bytes], random: Random) -> bytes:
    at = random.randint(0, len(data))
    return data[:at] + data[at + random.randint(1, 8) :]


def _flip(data: bytes, _inputs: Sequence[bytes], random: Random) -> bytes:
    at = random.randint(0, len(data))
    return data[:at] + bytes([random.randrange(256)]) + data[at + 1 :]


def _splice(data: bytes, inputs: Sequence[bytes], random: Random) -> bytes:
    other = random.choice(inputs)
    return data[: random.randint(0, len(data))] + other[random.randint(0, len(other)) :]


def _repeat(data: bytes, _inputs: Sequence[bytes], random: Random) -> bytes:
    at = random.randint(0, len(data))
    end = min(len(data), at + random.randint(1, 64))
    return data[:end] + data[at:end] * random.choice((1, 2, 8)) + data[end:]


_CHANGES = (_insert, _insert, _remove, _flip, _splice, _repeat)
