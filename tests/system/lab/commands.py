"""Commands that are run in a node from outside."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import time
from contextlib import suppress
from typing import Final, NamedTuple

from lab.groups import Groups
from lab.site import PATH

# joins the node's control groups, then its namespaces; a version 2 group that gives controllers to others takes no process itself
ENTER: Final = """
while [ "$1" != -- ]; do
    { echo $$ >"$1/cgroup.procs"; } 2>/dev/null || { mkdir -p "$1/entered" && echo $$ >"$1/entered/cgroup.procs"; } || exit 125
    shift
done
pid=$2
shift 2
exec nsenter --target "$pid" --cgroup --net --uts --ipc --mount --pid --root --wdns=/ -- "$@"
"""
# Noon where the nodes are, when the tests begin: what is copied by schedule in the small hours is copied in none of them.
ZONE: Final = f"LAB{time.gmtime().tm_hour - 12:+d}"
# of a login, and nothing of the outer one
ENVIRONMENT: Final = {
    **{"PATH": PATH, "HOME": "/root", "USER": "root", "LOGNAME": "root", "SHELL": "/bin/bash"},
    **{"LANG": "C.UTF-8", "TZ": ZONE},
}


class Done(NamedTuple):
    """What became of a command line."""

    code: int
    stdout: str
    stderr: str


def entering(groups: Groups, pid: int, argv: list[str]) -> list[str]:
    """The command line that runs another one among a node's control groups and in the namespaces of its process 1."""
    return ["sh", "-c", ENTER, "enter", *map(str, groups.folders), "--", str(pid), *argv]


def begin(groups: Groups, pid: int, line: str, environ: dict[str, str], *, stdin: int, stderr: int) -> subprocess.Popen[str]:
    """Begin a command line in a node, in a session of its own; its stdout is a pipe."""
    return subprocess.Popen(
        entering(groups, pid, shlex.split(line)),
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        errors="replace",
        env={**ENVIRONMENT, **environ},
        cwd="/",
        start_new_session=True,
    )


def finish(process: subprocess.Popen[str], groups: Groups, stdin: str, timeout: float) -> Done:
    """Give a command its input and wait for its end; AssertionError, and the end of all its process group, when that takes too long."""
    try:
        stdout, stderr = process.communicate(stdin, timeout)
    except subprocess.TimeoutExpired:
        what = "did not end" if process.poll() is None else f"ended with {process.returncode}, but something keeps its output open"
        raise AssertionError(f"{what} in {timeout:g} s: {_stop(process, groups)}") from None
    except BaseException:  # such as the end of the whole test
        _stop(process, groups)
        raise
    return Done(process.returncode, stdout, stderr)


def _stop(process: subprocess.Popen[str], groups: Groups) -> Done:
    """End a command's process group; what it has written."""
    # first those inside, which then have a parent out here that reaps them
    for pid in groups.pids() - {process.pid}:
        with suppress(ProcessLookupError):
            if os.getpgid(pid) == process.pid:
                os.kill(pid, signal.SIGKILL)
    with suppress(subprocess.TimeoutExpired):
        process.wait(0.2)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    try:
        stdout, stderr = process.communicate(timeout=0.3)
    except subprocess.TimeoutExpired as error:
        # text in spite of the annotation's bytes would be a change of Python's: both are read
        stdout, stderr = (part.decode(errors="replace") if isinstance(part, bytes) else part or "" for part in (error.stdout, error.stderr))
        for pipe in (process.stdout, process.stderr):
            if pipe:
                pipe.close()
    return Done(process.wait(10), stdout, stderr)
