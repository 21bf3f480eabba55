"""`python -m opensvc_daemon.monitor --root DIR --node NAME`: the monitor of a node."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import traceback
from functools import partial

from opensvc_core.api import Node, OpensvcError
from opensvc_daemon.monitor.leaving import leave
from opensvc_daemon.monitor.monitor import Monitor
from opensvc_daemon.monitor.serving import Serving


def main(arguments: list[str] | None = None) -> int:
    """Run it until the daemon stops: 0 after an orderly stop."""
    parser = argparse.ArgumentParser(prog="python -m opensvc_daemon.monitor", description="Decide for a node, and carry it out.")
    parser.add_argument("--root", help="the folder of all files; default: those of the host")
    parser.add_argument("--node", help="the name of this node")
    given = parser.parse_args(arguments)
    node = Node(given.root, nodename=given.node)
    try:
        return asyncio.run(_live(node))
    except OpensvcError as error:
        print(error, file=sys.stderr)
        return 1


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
        code = main()
    except Exception:  # noqa: BLE001 - the one catch-all of the process
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
