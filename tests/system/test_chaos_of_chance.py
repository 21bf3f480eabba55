"""Troubles in a row, others each time; what the run tells at its end has the same again."""

from __future__ import annotations

import random

import pytest
from cluster.chaos import planned, play, prepare

TROUBLES = 5


@pytest.mark.lab(nodes=3)
@pytest.mark.timeout(600)
def test_troubles_of_chance_end_with_everything_up_once(lab, told):
    seed = random.randrange(1 << 30)
    told(f"PYTHONPATH=tests/system python -m cluster.chaos --seed {seed} --faults {TROUBLES}")
    play(prepare(lab), planned(seed, TROUBLES), print)
