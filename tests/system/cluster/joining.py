"""Clusters made as the manual says: daemons, commands, `om daemon join`."""

from __future__ import annotations

import json

from lab import Lab, Node


def joined(lab: Lab, *words: str) -> tuple[Node, Node]:
    """The two nodes of a lab as members that hear each other; `words` are of `om cluster set`: `hb#1.timeout=2`."""
    n1, n2 = lab.nodes
    for node in (n1, n2):
        node("om daemon start")
    n1(" ".join(["om cluster set --kw hb#1.type=unicast", *(f"--kw {word}" for word in words)]))
    join(n1, n2)
    return n1, n2


def join(member: Node, node: Node) -> None:
    """A node joins the cluster of a member; both hear each other."""
    node(f"om daemon join --secret - --node {member.name}", stdin=member("om cluster get --kw cluster.secret").stdout)
    member.wait_for(lambda: reaches(member) == reaches(node) == {"beating"})


def reaches(node: Node) -> set[str]:
    """How a member of two is reached and reaches the other, or nothing where it knows of one alone."""
    found = json.loads(node("om mon --format json").stdout)["nodes"]
    return {one["reach"] for one in found.values()} if len(found) == 2 else set()
