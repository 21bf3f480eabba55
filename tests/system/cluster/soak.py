"""A soak: all processors are busy, hundreds of services are there, and two nodes have to go on hearing each other.

Run as a program: `python -m cluster.soak --seconds 3600` prints how late beats were each minute, and fails where a node was called silent.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from typing import Final, NamedTuple

from lab import Lab
from opensvc_daemon.heartbeat.lateness import quantile

from cluster.members import Cluster

SERVICES: Final = 500
TIMEOUT: Final = 1.0
TEXT: Final = "[DEFAULT]\nnodes = {}\norchestrate = ha\n\n[fs#1]\ntype = flag\n"
LINK: Final = "hb#1"
# Seconds that all of them have to come up, and between two questions whether they are: each costs a whole document.
LIMIT: Final = 400.0
_PAUSE: Final = 3.0
_MINUTE: Final = 60.0
# What a node says of a peer that it does not hear as it did before.
_LOST: Final = "(it was beating)"


class Lateness(NamedTuple):
    """How late the beats of one peer were: how many, the seconds that 99.9 % of them kept (None: more than all bounds), the worst."""

    me: str
    peer: str
    beats: int
    p999: float | None
    worst: float

    def __str__(self) -> str:
        """In words."""
        late = "more than all bounds" if self.p999 is None else f"at most {self.p999 * 1000:g} ms"
        return f"{self.me} heard {self.beats} beats of {self.peer}, 99.9 % of them late by {late}, the worst by {self.worst * 1000:.0f} ms"


def prepare(lab: Lab, services: int = SERVICES, *, busy: float = 0.0) -> Cluster:
    """Two nodes with so many services, all up, half of them on each; the processors may be busy for some seconds from the beginning on."""
    cluster = Cluster(lab, timeout=TIMEOUT, interval=TIMEOUT / 5)
    if busy:
        burn(cluster, busy)
    for node in cluster.nodes:
        for number in range(services):
            node.write(f"/etc/opensvc/small{number}.conf", TEXT.format("n1 n2" if number % 2 else "n2 n1"))
        node.write("/etc/opensvc/cluster.conf", cluster.text, 0o600)
    for process in [node.begin("om daemon start") for node in cluster.nodes]:
        process.communicate(timeout=120)
    end = time.monotonic() + LIMIT
    while (up := running(cluster)) < services:
        assert time.monotonic() < end, f"{up} of {services} services are up after {LIMIT:g} s"
        time.sleep(_PAUSE)
    return cluster


def running(cluster: Cluster) -> int:
    """How many services are up, as the first node knows."""
    found = cluster.document(cluster.nodes[0]).get("services", {})
    return sum(1 for one in found.values() if one.get("avail") == "up")


def burn(cluster: Cluster, seconds: float) -> None:
    """Keep all processors busy for a while, with processes of ordinary priority in the nodes."""
    for number in range(os.cpu_count() or 1):
        cluster.nodes[number % 2].begin(f"timeout {seconds:g} {sys.executable} -I -S -c 'while True: pass'")


def lateness(cluster: Cluster) -> list[Lateness]:
    """Of each node's beats at the other, since its beat process began."""
    found = []
    for node in cluster.nodes:
        for peer, told in cluster.document(node).get("nodes", {}).items():
            if late := told.get("lateness", {}).get(LINK):
                found.append(Lateness(node.name, peer, sum(late["counts"]), quantile(late["counts"], 0.999), late["worst"]))
    return found


def losses(cluster: Cluster) -> list[str]:
    """The lines in which a node says that it does not hear a peer as before."""
    lines = [line for node in cluster.nodes for line in node.read("/var/log/opensvc/node.log").splitlines()]
    return [line for line in lines if _LOST in line]


def soak(cluster: Cluster, seconds: float, *, known: int = 0) -> Iterator[list[Lateness]]:
    """Let time pass; how late beats were, each minute and at the end.

    Raises AssertionError: a peer that was alive was not heard, apart from so many losses that are known.
    """
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(left, _MINUTE))
        yield lateness(cluster)
        found = losses(cluster)[known:]
        assert not found, "\n".join(found)


def main() -> int:
    """Soak for so long."""
    parser = argparse.ArgumentParser(prog="python -m cluster.soak")
    parser.add_argument("--seconds", type=float, default=3600.0)
    parser.add_argument("--services", type=int, default=SERVICES)
    given = parser.parse_args()
    with Lab(2) as lab:
        cluster = prepare(lab, given.services)
        begun = time.monotonic()
        try:
            burn(cluster, given.seconds)
            for found in soak(cluster, given.seconds):
                print(f"{time.monotonic() - begun:6.0f} s", *found, sep="\n       ", flush=True)
        except AssertionError as error:
            print(f"FAILED after {time.monotonic() - begun:.0f} s: a node that was alive was called silent\n{error}")
            return 1
    print(
        f"{given.services} services, {os.cpu_count()} busy processors, {given.seconds:g} s: nobody was called silent at T = {TIMEOUT:g} s"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
