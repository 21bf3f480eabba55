"""Which devices that a service names are partitions of a volume, and how they are mapped."""

import pytest
from opensvc_linux.lvm import Volume
from opensvc_linux.partitions import map_partitions, named_on, unmap_partitions

from opensvc_core.api import ActionFailed
from opensvc_core.testing.fakes import context_for


def volume(name, group="data"):
    return Volume(name, f"/dev/{group}/{name}")


@pytest.mark.parametrize(
    ("own", "named", "found"),
    [
        ("web", {"/dev/mapper/data-web1"}, ["/dev/mapper/data-web1"]),
        ("web", {"/dev/mapper/data-web10", "/dev/mapper/data-web2"}, ["/dev/mapper/data-web2", "/dev/mapper/data-web10"]),
        ("web", {"/dev/mapper/data-web", "/dev/mapper/data-web0", "/dev/mapper/data-webp1", "/dev/data/web1", "/dev/sdb1"}, []),
        ("web", {"/dev/mapper/data-app1"}, []),
        ("web2", {"/dev/mapper/data-web2p1", "/dev/mapper/data-web21"}, ["/dev/mapper/data-web2p1"]),
        ("a-b", {"/dev/mapper/data-a--b1", "/dev/mapper/data-a-b1"}, ["/dev/mapper/data-a--b1"]),
    ],
    ids=["first", "in their order", "no partition", "of another volume", "after a digit", "with a hyphen"],
)
def test_partitions_are_known_by_the_names_that_kpartx_makes(own, named, found):
    assert named_on(volume(own), [volume(own)], named) == found


def test_the_name_of_another_volume_is_no_partition():
    web, web1 = volume("web"), volume("web1")
    assert named_on(web, [web, web1], {"/dev/mapper/data-web1", "/dev/mapper/data-web2"}) == ["/dev/mapper/data-web2"]
    assert named_on(Volume("pool"), [web], {"/dev/mapper/data-web1"}) == []


@pytest.mark.parametrize(("planned", "said"), [(frozenset(), ["/dev/data/web has no partition /dev/mapper/data-web1"]), (set(), [])])
def test_a_partition_that_the_table_does_not_have_is_told_but_not_by_a_plan(tmp_path, planned, said):
    context = context_for("disk#0", tmp_path, planned_paths=planned)
    (operation,) = map_partitions(context, "/dev/data/web", ["/dev/mapper/data-web1"])
    (undo,) = operation.undo()
    assert (str(operation), str(undo)) == ("kpartx -as /dev/data/web", "kpartx -d /dev/data/web")
    assert [text.partition(":")[0] for text in context.log.texts("warning")] == said


BUSY = "kpartx -d /dev/data/web: exit code 1: device-mapper: remove ioctl on data-web1 failed: Device or resource busy"


def test_who_looks_into_a_partition_for_a_moment_is_waited_for():
    operations = unmap_partitions("/dev/data/web")
    first, second = next(operations), operations.throw(ActionFailed(BUSY))
    assert (str(first), first.is_quiet) == ("kpartx -d /dev/data/web", False)
    assert second == first._replace(is_quiet=True)
    with pytest.raises(StopIteration):
        operations.send(None)


@pytest.mark.parametrize(("text", "patience"), [(BUSY, 0.0), ("kpartx -d /dev/data/web: exit code 1: no such device", 10.0)])
def test_what_stays_in_use_or_fails_otherwise_is_an_error(monkeypatch, text, patience):
    monkeypatch.setattr("opensvc_linux.partitions._PATIENCE", patience)
    operations = unmap_partitions("/dev/data/web")
    next(operations)
    with pytest.raises(ActionFailed):
        operations.throw(ActionFailed(text))
