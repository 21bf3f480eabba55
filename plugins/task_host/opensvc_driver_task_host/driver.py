"""The driver task.host."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from opensvc_applications.process import Launcher
from opensvc_applications.words import Launch, launch

from opensvc_core.api import (
    ActionFailed,
    ActionTimeout,
    Call,
    Command,
    Keyword,
    Message,
    Observation,
    Operations,
    Runnable,
    Status,
    duration,
    schedule_text,
)
from opensvc_driver_task_host.record import Run, begin, begun, read, write

# A run that fails is a run: its code is recorded before it is told.
_ANY_CODE: Final = range(-64, 256)


def _command(text: str) -> Launch:
    found = launch(text)
    if found is None or not found.argv:
        raise ValueError(f"{text!r} is no command")
    return found


class Host(Launcher, Runnable):
    """A command that is run now and then, and ends."""

    id = "task.host"
    older_sections = ("task",)

    command = Keyword(_command, required=True, scopable=True, text="What is run.", example="/usr/local/bin/backup --full")
    timeout = Keyword(duration, scopable=True, text="Seconds that a run may take; default: no limit.", example="2h")
    schedule = Keyword(
        schedule_text,
        default="",
        scopable=True,
        inherit="run_schedule",
        text="When 'run --cron' runs it; nothing: only when asked.",
        example="02:00-04:00 mon-fri",
    )

    @property
    def file(self) -> Path:
        """The record of its last run."""
        return self.context.var_dir / "last_run"

    @property
    def begin_file(self) -> Path:
        """The record of when a run was last begun, whatever became of it."""
        return self.context.var_dir / "last_begin"

    def last_run(self) -> float | None:
        """When a run was last begun here."""
        return begun(self.begin_file, self.file)

    def label(self) -> str:
        """The type, and the name of the program."""
        words = self.command.text.split() if self.command.is_shell else self.command.argv
        return f"task: {Path(words[0]).name}"

    def status(self) -> Status | Observation:
        """How the last run ended here; n/a before the first."""
        last = read(self.file)
        if last is None:
            return Status.NA
        if last.code == 0:
            return Observation(Status.UP, info={"last_run": last.moment})
        ending = "was ended when its time was up" if last.code is None else f"ended with {_code(last.code)}"
        message = Message("warn", f"the last run, {last.moment}, {ending}")
        return Observation(Status.WARN, (message,), {"last_run": last.moment})

    def run(self) -> Operations:
        """Run the command, and record how it ended."""
        program = self.command.argv[0]
        text = self.described(self.command.text, program)
        command = Command(
            self.command.argv,
            succeeds=_ANY_CODE,
            timeout=self.timeout or None,
            setting=self.command_setting(program)._replace(cgroup=self.cgroup),
            text=text,
            done="run",
            condition=self.assumption(program),
        )
        # before, so that a run which brings the node down is not begun again at once
        yield Call(f"write {self.begin_file}", lambda: begin(self.begin_file, _now()))
        try:
            result = yield command
        except ActionTimeout:
            yield self._record(None)
            raise
        yield self._record(result.code)
        if result.code:
            raise ActionFailed(self.problem_with(program) or f"{text}: {_code(result.code)}")

    def _record(self, code: int | None) -> Call:
        return Call(f"write {self.file}", lambda: write(self.file, Run(code, _now())))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _code(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
