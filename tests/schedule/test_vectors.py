"""What a schedule means: a table of what is written, when it is looked at, and when it comes next.

2026: March has its Sunday on the 1st; the 2nd is a Monday. All moments are UTC.
"""

from datetime import UTC, datetime

import pytest

from opensvc_core.schedule.due import is_allowed, next_run, refusal
from opensvc_core.schedule.grammar import parse


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def shown(moment):
    return moment and f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M:%S}".removesuffix(":00")


#  schedule, looked at, last run, next run
TABLE = [
    # an interval is minutes, or has units; it counts from the last run
    ("@10", "2026-03-02 10:00", "2026-03-02 09:55", "2026-03-02 10:05"),
    ("@10", "2026-03-02 10:00", "2026-03-02 09:50", "2026-03-02 10:00"),
    ("@10", "2026-03-02 10:00", "2026-03-01 09:50", "2026-03-02 10:00"),
    ("@10", "2026-03-02 10:00", None, "2026-03-02 10:00"),
    ("*@10", "2026-03-02 10:00", "2026-03-02 09:55", "2026-03-02 10:05"),
    ("@1h30m", "2026-03-02 10:00", "2026-03-02 09:55", "2026-03-02 11:25"),
    ("@90s", "2026-03-02 10:00", "2026-03-02 09:59", "2026-03-02 10:00:30"),
    ("@2d", "2026-03-02 10:00", "2026-03-02 09:55", "2026-03-04 09:55"),
    # a range with an interval longer than itself: once a day
    ("04:00-06:00@121", "2026-03-02 10:00", None, "2026-03-03 04:00"),
    ("04:00-06:00@121", "2026-03-02 05:00", "2026-03-02 04:30", "2026-03-03 04:00"),
    ("03:59-05:59@121", "2026-03-02 17:20", None, "2026-03-03 03:59"),
    ("04:00-06:00@30", "2026-03-02 05:00", "2026-03-02 04:45", "2026-03-02 05:15"),
    ("04:00-06:00@30", "2026-03-02 05:50", "2026-03-02 05:45", "2026-03-03 04:00"),
    # without an interval: once in each range
    ("04:00-06:00", "2026-03-02 05:00", None, "2026-03-02 05:00"),
    ("04:00-06:00", "2026-03-02 05:00", "2026-03-01 05:30", "2026-03-02 05:00"),
    ("04:00-06:00", "2026-03-02 05:00", "2026-03-02 04:00", "2026-03-03 04:00"),
    ("04:00-06:00", "2026-03-02 04:10", "2026-03-02 03:59", "2026-03-02 04:10"),
    ("*", "2026-03-02 10:00", "2026-03-01 23:00", "2026-03-02 10:00"),
    ("*", "2026-03-02 10:00", "2026-03-02 00:30", "2026-03-03 00:00"),
    # a time alone lasts ten minutes
    ("10:00", "2026-03-02 11:00", None, "2026-03-03 10:00"),
    ("10:00", "2026-03-02 10:09", None, "2026-03-02 10:09"),
    ("10:00", "2026-03-02 10:10", None, "2026-03-03 10:00"),
    ("23:55", "2026-03-02 00:04", None, "2026-03-02 00:04"),
    # lists
    ("01:00,03:00", "2026-03-02 02:00", None, "2026-03-02 03:00"),
    ("01:00,03:00", "2026-03-02 01:05", "2026-03-02 01:00", "2026-03-02 03:00"),
    ("01:00,03:00", "2026-03-02 04:00", None, "2026-03-03 01:00"),
    # over midnight; the days are those of the beginning
    ("23:00-01:00", "2026-03-02 12:00", None, "2026-03-02 23:00"),
    ("23:00-01:00", "2026-03-03 00:30", None, "2026-03-03 00:30"),
    ("23:00-01:00", "2026-03-03 00:30", "2026-03-02 23:00", "2026-03-03 23:00"),
    ("23:00-01:00 mon", "2026-03-03 00:30", None, "2026-03-03 00:30"),
    ("23:00-01:00 tue", "2026-03-03 00:30", None, "2026-03-03 23:00"),
    ("22:00-24:00", "2026-03-02 12:00", "2026-03-01 22:00", "2026-03-02 22:00"),
    # weekdays
    ("02:00-04:00 mon", "2026-03-03 00:00", None, "2026-03-09 02:00"),
    ("02:00-04:00 monday", "2026-03-03 00:00", None, "2026-03-09 02:00"),
    ("02:00-04:00 1", "2026-03-03 00:00", None, "2026-03-09 02:00"),
    ("02:00-04:00 sun-tue", "2026-03-04 00:00", None, "2026-03-08 02:00"),
    ("02:00-04:00 7,1,2", "2026-03-04 00:00", None, "2026-03-08 02:00"),
    ("02:00-04:00 MON-Fri", "2026-03-07 00:00", None, "2026-03-09 02:00"),
    # days of the month; with a weekday, both have to hold
    ("02:00-04:00 *:last", "2026-03-02 00:00", None, "2026-03-31 02:00"),
    ("02:00-04:00 *:-1", "2026-02-02 00:00", None, "2026-02-28 02:00"),
    ("02:00-04:00 :-2", "2026-03-02 00:00", None, "2026-03-30 02:00"),
    ("02:00-04:00 :15,:1st", "2026-03-02 00:00", None, "2026-03-15 02:00"),
    ("12:00-13:00 mon:first", "2026-03-02 00:00", None, "2026-06-01 12:00"),
    ("12:00-13:00 fri:13", "2026-03-02 00:00", None, "2026-03-13 12:00"),
    ("00:00-01:00 mon:29 * feb", "2026-03-02 00:00", None, "2044-02-29 00:00"),
    # weeks (ISO 8601) and months
    ("02:00-04:00 * 20", "2026-03-02 00:00", None, "2026-05-11 02:00"),
    ("02:00-04:00 * 53", "2026-03-02 00:00", None, "2026-12-28 02:00"),
    ("02:00-04:00 * 52-1", "2026-03-02 00:00", None, "2026-12-21 02:00"),
    ("02:00-04:00 * * %4", "2026-03-02 00:00", None, "2026-04-01 02:00"),
    ("02:00-04:00 * * %4+1", "2026-04-02 00:00", None, "2026-07-01 02:00"),
    ("02:00-04:00 * * july", "2026-03-02 00:00", None, "2026-07-01 02:00"),
    ("02:00-04:00 * * nov-feb", "2026-03-02 00:00", None, "2026-11-01 02:00"),
    ("02:00-04:00 * * 3", "2026-04-02 00:00", None, "2027-03-01 02:00"),
    # several schedules: the first of them; `!` excludes
    ('["@1h", "! 10:00-12:00"]', "2026-03-02 10:30", None, "2026-03-02 12:00"),
    ('["@1h", "! 10:00-12:00", "! 12:00-13:00 mon"]', "2026-03-02 10:30", None, "2026-03-02 13:00"),
    ('["10:00 tue", "12:00"]', "2026-03-02 13:00", None, "2026-03-03 10:00"),
    ('["*", "! * sat-sun"]', "2026-03-07 10:00", None, "2026-03-09 00:00"),
    ('["*@10", "! 22:00-06:00"]', "2026-03-03 01:00", None, "2026-03-03 06:00"),
    ('["10:00", "! 09:00-11:00"]', "2026-03-02 00:00", None, None),
    # never
    ("", "2026-03-02 10:00", None, None),
    ("@0", "2026-03-02 10:00", None, None),
    ("none", "2026-03-02 10:00", None, None),
    ("10:00@0", "2026-03-02 10:00", None, None),
    ("[]", "2026-03-02 10:00", None, None),
    # a last run years ahead was noted by a wrong clock
    ("@10", "2026-03-02 10:00", "2036-03-02 10:00", "2026-03-02 10:00"),
    ("04:00-06:00", "2026-03-02 05:00", "2036-03-02 10:00", "2026-03-02 05:00"),
]


