"""Failover: how long the clients of a service are without it, asked every 5 ms from a third node; medians and spread of many runs.

The nodes get the processors before anybody else on this machine.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from tests.bench.measure import tell, told_missing

TOP: Final = Path(__file__).parents[2]
RUNS: Final = 20


class Case(NamedTuple):
    """What is measured: `timeout` of the heartbeat and `ready` period in seconds, the word of `Failovers`, and the promised seconds."""

    title: str
    word: str
    timeout: float
    ready: float
    promise: float
    is_bare: bool = False


CASES: Final = (
    Case("node crash, T = 5 s, R = 1 s (the defaults)", "crash", 5.0, 1.0, 6.3),
    Case("node crash, T = 1 s, R = 0.3 s", "crash", 1.0, 0.3, 1.6),
    Case("node crash, T = 0.5 s, R = 0.2 s", "crash", 0.5, 0.2, 1.0),
    Case("node crash, an address alone, T = 0.2 s, R = 0.05 s", "crash", 0.2, 0.05, 0.35, is_bare=True),
    Case("planned switch, one address, one application", "switch", 1.0, 0.3, 0.25),
    Case("monitored application killed", "kill", 1.0, 0.3, 0.2),
)


def measure(_folder: Path) -> None:
    """Each case."""
    sys.path.insert(0, str(TOP / "tests" / "system"))
    from lab import missing

    if reason := missing("sleep"):
        told_missing("failover", reason)
        return
    for case in CASES:
        tell(case.title, seconds(case, RUNS), "s", beside=f"{RUNS} runs", limit=case.promise)


def seconds(case: Case, runs: int) -> list[float]:
    """What each run took."""
    from cluster.failovers import Failovers
    from lab import Lab

    with Lab(3) as lab, Failovers(lab, timeout=case.timeout, ready=case.ready, is_bare=case.is_bare) as service:
        run: Callable[[], float] = getattr(service, case.word)
        return [run() for _ in range(runs)]
