"""A lab of virtual machines: guests at one switch, with shared disks."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from lab import owner
from lab.faults import RINGS, port
from lab.ground import Ground
from lab.places import compile_sources, places
from lab.switch import Switch, in_network, run

from vmlab import usernode
from vmlab.disks import Disk
from vmlab.kernel import kernel
from vmlab.missing import missing
from vmlab.node import Node
from vmlab.qemu import HOST
from vmlab.site import Site, address
from vmlab.usernode import UserNode

NAMES: Final = ("v1", "v2")
PLACES: Final = {**{name: index for index, name in enumerate(NAMES, 1)}, **usernode.PLACES}
MEMORY: Final = 640  # megabytes


class VmLab:
    """Guests v1 and v2, and lighter ones, inside a `with`; at its end nothing of the lab is left."""

    def __init__(self, memory: int = MEMORY) -> None:
        self._memory = memory
        self._closing = ExitStack()
        self._disks: dict[str, Disk] = {}
        self._count = 0
        # off until a test wants `nodes`: they take a while to boot
        self._machines: list[Node] = []
        # two more at the same switch, which boot in a moment; off until a test wants them
        self.light: list[UserNode] = []
        # another such, which may have logical units for them
        self.target: UserNode

    def __enter__(self) -> Self:
        if reason := missing():
            raise RuntimeError(reason)
        owner.sweep()
        with self._closing as closing:
            self._build(closing)
            self._closing = closing.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._closing.close()

    def __getitem__(self, name: str) -> Node:
        if name not in NAMES:
            raise KeyError(f"there is no node {name}, only {' '.join(NAMES)}")
        return self.nodes[NAMES.index(name)]

    @property
    def nodes(self) -> list[Node]:
        """The guests v1 and v2; the first who asks has them booted."""
        if not any(node.boots for node in self._machines):
            for node in self._machines:
                node.begin_power_on()
            self.wait_boots()
        return self._machines

    @property
    def label(self) -> str:
        """The name that everything of this lab carries."""
        return self._site.folder.name

    def disk(self, name: str, megabytes: int = 256) -> str:
        """Attach an empty shared disk to every guest; its device, the same path in each. It goes with the test."""
        disk = self.make_disk(name, megabytes)
        for node in self.nodes:
            node.plug(disk)
        for node in self.nodes:
            node.settle()
        return disk.path

    def plug(self, name: str, index: int, process: int) -> str:
        """Give the network namespace of a process of the host an interface at ring 0, as a machine has it; its address."""
        lines = [f"link add {port(name, 0)} type veth peer name eth0 netns {process}", f"link set {port(name, 0)} master br0 up"]
        run(in_network(self._site.network, "ip", "-batch", "-"), "\n".join(lines))
        lines = ["link set eth0 up", f"addr add {address(index)}/24 dev eth0"]
        run(in_network(f"/proc/{process}/ns/net", "ip", "-batch", "-"), "\n".join(lines))
        return address(index)

    def clean(self) -> None:
        """Take the guests back to how they were after their first boot, those that were destroyed too; disks go."""
        spoilt = [node for node in self._machines if node.boots and not node.clean()]
        for node in spoilt:
            node.forget()
        for light in (*self.light, self.target):
            light.forget()
        for disk in self._disks.values():
            disk.file.unlink()
        self._disks.clear()
        for node in spoilt:
            node.undisturb()
            node.begin_power_on()
        for node in spoilt:
            node.end_power_on()

    def wait_boots(self) -> None:
        """Wait until the guests that were begun are up."""
        for node in self._machines:
            node.end_power_on()

    def make_disk(self, name: str, megabytes: int) -> Disk:
        """Make an empty disk that nobody has yet; see `plug` of each. It goes with the test."""
        if name in self._disks:
            raise ValueError(f"there is a disk {name} already")
        self._count += 1
        disk = self._disks[name] = Disk(name, self._count, self._site.folder / f"{name}.disk")
        with disk.file.open("xb") as made:
            made.truncate(megabytes << 20)
        return disk

    def _build(self, closing: ExitStack) -> None:
        compile_sources()
        folder = owner.new_folder()
        closing.callback(owner.remove, folder.name)
        (folder / "base").mkdir()
        ground = Ground.make(folder / "base", [])
        closing.callback(ground.close)
        switch = Switch(ground.path(ground.network), list(PLACES))
        closing.callback(switch.close)
        run(in_network(ground.path(ground.network), "ip", "addr", "add", f"{HOST}/24", "dev", "br0"))
        system = kernel()
        self._site = Site(folder, ground, switch, system, _places(system.modules))
        self._site.make_initramfs()
        self.light = [self._light_node(name, closing) for name in usernode.NAMES]
        self.target = self._light_node(usernode.TARGET, closing)
        self._machines = [self._machine(name, closing) for name in NAMES]

    def _light_node(self, name: str, closing: ExitStack) -> UserNode:
        _add_taps(self._site.network, name)
        node = UserNode(name, self._site)
        closing.callback(node.forget)
        return node

    def _machine(self, name: str, closing: ExitStack) -> Node:
        _add_taps(self._site.network, name)
        node = Node(name, PLACES[name], self._site, self._memory)
        closing.callback(node.power_off)
        return node


def _places(modules: Path) -> dict[str, str]:
    """What the guests have of the host beside its root file system: the repository, Python, and the kernel's modules."""
    return {**{place: place for place in places()}, "/lib/modules": str(modules)}


def _add_taps(network: str, name: str) -> None:
    lines = [
        line
        for ring in RINGS
        for line in (f"tuntap add dev {port(name, ring)} mode tap", f"link set {port(name, ring)} master br{ring} up")
    ]
    run(in_network(network, "ip", "-batch", "-"), "\n".join(lines))
