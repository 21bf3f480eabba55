"""Holders and granters with clocks, messages, pauses, restarts and voters that change, in any order: never do two hold at one moment.

All times are multiples of a power of two, so that sums are exact and the very ends of leases are met.
"""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from opensvc_daemon.lease.change import Change
from opensvc_daemon.lease.granter import Granter
from opensvc_daemon.lease.holder import Holder, State
from opensvc_daemon.lease.membership import Member, Membership, Voters
from opensvc_daemon.lease.messages import Answer, Owner, Release, Request
from opensvc_daemon.lease.terms import LeaseTerms

TERMS = LeaseTerms(lease=16.0, renewal=1.0, stop_limit=4.0, drift=1 / 8)
NAMES = ("a", "b", "c", "d")
HOLDERS = ("n1", "n2", "n3")
WEIGHTS = st.integers(1, 3)
RATES = st.sampled_from([14 / 16, 15 / 16, 1.0, 17 / 16, 18 / 16])
LEASES = st.sampled_from([8.0, 12.0, 16.0])
HOLDER = st.sampled_from(HOLDERS)
NAME = st.sampled_from(NAMES)
REACHED = st.just(set(NAMES)) | st.sets(NAME)


class Cluster(RuleBasedStateMachine):
    @initialize(weights=st.dictionaries(NAME, WEIGHTS, min_size=1, max_size=3), lease=LEASES)
    def begin(self, weights, lease):
        self.lists = [Membership.first(Voters(tuple(Member(*one) for one in weights.items()), lease))]
        self.clocks = dict.fromkeys((*HOLDERS, *NAMES, "driver"), 0.0)
        self.holders = {name: Holder("svc", Owner(name, 0), TERMS, self.lists[0]) for name in HOLDERS}
        self.granters = {name: Granter(name, self.lists[0], TERMS, 0.0) for name in NAMES}
        self.messages = []
        self.change = None

    @rule(quarters=st.integers(1, 36), rates=st.lists(RATES, min_size=8, max_size=8))
    def time_passes(self, quarters, rates):
        for name, rate in zip(self.clocks, rates, strict=True):
            self.clocks[name] += quarters / 4 * rate

    @rule(name=HOLDER)
    def ask(self, name):
        self.holders[name], request = self.holders[name].ask(self.clocks[name])
        if isinstance(request, Request):
            self.messages.append(request)

    @rule(back=st.integers(1, 12), reached=REACHED)
    def a_message_arrives(self, back, reached):
        for message in self.messages[-back:][:1]:
            for granter in sorted(reached):
                self.deliver(message, granter)

    @rule(name=HOLDER, reached=REACHED)
    def ask_some_at_once(self, name, reached):
        self.ask(name)
        for message in self.messages[-1:]:
            for granter in sorted(reached):
                self.deliver(message, granter)
                self.deliver(self.messages[-1], granter)

    @rule(name=HOLDER, reached=REACHED)
    def stop(self, name, reached):
        self.holders[name], release = self.holders[name].stopped()
        self.messages.append(release)
        for granter in sorted(reached):
            self.deliver(release, granter)

    @rule(name=NAME)
    def a_granter_restarts(self, name):
        self.granters[name] = Granter.started(name, self.granters[name].membership, TERMS, self.clocks[name])

    @rule(name=HOLDER)
    def a_node_boots(self, name):
        old = self.holders[name]
        self.holders[name] = Holder("svc", Owner(name, old.owner.incarnation + 1), TERMS, old.source)

    @rule(name=NAME, weight=st.integers(0, 3), reached=REACHED)
    def a_change_is_proposed(self, name, weight, reached):
        voters = self.lists[-1].voters
        self.propose(voters.with_member(name, weight) if weight else voters.without(name), reached)

    @rule(lease=LEASES, reached=REACHED)
    def another_lease_is_proposed(self, lease, reached):
        self.propose(self.lists[-1].voters._replace(lease=lease), reached)

    @rule(name=NAME, data=st.data())
    def a_granter_learns(self, name, data):
        self.learn(name, data.draw(st.sampled_from(self.lists)))

    @rule(name=HOLDER, data=st.data())
    def a_holder_learns(self, name, data):
        self.holders[name] = self.holders[name].adopted(data.draw(st.sampled_from(self.lists)))

    @rule()
    def a_change_ends(self):
        finished = self.change.finish(self.clocks["driver"]) if self.change else None
        if isinstance(finished, Membership):
            self.change = None
            self.lists.append(finished)

    @rule()
    def the_driver_is_replaced(self):
        if self.change:
            self.change = Change(self.change.joint, TERMS)

    @invariant()
    def at_most_one_holds(self):
        assert len([name for name in HOLDERS if self.holders[name].holds(self.clocks[name])]) <= 1

    @invariant()
    def whoever_holds_is_granted_to_by_a_majority(self):
        for name in HOLDERS:
            if self.holders[name].holds(self.clocks[name]):
                assert self.believers(name) or self.silent()

    def teardown(self):
        """Faults end: within the longest lease and the silence, whoever asks alone gets it."""
        for granter in self.granters:
            self.learn(granter, self.lists[-1])
        self.time_passes(160, [1.0] * 8)
        self.holders["n1"] = self.holders["n1"].stopped()[0].adopted(self.lists[-1])
        self.ask_some_at_once("n1", set(NAMES))
        assert self.holders["n1"].state(self.clocks["n1"]) is State.HELD

    def propose(self, target, reached):
        joint = self.lists[-1].propose(target, NAMES)
        if isinstance(joint, Membership):
            self.lists.append(joint)
            self.change = Change(joint, TERMS)
            for name in sorted(reached):
                self.learn(name, joint)

    def learn(self, name, membership):
        learned = self.granters[name].adopted(membership)
        self.granters[name] = learned if isinstance(learned, Granter) else self.granters[name]
        if self.change:
            self.change = self.change.confirmed(name, self.granters[name].membership.epoch, self.clocks["driver"])

    def deliver(self, message, granter):
        now = self.clocks[granter]
        match message:
            case Request():
                self.granters[granter], answer = self.granters[granter].asked(message, now)
                self.messages.append(answer)
            case Release():
                self.granters[granter] = self.granters[granter].released(message, now)
            case Answer():
                holder = message.owner.node
                self.holders[holder] = self.holders[holder].answered(message, self.clocks[holder])

    def believers(self, name):
        owner = self.holders[name].owner
        return [
            one
            for one in self.granters.values()
            if "svc" in one.grants and one.grants["svc"].owner == owner and one.grants["svc"].until > self.clocks[one.name]
        ]

    def silent(self):
        return [one for one in self.granters.values() if one.silent_until > self.clocks[one.name]]


Cluster.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestCluster = Cluster.TestCase
