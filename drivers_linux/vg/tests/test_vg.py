"""The driver disk.vg, for what a host can hardly be made to show; what it does with LVM is tried in virtual machines."""

import json

import pytest
from opensvc_driver_vg.driver import VolumeGroup
from opensvc_linux.lvm import Group, Volume
from opensvc_linux.testing import run

from opensvc_core.api import ActionFailed, Already, CommandResult, Conflict, Observation, Status
from opensvc_core.instance.request import Request
from opensvc_core.testing.fakes import FakeSystem, context_for

UP, OFF = Volume("app", "/dev/data/app", "active"), Volume("app", "/dev/data/app")
UUIDS = ("wRq0Qa-1", "wRq0Qa-2")


def report(*groups, stderr="", code=0):
    """What LVM prints of these groups."""
    text = json.dumps({"report": [_report(group, uuid) for group, uuid in zip(groups, UUIDS, strict=False)]})
    return CommandResult(code, text, stderr)


def _report(group, uuid):
    row = {"vg_name": group.name, "vg_uuid": uuid, "vg_tags": ",".join(group.tags), "vg_missing_pv_count": str(len(group.missing))}
    row |= {"vg_exported": "exported" if group.is_exported else "", "vg_systemid": group.system_id, "vg_lock_type": group.lock_type}
    pvs = [{"pv_name": path, "pv_uuid": "p", "pv_missing": ""} for path in group.devices]
    pvs += [{"pv_name": "[unknown]", "pv_uuid": uuid, "pv_missing": "missing"} for uuid in group.missing]
    return {"vg": [row], "pv": pvs, "lv": [_row(volume) for volume in group.volumes], "seg": []}


def _row(volume):
    states = {"lv_device_open": "open" if volume.is_open else "", "lv_suspended": "", "lv_health_status": volume.health}
    skip = "skip activation" if volume.is_skipped else ""
    return {"lv_name": volume.name, "lv_path": volume.path, "lv_active": volume.active, "lv_skip_activation": skip, **states}


@pytest.fixture
def vg(tmp_path):
    """A resource on a host whose LVM reports these groups, one report after the other, the last one for good."""

    def made(*reports, values=None, **context):
        answers = [one if isinstance(one, CommandResult) else report(*one) for one in reports]
        system = FakeSystem({"lvm": answers, "lvmconfig": CommandResult(0), "lvm systemid": CommandResult(0, "  system ID: \n")})
        found = context_for("disk#0", tmp_path, system=system, **context)
        found = found._replace(service=found.service._replace(nodes=("n1", "n2")))
        return VolumeGroup(found, {"name": "data", **(values or {})})

    return made


def data(*volumes, **more):
    return [Group("data", volumes=volumes, **more)]


def texts(operations):
    return [str(operation) for operation in operations]


def shown(resource):
    found = resource.status()
    return (found.status, " ".join(one.text for one in found.messages)) if isinstance(found, Observation) else (found, "")


# -- status


@pytest.mark.parametrize(
    ("group", "status", "said"),
    [
        (data(UP), Status.UP, ""),
        (data(UP, tags=("n1",)), Status.UP, ""),
        (data(OFF), Status.DOWN, ""),
        (data(OFF, tags=("n2",)), Status.DOWN, ""),
        (data(tags=("n1",)), Status.UP, ""),
        (data(), Status.DOWN, ""),
        (data(OFF, tags=("N1",)), Status.WARN, "it carries this node's tag, and no volume is active: app"),
        (data(UP, OFF._replace(name="web")), Status.WARN, "not active: web"),
        (data(UP, OFF._replace(is_skipped=True)), Status.UP, ""),
        (data(UP, Volume("pool")), Status.UP, ""),
        (data(UP, tags=("n2",)), Status.WARN, "it is active here, and carries the tag of n2"),
        (data(UP, missing=("U",)), Status.WARN, "data misses 1 physical volume (U)"),
        (data(OFF, missing=("U", "V")), Status.DOWN, "data misses 2 physical volumes (U, V)"),
        (data(OFF, is_exported=True), Status.DOWN, "data is exported; import it (vgimport data)"),
        (data(UP, lock_type="dlm"), Status.UP, "lvmlockd (dlm) decides"),
        (data(UP, system_id="n1"), Status.UP, "data has the system ID n1"),
        (data(OFF._replace(active="unknown")), Status.DOWN, "global/activation = 0"),
        ([], Status.DOWN, "no volume group data is to be seen on this host"),
    ],
)
def test_status_is_what_is_true(vg, group, status, said):
    found, text = shown(vg(group))
    assert found is status
    assert said in text
    assert bool(said) is bool(text)


