"""What planning needs to know of a resource."""

from __future__ import annotations

from typing import NamedTuple

from opensvc_core.model.names import Rid


class Item(NamedTuple):
    """A resource as planning sees it.

    Parameters:
        group: the driver group (`disk` for `vg#0`).
        driver: the driver id.
        subset: the name of its set inside the group; empty: the plain set.
        refers_to: the rids that its values refer to.
        occupies: the path that it makes available.
        position: a number that orders the applications of older files.
        beside: the resource that it stands beside: it is selected with it, up before it, and down after it.
    """

    rid: Rid
    group: str
    driver: str
    subset: str = ""
    tags: frozenset[str] = frozenset()
    refers_to: frozenset[str] = frozenset()
    occupies: str = ""
    position: int = 0
    beside: str = ""
