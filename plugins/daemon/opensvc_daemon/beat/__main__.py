"""The program of the beat process: `python -m opensvc_daemon.beat [--root DIR] [--node NAME]`."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial

from opensvc_core.api import Journal, Level, Node, UsageError
from opensvc_daemon import clock
from opensvc_daemon.beat import setup
from opensvc_daemon.beat.door import Door
from opensvc_daemon.beat.keeping import LeaseFile, VotersFile, boot_id
from opensvc_daemon.beat.loop import Loop
from opensvc_daemon.beat.orders import obey
from opensvc_daemon.beat.priority import lock_memory, raise_priority
from opensvc_daemon.beat.process import Process
from opensvc_daemon.beat.report import Log, Report
from opensvc_daemon.beat.stopper import Stopper
from opensvc_daemon.channel import listen
from opensvc_daemon.heartbeat.beat import incarnation_from
from opensvc_daemon.lease.messages import Owner
from opensvc_daemon.started import Started

# Bytes of a thread's stack: receiving needs little, and locked memory is dear.
_STACK = 256 * 1024


def main(arguments: Sequence[str], read: Callable[[str | None, str], setup.Setup] = setup.read) -> int:
    """Beat until the monitor says farewell and no lease is held; `read` gives the setup of a root and a node."""
    try:
        given = Started.read(arguments)
    except UsageError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    node = Node(given.root, nodename=given.node)
    log = partial(_log, node)
    try:
        _run(node, partial(read, given.root, node.name), partial(_stop, given.root, node.name), log)
    except Exception as error:  # noqa: BLE001 - the one catch-all of this process
        _tell_crash(error, log)
        return 1
    return 0


def _run(node: Node, read: Callable[[], setup.Setup], stop: Callable[[str], list[str]], log: Log) -> None:
    threading.stack_size(_STACK)
    granted = f"{raise_priority()}, {lock_memory()}"
    paths = node.paths
    paths.run.mkdir(parents=True, exist_ok=True)
    boot, owner = boot_id(), Owner(node.name, incarnation_from(os.urandom(8)))
    loop = Loop()
    listening = listen(paths.run / "beat.sock")
    report = Report(log)
    files = LeaseFile(paths.run, boot), VotersFile(paths.var)
    process = Process(owner, loop, Stopper(stop, loop), files, configuration=read, report=report, clock=clock.now)
    report.door = Door(listening, loop, partial(obey, process))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: process.call_off())
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    report.say("info", f"beat begins ({granted})")
    process.start()
    while not process.is_done:
        process.round()
    process.close()


def _stop(root: str | None, node: str, service: str) -> list[str]:
    """The command that stops a service."""
    below = ["--root", root] if root else []
    return [sys.executable, "-P", "-m", "opensvc_daemon.beat.stop", *below, "--node", node, service]


def _log(node: Node, level: str, text: str, service: str) -> None:
    """Write a line to the log of the node."""
    journal = Journal(node.paths.log / "node.log", lambda event: None, node=node.name, service=service, clock=node.clock)
    journal.say(text, level=Level[level.upper()])


def _tell_crash(error: Exception, log: Log) -> None:
    import traceback  # noqa: PLC0415 - costs; nothing crashes as a rule

    log("error", "beat crashed: " + "".join(traceback.format_exception(error)).rstrip(), "")
    print(f"beat: {type(error).__name__}: {error}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
