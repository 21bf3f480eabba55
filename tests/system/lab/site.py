"""What the nodes of a lab share, and what each begins with."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from lab.ground import Ground
from lab.groups import Groups
from lab.keys import File
from lab.keys import files as keys_of
from lab.places import BIN
from lab.process1 import Spec
from lab.switch import Seat, Switch

Init = Literal["sleep", "systemd"]
COMMANDS: Final = ("om", "svcmgr", "svcmon", "nodemgr")
PATH: Final = f"{BIN}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# what the host has there, no node sees
ABSENT: Final = {
    **dict.fromkeys(("/etc/opensvc", "/var/lib/opensvc", "/var/log/opensvc", "/mnt", "/srv", "/etc/systemd/system"), 0o755),
    "/root": 0o700,
    "/var/tmp": 0o1777,
}
DEVICES: Final = ("null", "zero", "full", "random", "urandom", "tty", "ptmx", "kmsg", "fuse", "net/tun", "loop-control", "mapper/control")
# what would want the host's hardware or kernel, or compete with the lab's sshd
MASKED: Final = (
    *("systemd-udevd.service", "systemd-udevd-kernel.socket", "systemd-udevd-control.socket", "getty.target", "console-getty.service"),
    *("systemd-udev-trigger.service", "systemd-modules-load.service", "systemd-sysctl.service", "systemd-binfmt.service"),
    *("sys-kernel-debug.mount", "sys-kernel-tracing.mount", "sys-fs-fuse-connections.mount", "dev-hugepages.mount", "dev-mqueue.mount"),
    *("systemd-networkd.service", "systemd-resolved.service", "systemd-timesyncd.service", "ssh.service", "ssh.socket"),
    *("iscsid.service", "multipathd.service", "docker.service", "docker.socket", "containerd.service"),
)
SYSTEMD: Final = "/lib/systemd/systemd"
INITS: Final[dict[Init, list[str]]] = {
    "sleep": ["/bin/sleep", "infinity"],
    "systemd": ["/usr/bin/env", "-i", "container=lab", f"PATH={PATH}", SYSTEMD, "--system", "--log-target=console", "--unit=lab.target"],
}
TARGET: Final = "[Unit]\nRequires=basic.target\nAfter=basic.target\nAllowIsolate=yes\n"
SSHD: Final = f"""\
HostKey /etc/ssh/lab_host_key
PidFile /run/sshd.pid
PermitRootLogin yes
UsePAM no
UseDNS no
PrintMotd no
AcceptEnv LANG LC_*
SetEnv PATH={PATH}
Subsystem sftp internal-sftp
"""


def address(index: int, ring: int = 0) -> str:
    """The IPv4 address of a node."""
    return f"10.99.{ring}.{index}"


@dataclass(frozen=True)
class Site:
    """A lab as its nodes see it; `hosts` are further lines of /etc/hosts, `loops` device numbers by disk and node."""

    label: str
    folder: Path
    ground: Ground
    switch: Switch
    names: list[str]
    init: Init
    places: list[str]
    hosts: list[str] = field(default_factory=list)
    loops: dict[str, dict[str, int]] = field(default_factory=dict)

    def spec(self, seat: Seat, groups: Groups, *, is_new: bool) -> Spec:
        """What a node begins with; a new one also with the files that it then keeps and may change."""
        links = [(f"/run/shared/{disk}", f"/dev/loop{numbers[seat.node]}") for disk, numbers in self.loops.items()]
        return {
            "name": seat.node,
            "owner": os.getpid(),
            "mounts": self.ground.path(self.ground.mounts),
            "groups": [str(folder) for folder in groups.folders],
            "hierarchies": [(str(tree.mount), tree.options) for tree in groups.trees],
            "places": self.places,
            "devices": _devices(),
            "absent": ABSENT if is_new else {},
            "files": self._files(seat) if is_new else [],
            "links": [*links, *(self._links() if is_new else [])],
            "init": INITS[self.init],
        }

    def _files(self, seat: Seat) -> list[File]:
        hosts = [f"{address(index)} {name}" for index, name in enumerate(self.names, 1)]
        files = [
            ("/etc/hostname", f"{seat.node}\n", 0o644),
            ("/etc/hosts", "\n".join(["127.0.0.1 localhost", "::1 localhost", *hosts, ""]), 0o644),
            ("/etc/resolv.conf", "", 0o644),
            ("/etc/machine-id", f"{seat.index:032x}\n", 0o444),
            ("/etc/fstab", "", 0o644),
            ("/root/.bashrc", "", 0o644),
            *keys_of(",".join([*self.names, "10.99.*", "fd99:*"])),
            ("/etc/ssh/lab_sshd_config", SSHD, 0o644),
        ]
        return [*files, *([("/etc/systemd/system/lab.target", TARGET, 0o644)] if self.init == "systemd" else [])]

    def _links(self) -> list[tuple[str, str]]:
        masked = [(f"/etc/systemd/system/{unit}", "/dev/null") for unit in MASKED] if self.init == "systemd" else []
        return [*masked, *((f"/usr/local/bin/{name}", str(BIN / name)) for name in COMMANDS)]


def _devices() -> list[tuple[str, int, int, int]]:
    """The character devices of a node."""
    found = []
    for name in DEVICES:
        path = Path("/dev", name)
        if path.exists():
            status = path.stat()
            found.append((name, stat.S_IFCHR | stat.S_IMODE(status.st_mode), os.major(status.st_rdev), os.minor(status.st_rdev)))
    return found
