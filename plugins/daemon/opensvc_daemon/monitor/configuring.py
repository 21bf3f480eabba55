"""Configuring: what node.conf and cluster.conf say, what the host has, who has a vote, and what else a node tells of itself."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from time import time
from typing import TYPE_CHECKING, Any, Final

from opensvc_core.api import Node, OpensvcError
from opensvc_daemon.beat.setup import keyring_of
from opensvc_daemon.clock import now
from opensvc_daemon.configured.settings import link_values, settings_of
from opensvc_daemon.monitor import host
from opensvc_daemon.monitor.knowledge import Peer, ServiceFile
from opensvc_daemon.monitor.writing import read_json
from opensvc_daemon.orchestration.view import Arbitrator

if TYPE_CHECKING:
    from opensvc_daemon.guards.arbitrators import ArbitratorPlace
    from opensvc_daemon.monitor.monitor import Monitor

AGENT: Final = "3.0.0"
# Seconds between looks at the host.
_HOST: Final = 30.0


class Configuring:
    """Of one monitor."""

    def __init__(self, monitor: Monitor) -> None:
        self._monitor, self._known = monitor, monitor.known
        self._voting: list[asyncio.Task[None]] = []
        self._since = time()

    def configure(self) -> None:
        """Take what the files say; where they are wrong, what they said before goes on."""
        monitor, known = self._monitor, self._known
        try:
            node = Node(monitor.node.paths.etc.parent if monitor.node.paths.bin else None, nodename=monitor.node.name)
            settings, intervals = settings_of(node), link_values(node, "interval")
            cluster, links = node.cluster, node.heartbeats()
            keyring, findings = keyring_of(cluster.secret, cluster.next_secret)
        except (OpensvcError, ValueError) as error:
            monitor.say(f"the configuration can't be used, the last one goes on: {error}", "ERROR")
            return
        for finding in findings if len(cluster.nodes) > 1 else ():
            monitor.say(finding, "WARNING")
        monitor.node = monitor.filing.files.node = node
        known.settings, known.cluster_name, known.cluster_id = settings, cluster.name, cluster.id or ""
        known.members = tuple(dict.fromkeys((*cluster.nodes, *cluster.drpnodes, node.name)))
        known.peers = {name: known.peers.get(name) or Peer(name, reach_since=now()) for name in known.members if name != node.name}
        monitor.interval = min(intervals, default=1.0)
        monitor.filing.replication.cluster = self._cluster_file(node)
        monitor.publishing.configure(keyring, links)
        self._guards(node)
        self._tell_node()

    async def reconfigure(self) -> None:
        """node.conf or cluster.conf is another one."""
        before = self._known.cluster_name
        self.configure()
        self._monitor.filing.files.forget()
        await self._monitor.filing.look_at_files()
        if self._known.cluster_name != before:
            await self._monitor.beating.begin_life()
        self._monitor.beating.send({"do": "configure"})
        if self._monitor.listener is not None:
            await self._monitor.listener.reconfigure()
            self.tell_threads(listener=self._monitor.listener.report)
        self._monitor.touch()

    def _cluster_file(self, node: Node) -> ServiceFile | None:
        file = node.paths.etc / "cluster.conf"
        try:
            if not file.exists():
                return None
            descent = node.store.settle(file)
        except (OpensvcError, OSError) as error:
            self._monitor.say(f"{file}: {error}", "WARNING")
            return None
        return ServiceFile({}, descent.digest, descent.generations, file.name)

    # -- guards

    def _guards(self, node: Node) -> None:
        """Who can be fenced, and who outside the cluster has a vote."""
        self._known.fenceable = frozenset()
        for task in self._voting:
            task.cancel()
        self._voting = []
        places: tuple[ArbitratorPlace, ...] = ()
        if node.has_fencing:
            from opensvc_daemon.guards.fencing import fenceable  # noqa: PLC0415 - where there is a way to fence

            self._known.fenceable = fenceable(node)
        if any(name.startswith("arbitrator#") for name in node.config.sections()):
            from opensvc_daemon.guards.arbitrators import arbitrators  # noqa: PLC0415 - where there is one

            places = arbitrators(node)
        before = {one.name: one.is_answering for one in self._known.arbitrators}
        self._known.arbitrators = tuple(Arbitrator(one.name, one.weight, before.get(one.name, False)) for one in places)
        for place in places:
            if place.finding:
                self._monitor.say(f"{place.name}: {place.finding}", "WARNING")
            else:
                self._voting.append(asyncio.create_task(self._ask(place), name=f"ask {place.name}"))

    async def _ask(self, place: ArbitratorPlace) -> None:
        """Ask for a vote, again and again: a node that is cut off has to know before its ready period is over."""
        from opensvc_daemon.guards.asking import vote  # noqa: PLC0415 - where there is an arbitrator

        executor = ThreadPoolExecutor(1, f"vote {place.name}")  # nobody else waits for a thread that a dead name server holds
        try:
            while True:
                is_answering = await vote(place, self._known.me, executor)
                for one in self._known.arbitrators:
                    if one.name == place.name and one.is_answering is not is_answering:
                        self._note_vote(one._replace(is_answering=is_answering))
                await asyncio.sleep(self._known.settings.ready_period / 2)
        finally:
            executor.shutdown(wait=False, cancel_futures=True)

    def _note_vote(self, changed: Arbitrator) -> None:
        self._known.arbitrators = tuple(changed if one.name == changed.name else one for one in self._known.arbitrators)
        self._monitor.say(f"{changed.name} {'answers' if changed.is_answering else 'does not answer'}")
        self._monitor.grow()

    # -- the node

    async def watch_host(self) -> None:
        """Look at the host now and then."""
        while True:
            await asyncio.sleep(_HOST)
            self.see_host()
            self._tell_node()

    def see_host(self) -> None:
        """How busy it is."""
        with suppress(OpensvcError):
            found = host.see()
            self._known.load, self._known.score, self._known.is_overloaded = found.load, found.score, found.is_overloaded
            self._known.facts |= found.as_data()
            self._monitor.grow()

    def _tell_node(self) -> None:
        """What else the node tells of itself."""
        restarts = read_json(self._monitor.node.paths.run / "restarts.json")
        daemon = {"pid": os.getpid(), "since": self._since, "restarts": restarts if isinstance(restarts, dict) else {}}
        labels = dict(self._monitor.node.config.items("labels"))
        self._known.facts |= {"agent": AGENT, "boot": self._monitor.boot, "labels": labels, "daemon": daemon}
        self.tell_threads(monitor={"state": "running", "detail": ""}, scheduler={"state": "running", "detail": ""})

    def tell_threads(self, **threads: Any) -> None:
        """How parts of the daemon are."""
        self._known.facts["threads"] = {**self._known.facts.get("threads", {}), **threads}
        self._monitor.grow()
