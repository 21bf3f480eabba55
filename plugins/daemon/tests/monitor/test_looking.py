"""Statuses in the words of the decision, and how often a resource may still be started again."""

import pytest
from opensvc_daemon.monitor.looking import STEADY, Restarts, avail_of, resources_of

from opensvc_core.api import Status

APP = {"type": "app.simple", "restart": 2, "restart_delay": 3.0, "monitor": True}


def seen(restarts, status, now):
    return next(resources_of("svc1", {"app#1": {**APP, "status": status}}, restarts, now))


def test_a_resource_has_what_its_keywords_say():
    found = seen(Restarts(), "down", 0.0)
    assert (found.rid, found.status, found.restarts_left, found.restart_delay, found.is_monitored) == ("app#1", Status.DOWN, 2, 3.0, True)


@pytest.mark.parametrize(("restart", "left"), [(0, 2), (1, 2), (5, 5)])
def test_a_standby_resource_is_tried_twice_at_least(restart, left):
    told = {"fs#1": {**APP, "standby": True, "restart": restart, "status": "stdby down"}}
    (found,) = resources_of("svc1", told, Restarts(), 0.0)
    assert (found.is_standby, found.restarts_left) == (True, left)


def test_each_try_takes_a_restart_away():
    restarts = Restarts()
    restarts.tried("svc1", "app#1", 5.0)
    found = seen(restarts, "down", 6.0)
    assert (found.restarts_left, found.tried_at) == (1, 5.0)


def test_a_resource_that_was_up_for_a_moment_only_has_no_more_restarts_than_before():
    restarts = Restarts()
    restarts.tried("svc1", "app#1", 5.0)
    seen(restarts, "up", 6.0)
    assert seen(restarts, "down", 6.0 + STEADY / 2).restarts_left == 1


def test_a_resource_that_was_steadily_up_has_all_its_restarts_again():
    restarts = Restarts()
    restarts.tried("svc1", "app#1", 5.0)
    seen(restarts, "up", 6.0)
    assert seen(restarts, "down", 6.0 + STEADY).restarts_left == 2


def test_a_start_of_the_service_gives_all_restarts_back():
    restarts = Restarts()
    restarts.tried("svc1", "app#1", 5.0)
    restarts.tried("svc2", "app#1", 5.0)
    restarts.forget("svc1")
    assert seen(restarts, "down", 6.0).restarts_left == 2


def test_syncs_tasks_and_what_lives_in_containers_are_left_out():
    resources = {
        "sync#1": {"type": "sync.rsync", "status": "down"},
        "task#1": {"type": "task.host", "status": "n/a"},
        "app#2": {**APP, "encap": True},
    }
    assert list(resources_of("svc1", resources, Restarts(), 0.0)) == []


def test_a_status_that_is_not_known_here_may_be_anything():
    assert avail_of({"avail": "half up"}) is Status.UNDEF
    assert avail_of({}) is Status.UNDEF
