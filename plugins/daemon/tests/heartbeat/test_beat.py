"""Beats on the wire: read again as sent, small, proven, and open to newer versions."""

import re

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given, settings
from hypothesis import strategies as st
from opensvc_daemon.heartbeat.beat import Beat, Echo, Seen, beat_of, body, incarnation_from
from opensvc_daemon.heartbeat.compact import decoded, encoded
from opensvc_daemon.heartbeat.envelope import Envelope
from opensvc_daemon.heartbeat.errors import UnknownVersion, Unreadable, Unsendable
from opensvc_daemon.heartbeat.keyring import Keyring, Secret
from opensvc_daemon.heartbeat.sealing import Opener, Sealer
from opensvc_daemon.heartbeat.tags import tag_of
from opensvc_daemon.heartbeat.wire import LARGEST, arrived, room, sent

SECRET = Secret(b"0123456789abcdef0123456789abcdef")
LONGEST = "n" * 64
LIVES = st.integers(1, 2**64 - 1)
TAGS = st.binary(min_size=8, max_size=8)
NODES = st.from_regex(r"[a-z0-9]([a-z0-9.-]{0,62}[a-z0-9])?", fullmatch=True)
SEEN = st.builds(Seen, LIVES, LIVES, st.integers(0, 2**32 - 1), st.frozensets(st.integers(0, 31)))
LEASES = st.recursive(
    st.none() | st.integers(0, 2**64 - 1) | st.text(st.characters(codec="utf-8"), max_size=9), lambda each: st.tuples(each, each)
)
BEATS = st.builds(
    Beat,
    cluster=TAGS,
    node=NODES,
    incarnation=LIVES,
    counter=LIVES,
    boot=TAGS,
    monitor=st.from_regex(r"[a-z][a-z ]{0,15}", fullmatch=True),
    generation=st.integers(0, 2**64 - 1),
    keys=st.lists(st.binary(min_size=4, max_size=4), max_size=4).map(tuple),
    seen=st.dictionaries(TAGS, SEEN, max_size=8),
    challenged=st.dictionaries(TAGS, st.builds(Echo, LIVES, LIVES), max_size=4),
    lease=LEASES,
)


def beat(**fields):
    return Beat(**{"cluster": tag_of("c1"), "node": "n1", "incarnation": 7, "counter": 1, "boot": tag_of("b1"), **fields})


def crowd(nodes, **fields):
    """The largest beat of a node that knows as many others: all numbers at their ends, half of them restarted."""
    full = 2**64 - 1
    tags = [tag_of(f"node{number}") for number in range(nodes - 1)]
    return beat(
        node=LONGEST,
        incarnation=full,
        counter=full,
        monitor="m" * 16,
        generation=full,
        keys=(b"abcd",) * 4,
        seen={tag: Seen(full, full, 2**32 - 1, frozenset(range(32))) for tag in tags},
        challenged={tag: Echo(full, full) for tag in tags[:8]},
        **fields,
    )


def wired(each, sealer=None):
    return sent(each, sealer or Sealer("c1", each.node, each.incarnation), SECRET)


def opener():
    return Opener("c1", Keyring((SECRET,)))


@settings(deadline=None)
@given(BEATS)
def test_a_beat_is_read_again_as_it_was_sent(each):
    assert arrived(wired(each), opener()) == (each, SECRET.id, 0)


def test_the_largest_beat_of_16_nodes_has_room_for_300_bytes_of_lease():
    assert room(crowd(16)) >= 300
    assert len(wired(crowd(16, lease=b"x" * 300))) <= LARGEST


@pytest.mark.parametrize("nodes", [1, 2, 3, 16, 24])
def test_room_is_what_is_left(nodes):
    assert len(wired(crowd(nodes))) == LARGEST - room(crowd(nodes))


def test_a_beat_too_large_is_refused_with_what_fills_it():
    sealer = Sealer("c1", LONGEST, 2**64 - 1)
    with pytest.raises(Unsendable, match=r"over 1200, with 15 peers, 8 challenges: send less of the lease"):
        sent(crowd(16, lease=b"x" * 400), sealer, SECRET)
    assert sent(crowd(16), sealer, SECRET)  # its counter was not used up


@settings(deadline=None)
@given(BEATS, st.data())
def test_a_tampered_beat_is_refused(each, choice):
    data = bytearray(wired(each))
    place = choice.draw(st.integers(0, len(data) - 1))
    data[place] ^= choice.draw(st.integers(1, 255))
    with pytest.raises(Unreadable):
        arrived(bytes(data), opener())


