"""daemon token, daemon tokens: who may call the API over the network without being a member."""

from __future__ import annotations

import time
from typing import Any

from opensvc_daemon.commands.configuring import changed
from opensvc_daemon.trust import tokens


def run(session: Any, arguments: Any) -> int:
    """Make a token, which is printed once and kept nowhere; revoke one; or list their names, roles and ends.

    From then on it counts, or counts no more, on this node and each member that it reaches; on others when cluster.conf has come there.
    """
    if session.verb == "daemon tokens":
        return _list(session, arguments)
    (name,) = arguments.positionals
    if arguments.more.get("revoke"):
        tokens.revoke(session.node, name)
    else:
        print(tokens.make(session.node, name, arguments.more.get("role") or "guest", days=arguments.more.get("days")), file=session.stdout)
    changed(session)
    return 0


def _list(session: Any, arguments: Any) -> int:
    found = tokens.listing(session.node)
    if arguments.format == "json":
        session.print_json(tokens=[{"name": one.name, "role": one.role, "expires": one.expires} for one in found])
        return 0
    for one in found:
        end = "" if one.expires is None else f" until {time.strftime('%Y-%m-%d', time.localtime(one.expires))}"
        print(f"{one.name} {one.role}{end}", file=session.stdout)
    return 0
