"""Paths: where the agent keeps its files, below one root or at the places of the Linux file system hierarchy."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, Self

from opensvc_core.errors import ActionRefused, OpensvcError
from opensvc_core.model.names import ServicePath


class Paths(NamedTuple):
    """The agent's folders. `bin` is known only below a root; elsewhere the commands are found through PATH."""

    etc: Path
    var: Path
    log: Path
    run: Path
    tmp: Path
    bin: Path | None = None

    @classmethod
    def below(cls, root: str | Path | None) -> Self:
        """The folders below `root` (`<root>/etc`, …); None: `/etc/opensvc`, `/var/lib/opensvc` and so on."""
        if root is None:
            places = ("/etc/opensvc", "/var/lib/opensvc", "/var/log/opensvc", "/run/opensvc", "/var/tmp/opensvc")
            return cls(*map(Path, places))
        top = Path(root).absolute()
        return cls(*(top / name for name in ("etc", "var", "log", "run", "tmp", "bin")))

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """The folders below OSVC_ROOT_PATH, where that is set and not empty."""
        return cls.below(environ.get("OSVC_ROOT_PATH") or None)

    def state(self, path: ServicePath) -> Path:
        """The folder of what is kept about a service between commands."""
        return self.var / path.state_path

    def log_file(self, path: ServicePath) -> Path:
        """The log of a service."""
        return self.log / f"{path.config_path}.log"

    def scratch(self) -> Path:
        """The folder for passing files, made when missing, which nobody else can read or write.

        Raises ActionRefused if it is a link, belongs to another user or was writable by others.
        """
        try:
            self.tmp.parent.mkdir(parents=True, exist_ok=True)
            # mkdir's exist_ok would accept a link
            if not os.path.lexists(self.tmp):
                self.tmp.mkdir(mode=0o700, exist_ok=True)
            make_private(self.tmp)
        except OSError as exc:
            kind = ActionRefused if isinstance(exc, PermissionError) else OpensvcError
            raise kind(f"cannot use {self.tmp}: {exc.strerror}") from exc
        return self.tmp


def make_private(folder: Path) -> None:
    """Take the rights of others from a folder of ours. Raises ActionRefused where somebody else may have put something there."""
    if folder.is_symlink() or not folder.is_dir():
        raise ActionRefused(f"{folder} is no folder, or a link; remove it, it is made anew")
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        found = os.fstat(descriptor)
        if found.st_uid != os.geteuid():
            raise ActionRefused(f"{folder} belongs to uid {found.st_uid}, not to us (uid {os.geteuid()}); remove it, it is made anew")
        if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise ActionRefused(f"{folder} is writable by others, who may have put files there; remove it, it is made anew")
        os.fchmod(descriptor, 0o700)
    finally:
        os.close(descriptor)
