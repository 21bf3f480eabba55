"""Carrying out: what becomes of each order of a decision on a virtual node."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from opensvc_daemon.orchestration.effects import DONE, MONITOR_ACTIONS, REMOVING
from opensvc_daemon.orchestration.orders import Do, Order
from opensvc_daemon.orchestration.requests import Progress
from opensvc_daemon.orchestration.states import ACTIONS, STATE_OF, TRANSITIONS, MonitorState
from opensvc_daemon.orchestration.view import Fencing
from opensvc_daemon.simulation.runner import Job

if TYPE_CHECKING:
    from opensvc_daemon.simulation.monitor import Monitor


class Carrying:
    """The hands of a monitor."""

    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor
        self._said: dict[str, dict[tuple[str, ...], str]] = {}

    def carry(self, order: Order) -> None:
        """Carry out one order."""
        monitor = self._monitor
        if monitor.machine.monitor is not monitor:
            return  # an order before this one took the node away
        monitor.world.referee.ordered(monitor, order)
        self._say(order)
        _HANDS[order.do](self, order)

    def _say(self, order: Order) -> None:
        """A line of the timeline; what waits says so once."""
        if order.do is Do.NOTHING:
            text, said = "; ".join(map(str, order.reasons)), self._said.setdefault(order.service, {})
            if said.get(order.rids) != _steady(order):
                said[order.rids] = _steady(order)
                self._monitor.machine.say(f"{order.service or 'the node'} waits: {text}")
            return
        self._said.pop(order.service, None)
        self._monitor.machine.say(order)

    # -- one method for each kind

    def _nothing(self, order: Order) -> None:
        pass

    def _announce(self, order: Order) -> None:
        self._monitor.change(order.service, monitor=order.state, rank=order.rank)

    def _act(self, order: Order) -> None:
        if order.action not in STATE_OF:
            self._monitor.world.referee.object("contract", f"{order}: there is no such action")
            return
        self._monitor.change(order.service, monitor=STATE_OF[order.action])
        done = partial(self._acted, order)
        self._monitor.machine.runner.run(Job(order.service, order.action, done, order.rids, order.confirmed_down))

    def _acted(self, order: Order, is_ok: bool, why: str) -> None:
        """An action has ended; the monitor may be another one by now, which has to look."""
        monitor = self._monitor.machine.monitor
        if not is_ok:
            self._monitor.machine.say(f"{order.service}: {order.action} fails: {why}")
        if monitor is not self._monitor:
            if is_ok:
                self._keep(order)
            if monitor is not None:
                monitor.after(0.0, lambda: monitor.look(order.service))
            return
        monitor.after(0.0, lambda: self._ended(order, is_ok=is_ok))

    def _keep(self, order: Order) -> None:
        """What the action itself has written to the disk, whoever reads it."""
        if order.action in REMOVING:
            self._monitor.machine.remove(order.service)
            return
        kept = self._monitor.machine.kept(order.service)
        for name, value in DONE.get(order.action, {}).items():
            setattr(kept, name, value)
        if self._monitor.machine.monitor and order.service in self._monitor.machine.monitor.instances:
            self._monitor.machine.monitor.change(order.service, **DONE.get(order.action, {}))

    def _ended(self, order: Order, *, is_ok: bool) -> None:
        monitor, service = self._monitor, order.service
        if service not in monitor.instances:
            return
        monitor.look(service)
        served = {"served": order.request} if order.request else {}
        if not is_ok:
            failed = {"failed_action": order.action} if order.action in MONITOR_ACTIONS else {}
            monitor.change(service, monitor=ACTIONS[STATE_OF[order.action]][1], **served, **failed)
        elif order.action in REMOVING:
            monitor.machine.remove(service)
        else:
            started = {"last_start": monitor.world.agenda.now, "failed_action": ""} if order.action == "start" else {}
            if order.action in ("start", "restart"):
                monitor.machine.load_of(service).tried.clear()
                monitor.look(service)
            ends = MonitorState.START_FAILED if order.action == "switch" else MonitorState.IDLE
            monitor.change(service, monitor=ends, **DONE.get(order.action, {}), **served, **started)

    def _interrupt(self, order: Order) -> None:
        self._monitor.machine.runner.interrupt(order.service)

    def _restart_resource(self, order: Order) -> None:
        if order.service not in self._monitor.machine.runner.running:
            done = partial(self._resource_restarted, order)
            if self._monitor.instances[order.service].monitor is MonitorState.READY:
                self._monitor.change(order.service, monitor=MonitorState.RESTARTING)
            self._monitor.machine.runner.run(Job(order.service, "start", done, order.rids, order.confirmed_down))

    def _resource_restarted(self, order: Order, is_ok: bool, why: str) -> None:
        self._monitor.machine.say(f"{order.service}: {' '.join(order.rids)} {'is up again' if is_ok else f'stays down: {why}'}")
        machine = self._monitor.machine
        monitor, load = machine.monitor, machine.load_of(order.service)
        for rid in order.rids:
            if is_ok:
                load.tried.pop(rid, None)
            else:
                load.tries(rid, machine.now)
        if monitor and order.service in monitor.instances:
            if monitor.instances[order.service].monitor is MonitorState.RESTARTING:
                monitor.look(order.service)
                monitor.change(order.service, monitor=MonitorState.IDLE)
            monitor.after(0.0, lambda: monitor.look(order.service))

    def _ask_lease(self, order: Order) -> None:
        if self._monitor.machine.beat:
            self._monitor.machine.beat.ask(order.service)

    def _release_lease(self, order: Order) -> None:
        if self._monitor.machine.beat:
            self._monitor.machine.beat.release(order.service)

    def _fence(self, order: Order) -> None:
        monitor = self._monitor
        monitor.fencing[order.node] = (Fencing.RUNNING, monitor.machine.now)
        life = monitor.hearing.ears[order.node].incarnation
        monitor.world.fence(monitor.name, order.node, partial(self._fenced, order.node, life))
        monitor.touch()

    def _fenced(self, node: str, life: int, is_ok: bool) -> None:
        """The agent has answered."""
        monitor = self._monitor
        monitor.machine.say(f"fencing {node} {'is confirmed' if is_ok else 'failed'}")
        if monitor.machine.monitor is monitor:
            monitor.after(0.0, lambda: self._note_fencing(node, life, is_ok=is_ok))

    def _note_fencing(self, node: str, life: int, *, is_ok: bool) -> None:
        monitor = self._monitor
        monitor.fencing[node] = (Fencing.CONFIRMED if is_ok else Fencing.FAILED, monitor.machine.now)
        if is_ok and monitor.hearing.ears[node].incarnation == life:
            monitor.confirmed[node] = life
        monitor.grow()

    def _leave(self, order: Order) -> None:
        machine = self._monitor.machine
        if order.action == "crash":
            machine.power_off("it left the game")
        elif order.action == "reboot":
            machine.reset("it left the game")
        else:
            self._leave_by_stop()

    def _leave_by_stop(self) -> None:
        for name, instance in self._monitor.instances.items():
            if instance.is_active and not instance.is_frozen and not instance.monitor.is_acting:
                self._act(Order(Do.ACT, name, "stop"))

    def _node_state(self, order: Order) -> None:
        if order.node_state is not None:
            self._monitor.set_state(order.node_state)

    def _end_request(self, order: Order) -> None:
        request = self._monitor.instances[order.service].request
        if request is not None and request.id == order.request and request.is_active:
            why = "; ".join(map(str, order.reasons))
            self._monitor.learn(order.service, request.ended(order.progress or Progress.DONE, why))

    def _run(self, order: Order) -> None:
        pass


_HANDS: Mapping[Do, Callable[[Carrying, Order], None]] = {kind: getattr(Carrying, f"_{kind.name.lower()}") for kind in Do}


def _steady(order: Order) -> str:
    """What makes it another thing to say: the codes, and not the seconds in their texts."""
    return " ".join(f"{reason.code}@{reason.node}" for reason in order.reasons)


def is_allowed(state: MonitorState, order: Order) -> bool:
    """Whether the table of transitions has what an order asks for."""
    if order.do is Do.ACT:
        return order.action in TRANSITIONS[state]
    if order.do is Do.ANNOUNCE and order.state is not None:
        return order.state is state or order.state.value in TRANSITIONS[state] or (order.state is MonitorState.IDLE and state.is_failed)
    return True
