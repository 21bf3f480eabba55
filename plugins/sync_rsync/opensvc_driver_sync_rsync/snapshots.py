"""Snapshots of logical volumes: what is copied is as it was at one moment."""

from __future__ import annotations

import json
import os
import re
import zlib
from collections.abc import Generator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

from opensvc_linux import lvm, mounts
from opensvc_linux.devices import mapper_name
from opensvc_linux.mounts import Mount

from opensvc_core.api import ActionFailed, Call, Command, Context, Operation, Operations

_LVS: Final = ("lvs", "--reportformat", "json", "-o", "vg_name,lv_name,lv_kernel_major,lv_kernel_minor,segtype,origin,lv_tags")
_LIMIT: Final = 120.0
# A snapshot has the identity of what it was made of, which xfs mounts only once.
_OPTIONS: Final = {"xfs": "ro,nouuid"}


class Volume(NamedTuple):
    """A logical volume: `device` are its numbers (None while it is not active), `kind` is LVM's word for how it is laid out."""

    group: str
    name: str
    device: tuple[int, int] | None = None
    kind: str = "linear"
    origin: str = ""
    tags: tuple[str, ...] = ()

    @property
    def full_name(self) -> str:
        """Group and name."""
        return f"{self.group}/{self.name}"


class Place(NamedTuple):
    """Where a source is: its volume, the mount that shows it, and its path from the root of that file system."""

    volume: Volume
    mount: Mount
    path: str


class Snapshots:
    """The snapshots that one resource copies from.

    They carry its tag: those that a killed copy has left are found by it, also on the node that has their group by then.
    `size` is what they may keep of what is changed meanwhile, as lvcreate takes it.
    """

    def __init__(self, context: Context, size: str) -> None:
        self._context, self._size = context, size
        name = f"{context.service.path}/{context.rid}"
        self.tag = "opensvc.sync:" + re.sub(r"[^\w.#/-]", lambda found: f"+{ord(found[0]):x}+", name, flags=re.ASCII)
        self.folder = context.var_dir / "snapshots"

    def make(self, sources: Sequence[str], *, crosses: bool = False) -> Generator[Operation, Any, list[str]]:
        """Make one of each volume that has a source, and mount it; the same sources in them.

        `crosses`: what is mounted below a source would be copied as well. Each operation has its undo, which takes away what it
        made. Raises ActionFailed where a source is on no logical volume, or can't be had in its snapshot.
        """
        seen, volumes = mounts.read(), self._volumes()
        places = [self._place(source, seen, volumes, crosses=crosses) for source in sources]
        yield from self._remove(volumes, seen)
        for volume in dict.fromkeys(place.volume for place in places):
            yield from self._made(volume)
        for point, place in {self._point(place): place for place in places}.items():
            yield from self._shown(place, point)
        return [f"{self._point(place)}{place.path}" for place in places]

    def sweep(self) -> Operations:
        """Take away what is mounted still after a killed copy: its group could not be deactivated."""
        seen = mounts.read()
        if self._mounted(seen):
            yield from self._remove(self._volumes(), seen)

    # -- where the sources are

    def _place(self, source: str, seen: Sequence[Mount], volumes: Sequence[Volume], *, crosses: bool) -> Place:
        path = _resolved(source)
        mount, inside = mounts.holding(path, seen), mounts.inside(path, seen)
        assert mount is not None, f"{path} is below no mount"
        assert inside is not None
        volume = next((one for one in volumes if one.device == mount.device), None)
        if volume is None or mount.type == "btrfs":
            why = "a snapshot of btrfs can't be mounted beside it" if volume else "that is no logical volume: no snapshot can be made of it"
            raise ActionFailed(
                f"{self._context.rid}.snap: {source} is on {mount.type} {mount.source}; {why} (snap = false copies it as it is)"
            )
        if crosses and (more := mounts.below(path, seen)):
            raise ActionFailed(f"{self._context.rid}.snap: {more[0].point} is mounted below {source}, and is not in its snapshot")
        place = Place(volume, mount, "" if inside[1] == "/" else inside[1])
        if not source.endswith("/") and Path(f"{self._point(place)}{place.path}").name != Path(path).name:
            raise ActionFailed(
                f"{self._context.rid}.src: {source} is {place.path} of {mount.source} under another name; 'snap' needs a / at its end"
            )
        return place._replace(path=f"{place.path}/") if source.endswith("/") else place

    def _volumes(self) -> list[Volume]:
        result = self._context.system.query(_LVS, timeout=_LIMIT)
        # with code 5 LVM tells of a group that it can't read, and of the others what there is to tell
        if result.code not in (0, 5) or not result.stdout.strip():
            said = result.stderr.strip().splitlines() or [f"exit code {result.code}"]
            raise ActionFailed(f"{self._context.rid}.snap: {lvm.host_problem() or f'lvs: {said[-1].strip()}'}")
        return parse(result.stdout)

    # -- made and removed

    def _made(self, volume: Volume) -> Operations:
        room = ["--setactivationskip", "n"] if volume.kind == "thin" else ["-l" if "%" in self._size else "-L", self._size]
        create = ["lvcreate", "-q", "-y", "-s", *room, "--addtag", self.tag, "-n", self._name(volume), volume.full_name]
        yield Command(create, undo=_removal(f"{volume.group}/{self._name(volume)}"), timeout=_LIMIT)

    def _shown(self, place: Place, point: Path) -> Operations:
        """Mount the snapshot of a place by the name that its own mount point has: rsync may send that name."""
        yield Call(f"mkdir -p {point}", lambda: _make_folder(point), undo=_folder_removal(point))
        kind, device = place.mount.type, f"/dev/{place.volume.group}/{self._name(place.volume)}"
        yield Command(["mount", "-t", kind, "-o", _OPTIONS.get(kind, "ro"), device, str(point)], undo=_unmount(point), timeout=_LIMIT)

    def _remove(self, volumes: Sequence[Volume], seen: Sequence[Mount]) -> Operations:
        """Take away what a killed copy has left."""
        for point in self._mounted(seen):
            yield _unmount(point)
        for point in sorted(self.folder.glob("*/*")):
            yield _folder_removal(point)
        for volume in volumes:
            if self.tag in volume.tags and volume.origin:
                yield _removal(volume.full_name)

    def _mounted(self, seen: Sequence[Mount]) -> list[Path]:
        return [Path(mount.point) for mount in reversed(mounts.below(os.path.realpath(self.folder), seen))]

    def _name(self, volume: Volume) -> str:
        return f"{volume.name[:100]}.sync.{zlib.crc32(self.tag.encode()):08x}"

    def _point(self, place: Place) -> Path:
        mapped = Path(mapper_name(f"/dev/{place.volume.full_name}")).name
        return self.folder / mapped / (Path(place.mount.point).name or "root")


