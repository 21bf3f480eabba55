"""A holder and its granters, message by message."""

import pytest
from opensvc_daemon.lease.granter import Granter
from opensvc_daemon.lease.holder import Holder, State
from opensvc_daemon.lease.membership import Member, Membership, Voters
from opensvc_daemon.lease.messages import Owner
from opensvc_daemon.lease.refusals import Code
from opensvc_daemon.lease.source import Outside
from opensvc_daemon.lease.terms import LeaseTerms
from opensvc_daemon.lease.watchdog import Watchdog

TERMS = LeaseTerms()
THREE = Membership.first(Voters((Member("n1"), Member("n2"), Member("arb"))))
NOW = 1000.0


def holder(node="n1", source=THREE):
    return Holder("svc", Owner(node, 1), TERMS, source)


def granter(name="n2"):
    return Granter(name, THREE, TERMS, NOW)


def held(one, moment, granters, answered=None):
    """A holder after a request at a moment, and the granters that grant to it."""
    one, request = one.ask(moment)
    after = []
    for each in granters:
        changed, answer = each.asked(request, moment)
        one = one.answered(answer, moment if answered is None else answered)
        after.append(changed)
    return one, after


def test_a_majority_makes_a_lease_that_counts_from_the_request():
    one, _ = held(holder(), NOW, [granter("n1"), granter("n2")], answered=NOW + 3)
    assert one.valid_until == NOW + 9.9
    assert one.stop_at == pytest.approx(NOW + 4.9)


def test_one_of_three_makes_none():
    one, _ = held(holder(), NOW, [granter("n1")])
    assert one.state(NOW) is State.NONE
    assert not one.holds(NOW)


@pytest.mark.parametrize(
    ("later", "state"), [(0, State.HELD), (4.8, State.HELD), (4.95, State.STOP), (9.8, State.STOP), (9.9, State.LOST), (4000, State.LOST)]
)
def test_the_state_follows_the_clock(later, state):
    one, _ = held(holder(), NOW, [granter("n1"), granter("n2")])
    assert one.state(NOW + later) is state
    assert one.holds(NOW + later) is (state is not State.LOST)


def test_a_lost_lease_is_not_renewed_but_had_again_after_the_stop():
    one, granters = held(holder(), NOW, [granter("n1"), granter("n2")])
    asking, request = one.ask(NOW + 9)
    assert asking.answered(granters[0].asked(request, NOW + 9)[1], NOW + 11).valid_until == one.valid_until
    lost, refusal = one.ask(NOW + 10)
    assert refusal.code is Code.LOST
    again, _ = held(lost.stopped()[0], NOW + 10, granters)
    assert again.state(NOW + 10) is State.HELD


def test_a_lease_is_lost_when_a_majority_says_that_another_node_has_it():
    """The clock of a virtual machine stands still while it is paused: only those who granted know how long that was."""
    one, (n1, n2, arb) = held(holder(), NOW, [granter("n1"), granter("n2"), granter("arb")])
    other, (n2, arb) = held(holder("n2"), NOW + 60, [n2, arb])
    assert other.holds(NOW + 60)
    asking, request = one.ask(NOW + 1)
    asking = asking.answered(n1.asked(request, NOW + 1)[1], NOW + 1)
    answers = [each.asked(request, NOW + 61)[1] for each in (n2, arb)]
    first = asking.answered(answers[0], NOW + 1)
    assert first.state(NOW + 1) is State.HELD  # the others make a majority
    assert first.answered(answers[1], NOW + 1).state(NOW + 1) is State.LOST


def test_votes_before_a_stop_count_no_more():
    one, (n1, n2) = held(holder(), NOW, [granter("n1"), granter("n2")])
    stopped, release = one.stopped()
    held(holder("n2"), NOW + 1, [n1.released(release, NOW + 1), granter("arb")])
    again, _ = held(stopped, NOW + 1, [n2])
    assert not again.holds(NOW + 1)


def test_a_renewal_by_different_voters_counts_from_the_older_request():
    one, (n1, _n2) = held(holder(), NOW, [granter("n1"), granter("n2")])
    one, _ = held(one, NOW + 2, [n1])
    assert one.valid_until == NOW + 9.9
    one, _ = held(one, NOW + 3, [granter("arb")])
    assert one.valid_until == NOW + 2 + 9.9


def test_a_granter_refuses_others_until_its_clock_has_counted_more_than_the_lease():
    _, (n2,) = held(holder(), NOW, [granter()])
    _, request = holder("n2").ask(NOW)
    _, answer = n2.asked(request, NOW + 10)
    assert answer.refusal.code is Code.HELD
    assert answer.refusal.text == "n2 granted it to n1 (1): for 0.1 s at most"
    assert n2.asked(request, NOW + 10.1)[1].refusal is None


def test_another_life_of_the_same_node_is_another_owner():
    _, (n2,) = held(holder(), NOW, [granter()])
    _, request = holder()._replace(owner=Owner("n1", 2)).ask(NOW + 1)
    assert n2.asked(request, NOW + 1)[1].refusal.code is Code.HELD


