"""Merging: the side of the monitor that faces the peers' data: what they say of themselves, and what they ask for."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from opensvc_core.api import Descent, OpensvcError
from opensvc_daemon.clock import now
from opensvc_daemon.monitor import telling
from opensvc_daemon.monitor.deleted import told_by
from opensvc_daemon.monitor.knowledge import Json, Peer
from opensvc_daemon.monitor.replication import CLUSTER, accept, file_of, offer
from opensvc_daemon.orchestration.reaching import as_seen
from opensvc_daemon.orchestration.requests import latest
from opensvc_daemon.orchestration.view import InstanceView

if TYPE_CHECKING:
    from opensvc_daemon.monitor.monitor import Monitor


class Merging:
    """Of one monitor."""

    def __init__(self, monitor: Monitor) -> None:
        self._monitor, self._known = monitor, monitor.known
        self._learning: dict[str, Descent] = {}
        self._is_learning = False

    def merge(self, peer: Peer, before: Mapping[str, Any]) -> None:
        """A peer says something else of itself."""
        monitor, moment = self._monitor, now()
        monitor.beats()
        if peer.node.get("state") != (before.get("node") or {}).get("state"):
            peer.state_seen = moment
            monitor.say_of(peer.name, f"{peer.name} is in {peer.node.get('state')}")
            monitor.events.publish("node", peer.name, "", {"state": peer.node.get("state")})
        branches, known = dict(peer.services()), peer.instances
        found = telling.read_instances(branches)
        peer.instances = {path: as_seen(instance, known.get(path), moment) for path, instance in found.items()}
        self._tell_changes(peer, branches, before.get("services") or {})
        for path, instance in peer.instances.items():
            self._adopt(path, instance)
            self._learn(path, branches[path].get("config"))
        self._learn(CLUSTER, peer.data.get("cluster"))
        after, known_before = told_by(peer.data), told_by(before)
        monitor.filing.heed(service for service in {*after, *known_before} if after.get(service) != known_before.get(service))
        monitor.grow()

    def _tell_changes(self, peer: Peer, branches: Mapping[str, Json], before: Mapping[str, Json]) -> None:
        for path in {*branches, *before}:
            after = branches.get(path, {}).get("instance")
            if after != before.get(path, {}).get("instance"):
                self._monitor.events.publish("instance", peer.name, path, after or {})

    def _adopt(self, path: str, theirs: InstanceView) -> None:
        """What was asked for is the cluster's, and not that of the node that tells of it."""
        if theirs.request is None:
            return
        mine = self._known.instances.get(path)
        if mine is None:
            if not theirs.request.is_active and theirs.request.id not in self._monitor.ended:
                self._monitor.remember(path, theirs.request)
            return
        request = latest((mine.request, theirs.request))
        if request is not None and request != mine.request:
            self._monitor.learn(path, request)

    def _learn(self, service: str, config: object) -> None:
        """A peer has the same text, which may have come to it another way."""
        file = self._monitor.filing.replication.own(service)
        if file is None or not isinstance(config, dict) or config.get("digest") != file.digest:
            return
        theirs = telling.read_generations(config.get("generations"))
        if all(count <= file.generations.get(node, 0) for node, count in theirs.items()):
            return
        self._learning[service] = Descent(file.digest, theirs)
        if not self._is_learning:
            self._is_learning = True
            self._monitor.start(self._learn_all(), "descents")

    async def _learn_all(self) -> None:
        """One after the other: a cluster whose files were written by hand on each node has many of them at once."""
        node, filing = self._monitor.node, self._monitor.filing
        while self._learning:
            service, descent = next(iter(self._learning.items()))
            file = filing.replication.own(service)
            with suppress(OpensvcError, OSError):
                await asyncio.to_thread(node.store.learn, file_of(node, service), descent)
                if file is not None and file.digest == descent.digest:
                    filing.replication.learned(service, Descent(file.digest, file.generations).merged(descent))
            if self._learning.get(service) is descent:
                del self._learning[service]
        self._is_learning = False
        self._monitor.grow()

    def take_note(self, peer: Peer, note: Json) -> None:
        """A note of a peer: what it lacks, what this node lacked, what somebody has ordered of this node there."""
        self._monitor.start(self._do(peer.name, note), f"note of {peer.name}")

    async def _do(self, peer: str, note: Json) -> None:
        monitor, service = self._monitor, str(note.get("service") or "")
        try:
            if note.get("do") == "want":
                monitor.publishing.post(peer, await asyncio.to_thread(offer, monitor.node, service))
            elif note.get("do") == "file":
                await asyncio.to_thread(accept, monitor.node, note, peer)
                monitor.chronicle.say("" if service == CLUSTER else service, f"the file of {peer} is taken: it is newer")
                await monitor.filing.look_at_files()
            elif note.get("do") == "node":
                await self._obey(peer, note)
            elif note.get("do") == "answer":
                monitor.ordering.answered(note)
        except (OpensvcError, OSError, KeyError, TypeError, ValueError) as error:
            monitor.chronicle.say("" if service == CLUSTER else service, f"{note.get('do')} of {peer}: {error}", "WARNING")

    async def _obey(self, peer: str, note: Json) -> None:
        """Do what somebody has ordered on a peer, and tell it what came of it. Raises OpensvcError, OSError."""
        answer = {"do": "answer", "answer": note.get("answer")}
        try:
            await self._monitor.ending.order_node(str(note.get("what")), peer, str(note.get("id") or ""))
        except (OpensvcError, OSError) as error:
            answer["error"] = str(error)
            raise
        finally:
            self._monitor.publishing.post(peer, answer)
