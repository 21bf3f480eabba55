"""Guards: what makes sure that a silent peer has a service down, before it is started here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from opensvc_daemon.orchestration.evaluation import Evaluation
from opensvc_daemon.orchestration.knowledge import may_remove
from opensvc_daemon.orchestration.orders import Do, Order
from opensvc_daemon.orchestration.reasons import Reason
from opensvc_daemon.orchestration.view import Fencing, Guard, Lease, ServiceView

# Seconds between two requests for a lease at the least, whatever who refuses it says.
_LEASE_PAUSE: Final = 0.05


class Clearance(NamedTuple):
    """Whether a start is safe as far as silent peers go.

    Parameters:
        is_clear: it is.
        is_hopeless: nothing that this node could do makes it so.
        reasons: why, or why not.
        orders: what is to be done first.
        confirmed_down: silent nodes that the guard covers.
    """

    is_clear: bool
    is_hopeless: bool = False
    reasons: tuple[Reason, ...] = ()
    orders: tuple[Order, ...] = ()
    confirmed_down: tuple[str, ...] = ()


def clearance(e: Evaluation, service: ServiceView, uncertain: Sequence[str]) -> Clearance:
    """Ask the guard of a service about these silent nodes. A lease is needed also where nobody is silent."""
    if not uncertain and service.guard is not Guard.LEASE:
        return Clearance(is_clear=True)
    return _GUARDS[service.guard](e, service, uncertain)


def hopeless(e: Evaluation, service: ServiceView, uncertain: Sequence[str]) -> tuple[Reason, ...]:
    """Why nothing that a node could do would make a start safe now; empty where there is hope. Nothing is ordered by it."""
    if not uncertain:
        return ()
    if removing := _removing(e, service, uncertain):
        return _each("guard.removing", removing)
    if service.guard is Guard.NONE and service.has_data_at_stake:
        return _each("guard.none", uncertain)
    if service.guard is not Guard.FENCE:
        return ()
    if not e.votes.is_half:
        return (Reason("fence.minority", "", e.votes.texts),)
    return tuple(reason for node in uncertain for reason in _unfenceable(e, node))


def _removing(e: Evaluation, service: ServiceView, uncertain: Sequence[str]) -> Sequence[str]:
    """Those that may be removing its data: only what ends a node, or what it does to its disks, ends that."""
    if service.guard in _ENDING or not (service.has_data_at_stake or service.guard is Guard.LEASE):
        return ()
    return [name for name in uncertain if may_remove(e, service, name)]


def _none(e: Evaluation, service: ServiceView, uncertain: Sequence[str]) -> Clearance:
    if found := hopeless(e, service, uncertain):
        return Clearance(is_clear=False, is_hopeless=True, reasons=found)
    return Clearance(is_clear=True, reasons=_each("guard.probe", uncertain))


def _accept(e: Evaluation, service: ServiceView, uncertain: Sequence[str]) -> Clearance:
    if found := hopeless(e, service, uncertain):
        return Clearance(is_clear=False, is_hopeless=True, reasons=found)
    return Clearance(is_clear=True, reasons=_each("guard.accept", uncertain))


def _exclusive(e: Evaluation, service: ServiceView, uncertain: Sequence[str]) -> Clearance:
    """What was up here and that nobody stopped here is either still ours, or was taken over: it is not taken back and forth."""
    if e.mine(service).expects_up:
        return Clearance(is_clear=True, reasons=_each("guard.own", uncertain))
    return Clearance(is_clear=True, reasons=_each("guard.exclusive", uncertain), confirmed_down=tuple(uncertain))


def _lease(e: Evaluation, service: ServiceView, uncertain: Sequence[str]) -> Clearance:
    if found := hopeless(e, service, uncertain):
        return Clearance(is_clear=False, is_hopeless=True, reasons=found)
    if service.lease is Lease.HELD:
        return Clearance(is_clear=True, reasons=(Reason("lease.held"),), confirmed_down=tuple(uncertain))
    if service.lease is Lease.ASKED:
        return Clearance(is_clear=False, reasons=(Reason("lease.asked"),))
    return Clearance(is_clear=False, reasons=(Reason("lease.needed"),), orders=ask_lease(e, service))


def ask_lease(e: Evaluation, service: ServiceView) -> tuple[Order, ...]:
    """Ask for the lease, not sooner than a moment after a refusal, and as soon as those who refused said that they may grant it."""
    if service.lease is Lease.ASKED:
        return (Order(Do.NOTHING, service.path, reasons=(Reason("lease.asked"),)),)
    wait = min(max(service.lease_wait, _LEASE_PAUSE) if service.lease_wait else e.settings.lease_retry, e.settings.lease_retry)
    if service.lease is Lease.REFUSED and not e.timer.has_passed(service.lease_since, wait):
        return (Order(Do.NOTHING, service.path, reasons=(Reason("lease.refused"),)),)
    return (Order(Do.ASK_LEASE, service.path, reasons=(Reason("lease.needed"),)),)


def _fence(e: Evaluation, service: ServiceView, uncertain: Sequence[str]) -> Clearance:
    if found := hopeless(e, service, uncertain):
        return Clearance(is_clear=False, is_hopeless=True, reasons=found)
    waiting = [reason for node in uncertain for reason in _fencing_waits(e, node)]
    if waiting:
        return Clearance(is_clear=False, reasons=tuple(waiting))
    return Clearance(is_clear=False, reasons=_each("fence", uncertain, service.path), orders=_shots(e, service, uncertain))


def _shots(e: Evaluation, service: ServiceView, nodes: Sequence[str]) -> tuple[Order, ...]:
    shots = [node for node in nodes if node not in e.fenced]
    e.fenced.update(shots)
    return tuple(Order(Do.FENCE, node=node, reasons=(Reason("fence", node, (service.path,)),)) for node in shots)


def _unfenceable(e: Evaluation, name: str) -> Sequence[Reason]:
    """Why a node can't be fenced now, so that nothing is announced in vain."""
    node = e.view.nodes.get(name)
    if node is None or not node.can_be_fenced:
        return [Reason("fence.unable", name)]
    if node.fencing is Fencing.FAILED and not e.timer.has_passed(node.fencing_since, e.settings.fence_retry):
        return [Reason("fence.failed", name, (e.timer.left(node.fencing_since, e.settings.fence_retry),))]
    return []


