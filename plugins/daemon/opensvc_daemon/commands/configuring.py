"""What follows a change of node.conf or cluster.conf: a cluster that has a heartbeat needs its secret and certificates."""

from __future__ import annotations

from typing import Any

from opensvc_daemon.commands.reaching import reach


def changed(session: Any) -> None:
    """Make what is missing, and have the daemon read its configuration anew."""
    node = type(session.node)(session.root, nodename=session.nodename)  # the one of the command knows what was there before
    if any(section.startswith("hb#") for section in node.config.sections()):
        from opensvc_daemon.trust import prepare  # noqa: PLC0415 - imports cryptography

        prepare(node)
    client = reach(session)
    if client is not None:
        client.post("/v1/daemon", {"do": "reload"})
