"""The hour that is left out in spring, and the hour that comes twice in autumn.

Paris, 2026: on 29 March 02:00 becomes 03:00, on 25 October 03:00 becomes 02:00.
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from opensvc_core.schedule.due import is_allowed, next_run
from opensvc_core.schedule.grammar import parse

PARIS = ZoneInfo("Europe/Paris")


def at(text):
    """A moment, in Paris unless the text has an offset."""
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo else found.replace(tzinfo=PARIS)).timestamp()


def runs(text, first, last):
    """All runs of somebody who follows a schedule, as times of the wall with their offsets."""
    schedule, moment, limit, before, found = parse(text), at(first), at(last), None, []
    while (moment := next_run(schedule, moment, PARIS, last_run=before)) is not None and moment < limit:
        found.append(datetime.fromtimestamp(moment, PARIS).isoformat(" ", "minutes"))
        before = moment
    return found


SPRING = [
    ("02:30", ["2026-03-28 02:30+01:00", "2026-03-29 03:30+02:00", "2026-03-30 02:30+02:00"]),
    ("02:00-03:00", ["2026-03-28 02:00+01:00", "2026-03-29 03:00+02:00", "2026-03-30 02:00+02:00"]),
    ("02:30-03:15", ["2026-03-28 02:30+01:00", "2026-03-29 03:30+02:00", "2026-03-30 02:30+02:00"]),
    ("01:30-02:30", ["2026-03-28 01:30+01:00", "2026-03-29 01:30+01:00", "2026-03-30 01:30+02:00"]),
    ("23:00-02:30", ["2026-03-28 00:00+01:00", "2026-03-28 23:00+01:00", "2026-03-29 23:00+02:00", "2026-03-30 23:00+02:00"]),
]
AUTUMN = [
    ("02:30", ["2026-10-24 02:30+02:00", "2026-10-25 02:30+02:00", "2026-10-26 02:30+01:00"]),
    ("02:00-03:00", ["2026-10-24 02:00+02:00", "2026-10-25 02:00+02:00", "2026-10-26 02:00+01:00"]),
    ("01:30-02:30", ["2026-10-24 01:30+02:00", "2026-10-25 01:30+02:00", "2026-10-26 01:30+01:00"]),
]


@pytest.mark.parametrize(("text", "expected"), SPRING)
def test_what_begins_in_the_hour_left_out_begins_an_hour_later(text, expected):
    assert runs(text, "2026-03-28 00:00", "2026-03-31 00:00") == expected


@pytest.mark.parametrize(("text", "expected"), AUTUMN)
def test_what_begins_in_the_hour_that_comes_twice_runs_once(text, expected):
    assert runs(text, "2026-10-24 00:00", "2026-10-27 00:00") == expected


def test_an_interval_is_real_time():
    spring = runs("00:00-06:00@60", "2026-03-29 00:00", "2026-03-30 00:00")
    assert spring == [f"2026-03-29 {hour}" for hour in ("00:00+01:00", "01:00+01:00", "03:00+02:00", "04:00+02:00", "05:00+02:00")]
    autumn = runs("00:00-06:00@60", "2026-10-25 00:00", "2026-10-26 00:00")
    assert [run[11:16] for run in autumn] == ["00:00", "01:00", "02:00", "02:00", "03:00", "04:00", "05:00"]


@pytest.mark.parametrize("moment", ["2026-10-25 02:15+02:00", "2026-10-25 02:15+01:00", "2026-10-25 02:45+02:00"])
def test_an_exclusion_holds_for_both_of_the_hours(moment):
    assert not is_allowed(parse('["@10", "! 02:10-02:30"]'), at(moment), PARIS)
    assert is_allowed(parse('["@10", "! 02:10-02:30"]'), at("2026-10-25 02:31+01:00"), PARIS)


def test_an_exclusion_moves_with_what_it_excludes():
    assert runs('["02:30", "! 02:00-03:00"]', "2026-03-28 00:00", "2026-04-02 00:00") == []


def test_a_day_that_a_zone_left_out_is_made_up_for():
    apia = ZoneInfo("Pacific/Apia")  # no 30 December 2011
    begin = datetime(2011, 12, 29, 12, tzinfo=apia).timestamp()
    first = next_run(parse("10:00 *:30"), begin, apia)
    assert datetime.fromtimestamp(first, apia).isoformat() == "2011-12-31T10:00:00+14:00"
    assert is_allowed(parse("10:00 *:30"), first, apia)


def test_a_moment_is_the_same_in_every_zone():
    schedule, moment = parse("@10"), at("2026-03-29 02:59+02:00")
    assert next_run(schedule, moment, PARIS) == next_run(schedule, moment, UTC) == moment
