"""The command that this distribution brings. Loaded before every action: it imports no driver."""

from __future__ import annotations

from collections.abc import Sequence

from opensvc_core.api import Verb, hookimpl


@hookimpl
def opensvc_add_commands() -> Sequence[Verb]:
    """`om web docker ps`."""
    return [
        Verb(
            ("docker",),
            "opensvc_driver_container_docker.passing",
            "Run docker with the daemon of the service; {container#1} stands for a container.",
            positionals=("WORD...",),
            passes_on=True,
        )
    ]
