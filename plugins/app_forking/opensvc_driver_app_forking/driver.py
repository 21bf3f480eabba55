"""The driver app.forking."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from opensvc_applications.application import Application

from opensvc_core.api import ActionFailed, Already, Call, Command, Message, Observation, Operations, ProcessId, Status

# Seconds in which what a stop command has told to end may do so before it counts as left over.
_PATIENCE: Final = 2.0


class Forking(Application):
    """An application whose start command leaves it running and ends."""

    id = "app.forking"
    older_sections = ("app",)

    def status(self) -> Observation:
        """What the check says; n/a without one. A start command that an ended agent left running is told."""
        seen = self.checked()
        running = self._running_starts() if seen.status is Status.DOWN else []
        if not running:
            return seen
        text = f"its start command still runs, as pid {_pids(running)}; stop ends it"
        return Observation(seen.status, (*seen.messages, Message("warn", text)), seen.info)

    def start(self) -> Operations:
        """Run the start command, unless the check says that it is up."""
        argv = self.argv("start")
        if not argv:
            yield Already(f"{self.label()} has no start command")
            return
        if self.seen() is Status.UP:
            yield Already(f"{self.label()} is already started")
            return
        if self.assumed is None and (running := self._running_starts()):
            raise ActionFailed(f"{self.label()}: its start command still runs, as pid {_pids(running)}; wait for it, or stop ends it")
        # what can't be run begins nothing that had to be stopped
        has_undo = self.stop_launch is not None and not self.problem("start")
        command = Command(
            argv,
            timeout=self.limit("start"),
            setting=self.application_setting(argv[0]),
            starts_application=True,
            output=str(self.context.var_dir / "output"),
            text=self.text_of("start"),
            done="start",
            undo=self.stop_command() if has_undo else None,
            undo_on_failure=has_undo,
            condition=self.assumption(argv[0]),
        )
        yield from self.explained(command, "start")

    def stop(self) -> Operations:
        """Run the stop command, unless the check says that it is down."""
        argv = self.argv("stop")
        if not argv:
            yield Already(f"{self.label()} has no stop command, and stays as it is")
            return
        if self.seen() is Status.DOWN:
            running = self._running_starts()
            if running:
                yield Call(f"kill {_pids(running)}", lambda: self._end(running))
            else:
                yield Already(f"{self.label()} is already stopped")
            return
        if not self.is_there(argv[0]) and not self.processes():
            # stopped once more, after the file system that holds it
            yield Already(f"{self.label()} is already stopped ({argv[0]} is not there)")
            return
        result = yield from self.explained(self.stop_command(), "stop")
        if self.cgroup and result.pid:  # a plan is answered with a result that no process has come to
            self._leave_group()

    def _running_starts(self) -> list[ProcessId]:
        """The start commands of this application that run now: by their marks and their words."""
        argv = self.argv("start")
        return [process for process in self.processes() if argv and _words_of(process)[-len(argv) :] == list(argv)]

    def _end(self, processes: list[ProcessId]) -> None:
        left = self.context.system.end_processes(processes, grace=self.settle("stop"), tree=True)
        if left:
            raise ActionFailed(f"{self.label()}: pid {_pids(left)} can't be ended, the kernel holds it")

    def _leave_group(self) -> None:
        """Remove its control group, or tell what is left in it: the stop command knows what has to end, we don't."""
        until = time.monotonic() + _PATIENCE
        while (left := self.context.system.group_processes(self.cgroup)) and time.monotonic() < until:
            time.sleep(0.02)
        if left:
            pids = _pids(left)
            self.context.log.warning(f"{len(left)} processes of {self.label()} are left after stop: pid {pids}", pids=pids)
        self.context.system.remove_group(self.cgroup)


def _words_of(process: ProcessId) -> list[str]:
    """The command line of a process; none where it has ended."""
    try:
        return Path(f"/proc/{process.pid}/cmdline").read_bytes().decode(errors="surrogateescape").split("\0")[:-1]
    except OSError:
        return []


def _pids(processes: Sequence[ProcessId]) -> str:
    return " ".join(str(process.pid) for process in processes)
