"""Who is heard, who hears us, who is stale: nodes that beat at each other over links, with a clock that the test moves."""

from dataclasses import replace
from itertools import product

import pytest
from opensvc_daemon.heartbeat.beat import Beat
from opensvc_daemon.heartbeat.own import Own
from opensvc_daemon.heartbeat.peers import CHALLENGES, begun
from opensvc_daemon.heartbeat.replay import Verdict
from opensvc_daemon.heartbeat.tags import tag_of
from opensvc_daemon.heartbeat.terms import Terms
from opensvc_daemon.heartbeat.views import Contact

TERMS = Terms()


class Cluster:
    """Nodes that hear each other at once, but for what is cut: (from, to, link)."""

    def __init__(self, nodes=("n1", "n2"), links=(0, 1)):
        self.now, self.names, self.links, self.cut = 100.0, nodes, links, set()
        self.nodes, self.lives, self.quiet = {}, 0, set()
        for node in nodes:
            self.start(node)

    def start(self, node):
        self.lives += 1
        self.nodes[node] = begun(Own(node, self.lives), "c1", nodes=self.names, links=self.links, terms=TERMS, now=self.now)

    def beat(self, node):
        peers = self.nodes[node] = self.nodes[node].sent(self.nodes[node].own.counter + 1, self.now)
        own = peers.own
        seen = peers.seen({"n1": 3, "n2": 4}, self.now)
        return Beat(tag_of("c1"), node, own.incarnation, own.counter, tag_of("boot"), seen=seen, challenged=peers.challenged())

    def deliver(self, beat, node, link=0):
        self.nodes[node], verdict = self.nodes[node].received(link, beat, self.now)
        return verdict

    def run(self, seconds):
        for _ in range(round(seconds / TERMS.interval)):
            self.now += TERMS.interval
            awake = [node for node in self.names if node not in self.quiet]
            for node in awake:
                self.nodes[node] = self.nodes[node].tick(self.now)
                beat = self.beat(node)
                for to, link in product((to for to in awake if to != node), self.links):
                    if (node, to, link) not in self.cut:
                        self.deliver(beat, to, link)

    def view(self, node, peer):
        return self.nodes[node].view(self.now)[peer]


def cut_all(cluster, source, target):
    cluster.cut |= {(source, target, link) for link in cluster.links}


def test_nodes_that_start_together_beat_within_four_seconds():
    cluster = Cluster(("n1", "n2", "n3"))
    cluster.run(4)
    for node in cluster.names:
        view = cluster.nodes[node].view(cluster.now)
        assert {each.contact for each in view.values()} == {Contact.BEATING}
        assert all(link.is_beating and link.is_two_way for each in view.values() for link in each.links.values())


def test_a_view_tells_the_newest_beat_and_when_it_came():
    cluster = Cluster()
    cluster.run(10)
    view = cluster.view("n1", "n2")
    assert (view.last_heard, view.since, view.incarnation, view.finding) == (cluster.now, None, 2, "")
    assert view.beat.counter == 10
    assert view.beat.seen[tag_of("n1")].generation == 3


def test_a_peer_is_not_heard_before_a_timeout_of_listening_and_stale_after_it():
    cluster = Cluster()
    cluster.quiet = {"n2"}
    cluster.run(4)
    assert cluster.view("n1", "n2").contact is Contact.LISTENING
    cluster.run(1)
    view = cluster.view("n1", "n2")
    assert (view.contact, view.since, view.last_heard, view.beat) == (Contact.STALE, 105.0, None, None)


def test_a_peer_that_falls_silent_is_stale_a_timeout_after_its_last_beat():
    cluster = Cluster()
    cluster.run(10)
    cluster.quiet = {"n2"}
    last = cluster.now
    cluster.run(4)
    assert cluster.view("n1", "n2").contact is not Contact.STALE
    cluster.run(1)
    view = cluster.view("n1", "n2")
    assert (view.contact, view.since, view.last_heard) == (Contact.STALE, last + TERMS.timeout, last)
    cluster.run(3)
    assert cluster.view("n1", "n2").since == last + TERMS.timeout


def test_a_peer_that_does_not_hear_us_is_one_way_and_never_stale():
    cluster = Cluster()
    cluster.run(10)
    cut_all(cluster, "n1", "n2")
    cluster.run(20)
    assert cluster.view("n1", "n2").contact is Contact.ONE_WAY
    assert [(link.is_beating, link.is_two_way) for link in cluster.view("n1", "n2").links.values()] == [(True, False)] * 2
    assert cluster.view("n2", "n1").contact is Contact.STALE


