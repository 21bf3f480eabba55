"""The driver app.launchers."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from opensvc_applications.answers import answer, pairs
from opensvc_applications.leftovers import end, leave_group, pids, still_running
from opensvc_applications.limits import Limited

from opensvc_core.api import (
    ActionFailed,
    Already,
    Call,
    Command,
    CommandResult,
    Informative,
    Message,
    Observation,
    Operations,
    ProcessId,
    Startable,
    Status,
    Watchable,
    merge,
)
from opensvc_driver_app_launchers.folder import Folder, Link, read

_ANSWERS: Final = {0: Status.UP, 1: Status.DOWN}
_LONGEST_NAME: Final = 255


class Launchers(Limited, Startable, Informative, Watchable):
    """The launchers of a service: the links `S10x`, `K90x` and `C10x` in its folder `<service>.d`."""

    id = "app.launchers"
    older_sections = ("app-launchers",)
    needs_below = True

    @property
    def folder(self) -> Path:
        """Where the launchers are; maybe a link, also into a file system of the service that is not mounted."""
        return self.context.service.launchers

    def label(self) -> str:
        """Where they are."""
        return f"launchers {self.folder}"

    def classic_label(self) -> str:
        """As the older agents named them."""
        return "app"

    # -- status

    def look_limit(self) -> float:
        """Each check may take its time."""
        return super().look_limit() + self.patience("check") * len([] if self._is_out_of_reach() else self._read().of("C"))

    def status(self) -> Observation:
        """What the C launchers say together; n/a without one."""
        if self._is_out_of_reach():
            return Observation(Status.NA)
        found = self._read()
        answers = self._answers(found)
        none = () if answers else (Message("info", "no checkup scripts"),)
        said = (message for seen in answers.values() for message in seen.messages)
        return Observation(_together(answers), (*none, *said, *self._remarks(found)))

    def seen_alone(self) -> Status | Observation:
        """No check is run while what is below is not up; what runs of the launchers is seen all the same."""
        processes = self.processes()
        if not processes:
            return Status.NA
        return Status.WARN.because(f"the resources below are not up, and pid {pids(processes)} of the launchers runs")

    def info(self) -> Mapping[str, str]:
        """What the C launchers print with the word `info`; a name that several of them give has the launcher before it."""
        found: dict[str, str] = {}
        for link in [] if self._is_out_of_reach() else self._read().of("C"):
            for name, value in self._told(link).items():
                found[f"{link.file} {name}" if name in found else name] = value
        return found

    # -- actions

    def start(self) -> Operations:
        """Run each S launcher with `start`, those left out whose C launcher says up."""
        if self._is_out_of_reach():
            yield self._promised()
            return
        found = self._read()
        answers = {} if self.assumed else self._answers(found)
        if self.assumed is Status.UP or _together(answers) is Status.UP:
            yield Already(f"{self.label()} is already up", f"{self.classic_label()} is already up")
            return
        due = [link for link in found.of("S") if _of(answers, found, link) is not Status.UP]
        self._refuse_unusable(due)
        for link in found.of("S"):
            if link in due:
                yield self._start_command(link, found.partner(link, "K"))
            else:
                yield Already(f"{link.name} is already up")

    def stop(self) -> Operations:
        """Run each K launcher with `stop`, those left out whose C launcher says down."""
        if self._is_out_of_reach():
            self._refuse_to_leave()
            yield Already(f"{self.label()} is already stopped ({self._target()} is not there)", "app is already down")
            return
        found = self._read()
        answers = self._answers(found)
        running = self._running_starts(found.of("S"))
        if _together(answers) is Status.DOWN and not running:
            yield Already(f"{self.label()} is already down", f"{self.classic_label()} is already down")
            return
        if not found.of("K") and _together(answers) is not Status.NA:
            yield Already(f"{self.label()} has no K launcher, and stays as it is")
        result = CommandResult(0)
        for link in found.of("K"):
            if _of(answers, found, link) is Status.DOWN:
                yield Already(f"{link.name} is already down")
            else:
                result = yield self._stop_command(link)
        if running:
            text = f"kill {pids(running)}"
            yield Call(text, lambda: end(self, running, grace=self.settle("stop")), condition="a start that was left still runs")
        if result.pid:  # a plan is answered with a result that no process has come to
            leave_group(self)

    # -- the folder

    def _is_out_of_reach(self) -> bool:
        """There is no folder: the file system that the link points into is not mounted."""
        return not os.path.exists(self.folder)  # noqa: PTH110 - Path.exists() raises where a folder is closed to us

    def _target(self) -> str:
        return os.path.realpath(self.folder)

    def _read(self) -> Folder:
        try:
            return read(self.folder)
        except OSError as error:
            raise ActionFailed(f"{self.folder}: {error.strerror}; the launchers are links in a folder of this name") from error

    def _promised(self) -> Command:
        """In a plan, that the launchers are read once the steps before have brought their folder. Raises ActionFailed elsewhere."""
        if not self.context.planned_paths:
            raise ActionFailed(f"{self.folder} points to {self._target()}, which is not there; mount its file system, or correct the link")
        path = f"{self.folder}/S*"
        condition = f"{self._target()} has such launchers; it is read when it is mounted"
        return Command([path, "start"], text=self._text(path, "start"), classic_text=f"spawn: {path} start", condition=condition)

    # -- what the C launchers say

    def _answers(self, found: Folder) -> dict[Link, Observation]:
        return {link: self._ask(link) for link in found.of("C")}

    def _ask(self, link: Link) -> Observation:
        problem = self._problem(link)
        if problem:
            return Status.UNDEF.because(problem)
        timeout = self.patience("check")
        result = self.context.system.query([link.path, "status"], timeout=timeout, setting=self.command_setting(link.path))
        return answer(result, timeout, _ANSWERS, name=link.file)

    def _told(self, link: Link) -> dict[str, str]:
        if self._problem(link):
            return {}
        setting = self.command_setting(link.path)
        result = self.context.system.query([link.path, "info"], timeout=self.patience("info"), setting=setting)
        if result.code:
            self.context.log.warning(f"{link.file}: info reports errors ({result.code})")
        return pairs(result.stdout)

    def _remarks(self, found: Folder) -> list[Message]:
        problems = [self._problem(link) for link in found.links if link.kind != "C"]
        ignored = [Message("info", f"no launchers, not run: {', '.join(found.ignored)}")] if found.ignored else []
        return [*(Message("warn", problem) for problem in problems if problem), *ignored]

    # -- running them

    def _start_command(self, link: Link, counterpart: Link | None) -> Command:
        return Command(
            [link.path, "start"],
            timeout=self.limit("start"),
            setting=self.application_setting(link.path),
            starts_application=True,
            output=self._log_file(link),
            names_output=True,
            text=self._text(link.path, "start"),
            classic_text=f"spawn: {link.path} start",
            done="start",
            undo=self._stopping(counterpart) if counterpart else None,
            undo_on_failure=True,
            condition="" if os.path.exists(link.path) else f"{link.path} is there then, and belongs to root",  # noqa: PTH110
        )

    def _stop_command(self, link: Link) -> Command:
        problem = self._problem(link)
        if problem:
            raise ActionFailed(problem)
        return self._stopping(link)

    def _stopping(self, link: Link) -> Command:
        return Command(
            [link.path, "stop"],
            timeout=self.limit("stop"),
            setting=self.command_setting(link.path),
            output=self._log_file(link),
            names_output=True,
            text=self._text(link.path, "stop"),
            classic_text=f"spawn: {link.path} stop",
            done="stop",
        )

    def _text(self, path: str, word: str) -> str:
        return self.described(f"{path} {word}", path)

    def _log_file(self, link: Link) -> str:
        """Where the output of a launcher goes; nowhere, if others could have put files there."""
        folder = self.context.service.tmp_dir
        if not _is_private(folder):
            self.context.log.warning(f"{folder} is not ours alone; remove it to have the output of {link.file} kept there")
            return ""
        name = f"svc_{str(self.context.service.path).replace('/', '.')}_{link.file}"
        return str(folder / f"{name[: _LONGEST_NAME - len('.log')]}.log")

    # -- what is refused

    def _problem(self, link: Link) -> str:
        """Why a launcher can't be run, or an empty text."""
        if not os.path.exists(link.path):  # noqa: PTH110
            return f"{link.path}: points to {os.path.realpath(link.path)}, which is not there; correct the link, or remove it"
        return self.problem_with(link.path)

    def _refuse_unusable(self, links: Sequence[Link]) -> None:
        """Before the first of them is run: a start that is bound to fail begins nothing."""
        is_plan = bool(self.context.planned_paths)  # what is missing may be there when the plan is carried out
        for link in links:
            problem = self._problem(link)
            if problem and not (is_plan and not os.path.exists(link.path)):  # noqa: PTH110
                raise ActionFailed(problem)
        if self.assumed is None and (running := self._running_starts(links)):
            raise ActionFailed(f"{self.label()}: a start still runs, as pid {pids(running)}; wait for it, or stop ends it")

    def _refuse_to_leave(self) -> None:
        processes = self.processes()
        if processes:
            raise ActionFailed(
                f"{self.folder} points to {self._target()}, which is not there, and pid {pids(processes)} of the launchers runs; "
                "mount its file system, or end it"
            )

    def _running_starts(self, links: Sequence[Link]) -> list[ProcessId]:
        """S launchers that run now: their agent has ended before them."""
        return [process for link in links for process in still_running(self, [link.path, "start"])]


def _together(answers: Mapping[Link, Observation]) -> Status:
    return merge(seen.status for seen in answers.values())


def _of(answers: Mapping[Link, Observation], found: Folder, link: Link) -> Status:
    """What is said of the application of a launcher; n/a where nobody says anything."""
    check = found.partner(link, "C")
    return answers[check].status if check and check in answers else Status.NA


def _is_private(folder: Path) -> bool:
    """Nobody else can have made files in a folder; one that is missing is made when it is first written to."""
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return True
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
