"""Messages: what a node says of itself, and what becomes of one that hears it."""

from __future__ import annotations

from opensvc_daemon.exploration.viewing import known_gone
from opensvc_daemon.exploration.world import Message, Node, Said
from opensvc_daemon.orchestration.absence import served_at_end
from opensvc_daemon.orchestration.requests import Request, latest
from opensvc_daemon.orchestration.states import MonitorState
from opensvc_daemon.orchestration.view import Fencing, InstanceView, Reach


def said_by(node: Node) -> Said:
    """All that it says of itself."""
    return Said(
        node.life,
        node.state,
        node.is_frozen,
        node.avail,
        node.monitor,
        node.rank,
        node.is_instance_frozen,
        node.request,
        node.served,
        node.expects_up,
        node.is_provisioned,
        node.has_file,
        tuple(known_gone(node)),
    )


def message_of(node: Node, receiver: int) -> Message | None:
    """What a node would say to another one now; None where its daemon does not run."""
    peer = node.peers[receiver]
    if not node.is_on or not node.life or peer is None:
        return None
    is_latest = node.monitor is MonitorState.READY
    return Message(said_by(node), peer.said.life if peer.said else 0, peer.has_theirs, is_latest)


def heard(node: Node, sender: int, message: Message) -> Node:
    """A node that has taken a message: the data, the acknowledgement that came with it, and whether it hears us too."""
    peer = node.peers[sender]
    if peer is None or not node.is_on or not node.life or (peer.said is not None and message.said.life < peer.said.life):
        return node
    is_new = peer.said is None or peer.said.life != message.said.life
    is_known = message.heard == node.life
    if is_new:
        peer = peer._replace(is_gone=False, fencing=Fencing.NONE)
    if peer.said is None or peer.said.state is not message.said.state:
        peer = peer._replace(is_grace_over=False)
    peer = peer._replace(
        said=message.said, has_theirs=message.is_latest, has_ours=is_known and message.has_yours and node.monitor is MonitorState.READY
    )
    if is_known and peer.reach is not Reach.BEATING:
        peer = peer._replace(reach=Reach.BEATING, is_delay_over=False, is_grace_over=False, fencing=Fencing.NONE)
    elif peer.reach in {Reach.UNSEEN, Reach.SILENT}:
        peer = peer._replace(reach=Reach.HEARD, is_delay_over=False, is_grace_over=False)
    node = node._replace(peers=(*node.peers[:sender], peer, *node.peers[sender + 1 :]))
    return learned(node, latest((node.request, message.said.request)))


def learned(node: Node, request: Request | None) -> Node:
    """A node that knows a request, or its end; where the service is no more there is nobody to ask."""
    if not node.has_file:
        return node
    if request is None:
        return node._replace(request=None)
    known = InstanceView(is_frozen=node.is_instance_frozen, is_provisioned=node.is_provisioned, request=node.request, served=node.served)
    return node._replace(request=request, served=served_at_end(known, request))
