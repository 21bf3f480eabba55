"""Troubles in a row, the same each time: nothing is ever alive twice, and all is up again when they are over."""

from __future__ import annotations

import pytest
from cluster.chaos import planned, play, prepare

SEED, TROUBLES = 20, 5


@pytest.mark.lab(nodes=3)
@pytest.mark.timeout(600)
def test_troubles_in_a_row_end_with_everything_up_once(lab):
    play(prepare(lab), planned(SEED, TROUBLES), print)
