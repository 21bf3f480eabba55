"""What is found on a disk, in words and as a status: pure functions of its state and of the nodes' keys."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from opensvc_core.api import Message, Observation, Status
from opensvc_driver_scsireserv.disks import Disk
from opensvc_driver_scsireserv.keys import Keys
from opensvc_driver_scsireserv.persist import State, is_ours


class Look(NamedTuple):
    """A disk and what it tells. `is_current`: this node has reserved it since it booted."""

    disk: Disk
    state: State
    is_current: bool = True

    def foreign(self, keys: Keys) -> list[int]:
        """The keys of others, the holder's first."""
        known = dict.fromkeys((*((self.state.holder,) if self.state.type else ()), *self.state.keys))
        return [key for key in known if key != keys.own]

    def is_registered(self, keys: Keys) -> bool:
        """This node is registered, on a way that still exists."""
        return self.is_current and keys.own in self.state.keys

    def is_held(self, keys: Keys) -> bool:
        """This node's key holds it, whenever that was made."""
        return bool(self.state.type) and self.state.holder == keys.own

    def is_up(self, keys: Keys) -> bool:
        """This node holds it as it should."""
        return self.is_registered(keys) and self.is_held(keys) and is_ours(self.state.type)


def seen(look: Look, keys: Keys) -> Observation:
    """The status of one disk, and why."""
    disk, state = look.disk, look.state
    if state.problem:
        return Status.WARN.because(state.problem)
    if state.type and state.holder != keys.own:
        return Status.DOWN.because(f"{disk} is reserved by {keys.who(state.holder)}", level="info")
    if keys.own in state.keys:
        return _seen_registered(look, keys)
    return Status.DOWN.because(may_write(look, keys), level="info") if look.foreign(keys) else Observation(Status.DOWN)


def _seen_registered(look: Look, keys: Keys) -> Observation:
    """The status of a disk that has this node's key, and that no other node holds."""
    is_held = look.is_held(keys)
    if not look.is_current:
        what = "reserved by" if is_held else "registered for"
        text = f"{look.disk} was {what} this node before it booted, or by a start that was broken off"
        return Status.DOWN.because(f"{text}; a start takes it up, a stop gives it back", level="info")
    if not is_held:
        return Status.WARN.because(f"{look.disk} is registered for this node, and not reserved: a start or a stop was broken off")
    if not is_ours(look.state.type):
        return Status.WARN.because(wrong_type(look))
    return Status.WARN.because(may_write(look, keys)) if look.foreign(keys) else Observation(Status.UP)


def together(observations: Sequence[Observation]) -> Observation:
    """The status of all disks: up or down where all are, else in between."""
    statuses = {one.status for one in observations}
    messages = tuple(message for one in observations for message in one.messages)
    if len(statuses) == 1:
        return Observation(statuses.pop(), messages)
    mixed = (Message("warn", "some disks are reserved by this node, and some are not"),) if statuses == {Status.UP, Status.DOWN} else ()
    return Observation(Status.WARN, (*messages, *mixed))


def held(look: Look, keys: Keys, confirmed_down: Collection[str], *, is_forced: bool) -> str:
    """Who stands against a start, and the way out; empty where nobody does.

    Also one that is registered without holding it: the reservation would not keep it from writing.
    """
    for key in () if is_forced else look.foreign(keys):
        node = keys.node_of(key)
        if node.lower() in confirmed_down and node:
            continue
        found = f"{look.disk} is {'reserved by' if look.state.type and key == look.state.holder else 'registered for'} {keys.who(key)}"
        if node:
            return f"{found}; stop it there, or if {node} is dead: --confirm-down {node}"
        return f"{found}; find out whose it is: a start with --force takes it away"
    return ""


def may_write(look: Look, keys: Keys) -> str:
    """Who else is registered: those may write in spite of the reservation."""
    others = ", ".join(keys.who(key) for key in look.foreign(keys))
    return f"{look.disk} is registered for {others} as well, which may write on it"


def wrong_type(look: Look) -> str:
    """A reservation of ours that is not as we make it."""
    return f"{look.disk} is reserved by this node as {look.state.type!r}; release it by hand (sg_persist --out --release)"
