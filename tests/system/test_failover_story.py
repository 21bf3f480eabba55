"""A failover is one story, which the survivor's log of the service tells alone: what was seen, decided and done, and what it took."""

import re
from itertools import groupby

import pytest
from cluster import started
from cluster.device import FENCES, Device
from cluster.services import PROGRAM, Trial

TRIAL = Trial(more="guard = fence", address="10.99.0.50", disk="data")
pytestmark = pytest.mark.timeout(600)
# T is a duration, N a number. What it waits for meanwhile is one line here: how often that changes is a matter of the machine's pace.
STORY = """\
@ n:n2 o:svc1 sc:n
  n1 is silent, last heard T ago (it was beating)
  announce ready: no node that is heard has it up; n2 is the best of n2
  waits: …
  n1 is confirmed to be down: fenced in T
  start: no node that is heard has it up; n2 is the best of n2; the ready period is over and nobody objected; n1 is confirmed to be down
@ n:n2 o:svc1 r:ip#1 sc:n
  nobody was seen to use it while this node was ready
  /sbin/ip addr add 10.99.0.50/24 dev eth0
  send gratuitous arp to announce 10.99.0.50 is at eth0
@ n:n2 o:svc1 r:fs#1 sc:n
  create missing mountpoint /srv/svc1
  e2fsck -p /run/shared/data
  | /run/shared/data: recovering journal
  | /run/shared/data: clean, N/N files, N/N blocks
  mount -t ext4 /run/shared/data /srv/svc1
@ n:n2 o:svc1 r:app#1 sc:n
  exec WITNESS svc1 10.99.0.50 7777 as user root
  start done in T - ret 0
@ n:n2 o:svc1 sc:n
  start: done after T (checks T, ip#1 T, fs#1 T, app#1 T)
  start done after T: up T after this node was ready, T after n1 was last heard
"""
_CHANGING = ((r"\d:\d\d:\d\d\.\d+", "T"), (r"\b\d+(\.\d+)? s\b", "T"), (r"\b\d+/\d+ (files|blocks)", r"N/N \1"))
# an operation that took long has a line of its own: on a busy machine any may
_LONG = re.compile(r"  \S.*: \d+\.\d{3} s(, exit code 0)?")


@pytest.fixture
def cluster(lab):
    Device(lab)
    return started(lab, TRIAL, more=FENCES, ready_period=0.3, fence_delay=2)


def test_the_log_of_the_survivor_tells_the_whole_story(cluster):
    n1, n2 = cluster.lab["n1"], cluster.lab["n2"]
    cluster.wait_told("svc1", "n1")
    n2("rm -f /var/log/opensvc/svc1.log")  # how the cluster came to be is another story
    n1.power_off()
    cluster.wait_alive("n2")
    n2.wait_for(lambda: "up " in n2("om svc1 logs").stdout.partition("start done after")[2])
    told = n2("om svc1 logs").stdout
    assert steady(told) == STORY, told
    assert "n1 is being fenced" in told


def steady(text):
    """The text without what is different each time."""
    lines = [line for line in text.replace(" ".join(PROGRAM), "WITNESS").splitlines() if not _LONG.fullmatch(line)]
    lines = ["  waits: …" if line.startswith("  waits: ") else line for line in lines]
    for pattern, by in _CHANGING:
        lines = [re.sub(pattern, by, line) for line in lines]
    return "".join(f"{line}\n" for line, _ in groupby(lines))
