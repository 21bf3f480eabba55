"""What sg_persist and mpathpersist print, in the versions in the folder `recorded`, and which disks lie below a device."""

from pathlib import Path

import pytest
from opensvc_driver_scsireserv import persist
from opensvc_driver_scsireserv.disks import Disk, disks_below, whole_disks
from opensvc_driver_scsireserv.keys import Keys, derived
from opensvc_linux.testing import sample

from opensvc_core.api import CommandResult
from opensvc_core.testing.fakes import FakeSystem

RECORDED = Path(__file__).parent / "recorded"
KEYS = {
    "keys-0.31-four": (1, 1, 2, 2),
    "keys-0.31-none": (),
    "keys-0.42-leading-noise": (0xAA620B73F5785220,),
    "keys-0.67-none": (),
    "keys-0.67-one": (0x1111,),
    "keys-0.67-two": (0x1111, 0xFEDCBA9876543210),
    "keys-0.69-two": (0xAA620B73F5785220, 0x2F00000000000001),
    "keys-mpathpersist-0.4.9-one": (0x123ABC,),
    "keys-mpathpersist-0.9.4-none": (),
    "keys-mpathpersist-0.9.4-three": (0xFEDCBA9876543210, 0x1111, 0x1111),
}
HELD = {
    "held-0.31-all": (0, "Write Exclusive, all registrants"),
    "held-0.42-exclusive": (0xAA620B73F5785220, "Exclusive Access, registrants only"),
    "held-0.67-none": (0, ""),
    "held-0.67-ours": (0x1111, persist.TYPE),
    "held-0.69-ours": (0xAA620B73F5785220, persist.TYPE),
    "held-mpathpersist-0.4.9-none": (0, ""),
    "held-mpathpersist-0.9.4-ours": (0x1111, persist.TYPE),
}
SILENT = "/dev/sdb does not tell its reservation: "
UNABLE = "/dev/sdb knows no persistent reservations"
PROBLEMS = {
    "error-0.42-no-device": SILENT + "sg_persist: error opening file (ro): /dev/sdb: No such device or address",
    "error-0.42-unable": UNABLE,
    "error-0.67-attention": SILENT + "sg_persist failed: Unit attention",
    "error-0.67-loop": UNABLE,
    "error-0.67-no-device": SILENT + "sg_persist: error opening file /dev/sdb (ro): No such file or directory",
    "error-0.69-not-ready": SILENT + "sg_persist failed: Device not ready",
    "error-0.69-opcode": UNABLE,
}


def recorded(name):
    return sample(RECORDED / f"{name}.txt")


def test_every_sample_is_read():
    assert sorted({**KEYS, **HELD, **PROBLEMS}) == sorted(path.stem for path in RECORDED.glob("*.txt"))


@pytest.mark.parametrize("name", KEYS)
def test_keys_are_read(name):
    text = recorded(name).stdout
    assert (persist.parse_keys(text), persist.parse_reservation(text)) == (KEYS[name], None)


@pytest.mark.parametrize("name", HELD)
def test_reservations_are_read(name):
    text = recorded(name).stdout
    assert (persist.parse_reservation(text), persist.parse_keys(text)) == (HELD[name], None)


@pytest.mark.parametrize("name", PROBLEMS)
def test_what_a_disk_does_not_tell_is_a_problem_and_no_free_disk(name):
    state = persist.look(FakeSystem({"sg_persist": recorded(name)}), Disk("/dev/sdb"))
    assert state == persist.State(problem=PROBLEMS[name], is_unable=PROBLEMS[name] == UNABLE)
    text = recorded(name).stderr
    assert (persist.parse_keys(text), persist.parse_reservation(text)) == (None, None)


def test_an_answer_that_ends_too_early_is_a_problem():
    keys, cut = recorded("keys-0.67-one"), CommandResult(0, "  PR generation=0x1, Reservation follows:\n    Key=0x")
    for answers in ([CommandResult(0, "  PR generation=0x1, ")], [keys, cut], [keys, CommandResult(0)]):
        state = persist.look(FakeSystem({"sg_persist": answers}), Disk("/dev/sdb"))
        assert state.problem == "/dev/sdb does not tell its reservation: what sg_persist prints is not known"


def test_a_type_is_known_however_it_is_spelled():
    assert persist.is_ours("Write Exclusive,registrants only")
    assert not persist.is_ours("Write Exclusive, all registrants")


def test_a_disk_that_says_first_what_has_changed_is_asked_again():
    attention = recorded("error-0.67-attention")
    system = FakeSystem({"sg_persist": [attention, attention, recorded("keys-0.67-one"), recorded("held-0.67-ours")]})
    assert persist.look(system, Disk("/dev/sda")) == persist.State((0x1111,), 0x1111, persist.TYPE)
    system = FakeSystem({"sg_persist": attention})
    assert "Unit attention" in persist.look(system, Disk("/dev/sda")).problem
    assert len(system.asked) == 4


def test_a_free_disk_is_asked_once():
    system = FakeSystem({"sg_persist": recorded("keys-0.67-none")})
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
