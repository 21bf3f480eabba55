"""Disks that records stand on."""

from __future__ import annotations

import mmap
import os

from opensvc_core.errors import OpensvcError
from opensvc_openha.layouts import BLOCK, LAYOUTS, Unreadable
from opensvc_openha.links import Kind, Link


def open_disk(link: Link, flags: int) -> int:
    """A descriptor past the caches; a line of the type `disk` may have a file that knows no such thing. Raises OpensvcError."""
    try:
        try:
            return os.open(link.device, flags | os.O_DIRECT | os.O_CLOEXEC)
        except OSError:
            if link.kind is not Kind.DISK:
                raise
            return os.open(link.device, flags | os.O_SYNC | os.O_CLOEXEC)
    except OSError as error:
        raise OpensvcError(
            f"{link.device} can't be opened ({error.strerror}): the monitor line names a disk that both nodes have"
        ) from error


def read_blocks(disk: int, link: Link, memory: mmap.mmap) -> bytes:
    """As many blocks as fit the memory. Raises OSError."""
    done = os.preadv(disk, [memory], link.place * BLOCK)
    if done != len(memory):
        raise OSError(f"{link.device} ends after {done} of {len(memory)} bytes of the record")
    return memory[:]


def check_writable(disk: int, link: Link, length: int) -> None:
    """Refuse to write over what is no heartbeat. Raises OpensvcError."""
    memory = mmap.mmap(-1, length)
    try:
        content = read_blocks(disk, link, memory)
    except OSError as error:
        raise OpensvcError(f"{error}; give another offset or a larger disk") from error
    if any(content) and not _is_record(content):
        where = f"of={link.device} bs={BLOCK} seek={link.place} count={length // BLOCK}"
        found = f"{link.device} holds data at offset {link.place} that is no heartbeat, and is left alone"
        raise OpensvcError(f"{found}: where it can go, 'dd if=/dev/zero {where}'")


def _is_record(content: bytes) -> bool:
    for layout in LAYOUTS.values():
        try:
            layout.decode(content)
        except Unreadable:
            continue
        return True
    return False