def test_a_group_that_a_filter_hides_says_so(vg):
    resource = vg([])
    resource.context.system.answers["lvmconfig"] = CommandResult(0, 'global_filter="r|.*|"')
    assert "LVM looks only at the devices that its configuration lets pass: global_filter = [r|.*|]" in shown(resource)[1]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (CommandResult(127), "LVM is missing"),
        (CommandResult(5, '{"report": []}', "Permission denied"), "only to the superuser"),
        (report(*data(UP), *data(OFF)), "there are 2 volume groups data"),
    ],
    ids=["no LVM", "no rights", "two of one name"],
)
def test_what_cant_be_told_raises_one_line(vg, answer, said):
    with pytest.raises(ActionFailed, match=said) as raised:
        vg(answer).status()
    assert "\n" not in str(raised.value)
    assert vg(answer).exposed_devices() == []
    assert vg(answer).holder() == ""


def test_devices_are_known_without_activation(vg):
    resource = vg(data(OFF, Volume("pool"), devices=("/dev/sda",)))
    assert (resource.exposed_devices(), resource.sub_devices()) == (["/dev/data/app"], ["/dev/sda"])


# -- start


def test_start_tags_it_then_activates_it(vg):
    tagged = data(OFF, tags=("n1",))
    operations = list(vg(data(OFF), tagged, data(UP, tags=("n1",))).start())
    assert texts(operations) == ["vgchange --addtag @n1 data", "vgchange -a y data"]
    assert texts(operation.undo for operation in operations) == ["vgchange --deltag @n1 data", "vgchange -a n data"]


def test_partitions_that_the_service_names_are_mapped_after_the_activation(vg):
    resource = vg(data(OFF), data(OFF, tags=("n1",)), data(UP, tags=("n1",)))
    resource.named = frozenset({"/dev/mapper/data-app1", "/dev/mapper/other-app1"})
    assert texts(resource.start()) == ["vgchange --addtag @n1 data", "vgchange -a y data", "kpartx -as /dev/data/app"]
    assert resource.exposed_devices() == ["/dev/data/app", "/dev/mapper/data-app1"]


def test_a_group_that_is_up_has_its_partitions_mapped_once(vg):
    resource = vg(data(UP, tags=("n1",)), planned_paths=set())
    resource.named = frozenset({"/dev/mapper/data-app1"})
    assert texts(resource.start()) == ["kpartx -as /dev/data/app"]
    resource.context.planned_paths.add("/dev/mapper/data-app1")
    assert texts(resource.start()) == ["vg data is already up"]


def test_the_undo_of_a_start_leaves_what_was_active(vg):
    half = data(UP, OFF._replace(name="web", path="/dev/data/web"), tags=("n1",))
    (activation,) = vg(half).start()
    assert str(activation.undo) == "lvchange -a n data/web"


@pytest.mark.parametrize("group", [data(UP), data(UP, tags=("n1", "prod")), data(tags=("n1",))], ids=["untagged", "tagged", "empty"])
def test_what_is_active_is_already_up(vg, group):
    (already,) = vg(group, values={"kept_tags": ["prod"]}).start()
    assert already == Already("vg data is already up", "data is already up")


def test_an_empty_group_is_only_tagged(vg):
    assert texts(vg(data(), data(tags=("n1",))).start()) == ["vgchange --addtag @n1 data"]


@pytest.mark.parametrize(
    ("group", "said"),
    [
        (data(OFF, tags=("n2",)), "data is held by n2, whose tag it carries; stop it there, or if n2 is dead: --confirm-down n2"),
        (data(OFF, tags=("n1", "n2")), "data is held by n2"),
        (data(OFF, tags=("prod",)), "data is held by prod, whose tag it carries, and which is no node of the service"),
        (data(OFF, missing=("U",)), "misses 1 physical volume"),
        (data(OFF, is_exported=True), "is exported"),
        (data(OFF, system_id="other"), "this node can't activate it"),
        ([], "no volume group data is to be seen"),
    ],
)
def test_start_refuses_and_says_why(vg, group, said):
    with pytest.raises(ActionFailed) as raised:
        list(vg(group).start())
    assert said in str(raised.value)
    assert str(raised.value).startswith("disk#0: ")


