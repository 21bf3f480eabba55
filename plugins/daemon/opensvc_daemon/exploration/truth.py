"""The truth of a world, which no node sees: where the service is active, and whether those that know the same agree."""

from __future__ import annotations

from collections.abc import Sequence

from opensvc_daemon.exploration.agreement import disagreement
from opensvc_daemon.exploration.engine import Engine
from opensvc_daemon.exploration.model import NAMES
from opensvc_daemon.exploration.world import World


def wrong(engine: Engine, world: World) -> Sequence[str]:
    """What is wrong with a world, whatever comes of it."""
    complaints = []
    if engine.model.is_safe:
        up = [NAMES[index] for index, number in enumerate(world.nodes) if engine.node(number).is_up]
        if len(up) > 1:
            complaints.append(f"1: it is active on {' and '.join(up)}")
    if text := disagreement(engine, world):
        complaints.append(text)
    return complaints
