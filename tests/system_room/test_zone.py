"""The zone of the host says what a data base of zones says."""

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from opensvc_core.system.zone import LocalZone

PARIS = ZoneInfo("Europe/Paris")


@pytest.fixture
def in_paris(monkeypatch):
    """The host stands in Paris; its rule is written out, so that the C library needs no data."""
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("day", ["2026-01-15", "2026-03-28", "2026-03-29", "2026-07-14", "2026-10-25", "2026-10-26"])
@pytest.mark.usefixtures("in_paris")
def test_every_half_hour_of_a_day_is_where_it_should_be(day):
    begin = datetime.fromisoformat(day).replace(tzinfo=UTC) - timedelta(hours=3)
    for number in range(54):
        moment = (begin + timedelta(minutes=30 * number)).timestamp()
        here, there = datetime.fromtimestamp(moment, LocalZone()), datetime.fromtimestamp(moment, PARIS)
        assert (here.replace(tzinfo=None), here.fold) == (there.replace(tzinfo=None), there.fold)
        assert here.timestamp() == moment
        assert (here.utcoffset(), here.tzname()) == (there.utcoffset(), there.tzname())


@pytest.mark.usefixtures("in_paris")
@pytest.mark.parametrize("fold", [0, 1])
@pytest.mark.parametrize("text", ["2026-03-29 02:30", "2026-10-25 02:30"])
def test_what_the_wall_shows_never_or_twice(text, fold):
    wall = datetime.fromisoformat(text).replace(fold=fold)
    assert wall.replace(tzinfo=LocalZone()).timestamp() == wall.replace(tzinfo=PARIS).timestamp()
