"""How nodes come to know the same list of voters."""

import pytest
from opensvc_daemon.beat.voting import Voting, next_step
from opensvc_daemon.lease.membership import Member, Membership, Voters
from opensvc_daemon.lease.terms import LeaseTerms

TERMS = LeaseTerms()


def voters(*names, lease=10.0, **weights):
    return Voters((*map(Member, names), *(Member(name, weight) for name, weight in weights.items())), lease)


class Room:
    """Nodes that hear one another, unless they are away."""

    def __init__(self):
        self.nodes, self.stored, self.now, self.away = {}, {}, 0.0, set()

    def join(self, name, target, known=None, outside=()):
        self.stored[name] = []

        def adopt(membership):
            self.stored[name].append(membership)
            return True

        self.nodes[name] = Voting(name, known, adopt)
        self.nodes[name].configure(target, TERMS, outside)

    def talk(self, seconds=0.0):
        self.now += seconds
        here = {name: node for name, node in self.nodes.items() if name not in self.away}
        for name, node in here.items():
            for other, heard in here.items():
                if other != name:
                    heard.heard(name, node.epoch, node.known if node.is_behind(other) else None)
        for name, node in here.items():
            node.drive(here.keys() - {name}, self.now)

    def settle(self):
        for _ in range(60):
            self.talk(1.0)

    def lists(self):
        return {name: node.known and node.known.voters for name, node in self.nodes.items()}


@pytest.fixture
def room():
    return Room()


def test_a_new_cluster_begins_when_all_of_its_nodes_are_heard(room):
    target = voters("n1", "n2", "n3")
    for name in ("n1", "n2", "n3"):
        room.join(name, target)
    room.away = {"n3"}
    room.settle()
    assert set(room.lists().values()) == {None}
    room.away = set()
    room.settle()
    assert set(room.lists().values()) == {target}
    assert len({node.epoch for node in room.nodes.values()}) == 1


def test_nodes_of_different_minds_do_not_begin(room):
    room.join("n1", voters("n1", "n2"))
    room.join("n2", voters("n1", "n2", lease=20.0))
    room.settle()
    assert set(room.lists().values()) == {None}


def test_a_lone_node_begins_alone(room):
    room.join("n1", voters("n1"))
    room.talk()
    assert room.lists() == {"n1": voters("n1")}


def test_without_configured_nodes_there_are_no_voters(room):
    room.join("n1", voters())
    room.settle()
    assert room.lists() == {"n1": None}


def test_a_node_that_is_new_learns_and_is_taken_in_after_the_longest_lease(room):
    room.join("n1", voters("n1"))
    room.talk()
    room.join("n2", voters("n1", "n2"))
    room.talk()
    room.talk()
    assert room.nodes["n2"].known == Membership.first(voters("n1"))
    room.nodes["n1"].configure(voters("n1", "n2"), TERMS, ())
    begun = room.now
    while room.nodes["n1"].known.voters != voters("n1", "n2"):
        room.talk(0.1)
    assert room.now - begun >= TERMS.granted_for(10.0)
    room.settle()
    assert room.nodes["n1"].known == room.nodes["n2"].known
    assert room.nodes["n1"].known.becoming is None


def test_several_changes_are_made_one_at_a_time(room):
    for name in ("n1", "n2", "n3"):
        room.join(name, voters("n1", "n2", "n3"))
    room.settle()
    target = voters("n2", "n3", "n4", lease=12.0)
    room.join("n4", target)
    for node in room.nodes.values():
        node.configure(target, TERMS, ())
    for _ in range(6):
        room.settle()
    assert room.lists()["n2"] == room.lists()["n3"] == room.lists()["n4"]
    assert not room.lists()["n2"].changes(target)
    steps = [(one.voters, one.becoming) for one in room.stored["n2"] if one.becoming]
    assert all(len(before.changes(after)) == 1 for before, after in steps)


def test_a_change_ends_only_when_majorities_know_it(room):
    for name in ("n1", "n2", "n3"):
        room.join(name, voters("n1", "n2", "n3"))
    room.settle()
    for node in room.nodes.values():
        node.configure(voters("n1", "n2"), TERMS, ())
    room.talk()
    assert room.nodes["n1"].known.becoming is not None
    room.away = {"n2", "n3"}
    room.settle()
    assert room.nodes["n1"].known.becoming is not None
    room.away = {"n3"}
    room.settle()
    assert room.lists()["n1"] == voters("n1", "n2")


def test_an_arbitrator_is_taught_and_drives_nothing(room):
    target = voters("a0", "n1", "n2")
    for name in ("n1", "n2"):
        room.join(name, target, outside=("a0",))
    room.settle()
    assert room.lists() == {"n1": target, "n2": target}
    for node in room.nodes.values():
        node.configure(target._replace(lease=20.0), TERMS, ("a0",))
    room.settle()
    room.settle()
    assert room.lists()["n1"].lease == 20.0


def test_a_list_that_is_not_stored_is_not_known(room):
    node = Voting("n1", None, lambda membership: False)
    node.configure(voters("n1"), TERMS, ())
    node.drive((), 0.0)
    assert node.known is None
    assert node.epoch.number == 0


def test_an_earlier_list_is_not_taken(room):
    room.join("n1", voters("n1", "n2"), known=Membership.first(voters("n1", "n2")).step(becoming=voters("n1")))
    room.nodes["n1"].heard("n2", Membership.first(voters("n2")).epoch, Membership.first(voters("n2")))
    assert room.stored["n1"] == []


@pytest.mark.parametrize(
    ("have", "want", "step"),
    [
        (voters("a", "b"), voters("a", "b"), None),
        (voters("a", "b"), voters("a", "c"), voters("a", "b", "c")),
        (voters("a", "b", "c"), voters("a", "c"), voters("a", "c")),
        (voters("a"), voters(a=2), voters(a=2)),
        (voters("a"), voters("a", lease=5.0), voters("a", lease=5.0)),
    ],
    ids=["reached", "who comes first", "who goes", "weight", "lease"],
)
def test_the_next_step(have, want, step):
    assert next_step(have, want) == step
