"""Candidates: the nodes that may run a service now. Every rule that excludes one stands in a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from opensvc_core.api import Status
from opensvc_daemon.orchestration.evaluation import Evaluation
from opensvc_daemon.orchestration.placement import ranked
from opensvc_daemon.orchestration.reasons import Reason
from opensvc_daemon.orchestration.states import NodeState
from opensvc_daemon.orchestration.view import InstanceView, NodeView, Reach, ServiceView


class NodeRule(NamedTuple):
    """What excludes a node from all services: its code, and the facts of the reason where it applies (None: it does not)."""

    code: str
    facts: Callable[[Evaluation, NodeView], tuple[str, ...] | None]


class InstanceRule(NamedTuple):
    """What excludes a node from one service."""

    code: str
    facts: Callable[[Evaluation, ServiceView, str, InstanceView], tuple[str, ...] | None]


def _if(applies: bool, *facts: str) -> tuple[str, ...] | None:
    return facts if applies else None


# A node in rejoin is on its way: it counts when the best is chosen, and starts nothing before it is idle.
_READY_STATES = frozenset({NodeState.IDLE, NodeState.REJOIN})

NODE_RULES: Sequence[NodeRule] = (
    NodeRule("node.deaf", lambda e, node: _if(node.reach is Reach.HEARD and node.name != e.me)),
    NodeRule("node.silent", lambda e, node: _if(node.reach is Reach.SILENT and node.name != e.me)),
    NodeRule("node.unseen", lambda e, node: _if(node.reach is Reach.UNSEEN and node.name != e.me)),
    NodeRule("node.gone", lambda e, node: _if(node.reach is Reach.GONE and node.name != e.me)),
    NodeRule("node.init", lambda _, node: _if(node.state is NodeState.INIT)),
    NodeRule("node.state", lambda _, node: _if(node.state not in _READY_STATES | {NodeState.INIT}, node.state.value)),
    NodeRule("node.frozen", lambda _, node: _if(node.is_frozen)),
    NodeRule("node.overloaded", lambda _, node: _if(node.is_overloaded)),
    NodeRule("node.version", lambda e, node: _if(node.version != e.node.version, str(node.version), str(e.node.version))),
)

INSTANCE_RULES: Sequence[InstanceRule] = (
    InstanceRule("instance.unprovisioned", lambda _e, _s, _n, instance: _if(not instance.is_provisioned)),
    InstanceRule("instance.frozen", lambda _e, _s, _n, instance: _if(instance.is_frozen)),
    InstanceRule("instance.failed", lambda _e, _s, _n, instance: _if(instance.monitor.is_failed, instance.monitor.value)),
    InstanceRule("instance.n/a", lambda _e, _s, _n, instance: _if(instance.avail is Status.NA)),
    InstanceRule("instance.constraints", lambda _e, _s, _n, instance: _if(not instance.meets_constraints)),
    InstanceRule(
        "affinity.hard",
        lambda e, s, node, _i: next(((other,) for other in s.hard_affinity if not is_active_on(e, other, node)), None),
    ),
    InstanceRule(
        "anti-affinity.hard",
        lambda e, s, node, _i: _affinity(e, s.hard_anti_affinity, node, is_wanted=False) if s.hard_anti_affinity else None,
    ),
)


def _affinity(e: Evaluation, others: Sequence[str], node: str, *, is_wanted: bool) -> tuple[str, ...] | None:
    """The first of the other services that is not on the node as it should be."""
    return next(((other,) for other in others if is_active_on(e, other, node) is not is_wanted), None)


def is_active_on(e: Evaluation, path: str, node: str) -> bool:
    """Whether another service is, or may be, active on a node."""
    service = e.view.services.get(path)
    instance = service.instances.get(node) if service else None
    return instance is not None and instance.may_be_active


class Verdict(NamedTuple):
    """A rule and what it came to for one node: `reason` is None where it excludes nothing."""

    code: str
    node: str
    reason: Reason | None


def verdicts(e: Evaluation, service: ServiceView, node: str) -> Sequence[Verdict]:
    """Every rule that there is, for one node; where one takes the others their ground, they are left out."""
    found = e.view.nodes.get(node)
    if found is None:
        return [Verdict("node.unknown", node, Reason("node.unknown", node))]
    results = [Verdict(rule.code, node, _reason(rule.code, node, rule.facts(e, found))) for rule in NODE_RULES]
    instance = service.instances.get(node)
    results.append(Verdict("instance.missing", node, _reason("instance.missing", node, _if(instance is None and _has_said(e, node)))))
    if instance is not None:
        results += [Verdict(rule.code, node, _reason(rule.code, node, rule.facts(e, service, node, instance))) for rule in INSTANCE_RULES]
    return results


def _reason(code: str, node: str, facts: tuple[str, ...] | None) -> Reason | None:
    return None if facts is None else Reason(code, node, facts)


def _has_said(e: Evaluation, node: str) -> bool:
    """Whether a node has told what it has: of one that is unseen, or gone and forgotten, nothing is known."""
    found = e.view.nodes.get(node)
    return found is not None and (node == e.me or found.reach not in {Reach.UNSEEN, Reach.GONE})


def exclusions(e: Evaluation, service: ServiceView, node: str) -> tuple[Reason, ...]:
    """Why a node is no candidate; empty where it is one."""
    if node not in e.excluded_nodes:
        found = e.view.nodes.get(node)
        rules = NODE_RULES if found is not None else ()
        e.excluded_nodes[node] = tuple(
            Reason(rule.code, node, facts) for rule in rules if found is not None and (facts := rule.facts(e, found)) is not None
        ) or (() if found is not None else (Reason("node.unknown", node),))
    instance = service.instances.get(node)
    if instance is None:
        missing = (Reason("instance.missing", node),) if _has_said(e, node) else ()
        return (*e.excluded_nodes[node], *missing)
    own = [Reason(rule.code, node, facts) for rule in INSTANCE_RULES if (facts := rule.facts(e, service, node, instance)) is not None]
    return (*e.excluded_nodes[node], *own)


class Choice(NamedTuple):
    """The candidates, the preferred one first, and why the other nodes are none."""

    candidates: tuple[str, ...]
    excluded: tuple[Reason, ...]


def choose(e: Evaluation, service: ServiceView) -> Choice:
    """The candidates for a service.

    Soft affinities exclude only where somebody is left. From a flex service they exclude nobody: more nodes than the fitting
    ones may be wanted, so these come first.
    """
    reasons = {node: exclusions(e, service, node) for node in (*service.nodes, *(n for n in service.instances if n not in service.nodes))}
    left = [node for node, why in reasons.items() if not why]
    excluded = [reason for why in reasons.values() for reason in why]
    wishes = [("affinity.soft", other, True) for other in service.soft_affinity]
    wishes += [("anti-affinity.soft", other, False) for other in service.soft_anti_affinity]
    if not service.is_failover:
        order = ranked(e.view, service, left)
        return Choice(tuple(sorted(order, key=lambda node: _unmet(e, wishes, node))), tuple(excluded))
    for code, other, wants in wishes:
        fitting = [node for node in left if is_active_on(e, other, node) is wants]
        if fitting and len(fitting) < len(left):
            excluded += [Reason(code, node, (other,)) for node in left if node not in fitting]
            left = fitting
    return Choice(tuple(ranked(e.view, service, left)), tuple(excluded))


def _unmet(e: Evaluation, wishes: Sequence[tuple[str, str, bool]], node: str) -> tuple[bool, ...]:
    """Which of the soft affinities a node does not meet, the first of them the most important."""
    return tuple(is_active_on(e, other, node) is not wants for _, other, wants in wishes)
