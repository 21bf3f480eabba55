"""The page about schedules says what the code does."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from opensvc_core.schedule.due import next_run
from opensvc_core.schedule.grammar import parse

PAGE = (Path(__file__).parents[2] / "docs/reference/schedules.md").read_text("utf-8")
MOMENT = r"\d{4}-\d\d-\d\d \d\d:\d\d"
EXAMPLES = re.findall(rf"^\| `(.+)` \| ({MOMENT}) \| ((?:{MOMENT})?) ?\| ({MOMENT}|never) \|$", PAGE, re.MULTILINE)


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def test_the_page_has_examples():
    assert len(EXAMPLES) == PAGE.partition("## Examples")[2].partition("##")[0].count("\n| `") > 10


@pytest.mark.parametrize(("text", "now", "last", "expected"), EXAMPLES, ids=[f"{row[0]} {row[1]}" for row in EXAMPLES])
def test_an_example_comes_when_the_page_says(text, now, last, expected):
    found = next_run(parse(text), at(now), UTC, last_run=at(last) if last else None)
    assert found == (None if expected == "never" else at(expected))


def elements():
    """The words of the second column, each with the field that it stands in."""
    field = ""
    for row in re.findall(r"^\| *([A-Z]*) *\| (.+?) \| .+ \|$", PAGE.partition("## Examples")[0], re.MULTILINE):
        field = row[0] or field
        yield from ((field, word.replace("…", "04:00-06:00")) for word in re.findall("`([^`]+)`", row[1]))


@pytest.mark.parametrize(("field", "word"), list(elements()))
def test_an_element_is_read_in_its_field(field, word):
    before = {"TIMES": "", "DAYS": "* ", "WEEKS": "* * ", "MONTHS": "* * * "}[field]
    if word.startswith("~"):
        word = "~04:00-06:00"
    assert parse(before + word).rules
