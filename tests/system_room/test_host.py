import os

from opensvc_core.system.host import boot_id, is_root, nodename


def test_the_node_is_named_by_the_environment_first():
    assert nodename({"OSVC_NODENAME": "Node1"}) == "node1"


def test_the_node_is_named_like_the_host_in_lower_case():
    assert nodename({"OSVC_NODENAME": ""}) == os.uname().nodename.lower()


def test_a_boot_has_one_id():
    assert len(boot_id()) == 36
    assert boot_id() == boot_id()


def test_root_is_uid_0():
    assert is_root() == (os.geteuid() == 0)
