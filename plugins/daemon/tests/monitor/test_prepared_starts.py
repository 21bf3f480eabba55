"""Starts that are prepared, and what becomes of them when nothing leads to them any more."""

import time

from opensvc_core.system.processes import children, identify

from .conftest import wait_for

SLOW = """
[DEFAULT]
nodes = n1 n2
orchestrate = ha
blocking_pre_stop@n1 = sh -c 'touch {begun}; while test ! -e {end}; do sleep 0.1; done'
[fs#1]
type = flag
"""


def forked(house):
    """The children of its runner; one that looks is kept for a minute."""
    return set(children([identify(house.parts["runner"].pid)]))


def prepared(house):
    """The child that waits beside the one that looks; others come and go."""
    found = forked(house)
    time.sleep(0.5)
    return max(found, key=lambda child: child.started) if len(found) > 1 and forked(house) == found else None


def test_one_that_nobody_will_begin_waits_for_no_word(street, tmp_path):
    both, begun, end = street("n1", "n2"), tmp_path / "begun", tmp_path / "end"
    both.service(text=SLOW.format(begun=begun, end=end))
    n1, n2 = both.start()["n1"], both["n2"]
    n1.wait(lambda document: document["services"].get("svc1", {}).get("avail") == "up", "svc1 is up")
    n2.wait(lambda document: document["services"].get("svc1", {}).get("avail") == "up", "n2 knows")
    assert n1.is_up()
    try:
        n2.call("ask", "svc1", "switch", ["n2"], "a test")
        wait_for(begun.exists, n1.told)
        child = wait_for(lambda: prepared(n2), n2.told)
        n2.call("ask", "svc1", "abort", [], "a test")
        wait_for(lambda: child not in forked(n2), n2.told, seconds=30.0)
    finally:
        end.touch()
    n1.wait(lambda document: document["services"]["svc1"]["instances"]["n1"]["monitor"] == "idle", "it ends")
