"""Conducting: an action on a service from its lock to its last word, its plan, and the end of the service itself."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from opensvc_core.config.vocabulary import ServiceKeywords
from opensvc_core.driver.sight import Sight
from opensvc_core.errors import ActionInterrupted, ActionRefused, LockTimeout, OpensvcError
from opensvc_core.instance import looking
from opensvc_core.instance.ahead import Ahead
from opensvc_core.instance.executors import HostExecutor, Noted, Rehearsal, Watch
from opensvc_core.instance.groups import leave_group
from opensvc_core.instance.holdings import Holdings
from opensvc_core.instance.instance import Instance
from opensvc_core.instance.journal import Journal, Sink
from opensvc_core.instance.manager import as_confirmed, refuse_past_manager
from opensvc_core.instance.part import ASIDE
from opensvc_core.instance.performer import Performer
from opensvc_core.instance.plan import Plan
from opensvc_core.instance.request import Request
from opensvc_core.instance.subject import Subject
from opensvc_core.instance.way import rids_of
from opensvc_core.model.events import Event, Level
from opensvc_core.model.names import ServicePath
from opensvc_core.model.status import Status
from opensvc_core.system import files, logfile
from opensvc_core.system.commands import CommandRunner
from opensvc_core.system.locks import Holder, InstanceLock

_FORCED_GRACE = 10.0
_DELETE_WAIT = 60.0
# How often one who waits for the lock looks whether it was interrupted.
_CANCEL_INTERVAL = 0.5
# Seconds that what was seen ahead may have to wait for the lock.
_FRESH = 1.0


def rehearse(subject: Subject, request: Request) -> Plan:
    """The plan of a request."""
    executor = Rehearsal()
    silent = _silent(subject)
    instance = looking.instance(subject, request=request, journal=silent, planned_paths=set(), sight=Sight())
    _refuse_elsewhere(subject, instance)
    refuse_past_manager(subject, request, silent)
    Performer(instance, request, executor, silent, threading.Event(), holdings=_holdings(subject)).perform()
    return Plan(subject.path, request, tuple(executor.noted))


def stream(subject: Subject, request: Request, wait_lock: float | None) -> Iterator[Event]:
    """Carry out a request in a thread of its own, and yield the events. To leave early interrupts the action."""
    events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
    cancel, errors = threading.Event(), list[BaseException]()

    def work() -> None:
        try:
            perform(subject, request, events.put, wait_lock=wait_lock, cancel=cancel)
        except BaseException as error:  # noqa: BLE001 - raised again by the reader of the events
            errors.append(error)
        finally:
            events.put(None)

    worker = threading.Thread(target=work, name=f"{request.action} {subject.path}")
    worker.start()
    try:
        while (event := events.get()) is not None:
            yield event
    finally:
        cancel.set()
        worker.join()
    if errors:
        raise errors[0]


def look_ahead(subject: Subject, request: Request) -> Ahead:
    """Let those resources look for others that use them which can tell before a start is decided on. Nothing is started."""
    text = subject.node.store.text(subject.file)
    # repeated while a start is waited for: the log would be full of it
    node, cancel = subject.node, threading.Event()
    journal = Journal(None, _unheard, node=node.name, service=str(subject.path), clock=node.clock)
    instance = _manageable(subject, request, journal)
    executor = HostExecutor(CommandRunner(None, cancel, groups=subject.node.host.groups), journal)
    return Performer(instance, request, executor, journal, cancel, holdings=_holdings(subject)).look_ahead(text)


def perform(
    subject: Subject,
    request: Request,
    sink: Sink,
    *,
    wait_lock: float | None = None,
    by_scheduler: bool = False,
    cancel: threading.Event | None = None,
    watch: Watch | None = None,
) -> tuple[Noted, ...]:
    """Carry out a request in this thread, and return the operations done. Raises what became of it, where that is not success."""
    journal = subject.journal(sink, by_scheduler=by_scheduler)
    cancel = cancel or threading.Event()
    store = subject.node.store
    text = store.text(subject.file)
    if request.due_at is not None and _is_idle(subject, request, journal):
        return ()
    request, sight = as_confirmed(subject, request, journal), Sight()
    instance = _manageable(subject, request, journal, sight)
    is_sync = request.kind.is_sync
    lock = InstanceLock(subject.state.sync_lock_file, name=str(subject.path)) if is_sync else _lock(subject)
    if request.is_forced and not is_sync:
        lock.end_holder(_FORCED_GRACE)
    if is_sync and by_scheduler and lock.holder():
        journal.say("skip sync: one is running", level=Level.DEBUG, name="skip")
        return ()
    asked = time.monotonic()
    _take(lock, request.action, instance.keywords.lock_timeout if wait_lock is None else wait_lock, cancel)
    if time.monotonic() - asked > _FRESH:  # what was seen before somebody else's action may be so no more
        request = request._replace(ahead=None, is_handed_over=False)
    sight.forget()
    runner = CommandRunner(lock.fd, cancel, groups=subject.node.host.groups)
    executor = HostExecutor(runner, journal, watch, sight=sight)
    try:
        if store.text(subject.file) != text:  # edited, or deleted, while we waited for the lock
            instance = _manageable(subject, request, journal, sight)
        if request.ahead and request.ahead.text != store.text(subject.file):
            request = request._replace(ahead=None)
        if "stop" in request.kind.verbs:
            _end_copies(subject, journal)
        _guarded(subject, instance, request, executor, journal=journal, cancel=cancel)
    finally:
        if not is_sync:
            subject.state.forget_progress()
            leave_group(subject.node.host, instance.facts.cgroup)
            _note_activity(subject, instance, request, executor)
        lock.release(is_left_to_commands=runner.has_left_processes)
    return tuple(executor.noted)


def running(subject: Subject) -> Holder | None:
    """Who holds the lock of the instance's actions."""
    return _lock(subject).holder()


