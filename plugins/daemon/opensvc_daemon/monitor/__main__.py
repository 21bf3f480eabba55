"""`python -m opensvc_daemon.monitor --root DIR --node NAME`: the monitor of a node."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from functools import partial

from opensvc_core.api import Node, OpensvcError, UsageError
from opensvc_daemon.monitor.leaving import leave
from opensvc_daemon.monitor.monitor import Monitor
from opensvc_daemon.monitor.serving import Serving
from opensvc_daemon.started import Started

_NICE = -15


def main(arguments: Sequence[str]) -> int:
    """Run it until the daemon stops: 0 after an orderly stop."""
    try:
        given = Started.read(arguments)
        _come_first()
        return asyncio.run(_live(Node(given.root, nodename=given.node)))
    except OpensvcError as error:
        print(error, file=sys.stderr)
        return error.exit_code if isinstance(error, UsageError) else 1


def _come_first() -> None:
    """Beat falls silent with the monitor: a node that is merely busy must not be called dead. What the runner carries out is ordinary."""
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, _NICE)


async def _live(node: Node) -> int:
    node.paths.run.mkdir(parents=True, exist_ok=True)
    monitor = Monitor(node, leave=partial(leave, is_whole_machine=node.paths.bin is None))
    loop = asyncio.get_running_loop()
    ending: set[asyncio.Task[None]] = set()
    loop.add_signal_handler(signal.SIGTERM, lambda: ending.add(loop.create_task(monitor.ending.stop("maintenance"))))
    loop.add_signal_handler(signal.SIGHUP, lambda: ending.add(loop.create_task(monitor.configuring.reconfigure())))
    return await monitor.run(_serve)


async def _serve(monitor: Monitor) -> None:
    from opensvc_daemon.listener import start  # noqa: PLC0415 - the server library costs; the monitor's life begins before

    await monitor.listen(partial(start, Serving(monitor)))


if __name__ == "__main__":
    # not sys.exit: threads that wait for a link that is gone must not hold the end up
    try:
        code = main(sys.argv[1:])
    except Exception:  # noqa: BLE001 - the one catch-all of the process
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
