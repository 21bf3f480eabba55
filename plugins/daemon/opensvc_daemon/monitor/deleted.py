"""Deleted: what other nodes have deleted on purpose. A node that was away meanwhile has its file still, and is not to bring it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from opensvc_daemon.monitor.knowledge import Knowledge, ServiceFile
from opensvc_daemon.monitor.telling import read_generations
from opensvc_daemon.orchestration.requests import Wish

BRANCH = "deleted"
_REMOVING = frozenset({Wish.DELETE, Wish.PURGE})


class Deletion(NamedTuple):
    """On which node, and after which edits by node."""

    node: str
    generations: Mapping[str, int]


def told_by(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a peer's tree says of its deletions, by service."""
    found = data.get(BRANCH)
    return found if isinstance(found, dict) else {}


def deletion_of(known: Knowledge, service: str, file: ServiceFile) -> Deletion | None:
    """The deletion that came after all edits of a file which is here; None: there is none, or this node is at it as well."""
    instance = known.instances.get(service)
    request = instance.request if instance is not None else None
    if not file.generations or (request is not None and request.is_active and request.wish in _REMOVING):
        return None
    for peer in known.peers.values():
        generations = read_generations(told_by(peer.data).get(service))
        if all(count <= generations.get(node, 0) for node, count in file.generations.items()):
            return Deletion(peer.name, generations)
    return None


def left_alone(service: str, file: ServiceFile, deletion: Deletion) -> ServiceFile:
    """The file of a service with which nothing is done before a person has said what is to become of it."""
    text = f"{service} was deleted on {deletion.node} while this node was away: 'om {service} delete --local' deletes it here, too; "
    return replace(file, fields={**file.fields, "is_disabled": True}, error=f"{text}an edit of its file has it come back")
