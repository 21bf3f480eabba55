"""LVM's reports: recorded samples, and the real commands on loop devices, without device-mapper."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from opensvc_linux import lvm, lvm_config
from opensvc_linux.lvm import Group, Volume, find, name_of_lvm, parse, parsed
from opensvc_linux.testing import sample, written

from opensvc_core.api import ActionFailed, CommandResult
from opensvc_core.driver.sight import Sight
from opensvc_core.testing.fakes import FakeSystem, context_for

RECORDED = Path(__file__).parent / "recorded"
ACTIVE, PARTIAL = (sample(RECORDED / f"lvm-2.03.16-{name}.txt").stdout for name in ("active", "partial"))
NOTHING = '  {\n      "report": [\n      ]\n  }\n'
# of root without capabilities, and in a container whose devices are allowed one by one; with either, no volume is shown as active
NO_CAPABILITY = "  device-mapper: version ioctl on   failed: Permission denied\n"
NO_DEVICE = "  /dev/mapper/control: open failed: Operation not permitted\n"
REFUSED = "LVM may not ask the kernel what is active, which takes CAP_SYS_ADMIN"
NO_RIGHTS = """\
  WARNING: Running as a non-root user. Functionality may be unavailable.
  /run/lock/lvm/P_global:aux: open failed: Permission denied
