"""File systems without a device: fs.tmpfs, fs.bind, fs.overlay."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from opensvc_linux.filesystem import Filesystem
from opensvc_linux.mounts import Mount, at, inside, read
from opensvc_linux.point import made_by, remove_made, resolved

from opensvc_core.api import ActionFailed, Call, Keyword, Operations, text

# What the kernel writes behind the directory of a mount that was deleted.
_DELETED = "//deleted"


class Tmpfs(Filesystem):
    """A file system in memory, mounted while the service is up; a stop forgets what is in it."""

    id = "fs.tmpfs"
    dev = Keyword(text, default="tmpfs", scopable=True, text="The name that mount shows for it.", example="cache")


class Overlay(Filesystem):
    """Directories laid over each other, mounted while the service is up; `mnt_opt` names them."""

    id = "fs.overlay"
    dev = Keyword(text, default="overlay", scopable=True, text="The name that mount shows for it.", example="image")


class Bind(Filesystem):
    """A directory, or a file, that is seen at a second place while the service is up.

    Where it is in a file system of the same service, `dev` should refer to that (`{fs#1.mnt}/logs`): it starts after it then.
    """

    id = "fs.bind"
    dev = Keyword(text, required=True, scopable=True, text="The directory or the file.", example="/srv/{name}/logs")

    @property
    def is_recursive(self) -> bool:
        """What is mounted below is seen as well."""
        return "rbind" in self.options

    def is_ours(self, mount: Mount, mounts: Sequence[Mount]) -> bool:
        """It shows what stands at `dev` now, the same path of the same file system; or what was bound when it was started."""
        return self._shows_source(mount, mounts) or self._noted() == _identity(mount)

    def wrong(self, mount: Mount, mounts: Sequence[Mount]) -> list[str]:
        """Beside the rest: what stood at `dev` has been removed, replaced or unmounted there since."""
        stale = [] if self._shows_source(mount, mounts) else [self._stale(mount)]
        return stale + super().wrong(mount, mounts)

    def start(self) -> Operations:
        """Bind it; what was bound and is not at `dev` any more has to be unmounted first, or would be written to in its place."""
        mounts = read()
        for mount in self.mounted():
            if self.assumed is None and not self._shows_source(mount, mounts):
                raise ActionFailed(f"{self.rid}: {self._stale(mount)}; stop it, then start it")
        yield from super().start()

    def mount(self) -> Operations:
        """Bind it, and note what is shown now: a stop has to know it also when it is not at `dev` any more."""
        yield from super().mount()
        yield Call(f"note what {self.mnt} shows", self._note, is_quiet=True)

    def condition(self) -> str:
        """The directory, which may be on what is mounted before."""
        return f"{self.dev} is there then" if self.is_rehearsed and not self.is_there(self.dev) else ""

    def _stale(self, mount: Mount) -> str:
        return f"{self.mnt} shows {mount.root} of {mount.source}, which is not at {self.dev} any more"

    def _shows_source(self, mount: Mount, mounts: Sequence[Mount]) -> bool:
        try:
            source = resolved(self.dev, mounts, self.stat_timeout)
        except TimeoutError:
            source = self.dev
        return inside(source, mounts) == (mount.device, mount.root)

    def _note(self) -> None:
        mounts = read()
        stack = at(self.point(mounts), mounts)
        with suppress(OSError):  # a disk that is full or read-only must not hold up a start
            self.context.var_dir.mkdir(parents=True, exist_ok=True)
            self._note_file.write_text("\n".join(_identity(mount) for mount in stack[-1:]), encoding="utf-8", errors="surrogateescape")

    def _noted(self) -> str:
        try:
            return self._note_file.read_text(encoding="utf-8", errors="surrogateescape")
        except OSError:
            return ""

    @property
    def _note_file(self) -> Path:
        return self.context.var_dir / "shown"

    def refuse_use(self) -> None:
        """Raise ActionFailed where there is nothing to show."""
        if not self.dev.startswith("/"):
            raise ActionFailed(f"{self.rid}.dev: {self.dev!r} does not begin with '/'")
        if not (self.is_rehearsed or Path(self.dev).exists()):
            raise ActionFailed(f"{self.rid}.dev: {self.dev} does not exist; is the file system below started?")

    def refuse_kind(self, point: str) -> None:
        """Raise ActionFailed for a file over a directory, or the other way round."""
        if Path(point).exists() and Path(self.dev).exists() and Path(point).is_dir() != Path(self.dev).is_dir():
            raise ActionFailed(f"{self.rid}: {self.dev} and {self.mnt} have to be both directories, or both files")
        if Path(point).is_dir():
            super().refuse_kind(point)

    def make_point(self) -> Operations:
        """Make the mount point: a directory, for a file an empty file."""
        if self.is_there(self.mnt) or not Path(self.dev).is_file():
            yield from super().make_point()
            return
        made: list[str] = []
        yield Call(
            f"create missing mountpoint {self.mnt}",
            lambda: made.extend(_made_file(self.mnt)),
            undo=Call(f"rm {self.mnt}", lambda: _remove(self.mnt, made)),
        )

    def mount_argv(self) -> list[str]:
        """A bind mount has options, and no type."""
        others = [option for option in self.options if option not in ("bind", "rbind")]
        return ["mount", "-o", ",".join(["rbind" if self.is_recursive else "bind", *others]), self.dev, self.mnt]

    def unmount_argv(self, mount: Mount, mounts: Sequence[Mount]) -> list[str]:
        """With what came along below it."""
        argv = super().unmount_argv(mount, mounts)
        return [*argv[:-1], "-R", argv[-1]] if self.is_recursive else argv


def _identity(mount: Mount) -> str:
    """`7:2 /sub`: the file system and the directory in it, also after that was deleted."""
    return f"{mount.device[0]}:{mount.device[1]} {mount.root.removesuffix(_DELETED)}"


def _made_file(path: str) -> list[str]:
    made = made_by(str(Path(path).parent))
    Path(path).touch(mode=0o644, exist_ok=False)
    return made


def _remove(path: str, made: Sequence[str]) -> None:
    file = Path(path)
    if file.is_file() and not file.stat().st_size:
        file.unlink()
    remove_made(made)
