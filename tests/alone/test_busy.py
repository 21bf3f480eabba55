"""Two nodes whose processors are busy, with hundreds of services: nobody that is alive is called silent. Runs alone: it measures time."""

from __future__ import annotations

import time

import pytest
from cluster.soak import LIMIT, SERVICES, TIMEOUT, losses, prepare, soak
from lab import Lab, missing

# In the first of them all services are started; so many at least go by when all are up.
SECONDS, LEAST = 120.0, 30.0
# A machine that stood still itself has another try.
TRIES = 2


@pytest.mark.timeout(600 + TRIES * SECONDS)
def test_nobody_is_called_silent_while_all_processors_are_busy(told):
    if reason := missing():
        pytest.skip(reason)
    with Lab(2) as lab:
        begun = time.monotonic()
        cluster = prepare(lab, busy=LIMIT + TRIES * SECONDS)  # they end with the lab
        found = _found(cluster, max(begun + SECONDS - time.monotonic(), LEAST), told)
        for one in found:
            told(f"{SERVICES} services, T = {TIMEOUT:g} s: {one}")
        assert {one.me for one in found} == {"n1", "n2"}
        assert all(one.p999 is not None and one.p999 < TIMEOUT for one in found)


def _found(cluster, left, told):
    """How late beats were in a time in which nobody was called silent."""
    known = 0
    for _ in range(TRIES - 1):
        try:
            return [*soak(cluster, left, known=known)][-1]
        except AssertionError as error:
            told(f"tried again: {error}")
            known, left = len(losses(cluster)), SECONDS
    return [*soak(cluster, left, known=known)][-1]
