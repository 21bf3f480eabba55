"""Hardships: a host without a program, a process without rights; and what a driver promises there."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from typing import Final, NamedTuple

from opensvc_core.model.status import Status
from opensvc_core.testing.bench import Bench, Look
from opensvc_core.testing.forks import Fork
from opensvc_core.testing.judging import (
    can_be_told,
    completes,
    kept,
    same_look,
    settled_look,
    shown,
    status_after,
    status_when_stopped,
    tells_the_truth,
)
from opensvc_core.testing.programs import Programs, called_by
from opensvc_core.testing.rights import closed, give_up

# What an exception is called that a driver has not expected.
_UNEXPECTED: Final = "the driver failed:"
# The step that is no action.
STATUS: Final = "status"
PROVISIONING: Final = ("provision", "unprovision")


class Hardship(NamedTuple):
    """What is lacking: in words, the name that a failure has to tell, and a way to do things meanwhile, in processes of their own.

    `steps` are those to which it matters: `status`, and actions.
    """

    words: str
    name: str
    steps: Collection[str]
    under: Callable[[Callable[[], str]], str]


def without_programs(bench: Bench, *steps: str, but: Collection[str] = ()) -> Iterator[Hardship]:
    """For each program that these steps, done one after the other, call by its name: a host that has all others."""
    with Programs() as programs:
        for program, callers in programs_of(bench, *steps).items():
            if program not in but:
                with programs.without(program) as path:
                    yield Hardship(f"without {program}", program, callers, _with_path(path))


def programs_of(bench: Bench, *steps: str) -> dict[str, set[str]]:
    """The programs that these steps call by their names, each with the steps that do."""
    found: dict[str, set[str]] = {}
    for step in steps:
        for program in called_by(lambda step=step: bench.status() if step == STATUS else bench.perform(step)):  # type: ignore[misc]
            found.setdefault(program, set()).add(step)
    return found


def _with_path(path: str) -> Callable[[Callable[[], str]], str]:
    def perform(do: Callable[[], str]) -> str:
        os.environ["PATH"] = path
        return do()

    return lambda do: Fork(lambda: perform(do)).told()


def without_rights(bench: Bench) -> Hardship:
    """A process that has no capabilities, and may not write into the folder of the case."""

    def perform(do: Callable[[], str]) -> str:
        give_up()
        return do()

    def under(do: Callable[[], str]) -> str:
        with closed(bench.folder):
            return Fork(lambda: perform(do)).told()

    return Hardship("without rights", "", (STATUS, "start", "stop", "run", *PROVISIONING), under)


def endured(bench: Bench, hardship: Hardship) -> None:
    """Up, stopped, down and started under it, nothing is shown as what it is not; what fails says why, and is completed later.

    It was up before.
    """
    __tracebackhide__ = True
    clean = settled_look(bench)
    if {STATUS, "stop"} & {*hardship.steps}:
        bench.perform("start")
        not_shown(bench, hardship, {Status.DOWN, Status.NA} - {bench.case.up}, "up")
        _stop_endured(bench, hardship)
    not_shown(bench, hardship, {Status.UP, Status.NA}, "down")
    if "start" in hardship.steps:
        _start_endured(bench, hardship)
    same_look(bench, clean, f"a stop leaves what it leaves always after all was tried {hardship.words}")


def _stop_endured(bench: Bench, hardship: Hardship) -> None:
    __tracebackhide__ = True
    if "stop" in hardship.steps:
        if failed(bench, hardship, "stop"):
            tells_the_truth(bench, f"after a stop that failed {hardship.words}")
            completes(bench, "stop", f"a stop completes one that failed {hardship.words}")
        shown(bench, status_when_stopped(bench.case), f"after a stop {hardship.words}")
    completes(bench, bench.cleaner, f"{bench.cleaner} completes after a stop {hardship.words}")


def _start_endured(bench: Bench, hardship: Hardship) -> None:
    __tracebackhide__ = True
    down = settled_look(bench)
    if failed(bench, hardship, "start"):
        tells_the_truth(bench, f"after a start that failed {hardship.words}")
        same_look(bench, down, f"a start that fails {hardship.words} is taken back")
        completes(bench, "start", f"a start completes one that failed {hardship.words}")
    shown(bench, bench.case.up, f"after a start {hardship.words}")
    bench.clean()


def provision_endured(bench: Bench, hardship: Hardship) -> None:
    """Provisioned and unprovisioned under it: what fails says why, and is completed later. It was unprovisioned before."""
    __tracebackhide__ = True
    for action in PROVISIONING:
        if action not in hardship.steps or failed(bench, hardship, action):
            completes(bench, action, f"{action} completes one that failed {hardship.words}")
        shown(bench, status_after(bench, action, was_up=False), f"after {action} {hardship.words}")


def failed(bench: Bench, hardship: Hardship, action: str) -> bool:
    """Whether an action fails under a hardship; if so, it says why in words."""
    __tracebackhide__ = True
    said = hardship.under(lambda: bench.attempt(action))
    promise = f"{action} {hardship.words} does what it should, or says why it can't"
    kept(not said or (hardship.name in said and _UNEXPECTED not in said), promise, f"it said: {said}", action)
    return bool(said)


def run_endured(bench: Bench, hardship: Hardship, done: Look) -> None:
    """A run does what it does always, or says why it can't, and is completed later."""
    __tracebackhide__ = True
    if failed(bench, hardship, "run"):
        can_be_told(bench, f"after a run that failed {hardship.words}")
        completes(bench, "run", f"a run completes one that failed {hardship.words}")
    same_look(bench, done, f"a run {hardship.words} that is none is no success")


def not_shown(bench: Bench, hardship: Hardship, wrong: Collection[Status], really: str) -> None:
    """The status is none of those that would be wrong."""
    __tracebackhide__ = True
    if STATUS not in hardship.steps:
        return
    said = hardship.under(lambda: "\n".join([str(bench.status()), *(message.text for message in bench.seen().messages)]))
    status, _, why = said.partition("\n")
    kept(status not in map(str, wrong), f"what is {really} is not shown as {status} {hardship.words}", f"it says: {why}", "status")
