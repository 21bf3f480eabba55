"""cluster rotate-secret: another secret in the place of the cluster's."""

from __future__ import annotations

from typing import Any

from opensvc_core.errors import ActionRefused
from opensvc_daemon.commands.reaching import NOBODY, reach
from opensvc_daemon.trust import rotate

# Seconds for each step: a member's file comes within two, and a busy machine takes its time.
_PATIENCE = 60.0


def run(session: Any, arguments: Any) -> int:
    """Say what is done, as it is done."""

    def say(text: str) -> None:
        print(f"  {text}", file=session.stdout, flush=True)

    def look() -> Any:
        client = reach(session)
        if client is None:
            raise ActionRefused(NOBODY)
        return client.get("/v1/status")

    print(f"@ n:{session.nodename}", file=session.stdout, flush=True)
    rotate(session.node, look, say=say, patience=_PATIENCE if arguments.time is None else arguments.time)
    return 0
