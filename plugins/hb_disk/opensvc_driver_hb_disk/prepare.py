"""om node prepare HEARTBEAT: makes a disk ready for heartbeats, and refuses where it finds something else on it."""

from __future__ import annotations

import mmap
import os
from collections.abc import Mapping
from typing import Any, Final

from opensvc_core.api import ActionFailed, ActionRefused, ConfigError, HeartbeatLink, NoSuchObject, OpensvcError
from opensvc_driver_hb_disk.device import open_disk
from opensvc_driver_hb_disk.driver import DiskLink
from opensvc_driver_hb_disk.pages import DISK, FEWEST_SLOTS, FIRST_SLOT, MESSAGE, MOST_SLOTS, PAGE, SLOT, Page, Unreadable, disk_of, said
from opensvc_driver_hb_disk.signatures import LOOKED_AT, signature

# The tool's time limit, in seconds.
_LIMIT: Final = 20.0


def run(session: Any, arguments: Any) -> int:
    """Write the heartbeat's tables onto its disk.

    Refused where the disk is in use, or holds a file system, a partition table, a volume (`wipefs` removes what is to go), and without
    --overwrite also where it holds unknown data or the heartbeat of another cluster. One that is prepared already stays as it is.
    """
    link = _link(session.node.heartbeats(), arguments.positionals[0])
    try:
        slots = _prepared(link, session.node, overwrites=bool(arguments.more.get("overwrite")))
    except OSError as error:
        raise ActionFailed(f"{link.name}: {error if error.errno is None else f'{link.dev}: {error.strerror}'}") from error
    print(f"{link.dev}: {f'prepared for {slots} nodes' if slots else 'is prepared already'}", file=session.stdout)
    return 0


def _link(links: Mapping[str, HeartbeatLink | OpensvcError], name: str) -> DiskLink:
    found = links.get(name)
    if found is None:
        raise NoSuchObject(f"no heartbeat {name!r} on this node" + (f"; there are {', '.join(links)}" if links else ""))
    if isinstance(found, OpensvcError):
        raise found
    if not isinstance(found, DiskLink):
        raise ConfigError(f"{name} is {found.id}, which has no disk to prepare")
    return found


def _prepared(link: DiskLink, node: Any, *, overwrites: bool) -> int:
    """How many slots were made; 0: they were there. Raises ActionRefused, OSError."""
    try:
        file = open_disk(link.dev, os.O_EXCL)
    except OSError as error:
        if "busy" in str(error):
            raise ActionRefused(f"{link.name}: {link.dev} is in use: it is mounted, or a part of something") from error
        raise
    try:
        memory = mmap.mmap(-1, FIRST_SLOT)
        if _is_ours(file, memory, link, node, overwrites=overwrites):
            return 0
        return _written(file, memory, link.place.cluster)
    finally:
        os.close(file)


def _is_ours(file: int, memory: mmap.mmap, link: DiskLink, node: Any, *, overwrites: bool) -> bool:
    """Whether it is prepared already. Raises ActionRefused for what is not to be written over."""
    os.preadv(file, [memory], 0)
    first = memory[:]
    try:
        cluster, _ = disk_of(first[:PAGE])
    except Unreadable:
        cluster = None
    if cluster == link.place.cluster and not overwrites:
        return True
    if cluster is not None:
        if not overwrites:
            raise ActionRefused(f"{link.name}: {link.dev} is for the heartbeats of the cluster {cluster!r}; --overwrite takes it")
        return False
    found = signature(first[:LOOKED_AT]) or _recognised(link.dev, node)
    if found:
        raise ActionRefused(f"{link.name}: {link.dev} holds {found} and is left alone; where that can go: wipefs --all {link.dev}")
    if first.strip(b"\0") and not overwrites:
        raise ActionRefused(f"{link.name}: {link.dev} holds data of an unknown kind; --overwrite writes over it")
    return False


def _recognised(device: str, node: Any) -> str:
    """What the host's tool recognises anywhere on the disk; empty: nothing. Raises ActionRefused: it can't tell."""
    told = node.host.query(["wipefs", "--no-act", "--noheadings", "--output", "TYPE", device], timeout=_LIMIT)
    if told.code:
        raise ActionRefused(f"wipefs can't tell what is on {device}: {told.stderr.strip() or f'exit code {told.code}'}")
    return ", ".join(dict.fromkeys(told.stdout.split()))


def _written(file: int, memory: mmap.mmap, cluster: str) -> int:
    """Write the tables: first all is emptied, then the disk's own page says that it is ready."""
    size = os.lseek(file, 0, os.SEEK_END)
    slots = min(MOST_SLOTS, (size - FIRST_SLOT) // SLOT)
    if slots < FEWEST_SLOTS:
        raise OSError(f"the disk has {size} bytes; {FIRST_SLOT + FEWEST_SLOTS * SLOT} are needed for two nodes, {SLOT} more for each other")
    memory[:] = bytes(len(memory))
    os.pwritev(file, [memory], 0)
    with memoryview(memory) as whole, whole[: MESSAGE * PAGE] as empty:
        for slot in range(slots):
            os.pwritev(file, [empty], FIRST_SLOT + slot * SLOT)
    with memoryview(memory) as whole, whole[:PAGE] as page:
        page[:] = Page(DISK, os.urandom(16), 1, said(cluster=cluster, slots=slots)).encoded()
        os.pwritev(file, [page], 0)
    os.fsync(file)
    return slots
