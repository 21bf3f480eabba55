"""LVM's reports: recorded samples, and the real commands on loop devices, without device-mapper."""

import os
import shutil
import subprocess

import pytest
from opensvc_linux import lvm, lvm_config
from opensvc_linux.lvm import Group, Volume, find, name_of_lvm, parse, parsed

from opensvc_core.api import ActionFailed, CommandResult
from opensvc_core.testing.fakes import FakeSystem, context_for

# LVM 2.03.16, two groups: one active with a mounted volume and a snapshot, one without volumes, of another system
ACTIVE = """\
  {
      "report": [
          {
              "vg": [
                  {"vg_name":"data", "vg_uuid":"9sGc1T-9T5j-g1IY-cFIg-jFnm-29a4-QTcxoA", "vg_tags":"backup,v1", "vg_missing_pv_count":"0", "vg_exported":"", "vg_systemid":"", "vg_lock_type":""}
              ]
              ,
              "pv": [
                  {"pv_name":"/dev/sda", "pv_uuid":"1WNZFS-WN7g-ujVf-nijY-FPFr-sNkI-Tgssrj", "pv_missing":""},
                  {"pv_name":"/dev/sdb", "pv_uuid":"rar2S6-WOay-PhbU-8RTy-uDja-Ao20-kbPdAQ", "pv_missing":""}
              ]
              ,
              "lv": [
                  {"lv_name":"app", "lv_path":"/dev/data/app", "lv_active":"active", "lv_device_open":"open", "lv_suspended":"", "lv_skip_activation":"", "lv_health_status":""},
                  {"lv_name":"snap", "lv_path":"/dev/data/snap", "lv_active":"active", "lv_device_open":"", "lv_suspended":"", "lv_skip_activation":"", "lv_health_status":""},
                  {"lv_name":"web", "lv_path":"/dev/data/web", "lv_active":"active", "lv_device_open":"", "lv_suspended":"", "lv_skip_activation":"", "lv_health_status":""}
              ]
              ,
              "pvseg": [
                  {"pv_name":"/dev/sda"},
                  {"pv_name":"/dev/sdb"}
              ]
              ,
              "seg": [
                  {"lv_name":"app", "devices":"/dev/sda(0)"},
                  {"lv_name":"web", "devices":"/dev/sdb(0),/dev/sda(7)"},
                  {"lv_name":"web", "devices":"/dev/sda(9)"},
                  {"lv_name":"snap", "devices":"/dev/sda(4)"}
              ]
          }
          ,
          {
              "vg": [
                  {"vg_name":"t2", "vg_uuid":"S18N6h-rIfF-24rH-q8J7-KpyT-pV0i-odyWLP", "vg_tags":"", "vg_missing_pv_count":"0", "vg_exported":"", "vg_systemid":"other", "vg_lock_type":"sanlock"}
              ]
              ,
              "pv": [
                  {"pv_name":"/dev/loop3", "pv_uuid":"3pdKo7-XQnZ-esL6-tyAN-6hla-TlY4-cNOjdN", "pv_missing":""}
              ]
              ,
              "lv": [
              ]
              ,
              "pvseg": [
                  {"pv_name":"/dev/loop3"}
              ]
              ,
              "seg": [
              ]
          }
      ]
  }
"""  # noqa: E501 - as it was printed
# one of two devices is gone; report/command_log is on
PARTIAL = """\
  {
      "report": [
          {
              "vg": [
                  {"vg_name":"t1", "vg_uuid":"oH7Vm2-vdsr-ILVb-3EpL-EpbD-o714-9FVhNs", "vg_tags":"n1", "vg_missing_pv_count":"1", "vg_exported":"", "vg_systemid":"", "vg_lock_type":""}
              ]
              ,
              "pv": [
                  {"pv_name":"/dev/loop1", "pv_uuid":"TigHOu-o4cC-SudN-5udP-XE8L-KSfQ-n5sMOo", "pv_missing":""},
                  {"pv_name":"[unknown]", "pv_uuid":"nWlf8K-24Yw-21pu-VwNH-6oac-yADK-7yWq31", "pv_missing":"missing"}
              ]
              ,
              "lv": [
                  {"lv_name":"app", "lv_path":"/dev/t1/app", "lv_active":"", "lv_device_open":"unknown", "lv_suspended":"unknown", "lv_skip_activation":"", "lv_health_status":"partial"}
              ]
              ,
              "pvseg": [
                  {"pv_name":"/dev/loop1"}
              ]
              ,
              "seg": [
                  {"lv_name":"app", "devices":"[unknown](0)"}
              ]
          }
      ]
      ,
      "log": [
          {"log_seq_num":"1", "log_type":"status", "log_context":"processing", "log_object_type":"vg", "log_object_name":"t1", "log_message":"success", "log_ret_code":"1"}
      ]
  }
"""  # noqa: E501 - as it was printed
NOTHING = '  {\n      "report": [\n      ]\n  }\n'
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
        (CommandResult(3, "", "  Invalid argument for --reportformat: json\n"), "Invalid argument for --reportformat: json"),
        (CommandResult(0, "  VG data\n"), "LVM's report can't be read"),
        (CommandResult(0, '{"report": [{"vg": [{"vg_name": "x"}]}]}'), "LVM's report can't be read"),
    ],
    ids=["missing", "hangs", "rights", "too old", "no json", "other fields"],
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
    system = FakeSystem({"lvm": CommandResult(0, ACTIVE)})
    shared = {}
    for rid in ("disk#0", "disk#1"):
        assert len(lvm.look(context_for(rid, tmp_path, system=system, shared=shared))) == 2
    assert len(system.asked) == 1


def test_an_action_looks_anew_each_time(tmp_path):
    system = FakeSystem({"lvm": CommandResult(0, ACTIVE)})
    context = context_for("disk#0", tmp_path, system=system)
    lvm.look(context)
    lvm.look(context)
    assert len(system.asked) == 2


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
    limits = ["--devices", ",".join(devices), "--config", "global{activation=0} backup{backup=0 archive=0}"]
    name = f"opensvc{os.getpid()}"

    def run(program, *words):
        return subprocess.run([program, *limits, *words], check=True, capture_output=True, text=True, timeout=30)

    run("vgcreate", name, *devices)
    try:
        run("vgchange", "--addtag", "@n1", name)
        run("lvcreate", "-an", "-Zn", "-Wn", "-L", "8m", "-n", "app", name)
        done = subprocess.run([*lvm.REPORT, *limits], check=False, capture_output=True, text=True, timeout=30)
        (group,) = parsed(CommandResult(done.returncode, done.stdout, done.stderr))
        assert (group.name, group.tags, set(group.devices)) == (name, ("n1",), set(devices))
        assert [(one.name, one.path, one.active) for one in group.volumes] == [("app", f"/dev/{name}/app", "unknown")]
        limits[1] = devices[0]
        done = subprocess.run([*lvm.REPORT, *limits], check=False, capture_output=True, text=True, timeout=30)
        (group,) = parsed(CommandResult(done.returncode, done.stdout, done.stderr))
        assert len(group.missing) == 1
    finally:
        limits[1] = ",".join(devices)
        run("vgremove", "-f", name)
