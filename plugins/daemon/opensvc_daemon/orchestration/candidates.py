"""Candidates: the nodes that may run a service now. Every rule that excludes one stands in a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import NamedTuple

from opensvc_core.api import Status
from opensvc_daemon.orchestration.evaluation import Evaluation
from opensvc_daemon.orchestration.placement import ranked
from opensvc_daemon.orchestration.reasons import Reason
from opensvc_daemon.orchestration.states import MonitorState, NodeState
from opensvc_daemon.orchestration.view import InstanceView, NodeView, Reach, ServiceView


class NodeRule(NamedTuple):
    """What excludes a node from all services: its code, and the facts of the reason where it applies (None: it does not)."""

    code: str
    facts: Callable[[Evaluation, NodeView], tuple[str, ...] | None]


class InstanceRule(NamedTuple):
    """What excludes a node from one service. `is_of_condition`: it looks at nothing but `CONDITION` of the instance."""

    code: str
    facts: Callable[[Evaluation, ServiceView, str, InstanceView], tuple[str, ...] | None]
    is_of_condition: bool = False


def _if(applies: bool, *facts: str) -> tuple[str, ...] | None:
    return facts if applies else None


# A node in rejoin is on its way: it counts when the best is chosen, and starts nothing before it is idle.
_READY_STATES = frozenset({NodeState.IDLE, NodeState.REJOIN})


def _is_at_work(e: Evaluation, node: NodeView) -> bool:
    """What a node said last that is down is no state of now."""
    is_there = node.name == e.me or node.reach is not Reach.GONE
    return is_there and node.state not in _READY_STATES | {NodeState.INIT}


NODE_RULES: Sequence[NodeRule] = (
    NodeRule("node.deaf", lambda e, node: _if(node.reach is Reach.HEARD and node.name != e.me)),
    NodeRule("node.silent", lambda e, node: _if(node.reach is Reach.SILENT and node.name != e.me)),
    NodeRule("node.unseen", lambda e, node: _if(node.reach is Reach.UNSEEN and node.name != e.me)),
    NodeRule("node.gone", lambda e, node: _if(node.reach is Reach.GONE and node.name != e.me)),
    NodeRule("node.init", lambda _, node: _if(node.state is NodeState.INIT)),
    NodeRule("node.state", lambda e, node: _if(_is_at_work(e, node), node.state.value)),
    NodeRule("node.frozen", lambda _, node: _if(node.is_frozen)),
    NodeRule("node.overloaded", lambda _, node: _if(node.is_overloaded)),
    NodeRule("node.version", lambda e, node: _if(node.version != e.node.version, str(node.version), str(e.node.version))),
)

CONDITION = ("is_provisioned", "is_frozen", "monitor", "avail", "meets_constraints")
_condition = attrgetter(*CONDITION)
INSTANCE_RULES: Sequence[InstanceRule] = (
    InstanceRule("instance.foreign", lambda _e, s, n, _i: _if(n not in s.nodes)),
    InstanceRule("instance.unprovisioned", lambda _e, _s, _n, instance: _if(not instance.is_provisioned), is_of_condition=True),
    InstanceRule("instance.frozen", lambda _e, _s, _n, instance: _if(instance.is_frozen), is_of_condition=True),
    InstanceRule(
        "instance.failed", lambda _e, _s, _n, instance: _if(instance.monitor.is_failed, instance.monitor.value), is_of_condition=True
    ),
    InstanceRule("instance.n/a", lambda _e, _s, _n, instance: _if(instance.avail is Status.NA), is_of_condition=True),
    InstanceRule("instance.constraints", lambda _e, _s, _n, instance: _if(not instance.meets_constraints), is_of_condition=True),
    InstanceRule("affinity.hard", lambda e, s, node, _i: _lacking(e, s, node)),
    InstanceRule("anti-affinity.hard", lambda e, s, node, _i: _avoided(e, s, node)),
)


def _lacking(e: Evaluation, service: ServiceView, node: str) -> tuple[str, ...] | None:
    """The first of the services that it wants beside it and that is not there."""
    for other in service.hard_affinity:
        if not is_active_on(e, other, node):
            return (other,)
    return None


def _avoided(e: Evaluation, service: ServiceView, node: str) -> tuple[str, ...] | None:
    """The first of the services that it avoids and that is there."""
    for other in service.hard_anti_affinity:
        if _is_in_the_way(e, service, other, node):
            return (other,)
    return None


def is_active_on(e: Evaluation, path: str, node: str) -> bool:
    """Whether another service is, or may be, active on a node."""
    service = e.view.services.get(path)
    instance = service.instances.get(node) if service else None
    return instance is not None and instance.may_be_active


def _is_in_the_way(e: Evaluation, service: ServiceView, path: str, node: str) -> bool:
    """Whether a service that this one avoids is active on a node, or about to start there.

    Of two that avoid each other and are about to start on one node, the more important one goes on.
    """
    other = e.view.services.get(path)
    instance = other.instances.get(node) if other else None
    if other is None or instance is None or instance.may_be_active:
        return instance is not None and instance.may_be_active
    yields = not (other.hard_anti_affinity or other.soft_anti_affinity) or (other.priority, path) < (service.priority, service.path)
    return instance.monitor is MonitorState.READY and yields


class Verdict(NamedTuple):
    """A rule and what it came to for one node: `reason` is None where it excludes nothing."""

    code: str
    node: str
    reason: Reason | None


def verdicts(e: Evaluation, service: ServiceView, node: str) -> Sequence[Verdict]:
    """Every rule that there is, for one node; where one takes the others their ground, they are left out."""
    found = e.view.nodes.get(node)
    instance = service.instances.get(node)
    if found is None:
        results = [Verdict("node.unknown", node, Reason("node.unknown", node))]
    else:
        results = [Verdict(rule.code, node, _reason(rule.code, node, rule.facts(e, found))) for rule in NODE_RULES]
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
    left = _applicable(e, service, node, instance)
    own = [Reason(rule.code, node, facts) for rule in left if (facts := rule.facts(e, service, node, instance)) is not None]
    return (*e.excluded_nodes[node], *own)


def _applicable(e: Evaluation, service: ServiceView, node: str, instance: InstanceView) -> Sequence[InstanceRule]:
    """The rules that may exclude an instance: those of its condition are asked once for all instances that are in the same one."""
    condition = _condition(instance)
    if condition not in e.applicable:
        e.applicable[condition] = [
            rule for rule in INSTANCE_RULES if not rule.is_of_condition or rule.facts(e, service, node, instance) is not None
        ]
    return e.applicable[condition]


class Choice(NamedTuple):
    """The candidates, the preferred one first, and why the other nodes are none."""

    candidates: tuple[str, ...]
    excluded: tuple[Reason, ...]


class Wish(NamedTuple):
    """A soft affinity: the code of the reason where it is not met, the other service, and whether a node meets it."""

    code: str
    other: str
    is_met: Callable[[Evaluation, str, str], bool]


def choose(e: Evaluation, service: ServiceView) -> Choice:
    """The candidates for a service.

    Soft affinities exclude only where somebody is left. From a flex service they exclude nobody: more nodes than the fitting
    ones may be wanted, so these come first.
    """
    reasons = {node: exclusions(e, service, node) for node in (*service.nodes, *(n for n in service.instances if n not in service.nodes))}
    left = [node for node, why in reasons.items() if not why]
    excluded = [reason for why in reasons.values() for reason in why]
    wishes = [Wish("affinity.soft", other, is_active_on) for other in service.soft_affinity]
    wishes += [
        Wish("anti-affinity.soft", other, lambda e, other, node: not _is_in_the_way(e, service, other, node))
        for other in service.soft_anti_affinity
    ]
    if not service.is_failover:
        order = ranked(e.view, service, left)
        return Choice(tuple(sorted(order, key=lambda node: _unmet(e, wishes, node))), tuple(excluded))
    for wish in wishes:
        fitting = [node for node in left if wish.is_met(e, wish.other, node)]
        if fitting and len(fitting) < len(left):
            excluded += [Reason(wish.code, node, (wish.other,)) for node in left if node not in fitting]
            left = fitting
    return Choice(tuple(ranked(e.view, service, left)), tuple(excluded))


def _unmet(e: Evaluation, wishes: Sequence[Wish], node: str) -> tuple[bool, ...]:
    """Which of the soft affinities a node does not meet, the first of them the most important."""
    return tuple(not wish.is_met(e, wish.other, node) for wish in wishes)