def test_a_granter_that_has_started_is_silent_as_long_as_it_may_have_granted():
    started = Granter.started("n2", THREE, TERMS, NOW)
    _, request = holder().ask(NOW)
    assert started.asked(request, NOW + 10.09)[1].refusal.code is Code.STARTING
    assert started.asked(request, NOW + 10.1)[1].refusal is None


def test_a_release_frees_the_grant_at_once_and_late_requests_win_nothing():
    one, request = holder().ask(NOW)
    n2, _ = granter().asked(request, NOW)
    n2 = n2.released(one.stopped()[1], NOW + 1)
    assert n2.asked(request, NOW + 2)[1].refusal.code is Code.OLD_REQUEST
    assert n2.asked(holder("n2").ask(NOW + 2)[1], NOW + 2)[1].refusal is None


def test_a_late_release_frees_no_later_grant():
    one, (n2,) = held(holder(), NOW, [granter()])
    stopped, release = one.stopped()
    _, (n2,) = held(stopped, NOW + 1, [n2])
    assert n2.released(release, NOW + 2) == n2


def test_a_release_by_another_owner_frees_nothing():
    _, (n2,) = held(holder(), NOW, [granter()])
    assert n2.released(holder("n2").ask(NOW)[0].stopped()[1]._replace(number=99), NOW) == n2


def test_services_do_not_stand_in_each_others_way():
    _, (n2,) = held(holder(), NOW, [granter()])
    _, request = holder("n2")._replace(service="other").ask(NOW)
    assert n2.asked(request, NOW)[1].refusal is None


def test_who_is_beaten_knows_it_and_why():
    _, granters = held(holder("n2"), NOW, [granter("n2"), granter("arb")])
    one, _ = held(holder(), NOW, granters)
    assert one.is_beaten()
    assert [(refusal.code, refusal.text) for refusal in one.explain(NOW)] == [
        (Code.HELD, "arb granted it to n2 (1): for 10.1 s at most"),
        (Code.SILENT, "n1 has not answered to any request of the last 9.9 s"),
        (Code.HELD, "n2 granted it to n2 (1): for 10.1 s at most"),
    ]


def test_a_voter_that_counts_by_another_list_is_named():
    later = THREE.propose(THREE.voters.without("arb"), {"n1", "n2"})
    one, _ = held(holder(), NOW, [granter().adopted(later)])
    assert [refusal.code for refusal in one.explain(NOW)] == [Code.SILENT, Code.SILENT, Code.OTHER_EPOCH]


def test_before_anything_was_asked_nobody_is_said_to_be_silent():
    assert {refusal.code for refusal in holder().explain(NOW)} == {Code.NOT_ASKED}


def test_a_late_refusal_does_not_hide_a_later_grant():
    one, first = holder().ask(NOW)
    one, second = one.ask(NOW + 1)
    refused = Granter.started("n2", THREE, TERMS, NOW).asked(first, NOW)[1]
    one = one.answered(granter().asked(second, NOW + 1)[1], NOW + 1).answered(refused, NOW + 2)
    assert "n2" in one.votes
    assert one.refusals == {}


def test_a_lease_may_come_from_outside():
    etcd = Outside("etcd", 10.0)
    one, request = holder(source=etcd).ask(NOW)
    assert one.answered(etcd.answer(request, is_granted=False), NOW).explain(NOW)[0].code is Code.NOT_GRANTED
    assert one.answered(etcd.answer(request, is_granted=True), NOW + 2).valid_until == NOW + 9.9


def test_a_holder_may_count_less_than_was_agreed_never_more():
    assert holder()._replace(terms=TERMS._replace(lease=60.0)).counts() == 9.9
    assert holder()._replace(terms=TERMS._replace(lease=8.0)).counts() == 7.92


def test_the_watchdog_is_petted_while_nothing_is_held():
    assert Watchdog(4.0, TERMS).may_pet([holder()], NOW)


def test_the_watchdog_ends_a_node_before_its_lease_does():
    one, _ = held(holder(), NOW, [granter("n1"), granter("n2")])
    dog = Watchdog(4.0, TERMS)
    last = dog.must_pet_until([holder(), one], NOW)
    # The device's clock is slow, the holder's fast: what is still before the end of the lease.
    assert last + 4.0 / 0.99 * 1.01 == pytest.approx(NOW + 9.9)
    assert dog.may_pet([one], last)
    assert not dog.may_pet([one], last + 0.001)


def test_a_lost_lease_is_not_petted_for_until_the_service_has_stopped():
    one, _ = held(holder(), NOW, [granter("n1"), granter("n2")])
    assert not Watchdog(4.0, TERMS).may_pet([one], NOW + 60)
    assert Watchdog(4.0, TERMS).may_pet([one.stopped()[0]], NOW + 60)


@pytest.mark.parametrize(("timeout", "fits"), [(1.5, False), (2.0, True), (4.9, True), (5.0, False), (60.0, False)])
def test_a_watchdog_fits_between_two_renewals_and_the_stop(timeout, fits):
    assert (Watchdog(timeout, TERMS).findings() == []) is fits