@pytest.mark.parametrize(("text", "now", "last", "expected"), TABLE, ids=[f"{row[0]} from {row[1]} last {row[2]}" for row in TABLE])
def test_the_next_run(text, now, last, expected):
    schedule, moment, last_run = parse(text), at(now), last and at(last)
    found = next_run(schedule, moment, UTC, last_run=last_run)
    assert shown(found) == expected
    assert is_allowed(schedule, moment, UTC, last_run=last_run) == (found == moment)


REASONS = [
    ("03:59-05:59@121", "2026-03-02 17:20", None, "not in allowed period (['03:59', '05:59'])"),
    ("10:00,12:00-13:00", "2026-03-02 17:20", None, "not in allowed period (['10:00', '10:10'], ['12:00', '13:00'])"),
    ("02:00-04:00 mon", "2026-03-03 03:00", None, "not in allowed period (['02:00', '04:00'] mon)"),
    ("* sun", "2026-03-03 03:00", None, "not in allowed period (['00:00', '24:00'] sun)"),
    ('["@10", "! 10:00-12:00"]', "2026-03-02 11:00", None, "in an excluded period (! 10:00-12:00)"),
    ("04:00-06:00", "2026-03-02 05:00", "2026-03-02 04:30", "the last run was 1800 s ago, in this period"),
    ("@60", "2026-03-02 05:00", "2026-03-02 04:30", "the last run was 1800 s ago, and the interval is 3600 s"),
    ('["@60", "04:00-06:00"]', "2026-03-02 05:00", "2026-03-02 03:59:30", ""),
    ("@10", "2026-03-02 05:00", None, ""),
    ("@0", "2026-03-02 05:00", None, "never scheduled"),
]


