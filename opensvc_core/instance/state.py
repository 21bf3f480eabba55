"""What this node remembers of a service: frozen or not, provisioned or not. Never a status: that is seen, not remembered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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

    @property
    def sync_lock_file(self) -> Path:
        """The lock of copies to other nodes: one may take hours, and keeps nobody from a stop."""
        return self.folder / "lock.sync"

    @property
    def postsync_lock_file(self) -> Path:
        """The lock under which what came from another node is put in its place."""
        return self.folder / "lock.postsync"

    @property
    def monitor_lock_file(self) -> Path:
        """The lock of who looks after the monitored resources: one at a time; starts and stops go on meanwhile."""
        return self.folder / "lock.monitor"

    def keep_active(self, moment: float, *, is_up: bool) -> None:
        """Note that the service was started (`is_up`) or stopped on this node, in whole or in part."""
        with suppress(OpensvcError):  # it only informs: a full disk must not prevent a stop
            files.write_json(self.folder / "active.json", {"moment": moment, "is_up": is_up})

    def active(self) -> tuple[float | None, bool]:
        """When the service was last started or stopped here (seconds since 1970-01-01 UTC; None: never), and whether started."""
        known = files.read_json(self.folder / "active.json")
        if not isinstance(known, dict) or not isinstance(known.get("moment"), int | float):
            return None, False
        return float(known["moment"]), known.get("is_up") is True

    def resource_dir(self, rid: str) -> Path:
        """The folder of a resource."""
        return self.folder / rid.replace("/", "_")

    def is_frozen(self) -> bool:
        """The daemon leaves the instance alone."""
        return (self.folder / "frozen").exists()

    def frozen_since(self) -> float | None:
        """When it was frozen, in seconds since 1970-01-01 UTC; None where it is not."""
        try:
            return (self.folder / "frozen").stat().st_mtime
        except OSError:
            return None

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
        # where a daemon waits for news: it watches one folder for each service
        files.write_json(self.folder / "noted.json", {"rid": rid, "is_provisioned": value}, is_durable=False)

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

    def keep_fenced(self, node: str, moment: float, boot: str) -> None:
        """Note that a node is confirmed to be down: since when, in seconds of this boot. Raises OpensvcError."""
        files.write_json(self.folder / "fenced.json", {"node": node, "moment": moment, "boot": boot})

    def fenced(self, boot: str) -> tuple[str, float]:
        """The node that was last confirmed to be down, and when, in seconds of this boot; an empty name: none was since this boot."""
        known = files.read_json(self.folder / "fenced.json")
        if not isinstance(known, dict) or known.get("boot") != boot or not isinstance(known.get("moment"), int | float):
            return "", 0.0
        return str(known.get("node")), float(known["moment"])

    def forget_fenced(self) -> None:
        """What was confirmed holds no longer."""
        files.remove(self.folder / "fenced.json")

    def last_time(self, action: str) -> float | None:
        """When an action of the whole service was last done by schedule, in seconds since 1970-01-01 UTC; None: never."""
        known = files.read_json(self.folder / "scheduler" / f"last_{action}")
        return float(known) if isinstance(known, (int, float)) and not isinstance(known, bool) else None

    def keep_time(self, action: str, moment: float) -> None:
        """Note when an action of the whole service was done."""
        files.write_json(self.folder / "scheduler" / f"last_{action}", moment, is_durable=False)

    def waited_for(self) -> dict[str, float]:
        """Since when a scheduler waits for the first run of an action of the service, or of a resource, by its name or rid."""
        known = files.read_json(self.folder / "scheduler" / "waited_for.json")
        moments = known.items() if isinstance(known, dict) else ()
        return {what: float(since) for what, since in moments if isinstance(since, int | float) and not isinstance(since, bool)}

    def keep_waited_for(self, moments: Mapping[str, float]) -> None:
        """Note what is waited for."""
        with suppress(OpensvcError):  # it only spreads the first runs: on a full disk they may come together
            files.write_json(self.folder / "scheduler" / "waited_for.json", dict(moments), is_durable=False)

    def last_overall(self) -> str:
        """The overall status that was last told to plugins, or an empty text."""
        return (files.read_text(self.folder / "overall") or "").strip()

    def keep_overall(self, overall: str) -> None:
        """Remember what was told to plugins."""
        files.write_atomically(self.folder / "overall", overall, is_durable=False)
