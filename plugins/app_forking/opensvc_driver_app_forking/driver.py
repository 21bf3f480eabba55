"""The driver app.forking."""

from __future__ import annotations

import time
from typing import Final

from opensvc_applications.application import Application

from opensvc_core.api import Already, Command, Observation, Operations, Status

# Seconds in which what a stop command has told to end may do so before it counts as left over.
_PATIENCE: Final = 2.0


class Forking(Application):
    """An application whose start command leaves it running and ends."""

    id = "app.forking"
    older_sections = ("app",)

    def status(self) -> Observation:
        """What the check says; n/a without one."""
        return self.checked()

    def start(self) -> Operations:
        """Run the start command, unless the check says that it is up."""
        argv = self.argv("start")
        if not argv:
            yield Already(f"{self.label()} has no start command")
            return
        if self.seen() is Status.UP:
            yield Already(f"{self.label()} is already started")
            return
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
            yield Already(f"{self.label()} is already stopped")
            return
        if not self.is_there(argv[0]) and not self.processes():
            # stopped once more, after the file system that holds it
            yield Already(f"{self.label()} is already stopped ({argv[0]} is not there)")
            return
        result = yield from self.explained(self.stop_command(), "stop")
        if self.cgroup and result.pid:  # a plan is answered with a result that no process has come to
            self._leave_group()

    def _leave_group(self) -> None:
        """Remove its control group, or tell what is left in it: the stop command knows what has to end, we don't."""
        until = time.monotonic() + _PATIENCE
        while (left := self.context.system.group_processes(self.cgroup)) and time.monotonic() < until:
            time.sleep(0.02)
        if left:
            pids = " ".join(str(process.pid) for process in left)
            self.context.log.warning(f"{len(left)} processes of {self.label()} are left after stop: pid {pids}", pids=pids)
        self.context.system.remove_group(self.cgroup)
