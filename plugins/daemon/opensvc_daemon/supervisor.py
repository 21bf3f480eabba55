"""The supervisor: begins beat, runner and monitor, and keeps them alive (`python -m opensvc_daemon.supervisor`)."""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Sequence
from contextlib import suppress

from opensvc_core.system.logfile import append
from opensvc_daemon.supervision.loop import Setup, Supervisor
from opensvc_daemon.supervision.record import Record
from opensvc_daemon.supervision.systemd import Manager, forget

PARTS = ("beat", "runner", "monitor")


def main(argv: Sequence[str]) -> int:
    """Run the daemon of a node: `--node NAME [--root FOLDER] [--ready-fd NUMBER]`; 5: one runs already."""
    given = dict(zip(argv[::2], argv[1::2], strict=True))
    node, root = given["--node"], given.get("--root", "")
    ready = int(given.get("--ready-fd", "-1"))
    run, log, etc = (f"{root}/{name}" if root else place for name, place in _PLACES.items())
    record = Record(run)
    if not record.take():
        _tell(ready, "failed: a daemon runs already")
        return 5
    where = ["--node", node, *(["--root", root] if root else [])]
    parts = {name: [sys.executable, "-P", "-m", f"opensvc_daemon.{name}", *where] for name in PARTS}
    manager = Manager(os.environ)
    forget(os.environ)
    os.chdir("/")
    watched = [f"{etc}/node.conf", f"{etc}/cluster.conf"]
    setup = Setup(parts, run, log, f"{run}/api.sock", watched)
    return Supervisor(setup, record, manager, lambda text: _say(f"{log}/node.log", node, text), lambda text: _tell(ready, text)).run()


_PLACES = {"run": "/run/opensvc", "log": "/var/log/opensvc", "etc": "/etc/opensvc"}


def _say(file: str, node: str, text: str) -> None:
    """A line for the node's log, in the form of all of its lines, and for whoever watches; a file does not: it would only grow."""
    if not stat.S_ISREG(os.fstat(2).st_mode):
        print(text, file=sys.stderr, flush=True)
    moment = time.time()
    when = time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(moment)) + f".{int(moment % 1 * 1e6):06d}"
    zone = time.strftime("%z", time.localtime(moment))
    line = f"{when}{zone[:3]}:{zone[3:]} INFO    n:{node} sc:n | {text}\n"
    with suppress(OSError):
        append(file, line)


def _tell(descriptor: int, text: str) -> None:
    """Tell who began us how the start went; it may be gone."""
    if descriptor < 0:
        if text.startswith("failed: "):
            print(f"om: {text.removeprefix('failed: ')}", file=sys.stderr, flush=True)
        return
    try:
        os.write(descriptor, f"{text}\n".encode())
    except OSError:
        return


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
