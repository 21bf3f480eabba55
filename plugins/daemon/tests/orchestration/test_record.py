"""The record of decisions and its replay."""

import zlib

import pytest
from hypothesis import given, settings
from opensvc_daemon.orchestration.decide import decide
from opensvc_daemon.orchestration.orders import Decision
from opensvc_daemon.orchestration.record import Record, Recorded, read, replay
from opensvc_daemon.orchestration.view import NodeView, View
from stage.made import NOW, views

SMALL = View("a", {"a": NodeView("a")})


@settings(max_examples=60, deadline=None)
@given(views)
def test_what_is_read_is_what_was_noted(view):
    record = Record()
    decision = decide(view, NOW)
    record.note(view, NOW, decision)
    assert list(record) == [Recorded(view, NOW, decision)]
    assert list(replay(record)) == []


def test_the_oldest_are_forgotten_first_and_the_size_is_bounded():
    record = Record(limit=2000)
    for moment in range(100):
        record.note(SMALL, float(moment), decide(SMALL, float(moment)))
    assert record.size == sum(map(len, record.entries)) <= 2000
    kept = [recorded.now for recorded in record]
    assert kept == [float(moment) for moment in range(100 - len(kept), 100)]
    assert len(kept) >= 2


def test_a_decision_larger_than_the_record_is_left_out():
    record = Record(limit=10)
    record.note(SMALL, 1.0, decide(SMALL, 1.0))
    assert record.entries == ()
    assert record.size == 0


def test_a_replay_finds_what_would_be_decided_otherwise():
    record = Record()
    record.note(SMALL, 1.0, Decision((), wake=7.0))
    record.note(SMALL, 2.0, decide(SMALL, 2.0))
    (difference,) = replay(record)
    assert difference.recorded.now == 1.0
    assert difference.today == decide(SMALL, 1.0)


def test_a_replay_can_ask_another_decision():
    record = Record()
    record.note(SMALL, 1.0, decide(SMALL, 1.0))
    (difference,) = replay(record, lambda _view, _now: Decision((), wake=3.0))
    assert difference.today.wake == 3.0


@pytest.mark.parametrize(
    "entry",
    [
        b"",
        b"nonsense",
        zlib.compress(b"{"),
        zlib.compress(b"[1, 2]"),
        zlib.compress(b"7"),
        zlib.compress(b'["a", 1, []]'),
        zlib.compress(b"\xff\xfe"),
        zlib.compress(b'[["a", "b"], 1.0, []]'),
    ],
    ids=["empty", "not compressed", "cut", "too short", "a number", "other shapes", "no text", "texts for mappings"],
)
def test_a_damaged_entry_says_so(entry):
    with pytest.raises(ValueError, match="no record of a decision"):
        read(entry)


def test_entries_can_be_stored_and_read_again():
    record, again = Record(), Record()
    record.note(SMALL, 1.0, decide(SMALL, 1.0))
    for entry in record.entries:
        again.append(entry)
    assert list(again) == list(record)


@settings(max_examples=30, deadline=None)
@given(views)
def test_every_cut_of_an_entry_is_noticed(view):
    record = Record()
    record.note(view, NOW, decide(view, NOW))
    (entry,) = record.entries
    with pytest.raises(ValueError, match="no record of a decision"):
        read(entry[: len(entry) // 2])
