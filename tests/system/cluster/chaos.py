"""Chaos: troubles in a row from a seed, in three nodes, and after each of them the question whether anything was alive twice.

Run as a program: `python -m cluster.chaos --seed 7 --faults 300` prints the story; where it fails, also what each node tells.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Final, NamedTuple

from lab import Lab
from lab.control import Control

from cluster.intervals import Interval, alive, overlaps, read
from cluster.members import Cluster
from cluster.services import Trial
from cluster.trouble import TROUBLES, Pause, Scene, begin, heal, strike

LEASED: Final = Trial("svc1", "n1 n2 n3", more="guard = lease", app="restart = 100", disk="data1")
FENCED: Final = Trial("svc2", "n3 n2 n1", more="guard = fence", app="restart = 100", disk="data2")
SERVICES: Final = (LEASED.name, FENCED.name)
TERMS: Final = "lease = 6\nlease_renewal = 0.4\nlease_stop_limit = 3.5"
# over both rings
HEARTBEATS: Final = "[hb#1]\ntype = unicast\n\n[hb#2]\ntype = unicast\nport = 10001\n" + "".join(
    f"addr@n{number} = 10.99.1.{number}\n" for number in (1, 2, 3)
)
FENCES: Final = "".join(f"\n[stonith#n{number}]\ncmd = /usr/local/bin/lab power-off n{number}\n" for number in (1, 2, 3))
# Seconds that a cluster has for its services, once nothing is wrong with nodes and links any more.
BOUND: Final = 120.0
# Seconds after a pause in which the stop of what lost its lease meanwhile may still be under way.
AFTER: Final = 6.0

Tell = Callable[[str], None]


class Step(NamedTuple):
    """A trouble, where (or at the next node that runs), the seed of its chances, seconds until the next, whether all is healed after it."""

    name: str
    node: int
    seed: int
    pause: float
    heals: bool


def planned(seed: int, faults: int) -> list[Step]:
    """The steps of a seed; the last one is healed."""
    chance = random.Random(seed)
    names = sorted(TROUBLES)
    made = [
        Step(chance.choice(names), chance.randrange(3), chance.randrange(1 << 30), chance.uniform(0, 4), chance.random() < 0.4)
        for _ in range(faults)
    ]
    return [*made[:-1], made[-1]._replace(heals=True)]


def prepare(lab: Lab) -> Scene:
    """Three nodes that can fence each other, each with a disk of its own for what it keeps, and two services with data at stake."""
    Control(lab)
    for name in (LEASED.disk, FENCED.disk, *(f"var-{node.name}" for node in lab.nodes)):
        lab.disk(name, 16)
        lab["n1"](f"mkfs.ext4 -q /run/shared/{name}")
    cluster = Cluster(
        lab, timeout=1.5, interval=0.3, heartbeats=HEARTBEATS, cluster=TERMS, more=FENCES, ready_period=0.3, fence_delay=1, fence_retry=2
    )
    for node in lab.nodes:
        node.write("/etc/opensvc/cluster.conf", cluster.text, 0o600)
    begin(*lab.nodes)
    cluster.start()
    cluster.add(LEASED)
    cluster.add(FENCED, up="n3")
    return Scene(cluster, SERVICES)


def play(scene: Scene, steps: list[Step], tell: Tell) -> None:
    """Have the troubles, one after the other. Raises AssertionError: something was alive twice, or is not alive again in time."""
    for number, step in enumerate(steps, 1):
        nodes = [*scene.cluster.nodes[step.node :], *scene.cluster.nodes[: step.node]]
        scene.chance = random.Random(step.seed)
        if node := next((node for node in nodes if node.is_up and node.name not in scene.frozen), None):
            tell(f"{number:>4} {node.name} {step.name}: {strike(scene, step.name, node)}")
        time.sleep(step.pause)  # the story's own pace: nothing is waited for
        audit(scene, tell)
        if step.heals:
            tell(f"     healed, all well after {recovered(scene, tell):.1f} s: {_where(scene)}")


def audit(scene: Scene, tell: Tell) -> None:
    """Fail where a service was alive on two nodes at once; but for those that a pause explains, which no lease can help."""
    for service in scene.services:
        for pair in overlaps(scene.cluster.intervals(service)):
            pause = _excuse(scene.pauses, pair) if service == LEASED.name else None
            assert pause, f"{service} was alive twice: {pair}; pauses {scene.pauses}"
            tell(f"     {service} was alive twice after {pause.node} had been paused: a lease can't help that ({_length(pair):.2f} s)")
            _forget(scene)


def _excuse(pauses: list[Pause], pair: tuple[Interval, Interval]) -> Pause | None:
    """The pause of one of both nodes that began before the other one's time and was over only in it."""
    moment = max(one.begin for one in pair)
    return next((one for one in pauses if one.node in {part.node for part in pair} and one.begin <= moment <= one.end + AFTER), None)


