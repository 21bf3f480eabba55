"""Mutants of what is destroyed, and of what is started again where it is down: the decision with one of these rules broken."""

from opensvc_daemon.exploration import engine, messaging
from opensvc_daemon.exploration.model import Ask, Model
from opensvc_daemon.orchestration import absence, automatic, guards, knowledge, provisioning, pursuing, raising, removing, serving
from opensvc_daemon.orchestration.requests import Wish
from opensvc_daemon.orchestration.states import NodeState
from opensvc_daemon.orchestration.view import Guard

from .mutants import CRASH, Mutant

UNMADE = Model("unmade", asks=(Ask(Wish.UNPROVISION, at=1),), budget=CRASH)
UNGUARDED = UNMADE._replace(name="unmade, no guard", guard=Guard.NONE, budget={"silence": 2})
RESTARTED = Model("restarted", budget={"death": 1, "silence": 1, "crash": 1, "boot": 1}, restarts=1)
SLOW = Model("restarted, slow", guard=Guard.NONE, is_delayed=True, budget={"freeze node": 1, "death": 1}, restarts=1)
PROVISIONED = Model("provisioned", guard=Guard.NONE, is_biased=True, is_made=False, asks=(Ask(Wish.PROVISION),))
REGRETTED = Model("regretted", guard=Guard.LEASE, asks=(Ask(Wish.UNPROVISION), Ask(Wish.PROVISION, at=1)), budget={"kill": 1, "lapse": 1})
CUT = REGRETTED._replace(name="regretted, and a cut", asks=(Ask(Wish.UNPROVISION), Ask(Wish.START)), budget={"silence": 2, "lapse": 1})
ABORTED = REGRETTED._replace(name="regretted, and aborted", asks=(Ask(Wish.UNPROVISION), Ask(Wish.ABORT)), budget={"kill": 1, "silence": 1})
DELETED = Model("deleted", 3, asks=(Ask(Wish.DELETE, at=1),), budget={"silence": 2})


def _served_by_half(instance, ended):
    """Whoever has ended a first action of it has served it, though it was away for the rest."""
    known = instance.request
    is_end = known is not None and known.id == ended.id and known.is_active and not ended.is_active
    has_part = is_end and ended.wish in absence._LEFT and absence._LEFT[ended.wish](instance)
    return ended.id if has_part else instance.served


def _made_at_once(e, service, request):
    """As if nothing was active for it."""
    return raising.act(e, service, "provision", serving.why(request), request=request.id)


def _kept_up(e, service, request):
    """Until it goes it is kept up, whoever has deleted it."""
    waiting = (*serving.missing(e, service, request, lambda _: True, waits_for_silent=False), *removing.unreached(e, service))
    if waiting:
        return (*raising.nothing(service, *waiting), *automatic.run_itself(e, service))
    return raising.act(e, service, "delete", serving.why(request), request=request.id)


def _at_its_word(e, service, name):
    """A daemon that has just begun knows what the one before it has begun."""
    return e.view.nodes[name].state is not NodeState.INIT and knowledge.may_remove(e, service, name)


def _the_last_alone(request, known):
    """Whatever it takes the place of is over."""
    return request._replace(sequence=known.sequence + 1 if known else 1)


MADE = (
    Mutant("provisions without a lease", {(provisioning, "_make"): _made_at_once}, PROVISIONED._replace(guard=Guard.LEASE), "3"),
    Mutant("provisions on two nodes at once", {(provisioning, "_make"): _made_at_once}, PROVISIONED, "1"),
    Mutant(
        "ends a provision that it has not looked at",
        {(provisioning, "_is_made"): lambda _: lambda instance: True},
        PROVISIONED._replace(name="provisioned, not looked at", is_biased=False),
        "7",
    ),
    Mutant("starts what was deleted elsewhere", {(pursuing, "_STEPS"): {**pursuing._STEPS, Wish.DELETE: _kept_up}}, DELETED, "1"),
    Mutant("forgets who only stopped for an unprovision", {(messaging, "served_at_end"): _served_by_half}, UNMADE, "7"),
    Mutant("destroys what a silent node may use", {(removing, "unreached"): lambda *_: ()}, UNGUARDED, "9"),
    Mutant("destroys what is in use", {(removing, "_in_use"): lambda *_: ()}, UNGUARDED, "9"),
    Mutant("starts what a silent node removes", {(guards, "may_remove"): lambda *_: False}, REGRETTED, "9"),
    Mutant("believes a daemon that has not looked yet", {(guards, "may_remove"): _at_its_word}, ABORTED, "9"),
    Mutant("forgets a removal that somebody regretted", {(engine, "follows"): _the_last_alone}, CUT, "9"),
    Mutant("restarts what others may start", {(automatic, "_is_undisputed"): lambda *_: True}, RESTARTED, "3"),
    Mutant("restarts before others know", {(automatic, "_once_acknowledged"): lambda _e, _s, orders: orders}, SLOW, "1"),
)
