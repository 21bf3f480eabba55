"""What sg_persist and mpathpersist print, in several versions, and which disks lie below a device."""

import pytest
from opensvc_driver_scsireserv import persist
from opensvc_driver_scsireserv.disks import Disk, disks_below, whole_disks
from opensvc_driver_scsireserv.keys import Keys, derived

from opensvc_core.api import CommandResult
from opensvc_core.testing.fakes import FakeSystem

# Recorded: sg_persist 0.67 (sg3-utils 1.46) on LIO 4.0, with and without the inquiry; mpathpersist 0.9.4.
NO_KEYS = "  PR generation=0x0, there are NO registered reservation keys\n"
INQUIRY = "  LIO-ORG   IBLOCK            4.0 \n  Peripheral device type: disk\n"
ONE_KEY = f"{INQUIRY}  PR generation=0x1, 1 registered reservation key follows:\n    0x1111\n"
TWO_KEYS = "  PR generation=0x2, 2 registered reservation keys follow:\n    0x1111\n    0xfedcba9876543210\n"
MPATH_KEYS = "  PR generation=0x7, \t3 registered reservation keys follow:\n    0xfedcba9876543210\n    0x1111\n    0x1111\n"
MPATH_NO_KEYS = "  PR generation=0xd, \t0 registered reservation key.\n"
NONE_HELD = "  PR generation=0x9, there is NO reservation held\n"
HELD = "  PR generation=0x1, Reservation follows:\n    Key=0x1111\n    scope: LU_SCOPE,  type: Write Exclusive, registrants only\n"
MPATH_HELD = "  PR generation=0x7, Reservation follows:\n   Key = 0x1111\n  scope = LU_SCOPE, type = Write Exclusive, registrants only\n"
ATTENTION = (
    "Fixed format, current; Sense key: Unit Attention\nAdditional sense: Registrations preempted\nsg_persist failed: Unit attention\n"
)


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        (NO_KEYS, ()),
        (ONE_KEY, (0x1111,)),
        (TWO_KEYS, (0x1111, 0xFEDCBA9876543210)),
        (MPATH_KEYS, (0xFEDCBA9876543210, 0x1111, 0x1111)),
        (MPATH_NO_KEYS, ()),
        ("", None),
        (ATTENTION, None),
    ],
)
def test_keys_are_read(text, keys):
    assert persist.parse_keys(text) == keys


@pytest.mark.parametrize(
    ("text", "reservation"), [(NONE_HELD, (0, "")), (HELD, (0x1111, persist.TYPE)), (MPATH_HELD, (0x1111, persist.TYPE)), (ATTENTION, None)]
)
def test_reservations_are_read(text, reservation):
    assert persist.parse_reservation(text) == reservation


def test_a_type_is_known_however_it_is_spelled():
    assert persist.is_ours("Write Exclusive,registrants only")
    assert not persist.is_ours("Write Exclusive, all registrants")


def test_a_disk_that_says_first_what_has_changed_is_asked_again():
    attention = CommandResult(6, "", ATTENTION)
    system = FakeSystem({"sg_persist": [attention, attention, CommandResult(0, ONE_KEY), CommandResult(0, HELD)]})
    assert persist.look(system, Disk("/dev/sda")) == persist.State((0x1111,), 0x1111, persist.TYPE)
    system = FakeSystem({"sg_persist": attention})
    assert "Unit attention" in persist.look(system, Disk("/dev/sda")).problem
    assert len(system.asked) == 4


def test_a_free_disk_is_asked_once():
    system = FakeSystem({"sg_persist": CommandResult(0, NO_KEYS)})
    assert persist.look(system, Disk("/dev/sda")) == persist.State()
    assert system.asked == ["sg_persist --in --no-inquiry --readonly --read-keys /dev/sda"]


def test_several_paths_are_changed_by_their_own_program():
    disk = Disk("/dev/mapper/mpatha", is_multipath=True)
    command = persist.preempt(disk, 0x11, 0x22, aborts=True)
    expected = "mpathpersist --out --preempt-abort --param-rk=0x11 --param-sark=0x22 --prout-type=5 /dev/mapper/mpatha"
    assert (str(command), command.undo.argv[0]) == (expected, "mpathpersist")


# -- keys


def test_a_key_is_of_its_node_on_every_node():
    assert derived("n1") == derived("N1") == 0xAA620B73F5785220
    keys = Keys.of("n1", ("n1", "n2", "n2"), "")
    assert (keys.node_of(derived("n1")), keys.node_of(derived("n2")), keys.node_of(derived("n3"))) == ("n1", "n2", "")
    assert keys.others == ("n2",)


# -- disks


@pytest.fixture
def sys(tmp_path):
    """sda with a partition; sdb and sdc, two paths of dm-0, which has a partition dm-1; dm-2, a volume on both and on sda."""
    made = tmp_path / "devices"
    for name in ("sda", "sda/sda1", "sdb", "sdc", "dm-0", "dm-1", "dm-2"):
        (made / name).mkdir(parents=True)
        (tmp_path / name.rpartition("/")[2]).symlink_to(made / name)
    (made / "sda/sda1/partition").touch()
    uuids = {"dm-0": ("mpath-36001", "mpatha"), "dm-1": ("part1-mpath-36001", "mpatha1"), "dm-2": ("LVM-abc", "data-app")}
    for name, (uuid, label) in uuids.items():
        (made / name / "dm").mkdir()
        (made / name / "dm/uuid").write_text(f"{uuid}\n")
        (made / name / "dm/name").write_text(f"{label}\n")
    for above, belows in {"dm-0": ("sdb", "sdc"), "dm-1": ("dm-0",), "dm-2": ("dm-1", "sda1")}.items():
        for below in belows:
            for folder, other in ((tmp_path / above / "slaves", below), (tmp_path / below / "holders", above)):
                folder.mkdir(exist_ok=True)
                (folder / other).touch()
    return tmp_path


@pytest.mark.parametrize(
    ("device", "disks"),
    [("sda", ["sda"]), ("sda1", ["sda"]), ("sdb", ["dm-0"]), ("dm-0", ["dm-0"]), ("dm-1", ["dm-0"]), ("dm-2", ["dm-0", "sda"])],
)
def test_the_whole_disk_with_all_its_paths_is_meant(sys, device, disks):
    assert list(whole_disks(device, sys)) == disks


def test_a_device_that_is_not_there_has_no_disk():
    assert disks_below(["/dev/there-is-none", "/dev/null"]) == []
