"""Compact values: what is written is read again, and any bytes are a value or an error."""

from typing import NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from opensvc_daemon.heartbeat.compact import DEEPEST, WIDEST, decoded, encoded
from opensvc_daemon.heartbeat.errors import Unreadable, Unsendable

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-WIDEST, WIDEST)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=20)
    | st.binary(max_size=20)
)
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=5).map(tuple), max_leaves=20)


def nested(depth):
    value = ()
    for _ in range(depth - 1):
        value = (value,)
    return value


@settings(deadline=None)
@given(VALUES)
@example((WIDEST, -WIDEST, 0, -1, -0.0, "", b"", ()))
def test_what_is_written_is_read_again(value):
    found = decoded(encoded(value))
    assert found == value
    assert repr(found) == repr(value)  # as 1 == 1.0 == True


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_a_value_with_that_one_encoding_or_unreadable(data):
    try:
        value = decoded(data)
    except Unreadable:
        return
    assert encoded(value) == data


@settings(deadline=None)
@given(VALUES, st.data())
def test_a_value_cut_short_is_unreadable(value, choice):
    data = encoded(value)
    with pytest.raises(Unreadable):
        decoded(data[: choice.draw(st.integers(0, len(data) - 1))])


@settings(deadline=None)
@given(VALUES, st.binary(min_size=1, max_size=5))
def test_a_value_with_something_behind_it_is_unreadable(value, more):
    with pytest.raises(Unreadable):
        decoded(encoded(value) + more)


@pytest.mark.parametrize(
    "value",
    [WIDEST + 1, -WIDEST - 1, float("nan"), float("inf"), "\ud800", [1], {}, nested(DEEPEST + 1)],
    ids=["wide", "wide below", "nan", "inf", "surrogate", "list", "dict", "deep"],
)
def test_what_can_not_be_read_is_not_written(value):
    with pytest.raises(Unsendable):
        encoded(value)


def test_the_deepest_value_passes():
    assert decoded(encoded(nested(DEEPEST))) == nested(DEEPEST)


@pytest.mark.parametrize(
    ("data", "finding"),
    [
        (b"", "cut short"),
        (b"\x09\x00", "unknown kind"),
        (b"\x03\x80\x00", "zero in front"),
        (b"\x03" + b"\xff" * 10 + b"\x01", "64 bits"),
        (b"\x03" + b"\xff" * 9 + b"\x7f", "64 bits"),
        (b"\x04\x7f\xf8\0\0\0\0\0\0", "no number"),
        (b"\x05\x01\xff", "UTF-8"),
        (b"\x07\xff\xff\xff\xff\x0f\x00", "cut short"),
        (b"\x07\x01" * 9 + b"\x00", "deeper"),
    ],
)
def test_unreadable_bytes_are_told_by_a_sentence(data, finding):
    with pytest.raises(Unreadable, match=finding):
        decoded(data)


def test_a_named_tuple_travels_as_the_tuple_that_it_is():
    class Grant(NamedTuple):
        service: str
        number: int

    assert decoded(encoded((Grant("svc1", 3),))) == (("svc1", 3),)
