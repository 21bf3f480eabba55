"""Agreement: nodes that know the same choose the same."""

from __future__ import annotations

from opensvc_daemon.exploration.engine import Engine
from opensvc_daemon.exploration.model import NAMES, SERVICE
from opensvc_daemon.exploration.viewing import NOW, view_of
from opensvc_daemon.exploration.world import Node, World
from opensvc_daemon.orchestration.candidates import choose
from opensvc_daemon.orchestration.evaluation import Evaluation
from opensvc_daemon.orchestration.view import InstanceView, NodeView, Reach


def disagreement(engine: Engine, world: World) -> str:
    """A complaint where two nodes know the same of everybody and prefer different nodes; else nothing."""
    choices: dict[object, tuple[str, str]] = {}
    for index, number in enumerate(world.nodes):
        if (index, number) not in engine.choices:
            engine.choices[index, number] = _choice(engine, index, engine.node(number))
        choice = engine.choices[index, number]
        if choice is None:
            continue
        known, chosen = choice
        other = choices.setdefault(known, (NAMES[index], chosen))
        if other[1] != chosen:
            return f"5: {other[0]} prefers {other[1] or 'nobody'}, {NAMES[index]} prefers {chosen or 'nobody'}, and both know the same"
    return ""


def _choice(engine: Engine, index: int, node: Node) -> tuple[object, str] | None:
    """What a node knows, told so that it is the same from wherever it is seen, and whom it prefers; None where it can't know all."""
    if not node.is_on or not node.life or not node.has_file or not _hears_all(node):
        return None
    view = view_of(engine.model, index, node)
    service = view.services[SERVICE]
    known = (
        tuple(_of_node(view.nodes[name]) for name in sorted(view.nodes)),
        tuple((name, _of_instance(service.instances[name])) for name in sorted(service.instances)),
    )
    candidates = choose(Evaluation(view, NOW), service).candidates
    return known, candidates[0] if candidates else ""


def _hears_all(node: Node) -> bool:
    return all(peer is None or peer.reach is Reach.BEATING for peer in node.peers)


def _of_node(node: NodeView) -> object:
    return node.name, node.state, node.is_frozen, node.load


def _of_instance(instance: InstanceView) -> object:
    return instance.avail, instance.monitor, instance.rank, instance.is_frozen, instance.is_provisioned
