"""Happenings: what each event of a story does to the world."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from opensvc_daemon.orchestration.requests import Request, Wish
from opensvc_daemon.orchestration.states import NodeState
from opensvc_daemon.simulation.beat import Beat
from opensvc_daemon.simulation.events import Event
from opensvc_daemon.simulation.machine import Machine
from opensvc_daemon.simulation.runner import Job, Trouble
from opensvc_daemon.simulation.world import World

Happen = Callable[..., None]
# Seconds that the system waits for services when it shuts down, and that an orderly end of a daemon takes.
SHUTDOWN_LIMIT = 30.0
FAREWELL = 0.5


class Happenings:
    """Makes events happen in one world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._requests = 0
        self._last: dict[str, Request] = {}

    def happen(self, event: Event) -> None:
        """One event, now."""
        self._world.say("", f"--- {event.kind} {' '.join(event.words)}")
        _HAPPEN[event.kind](self, *event.words)

    def calm(self) -> None:
        """All faults end: what is broken is repaired, what is off comes on."""
        world = self._world
        world.say("", "--- calm")
        world.network.heal()
        world.broken_fences.clear()
        for machine in world.machines.values():
            machine.runner.troubles.clear()
            self._set_overloaded(machine, is_overloaded=False)
            for load in machine.loads.values():
                load.broken.clear()
            if machine.is_paused:
                machine.resume()
            if machine.monitor:
                machine.monitor.go_on()
            machine.boot()
            if not machine.is_arbitrator:
                machine.after(5.0, machine.start_daemon)

    # -- power and processes

    def _boot(self, node: str) -> None:
        self._machine(node).boot()

    def _crash(self, node: str) -> None:
        self._machine(node).power_off("it crashes")

    def _shutdown(self, node: str, seconds: str = "") -> None:
        machine = self._machine(node)
        if not machine.is_running:
            return
        if machine.monitor:
            machine.monitor.set_state(NodeState.SHUTTING)
        self._when_down(machine, SHUTDOWN_LIMIT, float(seconds) if seconds else None)

    def _when_down(self, machine: Machine, left: float, back_in: float | None) -> None:
        """Off as soon as nothing runs any more, or when the system has waited long enough."""
        if left > 0 and any(load.is_active for load in machine.loads.values()):
            machine.after(1.0, lambda: self._when_down(machine, left - 1.0, back_in))
            return
        machine.after(FAREWELL, lambda: self._off(machine, back_in))

    def _off(self, machine: Machine, back_in: float | None) -> None:
        machine.power_off("it is shut down")
        if back_in is not None:
            self._world.agenda.after(back_in, machine.boot)

    def _pause(self, node: str, seconds: str) -> None:
        self._machine(node).pause(float(seconds), stops_clock=False)

    def _suspend(self, node: str, seconds: str) -> None:
        self._machine(node).pause(float(seconds), stops_clock=True)

    def _hang(self, node: str, seconds: str) -> None:
        monitor = self._machine(node).monitor
        if monitor:
            monitor.hang(float(seconds))

    def _daemon_kill(self, node: str) -> None:
        self._machine(node).kill_daemon()

    def _daemon_stop(self, node: str, seconds: str = "") -> None:
        machine = self._machine(node)
        monitor = machine.monitor
        if monitor is None or not machine.is_running:
            return
        monitor.set_state(NodeState.MAINTENANCE)
        monitor.after(FAREWELL, machine.kill_daemon)
        if seconds:
            machine.after(FAREWELL + float(seconds), machine.start_daemon)

    def _daemon_start(self, node: str) -> None:
        self._machine(node).start_daemon()

    def _beat_kill(self, node: str) -> None:
        machine = self._machine(node)
        if not machine.is_running or machine.beat is None:
            return
        is_armed = machine.beat.is_armed()
        machine.beat = None
        machine.kill_daemon()
        if is_armed:
            machine.after(self._world.setup.watchdog, lambda: machine.reset("its watchdog"))
        else:
            machine.after(1.0, lambda: self._restart_beat(machine))

    def _restart_beat(self, machine: Machine) -> None:
        if machine.beat is None:
            machine.beat = Beat(machine)
        machine.start_daemon()

    # -- the network

    def _cut(self, start: str, end: str, *links: str) -> None:
        self._world.network.change(start, end, links, is_cut=True)

    def _heal(self, start: str = "", end: str = "") -> None:
        if start:
            self._world.network.change(start, end, is_cut=False, loss=0.0, double=0.0, delay=0.0, jitter=0.0)
        else:
            self._world.network.heal()

    def _isolate(self, node: str) -> None:
        for other in self._world.machines:
            if other != node:
                self._cut(node, other)
                self._cut(other, node)

    def _loss(self, start: str, end: str, share: str) -> None:
        self._world.network.change(start, end, loss=float(share))

    def _double(self, start: str, end: str, share: str) -> None:
        self._world.network.change(start, end, double=float(share))

    def _delay(self, start: str, end: str, seconds: str, jitter: str) -> None:
        self._world.network.change(start, end, delay=float(seconds), jitter=float(jitter))

    def _wall(self, node: str, seconds: str) -> None:
        self._machine(node).clock.wall += float(seconds)

    # -- actions, resources, fences

    def _trouble(self, kind: str, node: str, service: str, action: str, seconds: str = "0") -> None:
        self._machine(node).runner.troubles[service, action] = Trouble(kind, float(seconds))

    def _dies(self, node: str, service: str, rid: str) -> None:
        machine = self._machine(node)
        if machine.is_on and rid in machine.load_of(service).up:
            machine.deactivate(service, rid)
            monitor = machine.monitor
            if monitor:
                monitor.after(self._world.random.uniform(0.1, 3.0), partial(monitor.look, service))

    def _breaks(self, node: str, service: str, rid: str) -> None:
        if self._machine(node).is_on:
            self._machine(node).load_of(service).broken.add(rid)
            self._dies(node, service, rid)

    def _fence_breaks(self, node: str) -> None:
        self._world.broken_fences.add(node)

    def _fence_works(self, node: str) -> None:
        self._world.broken_fences.discard(node)

    # -- people

    def _request(self, node: str, service: str, wish: str, *to: str) -> None:
        self._requests += 1
        self._ask(node, service, Request(f"r{self._requests}", Wish(wish), to=to))

    def _again(self, node: str, service: str) -> None:
        if service in self._last:
            self._ask(node, service, self._last[service])

    def _ask(self, node: str, service: str, request: Request) -> None:
        """A daemon takes the order, where one runs and has an instance; otherwise the person is told that none does."""
        machine = self._machine(node)
        if machine.is_running and machine.monitor and service in machine.monitor.instances:
            self._last[service] = request
            machine.monitor.ask(service, request)
        else:
            machine.say("the order is refused: no daemon, or no such service, is here")

    def _freeze_node(self, node: str, *, is_frozen: bool = True) -> None:
        machine = self._machine(node)
        machine.disk.is_frozen = is_frozen
        if machine.monitor:
            machine.monitor.grow()

    def _thaw_node(self, node: str) -> None:
        self._freeze_node(node, is_frozen=False)

    def _freeze(self, node: str, service: str, *, is_frozen: bool = True) -> None:
        machine = self._machine(node)
        if machine.is_running:
            machine.kept(service).is_frozen = is_frozen
            if machine.monitor and service in machine.monitor.instances:
                machine.monitor.change(service, is_frozen=is_frozen)

    def _thaw(self, node: str, service: str) -> None:
        self._freeze(node, service, is_frozen=False)

    def _stop_local(self, node: str, service: str) -> None:
        """Frozen first, so that the daemon leaves it alone; then the same action that the daemon would run."""
        machine = self._machine(node)
        if machine.is_running:
            self._freeze(node, service)
            machine.runner.run(Job(service, "stop", partial(self._stopped, machine, service)))

    def _stopped(self, machine: Machine, service: str, is_ok: bool, _why: str) -> None:
        machine.kept(service).expects_up &= not is_ok
        if machine.monitor and service in machine.monitor.instances:
            machine.monitor.change(service, expects_up=machine.kept(service).expects_up)
            machine.monitor.look(service)

    def _drain(self, node: str) -> None:
        monitor = self._machine(node).monitor
        if monitor and monitor.state is NodeState.IDLE:
            # frozen, so that it takes nothing back when it is empty
            self._freeze_node(node)
            monitor.set_state(NodeState.DRAINING)

    def _nodes(self, service: str, *nodes: str) -> None:
        self._world.change_file(service, self._world.file(service)._replace(nodes=nodes))

    def _priority(self, service: str, number: str) -> None:
        self._world.change_file(service, self._world.file(service)._replace(priority=int(number)))

    def _confirm(self, node: str, down: str) -> None:
        monitor = self._machine(node).monitor
        if monitor and not self._machine(down).is_on:
            monitor.confirmed[down] = monitor.hearing.ears[down].incarnation
            monitor.grow()

    def _load(self, node: str, number: str) -> None:
        machine = self._machine(node)
        machine.load = float(number)
        if machine.monitor:
            machine.monitor.grow()

    def _overload(self, node: str, seconds: str) -> None:
        machine = self._machine(node)
        self._set_overloaded(machine, is_overloaded=True)
        self._world.agenda.after(float(seconds), lambda: self._set_overloaded(machine, is_overloaded=False))

    def _set_overloaded(self, machine: Machine, *, is_overloaded: bool) -> None:
        is_news = machine.is_overloaded is not is_overloaded
        machine.is_overloaded = is_overloaded
        if machine.monitor and is_news:
            machine.monitor.grow()

    def _machine(self, node: str) -> Machine:
        return self._world.machines[node]


def _method(name: str) -> Happen:
    return getattr(Happenings, f"_{name}")  # type: ignore[no-any-return] # the table of events has these names


_TROUBLES = ("slow", "fails", "halfway", "hangs")
_HAPPEN: Mapping[str, Happen] = {
    **{
        kind: _method(kind.replace("-", "_"))
        for kind in (
            *("boot", "crash", "shutdown", "pause", "suspend", "hang", "daemon-kill", "daemon-stop", "daemon-start", "beat-kill"),
            *("cut", "heal", "isolate", "loss", "double", "delay", "wall", "dies", "breaks", "fence-breaks", "fence-works"),
            *("request", "again", "freeze-node", "thaw-node", "freeze", "thaw", "stop-local", "drain", "nodes", "priority"),
            *("confirm", "load", "overload"),
        )
    },
    "reboot": Happenings._shutdown,
    "daemon-restart": Happenings._daemon_stop,
    **{kind: (lambda self, *words, kind=kind: self._trouble(kind, *words)) for kind in _TROUBLES},
}
