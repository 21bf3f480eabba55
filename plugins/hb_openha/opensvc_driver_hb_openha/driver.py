"""The resource hb.openha."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Final

from opensvc_openha.states import State, read_state
from opensvc_openha.tree import Tree

from opensvc_core.api import (
    ActionRefused,
    ClusterManager,
    Command,
    Context,
    Informative,
    Keyword,
    Message,
    Observation,
    Operations,
    Resource,
    Setting,
    Status,
    Takeover,
    Watch,
    Watchable,
    text,
)
from opensvc_driver_hb_openha.cluster import Entry, lacking, programs, tree_of

_SHOWN: Final = {State.STARTED: Status.UP, State.STOPPED: Status.DOWN}
# What the other node may be doing when it is known not to have the service up: START_READY gives way to who is starting.
_MAY_START: Final = (State.STOPPED, State.FROZEN_STOP, State.START_READY)
_NO_CHECK: Final = ("/bin/true", "/usr/bin/true")
_NOT_RUNNING: Final = "open-ha daemons are not running"
_PROCESSES: Final = ("ps", "-e", "-ww", "-o", "args=")
_KEY: Final = "hb.openha: processes"


class OpenHA(Resource, ClusterManager, Informative, Watchable):
    """What an OpenHA cluster says of the service. It alone starts and stops the service; of the resource nothing is."""

    id = "hb.openha"
    name = Keyword(text, default="", inherit="", text="The service's name in the cluster; default: its name here.", example="registry")

    @cached_property
    def tree(self) -> Tree:
        """Where the cluster's files are on this host."""
        return tree_of(os.environ)

    @property
    def called(self) -> str:
        """The service's name in the cluster."""
        return self.name or self.context.service.path.name

    def label(self) -> str:
        """Its driver."""
        return self.id

    def status(self) -> Status | Observation:
        """Up where the cluster has it started here, down where it has it stopped; any other word of it is a warning."""
        if problem := self._not_running():
            return _warn(problem)
        entry = self._entry()
        if entry is None:
            return _warn(f"the cluster has no service {self.called!r}: 'service -a' makes it")
        nodes = entry.nodes(self.context.node)
        if nodes is None:
            return _warn(f"the cluster has it on {entry.primary} and {entry.secondary}, and not on {self.context.node}")
        state = self._state(nodes[0])
        if state is None:
            return _warn(f"{self.tree.state(self.called, nodes[0])} holds no state")
        return _SHOWN.get(state) or _warn(f"the cluster has it {state}")

    def takeover(self) -> Takeover:
        """Who is silent while the cluster starts it here, and whether the cluster asks anybody about that node."""
        entry, nodes = self._entry(), None
        if problem := self._not_running():
            raise ActionRefused(f"{problem}: what the other node does is not known")
        if entry is None or (nodes := entry.nodes(self.context.node)) is None:
            raise ActionRefused(f"the cluster has no service {self.called!r} on {self.context.node}")
        own, other = (self._state(node) for node in nodes)
        if own is not State.STARTING:
            raise ActionRefused(f"the cluster does not start {self.called} here: it has it {_said(own)}")
        if other is State.UNKNOWN:
            return Takeover(nodes[1], is_unchecked=entry.check in _NO_CHECK)
        if other not in _MAY_START:
            raise ActionRefused(f"{nodes[1]} may have {self.called} up: the cluster has it {_said(other)} there")
        return Takeover()

    def successor(self) -> str:
        """The other node, where it is heard and at rest, ready to start the service."""
        entry, nodes = self._entry(), None
        if problem := self._not_running():
            raise ActionRefused(problem)
        if entry is None or (nodes := entry.nodes(self.context.node)) is None:
            raise ActionRefused(f"the cluster has no service {self.called!r} on {self.context.node}")
        own, other = (self._state(node) for node in nodes)
        if own is not State.STARTED:
            raise ActionRefused(f"the cluster does not have {self.called} STARTED here: it has it {_said(own)}")
        if other is not State.STOPPED:
            way = f" ('service -A {self.called} unfreeze' there lets it)" if other is State.FROZEN_STOP else ""
            raise ActionRefused(f"{nodes[1]} would not start it: the cluster has it {_said(other)} there{way}")
        return nodes[1]

    def give_up(self) -> Operations:
        """Queue a freeze-stop: the cluster stops it here, and the other node starts it."""
        self.successor()
        setting = Setting(environment={"LC_ALL": os.environ.get("LC_ALL", ""), **self.tree.environment()})
        yield Command([str(self.tree.bin / "service"), "-A", self.called, "freeze-stop"], setting=setting)

    def watches(self) -> Sequence[Watch]:
        """The file with the state of this node."""
        entry = self._entry()
        nodes = entry.nodes(self.context.node) if entry else None
        return [Watch("path", str(self.tree.state(self.called, nodes[0])))] if nodes else []

    def info(self) -> Mapping[str, str]:
        """Its name in the cluster, and the state on both nodes."""
        entry = self._entry()
        nodes = (entry.primary, entry.secondary) if entry else ()
        states = {node: self._state(node) for node in nodes}
        return {"name": self.called, **{node: "" if state is None else str(state) for node, state in states.items()}}

    def _entry(self) -> Entry | None:
        found = _text(self.tree.services)
        return Entry.find(found, self.called) if found is not None else None

    def _state(self, node: str) -> State | None:
        """The state of a node; None where it can't be told."""
        try:
            return read_state(self.tree.state(self.called, node).read_bytes())
        except OSError:
            return None

    def _not_running(self) -> str:
        """Why nobody cares for the service here, or an empty text."""
        monitor = _text(self.tree.monitor)
        if monitor is None:
            return _NOT_RUNNING
        seen = _processes(self.context)
        if seen is None:
            return f"{' '.join(_PROCESSES)} fails: whether open-ha daemons are running can't be told"
        return _NOT_RUNNING if lacking(programs(monitor, self.context.node), seen, self.tree.bin) else ""


def _said(state: State | None) -> str:
    return "in no known state" if state is None else str(state)


def _warn(problem: str) -> Observation:
    return Observation(Status.WARN, (Message("warn", problem),))


def _text(file: Path) -> str | None:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None


def _processes(context: Context) -> str | None:
    """The command lines of all processes; one look at several services asks once."""

    def see() -> str | None:
        found = context.system.query(_PROCESSES)
        return found.stdout if found.code == 0 else None

    return context.once(_KEY, see)
