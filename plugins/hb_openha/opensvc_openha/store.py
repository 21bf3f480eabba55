"""The store: the states of services in their files, and what is remembered of them beside."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from opensvc_openha.files import Board, alone, read_json, read_text, replace
from opensvc_openha.monitor import Monitor
from opensvc_openha.monitor import parse as parse_monitor
from opensvc_openha.options import Options
from opensvc_openha.options import parse as parse_options
from opensvc_openha.services import Service, Services
from opensvc_openha.services import parse as parse_services
from opensvc_openha.states import INITIAL, State, read_state, written
from opensvc_openha.tree import Tree


class Store:
    """What stands in a tree. `say` is told of what is made: directories, and files with their first state."""

    def __init__(self, tree: Tree, say: Callable[[str], None] = lambda _: None) -> None:
        self.tree, self._say = tree, say

    # -- configuration

    def services(self) -> Services:
        """conf/services, as it is now."""
        return parse_services(read_text(self.tree.services), str(self.tree.services))

    def monitor(self) -> Monitor:
        """conf/monitor, as it is now."""
        return parse_monitor(read_text(self.tree.monitor), str(self.tree.monitor))

    def options(self) -> Options:
        """conf/options, as it is now. Raises ConfigError."""
        return parse_options(read_text(self.tree.options), str(self.tree.options))

    # -- states

    def state(self, service: str, node: str) -> State | None:
        """The state of a service on a node; None where its file holds garbage. What is missing is made, with the first state."""
        path = self.tree.state(service, node)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            self._make(path)
            return INITIAL
        except OSError:
            return None
        return read_state(content)

    def record(self, service: str, node: str, state: State) -> None:
        """Write the state of a service on a node. Raises OSError."""
        path = self.tree.state(service, node)
        if not path.parent.is_dir():
            self._make(path)
        replace(path, written(state))

    def _make(self, path: Path) -> None:
        if not path.parent.is_dir():
            path.parent.mkdir(parents=True)
            path.parent.chmod(0o744)
            self._say(f"Directory {path.parent} created")
        replace(path, written(INITIAL))
        self._say(f"State file {path} created with initial state {INITIAL}")

    def changing(self, file: Path) -> AbstractContextManager[None]:
        """Who changes a file of the configuration has it alone: two commands at once both come to their end. Raises OSError."""
        self.tree.proc.mkdir(parents=True, exist_ok=True)
        return alone(self.tree.proc / f"{file.name}.lock")

    # -- what is remembered of a service: whether it ran here last, and why it is START_READY

    def memory(self, service: str) -> dict[str, Any]:
        """What this node remembers of a service."""
        return read_json(self._memory(service)) or {}

    def remember(self, service: str, **values: object) -> None:
        """Remember some more. Raises OSError."""
        path = self._memory(service)
        path.parent.mkdir(parents=True, exist_ok=True)
        with alone(self._changing(service)):  # the manager and a command may both have something to add
            known = self.memory(service)
            if {**known, **values} != known:
                replace(path, json.dumps({**known, **values}).encode())

    def forget(self, service: Service) -> None:
        """Remove the states of a service, and what is remembered of it."""
        for node in (service.primary, service.secondary):
            self.tree.state(service.name, node).unlink(missing_ok=True)
        self._memory(service.name).unlink(missing_ok=True)
        if self.tree.folder(service.name).is_dir():
            self.tree.folder(service.name).rmdir()

    def _memory(self, service: str) -> Path:
        return self.tree.proc / f"memory.{service}.json"

    def _changing(self, service: str) -> Path:
        return self.tree.proc / f"memory.{service}.lock"

    def working(self, service: str) -> Board:
        """The lock of whoever starts or stops a service."""
        return Board(self.tree.proc, f"working.{service}")


def boot() -> str:
    """Which start of this host it is. Source: proc_sys_kernel(5), random/boot_id."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
