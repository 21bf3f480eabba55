"""Resources that stand beside others, because a keyword of those asks for them."""

import pytest

from opensvc_core.api import ActionFailed, ActionRefused, Companion, Keyword, Resource, Status, UsesDevices, text
from opensvc_core.config.vocabulary import ResourceKeywords
from opensvc_core.errors import ConfigError
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


@pytest.mark.parametrize(
    ("line", "name", "value", "seen"),
    [
        ("disable = true", "disable", True, "n/a"),
        ("optional = true", "optional", True, "down"),
        ("monitor = true", "monitor", True, "down"),
        ("subset = first", "subset", "first", "down"),
        ("tags = nostatus", "tags", {"nostatus"}, "n/a"),
        ("tags@n1 = aside", "tags", {"aside"}, "down"),
    ],
)
def test_a_section_of_its_name_describes_it_and_not_the_other(guarded, line, name, value, seen):
    service = guarded.service(f"{CONFIG}\n[disk#1pr]\n{line}\n")
    assert service.validate() == []
    told, other = (service.instance().part(rid) for rid in ("disk#1pr", "disk#1"))
    assert (getattr(told.policy, name), getattr(other.policy, name)) == (value, getattr(ResourceKeywords({}), name))
    assert (told.item.beside, told.item.subset, told.item.tags) == ("disk#1", told.policy.subset, told.policy.tags)
    shown = {one.rid: str(one.status) for one in service.status(shows_disabled=True).local.resources}
    assert (shown["disk#1pr"], shown["disk#1"]) == (seen, "down")


def test_what_its_section_does_not_say_is_as_with_the_other_and_not_as_in_default(guarded):
    config = CONFIG.replace("prkey = 0x2f01", "prkey = 0x2f01\noptional = false\nmonitor = true\ntags = a")
    service = guarded.service(f"[DEFAULT]\noptional = true\n\n{config}\n[disk#1pr]\ntags = b\n")
    part = service.instance().part("disk#1pr")
    assert (part.is_optional, part.policy.monitor, part.policy.tags, part.resource.prkey) == (False, True, {"b"}, "0x2f01")


def test_its_section_may_give_keywords_of_its_driver_and_commands(guarded, tmp_path):
    section = f"[disk#1pr]\nprkey = 0x2f02\npre_start = touch {tmp_path}/before\n"
    service = guarded.service(f"{CONFIG}\n{section}")
    assert service.instance().part("disk#1pr").resource.prkey == "0x2f02"
    guarded.do(service, "start", Selection(rids=("disk#1",)))
    assert (tmp_path / "before").exists()


def test_in_another_subset_it_is_still_started_before_and_stopped_after_the_other(guarded):
    service = guarded.service(f"{CONFIG}\n[disk#1pr]\nsubset = zz\n")
    assert changes(guarded, service, "start", Selection(rids=("disk#1",))) == ["up disk#1pr", "up disk#1"]
    assert changes(guarded, service, "stop", Selection(rids=("disk#1",))) == ["down disk#1", "down disk#1pr"]


def test_one_that_is_disabled_leaves_the_other_to_start_alone(guarded):
    service = guarded.service(f"{CONFIG}\n[disk#1pr]\ndisable = true\n")
    assert changes(guarded, service, "start", Selection(rids=("disk#1",))) == ["up disk#1"]


@pytest.mark.parametrize("optional", ["", "optional = true"], ids=["as the other", "of its own"])
def test_an_optional_one_that_fails_keeps_an_optional_other_from_starting_unguarded(guarded, optional):
    config = CONFIG.replace("prkey = 0x2f01", "optional = true")
    service = guarded.service(f"{config}\n[disk#1pr]\nfails = start\n{optional}\n[disk#1a]\ntype = probe\n")
    assert changes(guarded, service, "start", Selection(rids=("disk#1", "disk#1a"))) == ["up disk#1a"]
    assert guarded.lines("disk#1")[-1] == "skip: disk#1pr, which guards it, did not start"


def test_an_optional_one_without_its_driver_keeps_an_optional_other_from_starting(labs, plugin):
    standing = plugin("opensvc_guards", group=DRIVERS, point=Standing.id, opensvc_register_drivers=lambda: [Standing])
    lab = labs(EntryPoint(DRIVERS, NAME, "there_is_no_such_module", "opensvc-broken"), standing)
    service = lab.write(CONFIG.replace("prkey = 0x2f01", "optional = true"))
    assert changes(lab, service, "start", Selection(rids=("disk#1",))) == []


