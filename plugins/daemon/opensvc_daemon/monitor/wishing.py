"""Wishing: what people ask the cluster to do with a service, from the question to a request that all nodes know."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Final

from opensvc_core.api import ActionRefused, NoSuchObject, UsageError
from opensvc_daemon.monitor.telling import PROTOCOL, protocol_of
from opensvc_daemon.monitor.viewing import view_of
from opensvc_daemon.orchestration.reaching import follows
from opensvc_daemon.orchestration.requests import Progress, Request, Wish, latest
from opensvc_daemon.orchestration.view import Reach

if TYPE_CHECKING:
    from opensvc_daemon.monitor.monitor import Monitor

_TARGETED: Final = frozenset({Wish.SWITCH, Wish.TAKEOVER})
# What a service that is disabled, or whose file can't be read, may still be asked for.
_ALWAYS: Final = frozenset({Wish.ABORT, Wish.CLEAR, Wish.DELETE})
_STARTING: Final = frozenset({Wish.START, Wish.SWITCH, Wish.TAKEOVER, Wish.GIVEBACK})
# What a person asks for of a frozen service all the same; a start thaws it itself.
_THAWING: Final = frozenset({Wish.SWITCH, Wish.TAKEOVER, Wish.GIVEBACK, Wish.PROVISION})
_HEARD: Final = frozenset({Reach.BEATING, Reach.HEARD})
# Seconds that a thaw may take before what was asked for is begun.
_PATIENCE: Final = 10.0


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
        before = self.known_of(service)
        if before is not None and before.id == number:
            return number
        to = to or self._chosen(service, wanted)
        self._refuse(service, wanted, to)
        await self._refuse_unprovisioned(service, wanted, to)
        if service not in self._known.instances:
            raise NoSuchObject(f"the service {service!r} has gone meanwhile")
        before = self.known_of(service)
        if wanted in _THAWING and self._is_frozen(service):
            await self._thaw(service, origin)
            before = self.known_of(service)
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

    def _chosen(self, service: str, wish: Wish) -> Sequence[str]:
        """Where a request goes that names no node: a takeover comes here, a switch goes elsewhere. Raises ActionRefused, UsageError."""
        if wish is Wish.TAKEOVER and service in self._known.instances:
            return (self._known.me,)
        if wish is not Wish.SWITCH:
            return ()
        view = view_of(self._known)
        found = view.services[service]
        able = [
            node for node in found.nodes if self._is_heard(node) and node in found.instances and not found.instances[node].may_be_active
        ]
        if not able:
            raise ActionRefused(f"{service}: there is no node to switch to: no other of its nodes answers and has it down")
        return sorted(able, key=lambda node: view.nodes[node].is_frozen)[:1]

    def _is_heard(self, node: str) -> bool:
        return node == self._known.me or (node in self._known.peers and self._known.peers[node].reach in _HEARD)

    async def _refuse_unprovisioned(self, service: str, wish: Wish, to: Sequence[str]) -> None:
        """What is not made yet can't be started; it would be waited for, without an end. Raises ActionRefused."""
        if wish not in _STARTING or not self._unprovisioned(service, to):
            return
        await self._monitor.seeing.looked([service])  # it may just have been made
        if nodes := self._unprovisioned(service, to):
            raise ActionRefused(
                f"{service} is not provisioned on {', '.join(nodes)}: 'om {service} provision' makes what it needs; where nothing is to "
                f"be made, 'om {service} set provisioned' on the node says so"
            )

    def _unprovisioned(self, service: str, to: Sequence[str]) -> list[str]:
        """The nodes on which it would have to be, where it is not on one of them; none where there is one."""
        view = view_of(self._known).services[service]
        found = view.instances
        wanted = [node for node in to or view.nodes if node in found and self._is_heard(node)]
        return [] if any(found[node].is_provisioned for node in wanted) else wanted

    def _is_frozen(self, service: str) -> bool:
        return any(one.is_frozen for node, one in view_of(self._known).services[service].instances.items() if self._is_heard(node))

    async def _thaw(self, service: str, origin: str) -> None:
        """What a person asks for is not refused because the service was frozen: it ends thawed."""
        async with aclosing(self._monitor.events.subscribe(kinds=("request",), services=(service,))) as events:
            number = await self.ask(service, Wish.THAW.value, (), origin=origin)
            if number in self._monitor.ended:  # before the first event is waited for none is kept
                return
            with suppress(TimeoutError):  # the request itself tells what is frozen
                async with asyncio.timeout(_PATIENCE):
                    async for event in events:
                        if event["data"].get("id") == number and event["data"].get("progress") != Progress.ACTIVE.value:
                            return

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
            if not self._is_heard(node):
                raise ActionRefused(f"{service} can't go to {node}: it does not answer ('om mon')")
            if (theirs := self._protocol(node)) != PROTOCOL:
                raise ActionRefused(
                    f"{service} can't go to {node}: it runs daemon protocol {theirs}, this node {PROTOCOL}; upgrade the older one first: "
                    "'om daemon restart --upgrade' leaves services where they are"
                )
        if wish in _TARGETED and view.is_failover and len(to) > 1:
            raise UsageError(f"{service} runs on one node at a time: name one")

    def _protocol(self, node: str) -> int:
        """What the daemon of a node speaks; of one that has not told it yet, what this one does."""
        peer = self._known.peers.get(node)
        return protocol_of(peer.node) if peer is not None else PROTOCOL


def _wish(word: str) -> Wish:
    try:
        return Wish(word)
    except ValueError:
        raise UsageError(f"no request {word!r}; requests are {', '.join(one.value for one in Wish)}") from None
