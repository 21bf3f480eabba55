"""Listening: what the programs heartc and its kin do."""

from __future__ import annotations

import fcntl
import mmap
import os
import socket
import struct
import syslog
import threading
from collections.abc import Mapping
from dataclasses import replace
from time import monotonic, time
from typing import Any

from opensvc_core.errors import ConfigError, OpensvcError
from opensvc_openha.accepting import Acceptance, Doubts
from opensvc_openha.background import log
from opensvc_openha.disks import open_disk, read_blocks
from opensvc_openha.files import Board
from opensvc_openha.keys import key_of
from opensvc_openha.layouts import BLOCK, Unreadable
from opensvc_openha.links import Framing, Kind, Link, framing
from opensvc_openha.liveness import Hearing, Liveness
from opensvc_openha.store import Store, boot

_SIOCGIFFLAGS, _IFF_UP = 0x8913, 1
# How often a disk is read, and how long a socket waits before the listener tells that it still looks; seconds.
LOOK = 0.5
# One that has not looked for so many seconds may have missed something; a disk may take its time.
_BREAK = 2.0
# A complaint about the same thing is repeated after so many seconds.
_AGAIN = 60.0


class Listener:
    """What the other node sends on one link."""

    def __init__(self, store: Store, link: Link, *, replaces: bool = False) -> None:
        found = framing(link, store.monitor().links)
        if found is None:
            raise ConfigError(f"no records have room on {link.device}", path=str(store.tree.monitor), line=link.line)
        self._link = link
        self._accept, self._may_be_theirs = Acceptance(link, found, key_of(link)), Doubts(link)
        self._manager = Board(store.tree.proc, "nmond")
        self._take = _FromDisk(link, found) if link.kind.is_disk else _FromNetwork(link)
        self.board = Board(store.tree.proc, link.board(listens=True)).hold(replaces=replaces)
        self._told: dict[str, Any] = {"pid": os.getpid(), "boot": boot()}
        self._hearing = Hearing(link.timeout, doubted=sign_left(self.board))
        self._was = Liveness.BLIND
        self._complained = ("", 0.0)

    def run(self, ended: threading.Event) -> None:
        """Listen until told to end. What can't be read any more is tried again; meanwhile the link is blind, and it listens anew then."""
        self._tell()
        while not ended.is_set():
            try:
                data = self._take(ended)
            except OSError as error:
                self._complain(str(error))
                self._hearing = replace(self._hearing, since=None)
                self._tell()
                ended.wait(LOOK)
                continue
            self._looked(monotonic())
            if data is not None:
                self._arrived(data)
            self._tell()

    def close(self) -> None:
        """Give all back."""
        self._take.close()
        self.board.release()

    def _looked(self, now: float) -> None:
        before = self._hearing
        is_unbroken = before.since is not None and before.looked is not None and now - before.looked < _BREAK
        self._hearing = replace(before, since=before.since if is_unbroken else now, looked=now)

    def _arrived(self, data: bytes) -> None:
        if self._may_be_theirs(data):
            self._hearing = replace(self._hearing, doubted=monotonic())
        manager = self._manager.left() or {}
        try:
            record, said, is_new = self._accept(data, bytes.fromhex(manager.get("incarnation", "")))
        except Unreadable as error:
            self._complain(f"a record was refused: {error}")
            return
        if is_new:
            self._hearing = replace(self._hearing, heard=monotonic())
            self._told |= {"updated": time(), "count": self._told.get("count", 0) + 1, "remote": record.pid, "said": said}
        # Whom to answer, even before it has proved that it lives.
        self._told["contact"] = said.get("incarnation", "")

    def _tell(self) -> None:
        hearing = self._hearing
        is_now = hearing.liveness(monotonic())
        if {is_now, self._was} == {Liveness.UP, Liveness.DOWN}:
            blank = " " if self._link.kind is Kind.DIO else ""
            log(syslog.LOG_WARNING, f"peer on {self._at()} {blank}{is_now.value} !")
        if is_now is not Liveness.BLIND:
            self._was = is_now
        try:
            moments = {"since": hearing.since, "looked": hearing.looked, "heard": hearing.heard, "doubted": hearing.doubted}
            self.board.tell({**self._told, **moments})
        except OSError as error:  # as on a full disk; the manager is blind until it can be noted again
            self._complain(f"what is heard can't be noted: {error}")

    def _at(self) -> str:
        return self._link.device if self._link.kind.is_disk else f"@ {self._link.address}"

    def _complain(self, text: str) -> None:
        before, when = self._complained
        if text != before or monotonic() - when > _AGAIN:
            self._complained = (text, monotonic())
            log(syslog.LOG_ERR, f"{self._link.where}: {text}")


def hearing_of(link: Link, told: Mapping[str, Any]) -> Hearing:
    """What its listener tells of a link."""
    return Hearing(link.timeout, told.get("since"), told.get("looked"), told.get("heard"), told.get("doubted"))


def sign_left(board: Board) -> float | None:
    """When a listener that has ended last had a sign of the peer, since this host was booted."""
    left = board.left() or {}
    return max((left[name] for name in ("heard", "doubted") if left.get(name)), default=None) if left.get("boot") == boot() else None


class _FromNetwork:
    """Datagrams to the port of a link; the interface may go and come back."""

    def __init__(self, link: Link) -> None:
        self._link = link
        try:
            self._open()
        except OSError as error:
            raise OpensvcError(f"{link.device}: {error.strerror or error}; 'ip link' tells the interfaces there are") from error

    def __call__(self, _: threading.Event) -> bytes | None:
        try:
            return self._socket.recv(65536)
        except TimeoutError:
            if not self._is_up():
                raise OSError(f"{self._link.device} is down: 'ip link set {self._link.device} up'") from None
            if socket.if_nametoindex(self._link.device) != self._index:  # it was made anew: memberships went with the old one
                former = self._socket
                self._open()
                former.close()
            return None

    def _is_up(self) -> bool:
        """Whether anything could be heard: an interface is set down on this host. Source: netdevice(7), SIOCGIFFLAGS."""
        asked = struct.pack("16sh14x", self._link.device.encode(), 0)
        return bool(struct.unpack_from("16sh", fcntl.ioctl(self._socket, _SIOCGIFFLAGS, asked))[1] & _IFF_UP)

    def _open(self) -> None:
        link = self._link
        index = socket.if_nametoindex(link.device)  # raises where there is none
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, link.device.encode())
            if link.kind is Kind.NET:
                membership = socket.inet_aton(link.address) + bytes(4) + index.to_bytes(4, "little")
                opened.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
            opened.bind(("", link.place))
            opened.settimeout(LOOK)
        except OSError:
            opened.close()
            raise
        self._socket, self._index = opened, index

    def close(self) -> None:
        self._socket.close()


class _FromDisk:
    """Blocks of a disk, read again and again."""

    def __init__(self, link: Link, frames: Framing) -> None:
        self._link, self._disk = link, open_disk(link, os.O_RDONLY)
        self._memory = mmap.mmap(-1, frames.blocks * BLOCK)
        self._nothing = bytes(len(self._memory))

    def __call__(self, ended: threading.Event) -> bytes | None:
        ended.wait(LOOK)
        data = read_blocks(self._disk, self._link, self._memory)
        return None if data == self._nothing else data

    def close(self) -> None:
        os.close(self._disk)
