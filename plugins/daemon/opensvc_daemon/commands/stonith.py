"""om node stonith: end another node, and tell whether it is confirmed to be down."""

from __future__ import annotations

import time
from typing import Any

from opensvc_core.api import UsageError
from opensvc_daemon.guards.fencing import fence


def run(session: Any, arguments: Any) -> int:
    """Fence it, as the cluster would, and say how long it took. Raises ActionFailed where it is not confirmed."""
    target = arguments.more.get("target")
    if not target:
        raise UsageError("--node is required: the node to end")
    started = time.monotonic()
    fence(session.node, target)
    print(f"{target} is confirmed to be down ({time.monotonic() - started:.1f} s)", file=session.stdout)
    return 0
