"""Rights: who may do what by the API. The table decides; the page of the documentation is made of it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, unique
from typing import Final, NamedTuple

from opensvc_core.errors import ActionRefused


class Forbidden(ActionRefused):
    """The table of rights says no."""


@unique
class Caller(Enum):
    """Who calls, and how that is known."""

    OWNER = "root on the node: the peer of the unix socket is root, or the user that the daemon runs as"
    USER = "another user on the node, by the unix socket"
    NODE = "a member of the cluster, by its certificate"
    ADMIN = "a token with the role admin"
    OPERATOR = "a token with the role operator"
    GUEST = "a token with the role guest"
    FORMER = "a node that is no member any more, by the certificate that it had as one"
    STRANGER = "anybody who reaches the port, without a certificate or token that counts"


@unique
class Right(Enum):
    """What is done."""

    JOIN = "begin to join, which the secret of the cluster decides"
    LOOK = "see states, reasons, requests, events, metrics and this interface's description"
    READ = "read services' configurations and logs"
    OPERATE = "have the cluster start, stop, move, freeze or thaw services, and look at them anew"
    ADMINISTER = "change services' configurations, freeze or drain nodes, stop the daemon, stop and start heartbeats"
    BELONG = "read and change the cluster's own configuration, with its secret"
    LEAVE = "be taken out of the cluster; once more where it is not known whether that was done"


TABLE: Final[Mapping[Right, frozenset[Caller]]] = {
    Right.JOIN: frozenset(Caller),
    Right.LOOK: frozenset(Caller) - {Caller.FORMER, Caller.STRANGER},
    Right.READ: frozenset({Caller.OWNER, Caller.NODE, Caller.ADMIN, Caller.OPERATOR}),
    Right.OPERATE: frozenset({Caller.OWNER, Caller.NODE, Caller.ADMIN, Caller.OPERATOR}),
    Right.ADMINISTER: frozenset({Caller.OWNER, Caller.NODE, Caller.ADMIN}),
    Right.BELONG: frozenset({Caller.OWNER, Caller.NODE}),
    Right.LEAVE: frozenset({Caller.NODE, Caller.FORMER}),
}


class Who(NamedTuple):
    """One caller: its kind, its name (`root`, a node's, a token's), and where it calls from, for the log."""

    caller: Caller
    name: str = ""
    place: str = ""

    def may(self, right: Right) -> bool:
        """Whether the table lets it."""
        return self.caller in TABLE[right]

    def __str__(self) -> str:
        kind = _KINDS.get(self.caller, "token " if self.caller in _TOKENS else "")
        return f"{kind}{self.name} ({self.place})" if self.place else f"{kind}{self.name}"


_KINDS: Final = {Caller.NODE: "node ", Caller.FORMER: "former node ", Caller.STRANGER: "a stranger"}
_TOKENS: Final = frozenset({Caller.ADMIN, Caller.OPERATOR, Caller.GUEST})


def rights_markdown() -> str:
    """The table for the documentation, with what each word of it means."""
    names = [caller.name.lower() for caller in Caller]
    lines = [f"| | {' | '.join(names)} |", f"|---|{'---|' * len(names)}"]
    for right, callers in TABLE.items():
        cells = ["yes" if caller in callers else "" for caller in Caller]
        lines.append(f"| {right.name.lower()} | {' | '.join(cells)} |")
    words = [f"- *{caller.name.lower()}*: {caller.value}" for caller in Caller]
    meanings = [f"- *{right.name.lower()}*: {right.value}" for right in TABLE]
    return "\n".join([*lines, "", "Who calls:", "", *words, "", "What is done:", "", *meanings, ""])
