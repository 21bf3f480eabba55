"""Days: the dates that a rule is about."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import MAXYEAR, date, timedelta
from typing import Final

from opensvc_core.schedule.values import EVERY_WEEK, Rule

# The rarest day, a leap day on a given weekday, comes again after 40 years at the latest.
YEARS: Final = 41


def days(rule: Rule, first: date) -> Iterator[date]:
    """The dates of a rule from one on, in order, for as many years as the rarest needs."""
    for year in range(first.year, min(first.year + YEARS, MAXYEAR - 1)):
        for month in sorted(rule.months):
            if (year, month) >= (first.year, first.month):
                yield from (day for day in _month(year, month) if day >= first and matches(rule, day))


def matches(rule: Rule, day: date) -> bool:
    """Whether a date is one of a rule's."""
    weekday = day.isoweekday()
    return (
        day.month in rule.months
        and ((weekday, 0) in rule.days or (weekday, day.day) in rule.days or (weekday, day.day - _length(day) - 1) in rule.days)
        and (rule.weeks == EVERY_WEEK or day.isocalendar().week in rule.weeks)
    )


def is_possible(rule: Rule) -> bool:
    """Whether a rule has any day at all."""
    return next(days(rule, date(2000, 1, 1)), None) is not None


def _month(year: int, month: int) -> Iterator[date]:
    first = date(year, month, 1)
    return (first.replace(day=number) for number in range(1, _length(first) + 1))


def _length(day: date) -> int:
    """How many days its month has."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1).toordinal() - day.replace(day=1).toordinal()
