"""What this machine lacks for a lab of virtual machines."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from lab import missing as missing_for_nodes

from vmlab.qemu import QEMU, VIRTIOFSD
from vmlab.site import BUSYBOX

UDEV: Final = "/lib/systemd/systemd-udevd"
PACKAGES: Final = {
    QEMU: "qemu-system-x86",
    VIRTIOFSD: "qemu-system-common",
    BUSYBOX: "busybox-static",
    "cpio": "cpio",
    "modprobe": "kmod",
    "mke2fs": "e2fsprogs",
    "debugfs": "e2fsprogs",
    # used inside
    UDEV: "udev",
    "vgcreate": "lvm2",
    "dmsetup": "dmsetup",
    "sg_persist": "sg3-utils",
    "iscsiadm": "open-iscsi",
    "kpartx": "kpartx",
    "multipath": "multipath-tools",
}


@functools.cache
def missing() -> str:
    """Why there can be no lab of virtual machines, and the remedy; empty if there can."""
    return missing_for_nodes() or _missing_system() or _missing_tools()


def _missing_system() -> str:
    if os.uname().machine != "x86_64":
        return f"the virtual machines are x86_64 ones with the host's programs, and this machine is {os.uname().machine}"
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        return "the virtual machines' kernel is a package of Debian: run the tests on Debian 12, for example in a container"
    if not Path("/dev/net/tun").exists():
        return "virtual machines need taps, and there is no /dev/net/tun: modprobe tun, or a privileged container with the host's /dev"
    return ""


def _missing_tools() -> str:
    if packages := sorted({package for tool, package in PACKAGES.items() if not shutil.which(tool)}):
        return f"virtual machines need tools that are not installed: apt-get install {' '.join(packages)}"
    if subprocess.run(["ldd", BUSYBOX], capture_output=True, check=False).returncode == 0:
        return "virtual machines need a static busybox: apt-get install busybox-static"
    return ""
