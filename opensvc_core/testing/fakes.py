"""Fakes: a host and a log for the failures that a real host can't be made to show."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from opensvc_core.driver.context import Context, Log, ServiceFacts, System
from opensvc_core.model.limits import ProcessGroup, Unmet
from opensvc_core.model.names import Rid, ServicePath
from opensvc_core.model.operations import CommandResult, Setting
from opensvc_core.model.process import ProcessId


@dataclass
class FakeSystem:
    """A host that answers as the test says. It is a `System`, as drivers are given it.

    Parameters:
        answers: what a query comes to, by its command line (`lvs --noheadings vg1`) or by its program alone (`lvs`); a
            list is used up, its last answer stays. A command without an answer is a missing program: code 127.
        processes: the environment of each process; groups: the processes of each control group.
        stuck: processes that can't be ended.
        boot: the identity of the boot; root: whether the agent may do everything.

    `asked` are the command lines of the queries so far, `ended` the processes that were ended, `limited` the groups that got limits.
    """

    answers: dict[str, CommandResult | list[CommandResult]] = field(default_factory=dict)
    processes: dict[ProcessId, Mapping[str, str]] = field(default_factory=dict)
    groups: dict[str, list[ProcessId]] = field(default_factory=dict)
    stuck: frozenset[ProcessId] = frozenset()
    boot: str = "11111111-2222-3333-4444-555555555555"
    root: bool = True
    asked: list[str] = field(default_factory=list)
    ended: list[ProcessId] = field(default_factory=list)
    limited: dict[str, list[ProcessGroup]] = field(default_factory=dict)

    def query(self, argv: Sequence[str], *, timeout: float = 10.0, setting: Setting | None = None) -> CommandResult:
        """The answer to this command line, else to this program."""
        line = shlex.join(argv)
        self.asked.append(line)
        answer = self.answers.get(line, self.answers.get(argv[0]))
        if answer is None:
            return CommandResult(127, stderr=f"{argv[0]}: no such program")
        if isinstance(answer, list):
            return answer.pop(0) if len(answer) > 1 else answer[0]
        return answer

    def find_processes(self, environment: Mapping[str, str]) -> Sequence[ProcessId]:
        """Those whose environment has all of this, the oldest first."""
        found = [process for process, has in self.processes.items() if environment.items() <= has.items()]
        return sorted(found, key=lambda process: process.started)

    def group_processes(self, cgroup: str) -> Sequence[ProcessId]:
        """The processes of a group."""
        return tuple(self.groups.get(cgroup, ()))

    def end_processes(self, processes: Sequence[ProcessId], *, grace: float, tree: bool = False) -> Sequence[ProcessId]:
        """End all but those that are stuck."""
        for process in processes:
            if process not in self.stuck:
                self._end(process)
        return [process for process in processes if process in self.stuck]

    def remove_group(self, cgroup: str) -> None:
        """Remove a group that is empty."""
        if not self.groups.get(cgroup):
            self.groups.pop(cgroup, None)

    def group_path(self, cgroup: str) -> str:
        """As where all groups stand at the top."""
        return f"/{cgroup}"

    def has_limits(self, cgroup: str) -> bool:
        """Whether this host was asked to limit it, or a group below it."""
        return any(f"{name}/".startswith(f"{cgroup}/") for name in self.limited)

    def limit_group(self, cgroup: str, chain: Sequence[ProcessGroup]) -> Sequence[Unmet]:
        """Keep what is asked for; every limit is held."""
        self.limited[cgroup] = list(chain)
        return ()

    def boot_id(self) -> str:
        """`boot`."""
        return self.boot

    def is_root(self) -> bool:
        """`root`."""
        return self.root

    def _end(self, process: ProcessId) -> None:
        self.ended.append(process)
        self.processes.pop(process, None)
        for members in self.groups.values():
            if process in members:
                members.remove(process)


@dataclass(frozen=True)
class Line:
    """A line of a log: `level` is `debug`, `info`, `warning` or `error`."""

    level: str
    text: str
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class RecordingLog:
    """A log that keeps its lines."""

    lines: list[Line] = field(default_factory=list)

    def debug(self, text: str, **fields: Any) -> None:
        """Keep a line of this level."""
        self.lines.append(Line("debug", text, fields))

    def info(self, text: str, **fields: Any) -> None:
        """Keep a line of this level."""
        self.lines.append(Line("info", text, fields))

    def warning(self, text: str, **fields: Any) -> None:
        """Keep a line of this level."""
        self.lines.append(Line("warning", text, fields))

    def error(self, text: str, **fields: Any) -> None:
        """Keep a line of this level."""
        self.lines.append(Line("error", text, fields))

    def texts(self, level: str = "") -> list[str]:
        """The texts so far, of one level or of all."""
        return [line.text for line in self.lines if level in ("", line.level)]


def context_for(
    rid: str, folder: Path, *, system: System | None = None, log: Log | None = None, service: str = "web", **others: Any
) -> Context:
    """A context whose folders are below `folder`; `others` are further fields of Context (`action`, `confirmed_down`, …).

    A driver is made of it and of its values: `Flag(context_for("fs#1", tmp_path), {})`.
    """
    path = ServicePath.parse(service)
    facts = ServiceFacts(
        path,
        id="00000000-0000-0000-0000-000000000001",
        nodes=("n1",),
        launchers=folder / "etc" / f"{path.config_path}.d",
        run_dir=folder / "run" / path.state_path,
        tmp_dir=folder / "tmp",
        cgroup=f"opensvc.test/{path.state_path.replace('/', '.')}",
    )
    given: dict[str, Any] = {
        "system": system or FakeSystem(),
        "log": log or RecordingLog(),
        "node": "n1",
        "service": facts,
        "var_dir": folder / "var" / path.state_path / rid,
        **others,
    }
    return Context(rid=Rid(rid), **given)