def _length(pair: tuple[Interval, Interval]) -> float:
    return min(one.end for one in pair) - max(one.begin for one in pair)


def recovered(scene: Scene, tell: Tell) -> float:
    """Heal all, have all services started, and wait until each is up on one node, and told so everywhere; the seconds that took."""
    heal(scene)
    _ask(scene, "thaw", "start")
    healed, helped = time.monotonic(), False
    while not _is_well(scene):
        waited = time.monotonic() - healed
        assert waited < BOUND, f"not well {BOUND:g} s after all was healed: {_where(scene)}"
        if waited > BOUND / 2 and not helped:
            helped = True
            tell(f"     a person has to help: {_reasons(scene)}")
            _ask(scene, "clear", "thaw", "start")
        time.sleep(0.2)
    audit(scene, tell)
    _forget(scene)
    scene.pauses.clear()
    return time.monotonic() - healed


def _ask(scene: Scene, *words: str) -> None:
    node = next(node for node in scene.cluster.nodes if node.is_up)
    with suppress(AssertionError):  # it is fenced meanwhile: it was still silent a moment ago
        node("om node thaw", code=None)
        for service in scene.services:
            for word in words:
                node(f"timeout 20 om {service} {word}", code=None)


def _is_well(scene: Scene) -> bool:
    for node in scene.cluster.nodes:
        if not node.is_up:
            begin(node)  # it was fenced on the strength of what was seen before
    with suppress(AssertionError):
        return all(_is_up_once(scene.cluster, service) for service in scene.services)
    return False


def _is_up_once(cluster: Cluster, service: str) -> bool:
    found = alive(cluster.intervals(service))
    return len(found) == 1 and all(_told(cluster.instances(node, service)) == found for node in cluster.nodes)


def _told(instances: dict[str, dict[str, object]]) -> set[str] | None:
    if len(instances) < 3 or any(one.get("monitor") != "idle" for one in instances.values()):
        return None
    return {name for name, one in instances.items() if one.get("avail") == "up"}


def _where(scene: Scene) -> str:
    return ", ".join(f"{service} on {' and '.join(sorted(scene.cluster.alive(service))) or 'no node'}" for service in scene.services)


def _reasons(scene: Scene) -> str:
    """What the nodes tell of the services that are not well."""
    found = Counter[str]()
    for node in scene.cluster.nodes:
        services = scene.cluster.document(node).get("services", {}) if node.is_up else {}
        for service in scene.services:
            if not _is_up_once(scene.cluster, service):
                found.update(f"{node.name}: {service}: {one['text']}" for one in services.get(service, {}).get("reasons", ()))
    return "; ".join(found) or "nothing is told"


def _forget(scene: Scene) -> None:
    """What is over and was judged."""
    for service in scene.services:
        for file in scene.cluster.folder.glob(f"{service}.*"):
            if not alive(read(file)):
                file.unlink()


def main() -> int:
    """Play one story, or begin one of chance."""
    parser = argparse.ArgumentParser(prog="python -m cluster.chaos")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--faults", type=int, default=100)
    given = parser.parse_args()
    steps = planned(given.seed, given.faults)
    print(f"seed {given.seed}, {given.faults} troubles", flush=True)
    with Lab(3) as lab:
        scene = prepare(lab)
        try:
            play(scene, steps, lambda text: print(text, flush=True))
        except AssertionError as error:
            print(f"FAILED with seed {given.seed}: {error}", *(scene.cluster.story(service) for service in SERVICES), sep="\n")
            return 1
    print(f"seed {given.seed}: {given.faults} troubles, nothing was alive twice, and all was up again each time")
    return 0


if __name__ == "__main__":
    sys.exit(main())
