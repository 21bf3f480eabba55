"""What is wrong between a node and the switch, and the packet filter's rules that make it so."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

RINGS: Final = (0, 1)
Direction = Literal["both", "in", "out"]
# seen from the switch: what comes in at a port, the node has sent
_SIDES: Final = {"both": ("iifname", "oifname"), "in": ("oifname",), "out": ("iifname",)}


def port(node: str, ring: int) -> str:
    """The name of a node's port at the switch."""
    return f"{node}p{ring}"


@dataclass
class Faults:
    """The faults of one node; they belong to its ports and stay while it is powered off. Delays are in milliseconds."""

    cut: set[tuple[int, str]] = field(default_factory=set)
    loss: float = 0
    delay: float = 0
    jitter: float = 0
    no_carrier: set[int] = field(default_factory=set)

    def add_cut(self, ring: int | None, direction: Direction) -> None:
        """Cut one ring or all."""
        self.cut |= {(one, side) for one in (RINGS if ring is None else (_known(ring),)) for side in _SIDES[direction]}

    def set_carrier(self, ring: int, *, on: bool) -> None:
        """Take the carrier of one ring, or give it back."""
        (self.no_carrier.discard if on else self.no_carrier.add)(_known(ring))


def _known(ring: int) -> int:
    if ring not in RINGS:
        raise ValueError(f"there is no ring {ring}, only {RINGS}")
    return ring


def rules(node: str, faults: Faults) -> str:
    """The text for `nft -f` that gives the node's chain the rules of its faults.

    >>> print(rules("n1", Faults(cut={(0, "iifname")})))
    flush chain bridge lab n1
    add rule bridge lab n1 iifname "n1p0" counter drop
    """
    cut = [f'{side} "{port(node, ring)}" counter drop' for ring, side in sorted(faults.cut)]
    share = f"numgen random mod 10000 < {round(faults.loss * 100)}"
    lost = [f'{side} "{port(node, ring)}" {share} counter drop' for ring in RINGS for side in _SIDES["both"]] if faults.loss else []
    return "\n".join([f"flush chain bridge lab {node}", *(f"add rule bridge lab {node} {rule}" for rule in [*cut, *lost])])
