"""What this distribution brings."""

from __future__ import annotations

from collections.abc import Sequence

from opensvc_core.api import Verb, hookimpl
from opensvc_daemon.simulation.options import OPTIONS


@hookimpl
def opensvc_add_commands() -> Sequence[Verb]:
    """`om simulate`."""
    return [
        Verb(
            ("simulate",),
            "opensvc_daemon.simulation.command",
            "Try a configuration against faults, in a simulated cluster.",
            options=OPTIONS,
            scopes=("global",),
            positionals=("CONFIG",),
        )
    ]
