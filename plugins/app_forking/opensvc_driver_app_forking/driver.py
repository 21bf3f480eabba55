"""The driver app.forking."""

from __future__ import annotations

from opensvc_applications.application import Application
from opensvc_applications.leftovers import end, leave_group, pids, still_running

from opensvc_core.api import ActionFailed, Already, Call, Command, Message, Observation, Operations, ProcessId, Status


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
        text = f"its start command still runs, as pid {pids(running)}; stop ends it"
        return Observation(seen.status, (*seen.messages, Message("warn", text)), seen.info)

    def start(self) -> Operations:
        """Run the start command, unless the check says that it is up."""
        argv = self.argv("start")
        if reason := self.nothing_to_start():
            yield Already(reason)
            return
        if self.assumed is None and (running := self._running_starts()):
            raise ActionFailed(f"{self.label()}: its start command still runs, as pid {pids(running)}; wait for it, or stop ends it")
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
                yield Call(f"kill {pids(running)}", lambda: end(self, running, grace=self.settle("stop")))
            else:
                yield Already(f"{self.label()} is already stopped")
            return
        if not self.is_there(argv[0]) and not self.processes():
            # stopped once more, after the file system that holds it
            yield Already(f"{self.label()} is already stopped ({argv[0]} is not there)")
            return
        result = yield from self.explained(self.stop_command(), "stop")
        if result.pid:  # a plan is answered with a result that no process has come to
            leave_group(self)

    def _running_starts(self) -> list[ProcessId]:
        """The start commands of this application that run now."""
        return still_running(self, self.argv("start"))
