"""Placement: in which order nodes are preferred for a service."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from opensvc_daemon.orchestration.view import ServiceView, View

# Lower comes first; the place in `nodes` decides between equals.
Key = Callable[[View, ServiceView, str], float]


def _load(view: View, _service: ServiceView, node: str) -> float:
    return view.nodes[node].load


def _score(view: View, _service: ServiceView, node: str) -> float:
    return -view.nodes[node].score


def _spread(_view: View, service: ServiceView, node: str) -> float:
    """A number that differs from service to service, the same on every node and at every time."""
    return float(int.from_bytes(hashlib.blake2b(f"{service.path} {node}".encode(), digest_size=6).digest(), "big"))


def _last_start(_view: View, service: ServiceView, node: str) -> float:
    instance = service.instances.get(node)
    return -instance.last_start if instance else 0.0


KEYS: Mapping[str, Key] = {
    "load avg": _load,
    "score": _score,
    "spread": _spread,
    "last start": _last_start,
}


def ranked(view: View, service: ServiceView, nodes: Iterable[str]) -> Sequence[str]:
    """These nodes, the preferred one first."""
    place = {name: index for index, name in enumerate(service.nodes)}
    ordered = sorted(nodes, key=lambda node: (place.get(node, len(place)), node))
    if service.placement == "shift":
        shift = _number(service.path) % len(ordered) if ordered else 0
        return ordered[shift:] + ordered[:shift]
    key = KEYS.get(service.placement)
    return sorted(ordered, key=lambda node: key(view, service, node)) if key else ordered


def measured(view: View, service: ServiceView, node: str) -> float | None:
    """What a node is ranked by that changes with time: its load, or its score. None: by no such number."""
    found = view.nodes.get(node)
    if found is None:
        return None
    return {"load avg": found.load, "score": float(found.score)}.get(service.placement)


def _number(path: str) -> int:
    """The number that a service's name begins with, else 0."""
    found = re.match(r"\d+", path.rpartition("/")[2])
    return int(found[0]) if found else 0
