"""Hearing: what beat's words make of a peer, as time passes."""

from math import inf

import pytest
from opensvc_daemon.heartbeat.digests import digested
from opensvc_daemon.heartbeat.replica import Replica
from opensvc_daemon.monitor.hearing import Hearing
from opensvc_daemon.monitor.knowledge import Knowledge, Peer
from opensvc_daemon.orchestration.view import Reach, Settings


@pytest.fixture
def known():
    return Knowledge("n1", awake_since=0.0, settings=Settings(heartbeat_timeout=5.0), peers={"n2": Peer("n2")})


def told(hearing, contact, now, **more):
    hearing.told({"n2": {"contact": contact, "last_heard": now, "incarnation": 7, "generation": 1, "merged": 0, "links": {}, **more}})
    return dict((peer.name, peer.reach) for peer, _ in hearing.refresh(now))


def test_a_peer_that_beats_is_beating(known):
    assert told(Hearing(known), "beating", 10.0) == {"n2": Reach.BEATING}


def test_who_does_not_hear_us_counts_only_well_within_the_timeout(known):
    hearing = Hearing(known)
    told(hearing, "beating", 10.0)
    assert told(hearing, "one_way", 15.0) == {"n2": Reach.HEARD}
    assert hearing.due(15.0) == pytest.approx(18.0, abs=0.01)
    assert [peer.reach for peer, _ in hearing.refresh(17.9)] == []
    assert [peer.reach for peer, _ in hearing.refresh(18.1)] == [Reach.SILENT]


def test_who_was_never_heard_is_unseen(known):
    hearing = Hearing(known)
    hearing.told({"n2": {"contact": "stale", "incarnation": None, "last_heard": None}})
    assert list(hearing.refresh(20.0)) == []
    assert known.peers["n2"].reach is Reach.UNSEEN


def test_a_gap_of_ours_takes_nothing_away_before_we_have_listened(known):
    hearing = Hearing(known)
    told(hearing, "beating", 10.0)
    hearing.woke(70.0)
    assert told(hearing, "listening", 70.0, last_heard=10.0) == {}
    assert hearing.due(70.0) == pytest.approx(75.0, abs=0.01)
    assert [peer.reach for peer, _ in hearing.refresh(75.1)] == [Reach.SILENT]


def test_an_acknowledgement_counts_when_what_was_said_with_it_is_merged(known):
    hearing, peer = Hearing(known), known.peers["n2"]
    told(hearing, "beating", 10.0, generation=4, merged=12)
    assert (hearing.acknowledged("n2"), peer.merged) == (12, 0)
    peer.replica = Replica(7, 4, digested({"node": {}}))
    hearing.settle(peer)
    assert peer.merged == 12


def test_a_new_life_has_merged_nothing_and_is_not_confirmed_to_be_down(known):
    hearing, peer = Hearing(known), known.peers["n2"]
    peer.replica, peer.confirmed = Replica(7, 4, digested({"node": {}})), 7
    told(hearing, "beating", 10.0, generation=4, merged=12)
    told(hearing, "beating", 11.0, incarnation=8, generation=1, merged=0)
    assert (peer.merged, peer.confirmed, peer.incarnation) == (0, None, 8)


def test_what_does_not_arrive_is_missing_since_it_was_first_missed(known):
    hearing, peer = Hearing(known), known.peers["n2"]
    told(hearing, "beating", 10.0, generation=4)
    told(hearing, "beating", 12.0, generation=5)
    assert peer.untold_since == 10.0
    peer.replica = Replica(7, 5, digested({"node": {}}))
    told(hearing, "beating", 13.0, generation=5)
    assert peer.untold_since is None


def test_nothing_is_due_while_all_beat(known):
    hearing = Hearing(known)
    told(hearing, "beating", 10.0)
    assert hearing.due(10.0) == inf


@pytest.mark.parametrize("contact", ["beating", "one_way"])
def test_who_is_heard_again_in_the_same_life_is_not_confirmed_to_be_down_any_more(known, contact):
    hearing, peer = Hearing(known), known.peers["n2"]
    told(hearing, "beating", 10.0)
    told(hearing, "stale", 10.0)
    peer.confirmed = 7
    told(hearing, contact, 20.0)
    assert (peer.confirmed, known.gone()) == (None, {})
