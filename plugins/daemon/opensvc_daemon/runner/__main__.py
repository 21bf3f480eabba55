"""The program: `python -m opensvc_daemon.runner --root DIR --node NAME`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from types import FrameType

from opensvc_core.api import Node
from opensvc_daemon.runner.crew import make_ordinary
from opensvc_daemon.runner.loop import Loop
from opensvc_daemon.runner.server import Server

# What systemd tells of a unit is for the unit alone, and not for what it starts.
_OF_THE_UNIT = (
    *("NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"),
    *("INVOCATION_ID", "JOURNAL_STREAM"),
)


def main() -> int:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog="opensvc_daemon.runner", description="Carries out actions for the daemon.")
    parser.add_argument("--root", help="the folder of all files; default: OSVC_ROOT_PATH, else the host's places")
    parser.add_argument("--node", help="the node's name; default: OSVC_NODENAME, else the host's")
    given = parser.parse_args()
    for name in _OF_THE_UNIT:
        os.environ.pop(name, None)
    # what children run (`om` in a trigger) is about the same node
    os.environ |= {name: value for name, value in {"OSVC_ROOT_PATH": given.root, "OSVC_NODENAME": given.node}.items() if value}
    loop = Loop()
    server = Server(lambda: Node(given.root, nodename=given.node), loop)

    def stop(_number: int, _frame: FrameType | None) -> None:
        loop.is_over = True

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    make_ordinary()
    try:
        server.begin()
    except OSError as error:
        print(f"the runner can't begin: {error}", file=sys.stderr)
        return 1
    try:
        loop.run()
    finally:
        server.end()
    return 0


if __name__ == "__main__":
    sys.exit(main())
