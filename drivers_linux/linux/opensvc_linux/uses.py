"""Uses: where on this host a device is in use already, by whatever name and in whatever mount namespace."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from opensvc_linux import devices
from opensvc_linux.devices import Number
from opensvc_linux.holders import command_of, openers
from opensvc_linux.mounts import Mount, namespaces


def is_on(mount: Mount, device: Number) -> bool:
    """Whether a mount is of the file system on a device."""
    if mount.device == device:
        return True
    # btrfs shows a number of its own, and one of its devices as the source
    if mount.device[0] or not mount.source.startswith("/dev/"):
        return False
    source = devices.number(mount.source)
    return source is not None and (source == device or _share_btrfs(source, device))


def where_mounted(path: str, mounts: Sequence[Mount], *, everywhere: bool) -> list[str]:
    """Where a device, or another loop device over the same file, is mounted, each as the end of a sentence.

    `mounts` are those of this mount namespace; `everywhere`: those of the others are looked at as well.
    """
    own = devices.number(path)
    if own is None:
        return []
    known = [(path, own), *devices.siblings(path)]
    found = [_told(mount, name, path) for name, number in known for mount in mounts if is_on(mount, number)]
    for pid, others in namespaces() if everywhere else ():
        place = f" in the mount namespace of pid {pid} ({command_of(pid)})"
        found += [_told(mount, name, path) + place for name, number in known for mount in _first(others, number)]
    return found


def why_claimed(path: str) -> str:
    """Why the kernel lets nobody have a device for himself, as far as that can be seen, as the end of a sentence."""
    number = devices.number(path)
    if number is None:
        return "in use"
    stacked = devices.stacked_on(number)
    if stacked:
        return f"part of {', '.join(f'/dev/{name}' for name in stacked)}"
    if any(devices.number(line.split()[0]) == number for line in _swaps()):
        return "used as swap"
    if who := openers(path):
        return f"in use: {', '.join(who)} {'has' if len(who) == 1 else 'have'} it open"
    return "in use: mounted in a mount namespace that can't be seen from here, or a program that can't be seen has it for itself"


def _told(mount: Mount, name: str, path: str) -> str:
    return f"mounted on {mount.point}" + (f" (as {name}, which stands on the same file)" if name != path else "")


def _first(mounts: Iterable[Mount], number: Number) -> list[Mount]:
    """One mount of a namespace is enough to tell."""
    return [mount for mount in mounts if is_on(mount, number)][:1]


def _share_btrfs(one: Number, other: Number) -> bool:
    names = {devices.kernel_name(one), devices.kernel_name(other)}
    return any(names <= {entry.name for entry in folder.iterdir()} for folder in Path("/sys/fs/btrfs").glob("*/devices"))


def _swaps() -> list[str]:
    try:
        return Path("/proc/swaps").read_text(encoding="utf-8", errors="surrogateescape").splitlines()[1:]
    except OSError:
        return []
