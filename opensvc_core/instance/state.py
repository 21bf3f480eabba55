"""What this node remembers of a service: frozen or not, provisioned or not. Never a status: that is seen, not remembered."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from opensvc_core.errors import OpensvcError
from opensvc_core.system import files


class State:
    """The folder of a service below `var`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def lock_file(self) -> Path:
        """The lock of the instance's actions."""
        return self.folder / "lock.generic"

    def resource_dir(self, rid: str) -> Path:
        """The folder of a resource."""
        return self.folder / rid.replace("/", "_")

    def is_frozen(self) -> bool:
        """The daemon leaves the instance alone."""
        return (self.folder / "frozen").exists()

    def freeze(self) -> bool:
        """Freeze; whether that changed anything."""
        if self.is_frozen():
            return False
        files.write_atomically(self.folder / "frozen", "")
        return True

    def thaw(self) -> bool:
        """Thaw; whether that changed anything."""
        if not self.is_frozen():
            return False
        files.remove(self.folder / "frozen")
        return True

    def is_provisioned(self, rid: str) -> bool | None:
        """What was recorded of a resource; None where nothing was."""
        known = files.read_json(self.resource_dir(rid) / "provisioned")
        return known if isinstance(known, bool) else None

    def set_provisioned(self, rid: str, *, value: bool) -> None:
        """Record whether a resource is provisioned."""
        files.write_json(self.resource_dir(rid) / "provisioned", value)

    def in_progress(self) -> frozenset[str]:
        """The resources that the running action is about; means something only while the lock is held."""
        known = files.read_json(self.folder / "progress.json")
        return frozenset(map(str, known)) if isinstance(known, list) else frozenset()

    def keep_progress(self, rids: Iterable[str]) -> None:
        """Note what the running action is about."""
        with suppress(OpensvcError):  # it only informs: a full disk must not prevent a stop
            files.write_json(self.folder / "progress.json", list(rids), is_durable=False)

    def forget_progress(self) -> None:
        """The action has ended."""
        files.remove(self.folder / "progress.json")

    def last_overall(self) -> str:
        """The overall status that was last told to plugins, or an empty text."""
        return (files.read_text(self.folder / "overall") or "").strip()

    def keep_overall(self, overall: str) -> None:
        """Remember what was told to plugins."""
        files.write_atomically(self.folder / "overall", overall, is_durable=False)
