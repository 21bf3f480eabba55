"""The words of the lease in a beat, and the outbox that finds room for them."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opensvc_daemon.beat.outbox import TIMES, Outbox
from opensvc_daemon.beat.words import ANSWERED, ASKED, FRAME, Saying, Verdict, read, size_of, written
from opensvc_daemon.heartbeat.compact import decoded, encoded
from opensvc_daemon.heartbeat.errors import Unreadable
from opensvc_daemon.heartbeat.tags import Tag
from opensvc_daemon.lease.membership import Member, Membership, Voters
from opensvc_daemon.lease.messages import Epoch
from opensvc_daemon.lease.refusals import Code

TAGS = st.binary(min_size=8, max_size=8).map(Tag)
NUMBERS = st.integers(0, 2**32 - 1)
LIVES = st.integers(1, 2**64 - 1)
CODES = st.sampled_from([None, Code.STARTING, Code.HELD, Code.OLD_REQUEST, Code.OTHER_EPOCH, Code.NOT_A_MEMBER])
VERDICTS = st.builds(Verdict, TAGS, LIVES, TAGS, NUMBERS, CODES, st.floats(0, 100, width=32))
EPOCHS = st.builds(Epoch, st.integers(0, 2**40), st.binary(min_size=8, max_size=8).map(bytes.hex))
LISTS = st.builds(
    lambda weights, lease: Voters(tuple(Member(name, weight) for name, weight in sorted(weights.items())), lease),
    st.dictionaries(st.text("abc", min_size=1, max_size=4), st.integers(1, 9), min_size=1, max_size=5),
    st.floats(0.5, 100),
)
MEMBERSHIPS = st.none() | st.builds(Membership, EPOCHS, LISTS, st.none() | LISTS)


@st.composite
def sayings(draw):
    membership = draw(MEMBERSHIPS)
    epoch = membership.epoch if membership else draw(EPOCHS)
    asked, released = (draw(st.dictionaries(TAGS, NUMBERS, max_size=4)) for _ in range(2))
    return Saying(epoch, draw(LIVES), asked, released, tuple(draw(st.lists(VERDICTS, max_size=4))), membership)


@given(sayings())
def test_what_is_written_is_read(saying):
    assert read(decoded(encoded(written(saying)))) == saying


@given(sayings())
def test_no_saying_is_larger_than_it_was_taken_to_be(saying):
    entries = ASKED * (len(saying.asked) + len(saying.released)) + ANSWERED * len(saying.answered)
    voters = size_of(saying.membership) if saying.membership else 0
    assert len(encoded(written(saying))) <= FRAME + entries + voters


COMPACT = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**64), 2**64) | st.floats(allow_nan=False) | st.text(max_size=4) | st.binary(max_size=70),
    lambda inner: st.lists(inner, max_size=7).map(tuple),
)
SHAPED = st.tuples(
    st.integers(0, 3),
    st.binary(min_size=8, max_size=8),
    LIVES,
    st.binary(max_size=66),
    st.binary(max_size=24),
    st.binary(max_size=66),
    COMPACT,
)


@given(COMPACT | SHAPED)
def test_any_value_is_read_or_refused(value):
    with suppress(Unreadable):
        read(value)


def test_nothing_is_nothing():
    assert read(()) is None
    assert read(None) is None


def test_what_is_new_goes_first_and_what_was_said_is_said_again():
    outbox = Outbox(size=10)
    outbox.put("a", 1)
    assert outbox.take(100) == ({"a": 1}, 90)
    outbox.put("b", 2)
    assert list(outbox.take(100)[0]) == ["b", "a"]
    said = [outbox.take(100)[0] for _ in range(TIMES)]
    assert [len(each) for each in said] == [2, 0, 0] or [len(each) for each in said] == [2, 1, 0]


def test_who_has_no_room_waits_for_its_turn():
    outbox = Outbox(size=10)
    for number in range(25):
        outbox.put(number, number)
    said = []
    while outbox.has_news:
        found, left = outbox.take(105)
        assert left >= 0
        said += found
    assert sorted(set(said)) == list(range(25))


def test_a_later_word_takes_the_place_of_an_earlier_one():
    outbox = Outbox(size=10)
    outbox.put("a", 1)
    outbox.take(100)
    outbox.put("a", 2)
    assert outbox.take(100)[0] == {"a": 2}


def test_what_is_dropped_is_said_no_more():
    outbox = Outbox(size=10)
    outbox.put("a", 1)
    outbox.take(100)
    outbox.drop("a")
    assert outbox.take(100) == ({}, 100)


@pytest.mark.parametrize("room", [0, 9, -5])
def test_without_room_nothing_is_lost(room):
    outbox = Outbox(size=10)
    outbox.put("a", 1)
    assert outbox.take(room) == ({}, room)
    assert outbox.has_news
