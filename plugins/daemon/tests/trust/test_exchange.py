"""The exchange of a join, and the door before it: properties of pure bytes."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opensvc_daemon.trust.door import ADDRESSES, PATIENCE, TRIES, WHILE, Door
from opensvc_daemon.trust.exchange import NONCE, Transcript, is_proven, proof, seal, unseal

from opensvc_core.api import ActionRefused

SECRET = "0123456789abcdef0123456789abcdef"
SCRIPT = Transcript("n2", b"a" * NONCE, b"b" * (NONCE + 8), b"certificate", b"request")
parts = st.binary(max_size=40)
scripts = st.builds(Transcript, st.text(max_size=8), parts, parts, parts, parts)


def test_a_proof_convinces_who_has_the_same_secret_and_saw_the_same():
    assert is_proven(SECRET, SCRIPT, proof(SECRET, SCRIPT))
    assert not is_proven(SECRET[::-1], SCRIPT, proof(SECRET, SCRIPT))


@given(scripts, scripts)
def test_another_transcript_has_another_proof(one, other):
    assert (proof(SECRET, one) == proof(SECRET, other)) == (one == other)


@given(scripts, st.binary(max_size=64))
def test_no_other_bytes_are_a_proof(script, shown):
    assert not is_proven(SECRET, script, shown)


@given(scripts, st.dictionaries(st.text(), st.text()))
def test_an_answer_comes_back_as_it_was(script, answer):
    assert unseal(SECRET, script, seal(SECRET, script, answer)) == answer


@given(st.integers(0, 200), st.integers(1, 255))
def test_an_answer_that_was_changed_is_refused(place, change):
    sealed = bytearray(seal(SECRET, SCRIPT, {"a": "b" * 200}))
    sealed[place % len(sealed)] ^= change
    with pytest.raises(ActionRefused, match="does not know the cluster's secret"):
        unseal(SECRET, SCRIPT, bytes(sealed))


def test_an_answer_of_another_exchange_is_refused():
    sealed = seal(SECRET, SCRIPT, {})
    for other in (SCRIPT._replace(asked=b"c" * NONCE), SCRIPT._replace(server=b"another"), SCRIPT._replace(node="n3")):
        with pytest.raises(ActionRefused):
            unseal(SECRET, other, sealed)


def test_neither_secret_nor_answer_is_on_the_wire():
    sealed = seal(SECRET, SCRIPT, {"authority": "PRIVATE"})
    assert SECRET.encode() not in sealed + proof(SECRET, SCRIPT)
    assert b"PRIVATE" not in sealed


def test_a_short_secret_proves_nothing():
    with pytest.raises(ActionRefused, match="16 or more"):
        proof("short", SCRIPT)


class Knocking:
    """Who wants in, with a clock of its own."""

    def __init__(self):
        self.door, self.now, self.asked = Door(), 1000.0, os.urandom(NONCE)

    def begin(self, node="n2", address="10.0.0.2"):
        return Transcript(node, self.asked, self.door.nonce(node, self.asked, address, self.now), b"c", b"r")

    def prove(self, script, shown=None, address="10.0.0.2"):
        self.door.refuse_unproven(SECRET, script, shown or proof(SECRET, script), address, self.now)


def test_the_door_opens_once():
    who = Knocking()
    script = who.begin()
    who.prove(script)
    with pytest.raises(ActionRefused, match="not this cluster's"):
        who.prove(script)


def test_the_door_closes_with_time():
    who = Knocking()
    script = who.begin()
    who.now += PATIENCE + 0.1
    with pytest.raises(ActionRefused, match="begin again"):
        who.prove(script)


@pytest.mark.parametrize("change", [{"node": "n3"}, {"asked": b"x" * NONCE}, {"answered": b"y" * (NONCE + 8)}, {"answered": b""}])
def test_a_nonce_is_good_for_whom_it_was_given_to(change):
    who = Knocking()
    script = who.begin()._replace(**change)
    with pytest.raises(ActionRefused, match="begin again"):
        who.prove(script)
    with pytest.raises(ActionRefused, match="begin again"):
        who.prove(who.begin(), address="10.0.0.3")


def test_guessing_is_slowed_for_its_address_alone_and_for_a_while():
    who = Knocking()
    for _ in range(TRIES):
        with pytest.raises(ActionRefused, match="not this cluster's"):
            who.prove(who.begin(), b"guess")
    with pytest.raises(ActionRefused, match="wrong proofs"):
        who.begin()
    who.prove(who.begin(address="10.0.0.9"), address="10.0.0.9")
    who.now += WHILE + 1
    who.prove(who.begin())


def test_strangers_make_the_door_keep_little():
    who = Knocking()
    for number in range(ADDRESSES + 100):
        address = f"10.1.{number // 256}.{number % 256}"
        with pytest.raises(ActionRefused):
            who.prove(who.begin(address=address), b"guess", address)
    assert len(who.door._wrong) == ADDRESSES
    assert len(who.door._used) == 0
