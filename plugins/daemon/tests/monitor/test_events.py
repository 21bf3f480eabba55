"""The numbers of events: they grow over restarts, whatever the clock does."""

import asyncio

from opensvc_daemon.monitor import events
from opensvc_daemon.monitor.events import Events, reserved


def test_a_life_is_numbered_above_those_before_it_though_the_clock_goes_back(tmp_path, monkeypatch):
    file, seen = tmp_path / "node" / "events.json", []
    for moment in (2e9, 2e9, 1e9, 3e9):
        monkeypatch.setattr(events, "time", lambda moment=moment: moment)
        life = Events(reserved(file))
        seen += [life.publish("node") for _ in range(3)]
    assert seen == sorted(set(seen))
    assert seen[0] == int(2e15) + 1


def test_a_number_of_a_life_before_gives_all_that_is_kept(tmp_path):
    file = tmp_path / "events.json"
    before = Events(reserved(file)).publish("node")
    life = Events(reserved(file))
    numbers = [life.publish("node"), life.publish("request")]

    async def read():
        found = life.subscribe(after=before)
        return [(await anext(found))["id"] for _ in range(2)]

    assert asyncio.run(read()) == numbers


def test_a_disk_that_takes_nothing_leaves_the_clock(tmp_path):
    (tmp_path / "node").write_text("no folder")
    assert reserved(tmp_path / "node" / "events.json") > 1e15
