"""What one node says and hears, in values: no sockets, no clock, every seal real."""

import random

import pytest
from opensvc_daemon.beat.setup import Setup
from opensvc_daemon.beat.talk import Life, Pulse, Talk
from opensvc_daemon.heartbeat.keyring import Keyring, Secret
from opensvc_daemon.heartbeat.terms import Terms
from opensvc_daemon.heartbeat.views import Contact

OLD, NEW = Secret(b"o" * 16), Secret(b"n" * 16)
TERMS = Terms(1.0, 5.0, 2.0)
LINKS = {"hb#1": 1}


def setup(name):
    return Setup(name, members=("n1", "n2", "n3"), terms=TERMS)


class Pair:
    """Two nodes and their time."""

    def __init__(self, *secrets):
        self.now = 0.0
        self.talks = {name: self.begun(name, number, *secrets) for number, name in enumerate(("n1", "n2"), 1)}

    def begun(self, name, incarnation, *secrets):
        return Talk(setup(name), Keyring(secrets or (OLD,)), LINKS, Life(incarnation, "boot"), self.now)

    def use(self, name, *secrets):
        self.talks[name].configure(setup(name), Keyring(secrets), LINKS, self.now)

    def beat(self, *names, rounds=1):
        """Each beats, and all hear it; what was sent."""
        sent = []
        for _ in range(rounds):
            self.now += 1.0
            for name in names or self.talks:
                self.talks[name].tick(self.now)
                sent.append(self.talks[name].beat(Pulse(), (), self.now))
                for other in self.talks.keys() - {name}:
                    self.talks[other].hear(1, sent[-1], self.now)
        return sent

    def contact(self, name, peer):
        return self.talks[name].view(self.now)[peer].contact


@pytest.fixture
def pair():
    made = Pair()
    made.beat(rounds=4)
    return made


def test_both_are_in_contact_after_a_few_beats(pair):
    assert pair.contact("n1", "n2") is pair.contact("n2", "n1") is Contact.BEATING


def test_nothing_that_was_recorded_changes_anything_when_it_is_played_again(pair):
    recorded = [*pair.beat(rounds=10), pair.talks["n2"].aside((1,))]
    one = pair.talks["n1"]
    one.hear(1, recorded[-1], pair.now)
    before = one.peers
    heard = [one.hear(1, data, pair.now) for data in recorded]
    assert not any(each.is_new or each.lease for each in heard)
    assert all(each.is_idle for each in heard)
    assert one.view(pair.now) == replaced(before, one).view(pair.now)


def test_a_recording_of_an_earlier_life_is_not_believed_by_a_later_one(pair):
    recorded = pair.beat(rounds=10)
    again = pair.begun("n1", 77)
    for data in recorded * 3:
        again.tick(pair.now)
        again.beat(Pulse(), (), pair.now)
        again.hear(1, data, pair.now)
    assert again.view(pair.now)["n2"].incarnation is None


@pytest.mark.parametrize("kind", ["beat", "aside"])
def test_bytes_that_are_changed_or_cut_are_refused(pair, kind):
    two, one, chance = pair.talks["n2"], pair.talks["n1"], random.Random(3)
    data = two.beat(Pulse(), (1,), pair.now) if kind == "beat" else two.aside((1,))
    before = one.peers.known["n2"].receptions
    for _ in range(300):
        place = chance.randrange(len(data))
        changed = data[:place] + bytes([data[place] ^ (1 + chance.randrange(255))]) + data[place + 1 :]
        assert not one.hear(1, changed, pair.now).is_new
        assert not one.hear(1, data[:place], pair.now).node
        assert not one.hear(1, chance.randbytes(chance.randrange(1500)), pair.now).node
    assert one.peers.known["n2"].receptions == before
    assert one.hear(1, data, pair.now).is_new


def test_a_word_aside_is_for_the_lease_and_no_sign_of_life(pair):
    aside = pair.talks["n2"].aside((1, 2))
    pair.now += TERMS.timeout
    pair.talks["n1"].tick(pair.now)
    heard = pair.talks["n1"].hear(1, aside, pair.now)
    assert (heard.node, heard.lease, heard.is_new) == ("n2", (1, 2), True)
    assert pair.contact("n1", "n2") is not Contact.BEATING


def test_a_word_aside_of_a_life_that_is_not_believed_is_not_heard(pair):
    stranger = pair.begun("n2", 55)
    heard = pair.talks["n1"].hear(1, stranger.aside((1, 2)), pair.now)
    assert (heard.lease, heard.is_new) == (None, False)


def test_a_beat_has_as_much_room_for_the_lease_as_it_says(pair):
    one = pair.talks["n1"]
    for room, spoken in ((one.room(Pulse(), pair.now), lambda lease: one.beat(Pulse(), lease, pair.now)), (one.room_aside(), one.aside)):
        data = spoken((b"x" * (room - 10),))
        assert 1180 <= len(data) <= 1200


def test_the_new_secret_is_used_when_all_have_it_and_then_the_old_one_may_go(pair):
    pair.use("n1", OLD, NEW)
    pair.beat(rounds=3)
    assert pair.talks["n1"].secret == OLD
    pair.use("n2", OLD, NEW)
    pair.beat(rounds=3)
    assert pair.talks["n1"].secret == pair.talks["n2"].secret == NEW
    assert not pair.talks["n1"].replaced(), "n3 was never heard"
    for name in pair.talks:
        pair.use(name, NEW)
    pair.beat(rounds=3)
    assert pair.contact("n1", "n2") is pair.contact("n2", "n1") is Contact.BEATING


def test_a_node_that_comes_back_with_the_old_secret_alone_is_met_with_that():
    pair = Pair(OLD, NEW)
    pair.beat(rounds=4)
    assert pair.talks["n1"].secret == NEW
    pair.now += 10
    pair.talks["n1"].tick(pair.now)
    pair.talks["n2"] = pair.begun("n2", 99, OLD)
    pair.beat(rounds=5)
    assert pair.talks["n1"].secret == OLD
    assert pair.contact("n1", "n2") is pair.contact("n2", "n1") is Contact.BEATING


def test_another_secret_is_told_and_not_believed(pair):
    pair.now += 10
    pair.talks["n1"].tick(pair.now)
    pair.talks["n2"] = pair.begun("n2", 99, NEW)
    pair.beat(rounds=3)
    assert pair.contact("n1", "n2") is not Contact.BEATING
    assert "cluster.secret" in pair.talks["n1"].view(pair.now)["n2"].finding


def test_a_node_of_our_own_name_is_a_twin_and_our_own_beats_are_not(pair):
    own = pair.talks["n1"].beat(Pulse(), (), pair.now)
    assert not pair.talks["n1"].hear(1, own, pair.now).is_twin
    assert pair.talks["n1"].hear(1, pair.begun("n1", 66).beat(Pulse(), (), pair.now), pair.now).is_twin


def test_the_next_change_of_a_view_is_known_in_advance(pair):
    one, seen = pair.talks["n1"], []
    due, before = one.changes(pair.now), shown(one, pair.now)
    for tenth in range(1, 120):
        now = pair.now + tenth / 10 + 0.05
        one.tick(now)
        if now > due:
            before, due = shown(one, now), one.changes(now)
            seen.append(before[0])
        assert shown(one, now) == before
    assert seen[-1] is Contact.STALE
    assert due == float("inf")


def shown(talk, now):
    view = talk.view(now)["n2"]
    return view.contact, view.links[1].is_beating, view.links[1].is_two_way


def replaced(peers, talk):
    """A talk with other peers."""
    talk.peers = peers
    return talk
