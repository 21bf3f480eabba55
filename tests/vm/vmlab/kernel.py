"""The guests' kernel: Debian's for virtual machines, fetched once into the user's cache."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

# depends on the package of the present release
META: Final = "linux-image-cloud-amd64"
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
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "opensvc-vm")
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (cache / "kernel").exists():
            _fetch(cache)
    return Kernel(cache / "kernel")


def _fetch(cache: Path) -> None:
    with tempfile.TemporaryDirectory(dir=cache) as name:
        work = Path(name)
        try:
            _download(work)
        except RuntimeError:  # apt never had its lists, or they are old and name what is no longer there
            _run(["apt-get", "update", "-qq"])
            _download(work)
        _run(["dpkg", "-x", str(next(work.glob("*.deb"))), str(work / "kernel")])
        _run(["depmod", "-b", str(work / "kernel"), next((work / "kernel/lib/modules").iterdir()).name])
        shutil.move(work / "kernel", cache / "kernel")


def _download(folder: Path) -> None:
    """Download the package of the present release."""
    found = re.search(r"Depends: (linux-image-\S+)", _run(["apt-cache", "depends", META]))
    if not found:
        raise RuntimeError(f"apt knows no package {META}, which is the guests' kernel; is Debian's main in /etc/apt/sources.list?")
    _run(["apt-get", "download", "-qq", found[1]], folder)


def _run(argv: list[str], folder: Path | None = None) -> str:
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False, timeout=SECONDS, env={**os.environ, "LC_ALL": "C"})
    if done.returncode and argv[0] != "apt-cache":  # whose caller finds that there is none
        raise RuntimeError(f"{' '.join(argv)}: {done.stderr.strip()}")
    return done.stdout
