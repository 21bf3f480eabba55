"""hb.disk on a disk that two nodes have: the conformance suite, slots, what disturbs them."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from opensvc_driver_hb_disk.device import Device
from opensvc_driver_hb_disk.driver import DiskLink
from opensvc_driver_hb_disk.pages import BEAT, BEATING, CLAIM, FIRST_SLOT, PAGE, SLOT, Page, said
from opensvc_driver_hb_disk.testing import CLUSTER, Promises
from opensvc_driver_hb_disk.writing import Writer

from opensvc_core.api import LinkPlace
from opensvc_core.testing.hearing import begin, give, hearing, quietly, taking, until
from opensvc_core.testing.links import made


@pytest.fixture
def ready(blank, disk, tables):
    """Two devices of a disk that is prepared."""
    tables(blank, CLUSTER)
    return disk


@pytest.fixture
def link(ready):
    first, second = made(DiskLink, *({"dev": device, "interval": 0.2} for device in ready))
    yield first, second
    first.close()
    second.close()


class TestDisk(Promises):
    """The suite."""


def device(path, writer=b"w" * 16):
    return Device(path, "hb#1", CLUSTER, writer=writer)


def claimed(path, node):
    with device(path, node.encode().ljust(16)) as opened:
        return opened.claimed(node, time.sleep)


# -- slots


def test_nodes_that_come_at_once_have_slots_of_their_own(ready):
    nodes = [f"n{number}" for number in range(1, 7)]
    with ThreadPoolExecutor(len(nodes)) as group:
        slots = list(group.map(lambda node: claimed(ready[int(node[1:]) % 2], node), nodes))
    with device(ready[0]) as opened:
        assert opened.claims() == dict(zip(nodes, slots, strict=True))
    assert len(set(slots)) == len(nodes)


def test_a_node_finds_its_slot_again(ready):
    assert claimed(ready[0], "n1") == claimed(ready[1], "n1")


def test_a_full_disk_says_who_is_on_it(blank, disk, tables):
    tables(blank, CLUSTER, slots=2)
    with device(disk[0]) as opened:
        for slot in range(2):
            opened._write((1 + slot) * PAGE, Page(CLAIM, bytes(16), 1, said(node=f"old{slot}")).encoded())
        with pytest.raises(OSError, match="all 2 slots are taken, by old0, old1: 'om node prepare hb#1' anew"):
            opened.claimed("n1", time.sleep)


def test_a_second_node_of_one_name_is_told(link, ready):
    first, second = link
    twin = DiskLink(first.place, {**first.values, "dev": ready[1]})
    with hearing(second) as heard:
        begin(first, heard)
        assert until(lambda: (_error(first) and "another one writes into slot" in _error(first)) or quietly(twin.send, os.urandom(8)))
        twin.close()
        assert until(lambda: not _error(first))


def test_a_disk_prepared_anew_is_used_anew(link, blank, tables):
    first, second = link
    with hearing(second) as heard:
        begin(first, heard)
        tables(blank, CLUSTER)
        assert until(lambda: "prepared anew?" in _error(first))
        begin(first, heard)


def test_a_peer_without_a_slot_is_told(link):
    first, second = link
    with hearing(second) as heard:
        assert until(lambda: second.troubles == {"n1": f"n1 has no slot on {second.dev} yet"})
        begin(first, heard)
        assert until(lambda: second.troubles == {})
    with pytest.raises(OSError, match="n2 has no slot"):
        first.send_data("n2", b"message")


def test_what_stood_on_the_disk_before_is_not_heard(link, ready):
    first, second = link
    slot = claimed(ready[0], "n1")
    with device(ready[0]) as opened:
        opened.write(slot, BEAT, Page(BEATING, bytes(16), 7, b"of long ago"))
    with hearing(second) as heard:
        begin(first, heard)
    assert b"of long ago" not in heard.beats


def test_half_written_beats_are_not_heard(link, ready, blank):
    first, second = link
    with hearing(second) as heard:
        begin(first, heard)
        with device(ready[1]) as opened:
            slot = opened.claims()["n1"]
        with blank.open("r+b") as file:
            file.seek(FIRST_SLOT + slot * SLOT + 60)
            file.write(b"garbage")
        before = len(heard.beats)
        assert not until(lambda: len(heard.beats) > before, 0.5)
        begin(first, heard)
    assert not any(b"garbage" in beat for beat in heard.beats)


# -- what goes wrong with a disk


def test_a_disk_that_fails_and_comes_back(link, blank):
    first, second = link
    with hearing(second) as heard:
        begin(first, heard)
        content = blank.read_bytes()
        os.truncate(blank, 0)
        assert until(lambda: "can't be" in _error(first))
        assert heard.ended()
        assert isinstance(heard.error, OSError) and "can't be read" in str(heard.error)
        blank.write_bytes(content)
    with hearing(second) as heard:
        begin(first, heard)


def test_a_disk_that_hangs_holds_nobody_up():
    may_go_on = Event()

    class Hanging:
        def claimed(self, _node, _rest):
            may_go_on.wait(120)
            raise OSError("it came back as an error")

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

    writer = Writer(Hanging, "n1", bytes(16), "hb#1")
    try:
        begun = time.monotonic()
        writer.put(b"beat")
        assert time.monotonic() - begun < 20
        assert until(lambda: "the disk has not answered for" in _put_error(writer))
        may_go_on.set()
        assert until(lambda: "came back as an error" in _put_error(writer))
    finally:
        may_go_on.set()
        writer.close()


@pytest.mark.parametrize(
    ("make", "found"),
    [
        ("mkfs.ext4 -q", "an ext2, ext3 or ext4 file system"),
        ("mkswap", "swap space"),
        ("pvcreate --driverloaded n -qq", "a physical volume of LVM"),
    ],
)
def test_what_is_on_a_disk_is_left_alone(disk, on_disk, make, found):
    on_disk(make, disk[0])
    link = DiskLink(LinkPlace("hb#2", "n1", CLUSTER, {"n2": {}}), {"dev": disk[0]})
    with pytest.raises(
        OSError, match=f"{disk[0]} holds {found} and is left alone: .*'wipefs --all {disk[0]}', then 'om node prepare hb#2'"
    ):
        link.receive(lambda *_: None, lambda: False)
    assert until(lambda: "is left alone" in _error(link))
    link.close()


def test_a_blank_disk_is_to_be_prepared(disk):
    with pytest.raises(OSError, match="is not prepared for heartbeats: 'om node prepare hb#1' on one of the nodes does that"):
        device(disk[0])


def test_the_disk_of_another_cluster_is_left_alone(ready):
    with pytest.raises(OSError, match="is for the heartbeats of the cluster 'conformance', this one is 'other': give another 'dev'"):
        Device(ready[0], "hb#1", "other")


@pytest.mark.parametrize(
    ("path", "says"), [("/dev/nosuch", "No such file"), ("/dev/null", "no block device"), ("{file}", "no block device")]
)
def test_what_is_no_disk_is_an_error_in_words(tmp_path, path, says):
    file = tmp_path / "file"
    file.write_bytes(bytes(1 << 20))
    with pytest.raises(OSError, match=says):
        device(path.format(file=file))


def test_a_message_to_one_node_is_not_for_another(ready):
    """Three nodes: each takes its own, one after the other."""
    peers = {f"n{number}": {"dev": ready[0]} for number in (1, 2, 3)}
    links = [
        DiskLink(
            LinkPlace("hb#1", node, CLUSTER, {peer: values for peer, values in peers.items() if peer != node}),
            {**peers[node], "interval": 0.2},
        )
        for node in peers
    ]
    try:
        with taking(links[1]) as second, taking(links[2]) as third:
            give(links[0], "n2", b"for n2")
            give(links[0], "n3", b"for n3")
            give(links[0], "n2", b"again for n2")
        assert (second.messages, third.messages) == ([b"for n2", b"again for n2"], [b"for n3"])
    finally:
        for link in links:
            link.close()


def _error(link):
    """What sending says; empty: it goes."""
    return _raised(lambda: link.send(os.urandom(8)))


def _put_error(writer):
    return _raised(lambda: writer.put(b"beat"))


def _raised(attempt):
    time.sleep(0.02)
    try:
        attempt()
    except OSError as error:
        return str(error)
    return ""
