"""Failovers: the time that a service's clients are without it, when its node crashes, when it is moved, when its application ends."""

from __future__ import annotations

import shlex
import time
from typing import TYPE_CHECKING, Final, Self

from cluster.members import LIMIT, Cluster
from cluster.prober import Prober
from cluster.services import PORT, PROGRAM, Trial

if TYPE_CHECKING:
    from lab import Lab, Node

ADDRESS: Final = "10.99.0.50"
# An application that is started again as often as it ends.
RESTARTED: Final = "restart = 1000\nmonitor = True"
# What answers on a node whose service is nothing but an address.
RESIDENT: Final = "resident"


class Failovers:
    """A cluster of n1 and n2 with one service, and n3 as its client, inside a `with`.

    timeout, ready -- seconds: of the heartbeat, of the ready period; is_bare -- the service is an address alone
    """

    def __init__(self, lab: Lab, *, timeout: float, ready: float, is_bare: bool = False) -> None:
        self._lab, self._is_bare = lab, is_bare
        self._cluster = Cluster(lab, names=["n1", "n2"], timeout=timeout, ready_period=ready)
        self._trial = Trial(address=ADDRESS, app=RESTARTED, has_witness=not is_bare)
        self._prober = Prober(lab, lab["n3"], ADDRESS, PORT)
        self._name = RESIDENT if is_bare else self._trial.name
        self._holder, self._other = "n1", "n2"

    def __enter__(self) -> Self:
        for node in self._lab.nodes:
            node.prefer()
        self._cluster.start()
        for node in self._cluster.nodes:
            self._settle_in(node)
        self._cluster.put(self._trial)
        self._prober.__enter__()
        self._is_served()
        return self

    def __exit__(self, *error: object) -> None:
        self._prober.__exit__(*error)

    def crash(self) -> float:
        """Cut the power of the node that has it: seconds from its last sign of life to the first answer of the other one."""
        self._is_served()
        self._lab[self._holder].power_off()
        end = max(one.end for one in self._cluster.intervals(self._name) if one.node == self._holder)
        self._cluster.wait(lambda: self._prober.first(self._other, end), f"{self._other} answers")
        answer = self._prober.first(self._other, end)
        assert answer
        self._holder, self._other = self._other, self._holder
        self._come_back(self._lab[self._other])
        return answer.answered - end

    def switch(self) -> float:
        """Move it to the other node: the longest time in seconds without an answer."""
        began = self._is_served()
        self._lab[self._holder](f"om {self._trial.name} switch --to {self._other} --wait --time 60")
        self._holder, self._other = self._other, self._holder
        self._is_served()
        return self._prober.longest_gap(began)

    def kill(self) -> float:
        """End its application: the longest time in seconds without an answer."""
        began = self._is_served()
        files = self._cluster.folder.glob(f"{self._name}.{self._holder}.*")
        *_, pid, _ = max(files, key=lambda file: int(file.suffix[1:])).name.split(".")
        self._lab[self._holder](f"kill -9 {pid}")
        before = time.monotonic()
        self._cluster.wait(lambda: self._prober.first(self._holder, before), "it answers again")
        self._is_served()
        return self._prober.longest_gap(began)

    def _is_served(self) -> float:
        """Wait until the node that has it answers now, and all nodes agree; that moment."""
        self._cluster.wait_told(self._trial.name, self._holder)
        now = time.monotonic()
        self._cluster.wait(lambda: self._prober.first(self._holder, now), f"{self._holder} answers")
        return now

    def _come_back(self, node: Node) -> None:
        node.power_on()
        node.prefer()
        self._settle_in(node)
        said, _ = node.begin("om daemon start").communicate(timeout=LIMIT)
        assert "Traceback" not in said, said
        self._cluster.wait_heard()

    def _settle_in(self, node: Node) -> None:
        """Have it answer on each of its addresses, where the service brings nobody who does."""
        if self._is_bare:
            node.begin(f"{shlex.join(PROGRAM)} {RESIDENT} 0.0.0.0 {PORT}")
            self._cluster.wait(lambda: node.name in self._cluster.alive(RESIDENT), f"{node.name} can answer")