def parse(text: str) -> list[Volume]:
    """The volumes in a report of lvs in JSON."""
    return [_volume(row) for report in json.loads(text)["report"] for row in report["lv"]]


def _volume(row: dict[str, str]) -> Volume:
    major, minor = int(row["lv_kernel_major"]), int(row["lv_kernel_minor"])
    return Volume(
        group=row["vg_name"],
        name=row["lv_name"],
        device=(major, minor) if major >= 0 else None,
        kind=row["segtype"],
        origin=row["origin"],
        tags=tuple(filter(None, row["lv_tags"].split(","))),
    )


def _resolved(source: str) -> str:
    """A source without links on its way; one that is a link itself is copied as a link, unless a slash follows."""
    if source.endswith("/"):
        return os.path.realpath(source)
    return os.path.join(os.path.realpath(os.path.dirname(source)), os.path.basename(source))  # noqa: PTH118, PTH119, PTH120 - text in and out


def _removal(name: str) -> Command:
    # LVM refuses to remove what somebody uses, with -y as well
    return Command(["lvremove", "-q", "-y", name], timeout=_LIMIT)


def _unmount(point: Path) -> Command:
    return Command(["umount", str(point)], timeout=_LIMIT)


def _folder_removal(point: Path) -> Call:
    return Call(f"rmdir {point}", lambda: _remove_folder(point))


def _make_folder(point: Path) -> None:
    for folder in (point.parent.parent, point.parent, point):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _remove_folder(point: Path) -> None:
    point.rmdir()
    with suppress(OSError):  # another one is there
        point.parent.rmdir()
