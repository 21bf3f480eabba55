"""The beat process of a machine as far as leases go: it asks for them, keeps them, grants them, and stops what has lost one.

The rules are those of the lease room, executed; only messages and clocks are virtual. It outlives its daemon.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from opensvc_daemon.lease.granter import Granter
from opensvc_daemon.lease.holder import Holder, State
from opensvc_daemon.lease.messages import Answer, Owner, Release, Request
from opensvc_daemon.lease.refusals import Refusal
from opensvc_daemon.lease.watchdog import Watchdog
from opensvc_daemon.orchestration.view import Lease
from opensvc_daemon.simulation.runner import Job

if TYPE_CHECKING:
    from opensvc_daemon.simulation.machine import Machine

# Renewals after which a lease that no majority has granted is given up.
TRIES = 3
MOMENT = 1e-6


class Beat:
    """One life of it."""

    def __init__(self, machine: Machine) -> None:
        self._machine, self._world = machine, machine.world
        self._terms = machine.world.setup.terms
        self._owner = Owner(machine.name, machine.world.random.getrandbits(64))
        self.granter = Granter.started(machine.name, self._world.voters, self._terms, machine.now)
        self.holders: dict[str, Holder] = {}
        self.states: dict[str, tuple[Lease, float]] = {}
        self._stopping: set[str] = set()
        self._is_ticking = False
        self._petted = machine.now

    # -- for the monitor

    def lease(self, service: str) -> tuple[Lease, float]:
        """Its state, and since when."""
        return self.states.get(service, (Lease.NONE, 0.0))

    def ask(self, service: str) -> None:
        """Begin to ask for a lease."""
        if self.lease(service)[0] in (Lease.ASKED, Lease.HELD) or service in self._stopping:
            return
        self._set(service, Lease.ASKED)
        self.holders.setdefault(service, Holder(service, self._owner, self._terms, self._world.voters))
        self._renew(service)
        if not self._is_ticking:
            self._is_ticking = True
            self._machine.again(self._terms.renewal, self._tick)

    def release(self, service: str) -> None:
        """Give it back: the service is down here."""
        if self._is_used(service):
            self._give_back(service, Lease.NONE)

    def may_start(self, service: str) -> bool:
        """Whether something of the service may begin to run at this moment."""
        holder = self.holders.get(service)
        return holder is not None and holder.state(self._machine.now) is State.HELD and service not in self._stopping

    def is_armed(self) -> bool:
        """Whether the node has a watchdog that counts: something is held."""
        return bool(self._world.setup.watchdog) and any(one.valid_until is not None for one in self.holders.values())

    def held(self) -> dict[str, float]:
        """The leases by which something runs, or is being stopped, with the moment until which each is valid by this clock."""
        return {service: holder.valid_until for service, holder in self.holders.items() if holder.valid_until is not None}

    # -- time

    def is_at_rest(self) -> bool:
        """Every lease is held and renewed by all, or not wanted."""
        if self._stopping or any(lease is Lease.ASKED for lease, _ in self.states.values()):
            return False
        return all(self._is_fresh(self.holders[service]) for service in self.holders if self._is_used(service))

    def _is_fresh(self, holder: Holder) -> bool:
        """A majority has granted the last request, which is young."""
        last = max(holder.asked.values(), default=0.0)
        is_young = self._machine.now - last <= self._terms.renewal + MOMENT
        return is_young and holder.valid_until is not None and holder.valid_until >= last + holder.counts() - MOMENT

    def leapt(self, own_seconds: float) -> None:
        """So much time has passed with nothing but renewals as before."""
        self._petted += own_seconds
        self.holders = {service: _later(holder, own_seconds) for service, holder in self.holders.items()}
        grants = {
            service: grant if grant.is_released else grant._replace(until=grant.until + own_seconds)
            for service, grant in self.granter.grants.items()
            if grant.until > self._machine.now
        }
        self.granter = self.granter._replace(grants={**self.granter.grants, **grants})

    def _tick(self) -> None:
        if self._machine.beat is not self:
            return
        now = self._machine.now
        for service in filter(self._is_used, self.holders):
            self._look(service, now)
        self._pet(now)
        self._is_ticking = any(map(self._is_used, self.holders)) or bool(self._stopping)
        if self._is_ticking:
            self._machine.again(self._terms.renewal, self._tick)

    def _look(self, service: str, now: float) -> None:
        holder, (lease, since) = self.holders[service], self.lease(service)
        state = holder.state(now)
        if state in (State.STOP, State.LOST):
            self._stop(service)
            return
        if lease is Lease.ASKED and state is State.NONE and now - since >= TRIES * self._terms.renewal:
            self._give_back(service, Lease.REFUSED)
            return
        self._renew(service)
        stop_at = self.holders[service].stop_at
        if stop_at is not None and stop_at - now < 2 * self._terms.renewal:
            self._machine.after(stop_at - now + MOMENT, partial(self._expire, service))

    def _expire(self, service: str) -> None:
        holder = self.holders.get(service)
        if holder and holder.state(self._machine.now) in (State.STOP, State.LOST):
            self._stop(service)

    def _stop(self, service: str) -> None:
        """What ran on the strength of a lease stops, whatever the monitor does."""
        if service in self._stopping:
            return
        self._stopping.add(service)
        self._set(service, Lease.NONE)
        self._machine.say(f"{service}: the lease ends")
        self._machine.runner.kill(service)
        self._machine.runner.run(Job(service, "stop", partial(self._stopped, service)))

    def _stopped(self, service: str, is_ok: bool, _why: str) -> None:
        if self._machine.beat is not self:
            return
        self._machine.kept(service).expects_up = False
        if self._machine.monitor and service in self._machine.monitor.instances:
            self._machine.monitor.change(service, expects_up=False)
            self._machine.monitor.look(service)
        if self._machine.load_of(service).is_active:
            self._machine.after(
                self._terms.renewal, lambda: self._machine.runner.run(Job(service, "stop", partial(self._stopped, service)))
            )
            return
        self._stopping.discard(service)
        self._give_back(service, Lease.NONE)

    def _pet(self, now: float) -> None:
        """Keep the node alive, as long as that is safe; the device ends it otherwise."""
        device = Watchdog(self._world.setup.watchdog, self._terms)
        if not self.is_armed() or device.may_pet(self.holders.values(), now):
            self._petted = now
            return
        self._machine.after(max(0.0, self._petted + device.timeout - now), self._bite)

    def _bite(self) -> None:
        device = Watchdog(self._world.setup.watchdog, self._terms)
        if self.is_armed() and not device.may_pet(self.holders.values(), self._machine.now):
            self._machine.reset("its watchdog")

    # -- messages

    def _renew(self, service: str) -> None:
        holder, request = self.holders[service].ask(self._machine.now)
        self.holders[service] = holder
        if not isinstance(request, Refusal):
            for voter in sorted(holder.source.names):
                self._world.post(self._machine.name, voter, partial(self._ask, voter, request))

    def _ask(self, voter: str, request: Request) -> None:
        """At the voter."""
        beat = self._world.machines[voter].beat
        if beat is not None:
            answer = beat.grant(request)
            self._world.post(voter, self._machine.name, partial(self._answered, answer))

    def grant(self, request: Request) -> Answer:
        """Answer a request."""
        self.granter, answer = self.granter.asked(request, self._machine.now)
        return answer

    def _answered(self, answer: Answer) -> None:
        service, beat = answer.service, self._machine.beat
        if beat is not self or service not in self.holders:
            return
        now = self._machine.now
        holder = self.holders[service] = self.holders[service].answered(answer, now)
        if self.lease(service)[0] is not Lease.ASKED:
            return
        if holder.state(now) is State.HELD:
            self._set(service, Lease.HELD)
        elif holder.is_beaten():
            self._give_back(service, Lease.REFUSED)

    def _give_back(self, service: str, lease: Lease) -> None:
        if self._machine.load_of(service).is_active and self.holders[service].valid_until is not None:
            self._world.referee.object("contract", f"{self._machine.name} gives back the lease of {service}, which is active there")
        holder, release = self.holders[service].stopped()
        self.holders[service] = holder
        for voter in sorted(holder.source.names):
            self._world.post(self._machine.name, voter, partial(self._free, voter, release))
        self._set(service, lease)

    def _free(self, voter: str, release: Release) -> None:
        beat = self._world.machines[voter].beat
        if beat is not None:
            beat.granter = beat.granter.released(release, self._world.machines[voter].now)

    def _is_used(self, service: str) -> bool:
        return self.lease(service)[0] in (Lease.ASKED, Lease.HELD)

    def _set(self, service: str, lease: Lease) -> None:
        self.states[service] = (lease, self._machine.now)
        if self._machine.monitor:
            self._machine.monitor.touch()


def _later(holder: Holder, seconds: float) -> Holder:
    """The same as if it had been renewed that much later."""
    if holder.valid_until is None:
        return holder
    return holder._replace(
        asked={number: moment + seconds for number, moment in holder.asked.items()},
        votes={voter: moment + seconds for voter, moment in holder.votes.items()},
        valid_until=holder.valid_until + seconds,
    )
