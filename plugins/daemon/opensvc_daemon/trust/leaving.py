"""Leaving: this node is no member any more, and forgets what it knew as one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from opensvc_core.api import ActionRefused, Node, OpensvcError
from opensvc_daemon.trust import contexts, files
from opensvc_daemon.trust.calling import Call
from opensvc_daemon.trust.files import TrustFiles
from opensvc_daemon.trust.joining import Freeze, Say, tell_daemon
from opensvc_daemon.trust.membership import cluster_file, make_private, members, without_shared
from opensvc_daemon.trust.places import place_of
from opensvc_daemon.trust.preparing import prepare

# Seconds that a member may take: it may wait as long for another one.
ANSWER_SECONDS: Final = 30.0


def leave(node: Node, *, is_forced: bool = False, say: Say = print) -> None:
    """Be taken out by a member, then forget the cluster's heartbeats, secret and authority; the node stays frozen.

    A leave that was killed after it was taken out goes on with forgetting when it is repeated.
    Raises ActionRefused where the node is in no cluster, or no member takes it out; `is_forced` goes on without. It is thawed again where
    none could be reached. Once one was asked it stays frozen, whatever came of that: a member that answers too late, or not at all, may
    have taken it out, and what has data at stake may start elsewhere.
    """
    others = [name for name in members(node) if name != node.name]
    mark = TrustFiles.below(node.paths.var).leaving
    if not others and not mark.exists():
        raise ActionRefused(f"{node.name} is in no cluster with others: there is nothing to leave")
    freeze = Freeze(node)
    if not node.state.is_frozen():
        say("freeze local node")
    freeze.begin()
    if not mark.exists():
        _ask_to_be_taken_out(node, others, freeze, say, is_forced=is_forced)
        files.write_private(mark, b"")
    freeze.stay()
    _forget(node)
    mark.unlink(missing_ok=True)


def _ask_to_be_taken_out(node: Node, others: Sequence[str], freeze: Freeze, say: Say, *, is_forced: bool) -> None:
    """Thawed again where it was refused before anybody was asked."""
    asked: list[str] = []

    def begin_to_ask(name: str) -> None:
        freeze.stay()
        asked.append(name)

    try:
        _be_taken_out(node, others, begin_to_ask, say, is_forced=is_forced)
    except BaseException:
        if asked:
            say(f"local node stays frozen: {' '.join(asked)} may have taken it out")
        elif freeze.end():
            say("thaw local node")
        raise


def _forget(node: Node) -> None:
    for name in ("node", "cluster"):
        make_private(node.paths.etc / f"{name}.conf")
        node.change(name, without_shared)
    node.store.settle(cluster_file(node))
    TrustFiles.below(node.paths.var).forget()
    prepare(node)
    tell_daemon(node)


def _be_taken_out(node: Node, others: Sequence[str], begin_to_ask: Callable[[str], None], say: Say, *, is_forced: bool) -> None:
    findings = []
    for name in others:
        try:
            call = Call(place_of(node, name), contexts.calling(TrustFiles.below(node.paths.var)), name, ANSWER_SECONDS)
            try:
                call.connect()
                begin_to_ask(name)
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
