"""Seals: nobody reads or makes a message without the secret, no counter is used twice, and secrets are replaced while all beats."""

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given, settings
from hypothesis import strategies as st
from opensvc_daemon.heartbeat.errors import UnknownKey, Unreadable, Unsendable
from opensvc_daemon.heartbeat.keyring import Keyring, Secret
from opensvc_daemon.heartbeat.sealing import Opener, Sealer

OLD, NEW, THIRD = (Secret(text * 4) for text in (b"old secret", b"new secret", b"third one."))
BOTH = Keyring((OLD, NEW))


def test_what_was_sealed_is_opened():
    data = Sealer("c1", "n1", 7).seal(OLD, 3, b"hello")
    envelope, body = Opener("c1", BOTH).open(data)
    assert (envelope.node, envelope.incarnation, envelope.counter, envelope.key, body) == ("n1", 7, 3, OLD.id, b"hello")


def test_the_seal_is_made_as_it_is_described():
    data = Sealer("c1", "n1", 7).seal(OLD, 3, b"hello")
    header = b"\xb7\x01\x00\x02n1" + OLD.id + (7).to_bytes(8) + (3).to_bytes(8)
    info = b"opensvc heartbeat 1" + bytes((4, 2)) + (7).to_bytes(8) + b"beatn1"
    key = HKDF(algorithm=SHA256(), length=32, salt=b"c1", info=info).derive(OLD.value)
    assert data == header + AESGCM(key).encrypt((3).to_bytes(12), b"hello", header)


@settings(deadline=None)
@given(st.lists(st.integers(1, 20), min_size=1, max_size=30))
def test_a_counter_is_used_once(counters):
    sealer, last = Sealer("c1", "n1", 7), 0
    for counter in counters:
        if counter > last:
            sealer.seal(OLD, counter, b"")
            last = counter
        else:
            with pytest.raises(Unsendable, match=f"counter {counter} after {last}"):
                sealer.seal(OLD, counter, b"")


def test_a_change_of_the_secret_frees_no_counter():
    sealer = Sealer("c1", "n1", 7)
    sealer.seal(OLD, 5, b"")
    with pytest.raises(Unsendable):
        sealer.seal(NEW, 5, b"")


@pytest.mark.parametrize(
    "other",
    [Sealer("c2", "n1", 7), Sealer("c1", "n1", 7, "data")],
    ids=["of another cluster", "for another purpose"],
)
def test_a_message_from_elsewhere_is_refused(other):
    with pytest.raises(Unreadable, match="another cluster"):
        Opener("c1", BOTH).open(other.seal(OLD, 1, b"hello"))


def test_a_message_under_a_secret_that_is_not_held_names_node_and_secret():
    with pytest.raises(UnknownKey, match=f"n1 uses the secret {THIRD.id.hex()}, which this node doesn't have"):
        Opener("c1", BOTH).open(Sealer("c1", "n1", 7).seal(THIRD, 1, b""))


def test_a_secret_that_was_dropped_opens_nothing_any_more():
    sealer, opener = Sealer("c1", "n1", 7), Opener("c1", BOTH)
    opener.open(sealer.seal(OLD, 1, b""))
    opener.use(BOTH.without(OLD.id))
    with pytest.raises(UnknownKey):
        opener.open(sealer.seal(OLD, 2, b""))
    assert opener.open(sealer.seal(NEW, 3, b"x"))[1] == b"x"


def test_more_lives_than_are_kept_are_opened_all_the_same():
    opener, sealers = Opener("c1", BOTH), [Sealer("c1", "n1", life) for life in range(1, 301)]
    for counter in (1, 2):
        assert all(opener.open(sealer.seal(NEW, counter, b"x"))[1] == b"x" for sealer in sealers)


@pytest.mark.parametrize(("lives", "kept"), [(200, 200), (256, 256), (300, 256)])
def test_a_key_is_made_once_until_there_are_too_many(lives, kept):
    opener = Opener("c1", BOTH)
    for life in range(1, lives + 1):
        opener.open(Sealer("c1", "n1", life).seal(NEW, 1, b"x"))
    assert len(opener._ciphers) == kept


def test_a_secret_tells_nothing_of_itself():
    assert "old secret" not in repr(BOTH)
    assert len(OLD.id) == 4
    assert OLD.id not in OLD.value


def test_a_short_secret_is_refused():
    with pytest.raises(ValueError, match=r"16 or more"):
        Secret(b"short")


@pytest.mark.parametrize(
    "secrets", [(), (OLD, OLD), tuple(Secret(bytes([number]) * 16) for number in range(5))], ids=["none", "twice", "five"]
)
def test_a_keyring_holds_one_to_four_different_secrets(secrets):
    with pytest.raises(ValueError, match="a keyring holds"):
        Keyring(secrets)


def test_the_new_secret_is_used_when_every_peer_has_it():
    assert BOTH.to_send_with({"n2": BOTH.ids, "n3": [OLD.id]}) == OLD
    assert BOTH.to_send_with({"n2": BOTH.ids, "n3": ()}) == OLD
    assert BOTH.to_send_with({"n2": BOTH.ids, "n3": [NEW.id]}) == NEW
    assert BOTH.to_send_with({}) == NEW


def test_the_old_secret_may_go_when_every_peer_uses_the_new_one():
    assert BOTH.replaced({"n2": NEW.id, "n3": OLD.id}) == ()
    assert BOTH.replaced({"n2": NEW.id, "n3": None}) == ()
    assert BOTH.replaced({"n2": NEW.id, "n3": NEW.id}) == (OLD.id,)


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([("n1", "add"), ("n2", "add"), ("n3", "add"), ("n1", "beat"), ("n2", "beat"), ("n3", "beat")]), max_size=60)
)
def test_a_secret_is_replaced_without_a_beat_that_somebody_can_not_read(steps):
    """Nodes are given the new secret in any order, hear of one another in any order, and forget the old one by themselves."""
    rings = dict.fromkeys(("n1", "n2", "n3"), Keyring((OLD,)))
    held = {node: {peer: (OLD.id,) for peer in rings if peer != node} for node in rings}
    used = {node: {peer: OLD.id for peer in rings if peer != node} for node in rings}
    steps += [(node, what) for what in ("add", "beat", "beat", "beat") for node in rings]
    for node, what in steps:
        if what == "add" and NEW.id not in rings[node].ids:
            rings[node] = Keyring((*rings[node].secrets, NEW))
        elif what == "beat":
            secret = rings[node].to_send_with(held[node])
            for peer in rings.keys() - {node}:
                assert rings[peer].secret(secret.id), f"{peer} can't read {node}"
                held[peer][node], used[peer][node] = rings[node].ids, secret.id
                for key in rings[peer].replaced(used[peer]) if NEW.id in rings[peer].ids else ():
                    rings[peer] = rings[peer].without(key)
    assert set(rings.values()) == {Keyring((NEW,))}
