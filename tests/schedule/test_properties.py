"""What holds for every schedule: it is read as it is printed, a next run is allowed, nothing waits for ever, no text makes a mess."""

import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from opensvc_core.schedule.due import is_allowed, next_run, refusal
from opensvc_core.schedule.grammar import parse

# A slow machine is no failure; bounded time has a test of its own. Many of the texts name days that never come.
calmly = settings(deadline=None, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
ZONES = st.sampled_from([UTC, *map(ZoneInfo, ("Europe/Paris", "Australia/Lord_Howe", "America/Sao_Paulo", "Pacific/Apia"))])
MOMENTS = st.integers(1_000_000_000, 2_500_000_000)
DAY = 86400


def lists(words, limit=3):
    return st.lists(words, min_size=1, max_size=limit).map(",".join)


def ranges(words):
    return st.one_of(words, st.tuples(words, words).map("-".join))


CLOCK = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
SPAN = st.one_of(st.just("*"), CLOCK, ranges(CLOCK))
PAUSE = st.one_of(st.just(""), st.builds("@{}".format, st.integers(1, 3000)), st.sampled_from(["@1h", "@90s", "@2d", "@1h30m"]))
TIMES = st.builds("{}{}{}".format, st.sampled_from(["", "~"]), SPAN, PAUSE)
WEEKDAY = st.sampled_from(["mon", "tuesday", "3", "THU", "fri", "6", "sun"])
DAYS = st.builds(
    "{}{}".format, st.one_of(st.just("*"), ranges(WEEKDAY)), st.sampled_from(["", "", "", ":last", ":1", ":-2", ":5th", ":31"])
)
WEEKS = st.one_of(st.just("*"), ranges(st.integers(1, 53).map(str)))
MONTHS = st.one_of(st.just("*"), ranges(st.integers(1, 12).map(str)), st.sampled_from(["%4", "%3+1", "feb", "nov-feb"]))
RULE = st.builds("{} {} {} {}".format, lists(TIMES), lists(DAYS), lists(WEEKS), lists(MONTHS))
EXCLUSION = st.builds("! {} {} {} {}".format, lists(SPAN), lists(DAYS), lists(WEEKS), lists(MONTHS))


def as_list(items):
    return "[" + ", ".join(f'"{item}"' for item in items) + "]"


ALLOWING = st.one_of(RULE, st.lists(RULE, min_size=1, max_size=3).map(as_list))
ANY = st.one_of(ALLOWING, st.tuples(RULE, st.lists(EXCLUSION, min_size=1, max_size=2)).map(lambda pair: as_list([pair[0], *pair[1]])))


def read(text):
    """The schedule, of those texts that name something that exists."""
    try:
        return parse(text)
    except ValueError:
        assume(False)


@given(ANY)
@calmly
def test_what_is_printed_is_read_as_the_same(text):
    schedule = read(text)
    assert parse(str(schedule)) == schedule
    assert hash(parse(str(schedule))) == hash(schedule)


@given(ANY, MOMENTS, ZONES, st.none() | st.integers(0, 400 * DAY))
@calmly
def test_a_next_run_is_allowed_and_nothing_before_it_is(text, now, zone, ago):
    schedule = read(text)
    last = None if ago is None else now - ago
    found = next_run(schedule, now, zone, last_run=last, seed="n1")
    if found is None:
        assert schedule.excluding
        return
    assert found >= now
    assert is_allowed(schedule, found, zone, last_run=last, seed="n1")
    for part in range(1, 8):
        moment = now + (found - now) * part / 8
        assert moment == found or not is_allowed(schedule, moment, zone, last_run=last, seed="n1")


@given(ANY, MOMENTS, ZONES, st.integers(0, 12 * DAY), st.text("abc"))
@calmly
def test_a_first_run_that_is_put_off_is_allowed_then_and_not_before_and_comes_at_last(text, now, zone, ago, seed):
    schedule = read(text)
    asked = {"seed": seed, "known_since": now - ago}
    found, plain = next_run(schedule, now, zone, **asked), next_run(schedule, now, zone, seed=seed)
    assert (found is None) == (plain is None)
    if found is None:
        return
    assert found >= plain and not refusal(schedule, found, zone, **asked)
    for part in range(8):
        moment = now + (found - now) * part / 8
        assert moment == found or refusal(schedule, moment, zone, **asked)


@given(ALLOWING, MOMENTS, ZONES, st.none() | st.integers(0, 10_000 * DAY))
@calmly
def test_nothing_is_put_off_for_ever(text, now, zone, ago):
    found = next_run(read(text), now, zone, last_run=None if ago is None else now - ago)
    assert found is not None
    assert found - now <= 41 * 366 * DAY


@given(ALLOWING, MOMENTS, ZONES)
@calmly
def test_who_follows_the_schedule_goes_on_for_ever(text, now, zone):
    schedule, last = read(text), None
    for _ in range(5):
        found = next_run(schedule, now, zone, last_run=last)
        assert found is not None and (last is None or found > last)
        now = last = found


@given(CLOCK, CLOCK, MOMENTS, ZONES)
@calmly
def test_a_daily_range_comes_every_day_also_when_the_clock_changes(begin, end, now, zone):
    assume(begin != end)
    schedule = parse(f"{begin}-{end}")
    first = next_run(schedule, now, zone)
    second = next_run(schedule, first, zone, last_run=first)
    third = next_run(schedule, second, zone, last_run=second)
    limit = 72 if zone is not UTC else 48  # Samoa left out a whole day of 2011
    assert second - first <= limit * 3600 and 20 * 3600 <= third - second <= limit * 3600


@given(st.one_of(st.text(max_size=60), st.text('0123456789:-~@*!,%+[]" montuelas', max_size=60)))
@settings(max_examples=400, deadline=None)
def test_any_text_is_a_schedule_or_a_value_error(text):
    try:
        schedule = parse(text)
    except ValueError as error:
        assert "; allowed: " in str(error)
    else:
        assert parse(str(schedule)) == schedule
        next_run(schedule, 1_700_000_000, UTC)


@pytest.mark.parametrize(
    "text",
    [
        '["*@1m", "! *"]',
        '["' + ",".join(["0:00@1"] * 30) + '", "! *,' + ",".join(["0:00-12:00"] * 29) + '"]',
        '["0:00", "! * * * 1-11", "! * * * dec"]',
        "10:00 mon:29 * feb",
        '["10:00 mon:29 * feb", "! * mon"]',
        "[" + ", ".join(['"0:00 :29 * feb"'] * 20) + "]",
    ],
)
def test_the_worst_schedules_are_answered_in_time(text):
    schedule = parse(text)
    began = time.process_time()
    next_run(schedule, datetime(2026, 3, 1, tzinfo=UTC).timestamp(), ZoneInfo("Europe/Paris"))
    assert time.process_time() - began < 5
