"""Which records count: never one that is short, foreign, stale or zero."""

import pytest
from opensvc_openha.accepting import Acceptance, Doubts, said_of, spoken
from opensvc_openha.layouts import BLOCK, LAYOUTS, Entry, Record, Unreadable
from opensvc_openha.links import framing
from opensvc_openha.monitor import parse
from opensvc_openha.states import State
from opensvc_openha.trailer import Trailer, append
from opensvc_openha.viewing import Said

NET = "deb2 net eth1 239.131.50.12 5012 10"
DISK = "deb1 dio /dev/d 0 10\ndeb2 dio /dev/d 10 10"
KEY = b"sixteen bytes or"
OURS, THEIRS = b"ourlife1", b"theirlif"


def acceptance(text, key=None):
    links = parse(text).links
    return Acceptance(links[-1], framing(links[-1], links), key)


def record(elapsed=10**9, node="deb2", state=State.STARTED):
    return Record(node, (Entry("registry", state),), elapsed, 25004)


def encoded(size=9384, trailer=None, key=None, **more):
    data = LAYOUTS[size].encode(record(**more))
    return append(data, trailer, key) if trailer else data


@pytest.mark.parametrize("size", LAYOUTS)
def test_each_layout_counts_on_the_network(size):
    found, said, is_new = acceptance(f"{NET} records={size}")(encoded(size), b"")
    assert (found, is_new, said["states"]) == (record(), True, {"registry": 2})


@pytest.mark.parametrize(("size", "spacing"), [(504, 1), (504, 2), (2856, 6), (3240, 7), (3240, 10), (9384, 19)])
def test_each_layout_counts_on_a_disk_once_it_changes(size, spacing):
    accept = acceptance(f"deb1 dio /dev/d 0 10\ndeb2 dio /dev/d {spacing} 10")

    def block(elapsed):
        data = encoded(size, elapsed=elapsed)
        return data.ljust(-(-size // BLOCK) * BLOCK, b"\xa5")  # what is left of a block is the heap of who wrote it

    assert [accept(block(elapsed), b"")[2] for elapsed in (10**9, 10**9, 10**9 + 1, 10**9 + 1)] == [False, False, True, False]


@pytest.mark.parametrize("text", [NET, DISK])
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b"x", "too few", id="one-byte"),
        pytest.param(encoded()[:503], "too few", id="short"),
        pytest.param(bytes(10000), "nothing was ever written", id="zero"),
    ],
)
def test_what_is_no_record_is_refused(text, data, reason):
    with pytest.raises(Unreadable, match=reason):
        acceptance(text)(data, b"")


def test_a_record_of_another_node_is_refused():
    with pytest.raises(Unreadable, match="it is of deb1, the line is for deb2"):
        acceptance(NET)(encoded(node="deb1"), b"")


def test_a_record_of_another_layout_is_refused():
    with pytest.raises(Unreadable):
        acceptance(NET)(encoded(3240), b"")
    with pytest.raises(Unreadable):
        acceptance(f"{NET} records=3240")(encoded(9384), b"")


def test_a_record_that_comes_again_is_old():
    accept = acceptance(NET)
    assert [accept(encoded(elapsed=10**9 + more), b"")[2] for more in (0, 1, 1, 0, 1)] == [True, True, False, False, False]


def sealed(stamp, echo=OURS, incarnation=THEIRS, key=KEY, **more):
    return encoded(trailer=Trailer(incarnation, stamp, 3, echo, 7), key=key, **more)


def test_where_seals_are_required_only_the_key_counts():
    accept = acceptance(f"{NET} key=/k", KEY)
    assert accept(sealed(1), OURS)[2]
    with pytest.raises(Unreadable, match="it is not sealed"):
        accept(encoded(), OURS)
    with pytest.raises(Unreadable, match="it is not sealed"):
        accept(sealed(2, key=None), OURS)
    with pytest.raises(Unreadable, match="another key"):
        accept(sealed(2, key=b"another key of 16"), OURS)


def test_where_seals_are_accepted_none_counts_as_well_but_no_wrong_one():
    accept = acceptance(f"{NET} key=/k auth=accept", KEY)
    assert accept(encoded(), OURS)[2]
    assert accept(sealed(1), OURS)[2]
    with pytest.raises(Unreadable, match="another key"):
        accept(sealed(2, key=b"another key of 16"), OURS)


def test_where_seals_are_off_none_is_looked_at():
    """So the nodes can be given a new key one after the other."""
    accept = acceptance(f"{NET} key=/k auth=off", KEY)
    assert accept(sealed(1, key=b"another key of 16"), OURS)[2]
    assert accept(encoded(elapsed=10**9 + 1), OURS)[2]


def test_a_sealed_record_that_was_recorded_never_counts_again():
    accept = acceptance(f"{NET} key=/k", KEY)
    assert [accept(sealed(stamp), OURS)[2] for stamp in (1, 2, 2, 1, 3)] == [True, True, False, False, True]
    assert not accept(sealed(9, echo=b"ourlife0"), OURS)[2], "it answers another life of our manager"
    assert not accept(sealed(9), b"")[2], "there is no manager yet that it could have answered"


def test_a_sealed_record_does_not_depend_on_the_wall_clock():
    accept = acceptance(f"{NET} key=/k", KEY)
    assert [accept(sealed(stamp, elapsed=elapsed), OURS)[2] for stamp, elapsed in ((1, 10**9), (2, 10**9), (3, 10**8))] == [
        True,
        True,
        True,
    ]


def test_what_was_said_is_read_back():
    trailer = Trailer(THEIRS, 5, 6, OURS, 7, frozenset({0}))
    assert said_of(spoken(record(), trailer)) == Said({"registry": State.STARTED}, 10**9, THEIRS, 5, 6, OURS, 7, frozenset({"registry"}))
    assert said_of(spoken(record(), None)) == Said({"registry": State.STARTED}, 10**9)


@pytest.mark.parametrize(
    ("text", "datagrams", "expected"),
    [
        pytest.param(NET, [encoded(elapsed=10**9), encoded(elapsed=10**9 + 1)], [True, True], id="its-own"),
        pytest.param(NET, [encoded(504), encoded(504, elapsed=10**9 + 1)], [True, True], id="another-layout"),
        pytest.param(NET, [encoded(node="DEB2.example.com")], [True], id="its-name-with-a-domain"),
        pytest.param(NET, [encoded(node="deb3"), b"x", b"", bytes(9384)], [False] * 4, id="somebody-else"),
        pytest.param(NET, [encoded()] * 3, [True, False, False], id="played-back"),
        pytest.param(DISK, [encoded()] * 2, [False, False], id="left-on-a-disk"),
        pytest.param(DISK, [encoded(), encoded(elapsed=10**9 + 1)], [False, True], id="written-on-a-disk"),
    ],
)
def test_what_the_peer_may_have_made_is_told_apart(text, datagrams, expected):
    doubts = Doubts(parse(text).links[-1])
    assert [doubts(data) for data in datagrams] == expected
