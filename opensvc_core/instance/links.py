"""Links: a command named after each service, in the folder of configurations and beside `svcmgr`."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from opensvc_core.model.names import ServicePath
from opensvc_core.system.paths import Paths

# What a cluster manager calls: to start and stop the service, and before it takes the service over.
_OF_A_MANAGER = (".cluster", ".stonith")
COMMANDS = ("svcmgr", "svcmon", "om", "nodemgr", "allservices", "allupservices", "alldownservices")


class Links:
    """The links of a node. What can't be made or removed for lack of rights is left as it is: `svcmgr -s` works all the same."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths

    def make(self, path: ServicePath) -> None:
        """Make the links of a service of the root namespace. A file that has the name already stays what it is."""
        target = self._svcmgr()
        if target is None or path.namespace != "root" or path.kind != "svc":
            return
        for folder in (self._paths.etc, target.parent):
            link = folder / path.name
            in_etc = folder == self._paths.etc
            with suppress(OSError):
                link.symlink_to(self._seen_from_etc(target) if in_etc else target.name)

    def repair(self, path: ServicePath) -> None:
        """Make the links of a service whose file was written by hand, where one is missing and may be made."""
        beside = self._paths.bin or Path(sys.argv[0]).parent
        is_made = all(os.path.lexists(folder / path.name) for folder in (self._paths.etc, beside))
        if not is_made and os.access(self._paths.etc, os.W_OK):
            self.make(path)

    def mend(self, path: ServicePath, *, is_managed: bool) -> list[Path]:
        """Make what is missing beside a service's file: the link to its launchers, and those of its cluster manager where it has one.

        Returns the links made. What has the name already, a dangling link too, stays what it is.
        """
        if not os.access(self._paths.etc, os.W_OK):
            return []
        launchers = self._paths.etc / f"{path.config_path}.dir"
        wanted = {launchers.with_suffix(".d"): Path(launchers.name)} if launchers.is_dir() else {}
        if is_managed and path.namespace == "root" and (target := self._svcmgr()):
            wanted |= {self._paths.etc / f"{path.name}{suffix}": self._seen_from_etc(target) for suffix in _OF_A_MANAGER}
        return [link for link, to in wanted.items() if not os.path.lexists(link) and _is_made(link, to)]

    def remove(self, path: ServicePath) -> None:
        """Remove the links of a service; only links to `svcmgr` are ours."""
        target = self._svcmgr()
        of_manager = [self._paths.etc / f"{path.name}{suffix}" for suffix in _OF_A_MANAGER]
        for link in (*of_manager, *(folder / path.name for folder in (self._paths.etc, *([target.parent] if target else [])))):
            with suppress(OSError):
                if link.is_symlink() and link.readlink().name == "svcmgr":
                    link.unlink()

    def _seen_from_etc(self, target: Path) -> Path:
        return Path("../bin/svcmgr") if self._paths.bin else target

    def _svcmgr(self) -> Path | None:
        """The command that links point to: below a root, in `<root>/bin`, where links to the commands are made when missing."""
        import shutil  # noqa: PLC0415 - 3 ms, paid where links are made

        found = shutil.which("svcmgr", path=str(Path(sys.argv[0]).parent)) or shutil.which("svcmgr")
        if self._paths.bin is None or found is None:
            return Path(found) if found else None
        with suppress(OSError):
            self._paths.bin.mkdir(parents=True, exist_ok=True)
            for name in COMMANDS:
                link = self._paths.bin / name
                if not link.is_symlink():
                    link.symlink_to(Path(found).resolve().parent / name)
        return self._paths.bin / "svcmgr"


def _is_made(link: Path, target: Path) -> bool:
    with suppress(OSError):  # somebody else made it at this moment, or the folder can't be written after all
        link.symlink_to(target)
        return True
    return False
