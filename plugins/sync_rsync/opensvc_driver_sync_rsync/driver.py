"""The driver sync.rsync."""

from __future__ import annotations

import re
import shlex
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any, Final

from opensvc_core.api import (
    ActionFailed,
    Command,
    CommandResult,
    Keyword,
    Operation,
    Operations,
    boolean,
    duration,
    shell_words,
    size,
    speed,
    words,
)
from opensvc_driver_sync_rsync.replica import ANY_CODE, EXACT_TIMES, Replica

if TYPE_CHECKING:
    from opensvc_driver_sync_rsync.snapshots import Snapshots

_OPTIONS: Final = ("-aHAXx", "--delete", "--force", EXACT_TIMES)
_LOOK_LIMIT: Final = 60.0
_TARGETS: Final = ("nodes", "drpnodes")


def _targets(value: str) -> list[str]:
    found = words(value)
    unknown = [word for word in found if word not in _TARGETS]
    if unknown or not found:
        raise ValueError(f"{' '.join(unknown) or 'nothing'!r} is no target; targets are {' and '.join(_TARGETS)}")
    return found


def _room(value: str) -> str:
    """What lvcreate takes for the size of a snapshot."""
    if re.fullmatch(r"\d{1,3}%(ORIGIN|FREE|VG)", value):
        return value
    if not isinstance(found := size(value), int) or found <= 0:
        raise ValueError(f"{value!r} is no size of a snapshot; 1g is one, and 10%ORIGIN or 50%FREE")
    return f"{found}b"


def _folder(value: str) -> str:
    if not value.startswith("/"):
        raise ValueError(f"{value!r} is no absolute path")
    return value


class Rsync(Replica):
    """Files and folders copied by rsync, from the node where the service is up to its others."""

    id = "sync.rsync"
    older_sections = ("sync",)

    src = Keyword(
        shell_words,
        required=True,
        scopable=True,
        text="What is copied: paths, with * and with quotes around blanks as in a shell.",
        example="/srv/app/data /etc/app.*",
    )
    dst = Keyword(_folder, required=True, scopable=True, text="The path there, as rsync takes it.", example="/srv/app")
    target = Keyword(_targets, required=True, scopable=True, text="Who gets a copy: nodes, drpnodes, or both.", example="nodes drpnodes")
    options = Keyword(
        shell_words,
        default=[],
        scopable=True,
        text="Options for rsync beside -aHAXx --delete --force --modify-window=-1.",
        example="--exclude=*.tmp",
    )
    reset_options = Keyword(boolean, default=False, scopable=True, text="Use the options given in the place of these.")
    bwlimit = Keyword(speed, scopable=True, text="Kilobytes per second that a copy may take.", example="10 mb/s")
    dstfs = Keyword(
        _folder,
        scopable=True,
        text="Where a file system has to be mounted on the target; else nothing is sent.",
        example="/srv/app",
    )
    snap = Keyword(
        boolean,
        default=False,
        scopable=True,
        text="Copy from snapshots of the logical volumes that the sources are on: all files of one are of the same moment.",
    )
    snap_size = Keyword(
        _room,
        default="10%ORIGIN",
        scopable=True,
        text="How much may change while a snapshot is there: a size, or a share of its volume or of what is free; thin volumes need none.",
        example="1g",
    )
    timeout = Keyword(duration, default=6 * 3600.0, scopable=True, text="Seconds that a copy may take.", example="30m")

    @property
    def destination(self) -> str:
        return self.dst

    def label(self) -> str:
        """What is copied, to whom."""
        return f"rsync of {', '.join(self.src)} to {', '.join(sorted(self.target))}"

    def receivers(self) -> Sequence[str]:
        """The nodes of the keywords that `target` names."""
        service = self.context.service
        known = {"nodes": service.nodes, "drpnodes": service.drpnodes}
        return list(dict.fromkeys(node for word in self.target for node in known[word]))

    def sources(self) -> Sequence[str]:
        """The paths that are there now."""
        from glob import glob  # noqa: PLC0415 - a status looks for no files

        found = {pattern: sorted(glob(pattern)) for pattern in self.src}  # noqa: PTH207 - a Path loses the last slash, which rsync heeds
        if missing := [pattern for pattern, paths in found.items() if not paths]:
            raise ActionFailed(f"{', '.join(missing)}: there is no such file here; nothing is sent")
        return [path for paths in found.values() for path in paths]

    def still(self, sources: Sequence[str]) -> Generator[Operation, Any, Sequence[str]]:
        """The sources as they are, or in snapshots."""
        if not self.snap:
            return sources
        self._refuse_relative()
        stays = not self.reset_options or any(word == "--one-file-system" or re.match(r"-\w*x", word) for word in self.options)
        return (yield from self._snapshots().make(sources, crosses=not stays))

    def sweep(self) -> Operations:
        """Unmount and remove the snapshots that a killed copy has left."""
        if self.snap:
            yield from self._snapshots().sweep()

    def rsync(self, sources: Sequence[str], node: str) -> Command:
        """The copy to one node, where the file system is mounted that has to be."""
        limit = [f"--bwlimit={self.bwlimit}"] if self.bwlimit else []
        options = [*([] if self.reset_options else _OPTIONS), *self.options, *limit]
        # looked at again right before the copy: it may have been unmounted since
        first = shlex.join(["mountpoint", "-q", self.dstfs]) if self.dstfs else ""
        return self.command(options, sources, node, first=first, timeout=self.timeout)

    def _snapshots(self) -> Snapshots:
        from opensvc_driver_sync_rsync.snapshots import Snapshots  # noqa: PLC0415 - LVM, which most copies need not

        return Snapshots(self.context, self.snap_size)

    def _refuse_relative(self) -> None:
        """Raise ActionFailed for an option with which rsync would send the paths of the snapshots."""
        if any(word == "--relative" or re.match(r"-\w*R", word) for word in self.options):
            raise ActionFailed(f"{self.rid}.options: with 'snap' the paths are others: --relative (-R) can't be had")

    def looks(self, nodes: Sequence[str]) -> list[Command]:
        """Whether the file system is mounted on the nodes, where one has to be."""
        if not self.dstfs:
            return []
        argv = shlex.join(["mountpoint", "-q", self.dstfs])
        return [
            Command([*self.shell.argv, node, argv], succeeds=ANY_CODE, timeout=_LOOK_LIMIT, is_quiet=True, expected=CommandResult(0))
            for node in nodes
        ]

    def refusal(self, node: str, code: int, said: str) -> str:
        """Why nothing is sent to a node; ssh's own exit code is 255."""
        if code == 255:
            return self.problem(node, code, said)
        return f"{node}: {self.dstfs} is not mounted there; nothing is sent"
