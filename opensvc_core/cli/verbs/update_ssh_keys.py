"""node update ssh keys: this node and others trust each other, so that data can be copied and commands be run there."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from opensvc_core.cli.options import Arguments
from opensvc_core.cli.session import Session
from opensvc_core.errors import ActionFailed, ConfigError, UsageError
from opensvc_core.system.ssh_keys import SshKeys


def run(session: Session, arguments: Arguments) -> int:
    """Do it with each node; what is missing is told, and keeps no other from it. No secret is shown or sent."""
    known = _known(session)
    asked = [word for word in arguments.node.split(",") if word] or ["*"]
    nodes = list(dict.fromkeys(node for word in asked for node in (known if word == "*" else [word]) if node != session.nodename))
    if not nodes:
        raise UsageError("no other node is known: neither cluster.nodes nor a service names one; --node does")
    folder = Path(os.path.expanduser("~")) / ".ssh"  # noqa: PTH111 - HOME, as ssh reads it
    user = session.node.settings.ruser
    keys = SshKeys(session.nodename, folder, user=user, asks=sys.stdin.isatty(), believes=arguments.force)
    return max(_exchange(session, keys, node) for node in nodes)


def _exchange(session: Session, keys: SshKeys, node: str) -> int:
    try:
        is_both = keys.exchange(node)
    except ActionFailed as error:
        print(f"{session.program}: {error}", file=session.stderr)
        return error.exit_code
    print(f"{node} trusts this node" + (", and is trusted" if is_both else "; run this command there, too"), file=session.stdout)
    return 0


def _known(session: Session) -> list[str]:
    """The members of the cluster, and the nodes of the services here."""
    node = session.node
    found = [*node.cluster.nodes, *node.cluster.drpnodes]
    for service in node.services():
        try:
            keywords = service.config().service
            found += [*keywords.nodes, *keywords.drpnodes]
        except ConfigError:
            continue  # a broken file keeps no node from being trusted
    return list(dict.fromkeys(found))
