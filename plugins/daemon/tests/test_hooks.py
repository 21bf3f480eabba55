"""What stands before an action that takes a lease."""

import pytest
from opensvc_daemon import clock, hooks
from opensvc_daemon.beat.keeping import Holdings, Kept, LeaseFile, boot_id
from opensvc_daemon.lease.terms import LeaseTerms

from opensvc_core.api import ActionRefused


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("OSVC_LEASE", str(tmp_path))
    return tmp_path


def hold(run, seconds):
    LeaseFile(run, boot_id()).write(Holdings(7, LeaseTerms(10.0, 1.0, 5.0), {"svc1": Kept(3, clock.now() + seconds)}))


def test_a_start_waits_for_no_lease_where_none_is_needed(monkeypatch):
    monkeypatch.delenv("OSVC_LEASE", raising=False)
    hooks.opensvc_before_action("svc1", "start")


def test_a_start_goes_on_while_the_lease_is_held(run):
    hold(run, 9.0)
    hooks.opensvc_before_action("svc1", "start")


@pytest.mark.parametrize("seconds", [4.0, -1.0], ids=["in the time for its stop", "over"])
@pytest.mark.parametrize("action", ["start", "restart", "provision"])
def test_a_start_whose_lease_has_ended_meanwhile_is_refused(run, seconds, action):
    hold(run, seconds)
    with pytest.raises(ActionRefused, match="svc1: its lease is not held here any more"):
        hooks.opensvc_before_action("svc1", action)


def test_a_start_without_any_lease_is_refused(run):
    with pytest.raises(ActionRefused):
        hooks.opensvc_before_action("svc1", "start")


def test_a_stop_needs_none(run):
    hooks.opensvc_before_action("svc1", "stop")
