"""Leaving: this node is no member any more, and forgets what it knew as one."""

from __future__ import annotations

from collections.abc import Sequence

from opensvc_core.api import ActionRefused, Node, OpensvcError
from opensvc_daemon.trust import contexts
from opensvc_daemon.trust.calling import Call
from opensvc_daemon.trust.files import TrustFiles
from opensvc_daemon.trust.joining import Say, set_frozen, tell_daemon
from opensvc_daemon.trust.membership import cluster_file, make_private, members, without_shared
from opensvc_daemon.trust.places import place_of
from opensvc_daemon.trust.preparing import prepare


def leave(node: Node, *, is_forced: bool = False, say: Say = print) -> None:
    """Be taken out by a member, then forget the cluster's heartbeats, secret and authority; the node stays frozen.

    Raises ActionRefused, with nothing but the freeze done, where no member answers; `is_forced` goes on without.
    """
    others = [name for name in members(node) if name != node.name]
    say("freeze local node")
    set_frozen(node, is_frozen=True)
    if others:
        _be_taken_out(node, others, say, is_forced=is_forced)
    for name in ("node", "cluster"):
        make_private(node.paths.etc / f"{name}.conf")
        node.change(name, without_shared)
    node.store.settle(cluster_file(node))
    TrustFiles.below(node.paths.var).forget()
    prepare(node)
    tell_daemon(node)


def _be_taken_out(node: Node, others: Sequence[str], say: Say, *, is_forced: bool) -> None:
    findings = []
    for name in others:
        try:
            call = Call(place_of(node, name), contexts.calling(TrustFiles.below(node.paths.var)), name, 30.0)
            try:
                call.ask("POST", "/v1/leave", {})
            finally:
                call.close()
        except OpensvcError as error:
            findings.append(str(error))
            continue
        say(f"leave node {name}")
        return
    if not is_forced:
        raise ActionRefused(f"no member takes {node.name} out: {'; '.join(findings)}; --force leaves without, then remove it on a member")
