from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opensvc_openha.layouts import BLOCK, CURRENT, LAYOUTS, Entry, Record, Unreadable
from opensvc_openha.states import State
from opensvc_openha.trailer import SIZE, Trailer, append, read, slots

RECORD = CURRENT.encode(Record("deb1", (Entry("a", State.STARTED), Entry("b", State.STOPPED))))
SAID = Trailer(b"lifetime", 12, 34, b"otherone", 56, frozenset({0, 127}), frozenset({1}))


def test_a_trailer_is_read_as_it_was_written():
    assert read(append(RECORD, SAID), len(RECORD)) == SAID


def test_a_record_with_a_trailer_is_the_same_record():
    assert CURRENT.decode(append(RECORD, SAID, b"key")) == CURRENT.decode(RECORD)


def test_the_records_of_the_c_implementation_have_none():
    assert read(RECORD, len(RECORD)) is None
    assert read(RECORD + b"\xa5" * 344, len(RECORD)) is None


def test_a_seal_is_believed_with_its_key_alone():
    data = append(RECORD, SAID, b"key")
    found = read(data, len(RECORD), b"key")
    assert found is not None
    assert found.is_sealed
    with pytest.raises(Unreadable, match="another key"):
        read(data, len(RECORD), b"other")
    unlooked = read(data, len(RECORD))
    assert unlooked is not None
    assert not unlooked.is_sealed


def test_without_a_seal_nothing_is_sealed():
    found = read(append(RECORD, SAID), len(RECORD), b"key")
    assert found is not None
    assert not found.is_sealed


@given(st.integers(0, len(RECORD) + SIZE - 1), st.integers(1, 255))
def test_no_byte_of_a_sealed_record_can_be_changed(place, difference):
    data = bytearray(append(RECORD, SAID, b"key"))
    data[place] ^= difference
    try:
        found = read(bytes(data), len(RECORD), b"key")
    except Unreadable:
        return
    assert found is None or not found.is_sealed


@given(st.binary(max_size=SIZE + 10))
def test_any_bytes_are_read_or_refused(data):
    with suppress(Unreadable):
        read(data, 0, b"key")


def test_it_has_room_behind_records_on_disk():
    rooms = {size: layout.blocks * BLOCK - size for size, layout in LAYOUTS.items()}
    assert {size for size, room in rooms.items() if room >= SIZE} == {2856, 3240, 9384}


def test_slots_are_places_in_a_record():
    assert slots(["a", "b", "c"], ["c", "a", "x"]) == {0, 2}
