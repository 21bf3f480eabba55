"""The commands that this distribution brings."""

from __future__ import annotations

from collections.abc import Sequence

from opensvc_core.api import Option, Verb, hookimpl


@hookimpl
def opensvc_add_commands() -> Sequence[Verb]:
    """`om node install agent`, `om node uninstall agent`."""
    force = Option("force", ("--force",), "Also where the file was edited, or is somebody else's.")
    module = "opensvc_driver_ocf.installing"
    return [
        Verb(("install", "agent"), module, "Let Pacemaker run services, by a resource agent.", options=(force,), scopes=("node",)),
        Verb(("uninstall", "agent"), module, "Remove that resource agent.", options=(force,), scopes=("node",)),
    ]
