"""The files of trust: the authority's and the node's, below `var`, which nobody but their owner reads."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from opensvc_core.api import ActionRefused, OpensvcError


class TrustFiles(NamedTuple):
    """The folder `<var>/node/trust`: `ca.pem` (the authority: certificate, key) and `node.pem` (the node: key, certificate)."""

    folder: Path

    @classmethod
    def below(cls, var: Path) -> TrustFiles:
        """Those of a node whose state is in `var`."""
        return cls(var / "node" / "trust")

    @property
    def authority(self) -> Path:
        """Certificate and key of the cluster's authority."""
        return self.folder / "ca.pem"

    @property
    def node(self) -> Path:
        """Key and certificate of the node."""
        return self.folder / "node.pem"

    @property
    def leaving(self) -> Path:
        """There while the node forgets a cluster whose members know it no more."""
        return self.folder / "leaving"

    @contextmanager
    def editing(self) -> Iterator[None]:
        """Keep others from making or replacing them meanwhile. Raises ActionRefused without the right to write there."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise ActionRefused(f"{self.folder}: {error.strerror}: its owner makes and changes certificates") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def forget(self) -> None:
        """Remove them; the next start makes new ones."""
        for file in (self.node, self.authority):
            with suppress(FileNotFoundError):
                file.unlink()


def read(path: Path) -> bytes:
    """What is in a file; empty where there is none. Raises OpensvcError."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise OpensvcError(f"{path}: {error.strerror}") from error


def write_private(path: Path, data: bytes) -> None:
    """Replace a file as a whole, readable by its owner alone from its first byte on. Raises OpensvcError."""
    fresh = path.with_name(f".{path.name}.{os.urandom(6).hex()}.tmp")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        fresh.replace(path)
        _sync(path.parent)
    except OSError as error:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise OpensvcError(f"cannot write {path}: {error.strerror}") from error


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
