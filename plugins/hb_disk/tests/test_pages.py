"""Pages of the disk: whole ones are read, all others are told from them."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opensvc_driver_hb_disk.pages import (
    BEATING,
    CLAIM,
    DATA,
    DISK,
    LARGEST,
    PAGE,
    TAKING,
    Page,
    Taken,
    Unreadable,
    announced_of,
    claim_of,
    disk_of,
    page_of,
    said,
    taken_of,
    taken_page,
)

WRITER = bytes(range(16))
contents = st.binary(max_size=LARGEST)


@given(contents, st.binary(min_size=16, max_size=16), st.integers(0, 2**64 - 1))
def test_a_page_is_read_as_it_was_written(content, writer, number):
    page = Page(BEATING, writer, number, content)
    assert page_of(page.encoded(), BEATING) == page


@given(st.binary(min_size=1, max_size=LARGEST), st.binary(min_size=1, max_size=LARGEST), st.integers(1, 7))
def test_a_page_of_which_only_some_sectors_were_written_is_none_or_one_of_both(before, after, sectors):
    old, new = (Page(BEATING, WRITER, number, content) for number, content in ((1, before), (2, after)))
    torn = new.encoded()[: sectors * 512] + old.encoded()[sectors * 512 :]
    with suppress(Unreadable):
        assert page_of(torn, BEATING) in (old, new)


@pytest.mark.parametrize(
    "data", [b"", bytes(PAGE), b"\xff" * PAGE, Page(CLAIM, WRITER, 1, b"").encoded(), Page(BEATING, WRITER, 1, b"x").encoded()[:-1]]
)
def test_what_is_no_beat_is_told(data):
    with pytest.raises(Unreadable):
        page_of(data, BEATING)


def test_more_than_a_page_is_refused():
    with pytest.raises(ValueError, match="holds"):
        Page(BEATING, WRITER, 1, b"x" * (LARGEST + 1)).encoded()


@given(st.dictionaries(st.integers(0, 63), st.tuples(st.binary(min_size=16, max_size=16), st.integers(0, 2**64 - 1))))
def test_what_was_taken_is_read_as_it_was_written(rows):
    taken = {slot: Taken(*row) for slot, row in rows.items()}
    assert taken_of(taken_page(WRITER, 1, taken).encoded()) == taken


ANYTHING = st.recursive(
    st.none() | st.integers() | st.text(max_size=9) | st.booleans(), lambda inner: st.lists(inner, max_size=4), max_leaves=9
)


@given(ANYTHING)
def test_a_sound_page_may_still_say_anything(value):
    """A checksum is no proof: whoever writes to the disk can make one."""
    for words in (
        json.dumps(value).encode(),
        said(taken=value),
        said(to=value, length=value, digest=value),
        said(cluster=value, node=value),
    ):
        page = Page(TAKING, WRITER, 1, words[:LARGEST])
        assert isinstance(taken_of(page.encoded()), dict)
        assert isinstance(claim_of(page._replace(kind=CLAIM).encoded()), str)
        with pytest.raises(Unreadable):
            announced_of(page._replace(kind=DATA))
        with pytest.raises(Unreadable):
            disk_of(page._replace(kind=DISK).encoded())