"""
CONFIG = 'filter=["a|^/dev/sd.*|","r|.*|"]\nglobal_filter=["a|.*|"]\nuse_devicesfile=0\nhosttags=0\nvolume_list="a"\n'


def with_config(text, systemid="  system ID: \n"):
    return FakeSystem({"lvmconfig": CommandResult(0, text), "lvm": CommandResult(0, systemid)})


def test_groups_are_read_with_their_volumes_and_devices():
    data, other = parse(ACTIVE)
    assert (data.name, data.tags, data.missing, data.devices) == ("data", ("backup", "v1"), (), ("/dev/sda", "/dev/sdb"))
    assert [(one.name, one.is_active, one.is_open) for one in data.volumes] == [
        ("app", True, True),
        ("snap", True, False),
        ("web", True, False),
    ]
    assert (other.volumes, other.system_id, other.lock_type) == ((), "other", "sanlock")


def test_a_volume_tells_all_devices_that_it_stands_on():
    data = parse(ACTIVE)[0]
    assert data.volume("web").devices == ("/dev/sdb", "/dev/sda")
    assert data.volume("gone") is None


def test_missing_devices_are_told_by_their_identity():
    (group,) = parse(PARTIAL)
    assert group.missing == ("nWlf8K-24Yw-21pu-VwNH-6oac-yADK-7yWq31",)
    assert group.devices == ("/dev/loop1",)
    assert group.volume("app") == Volume("app", "/dev/t1/app", health="partial")


def test_a_host_without_groups_has_none():
    assert parsed(CommandResult(0, NOTHING)) == []


def test_groups_that_were_read_are_told_though_another_could_not_be():
    result = CommandResult(5, ACTIVE, "  Cannot process volume group broken\n")
    assert [group.name for group in parsed(result)] == ["data", "t2"]


@pytest.mark.parametrize(
    ("result", "said"),
    [
        (CommandResult(127, stderr="lvm: no such program"), "LVM is missing (apt-get install lvm2"),
        (CommandResult(124, stderr="lvm fullreport: not ended after 20s"), "LVM does not answer within 20 s"),
        (CommandResult(5, NOTHING, NO_RIGHTS), "LVM answers only to the superuser"),
        (CommandResult(0, ACTIVE, NO_CAPABILITY), f"{REFUSED}: device-mapper: version ioctl"),
        (CommandResult(0, ACTIVE, NO_DEVICE), f"{REFUSED}: /dev/mapper/control"),
        (CommandResult(3, "", "  Invalid argument for --reportformat: json\n"), "Invalid argument for --reportformat: json"),
        (CommandResult(0, "  VG data\n"), "LVM's report can't be read"),
        (CommandResult(0, '{"report": [{"vg": [{"vg_name": "x"}]}]}'), "LVM's report can't be read"),
    ],
    ids=["missing", "hangs", "rights", "capability", "device", "too old", "no json", "other fields"],
)
def test_why_there_is_no_report_is_said_in_a_line(result, said):
    with pytest.raises(ActionFailed) as raised:
        parsed(result)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_two_groups_of_one_name_are_refused_by_their_identities():
    groups = [Group("data", "U1"), Group("data", "U2"), Group("more", "U3")]
    assert find(groups, "more") is groups[2]
    assert find(groups, "none") is None
    with pytest.raises(ActionFailed, match=r"there are 2 volume groups data \(U1, U2\)"):
        find(groups, "data")


def test_the_resources_of_one_look_share_one_report(tmp_path):
    system, sight = FakeSystem({"lvm": CommandResult(0, ACTIVE)}), Sight({})
    for rid in ("disk#0", "disk#1"):
        assert len(lvm.look(context_for(rid, tmp_path, system=system, sight=sight))) == 2
    assert len(system.asked) == 1


def test_an_action_looks_anew_after_each_change(tmp_path):
    system, sight = FakeSystem({"lvm": CommandResult(0, ACTIVE)}), Sight()
    contexts = [context_for(rid, tmp_path, system=system, sight=sight) for rid in ("disk#0", "disk#1")]
    for context in contexts * 2:
        lvm.look(context)
    assert len(system.asked) == 1
    with sight.changing():
        lvm.look(contexts[0])
        lvm.look(contexts[0])
    assert len(system.asked) == 3
    lvm.look(contexts[1])
    assert len(system.asked) == 4


@pytest.mark.parametrize("name", ["data", "vg_1.a+b-c", "+x"])
def test_names_of_lvm_are_taken(name):
    assert name_of_lvm(name) == name


@pytest.mark.parametrize("name", ["", "-a", ".", "..", "a b", "a/b", "@tag", "x" * 128])
def test_other_names_are_refused(name):
    with pytest.raises(ValueError, match="is no name for LVM"):
        name_of_lvm(name)


# -- the configuration of the host


def test_settings_are_read_with_and_without_brackets():
    found = lvm_config.parse_settings(CONFIG)
    assert found["filter"] == ["a|^/dev/sd.*|", "r|.*|"]
    assert (found["use_devicesfile"], found["volume_list"]) == (["0"], ["a"])


def test_a_filter_that_hides_devices_is_told():
    assert lvm_config.hides_devices(with_config(CONFIG)) == (
        "LVM looks only at the devices that its configuration lets pass: filter = [a|^/dev/sd.*|, r|.*|]"
    )
    assert "use_devicesfile = 1" in lvm_config.hides_devices(with_config("use_devicesfile=1\n"))


def test_a_plain_configuration_hides_nothing():
    plain = 'filter=["a|.*|"]\nglobal_filter=["a|.*|"]\nuse_devicesfile=0\n'
    assert lvm_config.hides_devices(with_config(plain)) == lvm_config.hides_devices(with_config("")) == ""


@pytest.mark.parametrize(
    ("config", "is_kept"),
    [
        ("", False),
        ('volume_list=["other"]', True),
        ('volume_list="data"', False),
        ('volume_list=["data/app"]', False),
        ('volume_list=["data/web"]', True),
        ('volume_list=["@n1"]', False),
        ('volume_list=["@*"]\nhosttags=0', True),
        ('volume_list=["@*"]\nhosttags=1', False),
    ],
)
def test_a_volume_list_says_what_it_keeps_inactive(config, is_kept):
    text = lvm_config.keeps_inactive(with_config(config), Group("data", tags=("n1",)), "app")
    assert bool(text) is is_kept


def test_a_system_id_decides_beside_the_tags():
    group = Group("data", system_id="n2")
    assert lvm_config.against_tags(with_config("", "  system ID: n1\n"), group) == [
        "data has the system ID n2: this node can't activate it, whatever its tags say (vgchange --systemid '' data)"
    ]
    assert "no other node can" in lvm_config.against_tags(with_config("", "  system ID: n2\n"), group)[0]
    assert lvm_config.is_ours(with_config('extra_system_ids=["n2"]'), "n2")


def test_lvmlockd_decides_beside_the_tags():
    assert "lvmlockd (sanlock) decides" in lvm_config.against_tags(with_config(""), Group("data", lock_type="sanlock"))[0]


# -- the real LVM


def lvm_of_this_host():
    if os.geteuid() != 0:
        return "needs root"
    return "" if shutil.which("lvm") else "needs LVM: apt-get install lvm2"


@pytest.mark.skipif(bool(lvm_of_this_host()), reason=lvm_of_this_host() or "-")
def test_the_lvm_of_this_host_reports_what_is_read(ground, tmp_path):
    """Metadata only, on devices of this test: nothing is activated, so no device-mapper is needed."""
    devices = [ground.disk("one"), ground.disk("two")]
    limits = ["--devices", ",".join(devices)]
    name = f"opensvc{os.getpid()}"
    # what a host may have it print otherwise changes nothing
    otherwise = 'report { binary_values_as_numeric = 1\n list_item_separator = ";" }'
    (tmp_path / "lvm.conf").write_text(f"global {{ activation = 0 }}\nbackup {{ backup = 0\n archive = 0 }}\n{otherwise}\n")
    host = {**os.environ, "LVM_SYSTEM_DIR": str(tmp_path)}

    def run(program, *words, check=True):
        return subprocess.run([program, *words, *limits], check=check, capture_output=True, text=True, timeout=120, env=host)

    run("vgcreate", name, *devices)
    try:
        run("vgchange", "--addtag", "@n1", "--addtag", "backup", name)
        run("lvcreate", "-an", "-Zn", "-Wn", "-L", "8m", "-n", "app", name)
        done = run(*lvm.REPORT, check=False)
        (group,) = parsed(CommandResult(done.returncode, done.stdout, done.stderr))
        assert (group.name, group.tags, set(group.devices)) == (name, ("backup", "n1"), set(devices))
        assert (group.missing, group.is_exported) == ((), False)
        assert [(one.name, one.path, one.active) for one in group.volumes] == [("app", f"/dev/{name}/app", "unknown")]
        text = written(ground.image("one"))
        assert [word for word in ('"n1"', '"backup"', "\napp {\nid = ") if word not in text] == []
        limits[1] = devices[0]
        done = run(*lvm.REPORT, check=False)
        (group,) = parsed(CommandResult(done.returncode, done.stdout, done.stderr))
        assert len(group.missing) == 1
    finally:
        limits[1] = ",".join(devices)
        run("vgremove", "-f", name)
    assert written(ground.image("one")) == ""
