"""A lab: nodes at one switch, with shared disks."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from lab import disk, owner
from lab.ground import Ground
from lab.missing import missing
from lab.node import Node
from lab.places import compile_sources, places
from lab.site import Init, Site
from lab.switch import Switch


class Lab:
    """Nodes n1, n2, … that are up inside a `with`; at its end nothing of the lab is left.

    nodes -- how many
    init -- their process 1: "sleep" (as good as none) or "systemd"
    """

    def __init__(self, nodes: int = 2, *, init: Init = "sleep") -> None:
        self._names, self._init = [f"n{index}" for index in range(1, nodes + 1)], init
        self._closing = ExitStack()
        self.nodes: list[Node] = []

    def __enter__(self) -> Self:
        if reason := missing(self._init):
            raise RuntimeError(reason)
        owner.sweep()
        with self._closing as closing:
            self._build(closing)
            self._closing = closing.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._closing.close()

    def __getitem__(self, name: str) -> Node:
        if name not in self._names:
            raise KeyError(f"there is no node {name}, only {' '.join(self._names)}")
        return self.nodes[self._names.index(name)]

    @property
    def label(self) -> str:
        """The name that everything of this lab carries."""
        return self._site.label

    @property
    def shared(self) -> Path:
        """The folder that every node has as /run/lab: for the lab itself, a real cluster has nothing like it."""
        return Path(f"/proc/self/fd/{self._site.ground.root}/shared")

    def disk(self, name: str, megabytes: int = 64) -> dict[str, str]:
        """Attach an empty shared disk to every node; the device in each. It is also /run/shared/NAME."""
        file = os.open(f"/proc/self/fd/{self._site.ground.root}/disks/{name}", os.O_RDWR | os.O_CREAT | os.O_EXCL)
        try:
            os.truncate(file, megabytes << 20)
            numbers = self._site.loops[name] = {node.name: disk.attach(file, self.label) for node in self.nodes}
        finally:
            os.close(file)
        for node in self.nodes:
            if node.is_up:
                node.link(f"/run/shared/{name}", f"/dev/loop{numbers[node.name]}")
        return {node: f"/dev/loop{number}" for node, number in numbers.items()}

    def hosts(self, name: str, address: str) -> None:
        """Give a name to an address in every node's /etc/hosts."""
        self._site.hosts.append(f"{address} {name}")
        for node in self.nodes:
            if node.is_up:
                node.add_hosts()

    def remove(self) -> None:
        """Remove what its owner has left: for a process that the owner begot, and that outlives it."""
        owner.remove(self.label)
        _free(self._site.ground)

    def _build(self, closing: ExitStack) -> None:
        compile_sources()
        folder = owner.new_folder()
        closing.callback(owner.remove, folder.name)
        shared = places()
        ground = Ground.make(folder, shared)
        closing.callback(ground.close)
        closing.callback(_free, ground)
        switch = Switch(ground.path(ground.network), self._names)
        closing.callback(switch.close)
        self._site = Site(folder.name, folder, ground, switch, self._names, self._init, shared)
        self.nodes = [Node(name, index, self._site) for index, name in enumerate(self._names, 1)]
        for node in self.nodes:
            closing.callback(node.close)
        for node in self.nodes:
            node.begin_power_on()
        for node in self.nodes:
            node.end_power_on()


def _free(ground: Ground) -> None:
    """Free the loop devices that nodes left on files of the lab: they are the kernel's, and would outlive it."""
    for number in disk.standing_on(ground.root):
        disk.detach(number)
