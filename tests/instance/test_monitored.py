"""What follows from what was seen of monitored resources."""

import pytest

from opensvc_core.instance.monitored import STEADY, Do, Monitored, Tries, decide
from opensvc_core.model.status import Status

NOW = 1000.0
DOWN = Monitored("fs#1", Status.DOWN)


def verdict(*resources, manager=Status.UP, **more):
    return decide(manager, resources, NOW, **more)


def test_what_is_down_and_not_restarted_is_given_up():
    assert verdict(DOWN)[:2] == (Do.GIVE_UP, "fs#1 is down")
    assert verdict(DOWN._replace(status=Status.STDBY_DOWN)).do is Do.GIVE_UP


@pytest.mark.parametrize("status", [one for one in Status if one is not Status.UP], ids=str)
def test_what_the_manager_has_not_started_is_left_alone(status):
    assert verdict(DOWN, manager=status).do is Do.NOTHING


@pytest.mark.parametrize("status", [Status.UP, Status.STDBY_UP, Status.NA], ids=str)
def test_what_is_up_or_has_no_status_is_no_trouble(status):
    found = verdict(DOWN._replace(status=status))
    assert (found.do, found.is_trouble) == (Do.NOTHING, False)


@pytest.mark.parametrize("status", [Status.WARN, Status.UNDEF], ids=str)
def test_what_was_not_seen_to_be_down_is_told_and_left(status):
    found = verdict(Monitored("fs#1", status, "it hangs"))
    assert (found.do, found.is_trouble) == (Do.NOTHING, True)
    assert found.reason == f"fs#1 is {status} (it hangs): nothing follows from what was not seen to be down"


def test_what_is_down_counts_beside_what_was_not_seen():
    assert verdict(Monitored("ip#1", Status.UNDEF), DOWN)[:2] == (Do.GIVE_UP, "fs#1 is down")


def test_a_hindrance_is_told_with_what_is_down_alone():
    found = verdict(Monitored("ip#1", Status.UP), DOWN, hindrance="as it is frozen")
    assert (found.do, found.reason, found.is_trouble) == (Do.NOTHING, "fs#1 is down: nothing is done, as it is frozen", True)
    assert not verdict(Monitored("ip#1", Status.UP), hindrance="as it is frozen").is_trouble


def test_restarts_come_first_in_the_order_of_a_start():
    found = verdict(Monitored("fs#1", Status.DOWN, restart=1), Monitored("app#1", Status.DOWN, restart=2))
    assert found[:3] == (Do.RESTART, "fs#1 is down: it is started again, 1 of 1", "fs#1")


def test_who_has_no_restart_left_decides_for_all():
    lost = Monitored("fs#1", Status.DOWN, restart=2, tries=Tries(2, NOW))
    assert verdict(Monitored("ip#1", Status.DOWN, restart=3), lost)[:2] == (Do.GIVE_UP, "fs#1 is down after 2 restarts")


def test_between_two_restarts_there_is_a_delay():
    tried = Monitored("fs#1", Status.DOWN, restart=3, restart_delay=30.0, tries=Tries(1, NOW - 10.0))
    assert verdict(tried)[:4] == (Do.WAIT, "fs#1 is down: it is started again in 20 s", "fs#1", 20.0)
    assert verdict(tried._replace(tries=Tries(1, NOW - 30.0))).do is Do.RESTART
    assert verdict(tried._replace(tries=Tries())).do is Do.RESTART
    assert verdict(tried, Monitored("app#1", Status.DOWN, restart=1)).rid == "app#1"


def test_restarts_come_back_once_it_was_seen_up_twice():
    tries = Tries(1, NOW)
    once = tries.seen(is_up=True, now=NOW + 1)
    assert once.seen(is_up=True, now=NOW + 2).number == 1
    assert once.seen(is_up=False, now=NOW + 1 + STEADY).number == 1
    assert once.seen(is_up=False, now=NOW + 60).seen(is_up=True, now=NOW + 120).number == 1
    assert once.seen(is_up=True, now=NOW + 1 + STEADY) == Tries()
