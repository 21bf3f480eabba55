"""Troubles: what can happen to a node or a service of a cluster, each under a name; and what takes all of them back."""

from __future__ import annotations

import json
import random
import shlex
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from math import inf
from typing import Final, NamedTuple

from lab import Node

from cluster.intervals import alive, read
from cluster.members import Cluster

VAR: Final = "/var/lib/opensvc"
FILL: Final = f"{VAR}/fill"
_RECORD: Final = "/run/opensvc/daemon.json"
PARTS: Final = ("monitor", "beat", "runner", "supervisor")


class Pause(NamedTuple):
    """A time in which a node, or who counts its leases, did not run: moments of CLOCK_MONOTONIC."""

    node: str
    begin: float
    end: float = inf


@dataclass
class Scene:
    """Where a trouble strikes: the cluster, the names of its services, where chance comes from; and what goes on there."""

    cluster: Cluster
    services: tuple[str, ...]
    chance: random.Random = field(default_factory=random.Random)
    pauses: list[Pause] = field(default_factory=list)
    begun: list[subprocess.Popen[str]] = field(default_factory=list)
    frozen: set[str] = field(default_factory=set)


Trouble = Callable[[Scene, Node], str]


# of a node


def crash(_: Scene, node: Node) -> str:
    node.power_off()
    return "off"


def power_cycle(_: Scene, node: Node) -> str:
    node.power_off()
    begin(node)
    return "off and on"


def cut(_: Scene, node: Node) -> str:
    node.cut()
    return "all rings"


def cut_one_way(scene: Scene, node: Node) -> str:
    if scene.chance.random() < 0.5:
        node.cut(direction="in")
        return "in"
    node.cut(direction="out")
    return "out"


def cut_one_ring(scene: Scene, node: Node) -> str:
    ring = scene.chance.choice((0, 1))
    node.cut(ring)
    return f"ring {ring}"


def loss(_: Scene, node: Node) -> str:
    node.loss(30)
    return "30 %"


def delay(_: Scene, node: Node) -> str:
    node.delay(200, 50)
    return "200 ms, 50 more or less"


def freeze(scene: Scene, node: Node) -> str:
    scene.pauses.append(Pause(node.name, time.monotonic()))
    scene.frozen.add(node.name)
    node.freeze()
    return "no process runs"


def pause_part(scene: Scene, node: Node) -> str:
    part = scene.chance.choice(PARTS)
    if part == "beat":
        scene.pauses.append(Pause(node.name, time.monotonic()))
    return f"{part} {signal_part(node, part, 'STOP')}"


def kill_part(scene: Scene, node: Node) -> str:
    part = scene.chance.choice(PARTS)
    return f"{part} {signal_part(node, part, 'KILL')}"


def fill_disk(_: Scene, node: Node) -> str:
    node(f"dd if=/dev/zero of={FILL} bs=64k", code=None)
    return VAR


def stop_daemon(scene: Scene, node: Node) -> str:
    scene.begun.append(node.begin("timeout 40 om daemon stop"))
    return ""


def restart_daemon(scene: Scene, node: Node) -> str:
    scene.begun.append(node.begin("timeout 40 om daemon restart"))
    return ""


# of a service


def kill_application(scene: Scene, _: Node) -> str:
    """Wherever it runs."""
    service = scene.chance.choice(scene.services)
    for node in scene.cluster.nodes:
        if node.is_up and node.name not in scene.frozen and (pid := witness(scene.cluster, service, node)):
            node(f"kill -KILL {pid}", code=None, timeout=5)
            return f"{service} on {node.name}"
    return f"{service} runs nowhere"


def order(scene: Scene, node: Node) -> str:
    words = scene.chance.choice(("switch", "stop", "start", "freeze", "thaw", "giveback", "stop --local"))
    line = f"om {scene.chance.choice(scene.services)} {words}"
    scene.begun.append(node.begin(f"timeout 30 {line}"))
    return line


TROUBLES: Final[Mapping[str, Trouble]] = {
    made.__name__.replace("_", " "): made
    for made in (
        *(crash, power_cycle, cut, cut_one_way, cut_one_ring, loss, delay, freeze, pause_part, kill_part, fill_disk),
        *(stop_daemon, restart_daemon, kill_application, order),
    )
}


def strike(scene: Scene, name: str, node: Node) -> str:
    """Have a trouble; what became of it. Another node may fence this one at the same time."""
    try:
        return TROUBLES[name](scene, node)
    except (AssertionError, OSError, RuntimeError) as error:
        if node.is_up:
            raise
        return f"too late, the node is off ({type(error).__name__})"


# and back


def begin(*nodes: Node) -> None:
    """Switch nodes on and start their daemons. What they keep is on a disk that forgets what was not synced when the power goes."""
    for node in nodes:
        node.power_on()
        disk = f"/run/shared/var-{node.name}"
        node(f"sh -c {shlex.quote(f'mountpoint -q {VAR} || {{ e2fsck -p {disk}; mkdir -p {VAR} && mount {disk} {VAR}; }}')}", timeout=30)
    for process in [node.begin("om daemon start") for node in nodes]:
        process.communicate(timeout=60)


def heal(scene: Scene) -> None:
    """Take back all that happened to nodes and links; services stay as they are."""
    for node in scene.cluster.nodes:
        node.heal()
        node.loss(0)
        node.delay(0)
        _go_on(node)
    for process in scene.begun:
        process.communicate(timeout=60)
    scene.begun.clear()
    scene.frozen.clear()
    begin(*scene.cluster.nodes)
    now = time.monotonic()
    scene.pauses[:] = [pause._replace(end=min(pause.end, now)) for pause in scene.pauses]


def _go_on(node: Node) -> None:
    with suppress(OSError, AssertionError):  # it may be off, or be fenced now
        node.thaw()
        node(f"sh -c 'kill -CONT {' '.join(map(str, _parts(node).values()))}; rm -f {FILL}'", code=None)


def witness(cluster: Cluster, service: str, node: Node) -> int | None:
    """The process of a service's application that lives on a node, as the node counts; None: there is none."""
    files = cluster.folder.glob(f"{service}.{node.name}.*")
    return next((int(file.name.split(".")[2]) for file in files if alive(read(file))), None)


def signal_part(node: Node, part: str, signal: str) -> str:
    """Signal a process of the daemon, where there is one."""
    pid = _parts(node).get(part)
    if pid is None:
        return "does not run"
    return signal if node(f"kill -{signal} {pid}", code=None).code == 0 else "has ended"


def _parts(node: Node) -> dict[str, int]:
    """The processes of its daemon, as the node counts."""
    found = json.loads(node.read(_RECORD)) if node.exists(_RECORD) else {}
    return {name: one["pid"] for name, one in {**found.get("parts", {}), "supervisor": found.get("supervisor")}.items() if one}
