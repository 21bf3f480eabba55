"""Stories of many seeds with the real decision; `python -m opensvc_daemon.simulation` tells thousands of them."""

import pytest
from opensvc_daemon.simulation.run import simulate

FIRST, CHUNKS, EACH = 3100, 8, 15


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_every_invariant_holds(chunk):
    for seed in range(FIRST + chunk * EACH, FIRST + (chunk + 1) * EACH):
        result = simulate(seed)
        assert result.is_ok, f"seed {seed}: {result.violations[0]}\n{result.story}"
