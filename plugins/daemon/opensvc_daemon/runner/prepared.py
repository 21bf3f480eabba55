"""Prepared starts: children that have all they need, look meanwhile for others who use it, and begin when they are told to."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from opensvc_core.api import Ahead, Node, OpensvcError, Request, Service
from opensvc_daemon.channel import Channel
from opensvc_daemon.clock import now
from opensvc_daemon.runner.acting import Order, act, interruptible
from opensvc_daemon.runner.crew import Crew, Member, Work

# Seconds: between two looks of one that waits, for how long a look is worth something, and after which it looks no more.
_AGAIN: Final = 1.0
_FRESH: Final = 3.0
_LONGEST: Final = 60.0
# Where a node with many services has crashed no more are started at once, by default.
MOST: Final = 10
# Seconds between what a look took and its end.
_MARGIN: Final = 0.02


class Prepared:
    """The children that wait, one for each service at most."""

    def __init__(self, crew: Crew, make_node: Callable[[], Node]) -> None:
        self._crew, self._make_node = crew, make_node
        self._waiting: dict[str, tuple[Member, Order]] = {}

    def prepare(self, order: Order) -> None:
        """Have a child wait for this; `due`: when it is to have looked, by our own clock. One that waits for the same goes on.

        Where none can be made, or many wait, the start takes longer.
        """
        waiting = self._waiting.get(order.service)
        if waiting is not None and waiting[1] == order:
            return
        self.call_off(order.service)
        if len(self._waiting) >= MOST:
            return
        with suppress(OSError):
            member = self._crew.fork(waiting_to_act(self._make_node, order), lambda _code: self._ended(order.service, member))
            self._waiting[order.service] = (member, order)

    def end(self) -> None:
        """Who would give the word has gone: none of them is to begin."""
        for service in list(self._waiting):
            self.call_off(service)

    def call_off(self, service: str) -> None:
        """It is not to begin any more."""
        member, _ = self._waiting.pop(service, (None, None))
        if member is not None:
            member.channel.close()

    def take(self, message: Mapping[str, Any], ended: Callable[[Member, int], None]) -> Member | None:
        """Have the one begin that was prepared for this; None: there is none, or another start is meant."""
        member, order = self._waiting.pop(str(message["service"]), (None, None))
        if member is None or order is None:
            return None
        wanted = Order.read(message)
        if (wanted.action, wanted.rids) == (order.action, order.rids):
            with suppress(ConnectionError):
                member.channel.send(message)
                member.ended = lambda code: ended(member, code)
                return member
        member.channel.close()
        return None

    def _ended(self, service: str, member: Member) -> None:
        if self._waiting.get(service, (None,))[0] is member:
            del self._waiting[service]


def waiting_to_act(make_node: Callable[[], Node], prepared: Order) -> Work:
    """What such a child does: it looks ahead where there is time for it, waits for the word, and acts."""

    def work(channel: Channel) -> int:
        known = frozenset(sys.modules)
        interruptible()
        watch = _Watch(make_node().service(prepared.service), prepared)
        watch.begin()
        message = channel.receive()
        watch.end()
        if message is None:
            return 0
        order = Order.read(message)
        os.environ.update(order.environment)
        ahead = None if order.is_handed_over else watch.found()
        return act(make_node().service(order.service), order._replace(ahead=ahead), channel, known, threads=3)

    return work


class _Watch:
    """Looks ahead again and again, in a thread of its own, until the start begins; at the least it has then loaded what that needs."""

    def __init__(self, service: Service, order: Order) -> None:
        self._service, self._order = service, order
        self._thread = threading.Thread(target=self._look, daemon=True, name="look ahead")
        self._is_over = threading.Event()
        self._found: tuple[Ahead, float] | None = None

    def begin(self) -> None:
        self._thread.start()

    def end(self) -> None:
        """Begin no other look."""
        self._is_over.set()

    def found(self) -> Ahead | None:
        """What was found last, where that was now; a look that is under way is waited for. None: nothing of use."""
        found = self._found
        if found is None or now() - found[1] > _FRESH:
            self._thread.join()
            found = self._found
        return found[0] if found is not None and now() - found[1] <= _FRESH else None

    def _look(self) -> None:
        due, until = self._order.due or now(), now() + _LONGEST
        while not self._is_over.is_set() and now() < until:
            patience = min(self._order.patience or 0.0, max(due - now() - _MARGIN, 0.0))
            self._found = self._looked(self._order._replace(due=None, patience=patience).as_request())
            due = float("inf")
            if self._order.is_handed_over or self._is_over.wait(_AGAIN):
                return

    def _looked(self, request: Request) -> tuple[Ahead, float] | None:
        """What is to be seen now; None: nothing, as the start will say as well. Where nobody is asked nothing is found."""
        with suppress(OpensvcError, OSError):
            ahead = self._service.look_ahead(request)
            return None if request.is_handed_over else (ahead, now())
        return None
