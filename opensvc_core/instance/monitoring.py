"""Monitoring: a resource that is monitored and down is started again, or else the cluster manager is asked to give the service away.

It is for services that such a manager has started here: the daemon does not orchestrate them, and need not run. Nothing is done on a state
half-way: what is acted on was seen under the lock of the service's actions, and is seen anew after each step. No step begins with that lock
held: the manager stops the service by this agent.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import Final, NamedTuple

from opensvc_core.config.converters import command_words
from opensvc_core.driver.capabilities import ClusterManager
from opensvc_core.driver.context import service_environment
from opensvc_core.errors import ActionFailed, ActionInterrupted, ActionRefused, LockTimeout, OpensvcError
from opensvc_core.instance import conduct, looking
from opensvc_core.instance.evaluate import Evaluation
from opensvc_core.instance.executors import HostExecutor
from opensvc_core.instance.instance import Instance
from opensvc_core.instance.journal import Journal, Sink
from opensvc_core.instance.monitored import Do, Monitored, Tries, Verdict, decide
from opensvc_core.instance.part import ASIDE
from opensvc_core.instance.request import Request
from opensvc_core.instance.scheduled import MONITOR, due_actions, unprovisioned
from opensvc_core.instance.subject import Subject
from opensvc_core.instance.triggers import administrators
from opensvc_core.instance.walk import Walk
from opensvc_core.model.events import Level
from opensvc_core.model.status import Status
from opensvc_core.plan.ordering import start_order
from opensvc_core.plan.selection import Selection
from opensvc_core.system import files
from opensvc_core.system.commands import CommandRunner
from opensvc_core.system.host import boot_id
from opensvc_core.system.locks import InstanceLock

# cron calls every minute, but not on the second: a call that comes so much sooner after the last one is not left out.
_EARLY: Final = 5.0
_UP: Final = frozenset({Status.UP, Status.STDBY_UP})
# Of a service that was stopped: standby resources stay up.
_HELD: Final = frozenset({Status.UP, Status.UNDEF})


def monitor(
    subject: Subject, sink: Sink, *, due_at: float | None = None, by_scheduler: bool = False, cancel: threading.Event | None = None
) -> None:
    """See to the monitored resources once. Raises ActionRefused where no cluster manager has the service, ActionFailed."""
    journal = subject.journal(sink, by_scheduler=by_scheduler)
    instance = looking.instance(subject, journal=journal)
    if reason := conduct.why_not_here(subject, instance.keywords):
        if by_scheduler:
            subject.state.keep_time(MONITOR, subject.node.clock.now())
            return
        raise ActionRefused(reason)
    rid = _manager(subject, instance)
    lock = InstanceLock(subject.state.monitor_lock_file, name=str(subject.path))
    try:
        lock.acquire(MONITOR, wait=0.0)
    except LockTimeout:
        _say_idle(journal, "its resources are being looked after already")
        return
    try:
        if due_at is not None and MONITOR not in due_actions(instance, due_at):
            _say_idle(journal, "it is not due")
            return
        now = subject.node.clock.now() if due_at is None else due_at
        subject.state.keep_time(MONITOR, now - now % _EARLY)
        Monitoring(subject, rid, journal, sink, cancel or threading.Event()).run()
    finally:
        lock.release()


class Sight(NamedTuple):
    """One look: what follows from it, and the instance that was looked at."""

    verdict: Verdict
    instance: Instance | None = None


class Monitoring:
    """One round of a service; `rid` is the resource that stands for its cluster manager."""

    def __init__(self, subject: Subject, rid: str, journal: Journal, sink: Sink, cancel: threading.Event) -> None:
        self._subject, self._rid, self._journal, self._sink, self._cancel = subject, rid, journal, sink, cancel
        self._notes = _Notes(subject)
        self._is_prepared = False

    def run(self) -> None:
        """Take one step after the other until nothing is left to be done, or the service was given away."""
        sight = self._look()
        while sight.verdict.do is not Do.NOTHING:
            sight = self._look_alone()  # also at first: what was seen without the lock may have been on its way
            if sight.instance is None or not self._step(sight.verdict, sight.instance):
                break
        if sight.verdict.do is Do.NOTHING:
            self._leave(sight.verdict)

    def _step(self, verdict: Verdict, instance: Instance) -> bool:
        """Do what follows; whether it is to be looked again."""
        if verdict.do is Do.RESTART:
            return self._restart(verdict)
        if verdict.do is Do.WAIT:
            self._journal.say(verdict.reason, rid=verdict.rid)
            if self._cancel.wait(verdict.seconds):
                raise ActionInterrupted(f"{MONITOR} was interrupted")
            return True
        return verdict.do is Do.GIVE_UP and self._give_up(verdict.reason, instance)

    # -- looking

    def _look_alone(self) -> Sight:
        """Look while no action on the service runs; where one does, nothing follows."""
        lock = InstanceLock(self._subject.state.lock_file, name=str(self._subject.path))
        try:
            lock.acquire(MONITOR, wait=0.0)
        except LockTimeout:
            return Sight(Verdict(Do.NOTHING, f"{lock.holder() or 'another action'}: nothing is done meanwhile"))
        try:
            return self._look()
        finally:
            lock.release()

    def _look(self) -> Sight:
        """See the manager and what is monitored, from the file as it is now."""
        instance = looking.instance(self._subject, journal=self._journal)
        evaluation, now = Evaluation(instance.parts, instance.state), _now()
        manager = evaluation.observe(instance.part(self._rid)).status
        monitored = [self._monitored(instance, evaluation, rid, now) for rid in _monitored_rids(instance)]
        if manager is not Status.UP:
            self._notes.forget_tries()  # started anew, its resources have all their restarts again
        return Sight(decide(manager, monitored, now, hindrance=self._hindrance(instance)), instance)

    def _monitored(self, instance: Instance, evaluation: Evaluation, rid: str, now: float) -> Monitored:
        part = instance.part(rid)
        seen = evaluation.observe(part)
        tries = self._notes.seen(rid, is_up=seen.status in _UP, now=now)
        why = "; ".join(message.text for message in seen.messages)
        return Monitored(rid, seen.status, why, part.policy.restart, part.policy.restart_delay, tries)

    def _hindrance(self, instance: Instance) -> str:
        if self._subject.state.is_frozen():
            return "as the service is frozen ('thaw' has it looked after again)"
        if self._subject.node.state.is_frozen():
            return "as the node is frozen ('nodemgr thaw' has its services looked after again)"
        moment, was_started = self._subject.state.active()
        if moment is not None and not was_started:
            return "as something of it was stopped here last ('start --rid' or 'start --cluster' has it looked after again)"
        return unprovisioned(instance)

    # -- acting

    def _restart(self, verdict: Verdict) -> bool:
        tries = self._notes.tries(verdict.rid)
        self._notes.keep(verdict.rid, Tries(tries.number + 1, _now()))
        self._journal.say(verdict.reason, rid=verdict.rid, level=Level.WARNING)
        request = Request("start", Selection(rids=(verdict.rid,)))
        try:
            conduct.perform(
                self._subject, request, self._sink, wait_lock=0.0, by_scheduler=self._journal.is_by_scheduler, cancel=self._cancel
            )
        except ActionInterrupted:
            raise
        except ActionFailed:
            pass  # its own last word is told
        except OpensvcError as error:
            if isinstance(error, LockTimeout):  # it was not tried
                self._notes.keep(verdict.rid, tries)
            self._journal.say(f"it is not started again: {error}", rid=verdict.rid, level=Level.WARNING)
        return True

    def _give_up(self, reason: str, instance: Instance) -> bool:
        manager = instance.part(self._rid).resource
        assert isinstance(manager, ClusterManager)
        try:
            if instance.keywords.monitor_action[:1] == ["none"]:
                raise ActionRefused("monitor_action is 'none'")
            successor = manager.successor()
        except ActionRefused as refusal:
            self._leave(Verdict(Do.NOTHING, f"{reason}: it is not given away, {refusal}", is_trouble=True))
            return False
        if instance.keywords.pre_monitor_action and not self._is_prepared:
            self._prepare(reason, instance)
            return True
        self._journal.say(f"{reason}: the cluster manager is asked to stop it here, {successor} is to take it over", level=Level.WARNING)
        self._hand_on(manager)
        return False

    def _prepare(self, reason: str, instance: Instance) -> None:
        """The administrator's command; what it comes to is told, and is no reason to keep a service that has failed."""
        self._is_prepared = True
        self._journal.say(f"{reason}: before the service is given away, pre_monitor_action is run", level=Level.WARNING)
        text = str(instance.keywords.pre_monitor_action)
        try:
            argv = command_words(text)
            command = administrators(argv, service_environment(instance.facts, MONITOR), f"pre_monitor_action: {text}")
            self._executor().execute(command, "")
        except (ValueError, ActionFailed) as error:
            self._journal.say(f"pre_monitor_action: {error}", level=Level.WARNING)

    def _hand_on(self, manager: ClusterManager) -> None:
        try:
            Walk(self._executor(), self._journal).follow(manager.give_up(), self._rid, keeps_undo=False)
            seen = Evaluation((part := looking.instance(self._subject).part(self._rid),), self._subject.state).observe(part)
            if seen.status is Status.UP:
                raise ActionFailed("the cluster manager was asked to stop it here, and has it started still")
            if left := self._left():
                raise ActionFailed(f"the cluster manager has it stopped here, and {left}: stop it before it is used elsewhere")
        except ActionInterrupted as error:
            text = f"{error}: what the cluster manager was asked for may have been left half done, see what it says"
            self._journal.say(text, rid=self._rid, level=Level.ERROR, name="failed")
            raise
        except (ActionFailed, ActionRefused) as error:
            self._journal.say(f"it is not given away: {error}", rid=self._rid, level=Level.ERROR, name="failed")
            raise ActionFailed(str(error)) from error
        self._notes.note("")
        self._journal.say("it is stopped here, and stays so until a person lets the cluster manager start it again", rid=self._rid)

    def _left(self) -> str:
        """What is up still, or may be, though all was to be stopped: `fs#1 is up`."""
        local = looking.status(self._subject).local
        return ", ".join(f"{one.rid} is {one.status}" for one in local.resources if one.status in _HELD and one.group not in ASIDE)

    def _executor(self) -> HostExecutor:
        return HostExecutor(CommandRunner(None, self._cancel, groups=self._subject.node.host.groups), self._journal)

    # -- telling

    def _leave(self, verdict: Verdict) -> None:
        """Tell why nothing is done: to who asked always, of a schedule's rounds the first that finds the trouble."""
        is_news = self._notes.note(verdict.reason if verdict.is_trouble else "")
        if not self._journal.is_by_scheduler or (is_news and verdict.is_trouble):
            self._journal.say(verdict.reason, level=Level.WARNING if verdict.is_trouble else Level.INFO, name="skip")


