"""The guests' kernels, packages of Debian, fetched once into the user's cache: for virtual machines, and as a program (User Mode Linux)."""

from __future__ import annotations

import fcntl
import os
import re
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

# depends on the package of the present release
META: Final = "linux-image-cloud-amd64"
PROGRAM: Final = "user-mode-linux"
SECONDS: Final = 300


@dataclass(frozen=True)
class Kernel:
    """A kernel package, unpacked."""

    folder: Path

    @property
    def image(self) -> Path:
        """What a boot loader loads."""
        return next(self.folder.glob("boot/vmlinuz-*"))

    @property
    def program(self) -> Path:
        """The kernel as a program."""
        return self.folder / "usr/bin/linux.uml"

    @property
    def modules(self) -> Path:
        """What a system has as /lib/modules."""
        return self.folder / "lib/modules"

    def paths(self, names: tuple[str, ...]) -> list[Path]:
        """The files of modules and of what they need, in the order in which they are loaded."""
        found: dict[Path, None] = {}
        for name in names:
            lines = _run(["modprobe", "-n", "-D", "-S", self._release, "-d", str(self.folder), name]).splitlines()
            found |= dict.fromkeys(Path(line.split()[1]) for line in lines if line.startswith("insmod "))
        return list(found)

    @property
    def _release(self) -> str:
        return next(self.modules.iterdir()).name


def kernel() -> Kernel:
    """The cached kernel; RuntimeError where there is none and apt has none either."""
    return Kernel(_cached("kernel", _machines_package))


def program() -> Kernel:
    """The cached kernel that is a program; RuntimeError where there is none and apt has none either."""
    return Kernel(_cached(PROGRAM, lambda: PROGRAM))


def _cached(name: str, package: Callable[[], str]) -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "opensvc-vm")
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (cache / name).exists():
            _fetch(cache / name, package)
    return cache / name


def _fetch(place: Path, package: Callable[[], str]) -> None:
    with tempfile.TemporaryDirectory(dir=place.parent) as name:
        work = Path(name)
        try:
            _download(package(), work)
        except RuntimeError:  # apt never had its lists, or they are old and name what is no longer there
            _run(["apt-get", "update", "-qq"])
            _download(package(), work)
        unpacked = work / "unpacked"
        _run(["dpkg", "-x", str(next(work.glob("*.deb"))), str(unpacked)])
        if (own := unpacked / "usr/lib/uml/modules").exists():
            (unpacked / "lib").mkdir()
            own.rename(unpacked / "lib/modules")
        _run(["depmod", "-b", str(unpacked), next((unpacked / "lib/modules").iterdir()).name])
        unpacked.rename(place)


def _machines_package() -> str:
    """The package of the present release."""
    found = re.search(r"Depends: (linux-image-\S+)", _run(["apt-cache", "depends", META]))
    if not found:
        raise RuntimeError(f"apt knows no package {META}, which is the guests' kernel; is Debian's main in /etc/apt/sources.list?")
    return found[1]


def _download(package: str, folder: Path) -> None:
    _run(["apt-get", "download", "-qq", package], folder)


def _run(argv: list[str], folder: Path | None = None) -> str:
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False, timeout=SECONDS, env={**os.environ, "LC_ALL": "C"})
    if done.returncode and argv[0] != "apt-cache":  # whose caller finds that there is none
        raise RuntimeError(f"{' '.join(argv)}: {done.stderr.strip()}")
    return done.stdout
