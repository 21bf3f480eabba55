"""A schedule as a value: the rules that allow or exclude moments, and their text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

DAY: Final = 24 * 60
# What a time without an end lasts, in minutes: as long as the pause between two looks of a usual cron line.
MOMENT: Final = 10
WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
EVERY_WEEKDAY: Final = frozenset(range(1, 8))
EVERY_WEEK: Final = frozenset(range(1, 54))
EVERY_MONTH: Final = frozenset(range(1, 13))
# A weekday (1 is Monday), and the day of the month: 0 any, 1 the first, -1 the last.
DayOf = tuple[int, int]
EVERY_DAY: Final = frozenset((weekday, 0) for weekday in EVERY_WEEKDAY)


class TimeRange(NamedTuple):
    """A part of a day, by the clock on the wall.

    Parameters:
        begin: minutes since midnight.
        end: the first minute that is not part of it; 1440 is midnight, an end before the beginning is on the next day.
        interval: seconds between two runs; None: once in each such part of a day.
        is_spread: not before a moment inside of it that is chosen at random, but always the same for one seed and day.
    """

    begin: int = 0
    end: int = DAY
    interval: int | None = None
    is_spread: bool = False

    @property
    def is_over_midnight(self) -> bool:
        """It ends on the next day."""
        return self.end <= self.begin

    @property
    def minutes(self) -> int:
        """How long it lasts on a day of 24 hours."""
        return self.end - self.begin + (DAY if self.is_over_midnight else 0)

    @property
    def times(self) -> tuple[str, str]:
        """Its beginning and its end, as `03:59`."""
        return _clock(self.begin), _clock(self.end)

    def __str__(self) -> str:
        pause = "" if self.interval is None else f"@{_pause(self.interval)}"
        span = "*" if self.minutes == DAY and not self.begin else "-".join(self.times if self.minutes != MOMENT else self.times[:1])
        return ("~" if self.is_spread else "") + ("" if span == "*" and pause else span) + pause


class Rule(NamedTuple):
    """Times of some days that are allowed, or excluded."""

    ranges: tuple[TimeRange, ...]
    days: frozenset[DayOf] = EVERY_DAY
    weeks: frozenset[int] = EVERY_WEEK
    months: frozenset[int] = EVERY_MONTH
    is_exclusion: bool = False

    def __str__(self) -> str:
        fields = [_days(self.days), _numbers(self.weeks, EVERY_WEEK), _numbers(self.months, EVERY_MONTH)]
        while fields and fields[-1] == "*":
            fields.pop()
        return ("! " if self.is_exclusion else "") + " ".join([",".join(map(str, self.ranges)), *fields])


class Schedule:
    """Rules of which one has to allow a moment, and none to exclude it; without rules it is never due.

    `text` is what it was read from; two schedules with the same rules are equal. `str()` gives a text that is read as the same.
    """

    __slots__ = ("rules", "text")

    def __init__(self, rules: Iterable[Rule] = (), text: str | None = None) -> None:
        self.rules = tuple(rules)
        self.text = str(self) if text is None else text

    @property
    def allowing(self) -> tuple[Rule, ...]:
        """The rules that allow."""
        return tuple(rule for rule in self.rules if not rule.is_exclusion)

    @property
    def excluding(self) -> tuple[Rule, ...]:
        """The rules that exclude."""
        return tuple(rule for rule in self.rules if rule.is_exclusion)

    def __str__(self) -> str:
        if len(self.rules) > 1:
            return "[" + ", ".join(f'"{rule}"' for rule in self.rules) + "]"
        return str(self.rules[0]) if self.rules else "@0"

    def __repr__(self) -> str:
        return f"Schedule({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Schedule) and self.rules == other.rules

    def __hash__(self) -> int:
        return hash(self.rules)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _pause(seconds: int) -> str:
    return f"{seconds // 60}" if seconds % 60 == 0 else f"{seconds}s"


def _days(days: frozenset[DayOf]) -> str:
    words: list[str] = []
    for place in sorted({place for _, place in days}):
        weekdays = frozenset(weekday for weekday, other in days if other == place)
        words += [f"{word}:{place}" if place else word for word in _words(weekdays, EVERY_WEEKDAY, WEEKDAYS)]
    return ",".join(words)


def _numbers(numbers: frozenset[int], every: frozenset[int]) -> str:
    return ",".join(_words(numbers, every))


def _words(numbers: frozenset[int], every: frozenset[int], names: Sequence[str] = ()) -> list[str]:
    """Numbers, or their names, as `*` or as words; three or more in a row are a range."""
    if numbers == every:
        return ["*"]
    words: list[str] = []
    for first in sorted(number for number in numbers if number - 1 not in numbers):
        last = next(number for number in range(first, max(every) + 1) if number + 1 not in numbers)
        row = [names[number - 1][:3] if names else str(number) for number in range(first, last + 1)]
        words += row if len(row) < 3 else [f"{row[0]}-{row[-1]}"]
    return words
