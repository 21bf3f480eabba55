"""The runner: carries out actions on the services of one machine, one at a time for each service, whether its daemon lives or not."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from opensvc_daemon.orchestration.view import Guard
from opensvc_daemon.simulation.load import Load

if TYPE_CHECKING:
    from opensvc_daemon.simulation.machine import Machine

# A file that is written.
INSTANT = 0.05
LIMIT = 60.0


class Refused(Exception):
    """A step fails, with the reason."""


class Trouble(NamedTuple):
    """What goes wrong with the next action of a kind: `slow`, `fails`, `halfway` (it leaves half of its work), `hangs` until its limit."""

    kind: str
    seconds: float = 0.0


@dataclass
class Job:
    """An action to be carried out. `done(is_ok, why)` is called at its end. What was up when it began, it `stands_on`."""

    service: str
    action: str
    done: Callable[[bool, str], None]
    rids: tuple[str, ...] = ()
    confirmed_down: tuple[str, ...] = ()
    stands_on: frozenset[str] = frozenset()
    undo: list[str] = field(default_factory=list)
    steps: Generator[float] | None = None


class Runner:
    """The actions of one machine, in one of its lives."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.running: dict[str, Job] = {}
        self.troubles: dict[tuple[str, str], Trouble] = {}
        self._waiting: dict[str, deque[Job]] = {}

    def run(self, job: Job) -> None:
        """Carry out an action, after those of its service that are under way."""
        if job.service in self.running:
            self._waiting.setdefault(job.service, deque()).append(job)
        else:
            self._begin(job)

    def kill(self, service: str) -> None:
        """End what is under way for a service, and forget what waits; what was done stays done."""
        for job in (*self._waiting.pop(service, ()), self.running.pop(service, None)):
            if job is not None:
                job.steps = None
                job.done(False, "it was ended")

    def interrupt(self, service: str) -> None:
        """End what is under way for a service: what it did is taken back."""
        job = self.running.get(service)
        if job is None or job.steps is None:
            return
        steps, job.steps = job.steps, None
        with suppress(Refused):
            steps.throw(Refused("it was interrupted"))
        self._end(job, is_ok=False, why="it was interrupted")

    def _begin(self, job: Job) -> None:
        self.running[job.service] = job
        job.steps = self._steps(job)
        self._go_on(job)

    def _go_on(self, job: Job) -> None:
        if job.steps is None:
            return
        try:
            seconds = next(job.steps)
        except StopIteration:
            self._end(job, is_ok=True)
        except Refused as error:
            self._end(job, is_ok=False, why=str(error))
        else:
            self._machine.after(seconds, lambda: self._go_on(job))

    def _end(self, job: Job, *, is_ok: bool, why: str = "") -> None:
        if self.running.get(job.service) is job:
            del self.running[job.service]
        job.done(is_ok, why)
        waiting = self._waiting.get(job.service)
        if waiting and job.service not in self.running:
            self._begin(waiting.popleft())

    # -- the steps of each action: seconds to wait before the next

    def _steps(self, job: Job) -> Generator[float]:
        trouble = self.troubles.pop((job.service, job.action), None)
        if trouble and trouble.kind == "hangs":
            yield LIMIT
            raise Refused("time limit")
        if trouble and trouble.kind == "slow":
            yield trouble.seconds
        yield from getattr(self, f"_{job.action}", self._write)(job, self._machine.load_of(job.service), trouble)
        if trouble and trouble.kind == "fails":
            raise Refused("it fails")

    def _start(self, job: Job, load: Load, trouble: Trouble | None) -> Iterator[float]:
        job.stands_on = frozenset(load.up)
        rids = [rid for rid in load.rids() if rid not in load.up and (not job.rids or rid in job.rids)]
        try:
            for rid in rids:
                yield load.setup.starts / len(rids)
                self._check(job, load, rid)
                self._machine.activate(job.service, rid)
                job.undo.append(rid)
                if trouble and trouble.kind in ("fails", "halfway"):
                    raise Refused(f"{rid} fails")
        except Refused:
            if load.setup.is_rolled_back and not (trouble and trouble.kind == "halfway"):
                for rid in reversed(job.undo):
                    if load.exclusive(rid):
                        self._machine.world.storage.release(job.service, self._machine.name)
                    self._machine.deactivate(job.service, rid)
            raise

    def _stop(self, job: Job, load: Load, trouble: Trouble | None) -> Iterator[float]:
        rids = [rid for rid in reversed(load.rids()) if rid in load.up]
        for rid in rids:
            yield load.setup.stops / len(rids)
            if trouble and trouble.kind in ("fails", "halfway"):
                raise Refused(f"{rid} fails")
            if load.exclusive(rid):
                self._machine.world.storage.release(job.service, self._machine.name)
            self._machine.deactivate(job.service, rid)
        yield INSTANT

    _shutdown = _stop
    _switch = _stop
    _freezestop = _stop
    _unprovision = _stop

    def _restart(self, job: Job, load: Load, trouble: Trouble | None) -> Iterator[float]:
        yield from self._stop(job, load, None)
        yield from self._start(job, load, trouble)

    def _provision(self, job: Job, load: Load, trouble: Trouble | None) -> Iterator[float]:
        """What is made is started, and stopped again where it was down before."""
        was_active = load.is_active
        yield from self._start(job, load, trouble)
        if not was_active:
            yield from self._stop(job, load, None)

    def _purge(self, job: Job, load: Load, trouble: Trouble | None) -> Iterator[float]:
        yield from self._stop(job, load, trouble)

    def _write(self, _job: Job, _load: Load, _trouble: Trouble | None) -> Iterator[float]:
        yield INSTANT

    def _check(self, job: Job, load: Load, rid: str) -> None:
        """Everything that may refuse an activation at its very moment."""
        machine = self._machine
        if rid in load.broken:
            raise Refused(f"{rid} is broken")
        if lost := [one for one in load.before(rid) if one in {*job.stands_on, *job.undo} and one not in load.up]:
            raise Refused(f"{lost[0]} is lost, which {rid} needs")
        needs_lease = load.setup.guard is Guard.LEASE and load.setup.is_failover and not load.is_standby(rid)
        if needs_lease and not (machine.beat and machine.beat.may_start(job.service)):
            raise Refused("no lease")
        if load.exclusive(rid):
            machine.world.storage.take(job.service, machine.name, job.confirmed_down)
