"""The invariants: what must hold whatever happens, judged at every step, and at the end for what must happen at last.

The referee sees what truly is, which no node does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from opensvc_core.api import Status
from opensvc_daemon.orchestration.explain import explain
from opensvc_daemon.orchestration.orders import Decision, Do, Order
from opensvc_daemon.orchestration.requests import Wish
from opensvc_daemon.orchestration.states import MonitorState, NodeState
from opensvc_daemon.orchestration.view import Fencing, Guard, Lease, Reach
from opensvc_daemon.simulation.carrying import is_allowed
from opensvc_daemon.simulation.viewing import view_of

if TYPE_CHECKING:
    from opensvc_daemon.simulation.cluster import ServiceSetup
    from opensvc_daemon.simulation.monitor import Monitor
    from opensvc_daemon.simulation.world import World

INVARIANTS = {
    "single": "a guarded failover service is never active on two nodes at once",
    "frozen": "a frozen instance is never started nor stopped by the daemon on its own",
    "guard": "no start of what may be active on a silent peer precedes what the guard asks for",
    "up again": "when faults have ended, each ha service with a candidate is up, exactly once",
    "same choice": "nodes that know the same choose the same node",
    "stays": "a service that is where it may be is not moved",
    "reasons": "every order has a reason, and so has every service that is not where it is wanted",
    "requests": "what a person asked for comes to an end",
    "untouched": "a daemon's death changes no service",
    "in use": "what is active on a node is not destroyed from another one",
    "contract": "orders fit the table of transitions, and are not given in circles",
}
# Decisions of one node in so many seconds that show a circle.
CIRCLE, SECONDS = 400, 10.0
# Seconds after which what somebody says of another node is no late news, but wrong.
STALE = 30.0
RISING = frozenset({"start", "restart", "provision"})
MOVING = frozenset({*RISING, "stop", "shutdown"})
DESTROYING = frozenset({"unprovision", "purge"})
# A daemon that begins or ends only looks.
LOOKING = frozenset({NodeState.INIT, NodeState.MAINTENANCE, NodeState.UPGRADE})
IDLE = frozenset({Do.NOTHING, Do.RELEASE_LEASE})
LEAVING = frozenset({NodeState.SHUTTING, NodeState.DRAINING})
MOVES = frozenset({Wish.SWITCH, Wish.TAKEOVER, Wish.GIVEBACK})
REMOVING = frozenset({Wish.PURGE, Wish.DELETE})
LOWERING = frozenset({*MOVES, Wish.STOP, Wish.SHUTDOWN, Wish.RESTART, Wish.UNPROVISION, Wish.PURGE})


class Violation(NamedTuple):
    """An invariant that was broken, when, and how."""

    at: float
    invariant: str
    text: str

    def __str__(self) -> str:
        return f"{self.at:9.3f}  {self.invariant}: {self.text} ({INVARIANTS[self.invariant]})"


class Referee:
    """Judges one simulation. `exceptions` are the moments that the specification allows: a whole node that wakes up after its lease."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.violations: list[Violation] = []
        self.exceptions: list[str] = []
        self._decisions: dict[str, list[float]] = {}

    def object(self, invariant: str, text: str) -> None:
        """Note a violation."""
        violation = Violation(self._world.agenda.now, invariant, text)
        self.violations.append(violation)
        self._world.say("", f"!!! {violation.invariant}: {text}")
        self._world.stop()

    # -- at every step

    def activated(self, service: str) -> None:
        """Something is active on a node from this moment on."""
        setup = self._world.file(service)
        active = self._active(service)
        if len(active) < 2 or not setup.is_guarded:
            return
        text = f"{service} is active on {' and '.join(active)}"
        sleepers = [name for name in active if self._world.machines[name].has_overslept(service)] if setup.guard is Guard.LEASE else []
        if len(active) - len(sleepers) < 2:
            self.exceptions.append(f"{self._world.agenda.now:.3f} {text}: {' and '.join(sleepers)} was paused as a whole")
        else:
            self.object("single", text)

    def ordered(self, monitor: Monitor, order: Order) -> None:
        """A node is about to carry out an order."""
        if not order.reasons:
            self.object("reasons", f"{monitor.name}: {order} has no reason")
        if monitor.state in LOOKING and order.do not in IDLE and order.state is not MonitorState.IDLE:
            self.object("untouched", f"{monitor.name}: {order}, though its daemon is in {monitor.state.value}")
        if order.do is Do.ACT and order.service in monitor.instances:
            self._judge_action(monitor, order)
        if order.do is Do.RESTART_RESOURCE and not monitor.instances[order.service].is_active:
            self._judge_restart(monitor, order)
        self._judge_reasons(monitor, order)
        if order.service in monitor.instances and not is_allowed(monitor.instances[order.service].monitor, order):
            self.object("contract", f"{monitor.name}: {order} in state {monitor.instances[order.service].monitor.value}")

    def decided(self, monitor: Monitor, decision: Decision) -> None:
        """A node has decided; too often in too short a time is a circle."""
        now = self._world.agenda.now
        recent = self._decisions.setdefault(monitor.name, [])
        recent.append(now)
        if len(recent) > CIRCLE:
            if now - recent[0] < SECONDS:
                said = "; ".join(str(order) for order in decision.orders)
                self.object("contract", f"{monitor.name} decides in circles: {said}")
            recent.clear()

    def _judge_action(self, monitor: Monitor, order: Order) -> None:
        setup = monitor.machine.disk.configs[order.service].setup
        instance = monitor.instances[order.service]
        is_own = not order.request and monitor.state not in LEAVING
        if is_own and order.action in MOVING and (instance.is_frozen or monitor.machine.disk.is_frozen):
            self.object("frozen", f"{monitor.name}: {order}")
        if order.action in DESTROYING and (users := set(self._active(order.service)) - {monitor.name}):
            self.object("in use", f"{monitor.name}: {order}, which is active on {' and '.join(sorted(users))}")
        if order.action in RISING and setup.is_failover and not instance.is_active:
            self._judge_start(monitor, order, setup)
        if is_own and order.action == "stop" and setup.is_failover and instance.avail is Status.UP:
            self._judge_stop(monitor, order, setup)

    def _judge_start(self, monitor: Monitor, order: Order, setup: ServiceSetup) -> None:
        gone = monitor.gone()
        silent = [
            node
            for node in {*setup.nodes, *(peer for peer, found in monitor.theirs.items() if order.service in found)} - {monitor.name}
            if node in monitor.hearing.ears and monitor.hearing.ears[node].reach is not Reach.BEATING and node not in gone
        ]
        beat = monitor.machine.beat
        if (
            setup.guard is Guard.LEASE
            and order.action in ("start", "provision")
            and (beat is None or beat.lease(order.service)[0] is not Lease.HELD)
        ):
            self.object("guard", f"{monitor.name}: {order} without the lease")
        is_restart = order.do is Do.RESTART_RESOURCE and setup.guard is Guard.EXCLUSIVE
        if silent and (is_restart or setup.guard is Guard.FENCE or (setup.guard is Guard.NONE and setup.has_data_at_stake)):
            self.object("guard", f"{monitor.name}: {order} while {' '.join(sorted(silent))} is silent")
        wrong = [node for node in silent if monitor.fencing.get(node, (None,))[0] is Fencing.FAILED and setup.guard is Guard.FENCE]
        if wrong:
            self.object("guard", f"{monitor.name}: {order} though fencing {' '.join(wrong)} failed")

    def _judge_restart(self, monitor: Monitor, order: Order) -> None:
        """Where nothing is up, to start a resource is to start the service; those that are always up are none of it."""
        setup = monitor.machine.disk.configs[order.service].setup
        standby = {one.rid for one in setup.resources if one.is_standby}
        if setup.is_failover and not set(order.rids) <= standby:
            self._judge_start(monitor, order, setup)

    def _judge_reasons(self, monitor: Monitor, order: Order) -> None:
        """What is called a split has to have been one: nothing is known so late that this were an excuse."""
        if self._world.agenda.now - monitor.machine.misled_at < STALE:
            return  # its clock stood still, so it does not even know that it was away
        for reason in order.reasons:
            named = reason.facts[0].split() if reason.code == "split" else ()
            wrong = [node for node in named if not self._world.was_up(node, order.service, STALE)]
            if wrong:
                self.object("reasons", f"{monitor.name}: {order}, because {reason}, but it is down on {' '.join(wrong)}")

    def _judge_stop(self, monitor: Monitor, order: Order, setup: ServiceSetup) -> None:
        """What is up once, on a node that may run it, has no reason to be stopped but the lease, the quorum, or a failed resource."""
        said = {reason.code for reason in order.reasons}
        if said & {"quorum.missing", "lease.refused", "monitor.action", "split", "split.quorum", "drain", "shutdown"}:
            return
        if monitor.name in setup.nodes and not monitor.machine.disk.is_frozen:
            self.object("stays", f"{monitor.name}: {order}, which is up there")

    def _active(self, service: str) -> list[str]:
        """Where it is active. What a delete has left up is nobody's any more: a person wanted that."""
        return [node for node in self._world.history.active(service) if service not in self._world.machines[node].orphans]

    # -- when all has been quiet for long

    def complaints(self) -> list[tuple[str, str]]:
        """What is not as it should be at last: for each, the invariant and how."""
        found = []
        for service in sorted(self._world.services):
            setup = self._world.file(service)
            found += self._complaints_about(service, setup)
        return found

    def disagreements(self) -> list[str]:
        """Services for which nodes that all know everything would choose different nodes."""
        found = []
        for service in sorted(self._world.services):
            monitors = [one.monitor for one in self._world.nodes if one.monitor is not None and one.monitor.state is NodeState.IDLE]
            choices = {
                monitor.name: explain(view_of(monitor), monitor.machine.now, service).candidates
                for monitor in monitors
                if service in monitor.instances
            }
            if len(set(choices.values())) > 1:
                found.append(f"{service}: " + ", ".join(f"{node} chooses of {' '.join(all_) or 'none'}" for node, all_ in choices.items()))
        return found

    def _complaints_about(self, service: str, setup: ServiceSetup) -> list[tuple[str, str]]:
        monitors = [machine.monitor for machine in self._world.nodes if machine.monitor is not None]
        holders = [monitor for monitor in monitors if service in monitor.instances]
        found = [
            ("requests", f"{service}: {request.wish.value} of {request.id} is still {request.progress.value}")
            for request in {monitor.instances[service].request for monitor in holders}
            if request is not None and request.is_active and not self._is_stuck(setup)
            if not self._waits(request.wish, service, setup, holders)
        ]
        active = self._active(service)
        if not found and not self._is_stuck(setup) and self._is_due(service, setup, holders):
            wanted = 1 if setup.is_failover else min(setup.flex_target, len(self._candidates(service, setup, holders)))
            if len(active) < wanted or (setup.is_failover and len(active) != 1):
                found.append(("up again", f"{service} is active on {' '.join(active) or 'no node'}"))
        is_down = not self._world.history.active(service)
        if is_down and holders and not setup.is_disabled and not any(service in monitor.reasons for monitor in holders):
            found.append(("reasons", f"{service} is down, and no node says why"))
        return found

    def _is_due(self, service: str, setup: ServiceSetup, holders: list[Monitor]) -> bool:
        """Whether nothing that a person did, or has to look at, stands against it."""
        instances = [monitor.instances[service] for monitor in holders]
        if setup.orchestrate != "ha" or setup.is_disabled or setup.is_managed or setup.placement == "none":
            return False
        if any(service in machine.orphans for machine in self._world.nodes):
            return False
        if any(one.avail in (Status.WARN, Status.UNDEF) or (one.is_active and one.monitor.is_failed) for one in instances):
            return False
        if any(one.is_frozen and one.is_active for one in instances):
            return len(self._active(service)) != 1 and setup.is_guarded
        if not setup.is_rolled_back and any(one.monitor is MonitorState.START_FAILED for one in instances):
            return False
        return self._can_start(service, setup, holders)

    def _waits(self, wish: Wish, service: str, setup: ServiceSetup, holders: list[Monitor]) -> bool:
        """It is said that it waits, until a person thaws a node, sees to its parents or children, or starts a node that is off."""
        if wish in REMOVING and any(machine.name in setup.nodes and not machine.is_on for machine in self._world.nodes):
            return True
        if wish in LOWERING and any(self._world.history.active(child.partition("@")[0]) for child in setup.children):
            return True
        if wish in MOVES and not self._has_parents(setup):
            return True
        return wish in (Wish.START, Wish.RESTART, Wish.PROVISION) and not self._can_start(service, setup, holders)

    def _can_start(self, service: str, setup: ServiceSetup, holders: list[Monitor]) -> bool:
        return self._has_parents(setup) and bool(self._candidates(service, setup, holders))

    def _has_parents(self, setup: ServiceSetup) -> bool:
        return all(self._is_up(parent.partition("@")[0]) for parent in setup.parents)

    def _is_stuck(self, setup: ServiceSetup) -> bool:
        """A node left the game after all, stays off, and no guard can be satisfied for it."""
        off = [machine for machine in self._world.nodes if machine.name in setup.nodes and not machine.is_on]
        if setup.guard is Guard.FENCE:
            return not all(one.setup.fence for one in off)
        return bool(off) and setup.guard is Guard.NONE

    def _is_up(self, service: str) -> bool:
        """As far as what needs it is concerned; one that does not exist is needed by nobody."""
        found = [machine.monitor.instances.get(service) for machine in self._world.nodes if machine.monitor]
        return not self._world.exists(service) or any(one is not None and one.avail is Status.UP for one in found)

    def _candidates(self, service: str, setup: ServiceSetup, holders: list[Monitor]) -> list[str]:
        return [monitor.name for monitor in holders if monitor.name in setup.nodes and self._may_run(service, monitor)]

    def _may_run(self, service: str, monitor: Monitor) -> bool:
        instance, machine = monitor.instances[service], monitor.machine
        if machine.disk.is_frozen or machine.is_overloaded or monitor.state is not NodeState.IDLE:
            return False
        if not instance.is_provisioned or instance.is_frozen or instance.monitor.is_failed or not instance.meets_constraints:
            return False
        setup, here = self._world.file(service), self._active_on(monitor.name)
        return set(setup.hard_affinity) <= here and not set(setup.hard_anti_affinity) & here

    def _active_on(self, node: str) -> set[str]:
        return {service for service in self._world.services if node in self._active(service)}
