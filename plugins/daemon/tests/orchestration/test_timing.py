"""The timer of a decision."""

from hypothesis import given
from hypothesis import strategies as st
from opensvc_daemon.orchestration.timing import Timer

seconds = st.floats(0.0, 1e6, allow_nan=False)


@given(seconds, seconds, seconds)
def test_what_has_not_passed_will_have_passed_at_the_moment_to_wake(now, since, period):
    timer = Timer(now)
    if timer.has_passed(since, period):
        assert timer.wake is None
    else:
        assert timer.wake is not None
        assert timer.wake > now
        assert Timer(timer.wake).has_passed(since, period)


def test_the_earliest_moment_counts():
    timer = Timer(10.0)
    assert not timer.has_passed(9.0, 5.0)
    assert not timer.has_passed(9.0, 3.0)
    assert not timer.has_passed(9.0, 4.0)
    assert timer.wake == 12.0


def test_what_is_past_does_not_wake():
    timer = Timer(10.0)
    assert timer.has_passed(1.0, 5.0)
    assert timer.has_passed(5.0, 5.0)
    assert timer.wake is None


def test_seconds_left_are_never_negative():
    assert Timer(10.0).left(8.0, 5.0) == "3s"
    assert Timer(10.0).left(1.0, 5.0) == "0s"
