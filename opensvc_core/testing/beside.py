"""Two at once: what resources of one driver, in two services of a node, promise each other."""

from __future__ import annotations

from opensvc_core.model.status import Status
from opensvc_core.testing.bench import Bench
from opensvc_core.testing.judging import at_point, completes, kept, same_look, settled_look, shown, status_after, texts


def start_and_stop_at_once(one: Bench, other: Bench) -> None:
    """While one is at its first operation, and at its last, the other does all of its own; each is as if it were alone."""
    __tracebackhide__ = True
    for bench in (one, other):
        bench.perform("start")
        bench.clean()
    down = [(bench, settled_look(bench)) for bench in (one, other)]
    _start_at_once(one, other, 0)
    _at_once(one, other, one.cleaner, 0)
    for bench, look in down:
        shown(bench, Status.DOWN, "when two were stopped at once")
        same_look(bench, look, "a stop takes away what is its own when two are stopped at once")
    _start_at_once(one, other, max(0, len(one.planned("start")) - 1))
    other.clean()
    shown(other, Status.DOWN, "when another one is up")
    shown(one, one.case.up, "when another one was stopped")
    one.clean()
    for bench, look in down:
        same_look(bench, look, "a stop takes away what is its own when two were up")


def provision_at_once(one: Bench, other: Bench) -> None:
    """While one is at the last operation that only makes it, and at the first that takes it away, the other does all of its own."""
    __tracebackhide__ = True
    for bench in (one, other):
        bench.perform("provision")
    known = {operation.text for operation in one.planned("restart")}
    for bench in (one, other):
        bench.perform("unprovision")
    gone = [(bench, settled_look(bench)) for bench in (one, other)]
    for action, place in (("provision", -1), ("unprovision", 0)):
        own = [number for number, operation in enumerate(one.planned(action)) if operation.text not in known]
        _at_once(one, other, action, own[place] if own else 0)
        for bench in (one, other):
            shown(bench, status_after(bench, action, was_up=True), f"after {action} of two at once")
    for bench, look in gone:
        same_look(bench, look, "an unprovision takes away what is its own when two are taken away at once")


def run_at_once(one: Bench, other: Bench) -> None:
    """While one is at its first operation, and at its last, the other is run; each leaves what it leaves alone."""
    __tracebackhide__ = True
    for bench in (one, other):
        bench.perform("run")
    done = [(bench, settled_look(bench)) for bench in (one, other)]
    for number in sorted({0, max(0, len(one.planned("run")) - 1)}):
        _at_once(one, other, "run", number)
        for bench, look in done:
            same_look(bench, look, "a run beside another one leaves what it leaves alone")


def _start_at_once(one: Bench, other: Bench, number: int) -> None:
    __tracebackhide__ = True
    _at_once(one, other, "start", number)
    for bench in (one, other):
        shown(bench, bench.case.up, "when two are started at once")
        again = bench.planned("start")
        kept(not again, "a start has nothing to do when two are up", f"it would do: {texts(again)}")


def _at_once(one: Bench, other: Bench, action: str, number: int) -> None:
    __tracebackhide__ = True
    operations = one.planned(action)
    where = f"while another one is {at_point(operations, 2 * number)} of its {action}" if operations else "beside another one"
    with one.held(action, 2 * number) as held:
        completes(other, action, f"{action} completes {where}")
    kept(not held.told, f"{action} completes when another one does the same meanwhile", held.told, action)
