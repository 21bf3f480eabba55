"""Resources that stand beside others, because a keyword of those asks for them."""

import pytest

from opensvc_core.api import ActionRefused, Companion, Keyword, Resource, Status, UsesDevices, text
from opensvc_core.instance.implied import WISHED
from opensvc_core.plan.selection import EVERYTHING, Selection
from opensvc_core.registry import DRIVERS
from opensvc_core.system.entrypoints import EntryPoint
from tests.instance.conftest import Probe

NAME = WISHED[0].driver
CONFIG = """\
[disk#2]
type = standing

[disk#1]
type = standing
scsireserv = true
prkey = 0x2f01

[disk#3]
type = probe

[fs#1]
type = probe
"""


class Standing(Probe, UsesDevices):
    """One that stands on devices."""

    id = "disk.standing"

    def sub_devices(self):
        return [f"/dev/{self.rid}"]


class Guard(Probe, Companion):
    """In the place of the driver of reservations."""

    id = "disk.guard"
    older_sections = (NAME,)
    prkey = Keyword(text, default="", text="A keyword that stands in the section of the one that asks.")


@pytest.fixture
def guarded(labs, plugin):
    found = {"opensvc_register_drivers": lambda: [Standing, Guard]}
    module = plugin("opensvc_guards", group=DRIVERS, point=NAME, **found)
    return labs(module, plugin("opensvc_guards", group=DRIVERS, point=Standing.id, **found))


def changes(lab, service, action, selection=EVERYTHING):
    return [one for one in lab.do(service, action, selection) if one.startswith(("up", "down"))]


def test_who_asks_has_one_beside_it(guarded):
    service = guarded.service(CONFIG)
    part = service.instance().part("disk#1pr")
    assert (part.group, part.item.driver, part.item.beside, part.problem) == ("disk", "disk.guard", "disk#1", "")
    assert isinstance(part.resource, Guard)
    assert (part.resource.prkey, part.resource.leader.sub_devices(), part.resource.fellows) == ("0x2f01", ["/dev/disk#1"], [])
    assert guarded.seen(service) == dict.fromkeys(("disk#1", "disk#1pr", "disk#2", "disk#3", "fs#1"), "down")


def test_it_is_started_just_before_the_other_and_stopped_after_it(guarded):
    service = guarded.service(CONFIG.replace("[disk#2]", "[disk#10]"))
    started = [f"up {rid}" for rid in ("disk#1pr", "disk#1", "disk#3", "disk#10", "fs#1")]
    assert changes(guarded, service, "start") == started
    assert changes(guarded, service, "stop") == [one.replace("up", "down") for one in reversed(started)]


def test_what_is_made_is_guarded_afterwards_and_what_is_removed_no_more(guarded):
    service = guarded.service(CONFIG)
    made = [one for one in changes(guarded, service, "provision") if "disk#1" in one]
    assert made == ["up disk#1", "up disk#1pr"]
    gone = [one for one in changes(guarded, service, "unprovision") if "disk#1" in one]
    assert gone == ["down disk#1pr", "down disk#1"]


@pytest.mark.parametrize("word", ["disk#1", "disk", "disk.standing"])
def test_it_is_selected_with_the_other(guarded, word):
    service = guarded.service(CONFIG.replace("[disk#2]\ntype = standing\n", "").replace("[disk#3]\ntype = probe\n", ""))
    assert changes(guarded, service, "start", Selection(rids=(word,))) == ["up disk#1pr", "up disk#1"]
    assert changes(guarded, service, "stop", Selection(downto=word)) == ["down disk#1", "down disk#1pr"]


def test_it_needs_what_the_other_needs(guarded, deeds):
    service = guarded.service(CONFIG + "\n[disk#0]\ntype = standing\nscsireserv = true\ndoes = {disk#2.type}\n")
    deeds["standing"] = lambda: None
    order = [one.removeprefix("up ") for one in changes(guarded, service, "start")]
    assert order.index("disk#2") < order.index("disk#0pr") < order.index("disk#0")


@pytest.mark.parametrize(("line", "status"), [("disable = true", "n/a"), ("optional = true", "down"), ("tags = nostatus", "n/a")])
def test_it_is_left_alone_as_the_other(guarded, line, status):
    service = guarded.service(CONFIG.replace("prkey = 0x2f01", line))
    seen = {one.rid: one for one in service.status(shows_disabled=True).local.resources}
    assert (str(seen["disk#1pr"].status), str(seen["disk#1"].status)) == (status, status)
    assert seen["disk#1pr"].is_optional is seen["disk#1"].is_optional


def test_the_whole_service_may_ask_for_all_that_stands_on_devices(guarded):
    service = guarded.service("[DEFAULT]\nscsireserv = true\n\n" + CONFIG.replace("scsireserv = true\n", "") + "scsireserv = false\n")
    assert set(guarded.seen(service)) == {"disk#1", "disk#1pr", "disk#2", "disk#2pr", "disk#3", "fs#1"}
    parts = service.instance()
    assert parts.part("disk#1pr").resource.fellows == [parts.part("disk#2pr").resource]


def test_the_older_word_asks_as_well(guarded):
    assert "disk#1pr" in guarded.seen(guarded.service(CONFIG.replace("scsireserv", "scsi_reserve")))


def test_who_stands_on_no_devices_and_asks_is_told(guarded):
    service = guarded.service(CONFIG + "scsireserv = true\n")
    part = service.instance().part("fs#1pr")
    assert (part.group, part.resource.leader.rid) == ("fs", "fs#1")
    assert not isinstance(part.resource.leader, UsesDevices)


def test_without_a_driver_it_is_undefined_and_nothing_is_started(labs, plugin):
    standing = plugin("opensvc_guards", group=DRIVERS, point=Standing.id, opensvc_register_drivers=lambda: [Standing])
    lab = labs(EntryPoint(DRIVERS, NAME, "there_is_no_such_module", "opensvc-broken"), standing)
    service = lab.write(CONFIG)
    assert lab.seen(service)["disk#1pr"] == "undef"
    with pytest.raises(ActionRefused, match="disk#1pr: opensvc-broken failed"):
        lab.do(service, "start", Selection(rids=("disk#1",)))
    assert lab.seen(service)["disk#1"] == "down"


def test_who_can_t_be_used_has_none_that_can(guarded):
    service = guarded.write(CONFIG.replace("prkey = 0x2f01", "optional = perhaps"))
    part = service.instance().part("disk#1pr")
    assert part.resource is None
    assert part.problem.startswith("disk#1 can't be used: ")


def test_a_resource_of_its_own_has_nobody_at_its_side(guarded):
    assert isinstance(guarded.service("[disk#1]\ntype = probe\n").instance().part("disk#1").resource, Resource)
    assert guarded.seen(guarded.service("[disk#1]\ntype = standing\nscsireserv = no\n", "svc2")) == {"disk#1": str(Status.DOWN)}