class _Notes:
    """What is remembered from one round to the next: tries, and the trouble that was told of. Of another boot nothing is."""

    def __init__(self, subject: Subject) -> None:
        self._file = subject.state.folder / "monitored.json"
        known = files.read_json(self._file)
        if not isinstance(known, dict) or known.get("boot") != boot_id():
            known = {}
        self._told = str(known.get("told") or "")
        self._tries: dict[str, Tries] = {}
        with suppress(AttributeError, TypeError):  # damaged: written anew
            self._tries = {str(rid): Tries(*values) for rid, values in known.get("tries", {}).items()}

    def seen(self, rid: str, *, is_up: bool, now: float) -> Tries:
        """The tries that count after a look at a resource."""
        if rid in self._tries:
            self.keep(rid, self._tries[rid].seen(is_up=is_up, now=now))
        return self.tries(rid)

    def tries(self, rid: str) -> Tries:
        """Those that are known."""
        return self._tries.get(rid, Tries())

    def keep(self, rid: str, tries: Tries) -> None:
        """From now on these count."""
        before = self.tries(rid)
        self._tries[rid] = tries
        if not tries.number:
            del self._tries[rid]
        if self.tries(rid) != before:
            self._write()

    def forget_tries(self) -> None:
        """All have their restarts again."""
        if self._tries:
            self._tries = {}
            self._write()

    def note(self, trouble: str) -> bool:
        """Whether this was not told before."""
        is_news, self._told = trouble != self._told, trouble
        if is_news:
            self._write()
        return is_news

    def _write(self) -> None:
        files.write_json(self._file, {"boot": boot_id(), "told": self._told, "tries": self._tries}, is_durable=False)


def _manager(subject: Subject, instance: Instance) -> str:
    """The resource that stands for the cluster manager. Raises ActionRefused."""
    rid = subject.manager()
    if not rid:
        raise ActionRefused(f"{subject.path} has no cluster manager: the daemon looks after its resources")
    part = instance.part(rid)
    if not isinstance(part.resource, ClusterManager):
        raise ActionRefused(f"{rid}: {part.problem or f'{part.item.driver} stands for no cluster manager'}; nothing was done")
    return rid


def _monitored_rids(instance: Instance) -> list[str]:
    items = [part.item for part in instance.parts if part.policy.monitor and part.is_counted]
    return [str(item.rid) for item in start_order(items)]


def _say_idle(journal: Journal, text: str) -> None:
    if not journal.is_by_scheduler:
        journal.say(f"nothing is done: {text}", name="skip")


def _now() -> float:
    """Seconds of this boot; those in which the host slept count."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
