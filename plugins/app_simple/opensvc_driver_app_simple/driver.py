"""The driver app.simple."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from opensvc_applications.application import Application

from opensvc_core.api import ActionFailed, Already, Call, Command, Keyword, Message, Observation, Operations, ProcessId, Status, text
from opensvc_driver_app_simple.family import kin_of, leaders

# Seconds from SIGTERM to SIGKILL.
_GRACE: Final = 5.0
# Seconds in which an early end of the application is a failed start.
_WATCH: Final = 0.2


class Simple(Application):
    """An application that runs in the foreground: the agent starts it, finds it again and ends it."""

    id = "app.simple"
    kill = Keyword(
        text,
        default="parent",
        candidates=("parent", "tree"),
        scopable=True,
        text="What a stop ends: the process that was started (`parent`), or its children as well (`tree`).",
    )

    def status(self) -> Observation:
        """What the check says; without one, whether its process is there."""
        processes = self.processes()
        found = leaders(processes, kin_of)
        seen = self.checked() if self.check_launch else Observation(Status.UP if found else Status.DOWN, self._unusable())
        facts = {"pids": _pids(found)} if found else {}
        messages = (*seen.messages, *self._irregular(processes, found, seen.status))
        return Observation(seen.status, messages, {**seen.info, **facts})

    def start(self) -> Operations:
        """Start its command and leave it running, unless it is there."""
        argv = self.argv("start")
        if reason := self.nothing_to_start():
            yield Already(reason)
            return
        if self.assumed is None and (found := leaders(self.processes(), kin_of)):
            # it may be a database that takes its time to recover: never a second copy, and nothing is ended by a start
            yield Already(f"{self.label()} runs already, as pid {_pids(found)}, though its check does not say so (stop ends it)")
            return
        is_usable = not self.problem("start")
        command = Command(
            argv,
            setting=self.application_setting(argv[0]),
            detached=True,
            watch=_WATCH,
            output=str(self.context.var_dir / "output"),
            text=self.text_of("start"),
            done="start",
            undo=Call(f"end the processes of {self.label()}", lambda: self._end(self.processes(), is_tree=True)) if is_usable else None,
            undo_on_failure=is_usable,
            condition=self.assumption(argv[0]),
        )
        yield from self.explained(command, "start")

    def stop(self) -> Operations:
        """Run the stop command, if there is one; then end what is left."""
        processes = self.processes()
        targets = processes if self.kill == "tree" else leaders(processes, kin_of)
        has_command = self.stop_launch is not None and (bool(processes) or self.is_there(self.argv("stop")[0]))
        if not targets and not (self.check_launch and self.checked().status is Status.UP):
            yield Already(f"{self.label()} is already stopped")
            return
        if not targets and not has_command:
            raise ActionFailed(f"{self.label()}: its check says up, but no process of it was started here; set `stop`, or end it by hand")
        if has_command:
            yield from self.explained(self.stop_command(), "stop")
        if targets:
            condition = "still there after the stop command" if has_command else ""
            main = leaders(processes, kin_of) or targets
            yield Call(f"kill {_pids(main)}", lambda: self._end(targets, is_tree=self.kill == "tree"), condition=condition)

    def _end(self, processes: Sequence[ProcessId], *, is_tree: bool) -> None:
        left = self.context.system.end_processes(processes, grace=self.stop_timeout or _GRACE, tree=is_tree)
        if left:
            raise ActionFailed(f"{self.label()}: pid {_pids(left)} can't be ended, the kernel holds it")
        if self.cgroup:
            self.context.system.remove_group(self.cgroup)

    def _unusable(self) -> tuple[Message, ...]:
        problem = self.problem("start")
        return (Message("warn", problem),) if problem else ()

    def _irregular(self, processes: Sequence[ProcessId], found: Sequence[ProcessId], status: Status) -> tuple[Message, ...]:
        if found and status is Status.DOWN:
            return (Message("warn", f"its check says down, and pid {_pids(found)} runs"),)
        if len(found) > 1:
            return (Message("warn", f"runs {len(found)} times: pid {_pids(found)}"),)
        if processes and not found:
            return (Message("warn", f"its main process has ended, children are left: pid {_pids(processes)} (kill = tree ends them)"),)
        return ()


def _pids(processes: Sequence[ProcessId]) -> str:
    return " ".join(str(process.pid) for process in processes)
