"""The world: machines, network, storage and time of one simulation, and who watches them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from random import Random
from typing import TYPE_CHECKING

from opensvc_daemon.lease.membership import Member, Membership, Voters
from opensvc_daemon.orchestration.decide import decide
from opensvc_daemon.orchestration.orders import Decision
from opensvc_daemon.orchestration.view import View
from opensvc_daemon.simulation.agenda import Agenda, Do
from opensvc_daemon.simulation.cluster import ClusterSetup, NodeSetup, ServiceSetup
from opensvc_daemon.simulation.data import Config, Message
from opensvc_daemon.simulation.hearing import Hearing
from opensvc_daemon.simulation.history import History
from opensvc_daemon.simulation.invariants import Referee
from opensvc_daemon.simulation.machine import Machine
from opensvc_daemon.simulation.network import Network
from opensvc_daemon.simulation.storage import Storage
from opensvc_daemon.simulation.timeline import Line

if TYPE_CHECKING:
    from opensvc_daemon.simulation.monitor import Monitor

Decide = Callable[[View, float], Decision]
INTERVAL = 1.0
FENCING = (0.5, 3.0)  # seconds that a fence agent takes


class World:
    """Everything of one simulation. It begins with all machines off."""

    def __init__(self, setup: ClusterSetup, seed: int = 0, decide: Decide = decide, *, leaps: bool = True) -> None:
        self.setup, self.decide, self.random = setup, decide, Random(seed)
        self.interval = INTERVAL
        self.agenda = Agenda()
        self.agenda.leapt = self._leapt
        if leaps:
            self.agenda.is_at_rest = self.is_at_rest
        self.network = Network(self.agenda, self.random, setup.links)
        self.history, self.lines = History(), list[Line]()
        self.referee = Referee(self)
        self.storage = Storage(self._lose)
        self.services = {service.path: Config(1, service) for service in setup.services}
        self.broken_fences: set[str] = set()
        self.voters = _voters(setup)
        self.is_stopped, self.decisions, self.leaps = False, 0, 0
        self._incarnations = 0
        self.nodes = [Machine(self, node) for node in setup.nodes]
        arbitrators = [Machine(self, NodeSetup(name), is_arbitrator=True) for name in setup.arbitrators]
        self.machines = {machine.name: machine for machine in (*self.nodes, *arbitrators)}
        for machine in self.nodes:
            machine.disk.configs.update(self.services)
            for service in setup.services:
                machine.kept(service.path).is_provisioned = service.is_made

    # -- time

    def run(self, until: float) -> None:
        """Let time pass up to a moment."""
        self.agenda.run(until, lambda: not self.is_stopped)

    def stop(self) -> None:
        """There is no sense in going on."""
        self.is_stopped = True

    def is_at_rest(self) -> bool:
        """Only beats and renewals happen, and those as before."""
        if not self.network.is_steady or any(machine.is_paused for machine in self.nodes):
            return False
        return all(machine.is_at_rest() for machine in self.machines.values() if machine.is_on)

    def _leapt(self, seconds: float) -> None:
        self.leaps += 1
        for machine in self.machines.values():
            machine.leapt(seconds)

    # -- messages

    def listen(self, monitor: Monitor, now: float) -> Hearing:
        """The ear of a daemon that begins."""
        peers = [name for name in self.setup.names if name != monitor.name]
        known = (monitor.name, monitor.incarnation, peers, self.setup.settings.heartbeat_timeout, now)
        if self.setup.hearing == "plain":
            return Hearing(*known)
        from opensvc_daemon.simulation.rooms import RoomHearing, SealedHearing  # noqa: PLC0415 - few stories need them

        return (SealedHearing if self.setup.hearing == "sealed" else RoomHearing)(*known, links=self.setup.links)

    def next_incarnation(self) -> int:
        """A name for a life; later ones are higher here, so that a plain comparison does what a challenge does."""
        self._incarnations += 1
        return self._incarnations

    def broadcast(self, start: str, message: Message, *, is_news: bool) -> None:
        """Send a beat to all other nodes. One that says nothing new arrives at once where chance has no part: nobody could tell."""
        is_prompt = not is_news and self.network.is_steady
        for machine in self.nodes:
            if machine.name == start or not machine.is_on:
                continue
            if is_prompt and not machine.is_paused:
                if self.network.is_open(start, machine.name):
                    _hear(machine, message, self.setup.links[0])
            else:
                self._send_beat(start, machine, message)

    def _send_beat(self, start: str, machine: Machine, message: Message) -> None:
        boots = machine.boots
        self.network.send(
            start,
            machine.name,
            lambda link: machine.guarded(lambda: _hear(machine, message, link), is_message=True)() if machine.boots == boots else None,
        )

    def post(self, start: str, end: str, do: Do) -> None:
        """Send something of the lease: `do` happens at the other end, for each copy that arrives."""
        target = self.machines[end]
        if not target.is_on:
            return
        if start == end or (self.network.is_steady and not target.is_paused):
            if start == end or self.network.is_open(start, end):
                do()
            return
        self.network.send(start, end, lambda _link: target.guarded(do, is_message=True)() if target.is_on else None)

    def reaches(self, start: str, end: str) -> bool:
        """Whether a question from one to the other is answered."""
        return self.machines[end].is_running and self.network.is_open(start, end) and self.network.is_open(end, start)

    # -- what the nodes share

    def fence(self, by: str, node: str, done: Callable[[bool], None]) -> None:
        """Have a node powered off, if the agents work. What was asked for happens, whatever becomes of who asked."""
        self.agenda.after(self.random.uniform(*FENCING), partial(self._fenced, node, self.machines[by].guarded, done))

    def _fenced(self, node: str, guarded: Callable[[Do], Do], done: Callable[[bool], None]) -> None:
        is_ok = node not in self.broken_fences
        if is_ok:
            self.machines[node].power_off("it is fenced")
        guarded(partial(done, is_ok))()

    def file(self, service: str) -> ServiceSetup:
        """The latest file of a service."""
        return self.services[service].setup

    def exists(self, service: str) -> bool:
        """Whether a node that can be asked has a file of it."""
        return any(service in machine.disk.configs for machine in self.nodes if machine.is_running)

    def was_up(self, node: str, service: str, seconds: float) -> bool:
        """Whether anything of a service is up on a node, or was so not longer ago than that."""
        load = self.machines[node].loads.get(service)
        if load is not None and load.up:
            return True
        return any(one.node == node and one.service == service and one.end > self.agenda.now - seconds for one in self.history.intervals)

    def change_file(self, service: str, setup: ServiceSetup) -> None:
        """A person edits a service's file, on the first node that is there; the others get it with its beats."""
        if not self.exists(service):
            return
        config = self.services[service] = Config(self.services[service].version + 1, setup)
        for machine in self.nodes:
            if machine.is_running and service in machine.disk.configs:
                machine.disk.configs[service] = config
                if machine.monitor:
                    machine.monitor.configure(service)
                    machine.monitor.grow()
                return

    def _lose(self, node: str, service: str) -> None:
        """A node has lost a reservation: what needs it is down there at this moment."""
        machine = self.machines[node]
        load = machine.load_of(service)
        for rid in load.rids():
            if load.exclusive(rid):
                machine.deactivate(service, rid)
        for rid in list(load.up):
            machine.deactivate(service, rid)
        if machine.monitor:
            machine.monitor.after(self.random.uniform(0.1, 2.0), partial(machine.monitor.look, service))

    # -- who watches

    def witness(self, machine: Machine, service: str, *, is_active: bool) -> None:
        """What runs on a machine is so from now on."""
        if self.history.mark(service, machine.name, self.agenda.now, is_active=is_active):
            self.say(machine.name, f"{service} is {'active' if is_active else 'not active any more'}")
            if is_active:
                self.referee.activated(service)

    def say(self, node: str, what: object) -> None:
        """A line of the timeline."""
        self.lines.append(Line(self.agenda.now, node, what))


def _hear(machine: Machine, message: Message, link: str) -> None:
    if machine.monitor:
        machine.monitor.hears(message, link)


def _voters(setup: ClusterSetup) -> Membership:
    nodes = tuple(Member(node.name, node.weight) for node in setup.nodes)
    return Membership.first(Voters((*nodes, *(Member(name) for name in setup.arbitrators)), setup.terms.lease))
