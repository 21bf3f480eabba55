"""What this machine lacks for a lab."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from lab.groups import hierarchies
from lab.site import SYSTEMD, Init

PACKAGES: Final = {
    "ip": "iproute2",
    "nft": "nftables",
    "nsenter": "util-linux",
    "unshare": "util-linux",
    "/usr/sbin/sshd": "openssh-server",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
}
OLDEST: Final = (5, 14)
# each in namespaces of its own, where it harms nothing
PROBES: Final = {
    "namespaces": "true",
    "overlay": "mount -t tmpfs t {0}; cd {0}; mkdir u w r; mount -t overlay o -o lowerdir=/,upperdir=u,workdir=w r",
    "bridges": "ip link add br0 type bridge",
    "veth": "ip link add one type veth peer name other",
    "nftables of family bridge": "nft add table bridge lab",
}


@functools.cache
def missing(init: Init = "sleep") -> str:
    """Why there can be no lab, and the remedy; empty if there can."""
    if os.geteuid() != 0:
        return "a lab needs root: sudo make test, or a privileged container"
    wanted = {**PACKAGES, **({SYSTEMD: "systemd"} if init == "systemd" else {})}
    if packages := sorted({package for tool, package in wanted.items() if not shutil.which(tool)}):
        return f"a lab needs tools that are not installed: apt-get install {' '.join(packages)}"
    if not Path("/dev/loop-control").exists():
        return "a lab needs loop devices, and there is no /dev/loop-control: modprobe loop, or a privileged container with the host's /dev"
    return _without_groups() or _unsupported()


def _without_groups() -> str:
    trees = hierarchies(Path("/proc/self/mountinfo").read_text(encoding="utf-8"))
    if all(tree.options for tree in trees):
        return "a lab needs control groups of version 2: mkdir -p /sys/fs/cgroup/unified; mount -t cgroup2 cgroup2 /sys/fs/cgroup/unified"
    if locked := [str(tree.mount) for tree in trees if not os.access(tree.mount, os.W_OK)]:
        return f"a lab needs control groups that it may write, and {locked[0]} is read-only: a privileged container, or mount -o remount,rw"
    if (release := tuple(map(int, re.findall(r"\d+", os.uname().release)[:2]))) < OLDEST:
        return f"a lab needs Linux 5.14 or newer (cgroup.kill), and this is {release[0]}.{release[1]}"
    return ""


def _unsupported() -> str:
    with tempfile.TemporaryDirectory() as folder:
        for what, script in PROBES.items():
            argv = ["unshare", "--mount", "--net", "--pid", "--uts", "--ipc", "--cgroup", "--fork", "sh", "-c", script.format(folder)]
            done = subprocess.run(argv, capture_output=True, text=True, check=False)
            if done.returncode:
                return (
                    f"a lab needs {what}, and the kernel or container refuses: {done.stderr.strip()}; load its module, or run as real root"
                )
    return ""
