"""The looks at the folders of files."""

import asyncio
import time
from itertools import pairwise
from types import SimpleNamespace

import pytest
from opensvc_daemon.monitor.files import Files, Found, is_for
from opensvc_daemon.monitor.filing import Filing
from opensvc_daemon.orchestration.view import Guard

from opensvc_core.api import Node

TEXT = """
[DEFAULT]
nodes = n1 n2
orchestrate = ha
guard = lease
[fs#1]
type = flag
"""


@pytest.fixture
def node(tmp_path):
    (tmp_path / "etc").mkdir()
    return Node(tmp_path, nodename="n1")


def write(node, text=TEXT, name="svc1.conf"):
    (node.paths.etc / name).write_text(text)


def test_a_file_is_read_once(node):
    write(node)
    files = Files(node)
    found = files.look().files["svc1"]
    assert found.fields["nodes"] == ("n1", "n2")
    assert found.fields["guard"] is Guard.LEASE
    assert found.fields["has_data_at_stake"] is False
    assert found.generations == {"n1": 1}
    assert is_for(found, "n2")
    assert files.look().files == {}


def test_an_edit_by_hand_is_one_more_generation(node):
    write(node)
    files = Files(node)
    files.look()
    write(node, TEXT.replace("n1 n2", "n1"))
    found = files.look().files["svc1"]
    assert found.generations == {"n1": 2}
    assert not is_for(found, "n2")


def test_a_file_that_can_not_be_used_leaves_what_was_known(node):
    write(node)
    files = Files(node)
    before = files.look().files["svc1"]
    write(node, TEXT.replace("ha", "often"))
    found = files.look().files["svc1"]
    assert "often" in found.error
    assert found.fields == before.fields
    assert found.digest != before.digest


def test_a_file_whose_descent_can_not_be_noted_is_read_again_until_it_can(node):
    write(node)
    files = Files(node)
    before = files.look().files["svc1"]
    folder = node.paths.var / "descents"
    folder.rename(folder.with_name("aside"))
    folder.touch()  # as on a full disk: nothing can be written below it
    write(node, TEXT.replace("n1 n2", "n1"))
    for _ in range(2):
        found = files.look().files["svc1"]
        assert "descents/svc1.conf.json" in found.error
        assert found.fields == before.fields
    folder.unlink()
    folder.with_name("aside").rename(folder)
    found = files.look().files["svc1"]
    assert (found.error, found.fields["nodes"], found.generations) == ("", ("n1",), {"n1": 2})
    assert files.look().files == {}


def test_a_file_that_goes_is_told(node):
    write(node)
    files = Files(node)
    files.look()
    (node.paths.etc / "svc1.conf").unlink()
    assert files.look().gone == {"svc1"}


def test_a_change_of_the_cluster_is_told_once(node):
    files = Files(node)
    assert files.look().is_host_changed is False
    write(node, "[cluster]\nname = c1\n", "cluster.conf")
    assert files.look().is_host_changed is True
    assert files.look().is_host_changed is False


def test_frozen_is_seen_of_instances_and_of_the_node(node):
    write(node)
    node.service("svc1").state.freeze()
    node.state.freeze()
    found = Files(node).look()
    assert found.frozen == {"svc1": True}
    assert found.is_node_frozen is True


def test_a_driver_that_is_not_installed_may_have_data_at_stake(node):
    write(node, TEXT.replace("type = flag", "type = nosuch"))
    assert Files(node).look().files["svc1"].fields["has_data_at_stake"] is True


@pytest.mark.parametrize("word", ["auto", "exclusive"])
@pytest.mark.parametrize(
    ("resources", "guard"),
    [
        ("[fs#1]\ntype = ext4\ndev = /dev/sdb1\nmnt = /srv/1\n", Guard.NONE),
        ("[disk#1]\ntype = vg\nname = data\n", Guard.NONE),
        ("[disk#1]\ntype = vg\nname = data\nscsireserv = true\n[fs#1]\ntype = ext4\ndev = /dev/sdb1\nmnt = /srv/1\n", Guard.NONE),
        ("[disk#1]\ntype = vg\nname = data\nscsireserv = true\n[fs#1]\ntype = ext4\ndev = /dev/data/1\nmnt = /srv/1\n", Guard.EXCLUSIVE),
        ("[disk#1]\ntype = vg\nname = data\nscsireserv = true\n[disk#2]\ntype = lv\nvg = data\nname = 1\n", Guard.EXCLUSIVE),
    ],
    ids=["a plain file system", "the tag of a group", "a second disk", "a group and what is in it", "a volume of the group"],
)
def test_only_a_reservation_below_all_data_is_exclusive(node, word, resources, guard):
    write(node, TEXT.partition("[fs#1]")[0].replace("lease", word) + resources)
    assert Files(node).look().files["svc1"].fields["guard"] is guard


def test_a_service_without_nodes_is_for_this_node(node):
    write(node, TEXT.replace("nodes = n1 n2\n", ""))
    assert Files(node).look().files["svc1"].fields["nodes"] == ("n1",)


def test_after_a_look_is_a_rest_of_twice_its_time(node):
    spans = []

    def look():
        began = time.monotonic()
        time.sleep(0.1)
        spans.append((began, time.monotonic()))
        return Found(folders={node.paths.etc})

    async def write_all_the_time():
        loop = asyncio.get_running_loop()
        known = SimpleNamespace(instances={}, is_frozen=False)
        monitor = SimpleNamespace(node=node, known=known, exit=loop.create_future(), start=lambda work, _name: loop.create_task(work))
        filing = Filing(monitor)
        filing.files.look = look
        await filing.look_at_files()
        while len(spans) < 4:
            write(node, f"# {len(spans)}")
            await asyncio.sleep(0.005)
        filing.end()

    asyncio.run(write_all_the_time())
    for (began, ended), (following, _) in pairwise(spans):
        assert following - ended >= min(2 * (ended - began), 1)  # a busy machine may let it sleep longer
