"""daemon join, leave, rejoin: a node becomes a member of a cluster, or ceases to be one."""

from __future__ import annotations

import sys
from typing import Any

from opensvc_core.errors import UsageError
from opensvc_daemon.trust import join, leave, rejoin


def run(session: Any, arguments: Any) -> int:
    """Say what is done, as it is done."""
    member = str(arguments.more.get("member") or arguments.node or "")
    if session.verb == "daemon join" and not member:
        raise UsageError("which cluster? --node NAME names one of its members")
    secret = _secret(arguments) if session.verb == "daemon join" else ""
    print(f"@ n:{session.nodename}", file=session.stdout, flush=True)

    def say(text: str) -> None:
        print(f"  {text}", file=session.stdout, flush=True)

    if session.verb == "daemon leave":
        leave(session.node, say=say, is_forced=arguments.force)
        say("local node stays frozen: 'om node thaw' ends that")
    elif session.verb == "daemon rejoin":
        rejoin(session.node, member, say=say)
    else:
        join(session.node, member, secret, say=say)
    return 0


def _secret(arguments: Any) -> str:
    """The secret, from the standard input where `-` is given: what stands in a command line, every user of the node can read."""
    given = str(arguments.more.get("secret") or "")
    secret = (sys.stdin.readline() if given == "-" else given).strip()
    if not secret:
        raise UsageError(
            "--secret SECRET, or --secret - to read it from the input; 'om cluster get --kw cluster.secret' on a member shows it"
        )
    return secret
