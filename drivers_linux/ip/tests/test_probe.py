"""Paces: how long is asked who has an address."""

import pytest
from opensvc_driver_ip.probe import DISTANT, SHORTEST, THOROUGH


@pytest.mark.parametrize("pace", [THOROUGH, DISTANT], ids=["neighbours", "behind routers"])
def test_a_pace_within_less_time_asks_as_often(pace):
    hurried = pace.within(0.3)
    assert hurried.questions == pace.questions
    assert hurried.seconds == pytest.approx(0.3)


def test_there_is_a_least_time_in_which_neighbours_answer():
    assert THOROUGH.within(0.0).seconds == pytest.approx(SHORTEST)


def test_more_time_than_it_takes_changes_nothing():
    assert THOROUGH.within(5.0) == THOROUGH.within(None) == THOROUGH
