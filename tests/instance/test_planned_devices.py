"""Devices in a plan and in a look: what earlier steps make available or take away, and what one look shares."""

import pytest

from opensvc_core.api import Already, Call, ExposesDevices, Informative, Keyword, Resource, Startable, Status, text
from opensvc_core.instance.request import Request
from opensvc_core.registry import DRIVERS

# What the host has, and what was asked of it.
HOST = {"devices": set(), "asked": 0}


class Shelf(Resource, Startable, ExposesDevices, Informative):
    """A group: its start makes the devices of all its members available."""

    id = "disk.shelf"
    holds = Keyword(text, required=True, text="A device.")

    def exposed_devices(self):
        return [self.holds]

    def occupies(self):
        return "/dev/shelf"

    def status(self):
        shared = self.context.shared if self.context.shared is not None else {}
        if "devices" not in shared:
            HOST["asked"] += 1
            shared["devices"] = set(HOST["devices"])
        return Status.UP if self.holds in shared["devices"] else Status.DOWN

    def start(self):
        if self.is_there(self.holds) or self.seen() is Status.UP:
            yield Already(f"{self.rid} is already up")
        else:
            yield Call(f"up {self.holds}", lambda: HOST["devices"].add(self.holds))

    def stop(self):
        if self.seen() is Status.DOWN or self.holds in self.context.planned_gone:
            yield Already(f"{self.rid} is already down")
        else:
            yield Call(f"down {self.holds}", lambda: HOST["devices"].discard(self.holds))

    def info(self):
        return {"named": " ".join(sorted(self.named))}


class Box(Shelf):
    """A member."""

    id = "disk.box"
    lid = Keyword(text, default="", claims="device", text="A device that it has for itself.")

    def occupies(self):
        return self.holds


TEXT = "[disk#0]\ntype = shelf\nholds = /dev/shelf/a\n[disk#1]\ntype = box\nholds = /dev/shelf/a\n"


@pytest.fixture
def lab(labs, plugin):
    HOST.update(devices=set(), asked=0)
    drivers = {"opensvc_register_drivers": lambda: [Shelf, Box]}
    return labs(*(plugin("opensvc_shelf", DRIVERS, cls.id, **drivers) for cls in (Shelf, Box)))


def planned(service, action):
    return [one.text for one in service.rehearse(Request(action)).operations]


def test_a_member_is_up_after_the_start_of_its_group(lab):
    service = lab.service(TEXT)
    assert planned(service, "start") == ["up /dev/shelf/a", "disk#1 is already up"]
    assert lab.do(service, "start") == ["up /dev/shelf/a"]


def test_a_group_has_nothing_left_after_the_stop_of_its_members(lab):
    service = lab.service(TEXT)
    lab.do(service, "start")
    assert planned(service, "stop") == ["down /dev/shelf/a", "disk#0 is already down"]
    assert lab.do(service, "stop") == ["down /dev/shelf/a"]


def test_a_restart_takes_away_and_brings_back(lab):
    service = lab.service(TEXT)
    lab.do(service, "start")
    assert planned(service, "restart") == ["down /dev/shelf/a", "disk#0 is already down", "up /dev/shelf/a", "disk#1 is already up"]
    assert lab.do(service, "restart") == ["down /dev/shelf/a", "up /dev/shelf/a"]


def test_the_resources_of_one_status_share_what_one_has_found(lab):
    service = lab.service(TEXT)
    service.status()
    assert HOST["asked"] == 1
    HOST["devices"].add("/dev/shelf/a")
    assert lab.seen(service)["disk#1"] == "up"
    assert HOST["asked"] == 2


def test_who_makes_devices_available_knows_those_that_the_service_names(lab):
    boxes = ["/dev/b", "{disk#1.exposed_devs[0]}", "LABEL=c", "/dev/d\ndisable = true"]
    text = TEXT + "".join(f"[disk#{number}]\ntype = box\nholds = x\nlid = {lid}\n" for number, lid in enumerate(boxes, 2))
    told = lab.service(text).info()
    assert (len(told), {one["named"] for one in told.values()}) == (5, {"/dev/b"})
