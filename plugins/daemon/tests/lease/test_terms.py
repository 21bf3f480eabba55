"""Durations that fit each other, or say how to make them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opensvc_daemon.lease.terms import LeaseTerms

DRIFTS = st.floats(0, 0.2)


def test_the_defaults_fit():
    LeaseTerms().check()


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        (LeaseTerms(lease=0), "lease-duration"),
        (LeaseTerms(renewal=-1), "lease-duration"),
        (LeaseTerms(stop_limit=float("nan")), "lease-duration"),
        (LeaseTerms(lease=float("inf")), "lease-duration"),
        (LeaseTerms(drift=0.5), "lease-drift"),
        (LeaseTerms(drift=-0.01), "lease-drift"),
        (LeaseTerms(stop_limit=9), "lease-too-short"),
        (LeaseTerms(renewal=2), "lease-too-short"),
    ],
    ids=str,
)
def test_what_does_not_fit_is_found(terms, code):
    assert [one.code for one in terms.findings()] == [code]
    with pytest.raises(ValueError, match=r"\w"):
        terms.check()


def test_the_way_out_is_one():
    (finding,) = LeaseTerms(stop_limit=20).findings()
    assert "make the lease 23.23 s or longer" in finding.text
    assert LeaseTerms(lease=23.24, stop_limit=20).findings() == []


@given(lease=st.floats(0.1, 1000), drift=DRIFTS, slow=st.floats(0, 1), fast=st.floats(0, 1))
def test_whatever_the_clocks_do_a_holder_is_over_before_a_granter(lease, drift, slow, fast):
    terms = LeaseTerms(lease=lease, drift=drift)
    holder_rate, granter_rate = 1 - drift * slow, 1 + drift * fast
    assert terms.held_for(lease) / holder_rate <= lease * (1 + 1e-12)
    assert terms.granted_for(lease) / granter_rate >= lease * (1 - 1e-12)
