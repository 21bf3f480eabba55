"""The driver disk.lv, for what a host can hardly be made to show; what it does with LVM is tried in virtual machines."""

import json

import pytest
from opensvc_driver_lv.driver import LogicalVolume
from opensvc_driver_lv.sizes import size_options, volume_size

from opensvc_core.api import ActionFailed, Already, CommandResult, Observation, Status
from opensvc_core.testing.fakes import FakeSystem, context_for


def report(*volumes, tags="", exported=""):
    """What LVM prints of the group `data`; a volume is its name and what LVM says otherwise than of an inactive one."""
    row = {"vg_name": "data", "vg_uuid": "u", "vg_tags": tags, "vg_missing_pv_count": "0"}
    row |= {"vg_exported": exported, "vg_systemid": "", "vg_lock_type": ""}
    segments = [{"lv_name": name, "devices": "/dev/sda(0)"} for name, _ in volumes]
    rows = [_row(name, more) for name, more in volumes]
    return CommandResult(0, json.dumps({"report": [{"vg": [row], "pv": [], "lv": rows, "seg": segments}]}))


def _row(name, more):
    states = dict.fromkeys(("lv_active", "lv_device_open", "lv_suspended", "lv_skip_activation", "lv_health_status"), "")
    return {"lv_name": name, "lv_path": f"/dev/data/{name}", **states, **more}


NONE = CommandResult(0, '{"report": []}')
OFF, UP = report(("app", {})), report(("app", {"lv_active": "active"}), ("web", {}))


@pytest.fixture
def lv(tmp_path):
    """A resource on a host whose LVM reports this, one report after the other, the last one for good."""

    def made(*reports, values=None, **context):
        found = context_for("disk#1", tmp_path, system=FakeSystem({"lvm": list(reports), "lvmconfig": CommandResult(0)}), **context)
        found = found._replace(service=found.service._replace(nodes=("n1", "n2")))
        return LogicalVolume(found, {"name": "app", "vg": "data", **(values or {})})

    return made


def texts(operations):
    return [str(operation) for operation in operations]


@pytest.mark.parametrize(
    ("answer", "status", "said"),
    [
        (UP, Status.UP, ""),
        (OFF, Status.DOWN, ""),
        (report(("web", {})), Status.DOWN, "the volume group data has no volume app"),
        (NONE, Status.DOWN, "no volume group data is to be seen on this host"),
        (report(("app", {"lv_active": "active", "lv_health_status": "partial"})), Status.WARN, "partial (a physical volume is missing)"),
        (report(("app", {"lv_health_status": "partial"})), Status.DOWN, "partial"),
        (report(("app", {"lv_active": "active", "lv_suspended": "suspended"})), Status.WARN, "dmsetup resume /dev/mapper/data-app"),
        (report(("app", {"lv_active": "unknown"})), Status.DOWN, "global/activation = 0"),
    ],
)
def test_status_is_what_is_true(lv, answer, status, said):
    found = lv(answer).status()
    found = found if isinstance(found, Observation) else Observation(found)
    assert found.status is status
    assert said in " ".join(message.text for message in found.messages)
    assert bool(said) is bool(found.messages)


def test_labels_and_devices_are_known_without_a_look(lv):
    resource = lv(CommandResult(127))
    assert (resource.label(), resource.classic_label(), resource.exposed_devices()) == ("lv data/app", "data/app", ["/dev/data/app"])
    assert resource.sub_devices() == []
    assert lv(OFF).sub_devices() == ["/dev/sda"]


def test_partitions_that_the_service_names_are_mapped_with_it(lv):
    assert lv_named(lv(OFF)).exposed_devices() == ["/dev/data/app", "/dev/mapper/data-app1"]
    operations = list(lv_named(lv(OFF, OFF, UP)).start())
    assert texts(operations) == ["lvchange -a y data/app", "kpartx -as /dev/data/app"]
    deactivate, unmap = (operation.undo for operation in operations)
    assert texts([deactivate, *unmap()]) == ["lvchange -a n data/app", "kpartx -d /dev/data/app"]
    assert texts(lv_named(lv(UP)).start()) == ["kpartx -as /dev/data/app"]
    planned = lv_named(lv(UP, planned_paths={"/dev/data", "/dev/data/app", "/dev/mapper/data-app1"}))
    assert texts(planned.start()) == ["lv data/app is already up"]


def lv_named(resource):
    resource.named = frozenset({"/dev/mapper/data-app1"})
    return resource


def test_start_activates_it_alone(lv):
    (operation,) = lv(OFF, UP).start()
    assert (str(operation), str(operation.undo)) == ("lvchange -a y data/app", "lvchange -a n data/app")
    skipped = lv(report(("app", {"lv_skip_activation": "skip activation"})), UP)
    assert texts(skipped.start()) == ["lvchange -a y -K data/app"]


