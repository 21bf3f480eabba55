"""Logical volumes without a resource for their group."""

import sys

import pytest
from group import active, cleared, group_on, has, loops
from prompt import Prompt

SERVICE = "[DEFAULT]\nnodes = v1 v2\n\n[disk#1]\ntype = lv\nname = app\nvg = data\n"


@pytest.fixture
def v1(machine):
    """With the service, and a group of two volumes."""
    with cleared(machine) as node:
        has(SERVICE, node)
        group_on(node, *loops(node), volumes=("app", "other"))
        yield node


@pytest.fixture(scope="module")
def om(machine):
    """A prompt on it."""
    return Prompt(machine, sys.executable, ("opensvc_driver_lv.driver",))


def test_one_volume_is_activated_and_deactivated(v1, om):
    assert "  lvchange -a y data/app" in om("om svc1 start --local").stdout.splitlines()
    assert active(v1) == ["app"]
    assert om("om svc1 print devs").stdout.splitlines()[0] == "svc1 disk#1 exposed: /dev/data/app"
    assert "  lv data/app is already up" in om("om svc1 start --local").stdout.splitlines()
    assert "  lvchange -a n data/app" in om("om svc1 stop --local").stdout.splitlines()
    assert active(v1) == []


def test_a_volume_of_a_group_that_another_node_has_is_refused(v1, om):
    v1("vgchange -q --addtag @v2 data")
    failed = om("om svc1 start --local", code=1)
    assert "disk#1: data is held by v2, whose tag it carries" in failed.stdout + failed.stderr
    assert active(v1) == []
    om("om svc1 start --local --confirm-down v2")
    assert active(v1) == ["app"]


def test_success_of_an_activation_that_activates_nothing_is_not_believed(v1, om):
    v1.write("/etc/lvm/lvmlocal.conf", 'activation {\n volume_list = [ "data/other" ]\n}\n')
    failed = om("om svc1 start --local", code=1)
    said = failed.stdout + failed.stderr
    assert (
        "data/app is not active after 'lvchange -a y': activation/volume_list = [data/other] of the host's lvm.conf leaves it out" in said
    )
    assert active(v1) == []
