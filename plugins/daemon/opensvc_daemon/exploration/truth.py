"""The truth of a world, which no node sees: where the service is active, and whether those that know the same agree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opensvc_daemon.exploration.agreement import disagreement
from opensvc_daemon.exploration.engine import Engine
from opensvc_daemon.exploration.model import NAMES
from opensvc_daemon.exploration.world import World

_DESTROYING = frozenset({"unprovision", "purge"})


def wrong(engine: Engine, world: World) -> Sequence[str]:
    """What is wrong with a world, whatever comes of it. That is seen from its nodes, so those found right are not looked at again."""
    if world.nodes in engine.right:
        return ()
    complaints = [*_of_places(engine, world), *filter(None, [disagreement(engine, world)])]
    if not complaints:
        engine.right.add(world.nodes)
    return complaints


def _of_places(engine: Engine, world: World) -> Iterator[str]:
    """Where it is active, and must not be."""
    nodes = engine.nodes(world)
    up = [index for index, node in enumerate(nodes) if node.is_up]
    if len(up) > 1 and engine.model.is_safe:
        yield f"1: it is active on {' and '.join(NAMES[index] for index in up)}"
    for index, node in enumerate(nodes):
        users = [NAMES[other] for other in up if other != index]
        if users and node.work and node.work.action in _DESTROYING:
            yield f"9: {node.work.action} on {NAMES[index]}, and it is active on {' and '.join(users)}"
