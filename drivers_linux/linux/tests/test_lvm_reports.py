"""What LVM prints, in several versions: every sample in the folder `recorded` is read as it says here."""

from pathlib import Path

import pytest
from opensvc_linux.lvm import parsed
from opensvc_linux.testing import sample

from opensvc_core.api import ActionFailed

RECORDED = Path(__file__).parent / "recorded"
# By sample: each group with its tags, how many devices are missing, and the words that are true of its volumes; or why there is nothing.
READ = {
    "2.02.133-too-old": "Unknown command 'fullreport'",
    "2.02.171-partial": ["data n2 -1: app partial, web active open"],
    "2.02.171-words": ["data -1: app partial"],
    "2.02.176-active": ["data n1: app active open, web", "old exported:"],
    "2.02.176-no-activation": ["data: app unknown"],
    "2.02.177-clvmd": ["data: one active open, two active, three, four, five"],
    "2.03.11-both-streams": ["data n1 backup: app active"],
    "2.03.11-cut": "LVM's report can't be read",
    "2.03.11-suspended": ["data n1: app active open suspended"],
    "2.03.11-thin": ["data n1: pool active, app active open, snap skipped, safe active refresh needed", "other of n9: x"],
    "2.03.16-active": ["data backup v1: app active open, snap active, web active", "t2 of other under sanlock:"],
    "2.03.16-no-group": [],
    "2.03.16-no-rights": "LVM answers only to the superuser",
    "2.03.16-nothing": [],
    "2.03.16-partial": ["t1 n1 -1: app partial"],
    "2.03.16-two-of-one-name": ["data: app", "data: app"],
    "2.03.22-devices-file": ["data N1: app active open"],
}
SAMPLES = sorted(path.stem.removeprefix("lvm-") for path in RECORDED.glob("lvm-*.txt"))


def told(group):
    """A group in a line."""
    words = [group.name, *group.tags, f"-{len(group.missing)}" if group.missing else "", "exported" if group.is_exported else ""]
    words += [f"of {group.system_id}" if group.system_id else "", f"under {group.lock_type}" if group.lock_type else ""]
    return f"{' '.join(filter(None, words))}: {', '.join(map(_told, group.volumes))}".strip()


def _told(volume):
    states = {"active": volume.is_active, "unknown": volume.active == "unknown", "open": volume.is_open, "suspended": volume.is_suspended}
    states |= {"skipped": volume.is_skipped, volume.health: volume.health}
    return " ".join([volume.name, *(word for word, is_so in states.items() if is_so)])


def test_every_sample_is_read():
    assert sorted(READ) == SAMPLES


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_read_as_it_is_meant(name):
    result, expected = sample(RECORDED / f"lvm-{name}.txt"), READ[name]
    if isinstance(expected, list):
        assert [told(group) for group in parsed(result)] == expected
        return
    with pytest.raises(ActionFailed) as raised:
        parsed(result)
    assert expected in str(raised.value)
    assert "\n" not in str(raised.value)


def test_devices_are_paths_and_nothing_else():
    groups = {name: parsed(sample(RECORDED / f"lvm-{name}.txt")) for name, expected in READ.items() if isinstance(expected, list)}
    assert groups["2.02.171-partial"][0].devices == ("/dev/sda",)
    assert groups["2.02.171-words"][0].devices == ()
    assert groups["2.02.176-active"][0].volume("app").devices == ("/dev/sda1", "/dev/sdb1")
    assert groups["2.03.11-thin"][0].volume("safe").devices == ()