def end_action(subject: Subject, grace: float) -> None:
    """End the action that holds the lock, with all of its commands. Raises LockTimeout, ActionRefused."""
    _lock(subject).end_holder(grace)


def delete(subject: Subject, *, is_forced: bool = False, wait_lock: float | None = None) -> None:
    """Delete the file, the state and the log of a service. Raises ActionRefused while it has something up on this node."""
    file, lock = subject.file, _lock(subject)
    lock.acquire("delete", wait=_DELETE_WAIT if wait_lock is None else wait_lock)
    try:
        if not is_forced and (left := up(subject)):
            raise ActionRefused(f"{subject.path} has {', '.join(left)} up here; stop it first (--force deletes it and leaves them)")
        _remove_groups(subject)
        subject.node.store.remove(file)
        subject.node.links.remove(subject.path)
        log = subject.node.paths.log_file(subject.path)
        for file in (log, Path(logfile.before(log))):
            files.remove(file)
        files.remove_tree(subject.state.folder)
        with suppress(OSError):  # what a forced delete leaves up may still need it
            (subject.node.paths.run / subject.path.state_path).rmdir()
    finally:
        lock.release()


def up(subject: Subject) -> list[str]:
    """The resources that are up here, in whole or in part, of those that make the service available."""
    seen = looking.status(subject, shows_disabled=True).local
    counted = [one for one in seen.resources if one.group not in ASIDE]
    doubtful = [one.rid for one in counted if one.status is Status.WARN]
    ending = _ended_by_stop(subject) if doubtful else set()
    return [one.rid for one in counted if one.status in (Status.UP, Status.STDBY_UP) or (one.rid in doubtful and one.rid in ending)]


def _ended_by_stop(subject: Subject) -> set[str]:
    """The resources for which a stop would do something: a directory with a wrong mode is in `warn`, and has nothing to end."""
    plan = rehearse(subject, Request("stop", is_forced=True, by_manager=True))
    return {operation.rid for operation in plan.operations if operation.is_change}


def _remove_groups(subject: Subject) -> None:
    """Remove the empty control groups that applications which ended by themselves have left."""
    with suppress(Exception):  # a file with errors is deleted as well
        instance = looking.instance(subject)
        for part in instance.parts:
            if part.resource and part.resource.cgroup:
                subject.node.host.remove_group(part.resource.cgroup)


def _unheard(_event: Event) -> None:
    """Nobody listens beside the log."""


def _is_idle(subject: Subject, request: Request, journal: Journal) -> bool:
    """Whether nothing is due; the log has why. Found without the lock: a run that takes hours holds it."""
    instance = looking.instance(subject, request=request, journal=journal)
    if reason := why_not_here(subject, instance.keywords):
        journal.say(reason, level=Level.DEBUG, name="skip")
        return True
    # said once: where something is due, the action itself says why the rest is not
    looks = (
        Performer(instance, request, Rehearsal(), one, threading.Event(), holdings=_holdings(subject))
        for one in (_silent(subject, by_scheduler=journal.is_by_scheduler), journal)
    )
    return all(one.is_idle() for one in looks)


def _silent(subject: Subject, *, by_scheduler: bool = False) -> Journal:
    name, path, clock = subject.node.name, str(subject.path), subject.node.clock
    return Journal(None, lambda _event: None, node=name, service=path, clock=clock, by_scheduler=by_scheduler)


