"""Serving: the monitor as the listener sees it."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from opensvc_core.api import ActionRefused, NoSuchObject, OpensvcError, UsageError
from opensvc_daemon.clock import now
from opensvc_daemon.monitor.chronicle import of_request
from opensvc_daemon.monitor.document import Moment, document, reasons_of
from opensvc_daemon.monitor.ending import WAYS
from opensvc_daemon.monitor.telling import request_json
from opensvc_daemon.monitor.viewing import view_of
from opensvc_daemon.orchestration.explain import explain
from opensvc_daemon.orchestration.requests import Wish
from opensvc_daemon.orchestration.view import Reach

if TYPE_CHECKING:
    from opensvc_daemon.listener.served import Happenings
    from opensvc_daemon.monitor.monitor import Monitor

NODE_ORDERS = ("freeze", "thaw", "drain", "undrain", "clear", "abort", "shutdown", "confirm-down")
_TARGETED = frozenset({Wish.SWITCH, Wish.TAKEOVER})


class Serving:
    """Of one monitor; see `opensvc_daemon.listener.served.Served`."""

    def __init__(self, monitor: Monitor) -> None:
        self._monitor, self._known = monitor, monitor.known

    @property
    def events(self) -> Happenings:
        return self._monitor.events

    # -- to see

    def document(self) -> Mapping[str, Any]:
        self._monitor.beats()
        return document(Moment(self._known, view_of(self._known), now(), self._monitor.said))

    def explain(self, service: str) -> Mapping[str, Any]:
        view = view_of(self._known)
        if service not in view.services:
            raise NoSuchObject(f"no service {service!r} in the cluster")
        found = explain(view, now(), service)
        excluded = [{"code": one.code, "node": one.node, "text": str(one)} for one in found.excluded]
        return {"reasons": [*excluded, *(one for one in reasons_of(found.orders) if one not in excluded)], **found.as_data()}

    def counters(self) -> Mapping[str, int | Mapping[str, int]]:
        return self._monitor.counted

    def request(self, id: str) -> Mapping[str, Any] | None:  # noqa: A002 - the document's word
        for service in self._known.seen_services():
            found = self._monitor.wishing.known_of(service)
            if found is not None and found.id == id:
                return {**(request_json(found) or {}), "service": service}
        if id in self._monitor.ended:
            service, ended = self._monitor.ended[id]
            return {**(request_json(ended) or {}), "service": service}
        return None

    # -- to ask for

    async def ask(self, service: str, wish: str, to: Sequence[str], origin: str, id: str = "") -> Mapping[str, Any]:  # noqa: A002 - the document's word
        return {"id": await self._monitor.wishing.ask(service, wish, to, origin=origin, number=id)}

    async def ask_node(self, what: str, node: str, id: str = "") -> Mapping[str, Any]:  # noqa: A002 - the document's word
        if what not in NODE_ORDERS:
            raise UsageError(f"no order {what!r} for a node; orders are {', '.join(NODE_ORDERS)}")
        if node and node not in self._known.members:
            raise NoSuchObject(f"{node} is no member of the cluster ({' '.join(self._known.members)})")
        if what == "confirm-down":
            await self.confirm_down(node, id)
        elif node in ("", self._known.me):
            await self._monitor.ending.order_node(what, self._known.me, id)
        elif self._known.peers[node].reach is not Reach.BEATING:
            raise ActionRefused(f"{node} does not answer ({self._known.peers[node].reach.value}): nothing can be ordered there now")
        else:
            self._monitor.say(f"{what} of {node} is asked for{of_request(id)}")
            await self._monitor.ordering.order(self._known.peers[node], what, id)
        return {"node": node or self._known.me, "do": what}

    async def confirm_down(self, node: str, id: str = "") -> None:  # noqa: A002 - the document's word
        """A person knows that a silent member runs nothing. Raises ActionRefused where it is heard, NoSuchObject."""
        peer = self._known.peers.get(node)
        if peer is None:
            raise NoSuchObject(f"{node} is no other member of the cluster ({' '.join(self._known.members)})")
        if peer.reach in (Reach.BEATING, Reach.HEARD):
            raise ActionRefused(f"{node} is heard: it is not down")
        peer.confirmed = peer.incarnation
        self._monitor.say_of(node, f"{node} is down: a person confirmed it{of_request(id)}")
        self._monitor.grow()

    async def stop_daemon(self, kind: str) -> None:
        if kind not in WAYS:
            raise UsageError(f"no way to stop the daemon is called {kind!r}: {', '.join(WAYS)}")
        await self._monitor.ending.stop(kind)

    async def link(self, name: str, *, run: bool) -> None:
        if name not in self._monitor.beating.links:
            raise NoSuchObject(
                f"no direction of a heartbeat is called {name!r}: {' '.join(sorted(self._monitor.beating.links)) or 'there are none'}"
            )
        self._monitor.beating.send({"do": "link", "name": name, "run": run})

    async def refresh(self, services: Sequence[str] | None) -> None:
        for service in services or ():
            if service not in self._known.instances:
                raise NoSuchObject(f"no instance of {service!r} here")
        await self._monitor.seeing.looked(services)

    # -- files

    def config_of(self, service: str) -> tuple[str, Mapping[str, int]]:
        node = self._monitor.node
        file = node.service(service).file
        return node.store.text(file), dict(node.store.descent(file).generations)

    async def take_config(self, service: str, text: str, *, replaces: str | None) -> Mapping[str, int]:
        found = await asyncio.to_thread(self._take_config, service, text, replaces)
        await self._monitor.filing.look_at_files()
        return found

    def _take_config(self, service: str, text: str, replaces: str | None) -> Mapping[str, int]:
        node = self._monitor.node
        subject = node.service(service)
        if not node.store.exists(subject.path):
            if replaces:
                raise ActionRefused(f"{service} is not there any more: the text was made from one that was deleted")
            node.create(service, text)
        else:
            known = node.store.text(subject.file)
            if replaces is not None and hashlib.sha256(known.encode()).hexdigest() != replaces:
                raise ActionRefused(f"{subject.file} was changed by someone else meanwhile; nothing is written")
            document_ = node.store.parsed(text, subject.file)
            if document_ is None:
                node.store.read(subject.file)
                raise OpensvcError(f"{service}: the text is none of a service's file")
            subject.replace(known, document_)
        return dict(node.store.settle(subject.file).generations)

    async def configuration_changed(self) -> None:
        await self._monitor.configuring.reconfigure()
