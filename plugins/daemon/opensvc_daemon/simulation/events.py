"""Events: what may happen to a cluster, as the words of a story. `happenings.py` makes them happen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Event(NamedTuple):
    """Something that happens at a moment, in seconds of true time."""

    at: float
    kind: str
    words: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " ".join((f"at {self.at:.3f}", self.kind, *self.words))


class Kind(NamedTuple):
    """What stands after the word of an event (`[X]` may be left out, `X...` repeats), and what it does."""

    usage: str
    help: str


KINDS: Mapping[str, Kind] = {
    "boot": Kind("NODE", "its power comes on, and its daemon begins"),
    "crash": Kind("NODE", "its power is gone"),
    "reboot": Kind("NODE SECONDS", "it shuts down in order, and boots that much after it is off"),
    "shutdown": Kind("NODE", "it shuts down in order, and stays off"),
    "pause": Kind("NODE SECONDS", "all of it stands still, and its clock goes on"),
    "suspend": Kind("NODE SECONDS", "a hypervisor stops all of it, clock and watchdog too"),
    "hang": Kind("NODE SECONDS", "its monitor alone stands still"),
    "daemon-kill": Kind("NODE", "its daemon is gone without a word"),
    "daemon-stop": Kind("NODE", "its daemon announces maintenance, and ends"),
    "daemon-restart": Kind("NODE SECONDS", "the same, and it begins again that much later"),
    "daemon-start": Kind("NODE", "its daemon begins, where it does not run"),
    "beat-kill": Kind("NODE", "the process of its heartbeats and leases is gone; the watchdog ends a node that holds a lease"),
    "cut": Kind("FROM TO [LINK]", "nothing goes one way any more"),
    "heal": Kind("[FROM] [TO]", "the network is as it should be, one way or everywhere"),
    "isolate": Kind("NODE", "nothing goes to it or from it any more"),
    "loss": Kind("FROM TO SHARE", "that share of messages is lost one way"),
    "double": Kind("FROM TO SHARE", "that share of messages arrives twice"),
    "delay": Kind("FROM TO SECONDS JITTER", "messages are that late one way, and up to the jitter more"),
    "wall": Kind("NODE SECONDS", "its wall clock jumps"),
    "slow": Kind("NODE SERVICE ACTION SECONDS", "the next such action takes that much longer"),
    "fails": Kind("NODE SERVICE ACTION", "the next such action fails"),
    "halfway": Kind("NODE SERVICE ACTION", "the next such action fails, and leaves half of its work"),
    "hangs": Kind("NODE SERVICE ACTION", "the next such action hangs until its time limit"),
    "dies": Kind("NODE SERVICE RID", "a resource is down without anybody having stopped it"),
    "breaks": Kind("NODE SERVICE RID", "the same, and it cannot be started again there before the faults end"),
    "fence-breaks": Kind("NODE", "the agent that powers it off fails from now on"),
    "fence-works": Kind("NODE", "it works again"),
    "request": Kind("NODE SERVICE WISH [TO...]", "a person asks there for something"),
    "again": Kind("NODE SERVICE", "a person gives the last order for the service again"),
    "freeze-node": Kind("NODE", "a person freezes the node"),
    "thaw-node": Kind("NODE", "a person thaws it"),
    "freeze": Kind("NODE SERVICE", "a person freezes one instance there"),
    "thaw": Kind("NODE SERVICE", "a person thaws it"),
    "stop-local": Kind("NODE SERVICE", "a person freezes and stops one instance there"),
    "drain": Kind("NODE", "a person has everything leave it"),
    "nodes": Kind("SERVICE NODE...", "a person gives the service another list of nodes"),
    "priority": Kind("SERVICE NUMBER", "a person gives it another priority"),
    "confirm": Kind("NODE DOWN", "a person on NODE confirms that DOWN is down; nobody does so where that is not true"),
    "load": Kind("NODE NUMBER", "its load is that from now on"),
    "overload": Kind("NODE SECONDS", "it has too much to do for a while"),
}


def event(at: float, kind: str, words: tuple[str, ...]) -> Event:
    """Make an event. Raises ValueError for an unknown kind, or too few or too many words."""
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is nothing that happens; known: {', '.join(KINDS)}")
    usage = KINDS[kind].usage.split()
    needed = sum(1 for word in usage if not word.startswith("["))
    most = len(words) if any("..." in word for word in usage) else len(usage)
    if not needed <= len(words) <= most or (kind == "heal" and len(words) == 1):
        raise ValueError(f"{kind} is written '{kind} {KINDS[kind].usage}', not '{' '.join((kind, *words))}'")
    return Event(at, kind, words)
