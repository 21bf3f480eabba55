"""The gate: floods are bounded, good addresses go on."""

import pytest
from opensvc_daemon.beat.gate import Gate


@pytest.fixture
def clock():
    class Clock:
        now = 0.0

        def __call__(self):
            return self.now

    return Clock()


def test_a_stranger_that_only_fails_is_let_in_ever_more_rarely(clock):
    gate = Gate(clock)
    tried = [fail(gate, "10.0.0.9") for _ in range(1000)]
    assert sum(tried) == 20
    clock.now = 10.0
    assert sum(fail(gate, "10.0.0.9") for _ in range(1000)) == 20


def test_strangers_of_many_addresses_have_one_allowance(clock):
    gate = Gate(clock)
    assert sum(fail(gate, f"10.0.{number // 250}.{number % 250}") for number in range(5000)) == 100
    clock.now = 1.0
    assert sum(fail(gate, f"10.9.{number // 250}.{number % 250}") for number in range(5000)) == 100


def test_one_that_was_good_is_not_shut_out_by_strangers(clock):
    gate = Gate(clock)
    assert gate.lets_in("10.0.0.1")
    gate.was_good("10.0.0.1")
    for number in range(5000):
        fail(gate, f"10.0.{number // 250}.{number % 250 + 2}")
    assert all(gate.lets_in("10.0.0.1") for _ in range(100))


def test_who_forges_a_good_address_costs_bounded_work_and_does_not_end_it(clock):
    gate = Gate(clock)
    gate.lets_in("10.0.0.1")
    gate.was_good("10.0.0.1")
    assert sum(fail(gate, "10.0.0.1") for _ in range(10_000)) == 1000
    clock.now = 0.1
    assert gate.lets_in("10.0.0.1")


def test_what_is_good_costs_nothing(clock):
    gate = Gate(clock)
    for _ in range(10_000):
        assert gate.lets_in("10.0.0.1")
        gate.was_good("10.0.0.1")


def fail(gate, address):
    is_in = gate.lets_in(address)
    if is_in:
        gate.was_bad(address)
    return is_in
