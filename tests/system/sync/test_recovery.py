"""Copies for disaster recovery: nodes that have a service's files, and run it by a person's decision alone."""

import pytest

from .conftest import CONF, DATA, states


@pytest.fixture
def recovered(lab):
    """n1 with the service up, which n2 is to have for disaster recovery alone, with data for such nodes."""
    n1, n2 = lab.nodes
    n1.write("/etc/opensvc/web.env", CONF.replace("n1 n2", "n1\ndrpnodes = n2") + DATA.replace("target = nodes", "target = drpnodes"))
    n1.write("/srv/web/a", "old\n")
    n2("mkdir -p /srv/web")
    n1("svcmgr -s web start")
    return n1, n2


def there(node):
    """What has come to the other node: the configuration, the data."""
    return node.exists("/etc/opensvc/web.env"), node.exists("/srv/web/a")


def test_a_copy_for_disaster_recovery_is_none_for_nodes(recovered):
    n1, n2 = recovered
    assert "postsync" not in n1("svcmgr -s web sync nodes --force").stdout
    assert there(n2) == (False, False)
    assert states(n1) == {"sync#i0": ("down", ["warn: n2 need update"]), "sync#data": ("down", ["warn: n2 need update"])}
    assert "exec 'svcmgr -s web --waitlock 3600 postsync' on node n2" in n1("svcmgr -s web syncdrp --force").stdout
    assert there(n2) == (True, True)
    assert states(n1) == states(n2) == {"sync#i0": ("up", []), "sync#data": ("up", [])}


@pytest.mark.parametrize("words", ["sync drp", "sync update", "syncupdate", "sync all"])
def test_such_a_copy_goes_with_all_as_well(recovered, words):
    n1, n2 = recovered
    n1(f"svcmgr -s web {words} --force")
    assert there(n2) == (True, True)
    n1("sh -c 'echo new > /srv/web/a'")
    n1(f"svcmgr -s web {words} --force --rid sync#data")
    assert n2.read("/srv/web/a") == "new\n"


def test_an_update_goes_to_nodes_too(copied):
    n1, n2 = copied
    n1("sh -c 'echo new > /srv/web/a'")
    n1("svcmgr -s web sync drp --force")
    assert n2.read("/srv/web/a") == "old\n"
    n1("svcmgr -s web sync update --force")
    assert n2.read("/srv/web/a") == "new\n"
