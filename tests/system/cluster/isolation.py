"""Isolations: the holder of a lease is cut off, again and again, in three nodes without fencing; the rest of them serve instead.

Run as a program: `python -m cluster.isolation --times 100` prints each, and fails where two nodes were alive at once.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import Final, NamedTuple

from lab import Lab

from cluster.members import Cluster
from cluster.services import Trial

LEASE: Final = 5.0
# Without a watchdog only the stop itself keeps the promise: on a machine that is very busy it takes many times as long as on an idle one.
STOP_LIMIT: Final = 3.0
READY: Final = 0.3
TERMS: Final = f"lease = {LEASE:g}\nlease_renewal = 0.3\nlease_stop_limit = {STOP_LIMIT:g}"
TRIAL: Final = Trial(nodes="n1 n2 n3", more="guard = lease", disk="data")
# Seconds that it may take another node at most, from the cut on.
BOUND: Final = LEASE + READY + 0.5


class Isolation(NamedTuple):
    """One of them: who was cut off, who served instead; seconds after the cut until it was ended, and until it was served again."""

    holder: str
    successor: str
    ended: float
    served: float

    def __str__(self) -> str:
        """In words."""
        return f"{self.holder} cut off: ended after {self.ended:.2f} s, served by {self.successor} after {self.served:.2f} s"


def prepare(lab: Lab) -> Cluster:
    """Three nodes with the service up on the first of them, its data on a shared disk."""
    lab.disk(TRIAL.disk)
    lab["n1"](f"mkfs.ext4 -q /run/shared/{TRIAL.disk}")
    cluster = Cluster(lab, timeout=1.0, ready_period=READY, cluster=TERMS)
    cluster.start()
    cluster.add(TRIAL)
    return cluster


def isolate(cluster: Cluster) -> Isolation:
    """Cut off who holds it, wait until another node serves, and heal the cut. Raises AssertionError: two were alive at once."""
    holder = _settled(cluster)
    others = {node.name for node in cluster.nodes} - {holder}
    cut = time.monotonic()
    cluster.lab[holder].cut()
    cluster.wait(lambda: any(one.node in others and one.begin > cut for one in cluster.intervals()), "another node serves")
    _settled(cluster, others)
    cluster.audit()
    found = cluster.intervals()
    ended = max(one.end for one in found if one.node == holder)
    first = min((one for one in found if one.node in others and one.begin > cut), key=lambda one: one.begin)
    cluster.lab[holder].heal()
    cluster.wait_heard()
    return Isolation(holder, first.node, ended - cut, first.begin - cut)


def _settled(cluster: Cluster, names: set[str] | None = None) -> str:
    """Wait until it is alive on one node, of some or of all, that says so itself; its name."""
    among = names or {node.name for node in cluster.nodes}
    found = set[str]()

    def is_settled() -> bool:
        alive = cluster.alive()
        found.update(alive & among if len(alive) == 1 and _says_up(cluster, *alive) else ())
        return bool(found)

    cluster.wait(is_settled, f"it is up on one of {sorted(among)}")
    return found.pop()


def _says_up(cluster: Cluster, name: str) -> bool:
    return cluster.instances(cluster.lab[name]).get(name, {}).get("avail") == "up"


def main() -> None:
    """Isolate as often as is wanted."""
    parser = argparse.ArgumentParser(prog="python -m cluster.isolation")
    parser.add_argument("--times", type=int, default=100)
    times = parser.parse_args().times
    with Lab(3) as lab:
        cluster = prepare(lab)
        found = []
        for number in range(1, times + 1):
            found.append(isolate(cluster))
            print(f"{number:>4} {found[-1]}", flush=True)
    served = [one.served for one in found]
    late = sum(one > BOUND for one in served)
    print(f"{times} isolations, no overlap; served after {statistics.median(served):.2f} s, {max(served):.2f} s at most")
    print(f"{late} of them later than lease + ready period + 0.5 s = {BOUND:.2f} s")


if __name__ == "__main__":
    main()
