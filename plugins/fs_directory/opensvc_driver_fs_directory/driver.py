"""The driver fs.directory."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from functools import partial
from grp import getgrnam
from pathlib import Path
from pwd import getpwnam

from opensvc_core.api import (
    ActionFailed,
    Already,
    Call,
    Keyword,
    Observation,
    Operations,
    Provisionable,
    Resource,
    Startable,
    Status,
    Watch,
    Watchable,
    group_name,
    octal,
    text,
    user_name,
)


class Directory(Resource, Startable, Provisionable, Watchable):
    """A directory with the owner and the mode that the service needs."""

    id = "fs.directory"
    path = Keyword(text, required=True, scopable=True, text="The directory.", example="/srv/{name}/data")
    user = Keyword(user_name, scopable=True, text="Its owner: a name or a number.", example="www-data")
    group = Keyword(group_name, scopable=True, text="Its group: a name or a number.", example="www-data")
    perm = Keyword(octal, scopable=True, text="Its mode, octal.", example="750")

    def label(self) -> str:
        """The path."""
        return f"directory {self.path}"

    def classic_label(self) -> str:
        """The path alone."""
        return self.path

    def occupies(self) -> str:
        """The directory."""
        return self.path

    def watches(self) -> Sequence[Watch]:
        """The directory itself, not what is in it."""
        return [Watch("path", os.path.normpath(self.path))] if self.path.startswith("/") else []

    def is_provisioned(self) -> bool:
        """It exists."""
        return Path(self.path).is_dir()

    def status(self) -> Status | Observation:
        """Down while it is missing, warn with another owner or mode, else n/a: a directory says nothing of the service."""
        folder = Path(self.path)
        if not folder.exists():
            return Status.DOWN
        if not folder.is_dir():
            return Status.WARN.because(f"{folder} is no directory")
        wrong = self._wrong(folder.stat())
        return Status.WARN.because(*wrong) if wrong else Status.NA

    def start(self) -> Operations:
        """Make it when it is missing, and give it its owner and mode."""
        folder = Path(self.path)
        if not folder.is_absolute():
            raise ActionFailed(f"{self.rid}.path: {self.path!r} does not begin with '/'")
        if folder.is_symlink() and not folder.exists():
            raise ActionFailed(f"{folder} is a link that leads nowhere; make what it names, or remove it")
        if folder.exists() and not folder.is_dir():
            raise ActionFailed(f"{folder} exists and is no directory; move it away, or choose another path")
        found = folder.stat() if folder.exists() else None
        if found and not self._wrong(found):
            yield Already(f"{self.label()} is there")
            return
        for directory in reversed([parent for parent in (folder, *folder.parents) if not self.is_there(str(parent))]):
            yield Call(f"mkdir {directory}", directory.mkdir, undo=Call(f"rmdir {directory}", partial(_remove, directory)))
        yield from self._own(folder, found)

    def stop(self) -> Operations:
        """Leave it: it may hold data."""
        yield Already(f"{self.label()} stays")

    def provision(self) -> Operations:
        """Nothing beforehand: the start that follows makes it."""
        yield from ()

    def unprovision(self) -> Operations:
        """Remove it when it is empty; what it holds is never removed."""
        folder = Path(self.path)
        if not folder.is_dir():
            yield Already(f"{self.label()} is not there")
        elif any(folder.iterdir()):
            yield Already(f"{self.label()} is not empty, and stays")
        else:
            yield Call(f"rmdir {folder}", folder.rmdir)

    def _own(self, folder: Path, found: os.stat_result | None) -> Operations:
        """Owner first: a change of owner clears bits of the mode."""
        uid, gid = self._owner()
        if (uid is not None and not (found and found.st_uid == uid)) or (gid is not None and not (found and found.st_gid == gid)):
            names = f"{self.user or ''}{':' + self.group if self.group else ''}"
            undo = found and Call(f"chown {found.st_uid}:{found.st_gid} {folder}", lambda: os.chown(folder, found.st_uid, found.st_gid))
            yield Call(
                f"chown {names} {folder}", lambda: os.chown(folder, -1 if uid is None else uid, -1 if gid is None else gid), undo=undo
            )
        if self.perm is not None and (found is None or stat.S_IMODE(found.st_mode) != self.perm):
            mode, before = self.perm, stat.S_IMODE(found.st_mode) if found else 0
            undo = found and Call(f"chmod {before:o} {folder}", lambda: folder.chmod(before))
            yield Call(f"chmod {mode:o} {folder}", lambda: folder.chmod(mode), undo=undo)

    def _owner(self) -> tuple[int | None, int | None]:
        try:
            uid = None if self.user is None else int(self.user) if self.user.isdigit() else getpwnam(self.user).pw_uid
            gid = None if self.group is None else int(self.group) if self.group.isdigit() else getgrnam(self.group).gr_gid
        except KeyError as error:
            raise ActionFailed(f"{self.rid}: {error.args[0]}; this host does not know that name") from error
        return uid, gid

    def _wrong(self, found: os.stat_result) -> list[str]:
        uid, gid = self._owner()
        facts = (
            ("user", self.user, uid is None or uid == found.st_uid, str(found.st_uid)),
            ("group", self.group, gid is None or gid == found.st_gid, str(found.st_gid)),
            ("perm", self.perm and f"{self.perm:o}", self.perm in (None, stat.S_IMODE(found.st_mode)), f"{stat.S_IMODE(found.st_mode):o}"),
        )
        return [f"{word} is {seen}, and should be {wanted}" for word, wanted, is_right, seen in facts if not is_right]


def _remove(directory: Path) -> None:
    """Remove what a failed start made; what has come into it since stays."""
    if directory.is_dir() and not any(directory.iterdir()):
        directory.rmdir()
