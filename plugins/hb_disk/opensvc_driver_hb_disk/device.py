"""The device: pages read and written past all caches, and the slot that this node has on it."""

from __future__ import annotations

import mmap
import os
import stat
from collections.abc import Callable
from time import monotonic
from typing import Final, Self

from opensvc_driver_hb_disk.pages import (
    CLAIM,
    FIRST_SLOT,
    MESSAGE,
    PAGE,
    SLOT,
    Page,
    Unreadable,
    claim_of,
    disk_of,
    said,
)
from opensvc_driver_hb_disk.signatures import LOOKED_AT, signature

# How long a node that claims a slot waits for others that claim it too, in seconds; it must have written within half of that.
_CONTEST: Final = 1.0
_ATTEMPTS: Final = 10


class Device:
    """An open disk of a cluster's heartbeats. Reads and writes may last as long as the hardware lets them.

    Raises OSError wherever the disk can't be used, with what to do.
    """

    def __init__(self, path: str, name: str, cluster: str, *, writer: bytes = b"") -> None:
        self.path, self._name, self._writer = path, name, writer
        self._file = open_disk(path)
        self._memory = mmap.mmap(-1, SLOT)  # aligned, as O_DIRECT asks for
        try:
            self._slots = self._admitted(cluster)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give it back."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
            self._memory.close()

    # -- slots

    def claims(self) -> dict[str, int]:
        """The slot of each node that has one; the lowest, should it have two."""
        pages = self._read(PAGE, self._slots * PAGE)
        found: dict[str, int] = {}
        for slot in range(self._slots):
            node = claim_of(pages[slot * PAGE : (slot + 1) * PAGE])
            if node:
                found.setdefault(node, slot)
        return found

    def has(self, node: str, slot: int) -> bool:
        """Whether a slot is still a node's."""
        return claim_of(self._read((1 + slot) * PAGE, PAGE)) == node

    def claimed(self, node: str, wait: Callable[[float], object]) -> int:
        """The slot of this node, claimed where it has none.

        Two nodes may find the same slot free: who writes last has it, and each looks again after a time in which the other must have
        written. Who was slow to write does not count on it. Source of the method: Fischer's mutual exclusion, in Lamport,
        "A fast mutual exclusion algorithm", 1987.
        """
        for _ in range(_ATTEMPTS):
            begun = monotonic()
            known = self.claims()
            if node in known:
                return known[node]
            free = next((slot for slot in range(self._slots) if slot not in known.values()), None)
            if free is None:
                raise OSError(f"{self.path}: all {self._slots} slots are taken, by {', '.join(known)}: 'om node prepare {self._name}' anew")
            self._write((1 + free) * PAGE, Page(CLAIM, self._writer, 1, said(node=node)).encoded())
            is_quick = monotonic() - begun < _CONTEST / 2
            wait(_CONTEST)
            if is_quick and self.has(node, free):
                return free
        raise OSError(f"{self.path}: no slot could be claimed; is the disk very slow?")

    def page(self, slot: int, place: int) -> bytes:
        """A page of a slot."""
        return self._read(FIRST_SLOT + slot * SLOT + place * PAGE, PAGE)

    def write(self, slot: int, place: int, page: Page) -> None:
        """Write a page of a slot."""
        self._write(FIRST_SLOT + slot * SLOT + place * PAGE, page.encoded())

    def message(self, slot: int, length: int) -> bytes:
        """The message of data that stands in a slot."""
        return self._read(FIRST_SLOT + slot * SLOT + MESSAGE * PAGE, _rounded(length))[:length]

    def write_message(self, slot: int, message: bytes) -> None:
        """Write a message of data; its head is written after it."""
        self._write(FIRST_SLOT + slot * SLOT + MESSAGE * PAGE, message.ljust(_rounded(len(message)), b"\0"))

    # -- bytes

    def _admitted(self, cluster: str) -> int:
        """How many slots it has. Raises OSError: it is not of this cluster's heartbeats."""
        first = self._read(0, LOOKED_AT)
        try:
            owner, slots = disk_of(first[:PAGE])
        except Unreadable as error:
            raise OSError(f"{self.path} {_not_ours(first, self.path, self._name)}") from error
        if owner != cluster:
            raise OSError(f"{self.path} is for the heartbeats of the cluster {owner!r}, this one is {cluster!r}: give another 'dev'")
        return slots

    def _read(self, offset: int, length: int) -> bytes:
        with memoryview(self._memory) as memory, memory[:length] as part:
            try:
                done = os.preadv(self._file, [part], offset)
            except OSError as error:
                raise OSError(f"{self.path} can't be read ({error.strerror})") from error
            if done != length:
                raise OSError(f"{self.path}: only {done} of {length} bytes could be read; did it become smaller?")
            return bytes(part)

    def _write(self, offset: int, content: bytes) -> None:
        with memoryview(self._memory) as memory, memory[: len(content)] as part:
            part[:] = content
            try:
                done = os.pwritev(self._file, [part], offset)
            except OSError as error:
                raise OSError(f"{self.path} can't be written ({error.strerror})") from error
        if done != len(content):
            raise OSError(f"{self.path}: only {done} of {len(content)} bytes could be written")


def open_disk(path: str, flags: int = 0) -> int:
    """A descriptor of a block device past the caches. Raises OSError."""
    try:
        is_disk = stat.S_ISBLK(os.stat(path).st_mode)  # noqa: PTH116 - nothing else of pathlib is needed here
        if is_disk:
            return os.open(path, os.O_RDWR | os.O_DIRECT | os.O_CLOEXEC | flags)
    except OSError as error:
        raise OSError(f"{path} can't be opened ({error.strerror})") from error
    raise OSError(f"{path} is no block device; 'dev' names a disk that all nodes have")


def _not_ours(first: bytes, path: str, name: str) -> str:
    found = signature(first)
    if not found:
        return f"is not prepared for heartbeats: 'om node prepare {name}' on one of the nodes does that"
    way = f"give another 'dev', or where it can go 'wipefs --all {path}', then 'om node prepare {name}' on one of the nodes"
    return f"holds {found} and is left alone: {way}"


def _rounded(length: int) -> int:
    return -(-length // PAGE) * PAGE
