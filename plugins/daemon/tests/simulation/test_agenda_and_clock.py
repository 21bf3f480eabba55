"""Virtual time: the order of what happens, leaps over what changes nothing, and the clock of a node."""

from opensvc_daemon.simulation.agenda import Agenda
from opensvc_daemon.simulation.clock import Clock


def test_things_happen_in_the_order_of_their_moments_and_then_of_their_entry():
    agenda, happened = Agenda(), []
    for moment, word in ((2.0, "b"), (1.0, "a"), (2.0, "c"), (9.0, "never")):
        agenda.at(moment, lambda word=word: happened.append((agenda.now, word)))
    agenda.run(5.0)
    assert happened == [(1.0, "a"), (2.0, "b"), (2.0, "c")]
    assert agenda.now == 5.0


def test_what_is_entered_for_the_past_happens_now():
    agenda, happened = Agenda(), []
    agenda.run(5.0)
    agenda.at(1.0, lambda: happened.append(agenda.now))
    agenda.run(5.0)
    assert happened == [5.0]


def test_it_stops_as_soon_as_it_does_not_go_on():
    agenda, happened = Agenda(), []
    for moment in (1.0, 2.0, 3.0):
        agenda.at(moment, lambda: happened.append(agenda.now))
    agenda.run(5.0, lambda: len(happened) < 2)
    assert happened == [1.0, 2.0]


def beating(agenda, moments, period=1.0):
    def beat():
        moments.append(agenda.now)
        agenda.pulse(period, beat)

    agenda.pulse(period, beat)


def test_a_leap_skips_pulses_and_keeps_their_grid():
    agenda, moments = Agenda(), []
    agenda.is_at_rest = lambda: True
    beating(agenda, moments)
    agenda.run(1000.0)
    assert len(moments) < 12, "skipped"
    assert all(moment == int(moment) for moment in moments), "on the grid"
    assert moments[-5:] == [996.0, 997.0, 998.0, 999.0, 1000.0], "the last ones happen in full"


def test_no_leap_passes_an_event():
    agenda, moments, seen = Agenda(), [], []
    agenda.is_at_rest = lambda: True
    beating(agenda, moments)
    agenda.at(500.5, lambda: seen.append(moments[-1]))
    agenda.run(1000.0)
    assert seen == [500.0]


def test_without_rest_every_pulse_happens():
    agenda, moments = Agenda(), []
    beating(agenda, moments)
    agenda.run(100.0)
    assert len(moments) == 100


def test_a_fast_clock_counts_more_and_needs_less():
    clock = Clock(rate=1.01)
    assert clock.read(100.0) == 101.0
    assert clock.true_seconds(101.0) == 100.0


def test_a_clock_that_stood_still_has_not_counted():
    clock = Clock()
    clock.stand_still(30.0)
    assert clock.read(100.0) == 70.0


def test_a_boot_begins_at_zero():
    clock = Clock(rate=0.99)
    clock.begin(50.0)
    assert clock.read(50.0) == 0.0