def _fencing_waits(e: Evaluation, name: str) -> Sequence[Reason]:
    node = e.view.nodes[name]
    if node.fencing is Fencing.RUNNING:
        return [Reason("fence.running", name)]
    if _comes_first(e, name) and not e.timer.has_passed(node.reach_since, e.settings.fence_delay):
        return [Reason("fence.delay", name, (e.timer.left(node.reach_since, e.settings.fence_delay),))]
    return []


def _comes_first(e: Evaluation, other: str) -> bool:
    """Whether the other node may fence first: it runs what is more important, or as much and its name comes first.

    Both sides of a cut work it out from what they last knew of each other, so that only one of them shoots at once.
    """
    return (_importance(e, other), other) < (_importance(e, e.me), e.me)


def _importance(e: Evaluation, node: str) -> tuple[int, ...]:
    """The priorities of what is active on a node, the most important one first, ended so that more of them come first."""
    found = sorted(s.priority for s in e.view.services.values() if (i := s.instances.get(node)) is not None and i.is_active)
    return (*found, _LEAST)


_LEAST = 1 << 31
_ENDING = frozenset({Guard.FENCE, Guard.EXCLUSIVE})
_GUARDS: Mapping[Guard, Callable[[Evaluation, ServiceView, Sequence[str]], Clearance]] = {
    Guard.NONE: _none,
    Guard.ACCEPT: _accept,
    Guard.EXCLUSIVE: _exclusive,
    Guard.LEASE: _lease,
    Guard.FENCE: _fence,
}


def _each(code: str, nodes: Sequence[str], *facts: str) -> tuple[Reason, ...]:
    return tuple(Reason(code, node, facts) for node in nodes)
