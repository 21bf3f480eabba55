"""The stop of a service whose lease ends, as a process of its own: 0 when nothing of it is up here any more.

python -m opensvc_daemon.beat.stop --node NAME [--root DIR] SERVICE
"""

from __future__ import annotations

import argparse
import sys
import time

from opensvc_daemon.beat.priority import hurry

# An action that is told to end gets so many seconds to end its own commands.
GRACE = 0.5
# Those who wait for the lock as well may get it first: they are ended in their turn.
WAIT = 0.1


def main(arguments: list[str]) -> int:
    """Stop it."""
    hurry()
    given = _parser().parse_args(arguments)
    from opensvc_core.api import (  # noqa: PLC0415 - `hurry` comes first, this takes a while
        InstanceLock,
        LockTimeout,
        Node,
        NoSuchObject,
        OpensvcError,
        Request,
    )

    until = time.monotonic() + given.limit
    try:
        service = Node(given.root, nodename=given.node).service(given.service)
        while True:
            try:
                InstanceLock(service.state.lock_file, name=given.service).end_holder(GRACE)
                service.perform(Request("stop"), lambda event: None, wait_lock=WAIT)
                break
            except LockTimeout:
                if time.monotonic() > until:
                    raise
        left = service.up()
    except NoSuchObject:
        return 0  # deleted, which it can't be while it is up
    except OpensvcError as error:
        print(f"{given.service}: {error}", file=sys.stderr)
        return 1
    if left:
        print(f"{given.service}: {', '.join(left)} up still", file=sys.stderr)
    return 1 if left else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m opensvc_daemon.beat.stop")
    parser.add_argument("--root")
    parser.add_argument("--node", required=True)
    parser.add_argument("--limit", type=float, default=5.0, help="seconds after which it gives up where others hold the lock")
    parser.add_argument("service")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
