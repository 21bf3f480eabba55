"""Due: when a schedule lets something run, and why not now.

Moments are seconds since 1970-01-01 UTC; a time zone makes them times of the wall. Where the clock is put forward, a range that begins
in the hour that is left out begins as much later; where it is put back, a range in the hour that comes twice begins with its first.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta, tzinfo
from typing import Final, NamedTuple
from zlib import crc32

from opensvc_core.schedule.days import days, matches
from opensvc_core.schedule.values import DAY, Rule, Schedule, TimeRange

# A last run so far ahead was noted while the clock was wrong: to wait for it may take years.
_AHEAD: Final = 3600.0
# A range over midnight, shifted by the end of winter time, reaches so many days from its date.
_REACH: Final = timedelta(days=2)
# A first run is put off in windows of so many seconds: in all of them its moment may be excluded.
_PUT_OFF: Final = 8 * 86400.0
# Windows of one range that exclusions take away in a row, after which nothing is to be expected: two years of days, and more.
_LOST: Final = 800


class Window(NamedTuple):
    """A time range on a date: its first moment, the first one after it, and the one that the spread chose."""

    begin: float
    end: float
    chosen: float


class Question(NamedTuple):
    """What is asked of a schedule: the moment, the zone of the wall clock, the last run or None; `seed` chooses spread moments.

    `known_since`: since when somebody waits for the first run, so that the first runs of many are spread over an interval; None: nobody.
    """

    now: float
    zone: tzinfo
    last_run: float | None = None
    seed: str = ""
    known_since: float | None = None

    @property
    def last(self) -> float | None:
        """The last run, as far as its note can be trusted."""
        return None if self.last_run is None or self.last_run > self.now + _AHEAD else self.last_run

    def day(self, moment: float) -> date:
        """The date on the wall at a moment."""
        return datetime.fromtimestamp(moment, self.zone).date()

    def window(self, range_: TimeRange, day: date, *, is_wide: bool = False) -> Window:
        """A time range on a date, in real time; a wide one ends with the second of two hours of the same name."""
        begin = _moment(day, range_.begin, self.zone)
        last = day + timedelta(days=1) if range_.is_over_midnight else day
        end = max(_moment(last, range_.end, self.zone, fold=fold) for fold in ((0, 1) if is_wide else (0,)))
        if end <= begin:
            end = begin + range_.minutes * 60
        chosen = begin
        if range_.is_spread:
            chosen += crc32(f"{self.seed} {day.toordinal()} {range_.begin}".encode()) % int(end - begin)
        return Window(begin, end, chosen)

    def first(self, range_: TimeRange, window: Window) -> float:
        """The first moment of a window for what has never run.

        Where it comes several times a day, or all day, it is put off by a part of the interval, a day at most: from when it was known,
        and in a range that is a part of the day not before the range has begun.
        """
        length = range_.minutes * 60
        is_all_day = range_.minutes == DAY
        comes_often = range_.interval is not None and not range_.is_spread and (is_all_day or range_.interval < length)
        if self.known_since is None or not comes_often or window.begin > self.known_since + _PUT_OFF:
            return window.chosen
        offset = crc32(f"{self.seed} first".encode()) % min(range_.interval or length, length)
        return max(window.chosen, self.known_since + offset) if is_all_day else max(window.begin, self.known_since) + offset


def next_run(
    schedule: Schedule, now: float, zone: tzinfo, *, last_run: float | None = None, seed: str = "", known_since: float | None = None
) -> float | None:
    """The first moment from now on at which it may run, given its last run; None: never. See `Question`."""
    return _Search(schedule, Question(now, zone, last_run, seed, known_since)).next_run()


def refusal(
    schedule: Schedule, now: float, zone: tzinfo, *, last_run: float | None = None, seed: str = "", known_since: float | None = None
) -> str:
    """Why it may not run now; an empty text where it may. See `Question`."""
    return _Search(schedule, Question(now, zone, last_run, seed, known_since)).refusal()


def too_soon(schedule: Schedule, now: float, *, last_run: float | None) -> str:
    """Why the last run is too recent for the shortest interval of any rule; an empty text where it is not."""
    pauses = [range_.interval for rule in schedule.allowing for range_ in rule.ranges if range_.interval is not None]
    if last_run is None or not pauses or not last_run <= now < last_run + min(pauses):
        return ""
    return f"the last run was {round(now - last_run)} s ago, and the interval is {min(pauses)} s"


def is_allowed(schedule: Schedule, now: float, zone: tzinfo, *, last_run: float | None = None, seed: str = "") -> bool:
    """Whether it may run now."""
    return not refusal(schedule, now, zone, last_run=last_run, seed=seed)


class _Search:
    def __init__(self, schedule: Schedule, question: Question) -> None:
        self._schedule, self._question = schedule, question
        self._excluded: dict[date, list[Window]] = {}

    def next_run(self) -> float | None:
        found = [self._first(rule, range_) for rule in self._schedule.allowing for range_ in rule.ranges]
        return min((one for one in found if one is not None), default=None)

    def refusal(self) -> str:
        if not self._schedule.rules:
            return "never scheduled"
        now = self._question.now
        here = [pair for rule in self._schedule.allowing for range_ in rule.ranges for pair in self._covering(rule, range_)]
        if not here:
            return f"not in allowed period ({', '.join(map(_period, self._schedule.allowing))})"
        if self._end_of_exclusion(now) is not None:
            return f"in an excluded period ({', '.join(map(str, self._schedule.excluding))})"
        return min((self._reason(range_, window) for range_, window in here), key=bool)

    def _first(self, rule: Rule, range_: TimeRange) -> float | None:
        """The first moment that one range of a rule gives."""
        ask, lost = self._question, 0
        since = ask.now if ask.last is None else max(ask.now, ask.last + (range_.interval or 0))
        best: float | None = None
        for day in days(rule, ask.day(since) - _REACH):
            if lost > _LOST or (best is not None and day > ask.day(best)):
                break
            window = ask.window(range_, day)
            wanted = max(ask.now, self._earliest(range_, window))
            found = self._after_exclusions(wanted, window.end)
            lost += wanted < window.end <= found
            if found < window.end and (best is None or found < best):
                best = found
        return best

    def _covering(self, rule: Rule, range_: TimeRange) -> Iterator[tuple[TimeRange, Window]]:
        """The windows of a range that the moment lies in."""
        today = self._question.day(self._question.now)
        for day in (today - _REACH, today - timedelta(days=1), today):
            window = self._question.window(range_, day)
            if matches(rule, day) and window.begin <= self._question.now < window.end:
                yield range_, window

    def _earliest(self, range_: TimeRange, window: Window) -> float:
        """The first moment of a window that the last run leaves; its end, or later, where it leaves none."""
        last = self._question.last
        if last is None:
            return self._question.first(range_, window)
        if range_.interval is None:
            return window.chosen if last < window.begin else window.end
        return max(window.chosen, last + range_.interval)

    def _reason(self, range_: TimeRange, window: Window) -> str:
        now, last, earliest = self._question.now, self._question.last, self._earliest(range_, window)
        if now >= earliest:
            return ""
        if now < window.chosen:
            return f"its moment in this period is {datetime.fromtimestamp(window.chosen, self._question.zone):%H:%M:%S}"
        if last is None:
            return f"its first run is put off to {datetime.fromtimestamp(earliest, self._question.zone):%H:%M:%S}"
        ago = f"the last run was {max(0, round(now - last))} s ago"
        return f"{ago}, in this period" if range_.interval is None else f"{ago}, and the interval is {range_.interval} s"

    def _after_exclusions(self, moment: float, limit: float) -> float:
        """The moment, or the first one after the exclusions that it lies in; beyond the limit it is not looked for."""
        while moment < limit and (end := self._end_of_exclusion(moment)) is not None:
            moment = end
        return moment

    def _end_of_exclusion(self, moment: float) -> float | None:
        if not self._schedule.excluding:
            return None
        today = self._question.day(moment)
        near = (one for day in (today - _REACH, today - timedelta(days=1), today) for one in self._exclusions(day))
        return max((one.end for one in near if one.begin <= moment < one.end), default=None)

    def _exclusions(self, day: date) -> list[Window]:
        known = self._excluded.get(day)
        if known is None:
            rules = [rule for rule in self._schedule.excluding if matches(rule, day)]
            known = self._excluded[day] = [self._question.window(range_, day, is_wide=True) for rule in rules for range_ in rule.ranges]
        return known


def _moment(day: date, minutes: int, zone: tzinfo, *, fold: int = 0) -> float:
    if minutes == DAY:
        day, minutes = day + timedelta(days=1), 0
    return datetime(day.year, day.month, day.day, minutes // 60, minutes % 60, tzinfo=zone, fold=fold).timestamp()


def _period(rule: Rule) -> str:
    """The ranges of a rule as `['03:59', '05:59']`, then its days."""
    _, _, rest = str(rule).partition(" ")
    return " ".join(filter(None, [", ".join(str(list(one.times)) for one in rule.ranges), rest]))
