"""Replication: files of configuration come to the nodes that are to have them, newest by descent, never half written, never by chance.

A file is asked for by who lacks it, of a peer that tells of it in its data, and sent as a note. What was edited on two nodes
independently is told, and left to a person. A file that was deleted here does not come back from a peer that missed that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from opensvc_core.api import Descent, Node, OpensvcError
from opensvc_daemon.monitor.files import is_for
from opensvc_daemon.monitor.knowledge import Json, Knowledge, Peer, ServiceFile
from opensvc_daemon.monitor.telling import read_generations
from opensvc_daemon.monitor.writing import read_json, write_json
from opensvc_daemon.orchestration.view import Reach

# cluster.conf among the services: its name can't be that of one.
CLUSTER = "cluster"
# Deletions that are remembered; the oldest go first.
KEPT = 1000
# Seconds until a file that was asked for is asked for again.
PATIENCE = 2.0


class Wanted(NamedTuple):
    """A file to be asked for, and of whom."""

    service: str
    peer: str


class Tombstones:
    """The files that were deleted here on purpose, by service, with the descent that they had."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "deleted.json"
        known = read_json(self._file)
        self._known: dict[str, dict[str, int]] = known if isinstance(known, dict) else {}

    def told(self) -> Json:
        """All of them, for a tree that is not changed with them."""
        return dict(self._known)

    def of(self, service: str) -> Mapping[str, int] | None:
        """The generations that count as seen."""
        return self._known.get(service)

    def bury(self, service: str, generations: Mapping[str, int], node: str) -> None:
        """Its file is about to be deleted: that is one more edit of this node. Raises OSError."""
        self._known[service] = {**generations, node: generations.get(node, 0) + 1}
        while len(self._known) > KEPT:
            del self._known[next(iter(self._known))]
        write_json(self._file, self._known)

    def forget(self, service: str) -> None:
        """It is there again, on purpose. Raises OSError."""
        if self._known.pop(service, None) is not None:
            write_json(self._file, self._known)


class Replication:
    """What this node lacks, and what keeps it from having it.

    Parameters:
        told: called with a service and a line for its log, once for each finding.
    """

    def __init__(self, known: Knowledge, tombstones: Tombstones, told: Callable[[str, str], None]) -> None:
        self._known, self.tombstones, self._told = known, tombstones, told
        self._asked: dict[str, float] = {}
        self._said: dict[str, str] = {}
        self.cluster: ServiceFile | None = None

    def wanted(self, now: float) -> Iterator[Wanted]:
        """The files to be asked for now."""
        for peer in self._known.peers.values():
            if peer.reach is Reach.BEATING and peer.is_merged:
                for service, config in _configs(peer):
                    if self._is_wanted(peer, service, config) and now - self._asked.get(service, float("-inf")) >= PATIENCE:
                        self._asked[service] = now
                        yield Wanted(service, peer.name)

    def own(self, service: str) -> ServiceFile | None:
        """What is here."""
        return self.cluster if service == CLUSTER else self._known.files.get(service)

    def learned(self, service: str, descent: Descent) -> None:
        """What is here is known to have come from more edits than before; its text is the same."""
        own = self.own(service)
        if own is None or own.digest != descent.digest:
            return
        merged = replace(own, generations=descent.generations)
        if service == CLUSTER:
            self.cluster = merged
        else:
            self._known.files[service] = merged

    def _is_wanted(self, peer: Peer, service: str, config: Json) -> bool:
        theirs = _descent(config)
        own = self.own(service)
        if own is None:
            return self._is_wanted_anew(service, config, theirs)
        relation = theirs.relation(Descent(own.digest, own.generations)).value
        if relation == "diverged":
            way_out = "'om daemon rejoin' takes theirs" if service == CLUSTER else f"'om {service} sync nodes --keep-own' decides"
            self._say(service, f"{config.get('file')} was edited here and on {peer.name}, independently: {way_out}")
        if relation != "newer":
            return False
        mine = self._known.instances.get(service)
        if service != CLUSTER and not _names(config, self._known.me) and mine is not None and mine.may_be_active:
            self._say(service, f"the file on {peer.name} leaves {self._known.me} out, where it is up: taken when it is down here")
            return False
        return True

    def _is_wanted_anew(self, service: str, config: Json, theirs: Descent) -> bool:
        if service == CLUSTER or not _names(config, self._known.me):
            return False
        buried = self.tombstones.of(service)
        return buried is None or any(count > buried.get(node, 0) for node, count in theirs.generations.items())

    def _say(self, service: str, text: str) -> None:
        if self._said.get(service) != text:
            self._said[service] = text
            self._told(service, text)

    def findings(self) -> Mapping[str, str]:
        """What was told of each service, for as long as it is so."""
        return self._said

    def settled(self, service: str) -> None:
        """Its file is another one: what was found before is over."""
        self._said.pop(service, None)
        self._asked.pop(service, None)


