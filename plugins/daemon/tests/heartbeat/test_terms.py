"""The times of the heartbeat fit one another, or it is said how to make them."""

import pytest
from opensvc_daemon.heartbeat.terms import Terms


@pytest.mark.parametrize("terms", [Terms(), Terms(0.1, 0.5, 0.2), Terms(5, 15, 7.5)], ids=str)
def test_sensible_times_have_no_findings(terms):
    assert terms.findings() == ()


@pytest.mark.parametrize(
    ("terms", "finding"),
    [
        (Terms(interval=2), "make it 6 s or more"),
        (Terms(pause=1), "make it 2 s"),
        (Terms(pause=3), "make it 2.5 s or less"),
        (Terms(interval=0), "more than zero"),
        (Terms(timeout=float("nan")), "more than zero"),
        (Terms(timeout=float("inf")), "more than zero"),
    ],
)
def test_times_that_do_not_fit_are_told_with_the_way_out(terms, finding):
    assert any(finding in each for each in terms.findings())
