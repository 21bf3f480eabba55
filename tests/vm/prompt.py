"""A prompt in a machine: the agent's commands, each in a process forked from one that has imported them already.

To start Python takes seconds on an emulated processor, and a test gives many commands. What runs is the command's own `main`.
"""

from __future__ import annotations

import json
import shlex

from vmlab import Done, Inside

_IN, _OUT = "/run/prompt.in", "/run/prompt.out"  # gone after a boot
_SERVER = """\
import importlib, json, os, shlex, sys, tempfile
from opensvc_core.cli import main
for name in ("verbs.act", "verbs.print_status", "targets", "render.log", "render.tree", "acting"):
    importlib.import_module("opensvc_core.cli." + name)
for name in ("conduct", "looking", "service", "plan", "node", "host", "triggers", "scheduled"):
    importlib.import_module("opensvc_core.instance." + name)
for name in {drivers}:
    importlib.import_module(name)
import pluggy, opensvc_core.hookspecs
os.mkfifo({out!r})
os.mkfifo({into!r})
while True:
    with open({into!r}) as told:
        argv = shlex.split(told.read())
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        child = os.fork()
        if child == 0:
            os.dup2(out.fileno(), 1), os.dup2(err.fileno(), 2)
            sys.argv, code = argv, 70
            try:
                code = main.main(argv[0])
                sys.stdout.flush(), sys.stderr.flush()
            finally:
                os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        out.seek(0), err.seek(0)
        answer = dict(code=code, stdout=out.read(), stderr=err.read())
    with open({out!r}, "w") as asked:
        json.dump(answer, asked)
"""


class Prompt:
    """Gives commands of the agent in a machine; `drivers` are the modules that they will need."""

    def __init__(self, node: Inside, python: str, drivers: tuple[str, ...]) -> None:
        self._node = node
        node.write("/tmp/prompt.py", _SERVER.format(drivers=drivers, out=_OUT, into=_IN))
        self._server = node.begin(f"{python} /tmp/prompt.py")
        node.wait_for(self._is_ready, 120)

    def __call__(self, line: str, *, code: int | None = 0, timeout: float = 60) -> Done:
        """Run a command line (`om svc1 start`); `code` is what it has to end with, None: anything."""
        found = self._node(f"sh -c 'cat >{_IN}; exec cat {_OUT}'", stdin=shlex.join(shlex.split(line)), timeout=timeout)
        done = Done(**json.loads(found.stdout))
        assert "Traceback" not in done.stdout + done.stderr, f"{line}: {done}"
        assert code is None or done.code == code, f"{line}: {done}"
        return done

    def _is_ready(self) -> bool:
        assert self._server.is_running, self._server.wait()
        return self._node.exists(_IN)
