"""Users of a block device: mounts, swap, devices that stand on it, processes. For a message: to find them takes a moment."""

from __future__ import annotations

from opensvc_linux.holders import openers
from opensvc_linux.mounts import read
from opensvc_linux.uses import where_mounted, why_claimed


def users_of(device: str) -> str:
    """Who uses a block device, in words: `mounted on /srv/app`."""
    found = [*where_mounted(device, read(), everywhere=True), *(f"opened by {who}" for who in openers(device))]
    return ", ".join(dict.fromkeys(found)) or why_claimed(device)
