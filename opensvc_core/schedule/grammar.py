"""The grammar: text → schedule. `[!] TIMES [DAYS [WEEKS [MONTHS]]]`, or a JSON list of such texts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, NoReturn

from opensvc_core.schedule.values import (
    DAY,
    EVERY_DAY,
    EVERY_MONTH,
    EVERY_WEEK,
    EVERY_WEEKDAY,
    MOMENT,
    WEEKDAYS,
    DayOf,
    Rule,
    Schedule,
    TimeRange,
)

MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
PLACES: Final = {
    **{"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "last": -1},
    **{"1st": 1, "2nd": 2, "3rd": 3, "4th": 4, "5th": 5},
}
_RANGE: Final = re.compile(r"(~?)(\*|[0-9:]+(?:-[0-9:]+)?)?(?:@(.*))?", re.DOTALL)
_CLOCK: Final = re.compile(r"([0-9]{1,2}):([0-9]{2})")
_PAUSE: Final = re.compile(r"[0-9]{1,9}|(?:[0-9]{1,9}[wdhms])+")
_SECONDS: Final = {"w": 604800, "d": 86400, "h": 3600, "m": 60, "s": 1}
_LONGEST_PAUSE: Final = 366 * 86400
# More would make the search for the next run slow, and nobody could read them.
_MOST_RULES: Final = 20
_MOST_RANGES: Final = 60
_FORM: Final = "[!] TIMES [DAYS [WEEKS [MONTHS]]], such as '02:00-04:00 mon-fri'"


def parse(text: str) -> Schedule:
    """The schedule of a text. Raises ValueError with what is wrong, and what is allowed."""
    body = text.strip().lower()
    if body in ("", "@0", "none"):
        return Schedule((), text)
    items = _items(body)
    if len(items) > _MOST_RULES:
        _refuse(text, f"a list of {len(items)} schedules", f"at most {_MOST_RULES}")
    rules = tuple(rule for rule in map(_rule, items) if rule.ranges)
    if sum(len(rule.ranges) for rule in rules) > _MOST_RANGES:
        _refuse(text, "too many times", f"at most {_MOST_RANGES}")
    if rules and all(rule.is_exclusion for rule in rules):
        _refuse(text, "only exclusions, nothing is allowed", 'a list with what is allowed as well, such as ["*", "! 10:00-12:00"]')
    return Schedule(rules, text)


def _items(body: str) -> Sequence[str]:
    if not body.startswith("["):
        return [body]
    import json  # noqa: PLC0415 - lists are rare

    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        _refuse(body, "no list of schedules", 'such as ["@1h", "! 10:00-12:00"]')
    return [one for one in found if one.strip() not in ("", "@0", "none")]


def _rule(text: str) -> Rule:
    is_exclusion = text.lstrip().startswith("!")
    fields = text.lstrip().removeprefix("!").split()
    if not 1 <= len(fields) <= 4:
        _refuse(text, f"{len(fields)} fields", f"one to four: {_FORM}; lists have commas and no blanks")
    times, days, weeks, months = (*fields, *["*"] * (4 - len(fields)))
    rule = Rule(
        tuple(found for word in times.split(",") if (found := _range(word)) is not None),
        frozenset().union(*map(_days, days.split(","))),
        frozenset().union(*(_numbers(word, EVERY_WEEK, "week") for word in weeks.split(","))),
        frozenset().union(*map(_months, months.split(","))),
        is_exclusion,
    )
    if is_exclusion and any(one.interval is not None or one.is_spread for one in rule.ranges):
        _refuse(text, "an exclusion has no interval and no '~'", "such as '! 10:00-12:00 mon-fri'")
    _refuse_impossible(rule, text)
    return rule


def _refuse_impossible(rule: Rule, text: str) -> None:
    if rule.weeks == EVERY_WEEK and rule.days <= EVERY_DAY:
        return  # weekdays and months alone always come
    from opensvc_core.schedule.days import is_possible  # noqa: PLC0415 - only what counts days needs a calendar

    if not is_possible(rule):
        _refuse(text, "no such day ever comes", "days, weeks and months that meet")


# -- times


def _range(word: str) -> TimeRange | None:
    """One part of a day; None for one whose interval is 0: never."""
    found = _RANGE.fullmatch(word)
    if found is None or not (found[2] or found[3]):
        _refuse(word, "no time", "* or HH:MM or HH:MM-HH:MM, with ~ before it and @INTERVAL after it where wanted")
    begin, end = _span(found[2] or "*")
    interval = None if found[3] is None else _pause(found[3])
    if interval == 0:
        return None
    plain = TimeRange(begin, end, interval)
    # several runs in one range can't be at one moment of it
    return plain._replace(is_spread=bool(found[1]) and (interval is None or interval >= plain.minutes * 60))


def _span(text: str) -> tuple[int, int]:
    if text == "*":
        return 0, DAY
    first, mark, second = text.partition("-")
    begin = _clock(first, latest=DAY - 1)
    end = (_clock(second, latest=DAY) or DAY) if mark else (begin + MOMENT) % DAY or DAY
    if begin == end:
        _refuse(text, "ends where it begins", f"'*' is all day, '{first}' the {MOMENT} minutes from then on")
    return begin, end


def _clock(text: str, *, latest: int) -> int:
    found = _CLOCK.fullmatch(text)
    minutes = int(found[1]) * 60 + int(found[2]) if found else DAY + 1
    if found is None or int(found[2]) > 59 or minutes > latest:
        _refuse(text, "no time of the day", "00:00 to 23:59, and 24:00 as an end")
    return minutes


def _pause(text: str) -> int:
    allowed = "minutes, or numbers with the units w, d, h, m, s such as 1h30m; at most a year"
    if _PAUSE.fullmatch(text) is None:
        _refuse(text, "no interval", allowed)
    parts = re.findall(r"([0-9]+)([a-z]?)", text)
    seconds = sum(int(number) * _SECONDS[unit or "m"] for number, unit in parts)
    if seconds > _LONGEST_PAUSE:
        _refuse(text, "too long an interval", allowed)
    return seconds


# -- days, weeks, months


def _days(word: str) -> frozenset[DayOf]:
    weekdays, mark, place = word.partition(":")
    if not weekdays and not mark:
        _refuse(word, "no day", "*, 1 to 7, mon to sun, a range of them, with :NUMBER or :last for a day of the month")
    found = _numbers(weekdays or "*", EVERY_WEEKDAY, "weekday", WEEKDAYS)
    return frozenset((weekday, _place(place) if mark else 0) for weekday in found)


def _place(text: str) -> int:
    number = PLACES.get(text, 0)
    if re.fullmatch(r"-?[0-9]{1,2}", text):
        number = int(text)
    if not 1 <= abs(number) <= 31:
        _refuse(text, "no day of the month", "1 to 31, -1 (the last) to -31, first to fifth, last")
    return number


def _months(word: str) -> frozenset[int]:
    found = re.fullmatch(r"%([0-9]{1,2})(?:\+([0-9]{1,2}))?", word)
    if found is None:
        return _numbers(word, EVERY_MONTH, "month", MONTHS)
    step, offset = int(found[1]), int(found[2] or 0)
    months = frozenset(month for month in EVERY_MONTH if step and (month + offset) % step == 0)
    if not months:
        _refuse(word, "no month", "%STEP or %STEP+OFFSET: the months for which month + offset can be divided by the step")
    return months


def _numbers(word: str, every: frozenset[int], noun: str, names: Sequence[str] = ()) -> frozenset[int]:
    """The numbers of `*`, of one word or of a range, which may go over the end."""
    if word == "*":
        return every
    first, mark, second = word.partition("-")
    begin = _number(first, every, noun, names)
    end = _number(second, every, noun, names) if mark else begin
    return frozenset(number for number in every if (begin <= number <= end if begin <= end else number >= begin or number <= end))


def _number(word: str, every: Iterable[int], noun: str, names: Sequence[str]) -> int:
    if re.fullmatch(r"[0-9]{1,2}", word) and int(word) in every:
        return int(word)
    for number, name in enumerate(names, 1):
        if len(word) >= 3 and name.startswith(word):
            return number
    words = f", or {names[0][:3]} to {names[-1][:3]}" if names else ""
    _refuse(word, f"no {noun}", f"{min(every)} to {max(every)}{words}, ranges and lists of them")


def _refuse(value: str, finding: str, allowed: str) -> NoReturn:
    shown = value if len(value) <= 60 else f"{value[:59]}…"
    raise ValueError(f"{shown!r}: {finding}; allowed: {allowed}")