@settings(deadline=None)
@given(BEATS, st.data())
def test_a_beat_cut_short_or_grown_is_refused(each, choice):
    data = wired(each)
    with pytest.raises(Unreadable):
        arrived(data[: choice.draw(st.integers(0, len(data) - 1))], opener())
    with pytest.raises(Unreadable):
        arrived(data + choice.draw(st.binary(min_size=1, max_size=9)), opener())


@settings(deadline=None)
@given(st.binary(max_size=LARGEST) | st.binary(max_size=99).map(lambda rest: b"\xb7\x01\x00\x02n1" + SECRET.id + rest))
def test_any_bytes_are_unreadable_without_the_secret(data):
    with pytest.raises(Unreadable):
        arrived(data, opener())


ROWS = st.lists(st.none() | st.integers(0, 2**64 - 1) | st.text(st.characters(codec="utf-8"), max_size=16) | TAGS | st.binary(), max_size=9)


@given(st.binary(max_size=200) | ROWS.map(tuple).map(encoded))
@settings(max_examples=300, deadline=None)
def test_any_sealed_body_is_a_beat_or_unreadable(data):
    try:
        found = beat_of("n1", 1, 1, data)
    except Unreadable:
        return
    assert beat_of("n1", 1, 1, body(found)) == found


@pytest.mark.parametrize(
    "place_and_value",
    [(0, b"short"), (1, "text"), (2, "Init"), (2, ""), (3, -1), (3, True), (4, b"abc"), (5, b"x" * 33), (6, b"x" * 23)],
    ids=str,
)
def test_a_body_of_another_shape_is_unreadable(place_and_value):
    place, value = place_and_value
    rows = list(decoded(body(beat())))
    rows[place] = value
    with pytest.raises(Unreadable):
        beat_of("n1", 1, 1, encoded(tuple(rows)))


def test_a_newer_minor_version_is_read_as_far_as_it_is_known():
    each = beat(seen={tag_of("n2"): Seen(1, 2, 3, frozenset({0}))}, lease=(1, "svc1"))
    newer = encoded((*decoded(body(each)), "something new", (1, 2)))
    header = Envelope("n1", SECRET.id, 7, 1, minor=9).header
    info = b"opensvc heartbeat 1" + bytes((4, 2)) + (7).to_bytes(8) + b"beatn1"
    key = HKDF(algorithm=SHA256(), length=32, salt=b"c1", info=info).derive(SECRET.value)
    assert arrived(header + AESGCM(key).encrypt((1).to_bytes(12), newer, header), opener()) == (each, SECRET.id, 9)


def test_another_major_version_is_told_with_the_node_that_speaks_it():
    data = bytearray(wired(beat(node="n2")))
    data[1] = 2
    with pytest.raises(UnknownVersion, match=r"n2 speaks version 2 of the heartbeat, this node version 1") as found:
        arrived(bytes(data), opener())
    assert (found.value.node, found.value.version) == ("n2", 2)


def test_only_version_key_node_incarnation_and_counter_are_in_clear():
    each = beat(monitor="maintenance", lease=("secret-service",), seen={tag_of("n2"): Seen(0x1122334455667788, 9)})
    data = wired(each)
    assert data.startswith(b"\xb7\x01\x00\x02n1" + SECRET.id + (7).to_bytes(8) + (1).to_bytes(8))
    for word in (b"maintenance", b"secret-service", tag_of("n2"), bytes.fromhex("1122334455667788"), tag_of("c1"), SECRET.value):
        assert word not in data


@pytest.mark.parametrize(
    "fields",
    [
        {"monitor": "Init"},
        {"monitor": "x" * 17},
        {"node": "n 1"},
        {"node": "n" * 65},
        {"node": ""},
        {"counter": 0},
        {"counter": 2**64},
        {"incarnation": 0},
        {"seen": {tag_of("n2"): Seen(1, 1, 2**32)}},
        {"seen": {tag_of("n2"): Seen(1, 1, 1, frozenset({32}))}},
        {"seen": {tag_of("n2"): Seen(1, -1)}},
        {"challenged": {tag_of("n2"): Echo(2**64, 1)}},
    ],
    ids=lambda fields: re.sub(r"b'.*?'", "tag", str(fields))[:40],
)
def test_what_no_beat_can_say_is_not_sent(fields):
    each = beat(**fields)
    with pytest.raises(Unsendable):
        wired(each)


def test_a_life_is_named_by_eight_random_bytes_and_never_zero():
    assert incarnation_from(bytes(range(8))) == 0x0001020304050607
    assert incarnation_from(bytes(8)) == 1
    with pytest.raises(ValueError, match="8 random bytes"):
        incarnation_from(b"1234")
