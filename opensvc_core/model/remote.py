"""Remote: how commands of this node run on another one, by ssh, and what it means when they can't."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

# Nobody is asked anything, no unknown host is believed, and a peer that hangs is given up.
OPTIONS: Final = (
    *("-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", "-o", "ConnectTimeout=10"),
    *("-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=4"),
)
_REASONS: Final = (
    # said before all that follows from it, such as a broken pipe
    (r"Failed to exec ssh", "there is no ssh here to reach {node} by; install the ssh client"),
    (r"Permission denied", "{node} does not trust {user} of this node; 'om node update ssh keys --node={node}' makes it so"),
    (r"REMOTE HOST IDENTIFICATION HAS CHANGED", "the host key of {node} is another one than is known here; find out why before you go on"),
    (
        r"Host key verification failed|No .* host key is known",
        "the host key of {node} is not known here; 'om node update ssh keys --node={node}' makes it known",
    ),
    (r"Could not resolve hostname", "{node} has no address here"),
    (
        r"Connection timed out|timed out during banner|No route to host|Network is unreachable|Connection refused",
        "{node} can't be reached by ssh",
    ),
    (r"Timeout, server .* not responding|io timeout|Broken pipe|Connection reset|Connection closed", "{node} does not answer any more"),
    (r"No space left on device", "the disk of {node} is full"),
    (r"sudo: ", "{user} may not do this by sudo on {node}: the user named by node.ruser needs it, without a password"),
)


class RemoteShell(NamedTuple):
    """The way to the other nodes. `user` is who logs in there; one that is not root does everything by sudo.

    In `folder`, if one is given, are the sockets of connections that are kept while an action copies, by the names of the nodes.
    A command uses the one that is there, else it connects by itself.
    """

    user: str = "root"
    folder: str = ""

    @property
    def argv(self) -> list[str]:
        """ssh with its options, up to the name of the node."""
        kept = ("-o", "ControlMaster=no", "-o", self._control_path) if self.folder else ()
        return ["ssh", *OPTIONS, *kept, "-l", self.user]

    def keeping(self, node: str) -> list[str]:
        """What keeps a connection to a node for others, until its input ends and they have ended."""
        return ["ssh", *OPTIONS, "-o", "ControlMaster=yes", "-o", self._control_path, "-l", self.user, node, "cat"]

    @property
    def _control_path(self) -> str:
        return f"ControlPath={self.folder.replace('%', '%%')}/%n"

    @property
    def by(self) -> list[str]:
        """What stands before a command that needs the rights of root."""
        return [] if self.user == "root" else ["sudo", "-n"]

    def command(self, node: str, argv: Sequence[str], *, folder: str = "", environment: Mapping[str, str] | None = None) -> list[str]:
        """A command as root on a node. `folder` is where its program is looked for beside the PATH there."""
        given = [shlex.quote(f"{name}={value}") for name, value in (environment or {}).items()]
        if folder and not self.by:
            given.append(f'"PATH=$PATH:"{shlex.quote(folder)}')
        words = [*self.by, *(["env", *given] if given else []), shlex.join(argv)]
        return [*self.argv, node, " ".join(words)]

    def reason(self, node: str, said: str) -> str:
        """Why something failed on a node, from what was said, and the way out; else the first line of it."""
        for pattern, text in _REASONS:
            if re.search(pattern, said):
                return text.format(node=node, user=self.user)
        lines = [line for line in said.splitlines() if line.strip()]
        return f"{node}: {lines[0]}" if lines else ""
