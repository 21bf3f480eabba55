"""Keys: which node a key of a reservation is of."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import NamedTuple


def derived(node: str) -> int:
    """The key of a node that is given none: 64 bits of a hash of its name, the same wherever it is asked for.

    Nothing has to be kept or told to the other nodes, and each knows whose key it finds on a disk.
    """
    return int.from_bytes(sha256(f"opensvc {node.lower()}".encode()).digest()[:8], "big") or 1


class Keys(NamedTuple):
    """This node's key, its name, and the names of the other nodes that may have keys."""

    own: int
    node: str
    others: tuple[str, ...] = ()

    @classmethod
    def of(cls, node: str, nodes: Iterable[str], given: str) -> Keys:
        """The keys as `node` sees them; `given` is its key where the configuration says it (`0x2f01`)."""
        others = tuple(dict.fromkeys(one for one in nodes if one.lower() != node.lower()))
        return cls(int(given, 16) if given else derived(node), node, others)

    def node_of(self, key: int) -> str:
        """The node of a key; empty for one that is of no known node."""
        if key == self.own:
            return self.node
        return next((one for one in self.others if derived(one) == key), "")

    def who(self, key: int) -> str:
        """Whose a key is, in words."""
        node = self.node_of(key)
        return f"{node} (key {key:#x})" if node else f"an unknown node (key {key:#x})"
