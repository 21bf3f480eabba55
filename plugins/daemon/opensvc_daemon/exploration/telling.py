"""Telling a world: a line for each node, with what it is and what it knows of the others."""

from __future__ import annotations

from collections.abc import Iterator

from opensvc_daemon.exploration.engine import Engine
from opensvc_daemon.exploration.model import NAMES
from opensvc_daemon.exploration.world import Node, Peer, Said, World
from opensvc_daemon.orchestration.view import Fencing, Lease


def tell(engine: Engine, world: World, before: World | None = None) -> Iterator[str]:
    """What each node knows; only those that have changed since another world, where one is given."""
    for index, number in enumerate(world.nodes):
        if before is None or before.nodes[index] != number:
            yield f"    {NAMES[index]}: {', '.join(_words(engine.node(number)))}"


def _words(node: Node) -> Iterator[str]:
    yield "UP" if node.is_up else "down"
    if not node.is_on:
        yield "off"
        return
    if node.work:
        yield f"{node.work.action} under way"
    if not node.life:
        yield "no daemon"
        return
    yield f"{node.state.value}, {node.monitor.value}"
    yield from (word for word, is_so in _flags(node) if is_so)
    if node.lease is not Lease.NONE:
        yield f"lease {node.lease.value}"
    if node.request:
        yield f"request {node.request.wish.value} {node.request.progress.value}"
    for index, peer in enumerate(node.peers):
        if peer is not None:
            yield f"{NAMES[index]} {' '.join(_of_peer(peer))}"


def _flags(node: Node) -> list[tuple[str, bool]]:
    return [
        ("node frozen", node.is_frozen),
        ("frozen", node.is_instance_frozen),
        ("not provisioned", not node.is_provisioned),
        ("no file", not node.has_file),
        ("just woke", not node.is_awake),
        ("expects up", node.expects_up and not node.is_up),
        ("ready long enough", node.is_ready_over),
    ]


def _of_peer(peer: Peer) -> Iterator[str]:
    yield "gone" if peer.is_gone else peer.reach.value
    if peer.fencing is not Fencing.NONE:
        yield f"fencing {peer.fencing.value}"
    if peer.said:
        yield f"({_of_said(peer.said)})"
    if peer.has_ours:
        yield "acknowledged"


def _of_said(said: Said) -> str:
    words = [said.avail.value, said.state.value, said.monitor.value]
    words += [word for word, is_so in (("frozen", said.is_instance_frozen), ("node frozen", said.is_frozen)) if is_so]
    return " ".join(words)
