"""Judging: promises, each with the words in which a driver that breaks it is told so."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from opensvc_core.errors import ActionFailed
from opensvc_core.instance.executors import Noted
from opensvc_core.model.process import ProcessId
from opensvc_core.model.status import Status
from opensvc_core.system import logfile
from opensvc_core.testing.bench import Bench, Case, Look, changes, children, command_line

T = TypeVar("T")
# Seconds in which a process that was started shows what it runs.
_STILL = 0.2


class Broken(AssertionError):
    """A promise that a driver has broken; `looks_at` are its methods and keywords to look at, where that is known of the finding."""

    looks_at: tuple[str, ...] = ()


def kept(is_kept: bool, promise: str, facts: str, *looks_at: str) -> None:
    """Raise Broken, with the facts, for a promise that is not kept."""
    __tracebackhide__ = True
    if not is_kept:
        broken = Broken(f"the promise is broken: {promise}\n  {facts}")
        broken.looks_at = looks_at
        raise broken


def shown(bench: Bench, expected: Status, when: str) -> None:
    """The resource has this status, now or when the host has settled."""
    __tracebackhide__ = True
    follows, seen = _seen_to_be(bench, bench.seen, lambda seen: seen.status is expected)
    said = "; ".join(message.text for message in seen.messages)
    kept(follows, f"{bench.case.rid} is shown as {expected} {when}", f"it is {seen.status}" + (f": {said}" if said else ""))


def same_look(bench: Bench, expected: Look, promise: str) -> None:
    """The host looks like this, now or when it has settled."""
    __tracebackhide__ = True
    is_same, found = _seen_to_be(bench, bench.look, lambda look: look == expected)
    kept(is_same, promise, f"expected: {expected}\n  found: {found}")


def untouched(bench: Bench, before: tuple[object, ...], promise: str, *looks_at: str) -> None:
    """`before`: what `everything` was."""
    __tracebackhide__ = True
    after = bench.everything()
    kept(after == before, promise, f"before: {before}\n  after: {after}", *looks_at)


def no_changes(operations: Sequence[Noted], promise: str) -> None:
    """Nothing of what was done changes the host."""
    __tracebackhide__ = True
    kept(not changes(operations), promise, f"it did: {texts(changes(operations))}")


def as_planned(planned: Sequence[Noted], done: Sequence[Noted], action: str) -> None:
    """What depends on something (it has a condition) may be left out; all else is done as planned."""
    __tracebackhide__ = True
    waiting = list(planned)
    for operation in done:
        while waiting and waiting[0].condition and not _is_same(waiting[0], operation):
            waiting.pop(0)
        is_next = bool(waiting) and _is_same(waiting[0], operation)
        kept(is_next, f"{action} does what is planned", f"planned: {texts(planned)}\n  done: {texts(done)}")
        waiting.pop(0)
    left = [operation for operation in waiting if not operation.condition]
    kept(not left, f"{action} does all that is planned", f"planned: {texts(planned)}\n  done: {texts(done)}")


def completes(bench: Bench, action: str, promise: str) -> tuple[Noted, ...]:
    """An action comes to its end; what was done."""
    __tracebackhide__ = True
    try:
        return bench.perform(action)
    except ActionFailed as error:
        raise AssertionError(f"the promise is broken: {promise}\n  {action} failed: {error}") from error


def can_be_told(bench: Bench, when: str) -> None:
    """There is a status, whatever it is."""
    __tracebackhide__ = True
    seen = bench.seen()
    kept(seen.status is not Status.UNDEF, f"status can be told {when}", "; ".join(message.text for message in seen.messages))


def tells_the_truth(bench: Bench, when: str) -> None:
    """Up means that a start has nothing to do, down that it has; and a look is always possible."""
    __tracebackhide__ = True
    can_be_told(bench, when)

    def is_true(seen: tuple[Status, list[Noted]]) -> bool:
        status, work = seen
        return {bench.case.up: not work, Status.DOWN: bool(work)}.get(status, status is Status.WARN)

    holds, (status, work) = _seen_to_be(bench, lambda: (bench.status(), bench.planned("start")), is_true)
    kept(holds, f"the status is true {when}", f"it is {status}, and a start would do: {texts(work) or 'nothing'}")


def time_limit(bench: Bench, action: str) -> None:
    """An action of the case that hangs is given up in time, and taken back with its processes."""
    __tracebackhide__ = True
    other = bench.also("hanging", bench.case.hanging)
    began = time.monotonic()
    try:
        other.perform(action)
    except ActionFailed:
        pass
    else:
        kept(False, f"a {action} that hangs fails when its time is up", "it ended as if all were well")
    seconds = time.monotonic() - began
    kept(seconds <= bench.case.limit, f"a {action} that hangs is given up within {bench.case.limit:g}s", f"it took {seconds:.1f}s")
    processes = other.settles(lambda: not other.processes())
    kept(processes, f"a {action} that is given up leaves no process", f"processes: {other.look().processes}")
    same_look(other, other.first, f"a {action} that is given up is taken back")


def nothing_left(bench: Bench, *, is_kept: bool) -> None:
    """The service is deleted: no file, process, group or mount is left of it; on the host nothing, unless the driver keeps what it made."""
    __tracebackhide__ = True
    paths, path, node = bench.node.paths, bench.service.path, bench.node
    identity, look = bench.service.instance().facts.id, bench.look()
    bench.service.delete()
    log = paths.log_file(path)
    places = (paths.state(path), paths.run / path.state_path, log, Path(logfile.before(log)))
    left = [str(place) for place in places if place.exists()]
    kept(not left, "a deleted service leaves no state", f"left: {left}")

    def living() -> list[ProcessId]:
        known = {*node.host.find_processes({"OPENSVC_SVC_ID": identity}), *node.host.group_processes(bench.cgroup)}
        return sorted(known | (children() - bench.first_children))

    end = time.monotonic() + bench.case.settle
    while (processes := living()) and time.monotonic() < end:
        time.sleep(0.02)
    left_running = [command_line(process) for process in processes]
    node.host.end_processes(processes, grace=1.0)  # nobody else will: the service is no longer known
    kept(not processes, "a deleted service leaves no process", f"left: {left_running}")
    group = node.host.groups.directory(bench.cgroup) if node.host.groups else None
    kept(not (group and group.exists()), "a deleted service leaves no control group", f"left: {group}")
    kept(look.mounts == bench.first.mounts, "a deleted service leaves no mount", f"before: {bench.first.mounts}\n  left: {look.mounts}")
    if not is_kept:
        kept(look.driver == bench.first.driver, "a deleted service leaves the host as it was", f"before: {bench.first}\n  left: {look}")


# -- small words


def _seen_to_be(bench: Bench, see: Callable[[], T], holds: Callable[[T], bool]) -> tuple[bool, T]:
    """Whether what is seen comes to be so, and what was seen last: a look may cost much, and another one may differ."""
    seen: list[T] = []

    def is_so() -> bool:
        seen[:] = [see()]
        return holds(seen[0])

    return bench.settles(is_so), seen[0]


def bring(bench: Bench, *, is_up: bool) -> None:
    """Start it, where it is to be up, and wait until the host has settled."""
    if is_up:
        bench.perform("start")
        bench.settles(lambda: bench.status() is bench.case.up)
        settled_look(bench)


def status_when_stopped(case: Case) -> Status:
    """What the status is after a stop: some resources stay."""
    return case.up if case.keeps_at_stop else Status.DOWN


def status_after(bench: Bench, action: str, *, was_up: bool) -> Status:
    """What the status has to be after an action that was done."""
    if action == "stop":
        return status_when_stopped(bench.case) if was_up else Status.DOWN
    return Status.DOWN if action == "unprovision" and (bench.is_provisionable or not bench.case.keeps_at_stop) else bench.case.up


def settled_look(bench: Bench) -> Look:
    """The look once it no longer changes: a process shows its command line a moment after it was started.

    Files alone are as they were left.
    """
    looks = [bench.look()]
    if bench.case.footprint is None and not looks[0].processes:
        return looks[0]

    def is_still() -> bool:
        time.sleep(_STILL)
        looks.append(bench.look())
        return looks[-1] == looks[-2]

    bench.settles(is_still)
    return looks[-1]


def at_point(operations: Sequence[Noted], point: int) -> str:
    """A point of an action in words: an even one is before an operation, the next one after it."""
    return f"{'after' if point % 2 else 'before'} operation {point // 2 + 1} ({operations[point // 2].text})"


def texts(operations: Sequence[Noted]) -> list[str]:
    """Operations in words, with their conditions."""
    return [
        f"{operation.rid}: {operation.text}" + (f" (if {operation.condition})" if operation.condition else "") for operation in operations
    ]


def _is_same(one: Noted, other: Noted) -> bool:
    return (one.rid, one.text) == (other.rid, other.text)
