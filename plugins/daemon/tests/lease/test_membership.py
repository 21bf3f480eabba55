"""Lists of voters: majorities that meet, and the way from one list to the next."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opensvc_daemon.lease.change import Change
from opensvc_daemon.lease.granter import Granter
from opensvc_daemon.lease.membership import Member, Membership, Voters
from opensvc_daemon.lease.refusals import Code
from opensvc_daemon.lease.terms import LeaseTerms

ALL = ("n1", "n2", "n3", "arb")
LISTS = st.dictionaries(st.sampled_from(ALL), st.integers(1, 4), min_size=1).map(
    lambda weights: Voters(tuple(Member(*one) for one in weights.items()))
)
TWO = Voters((Member("n1"), Member("n2")))
THREE = TWO.with_member("arb")
FIRST = Membership.first(TWO)
JOINT = FIRST.propose(THREE, ALL)
TERMS = LeaseTerms()


def majorities(membership):
    groups = (set(group) for size in range(1, 5) for group in combinations(ALL, size))
    return [group for group in groups if membership.counted(dict.fromkeys(group, 0.0)) is not None]


@given(LISTS)
def test_two_majorities_of_a_list_meet(voters):
    found = majorities(Membership.first(voters))
    assert found
    assert all(one & other for one in found for other in found)


@given(LISTS, LISTS)
def test_a_majority_of_a_joint_list_meets_those_of_both(voters, target):
    first = Membership.first(voters)
    joint = first.step(becoming=target)
    assert all(one & other for one in majorities(joint) for known in (first, joint.step()) for other in majorities(known))


@given(LISTS, st.dictionaries(st.sampled_from(ALL), st.integers(0, 5).map(float)))
def test_a_count_is_the_latest_moment_that_a_majority_has_reached(voters, moments):
    reached = [
        moment
        for moment in moments.values()
        if {name for name, one in moments.items() if one >= moment} in majorities(Membership.first(voters))
    ]
    assert voters.counted(moments) == max(reached, default=None)


@pytest.mark.parametrize(
    ("target", "code"),
    [
        (TWO, Code.NO_CHANGE),
        (THREE.with_member("n3"), Code.SEVERAL_AT_ONCE),
        (THREE.without("n1"), Code.SEVERAL_AT_ONCE),
        (THREE._replace(lease=20.0), Code.SEVERAL_AT_ONCE),
        (TWO.without("n1").without("n2"), Code.UNFIT),
        (TWO.with_member("arb", 0), Code.UNFIT),
        (TWO._replace(members=(*TWO.members, Member("n1"))), Code.UNFIT),
        (TWO.with_member("n3", 9), Code.UNREACHABLE),
    ],
)
def test_a_change_is_refused_with_a_reason(target, code):
    refusal = FIRST.propose(target, {"n1", "n2", "arb"})
    assert refusal.code is code
    assert refusal.text


def test_a_change_is_refused_while_another_is_under_way():
    assert JOINT.propose(TWO, ALL).code is Code.CHANGE_UNDER_WAY


@pytest.mark.parametrize("target", [THREE, TWO.without("n2"), TWO.with_member("n1", 2), TWO._replace(lease=20.0)])
def test_one_member_its_weight_or_the_lease_may_change(target):
    joint = FIRST.propose(target, ALL)
    assert joint.lists == (TWO, target)
    assert joint.step().voters == target


def test_while_the_lease_changes_holders_count_the_shorter_and_granters_the_longer():
    joint = FIRST.propose(TWO._replace(lease=20.0), ALL)
    assert (joint.shortest, joint.longest) == (10.0, 20.0)


def test_a_change_ends_when_both_majorities_confirmed_and_the_old_leases_are_over():
    change = Change(JOINT, TERMS).confirmed("n1", JOINT.epoch, 5.0)
    assert change.finish(100.0).code is Code.UNCONFIRMED
    change = change.confirmed("n2", JOINT.epoch, 8.0).confirmed("arb", JOINT.epoch, 9.0)
    refusal = change.finish(18.0)
    assert (refusal.code, refusal.text) == (Code.TOO_EARLY, "leases by the old list may last another 0.1 s")
    assert change.finish(18.1) == JOINT.step()


def test_a_voter_that_knows_another_list_confirms_nothing():
    change = Change(JOINT, TERMS)
    assert change.confirmed("n1", FIRST.epoch, 5.0) == change


def test_two_proposals_under_one_number_are_two_epochs_and_a_granter_takes_the_first():
    other = FIRST.propose(TWO.without("n1"), ALL)
    assert other.epoch.number == JOINT.epoch.number
    knows = Granter("n1", FIRST, TERMS, 0.0).adopted(JOINT)
    assert knows.adopted(other).code is Code.ANOTHER_CHANGE
    assert knows.adopted(JOINT) is knows
    assert knows.adopted(FIRST).code is Code.OLD_EPOCH


def test_one_proposal_made_by_two_is_one_epoch():
    assert FIRST.propose(Voters((Member("arb"), *TWO.members)), ALL).epoch == JOINT.epoch


def test_two_nodes_need_an_arbitrator():
    assert [one.code for one in TWO.findings()] == ["voter-indispensable"] * 2
    assert THREE.findings() == []


def test_the_first_list_has_to_be_fit():
    with pytest.raises(ValueError, match="name the nodes"):
        Membership.first(Voters(()))
