"""Applications: started, stopped, checked and asked by the commands of their administrator."""

from __future__ import annotations

import shlex
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any, Final

from opensvc_applications.answers import answer, pairs
from opensvc_applications.leftovers import pids
from opensvc_applications.limits import Limited
from opensvc_applications.words import Launch, launch, retcodes
from opensvc_core.api import (
    ActionFailed,
    ActionTimeout,
    Command,
    CommandResult,
    Context,
    Informative,
    Keyword,
    Message,
    Observation,
    Operation,
    Startable,
    Status,
    Watchable,
    boolean,
    text,
)

# What the script is told for each keyword.
_SCRIPT_WORDS: Final = {"start": "start", "stop": "stop", "check": "status", "info": "info"}


class Application(Limited, Startable, Informative, Watchable):
    """An application with commands of its own for start, stop, status and information."""

    needs_below = True

    script = Keyword(
        text,
        scopable=True,
        text="The launcher; a bare name stands in the service's folder of launchers (`<service>.d`).",
        example="/etc/init.d/web",
    )
    start_launch = Keyword(
        launch,
        default=None,
        name="start",
        scopable=True,
        text="`true` or a number (which orders applications): the script with the word `start`; else a command.",
        example="{fs#app.mnt}/weblauncher start",
    )
    stop_launch = Keyword(
        launch,
        default=None,
        name="stop",
        scopable=True,
        text="`true` or a number: the script with the word `stop`; else a command.",
        example="true",
    )
    check_launch = Keyword(
        launch,
        default=None,
        name="check",
        scopable=True,
        text="`true` or a number: the script with the word `status`; else a command. Its exit code is the status, see `retcodes`.",
        example="true",
    )
    info_launch = Keyword(
        launch,
        default=None,
        name="info",
        scopable=True,
        text="`true` or a number: the script with the word `info`; else a command. It prints lines `Name: value`.",
        example="true",
    )
    retcodes = Keyword(
        retcodes, default=retcodes("0:up 1:down"), scopable=True, text="What the exit codes of the check mean; any other is `warn`."
    )
    status_log = Keyword(boolean, default=False, scopable=True, text="Show what the check prints below the status.")

    def __init__(self, context: Context, values: Mapping[str, Any]) -> None:
        super().__init__(context, values)
        for action in _SCRIPT_WORDS:
            found = self.launch(action)
            if found and not found.argv and not self.script:
                raise ValueError(f"{action} = {found}: there is no `script` that it could run")

    def seen_alone(self) -> Status | Observation:
        """Its check is not run while what is below is not up; what runs of it is seen all the same."""
        processes = self.processes()
        if not processes:
            return Status.DOWN
        return Status.WARN.because(f"the resources below are not up, and pid {pids(processes)} of it runs")

    def look_limit(self) -> float:
        """A check may take the time that the file gives it."""
        return super().look_limit() + (self.patience("check") if self.check_launch else 0.0)

    def position(self) -> int:
        """The number that an older file gives as `start`."""
        return self.start_launch.number if self.start_launch else 0

    def label(self) -> str:
        """The type, and the name of what starts it."""
        kind = self.id.rpartition(".")[2]
        found = self.start_launch
        words = found.text.split() if found and found.is_shell else self.argv("start")
        program = words[0] if words else self.script or ""
        return f"{kind}: {Path(program).name}" if program else kind

    def launch(self, action: str) -> Launch | None:
        """What the file says to run for `start`, `stop`, `check` or `info`."""
        known = {"start": self.start_launch, "stop": self.stop_launch, "check": self.check_launch, "info": self.info_launch}
        return known[action]

    def argv(self, action: str) -> list[str]:
        """The argument list of an action; empty where there is nothing to run."""
        found = self.launch(action)
        if found is None:
            return []
        return list(found.argv) or [self._script(), _SCRIPT_WORDS[action]]

    def problem(self, action: str) -> str:
        """Why the program of an action can't be run, or an empty text."""
        argv = self.argv(action)
        return self.problem_with(argv[0]) if argv else ""

    def nothing_to_start(self) -> str:
        """Why a start has nothing to do, or an empty text."""
        if not self.argv("start"):
            return f"{self.label()} has no start command"
        return f"{self.label()} is already started" if self.seen() is Status.UP else ""

    def text_of(self, action: str) -> str:
        """How the log names the command of an action."""
        argv = self.argv(action)
        return self.described(_shown(argv), argv[0])

    def stop_command(self) -> Command:
        """The operation that stops it by its own command."""
        argv = self.argv("stop")
        setting = self.command_setting(argv[0])
        return Command(
            argv,
            timeout=self.limit("stop"),
            setting=setting,
            text=self.text_of("stop"),
            done="stop",
            condition=self.assumption(argv[0]),
        )

    def explained(self, command: Command, action: str) -> Generator[Operation, Any, CommandResult]:
        """Have a command carried out; where it failed because its program can't be run, say so and how to help it."""
        try:
            result: CommandResult = yield command
        except ActionTimeout:
            raise
        except ActionFailed as error:
            problem = self.problem(action)
            if problem:
                raise ActionFailed(problem) from error
            raise
        return result

    def checked(self) -> Observation:
        """What the check says, and whether the application could be started from here."""
        seen = self._ask()
        problem = self.problem("start")
        if problem and all(message.text != problem for message in seen.messages):
            return Observation(seen.status, (*seen.messages, Message("warn", problem)), seen.info)
        return seen

    def info(self) -> dict[str, str]:
        """The lines `Name: value` that its `info` command prints."""
        argv = self.argv("info")
        if not argv or self.problem("info"):
            return {}
        result = self.context.system.query(argv, timeout=self.patience("info"), setting=self.command_setting(argv[0]))
        if result.code:
            self.context.log.warning(f"info reports errors ({result.code})")
        return pairs(result.stdout)

    def _ask(self) -> Observation:
        argv = self.argv("check")
        if not argv:
            return Status.NA.because("check is not set", level="info")
        problem = self.problem("check")
        if problem:
            return Status.UNDEF.because(problem)
        timeout = self.patience("check")
        result = self.context.system.query(argv, timeout=timeout, setting=self.command_setting(argv[0]))
        return answer(result, timeout, self.retcodes, name="check", shows_output=self.status_log)

    def _script(self) -> str:
        script = self.script or ""
        return script if "/" in script else str(self.context.service.launchers / script)


def _shown(argv: list[str]) -> str:
    """A command as the file has it."""
    return argv[2] if argv[:2] == ["/bin/sh", "-c"] else shlex.join(argv)
