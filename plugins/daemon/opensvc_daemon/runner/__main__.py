"""The program: `python -m opensvc_daemon.runner --root DIR --node NAME`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from functools import partial
from types import FrameType

from opensvc_core.api import Node, UsageError
from opensvc_daemon.runner.crew import make_ordinary
from opensvc_daemon.runner.loop import Loop
from opensvc_daemon.runner.server import Server
from opensvc_daemon.started import Started

# What systemd tells of a unit is for the unit alone, and not for what it starts.
_OF_THE_UNIT = (
    *("NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"),
    *("INVOCATION_ID", "JOURNAL_STREAM"),
)


def main(arguments: Sequence[str]) -> int:
    """Serve until SIGTERM."""
    try:
        given = Started.read(arguments)
    except UsageError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    for name in _OF_THE_UNIT:
        os.environ.pop(name, None)
    # what children run (`om` in a trigger) is about the same node
    os.environ |= {name: value for name, value in {"OSVC_ROOT_PATH": given.root, "OSVC_NODENAME": given.node}.items() if value}
    loop = Loop()
    server = Server(partial(Node, given.root, nodename=given.node), loop)

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
    sys.exit(main(sys.argv[1:]))
