"""Three nodes, two links that lose, double, delay and reorder, pauses and restarts: what a view says is true, and in the end all beat.

The machine knows what the nodes can't: who lives, and when which beat was made.
"""

from dataclasses import dataclass, field
from itertools import count, permutations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from opensvc_daemon.heartbeat.beat import Beat
from opensvc_daemon.heartbeat.keyring import Keyring, Secret
from opensvc_daemon.heartbeat.own import Own
from opensvc_daemon.heartbeat.peers import Peers, begun
from opensvc_daemon.heartbeat.replay import Verdict
from opensvc_daemon.heartbeat.sealing import Opener, Sealer
from opensvc_daemon.heartbeat.tags import tag_of
from opensvc_daemon.heartbeat.terms import Terms
from opensvc_daemon.heartbeat.views import Contact
from opensvc_daemon.heartbeat.wire import arrived, sent

NAMES, LINKS, TERMS = ("n1", "n2", "n3"), (0, 1), Terms()
SECRET = Secret(b"0123456789abcdef")
NODES = st.sampled_from(NAMES)
WAYS = st.sampled_from([(*pair, link) for pair in permutations(NAMES, 2) for link in LINKS])


@dataclass
class Running:
    """A node: its peers, its seal, and what it took as new."""

    peers: Peers
    sealer: Sealer
    opener: Opener
    began: float
    taken: set = field(default_factory=set)
    last: dict = field(default_factory=dict)