def _holdings(subject: Subject) -> Holdings:
    """What the resources of all services of the node hold, as this one sees it."""

    def is_up(service: str, rid: str) -> bool:
        """What can't be seen may be up. A service that is gone has nothing up."""
        path = ServicePath.parse(service)
        if not subject.node.store.exists(path):
            return False
        try:
            seen = looking.instance(Subject(subject.node, path)).statuses([rid])
        except OpensvcError:
            return True
        return seen.get(rid, Status.DOWN) not in (Status.DOWN, Status.STDBY_DOWN, Status.NA)

    return Holdings(subject.node.paths.run / "held", str(subject.path), is_up)


def _lock(subject: Subject) -> InstanceLock:
    return InstanceLock(subject.state.lock_file, name=str(subject.path))


def _take(lock: InstanceLock, action: str, wait: float, cancel: threading.Event) -> None:
    """Take the lock; who interrupts the action interrupts its wait for it as well."""
    end = time.monotonic() + wait
    while True:
        try:
            lock.acquire(action, wait=min(_CANCEL_INTERVAL, end - time.monotonic()))
            return
        except LockTimeout as error:
            if cancel.is_set():
                raise ActionInterrupted(f"{action} was interrupted; nothing was done: {error}") from error
            if time.monotonic() >= end:
                raise


def _manageable(subject: Subject, request: Request, journal: Journal, sight: Sight | None = None) -> Instance:
    """The instance that a request is for, if it is for this node."""
    instance = looking.instance(subject, request=request, journal=journal, sight=sight)
    _refuse_elsewhere(subject, instance)
    refuse_past_manager(subject, request, journal)
    return instance


def _guarded(
    subject: Subject, instance: Instance, request: Request, executor: HostExecutor, *, journal: Journal, cancel: threading.Event
) -> None:
    """Ask the plugins, perform, and tell the plugins what became of it."""
    began, outcome = time.monotonic(), "failed"
    performer = Performer(instance, request, executor, journal, cancel, holdings=_holdings(subject))
    whose = f" (request={request.id})" if request.id else ""
    journal.say(f"{request.action} begins{whose}", level=Level.DEBUG, name="begin")
    try:
        rids = list(rids_of(request, instance))
        subject.node.refuse_by_plugins(str(subject.path), request.action, rids)
        if not request.kind.is_sync:
            subject.state.keep_progress(rids)
        performer.perform()
        outcome = "done"
    except ActionRefused:
        outcome = "refused"
        raise
    except ActionInterrupted:
        outcome = "interrupted"
        raise
    finally:
        seconds = time.monotonic() - began
        parts = ", ".join(f"{what} {each:.3f} s" for what, each in performer.took.items())
        text = f"{request.action}: {outcome} after {seconds:.3f} s{parts and f' ({parts})'}{whose}"
        # who waits has seen the time pass; in the log of what happened at night it is looked for
        kept = Level.INFO if any(noted.is_change for noted in executor.noted) else Level.DEBUG
        journal.say(text, level=Level.DEBUG, kept=kept, name="end", seconds=seconds, outcome=outcome)
        facts = {"service": str(subject.path), "action": request.action, "outcome": outcome, "seconds": seconds}
        subject.node.notify("opensvc_after_action", journal, **facts)


def _end_copies(subject: Subject, journal: Journal) -> None:
    """End a copy to other nodes that runs: it reads what is about to be stopped, and is done anew at its next time."""
    lock = InstanceLock(subject.state.sync_lock_file, name=str(subject.path))
    if lock.holder():
        journal.say("a copy to other nodes is ended", level=Level.WARNING)
        lock.end_holder(_FORCED_GRACE)


def _note_activity(subject: Subject, instance: Instance, request: Request, executor: HostExecutor) -> None:
    """Note that something of the service was started or stopped here: whose data is newer follows from it."""
    counted = {part.rid for part in instance.parts if part.counts_for_avail and not part.is_standby}
    if any(noted.is_change and noted.rid in counted for noted in executor.noted):
        subject.state.keep_active(subject.node.clock.now(), is_up=request.kind.brings_up)


def why_not_here(subject: Subject, keywords: ServiceKeywords) -> str:
    """Why this node does not manage the service, and the way out; an empty text where it does."""
    node = subject.node
    nodes = {*keywords.nodes, *keywords.drpnodes, *keywords.encapnodes, *(keywords.drpnode or "").split()}
    if nodes and node.name not in nodes:
        return f"{subject.path} is not for this node: {node.name} is not among its nodes ({' '.join(sorted(nodes))})"
    env = keywords.env or node.settings.env
    if node.settings.env == "PRD" and env != "PRD":
        return f"{subject.path} is of environment {env}, and this is a PRD node; DEFAULT.env or node.env says otherwise"
    return f"{subject.path} is disabled; 'enable' makes it manageable again" if keywords.disable else ""


def _refuse_elsewhere(subject: Subject, instance: Instance) -> None:
    if reason := why_not_here(subject, instance.keywords):
        raise ActionRefused(reason)
