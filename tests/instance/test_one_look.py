"""One look at several services: what a report of the host has told of one, the others need not ask for."""

import io

import pytest

from opensvc_core.api import Resource, Status
from opensvc_core.cli.options import Arguments
from opensvc_core.cli.session import Session
from opensvc_core.cli.verbs import mon, print_status
from opensvc_core.registry import DRIVERS


class Reported(Resource):
    """One of which a report tells that is asked for once in a look."""

    id = "disk.reported"
    reports = 0

    def status(self):
        shared = self.context.shared
        if "report" not in shared:
            type(self).reports += 1
            shared["report"] = Status.UP
        return shared["report"]


@pytest.fixture
def many(labs, plugin):
    lab = labs(plugin("opensvc_reported", group=DRIVERS, point=Reported.id, opensvc_register_drivers=lambda: [Reported]))
    for name in ("svc1", "svc2", "svc3"):
        lab.service("[disk#1]\ntype = reported\n\n[disk#2]\ntype = reported\n", name)
    Reported.reports = 0
    return lab


def test_a_look_of_its_own_asks_for_each_service(many):
    for service in many.node.services():
        service.status()
    assert Reported.reports == 3


def test_services_that_share_a_look_ask_once(many):
    shared = {}
    assert {str(service.status(shared=shared).avail) for service in many.node.services()} == {"up"}
    assert Reported.reports == 1


@pytest.mark.parametrize(("program", "verb"), [("svcmon", mon), ("om", print_status)], ids=["svcmon", "print status"])
@pytest.mark.parametrize("form", ["", "json"])
def test_a_command_is_one_look(many, program, verb, form):
    out = io.StringIO()
    session = Session(program=program, scope="service", verb="", selector="*", root=None, nodename="n1", stdout=out, stderr=out)
    session.node = many.node
    assert verb.run(session, Arguments(format=form)) == 0
    assert [name for name in ("svc1", "svc2", "svc3") if name not in out.getvalue()] == []
    assert Reported.reports == 1
