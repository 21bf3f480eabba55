"""What the monitor is told: peers, links and leases as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opensvc_daemon.beat.line import Direction
from opensvc_daemon.beat.talk import Talk
from opensvc_daemon.heartbeat.views import PeerView

# What changes with each beat, and is no news.
_MOMENTS = frozenset({"last_heard", "last"})


def peers(talk: Talk, views: Mapping[str, PeerView], links: Mapping[str, int]) -> dict[str, Any]:
    """All peers by name; `links`: the number of each."""
    return {name: {**_peer(talk, view, links), "secrets": talk.secrets_of(name)} for name, view in views.items()}


def without_moments(told: Any) -> Any:
    """The same less the moments at which something was heard last."""
    if isinstance(told, dict):
        return {key: without_moments(value) for key, value in told.items() if key not in _MOMENTS}
    return told


def links(directions: Mapping[str, Direction], views: Mapping[str, PeerView], numbers: Mapping[str, int]) -> dict[str, Any]:
    """Each direction by name: whom it hears, or by whom it is heard."""
    return {name: {**way._asdict(), "beating": _beating(name, views, numbers)} for name, way in directions.items()}


def _peer(talk: Talk, view: PeerView, links: Mapping[str, int]) -> dict[str, Any]:
    return {
        "contact": view.contact.name.lower(),
        "since": view.since,
        "last_heard": view.last_heard,
        "incarnation": view.incarnation,
        "state": view.beat.monitor if view.beat else "",
        "generation": view.beat.generation if view.beat else 0,
        "merged": talk.merged_by(view),
        "links": {name: _link(view, number) for name, number in links.items()},
        "finding": view.finding,
    }


def _link(view: PeerView, number: int) -> dict[str, Any]:
    link = view.links.get(number)
    if link is None:
        return {"beating": False, "two_way": False, "last": None}
    return {"beating": link.is_beating, "two_way": link.is_two_way, "last": link.last_heard}


def _beating(direction: str, views: Mapping[str, PeerView], numbers: Mapping[str, int]) -> dict[str, bool]:
    name, _, way = direction.rpartition(".")
    found = {peer: view.links.get(numbers.get(name, -1)) for peer, view in views.items()}
    return {peer: link is not None and (link.is_beating if way == "rx" else link.is_two_way) for peer, link in found.items()}
