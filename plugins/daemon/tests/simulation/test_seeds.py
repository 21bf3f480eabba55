"""Stories of many seeds with the real decision; `python -m opensvc_daemon.simulation` tells a hundred thousand of them."""

import os

import pytest
from opensvc_daemon.simulation.many import summaries
from opensvc_daemon.simulation.run import simulate

SEEDS = 2000


@pytest.mark.timeout(400)
def test_every_invariant_holds():
    failing = [one for one in summaries(range(SEEDS), jobs=os.cpu_count() or 1) if one.violations]
    assert not failing, f"seed {failing[0].seed}: {failing[0].violations[0]}\n{simulate(failing[0].seed).story}"
