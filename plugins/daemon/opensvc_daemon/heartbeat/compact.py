"""A compact value: None, booleans, whole and broken numbers, text, bytes, and tuples of them, in as few bytes as is simple.

A byte says which of them it is. Whole numbers are zigzag varints (7 bits a byte, the sign in the lowest bit), lengths are varints. There is
one encoding for a value and one value for an encoding, so that nothing is read in two ways.
"""

from __future__ import annotations

import math
import struct
from typing import Final, TypeAlias

from opensvc_daemon.heartbeat.errors import Unreadable, Unsendable

Compact: TypeAlias = "bool | int | float | str | bytes | tuple[Compact, ...] | None"

DEEPEST: Final = 8
WIDEST: Final = 2**64 - 1
_NONE, _FALSE, _TRUE, _INT, _FLOAT, _TEXT, _BYTES, _TUPLE = range(8)
_CONSTANTS: Final[dict[int, Compact]] = {_NONE: None, _FALSE: False, _TRUE: True}
_VARINT_BYTES: Final = 10


def encoded(value: Compact) -> bytes:
    """The bytes of a value. Raises Unsendable for whole numbers beyond 64 bits and a sign, NaN, infinities, and tuples deeper than 8."""
    into = bytearray()
    _write(value, into, DEEPEST)
    return bytes(into)


def decoded(data: bytes) -> Compact:
    """The value of some bytes, all of them. Raises Unreadable."""
    value, end = _read(data, 0, DEEPEST)
    if end != len(data):
        raise Unreadable(f"{len(data) - end} bytes too many after a compact value")
    return value


def _write(value: Compact, into: bytearray, deepest: int) -> None:
    match value:
        case None | bool():
            into.append(_NONE if value is None else _TRUE if value else _FALSE)
        case int():
            into.append(_INT)
            _write_varint(_zigzag(value), into)
        case float():
            into.append(_FLOAT)
            into += _float(value)
        case str():
            _write_bytes(_TEXT, _utf8(value), into)
        case bytes():
            _write_bytes(_BYTES, value, into)
        case tuple():
            _write_tuple(value, into, deepest)
        case _:
            raise Unsendable(f"a {type(value).__name__} is no compact value")


def _write_tuple(values: tuple[Compact, ...], into: bytearray, deepest: int) -> None:
    if deepest == 0:
        raise Unsendable(f"a compact value is deeper than {DEEPEST}")
    into.append(_TUPLE)
    _write_varint(len(values), into)
    for value in values:
        _write(value, into, deepest - 1)


def _write_bytes(kind: int, data: bytes, into: bytearray) -> None:
    into.append(kind)
    _write_varint(len(data), into)
    into += data


def _write_varint(number: int, into: bytearray) -> None:
    while number > 0x7F:
        into.append(number & 0x7F | 0x80)
        number >>= 7
    into.append(number)


def _zigzag(number: int) -> int:
    if abs(number) > WIDEST:
        raise Unsendable(f"{number} has more than 64 bits")
    return number << 1 if number >= 0 else (-number << 1) - 1


def _float(number: float) -> bytes:
    if not math.isfinite(number):
        raise Unsendable(f"{number} is no number to send")
    return struct.pack(">d", number)


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise Unsendable(f"{text!r} is no text to send: {error.reason}") from error


def _read(data: bytes, start: int, deepest: int) -> tuple[Compact, int]:
    kind, start = _cut(data, start, 1)[0], start + 1
    if kind <= _TRUE:
        return _CONSTANTS[kind], start
    if kind == _FLOAT:
        return _finite(struct.unpack(">d", _cut(data, start, 8))[0]), start + 8
    number, start = _read_varint(data, start)
    if kind == _INT:
        return _unzigzag(number), start
    if kind == _TUPLE:
        return _read_tuple(data, start, number, deepest)
    if kind not in (_TEXT, _BYTES):
        raise Unreadable(f"a compact value of the unknown kind {kind}")
    content = _cut(data, start, number)
    return (_text(content) if kind == _TEXT else content), start + number


def _read_tuple(data: bytes, start: int, count: int, deepest: int) -> tuple[Compact, int]:
    if deepest == 0:
        raise Unreadable(f"a compact value is deeper than {DEEPEST}")
    values = []
    for _ in range(count):  # each takes a byte at least, so a false count ends at the end of the data
        value, start = _read(data, start, deepest - 1)
        values.append(value)
    return tuple(values), start


def _read_varint(data: bytes, start: int) -> tuple[int, int]:
    number = 0
    for place in range(_VARINT_BYTES):
        byte = _cut(data, start + place, 1)[0]
        number |= (byte & 0x7F) << (7 * place)
        if byte <= 0x7F:
            if byte == 0 and place:
                raise Unreadable("a number with a zero in front")
            return number, start + place + 1
    raise Unreadable("a number of more than 64 bits")


def _unzigzag(number: int) -> int:
    value = -(number + 1 >> 1) if number & 1 else number >> 1
    if abs(value) > WIDEST:
        raise Unreadable("a number of more than 64 bits")
    return value


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise Unreadable(f"{number} is no number")
    return number


def _text(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise Unreadable("a text that is not UTF-8") from error


def _cut(data: bytes, start: int, length: int) -> bytes:
    if start + length > len(data):
        raise Unreadable(f"cut short: {start + length} bytes are needed, {len(data)} are there")
    return data[start : start + length]
