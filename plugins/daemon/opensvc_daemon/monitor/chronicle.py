"""The chronicle: what was seen, decided and done, as lines in the services' logs and the node's, and each decision in a record."""

from __future__ import annotations

import struct
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from opensvc_core.api import Journal, Level, Node, OpensvcError
from opensvc_daemon.orchestration.orders import Decision, Order
from opensvc_daemon.orchestration.record import Record
from opensvc_daemon.orchestration.view import View

# Waits that are as they should be: nobody looks for them in a log.
_QUIET = frozenset(
    {
        *("service.up", "action.running", "orchestrate.no", "placement.preferred", "self.state"),
        *("ready", "ready.unheard", "rejoin.waiting", "request.waiting"),
    }
)
RECORD_LIMIT = 1 << 20
_LENGTH = struct.Struct(">I")

# Decisions that wait to be written at most.
_MOST_WAITING: Final = 200


class Chronicle:
    """Lines are written by a thread of its own, in their order: a slow disk holds no decision up."""

    def __init__(self, node: Node) -> None:
        self._node, self._said = node, dict[str, str]()
        self._writer = ThreadPoolExecutor(1, "chronicle")
        self._waiting = 0
        self._record, self._last = _File(node.paths.var / "node" / "decisions"), Decision(())

    def say(self, service: str, text: str, level: str = "INFO") -> None:
        """A line of a service's log, or of the node's where that is empty."""
        self._writer.submit(self._write, service, text, level)

    def _write(self, service: str, text: str, level: str) -> None:
        with suppress(OpensvcError, OSError):  # where nothing can be written nothing can be said of it either
            self._journal(service).say(text, level=Level(level))

    def _journal(self, service: str) -> Journal:
        if service:
            return self._node.service(service).journal(_nobody)
        return Journal(self._node.paths.log / "node.log", _nobody, node=self._node.name, clock=self._node.clock)

    def waits(self, order: Order) -> None:
        """An order to do nothing: told when the reasons are other ones than before, and not as they should be."""
        key = order.service or order.node
        if self._said.get(key) == _steady(order):
            return
        self._said[key] = _steady(order)
        if any(reason.code not in _QUIET for reason in order.reasons):
            self.say(order.service, f"waits: {_why(order)}")

    def ordered(self, order: Order) -> None:
        """An order that is carried out."""
        self._said.pop(order.service or order.node, None)
        words = str(order).partition(": ")[2] if order.service else str(order)
        whose = f" (request={order.request})" if order.request else ""
        self.say(order.service, f"{words}: {_why(order)}{whose}")

    def note(self, view: View, now: float, decision: Decision) -> None:
        """Record a decision, unless it is the one before."""
        if decision.orders != self._last.orders:
            self._last = decision
            if self._waiting < _MOST_WAITING:  # a disk that hangs must not fill the memory
                self._waiting += 1
                self._writer.submit(self._record.note, view, now, decision).add_done_callback(self._noted)

    def _noted(self, _done: object) -> None:
        self._waiting -= 1

    def later(self, do: Callable[..., Any], *values: Any) -> Any:
        """Have the thread do something after what was said so far; a future of the standard library."""
        return self._writer.submit(do, *values)

    def end(self) -> None:
        """Write what is to be written."""
        self._writer.shutdown()


def _nobody(_event: object) -> None:
    """Who listens beside the file."""


def _why(order: Order) -> str:
    return "; ".join(map(str, order.reasons))


def _steady(order: Order) -> str:
    """What makes it another thing to say: the codes, and not the seconds in their texts."""
    return " ".join(f"{reason.code}@{reason.node}" for reason in order.reasons)


class _File:
    """The record on the disk: each entry after its length; of two files the older one is forgotten when the newer one is full."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def note(self, view: View, now: float, decision: Decision) -> None:
        record = Record(RECORD_LIMIT // 2)
        record.note(view, now, decision)
        with suppress(OSError):  # a full disk keeps nobody from deciding
            self._append(b"".join(_LENGTH.pack(len(entry)) + entry for entry in record.entries))

    def _append(self, data: bytes) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if self._path.exists() and self._path.stat().st_size + len(data) > RECORD_LIMIT // 2:
            self._path.replace(self._path.with_suffix(".before"))
        with self._path.open("ab") as file:
            file.write(data)


def read_record(folder: Path) -> Record:
    """The decisions that a node has recorded below `var/node`. Raises OSError."""
    record = Record(RECORD_LIMIT)
    for path in (folder / "decisions.before", folder / "decisions"):
        data = path.read_bytes() if path.exists() else b""
        while len(data) >= _LENGTH.size:
            end = _LENGTH.size + _LENGTH.unpack_from(data)[0]
            if end <= len(data):
                record.append(data[_LENGTH.size : end])
            data = data[end:]
    return record
