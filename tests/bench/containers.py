"""The status of services made of containers, in a docker daemon of their own on a node of the lab."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from tests.bench.measure import BARE, BIN, compare, shown, tell, told_missing

TOP = Path(__file__).parents[2]
# Containers, and the milliseconds that their status may take.
SIZES = ((7, 200), (50, 300))
DATA = "/srv/bench"
# Makes the image, with a daemon that ends before the service starts its own.
LOAD = rf"""set -e
mkdir -p {DATA} /root/image/bin
mount -t tmpfs tmpfs {DATA}
cp /bin/busybox /root/image/bin/
dockerd -H unix:///root/sock --data-root {DATA}/docker --exec-root /root/exec --pidfile /root/pid --bridge none --iptables=false \
    2>/root/log &
until docker -H unix:///root/sock version >/dev/null 2>&1; do kill -0 $! || {{ cat /root/log; exit 1; }}; sleep 0.05; done
tar -C /root/image -c . | docker -H unix:///root/sock import --change 'CMD ["/bin/busybox", "sleep", "86400"]' - bench:latest
kill $!
wait $! || true
"""


def measure(_folder: Path) -> None:
    """Start services of several sizes on a node, and print how long their status takes there."""
    sys.path.insert(0, str(TOP / "tests" / "system"))
    from lab import Lab, missing

    needed = "needs dockerd and busybox" if not (shutil.which("dockerd") and Path("/bin/busybox").exists()) else ""
    if reason := needed or missing("sleep"):
        told_missing("print status of services made of containers", reason)
        return
    with Lab() as lab:
        node = lab["n1"]
        node.write("/root/load", LOAD)
        node("sh /root/load", timeout=120)
        for size, limit in SIZES:
            node.write("/etc/opensvc/svc1.conf", service(size))
            node("svcmgr -s svc1 start --local", timeout=300)
            here = f"{sys.executable} -m tests.bench.containers {size} {limit}"
            print(node(here, timeout=300, PYTHONPATH=str(TOP)).stdout, end="", flush=True)
            node("svcmgr -s svc1 stop --local", timeout=300)


def service(size: int) -> str:
    """A service of containers that start side by side."""
    lines = ["[DEFAULT]", f"docker_data_dir = {DATA}/docker", "docker_daemon_args = --bridge none --iptables=false"]
    lines += ["[subset#container.docker:all]", "parallel = true"]
    for number in range(1, size + 1):
        lines += [f"[container#{number}]", "type = docker", "image = bench:latest", "subset = all", "netns = none", "stop_timeout = 0"]
        lines += ["start_timeout = 60"]
    return "\n".join(lines) + "\n"


def main(size: str, limit: str) -> None:
    """On the node: print the line of one size."""
    took, bare = compare(os.environ, [str(BIN / "svcmgr"), "-s", "svc1", "print", "status"], BARE)
    beside = f"the whole process, python -c pass {shown(bare)} of it"
    tell(f"svcmgr -s svc1 print status of {size} containers", took, "ms", beside=beside, limit=float(limit))


if __name__ == "__main__":
    main(*sys.argv[1:])
