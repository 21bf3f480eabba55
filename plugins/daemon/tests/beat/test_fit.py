"""Times that don't fit are found before beat reads them, and what has errors is not written."""

import pytest
from opensvc_daemon.beat.setup import of_node

from opensvc_core.api import ConfigError, Node

HEAD = "[cluster]\nname = c\nnodes = n1 n2\n"


@pytest.fixture
def found(tmp_path):
    """The findings of these files, each as its code, its severity and its place."""

    def validate(text, name="cluster", **others):
        (tmp_path / "etc").mkdir(exist_ok=True)
        for other, more in {name: text, **others}.items():
            (tmp_path / "etc" / f"{other}.conf").write_text(more)
        all_found = Node(tmp_path, nodename="n1").validate(name)
        # the devices that the files name need not be on the machine of the test
        return [(one.code, one.severity.value, f"{one.section}.{one.key}", one.value) for one in all_found if one.code != "watchdog-unfit"]

    return validate


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lease = 2\n", ("lease-too-short", "error", "cluster.lease", "2")),
        ("lease_stop_limit = 9\n", ("lease-too-short", "error", "cluster.lease_stop_limit", "9")),
        ("lease_drift = 3\n", ("lease-drift", "error", "cluster.lease_drift", "3")),
        ("lease_renewal = 0\n", ("lease-duration", "error", "cluster.lease_renewal", "0")),
        ("[watchdog#1]\ntimeout = 60\n", ("watchdog-timeout", "error", "watchdog#1.timeout", "60")),
        ("[watchdog#1]\ntimeout = 1.9\n", ("watchdog-timeout", "error", "watchdog#1.timeout", "1.9")),
        ("lease_stop_limit = 3\n[watchdog#1]\ndev = /dev/watchdog0\n", ("watchdog-timeout", "error", "watchdog#1.", "")),
        ("[watchdog#1]\ntimeout@n2 = 60\n", ("watchdog-timeout", "error", "watchdog#1.timeout@n2", "60")),
        ("[hb#1]\ntype = unicast\ntimeout = 1\ninterval = 5\n", ("heartbeat-times", "error", "hb#1.timeout", "1")),
        ("[hb#1]\ntype = unicast\ntimeout = 0\n", ("heartbeat-times", "error", "hb#1.timeout", "0")),
        ("[hb#1]\ntype = unicast\ninterval = 4\n", ("heartbeat-times", "warning", "hb#1.interval", "4")),
        ("[hb#1]\ntype = unicast\ninterval = 2\n", ("heartbeat-times", "warning", "hb#1.interval", "2")),
    ],
)
def test_what_does_not_fit_is_found_at_its_key(found, text, expected):
    assert found(HEAD + text) == [expected]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "lease = 6\nlease_renewal = 0.4\nlease_stop_limit = 3.5\n[watchdog#1]\ntimeout = 3\n",
        "[watchdog#1]\ndev = /dev/watchdog0\n",
        "[hb#1]\ntype = unicast\n[hb#2]\ntype = disk\ndev = /dev/sdb\n[hb#3]\ntype = multicast\ntimeout = 15\ninterval = 5\n",
        "[hb#1]\ntype = unicast\ntimeout = 0.2\ninterval = 0.05\n",
    ],
)
def test_what_fits_is_let_be(found, text):
    assert found(HEAD + text) == []


def test_a_value_that_is_none_is_found_once(found):
    assert [code for code, *_ in found(f"{HEAD}lease = soon\n[watchdog#1]\ntimeout = 60\n[hb#1]\ntype = unicast\ntimeout = x\n")] == [
        "bad-value",
        "bad-value",
    ]


def test_what_the_other_file_says_counts_and_is_found_in_its_own(found):
    assert found("[watchdog#1]\ntimeout = 4\n", "node", cluster=f"{HEAD}lease_stop_limit = 3\n") == [
        ("watchdog-timeout", "error", "watchdog#1.timeout", "4")
    ]
    assert found("[node]\nenv = PRD\n", "node", cluster=f"{HEAD}lease = 2\n") == []


def test_an_edit_that_would_not_fit_is_refused_as_a_whole(tmp_path):
    node = Node(tmp_path, nodename="n1")
    with pytest.raises(ConfigError, match=r"make the lease 8\.081 s or longer"):
        node.change("cluster", lambda document: document.set("cluster", "lease", "2").set("cluster", "name", "other"))
    assert not (tmp_path / "etc" / "cluster.conf").exists()
    node.change("cluster", lambda document: document.set("cluster", "lease", "4").set("cluster", "lease_stop_limit", "0.9"))
    assert of_node(node).lease_terms.lease == 4.0