def test_another_node_is_found_before_anything_is_started(vg):
    with pytest.raises(Conflict, match="data is held by n2"):
        list(vg(data(OFF, tags=("n2",))).preflight())
    assert list(vg(data(OFF, tags=("n1",))).preflight()) == []
    assert list(vg(CommandResult(127)).preflight()) == []  # the start itself says it


def test_the_tag_of_a_dead_node_is_removed_and_logged(vg):
    resource = vg(
        data(OFF, tags=("N2",)), data(OFF, tags=("n1",)), data(UP, tags=("n1",)), confirmed_down=frozenset({"n2"})
    )  # fmt: skip
    assert resource.holder() == "N2"
    resource = vg(data(OFF, tags=("N2",)), data(OFF, tags=("n1",)), data(UP, tags=("n1",)), confirmed_down=frozenset({"n2"}))
    assert texts(resource.start()) == ["vgchange --deltag @N2 data", "vgchange --addtag @n1 data", "vgchange -a y data"]
    assert resource.context.log.texts("warning") == ["N2 is confirmed to be down: its tag is removed from data"]


@pytest.mark.parametrize("after", [data(OFF, tags=("n1", "n2")), data(OFF, tags=("n2",))], ids=["both", "theirs"])
def test_two_nodes_in_the_same_moment_both_refuse(vg, after):
    operations = vg(data(OFF), after).start()
    assert str(next(operations)) == "vgchange --addtag @n1 data"
    with pytest.raises(ActionFailed, match="data was taken by n2 in the same moment"):
        next(operations)


@pytest.fixture
def two_groups(node_below, tmp_path, monkeypatch):
    """A service of a group that is up and `data`, on a host whose tools of LVM are scripts; a file `n2comes`: n2 tags `data`."""
    other = Group("other", tags=("n1",), volumes=(UP,))
    for name, tags in {"before": (), "after": ("n2",)}.items():
        (tmp_path / name).write_text(report(other, Group("data", tags=tags, volumes=(OFF,))).stdout)
    tools = {"lvm": "if [ -e n2comes ]; then cat after; else cat before; fi", "lvmconfig": "", "vgchange": 'echo "$@" >>changes'}
    for name, text in tools.items():
        tool = tmp_path / "tools" / name
        tool.parent.mkdir(exist_ok=True)
        tool.write_text(f"#!/bin/sh\ncd {tmp_path} || exit\n{text}\n")
        tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/tools", prepend=":")
    sections = "\n".join(f"[disk#{number}]\ntype = vg\nname = {name}" for number, name in enumerate(("other", "data")))
    node_below.paths.etc.mkdir(parents=True, exist_ok=True)
    (node_below.paths.etc / "svc1.conf").write_text(f"[DEFAULT]\nnodes = n1 n2\n{sections}\n")
    return node_below.service("svc1")


@pytest.mark.parametrize("moment", ["start begins", "vg other is already up"])
def test_a_tag_is_seen_that_comes_while_others_are_looked_at(two_groups, tmp_path, moment):
    said = []

    def hear(event):
        said.append(event.text)
        if event.text == moment:
            (tmp_path / "n2comes").touch()

    with pytest.raises((ActionFailed, Conflict)):
        two_groups.perform(Request("start"), hear)
    assert (moment in said, "data is held by n2" in "".join(said)) == (True, True)
    assert not (tmp_path / "changes").exists()


def test_an_activation_that_leaves_everything_inactive_is_no_success(vg):
    resource = vg(data(OFF, tags=("n1",)))
    resource.context.system.answers["lvmconfig"] = CommandResult(0, 'volume_list=["other"]')
    with pytest.raises(ActionFailed, match=r"no volume of data is active after .*: activation/volume_list = \[other\]"):
        list(resource.start())


# -- stop


def test_stop_deactivates_first_and_removes_the_tag_last(vg):
    assert texts(vg(data(UP, tags=("n1", "prod"))).stop()) == ["vgchange -a n data", "vgchange --deltag @n1 data"]


def test_stop_of_what_is_not_active_removes_the_tag_alone(vg):
    assert texts(vg(data(OFF, tags=("N1",))).stop()) == ["vgchange --deltag @N1 data"]


