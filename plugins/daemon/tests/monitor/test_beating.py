"""The side of the monitor that faces beat: what it believes when beat begins anew."""

import asyncio
from types import SimpleNamespace

import pytest
from opensvc_daemon.monitor.beating import Beating
from opensvc_daemon.monitor.knowledge import Knowledge
from opensvc_daemon.orchestration.view import InstanceView, Lease


@pytest.fixture
def beating(tmp_path):
    """A side whose monitor only takes notes, and a beat that only listens."""

    def nothing(*_values, **_named):
        return None

    known = Knowledge("n1", instances={"svc1": InstanceView()}, leases={"svc1": (Lease.ASKED, 3.0)})
    monitor = SimpleNamespace(
        **{"known": known, "node": SimpleNamespace(paths=SimpleNamespace(run=tmp_path)), "boot": "00", "touch": nothing, "pulse": nothing},
        hearing=SimpleNamespace(forget=nothing, woke=nothing),
        publishing=SimpleNamespace(begin=nothing),
        events=SimpleNamespace(publish=nothing),
        chronicle=SimpleNamespace(say=nothing),
    )
    beating = Beating(monitor)
    beating.sent = []
    beating.connection.send = beating.sent.append
    asyncio.run(beating.begin_life())
    return beating


def begun(beating):
    beating._told({"tell": "begun", "incarnation": beating.sent[0]["incarnation"]})


def test_a_lease_that_beat_does_not_tell_of_is_none(beating):
    beating._told({"tell": "leases", "leases": {}})
    assert beating._known.leases["svc1"][0] is Lease.NONE


def test_a_lease_that_was_given_back_to_a_beat_that_died_is_given_back_again(beating):
    beating.released.add("svc1")
    asyncio.run(beating.begin_life())
    assert beating.released == set()


def test_an_answer_to_an_earlier_begin_begins_nothing(beating):
    beating._told({"tell": "begun", "incarnation": 5})
    beating.send({"do": "ask_lease", "service": "svc1"})
    assert [message["do"] for message in beating.sent] == ["begin"]
    begun(beating)
    beating.send({"do": "ask_lease", "service": "svc1"})
    assert [message["do"] for message in beating.sent] == ["begin", "ask_lease"]