@pytest.mark.parametrize("dead", [("n1", "n2", 0), ("n2", "n1", 0)], ids=["we are not heard", "the peer is not heard"])
def test_a_link_that_is_half_dead_is_noticed_and_the_other_one_carries_on(dead):
    cluster = Cluster()
    cluster.run(10)
    cluster.cut.add(dead)
    cluster.run(7)
    view = cluster.view("n1", "n2")
    assert view.contact is Contact.BEATING
    assert view.links[0].is_two_way is False
    assert view.links[0].is_beating is (dead[0] == "n1")
    assert view.links[1].is_two_way is True


def test_two_half_dead_links_in_opposite_directions_still_are_contact():
    cluster = Cluster()
    cluster.run(10)
    cluster.cut |= {("n1", "n2", 0), ("n2", "n1", 1)}
    cluster.run(20)
    assert cluster.view("n1", "n2").contact is Contact.BEATING
    assert not any(link.is_two_way for link in cluster.view("n1", "n2").links.values())


def test_a_link_that_delivers_only_what_came_long_ago_proves_no_life():
    """A slow link: its beats keep coming after the node died. It is heard, but beating it is not."""
    cluster = Cluster()
    cluster.run(10)
    late = []
    cut_all(cluster, "n2", "n1")
    for _ in range(8):
        cluster.run(1)
        late.append(cluster.beat("n2"))
    cluster.quiet = {"n2"}
    for beat in late:
        cluster.run(1)
        assert cluster.deliver(beat, "n1") is Verdict.NEW
    assert cluster.view("n1", "n2").contact is Contact.ONE_WAY
    cluster.run(TERMS.timeout)
    assert cluster.view("n1", "n2").contact is Contact.STALE


def test_a_beat_that_was_long_on_its_way_proves_only_what_was_when_it_was_made():
    cluster = Cluster()
    cluster.run(10)
    beat, made = cluster.beat("n2"), cluster.now
    cluster.quiet = {"n2"}
    cluster.run(4)
    assert cluster.deliver(beat, "n1") is Verdict.NEW
    assert cluster.view("n1", "n2").contact is Contact.BEATING
    cluster.run(1)
    assert cluster.now == made + TERMS.timeout
    assert cluster.view("n1", "n2").contact is Contact.ONE_WAY
    assert [link.is_two_way for link in cluster.view("n1", "n2").links.values()] == [False, False]


def test_a_beat_that_comes_again_on_its_link_does_not_keep_the_link_alive():
    cluster = Cluster()
    cluster.run(10)
    cluster.quiet = {"n2"}
    last = cluster.beat("n2")
    assert cluster.deliver(last, "n1") is Verdict.NEW
    for _ in range(5):
        cluster.run(1)
        assert cluster.deliver(last, "n1") is Verdict.DOUBLE
    assert cluster.view("n1", "n2").links[0].is_beating is False
    assert cluster.view("n1", "n2").contact is Contact.STALE


def test_the_same_beat_over_a_second_link_counts_for_that_link():
    cluster = Cluster(links=(0, 3))
    cluster.cut = {("n2", "n1", 3)}
    cluster.run(10)
    assert cluster.view("n1", "n2").links[3].is_beating is False
    beat = cluster.beat("n2")
    assert [cluster.deliver(beat, "n1", 0), cluster.deliver(beat, "n1", 3)] == [Verdict.NEW, Verdict.DOUBLE]
    assert cluster.view("n1", "n2").links[3] == (replace(cluster.view("n1", "n2").links[0]))


def test_who_was_paused_listens_for_a_timeout_before_a_peer_is_stale():
    cluster = Cluster()
    cluster.run(10)
    cluster.quiet = {"n2"}
    cluster.now += 3600
    assert cluster.view("n1", "n2").contact is Contact.LISTENING  # before its first tick
    cluster.run(1)
    assert cluster.view("n1", "n2").contact is Contact.LISTENING
    woken = cluster.now
    cluster.run(4)
    assert cluster.view("n1", "n2").contact is Contact.LISTENING
    cluster.run(1)
    assert (cluster.view("n1", "n2").contact, cluster.view("n1", "n2").since) == (Contact.STALE, woken + TERMS.timeout)