@pytest.mark.parametrize(("text", "now", "last", "reason"), REASONS)
def test_why_it_does_not_run_now(text, now, last, reason):
    assert refusal(parse(text), at(now), UTC, last_run=last and at(last)) == reason


def test_a_spread_run_has_a_moment_that_depends_on_the_day_and_the_seed():
    schedule, now = parse("~00:00-06:00"), at("2026-03-02 00:00")
    first = next_run(schedule, now, UTC, seed="n1 web")
    assert first == next_run(schedule, now, UTC, seed="n1 web") == next_run(schedule, now - 3600, UTC, seed="n1 web")
    others = {next_run(schedule, now, UTC, seed=f"n1 web{number}") for number in range(50)}
    assert len(others) == 50 and all(now <= moment < now + 6 * 3600 for moment in others)
    after = next_run(schedule, first, UTC, last_run=first, seed="n1 web")
    assert shown(after)[:10] == "2026-03-03" and after - first != 86400
    assert refusal(schedule, now, UTC, seed="n1 web").startswith("its moment in this period is 0")


def test_a_spread_moment_that_was_missed_is_made_up_for_in_its_range():
    assert is_allowed(parse("~00:00-06:00"), at("2026-03-02 05:59:59"), UTC, seed="n1 web")


def test_a_range_with_several_runs_is_not_spread():
    assert parse("~00:00-06:00@10") == parse("00:00-06:00@10")
    assert parse("~00:00-06:00@361") != parse("00:00-06:00@361")
    assert parse("~00:00-06:00@1d") != parse("00:00-06:00@1d")


#  schedule, looked at, waited for since, within so many seconds after which moment
FIRST = [
    ("@1h", "2026-03-02 10:00", "2026-03-02 10:00", "2026-03-02 10:00", 3600),
    ("@7d", "2026-03-02 10:00", "2026-03-02 10:00", "2026-03-02 10:00", 86400),
    ("08:00-18:00@1h", "2026-03-02 10:00", "2026-03-02 10:00", "2026-03-02 10:00", 3600),
    ("08:00-18:00@1h", "2026-03-02 05:00", "2026-03-02 05:00", "2026-03-02 08:00", 3600),
    ("08:00-18:00@1h mon", "2026-03-02 20:00", "2026-03-02 20:00", "2026-03-09 08:00", 3600),
    # once in a range, or since long: as soon as may be
    ("04:00-06:00@121", "2026-03-02 04:00", "2026-03-02 04:00", "2026-03-02 04:00", 1),
    ("08:00-18:00", "2026-03-02 08:00", "2026-03-02 08:00", "2026-03-02 08:00", 1),
    ("@1h", "2026-03-02 10:00", "2026-03-02 09:00", "2026-03-02 10:00", 1),
    # a moment that exclusions always take away is given up
    ('["00:00-12:00@1h", "! 00:01-12:00"]', "2026-03-20 00:00", "2026-03-02 10:00", "2026-03-20 00:00", 1),
]


