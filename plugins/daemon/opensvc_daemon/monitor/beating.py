"""Beating: the side of the monitor that faces beat: its lives, who is heard, links and leases."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from opensvc_daemon.clock import now
from opensvc_daemon.heartbeat.beat import incarnation_from
from opensvc_daemon.monitor.connections import Connection
from opensvc_daemon.monitor.hearing import ALIVE
from opensvc_daemon.monitor.knowledge import Json, LeaseTold
from opensvc_daemon.orchestration.view import Fencing, Lease, Reach

if TYPE_CHECKING:
    from opensvc_daemon.monitor.monitor import Monitor


class Beating:
    """Of one monitor. `links` is as beat tells it; `released`: the leases that were given back, and whose end is no surprise."""

    def __init__(self, monitor: Monitor) -> None:
        self._monitor, self._known = monitor, monitor.known
        path = monitor.node.paths.run / "beat.sock"
        self.connection = Connection(path, connected=self.begin_life, told=self._told, lost=self._lost)
        self.links: dict[str, Json] = {}
        self.released: set[str] = set()
        self._has_begun = False
        self._life = 0

    def send(self, message: Mapping[str, Any]) -> None:
        """Tell beat something; before a life has begun it is told nothing but that."""
        if self._has_begun:
            self.connection.send(message)

    async def begin_life(self) -> None:
        """A new life: beat's counters begin anew, so nothing of an older one may be believed."""
        incarnation, moment = incarnation_from(os.urandom(8)), now()
        self._life = incarnation
        self._has_begun = False
        self._monitor.hearing.forget()
        self.released.clear()  # what was not heard is ordered again
        self._known.awake_since = moment
        self._monitor.hearing.woke(moment)
        self._monitor.publishing.begin(incarnation)
        self.connection.send({"do": "begin", "incarnation": incarnation, "boot": self._monitor.boot})
        self._monitor.touch()

    def _lost(self) -> None:
        self._has_begun = False
        if not self._monitor.exit.done():
            self._monitor.say("beat has ended: it is waited for", "WARNING")

    def _told(self, message: Json) -> None:
        tell = message.get("tell")
        if tell == "begun":
            if message.get("incarnation") != self._life:
                return  # of a life before this one
            self._has_begun = True
            self._monitor.pulse()
        elif tell == "overtaken":
            self._monitor.start(self.begin_life(), "new life")
        elif tell == "log":
            level = str(message.get("level", "info")).upper()
            self._monitor.chronicle.say(str(message.get("service") or ""), str(message.get("text")), level)
        elif tell == "links":
            self._take_links(message.get("links") or {})
        elif tell == "leases":
            self._take_leases(message.get("leases") or {})
        elif tell == "peers" and self._has_begun:
            self._take_peers(message.get("peers") or {})

    def _take_peers(self, peers: Mapping[str, Mapping[str, Any]]) -> None:
        self._monitor.beats()
        before = {peer.name: (peer.incarnation, peer.merged, peer.links) for peer in self._known.peers.values()}
        self._monitor.hearing.told(peers)
        for peer in self._known.peers.values():
            if peer.incarnation != before[peer.name][0]:
                peer.fencing = Fencing.NONE
                self._monitor.publishing.believed(peer)
            if (peer.incarnation, peer.merged, peer.links) != before[peer.name]:
                self._monitor.touch()
        self._monitor.publishing.wake()
        self.hear()

    def hear(self) -> None:
        """Who is reached how, now."""
        for peer, before in self._monitor.hearing.refresh(now()):
            if peer.reach is Reach.BEATING:
                peer.fencing = Fencing.NONE
            if peer.reach in ALIVE:
                self._monitor.grow()  # nobody is to take it for gone any more
            ago = f", last heard {now() - peer.last_heard:.2f} s ago" if peer.last_heard and peer.reach is not Reach.BEATING else ""
            self._monitor.say_of(peer.name, f"{peer.name} is {peer.reach.value}{ago} (it was {before.value})")
            self._monitor.events.publish("peer", peer.name, "", {"reach": peer.reach.value, "before": before.value})
            self._monitor.publishing.wake()
            self._monitor.touch()

    def _take_links(self, links: Mapping[str, Json]) -> None:
        for name, link in links.items():
            if self.links.get(name, {}).get("state") != link.get("state"):
                self._monitor.events.publish("link", self._known.me, "", {"name": name, **link})
        self.links = dict(links)
        others = {name: thread for name, thread in self._known.facts.get("threads", {}).items() if not name.startswith("hb#")}
        self._known.facts["threads"] = {**others, **self.links}
        self._monitor.grow()

    def _take_leases(self, leases: Mapping[str, Mapping[str, Any]]) -> None:
        for service in {**self._known.leases, **leases}:
            told = leases.get(service) or {"state": "none"}  # beat knows nothing of it
            lease = Lease(told["state"])
            before = self._known.leases.get(service, LeaseTold())[0]
            self._known.leases[service] = LeaseTold(lease, float(told.get("since") or 0.0), float(told.get("wait") or 0.0))
            if lease is not before:
                self._lease_changed(service, before, lease)

    def _lease_changed(self, service: str, before: Lease, lease: Lease) -> None:
        monitor = self._monitor
        monitor.events.publish("lease", self._known.me, service, {"state": lease.value})
        monitor.chronicle.say(service, f"the lease is {lease.value}" if lease is not Lease.NONE else "the lease has ended")
        if before is Lease.HELD and service not in self.released and service in self._known.instances:
            # beat stops it: nobody is to start its resources again meanwhile
            monitor.change(service, expects_up=False)
            monitor.start(monitor.seeing.looked([service]), f"look at {service}")
        self.released.discard(service)
        monitor.touch()
