"""The chronicle: what was seen, decided and done, as lines in the services' logs and the node's, and each decision in a record."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Final

from opensvc_core.api import Journal, Level, Node, OpensvcError
from opensvc_daemon.orchestration.orders import Decision, Order
from opensvc_daemon.orchestration.view import View
from opensvc_daemon.recording import NAME, Recording

# Waits that are as they should be: nobody looks for them in a log.
_QUIET = frozenset(
    {
        *("service.up", "action.running", "orchestrate.no", "placement.preferred", "self.state"),
        *("ready", "ready.unheard", "rejoin.waiting", "request.waiting"),
    }
)

# Decisions that wait to be written at most.
_MOST_WAITING: Final = 200


def of_request(id: str) -> str:  # noqa: A002 - the document's word
    """What a line ends with that is about a request; nothing without one."""
    return f" (request={id})" if id else ""


class Chronicle:
    """Lines are written by a thread of its own, in their order: a slow disk holds no decision up."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._said: dict[str, dict[tuple[str, ...], str]] = {}
        self._writer = ThreadPoolExecutor(1, "chronicle")
        self._waiting = 0
        self._record, self._last = Recording(node.paths.var / "node" / NAME), Decision(())

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
        said = self._said.setdefault(order.service or order.node, {})
        if said.get(order.rids) == _steady(order):
            return
        said[order.rids] = _steady(order)
        if any(reason.code not in _QUIET for reason in order.reasons):
            self.say(order.service, f"waits: {_why(order)}")

    def ordered(self, order: Order) -> None:
        """An order that is carried out."""
        self._said.pop(order.service or order.node, None)
        words = str(order).partition(": ")[2] if order.service else str(order)
        self.say(order.service, f"{words}: {_why(order)}{of_request(order.request)}")

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
