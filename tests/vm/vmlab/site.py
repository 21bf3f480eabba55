"""What the guests of a lab share, and the disk that each begins with."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from lab.ground import Ground
from lab.keys import File
from lab.keys import files as keys_of
from lab.places import BIN
from lab.site import ABSENT, COMMANDS, PATH, SSHD
from lab.switch import Switch, run

from vmlab.kernel import Kernel

GUEST: Final = Path(__file__).parent / "guest"
BUSYBOX: Final = "/bin/busybox"
# the order is found by modprobe
EARLY: Final = ("virtio_pci", "virtio_blk", "virtio_console", "virtio_net", "virtio_rng", "virtiofs", "overlay", "sd_mod", "loop", "dm_mod")
LATE: Final = "virtio_scsi"
HIDDEN: Final = (*ABSENT, "/etc/lvm/archive", "/etc/lvm/backup", "/etc/lvm/devices")
SIZE: Final = "4G"  # of a private disk; sparse


def address(index: int, ring: int = 0) -> str:
    """The IPv4 address of a guest."""
    return f"10.98.{ring}.{index}"


@dataclass(frozen=True)
class Site:
    """A lab as its guests see it; `hosts` are their names by index, `places` what they have of the host by its path there."""

    folder: Path
    ground: Ground
    switch: Switch
    kernel: Kernel
    places: dict[str, str]
    hosts: dict[int, str] = field(default_factory=dict)

    @property
    def network(self) -> str:
        """The path of the network namespace."""
        return self.ground.path(self.ground.network)

    def make_initramfs(self) -> None:
        """Make what a guest has in memory before it finds its root: tools, modules and the first program."""
        with tempfile.TemporaryDirectory(dir=self.folder) as name:
            top = Path(name)
            for folder in ("bin", "dev", "proc", "sys", "run", "new", "lower", "own", "lib/modules"):
                (top / folder).mkdir(parents=True)
            _tools(top / "bin")
            modules = [path for path in self.kernel.paths((*EARLY, LATE)) if path.stem != LATE]
            for path in modules:
                shutil.copy(path, top / "lib/modules")
            (top / "modules").write_text("".join(f"{path.name}\n" for path in modules), encoding="utf-8")
            shutil.copy(GUEST / "init.sh", top / "init")
            (top / "init").chmod(0o755)
            names = "\n".join(str(path.relative_to(top)) for path in sorted(top.rglob("*")))
            with (self.folder / "initramfs").open("wb") as made:
                subprocess.run(["cpio", "-o", "-H", "newc", "--quiet"], input=names.encode(), stdout=made, cwd=top, check=True)

    def make_root(self, name: str, index: int) -> None:
        """Make the private disk of a guest: the upper layer of its root file system, and what its first programs need."""
        image = self.folder / f"{name}.root"
        image.unlink(missing_ok=True)
        with tempfile.TemporaryDirectory(dir=self.folder) as made:
            top = Path(made)
            self._fill(top, name, index)
            features = "lazy_itable_init=1,lazy_journal_init=1,nodiscard"
            run(["mke2fs", "-q", "-t", "ext4", "-E", features, "-d", made, str(image), SIZE])
        # the mark is not to be had on every file system of a host, so it is written into the image itself
        opaque = "".join(f'ea_set "/upper{hidden}" trusted.overlay.opaque y\n' for hidden in HIDDEN)
        run(["debugfs", "-w", "-f", "-", str(image)], opaque)

    def _fill(self, top: Path, name: str, index: int) -> None:
        (top / "upper").mkdir()
        for hidden in HIDDEN:
            _folder(top / "upper", hidden).chmod(ABSENT.get(hidden, 0o755))
        for path, text, mode in self._files(name, index):
            place = _folder(top / "upper", str(Path(path).parent)) / Path(path).name
            place.touch(mode)
            place.write_text(text, encoding="utf-8")
        (top / "tools").mkdir()
        _tools(top / "tools")
        for source in (*GUEST.glob("*.sh"), *self.kernel.paths((LATE,))[-1:]):
            shutil.copy(source, top / "tools")
        shutil.copytree(GUEST, top / "tools/vmlab/guest", ignore=shutil.ignore_patterns("*.sh", "__pycache__"))
        for command in COMMANDS:
            (_folder(top / "upper", "/usr/local/bin") / command).symlink_to(BIN / command)
        words = {"name": name, "index": index, "python": Path(os.path.realpath(BIN / "python")), "path": PATH}
        (top / "guest.conf").write_text("".join(f"{word}={shlex.quote(str(value))}\n" for word, value in words.items()), encoding="utf-8")
        (top / "places").write_text("".join(f"{number} {place}\n" for number, place in enumerate(self.places)), encoding="utf-8")

    def _files(self, name: str, index: int) -> list[File]:
        hosts = [f"{address(number)} {other}" for number, other in self.hosts.items()]
        return [
            ("/etc/hostname", f"{name}\n", 0o644),
            ("/etc/hosts", "\n".join(["127.0.0.1 localhost", "::1 localhost", *hosts, ""]), 0o644),
            ("/etc/resolv.conf", "", 0o644),
            ("/etc/machine-id", f"{index:032x}\n", 0o444),
            ("/etc/fstab", "", 0o644),
            ("/root/.bashrc", "", 0o644),
            *keys_of(",".join([*self.hosts.values(), "10.98.*", "fd98:*"])),
            ("/etc/ssh/lab_sshd_config", SSHD, 0o644),
        ]


def _folder(top: Path, path: str) -> Path:
    """A folder below a layer, each with the mode that the host's has: overlay takes it from the upper one."""
    place = top
    for part in Path(path).parts[1:]:
        place /= part
        if not place.exists():
            place.mkdir()
            original = Path("/", place.relative_to(top))
            place.chmod(original.stat().st_mode & 0o7777 if original.is_dir() else 0o755)
    return place


def _tools(folder: Path) -> None:
    """Static tools: a link to one program for each."""
    shutil.copy(BUSYBOX, folder / "busybox")
    names = subprocess.run([BUSYBOX, "--list"], capture_output=True, text=True, check=True).stdout.split()
    for name in names:
        if name != "busybox":
            (folder / name).symlink_to("busybox")