@pytest.mark.parametrize(("text", "now", "since", "begin", "seconds"), FIRST)
def test_first_runs_are_spread_over_the_interval(text, now, since, begin, seconds):
    found = [next_run(parse(text), at(now), UTC, seed=f"n1 svc{number} task#1", known_since=at(since)) for number in range(100)]
    assert min(found) >= at(begin) and max(found) < at(begin) + seconds
    assert len(set(found)) > 90 or seconds == 1


ERRORS = [
    ("@x", "'x': no interval; allowed: minutes, or numbers with the units w, d, h, m, s such as 1h30m; at most a year"),
    ("@400d", "'400d': too long an interval"),
    ("@", "'@': no time"),
    ("~", "'~': no time"),
    ("4-6", "'4': no time of the day; allowed: 00:00 to 23:59, and 24:00 as an end"),
    ("24:00", "'24:00': no time of the day"),
    ("10:60", "'10:60': no time of the day"),
    ("10:00-10:00", "'10:00-10:00': ends where it begins; allowed: '*' is all day, '10:00' the 10 minutes from then on"),
    ("10:00,", "'': no time"),
    ("10:00 mon, tue", "'': no day"),
    ("10:00 mo", "'mo': no weekday; allowed: 1 to 7, or mon to sun, ranges and lists of them"),
    ("10:00 8", "'8': no weekday"),
    ("10:00 mon:sixth", "'sixth': no day of the month"),
    ("10:00 mon:0", "'0': no day of the month"),
    ("10:00 mon:", "'': no day of the month"),
    ("10:00 * 54", "'54': no week; allowed: 1 to 53"),
    ("10:00 * * 13", "'13': no month"),
    ("10:00 * * %0", "'%0': no month"),
    ("10:00 *:30 * feb", "'10:00 *:30 * feb': no such day ever comes; allowed: days, weeks and months that meet"),
    ("10:00 * 53 jun", "'10:00 * 53 jun': no such day ever comes"),
    ("10:00 * * * *", "'10:00 * * * *': 5 fields; allowed: one to four: [!] TIMES"),
    ("! 10:00", "'! 10:00': only exclusions, nothing is allowed"),
    ('["*", "! @10"]', "'! @10': an exclusion has no interval and no '~'"),
    ('["*", 5]', """'["*", 5]': no list of schedules"""),
    ("[" * 500, "no list of schedules"),
    ("[", "'[': no list of schedules"),
    (str(["@1"] * 21).replace("'", '"'), "a list of 21 schedules; allowed: at most 20"),
    (",".join(["0:00"] * 61), "too many times; allowed: at most 60"),
]


@pytest.mark.parametrize(("text", "message"), ERRORS, ids=[row[0][:30] for row in ERRORS])
def test_what_can_not_be_read_is_told_with_the_way_out(text, message):
    with pytest.raises(ValueError) as raised:
        parse(text)
    assert message in str(raised.value)
    assert "; allowed: " in str(raised.value)


TEXTS = [
    ("*@10", "@10"),
    ("@1h", "@60"),
    ("@90s", "@90s"),
    ("00:00-24:00", "*"),
    ("4:00-6:00@121", "04:00-06:00@121"),
    ("10:00-10:10", "10:00"),
    ("~*", "~*"),
    ("~@1d", "~@1440"),
    ("02:00-04:00 1-7 * %1", "02:00-04:00"),
    ("02:00-04:00 sun-tue", "02:00-04:00 mon,tue,sun"),
    ("02:00-04:00 :1st 1-2 jan", "02:00-04:00 *:1 1,2 1"),
    ("02:00 5,2-4,7 * 1-2,11", "02:00 tue-fri,sun * 1,2,11"),
    ("02:00 mon-wed:2,thu:2,6 50-2", "02:00 sat,mon-thu:2 1,2,50-53"),
    ("02:00 * * %3", "02:00 * * 3,6,9,12"),
    ('["@1h","!10:00-12:00"]', '["@60", "! 10:00-12:00"]'),
    ('["@1h"]', "@60"),
    ("none", "@0"),
]


@pytest.mark.parametrize(("text", "printed"), TEXTS)
def test_a_schedule_as_text(text, printed):
    schedule = parse(text)
    assert str(schedule) == printed
    assert parse(printed) == schedule
    assert schedule.text == text
