"""Wishing: what people ask the cluster to do with a service, from the question to a request that all nodes know."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from opensvc_core.api import ActionRefused, NoSuchObject, UsageError
from opensvc_daemon.monitor.viewing import view_of
from opensvc_daemon.orchestration.reaching import follows
from opensvc_daemon.orchestration.requests import Request, Wish, latest
from opensvc_daemon.orchestration.view import Reach

if TYPE_CHECKING:
    from opensvc_daemon.monitor.monitor import Monitor

_TARGETED: Final = frozenset({Wish.SWITCH, Wish.TAKEOVER})
# What a service that is disabled, or whose file can't be read, may still be asked for.
_ALWAYS: Final = frozenset({Wish.ABORT, Wish.CLEAR, Wish.DELETE})


class Wishing:
    """Of one monitor."""

    def __init__(self, monitor: Monitor) -> None:
        self._monitor, self._known = monitor, monitor.known

    def known_of(self, service: str) -> Request | None:
        """The latest request that is known of a service."""
        theirs = (peer.instances[service].request for peer in self._known.peers.values() if service in peer.instances)
        mine = self._known.instances.get(service)
        return latest((mine.request if mine else None, *theirs))

    async def ask(self, service: str, wish: str, to: Sequence[str], *, origin: str, number: str = "") -> str:
        """Take a request on, and return its id. It is on the disk before anybody is told that it was taken.

        `number`: the id that it is to have. Raises NoSuchObject, UsageError, ActionRefused, Elsewhere.
        """
        if service not in self._known.seen_services():
            raise NoSuchObject(f"no service {service!r} in the cluster")
        wanted = _wish(wish)
        if service not in self._known.instances:
            self._refer(service)
        self._refuse(service, wanted, to)
        before = self.known_of(service)
        if before is not None and before.id == number:
            return number
        request = follows(Request(number or os.urandom(8).hex(), wanted, origin=self._known.me, to=tuple(to)), before)
        self._tell(service, request, before, origin)
        self._monitor.change(service, request=request)
        await asyncio.wrap_future(self._monitor.chronicle.later(lambda: None))
        return request.id

    def _tell(self, service: str, request: Request, before: Request | None, origin: str) -> None:
        words = " ".join([request.wish.value, *(["to", *request.to] if request.to else [])])
        self._monitor.chronicle.say(service, f"requested by {origin}: {words} (request={request.id})")
        if before is not None and before.is_active:
            self._monitor.chronicle.say(service, f"it replaces the request to {before.wish.value} (request={before.id})")

    async def abort_all(self) -> None:
        """Give up what is asked for of the services of this node."""
        for service in list(self._known.instances):
            found = self.known_of(service)
            if found is not None and found.is_active:
                await self.ask(service, Wish.ABORT.value, (), origin=self._known.me)

    def _refer(self, service: str) -> None:
        """Only who has an instance can carry a request."""
        from opensvc_daemon.listener.served import Elsewhere  # noqa: PLC0415 - a node without the service

        able = [peer.name for peer in self._known.peers.values() if service in peer.instances and peer.reach is Reach.BEATING]
        if not able:
            raise ActionRefused(f"{service} has no instance here, and no node that has one is heard")
        raise Elsewhere(f"{service} has no instance here", able)

    def _refuse(self, service: str, wish: Wish, to: Sequence[str]) -> None:
        view = view_of(self._known).services[service]
        if view.is_disabled and wish not in _ALWAYS:
            error = self._known.files[service].error if service in self._known.files else ""
            raise ActionRefused(f"{service}: {error or 'the service is disabled'}")
        if wish in _TARGETED and not to:
            raise UsageError(f"{wish.value} needs the node to go to: --to NODE")
        for node in to:
            if node not in view.nodes:
                raise ActionRefused(f"{node} is not among the nodes of {service} ({' '.join(view.nodes)})")
        if wish in _TARGETED and view.is_failover and len(to) > 1:
            raise UsageError(f"{service} runs on one node at a time: name one")


def _wish(word: str) -> Wish:
    try:
        return Wish(word)
    except ValueError:
        raise UsageError(f"no request {word!r}; requests are {', '.join(one.value for one in Wish)}") from None
