"""Votes: how much of the cluster this node can speak for."""

from __future__ import annotations

from typing import NamedTuple

from opensvc_daemon.orchestration.view import Reach, View


class Votes(NamedTuple):
    """The weights of the nodes and arbitrators that are with this node, and of all of them."""

    mine: int
    total: int

    @property
    def is_majority(self) -> bool:
        """More than half: no other part can have it at the same time."""
        return self.mine * 2 > self.total

    @property
    def is_half(self) -> bool:
        """At least half: no other part has a majority."""
        return self.mine * 2 >= self.total

    @property
    def texts(self) -> tuple[str, str]:
        """Both as text."""
        return str(self.mine), str(self.total)


def votes(view: View) -> Votes:
    """Count this node, the peers that beat, and the arbitrators that answer.

    A node that is gone, by its own last word or by confirmation, speaks for nobody else and is not counted at all.
    """
    mine = total = 0
    for node in view.nodes.values():
        if node.name != view.me and node.reach is Reach.GONE:
            continue
        total += node.weight
        if node.name == view.me or node.reach is Reach.BEATING:
            mine += node.weight
    for arbitrator in view.arbitrators:
        total += arbitrator.weight
        mine += arbitrator.weight if arbitrator.is_answering else 0
    return Votes(mine, total)
