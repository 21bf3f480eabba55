"""The base of file systems: mounted while the service is up. A type that `mount` knows is a class of a few lines on it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from opensvc_core.api import (
    ActionFailed,
    Already,
    Call,
    Command,
    Keyword,
    Message,
    Observation,
    Operations,
    Resource,
    Startable,
    Status,
    Watch,
    Watchable,
    duration,
    group_name,
    octal,
    text,
    user_name,
)
from opensvc_linux.asking import ask, stat_of
from opensvc_linux.mounts import Mount, at, below, holding, may_hang, read
from opensvc_linux.owner import Owner
from opensvc_linux.point import hides, made_by, remove_made, resolved
from opensvc_linux.unmounting import unmount


def mount_point(value: str) -> str:
    """A path from the root, without a slash at its end."""
    path = value.strip()
    if not path.startswith("/"):
        raise ValueError(f"{value!r} does not begin with '/'; a mount point is a path from the root, such as /srv/data")
    path = path.rstrip("/")
    if not path:
        raise ValueError("'/' is the root of the host, and no mount point of a service")
    return path


class Filesystem(Resource, Startable, Watchable):
    """A file system that is mounted while the service is up.

    A subclass has an `id` whose second part is the type for `mount -t`, and says by `is_ours` which mounts are its own.

    Class attributes:
        types: what the kernel may call it, where that is not the type alone (`nfs` is shown as `nfs4`).
    """

    types: ClassVar[tuple[str, ...]] = ()
    settle_seconds = 2.0

    dev = Keyword(text, required=True, scopable=True, text="What is mounted.")
    mnt = Keyword(
        mount_point,
        required=True,
        scopable=True,
        claims="mount point",
        text="Mount point, created when missing.",
        example="/srv/{name}/data",
    )
    mnt_opt = Keyword(
        text,
        default="",
        scopable=True,
        aliases=("mnt_opts", "mnt_option", "mnt_options"),
        text="Options for `mount -o`, with commas between them.",
        example="rw,noatime",
    )
    user = Keyword(user_name, scopable=True, text="The owner of the mounted directory: a name or a number.", example="postgres")
    group = Keyword(group_name, scopable=True, text="Its group: a name or a number.", example="postgres")
    perm = Keyword(octal, scopable=True, text="Its mode, octal.", example="750")
    stat_timeout = Keyword(
        duration, default=5.0, scopable=True, text="Seconds that a network file system may take to answer before its status is `warn`."
    )

    # what a stop has unmounted, or will have in a plan: its device may be another one by then
    _unmounted: Sequence[Mount] = ()

    @property
    def type(self) -> str:
        """The type, as `mount -t` takes it."""
        return self.id.partition(".")[2]

    @property
    def options(self) -> list[str]:
        """The mount options, one by one."""
        return [option.strip() for option in self.mnt_opt.split(",") if option.strip()]

    @property
    def owner(self) -> Owner:
        """What the file says of the mounted directory."""
        return Owner(self.user, self.group, self.perm)

    @property
    def is_rehearsed(self) -> bool:
        """A plan is being made: the steps before this one have not really been done."""
        return isinstance(self.context.planned_paths, set)

    @property
    def device(self) -> str:
        """What mount is given."""
        return self.dev

    def label(self) -> str:
        """The type, what is mounted, and where."""
        return f"{self.type} {self.classic_label()}"

    def classic_label(self) -> str:
        """What is mounted, and where."""
        return f"{self.dev}@{self.mnt}"

    def occupies(self) -> str:
        """The mount point."""
        return self.mnt

    def is_provisioned(self) -> bool | None:
        """There is nothing to make beforehand."""
        return True

    # -- what is to be seen

    def is_ours(self, mount: Mount, mounts: Sequence[Mount]) -> bool:
        """Whether a mount at our mount point is of this resource; `mounts` are all of this mount namespace."""
        return mount.type in (self.type, *self.types) and mount.source.rstrip("/") == self.dev.rstrip("/")

    def status(self) -> Status | Observation:
        """Up while it is mounted, with warnings for what is wrong with it; another file system in its place is not ours."""
        mounts = read()
        stack = at(self.point(mounts), mounts)
        if not stack:
            return self.seen_unmounted(mounts)
        if self.is_ours(stack[-1], mounts):
            wrong = self.wrong(stack[-1], mounts)
            return Observation(Status.UP, tuple(Message("warn", words) for words in wrong))
        if any(self.is_ours(mount, mounts) for mount in stack):
            return Status.WARN.because(f"it is hidden: {stack[-1]} was mounted over it")
        if self.is_unknown(stack[-1]):
            return Status.WARN.because(self._untold(stack[-1]))
        return Status.DOWN.because(f"another file system has its place: {stack[-1]}")

    def look_limit(self) -> float:
        """What does not answer is asked a few times, each with its limit."""
        return super().look_limit() + 4 * self.stat_timeout

    def watches(self) -> Sequence[Watch]:
        """Its mount point."""
        return [Watch("mount", self.point(read()))]

    def is_unknown(self, mount: Mount) -> bool:
        """Whether a mount at our mount point that `is_ours` does not know may be ours all the same."""
        return False

    def seen_unmounted(self, mounts: Sequence[Mount]) -> Status | Observation:
        """What is to be seen while nothing is mounted at the mount point."""
        return Status.DOWN

    def wrong(self, mount: Mount, mounts: Sequence[Mount]) -> list[str]:
        """What is wrong with it while it is mounted, as sentences."""
        found = ["fs is not writable"] if mount.is_read_only and "ro" not in self.options else []
        try:
            seen = self._answer(mount, mounts)
        except TimeoutError:
            return [*found, "fs dev is not responding to stat"]
        except OSError as error:
            return [*found, f"fs can't be read: {error.strerror}"]
        try:
            return found + self.owner.wrong(seen)
        except ActionFailed as error:
            return [*found, str(error)]

    def mounted(self) -> list[Mount]:
        """Our mounts at the mount point, the one that is seen last; in a plan, as its earlier steps will have left it."""
        if self.assumed is Status.DOWN:
            return []
        mounts = read()
        stack = at(self.point(mounts), mounts)
        return [mount for mount in stack if self.is_ours(mount, mounts)]

    def point(self, mounts: Sequence[Mount]) -> str:
        """The mount point with its links resolved, as far as what is on the way answers."""
        try:
            return resolved(self.mnt, mounts, self.stat_timeout)
        except TimeoutError:
            return self.mnt

    # -- start and stop

    def start(self) -> Operations:
        """Make the mount point, check what is to be mounted, mount it."""
        self.owner.numbers()  # a name that this host does not know is told before anything is done
        if self.assumed is Status.UP or (ours := self.mounted()):
            if self.assumed is None and self._has_other_owner(ours[-1]):
                yield from self.owner.give(self.mnt)
            else:
                yield Already(f"{self.label()} is already up", classic_text=f"{self.classic_label()} is already up")
            return
        self.refuse_place()
        self.refuse_use()
        yield from self.make_point()
        yield from self.before_mount()
        yield from self.mount()
        yield from self.owner.give(self.mnt)

    def stop(self) -> Operations:
        """Unmount it; who keeps it busy is named, and ended with `--force`."""
        ours = self.mounted()
        if not ours:
            self._refuse_unknown()
            yield Already(f"{self.label()} is already down", classic_text=f"{self.classic_label()} is already down")
            return
        yield from self._unmount(ours, is_forced=self.context.is_forced)

    def unmount_again(self) -> Operations:
        """Take back a mount. Nobody is ended for that: `--force` was said of the start."""
        yield from self._unmount(self.mounted(), is_forced=False)

    def _unmount(self, ours: Sequence[Mount], *, is_forced: bool) -> Operations:
        mounts = read()
        point = self.point(mounts)
        if ours and not self.is_ours(top := at(point, mounts)[-1], mounts):
            raise ActionFailed(f"{self.rid}: {top} was mounted over it; unmount that first, it is not of this service")
        self._unmounted = ours
        for _ in ours:
            yield from unmount(self.mnt, point, self.context, argv=self.unmount_argv(top, mounts), is_forced=is_forced)

    def before_mount(self) -> Operations:
        """What has to be done before it is mounted."""
        yield from ()

    def mount(self) -> Operations:
        """Mount it."""
        try:
            yield Command(self.mount_argv(), undo=self.unmount_again, condition=self.condition())
        except ActionFailed as error:
            raise self.explained(error) from error

    def condition(self) -> str:
        """In a plan: what has to be there by then, and is not yet."""
        return ""

    def mount_argv(self) -> list[str]:
        """The command that mounts it."""
        options = ["-o", ",".join(self.options)] if self.options else []
        return ["mount", "-t", self.type, *options, self.device, self.mnt]

    def unmount_argv(self, mount: Mount, mounts: Sequence[Mount]) -> list[str]:
        """The command that unmounts it. Raises ActionFailed where it would wait for ever."""
        try:
            self._answer(mount, mounts)
        except TimeoutError as error:
            if not self.context.is_forced:
                raise ActionFailed(
                    f"{self.rid}: {mount.source} does not answer, and umount would wait for it;"
                    " bring it back, or give up what was not written yet by --force (umount -f)"
                ) from error
            return ["umount", "-f", self.mnt]
        except OSError:
            pass  # what answers with an error can be unmounted
        return ["umount", self.mnt]

    def explained(self, error: ActionFailed) -> ActionFailed:
        """Why mount has failed, where more can be said than it says itself."""
        return error

    def refuse_use(self) -> None:
        """Raise ActionFailed where what is to be mounted is missing, or in use elsewhere."""

    def refuse_place(self) -> None:
        """Raise ActionFailed where the mount point can't be used."""
        mounts = read()
        try:
            point = resolved(self.mnt, mounts, self.stat_timeout)
        except TimeoutError as error:
            raise ActionFailed(f"{self.rid}.mnt: {holding(self.mnt, mounts)} does not answer; bring it back, or unmount it") from error
        if (stack := at(point, mounts)) and not self.is_rehearsed_away(stack):
            raise ActionFailed(f"{self.rid}.mnt: {stack[-1]} has its place; unmount it, or choose another mount point")
        if (nested := below(point, mounts)) and self.assumed is None:
            raise ActionFailed(f"{self.rid}.mnt: {nested[0]} would be hidden below {self.mnt}; unmount it first")
        if Path(self.mnt).is_symlink() and not os.path.lexists(point) and not self.is_rehearsed:
            raise ActionFailed(f"{self.rid}.mnt: {self.mnt} is a link that leads nowhere; make {point}, or remove the link")
        if hidden := hides(point, (self.context.service.file, self.context.var_dir, self.context.service.run_dir)):
            raise ActionFailed(f"{self.rid}.mnt: {self.mnt} would hide {hidden}; choose another mount point")
        self.refuse_kind(point)

    def is_rehearsed_away(self, stack: Sequence[Mount]) -> bool:
        """In a plan: what has the place now is our own mount, and will have been unmounted."""
        mounts = read()
        return self.assumed is Status.DOWN and all(mount in self._unmounted or self.is_ours(mount, mounts) for mount in stack)

    def refuse_kind(self, point: str) -> None:
        """Raise ActionFailed for a mount point that is no directory; tell when it is not empty."""
        folder = Path(point)
        if os.path.lexists(point) and not folder.is_dir():
            raise ActionFailed(f"{self.rid}.mnt: {self.mnt} is no directory; move it away, or choose another mount point")
        if folder.is_dir() and self.assumed is None and any(folder.iterdir()):
            self.context.log.warning(f"{self.mnt} is not empty: what is in it is hidden while {self.dev} is mounted")

    def make_point(self) -> Operations:
        """Make the mount point when it is missing."""
        if self.is_there(self.mnt):
            return
        made: list[str] = []
        yield Call(
            f"create missing mountpoint {self.mnt}",
            lambda: made.extend(made_by(self.mnt)),
            undo=Call(f"rmdir {self.mnt}", lambda: remove_made(made)),
        )

    def _refuse_unknown(self) -> None:
        """Raise ActionFailed where it can't be said that our file system is down: another node may start it after that."""
        mounts = read()
        stack = at(self.point(mounts), mounts) if self.assumed is None else []
        if stack and self.is_unknown(stack[-1]):
            raise ActionFailed(f"{self.rid}: {self._untold(stack[-1])}; bring that back, or unmount it by hand")

    def _untold(self, mount: Mount) -> str:
        return f"{mount} may be of this service: {self.dev} is not there to tell"

    def _has_other_owner(self, mount: Mount) -> bool:
        try:
            return bool(self.owner.wrong(self._answer(mount, read())))
        except (TimeoutError, OSError):
            return False

    def _answer(self, mount: Mount, mounts: Sequence[Mount]) -> Owner:
        """Owner, group and mode of what is mounted. Raises TimeoutError, OSError.

        A local file system is asked at once; where the answer may not come, a process that can be left behind asks.
        """
        said = ask(lambda: stat_of(mount.point), self.stat_timeout) if may_hang(mount.point, mounts) else stat_of(mount.point)
        user, group, mode = said.split()
        return Owner(user, group, int(mode))
