"""The driver fs.flag."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from opensvc_core.api import Already, Call, Operations, Resource, Startable, Status, Watch, Watchable


class Flag(Resource, Startable, Watchable):
    """A flag that is set while the service is up, and forgotten at a reboot."""

    id = "fs.flag"

    @property
    def file(self) -> Path:
        """The file that is the flag: it holds the identity of the boot in which it was set."""
        return self.context.service.run_dir / f"{self.rid}.flag"

    def status(self) -> Status:
        """Up while the flag is set in this boot."""
        try:
            return Status.UP if self.file.read_text(encoding="utf-8") == self._mark() else Status.DOWN
        except FileNotFoundError:
            return Status.DOWN

    def watches(self) -> Sequence[Watch]:
        """Its file."""
        return [Watch("path", str(self.file))]

    def is_provisioned(self) -> bool:
        """There is nothing to make beforehand."""
        return True

    def start(self) -> Operations:
        """Set the flag."""
        if self.seen() is Status.UP:
            yield Already(f"{self.label()} is already up")
            return
        yield Call(f"touch {self.file}", self._set, undo=Call(f"rm -f {self.file}", self._clear))

    def stop(self) -> Operations:
        """Clear the flag."""
        if self.seen() is Status.DOWN and not self.file.exists():
            yield Already(f"{self.label()} is already down")
            return
        yield Call(f"rm -f {self.file}", self._clear)

    def _mark(self) -> str:
        return f"{self.context.system.boot_id()}\n"

    def _set(self) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        try:
            self.file.write_text(self._mark(), encoding="utf-8")
        except OSError:
            self._clear()
            raise

    def _clear(self) -> None:
        self.file.unlink(missing_ok=True)