def _configs(peer: Peer) -> Iterator[tuple[str, Json]]:
    for service, branch in peer.services():
        if isinstance(branch.get("config"), dict):
            yield service, branch["config"]
    cluster = peer.data.get("cluster")
    if isinstance(cluster, dict):
        yield CLUSTER, cluster


def _descent(config: Json) -> Descent:
    return Descent(str(config.get("digest") or ""), read_generations(config.get("generations")))


def _names(config: Json, node: str) -> bool:
    nodes = config.get("nodes")
    return isinstance(nodes, list) and node in nodes


def file_of(node: Node, service: str) -> Path:
    """The file that a service, or the cluster, has here. Raises NoSuchObject."""
    return node.paths.etc / "cluster.conf" if service == CLUSTER else node.service(service).file


def offer(node: Node, service: str) -> Json:
    """The note with a file. Raises OpensvcError where it can't be read."""
    file = file_of(node, service)
    text = node.store.text(file)
    descent = node.store.settle(file)
    return {
        "do": "file",
        "service": service,
        "file": str(file.relative_to(node.paths.etc)),
        "text": text,
        "digest": descent.digest,
        "generations": dict(descent.generations),
        "frozen": service != CLUSTER and node.service(service).state.is_frozen(),
    }


def accept(node: Node, note: Mapping[str, Any], sender: str) -> None:
    """Put what came in its place. Raises OpensvcError, and nothing is changed, where it is not newer, or not whole."""
    service, text = str(note["service"]), str(note["text"])
    descent = _descent(dict(note))
    if service == CLUSTER:
        _accept_cluster(node, text, descent, sender)
        return
    subject = node.service(service)
    place = node.paths.etc / f"{subject.path.config_path}{Path(str(note['file'])).suffix}"
    if place.suffix not in (".conf", ".env"):
        raise OpensvcError(f"{sender} sent {note['file']}, which is no service's file")
    if note.get("frozen") is True and not node.store.exists(subject.path):
        subject.state.freeze()  # before the file: what a person made frozen is started nowhere in between
    node.store.accept(place, text, descent, sender=sender)
    node.links.make(subject.path)


def _accept_cluster(node: Node, text: str, descent: Descent, sender: str) -> None:
    from opensvc_daemon.trust import install_cluster_text  # noqa: PLC0415 - few nodes ever take one

    install_cluster_text(node, text, descent, sender)


def revive(node: Node, service: str, buried: Mapping[str, int]) -> None:
    """A file that a person made anew after a deletion has come after all that was deleted. Raises OpensvcError."""
    file = node.service(service).file
    own = node.store.settle(file)
    generations = {name: max(count, own.generations.get(name, 0)) for name, count in buried.items()}
    node.store.learn(file, Descent(own.digest, {**own.generations, **generations, node.name: generations.get(node.name, 0) + 1}))


def is_here(known: Knowledge, service: str) -> bool:
    """Whether a service's file names this node."""
    file = known.files.get(service)
    return file is not None and (is_for(file, known.me) or not file.fields)
