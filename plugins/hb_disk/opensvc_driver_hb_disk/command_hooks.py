"""The command that this distribution brings."""

from __future__ import annotations

from collections.abc import Sequence

from opensvc_core.api import Option, Verb, hookimpl


@hookimpl
def opensvc_add_commands() -> Sequence[Verb]:
    """`om node prepare`."""
    overwrite = Option(
        "overwrite", ("--overwrite",), "Also where data of an unknown kind, or another cluster's heartbeat, stands on the disk."
    )
    return [
        Verb(
            ("prepare",),
            "opensvc_driver_hb_disk.prepare",
            "Make the disk of a heartbeat ready, once, on one of its nodes.",
            options=(overwrite,),
            scopes=("node",),
            positionals=("HEARTBEAT",),
        )
    ]
