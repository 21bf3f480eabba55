"""What this distribution brings."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from opensvc_core.api import ActionRefused, Finding, Verb, hookimpl
from opensvc_daemon.commands.verbs import VERBS
from opensvc_daemon.simulation.options import OPTIONS


@hookimpl
def opensvc_add_commands() -> Sequence[Verb]:
    """`om daemon …`, what only a cluster can do with a service, and `om simulate`."""
    return [
        *VERBS,
        Verb(
            ("simulate",),
            "opensvc_daemon.simulation.command",
            "Try a configuration against faults, in a simulated cluster.",
            options=OPTIONS,
            scopes=("global",),
            positionals=("CONFIG",),
        ),
    ]


@hookimpl
def opensvc_validate_host(config: Any) -> Iterable[Finding]:
    """Times of leases, watchdogs and heartbeats that don't fit one another."""
    from opensvc_daemon.beat.fit import findings  # noqa: PLC0415 - few commands validate

    return findings(config)


@hookimpl
def opensvc_before_action(service: str, action: str) -> None:
    """Where the monitor says that it takes a lease (its process's run folder in OSVC_LEASE): it has to be held at this moment.

    The action may have waited for the service's lock while the lease ended, and its stop is over by now.
    """
    run = os.environ.get("OSVC_LEASE")
    if not run or action not in ("start", "restart", "provision"):
        return
    from opensvc_daemon.beat.keeping import holds  # noqa: PLC0415 - only such a start needs it

    if not holds(Path(run), service):
        raise ActionRefused(f"{service}: its lease is not held here any more, another node may get it: nothing was started")
