"""Records built by hand from the tables of what the C implementation writes."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opensvc_openha.layouts import BLOCK, CURRENT, LAYOUTS, Entry, Layout, Record, Unreadable, Unwritable, by_spacing
from opensvc_openha.states import State

# size: places of names, states, locks, hostid; how many services, bytes of a name, of a state
TABLE = {
    504: (156, 412, 428, 492, 16, 16, 1),
    2856: (156, 2204, 2332, 2844, 128, 16, 1),
    3240: (156, 2204, 2716, 3228, 128, 16, 4),
    9384: (156, 8348, 8860, 9372, 128, 64, 4),
}
sizes = pytest.mark.parametrize("size", TABLE)


def by_hand(
    size, *, node=b"deb1", services=((b"registry", 2), (b"busybox", 6)), port=b"5010", address=b"239.131.50.10", elapsed=1403164917
):
    names, states, locks, hostid, _, length, width = TABLE[size]
    data = bytearray(size)
    data[0 : len(node)] = node
    data[128:132] = (1).to_bytes(4, "little")
    data[136 : 136 + len(port)] = port
    data[141 : 141 + len(address)] = address
    for slot, (name, state) in enumerate(services):
        data[names + slot * length : names + slot * length + len(name)] = name
        data[states + slot * width : states + (slot + 1) * width] = state.to_bytes(width, "little")
        data[locks + slot * 4] = 0
    struct.pack_into("<IIi", data, hostid, 0x007F0101, elapsed, 25004)
    return bytes(data)


EXPECTED = Record(
    "deb1",
    (Entry("registry", State.STARTED), Entry("busybox", State.FROZEN_STOP)),
    *(1403164917, 25004, 1, 0, "5010", "239.131.50.10", 0x007F0101),
)


@sizes
def test_a_record_is_read_as_the_table_says(size):
    assert LAYOUTS[size].decode(by_hand(size)) == EXPECTED


@sizes
def test_a_record_is_written_as_the_table_says(size):
    assert LAYOUTS[size].encode(EXPECTED) == by_hand(size)


@sizes
def test_what_follows_a_record_is_left_alone(size):
    assert LAYOUTS[size].decode(by_hand(size) + b"\xff" * 400) == EXPECTED


@sizes
def test_fields_that_fill_their_room_have_no_end(size):
    data = by_hand(size, port=b"50100", address=b"239.131.150.100")
    record = LAYOUTS[size].decode(data)
    assert (record.port, record.address) == ("50100", "239.131.150.100")
    assert LAYOUTS[size].encode(record) == data


@sizes
def test_bytes_that_leak_behind_a_short_port_are_not_read(size):
    assert LAYOUTS[size].decode(by_hand(size, port=b"780\0S")).port == "780"


@sizes
def test_states_of_unused_slots_mean_nothing(size):
    _, states, _, _, services, _, width = TABLE[size]
    data = bytearray(by_hand(size))
    for slot in range(2, services):
        data[states + slot * width] = 8
    assert LAYOUTS[size].decode(bytes(data)).entries == EXPECTED.entries


@pytest.mark.parametrize("size", [504, 2856])
def test_a_narrow_state_may_be_a_character(size):
    data = by_hand(size, services=((b"registry", ord("7")),))
    assert LAYOUTS[size].decode(data).entries == (Entry("registry", State.START_READY),)


@sizes
def test_all_slots_are_used(size):
    names = tuple((b"s%03d" % number, number % 10) for number in range(TABLE[size][4]))
    data = by_hand(size, services=names)
    record = LAYOUTS[size].decode(data)
    assert len(record.entries) == TABLE[size][4]
    assert LAYOUTS[size].encode(record) == data


@sizes
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param(lambda data: data[:-1], "too few", id="short"),
        pytest.param(lambda data: b"", "too few", id="empty"),
        pytest.param(lambda data: bytes(len(data)), "nothing was ever written", id="zero"),
        pytest.param(lambda data: b"\0" + data[1:], "no name of a node", id="nobody"),
        pytest.param(lambda data: b"a/../b\0" + data[7:], "no name of a node", id="path"),
        pytest.param(lambda data: b"..\0" + data[3:], "no name of a node", id="parent"),
        pytest.param(lambda data: b"x" * 128 + data[128:], "does not end", id="endless"),
        pytest.param(lambda data: data[:128] + b"\x07" + data[129:], "'up'", id="up"),
        pytest.param(lambda data: data[:156] + b"a b\0" + data[160:], "no name of a service", id="blank"),
        pytest.param(lambda data: b"\xff" * len(data), "'up'", id="ones"),
        pytest.param(lambda data: data[:-8] + bytes(8), "another layout", id="timeless"),
    ],
)
def test_what_is_no_record_is_refused(size, change, reason):
    with pytest.raises(Unreadable, match=reason):
        LAYOUTS[size].decode(change(by_hand(size)))


@sizes
@pytest.mark.parametrize("code", [10, 23, 99, 127])
def test_a_code_of_no_state_is_refused(size, code):
    with pytest.raises(Unreadable, match=f"{code} is no state"):
        LAYOUTS[size].decode(by_hand(size, services=((b"registry", code),)))


@sizes
def test_a_service_named_twice_is_refused(size):
    with pytest.raises(Unreadable, match="twice"):
        LAYOUTS[size].decode(by_hand(size, services=((b"a", 2), (b"a", 0))))


@pytest.mark.parametrize("leftover", [0, 8])
@pytest.mark.parametrize(("size", "read_as"), [(size, other) for size in TABLE for other in TABLE if size != other])
def test_a_record_of_one_layout_is_refused_by_the_others(size, read_as, leftover):
    _, states, _, _, services, _, width = TABLE[size]
    data = bytearray(by_hand(size).ljust(9728, b"\0"))
    for slot in range(2, services):
        data[states + slot * width] = leftover
    with pytest.raises(Unreadable):
        LAYOUTS[read_as].decode(bytes(data))


@sizes
def test_what_has_no_room_is_refused(size):
    layout: Layout = LAYOUTS[size]
    longest = "s" * (layout.name - 1)
    assert layout.decode(layout.encode(Record("n", (Entry(longest, State.STOPPED),)))).entries[0].service == longest
    with pytest.raises(Unwritable, match=f"room for {layout.name - 1} bytes"):
        layout.encode(Record("n", (Entry(longest + "s", State.STOPPED),)))
    with pytest.raises(Unwritable, match=f"room for {layout.services}"):
        layout.encode(Record("n", tuple(Entry(f"s{number}", State.STOPPED) for number in range(layout.services + 1))))
    with pytest.raises(Unwritable, match="room for 127 bytes"):
        layout.encode(Record("n" * 128))


@pytest.mark.parametrize(
    ("blocks", "size"), [(1, 504), (2, 504), (5, 504), (6, 2856), (7, 3240), (10, 3240), (18, 3240), (19, 9384), (99, 9384)]
)
def test_the_distance_of_two_records_tells_the_layout(blocks, size):
    assert by_spacing(blocks) is LAYOUTS[size]


def test_without_distance_there_is_no_layout():
    assert by_spacing(0) is None


def test_blocks_are_those_of_a_disk():
    assert {size: layout.blocks for size, layout in LAYOUTS.items()} == {504: 1, 2856: 6, 3240: 7, 9384: 19}
    assert BLOCK == 512
    assert CURRENT.size == 9384


@given(st.sampled_from(sorted(TABLE)), st.binary(max_size=600), st.integers(0, 9400))
def test_any_bytes_are_read_or_refused(size, data, at):
    whole = bytearray(by_hand(size))
    whole[at : at + len(data)] = data
    try:
        record = LAYOUTS[size].decode(bytes(whole))
    except Unreadable:
        return
    assert LAYOUTS[size].decode(LAYOUTS[size].encode(record)) == record
