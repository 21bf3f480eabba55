"""A machine: a node or an arbitrator, with its power, its clock, its disk, and the processes on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from opensvc_daemon.orchestration.requests import Request
from opensvc_daemon.simulation.agenda import Do
from opensvc_daemon.simulation.beat import Beat
from opensvc_daemon.simulation.clock import Clock
from opensvc_daemon.simulation.cluster import NodeSetup
from opensvc_daemon.simulation.data import Config
from opensvc_daemon.simulation.load import Load
from opensvc_daemon.simulation.monitor import Monitor
from opensvc_daemon.simulation.runner import Runner

if TYPE_CHECKING:
    from opensvc_daemon.simulation.world import World

# What waits on a node that is paused, before its sockets are full and messages are lost.
BUFFERED = 200
BOOT_SECONDS = 3.0


class Sleep(NamedTuple):
    """A lease that was held through a pause: until when, by a clock that has `missed` so many seconds."""

    until: float
    missed: float


class Kept:
    """What of an instance is on the disk."""

    __slots__ = ("expects_up", "is_frozen", "is_incomplete", "is_left", "is_provisioned", "last_start", "named", "request", "served")

    def __init__(self) -> None:
        self.is_frozen, self.is_provisioned, self.is_incomplete = False, True, False
        self.expects_up, self.is_left = False, False
        self.served, self.last_start = "", 0.0
        self.request: Request | None = None
        self.named: tuple[str, ...] = ()


class Disk:
    """What outlives a crash. `buried`: the last versions of the files that were deleted here."""

    def __init__(self) -> None:
        self.is_frozen = False
        self.configs: dict[str, Config] = {}
        self.buried: dict[str, int] = {}
        self.kept: dict[str, Kept] = {}


class Machine:
    """One machine. What is to happen on it (`after`, `guarded`) waits while the machine is paused, and is lost with its power."""

    def __init__(self, world: World, setup: NodeSetup, *, is_arbitrator: bool = False) -> None:
        self.world, self.setup, self.name, self.is_arbitrator = world, setup, setup.name, is_arbitrator
        self.clock = Clock(setup.rate)
        self.disk = Disk()
        self.is_on, self.is_paused, self.boots, self.pauses = False, False, 0, 0
        self.load, self.is_overloaded = 0.0, False
        self.loads: dict[str, Load] = {}
        self.orphans: set[str] = set()
        self.runner = Runner(self)
        self.monitor: Monitor | None = None
        self.beat: Beat | None = None
        self._deferred: list[Do] = []
        self._paused_at, self.misled_at = 0.0, float("-inf")
        self._sleeps: dict[str, Sleep] = {}

    @property
    def now(self) -> float:
        """What its clock shows."""
        return self.clock.read(self.world.agenda.now)

    @property
    def is_running(self) -> bool:
        """On, and not paused."""
        return self.is_on and not self.is_paused

    # -- time

    def guarded(self, do: Do, *, is_message: bool = False) -> Do:
        """The same, waiting for a pause to end, lost with the power; messages also where too many wait."""
        boot = self.boots

        def when_possible() -> None:
            if self.boots != boot:
                return
            if self.is_paused:
                if not is_message or len(self._deferred) < BUFFERED:
                    self._deferred.append(when_possible)
            else:
                do()

        return when_possible

    def after(self, own_seconds: float, do: Do) -> None:
        """Do something when its clock has counted so many seconds."""
        self.world.agenda.after(self.clock.true_seconds(own_seconds), self.guarded(do))

    def again(self, own_seconds: float, do: Do) -> None:
        """The same for what enters itself again: a pulse of the agenda."""
        self.world.agenda.pulse(self.clock.true_seconds(own_seconds), self.guarded(do))

    def is_at_rest(self) -> bool:
        """Nothing goes on here but beats and renewals as before."""
        if self.runner.running or self._deferred:
            return False
        return (self.monitor is None or self.monitor.is_at_rest()) and (self.beat is None or self.beat.is_at_rest())

    def leapt(self, true_seconds: float) -> None:
        """So much time has passed like that."""
        own = true_seconds * self.clock.rate
        if self.monitor:
            self.monitor.leapt(own)
        if self.beat:
            self.beat.leapt(own)

    # -- power

    def boot(self) -> None:
        """Switch it on."""
        if self.is_on:
            return
        self.is_on, self.boots = True, self.boots + 1
        self.clock.begin(self.world.agenda.now)
        self.say("boots")
        self.loads = {}
        for kept in self.disk.kept.values():
            kept.is_left |= kept.expects_up
            kept.expects_up = False  # that it was up was true of another boot
        self.runner = Runner(self)
        self.beat = Beat(self)
        if not self.is_arbitrator:
            self.after(BOOT_SECONDS, self.start_daemon)

    def power_off(self, why: str) -> None:
        """Off at once. Nothing that runs survives."""
        if not self.is_on:
            return
        self.say(f"is off: {why}")
        self.is_on, self.is_paused, self.boots = False, False, self.boots + 1
        self.monitor, self.beat = None, None
        self._deferred.clear()
        for load in self.loads.values():
            load.up.clear()
        self.changed(*self.loads)

    def reset(self, why: str) -> None:
        """Off at once, and on again."""
        self.power_off(why)
        boots = self.boots
        self.world.agenda.after(BOOT_SECONDS, lambda: self.boot() if self.boots == boots else None)

    def pause(self, seconds: float, *, stops_clock: bool) -> None:
        """Everything on it stands still for a while; where a hypervisor does that, clock and watchdog as well."""
        if not self.is_running:
            return
        self.is_paused, self.pauses = True, self.pauses + 1
        self._paused_at = self.world.agenda.now
        pause = self.pauses
        self.say("is paused" + (" with its clock" if stops_clock else ""))
        self.changed(*self.loads)
        if self.beat and self.beat.is_armed() and not stops_clock:
            self.world.agenda.after(
                self.world.setup.watchdog, lambda: self.reset("its watchdog") if self.is_paused and self.pauses == pause else None
            )
        self.world.agenda.after(seconds, lambda: self.resume(stops_clock=stops_clock) if self.pauses == pause else None)

    def resume(self, *, stops_clock: bool = False) -> None:
        """Go on, with all that came meanwhile."""
        if not self.is_paused:
            return
        self.is_paused = False
        slept = self.world.agenda.now - self._paused_at if stops_clock else 0.0
        if slept:
            self.clock.stand_still(slept)
            self.misled_at = self.world.agenda.now
        self._note_sleep(slept * self.clock.rate)
        self.say("goes on")
        for do in self._take_deferred():
            self.world.agenda.after(0.0, do)
        self.changed(*self.loads)

    def _note_sleep(self, missed: float) -> None:
        """Leases were held while all of the machine stood still; its clock has missed so many seconds, and counts them too long."""
        before, held = self._sleeps, self.beat.held() if self.beat else {}
        known = {service: before[service].missed for service, until in held.items() if service in before and before[service].until == until}
        self._sleeps = {service: Sleep(until, missed + known.get(service, 0.0)) for service, until in held.items()}

    def has_overslept(self, service: str) -> bool:
        """Whether what runs here runs by a lease from before all of the machine stood still, which is over in truth."""
        sleep, held = self._sleeps.get(service), self.beat.held() if self.beat else {}
        return sleep is not None and service in held and held[service] <= sleep.until <= self.now + sleep.missed

    def _take_deferred(self) -> list[Do]:
        deferred, self._deferred = self._deferred, []
        return deferred

    # -- the daemon

    def start_daemon(self) -> None:
        """Start the monitor, where it is not running."""
        if self.is_running and self.monitor is None:
            if self.beat is None:
                self.beat = Beat(self)
            self.monitor = Monitor(self)
            self.monitor.begin()

    def kill_daemon(self) -> None:
        """The monitor ends without a word. What it had begun goes on."""
        if self.monitor:
            self.say("the daemon is killed")
            self.monitor = None

    # -- what runs

    def load_of(self, service: str) -> Load:
        """What runs of a service here."""
        if service not in self.loads:
            self.loads[service] = Load(self.world.file(service))
        return self.loads[service]

    def kept(self, service: str) -> Kept:
        """What is on the disk for a service."""
        return self.disk.kept.setdefault(service, Kept())

    def remove(self, service: str) -> None:
        """Its file is deleted here, and does not come back from who missed that. What is up stays up, and is nobody's."""
        if self.load_of(service).is_active:
            self.orphans.add(service)
        self.disk.kept.pop(service, None)
        if config := self.disk.configs.pop(service, None):
            self.disk.buried[service] = config.version
        if self.monitor and self.monitor.instances.pop(service, None) is not None:
            self.monitor.grow()

    def activate(self, service: str, rid: str) -> None:
        """A resource is up from now on."""
        self.load_of(service).up.add(rid)
        self.changed(service)

    def deactivate(self, service: str, rid: str) -> None:
        """A resource is down from now on."""
        self.load_of(service).up.discard(rid)
        self.changed(service)

    def changed(self, *services: str) -> None:
        """Write history, and have it judged."""
        for service in services:
            load = self.loads[service]
            if not load.is_active:
                self.orphans.discard(service)
            self.world.witness(self, service, is_active=self.is_running and load.is_active)

    def say(self, what: object) -> None:
        """A line of the timeline."""
        self.world.say(self.name, what)
