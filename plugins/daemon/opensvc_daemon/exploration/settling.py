"""Settling: faults end, messages arrive, periods pass. What a cluster comes to then, and whether that is what is wanted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from opensvc_daemon.exploration.engine import Engine, Step
from opensvc_daemon.exploration.model import NAMES, Model
from opensvc_daemon.exploration.truth import wrong
from opensvc_daemon.exploration.world import Node, World
from opensvc_daemon.orchestration.requests import Progress, Wish, latest
from opensvc_daemon.orchestration.states import NodeState
from opensvc_daemon.orchestration.view import Guard

# Steps within which a healed cluster comes to rest.
BOUND = 400
_SILENCING = frozenset({"silence", "kill", "crash", "maintenance"})


class Rest(NamedTuple):
    """What a world came to: the way there, what is wrong with it, and the worlds on the way.

    One that is known to end well already is not followed further.
    """

    world: World
    way: tuple[str, ...]
    complaints: tuple[str, ...]
    passed: tuple[World, ...] = ()


class Settler:
    """Heals worlds of one model. `live`: worlds that are known to end well; what could still go wrong in them plays no part in that."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.live: set[World] = set()
        self._healing = tuple(9 if kind == "boot" else 0 for kind in engine.kinds)

    def settle(self, world: World) -> Rest:
        """Let faults end, and all that comes by itself come, until nothing more does."""
        rest = self._settle(world._replace(budget=self._healing))
        return rest._replace(
            world=rest.world._replace(budget=world.budget), passed=tuple(one._replace(budget=world.budget) for one in rest.passed)
        )

    def _settle(self, world: World) -> Rest:
        way: list[str] = []
        passed: list[World] = []
        fired: Counter[str] = Counter()
        while world not in self.live:
            if len(way) > BOUND:
                return Rest(world, tuple(way[:20]), (f"4: no rest after {len(way)} steps",))
            passed.append(world)
            step = self._next(world, fired)
            if step is None:
                complaints = tuple(at_rest(self.engine, world))
                if not complaints:
                    self.live.update(passed)
                return Rest(world, tuple(way), complaints, tuple(passed))
            complaints = (*step.complaints, *wrong(self.engine, step.world))
            if complaints:
                return Rest(step.world, (*way, step.text), complaints)
            way.append(step.text)
            world = step.world
        self.live.update(passed)
        return Rest(world, tuple(way), ())

    def _next(self, world: World, fired: Counter[str]) -> Step | None:
        """What comes next where all goes well: what is at hand first, and periods, each in its turn, when nothing else is left."""
        timers: list[Step] = []
        for step in self.engine.steps(world):
            if step.kind == "timer":
                timers.append(step)
            elif not step.kind:
                return step
            elif step.kind == "boot":
                return step._replace(world=step.world._replace(budget=self._healing))
        if not timers:
            return None
        timer = min(timers, key=lambda step: fired[step.text])
        fired[timer.text] += 1
        return timer


def at_rest(engine: Engine, world: World) -> Iterator[str]:
    """What is wrong with a world in which nothing more happens."""
    model, nodes = engine.model, engine.nodes(world)
    up = [index for index, node in enumerate(nodes) if node.is_up]
    request = latest(node.request for node in nodes)
    able = [node for node in nodes if _is_able(node)]
    if request is not None and request.is_active:
        if request.wish is Wish.START and not able:
            return  # it waits until something lets it
        yield f"4: the request to {request.wish.value} never ends"
        return
    failed = any(node.monitor.is_failed for node in nodes)
    if (
        len(up) > 1
        and model.topology == "failover"
        and not (is_split_accepted(model) and all(nodes[i].is_instance_frozen or nodes[i].is_frozen for i in up))
    ):
        yield f"4: it is up on {_names(up)} in the end"
    if model.topology == "failover" and not up and able and model.orchestrate == "ha":
        yield "4: it is up nowhere in the end, and nothing stands against it"
    if model.topology == "flex" and len(up) < min(model.flex_target, len(able)):
        yield f"4: {len(up)} instances are up in the end"
    for index, node in enumerate(nodes):
        if node.monitor.is_acting or node.work is not None or (node.state is not NodeState.IDLE and not node.monitor.is_failed):
            yield f"4: {NAMES[index]} is still {node.state.value}, {node.monitor.value} in the end"
    if request is not None and request.progress is Progress.DONE and not failed:
        yield from _served(model, nodes, request.wish, up)


def _served(model: Model, nodes: list[Node], wish: Wish, up: list[int]) -> Iterator[str]:
    """Whether what was asked for last is so, where nobody troubled it later."""
    if wish is Wish.STOP and up:
        yield f"7: it was stopped and is up on {_names(up)}"
    if wish in {Wish.STOP, Wish.FREEZE} and not all(node.is_instance_frozen for node in nodes):
        yield f"7: after a {wish.value} not all instances are frozen"
    if wish is Wish.PROVISION and not all(node.is_provisioned for node in nodes) and not _SILENCING & set(model.budget):
        yield "7: after a provision an instance is not provisioned"
    # a node that was down meanwhile is frozen when it is back
    if wish is Wish.UNPROVISION and any(node.is_provisioned and not node.is_instance_frozen for node in nodes):
        yield "7: after an unprovision an instance is provisioned, and not frozen"
    # a thaw does not wait for silent nodes
    if wish in {Wish.START, Wish.THAW} and not _SILENCING & set(model.budget) and any(node.is_instance_frozen for node in nodes):
        yield f"7: after a {wish.value} an instance is frozen"


def is_split_accepted(model: Model) -> bool:
    """Whether two active instances are a price that was accepted."""
    return model.guard is Guard.ACCEPT or (model.guard is Guard.NONE and not model.has_data)


def _is_able(node: Node) -> bool:
    is_made = node.has_file and node.is_provisioned
    return is_made and not node.is_frozen and not node.is_instance_frozen and not node.monitor.is_failed


def _names(indexes: list[int]) -> str:
    return " and ".join(NAMES[index] for index in indexes)