@pytest.mark.parametrize(("seconds", "contact"), [(TERMS.pause, Contact.STALE), (TERMS.pause + 0.1, Contact.LISTENING)])
def test_a_pause_longer_than_the_term_is_one(seconds, contact):
    cluster = Cluster()
    cluster.run(10)
    cluster.quiet = {"n2"}
    cluster.run(4)
    cluster.now += seconds
    assert cluster.view("n1", "n2").contact is contact


def test_who_was_paused_finds_its_peers_again():
    cluster = Cluster()
    cluster.run(10)
    cluster.quiet = {"n1"}
    cluster.run(60)
    assert cluster.view("n2", "n1").contact is Contact.STALE
    cluster.quiet = set()
    cluster.run(3)
    assert cluster.view("n1", "n2").contact is Contact.BEATING
    assert cluster.view("n2", "n1").contact is Contact.BEATING


def test_a_restarted_peer_is_believed_after_a_few_beats():
    cluster = Cluster()
    cluster.run(10)
    cluster.start("n2")
    cluster.run(1)
    assert cluster.view("n1", "n2").incarnation == 2
    cluster.run(3)
    view = cluster.view("n1", "n2")
    assert (view.contact, view.incarnation, view.beat.counter) == (Contact.BEATING, 3, 4)


def test_a_restarted_peer_is_heard_though_its_counters_are_lower_than_before():
    cluster = Cluster()
    cluster.run(60)
    cluster.start("n2")
    cluster.run(15)
    view = cluster.view("n1", "n2")
    assert (view.contact, view.last_heard) == (Contact.BEATING, cluster.now)
    assert all(link.is_two_way for link in view.links.values())


def test_a_peer_that_only_challenges_us_does_not_beat():
    cluster = Cluster()
    assert cluster.deliver(cluster.beat("n2"), "n1") is Verdict.CHALLENGED
    assert cluster.deliver(cluster.beat("n1"), "n2") is Verdict.CHALLENGED
    assert cluster.deliver(cluster.beat("n2"), "n1") is Verdict.NEW
    assert cluster.view("n1", "n2").contact is Contact.ONE_WAY


def test_records_of_an_earlier_life_change_nothing_after_our_restart_either():
    cluster = Cluster()
    cluster.run(10)
    records = [cluster.beat("n2") for _ in range(5)]
    cluster.quiet = {"n2"}
    cluster.start("n1")
    for record in records * 3:
        assert cluster.deliver(record, "n1") is Verdict.CHALLENGED
        cluster.run(1)
    view = cluster.view("n1", "n2")
    assert (view.contact, view.beat) == (Contact.STALE, None)
    assert view.finding == "another life of it was heard and has not answered yet"


def test_a_life_that_is_not_believed_yet_gets_no_credit_for_hearing_us():
    cluster = Cluster()
    cluster.run(1)
    view = cluster.view("n1", "n2")
    assert (view.contact, view.last_heard) == (Contact.LISTENING, None)


@pytest.mark.parametrize(
    ("changes", "link", "verdict"),
    [
        ({"cluster": tag_of("c2")}, 0, Verdict.FOREIGN),
        ({"node": "n9"}, 0, Verdict.FOREIGN),
        ({}, 7, Verdict.FOREIGN),
        ({"node": "n1", "incarnation": 1}, 0, Verdict.OWN),
        ({"node": "n1", "incarnation": 9}, 0, Verdict.TWIN),
    ],
    ids=["another cluster", "no peer", "no link", "our own", "a twin"],
)
def test_what_is_no_beat_of_a_peer_changes_nothing(changes, link, verdict):
    cluster = Cluster()
    cluster.run(5)
    before = cluster.nodes["n1"]
    assert cluster.deliver(replace(cluster.beat("n2"), **changes), "n1", link) is verdict
    assert cluster.nodes["n1"] == before


def test_an_echo_of_what_we_never_sent_shows_that_our_memory_was_set_back():
    cluster = Cluster()
    cluster.run(5)
    snapshot = cluster.nodes["n1"]
    cluster.run(5)
    assert cluster.nodes["n1"].is_overtaken is False
    cluster.nodes["n1"] = snapshot
    cluster.deliver(cluster.beat("n2"), "n1")
    assert cluster.nodes["n1"].is_overtaken is True


