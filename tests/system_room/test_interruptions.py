"""Signals that are held off come when they are let in, as those that they were."""

import os
import signal

import pytest

from opensvc_core.system.interruptions import HeldOff


@pytest.fixture
def handled():
    """SIGINT is handled as Python does, SIGTERM by a note of the test's."""
    notes = []
    before = {
        signal.SIGINT: signal.signal(signal.SIGINT, signal.default_int_handler),
        signal.SIGTERM: signal.signal(signal.SIGTERM, lambda number, _frame: notes.append(number)),
    }
    yield notes
    for number, handler in before.items():
        signal.signal(number, handler)


def us(number):
    os.kill(os.getpid(), number)


def test_what_comes_meanwhile_comes_when_it_is_let_in(handled):
    steps = []
    with HeldOff() as interruptions:
        us(signal.SIGINT)
        steps.append("begun")
        with pytest.raises(KeyboardInterrupt):
            interruptions.let_in()
        with pytest.raises(KeyboardInterrupt):
            us(signal.SIGINT)
    assert steps == ["begun"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_what_was_not_let_in_comes_at_the_end(handled):
    with HeldOff():
        us(signal.SIGTERM)
        assert handled == []
    assert handled == [signal.SIGTERM]


def test_a_second_signal_is_dealt_with_as_the_first_one_has_left_it(handled):
    def interrupt(_number, _frame):
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda number, _frame: handled.append(number))
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGINT, interrupt)
    with pytest.raises(KeyboardInterrupt), HeldOff() as interruptions:
        us(signal.SIGTERM)
        us(signal.SIGINT)
        interruptions.let_in()
    assert handled == [signal.SIGINT]


def test_what_is_ignored_stays_so_for_commands(handled):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with HeldOff():
        us(signal.SIGTERM)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    assert handled == []
