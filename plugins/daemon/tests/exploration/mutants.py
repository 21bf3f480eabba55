"""Mutants: the decision with one rule broken, and where that shows.

Each is a rule that an engineer might get wrong; some are faults that other systems had. A model names the exploration in which
the fault shows, and the invariant whose number the complaint begins with.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from opensvc_daemon.exploration import messaging
from opensvc_daemon.exploration.model import Ask, Model
from opensvc_daemon.orchestration import (
    absence,
    automatic,
    candidates,
    decide,
    evaluation,
    guards,
    keeping,
    knowledge,
    moving,
    pursuing,
    quorum,
    raising,
    serving,
)
from opensvc_daemon.orchestration.evaluation import Evaluation
from opensvc_daemon.orchestration.guards import Clearance
from opensvc_daemon.orchestration.knowledge import Elsewhere
from opensvc_daemon.orchestration.orders import Do, Order
from opensvc_daemon.orchestration.placement import ranked
from opensvc_daemon.orchestration.quorum import Votes
from opensvc_daemon.orchestration.reasons import Reason
from opensvc_daemon.orchestration.requests import Wish
from opensvc_daemon.orchestration.states import MonitorState
from opensvc_daemon.orchestration.view import Fencing, Guard, Reach

from opensvc_core.api import Status

CRASH = {"crash": 1, "boot": 1, "silence": 1}
CUT = Model("a cut", budget=CRASH)
BIASED = Model("biased", guard=Guard.NONE, is_biased=True, is_cold=True)
COLD = Model("from cold", is_cold=True)
FROZEN = Model("frozen", budget={"freeze": 1, "freeze node": 1, "silence": 1, "crash": 1})
DEATH = Model("death", budget={"freeze": 1, "death": 1}, restarts=1, depth=4)
LEASE = Model("lease", guard=Guard.LEASE, budget={**CRASH, "lapse": 1})
NONE = Model("none", guard=Guard.NONE, budget=CRASH)
THREE = Model("three", 3, budget={"silence": 3, "boot": 1})
SWITCH = Model("switch", guard=Guard.NONE, asks=(Ask(Wish.SWITCH, ("B",)),), budget={"kill": 1})
STOPPED = Model("stopped", asks=(Ask(Wish.STOP),), budget=CRASH)
LEFT = Model("left behind", guard=Guard.EXCLUSIVE, budget={"crash": 1, "boot": 1, "freeze node": 1})


class Mutant(NamedTuple):
    """A broken rule. `patches`: by module or class and name, what takes the place of the right one."""

    name: str
    patches: Mapping[tuple[object, str], object]
    model: Model
    invariant: str


@contextmanager
def broken(mutant: Mutant) -> Iterator[None]:
    """The decision with its rule broken, for a while."""
    kept = {(place, name): getattr(place, name) for place, name in mutant.patches}
    try:
        for (place, name), value in mutant.patches.items():
            setattr(place, name, value)
        yield
    finally:
        for (place, name), value in kept.items():
            setattr(place, name, value)


def _without(rules, *codes):
    return tuple(rule for rule in rules if rule.code not in codes)


def _guard(kind: Guard, rule: Callable) -> dict:
    return {(guards, "_GUARDS"): {**guards._GUARDS, kind: rule}}


def _elsewhere(change: Callable[[Evaluation, Elsewhere], Elsewhere]) -> dict:
    right = knowledge.elsewhere
    return {(raising, "elsewhere"): lambda e, service: change(e, right(e, service)), (automatic, "elsewhere"): right}


def _clear(*_) -> Clearance:
    return Clearance(is_clear=True)


def _start_then_fence(e, service, uncertain) -> Clearance:
    found = guards._fence(e, service, uncertain)
    return found._replace(is_clear=True, is_hopeless=False)


def _failed_is_enough(e, service, uncertain) -> Clearance:
    found = guards._fence(e, service, uncertain)
    has_failed = all(e.view.nodes[node].fencing is Fencing.FAILED for node in uncertain)
    return Clearance(is_clear=True) if has_failed else found


def _seen_only(e: Evaluation, found: Elsewhere) -> Elsewhere:
    return found._replace(uncertain=tuple(node for node in found.uncertain if e.view.nodes[node].reach is not Reach.UNSEEN))


def _counted_twice(view):
    found = quorum.votes(view)
    return Votes(found.mine + 1, found.total)


def _without_acting(node, instance):
    if instance is not None and instance.is_active and not instance.monitor.is_acting:
        yield Reason("service.up", node.name)


def _go_at_once(e, service, request, targets):
    if e.me in targets and not e.mine(service).is_active:
        return raising.rise(e, service, -1, serving.why(request), is_hurried=True, request=request.id)
    return _right_go_to(e, service, request, targets)


_right_go_to = moving._go_to


def _moved_home(e, service):
    best = next(iter(ranked(e.view, service, [node for node, _ in e.present(service)])))
    if best != e.me and service.instances[best].monitor is MonitorState.IDLE and not service.instances[best].is_active:
        return raising.act(e, service, "stop", Reason("placement.preferred", best))
    return _right_keep(e, service)


_right_keep = keeping.keep


def _stopped_on_split(e, service, active):
    return raising.act(e, service, "stop", Reason("split", "", (" ".join(sorted(active)),)))


def _frozen_but_tended(e, service):
    return tuple(
        Order(Do.RESTART_RESOURCE, service.path, rids=(resource.rid,), reasons=(Reason("resource.down", "", (resource.rid,)),))
        for resource in e.mine(service).resources
        if resource.status is Status.DOWN and e.mine(service).expects_up
    ) + _right_run(e, service)


_right_run = automatic.run_itself


def _woken(e, service, others):
    return (reason for reason in _right_obstacles(e, service, others) if reason.code != "self.woke")


_right_obstacles = raising.obstacles


def _unreasoned(_e, service, *_reasons):
    return (Order(Do.NOTHING, service.path),)


def _silent_node(_e, _service, *_reasons):
    return ()


def _fences_anybody(e, service, uncertain):
    found = guards._fence(e, service, uncertain)
    beating = next((node for node in e.others(service) if e.is_present(node) and node not in uncertain), None)
    return (
        found._replace(orders=(*found.orders, Order(Do.FENCE, node=beating, reasons=(Reason("fence", beating, (service.path,)),))))
        if beating
        else found
    )


def _hopeful(e, service, uncertain):
    return guards.clearance(e, service, uncertain)._replace(is_hopeless=False)


def _forgets_failure(e, service):
    mine = e.mine(service)
    return raising.raise_failover(e, service, Reason("service.wanted")) if mine.monitor.is_failed else _right_run(e, service)


MUTANTS = (
    Mutant(
        "ignores frozen instances",
        {
            (candidates, "INSTANCE_RULES"): _without(candidates.INSTANCE_RULES, "instance.frozen"),
            (automatic, "_frozen"): lambda e, _: (Reason("node.frozen", e.me),) if e.node.is_frozen else (),
        },
        FROZEN,
        "2",
    ),
    Mutant(
        "ignores frozen nodes",
        {
            (candidates, "NODE_RULES"): _without(candidates.NODE_RULES, "node.frozen"),
            (automatic, "_frozen"): lambda e, service: (Reason("instance.frozen", e.me),) if e.mine(service).is_frozen else (),
        },
        FROZEN,
        "2",
    ),
    Mutant("restarts resources of a frozen instance", {(decide, "run_itself"): _frozen_but_tended}, DEATH, "2"),
    Mutant("fences after it has begun to start", _guard(Guard.FENCE, _start_then_fence), CUT, "3"),
    Mutant("starts although the fence failed", _guard(Guard.FENCE, _failed_is_enough), CUT._replace(budget={**CRASH, "misfire": 1}), "3"),
    Mutant("takes silent for down", _elsewhere(lambda _, found: found._replace(uncertain=(), down=found.uncertain)), CUT, "3"),
    Mutant("asks no guard of peers that it never saw", _elsewhere(_seen_only), COLD, "3"),
    Mutant("fences in maintenance", {(knowledge, "_is_awaited"): lambda *_: False}, Model("m", budget={"maintenance": 1}), "3"),
    Mutant("fences a node that beats", _guard(Guard.FENCE, _fences_anybody), THREE, "3"),
    Mutant("fences from the smaller part", {(Votes, "is_half"): True}, THREE, "3"),
    Mutant("counts itself twice", {(evaluation, "votes"): _counted_twice}, THREE, "3"),
    Mutant(
        "takes half for a majority",
        {(Votes, "is_majority"): property(lambda votes: votes.mine * 2 >= votes.total)},
        Model("half", guard=Guard.ACCEPT, has_quorum_rule=True, budget={"silence": 2}),
        "3",
    ),
    Mutant("forgets the lease", _guard(Guard.LEASE, _clear), LEASE, "3"),
    Mutant("keeps a lease that it does not need", {(decide, "_of_the_lease"): lambda *_: ()}, SWITCH._replace(guard=Guard.LEASE), "4"),
    Mutant("gives back a lease that it needs", {(decide, "keeps_lease"): lambda *_: False}, LEASE, "3"),
    Mutant("starts without any guard", _guard(Guard.NONE, _clear), NONE, "4"),
    Mutant("stays ready without hope", {(raising, "clearance"): _hopeful}, NONE, "4"),
    Mutant("waits for no acknowledgement", {(raising, "unheard"): lambda *_: ()}, BIASED, "1"),
    Mutant("does not look whether others are ready", {(raising, "contest"): lambda *_: ()}, BIASED, "1"),
    Mutant("starts while a peer stops", {(knowledge, "_said"): _without_acting, (moving, "_go_to"): _go_at_once}, SWITCH, "1"),
    Mutant(
        "switches before the source is down",
        {(moving, "_go_to"): _go_at_once, **_elsewhere(lambda _, found: found._replace(blocking=()))},
        SWITCH._replace(budget={}),
        "1",
    ),
    Mutant("starts when it has just woken up", {(raising, "obstacles"): _woken}, Model("p", budget={"pause": 1, "crash": 1}), "3"),
    Mutant("gives no reason", {(automatic, "stand_back"): _unreasoned, (raising, "stand_back"): _unreasoned}, CUT, "6"),
    Mutant("says nothing of what it leaves", {(automatic, "stand_back"): _silent_node, (raising, "stand_back"): _silent_node}, CUT, "6"),
    Mutant("moves a service when a better node joins", {(automatic, "keep"): _moved_home}, CUT, "5"),
    Mutant("stops both sides of a split", {(keeping, "resolve_split"): _stopped_on_split}, CUT._replace(guard=Guard.ACCEPT), "5"),
    Mutant("takes a daemon that looks for one that is up", {(Evaluation, "seen_up"): Evaluation.active}, SWITCH, "6"),
    Mutant("ends a request at once", {(pursuing, "missing"): lambda *_, **__: ()}, SWITCH._replace(asks=(Ask(Wish.STOP),)), "7"),
    Mutant(
        "counts what a peer did before it knew the request",
        {(serving, "has_settled"): lambda *_: True},
        Model("thaw", guard=Guard.NONE, asks=(Ask(Wish.FREEZE), Ask(Wish.THAW, at=1))),
        "7",
    ),
    Mutant(
        "stops without freezing first",
        {
            (pursuing, "_STEPS"): {
                **pursuing._STEPS,
                Wish.STOP: lambda e, s, r: (
                    raising.act(e, s, "stop", serving.why(r), request=r.id) if e.mine(s).is_active else serving.done(s, r)
                ),
            }
        },
        SWITCH._replace(asks=(Ask(Wish.STOP),)),
        "7",
    ),
    Mutant(
        "tries again what failed",
        {(decide, "run_itself"): _forgets_failure, (candidates, "INSTANCE_RULES"): _without(candidates.INSTANCE_RULES, "instance.failed")},
        CUT._replace(budget={**CRASH, "fail": 1}),
        "contract",
    ),
    Mutant("forgets who was away when it was stopped", {(decide, "catch_up"): lambda *_: ()}, STOPPED, "7"),
    Mutant(
        "freezes again what a person has thawed",
        {
            (messaging, "served_at_end"): lambda instance, _: instance.served,
            (absence, "_LEFT"): {**absence._LEFT, Wish.START: lambda _: False},
        },
        STOPPED._replace(asks=(Ask(Wish.STOP), Ask(Wish.START, at=1)), budget={}),
        "7",
    ),
    Mutant("takes from every node that says it has it down", {(knowledge, "_has_left"): lambda _: True}, LEFT, "3"),
    Mutant("acts before it has looked", {(decide, "_WATCHING"): frozenset()}, SWITCH._replace(asks=(Ask(Wish.STOP),)), "8"),
)
