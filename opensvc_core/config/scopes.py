"""Scopes: what may stand behind the `@` of a key, and which of them apply to a node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

# The keywords of `[DEFAULT]` that tell who is in a scope; they have none themselves.
SCOPING: Final = ("nodes", "drpnodes", "drpnode", "encapnodes", "flex_primary", "drp_flex_primary")
# The words that may stand behind the `@`, beside the name of a node.
SCOPES: Final = ("nodes", "drpnodes", "encapnodes", "flex_primary", "drp_flex_primary")
# Those of them that node.conf and cluster.conf have, of the nodes of the cluster.
OF_HOSTS: Final = ("nodes", "drpnodes")


def applying(node: str, names: Callable[[str], list[str]]) -> tuple[str, ...]:
    """The scopes that apply to a node, the most specific first. `names` gives the nodes that a keyword of `[DEFAULT]` has."""
    nodes = names("nodes")
    drpnodes = names("drpnodes")
    members = {
        "nodes": nodes,
        "drpnodes": drpnodes,
        "encapnodes": names("encapnodes"),
        "flex_primary": names("flex_primary") or nodes[:1],
        "drp_flex_primary": names("drp_flex_primary") or drpnodes[:1],
    }
    return (node, *(scope for scope in SCOPES if node in members[scope]))