def test_an_optional_one_that_could_not_be_stopped_keeps_nothing_from_the_start_that_follows(guarded):
    config = CONFIG.replace("prkey = 0x2f01", "optional = true")
    service = guarded.service(f"{config}\n[disk#1pr]\nfails = stop\n")
    guarded.do(service, "start")
    assert "up disk#1" in guarded.do(service, "restart")


def test_an_optional_one_that_fails_lets_another_start_that_is_not_optional(guarded):
    service = guarded.service(f"{CONFIG}\n[disk#1pr]\nfails = start\noptional = true\n")
    assert changes(guarded, service, "start", Selection(rids=("disk#1",))) == ["up disk#1"]


def test_where_the_other_is_left_alone_its_section_does_not_bring_it_back(guarded):
    service = guarded.service(CONFIG.replace("prkey = 0x2f01", "disable = true") + "\n[disk#1pr]\ndisable = false\n")
    assert service.instance().part("disk#1pr").is_disabled


def test_a_resource_of_its_name_with_a_type_is_refused_and_leaves_nothing_unguarded(guarded):
    service = guarded.write(f"{CONFIG}\n[disk#1pr]\ntype = standing\n")
    (finding,) = service.validate()
    assert (finding.code, finding.section, finding.key) == ("bad-value", "disk#1pr", "type")
    with pytest.raises(ActionRefused, match=r"disk#1pr: .*it is what disk#1 asks for, and can have no type"):
        guarded.do(service, "start", Selection(rids=("disk#1",)))
    assert guarded.seen(service)["disk#1"] == "down"


def test_a_reservation_asks_for_none(guarded):
    service = guarded.write(f"{CONFIG}\n[disk#1pr]\nscsi_reserve = true\n")
    assert "disk#1prpr" not in guarded.seen(service)
    assert ("ignored-keyword", "scsi_reserve") in [(one.code, one.key) for one in service.validate()]


def test_a_wrong_value_in_its_section_is_found_and_starts_nothing(guarded):
    service = guarded.write(f"{CONFIG}\n[disk#1pr]\noptional = perhaps\n")
    assert [(one.code, one.key) for one in service.validate()] == [("bad-value", "optional")]
    with pytest.raises(ActionRefused, match=r"disk#1pr: .*svc1.conf:\d+.*optional"):
        guarded.do(service, "start", Selection(rids=("disk#1",)))


def test_it_may_be_required_by_its_name(guarded):
    needy = "\n[disk#4]\ntype = probe\nstart_requires = disk#1pr\n"
    service = guarded.service(CONFIG + needy)
    assert service.validate() == []
    with pytest.raises(ActionFailed, match="requires on resource disk#1pr in state"):
        guarded.do(service, "start", Selection(rids=("disk#4",)))
    guarded.do(service, "start", Selection(rids=("disk#1",)))
    assert changes(guarded, service, "start", Selection(rids=("disk#4",))) == ["up disk#4"]


@pytest.mark.parametrize("rid", ["disk#1pr", "disk#2pr", "disk#9pr"])
def test_one_that_nobody_asks_for_is_required_in_vain(guarded, rid):
    service = guarded.write(CONFIG.replace("scsireserv = true\n", "") + f"\n[disk#4]\ntype = probe\nstart_requires = {rid}\n")
    assert [one.code for one in service.validate()] == ["unknown-rid"]


def test_an_edit_that_leaves_its_section_or_need_behind_is_refused(guarded):
    service = guarded.service(f"{CONFIG}\n[disk#1pr]\noptional = true\n")
    with pytest.raises(ConfigError, match="disk#1pr"):
        service.change(lambda document: document.unset("disk#1", "scsireserv"))
    service.change(lambda document: document.unset("disk#1", "scsireserv").delete_section("disk#1pr"))
    assert service.validate() == []


def test_an_error_in_default_does_not_make_its_section_one(guarded):
    service = guarded.write(f"[DEFAULT]\ncreate_pg = perhaps\n\n{CONFIG}\n[disk#1pr]\noptional = true\n")
    assert {one.section for one in service.validate()} == {"DEFAULT"}


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
