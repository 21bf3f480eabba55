"""Processes: who runs the commands of a resource, where, with which limits and variables."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from opensvc_applications import programs
from opensvc_applications.words import Variables, limit, variables
from opensvc_core.api import Keyword, ProcessId, Resource, Setting, Watch, duration, group_name, octal, text, user_name

_LIMITS: Final = ("as", "core", "cpu", "data", "fsize", "memlock", "nofile", "nproc", "rss", "stack")


def _limit(what: str, example: str) -> Keyword[int | None]:
    return Keyword(limit, scopable=True, text=f"Limit of {what}; default: the agent's.", example=example)


class Launcher(Resource):
    """A resource that runs commands of the administrator."""

    user = Keyword(
        user_name,
        scopable=True,
        text="Who runs the commands; default: the owner of the program, if that is not root, else the agent's user.",
        example="www-data",
    )
    group = Keyword(group_name, scopable=True, text="The group of the commands; default: that of the user.", example="www-data")
    cwd = Keyword(
        text, scopable=True, text="Where the commands run; default: the agent's scratch folder, for other users `/`.", example="/srv/{name}"
    )
    umask = Keyword(octal, scopable=True, text="The umask of the commands, octal.", example="022")
    environment = Keyword(
        variables,
        default=Variables(),
        scopable=True,
        text="Variables for the commands: by their names, and by their names in capitals.",
        example="'JAVA_OPTS=-Xmx1g -server' LANG=C",
    )
    limit_as = _limit("the address space", "2g")
    limit_core = _limit("the size of core files", "unlimited")
    limit_cpu = Keyword(duration, scopable=True, text="Limit of the processor time; default: the agent's.", example="1h")
    limit_data = _limit("the data segment", "1g")
    limit_fsize = _limit("the size of a file that is written", "10g")
    limit_memlock = _limit("the locked memory", "64m")
    limit_nofile = _limit("the open files", "4096")
    limit_nproc = _limit("the processes of the user", "1000")
    limit_rss = _limit("the resident memory", "1g")
    limit_stack = _limit("the stack", "8m")
    limit_vmem = _limit("the address space (older word for `limit_as`)", "2g")

    @property
    def cgroup(self) -> str:
        """The control group of its processes; empty where the service has none."""
        return self.context.cgroup

    def marks(self) -> dict[str, str]:
        """The variables that its processes, and no others on this host, are started with.

        The service's id is not one of them: a file may get one while the application runs.
        """
        path = self.context.service.path
        return {
            "OPENSVC_RID": self.rid,
            "OPENSVC_SVCNAME": path.name,
            "OPENSVC_NAMESPACE": path.namespace,
            "OPENSVC_VAR": str(self.context.var_dir),
        }

    def processes(self) -> Sequence[ProcessId]:
        """The living processes that its commands have left, with their children, the oldest first."""
        marked = self.context.system.find_processes(self.marks())
        grouped = self.context.system.group_processes(self.cgroup) if self.cgroup else ()
        return sorted({*marked, *grouped}, key=lambda process: (process.started, process.pid))

    def watches(self) -> Sequence[Watch]:
        """The end of each of these processes whose parent is none of them, and of the last one in the control group."""
        processes = self.processes()
        pids = {process.pid for process in processes}
        tops = [Watch.of(process) for process in processes if programs.parent(process.pid) not in pids]
        return [*tops, Watch("cgroup", self.cgroup)] if tops and self.cgroup else tops

    def application_setting(self, program: str) -> Setting:
        """The process around a command that leaves an application behind."""
        return self._setting(program, {**self._variables(), **self.marks()}, self.cgroup)

    def command_setting(self, program: str) -> Setting:
        """The process around a command that ends."""
        # The agent's own tools speak C; these are the administrator's. An empty variable counts as none (locale(7)).
        language = {"LC_ALL": os.environ.get("LC_ALL", "")}
        return self._setting(program, {**language, **self._variables(), "OPENSVC_VAR": str(self.context.var_dir)}, "")

    def problem_with(self, program: str) -> str:
        """Why a program can't be run, or an empty text."""
        return programs.problem(program, search=self._search(), cwd=self._cwd(program))

    def is_there(self, program: str) -> bool:
        """Whether the file of a program exists."""
        return self._locate(program) is not None

    def described(self, command: str, program: str) -> str:
        """How the log names a command: `exec CMD as user U`."""
        return f"exec {command} as user {self._user(program) or programs.user_name(os.geteuid())}"

    def assumption(self, program: str) -> str:
        """What a plan assumes about a program that can't be seen yet: its owner decides who runs it."""
        if self.user or not self.context.system.is_root() or self.is_there(program):
            return ""
        return f"{program} belongs to {programs.user_name(os.geteuid())}"

    def _setting(self, program: str, environment: Mapping[str, str], cgroup: str) -> Setting:
        return Setting(
            user=self._user(program),
            group=self.group or "",
            cwd=self._cwd(program),
            umask=self.umask,
            environment=environment,
            limits=self._limits(),
            cgroup=cgroup,
        )

    def _user(self, program: str) -> str:
        """Who runs a program; empty: the agent's user. Only root can run it as its owner."""
        if self.user or not self.context.system.is_root():
            return self.user or ""
        return programs.owner(self._locate(program))

    def _cwd(self, program: str) -> str:
        if self.cwd:
            return self.cwd
        scratch = self.context.service.tmp_dir
        # the scratch folder is the agent's alone
        is_ours = not (self.user or ("/" in program and programs.owner(Path(program))))
        return str(scratch) if is_ours and scratch.is_dir() else "/"

    def _locate(self, program: str) -> Path | None:
        return programs.locate(program, search=self._search(), cwd=self._cwd(program))

    def _search(self) -> str:
        return self.environment.exported().get("PATH") or os.environ.get("PATH") or os.defpath

    def _variables(self) -> dict[str, str]:
        return {**self.environment.exported(), **self.context.environment()}

    def _limits(self) -> dict[str, int]:
        values = {name: getattr(self, f"limit_{name}") for name in _LIMITS}
        if values["as"] is None:
            values["as"] = self.limit_vmem
        return {name: int(value) for name, value in values.items() if value is not None}
