"""A service with data, which is copied from n1 to n2, and how that is seen."""

import json

import pytest

CONF = "[DEFAULT]\nnodes = n1 n2\n\n[fs#flag]\ntype = flag\n"
DATA = "\n[sync#data]\nsrc = /srv/web/\ndst = /srv/web\ntarget = nodes\n"


@pytest.fixture
def pair(lab):
    """n1 with the service up, and n2, which knows nothing of it."""
    n1, n2 = lab.nodes
    n1.write("/etc/opensvc/web.env", CONF)
    n1("svcmgr -s web start")
    return n1, n2


@pytest.fixture
def copied(pair):
    """The same with data, all of it copied once."""
    n1, n2 = pair
    n1.write("/etc/opensvc/web.env", CONF + DATA)
    n1.write("/srv/web/a", "old\n")
    n2("mkdir -p /srv/web")
    n1("svcmgr -s web sync all --force")
    return n1, n2


def states(node):
    """The statuses of what copies data, with what they say."""
    resources = json.loads(node("svcmgr -s web print status --format json").stdout)["resources"]
    return {rid: (one["status"], one.get("log", [])) for rid, one in resources.items() if rid.startswith("sync")}


def names(node, folder="/etc/opensvc"):
    return sorted(node(f"ls -A {folder}").stdout.split())
