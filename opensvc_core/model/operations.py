"""Operations: what a driver does to the host, one value each, so that one engine plans, runs, logs, limits and undoes them all."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from typing import Any, NamedTuple


class Setting(NamedTuple):
    """The process around a command: who runs it, where, with what limits, in which control group.

    `user` and `group` are names (empty: as the agent); `umask` is a number or None; `limits` maps names of
    `prlimit(1)` (`nofile`, `as`, `cpu`, …) to bytes, seconds or counts; `cgroup` is the path of a control group
    below the agent's own (empty: none), which is made when missing.
    """

    user: str = ""
    group: str = ""
    cwd: str = ""
    umask: int | None = None
    environment: Mapping[str, str] = {}
    limits: Mapping[str, int] = {}
    cgroup: str = ""


class CommandResult(NamedTuple):
    """What a command came to: its exit code (-N: ended by signal N), its output, and how long it took in seconds."""

    code: int
    stdout: str = ""
    stderr: str = ""
    seconds: float = 0.0
    pid: int = 0


class Command(NamedTuple):
    """A command that changes the host.

    Parameters:
        argv: the program and its arguments; no shell is involved.
        succeeds: the exit codes that mean success.
        undo: what takes it back, an operation or a function that begins several; due when the command has succeeded, or
            was interrupted and may have done something.
        undo_on_failure: the undo is due also when the command failed, because it may have left half of its work.
        timeout: seconds until its process group is ended; None: no limit.
        setting: user, directory, limits of the process; None: those of the agent.
        starts_application: it leaves processes behind that are not the agent's: they inherit no lock, and their
            output goes to the file `output` rather than to a pipe.
        detached: the command is the application itself: it is started and not waited for, beyond `watch` seconds in
            which an early end is a failure.
        output: the file for the output of an application, or of a command whose output is to be kept.
        names_output: the classic layout names that file at the end, where `done` is logged, and doesn't print what is in it.
        text: how the log names it; default: the command line.
        classic_text: the same for the classic layout; default: `text`.
        done: the word (`start`, `stop`) under which its end is logged, with duration and exit code; empty: not logged.
        expected: what a plan assumes that it comes to.
        condition: the plan prints it: on what the operation depends.
        is_quiet: only the log tells of it and of its output.
        stdin: what it reads; default: nothing.
    """

    argv: Sequence[str]
    succeeds: Collection[int] = (0,)
    undo: Undoing | None = None
    undo_on_failure: bool = False
    timeout: float | None = None
    setting: Setting | None = None
    starts_application: bool = False
    detached: bool = False
    watch: float = 0.2
    output: str = ""
    names_output: bool = False
    text: str = ""
    classic_text: str = ""
    done: str = ""
    expected: CommandResult = CommandResult(0)
    condition: str = ""
    is_quiet: bool = False
    stdin: str = ""

    def __str__(self) -> str:
        return self.text or shlex.join(self.argv)


class Call(NamedTuple):
    """A change of the host made in Python: a netlink message, a directory, a signal.

    `text` tells what it does, where there is one as the command that would do the same. `do` raises
    ActionFailed or OSError when it fails; what it returns is sent to the generator. `expected` is what a plan sends.
    `is_quiet`: only the log tells of it.
    `classic_output` are lines that the classic layout prints after it, as they are: what that command would have printed.
    """

    text: str
    do: Callable[[], Any]
    undo: Undoing | None = None
    undo_on_failure: bool = False
    timeout: float | None = None
    classic_text: str = ""
    classic_output: str = ""
    expected: Any = None
    condition: str = ""
    is_quiet: bool = False

    def __str__(self) -> str:
        return self.text


class Already(NamedTuple):
    """The host is as it should be: an outcome, not an error. The text says what was found (`fs#1 is mounted`)."""

    text: str
    classic_text: str = ""

    def __str__(self) -> str:
        return self.text


class Together(NamedTuple):
    """Operations that are carried out side by side, each to its end whatever becomes of the others.

    The generator is sent a list: what each came to, or the ActionFailed that ended it.
    """

    operations: Sequence[Command | Call]


Operation = Command | Call | Already | Together
# A driver's start, stop, … is such a generator; it is sent the CommandResult of a Command, the result of a Call.
Operations = Generator[Operation, Any, None]
# What takes an operation back.
Undoing = Operation | Callable[[], Operations]
