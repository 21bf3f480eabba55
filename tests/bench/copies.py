"""A copy of a service's data to three nodes, beside three rsyncs side by side.

What has a limit is the copy: from the request to the end of the last rsync, in a process that has the agent loaded. The
whole command also starts Python here, and then runs the agent on each node, by the same connection, to note how fresh the copy is.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from pathlib import Path

from tests.bench.measure import BIN, seconds_of, shown, tell, told_missing

TOP = Path(__file__).parents[2]
FILES, RUNS, LIMIT = 1000, 9, 1.3
TARGETS = ("n2", "n3", "n4")
SERVICE = f"""\
[DEFAULT]
nodes = n1 {" ".join(TARGETS)}

[fs#flag]
type = flag

[sync#data]
src = /srv/data/
dst = /srv/data
target = nodes
"""
# The same options, the same ssh; each in the background, and all waited for.
SCRIPT = """\
#!/bin/sh
for node in {targets}; do
    rsync -aHAXx --delete --force --timeout=60 -e 'ssh -o BatchMode=yes' -- /srv/data/ $node:/srv/data &
done
wait
"""


def measure(_folder: Path) -> None:
    """Copy once what three nodes then have, and print what it costs to find that nothing is changed."""
    sys.path.insert(0, str(TOP / "tests" / "system"))
    from lab import Lab, missing

    if reason := missing("sleep"):
        told_missing(f"a copy of unchanged files to {len(TARGETS)} nodes", reason)
        return
    with Lab(1 + len(TARGETS)) as lab:
        node = lab["n1"]
        for one in lab.nodes:
            one.write("/etc/opensvc/svc1.conf", SERVICE)
        node.write("/root/script", SCRIPT.format(targets=" ".join(TARGETS)), 0o755)
        node(f"sh -c 'mkdir -p /srv/data/d; for i in $(seq {FILES}); do echo $i >/srv/data/d/$i; done'")
        node("om svc1 start --local")
        node("om svc1 sync nodes --force --rid sync#data")
        print(node(f"{sys.executable} -m {__spec__.name}", timeout=300, PYTHONPATH=str(TOP)).stdout, end="", flush=True)


def main() -> None:
    """On the node: print the lines."""
    whole = [str(BIN / "om"), "svc1", "sync", "nodes", "--force", "--rid", "sync#data"]
    copies, scripts, commands = [], [], []
    copy_seconds()  # what is imported by then is not counted
    for _ in range(RUNS):
        copies.append(copy_seconds())
        scripts.append(seconds_of(["/root/script"], os.environ))
        commands.append(seconds_of(whole, os.environ))
    ratio = statistics.median(copies) / statistics.median(scripts)
    beside = f"three rsyncs side by side: {shown(scripts)}; ratio {ratio:.2f}"
    tell(f"{FILES} unchanged files copied to {len(TARGETS)} nodes", copies, "ms", beside=beside, limit=LIMIT, judged=ratio)
    tell("  om svc1 sync nodes, which also notes it on each of them", commands, "ms", beside="the whole process")


def copy_seconds() -> float:
    """How long a copy takes, from the request to the end of the last rsync."""
    from opensvc_core import Node
    from opensvc_core.api import Selection
    from opensvc_core.instance.executors import Noted
    from opensvc_core.instance.request import Request

    ended: list[float] = []

    def watch(noted: Noted, is_done: bool, /) -> None:
        if is_done and noted.text.startswith("rsync "):
            ended.append(time.perf_counter())

    request = Request("sync_nodes", Selection(rids=("sync#data",)))
    begun = time.perf_counter()
    Node().service("svc1").perform(request, lambda _event: None, watch=watch)
    assert len(ended) == len(TARGETS)
    return max(ended) - begun


if __name__ == "__main__":
    main()