def test_stop_leaves_the_tag_of_another_node(vg):
    assert texts(vg(data(UP, tags=("n2",))).stop()) == ["vgchange -a n data"]


@pytest.mark.parametrize("group", [data(OFF), [], data(OFF, tags=("n2",))], ids=["down", "gone", "elsewhere"])
def test_what_is_not_active_is_already_down(vg, group):
    assert texts(vg(group).stop()) == ["vg data is already down"]


def test_a_stop_says_why_a_tag_stays(vg):
    operations = vg(data(UP, tags=("n1",), missing=("U",))).stop()
    assert str(next(operations)) == "vgchange -a n data"
    with pytest.raises(ActionFailed, match=r"data misses 1 physical volume \(U\): LVM does not change it, and the tag @n1 stays"):
        next(operations)


# -- plans


def test_a_plan_counts_volumes_as_inactive_that_its_steps_deactivate(vg):
    resource = vg(data(UP, tags=("n1",)), planned_paths=set(), planned_gone={"/dev/data/app"})
    assert texts(resource.stop()) == ["vgchange --deltag @n1 data"]


def test_a_plan_of_a_restart_begins_with_what_the_stop_leaves(vg):
    resource = vg(data(UP, tags=("n1",)), planned_paths=set())
    resource.assumed = Status.DOWN
    assert texts(resource.start()) == ["vgchange --addtag @n1 data", "vgchange -a y data"]


# -- provision


@pytest.fixture
def loop(ground):
    return ground.disk()


def test_it_is_made_of_bare_devices(vg, loop):
    resource = vg([], values={"pvs": [loop], "options": ["-s", "8m"]})
    resource.context.system.answers["wipefs"] = CommandResult(0)
    operations = list(resource.provision())
    assert texts(operations) == [f"pvcreate {loop}", f"vgcreate -s 8m data {loop}"]
    assert texts(operation.undo for operation in operations) == [f"pvremove {loop}", "vgremove data"]


def test_a_device_with_a_signature_is_refused(vg, loop):
    run("mkfs.ext4", "-q", loop)
    resource = vg([], values={"pvs": [loop]})
    resource.context.system.answers["wipefs"] = CommandResult(0, run("wipefs", "--json", loop))
    with pytest.raises(ActionFailed, match=rf"disk#0.pvs: {loop} holds ext4 .*; nothing was made"):
        list(resource.provision())


@pytest.mark.parametrize(("known", "is_taken"), [("  ,\n", True), ("  other,used\n", False), ("  ,used\n", False)])
def test_a_physical_volume_is_taken_where_no_group_has_it(vg, loop, known, is_taken):
    resource = vg([], values={"pvs": [loop]})
    marked = {"signatures": [{"type": "LVM2_member", "uuid": "x", "label": None}]}
    resource.context.system.answers |= {"wipefs": CommandResult(0, json.dumps(marked)), "pvs": CommandResult(0, known)}
    if is_taken:
        assert texts(resource.provision()) == [f"vgcreate data {loop}"]
        return
    with pytest.raises(ActionFailed, match="holds LVM2_member"):
        list(resource.provision())


def test_a_device_that_is_not_there_is_refused(vg, tmp_path):
    with pytest.raises(ActionFailed, match="is not there; nothing was made"):
        list(vg([], values={"pvs": [str(tmp_path / "none")]}).provision())
    with pytest.raises(ActionFailed, match=r"disk#0.pvs: no devices are named"):
        list(vg([]).provision())


def test_a_group_that_is_there_is_not_made_again(vg):
    assert texts(vg(data(OFF)).provision()) == ["vg data is there already"]


def test_it_is_removed_with_the_marks_on_its_own_devices_only(vg):
    resource = vg(data(devices=("/dev/sda", "/dev/sdz")), values={"pvs": ["/dev/sda", "/dev/sdb"]})
    assert texts(resource.unprovision()) == ["vgremove data", "pvremove /dev/sda"]
    assert texts(vg([]).unprovision()) == ["vg data is not there"]


@pytest.mark.parametrize(
    ("group", "said"), [(data(OFF), r"still has volumes \(app\)"), (data(tags=("n2",)), "is held by n2")], ids=["volumes", "elsewhere"]
)
def test_what_somebody_needs_is_not_removed(vg, group, said):
    with pytest.raises(ActionFailed, match=rf"disk#0: data {said}.*; nothing is removed"):
        list(vg(group).unprovision())
