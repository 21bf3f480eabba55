"""Two nodes whose processors are busy, with hundreds of services: nobody that is alive is called silent.

The tests that run at the same time make them busier still.
"""

from __future__ import annotations

import pytest
from cluster.soak import SERVICES, TIMEOUT, prepare, soak
from lab import Lab, missing

SECONDS = 120.0
# A machine that stood still itself has another try.
TRIES = 2


@pytest.mark.timeout(600 + TRIES * SECONDS)
def test_nobody_is_called_silent_while_all_processors_are_busy(told):
    if reason := missing():
        pytest.skip(reason)
    with Lab(2) as lab:
        cluster = prepare(lab)
        found = _found(cluster, told)
        for one in found:
            told(f"{SERVICES} services, T = {TIMEOUT:g} s: {one}")
        assert {one.me for one in found} == {"n1", "n2"}
        assert all(one.p999 is not None and one.p999 < TIMEOUT for one in found)


def _found(cluster, told):
    """How late beats were in a time in which nobody was called silent."""
    for _ in range(TRIES - 1):
        try:
            return [*soak(cluster, SECONDS)][-1]
        except AssertionError as error:
            told(f"tried again: {error}")
    return [*soak(cluster, SECONDS)][-1]
