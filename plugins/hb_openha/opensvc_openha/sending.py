"""Sending: what the programs heartd and its kin do, once a second."""

from __future__ import annotations

import mmap
import os
import socket
import syslog
import threading
from time import monotonic, monotonic_ns, time

from opensvc_core.errors import ConfigError, OpensvcError
from opensvc_openha.background import log
from opensvc_openha.disks import check_writable, open_disk
from opensvc_openha.files import Board
from opensvc_openha.keys import key_of
from opensvc_openha.layouts import BLOCK, EARLIEST, Entry, Record, Unwritable
from opensvc_openha.links import Framing, Kind, Link, framing
from opensvc_openha.states import State
from opensvc_openha.store import Store
from opensvc_openha.trailer import Trailer, append, slots

INTERVAL = 1.0
_TTL = 6
# Seconds by which records may be ahead of the clock; more, and it was put back.
_AHEAD = 10


class Sender:
    """The heartbeats of this node on one link."""

    def __init__(self, store: Store, link: Link, node: str, *, replaces: bool = False) -> None:
        found = framing(link, store.monitor().links)
        if found is None:
            raise ConfigError(f"no records have room on {link.device}", path=str(store.tree.monitor), line=link.line)
        self._store, self._link, self._node, self._frames = store, link, node, found
        self._key = key_of(link)
        self._manager = Board(store.tree.proc, "nmond")
        self._put = _ToDisk(link, found) if link.kind.is_disk else _ToNetwork(link)
        self.board = Board(store.tree.proc, link.board(listens=False)).hold(replaces=replaces)
        self._elapsed = self._elapsed_left()

    def run(self, ended: threading.Event) -> None:
        """Send until told to end."""
        log(syslog.LOG_INFO, f"{self._link.where}: {self._frames}")
        self._tell()  # what stands there is of a former one, whose number another process may have by now
        due = monotonic()
        while not ended.wait(max(0.0, due - monotonic())):
            due = max(due + INTERVAL, monotonic())
            try:
                self._put(self.record())
            except (OSError, OpensvcError, Unwritable) as error:
                log(syslog.LOG_ERR, f"{self._link.where}: heartbeat not sent: {error}")
                continue
            self._tell(sent=monotonic(), updated=time())

    def _tell(self, **moments: float) -> None:
        try:
            self.board.tell({"pid": os.getpid(), "elapsed": self._elapsed, **moments})
        except OSError as error:  # a full disk is no reason to fall silent: the peer would take the services over
            log(syslog.LOG_ERR, f"{self._link.where}: {self.board.file} can't be written: {error}")

    def close(self) -> None:
        """Give all back."""
        self._put.close()
        self.board.release()

    def record(self) -> bytes:
        """The next one. What the manager tells is read before the states, so that these are at least as new."""
        manager = self._manager.left() or {}
        services = self._store.services().of(self._node)
        entries = tuple(Entry(service.name, self._state(service.name)) for service in services)
        # A clock that is put back must not look like a record that stands still.
        self._elapsed = max(int(time()), self._elapsed + 1, EARLIEST)
        record = Record(
            self._node,
            entries,
            *(self._elapsed, os.getpid(), int(bool(entries)) if self._link.kind.is_disk else 1),
            port="" if self._link.kind.is_disk else str(self._link.place),
            address=self._link.address,
            hostid=_hostid(),
        )
        data = self._frames.layout.encode(record)
        if not self._frames.has_trailer:
            return data
        said = Trailer(
            bytes.fromhex(manager.get("incarnation", "")) or bytes(8),
            *(monotonic_ns(), manager.get("round", 0)),
            *(bytes.fromhex(manager.get("echo", "")) or bytes(8), manager.get("echo_round", 0)),
            slots([entry.service for entry in entries], manager.get("ran_here", ())),
        )
        return append(data, said, self._key)

    def _elapsed_left(self) -> int:
        """The moment of the last record that a former sender sent: the next one has to be later, also within the same second."""
        left = (self.board.left() or {}).get("elapsed", 0)
        return left if left - time() < _AHEAD else 0

    def _state(self, service: str) -> State:
        found = self._store.state(service, self._node)
        # Nobody knows what runs here: of all states this one keeps every peer from starting.
        return State.STOP_FAILED if found is None else found


class _ToNetwork:
    """Datagrams to a group or an address; the interface may go and come back."""

    def __init__(self, link: Link) -> None:
        self._link, self._index = link, 0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._follow()
        except OSError as error:
            self.close()
            raise OpensvcError(f"{link.device}: {error.strerror or error}; 'ip link' tells the interfaces there are") from error

    def __call__(self, data: bytes) -> None:
        self._follow()
        self._socket.sendto(data, (self._link.address, self._link.place))

    def _follow(self) -> None:
        """Send by the interface that has the name now: one that was made anew is another."""
        index = socket.if_nametoindex(self._link.device)  # raises where there is none
        if index != self._index and self._link.kind is Kind.NET:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, self._link.device.encode())
            self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, _TTL)
            self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, bytes(8) + index.to_bytes(4, "little"))
        self._index = index

    def close(self) -> None:
        self._socket.close()


class _ToDisk:
    """Blocks of a disk, written at once."""

    def __init__(self, link: Link, frames: Framing) -> None:
        self._link, length = link, frames.blocks * BLOCK
        self._memory = mmap.mmap(-1, length)  # aligned, as O_DIRECT asks for
        self._disk = open_disk(link, os.O_RDWR)
        try:
            check_writable(self._disk, link, length)
        except OpensvcError:
            self.close()
            raise

    def __call__(self, data: bytes) -> None:
        self._memory[:] = data.ljust(len(self._memory), b"\0")
        if os.pwritev(self._disk, [self._memory], self._link.place * BLOCK) != len(self._memory):
            raise OSError(f"{self._link.device} is too small")

    def close(self) -> None:
        os.close(self._disk)


def _hostid() -> int:
    # What gethostid(3) makes of an address is of no use to anybody; receivers ignore it.
    return 0
