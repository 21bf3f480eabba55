"""The third machine of a cluster of two: an arbitrator, or something else on its port."""

from __future__ import annotations

import sys
from typing import Final

from lab import Lab, Node

from cluster.device import FENCES, Device
from cluster.members import SECRET, Cluster, started
from cluster.services import Trial

PORT: Final = 1216
# Seconds of the ready period: half of it is what the arbitrator has for its answer.
READY: Final = 4.0
# A section of cluster.conf: n3 is asked over a ring of its own.
ARBITRATOR: Final = f"\n[arbitrator#arb]\nuri = tcp://10.99.1.3:{PORT}\n"
_VOTES: Final = f"{sys.executable} -m opensvc_daemon.guards.arbitrator --name arb --secret-file /etc/arb.secret --state /var/lib/arb"
_SERVES_FILES: Final = f"{sys.executable} -m http.server {PORT}"


class Third:
    """A machine that is no member."""

    def __init__(self, node: Node) -> None:
        self._node = node
        node.write("/etc/arb.secret", SECRET, 0o600)

    def vote(self) -> None:
        """Run an arbitrator."""
        self._run(_VOTES)

    def serve_files(self) -> None:
        """Run a plain web server on the same port instead."""
        self._run(_SERVES_FILES)

    def _run(self, line: str) -> None:
        node = self._node
        node("sh -c 'test ! -e /run/arb.pid || kill $(cat /run/arb.pid)'")
        node.wait_for(lambda: not self._is_listening())
        node.begin(f"sh -c 'echo $$ >/run/arb.pid; exec {line}'")
        node.wait_for(self._is_listening)

    def _is_listening(self) -> bool:
        return f":{PORT} " in self._node("ss -Hltn").stdout


def voted(lab: Lab, trial: Trial) -> Cluster:
    """Two members that can fence each other, and count their votes with those of the third machine."""
    Device(lab)
    sections = FENCES + ARBITRATOR
    return started(lab, trial, names=["n1", "n2"], ready_period=READY, cluster="quorum = true", more=sections, fence_delay=0.5)


def wait_votes(cluster: Cluster, *, are_there: bool) -> None:
    """Wait until all members have the arbitrator's vote, or none has it."""
    cluster.wait(lambda: {_has_vote(cluster, node) for node in cluster.nodes} == {are_there}, f"the vote is there: {are_there}")


def _has_vote(cluster: Cluster, node: Node) -> bool:
    return bool(cluster.document(node)["nodes"][node.name]["arbitrators"]["arb"]["answering"])
