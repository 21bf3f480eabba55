"""The verbs that need the daemon, or are about it."""

from __future__ import annotations

from typing import Final

from opensvc_core.api import Option, Verb, duration

_MODULE: Final = "opensvc_daemon.commands."


def _count(text: str) -> int:
    if not text.isascii() or not text.isdecimal():
        raise ValueError("a whole number")
    return int(text)


def _limit(text: str) -> float:
    try:
        return duration(text)
    except ValueError as error:
        raise ValueError("a duration such as 90, 5m or 1h30m") from error


WAIT: Final = Option("wait", ("--wait",), "Return when the cluster has done it.")
TIME: Final = Option("time", ("--time",), "How long to wait for the cluster; the order stands after it.", "DURATION", _limit)
ROTATION: Final = Option("time", ("--time",), "How long each step may take; default: a minute.", "DURATION", _limit)
TO: Final = Option("to", ("--to",), "The node to go to; default: with switch another one that answers, with takeover this one.", "NODE")
NODES: Final = Option("node", ("--node",), "Other nodes, comma-separated; '*' for all.", "NODES")
MEMBER: Final = Option("member", ("--node",), "A member of the cluster, by name or address.", "NODE")
SECRET: Final = Option("secret", ("--secret",), "The cluster's secret; - reads it from the input.", "SECRET")
FORCE: Final = Option("force", ("--force",), "Leave although no member answers.")
FORMAT: Final = Option("format", ("--format",), "Output for people or for machines.", "FORMAT", choices=("human", "json"))
FOREGROUND: Final = Option("foreground", ("--foreground", "-f"), "Stay in the foreground; for service managers.")
UPGRADE: Final = Option("upgrade", ("--upgrade",), "Tell the peers that it is for another version.")
AFTER: Final = Option("after", ("--after",), "Begin with what came after the event of this number, as far as it is kept.", "NUMBER", _count)
KIND: Final = Option(
    "kind", ("--kind",), "Only events of these kinds, comma-separated: instance, node, peer, request, decision, …", "KINDS"
)
SERVICE: Final = Option("service", ("--service", "-s"), "Only events of this service.", "SERVICE")

ASKED: Final = Option("asked", ("--node",), "The node whose view is shown; default: this one.", "NODE")
TARGET: Final = Option("target", ("--node",), "The node to end.", "NODE")
ROLE: Final = Option("role", ("--role",), "What it may do; default: guest.", "ROLE", choices=("admin", "operator", "guest"))
DAYS: Final = Option("days", ("--days",), "After how many days it ends; default: never.", "NUMBER", _count)
REVOKE: Final = Option("revoke", ("--revoke",), "It is worth nothing any more.")

_ORDERS: Final = (
    ("switch", "Move the service to another node.", (TO, WAIT, TIME)),
    ("takeover", "Have this node, or another, run the service.", (TO, WAIT, TIME)),
    ("giveback", "Have the service run where its placement wants it.", (WAIT, TIME)),
    ("purge", "Destroy what provision made, on every node, and delete the service.", (WAIT, TIME)),
    ("abort", "Have the cluster forget what it was last asked to do with the service, and end a start that is under way.", (WAIT, TIME)),
    ("clear", "Let the cluster act again after an action that failed.", (WAIT, TIME)),
)
_DAEMON: Final = (
    ("start", "Start the daemon of this node, or one direction of a heartbeat.", (FOREGROUND,), ("[LINK]",)),
    ("stop", "Stop the daemon, or one direction of a heartbeat; services stay as they are.", (), ("[LINK]",)),
    ("restart", "Stop it, then start it; services stay as they are.", (UPGRADE,), ()),
    ("reload", "Have it read its configuration anew.", (), ()),
    ("status", "Show its processes and threads.", (FORMAT,), ()),
    ("running", "Answer with the exit code: 0 it runs, 1 it does not.", (), ()),
)
_MEMBERSHIP: Final = (
    ("join", "Become a member of a cluster.", (SECRET, MEMBER)),
    ("rejoin", "Fetch the cluster's configuration and a new certificate from a member.", (MEMBER,)),
    ("leave", "Cease to be a member of the cluster.", (FORCE,)),
)
_OF_NODES: Final = (
    ("drain", "Have all services leave the node, and keep others away.", (NODES, WAIT, TIME)),
    ("undrain", "Let services run on the node again.", (NODES,)),
)
VERBS: Final = (
    *(Verb(("daemon", word), f"{_MODULE}daemon", text, options, ("global",), words) for word, text, options, words in _DAEMON),
    *(Verb(("daemon", word), f"{_MODULE}joining", text, options, ("global",)) for word, text, options in _MEMBERSHIP),
    Verb(("daemon", "token"), f"{_MODULE}tokens", "Make a token for the API, or revoke one.", (ROLE, DAYS, REVOKE), ("global",), ("NAME",)),
    Verb(("daemon", "tokens"), f"{_MODULE}tokens", "List the tokens for the API.", (FORMAT,), ("global",)),
    Verb(
        ("daemon", "replay"),
        f"{_MODULE}replaying",
        "Make recorded decisions once more, and tell which would be other ones today.",
        (FORMAT,),
        ("global",),
        ("[FILE]",),
    ),
    Verb(
        ("rotate-secret",),
        f"{_MODULE}rotating",
        "Have a new secret take the place of the cluster's, while everything runs.",
        (ROTATION,),
        ("cluster",),
    ),
    *(Verb((word,), f"{_MODULE}ordering", text, options) for word, text, options in _ORDERS),
    *(Verb((word,), f"{_MODULE}nodes", text, options, ("node",)) for word, text, options in _OF_NODES),
    Verb(("stonith",), f"{_MODULE}stonith", "End another node, and tell whether it is confirmed to be down.", (TARGET,), ("node",)),
    Verb(("explain",), f"{_MODULE}explaining", "Show why the service is where it is.", (ASKED, FORMAT)),
    Verb(("events",), f"{_MODULE}events", "Show what happens in the cluster, as it happens.", (KIND, SERVICE, AFTER, FORMAT), ("global",)),
    Verb(("events",), f"{_MODULE}events", "Show what happens in the cluster, as it happens.", (KIND, AFTER, FORMAT), ("node",)),
)