def test_what_is_active_is_already_up(lv):
    assert list(lv(UP).start()) == [Already("lv data/app is already up", "data/app is already up")]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (NONE, "no volume group data is to be seen"),
        (report(("web", {})), "the volume group data has no volume app"),
        (report(("app", {}), tags="n2"), "data is held by n2, whose tag it carries; stop it there, or if n2 is dead: --confirm-down n2"),
        (report(("app", {"lv_health_status": "partial"})), "a physical volume is missing"),
        (report(("app", {}), exported="exported"), "data is exported"),
        (CommandResult(127), "LVM is missing"),
    ],
)
def test_start_refuses_and_says_why(lv, answer, said):
    with pytest.raises(ActionFailed) as raised:
        list(lv(answer).start())
    assert said in str(raised.value)


def test_tags_that_name_no_node_of_the_service_are_not_its_matter(lv):
    assert texts(lv(report(("app", {}), tags="prod,n1"), UP).start()) == ["lvchange -a y data/app"]
    dead = lv(report(("app", {}), tags="n2"), UP, confirmed_down=frozenset({"n2"}))
    assert texts(dead.start()) == ["lvchange -a y data/app"]


def test_an_activation_that_leaves_it_inactive_is_no_success(lv):
    resource = lv(OFF)
    resource.context.system.answers["lvmconfig"] = CommandResult(0, 'volume_list=["other"]')
    with pytest.raises(ActionFailed, match=r"data/app is not active after 'lvchange -a y': activation/volume_list = \[other\]"):
        list(resource.start())


def test_stop_deactivates_it(lv):
    assert texts(lv(UP).stop()) == ["lvchange -a n data/app"]
    for answer in (OFF, NONE):
        assert texts(lv(answer).stop()) == ["lv data/app is already down"]


def test_in_a_plan_it_is_up_after_the_start_of_its_group(lv):
    resource = lv(OFF, planned_paths={"/dev/data", "/dev/data/app"})
    resource.assumed = Status.DOWN
    assert texts(resource.start()) == ["lv data/app is already up"]


def test_in_a_plan_it_is_down_after_the_stop_of_its_group(lv):
    assert texts(lv(UP, planned_paths=set(), planned_gone={"/dev/data/app"}).stop()) == ["lv data/app is already down"]


# -- provision


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("10m", ["-L", "10m"]),
        ("1.5g", ["-L", "1536m"]),
        ("2TiB", ["-L", "2t"]),
        ("1500000", ["-L", "1500000b"]),
        ("80%FREE", ["-l", "80%FREE"]),
        ("100%vg", ["-l", "100%VG"]),
    ],
)
def test_a_size_is_told_as_lvcreate_takes_it(text, options):
    assert size_options(volume_size(text), []) == options


@pytest.mark.parametrize("text", ["80%", "+10%FREE", "0", "-1m", "much", ""])
def test_other_sizes_are_refused(text):
    with pytest.raises(ValueError, match=r"."):
        volume_size(text)


def test_provision_makes_it(lv):
    (operation,) = lv(report(), values={"size": volume_size("80%FREE"), "create_options": ["--type", "raid1"]}).provision()
    assert str(operation) == "lvcreate --yes --type raid1 -l 80%FREE -n app data"
    assert str(operation.undo) == "lvremove --yes data/app"
    thin = lv(report(), values={"size": volume_size("1g"), "create_options": ["-V", "10g", "--thinpool", "pool"]})
    assert texts(thin.provision()) == ["lvcreate --yes -V 10g --thinpool pool -n app data"]


def test_what_is_there_is_not_made_again(lv):
    assert texts(lv(OFF).provision()) == ["lv data/app is there already"]


def test_provision_refuses_and_says_why(lv):
    with pytest.raises(ActionFailed, match=r"disk#1.size: no size is given"):
        list(lv(report()).provision())
    with pytest.raises(ActionFailed, match="no volume group data is to be seen"):
        list(lv(NONE, values={"size": 1}).provision())
    with pytest.raises(ActionFailed, match="data is held by n2"):
        list(lv(report(tags="n2"), values={"size": 1}).provision())


def test_in_a_plan_it_is_made_in_the_group_that_is_made_before(lv):
    resource = lv(NONE, values={"size": 1 << 20}, planned_paths={"/dev/data"})
    assert texts(resource.provision()) == ["lvcreate --yes -L 1m -n app data"]
    assert texts(resource.start()) == ["lv data/app is already up"]


def test_unprovision_removes_what_is_not_in_use(lv):
    assert texts(lv(OFF).unprovision()) == ["lvremove --yes data/app"]
    assert texts(lv(report()).unprovision()) == ["lv data/app is not there"]
    with pytest.raises(ActionFailed, match="is active; what is in use is not removed"):
        list(lv(UP).unprovision())
    with pytest.raises(ActionFailed, match="data is held by n2"):
        list(lv(report(("app", {}), tags="n2")).unprovision())
