"""The algebra of statuses."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opensvc_core.model.status import Status, as_standby, merge

UP, DOWN, WARN, NA, UNDEF, STDBY_UP, STDBY_DOWN = (
    Status.UP, Status.DOWN, Status.WARN, Status.NA, Status.UNDEF, Status.STDBY_UP, Status.STDBY_DOWN,
)  # fmt: skip

MERGES = [
    ([], NA),
    ([NA, NA], NA),
    ([UP, NA], UP),
    ([DOWN, NA], DOWN),
    ([UP, DOWN], WARN),
    ([UP, STDBY_UP], UP),
    ([STDBY_UP, DOWN], STDBY_UP),
    ([STDBY_UP, DOWN, UP], WARN),
    ([STDBY_DOWN, DOWN], STDBY_DOWN),
    ([STDBY_DOWN, STDBY_UP], WARN),
    ([STDBY_DOWN, UP], WARN),
    ([UNDEF, NA], UNDEF),
    ([UNDEF, UP], WARN),
    ([UNDEF, DOWN], WARN),
    ([WARN, UP], WARN),
]


@pytest.mark.parametrize(("statuses", "merged"), MERGES, ids=str)
def test_a_set_of_statuses_merges_into(statuses, merged):
    assert merge(statuses) is merged


@given(st.lists(st.sampled_from(list(Status))))
def test_order_and_repetition_do_not_matter(statuses):
    assert merge(statuses) is merge(statuses[::-1]) is merge(statuses + statuses)


@given(st.lists(st.sampled_from(list(Status))))
def test_not_applicable_is_neutral(statuses):
    assert merge([*statuses, NA]) is merge(statuses)


@given(st.lists(st.sampled_from(list(Status))))
def test_warn_absorbs_everything(statuses):
    assert merge([*statuses, WARN]) is WARN


def test_the_codes_are_those_of_the_status_command():
    assert {status.value: status.code for status in Status} == {
        "up": 0, "down": 1, "warn": 2, "n/a": 3, "undef": 5, "stdby up": 6, "stdby down": 7,
    }  # fmt: skip


def test_only_up_and_down_have_a_standby_form():
    assert [as_standby(status) for status in (UP, DOWN, WARN, NA, UNDEF)] == [STDBY_UP, STDBY_DOWN, WARN, NA, UNDEF]


def test_up_and_down_are_never_merged_into_up():
    for extra in itertools.product(Status, repeat=2):
        assert merge([UP, DOWN, *extra]) is WARN


def test_a_status_can_carry_its_reasons():
    seen = DOWN.because("not mounted", "no device", level="info")
    assert seen.status is DOWN
    assert [(message.level, message.text) for message in seen.messages] == [("info", "not mounted"), ("info", "no device")]