def test_what_can_not_be_read_is_told_of_a_peer_that_does_not_beat():
    cluster = Cluster()
    cluster.run(1)
    text = "n2 speaks version 2 of the heartbeat, this node version 1"
    cluster.nodes["n1"] = cluster.nodes["n1"].refused("n2", text, cluster.now).refused("n9", text, cluster.now)
    assert cluster.view("n1", "n2").finding == text
    assert cluster.view("n1", "n2").contact is Contact.LISTENING
    cluster.run(4)
    cluster.nodes["n1"] = cluster.nodes["n1"].refused("n2", text, cluster.now)
    assert cluster.view("n1", "n2").finding == ""


def test_a_finding_goes_when_it_is_not_repeated():
    cluster = Cluster()
    cluster.quiet = {"n2"}
    cluster.nodes["n1"] = cluster.nodes["n1"].refused("n2", "it speaks version 2", cluster.now)
    cluster.run(5)
    assert cluster.view("n1", "n2").finding == ""


def test_peers_that_come_are_listened_to_first_and_those_that_stay_are_kept():
    cluster = Cluster()
    cluster.run(10)
    before = cluster.view("n1", "n2")
    cluster.nodes["n1"] = cluster.nodes["n1"].configured(("n1", "n2", "n3"), (0, 1), cluster.now)
    assert cluster.view("n1", "n2") == before
    assert cluster.view("n1", "n3").contact is Contact.LISTENING
    cluster.nodes["n1"] = cluster.nodes["n1"].configured(("n3",), (1,), cluster.now)
    assert list(cluster.nodes["n1"].view(cluster.now)) == ["n3"]
    assert list(cluster.view("n1", "n3").links) == [1]


def test_a_link_that_was_taken_out_keeps_no_peer_beating():
    cluster = Cluster()
    cluster.run(10)
    cluster.nodes["n1"] = cluster.nodes["n1"].configured(("n2",), (1,), cluster.now)
    assert cluster.deliver(cluster.beat("n2"), "n1", 0) is Verdict.FOREIGN
    assert cluster.view("n1", "n2").contact is Contact.BEATING
    assert cluster.nodes["n1"].seen({}, cluster.now)[tag_of("n2")].links == {1}
    cluster.nodes["n1"] = cluster.nodes["n1"].configured(("n2",), (2,), cluster.now)
    assert cluster.view("n1", "n2").contact is Contact.LISTENING


def test_sixteen_nodes_that_start_at_once_beat_before_any_is_stale():
    cluster = Cluster(tuple(f"n{number}" for number in range(1, 17)), links=(0,))
    cluster.run(5)
    assert {view.contact for node in cluster.names for view in cluster.nodes[node].view(cluster.now).values()} == {Contact.BEATING}


def test_challenges_take_turns_when_they_are_too_many_for_a_beat():
    cluster = Cluster(tuple(f"n{number}" for number in range(1, 17)), links=(0,))
    for node in cluster.names[1:]:
        assert cluster.deliver(cluster.beat(node), "n1") is Verdict.CHALLENGED
    beats = [cluster.beat("n1") for _ in range(2)]
    assert [len(beat.challenged) for beat in beats] == [CHALLENGES, CHALLENGES]
    assert {tag for beat in beats for tag in beat.challenged} == {tag_of(node) for node in cluster.names[1:]}


def test_terms_that_do_not_fit_and_links_without_a_bit_are_refused():
    with pytest.raises(ValueError, match="make it 30 s or more"):
        begun(Own("n1", 1), "c1", nodes=("n2",), links=(0,), terms=Terms(interval=10), now=0.0)
    with pytest.raises(ValueError, match="from 0 to 31"):
        begun(Own("n1", 1), "c1", nodes=("n2",), links=(32,), terms=TERMS, now=0.0)


def test_a_counter_that_does_not_grow_is_refused():
    own = Own("n1", 1).sent(3, 1.0, 5.0)
    with pytest.raises(ValueError, match="beat 3 after beat 3"):
        own.sent(3, 2.0, 5.0)


def test_beats_that_are_too_old_to_prove_anything_are_forgotten():
    own = Own("n1", 1)
    for counter in range(1, 100):
        own = own.sent(counter, float(counter), 5.0)
    assert [counter for counter, _ in own.moments] == [95, 96, 97, 98, 99]
