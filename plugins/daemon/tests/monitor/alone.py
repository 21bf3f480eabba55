"""A monitor as a process, without the listener: what would be asked over HTTP is asked over a channel at `<run>/test.sock`."""

import argparse
import asyncio
import contextlib
import os
import signal
from functools import partial

from opensvc_daemon.channel import AsyncChannel, listen
from opensvc_daemon.monitor.leaving import leave
from opensvc_daemon.monitor.monitor import Monitor
from opensvc_daemon.monitor.serving import Serving

from opensvc_core.api import Node, OpensvcError


async def answer(serving, message):
    call = getattr(serving, message["call"])
    try:
        found = call(*message["args"], **message["more"])
        return {"answer": await found if asyncio.iscoroutine(found) else found}
    except OpensvcError as error:
        return {"error": str(error), "kind": type(error).__name__}


async def live(given):
    node = Node(given.root, nodename=given.node)
    monitor = Monitor(node, leave=partial(leave, is_whole_machine=False))
    monitor.ordering.patience = 100.0  # a machine with tests side by side takes long to begin a daemon
    serving = Serving(monitor)

    async def serve(reader, writer):
        channel = AsyncChannel(reader, writer)
        with contextlib.suppress(ConnectionError):
            while (message := await channel.receive()) is not None:
                await channel.send(await answer(serving, message))
        channel.close()

    async def begin(_monitor):
        await asyncio.start_unix_server(serve, sock=listen(node.paths.run / "test.sock"))

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, lambda: asyncio.ensure_future(monitor.ending.stop("maintenance")))
    return await monitor.run(begin)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--root")
    parser.add_argument("--node")
    os._exit(asyncio.run(live(parser.parse_args())))