class Links(RuleBasedStateMachine):
    @initialize()
    def begin(self):
        self.now, self.lives = 100.0, count(1)
        self.nodes, self.dead, self.asleep, self.cut = {}, set(), set(), set()
        self.flying, self.recorded = [], []  # (way, bytes), and all that was ever sent
        self.made = {}  # (node, incarnation, counter) → when
        self.ended = {}  # (node, incarnation) → when
        for name in NAMES:
            self.start(name)

    def start(self, name):
        life = next(self.lives)
        peers = begun(Own(name, life), "c1", nodes=NAMES, links=LINKS, terms=TERMS, now=self.now)
        self.nodes[name] = Running(peers, Sealer("c1", name, life), Opener("c1", Keyring((SECRET,))), self.now)
        self.dead.discard(name)
        self.asleep.discard(name)

    def active(self):
        return [name for name in NAMES if name not in self.dead | self.asleep]

    @rule(quarters=st.integers(1, 4))
    def time_passes(self, quarters):
        """Time passes; who is awake beats when its interval is over."""
        for _ in range(quarters):
            self.now += TERMS.interval / 4
            for name in self.active():
                if (self.now - self.nodes[name].began) % TERMS.interval < TERMS.interval / 8:
                    self.beat(name)

    def beat(self, name):
        node = self.nodes[name]
        node.peers = node.peers.tick(self.now).sent(node.peers.own.counter + 1, self.now)
        own = node.peers.own
        beat = Beat(
            *(tag_of("c1"), name, own.incarnation, own.counter, tag_of("boot")),
            seen=node.peers.seen({}, self.now),
            challenged=node.peers.challenged(),
        )
        self.made[name, own.incarnation, own.counter] = self.now
        data = sent(beat, node.sealer, SECRET)
        for to in NAMES:
            for link in LINKS:
                if to != name and (name, to, link) not in self.cut:
                    self.flying.append(((name, to, link), data))
        self.recorded.append(data)

    @rule(places=st.lists(st.integers(0, 5), max_size=12))
    def some_arrive(self, places):
        for place in places:
            if self.flying:
                self.arrive(self.flying.pop(min(place, len(self.flying) - 1)))

    @rule()
    def all_arrive(self):
        waiting, self.flying = self.flying, []
        for each in waiting:
            self.arrive(each)

    @rule(place=st.integers(0, 30))
    def one_is_lost(self, place):
        if self.flying:
            self.flying.pop(place % len(self.flying))

    @rule(place=st.integers(0, 30))
    def one_is_doubled(self, place):
        if self.flying:
            self.flying.append(self.flying[place % len(self.flying)])

    @rule(way=WAYS, places=st.lists(st.integers(0, 10_000), min_size=1, max_size=10))
    def records_are_played(self, way, places):
        for place in places:
            if self.recorded:
                self.arrive((way, self.recorded[place % len(self.recorded)]))

    @rule(way=WAYS, place=st.integers(0, 10_000), where=st.integers(0, 10_000), bits=st.integers(1, 255))
    def one_is_tampered_with(self, way, place, where, bits):
        if self.recorded:
            data = bytearray(self.recorded[place % len(self.recorded)])
            data[where % len(data)] ^= bits
            before = self.nodes[way[1]].peers
            try:
                arrived(bytes(data), self.nodes[way[1]].opener)
            except Exception as error:  # noqa: BLE001 - any but one is the fault that is looked for
                assert type(error).__module__ == "opensvc_daemon.heartbeat.errors", error
            else:
                raise AssertionError("a tampered beat was opened")
            assert self.nodes[way[1]].peers is before

    @rule(way=WAYS)
    def a_direction_is_cut(self, way):
        self.cut.add(way)

    @rule()
    def all_is_healed(self):
        self.cut.clear()

    @rule(name=NODES)
    def a_node_dies(self, name):
        self.end(name)
        self.dead.add(name)

    @rule(name=NODES)
    def a_node_is_restarted(self, name):
        self.end(name)
        self.start(name)

    @rule(name=NODES)
    def a_node_is_paused_or_wakes(self, name):
        self.asleep ^= {name} - self.dead

    def end(self, name):
        self.ended.setdefault((name, self.nodes[name].peers.own.incarnation), self.now)

    def arrive(self, flight):
        (_, to, link), data = flight
        if to in self.dead | self.asleep:
            return
        node = self.nodes[to]
        beat = arrived(data, node.opener).beat
        before = node.peers.known.get(beat.node)
        node.peers, verdict = node.peers.received(link, beat, self.now)
        assert not node.peers.is_overtaken
        if verdict in (Verdict.NEW, Verdict.LATE):
            self.check_new(node, beat)
        if beat.node == to:
            assert verdict in (Verdict.OWN, Verdict.TWIN)
        elif not verdict.is_believed:
            assert node.peers.known[beat.node].beat == before.beat

    def check_new(self, node, beat):
        life = (beat.node, beat.incarnation)
        assert (*life, beat.counter) not in node.taken, "a beat was taken twice"
        node.taken.add((*life, beat.counter))
        known = node.last.setdefault(beat.node, beat.incarnation)
        assert beat.incarnation >= known, "an earlier life came back"  # lives are numbered here
        node.last[beat.node] = beat.incarnation
        assert self.ended.get(life, self.now) >= node.began, "a life was believed that ended before ours began"

    @invariant()
    def a_view_is_true(self):
        for name in self.active():
            node = self.nodes[name]
            for peer, view in node.peers.view(self.now).items():
                self.check_view(name, peer, view)

    def check_view(self, name, peer, view):
        if view.contact is Contact.BEATING:
            life = (peer, view.incarnation)
            assert self.now - self.ended.get(life, self.now) < TERMS.timeout, "a dead life beats"
        if view.contact is Contact.STALE:
            assert view.last_heard is None or self.now - view.last_heard >= TERMS.timeout
            assert self.nodes[name].peers.ticked >= self.now - TERMS.pause, "who is paused calls a peer stale"
            assert view.since <= self.now
        for link in view.links.values():
            assert link.is_beating or not link.is_two_way or view.contact is Contact.BEATING
        assert any(link.is_two_way for link in view.links.values()) <= (view.contact is Contact.BEATING)

    def teardown(self):
        """When the faults end, all beat over all links, soon."""
        if not hasattr(self, "nodes"):
            return
        self.cut.clear()
        self.asleep.clear()
        for name in sorted(self.dead):
            self.start(name)
        for _ in range(4 * 8):
            self.time_passes(1)
            self.all_arrive()
        for name in NAMES:
            for view in self.nodes[name].peers.view(self.now).values():
                assert view.contact is Contact.BEATING
                assert all(link.is_two_way for link in view.links.values())


TestLinks = Links.TestCase
TestLinks.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
