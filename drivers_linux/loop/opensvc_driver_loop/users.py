"""Users of a block device: mounts, swap, devices that stand on it, processes. For a message: to find them takes a moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from opensvc_linux.mounts import read
from opensvc_linux.uses import where_mounted, why_claimed


def users_of(device: str) -> str:
    """Who uses a block device, in words: `mounted on /srv/app`."""
    found = [*where_mounted(device, read(), everywhere=True), *_processes(device)]
    return ", ".join(dict.fromkeys(found)) or why_claimed(device)


def _processes(device: str) -> Iterator[str]:
    for folder in Path("/proc").iterdir():
        with suppress(OSError):
            if folder.name.isdigit() and any(str(link.readlink()) == device for link in (folder / "fd").iterdir()):
                yield f"opened by process {folder.name} ({(folder / 'comm').read_text(errors='replace').strip()})"
